/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of ScienceMode 4 and the answers to them, as frames and as structs. Pure. Every value is held against
 * its range before it is narrowed, because the wire can carry what the device must never get: 131 mA fits, and a point
 * of 4096 us would wrap to 0. Ranges: P24 instructions for use 1.1, tables 11 to 20; 130 mA from the vendor's own
 * check.
 */
#ifndef SCIENCEMODE4_PACKET_H
#define SCIENCEMODE4_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SM4_CHANNELS 8
#define SM4_POINTS_MAX 16
#define SM4_NUMBERS 64        /* packet numbers 0..63 */
#define SM4_CURRENT_MAX 260   /* half milliamperes: 130 mA */
#define SM4_POINT_US_MIN 10   /* the device stretches what is shorter, which would break the balance of charge */
#define SM4_POINT_US_MAX 4095 /* twelve bits */
#define SM4_PERIOD_US_MIN 500 /* 0.5 ms */
#define SM4_PERIOD_US_MAX 16383000
#define SM4_RAMP_MAX 15
#define SM4_ID_CHARS 10

/* Numbers on the wire; an answer has the number of its command plus one. */
enum sm4_command {
    SM4_LL_INIT = 0,
    SM4_LL_CHANNEL_CONFIG = 2,
    SM4_LL_STOP = 4,
    SM4_ML_INIT = 30,
    SM4_ML_UPDATE = 32,
    SM4_ML_STOP = 34,
    SM4_ML_CURRENT_DATA = 36,
    SM4_GET_DEVICE_ID = 52,
    SM4_RESET = 58,
    SM4_GET_STIM_STATUS = 62,
    SM4_GENERAL_ERROR = 66, /* from the device, of its own accord */
    SM4_UNKNOWN_COMMAND = 67,
    SM4_GET_EXTENDED_VERSION = 68,
};

/* Result codes that decide something; sm4_result_text() knows the others too. */
enum sm4_result {
    SM4_OK = 0,
    SM4_NOT_INITIALISED = 7, /* or the other level is active */
    SM4_HIGH_VOLTAGE = 8,
    SM4_ELECTRODE = 10,
    SM4_PULSE_TIMEOUT = 16,
    SM4_PULSE_LOW_CURRENT = 28,
};

enum sm4_mode { SM4_MODE_NONE, SM4_MODE_LOW_LEVEL, SM4_MODE_MID_LEVEL, SM4_MODE_MID_LEVEL_RUNNING };
#define SM4_VOLTAGE_OFF 1  /* level of the high voltage: off */
#define SM4_VOLTAGE_FULL 6 /* 150 V; the P24 reports no other */

/* What Ml_get_current_data says of a channel. */
enum sm4_channel_state { SM4_CHANNEL_OK, SM4_CHANNEL_ELECTRODE, SM4_CHANNEL_TIMEOUT, SM4_CHANNEL_LOW_CURRENT };

struct sm4_point {
    int32_t duration_us;
    int32_t current; /* half milliamperes, signed */
};

/* The repeated pulse of one channel. */
struct sm4_pulse {
    int32_t period_code; /* half milliseconds, or quarters */
    bool quarters;
    int32_t ramp; /* pulses with linearly rising current at the begin */
    size_t n_points;
    struct sm4_point points[SM4_POINTS_MAX];
};

/* One command to the device. Which of the members counts is decided by command. */
struct sm4_request {
    enum sm4_command command;
    unsigned number;
    bool stop_all;                  /* SM4_ML_INIT: an error on one channel stops all */
    unsigned mask;                  /* SM4_ML_UPDATE: bit per channel; the others are switched off */
    unsigned selection;             /* SM4_ML_CURRENT_DATA: 2, 3, or 4 for the P24's form */
    unsigned measure;               /* SM4_LL_INIT: 0 nothing, 1 current, 2 voltage, 3 high voltage */
    unsigned voltage;               /* SM4_LL_INIT: 0 the usual one, 1 off, 2..6 30 to 150 V */
    unsigned channel;               /* SM4_LL_CHANNEL_CONFIG: 0..7, the green connector from 4 on */
    bool execute;                   /* SM4_LL_CHANNEL_CONFIG */
    const struct sm4_pulse *pulses; /* SM4_ML_UPDATE: SM4_CHANNELS of them; SM4_LL_CHANNEL_CONFIG: one */
};

struct sm4_answer {
    unsigned command; /* as on the wire: enum sm4_command plus one, or what the device sends by itself */
    unsigned number;
    unsigned result;
    bool has_data; /* an answer that reports an error may end behind the result */
    char id[SM4_ID_CHARS + 1];
    uint8_t firmware[3], protocol[3];
    enum sm4_mode mode;
    unsigned voltage; /* 1 off .. 6 */
    unsigned active;  /* bit per channel */
    enum sm4_channel_state states[SM4_CHANNELS];
    unsigned channel; /* Ll_channel_config: 0..7 */
};

/*
 * Writes the frame of a request to out[0..size) and its length to *out_size. 0; -EINVAL a value is out of its range or
 * the command is none that a host sends; -ENOSPC out is too small. *out_size is untouched on failure.
 */
int sm4_encode(const struct sm4_request *request, uint8_t *out, size_t size, size_t *out_size);

/* Takes the body of a frame apart: 0, or -EPROTO when it cannot be what it says. *out is untouched on failure. */
int sm4_decode(const uint8_t *body, size_t n, struct sm4_answer *out);

/* Command and number of a body that need not be understood any further: 0 or -EPROTO. */
int sm4_peek(const uint8_t *body, size_t n, unsigned *command, unsigned *number);

/* The period of a pulse in us, whether or not it is in range. */
int64_t sm4_period_us(const struct sm4_pulse *pulse);

/* "electrode error", for a person; never NULL. */
const char *sm4_result_text(unsigned result);

#endif
