/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device thread's world: one line with its units, and the arms (energised sessions) on them. One thread owns all of
 * it; what comes in comes through the mail, what goes out through the outbox, and every call to the plugin is one step
 * between two looks at the mail, so that a stop never waits for more than the call that is running.
 *
 * Always holds: an arm that is not STOPPING has a valid permit and end time; a unit whose rest.whole is set
 * has no such arm; a unit is armed only when it is identified, proved at rest and out of quarantine.
 */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include "host/guard.h"
#include "host/mail.h"
#include "host/outbox.h"
#include "host/owner.h"
#include "host/services.h"

#define LINE_ARMS MAIL_SLOTS
#define ARM_SETTINGS_MAX (DOSE_CHANNELS_MAX * (ENVELOPE_SETTINGS_MAX + 3))

enum arm_phase {
    ARM_NONE,
    ARM_SETTING,    /* settings and level at rest are being written */
    ARM_CONFIRMING, /* start accepted, running not seen yet (-EINPROGRESS) */
    ARM_RUNNING,
    ARM_STOPPING, /* rest is written until it is proved */
};

/* A step away from rest that the device could not be given yet (-EAGAIN): nothing was sent, and it is tried again. */
struct step_wait {
    int64_t since_ns; /* of the first try, 0 = it does not wait */
    int64_t again_ns; /* not before */
};

/* One value of a channel other than its level, or the level before the start. */
struct arm_setting {
    uint32_t channel;
    enum modality_quantity quantity;
    int64_t value;    /* wanted; the latest wins */
    int64_t in_force; /* acknowledged by the device, once written is set */
    bool written;
    bool due;   /* value has to be written */
    bool safer; /* and is a change toward the safe side: goes before everything but a stop */
    int64_t due_ns;
    struct step_wait wait;
};

/* The walked level of one channel of the envelope. */
struct arm_level {
    struct walk walk;
    int64_t wanted; /* absolute, to be in force at the device */
    int64_t due_ns; /* when it began to differ from what is in force, 0 = it does not */
    bool lowering;  /* by order (not by a surge): goes before everything but a stop */
    struct step_wait wait;
};

struct arm {
    enum arm_phase phase;
    struct link_session_ref ref;
    uint32_t group;
    uint32_t channels; /* bit per device channel of the group */
    struct envelope envelope;
    int64_t permit_boot_ns, end_boot_ns;
    struct arm_level levels[DOSE_CHANNELS_MAX]; /* as envelope.channels */
    size_t n_settings;
    struct arm_setting settings[ARM_SETTINGS_MAX];
    int64_t accepted_ns;
    struct step_wait wait; /* of the start */
    int64_t confirm_by_ns; /* CONFIRMING: running must show until then */
    int64_t stop_by_ns;    /* STOPPING: unproved from then on */
    bool said_stopping, said_unproved;
    enum link_reason reason;
    char detail[LINK_TEXT_MAX];
};

/* Level of one device channel as the device has it. */
struct unit_level {
    int64_t now, min, max;     /* min and max since the last sample, absolute */
    int64_t since_ns;          /* now has been in force since then */
    int64_t away_ns;           /* it has been away from rest since then, 0 = it is at rest */
    int64_t lag, lag_until_ns; /* of a slow output: distance from rest that it may still show until then */
};

/* The way of one unit to proved rest. */
struct rest {
    bool active;
    bool whole;       /* make_safe, proved on every channel */
    uint32_t groups;  /* stop of these groups, proved on their channels */
    bool write_whole; /* still to be written in this round */
    uint32_t write_groups;
    uint32_t round;     /* on a shared line lower rounds go first */
    int64_t begun_ns;   /* of this round, 0 = not begun */
    int64_t next_ns;    /* not before */
    int64_t give_up_ns; /* rest unproved from then on; the tries go on */
};

/* A self-test of an idle unit: the step that is due. */
struct trial {
    bool active;
    enum link_trial_step step;
    uint32_t group;
    bool reads;       /* it was written, rest is read back */
    int64_t begun_ns; /* of this step, 0 = not begun */
    int64_t due_ns;   /* not before */
};

