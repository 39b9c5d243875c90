/* SPDX-License-Identifier: Apache-2.0 */
#include "model/stim.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define COMPLIANCE_V 100.0
#define CHANNELS 2

struct stim_channel {
    struct load load;
    bool phase2_missing;
    double charge_uc; /* integral of the absolute current since switch-on of the simulator */
    double net_uc;    /* integral of the current */
    int64_t on_ns;
};

struct stim {
    struct model model;
    struct stim_channel channel[CHANNELS];
};

static const struct model_setting settings[STIM_SETTINGS] = {
    [STIM_AMPLITUDE] = {"amplitude_ua", 0, 100000, 0, NULL},
    [STIM_PHASE_WIDTH] = {"phase_width_us", 20, 1000, 20, NULL},
    [STIM_PULSE_RATE] = {"pulse_rate_millihz", 100, 250000, 100, NULL},
    [STIM_CARRIER] = {"carrier_frequency_millihz", 1000000, 10000000, 1000000, NULL},
    [STIM_BEAT] = {"beat_frequency_millihz", 0, 250000, 0, NULL},
    [STIM_WAVEFORM] = {"waveform_class", STIM_SYMMETRIC, STIM_BURSTS, STIM_SYMMETRIC, NULL},
    [STIM_PHASE2_WIDTH] = {"phase2_width_us", 20, 2000, 20, NULL},
    [STIM_AMPLITUDE2] = {"amplitude2_permille", 0, 1000, 0, NULL},
    [STIM_BURST_RATE] = {"burst_rate_millihz", 100, 100000, 100, NULL},
    [STIM_BURST_DUTY] = {"burst_duty_permille", 10, 1000, 10, NULL},
};

static struct stim_channel *channel_in(struct model *model, unsigned channel)
{
    return &((struct stim *)model)->channel[channel];
}

static const struct stim_channel *channel_of(const struct model *model, unsigned channel)
{
    return &((const struct stim *)model)->channel[channel];
}

static void stim_init(struct model *model)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        load_nominal(&channel_in(model, i)->load);
}

static double current_ua(const struct model *model, unsigned channel)
{
    double wanted = model_aim(model, channel, model->setting[channel][STIM_AMPLITUDE]);
    double possible = COMPLIANCE_V / load_ohm(&channel_of(model, channel)->load) * 1e6;
    return fmin(wanted, possible);
}

static void stim_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    output->set = model->setting[channel][STIM_AMPLITUDE];
    output->value = output->on ? llround(current_ua(model, channel)) : 0;
}

/* Mean currents over the peak, from the shape of the waveform: what each direction carries. */
struct shape {
    double forth;
    double back;
};

static struct shape pulses(const int32_t *setting)
{
    double rate = setting[STIM_PULSE_RATE] * 1e-3;
    double phase = setting[STIM_PHASE_WIDTH] * 1e-6 * rate;
    double phase2 = setting[STIM_PHASE2_WIDTH] * 1e-6 * rate * setting[STIM_AMPLITUDE2] / 1000.0;
    switch (setting[STIM_WAVEFORM]) {
    case STIM_MONOPHASIC:
        return (struct shape){fmin(phase, 1), 0};
    case STIM_ASYMMETRIC:
        return (struct shape){fmin(phase, 0.5), fmin(phase2, 0.5)};
    default:
        return (struct shape){fmin(phase, 0.5), fmin(phase, 0.5)};
    }
}

static struct shape alternating(double mean)
{
    return (struct shape){mean / 2, mean / 2};
}

static struct shape shape_of(const int32_t *setting)
{
    double bursts = setting[STIM_BURST_DUTY] / 1000.0;
    struct shape shape = pulses(setting);
    switch (setting[STIM_WAVEFORM]) {
    case STIM_SINE:
        return alternating(M_2_PI);
    case STIM_TWO_TONE: /* a sine under a rectified sine */
        return alternating(M_2_PI * M_2_PI);
    case STIM_RAISED_COSINE: /* half of a sine */
        return alternating(M_2_PI / 2);
    case STIM_RUSSIAN:
        return alternating(M_2_PI * bursts);
    case STIM_BURSTS:
        return (struct shape){shape.forth * bursts, shape.back * bursts};
    default:
        return shape;
    }
}

