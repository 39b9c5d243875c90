/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request kept beyond its call: every string is copied into one block that the copy owns. start recomputes everything
 * from it, a reload resolves it against the new tables, the record holds its document.
 */
#include "session/internal.h"

/* Called for every string member; the first pass adds sizes, the second moves the pointer into the block. */
struct keeper {
    size_t size;
    char *block, *at;
};

static void keep(struct keeper *k, const char **text)
{
    if (!*text)
        return;
    const size_t size = strlen(*text) + 1;
    if (!k->block) {
        k->size += size;
        return;
    }
    memcpy(k->at, *text, size);
    *text = k->at;
    k->at += size;
}

static void keep_output(struct keeper *k, struct session_output *o)
{
    const char **texts[] = {&o->device,   &o->group,    &o->arrangement,   &o->drive_mode,
                            &o->waveform, &o->polarity, &o->applicator_ref};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        keep(k, texts[i]);
    for (size_t i = 0; i < o->n_channels; i++)
        keep(k, &o->channels[i]);
    for (size_t i = 0; i < o->n_electrodes; i++) {
        struct prescription_electrode *e = &o->electrodes[i];
        const char **members[] = {&e->label, &e->channel, &e->kind, &e->skin_site, &e->side, &e->polarity};
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++)
            keep(k, members[m]);
    }
}

static void keep_all(struct keeper *k, struct session_request *r)
{
    const char **texts[] = {
        &r->request_id, &r->patient_ref, &r->patient_check, &r->course_id, &r->indication,        &r->site,
        &r->side,       &r->protocol,    &r->attended,      &r->end_by,    &r->protocol_revision, &r->protocol_hash};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        keep(k, texts[i]);
    for (size_t i = 0; i < r->n_answers; i++) {
        keep(k, &r->answers[i].question);
        keep(k, &r->answers[i].answer);
    }
    for (size_t i = 0; i < r->n_overrides; i++) {
        keep(k, &r->overrides[i].condition);
        keep(k, &r->overrides[i].by);
        keep(k, &r->overrides[i].reason);
    }
    for (size_t i = 0; i < r->n_acknowledged; i++)
        keep(k, &r->acknowledged[i]);
    keep_output(k, &r->output);
}

struct prescription request_prescription(const struct session_request *rq, const struct unit *unit)
{
    const struct session_output *o = &rq->output;
    return (struct prescription){.protocol = rq->protocol,
                                 .site = rq->site,
                                 .side = rq->side,
                                 .indication = rq->indication,
                                 .applicator = o->applicator_ref,
                                 .device = unit ? unit->id : NULL,
                                 .no_indicator = unit && unit->settings->no_indicator,
                                 .reported = unit ? &unit->settings->reported : NULL,
                                 .treated_area_mm2 = rq->treated_area_mm2,
                                 .duration_ms = o->phase_duration_ms,
                                 .n_channels = o->n_channels,
                                 .n_parameters = o->n_parameters,
                                 .n_electrodes = o->n_electrodes,
                                 .n_answers = rq->n_answers,
                                 .n_overrides = rq->n_overrides,
                                 .n_acknowledged = rq->n_acknowledged,
                                 .channels = o->channels,
                                 .parameters = o->parameters,
                                 .electrodes = o->electrodes,
                                 .answers = rq->answers,
                                 .overrides = rq->overrides,
                                 .acknowledged = rq->acknowledged};
}

int request_keep(const struct session_request *request, struct kept_request **out)
{
    struct kept_request *kept = calloc(1, sizeof *kept);
    if (!kept)
        return -ENOMEM;
    struct keeper k = {0};
    kept->r = *request;
    keep_all(&k, &kept->r);
    kept->texts = k.block = k.at = malloc(k.size + 1);
    if (!kept->texts) {
        free(kept);
        return -ENOMEM;
    }
    keep_all(&k, &kept->r);
    kept->r.document = request->document ? json_deep_copy(request->document) : NULL;
    *out = kept;
    return 0;
}

void request_free(struct kept_request *kept)
{
    if (!kept)
        return;
    json_decref(kept->r.document);
    free(kept->texts);
    free(kept);
}
