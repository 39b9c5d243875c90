/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any content for what daemon/dose is given. Numbers, masks and codes are any of their type; what has to hold stands
 * here: flags are 0 or 1, a quantity is one of the table, a count fits its array, a text ends.
 */
#ifndef EVA_ANY_DOSE_H
#define EVA_ANY_DOSE_H

#include "any.h"

#include "dose/prescription.h"

#define ANY_BYTES(object) Frama_C_make_unknown((char *)&(object), sizeof(object))

/* A text of at most seven bytes; two of them may be the same one, or equal, or not. */
static inline const char *any_name(void)
{
    static char one[8], other[8];
    any_text(one, sizeof one);
    any_text(other, sizeof other);
    return any_flag() ? one : other;
}

static inline const char *any_name_or_null(void)
{
    return any_flag() ? any_name() : NULL;
}

static inline enum modality_quantity any_quantity(void)
{
    return (enum modality_quantity)any_below(QUANTITY_COUNT);
}

static inline void any_history(struct dose_history *h)
{
    ANY_BYTES(*h);
    h->has_last_end = any_flag();
    h->rms_by = any_name_or_null();
}

static inline void any_other(struct screening_other *o)
{
    o->session = any_name();
    o->therapy = (enum modality_therapy)any_below(THERAPY_COUNT);
    o->sites = (uint64_t)any_number();
}

static inline void any_treatment(struct dose_treatment *t)
{
    ANY_BYTES(*t);
    t->thermal = any_flag();
    t->no_indicator = any_flag();
}

static inline void any_range(struct limit_range *range)
{
    range->quantity = any_quantity();
    range->has_above = any_flag();
    range->has_upto = any_flag();
}

static inline void any_limit(struct limit *l)
{
    ANY_BYTES(*l);
    l->id = any_name();
    l->quantity = any_quantity();
    l->has_max = any_flag();
    l->has_min = any_flag();
    l->accepted = any_flag();
    l->when.unless_thermal = any_flag();
    l->when.no_indicator = any_flag();
    l->when.n_ranges = any_below(LIMIT_WHEN_RANGES + 1);
    for (size_t i = 0; i < LIMIT_WHEN_RANGES; i++)
        any_range(&l->when.ranges[i]);
    l->source = any_name_or_null();
    l->origin = any_name_or_null();
}

static inline void any_refusal(struct refusal *item)
{
    ANY_BYTES(*item);
    item->subject = any_name_or_null();
    item->has_quantity = any_flag();
    item->has_value = any_flag();
    item->has_bound = any_flag();
    item->is_min = any_flag();
    item->origin = any_name_or_null();
    item->message[REFUSAL_MESSAGE_MAX - 1] = '\0';
}

static inline void any_refusals(struct refusals *r)
{
    r->n = any_below(REFUSALS_MAX + 1);
    r->dropped = (size_t)any_number();
    for (size_t i = 0; i < REFUSALS_MAX; i++)
        any_refusal(&r->items[i]);
    any_refusal(&r->spill);
}

static inline void any_parameter(struct protocol_parameter *p)
{
    p->quantity = any_quantity();
    p->min = any_number();
    p->initial = any_number();
    p->max = any_number();
    p->origin = any_name_or_null();
}

static inline void any_protocol(struct protocol *p)
{
    ANY_BYTES(*p);
    p->id = any_name();
    p->label = any_name();
    p->revision = any_name();
    p->therapy = (enum modality_therapy)any_below(THERAPY_COUNT);
    p->waveform = (enum modality_waveform)any_below(WAVEFORM_COUNT);
    p->thermal = any_flag();
    p->surged = any_flag();
    p->indication = any_name_or_null();
    p->n_parameters = any_below(PROTOCOL_PARAMETERS_MAX + 1);
    for (size_t i = 0; i < PROTOCOL_PARAMETERS_MAX; i++)
        any_parameter(&p->parameters[i]);
    p->source = any_name_or_null();
    p->origin = any_name();
    p->rest_origin = any_name_or_null();
    p->sessions_origin = any_name_or_null();
}

static inline void any_condition(struct condition *c)
{
    ANY_BYTES(*c);
    c->id = any_name();
    c->label = any_name_or_null();
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        c->code_origin[i] = any_name_or_null();
    c->source = any_name_or_null();
    c->origin = any_name_or_null();
}

static inline void any_answer(struct answer *a)
{
    a->id = any_name();
    a->condition = Frama_C_interval(INT_MIN, INT_MAX);
    a->here = any_flag();
}

static inline void any_question(struct question *q)
{
    ANY_BYTES(*q);
    q->id = any_name();
    q->text = any_name();
    q->n_answers = any_below(SCREENING_ANSWERS_MAX + 1);
    for (size_t i = 0; i < SCREENING_ANSWERS_MAX; i++)
        any_answer(&q->answers[i]);
    q->always = any_flag();
    q->indication = any_name_or_null();
    q->unless_indication = any_name_or_null();
    q->origin = any_name_or_null();
}

static inline void any_span(struct screening_span *s)
{
    ANY_BYTES(*s);
    s->crosses = any_flag();
}

static inline void any_given(struct given_answer *a, struct given_override *o)
{
    a->question = any_name();
    a->answer = any_flag() ? any_name() : "unknown";
    a->has_age = any_flag();
    a->age_ms = any_number();
    a->has_on = any_flag();
    a->on_day = any_number();
    o->condition = any_name();
    o->by = any_name_or_null();
    o->reason = any_name_or_null();
}

#endif
