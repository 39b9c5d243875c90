/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <errno.h>
#include <modality/clock.h>
#include <stdlib.h>

#define NEVER INT64_MAX
#define MASK_ALL UINT32_MAX

static void settings_to_minimum(struct model *model)
{
    for (unsigned channel = 0; channel < model->kind->channels; channel++)
        for (unsigned i = 0; i < model->kind->settings; i++)
            model->setting[channel][i] = model->kind->setting[i].least;
}

static void report(struct model *model, unsigned channel, const struct model_output *output, enum cause cause)
{
    model->last[channel] = *output;
    model->sink.changed(model->sink.ctx, channel, output, cause, model->now_ns);
}

static void compute(const struct model *model, unsigned channel, struct model_output *output)
{
    *output = (struct model_output){.on = guard_output_on(&model->guard, channel)};
    model->kind->compute(model, channel, output);
    if (!output->on)
        output->value = 0;
}

void model_refresh(struct model *model, enum cause cause)
{
    for (unsigned channel = 0; channel < model->kind->channels; channel++) {
        struct model_output output;
        compute(model, channel, &output);
        const struct model_output *last = &model->last[channel];
        if (output.on != last->on || output.value != last->value || output.set != last->set)
            report(model, channel, &output, cause);
    }
}

struct model *model_new(const struct model_kind *kind, struct model_sink sink, int64_t now_ns)
{
    struct model *model = calloc(1, kind->size);
    if (!model)
        return NULL;
    model->kind = kind;
    model->sink = sink;
    model->now_ns = now_ns;
    model->next_tick_ns = now_ns;
    for (unsigned channel = 0; channel < kind->channels; channel++) {
        model->deliver_permille[channel] = 1000;
        model->misreport_permille[channel] = 1000;
        model->held_level[channel] = -1;
    }
    guard_switch_on(&model->guard, kind->channels, now_ns);
    settings_to_minimum(model);
    kind->init(model);
    for (unsigned channel = 0; channel < kind->channels; channel++) {
        struct model_output output;
        compute(model, channel, &output);
        report(model, channel, &output, CAUSE_switch_on);
    }
    return model;
}

void model_free(struct model *model)
{
    free(model);
}

