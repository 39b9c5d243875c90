/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening: answers become conditions, conditions become refusals. Whatever is not answered counts as the question's
 * restrictive answer; every answer that was given counts, whether it was asked for or not; only a precaution has an
 * override, and only one that says who and why.
 */
#include "dose/screening.h"

#include <errno.h>

static const enum screening_column therapy_columns[THERAPY_COUNT] = {
#define THERAPY(id, modality, column, meaning) [THERAPY_##id] = COLUMN_##column,
    MODALITY_THERAPIES(THERAPY)
#undef THERAPY
};

enum screening_column screening_column_of(enum modality_therapy therapy)
{
    return therapy_columns[therapy];
}

const char *screening_column_id(enum screening_column c)
{
    static const char *const ids[COLUMN_COUNT] = {"tens", "nmes", "ion", "ust", "usp", "lip", "las", "cry"};
    return ids[c];
}

bool screening_asks(const struct question *q, enum modality_therapy therapy, unsigned site, const char *indication)
{
    if (q->columns != 0 && ((q->columns >> screening_column_of(therapy)) & 1u) == 0) {
        return false;
    }
    if (q->sites != 0 && ((q->sites >> site) & 1u) == 0) {
        return false;
    }
    return q->always || q->indication == NULL || (indication != NULL && strcmp(q->indication, indication) == 0);
}

/* What the answers declare: the conditions, those that lie at the treated site, and what led to each. */
struct declared {
    uint64_t conditions, here;
    const struct question *by[SCREENING_CONDITIONS_MAX];
    bool assumed[SCREENING_CONDITIONS_MAX]; /* by a question that nobody answered */
};

static void declare(struct declared *d, const struct question *q, const struct answer *a, bool assumed)
{
    if (a->condition < 0 || a->condition >= SCREENING_CONDITIONS_MAX) {
        return;
    }
    uint64_t bit = UINT64_C(1) << a->condition;
    if ((d->conditions & bit) == 0) {
        d->by[a->condition] = q;
        d->assumed[a->condition] = assumed;
    }
    d->conditions |= bit;
    d->here |= a->here ? bit : 0;
}

static const struct answer *answer_find(const struct question *q, const char *id)
{
    for (size_t i = 0; i < q->n_answers; i++) {
        if (strcmp(q->answers[i].id, id) == 0) {
            return &q->answers[i];
        }
    }
    return NULL;
}

/* Takes every answer given to q; returns how many of them say something. */
static size_t take_answers(const struct question *q, const struct given_answer *answers, size_t n, struct declared *d,
                           struct refusals *r)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(answers[i].question, q->id) != 0 || strcmp(answers[i].answer, "unknown") == 0) {
            continue;
        }
        const struct answer *a = answer_find(q, answers[i].answer);
        if (a == NULL) {
            struct refusal *item =
                refusal_add(r, TOKEN_OUT_OF_RANGE, q->id, "question %s has no answer \"%.40s\" (%s)", q->id,
                            answers[i].answer, q->origin != NULL ? q->origin : "configuration");
            item->origin = q->origin;
            continue;
        }
        declare(d, q, a, false);
        taken++;
    }
    return taken;
}

static void take_questions(const struct screening *s, enum modality_therapy therapy, unsigned site,
                           const char *indication, const struct given_answer *answers, size_t n_answers,
                           struct declared *d, struct refusals *r)
{
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        size_t taken = take_answers(q, answers, n_answers, d, r);
        if (taken == 0 && q->n_answers > 0 && screening_asks(q, therapy, site, indication)) {
            declare(d, q, &q->answers[q->restrictive < q->n_answers ? q->restrictive : 0], true);
        }
    }
}

static void refuse_unknown_questions(const struct screening *s, const struct given_answer *answers, size_t n_answers,
                                     struct refusals *r)
{
    for (size_t i = 0; i < n_answers; i++) {
        bool known = false;
        for (size_t k = 0; k < s->n_questions && !known; k++) {
            known = strcmp(s->questions[k].id, answers[i].question) == 0;
        }
        if (!known) { /* no subject: the name is the request's and may not outlive it */
            refusal_add(r, TOKEN_NOT_FOUND, NULL, "there is no question \"%.60s\"", answers[i].question);
        }
    }
}

