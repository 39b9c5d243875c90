/* SPDX-License-Identifier: Apache-2.0 */
#include "model/p24.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define COMPLIANCE_V 150.0
#define CURRENT_MAX_UA 130000
#define POINT_MAX_US 4095
#define POINT_LEAST_US 10 /* shorter ones are stretched to it */
#define PERIOD_LEAST_US 500
#define PERIOD_MAX_US 16383000
#define FOUND_FROM_UA 15000 /* least current at which an electrode fault is found */
#define WATCHDOG_NS (2000 * NS_PER_MS)
#define BESIDE_US 60      /* that the device needs beside each pulse */
#define LOAD_BOUND 1000.0 /* us of each ms, over all channels */
/* What goes out by itself when nothing was ever set. */
static const struct p24_pulse own_pulse = {.points = 2, .point = {{200, 20000}, {200, -20000}}, .period_us = 20000};

struct p24_channel {
    struct load load;
    struct p24_pulse pulse;
    enum p24_channel_state state;
    bool phase2_missing;
    int64_t enabled_ns;   /* the ramp counts from here */
    int64_t low_until_ns; /* a low-level pulse flows until then */
    double charge_uc;     /* of the absolute current */
    double net_uc;
    int64_t on_ns;
};

struct p24 {
    struct model model;
    enum p24_mode level; /* what is initialised; running is what the guard says */
    bool voltage;
    bool stop_all;
    uint16_t fault_seen;
    unsigned untold; /* error to be sent */
    struct p24_channel channel[P24_CHANNELS];
};

static struct p24 *p24_in(struct model *model)
{
    return (struct p24 *)model;
}

static const struct p24 *p24_of(const struct model *model)
{
    return (const struct p24 *)model;
}

/* ---- pulses ---- */

static int32_t size_of(int32_t current_ua)
{
    return current_ua < 0 ? -current_ua : current_ua;
}

static int32_t peak_of(const struct p24_pulse *pulse)
{
    int32_t peak = 0;
    for (unsigned i = 0; i < pulse->points; i++)
        if (size_of(pulse->point[i].current_ua) > peak)
            peak = size_of(pulse->point[i].current_ua);
    return peak;
}

static int64_t width_of(const struct p24_point *point)
{
    return point->us < POINT_LEAST_US ? POINT_LEAST_US : point->us;
}

int64_t p24_pulse_us(const struct p24_pulse *pulse)
{
    int64_t us = 0;
    for (unsigned i = 0; i < pulse->points; i++)
        us += width_of(&pulse->point[i]);
    return us;
}

const struct p24_pulse *p24_pulse_of(const struct model *model, unsigned channel)
{
    return &p24_of(model)->channel[channel].pulse;
}

static bool points_valid(const struct p24_pulse *pulse)
{
    if (pulse->points < 1 || pulse->points > P24_POINTS_MAX)
        return false;
    for (unsigned i = 0; i < pulse->points; i++)
        if (pulse->point[i].us < 0 || pulse->point[i].us > POINT_MAX_US ||
            size_of(pulse->point[i].current_ua) > CURRENT_MAX_UA)
            return false;
    return true;
}

/* Share of the peak in a ramp: the first of n pulses has one part of n + 1. */
static double ramped(const struct p24_channel *c, int64_t now_ns)
{
    if (c->pulse.ramp == 0 || c->pulse.period_us == 0)
        return 1;
    int64_t pulses = (now_ns - c->enabled_ns) / (c->pulse.period_us * NS_PER_US);
    return fmin(1, (double)(pulses + 1) / (c->pulse.ramp + 1));
}

static bool in_ramp(const struct p24_channel *c, int64_t now_ns)
{
    return ramped(c, now_ns) < 1;
}

/* ---- what is found wrong ---- */

static enum p24_channel_state state_of(const struct p24_channel *c)
{
    double ohm = load_ohm(&c->load);
    int32_t peak = peak_of(&c->pulse);
    if (peak < FOUND_FROM_UA || peak / 1e6 * ohm <= COMPLIANCE_V)
        return P24_STATE_OK;
    return load_judge(llround(ohm)) == LOAD_CONTACT_LOST ? P24_STATE_ELECTRODE : P24_STATE_LOW_CURRENT;
}

static void find_faults(struct p24 *p)
{
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        struct p24_channel *c = &p->channel[i];
        if (p->level != P24_MID_LEVEL || !p->model.guard.channel[i].run)
            continue;
        enum p24_channel_state state = state_of(c);
        if (state == P24_STATE_OK)
            continue;
        c->state = state;
        guard_stop(&p->model.guard, p->stop_all ? UINT32_MAX : 1u << i);
    }
}

/* What power, and a fault of the device, leave of its levels. */
static void p24_settle(struct model *model)
{
    struct p24 *p = p24_in(model);
    if (model_is_down(model)) {
        p->level = P24_NOTHING;
        p->voltage = false;
        p->untold = 0;
        for (unsigned i = 0; i < P24_CHANNELS; i++) {
            p->channel[i].state = P24_STATE_OK;
            p->channel[i].low_until_ns = 0;
        }
    }
    if (model->guard.fault_code != p->fault_seen) {
        p->fault_seen = model->guard.fault_code;
        p->untold = p->fault_seen & 0xffu;
    }
    find_faults(p);
}

