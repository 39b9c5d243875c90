/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decided here, because the document does not say: a list and its updates take effect at once, and electrodes are
 * looked at with the next pulse, where a current is set; an electrode is out of range above 10 kohm and below 50 ohm;
 * an open emergency switch ends stimulation at once, and one that is open at a start lets it begin for no pulse; a stop
 * in mode start is answered as done; a list without channels is a parameter error.
 */
#include "model/rehastim2.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>

#define COMPLIANCE_V 150.0
#define CURRENT_MAX_MA 130
#define WIDTH_MAX_US 500
#define WIDTH_LEAST_US 20 /* shorter ones are stretched to it */
#define MORE_MAX 2        /* triplets */
#define SKIPPED_MAX 7
#define INTERVAL_LEAST 14 /* 8 ms */
#define INTERVAL_MAX 2048
#define CODE_NS (NS_PER_MS / 2)
#define WATCHDOG_NS (1200 * NS_PER_MS)
/* What goes out by itself when nothing was ever set. */
static const struct rehastim2_list own_list = {.interval = 38}; /* 20 ms */
static const struct rehastim2_pulse own_pulse = {.width_us = 200, .current_ma = 20};

struct rehastim2_channel {
    struct load load;
    struct rehastim2_pulse pulse;
    bool phase2_missing;
    bool single;      /* gives one pulse at this moment */
    double charge_uc; /* of the absolute current */
    double net_uc;
    int64_t on_ns;
};

struct rehastim2 {
    struct model model;
    bool connected;
    int64_t heard_ns;
    bool listed; /* a list was accepted */
    struct rehastim2_list list;
    bool running;     /* as settle() saw it last */
    int64_t pulse_ns; /* the next one */
    bool found;       /* an electrode out of range */
    int untold;       /* error to be said */
    struct rehastim2_channel channel[REHASTIM2_CHANNELS];
};

static struct rehastim2 *rehastim2_in(struct model *model)
{
    return (struct rehastim2 *)model;
}

static const struct rehastim2 *rehastim2_of(const struct model *model)
{
    return (const struct rehastim2 *)model;
}

static int64_t interval_ns(const struct rehastim2 *d)
{
    return (d->list.interval + 2) * CODE_NS;
}

static bool runs(const struct rehastim2 *d, unsigned channel)
{
    return guard_output_on(&d->model.guard, channel);
}

/* ---- what ends it ---- */

static bool out_of_range(const struct rehastim2_channel *c)
{
    enum load_contact contact = load_judge(llround(load_ohm(&c->load)));
    return c->pulse.current_ma > 0 && (contact == LOAD_CONTACT_LOST || contact == LOAD_CONTACT_SHORTED);
}

/* The test before each pulse of the list. */
static void test_electrodes(struct rehastim2 *d, int64_t to_ns)
{
    if (to_ns < d->pulse_ns)
        return;
    d->pulse_ns = d->list.interval ? to_ns + interval_ns(d) : INT64_MAX;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS; i++)
        d->found |= runs(d, i) && out_of_range(&d->channel[i]);
}

static void tell(struct rehastim2 *d, int error)
{
    if (d->untold == 0)
        d->untold = error;
}

static void lost_power(struct rehastim2 *d)
{
    d->connected = d->listed = d->running = d->found = false;
    d->untold = 0;
}

/* The watchdog runs with the connection, and not with an output as that of others does. */
static void settle_watchdog(struct rehastim2 *d)
{
    if (d->model.guard.tripped)
        d->connected = d->listed = false;
    d->model.guard.watchdog_due_ns = d->connected ? d->heard_ns + WATCHDOG_NS : INT64_MAX;
}

static void rehastim2_settle(struct model *model)
{
    struct rehastim2 *d = rehastim2_in(model);
    const struct guard *guard = &model->guard;
    if (model_is_down(model)) {
        lost_power(d);
        settle_watchdog(d);
        return;
    }
    if (d->found)
        rehastim2_complain(model, REHASTIM2_ELECTRODE);
    bool running = guard_any_reported_on(guard);
    if (d->running && !running) {
        d->listed = false;
        if (guard->patient_latched || guard->fault_code)
            tell(d, guard->patient_latched ? REHASTIM2_SWITCH : REHASTIM2_MODULE);
    }
    d->running = running;
    settle_watchdog(d);
}

void rehastim2_complain(struct model *model, enum rehastim2_error error)
{
    struct rehastim2 *d = rehastim2_in(model);
    d->found = d->listed = d->running = false;
    guard_stop(&model->guard, UINT32_MAX);
    tell(d, error);
    d->running = guard_any_reported_on(&model->guard); /* a stuck one */
}

int rehastim2_take_error(struct model *model)
{
    int error = rehastim2_in(model)->untold;
    rehastim2_in(model)->untold = 0;
    return error;
}

/* ---- the connection ---- */

