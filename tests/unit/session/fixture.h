/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A room with a device of each kind, protocols for them and a real record in a temporary directory; hosts are played by
 * the test: what the room sends is kept, what a host would say is put in. Clocks stand still until a test moves them.
 */
#ifndef SESSION_TEST_FIXTURE_H
#define SESSION_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "modality/clock.h"
#include "session/internal.h"

#define SENT_MAX 512
/* Links, each with the one unit that has this index in the room: stim1, us1, laser1, cold1, galv1. */
enum { STIM, SOUND, LASER, COLD, GALVANIC, ROOM_DEVICES };

union sent {
    struct link_header header;
    struct link_arm arm;
    struct link_target target;
    struct link_permit permit;
    struct link_stop stop;
    struct link_unit_ref unit_ref;
};

struct soak;

struct room {
    struct session_time now;
    char dir[64];
    struct record *record;
    struct sessions *sessions;
    /* configuration: tests may change it before room_open or hand in other tables by reload */
    struct limit limits[64];
    size_t n_own;
    struct protocol protocols[8];
    struct site sites[3];
    struct condition conditions[2];
    struct question questions[2];
    struct applicator applicators[2];
    struct dose_tables tables;
    struct session_device_settings devices[ROOM_DEVICES];
    struct session_settings settings;
    /* what the room did */
    size_t n_sent;
    union sent sent[SENT_MAX];
    int send_result;
    unsigned hosts_silent; /* links whose hosts do not answer when they are asked whether they are there */
    unsigned asked;        /* which were, since the last tick */
    int replaced;
    /* another player of the hosts than the functions below: it gets what is sent, and events are dropped */
    struct soak *soak;
    int (*to_host)(struct soak *soak, size_t link, const void *message);
    void (*to_link)(struct soak *soak, size_t link);
    json_t *events;
    bool energised;
    /* what units are */
    struct link_unit units[ROOM_DEVICES];
    uint64_t seq[ROOM_DEVICES], epoch[ROOM_DEVICES];
    char serial[ROOM_DEVICES][16];
    struct link_sample sample[ROOM_DEVICES]; /* the next one of each unit */
    /* the last answer */
    bool answered;
    json_t *result;
    enum modality_token token;
    char message[REFUSAL_MESSAGE_MAX];
    json_t *data;
    char session_id[64], token_text[64], lease_key[64];
};

/* Tables, devices and settings as they are good; nothing is opened yet. */
void room_configure(struct room *r);
void room_configure_tables(struct room *r);
void room_configure_devices(struct room *r);
/* Opens record and sessions; both hosts describe their units, which are ready. */
void room_open(struct room *r);
void room_open_without_hosts(struct room *r);
/* Ends the sessions without a word and begins anew on the same record, as after kill -9. */
void room_crash(struct room *r);
void room_close(struct room *r);

void room_advance(struct room *r, int64_t ms); /* clocks only */
void room_tick(struct room *r);
void room_flush(struct room *r);    /* until everything handed to the record is durable, then a tick */
void room_answered(struct room *r); /* the time in which a stop would be answered has passed; then as room_flush */
/* Time passes in steps of 50 ms with a good sample of the running unit in each, lease renewed; ticks between. */
void room_run(struct room *r, size_t link, int64_t ms);

struct session_actor room_actor(void);
struct session_reply room_reply(struct room *r);
/* A good request: TENS on stim1 group ch1, or ultrasound on us1. Strings are static. */
struct session_request room_tens(void);
struct session_request room_sound(void);
/* Three points of 1 J at 100 mW; cold from 15 to 12 degC; 1 mA.min of ions at 2 to 4 mA. */
struct session_request room_laser(void);
struct session_request room_cold(void);
struct session_request room_ions(void);

void room_check(struct room *r, const struct session_request *request); /* session.check; asserts that it is answered */
void room_try(struct room *r, const struct session_request *request);   /* session.prepare, whatever it answers */
/* Whether the last check or refusal holds one of this kind, about this quantity if one is named. */
bool room_refuses(const struct room *r, enum modality_token token, const char *quantity);
void room_prepare(struct room *r, const struct session_request *request); /* asserts that it is allowed */
void room_start(struct room *r);                                          /* to the arm; asserts */
void room_running(struct room *r, const struct session_request *request); /* to the running state; asserts */
struct session *room_session(struct room *r);

void host_describe(struct room *r, size_t link);
void host_presence(struct room *r, size_t link, enum unit_state state);
/* Sends r->sample[link], dated now, of the session that is armed there (or idle). */
void host_sample(struct room *r, size_t link);
void host_levels(struct room *r, size_t link, int64_t level); /* of the next samples, measured as set */
void host_reading(struct room *r, size_t link, enum modality_quantity q, int64_t value); /* of channel 0, as well */
/* One reading into a status; and all that a device of this kind says when all is well. */
void host_put(struct modality_channel_status *s, enum modality_quantity q, int64_t value);
void host_put_usual(const struct modality_channel *c, struct modality_channel_status *s, int64_t level);
void host_session(struct room *r, enum link_session_event event, enum link_reason reason,
                  enum modality_evidence evidence);

/* The last message of a type that was sent, or NULL; and how many. */
const union sent *room_last(const struct room *r, enum link_message_type type);
size_t room_count(const struct room *r, enum link_message_type type);
void room_forget(struct room *r);
bool room_alarm(struct room *r, enum alarm_kind kind);
const char *room_state(struct room *r);

/* One record from the database; a new reference. Stored: with what was added to it. */
json_t *room_stored(struct room *r, const char *session_id);
json_t *room_record(struct room *r, const char *session_id);
struct dose_history room_history(struct room *r);

#define assert_state(r, id) assert_string_equal(room_state(r), id)
#define assert_refused(r, t)                                                                                           \
    do {                                                                                                               \
        assert_true((r)->answered);                                                                                    \
        if ((r)->token != (t))                                                                                         \
            print_message("answer: %s\n", (r)->message);                                                               \
        assert_string_equal(modality_token_id((r)->token), modality_token_id(t));                                      \
    } while (0)
#define assert_answered(r)                                                                                             \
    do {                                                                                                               \
        assert_true((r)->answered);                                                                                    \
        if ((r)->token != TOKEN_NONE)                                                                                  \
            print_message("answer: %s\n", (r)->message);                                                               \
        assert_int_equal((r)->token, TOKEN_NONE);                                                                      \
        assert_non_null((r)->result);                                                                                  \
    } while (0)

int room_setup(void **state);
int room_teardown(void **state);

#endif
