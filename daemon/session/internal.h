/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the structures behind session.h, and the functions between them, by file. A unit
 * lives as long as the daemon, a session until it has ended and been seen; neither is freed while a reply, a record
 * write or a host message may still point at it.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"
#include "modality/clock.h"
#include "session/session.h"
#include "session/state.h"
#include "supervise/kept.h"
#include "supervise/supervise.h"

#define SESSIONS_MAX 128       /* open and lately ended */
#define SESSION_NEWS_MAX 8     /* state changes between two publications */
#define SESSION_WAITERS_MAX 4  /* starts repeated while the reservation is being written */
#define SESSION_POINTS_MAX 600 /* of the level series in a record */
#define SESSION_NOTES_MAX 400  /* adjustments, alarms, observations, state changes in a record, each */
#define SESSION_SCHEMA_VERSION 1

#define TOKEN_HEX 33 /* 128 bit and a NUL */

/* One configured device: what the clinic says, what its host says, and whether its output is proved at rest. */
struct unit {
    char id[MODALITY_NAME_MAX];
    const struct session_device_settings *settings;
    bool described;
    struct link_unit info;
    enum unit_state presence;
    uint64_t epoch;
    struct modality_identity identity;
    char detail[LINK_TEXT_MAX];
    int64_t quarantine_until_ns;
    char plugin_version[MODALITY_NAME_MAX], maturity[MODALITY_NAME_MAX];
    bool has_sample;
    struct link_sample sample;
    bool unproved; /* output_unknown, latched */
    bool unproved_told;
    bool news;                        /* its state changed since it was last told */
    char unproved_why[LINK_TEXT_MAX]; /* the first reason */
    char unproved_now[LINK_TEXT_MAX]; /* what stands in the way now, in the host's words, "" = it has not said */
    int64_t unproved_ns;              /* proof must be younger */
    int64_t heard_ns, asked_ns;       /* its host: when it last said something; since when it is asked, 0 = it is not */
    int64_t answer_times;             /* an answer may take so many times as long as at first */
    int64_t on_since_ns, on_ns, on_wall_ms; /* first and last sample with output that nobody had started; 0 = none */
    int64_t make_safe_ns;                   /* when it was last asked for */
};

/* A ledger entry that an earlier run left open. */
struct orphan {
    struct ledger_entry entry;
    struct unit *unit; /* NULL: not configured any more */
    bool settled;
};

/* A request kept beyond its call: r's strings point into texts. */
struct kept_request {
    struct session_request r;
    char *texts;
};
int request_keep(const struct session_request *request, struct kept_request **out);
void request_free(struct kept_request *kept);
/* What it asks for, with what the section of its device says; unit may be NULL. Borrowed. */
struct prescription request_prescription(const struct session_request *request, const struct unit *unit);

/* A request resolved against tables and device. */
struct plan {
    struct prescribed dose; /* the treatment, and the tables, protocol and site that it was resolved to */
    struct unit *unit;
    size_t n_others;
    struct screening_other
        others[SESSIONS_MAX]; /* the patient's other treatments with electrodes, and where these lie */
    bool resolved;            /* group and channels are those of the described device */
    uint32_t group;
    uint32_t channels[DOSE_CHANNELS_MAX];                     /* device channel index */
    const struct modality_channel *device[DOSE_CHANNELS_MAX]; /* NULL when the device is not described */
    enum modality_quantity level;
};

/* Everything that is known about one request at one moment. Large: from the heap. */
struct assessment {
    struct plan plan;
    bool has_picture;
    struct dose_picture picture;
    struct limit_verdict verdict;
    struct refusals refused;                       /* everything that refuses, most restrictive first */
    struct dose_history history, protocol_history; /* of the modality; of the protocol's own therapy */
    struct dose_amounts planned, worst;
    int64_t walk_ms; /* what the walks from rest add to the time of a treatment that its dose ends */
    uint32_t dead_man_ms;
};

struct session_news {
    enum session_state from, to;
    enum session_event event;
    struct session_time at;
};

struct session_point {
    int64_t at_ms; /* since the first arm */
    int64_t level, target, measured, impedance_ohm, skin_millic;
    bool has_measured, has_impedance, has_skin;
    uint8_t contact;
};

/* Level, measurement, impedance and contact over time, thinned so that it never outgrows SESSION_POINTS_MAX. */
struct session_series {
    size_t n, size, stride, skip;
    struct session_point *points[DOSE_CHANNELS_MAX];
};

