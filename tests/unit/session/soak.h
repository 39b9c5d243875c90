/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random walk through the room, in parts: soak_device.c and soak_host.c play devices and hosts and keep the trace of
 * what came out, soak_model.c is the small reference model and holds daemon and trace against each other,
 * soak_person.c, soak_world.c and soak_quiet.c have the steps, soak_run.c runs a script of them in a child and shrinks
 * one that fails. Clocks are the room's: nothing waits.
 */
#ifndef SESSION_TEST_SOAK_H
#define SESSION_TEST_SOAK_H

#include "fixture.h"

#define SOAK_ARMS 2       /* per link: the stimulator's two channels */
#define SOAK_INBOX 64     /* orders that a host has not read */
#define SOAK_PATIENTS 12  /* P0 ... */
#define SOAK_ACCOUNTS 512 /* by number */
#define SOAK_OPEN 32      /* sessions that have not ended */
#define SOAK_QUIET 1000   /* steps from one quiet to the next */
#define SOAK_SCRIPT_MAX 1000000
#define SOAK_SLICE_MS 10
#define SOAK_LEASE_NS (3 * NS_PER_S)
#define SOAK_SAMPLE_MS 50

/* --- steps: a script is a list of them, and nothing else decides what happens --- */

/* STEP(name, weight, meaning) */
#define SOAK_STEPS(STEP)                                                                                               \
    STEP(prepare, 60, "a treatment on device a for patient b")                                                         \
    STEP(go_on, 170, "what should come next for session a")                                                            \
    STEP(pass, 300, "a ms go by, 1 to 100")                                                                            \
    STEP(pass_long, 3, "a ms go by, 1 s to 10 s")                                                                      \
    STEP(pass_end, 1, "until session a should be over, 70 s at most")                                                  \
    STEP(raise, 60, "the level of session a by b")                                                                     \
    STEP(lower, 50, "the level of session a by b")                                                                     \
    STEP(above, 10, "the level of session a beyond its ceiling")                                                       \
    STEP(stale_raise, 10, "on a view that is not what is in force")                                                    \
    STEP(storm, 4, "thirty raises and lowers of session a")                                                            \
    STEP(pause, 20, "session a")                                                                                       \
    STEP(resume, 20, "session a")                                                                                      \
    STEP(stop, 14, "session a")                                                                                        \
    STEP(stop_all, 3, "everything")                                                                                    \
    STEP(start_again, 8, "the token of session a once more")                                                           \
    STEP(start_wrong, 6, "session a with another token")                                                               \
    STEP(wrong_lease, 8, "b of adjust, pause, resume, keepalive without the key of session a")                         \
    STEP(not_subscribed, 3, "start of session a on a connection that hears no events")                                 \
    STEP(client_silent, 4, "no lease is renewed from now on")                                                          \
    STEP(client_back, 10, "leases are renewed again")                                                                  \
    STEP(reset, 8, "device a, with a statement if b is odd")                                                           \
    STEP(acknowledge, 14, "every alarm")                                                                               \
    STEP(reload, 5, "with the installation's peak limit at b")                                                         \
    STEP(device_fault, 8, "device a has fault b")                                                                      \
    STEP(device_heals, 40, "device a has no fault any more")                                                           \
    STEP(kill_host, 5, "of link a")                                                                                    \
    STEP(freeze_host, 3, "of link a: it does nothing until it is replaced or thawed")                                  \
    STEP(thaw_host, 6, "of link a")                                                                                    \
    STEP(deaf_host, 2, "of link a: its socket is full")                                                                \
    STEP(hang_plugin, 3, "of link a: the host replaces itself")                                                        \
    STEP(host_stops, 5, "the host of link a rests everything for reason b")                                            \
    STEP(late_word, 12, "what the host of link a has said of a session before, once more")                             \
    STEP(late_sample, 8, "the newest reply of the device of link a, once more")                                        \
    STEP(kill_daemon, 2, "in b steps, with what no disk had by then lost")                                             \
    STEP(wall_jump, 3, "the wall clock by b")                                                                          \
    STEP(suspend, 1, "the machine sleeps for b ms")                                                                    \
    STEP(day, 1, "goes by, if nothing is open")                                                                        \
    STEP(quiet, 0, "all is healed and ended: what remains must be nothing")

enum soak_kind {
#define STEP(name, weight, meaning) STEP_##name,
    SOAK_STEPS(STEP)
#undef STEP
        STEP_COUNT
};

struct soak_step {
    enum soak_kind kind;
    uint32_t a, b;
};

/* --- what the world outside of the daemon is --- */

