/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From commanded values to what ends a treatment, and how long that takes at either end of its levels. Times round to
 * the unsafe side of what they are used for: up where the dose must be reached, down where the rate is asked for.
 */
#include "dose/course.h"

#include "dose/limit.h"
#include "dose/wide.h"

#include <errno.h>

#define MINUTE_MS 60000
#define SECOND_MS 1000
#define CHARGE_PER_DOSE 60 /* uC in one uA.min */

bool course_names(enum modality_quantity q)
{
    return q == QUANTITY_iontophoresis_dose_ua_min || q == QUANTITY_point_energy_uj || q == QUANTITY_point_count;
}

static bool any_channel_has(const struct dose_treatment *t, enum modality_quantity q)
{
    bool any = false;
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        any = any || quantity_has(&t->channels[c].start, q);
    }
    return any;
}

/* Refuses what a treatment led by dose cannot be; always -EINVAL. */
static int refuse(struct refusals *r, enum modality_token token, enum modality_quantity q, enum modality_quantity dose,
                  const char *what)
{
    struct refusal *item = refusal_add(r, token, modality_quantity_info(q)->id, "%s %s a treatment that ends by %s",
                                       modality_quantity_info(q)->id, what, modality_quantity_info(dose)->id);
    item->has_quantity = true;
    item->quantity = q;
    item->channel = 0;
    return -EINVAL;
}

/* How much over how many turns, and in what: dose x per_rate / rate are ms. */
struct lead {
    enum course_end end;
    enum modality_quantity dose, rate;
    int64_t amount, turns, per_rate;
};

static int lead_by_ions(const struct dose_treatment *t, struct lead *out, struct refusals *r)
{
    const struct dose_channel *c = &t->channels[0];
    struct lead lead = {.end = COURSE_ION_DOSE,
                        .dose = QUANTITY_iontophoresis_dose_ua_min,
                        .rate = QUANTITY_amplitude_ua,
                        .turns = 1,
                        .per_rate = MINUTE_MS};
    if (c->waveform != WAVEFORM_iontophoresis) {
        return refuse(r, TOKEN_OUT_OF_RANGE, QUANTITY_waveform_class, lead.dose, "is not iontophoresis in");
    }
    if (quantity_has(&c->start, QUANTITY_surge_on_ms)) {
        return refuse(r, TOKEN_OUT_OF_RANGE, QUANTITY_surge_on_ms, lead.dose, "is not possible in");
    }
    lead.amount = quantity_or_zero(&c->start, lead.dose);
    *out = lead;
    return 0;
}

static int lead_by_points(const struct dose_treatment *t, struct lead *out, struct refusals *r)
{
    const struct dose_channel *c = &t->channels[0];
    struct lead lead = {
        .end = COURSE_POINTS, .dose = QUANTITY_point_energy_uj, .rate = QUANTITY_power_uw, .per_rate = SECOND_MS};
    if (t->modality != MODALITY_LASER) {
        return refuse(r, TOKEN_OUT_OF_RANGE, QUANTITY_waveform_class, lead.dose, "is not that of a laser in");
    }
    if (!quantity_has(&c->start, QUANTITY_point_count)) {
        return refuse(r, TOKEN_INCOMPLETE, QUANTITY_point_count, lead.dose, "is missing, and is needed by");
    }
    if (quantity_has(&c->start, QUANTITY_point_duration_ms)) {
        return refuse(r, TOKEN_OUT_OF_RANGE, QUANTITY_point_duration_ms, lead.dose, "follows from the power in");
    }
    lead.turns = quantity_or_zero(&c->start, QUANTITY_point_count);
    lead.amount = quantity_or_zero(&c->start, lead.dose);
    *out = lead;
    return 0;
}

static int find_lead(const struct dose_treatment *t, struct lead *out, struct refusals *r)
{
    bool ions = any_channel_has(t, QUANTITY_iontophoresis_dose_ua_min);
    bool points = any_channel_has(t, QUANTITY_point_energy_uj);
    out->end = COURSE_TIME;
    if (!ions && !points) {
        return 0;
    }
    if (t->n_channels != 1) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL, "a treatment that ends by its dose has one channel, not %zu",
                    t->n_channels);
        return -EINVAL;
    }
    int error = ions ? lead_by_ions(t, out, r) : lead_by_points(t, out, r);
    if (error == 0 && out->amount <= 0) {
        error = refuse(r, TOKEN_OUT_OF_RANGE, out->dose, out->dose, "must be more than 0 in");
    }
    if (error == 0 && out->turns <= 0) {
        error = refuse(r, TOKEN_OUT_OF_RANGE, QUANTITY_point_count, out->dose, "must be more than 0 in");
    }
    return error;
}