void rehastim2_heard(struct model *model)
{
    rehastim2_in(model)->heard_ns = model->now_ns;
    settle_watchdog(rehastim2_in(model));
}

void rehastim2_connect(struct model *model)
{
    model_feed(model, 0); /* a variant of the device that goes on where it was */
    model->guard.tripped = false;
    rehastim2_in(model)->connected = true;
    rehastim2_heard(model);
}

bool rehastim2_connected(const struct model *model)
{
    return rehastim2_of(model)->connected;
}

enum rehastim2_mode rehastim2_mode(const struct model *model)
{
    if (guard_any_reported_on(&model->guard))
        return REHASTIM2_STARTED;
    return rehastim2_of(model)->listed ? REHASTIM2_INITIALISED : REHASTIM2_START;
}

/* ---- commands ---- */

enum rehastim2_result rehastim2_init_list(struct model *model, const struct rehastim2_list *list)
{
    struct rehastim2 *d = rehastim2_in(model);
    if (rehastim2_mode(model) != REHASTIM2_START)
        return REHASTIM2_WRONG_MODE;
    if (list->active == 0 || list->skipped > SKIPPED_MAX || list->fast > 1 || list->interval > INTERVAL_MAX ||
        (list->interval != 0 && list->interval < INTERVAL_LEAST))
        return REHASTIM2_PARAMETER;
    d->list = *list;
    d->listed = true;
    return REHASTIM2_OK;
}

static bool pulse_valid(const struct rehastim2_pulse *p)
{
    return p->more <= MORE_MAX && p->width_us <= WIDTH_MAX_US && p->current_ma <= CURRENT_MAX_MA;
}

/* Groups must fit between two runs of the list; both in half ms. */
static bool group_fits(const struct rehastim2 *d, const struct rehastim2_pulse *p)
{
    unsigned spacing = d->list.spacing + 3u, interval = d->list.interval + 2u;
    return d->list.interval == 0 || p->more == 0 || (p->more + 1u) * spacing <= interval;
}

static enum rehastim2_result check_pulses(const struct rehastim2 *d, const struct rehastim2_pulse *pulses, size_t n)
{
    size_t wanted = 0;
    for (unsigned mask = d->list.active; mask; mask &= mask - 1)
        wanted++;
    for (size_t i = 0; i < n; i++)
        if (!pulse_valid(&pulses[i]) || !group_fits(d, &pulses[i]))
            return REHASTIM2_PARAMETER;
    return n == wanted ? REHASTIM2_OK : REHASTIM2_PARAMETER;
}

/* Whether something keeps it from stimulating, which it says beside its answer. */
static bool prevented(struct model *model)
{
    guard_clear(&model->guard);
    if (!guard_latched(&model->guard))
        return false;
    rehastim2_complain(model, model->guard.patient_latched ? REHASTIM2_SWITCH : REHASTIM2_MODULE);
    return true;
}

enum rehastim2_result rehastim2_start_list(struct model *model, const struct rehastim2_pulse *pulses, size_t n)
{
    struct rehastim2 *d = rehastim2_in(model);
    enum rehastim2_mode mode = rehastim2_mode(model);
    enum rehastim2_result r = d->listed ? check_pulses(d, pulses, n) : REHASTIM2_WRONG_MODE;
    if (r != REHASTIM2_OK)
        return r;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS; i++)
        if (d->list.active & (1u << i))
            d->channel[i].pulse = *pulses++;
    if (mode == REHASTIM2_INITIALISED && prevented(model))
        return REHASTIM2_OK;
    if (mode == REHASTIM2_INITIALISED)
        d->pulse_ns = model->now_ns;
    (void)guard_start(&model->guard, d->list.active, model->now_ns); /* nothing is latched */
    model_refresh(model, mode == REHASTIM2_INITIALISED ? CAUSE_start : CAUSE_write);
    return REHASTIM2_OK;
}

enum rehastim2_result rehastim2_stop_list(struct model *model)
{
    struct rehastim2 *d = rehastim2_in(model);
    d->listed = d->running = false;
    guard_stop(&model->guard, UINT32_MAX);
    model_refresh(model, CAUSE_stop);
    return REHASTIM2_OK;
}

static double peak_ua(const struct model *model, unsigned channel)
{
    const struct rehastim2_channel *c = &rehastim2_of(model)->channel[channel];
    return fmin(model_aim(model, channel, c->pulse.current_ma * 1000.0), COMPLIANCE_V / load_ohm(&c->load) * 1e6);
}

static void count_charge(struct rehastim2_channel *c, double ua, double pulses)
{
    double width = c->pulse.width_us < WIDTH_LEAST_US ? WIDTH_LEAST_US : c->pulse.width_us;
    double phase_uc = ua * 1e-6 * width * (c->pulse.more + 1) * pulses;
    double back = c->phase2_missing ? 0 : 1;
    c->charge_uc += phase_uc * (1 + back);
    c->net_uc += phase_uc * (1 - back);
}

