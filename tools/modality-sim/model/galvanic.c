/* SPDX-License-Identifier: Apache-2.0 */
#include "model/galvanic.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define COMPLIANCE_V 60.0
#define HV_LIMIT_A 2.5 /* the most a source of twin peaks gives, as the texts have it: 2000 to 2500 mA at the peak */
#define NS_PER_MIN (60 * NS_PER_S)

struct galv_stage {
    struct load load;
    bool swapped;
    bool phase2_missing;
    double charge_uc;
    double net_uc; /* positive where the active electrode is the anode */
    double ionto_ua_min;
    int64_t on_ns;
};

struct galv {
    struct model model;
    struct galv_stage stage[GALV_CHANNELS];
};

static const struct model_setting dc_settings[GALV_DC_SETTINGS] = {
    [GALV_CURRENT] = {"amplitude_ua", 0, 5000, 0, NULL},
    [GALV_POLARITY] = {"active_polarity", GALV_ANODE, GALV_CATHODE, GALV_ANODE, NULL},
    [GALV_WAVEFORM] = {"waveform_class", GALV_DIRECT, GALV_BIPHASIC, GALV_DIRECT, NULL},
    [GALV_RATE] = {"pulse_rate_millihz", 100, 1000000, 100, NULL},
    [GALV_WIDTH] = {"phase_width_us", 100, 1000000, 100, NULL},
};

static const struct model_setting hv_settings[GALV_HV_SETTINGS] = {
    [GALV_VOLTAGE] = {"amplitude_mv", 0, 500000, 0, NULL},
    [GALV_HV_POLARITY] = {"active_polarity", GALV_ANODE, GALV_CATHODE, GALV_ANODE, NULL},
    [GALV_PEAK_WIDTH] = {"phase_width_us", 5, 100, 5, NULL},
    [GALV_PAIR_RATE] = {"pulse_rate_millihz", 1000, 200000, 1000, NULL},
};

static struct galv_stage *stage_in(struct model *model, unsigned channel)
{
    return &((struct galv *)model)->stage[channel];
}

static const struct galv_stage *stage_of(const struct model *model, unsigned channel)
{
    return &((const struct galv *)model)->stage[channel];
}

static void galv_init(struct model *model)
{
    for (unsigned i = 0; i < GALV_CHANNELS; i++)
        load_nominal(&stage_in(model, i)->load);
}

static double current_ua(const struct model *model, unsigned channel)
{
    double ohm = load_ohm(&stage_of(model, channel)->load);
    double set = model_aim(model, channel, model->setting[channel][0]); /* uA, or mV */
    if (channel == GALV_DC)
        return fmin(set, COMPLIANCE_V / ohm * 1e6);
    return fmin(set * 1e3 / ohm, HV_LIMIT_A * 1e6);
}

static double voltage_mv(const struct model *model, unsigned channel)
{
    return current_ua(model, channel) * load_ohm(&stage_of(model, channel)->load) / 1e3;
}

static int true_polarity(const struct model *model, unsigned channel)
{
    int set = model->setting[channel][GALV_POLARITY];
    return stage_of(model, channel)->swapped ? GALV_ANODE + GALV_CATHODE - set : set;
}

static void galv_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    double value = channel == GALV_DC ? current_ua(model, channel) : voltage_mv(model, channel);
    output->set = model->setting[channel][0];
    output->value = output->on ? llround(value) : 0;
    output->polarity = true_polarity(model, channel);
}

/* Mean current over the peak, there and back. Twin peaks are counted as two rectangles of the width that is set. */
static void shape_of(const struct model *model, unsigned channel, double *forth, double *back)
{
    const int32_t *setting = model->setting[channel];
    *back = 0;
    if (channel == GALV_HV) {
        *forth = 2 * setting[GALV_PEAK_WIDTH] * 1e-6 * setting[GALV_PAIR_RATE] * 1e-3;
        return;
    }
    double phase = setting[GALV_WIDTH] * 1e-6 * setting[GALV_RATE] * 1e-3;
    switch (setting[GALV_WAVEFORM]) {
    case GALV_MONOPHASIC:
        *forth = fmin(phase, 1);
        break;
    case GALV_BIPHASIC:
        *forth = *back = fmin(phase, 0.5);
        break;
    default:
        *forth = 1;
        break;
    }
}

