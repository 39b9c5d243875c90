/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of ScienceMode 2 and what the device says, as frames and as structs. Pure. Every value is held against
 * its range before it is narrowed. Ranges: protocol 1.24 (12.12.2012), chapter 4; where the product's own table is
 * narrower (126 mA in place of 130) or the firmware is (8 ms), that bound holds.
 */
#ifndef SCIENCEMODE2_PACKET_H
#define SCIENCEMODE2_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SM2_CHANNELS 8
#define SM2_VERSION 1       /* of the protocol, as Init names it */
#define SM2_CURRENT_MAX 126 /* mA */
#define SM2_WIDTH_MIN 20    /* us; less counts as 20 */
#define SM2_WIDTH_MAX 500
/* Half milliseconds: what the main interval may be, and the spacing of pulses inside a group. */
#define SM2_INTERVAL_MIN 16
#define SM2_INTERVAL_MAX 2050
#define SM2_SPACING_MIN 3
#define SM2_SPACING_MAX 258
#define SM2_SKIPPED_MAX 7

/* Numbers on the wire. */
enum sm2_command {
    SM2_INIT = 1, /* from the device, of its own accord */
    SM2_INIT_ACK = 2,
    SM2_UNKNOWN_COMMAND = 3,
    SM2_WATCHDOG = 4, /* has no answer */
    SM2_GET_MODE = 10,
    SM2_GET_MODE_ACK = 11,
    SM2_INIT_LIST = 30,
    SM2_INIT_LIST_ACK = 31,
    SM2_START_LIST = 32, /* start and update */
    SM2_START_LIST_ACK = 33,
    SM2_STOP_LIST = 34,
    SM2_STOP_LIST_ACK = 35,
    SM2_SINGLE_PULSE = 36,
    SM2_SINGLE_PULSE_ACK = 37,
    SM2_STIMULATION_ERROR = 38, /* from the device, of its own accord */
};

/* Signed bytes on the wire. */
enum sm2_result {
    SM2_OK = 0,
    SM2_TRANSFER_ERROR = -1,
    SM2_PARAMETER_ERROR = -2,
    SM2_WRONG_MODE = -3,
    SM2_VERSION_REFUSED = -5,
    SM2_BUSY = -8,
};

/* What SM2_STIMULATION_ERROR says; the device has left stimulation by then. */
enum sm2_error { SM2_ERROR_EMERGENCY_SWITCH = -1, SM2_ERROR_ELECTRODE = -2, SM2_ERROR_MODULE = -3 };

enum sm2_mode { SM2_MODE_START, SM2_MODE_INITIALISED, SM2_MODE_STARTED };

/* The list of channels that a main interval works off. */
struct sm2_list {
    unsigned active;        /* bit per channel */
    unsigned low_frequency; /* bit per channel that is skipped in between */
    int32_t skipped;        /* how many times, 0..7 */
    int32_t spacing;        /* half ms between the pulses of a group; without meaning for single pulses */
    int32_t interval;       /* half ms: the main interval */
    bool fast;              /* as fast as possible in place of fixed slots: by its document no device does it */
};

/* One biphasic pulse: two phases of this width, 100 us apart. */
struct sm2_pulse {
    int32_t width_us; /* of one phase */
    int32_t current_ma;
};

/* One command to the device. Which of the members counts is decided by command. */
struct sm2_request {
    enum sm2_command command;
    uint8_t number;
    enum sm2_result result;         /* SM2_INIT_ACK */
    struct sm2_list list;           /* SM2_INIT_LIST; SM2_START_LIST needs its active */
    const struct sm2_pulse *pulses; /* SM2_START_LIST: SM2_CHANNELS of them; SM2_SINGLE_PULSE: one */
    unsigned channel;               /* SM2_SINGLE_PULSE: 0..7 */
};

struct sm2_answer {
    enum sm2_command command;
    uint8_t number;
    int result;         /* of an answer; the error of SM2_STIMULATION_ERROR */
    enum sm2_mode mode; /* SM2_GET_MODE_ACK with result 0 */
    unsigned version;   /* SM2_INIT */
    unsigned unknown;   /* SM2_UNKNOWN_COMMAND: the number that the device does not know */
};

/*
 * Writes the frame of a request to out[0..size) and its length to *out_size. 0; -EINVAL a value is out of its range or
 * the command is none that a host sends; -ENOSPC out is too small. *out_size is untouched on failure.
 */
int sm2_encode(const struct sm2_request *request, uint8_t *out, size_t size, size_t *out_size);

/*
 * Takes the body of a frame apart. 0; -ENOMSG a command that has nothing to do with stimulation (the ergometer's);
 * -EPROTO it cannot be what it says. *out is untouched on failure.
 */
int sm2_decode(const uint8_t *body, size_t n, struct sm2_answer *out);

/* "wrong mode", "electrode error", for a person; never NULL. */
const char *sm2_result_text(int result);
const char *sm2_error_text(int error);

#endif
