/* SPDX-License-Identifier: Apache-2.0 */
#include "model/ultrasound.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#include "model/thermal.h"

#define ERA_CM2 5.0 /* the register page: 500 mm2 */
#define COUPLING_NOMINAL 0.95
#define FULL_POWER_COUPLING 0.65 /* below it the drive is at its end and the radiated power falls with the coupling */
#define EFFICIENCY 0.7           /* electrical to acoustic, at full coupling */
#define GOOD_FROM 0.6
#define LOST_BELOW 0.2
#define JUDGED_FROM_UW_CM2 50000 /* the register page: 50 mW/cm2 SATP */
#define OVER_TEMPERATURE_C 45.0  /* the register page */
#define COOL_AGAIN_C 43.0
#define FAULT_OVER_TEMPERATURE 2
#define DRY_RAMP_MS 10000

/* Thermal model: the share of the losses that reaches the front face, its heat capacity, and where it drains to. */
#define FACE_SHARE 0.3
#define FACE_J_PER_K 15.0
#define FACE_W_PER_K_SKIN 0.3
#define FACE_W_PER_K_AIR 0.1
#define SKIN_C 33.0
#define AIR_C 25.0
/* Tissue under the head: warms towards core + 3 K per W/cm2 of time-averaged intensity, with a time constant of
 * perfusion. */
#define CORE_C 37.0
#define TISSUE_K_PER_W_CM2 3.0
#define TISSUE_S 180.0

struct us {
    struct model model;
    double coupling;
    double ramp_to;
    int64_t ramp_end_ns;
    bool still; /* the head rests on one spot */
    double head_c;
    double tissue_c;
    double energy_j;
    int64_t on_ns;
};

static const int32_t frequencies[] = {1000, 1500, 3000, 0};

static const struct model_setting settings[US_SETTINGS] = {
    [US_SATP] = {"intensity_satp_uw_cm2", 0, 3000000, 0, NULL},
    [US_DUTY] = {"duty_permille", 50, 1000, 50, NULL},
    [US_REPETITION] = {"pulse_repetition_millihz", 10000, 1000000, 10000, NULL},
    [US_FREQUENCY] = {"us_frequency_khz", 1000, 3000, 1000, frequencies},
};

static const struct us *us_of(const struct model *model)
{
    return (const struct us *)model;
}

static void us_init(struct model *model)
{
    struct us *us = (struct us *)model;
    us->coupling = COUPLING_NOMINAL;
    us->head_c = SKIN_C;
    us->tissue_c = CORE_C;
}

static double set_w(const struct model *model)
{
    const int32_t *setting = model->setting[0];
    return setting[US_SATP] * 1e-6 * setting[US_DUTY] * 1e-3 * ERA_CM2;
}

static double aim_w(const struct model *model)
{
    return model_aim(model, 0, set_w(model) * 1e6) / 1e6;
}

static double radiated_w(const struct model *model)
{
    double reach = fmin(us_of(model)->coupling / FULL_POWER_COUPLING, 1);
    return aim_w(model) * reach;
}

/* Electrical power into the head: what regulation needs, up to the end of its reach. */
static double drive_w(const struct model *model)
{
    double coupling = fmax(us_of(model)->coupling, FULL_POWER_COUPLING);
    return aim_w(model) / (EFFICIENCY * coupling);
}

static void us_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    (void)channel;
    output->set = llround(set_w(model) * 1e6);
    output->value = output->on ? llround(radiated_w(model) * 1e6) : 0;
}

static void heat(struct us *us, bool on, double seconds)
{
    bool touching = us->coupling >= LOST_BELOW;
    double conductance = touching ? FACE_W_PER_K_SKIN : FACE_W_PER_K_AIR;
    double radiated = on ? radiated_w(&us->model) : 0;
    double losses = on ? (drive_w(&us->model) - radiated) * FACE_SHARE : 0;
    double face_end = (touching ? SKIN_C : AIR_C) + losses / conductance;
    double sata_w_cm2 = touching ? radiated / ERA_CM2 : 0;
    us->head_c = thermal_approach(us->head_c, face_end, seconds, FACE_J_PER_K / conductance);
    us->tissue_c = thermal_approach(us->tissue_c, CORE_C + TISSUE_K_PER_W_CM2 * sata_w_cm2, seconds, TISSUE_S);
}

