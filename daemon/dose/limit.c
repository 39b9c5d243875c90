/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit engine. One pass over the limits; each costs a few compares, because everything derived is in the picture
 * already; text is made for violations only. Nothing is clamped, and every violated limit is reported.
 */
#include "dose/limit.h"

#include "dose/limit_when.h"
#include "dose/wide.h"

#include <errno.h>
#include <stdio.h>

/* What earlier sessions add to an accumulated quantity over 24 h. */
static int64_t history_of(const struct dose_history *h, enum modality_quantity q)
{
    switch ((int)q) {
    case QUANTITY_duration_ms:
        return h->duration_ms;
    case QUANTITY_energy_uj:
        return h->energy_uj;
    case QUANTITY_session_charge_uc:
        return h->session_charge_uc;
    case QUANTITY_iontophoresis_dose_ua_min:
        return h->iontophoresis_dose_ua_min;
    case QUANTITY_cem43_ms:
        return h->cem43_ms;
    case QUANTITY_cold_dose_millic_min:
        return h->cold_dose_millic_min;
    case QUANTITY_session_count:
        return h->session_count;
    default:
        return 0;
    }
}

static bool any_channel_meets(const struct limit *l, const struct dose_picture *p)
{
    for (size_t c = 0; c < p->treatment.n_channels && c < DOSE_CHANNELS_MAX; c++) {
        if (limit_meets_channel(l, p->treatment.channels[c].waveform, &p->start[c], &p->ceiling[c])) {
            return true;
        }
    }
    return false;
}

/* Holds the two ends of a value against the bounds; keeps the worst one seen so far. Unbounded, the high end shows. */
static void judge_ends(struct limit_finding *f, int channel, int64_t low, int64_t high)
{
    const struct limit *l = f->limit;
    bool over = l->has_max && high > l->max;
    bool under = l->has_min && low < l->min;
    bool is_min = !over && l->has_min && (under || !l->has_max);
    int64_t value = is_min ? low : high;
    bool exceeded = over || under;
    bool worse = !f->has_value || (exceeded && !f->exceeded) ||
                 (exceeded == f->exceeded && is_min == f->is_min && (is_min ? value < f->value : value > f->value));
    if (!worse) {
        return;
    }
    f->has_value = true;
    f->exceeded = exceeded;
    f->is_min = is_min;
    f->channel = channel;
    f->value = value;
}

/* A value of the treatment as a whole. */
static void judge_whole(struct limit_finding *f, const struct dose_picture *p, const struct dose_history *history)
{
    const struct limit *l = f->limit;
    int64_t value = p->whole.value[l->quantity];
    f->applies = any_channel_meets(l, p);
    if (!f->applies) {
        return;
    }
    int64_t before = l->scope == SCOPE_PER_24H ? history_of(history, l->quantity) : 0;
    if (l->quantity == QUANTITY_rms_current_sum_ua) { /* one patient, however many devices */
        before = history->rms_sum_ua;
        f->with = before > 0 ? history->rms_by : NULL;
    }
    if (wide_add(value, before, &value) < 0) {
        value = INT64_MAX; /* beyond counting is beyond every bound */
    }
    judge_ends(f, -1, value, value);
}

/* Time since the therapies of the mask ended, the latest of them; false if none of them ever did. */
static bool since_end_of(const struct dose_history *h, uint32_t therapies, int64_t *elapsed)
{
    bool any = false;
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        bool counts = ((therapies & h->ended) >> i & 1u) != 0;
        if (counts && (!any || h->since_end_ms[i] < *elapsed)) {
            *elapsed = h->since_end_ms[i];
            any = true;
        }
    }
    return any;
}

static void judge_rest(struct limit_finding *f, const struct dose_picture *p, const struct dose_history *history)
{
    uint32_t after = f->limit->when.after;
    int64_t elapsed = history->since_last_end_ms;
    f->applies = any_channel_meets(f->limit, p);
    if (f->applies && (after == 0 ? history->has_last_end : since_end_of(history, after, &elapsed))) {
        judge_ends(f, -1, elapsed, elapsed);
    }
}

