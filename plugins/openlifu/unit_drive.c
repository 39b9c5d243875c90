/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that writes: set points, start, stop, and rest from whatever state. */
#include <errno.h>

#include "modality/clock.h"
#include "modality/range.h"
#include "unit_parts.h"

/* ---- set points ---- */

/* An answer in time, or an outcome that nobody knows, because something was sent before. */
static int unknown_if_late(int r)
{
    return r == -EAGAIN ? -ETIMEDOUT : r;
}

/* The voltage off, and reported off. */
static int switch_off(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    struct lifu_answer a;
    *why = "switching the voltage off";
    int r = unit_ask(link, LIFU_CONSOLE, LIFU_VOLTAGE_OFF, deadline_ns, &a);
    if (r < 0)
        return r;
    r = unit_ask(link, LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, deadline_ns, &a);
    if (r == 0 && a.flag)
        r = -EPROTO; /* it said yes and did not */
    if (r == 0)
        link->memory.volts_mv = 0;
    return unknown_if_late(r);
}

/* Tells the console a voltage and to switch it on. That it is on will be asked: its ramp is longer than a call. */
static int switch_on(struct modality_link *link, int64_t millivolts, int64_t deadline_ns, const char **why)
{
    struct lifu_memory *m = &link->memory;
    struct lifu_answer a;
    const struct lifu_request voltage = {.command = LIFU_SET_VOLTAGE, .millivolts = millivolts};
    const struct lifu_request on = {.command = LIFU_VOLTAGE_ON};
    *why = "setting the voltage";
    int r = lifu_port_exchange(&link->port[LIFU_CONSOLE], &voltage, deadline_ns, &a);
    if (r < 0)
        return r;
    *why = "switching the voltage on";
    r = lifu_port_send(&link->port[LIFU_CONSOLE], &on, deadline_ns);
    if (r == -EAGAIN)
        return -ETIMEDOUT;
    m->volts_mv = millivolts; /* until it is told to be off: what went out in part may have been heard */
    m->switched_ns = clock_monotonic_ns();
    m->switching = r == 0;
    return r;
}

/* The trigger runs as it was told, and will for some time. */
static int confirm_trigger(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    struct lifu_answer a;
    *why = "its trigger does not run as it was started";
    int r = unit_ask(link, LIFU_TRANSMITTER, LIFU_GET_TRIGGER, deadline_ns, &a);
    if (r < 0)
        return r;
    return a.trigger.running && lifu_trigger_same(&a.trigger, &link->memory.trigger) ? 0 : -EACCES;
}

/* Toward rest while the console is still busy switching on: the trigger is what ends the sound at once. */
static int silence(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    struct lifu_answer a;
    *why = "stopping the trigger";
    int r = unit_ask(link, LIFU_TRANSMITTER, LIFU_STOP, unit_call_share(deadline_ns, 2), &a);
    if (r < 0)
        return r;
    link->memory.started = false;
    link->memory.silenced = true;
    *why = "waiting until the console has switched";
    r = unknown_if_late(unit_await_switch(link, deadline_ns));
    return r < 0 ? r : switch_off(link, deadline_ns, why);
}

/* From rest to a voltage, and back: the console takes one only while it is off. */
static int apply_running(struct modality_link *link, int64_t millivolts, int64_t deadline_ns, const char **why)
{
    *why = "a voltage above what duty and time allow";
    if (lifu_volts_check(&link->memory, millivolts) < 0)
        return -EINVAL;
    if (millivolts == link->memory.volts_mv)
        return 0;
    if (millivolts == 0) { /* it may have answered since it was looked at last */
        int busy = unit_await_switch(link, 0);
        if (busy != 0 && busy != -EAGAIN)
            return busy;
        return busy == 0 ? switch_off(link, deadline_ns, why) : silence(link, deadline_ns, why);
    }
    *why = "another voltage while one is on";
    if (link->memory.volts_mv != 0)
        return -EINVAL;
    int r = confirm_trigger(link, deadline_ns, why);
    return r < 0 ? r : switch_on(link, millivolts, deadline_ns, why);
}