static void over_temperature(struct us *us)
{
    struct guard *guard = &us->model.guard;
    if (us->head_c > OVER_TEMPERATURE_C && guard->fault_code == 0)
        guard_fault(guard, FAULT_OVER_TEMPERATURE, false);
    else if (us->head_c < COOL_AGAIN_C && guard->fault_code == FAULT_OVER_TEMPERATURE)
        guard_fault_gone(guard);
}

static void us_integrate(struct model *model, int64_t to_ns)
{
    struct us *us = (struct us *)model;
    double seconds = (double)(to_ns - model->now_ns) / 1e9;
    bool on = model->last[0].on;
    if (on) {
        us->energy_j += (double)model->last[0].value * 1e-6 * seconds;
        us->on_ns += to_ns - model->now_ns;
    }
    heat(us, on, seconds);
    if (us->ramp_end_ns > model->now_ns) {
        double share = (double)(to_ns - model->now_ns) / (double)(us->ramp_end_ns - model->now_ns);
        us->coupling += (us->ramp_to - us->coupling) * fmin(share, 1);
    }
    over_temperature(us);
}

static bool us_drifting(const struct model *model)
{
    const struct us *us = us_of(model);
    return model->last[0].on || us->ramp_end_ns > model->now_ns;
}

void us_measure(const struct model *model, struct us_measured *out)
{
    const struct us *us = us_of(model);
    bool on = guard_reported_on(&model->guard, 0);
    bool judged = on && model->setting[0][US_SATP] >= JUDGED_FROM_UW_CM2;
    out->power_w = on ? radiated_w(model) * model_reported(model, 0) : 0;
    out->coupling_permille = llround(us->coupling * 1000);
    out->head_millic = llround(us->head_c * 1000);
    out->moving = !us->still;
    out->contact = !judged                      ? US_CONTACT_UNJUDGED
                   : us->coupling >= GOOD_FROM  ? US_CONTACT_GOOD
                   : us->coupling >= LOST_BELOW ? US_CONTACT_POOR
                                                : US_CONTACT_LOST;
}

static void coupling_go(struct us *us, double to, int64_t ramp_ms)
{
    us->ramp_to = to;
    us->ramp_end_ns = us->model.now_ns + ramp_ms * NS_PER_MS;
    if (ramp_ms == 0)
        us->coupling = to;
}

static int us_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    struct us *us = (struct us *)model;
    (void)mask;
    if (fault == FAULT_coupling)
        coupling_go(us, (double)args->value[ARG_permille] / 1000.0, fault_arg_or(args, ARG_ramp_ms, 0));
    else if (fault == FAULT_dry)
        coupling_go(us, 0, fault_arg_or(args, ARG_ramp_ms, DRY_RAMP_MS));
    else if (fault == FAULT_contact_lost)
        coupling_go(us, 0, 0);
    else if (fault == FAULT_still)
        us->still = true;
    else if (fault == FAULT_head_temperature)
        us->head_c = (double)args->value[ARG_millic] / 1000.0;
    else
        return -ENOTSUP;
    over_temperature(us);
    return 0;
}

static int us_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    struct us *us = (struct us *)model;
    (void)mask;
    if (fault == FAULT_coupling || fault == FAULT_dry || fault == FAULT_contact_lost)
        coupling_go(us, COUPLING_NOMINAL, 0);
    else if (fault == FAULT_still)
        us->still = false;
    else if (fault == FAULT_head_temperature)
        us->head_c = SKIN_C;
    else
        return -ENOTSUP;
    over_temperature(us);
    return 0;
}

static void us_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    const struct us *us = us_of(model);
    struct us_measured measured;
    if (channel == 0)
        return;
    us_measure(model, &measured);
    emit(ctx, channel, "measured_uw", llround(measured.power_w * 1e6));
    emit(ctx, channel, "coupling_permille", measured.coupling_permille);
    emit(ctx, channel, "contact", measured.contact);
    emit(ctx, channel, "head_millic", measured.head_millic);
    emit(ctx, channel, "moving", measured.moving);
    emit(ctx, channel, "tissue_millic", llround(us->tissue_c * 1000));
    emit(ctx, channel, "energy_uj", llround(us->energy_j * 1e6));
    emit(ctx, channel, "on_ms", us->on_ns / NS_PER_MS);
}

const struct model_kind us_kind = {
    .name = "refus",
    .channels = 1,
    .channel = {{"power_uw", US_SETTINGS, settings, 0}},
    .size = sizeof(struct us),
    .init = us_init,
    .integrate = us_integrate,
    .drifting = us_drifting,
    .compute = us_compute,
    .inject = us_inject,
    .clear = us_clear,
    .state = us_state,
};
