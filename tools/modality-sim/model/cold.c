/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cold.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#include "model/thermal.h"

#define REST_C (COLD_REST_MILLIC / 1000.0)
#define COLDEST_C 5.0    /* the register page: the lowest set point */
#define BARE_SKIN_C 33.0 /* at switch-on, when the pad is laid on */
#define CORE_C 37.0
#define AIR_C 25.0 /* what a sensor that hangs in the air sees */
/* Heat reaches the skin from the body and leaves it through the cloth, which conducts nine times as well: the skin ends
 * a tenth of the way from the pad to the core. At a pad of 10 degC that is 12.7 degC, and 12.8 degC after 20 minutes
 * with the time constant of 4 minutes that COLD_SKIN_TAU_MS begins with: between the 10.8 degC that trials
 * measured under frozen peas and the 14.4 degC under a gel pack. */
#define BODY_SHARE 0.1
#define DOSE_BELOW_C 15.0       /* cold dose counts degrees below this */
#define STEP_NS (NS_PER_S / 10) /* the longest step of the integration */
#define HOLDING_PERMILLE 600    /* of cooling power, to hold the coldest set point */
#define RUNAWAY_C 0.0

struct cold {
    struct model model;
    double pad_c;
    double skin_c;
    int32_t last_cold_millic; /* set point while it last cooled: what a stuck or resumed output goes on with */
    bool sensor_off;
    bool sensor_none;
    bool sensor_forced;
    double sensor_c;
    bool runaway;
    double runaway_c;
    double dose_k_min;
    int64_t on_ns;
};

static const struct model_setting settings[COLD_SETTINGS] = {
    [COLD_SET_POINT] = {"temperature_millic", 5000, 30000, COLD_REST_MILLIC, NULL},
};

static const struct model_tuning tunings[COLD_TUNINGS] = {
    [COLD_SKIN_TAU_MS] = {"skin_tau_ms", 10, 3600000, 240000},
    [COLD_PAD_MS_PER_K] = {"pad_ms_per_k", 1, 60000, 1000},
};

static struct cold *cold_in(struct model *model)
{
    return (struct cold *)model;
}

static const struct cold *cold_of(const struct model *model)
{
    return (const struct cold *)model;
}

static void cold_init(struct model *model)
{
    struct cold *cold = cold_in(model);
    cold->pad_c = REST_C;
    cold->skin_c = BARE_SKIN_C;
    cold->last_cold_millic = settings[COLD_SET_POINT].least;
}

/* A latch refuses what would cool; warmer is always taken. */
static int cold_allow(const struct model *model, unsigned channel, unsigned setting, int32_t value)
{
    (void)channel;
    (void)setting;
    return value < COLD_REST_MILLIC && guard_latched(&model->guard) ? -EPERM : 0;
}

static void cold_written(struct model *model, unsigned channel, unsigned setting)
{
    int32_t set = model->setting[channel][setting];
    if (set >= COLD_REST_MILLIC) {
        guard_stop(&model->guard, 1);
        return;
    }
    cold_in(model)->last_cold_millic = set;
    (void)guard_start(&model->guard, 1, model->now_ns); /* cold_allow() saw that nothing is latched */
}

/* What the guard did by itself shows in the set point, as on the device. */
static void cold_settle(struct model *model)
{
    int32_t *set = &model->setting[0][COLD_SET_POINT];
    bool runs = model->guard.channel[0].run;
    if (!runs && *set < COLD_REST_MILLIC)
        *set = COLD_REST_MILLIC;
    else if (runs && *set >= COLD_REST_MILLIC)
        *set = cold_of(model)->last_cold_millic;
}

/* Where the pad is going. */
static double aim_c(const struct model *model)
{
    const struct cold *cold = cold_of(model);
    int32_t set = model->setting[0][COLD_SET_POINT];
    if (!guard_output_on(&model->guard, 0))
        return set / 1000.0;
    if (set >= COLD_REST_MILLIC) /* told to rest, and stuck */
        set = cold->last_cold_millic;
    return cold->runaway ? cold->runaway_c : model_aim(model, 0, set) / 1000.0;
}

static void cold_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    (void)channel;
    output->set = model->setting[0][COLD_SET_POINT];
    output->value = llround(cold_of(model)->pad_c * 1000);
}

static double pad_after(const struct model *model, double seconds)
{
    double most = seconds * 1000.0 / model->tuning[COLD_PAD_MS_PER_K];
    return thermal_move(cold_of(model)->pad_c, aim_c(model), most);
}