struct session {
    struct sessions *owner;
    uint64_t number;
    char id[40];
    enum session_state state;
    struct session_time since, prepared_at, started_at, ended_at;
    size_t n_news;
    struct session_news news[SESSION_NEWS_MAX];

    struct kept_request *request;
    uid_t uid;
    char operator_id[SESSION_TEXT_MAX], operator_name[SESSION_TEXT_MAX], operator_role[SESSION_TEXT_MAX];
    char token[TOKEN_HEX], lease_key[TOKEN_HEX];
    bool token_used;
    int64_t token_until_ns, lease_until_ns, lease_lost_ns;
    bool lease_lost;
    size_t n_waiters;
    struct session_reply waiters[SESSION_WAITERS_MAX];

    struct unit *unit;
    uint32_t group;
    struct modality_identity identity;
    uint64_t epoch;
    bool ruled;                  /* rules and kept limits are made, and the record has not been written yet */
    uint64_t generation;         /* of the configuration at the start */
    bool reloaded;               /* another one came since */
    char cut_by[192];            /* what last cut the ceilings below what was prepared: limit and place */
    struct kept_limits kept;     /* of every configuration since the start */
    struct ledger_places places; /* where it is given, as the start resolved them */
    enum lease_loss lease_loss;
    int64_t contact_hold_ms;
    struct dose_history history;
    struct dose_amounts planned, worst;
    int64_t rms_sum_ua; /* of all channels at the ceilings that were prepared */
    uint32_t dead_man_ms;
    int64_t planned_ms;
    json_t *sheet;

    /* what is commanded: treatment holds start and ceilings, present what is in force or will be when armed again */
    struct dose_treatment treatment;
    enum modality_quantity level;
    size_t n_channels;
    uint32_t channels[DOSE_CHANNELS_MAX];
    struct quantity_set present[DOSE_CHANNELS_MAX];
    int64_t farthest[DOSE_CHANNELS_MAX]; /* level that was commanded since the newest sample */
    struct link_arm arm;
    struct link_stop stop;
    struct supervise_rules rules;
    struct supervise_state supervised;

    bool reserve_pending, reserved, armed, ever_armed;
    int reserve_error;
    int64_t output_boot_ns; /* since when this turn's output has been on, INT64_MAX = it has not */
    int64_t asleep_ns;      /* boottime less monotonic, as far as the dose has it */
    int64_t start_until_ns, stop_until_ns, treated_ms;
    int64_t held_ms, paused_ms;
    int64_t stop_told_ns;  /* the host was told to stop then and has not said that it heard, 0 = it has */
    char pause_reason[48]; /* why it is paused: operator, lease_lost, or which point is done */
    int64_t points_done;   /* of a laser that treats point by point */
    bool point_over;       /* the present one is; the next begins with the next turn */
    int64_t hold_since_ns, hold_until_ns;
    uint64_t faults_told; /* bit per supervise_fault whose alarm was raised in this turn */
    uint32_t contact_good;
    int64_t adjust_free_ns; /* the rate of adjustments: when the next is due if all had come evenly */
    bool stop_asked;        /* not answered yet: rest may be proved before anybody has said who stopped it, and why */
    const char *origin;     /* of the last change: operator, patient, device, daemon */
    enum modality_evidence evidence;
    enum session_end end;
    const char *end_fault; /* END_fault: the id of what supervision found; static */
    char end_by[16], end_detail[LINK_TEXT_MAX];
    bool end_alarmed;

    struct session_series series;
    int64_t peak[DOSE_CHANNELS_MAX];
    json_t *adjustments, *alarms, *observations, *changes;
    int64_t notes_dropped; /* not in the record, but in the audit */
    int64_t progress_ns;
    uint64_t seq;
    bool finished, dose_unbounded;
    bool closed;       /* its dose was handed to the ledger */
    bool unsettled;    /* the ledger has not taken its dose yet */
    json_t *unwritten; /* its record, until the queue has taken it */
    json_t *final;     /* the snapshot of an ended session */
};

struct sessions {
    struct session_settings settings;
    struct session_ports ports;
    struct record *record;
    struct alarms *alarms;
    size_t n_units, n_sessions, n_orphans;
    struct unit *units;
    struct session *list[SESSIONS_MAX];
    struct orphan *orphans;
    struct observing *observing; /* observe.c */
    struct selftest *selftests;  /* selftest.c */
    uint64_t next_number;
    bool has_offset, records_bad, audit_broken, shutting_down, was_energised, supervised;
    int64_t offset_ns; /* boottime less monotonic */
    bool has_wall;
    int64_t wall_offset_ms; /* wall clock less boottime */
    int64_t day_checked;
    char records_why[SESSION_TEXT_MAX];
    struct session_time now; /* of the call that is under way, for alarms */
};

