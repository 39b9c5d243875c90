/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to an intended treatment on a device: what it asks for is resolved by dose/prescription, here the
 * device's channels and what the request says of its protocol. Works while the device is absent, as far as it can.
 */
#include "session/internal.h"

#include "dose/wide.h"

bool quantity_unsafer(enum modality_quantity q, int64_t a, int64_t b)
{
    switch (modality_quantity_info(q)->safer) {
    case SAFER_NONE:
    case SAFER_DOWN:
        return a > b;
    case SAFER_UP:
        return a < b;
    }
    return a > b;
}

static bool differs(const char *given, const char *known)
{
    return given && known && strcmp(given, known) != 0;
}

/* What a client took the protocol for, where it says so. */
static void check_protocol(const struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct protocol *p = plan->dose.protocol;
    if (!p)
        return;
    if (differs(rq->protocol_revision, p->revision))
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, p->id, "protocol %s has revision %s, the request names %s", p->id,
                    p->revision, rq->protocol_revision);
    if (differs(rq->protocol_hash, p->hash))
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, p->id, "protocol %s has changed: its hash is not the requested one",
                    p->id);
    if (differs(rq->output.waveform, modality_waveform_id(p->waveform)))
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "protocol %s uses waveform %s, the request names %s (%s)", p->id,
                    modality_waveform_id(p->waveform), rq->output.waveform, p->origin);
}

static int find_group(const struct modality_device *d, const char *id)
{
    for (size_t i = 0; id && i < d->n_groups; i++) {
        if (strcmp(d->groups[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

static int find_channel(const struct modality_device *d, const char *id)
{
    for (size_t i = 0; id && i < d->n_channels; i++) {
        if (strcmp(d->channels[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

/* A group is armed as a whole: what is not named would be driven all the same. */
static void check_whole_group(const struct plan *plan, const struct session_output *o, struct refusals *r)
{
    const struct modality_device *d = &plan->unit->info.device;
    uint32_t named = 0;
    char missing[128] = "";
    for (size_t i = 0; i < plan->dose.treatment.n_channels; i++)
        named |= UINT32_C(1) << plan->channels[i];
    const uint32_t left = d->groups[plan->group].channels & ~named;
    for (size_t i = 0, at = 0; i < d->n_channels && at < sizeof missing; i++) {
        if ((left >> i) & 1u)
            at += (size_t)snprintf(missing + at, sizeof missing - at, "%s%s", at ? ", " : "", d->channels[i].id);
    }
    if (left)
        refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id,
                    "group %s of device %s drives channel %s too, which the request does not name: name every channel "
                    "of the group",
                    o->group, plan->unit->id, missing);
}

static void resolve_channels(struct plan *plan, const struct session_output *o, struct refusals *r)
{
    const struct modality_device *d = &plan->unit->info.device;
    const size_t before = r->n;
    const int group = find_group(d, o->group);
    if (group < 0) {
        refusal_add(r, TOKEN_NOT_FOUND, plan->unit->id, "device %s has no output group %s", plan->unit->id,
                    o->group ? o->group : "");
        return;
    }
    plan->group = (uint32_t)group;
    for (size_t i = 0; i < plan->dose.treatment.n_channels; i++) {
        const int c = find_channel(d, o->channels[i]);
        if (c < 0 || !((d->groups[group].channels >> c) & 1u)) {
            refusal_add(r, TOKEN_NOT_FOUND, plan->unit->id, "group %s of device %s has no channel %s", o->group,
                        plan->unit->id, o->channels[i] ? o->channels[i] : "");
            continue;
        }
        for (size_t k = 0; k < i; k++) {
            if (plan->device[k] && plan->channels[k] == (uint32_t)c)
                refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id, "channel %s is named twice", o->channels[i]);
        }
        plan->channels[i] = (uint32_t)c;
        plan->device[i] = &d->channels[c];
    }
    if (r->n == before)
        check_whole_group(plan, o, r);
    plan->resolved = r->n == before;
}

static void resolve_device(struct plan *plan, const struct session_output *o, struct refusals *r)
{
    if (!plan->unit)
        refusal_add(r, TOKEN_NOT_FOUND, o->device, "there is no device %s", o->device ? o->device : "");
    else if (plan->unit->described)
        resolve_channels(plan, o, r);
}

/* The smallest level other than rest over the largest, as the device describes it or, if that is more, as reported. */
static void put_minimum_setting(struct plan *plan, size_t channel)
{
    const struct modality_channel *c = plan->device[channel];
    struct dose_channel *t = &plan->dose.treatment.channels[channel];
    const enum modality_quantity q = QUANTITY_minimum_setting_permille;
    for (size_t i = 0; c && i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        const struct modality_range *range = &c->ranges[i];
        int64_t permille;
        if (range->quantity != c->level || !range->settable || range->max <= 0)
            continue;
        const int64_t smallest = range->min > c->rest_value ? range->min : c->rest_value + range->resolution;
        if (wide_mul_div_up(smallest, 1000, range->max, &permille) < 0 || permille <= quantity_or_zero(&t->start, q))
            continue;
        quantity_put(&t->start, q, permille);
        quantity_put(&t->ceiling, q, permille);
    }
}

int plan_make(struct sessions *s, const struct session *own, const struct dose_tables *tables,
              const struct session_request *request, int64_t today, struct plan *plan, struct refusals *r)
{
    *plan = (struct plan){.unit = request->output.device ? unit_find(s, request->output.device) : NULL};
    plan->n_others = others_electrodes(s, own, tables, request->patient_ref, plan->others);
    struct prescription asked = request_prescription(request, plan->unit);
    asked.n_others = plan->n_others;
    asked.others = plan->others;
    const int made = prescription_make(tables, &asked, today, &plan->dose, r);
    check_protocol(plan, request, r);
    resolve_device(plan, &request->output, r);
    if (!request->patient_ref || !request->patient_ref[0])
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "a patient reference is needed");
    const struct dose_treatment *t = &plan->dose.treatment;
    if (plan->dose.protocol)
        plan->level = plan->device[0] ? plan->device[0]->level : prescription_level(plan->dose.protocol->waveform);
    for (size_t i = 0; i < t->n_channels && t->modality == MODALITY_ESTIM; i++)
        put_minimum_setting(plan, i);
    return made;
}
