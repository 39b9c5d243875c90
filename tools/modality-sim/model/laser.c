/* SPDX-License-Identifier: Apache-2.0 */
#include "model/laser.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define EMISSION_DELAY_NS (2 * NS_PER_S) /* the register page */
/* A display that was 2.3 times too low was found on a therapy laser in use; a regulation that fails is taken to be as
 * far off. */
#define DIODE_FAULT_PERMILLE 2300

struct laser_channel {
    int64_t diode_permille; /* what regulation makes of the set power: 1000 when it works */
    bool diode_hidden;      /* the photodiode belongs to what failed */
    double energy_uj;
    int64_t on_ns;
};

struct laser {
    struct model model;
    bool key_off;
    bool door_open;
    struct laser_channel channel[LASER_PROBES];
};

const struct laser_probe_data laser_probe[LASER_PROBES] = {
    [LASER_CW] = {.wavelength_nm = 808, .spot_mm2 = 100},
    [LASER_SP] = {.wavelength_nm = 904, .spot_mm2 = 50},
};

static const struct model_setting cw_settings[LASER_SETTINGS] = {
    [LASER_POWER] = {"power_uw", 0, 500000, 0, NULL},
    [LASER_SHAPE] = {"duty_permille", 100, 1000, 100, NULL},
    [LASER_RATE] = {"pulse_repetition_millihz", 1000, 5000000, 1000, NULL},
};

static const struct model_setting sp_settings[LASER_SETTINGS] = {
    [LASER_POWER] = {"peak_power_uw", 0, 50000000, 0, NULL},
    [LASER_SHAPE] = {"pulse_width_ns", 100, 200, 100, NULL},
    [LASER_RATE] = {"pulse_repetition_millihz", 1000, 20000000, 1000, NULL},
};

static const struct laser *laser_of(const struct model *model)
{
    return (const struct laser *)model;
}

static void laser_init(struct model *model)
{
    struct laser *laser = (struct laser *)model;
    model->guard.start_delay_ns = EMISSION_DELAY_NS;
    for (unsigned i = 0; i < LASER_PROBES; i++)
        laser->channel[i].diode_permille = 1000;
}

/* The mean power that the settings ask for. */
static double set_uw(const struct model *model, unsigned channel)
{
    const int32_t *setting = model->setting[channel];
    if (channel == LASER_CW)
        return setting[LASER_POWER];
    return (double)setting[LASER_POWER] * setting[LASER_SHAPE] * 1e-9 * setting[LASER_RATE] * 1e-3;
}

static double emitted_uw(const struct model *model, unsigned channel)
{
    double aim = model_aim(model, channel, set_uw(model, channel));
    return aim * (double)laser_of(model)->channel[channel].diode_permille / 1000.0;
}

static void laser_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    output->set = llround(set_uw(model, channel));
    output->value = output->on ? llround(emitted_uw(model, channel)) : 0;
}

static void laser_integrate(struct model *model, int64_t to_ns)
{
    struct laser *laser = (struct laser *)model;
    double seconds = (double)(to_ns - model->now_ns) / 1e9;
    for (unsigned i = 0; i < LASER_PROBES; i++) {
        if (!model->last[i].on)
            continue;
        laser->channel[i].energy_uj += (double)model->last[i].value * seconds;
        laser->channel[i].on_ns += to_ns - model->now_ns;
    }
}

static bool laser_drifting(const struct model *model)
{
    (void)model;
    return false;
}

int64_t laser_photodiode_uw(const struct model *model, unsigned channel)
{
    const struct laser_channel *c = &laser_of(model)->channel[channel];
    bool reports = guard_reported_on(&model->guard, channel) && guard_output_on(&model->guard, channel);
    double seen = c->diode_hidden ? set_uw(model, channel) : emitted_uw(model, channel);
    return reports ? llround(seen * model_reported(model, channel)) : 0;
}

bool laser_key_on(const struct model *model)
{
    return !laser_of(model)->key_off;
}

bool laser_door_closed(const struct model *model)
{
    return !laser_of(model)->door_open;
}

static void diode(struct laser *laser, uint32_t mask, int64_t permille, bool hidden)
{
    for (unsigned i = 0; i < LASER_PROBES; i++) {
        if (!(mask & (1u << i)))
            continue;
        laser->channel[i].diode_permille = permille;
        laser->channel[i].diode_hidden = hidden;
    }
}

static int laser_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    struct laser *laser = (struct laser *)model;
    if (fault == FAULT_key_off)
        laser->key_off = true;
    else if (fault == FAULT_door_open)
        laser->door_open = true;
    else if (fault == FAULT_diode)
        diode(laser, mask, fault_arg_or(args, ARG_permille, DIODE_FAULT_PERMILLE),
              fault_arg_or(args, ARG_hidden, 0) != 0);
    else
        return -ENOTSUP;
    guard_interlock(&model->guard, laser->key_off || laser->door_open);
    return 0;
}

static int laser_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    struct laser *laser = (struct laser *)model;
    if (fault == FAULT_key_off)
        laser->key_off = false;
    else if (fault == FAULT_door_open)
        laser->door_open = false;
    else if (fault == FAULT_diode)
        diode(laser, mask, 1000, false);
    else
        return -ENOTSUP;
    guard_interlock(&model->guard, laser->key_off || laser->door_open);
    return 0;
}

static void laser_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0) {
        emit(ctx, 0, "key_on", laser_key_on(model));
        emit(ctx, 0, "door_closed", laser_door_closed(model));
        return;
    }
    const struct laser_channel *c = &laser_of(model)->channel[channel - 1];
    emit(ctx, channel, "delayed", guard_waiting(&model->guard, channel - 1));
    emit(ctx, channel, "measured_uw", laser_photodiode_uw(model, channel - 1));
    emit(ctx, channel, "energy_uj", llround(c->energy_uj));
    emit(ctx, channel, "on_ms", c->on_ns / NS_PER_MS);
}

const struct model_kind laser_kind = {
    .name = "reflaser",
    .channels = LASER_PROBES,
    .channel = {{"power_uw", LASER_SETTINGS, cw_settings, 0}, {"power_uw", LASER_SETTINGS, sp_settings, 0}},
    .size = sizeof(struct laser),
    .exclusive = true,
    .init = laser_init,
    .integrate = laser_integrate,
    .drifting = laser_drifting,
    .compute = laser_compute,
    .inject = laser_inject,
    .clear = laser_clear,
    .state = laser_state,
};