static void judge_channels(struct limit_finding *f, const struct dose_picture *p)
{
    const struct limit *l = f->limit;
    enum modality_quantity q = l->quantity;
    for (size_t c = 0; c < p->treatment.n_channels && c < DOSE_CHANNELS_MAX; c++) {
        const struct quantity_set *start = &p->start[c], *ceiling = &p->ceiling[c];
        if (!limit_meets_channel(l, p->treatment.channels[c].waveform, start, ceiling)) {
            continue;
        }
        f->applies = true;
        if (!quantity_has(ceiling, q)) {
            continue;
        }
        int64_t high = ceiling->value[q];
        int64_t low = quantity_has(start, q) ? start->value[q] : high;
        if (low > high) {
            int64_t swap = low;
            low = high;
            high = swap;
        }
        judge_ends(f, (int)c, limit_judged(l, low), limit_judged(l, high));
    }
}

static void judge(const struct limit *l, const struct dose_picture *p, const struct dose_history *history,
                  struct limit_finding *f)
{
    *f = (struct limit_finding){.limit = l, .channel = -1};
    if (!limit_meets_treatment(l, &p->treatment)) {
        return;
    }
    if (l->use != USE_TREATMENT) {
        f->applies = any_channel_meets(l, p);
    } else if (l->quantity == QUANTITY_rest_interval_ms) {
        judge_rest(f, p, history);
    } else if (quantity_has(&p->whole, l->quantity)) {
        judge_whole(f, p, history);
    } else {
        judge_channels(f, p);
    }
}

/* value and bound as a fraction that grows with the violation: over a maximum value/bound, under a minimum inverted. */
struct excess {
    uint64_t over, under;
};

static struct excess excess_of(const struct refusal *r)
{
    int64_t over = r->is_min ? r->bound : r->value;
    int64_t under = r->is_min ? r->value : r->bound;
    struct excess e = {over > 0 ? (uint64_t)over : 0, under > 0 ? (uint64_t)under : 0};
    return e;
}

/* Whether a is violated by a larger ratio than b. A bound of 0 cannot be missed by a finite ratio: it comes first. */
static bool more_restrictive(const struct refusal *a, const struct refusal *b)
{
    struct excess x = excess_of(a), y = excess_of(b);
    return wide_compare(wide_product(x.over, y.under), wide_product(y.over, x.under)) > 0;
}

/* "in channel 1" and the like: where the value stands. */
static void describe_value(const struct limit_finding *f, char *text, size_t size)
{
    const char *scope = f->limit->scope == SCOPE_PER_24H ? " over 24 h" : "";
    const char *factor = limit_has_head_factor(f->limit) ? " (set value x 1.2)" : "";
    if (f->channel >= 0) {
        snprintf(text, size, "%s in channel %d", factor, f->channel + 1);
    } else if (f->with != NULL) {
        snprintf(text, size, "%s with session %.40s", scope, f->with);
    } else {
        snprintf(text, size, "%s%s", factor, scope);
    }
}

static void write_violation(const struct limit_finding *f, struct refusal *r)
{
    const struct limit *l = f->limit;
    bool rest = l->quantity == QUANTITY_rest_interval_ms;
    enum modality_token hard = rest ? TOKEN_REST_INTERVAL : TOKEN_LIMIT_EXCEEDED;
    *r = (struct refusal){
        .token = l->class == LIMIT_NOTICE ? TOKEN_NOTICE_REQUIRED : hard,
        .subject = l->id,
        .has_quantity = true,
        .has_value = true,
        .has_bound = true,
        .is_min = f->is_min,
        .quantity = l->quantity,
        .value = f->value,
        .bound = f->is_min ? l->min : l->max,
        .layer = l->layer,
        .origin = l->origin,
        .channel = f->channel,
    };
}

static void write_message(const struct limit_finding *f, struct refusal *r)
{
    char value[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX], where[64];
    if (r->quantity == QUANTITY_rest_interval_ms) { /* any time may have passed: it is told in the bound's unit */
        value_format_beside(r->quantity, r->value, r->bound, value, sizeof value);
    } else {
        value_format(r->quantity, r->value, value, sizeof value);
    }
    value_format(r->quantity, r->bound, bound, sizeof bound);
    describe_value(f, where, sizeof where);
    snprintf(r->message, sizeof r->message, "%s would be %s%s; limit %s allows at %s %s (%s)",
             modality_quantity_info(r->quantity)->id, value, where, r->subject, r->is_min ? "least" : "most", bound,
             r->origin != NULL ? r->origin : limit_layer_id(r->layer));
}

