/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes were checked against the table; here only what the table cannot say is refused. What would be recorded but not
 * done (a second phase, another waveform) is an error: a treatment is never silently another one than was asked for.
 */
#include "api/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/params.h"
#include "dose/date.h"

static int fault_say(struct request_fault *fault, enum modality_token token, const char *field, const char *message)
{
    fault->token = token;
    snprintf(fault->field, sizeof(fault->field), "%s", field);
    snprintf(fault->message, sizeof(fault->message), "%s: %s", field, message);
    return -EINVAL;
}

static void electrodes_read(const json_t *list, struct session_output *out)
{
    size_t i;
    const json_t *e;
    json_array_foreach((json_t *)list, i, e)
    {
        struct prescription_electrode *to = &out->electrodes[out->n_electrodes++];
        to->label = param_text(e, "label");
        to->channel = param_text(e, "channel");
        to->kind = param_text(e, "kind");
        to->skin_site = param_text(e, "skin_site");
        to->side = param_text(e, "side");
        to->polarity = param_text(e, "polarity");
        to->area_mm2 = param_integer(e, "area_mm2", 0);
    }
}

static void parameters_read(const json_t *map, struct session_output *out)
{
    const char *id;
    json_t *range;
    json_object_foreach((json_t *)map, id, range)
    {
        struct prescription_parameter *p = &out->parameters[out->n_parameters++];
        (void)modality_quantity_find(id, &p->quantity); /* params_check has found it */
        p->start_absent = json_object_get(range, "start") == NULL;
        p->ceiling_absent = json_object_get(range, "ceiling") == NULL;
        p->start = param_integer(range, "start", 0);
        p->ceiling = param_integer(range, "ceiling", p->start);
    }
}

/* What is given beside the protocol must be what the protocol does. */
static int output_agrees(const json_t *o, const struct protocol *p, struct request_fault *fault)
{
    const char *modality = param_text(o, "modality"), *waveform = param_text(o, "waveform");
    const char *drive = param_text(o, "drive_mode");
    if (p == NULL)
        return 0;
    if (modality != NULL && strcmp(modality, modality_id(p->modality)) != 0)
        return fault_say(fault, TOKEN_IDENTITY_MISMATCH, "outputs[0].modality", "is not the protocol's");
    if (waveform != NULL && strcmp(waveform, modality_waveform_id(p->waveform)) != 0)
        return fault_say(fault, TOKEN_IDENTITY_MISMATCH, "outputs[0].waveform", "is not the protocol's");
    if (drive != NULL && strcmp(drive, p->waveform == WAVEFORM_hvpc ? "cv" : "cc") != 0)
        return fault_say(fault, TOKEN_OUT_OF_RANGE, "outputs[0].drive_mode",
                         "the protocol's waveform is not driven so");
    return 0;
}

static int output_read(const json_t *o, const struct protocol *p, struct session_output *out,
                       struct request_fault *fault)
{
    const json_t *phases = json_object_get(o, "phases"), *phase = json_array_get(phases, 0);
    if (json_array_size(phases) > SESSION_PHASES_MAX)
        return fault_say(fault, TOKEN_OUT_OF_RANGE, "outputs[0].phases", "a treatment has exactly one phase");
    int r = output_agrees(o, p, fault);
    if (r < 0)
        return r;
    out->device = param_text(o, "device");
    out->group = param_text(o, "group");
    out->arrangement = param_text(o, "arrangement");
    out->drive_mode = param_text(o, "drive_mode");
    out->waveform = param_text(o, "waveform");
    out->polarity = param_text(o, "polarity");
    out->applicator_ref = param_text(o, "applicator_ref");
    out->phase_duration_ms = param_integer(phase, "duration_ms", 0);
    size_t i;
    const json_t *channel;
    json_array_foreach(json_object_get(o, "channels"), i, channel)
    {
        out->channels[out->n_channels++] = json_string_value(channel);
    }
    parameters_read(json_object_get(phase, "parameters"), out);
    electrodes_read(json_object_get(o, "electrodes"), out);
    return 0;
}

static void screening_read(const json_t *params, int64_t wall_ms, struct session_request *out)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(params, "screening"), i, item)
    {
        struct given_answer *to = &out->answers[out->n_answers++];
        to->question = param_text(item, "question");
        to->answer = param_text(item, "answer");
        const char *on = param_text(item, "on");
        to->has_age = json_object_get(item, "answered_at") != NULL;
        to->age_ms = wall_ms - param_integer(item, "answered_at", wall_ms);
        to->has_on = on != NULL && date_parse(on, &to->on_day) == 0; /* params_check has read it */
    }
    json_array_foreach(json_object_get(params, "overrides"), i, item)
    {
        struct given_override *to = &out->overrides[out->n_overrides++];
        to->condition = param_text(item, "condition");
        to->by = param_text(item, "by");
        to->reason = param_text(item, "reason");
    }
    json_array_foreach(json_object_get(params, "acknowledged"), i, item)
    {
        out->acknowledged[out->n_acknowledged++] = json_string_value(item);
    }
}

int request_read(const json_t *params, const struct dose_tables *tables, int64_t wall_ms, struct session_request *out,
                 struct request_fault *fault)
{
    const json_t *target = json_object_get(params, "target"), *protocol = json_object_get(params, "protocol");
    const json_t *outputs = json_object_get(params, "outputs");
    memset(out, 0, sizeof(*out));
    if (json_array_size(outputs) > SESSION_OUTPUTS_MAX)
        return fault_say(fault, TOKEN_OUT_OF_RANGE, "outputs", "a session has exactly one output");
    out->request_id = param_text(params, "request_id");
    out->patient_ref = param_text(params, "patient_ref");
    out->patient_check = param_text(params, "patient_check");
    out->course_id = param_text(params, "course_id");
    out->indication = param_text(params, "indication");
    out->site = param_text(target, "site");
    out->side = param_text(target, "side");
    out->protocol = param_text(protocol, "id");
    out->protocol_revision = param_text(protocol, "revision");
    out->protocol_hash = param_text(protocol, "hash");
    out->has_call_device_given = json_object_get(params, "call_device_given") != NULL;
    out->call_device_given = param_flag(params, "call_device_given");
    out->attended = param_text(params, "attended");
    out->end_by = param_text(params, "end_by");
    out->treated_area_mm2 = param_integer(params, "treated_area_mm2", 0);
    out->document = (json_t *)params;
    screening_read(params, wall_ms, out);
    return output_read(json_array_get(outputs, 0), protocol_find(tables, out->protocol), &out->output, fault);
}
