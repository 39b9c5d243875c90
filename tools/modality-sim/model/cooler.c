/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cooler.h"

#include "model/thermal.h"

#include <modality/clock.h>

#define REST_C (COOLER_REST_MILLIC / 1000.0)
#define ROOM_C 25.0
#define SELF_TEST_NS (NS_PER_S / 2) /* after power came; not published, short for the sake of tests */
#define HOLDING_PERCENT_PER_K 3.0   /* of the controller, for each kelvin below the room */

struct cooler {
    struct model model;
    double block_c;
    int32_t last_cold_millic;
    int64_t on_ns;
};

static const struct model_setting settings[COOLER_SETTINGS] = {
    [COOLER_SET_POINT] = {"temperature_millic", 3000, COOLER_REST_MILLIC, 5000, NULL},
    [COOLER_ABOVE] = {"tolerance_above_millic", 1000, 7000, 3000, NULL},
    [COOLER_BELOW] = {"tolerance_below_millic", -3000, -1000, -3000, NULL},
};

static const struct model_tuning tunings[COOLER_TUNINGS] = {
    [COOLER_BLOCK_MS_PER_K] = {"block_ms_per_k", 1, 600000, 20000},
};

static struct cooler *cooler_in(struct model *model)
{
    return (struct cooler *)model;
}

static const struct cooler *cooler_of(const struct model *model)
{
    return (const struct cooler *)model;
}

static void cooler_init(struct model *model)
{
    cooler_in(model)->block_c = ROOM_C;
    cooler_in(model)->last_cold_millic = settings[COOLER_SET_POINT].least;
}

static void cooler_written(struct model *model, unsigned channel, unsigned setting)
{
    int32_t set = model->setting[channel][setting];
    if (setting == COOLER_SET_POINT && set >= COOLER_REST_MILLIC)
        guard_stop(&model->guard, 1);
}

/* It cools whenever the set point asks for it and no error stands against it; an error ends with its cause. */
static void cooler_settle(struct model *model)
{
    struct guard *guard = &model->guard;
    int32_t set = model->setting[0][COOLER_SET_POINT];
    if (!guard->fault_present)
        guard->fault_code = 0;
    if (set >= COOLER_REST_MILLIC)
        return;
    cooler_in(model)->last_cold_millic = set;
    if (!guard->channel[0].run && !guard->fault_code && !model_is_down(model))
        guard_self_start(guard, 0, model->now_ns);
}

/* Without cooling the block warms with its surroundings. */
static double aim_c(const struct model *model)
{
    int32_t set = model->setting[0][COOLER_SET_POINT];
    if (!guard_output_on(&model->guard, 0))
        return model->guard.fault_code ? ROOM_C : REST_C;
    if (set >= COOLER_REST_MILLIC) /* told to rest, and stuck; or it started by itself */
        set = cooler_of(model)->last_cold_millic;
    return model_aim(model, 0, set) / 1000.0;
}

static void cooler_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    (void)channel;
    output->set = model->setting[0][COOLER_SET_POINT];
    output->value = llround(cooler_of(model)->block_c * 1000);
}

static void cooler_integrate(struct model *model, int64_t to_ns)
{
    struct cooler *cooler = cooler_in(model);
    double ms = (double)(to_ns - model->now_ns) / 1e6;
    cooler->block_c = thermal_move(cooler->block_c, aim_c(model), ms / model->tuning[COOLER_BLOCK_MS_PER_K]);
    if (model->last[0].on)
        cooler->on_ns += to_ns - model->now_ns;
}

static bool cooler_drifting(const struct model *model)
{
    return cooler_of(model)->block_c != aim_c(model);
}

static int64_t use_percent(const struct model *model)
{
    double block = cooler_of(model)->block_c;
    if (!guard_output_on(&model->guard, 0) || block < aim_c(model))
        return 0;
    return block > aim_c(model) ? 100 : llround(fmin((ROOM_C - block) * HOLDING_PERCENT_PER_K, 100));
}

void cooler_measure(const struct model *model, struct cooler_measured *out)
{
    const int32_t *setting = model->setting[0];
    bool hidden = guard_output_on(&model->guard, 0) && !guard_reported_on(&model->guard, 0);
    double below = hidden ? 0 : (REST_C - cooler_of(model)->block_c) * model_reported(model, 0);
    int64_t block = llround((REST_C - below) * 1000);
    *out = (struct cooler_measured){
        .block_millic = block,
        .error = model->guard.fault_code != 0,
        .initialising = model->now_ns -
                        model->guard.switched_on_ns<SELF_TEST_NS, .stabilising = cooler_drifting(model), .over = block>
                            setting[COOLER_SET_POINT] +
                        setting[COOLER_ABOVE],
        .under = block < setting[COOLER_SET_POINT] + setting[COOLER_BELOW],
        .use_percent = use_percent(model)};
}

static void cooler_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    struct cooler_measured measured;
    if (channel == 0)
        return;
    cooler_measure(model, &measured);
    emit(ctx, channel, "measured_millic", measured.block_millic);
    emit(ctx, channel, "use_percent", measured.use_percent);
    emit(ctx, channel, "on_ms", cooler_of(model)->on_ns / NS_PER_MS);
}

const struct model_kind cooler_kind = {
    .name = "tcmidi",
    .channels = 1,
    .channel = {{"temperature_millic", COOLER_SETTINGS, settings, COOLER_REST_MILLIC}},
    .tunings = COOLER_TUNINGS,
    .tuning = tunings,
    .size = sizeof(struct cooler),
    .bare = true,
    .init = cooler_init,
    .written = cooler_written,
    .settle = cooler_settle,
    .integrate = cooler_integrate,
    .drifting = cooler_drifting,
    .compute = cooler_compute,
    .state = cooler_state,
};