unsigned p24_take_error(struct model *model)
{
    unsigned error = p24_in(model)->untold;
    p24_in(model)->untold = 0;
    return error;
}

/* ---- commands ---- */

enum p24_mode p24_mode(const struct model *model)
{
    bool running = guard_any_reported_on(&model->guard);
    return running ? P24_MID_LEVEL_RUNNING : p24_of(model)->level;
}

bool p24_voltage(const struct model *model)
{
    return p24_of(model)->voltage || guard_any_reported_on(&model->guard);
}

enum p24_result p24_low_init(struct model *model, bool voltage)
{
    struct p24 *p = p24_in(model);
    if (p->level == P24_MID_LEVEL)
        return P24_NOT_INITIALISED;
    p->level = P24_LOW_LEVEL;
    p->voltage = voltage;
    return P24_OK;
}

enum p24_result p24_low_pulse(struct model *model, unsigned channel, bool execute, const struct p24_pulse *pulse)
{
    struct p24 *p = p24_in(model);
    struct p24_channel *c = &p->channel[channel];
    if (p->level != P24_LOW_LEVEL)
        return P24_NOT_INITIALISED;
    if (!execute)
        return P24_OK;
    if (!points_valid(pulse))
        return P24_PARAMETER_ERROR;
    c->pulse = *pulse;
    if (state_of(c) != P24_STATE_OK)
        return P24_ELECTRODE_ERROR;
    if (p->voltage)
        c->low_until_ns = model->now_ns + p24_pulse_us(pulse) * NS_PER_US;
    model_refresh(model, CAUSE_start);
    return P24_OK;
}

enum p24_result p24_low_stop(struct model *model)
{
    struct p24 *p = p24_in(model);
    if (p->level == P24_MID_LEVEL)
        return P24_NOT_INITIALISED;
    p->level = P24_NOTHING;
    p->voltage = false;
    for (unsigned i = 0; i < P24_CHANNELS; i++)
        p->channel[i].low_until_ns = 0;
    model_refresh(model, CAUSE_stop);
    return P24_OK;
}

enum p24_result p24_mid_init(struct model *model, bool stop_all)
{
    struct p24 *p = p24_in(model);
    if (p->level == P24_LOW_LEVEL)
        return P24_NOT_INITIALISED;
    if (model->guard.fault_code)
        return (enum p24_result)(model->guard.fault_code & 0xff);
    p->level = P24_MID_LEVEL;
    p->voltage = true;
    p->stop_all = stop_all;
    for (unsigned i = 0; i < P24_CHANNELS; i++)
        p->channel[i].state = P24_STATE_OK;
    return P24_OK;
}

static enum p24_result update_check(uint32_t mask, const struct p24_pulse *pulses)
{
    double load = 0;
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        if (!(mask & (1u << i)))
            continue;
        if (!points_valid(&pulses[i]) || pulses[i].period_us < PERIOD_LEAST_US || pulses[i].period_us > PERIOD_MAX_US)
            return P24_PARAMETER_ERROR;
        load += (double)(p24_pulse_us(&pulses[i]) + BESIDE_US) * 1000.0 / (double)pulses[i].period_us;
    }
    return ceil(load) < LOAD_BOUND ? P24_OK : P24_PULSE_TIMEOUT;
}

/* The one command that starts, changes and stops channels, and goes on after the watchdog. */
enum p24_result p24_mid_update(struct model *model, uint32_t mask, const struct p24_pulse *pulses)
{
    struct p24 *p = p24_in(model);
    enum p24_result r = p->level == P24_MID_LEVEL ? update_check(mask, pulses) : P24_NOT_INITIALISED;
    if (r != P24_OK)
        return r;
    guard_stop(&model->guard, ~mask);
    model_refresh(model, CAUSE_stop);
    if (mask && model->guard.fault_code)
        return (enum p24_result)(model->guard.fault_code & 0xff);
    guard_clear(&model->guard);
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        struct p24_channel *c = &p->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (!model->guard.channel[i].run)
            c->enabled_ns = model->now_ns;
        c->pulse = pulses[i];
        c->state = P24_STATE_OK;
    }
    (void)guard_start(&model->guard, mask, model->now_ns); /* nothing is latched any more */
    (void)guard_feed(&model->guard, 0, model->now_ns);
    model_refresh(model, CAUSE_start);
    return P24_OK;
}

enum p24_result p24_mid_stop(struct model *model)
{
    struct p24 *p = p24_in(model);
    if (p->level == P24_LOW_LEVEL)
        return P24_NOT_INITIALISED;
    p->level = P24_NOTHING;
    p->voltage = false;
    guard_stop(&model->guard, UINT32_MAX);
    guard_clear(&model->guard);
    for (unsigned i = 0; i < P24_CHANNELS; i++)
        p->channel[i].state = P24_STATE_OK;
    model_refresh(model, CAUSE_stop);
    return P24_OK;
}

