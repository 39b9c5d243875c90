/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits that ship, against the table of the dosage reference as it stands here (shipped_limit_rows.h, written from
 * the reference and not from the INI): every id of it is loaded with exactly its bound, class and conditions, and no
 * other limit ships. Every bound refuses what lies beyond it and nothing that lies on it.
 */
#include "shipped.h"

#include <string.h>

#include "shipped_limit_rows.h"

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t sites_of(const struct config *c, const char *names)
{
    uint64_t mask = 0;
    char text[128];
    if (names == NULL)
        return 0;
    assert_true(strlen(names) < sizeof(text));
    strcpy(text, names);
    for (char *name = strtok(text, " "); name != NULL; name = strtok(NULL, " ")) {
        int site = site_find(&c->dose, name);
        if (site < 0)
            fail_msg("there is no site %s", name);
        mask |= UINT64_C(1) << site;
    }
    return mask;
}

static void check_conditions(const struct config *c, const struct row *row, const struct limit *l)
{
    assert_int_equal(l->when.waveforms, row->waveforms);
    assert_int_equal(l->when.therapies, row->therapies);
    assert_int_equal(l->when.after, row->after);
    assert_int_equal(l->when.sites, sites_of(c, row->sites));
    assert_int_equal(l->when.no_indicator, row->no_indicator);
    assert_false(l->when.unless_thermal);
    assert_true(l->when.conditions == 0 && l->when.applicators == 0);
    assert_int_equal(l->when.n_ranges, row->band ? 1 : 0);
    if (!row->band)
        return;
    const struct limit_range *r = &l->when.ranges[0];
    assert_int_equal(r->quantity, row->band_quantity);
    assert_int_equal(r->has_above, row->above != NONE);
    assert_int_equal(r->has_upto, row->upto != NONE);
    assert_true(row->above == NONE || r->above == row->above);
    assert_true(row->upto == NONE || r->upto == row->upto);
}

static void every_limit_of_the_reference_ships_as_it_stands_there(void **state)
{
    const struct config *c = shipped(state);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *row = &rows[i];
        const struct limit *l = shipped_limit(c, row->id);
        bool as_written = l->modality == row->modality && l->quantity == row->quantity &&
                          l->has_max == (row->max != NONE) && (!l->has_max || l->max == row->max) &&
                          l->has_min == (row->min != NONE) && (!l->has_min || l->min == row->min) &&
                          l->scope == row->scope && l->class == row->class && l->verified == row->verified &&
                          l->use == row->use && l->layer == LAYER_INSTALLATION && !l->accepted;
        if (!as_written)
            fail_msg("limit %s (%s) differs from the reference", l->id, l->origin);
        assert_true(strlen(l->source) > 3);
        check_conditions(c, row, l);
    }
}

static void no_other_limit_ships(void **state)
{
    const struct config *c = shipped(state);
    for (size_t i = 0; i < c->dose.n_limits; i++) {
        const struct limit *l = &c->dose.limits[i];
        bool known = l->layer == LAYER_COMPILED;
        for (size_t k = 0; k < N_ROWS && !known; k++)
            known = strcmp(rows[k].id, l->id) == 0;
        if (!known)
            fail_msg("limit %s (%s) is not in the reference", l->id, l->origin);
    }
}

/* The lowest bit of a mask, or the first id whose modality fits. */
static unsigned first_of(uint64_t mask, unsigned count, const struct limit *l, enum modality (*of)(unsigned))
{
    for (unsigned i = 0; i < count; i++)
        if ((mask == 0 || (mask >> i & 1u) != 0) && ((unsigned)of(i) & (unsigned)l->modality) != 0)
            return i;
    fail_msg("limit %s applies to nothing", l->id);
    return 0;
}

static enum modality of_waveform(unsigned w)
{
    return modality_waveform_modality((enum modality_waveform)w);
}

static enum modality of_therapy(unsigned t)
{
    return modality_therapy_modality((enum modality_therapy)t);
}