static int apply_level(struct modality_link *link, int64_t uw_cm2, int64_t deadline_ns, const char **why)
{
    int64_t millivolts = 0;
    int r = lifu_calibration_mv(&link->config.calibration, uw_cm2, &millivolts);
    if (r == 0 && link->memory.silenced && millivolts != 0) {
        *why = "its trigger was stopped while the console was switching: it must be stopped and started anew";
        return -EACCES;
    }
    if (r == 0 && link->memory.started)
        r = apply_running(link, millivolts, deadline_ns, why);
    if (r == 0)
        link->memory.level_uw_cm2 = uw_cm2;
    return r;
}

int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns)
{
    const char *why = "a value that it cannot take";
    struct lifu_memory *m = &link->memory;
    int index = lifu_setting_find(setting->quantity), r = 0;
    if (unit != 0 || setting->channel != 0 ||
        !modality_channel_takes(&link->device.channels[0], setting->quantity, setting->value))
        return unit_report(link, -EINVAL, why);
    if (link->port[LIFU_CONSOLE].doubt || link->port[LIFU_TRANSMITTER].doubt)
        return -EIO;
    if (setting->quantity == QUANTITY_intensity_satp_uw_cm2)
        r = apply_level(link, setting->value, deadline_ns, &why);
    else if (index < 0 || (m->started && m->value[index] != setting->value))
        r = -EINVAL; /* a trigger that is set is stopped by it */
    if (r == 0 && index >= 0) {
        m->value[index] = setting->value;
        m->set |= 1u << index;
    }
    return unit_report(link, r, r < 0 ? why : "");
}

/* ---- start ---- */

/* Both must be at rest and willing before anything is told to run. */
static int check_idle(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    struct lifu_answer a;
    *why = "a start while its trigger runs";
    int r = unit_ask(link, LIFU_TRANSMITTER, LIFU_GET_TRIGGER, deadline_ns, &a);
    if (r < 0 || a.trigger.running)
        return r < 0 ? r : -EACCES;
    *why = "a start while its voltage is on";
    r = unit_ask(link, LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, deadline_ns, &a);
    if (r < 0 || a.flag)
        return r < 0 ? r : -EACCES;
    *why = "its 12 V is off: it was made safe, and comes back when the console is switched off and on";
    r = unit_ask(link, LIFU_CONSOLE, LIFU_SUPPLY_IS_ON, deadline_ns, &a);
    return r < 0 ? r : a.flag ? 0 : -EACCES;
}

/* What was calibrated is what the chips hold: a transmitter that was switched off has lost it. */
static int check_pattern(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    const struct lifu_pattern *p = &link->config.pattern;
    *why = "reading back its pattern";
    for (size_t i = 0; i < p->n; i++) {
        const struct lifu_register *want = &p->registers[i];
        const struct lifu_request q = {.command = LIFU_READ_REGISTER, .chip = want->chip, .address = want->address};
        struct lifu_answer a;
        int r = lifu_port_exchange(&link->port[LIFU_TRANSMITTER], &q, deadline_ns, &a);
        link->memory.wrong_pattern = r == -EACCES || (r == 0 && a.value != want->value);
        if (r < 0 || link->memory.wrong_pattern)
            return r < 0 ? r : -EACCES;
    }
    return 0;
}

/* Sets the trigger, runs it, and reads that it runs: a transmitter that is too hot answers yes and does nothing. */
static int run_trigger(struct modality_link *link, int64_t deadline_ns, const char **why)
{
    struct lifu_memory *m = &link->memory;
    struct lifu_answer a;
    *why = "setting the trigger";
    int r = unit_ask(link, LIFU_TRANSMITTER, LIFU_SET_TRIGGER, deadline_ns, &a);
    if (r == 0 && (a.trigger.running || !lifu_trigger_same(&a.trigger, &m->trigger)))
        r = -EPROTO;
    if (r < 0)
        return r;
    *why = "starting the trigger";
    m->started = true; /* until a stop is told: a start that is not answered may have been heard */
    m->ends_ns = clock_monotonic_ns() + m->trigger.train_count * (LIFU_TRAIN_MS * NS_PER_MS);
    r = unit_ask(link, LIFU_TRANSMITTER, LIFU_START, deadline_ns, &a);
    if (r == 0)
        r = confirm_trigger(link, deadline_ns, why);
    return unknown_if_late(r);
}

