/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <errno.h>
#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#define NEVER INT64_MAX

static void settings_initial(struct model *model)
{
    for (unsigned channel = 0; channel < model->kind->channels; channel++)
        for (unsigned i = 0; i < model->kind->channel[channel].settings; i++)
            model->setting[channel][i] = model->kind->channel[channel].setting[i].initial;
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
}

static void settle(struct model *model)
{
    if (model->kind->settle)
        model->kind->settle(model);
}

void model_refresh(struct model *model, enum cause cause)
{
    settle(model);
    for (unsigned channel = 0; channel < model->kind->channels; channel++) {
        struct model_output output;
        compute(model, channel, &output);
        const struct model_output *last = &model->last[channel];
        if (output.on != last->on || output.value != last->value || output.set != last->set ||
            output.polarity != last->polarity)
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
    }
    model->guard.watchdog_ns = kind->bare ? 0 : GUARD_WATCHDOG_NS;
    guard_switch_on(&model->guard, kind->channels, now_ns);
    settings_initial(model);
    for (unsigned i = 0; i < kind->tunings; i++)
        model->tuning[i] = kind->tuning[i].initial;
    kind->init(model);
    settle(model);
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
    if (!model->kind->bare)
        settings_initial(model);
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

void model_reboot(struct model *model, const struct fault_args *args)
{
    model->restart = (enum restart_with)fault_arg_or(args, ARG_restart, RESTART_REST);
    model->restart_mask = 0;
    for (unsigned c = 0; c < model->kind->channels; c++)
        if (model->guard.channel[c].run)
            model->restart_mask |= 1u << c;
    guard_switch_on(&model->guard, model->kind->channels, model->now_ns);
    model->down_until_ns = model->now_ns + fault_arg_or(args, ARG_ms, 0) * NS_PER_MS;
    model_refresh(model, CAUSE_reboot);
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

int model_tuning_find(const struct model_kind *kind, const char *name)
{
    for (unsigned i = 0; i < kind->tunings; i++)
        if (strcmp(kind->tuning[i].name, name) == 0)
            return (int)i;
    return -ENOENT;
}

int model_tune(struct model *model, unsigned tuning, int32_t value)
{
    const struct model_tuning *range = &model->kind->tuning[tuning];
    if (value < range->least || value > range->most)
        return -ERANGE;
    model->tuning[tuning] = value;
    return 0;
}

static bool in_range(const struct model_setting *range, int32_t value)
{
    if (value < range->least || value > range->most)
        return false;
    for (const int32_t *allowed = range->allowed; allowed && *allowed != value; allowed++)
        if (!*allowed)
            return false;
    return true;
}

void model_settings_reset(struct model *model)
{
    settings_initial(model);
    for (unsigned channel = 0; channel < model->kind->channels && model->kind->written; channel++)
        for (unsigned i = 0; i < model->kind->channel[channel].settings; i++)
            model->kind->written(model, channel, i);
    model_refresh(model, CAUSE_write);
}

int model_setting_check(const struct model *model, unsigned channel, unsigned setting, int32_t value)
{
    if (!in_range(&model->kind->channel[channel].setting[setting], value))
        return -ERANGE;
    return model->kind->allow ? model->kind->allow(model, channel, setting, value) : 0;
}

int model_setting_write(struct model *model, unsigned channel, unsigned setting, int32_t value)
{
    int r = model_setting_check(model, channel, setting, value);
    if (r < 0)
        return r;
    model->setting[channel][setting] = value;
    if (model->kind->written)
        model->kind->written(model, channel, setting);
    model_refresh(model, CAUSE_write);
    return 0;
}

int model_run_check(const struct model *model, uint32_t start, uint32_t stop)
{
    uint32_t on = start;
    if (start && guard_latched(&model->guard))
        return -EPERM;
    for (unsigned i = 0; i < model->kind->channels; i++)
        if (guard_reported_on(&model->guard, i) && !(stop & (1u << i)))
            on |= 1u << i;
    return start && model->kind->exclusive && (on & (on - 1)) ? -EPERM : 0;
}

int model_run(struct model *model, uint32_t start, uint32_t stop)
{
    int r = model_run_check(model, start, stop);
    if (r < 0)
        return r;
    guard_stop(&model->guard, stop);
    model_refresh(model, CAUSE_stop);
    r = start ? guard_start(&model->guard, start, model->now_ns) : 0;
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
    double rest = model->kind->channel[channel].rest;
    if (model->level_held[channel])
        return model->held_level[channel];
    return rest + (set - rest) * model->deliver_permille[channel] / 1000.0;
}

/* A number between -1 and 1 that belongs to this moment and to no other. */
static double chance(int64_t now_ns)
{
    uint64_t bits = (uint64_t)now_ns * UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (double)(bits >> 40) / (double)(1u << 23) - 1;
}

double model_reported(const struct model *model, unsigned channel)
{
    double jitter = model->jitter_permille[channel] * chance(model->now_ns);
    return (model->misreport_permille[channel] + jitter) / 1000.0;
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
    emit(ctx, 0, "interlock", guard->interlock_latched);
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
        emit(ctx, channel + 1, model->kind->channel[channel].quantity, output.value);
        emit(ctx, channel + 1, "value", output.value);
        emit(ctx, channel + 1, "set", output.set);
        for (unsigned i = 0; i < model->kind->channel[channel].settings; i++)
            emit(ctx, channel + 1, model->kind->channel[channel].setting[i].name, model->setting[channel][i]);
        model->kind->state(model, channel + 1, emit, ctx);
    }
}
