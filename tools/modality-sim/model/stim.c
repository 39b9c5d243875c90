/* SPDX-License-Identifier: Apache-2.0 */
#include "model/stim.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define COMPLIANCE_V 100.0
#define BODY_OHM 200.0
#define SKIN_OHM 800.0       /* with the whole electrode touching: 1000 ohm in all */
#define OPEN_OHM 1.0e6       /* what is left of a path when an electrode hangs in the air */
#define SHORT_OHM 10.0       /* leads and connectors */
#define LOST_ABOVE_OHM 10000 /* the register page */
#define POOR_ABOVE_OHM 3000
#define SHORTED_BELOW_OHM 50
#define HALF_LIFT_PERMILLE 250

enum path { PATH_CONTACT, PATH_OPEN, PATH_SHORT };

struct stim_channel {
    enum path path;
    double touching;    /* share of the electrode on the skin, 0..1 */
    double skin_ohm;    /* with the whole electrode touching */
    double ramp_to_ohm; /* where skin_ohm is going */
    int64_t ramp_end_ns;
    double charge_uc; /* integral of the absolute current since switch-on of the simulator */
    int64_t on_ns;
};

struct stim {
    struct model model;
    struct stim_channel channel[MODEL_CHANNELS_MAX];
};

static const struct model_setting settings[STIM_SETTINGS] = {
    [STIM_AMPLITUDE] = {"amplitude_ua", 0, 100000, NULL},
    [STIM_PHASE_WIDTH] = {"phase_width_us", 20, 1000, NULL},
    [STIM_PULSE_RATE] = {"pulse_rate_millihz", 100, 250000, NULL},
    [STIM_CARRIER] = {"carrier_frequency_millihz", 1000000, 10000000, NULL},
    [STIM_BEAT] = {"beat_frequency_millihz", 0, 250000, NULL},
    [STIM_WAVEFORM] = {"waveform_class", 0, 6, NULL},
    [STIM_PHASE2_WIDTH] = {"phase2_width_us", 20, 2000, NULL},
    [STIM_AMPLITUDE2] = {"amplitude2_permille", 0, 1000, NULL},
    [STIM_BURST_RATE] = {"burst_rate_millihz", 100, 100000, NULL},
    [STIM_BURST_DUTY] = {"burst_duty_permille", 10, 1000, NULL},
};

static const struct stim_channel *channel_of(const struct model *model, unsigned channel)
{
    return &((const struct stim *)model)->channel[channel];
}

static void load_nominal(struct stim_channel *c)
{
    c->path = PATH_CONTACT;
    c->touching = 1.0;
    c->skin_ohm = SKIN_OHM;
    c->ramp_end_ns = 0;
}

static void stim_init(struct model *model)
{
    for (unsigned i = 0; i < stim_kind.channels; i++)
        load_nominal(&((struct stim *)model)->channel[i]);
}

static double impedance_ohm(const struct stim_channel *c)
{
    if (c->path == PATH_OPEN || c->touching <= 0)
        return OPEN_OHM;
    return c->path == PATH_SHORT ? SHORT_OHM : BODY_OHM + c->skin_ohm / c->touching;
}

static double current_ua(const struct model *model, unsigned channel)
{
    double wanted = model_aim(model, channel, model->setting[channel][STIM_AMPLITUDE]);
    double possible = COMPLIANCE_V / impedance_ohm(channel_of(model, channel)) * 1e6;
    return fmin(wanted, possible);
}

static void stim_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    output->set = model->setting[channel][STIM_AMPLITUDE];
    output->value = llround(current_ua(model, channel));
}

/* Mean of the absolute current over its peak, from the shape of the waveform. */
static double mean_over_peak(const int32_t *setting)
{
    double phase = setting[STIM_PHASE_WIDTH] * 1e-6 * setting[STIM_PULSE_RATE] * 1e-3;
    double phase2 = setting[STIM_PHASE2_WIDTH] * 1e-6 * setting[STIM_PULSE_RATE] * 1e-3;
    switch (setting[STIM_WAVEFORM]) {
    case 0:
        return fmin(2 * phase, 1);
    case 1:
        return fmin(phase + phase2 * setting[STIM_AMPLITUDE2] / 1000.0, 1);
    case 2:
        return fmin(phase, 1);
    case 4: /* two tones: a sine under a rectified sine */
        return M_2_PI * M_2_PI;
    case 5: /* raised cosine: half */
        return M_2_PI / 2;
    case 6:
        return M_2_PI * setting[STIM_BURST_DUTY] / 1000.0;
    default:
        return M_2_PI;
    }
}