static void stim_integrate(struct model *model, int64_t to_ns)
{
    double seconds = (double)(to_ns - model->now_ns) / 1e9;
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct stim_channel *c = channel_in(model, i);
        if (model->last[i].on) {
            struct shape shape = shape_of(model->setting[i]);
            double peak_uc = (double)model->last[i].value * seconds;
            double back = c->phase2_missing ? 0 : shape.back;
            c->charge_uc += peak_uc * (shape.forth + back);
            c->net_uc += peak_uc * (shape.forth - back);
            c->on_ns += to_ns - model->now_ns;
        }
        load_walk(&c->load, model->now_ns, to_ns);
    }
}

static bool stim_drifting(const struct model *model)
{
    for (unsigned i = 0; i < CHANNELS; i++)
        if (load_drifting(&channel_of(model, i)->load, model->now_ns))
            return true;
    return false;
}

/* Of the way out. */
static double net_share(const struct model *model, unsigned channel)
{
    struct shape shape = shape_of(model->setting[channel]);
    double back = channel_of(model, channel)->phase2_missing ? 0 : shape.back;
    return shape.forth > 0 ? fabs(shape.forth - back) / shape.forth : 0;
}

void stim_measure(const struct model *model, unsigned channel, struct stim_measured *out)
{
    *out = (struct stim_measured){.contact = LOAD_CONTACT_UNKNOWN};
    if (!guard_reported_on(&model->guard, channel))
        return;
    double ohm = load_ohm(&channel_of(model, channel)->load);
    double ua = current_ua(model, channel);
    out->current_ua = llround(ua * model_reported(model, channel));
    out->voltage_mv = llround(ua * ohm / 1000.0);
    out->impedance_ohm = llround(ohm);
    out->contact = load_judge(out->impedance_ohm);
    out->net_permille = ua > 0 ? llround(net_share(model, channel) * 1000) : 0;
}

static int stim_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < CHANNELS && r == 0; i++) {
        struct stim_channel *c = channel_in(model, i);
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = true;
        else
            r = load_inject(&c->load, fault, args, model->now_ns);
    }
    return r;
}

static int stim_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < CHANNELS && r == 0; i++) {
        struct stim_channel *c = channel_in(model, i);
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = false;
        else
            r = load_clear(&c->load, fault);
    }
    return r;
}

static void stim_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0)
        return;
    const struct stim_channel *c = channel_of(model, channel - 1);
    struct stim_measured measured;
    stim_measure(model, channel - 1, &measured);
    emit(ctx, channel, "impedance_ohm", llround(load_ohm(&c->load)));
    emit(ctx, channel, "measured_ua", measured.current_ua);
    emit(ctx, channel, "contact", measured.contact);
    emit(ctx, channel, "net_permille", measured.net_permille);
    emit(ctx, channel, "charge_uc", llround(c->charge_uc));
    emit(ctx, channel, "net_charge_uc", llround(c->net_uc));
    emit(ctx, channel, "on_ms", c->on_ns / NS_PER_MS);
}

const struct model_kind stim_kind = {
    .name = "refstim",
    .channels = CHANNELS,
    .channel = {{"amplitude_ua", STIM_SETTINGS, settings, 0}, {"amplitude_ua", STIM_SETTINGS, settings, 0}},
    .size = sizeof(struct stim),
    .init = stim_init,
    .integrate = stim_integrate,
    .drifting = stim_drifting,
    .compute = stim_compute,
    .inject = stim_inject,
    .clear = stim_clear,
    .state = stim_state,
};
