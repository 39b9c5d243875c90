/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of any content against tables of any content: a few of each. What has to hold: the request has as many names
 * and electrodes as it counts, a therapy and a waveform are those of the tables, and days are civil dates.
 */
#include "any_dose.h"

#define FEW 2
#define SITES (DOSE_SITES_MAX + 2) /* more than a set of them holds */
#define DAY_MAX 3000000            /* past the year 9999 */

static struct limit limits[FEW];
static struct protocol protocol;
static struct applicator applicator;
static struct site sites[SITES];
static struct condition conditions[FEW];
static struct question questions[FEW];

static void any_applicator(struct applicator *a)
{
    ANY_BYTES(*a);
    a->id = any_name();
    a->serial = any_name_or_null();
    a->kind = any_name_or_null();
    a->n_frequencies = any_below(5);
    a->calibration_due_day = between(0, DAY_MAX);
    a->device = any_name_or_null();
    a->origin = any_name();
}

static void any_site(struct site *s)
{
    s->id = any_name();
    s->label = any_name();
    s->has_sides = any_flag();
    s->part_of = (uint64_t)any_number();
    s->meets = (uint64_t)any_number();
    s->origin = any_name();
}

static struct dose_tables any_tables(void)
{
    for (size_t i = 0; i < FEW; i++) {
        any_limit(&limits[i]);
        any_condition(&conditions[i]);
        any_question(&questions[i]);
    }
    /*@ loop unroll SITES; */
    for (size_t i = 0; i < SITES; i++)
        any_site(&sites[i]);
    any_protocol(&protocol);
    any_applicator(&applicator);
    struct dose_tables tables = {.n_limits = any_below(FEW + 1),
                                 .n_protocols = any_below(2),
                                 .n_applicators = any_below(2),
                                 .limits = limits,
                                 .protocols = &protocol,
                                 .applicators = &applicator,
                                 .screening = {.n_sites = any_below(SITES + 1),
                                               .n_conditions = any_below(FEW + 1),
                                               .n_questions = any_below(FEW + 1),
                                               .sites = sites,
                                               .conditions = conditions,
                                               .questions = questions}};
    return tables;
}

static const char *channels[DOSE_CHANNELS_MAX], *acknowledged[FEW];
static struct prescription_parameter parameters[FEW];
static struct prescription_electrode electrodes[PRESCRIPTION_ELECTRODES_MAX];
static struct given_answer answers[FEW];
static struct given_override overrides[FEW];
static struct screening_other others[FEW];
static struct quantity_set reported;

static void any_parameter_asked(struct prescription_parameter *p)
{
    p->quantity = any_quantity();
    p->start_absent = any_flag();
    p->ceiling_absent = any_flag();
    p->start = any_number();
    p->ceiling = any_number();
}

static void any_electrode(struct prescription_electrode *e)
{
    e->label = any_name_or_null();
    e->channel = any_name_or_null();
    e->kind = any_name_or_null();
    e->skin_site = any_name_or_null();
    e->side = any_name_or_null();
    e->polarity = any_name_or_null();
    e->area_mm2 = any_number();
}

static struct prescription any_prescription(void)
{
    for (size_t i = 0; i < FEW; i++) {
        acknowledged[i] = any_name_or_null();
        any_parameter_asked(&parameters[i]);
        any_given(&answers[i], &overrides[i]);
        any_other(&others[i]);
    }
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++)
        channels[i] = any_name();
    for (size_t i = 0; i < PRESCRIPTION_ELECTRODES_MAX; i++)
        any_electrode(&electrodes[i]);
    ANY_BYTES(reported);
    struct prescription p = {.protocol = any_name_or_null(),
                             .site = any_name_or_null(),
                             .side = any_name_or_null(),
                             .indication = any_name_or_null(),
                             .applicator = any_name_or_null(),
                             .device = any_name_or_null(),
                             .no_indicator = any_flag(),
                             .reported = any_flag() ? &reported : NULL,
                             .treated_area_mm2 = any_number(),
                             .duration_ms = any_number(),
                             .n_channels = any_below(DOSE_CHANNELS_MAX + 1),
                             .n_parameters = any_below(FEW + 1),
                             .n_electrodes = any_below(PRESCRIPTION_ELECTRODES_MAX + 1),
                             .n_answers = any_below(FEW + 1),
                             .n_overrides = any_below(FEW + 1),
                             .n_acknowledged = any_below(FEW + 1),
                             .n_others = any_below(FEW + 1),
                             .channels = channels,
                             .parameters = parameters,
                             .electrodes = electrodes,
                             .answers = answers,
                             .overrides = overrides,
                             .acknowledged = acknowledged,
                             .others = others};
    return p;
}

int main(void)
{
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    static struct refusals refusals;
    struct prescribed prescribed;
    struct dose_history history;
    const struct dose_tables tables = any_tables();
    const struct prescription p = any_prescription();
    const int64_t today = between(0, DAY_MAX);
    any_history(&history);
    any_refusals(&refusals);
    int made = prescription_make(&tables, &p, today, &prescribed, &refusals);
    prescription_check(&p, &prescribed, today, &refusals);
    if (made == 0)
        prescription_judge(&p, &prescribed, any_flag() ? &history : NULL, &picture, &verdict, &refusals);
    prescription_level((enum modality_waveform)any_below(WAVEFORM_COUNT));
    return 0;
}