enum p24_result p24_mid_data(struct model *model, struct p24_report *out)
{
    if (p24_of(model)->level != P24_MID_LEVEL)
        return P24_NOT_INITIALISED;
    model_feed(model, 0);
    *out = (struct p24_report){0};
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        if (guard_reported_on(&model->guard, i))
            out->active |= 1u << i;
        out->state[i] = p24_of(model)->channel[i].state;
    }
    return P24_OK;
}

void p24_reset(struct model *model)
{
    model_reboot(model, &(struct fault_args){0});
}

/* ---- physics ---- */

static void p24_init(struct model *model)
{
    struct p24 *p = p24_in(model);
    model->guard.watchdog_ns = WATCHDOG_NS;
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        load_nominal(&p->channel[i].load);
        p->channel[i].pulse = own_pulse;
    }
}

static void p24_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    const struct p24_channel *c = &p24_of(model)->channel[channel];
    bool low = c->low_until_ns > model->now_ns;
    double peak = peak_of(&c->pulse);
    output->on = output->on || low;
    output->set = output->on ? peak_of(&c->pulse) : 0;
    double wanted = model_aim(model, channel, peak) * (low ? 1 : ramped(c, model->now_ns));
    output->value = output->on ? llround(fmin(wanted, COMPLIANCE_V / load_ohm(&c->load) * 1e6)) : 0;
}

/* Charge of one pulse over its peak, each way: us. */
static void shape_of(const struct p24_channel *c, double *forth, double *back)
{
    double peak = peak_of(&c->pulse);
    *forth = *back = 0;
    for (unsigned i = 0; i < c->pulse.points && peak > 0; i++) {
        double part = size_of(c->pulse.point[i].current_ua) / peak * (double)width_of(&c->pulse.point[i]);
        if (c->pulse.point[i].current_ua > 0)
            *forth += part;
        else if (!c->phase2_missing)
            *back += part;
    }
}

static void p24_integrate(struct model *model, int64_t to_ns)
{
    struct p24 *p = p24_in(model);
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        struct p24_channel *c = &p->channel[i];
        double forth, back, us = (double)(to_ns - model->now_ns) / 1e3;
        if (model->last[i].on) {
            shape_of(c, &forth, &back);
            bool low = c->low_until_ns != 0;
            double pulses = low ? us / (double)p24_pulse_us(&c->pulse) : us / (double)c->pulse.period_us;
            c->charge_uc += (double)model->last[i].value * 1e-6 * (forth + back) * pulses;
            c->net_uc += (double)model->last[i].value * 1e-6 * (forth - back) * pulses;
            c->on_ns += to_ns - model->now_ns;
        }
        if (c->low_until_ns != 0 && c->low_until_ns <= to_ns)
            c->low_until_ns = 0;
        load_walk(&c->load, model->now_ns, to_ns);
    }
}

static bool p24_drifting(const struct model *model)
{
    for (unsigned i = 0; i < P24_CHANNELS; i++) {
        const struct p24_channel *c = &p24_of(model)->channel[i];
        if (load_drifting(&c->load, model->now_ns) || c->low_until_ns != 0 ||
            (model->last[i].on && in_ramp(c, model->now_ns)))
            return true;
    }
    return false;
}

/* ---- faults and state ---- */

static int p24_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < P24_CHANNELS && r == 0; i++) {
        struct p24_channel *c = &p24_in(model)->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = true;
        else
            r = load_inject(&c->load, fault, args, model->now_ns);
    }
    return r;
}

static int p24_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < P24_CHANNELS && r == 0; i++) {
        struct p24_channel *c = &p24_in(model)->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = false;
        else
            r = load_clear(&c->load, fault);
    }
    return r;
}

static void p24_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    if (channel == 0) {
        emit(ctx, 0, "mode", p24_mode(model));
        emit(ctx, 0, "voltage_on", p24_voltage(model));
        return;
    }
    const struct p24_channel *c = &p24_of(model)->channel[channel - 1];
    emit(ctx, channel, "impedance_ohm", llround(load_ohm(&c->load)));
    emit(ctx, channel, "channel_state", c->state);
    emit(ctx, channel, "period_us", c->pulse.period_us);
    emit(ctx, channel, "charge_uc", llround(c->charge_uc));
    emit(ctx, channel, "net_charge_uc", llround(c->net_uc));
    emit(ctx, channel, "on_ms", c->on_ns / NS_PER_MS);
}

static const struct model_tuning tunings[P24_TUNINGS] = {[P24_SWITCH_MS] = {"switch_ms", 0, 1000, 40}};

#define CHANNEL                                                                                                        \
    {                                                                                                                  \
        .quantity = "amplitude_ua"                                                                                     \
    }

const struct model_kind p24_kind = {
    .name = "p24",
    .channels = P24_CHANNELS,
    .channel = {CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL},
    .tunings = P24_TUNINGS,
    .tuning = tunings,
    .size = sizeof(struct p24),
    .unswitched = true,
    .init = p24_init,
    .settle = p24_settle,
    .integrate = p24_integrate,
    .drifting = p24_drifting,
    .compute = p24_compute,
    .inject = p24_inject,
    .clear = p24_clear,
    .state = p24_state,
};
