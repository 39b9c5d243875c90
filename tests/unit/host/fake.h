/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that a test shares with the fake plugin inside a modality-host: what the device is to do, what it holds,
 * and a trace of every call. The trace is the ground truth; tests judge by it.
 */
#ifndef TEST_FAKE_H
#define TEST_FAKE_H

#include <stdatomic.h>
#include <stdint.h>

#define FAKE_UNITS 4
#define FAKE_CHANNELS 2
#define FAKE_TRACE_MAX 65536

enum fake_call {
    FAKE_OPEN,
    FAKE_IDENTIFY,
    FAKE_STATUS,
    FAKE_APPLY,
    FAKE_START,
    FAKE_STOP,
    FAKE_MAKE_SAFE,
    FAKE_KEEPALIVE,
    FAKE_REOPEN,
    FAKE_CALLS
};

struct fake_unit {
    /* what a test orders */
    atomic_int silent;  /* every call uses its slice up and returns -ETIMEDOUT */
    atomic_int foreign; /* identify says -ENODEV */
    atomic_int stuck;   /* stop and make_safe are acknowledged and do nothing */
    atomic_int fault, patient_stop, restarted, tripped;
    atomic_int over_permille;      /* of what is set comes out; 0 = 1000 */
    atomic_int slow_start;         /* start answers -EINPROGRESS, and runs only while this is 1; 2 = never */
    atomic_int contact_lost;       /* bit per channel */
    atomic_int interlock;          /* reported from here on: 1 closed, 2 open */
    atomic_int fail[FAKE_CALLS];   /* error of the next calls of this kind */
    atomic_int n_fail[FAKE_CALLS]; /* how many of them; a failing write is not done unless done_anyway */
    atomic_int pressed_at_refusal; /* a set point that is refused (-EACCES) was so because the patient's stop is */
    atomic_int done_anyway;        /* it is done although it fails */
    atomic_int hang[FAKE_CALLS];   /* the next call of this kind never returns; once */
    /* what the device holds */
    atomic_int running[FAKE_CHANNELS];
    _Atomic int64_t level[FAKE_CHANNELS];
    _Atomic int64_t width[FAKE_CHANNELS];
    _Atomic int64_t timer_ms;
    atomic_int waveform[FAKE_CHANNELS];
    _Atomic int64_t pad_millic; /* of the cold unit: its temperature, moved by the test alone */
    _Atomic int64_t rest_from;  /* and where it stood when its set point came to rest */
};

struct fake_entry {
    int64_t at_ns, end_ns;
    int32_t pid;
    uint32_t unit, call, item; /* item: group or channel */
    uint32_t quantity;
    int32_t result;
    int64_t value;
};

struct fake_world {
    atomic_int link_down; /* open and reopen fail; from 2 on the plugin says that plug number so many is out */
    atomic_int rest_owed; /* what the host said of it at the last open */
    struct fake_unit units[FAKE_UNITS];
    atomic_uint n_trace;
    struct fake_entry trace[FAKE_TRACE_MAX];
};

#endif
