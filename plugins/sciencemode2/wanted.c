/* SPDX-License-Identifier: Apache-2.0 */
/* From set points to a list. */
#include "wanted.h"

#include <errno.h>

#include "modality/range.h"

#define SPACING 16 /* half ms: the firmware's least, without meaning for single pulses */
/*
 * The product's own table promises 40 Hz on eight channels. What it says of fewer is not known; as many pulses a second
 * in all are taken to be possible, which also keeps the 1.5 ms that every channel needs.
 */
#define PULSES_PER_SECOND_MAX 320
#define HALVES_PER_SECOND 2000

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return -EINVAL;
}

int wanted_interval(int64_t rate_millihz, int32_t *out)
{
    if (rate_millihz < WANTED_RATE_MIN_MILLIHZ || rate_millihz > WANTED_RATE_MAX_MILLIHZ)
        return -EINVAL;
    if (!modality_period_has(rate_millihz, WANTED_PERIOD_STEP_US))
        return -EINVAL;
    *out = (int32_t)modality_period_steps(rate_millihz, WANTED_PERIOD_STEP_US);
    return 0;
}

static int put_amplitude(struct sm2_pulse *pulse, int64_t ua, const char **why)
{
    if (ua < 0 || ua > WANTED_AMPLITUDE_MAX_UA)
        return refuse(why, "the current is out of range");
    if (ua % WANTED_STEP_UA != 0)
        return refuse(why, "the current is no whole number of mA");
    pulse->current_ma = (int32_t)(ua / WANTED_STEP_UA);
    return 0;
}

int wanted_put(struct wanted *w, size_t channel, enum modality_quantity quantity, int64_t value, const char **why)
{
    if (channel >= SM2_CHANNELS)
        return refuse(why, "there is no such channel");
    struct wanted_channel *c = &w->channels[channel];
    switch ((int)quantity) {
    case QUANTITY_amplitude_ua:
        return put_amplitude(&c->pulse, value, why);
    case QUANTITY_phase_width_us:
        if (value < SM2_WIDTH_MIN || value > SM2_WIDTH_MAX)
            return refuse(why, "the width of the phase is out of range");
        c->pulse.width_us = (int32_t)value;
        c->has_width = true;
        return 0;
    case QUANTITY_pulse_rate_millihz:
        if (wanted_interval(value, &c->interval) < 0)
            return refuse(why, "the pulse rate is not that of a multiple of 0.5 ms from 8 to 1025 ms");
        c->has_rate = true;
        return 0;
    default:
        return refuse(why, "it cannot be set");
    }
}

static unsigned count_bits(unsigned mask)
{
    unsigned n = 0;
    for (; mask; mask &= mask - 1)
        n++;
    return n;
}

int wanted_list(const struct wanted *w, unsigned channels, struct sm2_list *out, const char **why)
{
    struct sm2_list list = {.spacing = SPACING};
    for (unsigned c = 0; c < SM2_CHANNELS; c++) {
        if (!(channels & (1u << c)) || !w->channels[c].has_width || !w->channels[c].has_rate)
            continue;
        if (list.active != 0 && w->channels[c].interval != list.interval)
            return refuse(why, "its channels have one common pulse rate and different ones are asked for");
        list.interval = w->channels[c].interval;
        list.active |= 1u << c;
    }
    if (list.active == 0)
        return refuse(why, "no channel has both a width and a pulse rate");
    if ((int64_t)count_bits(list.active) * HALVES_PER_SECOND > (int64_t)PULSES_PER_SECOND_MAX * list.interval)
        return refuse(why, "so many channels cannot be served at this pulse rate, 40 Hz on eight of them");
    *out = list;
    return 0;
}

void wanted_pulses(const struct wanted *w, struct sm2_pulse out[SM2_CHANNELS])
{
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        out[c] = w->channels[c].pulse;
}