/* FAULT(name, meaning): of a device, a bit each */
#define SOAK_FAULTS(FAULT)                                                                                             \
    FAULT(reported, "it reports a fault, and takes its output away")                                                   \
    FAULT(hand_switch, "the patient's stop is pressed")                                                                \
    FAULT(contact, "contact is lost")                                                                                  \
    FAULT(interlock, "key or door is open")                                                                            \
    FAULT(over, "it gives twice of what is set")                                                                       \
    FAULT(under, "it gives nothing of what is set")                                                                    \
    FAULT(impedance, "a lead is off")                                                                                  \
    FAULT(head, "another probe is connected")                                                                          \
    FAULT(stuck, "nothing that would rest it is done")                                                                 \
    FAULT(cut, "the cable to it is pulled")                                                                            \
    FAULT(by_itself, "it is on while nobody has started it")                                                           \
    FAULT(restart, "it restarts, at rest")

enum soak_fault {
#define FAULT(name, meaning) FAULT_OF_##name,
    SOAK_FAULTS(FAULT)
#undef FAULT
        FAULT_OF_COUNT
};
#define FAULT_BIT(name) (UINT32_C(1) << FAULT_OF_##name)

/* The device itself: what comes out, whoever thinks what of it. */
struct soak_device {
    uint32_t faults;
    bool on[SOAK_ARMS];
    int64_t level[SOAK_ARMS];                /* as written, absolute */
    uint64_t owner[SOAK_ARMS];               /* account of the session that was last started there */
    int64_t fed_ns;                          /* its watchdog; 0 = it does not run */
    bool tripped, restarted;                 /* until the next status */
    int64_t low[SOAK_ARMS], high[SOAK_ARMS]; /* in force since the last status */
};

struct soak_arm {
    bool live, started, stopping, said_unproved;
    struct link_arm order;
    struct walk level[DOSE_CHANNELS_MAX];
    int64_t permit_boot_ns, end_boot_ns, start_ns, stop_by_ns;
    enum link_reason reason;
};

enum soak_life { LIFE_UP, LIFE_FROZEN, LIFE_GONE };

struct soak_host {
    enum soak_life life;
    bool deaf, identified, hot, unproved, told_gone, said;
    int64_t up_ns;   /* LIFE_GONE: when the next one is there */
    int64_t cut_ns;  /* since when the device does not answer, 0 = it does */
    int64_t rest_ns; /* since when it has tried to rest what no arm holds, 0 = there is nothing */
    int64_t sample_ns, quarantine_ns, fed_ns;
    enum unit_state state;
    uint64_t said_epoch;
    size_t n_inbox;
    union sent inbox[SOAK_INBOX];
    struct soak_arm arms[SOAK_ARMS];
    struct link_session said_before[2]; /* the older one first */
    struct link_sample sampled;
};

/* What the trace says of one session: what came out while it was the last that had started the channel. */
struct soak_account {
    uint64_t key; /* 0 = free; session number and life of the daemon */
    char id[40];
    unsigned patient;
    int64_t on_ns, last_on_boot_ns;
    int64_t energy_nj, charge_ua_ms;
};

/* --- the model: what a session may be, seen from outside --- */

enum soak_class { CLASS_PREPARED, CLASS_ACTIVE, CLASS_RESTING, CLASS_RESTED, CLASS_UNKNOWN, CLASS_ENDED };

struct soak_session {
    const struct session *session; /* the daemon's, until it has ended */
    uint64_t number;
    size_t link;
    uint32_t channels; /* of the device */
    enum soak_class class;
    bool held;        /* CLASS_RESTED for contact: it may go on by itself */
    int64_t since_ns; /* in this class */
    int64_t token_until_ns, lease_until_ns;
    int64_t target, target_before, target_ns; /* what people were told is commanded, and since when */
};

/* Whose call it was: what may have changed depends on it. */
enum soak_cause {
    CAUSE_PREPARE,
    CAUSE_START,
    CAUSE_PAUSE,
    CAUSE_RESUME,
    CAUSE_ADJUST,
    CAUSE_STOP,
    CAUSE_NOTHING, /* a call that must change no session */
    CAUSE_RESET,
    CAUSE_RELOAD,
    CAUSE_TICK,
    CAUSE_GONE,
    CAUSE_SAMPLE,
    CAUSE_PRESENCE,
    CAUSE_SAID,
};

struct soak_reply {
    bool answered;
    enum modality_token token;
    char message[200];
    int64_t target;
    bool has_target;
};

/* What a child tells its parent, in shared memory. */
struct soak_report {
    size_t step;
    char failure[500];
    uint64_t states, ends; /* bit each, met */
    uint32_t done[STEP_COUNT];
    uint64_t starts, trips, crashes, quiets, samples, minutes;
};