bool model_is_down(const struct model *model)
{
    return model->down_until_ns != 0;
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t model_next_ns(const struct model *model)
{
    int64_t next = guard_next_ns(&model->guard);
    if (model_is_down(model))
        next = earliest(next, model->down_until_ns);
    if (model->kind->drifting(model))
        next = earliest(next, model->next_tick_ns > model->now_ns ? model->next_tick_ns : model->now_ns);
    return next;
}

/* The end of a reboot: the device answers again, and one with a bad memory carries on where it was. */
static void come_up(struct model *model)
{
    int32_t kept[MODEL_CHANNELS_MAX][MODEL_SETTINGS_MAX];
    for (unsigned c = 0; c < MODEL_CHANNELS_MAX; c++)
        for (unsigned i = 0; i < MODEL_SETTINGS_MAX; i++)
            kept[c][i] = model->setting[c][i];
    model->down_until_ns = 0;
    guard_switch_on(&model->guard, model->kind->channels, model->now_ns);
    settings_to_minimum(model);
    if (model->restart == RESTART_OUTPUT) {
        for (unsigned c = 0; c < MODEL_CHANNELS_MAX; c++)
            for (unsigned i = 0; i < MODEL_SETTINGS_MAX; i++)
                model->setting[c][i] = kept[c][i];
        for (unsigned c = 0; c < model->kind->channels; c++)
            if (model->restart_mask & (1u << c))
                guard_self_start(&model->guard, c, model->now_ns);
    }
    model_refresh(model, CAUSE_reboot);
}

static void go_down(struct model *model, const struct fault_args *args)
{
    model->restart = (enum restart_with)fault_arg_or(args, ARG_restart, RESTART_REST);
    model->restart_mask = 0;
    for (unsigned c = 0; c < model->kind->channels; c++)
        if (model->guard.channel[c].run)
            model->restart_mask |= 1u << c;
    guard_switch_on(&model->guard, model->kind->channels, model->now_ns);
    model_refresh(model, CAUSE_reboot);
    model->down_until_ns = model->now_ns + fault_arg_or(args, ARG_ms, 0) * NS_PER_MS;
    if (model->down_until_ns <= model->now_ns)
        come_up(model);
}

/* One event of the model at at_ns, which is at or after model->now_ns. */
static void step(struct model *model, int64_t at_ns)
{
    uint16_t fault_before = model->guard.fault_code;
    if (at_ns > model->now_ns)
        model->kind->integrate(model, at_ns);
    model->now_ns = at_ns;
    if (model->next_tick_ns <= at_ns)
        model->next_tick_ns = at_ns + MODEL_TICK_NS;
    model_refresh(model, model->guard.fault_code != fault_before ? CAUSE_fault : CAUSE_load);
    enum cause cause = guard_expire(&model->guard, at_ns);
    if (cause != CAUSE_COUNT)
        model_refresh(model, cause);
    if (model_is_down(model) && model->down_until_ns <= at_ns)
        come_up(model);
}

void model_advance(struct model *model, int64_t now_ns)
{
    int64_t next;
    while ((next = model_next_ns(model)) <= now_ns)
        step(model, next > model->now_ns ? next : model->now_ns);
    if (model->now_ns < now_ns)
        step(model, now_ns);
}

int model_setting_check(const struct model *model, unsigned setting, int32_t value)
{
    const struct model_setting *range = &model->kind->setting[setting];
    if (value < range->least || value > range->most)
        return -ERANGE;
    if (!range->allowed)
        return 0;
    for (const int32_t *allowed = range->allowed; *allowed; allowed++)
        if (*allowed == value)
            return 0;
    return -ERANGE;
}

int model_setting_write(struct model *model, unsigned channel, unsigned setting, int32_t value)
{
    if (model_setting_check(model, setting, value) < 0)
        return -ERANGE;
    model->setting[channel][setting] = value;
    model_refresh(model, CAUSE_write);
    return 0;
}

int model_run(struct model *model, uint32_t start, uint32_t stop)
{
    if (start && guard_latched(&model->guard))
        return -EPERM;
    guard_stop(&model->guard, stop);
    model_refresh(model, CAUSE_stop);
    int r = start ? guard_start(&model->guard, start, model->now_ns) : 0;
    model_refresh(model, CAUSE_start);
    return r;
}

void model_feed(struct model *model, uint16_t value)
{
    if (guard_feed(&model->guard, value, model->now_ns))
        model_refresh(model, CAUSE_resumed);
}

void model_clear_latches(struct model *model)
{
    guard_clear(&model->guard);
}

double model_aim(const struct model *model, unsigned channel, double set)
{
    if (model->held_level[channel] >= 0)
        return model->held_level[channel];
    return set * model->deliver_permille[channel] / 1000.0;
}

/* Channels an injection is for; 0 when it names a channel this device does not have. */
static uint32_t args_mask(const struct model *model, const struct fault_args *args)
{
    uint32_t all = (1u << model->kind->channels) - 1;
    int64_t channel = fault_arg_or(args, ARG_channel, 0);
    return channel == 0 ? all : (1u << (channel - 1)) & all;
}

static void inject_channel(struct model *model, enum fault_id fault, const struct fault_args *args, unsigned channel)
{
    if (fault == FAULT_stuck)
        guard_stuck(&model->guard, channel, true, fault_arg_or(args, ARG_hidden, 0) != 0,
                    (enum stuck_ignores)fault_arg_or(args, ARG_ignores, STUCK_ALL));
    else if (fault == FAULT_self_start)
        guard_self_start(&model->guard, channel, model->now_ns);
    else if (fault == FAULT_deliver)
        model->deliver_permille[channel] = (int32_t)args->value[ARG_permille];
    else if (fault == FAULT_misreport)
        model->misreport_permille[channel] = (int32_t)args->value[ARG_permille];
    else if (fault == FAULT_hold_level)
        model->held_level[channel] = model_aim(model, channel, (double)model->last[channel].set);
}

static void clear_channel(struct model *model, enum fault_id fault, unsigned channel)
{
    if (fault == FAULT_stuck)
        guard_stuck(&model->guard, channel, false, false, STUCK_ALL);
    else if (fault == FAULT_self_start)
        guard_stop(&model->guard, 1u << channel);
    else if (fault == FAULT_deliver)
        model->deliver_permille[channel] = 1000;
    else if (fault == FAULT_misreport)
        model->misreport_permille[channel] = 1000;
    else if (fault == FAULT_hold_level)
        model->held_level[channel] = -1;
}

/* Faults of the whole device that every kind has; false = not one of them. set is false on clear. */
static bool device_wide(struct model *model, enum fault_id fault, const struct fault_args *args, bool set)
{
    struct guard *guard = &model->guard;
    if (fault == FAULT_device_fault && set)
        guard_fault(guard, (uint16_t)args->value[ARG_code], fault_arg_or(args, ARG_keep_output, 0) != 0);
    else if (fault == FAULT_device_fault)
        guard_fault_gone(guard);
    else if (fault == FAULT_patient_stop)
        guard_patient_stop(guard, set);
    else if (fault == FAULT_stall_timer)
        guard_timer_stall(guard, set, model->now_ns);
    else if (fault == FAULT_no_watchdog)
        guard->watchdog_disabled = set;
    else if (fault == FAULT_resume_when_fed)
        guard->resume_when_fed = set;
    else if (fault == FAULT_reboot && set)
        go_down(model, args);
    else if (fault != FAULT_reboot)
        return false;
    return true;
}

static bool per_channel(enum fault_id fault)
{
    return fault == FAULT_stuck || fault == FAULT_self_start || fault == FAULT_deliver || fault == FAULT_misreport ||
           fault == FAULT_hold_level;
}

int model_inject(struct model *model, enum fault_id fault, const struct fault_args *args)
{
    uint32_t mask = args_mask(model, args);
    uint16_t fault_before = model->guard.fault_code;
    int r = mask ? 0 : -EINVAL;
    if (r < 0)
        return r;
    if (device_wide(model, fault, args, true)) {
        r = 0;
    } else if (per_channel(fault)) {
        for (unsigned channel = 0; channel < model->kind->channels; channel++)
            if (mask & (1u << channel))
                inject_channel(model, fault, args, channel);
    } else {
        r = model->kind->inject(model, fault, args, mask);
    }
    model_refresh(model, fault == FAULT_patient_stop               ? CAUSE_patient_stop
                         : model->guard.fault_code != fault_before ? CAUSE_fault
                                                                   : CAUSE_injected);
    return r;
}

int model_clear(struct model *model, enum fault_id fault, const struct fault_args *args)
{
    uint32_t mask = args_mask(model, args);
    int r = mask ? 0 : -EINVAL;
    if (r < 0)
        return r;
    if (per_channel(fault)) {
        for (unsigned channel = 0; channel < model->kind->channels; channel++)
            if (mask & (1u << channel))
                clear_channel(model, fault, channel);
    } else if (!device_wide(model, fault, args, false)) {
        r = model->kind->clear(model, fault, mask);
    }
    model_refresh(model, CAUSE_injected);
    return r;
}

static void state_guard(const struct model *model, model_state_fn emit, void *ctx)
{
    const struct guard *guard = &model->guard;
    emit(ctx, 0, "down", model_is_down(model));
    emit(ctx, 0, "uptime_ms", guard_uptime_ms(guard, model->now_ns));
    emit(ctx, 0, "timer_preset_ms", guard->timer_preset_ms);
    emit(ctx, 0, "timer_left_ms", guard_timer_left_ms(guard, model->now_ns));
    emit(ctx, 0, "watchdog_tripped", guard->tripped);
    emit(ctx, 0, "fault_code", guard->fault_code);
    emit(ctx, 0, "patient_stop", guard->patient_latched);
    emit(ctx, 0, "patient_pressed", guard->patient_pressed);
}

void model_state(const struct model *model, model_state_fn emit, void *ctx)
{
    state_guard(model, emit, ctx);
    model->kind->state(model, 0, emit, ctx);
    for (unsigned channel = 0; channel < model->kind->channels; channel++) {
        struct model_output output;
        compute(model, channel, &output);
        emit(ctx, channel + 1, "on", output.on);
        emit(ctx, channel + 1, "reported_on", guard_reported_on(&model->guard, channel));
        emit(ctx, channel + 1, model->kind->quantity, output.value);
        emit(ctx, channel + 1, "set", output.set);
        for (unsigned i = 0; i < model->kind->settings; i++)
            emit(ctx, channel + 1, model->kind->setting[i].name, model->setting[channel][i]);
        model->kind->state(model, channel + 1, emit, ctx);
    }
}