static void stim_integrate(struct model *model, int64_t to_ns)
{
    double seconds = (double)(to_ns - model->now_ns) / 1e9;
    for (unsigned i = 0; i < stim_kind.channels; i++) {
        struct stim_channel *c = &((struct stim *)model)->channel[i];
        if (model->last[i].on) {
            c->charge_uc += (double)model->last[i].value * mean_over_peak(model->setting[i]) * seconds;
            c->on_ns += to_ns - model->now_ns;
        }
        if (c->ramp_end_ns > model->now_ns) {
            double share = (double)(to_ns - model->now_ns) / (double)(c->ramp_end_ns - model->now_ns);
            c->skin_ohm += (c->ramp_to_ohm - c->skin_ohm) * fmin(share, 1);
        }
    }
}

static bool stim_drifting(const struct model *model)
{
    for (unsigned i = 0; i < stim_kind.channels; i++)
        if (channel_of(model, i)->ramp_end_ns > model->now_ns)
            return true;
    return false;
}

void stim_measure(const struct model *model, unsigned channel, struct stim_measured *out)
{
    *out = (struct stim_measured){.contact = STIM_CONTACT_UNKNOWN};
    if (!guard_reported_on(&model->guard, channel))
        return;
    double ohm = impedance_ohm(channel_of(model, channel));
    double ua = current_ua(model, channel);
    out->current_ua = llround(ua * model->misreport_permille[channel] / 1000.0);
    out->voltage_mv = llround(ua * ohm / 1000.0);
    out->impedance_ohm = llround(ohm);
    out->contact = out->impedance_ohm > LOST_ABOVE_OHM      ? STIM_CONTACT_LOST
                   : out->impedance_ohm > POOR_ABOVE_OHM    ? STIM_CONTACT_POOR
                   : out->impedance_ohm < SHORTED_BELOW_OHM ? STIM_CONTACT_SHORTED
                                                            : STIM_CONTACT_GOOD;
}

static void impedance_go(struct stim_channel *c, double ohm, int64_t ramp_ms, int64_t now_ns)
{
    c->path = PATH_CONTACT;
    c->touching = 1.0;
    c->ramp_to_ohm = fmax(ohm - BODY_OHM, 0);
    c->ramp_end_ns = now_ns + ramp_ms * NS_PER_MS;
    if (ramp_ms == 0)
        c->skin_ohm = c->ramp_to_ohm;
}

static void half_lift(struct stim_channel *c, int64_t touching_permille)
{
    c->path = PATH_CONTACT;
    c->touching = (double)touching_permille / 1000.0;
}

static int stim_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    if (fault != FAULT_open && fault != FAULT_short && fault != FAULT_half_lift && fault != FAULT_impedance)
        return -ENOTSUP;
    for (unsigned i = 0; i < stim_kind.channels; i++) {
        struct stim_channel *c = &((struct stim *)model)->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_open)
            c->path = PATH_OPEN;
        else if (fault == FAULT_short)
            c->path = PATH_SHORT;
        else if (fault == FAULT_half_lift)
            half_lift(c, fault_arg_or(args, ARG_permille, HALF_LIFT_PERMILLE));
        else
            impedance_go(c, (double)args->value[ARG_ohm], fault_arg_or(args, ARG_ramp_ms, 0), model->now_ns);
    }
    return 0;
}

static int stim_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    if (fault != FAULT_open && fault != FAULT_short && fault != FAULT_half_lift && fault != FAULT_impedance)
        return -ENOTSUP;
    for (unsigned i = 0; i < stim_kind.channels; i++)
        if (mask & (1u << i))
            load_nominal(&((struct stim *)model)->channel[i]);
    return 0;
}

static void stim_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0)
        return;
    const struct stim_channel *c = channel_of(model, channel - 1);
    struct stim_measured measured;
    stim_measure(model, channel - 1, &measured);
    emit(ctx, channel, "impedance_ohm", llround(impedance_ohm(c)));
    emit(ctx, channel, "measured_ua", measured.current_ua);
    emit(ctx, channel, "contact", measured.contact);
    emit(ctx, channel, "charge_uc", llround(c->charge_uc));
    emit(ctx, channel, "on_ms", c->on_ns / NS_PER_MS);
}

const struct model_kind stim_kind = {
    .name = "refstim",
    .quantity = "amplitude_ua",
    .channels = 2,
    .size = sizeof(struct stim),
    .settings = STIM_SETTINGS,
    .setting = settings,
    .init = stim_init,
    .integrate = stim_integrate,
    .drifting = stim_drifting,
    .compute = stim_compute,
    .inject = stim_inject,
    .clear = stim_clear,
    .state = stim_state,
};
