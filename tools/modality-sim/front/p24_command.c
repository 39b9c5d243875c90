/* SPDX-License-Identifier: Apache-2.0 */
#include "front/p24_command.h"

#include <modality/clock.h>
#include <stdio.h>
#include <string.h>

#include "model/p24.h"

enum {
    LL_INIT = 0,
    LL_CONFIG = 2,
    LL_STOP = 4,
    ML_INIT = 30,
    ML_UPDATE = 32,
    ML_STOP = 34,
    ML_DATA = 36,
    GET_ID = 52,
    RESET = 58,
    GET_STATUS = 62,
    GET_VERSION = 68,
    UNKNOWN = 67,
};

#define CURRENT_CODE_ZERO 300 /* a code is half a milliampere */
#define CURRENT_CODE_UA 500
#define VOLTAGE_OFF 1
#define VOLTAGE_150 6

/* Data that is being read; a read beyond its end is remembered, not done. */
struct input {
    const uint8_t *bytes;
    size_t length, at;
    bool short_of;
};

static unsigned take(struct input *in)
{
    if (in->at == in->length) {
        in->short_of = true;
        return 0;
    }
    return in->bytes[in->at++];
}

static bool ended(const struct input *in)
{
    return !in->short_of && in->at == in->length;
}

static void take_points(struct input *in, unsigned points, struct p24_pulse *pulse)
{
    pulse->points = points;
    for (unsigned i = 0; i < points; i++) {
        uint32_t word = 0;
        for (int n = 0; n < 4; n++)
            word = word << 8 | take(in);
        pulse->point[i].us = (int32_t)(word >> 20);
        pulse->point[i].current_ua = ((int32_t)(word >> 10 & 0x3ff) - CURRENT_CODE_ZERO) * CURRENT_CODE_UA;
    }
}

static enum p24_result run_low_init(struct model *model, struct input *in)
{
    unsigned byte = take(in), voltage = byte >> 1 & 7, measure = byte >> 4 & 7;
    if (!ended(in) || voltage > VOLTAGE_150 || measure > 3 || byte & 0x81)
        return P24_PARAMETER_ERROR;
    return p24_low_init(model, voltage != VOLTAGE_OFF);
}

static unsigned channel_of(unsigned byte)
{
    return (byte >> 5 & 3) + (byte >> 4 & 1) * 4;
}

/* The points of a pulse that is not executed may be left out. */
static enum p24_result run_low_config(struct model *model, struct input *in)
{
    struct p24_pulse pulse = {0};
    unsigned byte = take(in);
    bool execute = byte >> 7;
    if (execute || !ended(in))
        take_points(in, (byte & 0xf) + 1, &pulse);
    return ended(in) ? p24_low_pulse(model, channel_of(byte), execute, &pulse) : P24_PARAMETER_ERROR;
}

static enum p24_result run_mid_update(struct model *model, struct input *in)
{
    struct p24_pulse pulses[P24_CHANNELS] = {0};
    unsigned mask = take(in);
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        if (!(mask & 1u << i))
            continue;
        unsigned head = take(in), period = take(in) << 8;
        period |= take(in);
        pulses[i].ramp = head & 0xf;
        pulses[i].period_us = (int64_t)(period >> 1) * (period & 1 ? 250 : 500);
        take_points(in, (head >> 4) + 1, &pulses[i]);
    }
    return ended(in) ? p24_mid_update(model, mask, pulses) : P24_PARAMETER_ERROR;
}

static void say_channels(const struct p24_report *report, struct p24_packet *answer)
{
    answer->data[2] = (uint8_t)report->active;
    for (unsigned i = 0; i < P24_CHANNELS; i++)
        answer->data[3 + i / 2] |= (uint8_t)(report->state[i] << (i % 2 * 4));
    answer->length = 7;
}

/* The form of an older device: four channels a byte, with a bit for each electrode that is off. */
static void say_electrodes(const struct p24_report *report, unsigned bytes, struct p24_packet *answer)
{
    for (unsigned i = 0; i < bytes * 4; i++)
        if (report->state[i] == P24_STATE_ELECTRODE)
            answer->data[2 + i / 4] |= (uint8_t)(1u << i % 4);
    answer->data[2] |= (uint8_t)((report->active != 0) << 4);
    answer->length = 2 + bytes;
}