struct unit {
    const struct modality_device *device;
    uint32_t index;
    enum unit_state state; /* as last said to the daemon */
    bool said;             /* anything was said yet */
    bool reworded;         /* the state is the same and why has changed */
    uint64_t epoch, said_epoch;
    char detail[LINK_TEXT_MAX];
    struct modality_identity identity;
    bool identified;    /* it answers and is the configured one */
    bool foreign;       /* somebody else answered */
    bool absent;        /* asked and not answered */
    bool hot;           /* may have output: not proved at rest since it was energised, replaced or seen on */
    bool unproved;      /* rest could not be proved in time */
    bool unsure;        /* a write's outcome is unknown: quarantine once rest is proved */
    bool safe_asked;    /* LINK_MAKE_SAFE: say the state again when it is done */
    bool left;          /* leaving: rest was proved since, or nothing is there */
    unsigned failures;  /* calls in a row that were not answered as they should be */
    int64_t failing_ns; /* begin of the first of them */
    int64_t retry_ns, backoff_ns;
    int64_t quarantine_until_ns;
    int64_t newcomer_until_ns;   /* who answers until then may be another one than had output, 0 = no other is owed */
    int64_t poll_ns;             /* next telemetry */
    int64_t fed_ns, feed_due_ns; /* begin of the last acknowledged feed (or start); 0 = not fed */
    struct step_wait feed_wait;
    bool refused;                /* a step was answered with no: asked for its state, then stopped */
    char refusal[LINK_TEXT_MAX]; /* what is said of it where its state says nothing */
    struct rest rest;
    struct trial trial;
    struct unit_level levels[MODALITY_CHANNELS_MAX];
    uint64_t seq;
    struct modality_status status; /* the last validated one */
    bool has_status;
};

struct line {
    const struct modality_plugin *plugin;
    struct services *services;
    struct modality_config config;
    const char *name; /* canonical link */
    struct outbox *outbox;
    struct mail *mail;
    struct guard *guard;
    struct owner *owner; /* the device node's lock */
    uint32_t telemetry_ms, grace_ms, quarantine_min_ms, slice_ms, dead_man_ms;
    struct modality_link *link; /* NULL = not open */
    bool doubt;                 /* the transport must be re-established before the next call */
    int64_t doubt_ns;           /* since when it is being re-established, 0 = it is not */
    int64_t open_retry_ns, open_backoff_ns;
    char not_open[LINK_TEXT_MAX]; /* why it could not be opened the last time; "" once somebody was identified on it */
    int64_t silent_until_ns;      /* units that do not answer wait till then: they get a tenth of a shared line */
    bool leaving;
    enum link_reason leave_reason;
    int64_t leave_ns; /* since when */
    size_t n_units;
    struct modality_device *devices; /* MODALITY_UNITS_MAX */
    struct unit units[MODALITY_UNITS_MAX];
    struct arm arms[LINE_ARMS]; /* same index as the mail's slots */
};

/* One step. Lower ranks first, then the lower key. */
enum job_kind {
    JOB_OPEN,
    JOB_REOPEN,
    JOB_REST_WRITE, /* one group's stop, or make_safe */
    JOB_IDENTIFY,
    JOB_READBACK,
    JOB_LEVEL,
    JOB_SETTING,
    JOB_START,
    JOB_FEED,
    JOB_POLL,
    JOB_TRIAL,
};
enum job_rank { RANK_LINK, RANK_REST, RANK_LOWER, RANK_DEADLINE };
struct job {
    enum job_kind kind;
    enum job_rank rank;
    int64_t key;        /* deadline in ns, or place in the round of a rest */
    int64_t release_ns; /* not before */
    struct unit *unit;
    struct arm *arm;
    size_t item; /* level or setting of the arm */
};

/* schedule.c: the most urgent step that may be taken now; else false and when to look again. */
bool schedule_pick(struct line *l, int64_t now_ns, struct job *out, int64_t *wake_ns);

/*
 * line.c: runs until the mail says leave and rest is proved. begin_hot: outputs of unknown state (replacement);
 * owed: one may have been energised, so that whose rest is proved matters.
 */
void line_init(struct line *l, bool begin_hot, bool owed);
void line_run(struct line *l);
void line_resume_arm(struct line *l, const struct link_session_ref *ref, uint32_t group);

/* orders.c: takes the mail. */
void orders_take(struct line *l);

/* gate.c: whether an arm can be; fills *arm (phase, envelope, settings). 0, or -EPERM with reason and why. */
int gate_arm(const struct line *l, const struct link_arm *order, struct arm *arm, enum link_reason *why, char *reason,
             size_t size);
/* Whether value may be written: envelope and device range. 0 or -EPERM with reason. */
int gate_value(const struct unit *u, const struct arm *arm, uint32_t channel, enum modality_quantity q, int64_t value,
               char *reason, size_t size);
/* Whether it may be written now that the arm runs, and the level is what the unit has: 0 or -EPERM with reason. */
int gate_in_motion(const struct unit *u, uint32_t channel, enum modality_quantity q, int64_t value, char *reason,
                   size_t size);
const struct modality_range *gate_range(const struct modality_channel *c, enum modality_quantity q);
/* Level as distance from rest (what is walked) and as absolute value (what is written). */
int64_t gate_distance(const struct envelope_channel *e, int64_t absolute);
int64_t gate_absolute(const struct envelope_channel *e, int64_t distance);

