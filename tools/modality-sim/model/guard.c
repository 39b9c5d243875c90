/* SPDX-License-Identifier: Apache-2.0 */
#include "model/guard.h"

#include <errno.h>
#include <modality/clock.h>

#define NEVER INT64_MAX

void guard_switch_on(struct guard *guard, unsigned channels, int64_t now_ns)
{
    struct guard old = *guard;
    *guard = (struct guard){.channels = channels,
                            .switched_on_ns = now_ns,
                            .start_delay_ns = old.start_delay_ns,
                            .watchdog_ns = old.watchdog_ns,
                            .watchdog_due_ns = NEVER,
                            .timer_end_ns = NEVER,
                            .timer_stalled = old.timer_stalled,
                            .watchdog_disabled = old.watchdog_disabled,
                            .resume_when_fed = old.resume_when_fed,
                            .patient_pressed = old.patient_pressed,
                            .patient_latched = old.patient_pressed,
                            .interlock_open = old.interlock_open,
                            .interlock_latched = old.interlock_open};
    for (unsigned i = 0; i < channels; i++) {
        guard->channel[i].stuck = old.channel[i].stuck;
        guard->channel[i].stuck_hidden = old.channel[i].stuck_hidden;
        guard->channel[i].stuck_ignores = old.channel[i].stuck_ignores;
        guard->channel[i].held = old.channel[i].held;
    }
}

bool guard_waiting(const struct guard *guard, unsigned channel)
{
    return guard->channel[channel].run && guard->channel[channel].begins_ns != 0;
}

bool guard_output_on(const struct guard *guard, unsigned channel)
{
    const struct guard_channel *c = &guard->channel[channel];
    return (c->run && c->begins_ns == 0) || c->held;
}

bool guard_reported_on(const struct guard *guard, unsigned channel)
{
    const struct guard_channel *c = &guard->channel[channel];
    return c->run || (c->held && !c->stuck_hidden);
}

bool guard_any_reported_on(const struct guard *guard)
{
    for (unsigned i = 0; i < guard->channels; i++)
        if (guard_reported_on(guard, i))
            return true;
    return false;
}

bool guard_latched(const struct guard *guard)
{
    return guard->tripped || guard->fault_code != 0 || guard->patient_latched || guard->interlock_latched;
}

/* The device's own view: an output it believes to be flowing. */
static bool any_begun(const struct guard *guard)
{
    for (unsigned i = 0; i < guard->channels; i++)
        if (guard_reported_on(guard, i) && !guard_waiting(guard, i))
            return true;
    return false;
}

static void watchdog_feed(struct guard *guard, int64_t now_ns)
{
    guard->watchdog_due_ns = guard->watchdog_ns ? now_ns + guard->watchdog_ns : NEVER;
}

/* The watchdog runs from the first run command on, the timer from the moment the first output begins. */
static void watchdog_begin(struct guard *guard, int64_t now_ns)
{
    if (!guard_any_reported_on(guard))
        watchdog_feed(guard, now_ns);
}

static void timer_begin(struct guard *guard, int64_t now_ns)
{
    int64_t preset_ns = (int64_t)guard->timer_preset_ms * NS_PER_MS;
    if (any_begun(guard))
        return;
    guard->timer_left_ns = preset_ns;
    guard->timer_end_ns = preset_ns ? now_ns + preset_ns : NEVER;
}

static void supervision_end(struct guard *guard)
{
    guard->watchdog_due_ns = NEVER;
    guard->timer_end_ns = NEVER;
    guard->timer_left_ns = 0;
}

int guard_start(struct guard *guard, uint32_t mask, int64_t now_ns)
{
    if (guard_latched(guard))
        return -EPERM;
    if (mask)
        watchdog_begin(guard, now_ns);
    if (mask && guard->start_delay_ns == 0)
        timer_begin(guard, now_ns);
    for (unsigned i = 0; i < guard->channels; i++) {
        struct guard_channel *c = &guard->channel[i];
        if (!(mask & (1u << i)) || c->run)
            continue;
        c->run = true;
        c->begins_ns = guard->start_delay_ns ? now_ns + guard->start_delay_ns : 0;
    }
    return 0;
}

static void rest(struct guard *guard, uint32_t mask, bool commanded)
{
    for (unsigned i = 0; i < guard->channels; i++) {
        struct guard_channel *c = &guard->channel[i];
        if (!(mask & (1u << i)) || !c->run)
            continue;
        c->held = c->stuck && !guard_waiting(guard, i) && (commanded || c->stuck_ignores == STUCK_ALL);
        c->run = false;
        c->begins_ns = 0;
    }
    if (!guard_any_reported_on(guard))
        supervision_end(guard);
}

void guard_stop(struct guard *guard, uint32_t mask)
{
    rest(guard, mask, true);
}

static void rest_all(struct guard *guard)
{
    for (unsigned i = 0; i < guard->channels; i++)
        if (guard->channel[i].stuck_ignores == STUCK_COMMANDS)
            guard->channel[i].held = false;
    rest(guard, UINT32_MAX, false);
    supervision_end(guard);
}

