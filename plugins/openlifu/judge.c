/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <stdio.h>

#include "modality/clock.h"

/* How far a measured voltage may be from the set one: a volt, or a twentieth where that is more. */
#define TOLERANCE_MV 1000
#define TOLERANCE_SHARE 20

static void fault(struct modality_status *s, enum lifu_fault code, const char *text)
{
    if (s->fault) /* the first one stands */
        return;
    s->fault = true;
    s->fault_code = code;
    snprintf(s->fault_text, sizeof s->fault_text, "%s", text);
}

static bool near_zero(const struct lifu_report *r)
{
    return r->measured_mv < LIFU_ZERO_MV && r->measured_mv > -LIFU_ZERO_MV;
}

static void judge_voltage(const struct lifu_memory *m, const struct lifu_report *r, struct modality_status *s)
{
    int64_t share = m->volts_mv / TOLERANCE_SHARE, tolerance = share > TOLERANCE_MV ? share : TOLERANCE_MV;
    bool settled = r->now_ns - m->switched_ns >= LIFU_SWITCH_MS * NS_PER_MS;
    if (m->refused)
        fault(s, LIFU_FAULT_REFUSED, "the console refused to switch the voltage on");
    if (!r->console_told || m->volts_mv == 0 || !r->voltage_on)
        return;
    if (r->measured_mv > m->volts_mv + tolerance)
        fault(s, LIFU_FAULT_OVER, "the voltage is above what was set");
    else if (settled && r->measured_mv < m->volts_mv - tolerance)
        fault(s, LIFU_FAULT_UNDER, "the voltage is below what was set");
}

/* A sequence that stops before its time was stopped by the transmitter, which does so when it is hot. */
static void judge_trigger(const struct lifu_memory *m, const struct lifu_report *r, struct modality_status *s)
{
    if (!m->started)
        return;
    if (!lifu_trigger_same(&m->trigger, &r->trigger)) {
        s->restarted = true;
        return;
    }
    if (r->tx_millic >= LIFU_HOT_MILLIC)
        fault(s, LIFU_FAULT_HOT, "the transmitter is too hot");
    if (r->trigger.running || r->now_ns >= m->ends_ns)
        return;
    if (r->tx_millic >= LIFU_COOL_MILLIC)
        fault(s, LIFU_FAULT_HOT, "the transmitter was too hot and has stopped");
    else
        fault(s, LIFU_FAULT_STOPPED, "the transmitter has stopped by itself");
}

static void conclude(struct modality_channel_status *c, enum modality_output output, enum modality_evidence evidence)
{
    c->output = output;
    c->evidence = evidence;
}

/*
 * Sound needs both: the trigger and the voltage. Rest is the voltage off; a trigger that runs without it is rest only
 * where it was meant to run.
 */
static void judge_output(const struct lifu_memory *m, const struct lifu_report *r, struct modality_channel_status *c)
{
    bool running = r->trigger.running;
    enum modality_evidence off = near_zero(r) ? EVIDENCE_MEASURED : EVIDENCE_REPORTED;
    conclude(c, OUTPUT_UNKNOWN, EVIDENCE_NONE);
    if (!r->console_told) {
        if (running)
            conclude(c, OUTPUT_ON, EVIDENCE_PRESUMED);
    } else if (r->voltage_on) {
        if (running)
            conclude(c, OUTPUT_ON, EVIDENCE_REPORTED);
    } else if (!running) {
        conclude(c, OUTPUT_REST, off);
    } else if (m->started && off == EVIDENCE_MEASURED) {
        conclude(c, OUTPUT_REST, off);
    }
}

void lifu_judge(const struct lifu_memory *memory, const struct lifu_config *config, const struct lifu_report *report,
                struct modality_status *out)
{
    struct modality_status s = {.n_channels = 1};
    struct modality_channel_status *c = &s.channels[0];
    if (memory->wrong_pattern)
        fault(&s, LIFU_FAULT_PATTERN, "the transmitter does not hold the section's pattern");
    judge_voltage(memory, report, &s);
    judge_trigger(memory, report, &s);
    judge_output(memory, report, c);
    c->contact = CONTACT_NOT_MONITORED;
    if (config->surface_sensor != LIFU_SENSOR_NONE)
        c->readings[c->n_readings++] = (struct modality_reading){.quantity = QUANTITY_applicator_temperature_millic,
                                                                 .value = report->surface_millic};
    *out = s;
}