/* Over before anybody can look: the trace has its begin and its end. */
enum rehastim2_result rehastim2_single_pulse(struct model *model, unsigned channel, const struct rehastim2_pulse *p)
{
    struct rehastim2 *d = rehastim2_in(model);
    if (rehastim2_mode(model) != REHASTIM2_START)
        return REHASTIM2_WRONG_MODE;
    if (channel >= REHASTIM2_CHANNELS || !pulse_valid(p))
        return REHASTIM2_PARAMETER;
    struct rehastim2_channel *c = &d->channel[channel];
    c->pulse = *p;
    if (prevented(model))
        return REHASTIM2_OK;
    if (out_of_range(c)) {
        tell(d, REHASTIM2_ELECTRODE);
        return REHASTIM2_OK;
    }
    c->single = true;
    model_refresh(model, CAUSE_start);
    count_charge(c, peak_ua(model, channel), 1);
    c->single = false;
    model_refresh(model, CAUSE_stop);
    return REHASTIM2_OK;
}

/* ---- physics ---- */

static void rehastim2_init(struct model *model)
{
    struct rehastim2 *d = rehastim2_in(model);
    d->list = own_list;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS; i++) {
        load_nominal(&d->channel[i].load);
        d->channel[i].pulse = own_pulse;
    }
}

static void rehastim2_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    const struct rehastim2_channel *c = &rehastim2_of(model)->channel[channel];
    output->on |= c->single;
    output->set = output->on ? c->pulse.current_ma * 1000 : 0;
    output->value = output->on ? llround(peak_ua(model, channel)) : 0;
}

static double share_of_rounds(const struct rehastim2 *d, unsigned channel)
{
    bool skipped = d->list.low_frequency & (1u << channel);
    return skipped ? 1.0 / (d->list.skipped + 1) : 1;
}

static void rehastim2_integrate(struct model *model, int64_t to_ns)
{
    struct rehastim2 *d = rehastim2_in(model);
    int64_t elapsed_ns = to_ns - model->now_ns;
    bool once = d->list.interval == 0;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS; i++) {
        struct rehastim2_channel *c = &d->channel[i];
        if (model->last[i].on && !once) {
            double rounds = (double)elapsed_ns / (double)interval_ns(d);
            count_charge(c, (double)model->last[i].value, rounds * share_of_rounds(d, i));
            c->on_ns += elapsed_ns;
        }
        load_walk(&c->load, model->now_ns, to_ns);
    }
    test_electrodes(d, to_ns);
}

static bool rehastim2_drifting(const struct model *model)
{
    for (unsigned i = 0; i < REHASTIM2_CHANNELS; i++)
        if (model->last[i].on || load_drifting(&rehastim2_of(model)->channel[i].load, model->now_ns))
            return true;
    return false;
}

/* ---- faults and state ---- */

static int rehastim2_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS && r == 0; i++) {
        struct rehastim2_channel *c = &rehastim2_in(model)->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = true;
        else
            r = load_inject(&c->load, fault, args, model->now_ns);
    }
    return r;
}

static int rehastim2_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    int r = 0;
    for (unsigned i = 0; i < REHASTIM2_CHANNELS && r == 0; i++) {
        struct rehastim2_channel *c = &rehastim2_in(model)->channel[i];
        if (!(mask & (1u << i)))
            continue;
        if (fault == FAULT_drop_phase)
            c->phase2_missing = false;
        else
            r = load_clear(&c->load, fault);
    }
    return r;
}

static void rehastim2_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    const struct rehastim2 *d = rehastim2_of(model);
    if (channel == 0) {
        emit(ctx, 0, "connected", d->connected);
        emit(ctx, 0, "mode", rehastim2_mode(model));
        emit(ctx, 0, "interval_us", interval_ns(d) / NS_PER_US);
        return;
    }
    const struct rehastim2_channel *c = &d->channel[channel - 1];
    emit(ctx, channel, "phase_width_us", c->pulse.width_us);
    emit(ctx, channel, "impedance_ohm", llround(load_ohm(&c->load)));
    emit(ctx, channel, "charge_uc", llround(c->charge_uc));
    emit(ctx, channel, "net_charge_uc", llround(c->net_uc));
    emit(ctx, channel, "on_ms", c->on_ns / NS_PER_MS);
}

#define CHANNEL                                                                                                        \
    {                                                                                                                  \
        .quantity = "amplitude_ua"                                                                                     \
    }

const struct model_kind rehastim2_kind = {
    .name = "rehastim2",
    .channels = REHASTIM2_CHANNELS,
    .channel = {CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL, CHANNEL},
    .size = sizeof(struct rehastim2),
    .init = rehastim2_init,
    .settle = rehastim2_settle,
    .integrate = rehastim2_integrate,
    .drifting = rehastim2_drifting,
    .compute = rehastim2_compute,
    .inject = rehastim2_inject,
    .clear = rehastim2_clear,
    .state = rehastim2_state,
};