static void flow(struct model *model, unsigned channel, int64_t ns)
{
    struct galv_stage *s = stage_in(model, channel);
    double forth;
    double back;
    double peak_uc = current_ua(model, channel) * (double)ns / 1e9;
    shape_of(model, channel, &forth, &back);
    back = s->phase2_missing ? 0 : back;
    s->charge_uc += peak_uc * (forth + back);
    s->net_uc += peak_uc * (forth - back) * (true_polarity(model, channel) == GALV_ANODE ? 1 : -1);
    if (channel == GALV_DC && model->setting[channel][GALV_WAVEFORM] == GALV_IONTOPHORESIS)
        s->ionto_ua_min += current_ua(model, channel) * (double)ns / (double)NS_PER_MIN;
    s->on_ns += ns;
}

static void galv_integrate(struct model *model, int64_t to_ns)
{
    for (unsigned i = 0; i < GALV_CHANNELS; i++) {
        if (model->last[i].on)
            flow(model, i, to_ns - model->now_ns);
        load_walk(&stage_in(model, i)->load, model->now_ns, to_ns);
    }
}

static bool galv_drifting(const struct model *model)
{
    for (unsigned i = 0; i < GALV_CHANNELS; i++)
        if (load_drifting(&stage_of(model, i)->load, model->now_ns))
            return true;
    return false;
}

void galv_measure(const struct model *model, unsigned channel, struct galv_measured *out)
{
    double reported = model_reported(model, channel);
    *out = (struct galv_measured){.contact = LOAD_CONTACT_UNKNOWN};
    if (!guard_reported_on(&model->guard, channel))
        return;
    /* Only what the channel regulates is misreported: the other quantity is measured by another circuit. */
    out->current_ua = llround(current_ua(model, channel) * (channel == GALV_DC ? reported : 1));
    out->voltage_mv = llround(voltage_mv(model, channel) * (channel == GALV_HV ? reported : 1));
    out->impedance_ohm = llround(load_ohm(&stage_of(model, channel)->load));
    out->contact = load_judge(out->impedance_ohm);
}

/* Sets or clears a condition of one stage; args NULL on clear. */
static int condition(struct model *model, unsigned channel, enum fault_id fault, const struct fault_args *args)
{
    struct galv_stage *s = stage_in(model, channel);
    if (fault == FAULT_polarity)
        s->swapped = args != NULL;
    else if (fault == FAULT_drop_phase)
        s->phase2_missing = args != NULL;
    else if (args)
        return load_inject(&s->load, fault, args, model->now_ns);
    else
        return load_clear(&s->load, fault);
    return 0;
}

static int galv_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < GALV_CHANNELS && r == 0; i++)
        if (mask & (1u << i))
            r = condition(model, i, fault, args);
    return r;
}

static int galv_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    return galv_inject(model, fault, NULL, mask);
}

static void galv_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0)
        return;
    const struct galv_stage *s = stage_of(model, channel - 1);
    struct galv_measured measured;
    galv_measure(model, channel - 1, &measured);
    emit(ctx, channel, "impedance_ohm", llround(load_ohm(&s->load)));
    emit(ctx, channel, "measured_ua", measured.current_ua);
    emit(ctx, channel, "measured_mv", measured.voltage_mv);
    emit(ctx, channel, "contact", measured.contact);
    emit(ctx, channel, "true_polarity", true_polarity(model, channel - 1));
    emit(ctx, channel, "charge_uc", llround(s->charge_uc));
    emit(ctx, channel, "net_charge_uc", llround(s->net_uc));
    emit(ctx, channel, "on_ms", s->on_ns / NS_PER_MS);
    if (channel - 1 == GALV_DC)
        emit(ctx, channel, "iontophoresis_dose_ua_min", llround(s->ionto_ua_min));
}

const struct model_kind galv_kind = {
    .name = "refgalv",
    .channels = GALV_CHANNELS,
    .channel = {{"amplitude_ua", GALV_DC_SETTINGS, dc_settings, 0}, {"amplitude_mv", GALV_HV_SETTINGS, hv_settings, 0}},
    .size = sizeof(struct galv),
    .exclusive = true,
    .init = galv_init,
    .integrate = galv_integrate,
    .drifting = galv_drifting,
    .compute = galv_compute,
    .inject = galv_inject,
    .clear = galv_clear,
    .state = galv_state,
};