/* Puts a violation where its ratio belongs; when the list is full the least restrictive one is dropped. */
static void insert_violation(const struct limit_finding *f, struct refusals *list)
{
    struct refusal *r = &list->spill;
    write_violation(f, r);
    size_t at = list->n;
    while (at > 0 && more_restrictive(r, &list->items[at - 1])) {
        at--;
    }
    if (list->n >= REFUSALS_MAX) {
        list->dropped++;
        if (at == REFUSALS_MAX) {
            return;
        }
    } else {
        list->n++;
    }
    write_message(f, r);
    for (size_t i = REFUSALS_MAX - 1; i > 0; i--) {
        if (i > at && i < list->n) {
            list->items[i] = list->items[i - 1];
        }
    }
    if (at < REFUSALS_MAX) {
        list->items[at] = *r;
    }
}

/* Whether a limit can refuse or ask: targets and infos are only shown, and other uses are not about a request. */
static bool is_judged(const struct limit *l)
{
    return l->use == USE_TREATMENT && (l->class == LIMIT_HARD || l->class == LIMIT_NOTICE || l->class == LIMIT_DEVICE);
}

/* Everything that has a value somewhere in the picture; time since the last end has it in the history. */
static void gather_present(const struct dose_picture *p, struct quantity_set *all)
{
    for (unsigned w = 0; w < QUANTITY_WORDS; w++) {
        all->present[w] = p->whole.present[w];
        for (size_t c = 0; c < p->treatment.n_channels && c < DOSE_CHANNELS_MAX; c++) {
            all->present[w] |= p->ceiling[c].present[w];
        }
    }
    quantity_put(all, QUANTITY_rest_interval_ms, 0);
}

int limit_check(const struct limit *limits, size_t n, const struct dose_picture *picture,
                const struct dose_history *history, struct limit_verdict *out)
{
    static const struct dose_history nothing_before;
    struct quantity_set present; /* its values are not used */
    struct limit_finding f;
    gather_present(picture, &present);
    out->refused.n = out->refused.dropped = 0;
    out->notices.n = out->notices.dropped = 0;
    for (size_t i = 0; i < n; i++) {
        const struct limit *l = &limits[i];
        /* most limits are of another modality or about something that this treatment has not: they cost least */
        if (((unsigned)l->modality & (unsigned)picture->treatment.modality) == 0 || !is_judged(l) ||
            !quantity_has(&present, l->quantity)) {
            continue;
        }
        judge(l, picture, history != NULL ? history : &nothing_before, &f);
        if (f.exceeded && l->class == LIMIT_NOTICE) {
            insert_violation(&f, &out->notices);
        } else if (f.exceeded) {
            insert_violation(&f, &out->refused);
        }
    }
    return out->refused.n > 0 ? -EPERM : 0;
}

void limit_explain(const struct limit *limits, size_t n, const struct dose_picture *picture,
                   const struct dose_history *history, struct limit_finding *findings)
{
    static const struct dose_history nothing_before;
    for (size_t i = 0; i < n; i++) {
        judge(&limits[i], picture, history != NULL ? history : &nothing_before, &findings[i]);
    }
}

const struct limit *limit_tightest(const struct limit *limits, size_t n, const struct dose_picture *picture,
                                   enum modality_quantity quantity, enum limit_class class, bool want_min)
{
    const struct limit *tightest = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct limit *l = &limits[i];
        if (l->quantity != quantity || l->class != class || !(want_min ? l->has_min : l->has_max)) {
            continue;
        }
        bool tighter = tightest == NULL || (want_min ? l->min >= tightest->min : l->max <= tightest->max);
        if (tighter && limit_meets_treatment(l, &picture->treatment) && any_channel_meets(l, picture)) {
            tightest = l;
        }
    }
    return tightest;
}