static enum p24_result run_mid_data(struct model *model, struct input *in, struct p24_packet *answer)
{
    struct p24_report report;
    unsigned selection = take(in);
    if (!ended(in) || selection < 2 || selection > 4)
        return P24_PARAMETER_ERROR;
    enum p24_result r = p24_mid_data(model, &report);
    if (r != P24_OK)
        return r;
    answer->data[1] = (uint8_t)selection;
    if (selection == 4)
        say_channels(&report, answer);
    else
        say_electrodes(&report, selection - 1, answer);
    return r;
}

static void say_id(const struct device *device, struct p24_packet *answer)
{
    char text[11];
    snprintf(text, sizeof text, "%010lu", (unsigned long)device->page.identity_shown.serial);
    memcpy(answer->data + 1, text, 10);
    answer->length = 11;
}

static void say_status(const struct device *device, struct p24_packet *answer)
{
    answer->data[1] = (uint8_t)p24_mode(device->model);
    answer->data[2] = p24_voltage(device->model) ? VOLTAGE_150 : VOLTAGE_OFF;
    answer->length = 3;
}

static void say_version(const struct device *device, struct p24_packet *answer)
{
    const struct page_identity *shown = &device->page.identity_shown;
    uint8_t *at = answer->data + 1;
    at[0] = (uint8_t)(shown->firmware >> 8);
    at[1] = (uint8_t)shown->firmware;
    at[3] = (uint8_t)shown->revision; /* of the protocol */
    answer->length = 13;
}

bool p24_command_writes(unsigned command)
{
    return command == LL_INIT || command == LL_CONFIG || command == LL_STOP || command == ML_INIT ||
           command == ML_UPDATE || command == ML_STOP || command == RESET;
}

int64_t p24_command_us(const struct device *device, const struct p24_packet *packet)
{
    unsigned command = packet->command;
    struct p24_pulse pulse = {0};
    bool switches = command == LL_INIT || command == LL_STOP || command == ML_INIT || command == ML_STOP;
    if (command == LL_CONFIG && packet->length > 1 && packet->data[0] >> 7) { /* answered when the pulse is over */
        struct input in = {.bytes = packet->data, .length = packet->length, .at = 1};
        take_points(&in, (packet->data[0] & 0xfu) + 1, &pulse);
        return p24_pulse_us(&pulse);
    }
    return switches ? device->model->tuning[P24_SWITCH_MS] * INT64_C(1000) : 0;
}

static enum p24_result run_write(struct device *device, unsigned command, struct input *in)
{
    struct model *model = device->model;
    unsigned stop_all;
    switch (command) {
    case LL_INIT:
        return run_low_init(model, in);
    case LL_CONFIG:
        return run_low_config(model, in);
    case ML_INIT:
        stop_all = take(in);
        return ended(in) && stop_all <= 1 ? p24_mid_init(model, stop_all) : P24_PARAMETER_ERROR;
    case ML_UPDATE:
        return run_mid_update(model, in);
    case LL_STOP:
        return ended(in) ? p24_low_stop(model) : P24_PARAMETER_ERROR;
    case ML_STOP:
        return ended(in) ? p24_mid_stop(model) : P24_PARAMETER_ERROR;
    default: /* RESET */
        if (ended(in))
            p24_reset(model);
        return P24_OK;
    }
}

void p24_command_run(struct device *device, const struct p24_packet *packet, bool act, struct p24_packet *answer)
{
    unsigned command = packet->command;
    struct input in = {.bytes = packet->data, .length = packet->length};
    enum p24_result result = P24_OK;
    *answer = (struct p24_packet){.number = packet->number, .command = command + 1, .length = 1};
    if (p24_command_writes(command)) {
        result = act ? run_write(device, command, &in) : P24_OK;
        if (command == LL_CONFIG) { /* which channel, and that nothing was measured */
            unsigned channel = channel_of(packet->length ? packet->data[0] : 0);
            answer->data[1] = (uint8_t)(channel / 4 << 4 | channel % 4);
            answer->length = 3;
        }
    } else if (command == ML_DATA) {
        result = act ? run_mid_data(device->model, &in, answer) : P24_OK; /* it feeds the watchdog */
    } else if (command == GET_ID) {
        say_id(device, answer);
    } else if (command == GET_STATUS) {
        say_status(device, answer);
    } else if (command == GET_VERSION) {
        say_version(device, answer);
    } else {
        answer->command = UNKNOWN;
        result = P24_UNKNOWN_COMMAND;
    }
    answer->data[0] = (uint8_t)result;
}