/* sessions.c */
struct session *session_find(struct sessions *s, const char *session_id);
struct session *session_by_number(struct sessions *s, uint64_t number);
struct unit *unit_find(struct sessions *s, const char *id);
struct unit *unit_of(struct sessions *s, size_t link, uint32_t index);
bool session_live(const struct session *session);              /* neither prepared nor ended */
const char *session_end_reason(const struct session *session); /* id of the end, or of the alarm of its fault */
bool session_unproved(const struct session *session);          /* armed in this turn and rest not proved since */
void session_free(struct session *session);

/* observe.c */
/* Answers with result (stolen) once observing_told has 0; NULL = no memory, which was answered. */
struct observing *observing_new(struct sessions *s, const char *session_id, json_t *result, struct session_reply reply);
void observing_told(void *userdata, int error); /* a record_done */
void observing_free(struct observing *list);

/* selftest.c */
void selftest_tried(struct sessions *s, size_t link, const struct link_tried *m);
void selftests_tick(struct sessions *s, const struct session_time *now);
int64_t selftests_next_ns(const struct sessions *s); /* when that judges the next thing, 0 = at once */
bool selftest_on_link(const struct sessions *s, size_t link);
void selftests_end(struct sessions *s, bool tell); /* all of them; tell: who asked is told that the daemon stops */

