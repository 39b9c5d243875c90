/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the trigger's text are read as the firmware does it: digits up to the first other character. */
#include "front/openlifu_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/openlifu.h"

#define UNKNOWN_COMMAND 0xfc
#define BAD_CRC 0xfd
#define INVALID_PACKET 0xfe
#define UNKNOWN_ERROR 0xff

bool olifu_command_writes(uint8_t command)
{
    static const uint8_t writes[] = {0x13, 0x15, 0x16, 0x22, 0x31, 0x33, 0x34, 0x35, 0x36};
    return memchr(writes, command, sizeof writes) != NULL;
}

static void refuse(enum olifu_side side, uint8_t console_type, uint8_t transmitter_reason, struct olifu_packet *answer)
{
    unsigned id = answer->id;
    *answer = (struct olifu_packet){.id = id, .type = side == OLIFU_CONSOLE ? console_type : OLIFU_ERROR};
    if (side == OLIFU_TRANSMITTER)
        answer->reserved = transmitter_reason;
}

void olifu_error(enum olifu_side side, enum olifu_read read, struct olifu_packet *answer)
{
    if (read == OLIFU_READ_BAD_START && side == OLIFU_TRANSMITTER)
        *answer = (struct olifu_packet){.id = 0xffff, .type = OLIFU_NAK};
    else if (read == OLIFU_READ_BAD_CRC)
        refuse(side, OLIFU_BAD_CRC, BAD_CRC, answer);
    else if (read == OLIFU_READ_PACKET)
        refuse(side, OLIFU_ERROR, UNKNOWN_ERROR, answer);
    else
        refuse(side, OLIFU_NAK, INVALID_PACKET, answer);
}

static void put_text(struct olifu_packet *answer, const char *text, size_t more)
{
    answer->length = strlen(text) + more;
    memcpy(answer->data, text, answer->length);
}

static void put_float(struct olifu_packet *answer, double value)
{
    float number = (float)value;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    for (int i = 0; i < 4; i++)
        answer->data[i] = (uint8_t)(bits >> 8 * i & 0xff);
    answer->length = 4;
}

static double float_of(const struct olifu_packet *packet)
{
    float number;
    const uint8_t *d = packet->data;
    uint32_t bits = (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

/* ---- common ---- */

/* Twelve bytes; the console gives four more. */
static void put_id(enum olifu_side side, uint32_t serial, struct olifu_packet *answer)
{
    static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0x77, 0x77, 0x77, 0x77};
    memcpy(answer->data, id, sizeof id);
    for (int i = 0; i < 4; i++)
        answer->data[8 + i] = (uint8_t)(serial >> (24 - 8 * i) & 0xff);
    if (side == OLIFU_TRANSMITTER)
        answer->data[0] = 0xf1;
    answer->length = side == OLIFU_CONSOLE ? 16 : 12;
}

static bool common_run(enum olifu_side side, uint32_t serial, const struct olifu_packet *packet,
                       struct olifu_packet *answer)
{
    switch (packet->command) {
    case 0x00:
        answer->addr = packet->addr;
        answer->reserved = packet->reserved;
        return true;
    case 0x02:
        put_text(answer, side == OLIFU_CONSOLE ? "v1.2.0" : "2.0.4", side == OLIFU_CONSOLE ? 1 : 0);
        return true;
    case 0x05:
        put_id(side, serial, answer);
        return true;
    default:
        return false;
    }
}

/* ---- console ---- */

static bool console_run(struct model *model, const struct olifu_packet *packet, bool acts, struct olifu_packet *answer,
                        int64_t *busy_ns)
{
    switch (packet->command) {
    case 0x31:
        if (packet->length != 4)
            refuse(OLIFU_CONSOLE, OLIFU_ERROR, 0, answer);
        else if (acts)
            olifu_set_voltage(model, float_of(packet));
        return true;
    case 0x32:
        put_float(answer, olifu_measured_voltage(model));
        return true;
    case 0x33:
        if (acts)
            *busy_ns = olifu_voltage_on(model);
        return true;
    case 0x34:
        if (acts)
            olifu_voltage_off(model);
        return true;
    case 0x35:
    case 0x36:
        if (acts)
            olifu_supply(model, packet->command == 0x35);
        return true;
    case 0x3d:
        answer->reserved = olifu_voltage_is_on(model);
        return true;
    case 0x3e:
        answer->reserved = olifu_supply_is_on(model);
        return true;
    default:
        return false;
    }
}

/* ---- transmitter ---- */

static unsigned long number_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    at = at ? strchr(at, ':') : NULL;
    return at ? strtoul(at + 1, NULL, 10) : 0;
}

