/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of console and transmitter, and what they answer: commands and the meaning of their bytes, over the
 * packets of common/ow_packet.h. Pure. A voltage that the wire's number cannot hold exactly is refused, and no set
 * point passes through floating point. Whatever is not the one answer that says "done" is an error.
 */
#ifndef OPENLIFU_COMMAND_H
#define OPENLIFU_COMMAND_H

#include "common/ow_packet.h"
#include "trigger.h"

enum lifu_side { LIFU_CONSOLE, LIFU_TRANSMITTER };
#define LIFU_SIDES 2

/* COMMAND(id, code of the command, its packet type, size of an answer's data; -1 = text). */
#define LIFU_COMMANDS(COMMAND)                                                                                         \
    COMMAND(PING, 0x00, 0xe2, 0)                                                                                       \
    COMMAND(VERSION, 0x02, 0xe2, -1)                                                                                   \
    COMMAND(HARDWARE_ID, 0x05, 0xe2, -1)                                                                               \
    COMMAND(TX_TEMPERATURE, 0x06, 0xea, 4)                                                                             \
    COMMAND(AMBIENT, 0x07, 0xea, 4)                                                                                    \
    COMMAND(SET_TRIGGER, 0x13, 0xea, -1)                                                                               \
    COMMAND(GET_TRIGGER, 0x14, 0xea, -1)                                                                               \
    COMMAND(START, 0x15, 0xea, 0)                                                                                      \
    COMMAND(STOP, 0x16, 0xea, 0)                                                                                       \
    COMMAND(READ_REGISTER, 0x23, 0xe6, 4)                                                                              \
    COMMAND(SET_VOLTAGE, 0x31, 0xeb, 0)                                                                                \
    COMMAND(READ_VOLTAGE, 0x32, 0xeb, 4)                                                                               \
    COMMAND(VOLTAGE_ON, 0x33, 0xeb, 0)                                                                                 \
    COMMAND(VOLTAGE_OFF, 0x34, 0xeb, 0)                                                                                \
    COMMAND(SUPPLY_OFF, 0x36, 0xeb, 0)                                                                                 \
    COMMAND(VOLTAGE_IS_ON, 0x3d, 0xeb, 0)                                                                              \
    COMMAND(SUPPLY_IS_ON, 0x3e, 0xeb, 0)

enum lifu_command {
#define COMMAND(id, code, type, size) LIFU_##id,
    LIFU_COMMANDS(COMMAND)
#undef COMMAND
        LIFU_COMMAND_COUNT
};

/* Volts that the wire's number holds exactly are eighths. */
#define LIFU_VOLTAGE_STEP_MV 125
#define LIFU_VOLTAGE_MAX_MV 100000 /* of the maker's own program */

struct lifu_request {
    enum lifu_command command;
    int64_t millivolts;                 /* of SET_VOLTAGE */
    const struct lifu_trigger *trigger; /* of SET_TRIGGER */
    uint8_t chip;                       /* of READ_REGISTER */
    uint16_t address;
};

#define LIFU_REQUEST_MAX (LIFU_TRIGGER_TEXT_MAX + OW_PACKET_AROUND)

/* Writes the packet: 0, or -EINVAL when it cannot be said exactly. *n is untouched on failure. */
int lifu_encode(const struct lifu_request *request, uint16_t id, uint8_t out[LIFU_REQUEST_MAX], size_t *n);

#define LIFU_TEXT_MAX 48

struct lifu_answer {
    bool flag;                   /* VOLTAGE_IS_ON, SUPPLY_IS_ON */
    int64_t milli;               /* mV or 0.001 degC, of what is measured; away from 0 where it is between two */
    char text[LIFU_TEXT_MAX];    /* VERSION; HARDWARE_ID as 24 hexadecimal digits */
    struct lifu_trigger trigger; /* SET_TRIGGER, GET_TRIGGER */
    uint32_t value;              /* READ_REGISTER */
};

/*
 * Reads what came back with the id of a request: 0; -EACCES the device refused and did nothing; -EPROTO it is no
 * answer to that command, or one that makes no sense. *out is untouched on failure.
 */
int lifu_decode(enum lifu_side side, enum lifu_command command, const struct ow_packet *packet,
                struct lifu_answer *out);

#endif