/* say.c: answers, events, alarms, audit */
void say_result(struct session_reply reply, json_t *result);
void say_error(struct session_reply reply, enum modality_token token, json_t *data, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void say_audit(struct sessions *s, const char *event, const struct session_actor *actor, const struct session *session,
               json_t *detail);
void say_event(struct sessions *s, const char *type, const struct session *session, json_t *params);
void say_alarm(struct sessions *s, enum alarm_kind kind, const char *device, struct session *session,
               const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Refuses and answers when the actor may not act for the named operator, or names none. True = may go on. */
bool say_actor_may_act(struct sessions *s, const struct session_actor *actor, const char *method,
                       const struct session *session, struct session_reply reply);
/* Audits a refused attempt, then answers. */
void say_refused(struct sessions *s, const char *method, const struct session_actor *actor,
                 const struct session *session, struct session_reply reply, enum modality_token token, json_t *data,
                 const char *format, ...) __attribute__((format(printf, 8, 9)));

/* document.c: documents of this room; the helpers are those of document/document.h */
json_t *doc_amounts(const struct dose_amounts *a);
json_t *doc_identity(const struct modality_identity *identity);
const char *evidence_id(enum modality_evidence e);
const char *output_id(enum modality_output o);
const char *contact_id(enum modality_contact c);

/*
 * plan.c: request -> treatment. Refusals for what cannot be resolved; -EINVAL when no picture can be made. today is the
 * civil day on which the answers to dated questions must count. own is the request's session, NULL = it has none yet.
 */
int plan_make(struct sessions *s, const struct session *own, const struct dose_tables *tables,
              const struct session_request *request, int64_t today, struct plan *plan, struct refusals *r);
/* True when a lies farther from rest than b. */
bool quantity_unsafer(enum modality_quantity q, int64_t a, int64_t b);

/* identity.c: the same patient reference with another second identifier; what a start says otherwise, or NULL */
void check_identity(const struct sessions *s, const struct session *own, const struct session_request *request,
                    struct refusals *r);
/* Whether the session is one of this patient; no reference is nobody. */
bool session_is_of(const struct session *session, const char *patient_ref);
const char *identity_difference(const struct session_request *request, const struct session_confirmation *confirmed);

/* others.c: what else puts current through this patient */
/* Where the electrodes of the patient's other open sessions lie, by these tables: how many of out are filled. */
size_t others_electrodes(const struct sessions *s, const struct session *own, const struct dose_tables *tables,
                         const char *patient_ref, struct screening_other out[SESSIONS_MAX]);
/* What flows in all of them at their ceilings, into the history. */
void others_currents(const struct sessions *s, const struct session *own, const char *patient_ref,
                     struct dose_history *history);
/* An earlier run left current in this patient that is not proved at rest, and of which nobody knows more. */
void check_left_behind(const struct sessions *s, const struct plan *plan, const struct session_request *request,
                       struct refusals *r);

/* check_device.c, check_range.c, check_patient.c: each adds its refusals */
void check_device(struct sessions *s, const struct session *own, const struct plan *plan,
                  const struct session_time *now, struct refusals *r);
void check_ranges(const struct plan *plan, struct refusals *r);
/* How a latch is cleared by a person: an alarm that waits is acknowledged, else the device is reset. */
const char *unit_way_out(const struct sessions *s, const struct unit *u, enum alarm_kind kind, char *text, size_t size);
/*
 * history is filled: what the ledger holds of this patient's modality at the places that the request touches;
 * of_protocol: the same with the sessions of its own therapy alone.
 */
void check_history(struct sessions *s, const struct session *own, const struct plan *plan,
                   const struct session_request *request, struct dose_history *history,
                   struct dose_history *of_protocol, struct refusals *r);
/* The target, and where each electrode sits: names that the tables know, on the sides that those sites have. */
void request_places(const struct dose_tables *tables, const struct session_request *request, struct ledger_places *out);
/* check_sensor.c: what the device senses; starting asks for what only a patient gives. Needs a picture for its limits.
 */
void check_sensors(const struct sessions *s, const struct assessment *a, bool starting, struct refusals *r);
/* Why the session must not go on now by what its device senses, or NULL. */
const char *session_sensors_stand(const struct session *session, char *why, size_t size);
/* The session that claims this unit and group, or NULL; own is left out. */
const struct session *unit_holder(const struct sessions *s, const struct unit *unit, uint32_t group,
                                  const struct session *own);

/* assess.c */
int assess(struct sessions *s, const struct session_request *request, const struct session *own,
           const struct session_time *now, struct assessment **out);
json_t *assess_limits(const struct assessment *a);
/* data of an error: the first refusal's members and violations[]. */
json_t *assess_violations(const struct assessment *a);

/* sheet.c */
json_t *sheet_make(const struct sessions *s, const struct assessment *a, const struct session_request *request,
                   const struct session_actor *actor);
/*
 * What went before: the sums that the sheet has, and how long ago it ended, of this modality and of each therapy. Only
 * a check tells the times: they grow by themselves, and a sheet must not.
 */
json_t *sheet_history(const struct dose_history *h);
/* Names of the members that differ, as an array; empty = equal. */
json_t *sheet_differences(const json_t *before, const json_t *after);

/* envelope.c: what the session may ever ask, as the host gets it */
int envelope_fill(const struct assessment *a, struct envelope *e);
/* Step and slew that these limits allow, where they are less than what is walked now; true if any is. */
bool envelope_slow_down(const struct assessment *a, struct envelope *e);
void envelope_arm(struct session *session, const struct assessment *a);

/*
 * rules.c: what supervision holds samples against, out of an assessment; and made tighter by other tables. The kept
 * limits must be taken before. Negative errno: not every limit is held.
 */
int rules_make(const struct sessions *s, struct session *session, const struct assessment *a);
int rules_tighten(struct session *session, const struct assessment *a);
/* Points to the kept limits anew: always after kept_take, which frees those that it replaces. */
int rules_put_limits(struct session *session);

/* start.c */
void session_arm(struct session *session, const struct session_time *now);
void session_start_tick(struct session *session, const struct session_time *now);
void session_random_hex(char out[TOKEN_HEX]);

/* rest.c: everything that brings to rest. Allocates nothing. */
void session_end_by(struct session *session, enum session_end end, const char *by, const char *detail,
                    const struct session_time *now);
void session_rest(struct session *session, enum session_event event, const struct session_time *now);
void session_rested(struct session *session, enum modality_evidence evidence, int64_t rested_ns,
                    const struct session_time *now);
void session_lost(struct session *session, const char *why, const struct session_time *now);
int link_tell(struct sessions *s, size_t link, const void *message, const struct session_time *now);
/* stated: a person says that the output is at rest. */
void unit_make_safe(struct sessions *s, struct unit *unit, bool stated, const struct session_time *now);
/* Past its bound without proof: unproved, and a host that does not answer is replaced. */
void session_rest_tick(struct session *session, const struct session_time *now);
/* Rests it for a pause, with its reason; one that is held already is at rest. */
int64_t session_rest_due_ns(const struct session *session); /* when that is, INT64_MAX = it is not being stopped */
void session_pause_by(struct session *session, const char *reason, const struct session_time *now);

/* silent.c: hosts that are quiet are asked, and replaced when they are not heard */
void units_ask(struct sessions *s, const struct session_time *now);
int64_t unit_ask_due_ns(const struct unit *unit); /* when units_ask has something to do for it */
void units_heard(struct sessions *s, size_t link, const struct session_time *now);

/* unproved.c: output_unknown and what clears it */
bool identity_same(const struct modality_identity *a, const struct modality_identity *b); /* serial, model and maker */
void unit_set_unproved(struct unit *unit, const char *why, const struct session_time *now);
void unit_tell_unproved(struct unit *unit, const char *why); /* another reason than the one told before */
/* What stands in the way of a proof now: told beside the reason. */
void unit_note_unproved(struct unit *unit, const char *words);
void unit_proved(struct sessions *s, struct unit *unit, enum modality_evidence evidence,
                 const struct session_time *now);
void orphans_load(struct sessions *s, const struct session_time *now);

/* In a session that is not over and not output_unknown. */
bool unit_in_session(const struct sessions *s, const struct unit *unit);
/* units_publish tells what unit_set_unproved and presence have changed. Allocates. */
void units_publish(struct sessions *s, const struct session_time *now);

/* host.c: every session and unit of a link has lost its host. Allocates nothing. */
void link_lost(struct sessions *s, size_t link, const char *why, const struct session_time *now);

/* telemetry.c: samples and the table of faults at work */
void session_sample(struct session *session, const struct link_sample *sample, const struct session_time *now);
/* Counts all that may have come out until rest was proved: more than the newest sample showed, if more was commanded.
 */
void session_settle(struct session *session, int64_t rested_ns, const struct session_time *now);
/* Output on a channel of the unit that no armed session holds. */
void unit_judge_output(struct sessions *s, struct unit *unit, const struct session_time *now);
void session_judge_fresh(struct session *session, const struct session_time *now);

/* hold.c */
void session_hold_sample(struct session *session, const struct session_time *now);
void session_hold(struct session *session, const char *detail, const struct session_time *now);
void session_hold_tick(struct session *session, const struct session_time *now);

/* course.c: what ends a treatment besides its time */
void session_course_judge(struct session *session, const struct session_time *now);
/* Between two samples: when the dose will be there at the present rate, INT64_MAX = not foreseeable. */
int64_t session_course_due_ns(const struct session *session);
void session_course_begin(struct session *session);               /* of a turn */
enum session_end session_time_end(const struct session *session); /* what it means that the time is over */
int64_t session_remaining_ms(const struct session *session, const struct session_time *now);
void course_show(const struct session *session, const struct session_time *now,
                 json_t *o); /* its members of a snapshot */
/* What the request says of it, and whether there is time for it once the level is walked to; sets walk_ms. */
void course_check(struct assessment *a, const char *end_by, struct refusals *r);

/* lease.c */
void session_lease_tick(struct session *session, const struct session_time *now);
/* True when the key is the session's; otherwise LEASE_INVALID was answered. */
bool session_lease_holds(struct sessions *s, struct session *session, const char *key, const char *method,
                         const struct session_actor *actor, struct session_reply reply);
bool secret_equal(const char *a, const char *b);

/* adjust.c */
/* After an arm: what was adjusted before and differs from the envelope's start. */
void session_send_changed(struct session *session, size_t channel, const struct session_time *now);
void session_send_target(struct session *session, size_t channel, enum modality_quantity q, int64_t value,
                         const struct session_time *now);

/* reload.c */
/* What is commanded now, against everything that holds since the start; refusals go to a->refused. */
bool session_stands(struct session *session, struct assessment *a);
/* The same with one setting changed. */
bool session_holds_limits(struct session *session, uint32_t channels, enum modality_quantity q, int64_t target,
                          struct assessment *a);

/* series.c */
int series_new(struct session_series *series, size_t n_channels);
void series_free(struct session_series *series);
void series_add(struct session_series *series, size_t n_channels, const struct session_point *points);
json_t *series_document(const struct session_series *series, size_t channel);

/* snapshot.c */
json_t *session_snapshot(const struct session *session, const struct session_time *now);
int64_t session_delivered_ms(const struct session *session, const struct session_time *now);
const struct modality_reading *status_reading(const struct modality_channel_status *status, enum modality_quantity q);

/* finish.c */
int64_t session_finish_ns(const struct session *session); /* when an ended one is finished at the latest */
void session_finish(struct session *session, const struct session_time *now);
void session_close(struct session *session); /* hands its dose to the ledger, as soon as it has ended */
void session_write(struct session *session); /* again what the record's queue had no room for */

/* device_document.c */
json_t *unit_document(const struct sessions *s, const struct unit *unit, const struct session_time *now);
const char *unit_state_text(const struct unit *unit);
const char *unit_detail_text(const struct unit *unit, char text[LINK_TEXT_MAX]);

#endif