/* Time that all turns take at this rate, each turn rounded up or down; INT64_MAX where that is never. */
static int64_t time_at(const struct lead *lead, int64_t rate, bool up)
{
    int64_t turn = INT64_MAX, all = INT64_MAX;
    int error = rate <= 0 ? -ERANGE
                : up      ? wide_mul_div_up(lead->amount, lead->per_rate, rate, &turn)
                          : wide_mul_div_down(lead->amount, lead->per_rate, rate, &turn);
    if (error < 0 || wide_mul_div_up(turn, lead->turns, 1, &all) < 0) {
        return INT64_MAX;
    }
    return all;
}

/* The dose takes longer than it may, or for ever: both times are said. */
static int refuse_time(const struct lead *lead, int64_t time_ms, int64_t longest_ms, struct refusals *r)
{
    char amount[VALUE_TEXT_MAX], longest[VALUE_TEXT_MAX];
    const char *id = modality_quantity_info(lead->dose)->id;
    value_format(lead->dose, lead->amount, amount, sizeof amount);
    value_format(QUANTITY_duration_ms, longest_ms, longest, sizeof longest);
    struct refusal *item;
    if (time_ms == INT64_MAX) {
        item = refusal_add(r, TOKEN_OUT_OF_RANGE, id,
                           "%s of %s is never reached at the start values; duration_ms allows %s", id, amount, longest);
    } else {
        char time[VALUE_TEXT_MAX];
        item = refusal_add(r, TOKEN_OUT_OF_RANGE, id,
                           "%s of %s, %lld times, would take %s at the start values; duration_ms allows %s", id, amount,
                           (long long)lead->turns, value_format(QUANTITY_duration_ms, time_ms, time, sizeof time),
                           longest);
    }
    item->has_quantity = item->has_value = item->has_bound = true;
    item->quantity = QUANTITY_duration_ms;
    item->value = time_ms;
    item->bound = longest_ms;
    return -EINVAL;
}

int course_make(const struct dose_treatment *t, const struct quantity_set *start, const struct quantity_set *ceiling,
                struct course *out, struct refusals *r)
{
    struct lead lead = {.end = COURSE_TIME};
    int error = find_lead(t, &lead, r);
    if (error < 0) {
        return error;
    }
    if (lead.end == COURSE_TIME) {
        *out = (struct course){.end = COURSE_TIME,
                               .turns = 1,
                               .amount = t->duration_ms,
                               .time_ms = t->duration_ms,
                               .fastest_ms = t->duration_ms,
                               .longest_ms = t->duration_ms};
        return 0;
    }
    int64_t time_ms = time_at(&lead, quantity_or_zero(start, lead.rate), true);
    if (time_ms > t->duration_ms) {
        return refuse_time(&lead, time_ms, t->duration_ms, r);
    }
    int64_t fastest_ms = time_at(&lead, quantity_or_zero(ceiling, lead.rate), false);
    *out = (struct course){.end = lead.end,
                           .turns = lead.turns,
                           .amount = lead.amount,
                           .time_ms = time_ms,
                           .fastest_ms = fastest_ms > 1 ? fastest_ms : 1,
                           .longest_ms = t->duration_ms};
    return 0;
}

void course_put_totals(const struct course *c, struct quantity_set *set)
{
    int64_t total = INT64_MAX; /* beyond counting is beyond every bound */
    switch (c->end) {
    case COURSE_TIME:
        return;
    case COURSE_ION_DOSE:
        quantity_put(set, QUANTITY_iontophoresis_dose_ua_min, c->amount);
        total = wide_mul_div_up(c->amount, CHARGE_PER_DOSE, 1, &total) < 0 ? INT64_MAX : total;
        quantity_put(set, QUANTITY_session_charge_uc, total);
        return;
    case COURSE_POINTS:
        total = wide_mul_div_up(c->amount, c->turns, 1, &total) < 0 ? INT64_MAX : total;
        quantity_put(set, QUANTITY_energy_uj, total);
        return;
    }
}
