/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and devices: the state machines between a person's request and a host's messages. Pure of I/O: requests,
 * host messages and time come in; messages to hosts, events and record writes go out through ports. One function
 * changes a session's state, and checks the table of transitions.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <jansson.h>
#include <sys/types.h>

#include "dose/prescription.h"
#include "link/message.h"
#include "record/record.h"
#include "supervise/alarm.h"

#define SESSION_OUTPUTS_MAX 1 /* one output per session until combination treatment exists */
#define SESSION_PHASES_MAX 1
#define SESSION_TEXT_MAX 256

/* Time, as an argument. */
struct session_time {
    int64_t monotonic_ns, boot_ns, wall_ms;
};

/* The local civil day of a wall time, as days since 1970-01-01. */
int64_t civil_day(int64_t wall_ms);

/* Who asks. */
struct session_actor {
    uid_t uid;
    pid_t pid;
    uint64_t connection; /* number of the API connection, 0 = the daemon */
    bool subscribed;     /* that connection is subscribed to events */
    bool may_act_for;
    const char *peer_name;   /* name of the peer's uid; operator ids other than this need may_act_for */
    const char *operator_id; /* from the request */
    const char *operator_name, *operator_role;
};

/* What the daemon says to one request: exactly one of result and error. Called once, at once or later. */
struct session_error {
    enum modality_token token;
    char message[REFUSAL_MESSAGE_MAX];
    json_t *data; /* further members for error.data (token is added by the API); may be NULL; owned by the callee */
};
struct session_reply {
    void (*done)(void *userdata, json_t *result, const struct session_error *error); /* result is given away */
    void *userdata;
};

/* A request as the API has parsed it. Strings are borrowed for the time of the call. */
struct session_output {
    const char *device, *group;
    size_t n_channels;
    const char *channels[MODALITY_CHANNELS_MAX];
    const char *arrangement, *drive_mode, *waveform, *polarity; /* may be NULL: the protocol's */
    int64_t phase_duration_ms;                                  /* 0 = the protocol's initial duration */
    size_t n_parameters;
    struct prescription_parameter parameters[PROTOCOL_PARAMETERS_MAX];
    const char *applicator_ref;
    size_t n_electrodes;
    struct prescription_electrode electrodes[PRESCRIPTION_ELECTRODES_MAX];
};
struct session_request {
    const char *request_id;
    const char *patient_ref, *patient_check, *course_id, *indication;
    const char *site, *side;
    const char *protocol, *protocol_revision, *protocol_hash; /* the latter two may be NULL */
    bool has_call_device_given, call_device_given;
    const char *attended;     /* "present", "in_room", "remote" or NULL */
    const char *end_by;       /* "time", "dose", "count" or NULL: must be what the protocol says */
    int64_t treated_area_mm2; /* 0 = not given */
    size_t n_answers, n_overrides, n_acknowledged;
    struct given_answer answers[SCREENING_QUESTIONS_MAX];
    struct given_override overrides[SCREENING_CONDITIONS_MAX];
    const char *acknowledged[REFUSALS_MAX]; /* ids of notice limits */
    struct session_output output;
    json_t *document; /* the request as sent, borrowed: kept in the record */
};

/* What the clinic says of a device (from config) and where it is. */
struct session_device_settings {
    const char *id, *label, *location, *colour_tag;
    bool simulated;
    bool has_calibrated_on, has_calibration_due, has_safety_test_due;
    int64_t calibrated_on_day, calibration_due_day, safety_test_due_day;
    size_t n_firmware;
    const char *const *firmware;
    bool accepted_link_loss;
    const char *accepted_by;
    bool no_indicator;            /* it is said to have no output indicator */
    struct quantity_set reported; /* what its safety test and its place say: leakage, distance from diathermy ... */
    size_t link;                  /* index of the link; unit on it */
    size_t unit;
    const char *plugin, *link_name;
    const char *origin;
};

struct session_settings {
    uint32_t telemetry_ms, permit_ms, grace_ms, lease_ms, lease_pause_ms, token_ms;
    uint64_t config_generation;
    const char *config_hash;
    size_t n_devices;
    const struct session_device_settings *devices;
    const struct dose_tables *tables;
};

/* What sessions need from the world. */
struct session_ports {
    int (*send)(void *userdata, size_t link, const void *message);                           /* as link_send */
    void (*replace_host)(void *userdata, size_t link, const char *why);                      /* as link_replace */
    void (*replace_idle_host)(void *userdata, size_t link, const char *why);                 /* as link_replace_idle */
    void (*event)(void *userdata, const char *type, const char *session_id, json_t *params); /* params is given away */
    void (*alarm)(void *userdata, const char *change, json_t *alarm); /* journal and command; borrowed */
    void (*energised)(void *userdata, bool any);                      /* sleep inhibitor */
    /* Runs the alarm command for a self-test; selftest_command_ended comes later. 1: none is configured. */
    int (*try_alarm_command)(void *userdata, const char *device);
    void *userdata;
};

struct sessions;

int sessions_new(const struct session_settings *settings, const struct session_ports *ports, struct record *record,
                 const struct session_time *now, struct sessions **out);
void sessions_free(struct sessions *s);

/* --- from hosts and clocks --- */
void sessions_host_message(struct sessions *s, size_t link, const struct link_header *message,
                           const struct session_time *now);