bool guard_feed(struct guard *guard, uint16_t value, int64_t now_ns)
{
    bool resumed = false;
    guard->feed_value = value;
    if (guard->tripped && guard->resume_when_fed) {
        guard->tripped = false;
        for (unsigned i = 0; i < guard->channels; i++) {
            guard->channel[i].run |= guard->channel[i].interrupted;
            resumed |= guard->channel[i].interrupted;
            guard->channel[i].interrupted = false;
        }
    }
    if (guard_any_reported_on(guard))
        watchdog_feed(guard, now_ns);
    return resumed;
}

void guard_clear(struct guard *guard)
{
    guard->tripped = false;
    for (unsigned i = 0; i < guard->channels; i++)
        guard->channel[i].interrupted = false;
    if (!guard->fault_present)
        guard->fault_code = 0;
    if (!guard->patient_pressed)
        guard->patient_latched = false;
    if (!guard->interlock_open)
        guard->interlock_latched = false;
}

void guard_fault(struct guard *guard, uint16_t code, bool keep_output)
{
    guard->fault_code = code;
    guard->fault_present = code != 0;
    if (!keep_output)
        rest_all(guard);
}

void guard_fault_gone(struct guard *guard)
{
    guard->fault_present = false;
}

void guard_patient_stop(struct guard *guard, bool pressed)
{
    guard->patient_pressed = pressed;
    if (!pressed)
        return;
    guard->patient_latched = true;
    rest_all(guard);
}

void guard_interlock(struct guard *guard, bool open)
{
    guard->interlock_open = open;
    if (!open)
        return;
    guard->interlock_latched = true;
    rest_all(guard);
}

void guard_stuck(struct guard *guard, unsigned channel, bool stuck, bool hidden, enum stuck_ignores ignores)
{
    struct guard_channel *c = &guard->channel[channel];
    c->stuck = stuck;
    c->stuck_hidden = hidden;
    c->stuck_ignores = ignores;
    if (!stuck)
        c->held = false;
    if (!guard_any_reported_on(guard))
        supervision_end(guard);
}

void guard_self_start(struct guard *guard, unsigned channel, int64_t now_ns)
{
    watchdog_begin(guard, now_ns);
    timer_begin(guard, now_ns);
    guard->channel[channel].run = true;
    guard->channel[channel].begins_ns = 0;
}

void guard_timer_stall(struct guard *guard, bool stalled, int64_t now_ns)
{
    bool running = guard->timer_end_ns != NEVER;
    if (running && stalled && !guard->timer_stalled)
        guard->timer_left_ns = guard->timer_end_ns - now_ns;
    if (running && !stalled && guard->timer_stalled)
        guard->timer_end_ns = now_ns + guard->timer_left_ns;
    guard->timer_stalled = stalled;
}

int64_t guard_next_ns(const struct guard *guard)
{
    int64_t watchdog = guard->watchdog_disabled ? NEVER : guard->watchdog_due_ns;
    int64_t next = guard->timer_stalled ? NEVER : guard->timer_end_ns;
    next = watchdog < next ? watchdog : next;
    for (unsigned i = 0; i < guard->channels; i++)
        if (guard_waiting(guard, i) && guard->channel[i].begins_ns < next)
            next = guard->channel[i].begins_ns;
    return next;
}

/* Outputs whose wait is over. */
static bool begin_due(struct guard *guard, int64_t now_ns)
{
    bool any = false;
    for (unsigned i = 0; i < guard->channels; i++) {
        if (!guard_waiting(guard, i) || guard->channel[i].begins_ns > now_ns)
            continue;
        timer_begin(guard, now_ns);
        guard->channel[i].begins_ns = 0;
        any = true;
    }
    return any;
}

enum cause guard_expire(struct guard *guard, int64_t now_ns)
{
    if (!guard->watchdog_disabled && guard->watchdog_due_ns <= now_ns) {
        for (unsigned i = 0; i < guard->channels; i++)
            guard->channel[i].interrupted = guard->channel[i].run;
        guard->tripped = true;
        rest_all(guard);
        return CAUSE_watchdog;
    }
    if (!guard->timer_stalled && guard->timer_end_ns <= now_ns) {
        rest_all(guard);
        return CAUSE_timer;
    }
    return begin_due(guard, now_ns) ? CAUSE_emission : CAUSE_COUNT;
}

uint32_t guard_uptime_ms(const struct guard *guard, int64_t now_ns)
{
    return (uint32_t)((now_ns - guard->switched_on_ns) / NS_PER_MS);
}

uint32_t guard_timer_left_ms(const struct guard *guard, int64_t now_ns)
{
    if (guard->timer_end_ns == NEVER)
        return 0;
    int64_t left_ns = guard->timer_stalled ? guard->timer_left_ns : guard->timer_end_ns - now_ns;
    /* Rounded up: a timer that still runs never shows the 0 that means "not running". */
    return left_ns <= 0 ? 0 : (uint32_t)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}