/* arm.c: life of an arm. */
void arm_accept(struct line *l, size_t slot, const struct link_arm *order, int64_t permit_boot_ns, int64_t now_ns);
void arm_order_target(struct line *l, struct arm *arm, const struct link_target *target, int64_t now_ns);
void arm_order_tighten(struct line *l, struct arm *arm, const struct link_arm *tighter, int64_t now_ns);
void arm_stop(struct line *l, struct arm *arm, enum link_reason reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void arm_stop_unit(struct line *l, const struct unit *u, enum link_reason reason, const char *detail);
void arm_say(struct line *l, struct arm *arm, enum link_session_event event, enum modality_evidence evidence,
             int64_t at_ns);
void arm_say_stopping(struct line *l, struct arm *arm);
void arm_finish(struct line *l, struct arm *arm, enum modality_evidence evidence, int64_t at_ns);
/* Permits, end times, lateness, unproved rests; then how far each level has come. */
void arms_tick(struct line *l, int64_t now_ns);
/* When the level of the envelope's channel i next moves, given what the device has; INT64_MAX if never. */
int64_t arm_level_next_ns(const struct arm *arm, size_t i, const struct unit_level *has, int64_t now_ns);
bool unit_has_arm(const struct line *l, const struct unit *u);
bool unit_has_live_arm(const struct line *l, const struct unit *u);

/* drive.c: steps away from rest. */
void drive_level(struct line *l, const struct job *job);
void drive_setting(struct line *l, const struct job *job);
void drive_start(struct line *l, const struct job *job);
void drive_feed(struct line *l, const struct job *job);
/* True once a feed might find the device's watchdog tripped. */
bool drive_feed_late(const struct unit *u, int64_t now_ns);
void drive_started(struct line *l, struct unit *u, struct arm *arm, int64_t now_ns);
/* A unit that refused a step was asked for its state: what has not ended by that ends now, by the refusal itself. */
void drive_refusal_end(struct line *l, struct unit *u);

/* rest.c: steps toward rest. */
void rest_begin(struct line *l, struct unit *u, bool whole, uint32_t groups, int64_t now_ns);
/* The next try comes at once and before the others': somebody asked. */
void rest_hurry(struct unit *u);
void rest_write(struct line *l, struct unit *u);
void rest_readback(struct line *l, struct unit *u);
/* The link of a unit that may have output was cut: from now on another one may answer in its place. */
void rest_newcomer(struct unit *u, int64_t now_ns);
bool rest_is_newcomer(const struct unit *u, int64_t now_ns);
void rest_failed(struct line *l, struct unit *u, int64_t now_ns);
bool rest_proved(const struct unit *u, uint32_t channels, enum modality_evidence *evidence);

/* trial.c: the ways to rest of an idle unit, tried one after the other; every one is said. */
void trial_begin(struct line *l, struct unit *u, int64_t now_ns);
void trial_step(struct line *l, struct unit *u);
void trial_tick(struct line *l, struct unit *u);

/* presence.c: who is there, and in which state. */
void presence_open(struct line *l);
void presence_reopen(struct line *l);
void presence_identify(struct line *l, struct unit *u);
void presence_poll(struct line *l, struct unit *u);
void presence_failed(struct line *l, struct unit *u, int error, const char *what, int64_t began_ns);
void presence_lost(struct line *l, struct unit *u, int64_t now_ns);
void presence_quarantine(const struct line *l, struct unit *u, int64_t now_ns);
void presence_note(struct unit *u, const char *format, ...) __attribute__((format(printf, 2, 3)));
void presence_tick(struct line *l, int64_t now_ns);

/* judge.c: a validated status becomes samples, and stops what it condemns. */
void judge_status(struct line *l, struct unit *u, int64_t taken_ns);

/* over.c: whether channel i of the envelope delivers more than was set. 1 sample is enough. */
bool over_output(const struct unit *u, const struct arm *arm, size_t i, int64_t now_ns, int64_t *measured,
                 int64_t *bound);
/* What a slow output shows before it is armed, and what was in force since the last sample, count for its next time. */
void over_begin(struct unit *u, uint32_t channels, int64_t now_ns);
void over_follow(struct unit *u, int64_t now_ns);

/* call.c: bounds around every plugin call. */
int64_t call_begin(struct line *l, uint32_t slice_ms, const char *what);
int64_t call_end(struct line *l);
/* Status, between the two; -EPROTO too when the plugin returns one that cannot be. */
int call_status(struct line *l, const struct unit *u, int64_t deadline_ns, struct modality_status *out);
const char *call_error(int error);

#endif