void sessions_host_gone(struct sessions *s, size_t link, const char *why, const struct session_time *now);
/* Deadlines: permits, leases, tokens, staleness, holds, ends. Judge only after links were drained. */
void sessions_tick(struct sessions *s, const struct session_time *now);
/*
 * CLOCK_MONOTONIC of the next deadline; 0 = at once. It may change with every call made here and with every
 * record_dispatch (an arm waits for its reservation), so the timer is set anew after each.
 */
int64_t sessions_next_ns(const struct sessions *s);
/* A full supervision pass was made since the last call: then WATCHDOG=1 may be sent. */
bool sessions_supervised(struct sessions *s);
/*
 * New tables; a running session keeps min(old, new) per limit, however many came before; devices must be the same (the
 * caller has checked). On success nothing of the previous tables and settings is looked at any more.
 */
int sessions_reload(struct sessions *s, const struct session_settings *settings, const struct session_time *now);
bool sessions_uses_device(const struct sessions *s, const char *device);
/* Stops everything for shutdown; idle is true when nothing is energised or unproved any more. */
void sessions_shutdown(struct sessions *s, const struct session_time *now);
bool sessions_idle(const struct sessions *s);

/* --- requests --- */
/*
 * session.check: {allowed, refusals[], notices[], questions[], sheet?, limits[], dose?}; never an error for a refused
 * dose.
 */
void session_check(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply);
/* {session_id, sheet, confirm_token, expires_in_ms} */
void session_prepare(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply);
/*
 * The second act: the token of prepare, and what the person finds at the patient. What is NULL is not compared; what is
 * given must be what was prepared, or the session is over.
 */
struct session_confirmation {
    const char *token;
    const char *patient_ref, *patient_check;
    const char *site, *side;
};
/* {session_id, state:"accepted", lease_key, lease_ms} once the reservation is durable. */
void session_start(struct sessions *s, const char *session_id, const struct session_confirmation *confirmed,
                   const struct session_actor *actor, const struct session_time *now, struct session_reply reply);

struct session_adjust_request {
    const char *session_id, *lease_key, *channel; /* channel id, NULL = all channels of the session */
    enum modality_quantity quantity;
    int64_t target;
    bool has_expect;
    int64_t expect; /* the target that the person saw: needed for an increase */
};
/* {session_id, accepted: true, target} */
void session_adjust(struct sessions *s, const struct session_adjust_request *request, const struct session_actor *actor,
                    const struct session_time *now, struct session_reply reply);
void session_pause(struct sessions *s, const char *session_id, const char *lease_key, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply);
void session_resume(struct sessions *s, const char *session_id, const char *lease_key,
                    const struct session_actor *actor, const struct session_time *now, struct session_reply reply);
/*
 * Stops one session, or everything when session_id is NULL. Acts at once and answers {stopping:[session_id...]}; proof
 * comes as events. Needs no lease, no role, no request_id. by is "operator", "patient" or "other".
 */
void session_stop(struct sessions *s, const char *session_id, const char *reason, const char *by,
                  const struct session_actor *actor, const struct session_time *now, struct session_reply reply);
/* The fast path, from the line scanner: acts, allocates nothing, answers nothing. */
void session_stop_now(struct sessions *s, const char *session_id, const struct session_time *now);
/* {lease_ms}; read_ns is when the line was read. */
void session_keepalive(struct sessions *s, const char *session_id, const char *lease_key, int64_t read_ns,
                       struct session_reply reply);
/* Adds a person's observation (pain_before, pain_after, skin ..., note) to the session or its record. */
void session_observe(struct sessions *s, const char *session_id, json_t *observation, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply);
void device_reset(struct sessions *s, const char *device, const char *statement, const struct session_actor *actor,
                  const struct session_time *now, struct session_reply reply);
/* {device, label, passed, steps[]} once every way to rest of the idle device was tried; nothing is ever started. */
void device_selftest(struct sessions *s, const char *device, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply);
void selftest_command_ended(struct sessions *s, const char *device, int status);
/* An amount that is not in delivered counts as the worst that was reserved. */
struct dose_review_request {
    const char *session_id, *statement;
    struct quantity_set delivered;
    bool exceeds_worst; /* the person means an amount above the worst */
};
/* {session_id, delivered, seen, worst, above_worst[], statement} once it is durable. */
void dose_review(struct sessions *s, const struct dose_review_request *request, const struct session_actor *actor,
                 const struct session_time *now, struct session_reply reply);

/* --- documents: new references, NULL when there is no such thing --- */
/* Makes the records that wait for a quiet moment: whoever asks now sees everything of what has ended. */
void sessions_catch_up(struct sessions *s, const struct session_time *now);
json_t *session_get(struct sessions *s, const char *session_id, const struct session_time *now); /* snapshot + sheet */
json_t *session_list(struct sessions *s, const struct session_time *now); /* open ones and those ended lately */
json_t *device_get(struct sessions *s, const char *device, const struct session_time *now);
json_t *device_list(struct sessions *s, const struct session_time *now);
struct alarms *sessions_alarms(struct sessions *s);
/* Questions of a protocol at a site and indication (both may be NULL): [{id,text,answers,restrictive}]. */
json_t *session_questions(const struct sessions *s, const char *protocol, const char *site, const char *indication);
/* What session.check would tell in limits[] of this request about one quantity; empty: nothing bounds it there. */
json_t *session_bounds(struct sessions *s, const struct session_request *request, enum modality_quantity q,
                       const struct session_time *now);

#endif