static void trigger_set(struct model *model, const struct olifu_packet *packet)
{
    char text[OLIFU_DATA_MAX + 1];
    memcpy(text, packet->data, packet->length);
    text[packet->length] = '\0';
    const struct olifu_trigger t = {.hz = number_of(text, "\"TriggerFrequencyHz\""),
                                    .pulses = number_of(text, "\"TriggerPulseCount\""),
                                    .width_us = number_of(text, "\"TriggerPulseWidthUsec\""),
                                    .interval_us = number_of(text, "\"TriggerPulseTrainInterval\""),
                                    .trains = number_of(text, "\"TriggerPulseTrainCount\""),
                                    .mode = number_of(text, "\"TriggerMode\""),
                                    .profile = number_of(text, "\"ProfileIndex\""),
                                    .increment = number_of(text, "\"ProfileIncrement\"")};
    olifu_set_trigger(model, &t);
}

static void trigger_put(const struct model *model, struct olifu_packet *answer)
{
    const struct olifu_trigger *t = olifu_trigger_of(model);
    char text[OLIFU_DATA_MAX];
    snprintf(text, sizeof text,
             "{\"TriggerFrequencyHz\": %lu.0, \"TriggerPulseCount\": %lu, \"TriggerPulseWidthUsec\": %lu, "
             "\"TriggerPulseTrainInterval\": %lu, \"TriggerPulseTrainCount\": %lu, \"TriggerMode\": %lu, "
             "\"ProfileIndex\": %lu, \"ProfileIncrement\": %lu, \"TrainCount\": %lu, \"TriggerStatus\": \"%s\"}",
             t->hz, t->pulses, t->width_us, t->interval_us, t->trains, t->mode, t->profile, t->increment, t->trains,
             olifu_running(model) ? "RUNNING" : "STOPPED");
    put_text(answer, text, 0);
}

static bool transmitter_run(struct model *model, const struct olifu_packet *packet, bool acts,
                            struct olifu_packet *answer)
{
    switch (packet->command) {
    case 0x06:
        put_float(answer, olifu_temperature(model));
        return true;
    case 0x07:
        put_float(answer, olifu_ambient(model));
        return true;
    case 0x13:
        if (acts)
            trigger_set(model, packet);
        trigger_put(model, answer);
        return true;
    case 0x14:
        trigger_put(model, answer);
        return true;
    case 0x15:
        if (acts && !olifu_start(model))
            refuse(OLIFU_TRANSMITTER, 0, UNKNOWN_ERROR, answer);
        return true;
    case 0x16:
        if (acts && !olifu_stop(model))
            refuse(OLIFU_TRANSMITTER, 0, UNKNOWN_ERROR, answer);
        return true;
    default:
        return false;
    }
}

/* Registers of a chip: the chip is in the header, the rest little endian. */
static bool chip_run(struct model *model, const struct olifu_packet *packet, bool acts, struct olifu_packet *answer)
{
    const uint8_t *d = packet->data;
    size_t size = packet->command == 0x22 ? 6 : 2;
    unsigned address = packet->length >= 2 ? (unsigned)(d[0] | d[1] << 8) : 0;
    uint32_t value = 0;
    if (packet->command != 0x22 && packet->command != 0x23)
        return false;
    if (packet->length != size || !olifu_register_read(model, packet->addr, address, &value)) {
        refuse(OLIFU_TRANSMITTER, 0, UNKNOWN_ERROR, answer);
    } else if (packet->command == 0x22) {
        value = (uint32_t)d[2] | (uint32_t)d[3] << 8 | (uint32_t)d[4] << 16 | (uint32_t)d[5] << 24;
        if (acts)
            (void)olifu_register_write(model, packet->addr, address, value);
    } else {
        for (int i = 0; i < 4; i++)
            answer->data[i] = (uint8_t)(value >> 8 * i & 0xff);
        answer->length = 4;
    }
    return true;
}

void olifu_command_run(struct device *device, enum olifu_side side, const struct olifu_packet *packet, bool acts,
                       struct olifu_packet *answer, int64_t *busy_ns)
{
    struct model *model = device->model;
    enum olifu_type own = side == OLIFU_CONSOLE ? OLIFU_POWER : OLIFU_CONTROLLER;
    bool known = false;
    *busy_ns = 0;
    *answer = (struct olifu_packet){.id = packet->id, .type = OLIFU_RESPONSE, .command = packet->command};
    if (packet->type == OLIFU_COMMAND || packet->type == own)
        known = common_run(side, device->page.identity_shown.serial, packet, answer);
    if (!known && packet->type == own)
        known = side == OLIFU_CONSOLE ? console_run(model, packet, acts, answer, busy_ns)
                                      : transmitter_run(model, packet, acts, answer);
    if (!known && packet->type == OLIFU_CHIP && side == OLIFU_TRANSMITTER)
        known = chip_run(model, packet, acts, answer);
    if (!known)
        refuse(side, OLIFU_UNKNOWN, UNKNOWN_COMMAND, answer);
}