static void step(struct model *model, int64_t ns)
{
    struct cold *cold = cold_in(model);
    double seconds = (double)ns / 1e9;
    double before = cold->skin_c;
    double pad = pad_after(model, seconds);
    double end = (cold->pad_c + pad) / 2 * (1 - BODY_SHARE) + CORE_C * BODY_SHARE;
    cold->skin_c = thermal_approach(before, end, seconds, model->tuning[COLD_SKIN_TAU_MS] / 1000.0);
    cold->dose_k_min += fmax(0, DOSE_BELOW_C - (before + cold->skin_c) / 2) * seconds / 60;
    cold->pad_c = pad;
    if (model->last[0].on)
        cold->on_ns += ns;
}

static void cold_integrate(struct model *model, int64_t to_ns)
{
    for (int64_t left_ns = to_ns - model->now_ns; left_ns > 0; left_ns -= STEP_NS)
        step(model, left_ns < STEP_NS ? left_ns : STEP_NS);
}

static bool cold_drifting(const struct model *model)
{
    return cold_of(model)->pad_c != aim_c(model);
}

static int64_t cooling_permille(const struct model *model)
{
    double pad = cold_of(model)->pad_c;
    if (pad > aim_c(model))
        return 1000;
    if (pad < aim_c(model) || pad >= REST_C)
        return 0;
    return llround(fmin((REST_C - pad) / (REST_C - COLDEST_C) * HOLDING_PERMILLE, 1000));
}

void cold_measure(const struct model *model, struct cold_measured *out)
{
    const struct cold *cold = cold_of(model);
    bool hidden = guard_output_on(&model->guard, 0) && !guard_reported_on(&model->guard, 0);
    double cooled = hidden ? 0 : (REST_C - cold->pad_c) * model_reported(model, 0);
    double skin = cold->sensor_off ? AIR_C : cold->skin_c;
    *out =
        (struct cold_measured){.pad_millic = llround((REST_C - cooled) * 1000),
                               .skin_millic = llround((cold->sensor_forced ? cold->sensor_c : skin) * 1000),
                               .skin_known = !cold->sensor_none,
                               .sensor = cold->sensor_off || cold->sensor_none ? COLD_SENSOR_OFF : COLD_SENSOR_ON_SKIN,
                               .cooling_permille = hidden ? 0 : cooling_permille(model)};
}

static int cold_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    struct cold *cold = cold_in(model);
    (void)mask;
    if (fault == FAULT_skin_temperature) {
        cold->sensor_c = (double)fault_arg_or(args, ARG_millic, llround(cold->skin_c * 1000)) / 1000.0;
        cold->sensor_forced = true;
    } else if (fault == FAULT_skin_off) {
        cold->sensor_off = true;
    } else if (fault == FAULT_skin_none) {
        cold->sensor_none = true;
    } else if (fault == FAULT_runaway) {
        cold->runaway = true;
        cold->runaway_c = (double)fault_arg_or(args, ARG_millic, llround(RUNAWAY_C * 1000)) / 1000.0;
    } else {
        return -ENOTSUP;
    }
    return 0;
}

static int cold_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    struct cold *cold = cold_in(model);
    (void)mask;
    if (fault == FAULT_skin_temperature)
        cold->sensor_forced = false;
    else if (fault == FAULT_skin_off)
        cold->sensor_off = false;
    else if (fault == FAULT_skin_none)
        cold->sensor_none = false;
    else if (fault == FAULT_runaway)
        cold->runaway = false;
    else
        return -ENOTSUP;
    return 0;
}

static void cold_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    const struct cold *cold = cold_of(model);
    struct cold_measured measured;
    if (channel == 0)
        return;
    cold_measure(model, &measured);
    emit(ctx, channel, "measured_millic", measured.pad_millic);
    emit(ctx, channel, "skin_millic", llround(cold->skin_c * 1000));
    if (measured.skin_known)
        emit(ctx, channel, "measured_skin_millic", measured.skin_millic);
    emit(ctx, channel, "sensor", measured.sensor);
    emit(ctx, channel, "cooling_permille", measured.cooling_permille);
    emit(ctx, channel, "cold_dose_millic_min", llround(cold->dose_k_min * 1000));
    emit(ctx, channel, "on_ms", cold->on_ns / NS_PER_MS);
}

const struct model_kind cold_kind = {
    .name = "refcold",
    .channels = 1,
    .channel = {{"temperature_millic", COLD_SETTINGS, settings, COLD_REST_MILLIC}},
    .tunings = COLD_TUNINGS,
    .tuning = tunings,
    .size = sizeof(struct cold),
    .init = cold_init,
    .allow = cold_allow,
    .written = cold_written,
    .settle = cold_settle,
    .integrate = cold_integrate,
    .drifting = cold_drifting,
    .compute = cold_compute,
    .inject = cold_inject,
    .clear = cold_clear,
    .state = cold_state,
};
