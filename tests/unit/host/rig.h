/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real modality-host with the fake plugin, and the daemon's end of its socket. Every wait is bounded and ends with a
 * failed test.
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include "fake.h"
#include "link/message.h"
#include "link/spawn.h"
#include "modality/clock.h"

#define RIG_SESSIONS 64
#define RIG_TRIED 16
/* How long a permit is: one that the rig keeps up must not run out because a loaded machine does not run the rig. */
#define RIG_PERMIT_MS 1000
/* For what a machine of its own does in the time that is named; the time itself is asserted with rig_soon(). */
#define RIG_PATIENCE_MS 20000

struct rig_options {
    unsigned units;       /* 0 = 1 */
    const char *extra[8]; /* "key=value" for every device */
    bool replacement, idle;
    uint32_t quarantine_ms;   /* 0 = 100 */
    uint32_t grace_ms;        /* of a call that does not return, 0 = plenty: a loaded machine is no hung plugin */
    uint32_t slice_ms;        /* what a call is granted at least, 0 = what the plugin says */
    const char *plugin;       /* NULL = the fake */
    const char *link;         /* NULL = "tcp:127.0.0.1:1" */
    const char *state_dir;    /* NULL = a new directory */
    struct fake_world *world; /* with its path: another rig's */
    const char *script;
    const struct modality_line *lines; /* instead of the fake's */
    size_t n_lines;
    void (*prepare)(struct fake_world *world); /* before the host runs */
};

struct rig {
    struct fake_world *world;
    char dir[64], script[96];
    bool owns_dir;
    struct spawned host;
    int fd;
    int status, killed; /* of the exited host */
    bool gone;
    /* what was received */
    unsigned hellos, units, config_faults, samples, logs, reexecuted, heard;
    char config_fault[LINK_TEXT_MAX], config_origin[128], last_log[LINK_TEXT_MAX];
    uint32_t dead_man_ms;
    struct link_presence presence[FAKE_UNITS];
    unsigned n_presence[FAKE_UNITS];
    uint32_t been[FAKE_UNITS]; /* bit per state that was told: one may pass while the test does not look */
    struct link_sample sample[FAKE_UNITS];
    struct link_session sessions[RIG_SESSIONS];
    unsigned n_sessions;
    struct link_tried tried[RIG_TRIED];
    unsigned n_tried;
    /* permits sent while waiting */
    struct link_session_ref permit[FAKE_UNITS];
    unsigned n_permits;
    int64_t permit_sent_ns, permit_ms; /* RIG_PERMIT_MS, unless the test wants them shorter */
};

struct rig *rig_start(const struct rig_options *options);
void rig_end(struct rig *r);
/* A test of rigs: hosts of one that failed do not outlive it. */
#define rig_test(f) cmocka_unit_test_teardown(f, rig_kill_left)
int rig_kill_left(void **state);
/* Receives and permits until done(r, arg) is true; fails the test after ms. */
/* What ms is on a machine that has other things to do; MODALITY_SLACK=1 in the environment: on this one it is ms. */
int64_t rig_soon(int64_t ms);
void rig_wait_for(struct rig *r, int ms, bool (*done)(struct rig *r, uint64_t arg), uint64_t arg, const char *what);
#define rig_wait(r, ms, done, arg) rig_wait_for(r, ms, done, arg, #done " " #arg)
/* Receives for this long. */
void rig_pass(struct rig *r, int ms);
void rig_send(struct rig *r, void *message);
void rig_close_socket(struct rig *r);
/* The host exits; its status. */
int rig_wait_exit(struct rig *r, int ms);

/* An arm that is in order: channel 1 of a unit, 10 mA, 10 s, permit kept up by the rig while it waits. */
struct link_arm rig_arm_make(uint64_t session, uint32_t unit, uint32_t group, int64_t target_ua);
void rig_arm(struct rig *r, struct link_arm *arm, bool keep_permitted);
void rig_arm_and_run(struct rig *r, uint64_t session, uint32_t unit, int64_t target_ua);
void rig_target(struct rig *r, const struct link_session_ref *ref, uint32_t channel, enum modality_quantity q,
                int64_t value);
void rig_stop(struct rig *r, uint64_t session);
void rig_stop_permits(struct rig *r);

/* Predicates. */
bool rig_unit_state(struct rig *r, uint64_t unit_and_state);     /* unit * 100 + state */
bool rig_unit_has_been(struct rig *r, uint64_t unit_and_state);  /* the same, at any time */
bool rig_has_session(struct rig *r, uint64_t session_and_event); /* session * 100 + event */
bool rig_level_is(struct rig *r, uint64_t level_ua);             /* of unit 0, channel 1, in the device */
const struct link_session *rig_session(const struct rig *r, uint64_t session, enum link_session_event event);

/* The trace. Index of the n-th (from 0) entry of a call of a unit at or after index from; -1. */
int rig_trace(const struct rig *r, unsigned from, uint32_t unit, enum fake_call call, unsigned n);
unsigned rig_trace_count(const struct rig *r, unsigned from, uint32_t unit, enum fake_call call);
/* When the device's channel went to rest last: end of the last stop or make_safe that did it. */
bool rig_at_rest(const struct rig *r, uint32_t unit);

#endif
