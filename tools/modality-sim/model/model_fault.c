/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of a model: those that every kind has, and the way to a kind's own. */
#include "model/model.h"

#include <errno.h>

/* Channels an injection is for; 0 when it names a channel this device does not have. */
static uint32_t args_mask(const struct model *model, const struct fault_args *args)
{
    uint32_t all = (1u << model->kind->channels) - 1;
    int64_t channel = fault_arg_or(args, ARG_channel, 0);
    return channel == 0 ? all : (1u << (channel - 1)) & all;
}

static void level_hold(struct model *model, unsigned channel)
{
    model->held_level[channel] = model_aim(model, channel, (double)model->last[channel].set);
    model->level_held[channel] = true;
}

/* As a bit of its memory that flips: nobody wrote it, and whoever reads it back sees it. */
static void level_alter(struct model *model, unsigned channel, int64_t permille)
{
    const struct model_setting *range = &model->kind->channel[channel].setting[0];
    int64_t value = (int64_t)model->setting[channel][0] * permille / 1000;
    model->setting[channel][0] = (int32_t)(value < range->least  ? range->least
                                           : value > range->most ? range->most
                                                                 : value);
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
    else if (fault == FAULT_jitter)
        model->jitter_permille[channel] = (int32_t)args->value[ARG_permille];
    else if (fault == FAULT_hold_level)
        level_hold(model, channel);
    else if (fault == FAULT_alter_set)
        level_alter(model, channel, args->value[ARG_permille]);
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
    else if (fault == FAULT_jitter)
        model->jitter_permille[channel] = 0;
    else if (fault == FAULT_hold_level)
        model->level_held[channel] = false;
}

/* Faults of the whole device that every kind has, or every one with a watchdog; false = not one of them. set is false
 * on clear. */
static bool device_wide(struct model *model, enum fault_id fault, const struct fault_args *args, bool set)
{
    struct guard *guard = &model->guard;
    if (model->kind->bare && (fault == FAULT_patient_stop || fault == FAULT_stall_timer || fault == FAULT_no_watchdog ||
                              fault == FAULT_resume_when_fed))
        return false;
    if (model->kind->unswitched && (fault == FAULT_patient_stop || fault == FAULT_stall_timer))
        return false;
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
        model_reboot(model, args);
    else if (fault != FAULT_reboot)
        return false;
    return true;
}

static bool per_channel(enum fault_id fault)
{
    return fault == FAULT_stuck || fault == FAULT_self_start || fault == FAULT_deliver || fault == FAULT_misreport ||
           fault == FAULT_jitter || fault == FAULT_hold_level || fault == FAULT_alter_set;
}

/* What the guard does to outputs of its own alone. */
static bool is_of_guard(enum fault_id fault)
{
    return fault == FAULT_self_start || fault == FAULT_device_fault;
}

static enum cause cause_of(const struct model *model, enum fault_id fault, uint16_t fault_before)
{
    if (fault == FAULT_patient_stop)
        return CAUSE_patient_stop;
    if (fault == FAULT_key_off || fault == FAULT_door_open)
        return CAUSE_interlock;
    return model->guard.fault_code != fault_before ? CAUSE_fault : CAUSE_injected;
}

int model_inject(struct model *model, enum fault_id fault, const struct fault_args *args)
{
    uint32_t mask = args_mask(model, args);
    uint16_t fault_before = model->guard.fault_code;
    int r = mask ? 0 : -EINVAL;
    if (r == 0 && model->kind->unguarded && is_of_guard(fault))
        r = -ENOTSUP;
    if (r == 0 && fault == FAULT_alter_set && model->kind->channel[0].settings == 0)
        r = -ENOTSUP;
    if (r < 0)
        return r;
    if (device_wide(model, fault, args, true)) {
        r = 0;
    } else if (per_channel(fault)) {
        for (unsigned channel = 0; channel < model->kind->channels; channel++)
            if (mask & (1u << channel))
                inject_channel(model, fault, args, channel);
    } else {
        r = model->kind->inject ? model->kind->inject(model, fault, args, mask) : -ENOTSUP;
    }
    model_refresh(model, cause_of(model, fault, fault_before));
    return r;
}

int model_clear(struct model *model, enum fault_id fault, const struct fault_args *args)
{
    uint32_t mask = args_mask(model, args);
    int r = mask ? 0 : -EINVAL;
    if (r == 0 && model->kind->unguarded && is_of_guard(fault))
        r = -ENOTSUP;
    if (r < 0)
        return r;
    if (per_channel(fault)) {
        for (unsigned channel = 0; channel < model->kind->channels; channel++)
            if (mask & (1u << channel))
                clear_channel(model, fault, channel);
    } else if (!device_wide(model, fault, args, false)) {
        r = model->kind->clear ? model->kind->clear(model, fault, mask) : -ENOTSUP;
    } else if (fault == FAULT_reboot && model->kind->clear) {
        (void)model->kind->clear(model, fault, mask); /* what a loss of power took, where a kind has such things */
    }
    model_refresh(model, CAUSE_injected);
    return r;
}