/* A picture that meets the conditions of the limit and holds one value of its quantity, nothing else. */
static void picture_of(const struct limit *l, int64_t value, struct dose_picture *p)
{
    *p = (struct dose_picture){0};
    struct dose_treatment *t = &p->treatment;
    t->applicator = -1;
    t->n_channels = 1;
    t->no_indicator = l->when.no_indicator;
    t->sites = l->when.sites;
    t->therapy = (enum modality_therapy)first_of(l->when.therapies, THERAPY_COUNT, l, of_therapy);
    t->modality = modality_therapy_modality(t->therapy);
    t->channels[0].waveform = (enum modality_waveform)first_of(l->when.waveforms, WAVEFORM_COUNT, l, of_waveform);
    for (size_t i = 0; i < l->when.n_ranges; i++) {
        const struct limit_range *r = &l->when.ranges[i];
        quantity_put(&p->start[0], r->quantity, r->has_upto ? r->upto : r->above + 1);
    }
    quantity_put(&p->start[0], l->quantity, value);
    p->ceiling[0] = p->start[0];
}

/* Time since the last end, of this modality and of every therapy that the limit counts from. */
static struct dose_history rested(const struct limit *l, int64_t ms)
{
    struct dose_history h = {.has_last_end = true, .since_last_end_ms = ms, .ended = l->when.after};
    for (size_t i = 0; i < THERAPY_COUNT; i++)
        h.since_end_ms[i] = ms;
    return h;
}

static bool refuses(const struct limit *l, int64_t value)
{
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    struct dose_history history = rested(l, value);
    picture_of(l, value, &picture);
    limit_check(l, 1, &picture, l->quantity == QUANTITY_rest_interval_ms ? &history : NULL, &verdict);
    const struct refusals *list = l->class == LIMIT_NOTICE ? &verdict.notices : &verdict.refused;
    if (list->n == 0)
        return false;
    assert_int_equal(list->n, 1);
    assert_string_equal(list->items[0].subject, l->id);
    assert_string_equal(list->items[0].origin, l->origin);
    return true;
}

/* The highest set value that a maximum admits: an intensity counts as 1.2 times itself. */
static int64_t admitted(const struct limit *l)
{
    return limit_has_head_factor(l) ? l->max * 1000 / LIMIT_HEAD_FACTOR_PERMILLE : l->max;
}

static void every_bound_refuses_what_lies_beyond_it(void **state)
{
    const struct config *c = shipped(state);
    size_t tried = 0;
    for (size_t i = 0; i < c->dose.n_limits; i++) {
        const struct limit *l = &c->dose.limits[i];
        bool binds = l->class == LIMIT_HARD || l->class == LIMIT_NOTICE || l->class == LIMIT_DEVICE;
        if (l->layer != LAYER_INSTALLATION || l->use != USE_TREATMENT || !binds)
            continue;
        /* a session counts itself: the bound of 1 a day admits the value 1, as for every other quantity */
        assert_false(l->has_max && (refuses(l, admitted(l) - 1) || refuses(l, admitted(l))));
        assert_true(!l->has_max || refuses(l, admitted(l) + 1));
        assert_false(l->has_min && (refuses(l, l->min) || refuses(l, l->min + 1)));
        assert_true(!l->has_min || refuses(l, l->min - 1));
        tried++;
    }
    assert_true(tried >= 50);
}

static void what_is_only_shown_binds_nobody(void **state)
{
    const struct config *c = shipped(state);
    static const int64_t extremes[] = {0, 1, INT64_C(1000000000000)};
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct limit *l = shipped_limit(c, rows[i].id);
        bool shown = l->class == LIMIT_TARGET || l->class == LIMIT_INFO || (!l->has_max && !l->has_min);
        for (size_t k = 0; shown && k < 3; k++)
            assert_false(refuses(l, extremes[k]));
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(every_limit_of_the_reference_ships_as_it_stands_there),
        RUN(no_other_limit_ships),
        RUN(every_bound_refuses_what_lies_beyond_it),
        RUN(what_is_only_shown_binds_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