int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    const char *why = "";
    struct lifu_memory *m = &link->memory;
    int64_t millivolts = 0;
    if (unit != 0 || group != 0)
        return -EINVAL;
    int r = lifu_trigger_for(m, &link->config, &m->trigger, &why);
    if (r == 0) {
        why = "a voltage above what duty and time allow";
        r = lifu_calibration_mv(&link->config.calibration, m->level_uw_cm2, &millivolts);
    }
    if (r == 0)
        r = lifu_volts_check(m, millivolts);
    if (r == 0)
        r = check_idle(link, deadline_ns, &why);
    if (r == 0)
        r = check_pattern(link, deadline_ns, &why);
    if (r == 0)
        r = run_trigger(link, deadline_ns, &why);
    if (r == 0 && millivolts > 0)
        r = unknown_if_late(switch_on(link, millivolts, deadline_ns, &why));
    if (r < 0)
        return unit_report(link, r, why);
    (void)unit_report(link, 0, "");
    return millivolts > 0 ? -EINPROGRESS : 0;
}

/* ---- rest ---- */

/* One step toward rest, also in doubt and also when the other device is gone. */
static int rest_step(struct modality_link *link, enum lifu_side side, enum lifu_command command, int64_t deadline_ns,
                     struct lifu_answer *out)
{
    const struct lifu_request q = {.command = command};
    return lifu_port_exchange(&link->port[side], &q, deadline_ns, out);
}

/* A trigger that was never set refuses to be stopped: it is at rest if it says so. */
static int rest_trigger(struct modality_link *link, int64_t deadline_ns)
{
    struct lifu_answer a = {0};
    int r = rest_step(link, LIFU_TRANSMITTER, LIFU_STOP, unit_call_share(deadline_ns, 2), &a);
    if (r != -EACCES)
        return r;
    r = rest_step(link, LIFU_TRANSMITTER, LIFU_GET_TRIGGER, deadline_ns, &a);
    return r == 0 && a.trigger.running ? -EACCES : r;
}

static int rest_voltage(struct modality_link *link, int64_t deadline_ns)
{
    struct lifu_answer a = {0};
    int off = rest_step(link, LIFU_CONSOLE, LIFU_VOLTAGE_OFF, unit_call_share(deadline_ns, 2), &a);
    int r = rest_step(link, LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, deadline_ns, &a);
    if (off < 0 || r < 0)
        return off < 0 ? off : r;
    return a.flag ? -EACCES : 0;
}

static void toward_rest(struct modality_link *link, bool on)
{
    for (int side = 0; side < LIFU_SIDES; side++)
        if (link->port[side].open && link->wire[side].toward_rest)
            link->wire[side].toward_rest(link->wire[side].ctx, on);
}

/* Whatever becomes of one step, the next is taken; the first error counts. *dark: the voltage is proved off. */
static int rest_both(struct modality_link *link, int64_t deadline_ns, bool *dark)
{
    link->memory = (struct lifu_memory){0};
    int trigger = rest_trigger(link, unit_call_share(deadline_ns, 3));
    int voltage = rest_voltage(link, deadline_ns);
    *dark = voltage == 0;
    return trigger < 0 ? trigger : voltage;
}

int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    bool dark;
    if (unit != 0 || group != 0)
        return -EINVAL;
    toward_rest(link, true);
    int r = rest_both(link, deadline_ns, &dark);
    toward_rest(link, false);
    return unit_report(link, r, "stopping it");
}

int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    struct lifu_answer a;
    bool dark;
    int64_t began = clock_monotonic_ns(), last = deadline_ns > began ? (deadline_ns - began) / 4 : 0;
    if (unit != 0)
        return -EINVAL;
    toward_rest(link, true);
    int r = rest_both(link, deadline_ns - last, &dark);
    if (!dark)
        (void)rest_step(link, LIFU_CONSOLE, LIFU_SUPPLY_OFF, deadline_ns, &a);
    toward_rest(link, false);
    return unit_report(link, r, "making it safe");
}
