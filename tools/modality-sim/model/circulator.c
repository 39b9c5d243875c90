/* SPDX-License-Identifier: Apache-2.0 */
#include "model/circulator.h"

#include "model/thermal.h"

#include <modality/clock.h>
#include <stdlib.h>

#define ROOM_C 20.0
#define DRIFT_S 1800.0 /* time constant of a bath in standby, a few litres */
#define STILL_K 0.0005 /* a bath this near to the room drifts no more */
#define HOLDING_PERCENT_PER_K 0.5

struct circulator {
    struct model model;
    double bath_c;
    int64_t on_ns;
};

static const struct model_setting settings[CIRCULATOR_SETTINGS] = {
    [CIRCULATOR_SET_POINT] = {"temperature_millic", CIRCULATOR_LOWEST_MILLIC, CIRCULATOR_HIGHEST_MILLIC, 20000, NULL},
    [CIRCULATOR_CONTROL] = {"control", 0, 2, 0, NULL},
    [CIRCULATOR_POWER] = {"power_percent", -100, 100, 0, NULL},
};

static const struct model_tuning tunings[CIRCULATOR_TUNINGS] = {
    [CIRCULATOR_MS_PER_K] = {"bath_ms_per_k", 1, 600000, 6000},
    [CIRCULATOR_DATA_FORMAT] = {"data_format", 0, 3, 0},
    [CIRCULATOR_FAHRENHEIT] = {"fahrenheit", 0, 1, 0},
};

static const struct circulator *circulator_of(const struct model *model)
{
    return (const struct circulator *)model;
}

static void circulator_init(struct model *model)
{
    ((struct circulator *)model)->bath_c = ROOM_C;
}

/* An alarm ends with its cause; what it stopped stays in standby. */
static void circulator_settle(struct model *model)
{
    if (!model->guard.fault_present)
        model->guard.fault_code = 0;
}

/* Where the bath is driven to, and with which share of its full pace. */
static double aim_c(const struct model *model, double *share)
{
    const int32_t *setting = model->setting[0];
    *share = 1;
    if (setting[CIRCULATOR_CONTROL] != 1)
        return model_aim(model, 0, setting[CIRCULATOR_SET_POINT]) / 1000.0;
    *share = abs(setting[CIRCULATOR_POWER]) / 100.0;
    return (setting[CIRCULATOR_POWER] < 0 ? CIRCULATOR_LOWEST_MILLIC : CIRCULATOR_HIGHEST_MILLIC) / 1000.0;
}

static void circulator_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    (void)channel;
    output->set = model->setting[0][CIRCULATOR_SET_POINT];
    output->value = llround(circulator_of(model)->bath_c * 1000);
}

static void circulator_integrate(struct model *model, int64_t to_ns)
{
    struct circulator *circulator = (struct circulator *)model;
    double share;
    double aim = aim_c(model, &share);
    double ms = (double)(to_ns - model->now_ns) / 1e6;
    if (!model->last[0].on) {
        circulator->bath_c = thermal_approach(circulator->bath_c, ROOM_C, ms / 1000, DRIFT_S);
        return;
    }
    circulator->bath_c = thermal_move(circulator->bath_c, aim, share * ms / model->tuning[CIRCULATOR_MS_PER_K]);
    circulator->on_ns += to_ns - model->now_ns;
}

static bool circulator_drifting(const struct model *model)
{
    double share;
    double bath = circulator_of(model)->bath_c;
    if (!guard_output_on(&model->guard, 0))
        return fabs(bath - ROOM_C) > STILL_K;
    return bath != aim_c(model, &share) && share > 0;
}

int64_t circulator_bath_millic(const struct model *model)
{
    return llround(circulator_of(model)->bath_c * 1000 * model_reported(model, 0));
}

int64_t circulator_power_percent(const struct model *model)
{
    double share;
    double way = aim_c(model, &share) - circulator_of(model)->bath_c;
    if (!guard_reported_on(&model->guard, 0))
        return 0;
    if (way != 0)
        return llround(copysign(100 * share, way));
    return llround((circulator_of(model)->bath_c - ROOM_C) * HOLDING_PERCENT_PER_K);
}

static void circulator_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0)
        return;
    emit(ctx, channel, "measured_millic", circulator_bath_millic(model));
    emit(ctx, channel, "drive_percent", circulator_power_percent(model));
    emit(ctx, channel, "on_ms", circulator_of(model)->on_ns / NS_PER_MS);
}

const struct model_kind circulator_kind = {
    .name = "julabo",
    .channels = 1,
    .channel = {{"temperature_millic", CIRCULATOR_SETTINGS, settings, 0}},
    .tunings = CIRCULATOR_TUNINGS,
    .tuning = tunings,
    .size = sizeof(struct circulator),
    .bare = true,
    .init = circulator_init,
    .settle = circulator_settle,
    .integrate = circulator_integrate,
    .drifting = circulator_drifting,
    .compute = circulator_compute,
    .state = circulator_state,
};
