/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <stdio.h>

static void fault(struct modality_status *s, unsigned code, const char *where)
{
    if (s->fault) /* the first one stands */
        return;
    s->fault = true;
    s->fault_code = code;
    snprintf(s->fault_text, sizeof s->fault_text, "%s%s%s", where, where[0] ? ": " : "", sm4_result_text(code));
}

static bool has_data(const struct sm4_answer *a)
{
    return a->result == SM4_OK && a->has_data;
}

/* A lost electrode is no fault but a contact, although the device stops for it too. */
static unsigned result_of_state(enum sm4_channel_state state)
{
    switch (state) {
    case SM4_CHANNEL_OK:
    case SM4_CHANNEL_ELECTRODE:
        break;
    case SM4_CHANNEL_TIMEOUT:
        return SM4_PULSE_TIMEOUT;
    case SM4_CHANNEL_LOW_CURRENT:
        return SM4_PULSE_LOW_CURRENT;
    }
    return SM4_OK;
}

static void judge_faults(const struct sm4_memory *m, const struct sm4_report *r, struct modality_status *s)
{
    if (r->general_error != 0)
        fault(s, r->general_error, "");
    if (r->status.result != SM4_OK)
        fault(s, r->status.result, "state");
    if (r->asked && r->current.result != SM4_OK)
        fault(s, r->current.result, "channels");
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        char id[8];
        snprintf(id, sizeof id, "ch%u", c + 1);
        if (result_of_state(m->seen[c]) != SM4_OK)
            fault(s, result_of_state(m->seen[c]), id);
    }
    if (m->started != 0 && has_data(&r->status) && r->status.mode == SM4_MODE_MID_LEVEL_RUNNING &&
        r->status.voltage != SM4_VOLTAGE_FULL)
        fault(s, SM4_HIGH_VOLTAGE, "running without it");
}

/* It ends its output for an electrode as well. */
static bool has_lost_contact(const struct sm4_memory *m)
{
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (m->seen[c] == SM4_CHANNEL_ELECTRODE)
            return true;
    return false;
}

/* What was started and is gone without being told: by a restart, the watchdog, or a fault that has its own name. */
static void judge_lost(const struct sm4_memory *m, const struct sm4_report *r, struct modality_status *s)
{
    if (m->started == 0 || !has_data(&r->status))
        return;
    enum sm4_mode mode = r->status.mode;
    s->restarted = mode == SM4_MODE_NONE || mode == SM4_MODE_LOW_LEVEL;
    s->watchdog_tripped = mode == SM4_MODE_MID_LEVEL && !s->fault && !has_lost_contact(m);
}

static void conclude(struct modality_channel_status *c, enum modality_output output, enum modality_evidence evidence)
{
    c->output = output;
    c->evidence = evidence;
}

/* Nothing is meant to be on: rest is the level gone and the high voltage off, reported. */
static void judge_idle(const struct sm4_report *r, struct modality_channel_status *c)
{
    if (!has_data(&r->status))
        conclude(c, OUTPUT_UNKNOWN, EVIDENCE_NONE);
    else if (r->status.mode == SM4_MODE_MID_LEVEL_RUNNING)
        conclude(c, OUTPUT_ON, EVIDENCE_REPORTED); /* which channel it is would have to be asked, and that feeds */
    else if (r->status.mode == SM4_MODE_NONE && r->status.voltage == SM4_VOLTAGE_OFF)
        conclude(c, OUTPUT_REST, EVIDENCE_REPORTED);
    else
        conclude(c, OUTPUT_UNKNOWN, EVIDENCE_NONE);
}

/* Some channels are started: each is what its own bit says. */
static void judge_active(const struct sm4_report *r, bool started, bool active, struct modality_channel_status *c)
{
    if (!has_data(&r->status))
        conclude(c, OUTPUT_UNKNOWN, EVIDENCE_NONE);
    else if (r->status.mode != SM4_MODE_MID_LEVEL_RUNNING)
        conclude(c, OUTPUT_REST, EVIDENCE_REPORTED);
    else if (r->asked && has_data(&r->current))
        conclude(c, active ? OUTPUT_ON : OUTPUT_REST, EVIDENCE_REPORTED);
    else if (started)
        conclude(c, OUTPUT_ON, EVIDENCE_REPORTED);
    else
        conclude(c, OUTPUT_UNKNOWN, EVIDENCE_NONE);
}

static enum modality_contact contact_of(const struct sm4_memory *m, unsigned c, const struct sm4_report *r,
                                        const struct modality_channel_status *s)
{
    if (m->seen[c] == SM4_CHANNEL_ELECTRODE)
        return CONTACT_LOST;
    bool told = r->asked && has_data(&r->current) && s->output == OUTPUT_ON;
    return told && m->channels[c].shape.amplitude_ua >= SM4_CONTACT_FROM_UA ? CONTACT_GOOD : CONTACT_UNKNOWN;
}

void sm4_judge(const struct sm4_memory *memory, const struct sm4_report *report, struct modality_status *out)
{
    struct modality_status s = {.n_channels = SM4_CHANNELS};
    judge_faults(memory, report, &s);
    judge_lost(memory, report, &s);
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        bool started = memory->started & (1u << c), active = report->current.active & (1u << c);
        if (memory->started == 0)
            judge_idle(report, &s.channels[c]);
        else
            judge_active(report, started, active, &s.channels[c]);
        s.channels[c].contact = contact_of(memory, c, report, &s.channels[c]);
    }
    *out = s;
}
