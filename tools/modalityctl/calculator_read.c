/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the parameters of session.check to a prescription.
 */
#include "calculator_read.h"

#include "dose/date.h"
#include "modality/clock.h"

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)); /* NULL where it is absent */
}

static int64_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* How many of a list there is room for. */
static size_t room(const json_t *list, size_t max, const char *what, struct refusals *r)
{
    const size_t n = json_array_size(list);
    if (n > max)
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL, "%zu %s are more than the %zu that there is room for", n, what, max);
    return n > max ? max : n;
}

static void read_electrodes(const json_t *list, struct calculation *out, struct refusals *r)
{
    out->p.n_electrodes = room(list, PRESCRIPTION_ELECTRODES_MAX, "electrodes", r);
    for (size_t i = 0; i < out->p.n_electrodes; i++) {
        const json_t *e = json_array_get(list, i);
        out->electrodes[i] = (struct prescription_electrode){.label = text(e, "label"),
                                                             .channel = text(e, "channel"),
                                                             .kind = text(e, "kind"),
                                                             .skin_site = text(e, "skin_site"),
                                                             .side = text(e, "side"),
                                                             .polarity = text(e, "polarity"),
                                                             .area_mm2 = integer(e, "area_mm2")};
    }
}

static void read_parameters(const json_t *map, struct calculation *out, struct refusals *r)
{
    const char *id;
    json_t *range;
    json_object_foreach((json_t *)(uintptr_t)map, id, range)
    {
        enum modality_quantity q;
        if (modality_quantity_find(id, &q) < 0)
            continue; /* request_build takes no other */
        if (out->p.n_parameters == PROTOCOL_PARAMETERS_MAX) {
            refusal_add(r, TOKEN_OUT_OF_RANGE, NULL, "there are more than %d parameters", PROTOCOL_PARAMETERS_MAX);
            return;
        }
        out->parameters[out->p.n_parameters++] =
            (struct prescription_parameter){.quantity = q,
                                            .start_absent = json_object_get(range, "start") == NULL,
                                            .ceiling_absent = json_object_get(range, "ceiling") == NULL,
                                            .start = integer(range, "start"),
                                            .ceiling = integer(range, "ceiling")};
    }
}

static void read_output(const json_t *o, struct calculation *out, struct refusals *r)
{
    const json_t *phase = json_array_get(json_object_get(o, "phases"), 0), *channels = json_object_get(o, "channels");
    out->p.device = text(o, "device");
    out->p.applicator = text(o, "applicator_ref");
    out->p.duration_ms = integer(phase, "duration_ms");
    out->p.n_channels = room(channels, DOSE_CHANNELS_MAX, "channels", r);
    for (size_t i = 0; i < out->p.n_channels; i++)
        out->channels[i] = json_string_value(json_array_get(channels, i));
    read_parameters(json_object_get(phase, "parameters"), out, r);
    read_electrodes(json_object_get(o, "electrodes"), out, r);
}

static void read_answers(const json_t *list, struct calculation *out, struct refusals *r)
{
    out->p.n_answers = room(list, SCREENING_QUESTIONS_MAX, "answers", r);
    for (size_t i = 0; i < out->p.n_answers; i++) {
        const json_t *item = json_array_get(list, i);
        const char *on = text(item, "on");
        struct given_answer *to = &out->answers[i];
        *to = (struct given_answer){.question = text(item, "question"), .answer = text(item, "answer")};
        const json_t *at = json_object_get(item, "answered_at");
        to->has_age = at != NULL;
        to->age_ms = at ? clock_wall_ms() - json_integer_value(at) : 0;
        to->has_on = on && date_parse(on, &to->on_day) == 0;
    }
}

static void read_decisions(const json_t *request, struct calculation *out, struct refusals *r)
{
    const json_t *overrides = json_object_get(request, "overrides");
    const json_t *acknowledged = json_object_get(request, "acknowledged");
    out->p.n_overrides = room(overrides, SCREENING_CONDITIONS_MAX, "overrides", r);
    for (size_t i = 0; i < out->p.n_overrides; i++) {
        const json_t *item = json_array_get(overrides, i);
        out->overrides[i] = (struct given_override){
            .condition = text(item, "condition"), .by = text(item, "by"), .reason = text(item, "reason")};
    }
    out->p.n_acknowledged = room(acknowledged, REFUSALS_MAX, "acknowledged limits", r);
    for (size_t i = 0; i < out->p.n_acknowledged; i++)
        out->acknowledged[i] = json_string_value(json_array_get(acknowledged, i));
}

void calculation_read(const json_t *request, struct calculation *out, struct refusals *r)
{
    const json_t *target = json_object_get(request, "target");
    out->p = (struct prescription){.protocol = text(json_object_get(request, "protocol"), "id"),
                                   .site = text(target, "site"),
                                   .side = text(target, "side"),
                                   .indication = text(request, "indication"),
                                   .treated_area_mm2 = integer(request, "treated_area_mm2"),
                                   .channels = out->channels,
                                   .parameters = out->parameters,
                                   .electrodes = out->electrodes,
                                   .answers = out->answers,
                                   .overrides = out->overrides,
                                   .acknowledged = out->acknowledged};
    read_output(json_array_get(json_object_get(request, "outputs"), 0), out, r);
    read_answers(json_object_get(request, "screening"), out, r);
    read_decisions(request, out, r);
}