static bool has_text(const char *s)
{
    return s != NULL && s[strspn(s, " \t")] != '\0';
}

static bool overridden(const struct condition *c, const struct given_override *overrides, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(overrides[i].condition, c->id) == 0 && has_text(overrides[i].by) && has_text(overrides[i].reason)) {
            return true;
        }
    }
    return false;
}

static void refuse_unknown_overrides(const struct screening *s, const struct given_override *overrides, size_t n,
                                     struct refusals *r)
{
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < s->n_conditions && !known; k++) {
            known = strcmp(s->conditions[k].id, overrides[i].condition) == 0;
        }
        if (!known) {
            refusal_add(r, TOKEN_NOT_FOUND, NULL, "there is no condition \"%.60s\" to override",
                        overrides[i].condition);
        }
    }
}

/* What a condition comes to at this site: local becomes contraindicated or allowed. */
static enum screening_code code_at(const struct condition *c, enum screening_column column, unsigned site, bool here)
{
    enum screening_code code = c->codes[column];
    if (code != SCREEN_LOCAL) {
        return code;
    }
    bool local = c->local_sites != 0 ? ((c->local_sites >> site) & 1u) != 0 : here;
    return local ? SCREEN_CONTRAINDICATED : SCREEN_ALLOWED;
}

static void refuse_condition(const struct condition *c, enum screening_code code, enum modality_therapy therapy,
                             const struct question *q, bool assumed, struct refusals *r)
{
    const char *origin = c->code_origin[screening_column_of(therapy)];
    origin = origin != NULL ? origin : c->origin;
    bool precaution = code == SCREEN_PRECAUTION;
    struct refusal *item = refusal_add(
        r, precaution ? TOKEN_PRECAUTION : TOKEN_CONTRAINDICATED, c->id,
        "%s %s for %s at this site (%s; question %s %s)", c->label != NULL ? c->label : c->id,
        precaution ? "needs an override that names who and why" : "is a contraindication", modality_therapy_id(therapy),
        origin != NULL ? origin : "configuration", q->id, assumed ? "was not answered" : "was answered so");
    item->origin = origin;
}

int screening_judge(const struct screening *s, enum modality_therapy therapy, unsigned site, const char *indication,
                    const struct given_answer *answers, size_t n_answers, const struct given_override *overrides,
                    size_t n_overrides, uint64_t *conditions, struct refusals *r)
{
    struct declared d = {0};
    size_t before = r->n + r->dropped;
    if (site >= DOSE_SITES_MAX || s->n_conditions > SCREENING_CONDITIONS_MAX) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL,
                    "there are more body sites or conditions than can be screened (%u, %u)", DOSE_SITES_MAX,
                    SCREENING_CONDITIONS_MAX);
        return -EPERM;
    }
    refuse_unknown_questions(s, answers, n_answers, r);
    refuse_unknown_overrides(s, overrides, n_overrides, r);
    take_questions(s, therapy, site, indication, answers, n_answers, &d, r);
    for (int pass = 0; pass < 2; pass++) { /* contraindications first: they have no way round */
        enum screening_code wanted = pass == 0 ? SCREEN_CONTRAINDICATED : SCREEN_PRECAUTION;
        for (size_t i = 0; i < s->n_conditions; i++) {
            const struct condition *c = &s->conditions[i];
            bool declared = ((d.conditions >> i) & 1u) != 0, here = ((d.here >> i) & 1u) != 0;
            if (!declared || code_at(c, screening_column_of(therapy), site, here) != wanted ||
                (wanted == SCREEN_PRECAUTION && overridden(c, overrides, n_overrides))) {
                continue;
            }
            refuse_condition(c, wanted, therapy, d.by[i], d.assumed[i], r);
        }
    }
    *conditions = d.conditions;
    return r->n + r->dropped > before ? -EPERM : 0;
}