struct soak {
    struct room *room;
    struct soak_report *report;
    const struct soak_step *script;
    size_t n_script;
    struct soak_device devices[ROOM_DEVICES];
    struct soak_host hosts[ROOM_DEVICES];
    struct soak_account accounts[SOAK_ACCOUNTS];
    size_t n_open;
    struct soak_session open[SOAK_OPEN];
    uint64_t life; /* of the daemon, counted */
    bool down;     /* there is no daemon */
    bool client_silent;
    int64_t keepalive_ns, flush_ns;
    int64_t excused_ns[ROOM_DEVICES]; /* until then something may end by what was done to the device */
    int64_t unheld_ns[ROOM_DEVICES];  /* since when output is on that the daemon does not know of */
    unsigned kill_in;                 /* steps until kill -9, 0 = none is near */
    struct limit limits[256];
    struct soak_reply reply;
    unsigned starts_open;
    bool has_base; /* what memory and descriptors were when all was quiet */
    int64_t base_bytes, base_fds;
    struct {
        enum soak_cause cause;
        size_t link;
        uint64_t number; /* of the session that is meant, 0 = all */
    } call;
};

/* Ends the walk: it has failed. */
void soak_fail(struct soak *w, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

/* soak_device.c */
const struct modality_channel *soak_channel(const struct soak *w, size_t link, uint32_t channel);
int64_t soak_actual(const struct soak *w, size_t link, uint32_t channel); /* what comes out, absolute */
bool soak_device_on(const struct soak *w, size_t link, uint32_t channel); /* away from rest */
void soak_device_rests(struct soak *w, size_t link, uint32_t channels);   /* if it does what it is told */
bool soak_device_write(struct soak *w, size_t link, uint32_t channel, int64_t level);
void soak_device_begins(struct soak *w, size_t link, uint32_t channel, uint64_t owner);
void soak_device_unlinked(struct soak *w, size_t link);
void soak_device_sleeps(struct soak *w, size_t link, int64_t ms);
void soak_device_slice(struct soak *w, size_t link, int64_t ms);
void soak_device_fails(struct soak *w, size_t link, enum soak_fault fault);
void soak_device_status(struct soak *w, size_t link, struct link_sample *m);
struct soak_account *soak_account(struct soak *w, uint64_t key);

/* soak_host.c */
int soak_to_host(struct soak *w, size_t link, const void *message);
void soak_to_link(struct soak *w, size_t link);
void soak_hosts_begin(struct soak *w, int64_t up_ns);
void soak_daemon_gone(struct soak *w); /* every host reads end of file */
/* Device and host for one slice that has just gone by. */
void soak_slice(struct soak *w, size_t link, int64_t ms);
void soak_host_dies(struct soak *w, size_t link, int64_t for_ms);
void soak_host_hangs(struct soak *w, size_t link);
/* A message that was there before. */
void soak_host_repeats(struct soak *w, size_t link, bool sample, uint32_t which);
void soak_host_stops(struct soak *w, size_t link, enum link_reason reason);

/* soak_model.c */
/* Around every call into the daemon: what changed must be what such a call may change. */
void soak_call(struct soak *w, enum soak_cause cause, size_t link, uint64_t number);
void soak_called(struct soak *w);
void soak_check_slice(struct soak *w);
void soak_opened(struct soak *w, unsigned patient); /* the newest session is one that a prepare has made */
void soak_retarget(struct soak *w, struct soak_session *m, int64_t target);
struct soak_session *soak_open_of(struct soak *w, uint64_t number);
void soak_excuse(struct soak *w, size_t link); /* SIZE_MAX = all */

/* soak_time.c */
void soak_time(struct soak *w, int64_t ms);
void soak_flush(struct soak *w); /* until everything is on the disk, and the daemon was told so */
void soak_tick(struct soak *w);

/* soak_person.c, soak_world.c, soak_quiet.c: the steps */
#define STEP(name, weight, meaning) void soak_do_##name(struct soak *w, uint32_t a, uint32_t b);
SOAK_STEPS(STEP)
#undef STEP
struct soak_session *soak_pick(struct soak *w, uint32_t a); /* NULL: none is open */
void soak_start(struct soak *w, struct soak_session *m);
void soak_resume(struct soak *w, struct soak_session *m);
struct session_reply soak_reply_to(struct soak *w);

/* soak_life.c */
void soak_keep_disk(struct soak *w); /* as a kill would leave it */
void soak_open(struct soak *w);
void soak_close(struct soak *w);
void soak_crash(struct soak *w); /* kill -9 of the daemon, and a new one */

/* soak_run.c */
/* n steps out of a seed; the last is quiet. */
void soak_generate(uint64_t seed, size_t n, struct soak_step *out);
const char *soak_step_name(enum soak_kind kind);
/* In a child: 0, or 1 with the report's failure; what a sanitizer says is shown unless quietly. */
int soak_run(const struct soak_step *script, size_t n, struct soak_report *report, bool quietly);
/* Takes out what the failure does not need; bounded in time. Returns the new length. */
size_t soak_shrink(struct soak_step *script, size_t n, const char *failure, struct soak_report *report);
int soak_save(const char *path, uint64_t seed, const char *failure, const struct soak_step *script, size_t n);
/* Allocated; NULL when it cannot be read, which was said. */
struct soak_step *soak_load(const char *path, size_t *n);

#endif
