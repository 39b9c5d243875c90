/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening: answers become conditions, conditions become refusals. Whatever is not answered, or rests on a test of no
 * known or too old a day, counts as the question's restrictive answer; every answer that was given counts, whether it
 * was asked for or not; only a precaution has an override, and only one that says who and why.
 */
#include "dose/screening.h"

#include <errno.h>
#include <stdio.h>

#define SCREENING_BASIS_MAX 140

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

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool indicated(const struct screening_case *c, const char *indication)
{
    return same(c->indication, indication) || same(c->protocol_indication, indication);
}

bool screening_is_for(const struct question *q, enum modality_therapy therapy)
{
    const bool all = q->columns == 0 && q->therapies == 0;
    return all || ((q->columns >> screening_column_of(therapy)) & 1u) != 0 || ((q->therapies >> therapy) & 1u) != 0;
}

bool screening_asks(const struct question *q, const struct screening_case *c)
{
    if (!screening_is_for(q, c->therapy)) {
        return false;
    }
    if (q->sites != 0 && ((q->sites >> c->site) & 1u) == 0) {
        return false;
    }
    if (q->unless_indication != NULL && indicated(c, q->unless_indication)) {
        return false;
    }
    return q->always || q->indication == NULL || indicated(c, q->indication);
}

/* How a condition came to be declared. */
enum basis {
    ANSWERED,
    NOT_ANSWERED,
    ANSWERED_UNKNOWN,
    NO_DAY,
    DAY_AHEAD,
    DAY_TOO_OLD,
    ANOTHER_DAY,
    GIVEN_AHEAD,
    GIVEN_LONG_AGO,
};

/* What is declared: the conditions, those that lie at the treated site, and what led to each. */
struct declared {
    uint64_t conditions, here;
    const struct question *by[SCREENING_CONDITIONS_MAX]; /* NULL: the electrodes lie so */
    enum basis basis[SCREENING_CONDITIONS_MAX];
    const struct screening_other *with[SCREENING_CONDITIONS_MAX]; /* with those of this treatment, if not NULL */
};

static void declare(struct declared *d, const struct question *q, const struct answer *a, enum basis basis)
{
    const int condition = a->condition;
    if (condition < 0 || condition >= SCREENING_CONDITIONS_MAX) {
        return;
    }
    uint64_t bit = UINT64_C(1) << condition;
    if ((d->conditions & bit) == 0) {
        d->by[condition] = q;
        d->basis[condition] = basis;
    }
    d->conditions |= bit;
    d->here |= a->here ? bit : 0;
}

static const struct answer *restrictive_answer(const struct question *q)
{
    const size_t i = q->restrictive;
    return &q->answers[i < q->n_answers && i < SCREENING_ANSWERS_MAX ? i : 0];
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

/* Whether an answer was given for this treatment; an age is any number. */
static enum basis age_judged(const struct given_answer *given)
{
    if (given->has_age && given->age_ms < -SCREENING_ANSWER_AHEAD_MS) {
        return GIVEN_AHEAD;
    }
    return given->has_age && given->age_ms > SCREENING_ANSWER_MAX_MS ? GIVEN_LONG_AGO : ANSWERED;
}

/*
 * Whether the day of an answer lets it count. Where no day is asked for, one that is named all the same is today's, or
 * it was not asked for this treatment. The day itself is any number: no difference of two is taken unjudged.
 */
static enum basis day_judged(const struct question *q, const struct given_answer *given, int64_t today)
{
    const bool asked = q->valid_days > 0;
    if (!given->has_on) {
        return asked ? NO_DAY : ANSWERED;
    }
    if (given->on_day < 0) {
        return asked ? DAY_TOO_OLD : ANOTHER_DAY;
    }
    if (given->on_day > today) {
        return DAY_AHEAD;
    }
    if (!asked) {
        return given->on_day == today ? ANSWERED : ANOTHER_DAY;
    }
    return today - given->on_day > q->valid_days ? DAY_TOO_OLD : ANSWERED;
}

/* Takes every answer given to q; true when one of them says something, if only by a day that is missing. */
static bool take_answers(const struct question *q, const struct given_answer *answers, size_t n, int64_t today,
                         struct declared *d, struct refusals *r)
{
    bool taken = false;
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
        enum basis basis = age_judged(&answers[i]);
        basis = basis == ANSWERED ? day_judged(q, &answers[i], today) : basis;
        bool counts = basis == ANSWERED || a == restrictive_answer(q);
        declare(d, q, counts ? a : restrictive_answer(q), counts ? ANSWERED : basis);
        taken = true;
    }
    return taken;
}

static bool said_unknown(const struct question *q, const struct given_answer *answers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(answers[i].question, q->id) == 0 && strcmp(answers[i].answer, "unknown") == 0) {
            return true;
        }
    }
    return false;
}

static void take_questions(const struct screening *s, const struct screening_case *c,
                           const struct given_answer *answers, size_t n_answers, struct declared *d, struct refusals *r)
{
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        bool taken = take_answers(q, answers, n_answers, c->today, d, r);
        if (!taken && q->n_answers > 0 && screening_asks(q, c)) {
            declare(d, q, restrictive_answer(q), said_unknown(q, answers, n_answers) ? ANSWERED_UNKNOWN : NOT_ANSWERED);
        }
    }
}

static bool has_bit(uint64_t set, unsigned bit)
{
    return bit < 64 && ((set >> bit) & 1u) != 0;
}

/* Whether current between electrodes at these sites and electrodes at those takes a path of the condition. */
static bool path_between(const struct condition *c, uint64_t these, uint64_t those)
{
    for (size_t i = 0; i < c->n_paths && i < SCREENING_PATHS_MAX; i++) {
        const struct screening_path *p = &c->paths[i];
        if (((p->from & these) != 0 && (p->to & those) != 0) || ((p->from & those) != 0 && (p->to & these) != 0)) {
            return true;
        }
    }
    return false;
}

static uint64_t bit_of(unsigned site)
{
    return site < DOSE_SITES_MAX ? UINT64_C(1) << site : 0;
}

/* Whether two electrodes lie so that this condition holds, whatever anybody answered. */
static bool lies_across(const struct condition *c, const struct screening_span *span)
{
    if (span->crosses && has_bit(c->left_right, span->a) && has_bit(c->left_right, span->b)) {
        return true;
    }
    return path_between(c, bit_of(span->a), bit_of(span->b));
}

/* The same with the electrodes of the patient's other treatments; the strictest of these stands for all of them. */
static void take_others(const struct screening *s, const struct screening_case *c, struct declared *d)
{
    for (size_t i = 0; i < s->n_conditions; i++) {
        const struct condition *condition = &s->conditions[i];
        const struct answer lies = {.condition = (int)i, .here = true};
        for (size_t k = 0; k < c->n_others; k++) {
            const struct screening_other *other = &c->others[k], *known = d->with[i];
            if (!path_between(condition, c->electrodes, other->sites)) {
                continue;
            }
            if (known == NULL || condition->codes[screening_column_of(other->therapy)] >
                                     condition->codes[screening_column_of(known->therapy)]) {
                d->with[i] = other;
            }
            declare(d, NULL, &lies, ANSWERED);
        }
    }
}

static void take_spans(const struct screening *s, const struct screening_case *c, struct declared *d)
{
    for (size_t i = 0; i < s->n_conditions; i++) {
        const struct answer lies = {.condition = (int)i, .here = true};
        for (size_t k = 0; k < c->n_spans; k++) {
            if (lies_across(&s->conditions[i], &c->spans[k])) {
                declare(d, NULL, &lies, ANSWERED);
            }
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
    while (s != NULL && (*s == ' ' || *s == '\t')) {
        s++;
    }
    return s != NULL && *s != '\0';
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

/* What a declared condition comes to, and for which therapy: the other treatment's where that is the stricter one. */
static enum screening_code code_of(const struct screening *s, const struct screening_case *c, const struct declared *d,
                                   size_t i, enum modality_therapy *therapy)
{
    bool here = has_bit(d->here, (unsigned)i);
    enum screening_code own = code_at(&s->conditions[i], screening_column_of(c->therapy), c->site, here);
    *therapy = c->therapy;
    if (d->with[i] == NULL) {
        return own;
    }
    enum screening_code other = code_at(&s->conditions[i], screening_column_of(d->with[i]->therapy), c->site, here);
    if (other <= own) {
        return own;
    }
    *therapy = d->with[i]->therapy;
    return other;
}

/* Why a condition counts, for people. */
static void say_basis(const struct declared *d, size_t condition, char out[SCREENING_BASIS_MAX])
{
    const struct question *q = d->by[condition];
    const char *how = "was answered so";
    if (q == NULL && d->with[condition] != NULL) {
        snprintf(out, SCREENING_BASIS_MAX, "the electrodes lie so together with those of session %.60s",
                 d->with[condition]->session);
        return;
    }
    if (q == NULL) {
        snprintf(out, SCREENING_BASIS_MAX, "the electrodes lie so");
        return;
    }
    switch (d->basis[condition]) {
    case ANSWERED:
        break;
    case NOT_ANSWERED:
        how = "was not answered";
        break;
    case ANSWERED_UNKNOWN:
        how = "was answered unknown";
        break;
    case NO_DAY:
        how = "was answered without the day of the test or image";
        break;
    case DAY_AHEAD:
        how = "was answered with a day that lies in the future";
        break;
    case ANOTHER_DAY:
        how = "was answered with the day of another treatment: it asks for today";
        break;
    case GIVEN_AHEAD:
        how = "was answered at a time that lies in the future (answered_at)";
        break;
    case GIVEN_LONG_AGO:
        how = "was answered more than a day ago (answered_at): ask again";
        break;
    case DAY_TOO_OLD:
        snprintf(out, SCREENING_BASIS_MAX, "question %s was answered with a day more than %lld days back", q->id,
                 (long long)q->valid_days);
        return;
    }
    snprintf(out, SCREENING_BASIS_MAX, "question %s %s", q->id, how);
}

static void refuse_condition(const struct condition *c, enum screening_code code, enum modality_therapy therapy,
                             const char *because, struct refusals *r)
{
    const char *origin = c->code_origin[screening_column_of(therapy)];
    origin = origin != NULL ? origin : c->origin;
    bool precaution = code == SCREEN_PRECAUTION;
    struct refusal *item =
        refusal_add(r, precaution ? TOKEN_PRECAUTION : TOKEN_CONTRAINDICATED, c->id,
                    "%s %s for %s at this site (%s; %s)", c->label != NULL ? c->label : c->id,
                    precaution ? "needs an override that names who and why" : "is a contraindication",
                    modality_therapy_id(therapy), origin != NULL ? origin : "configuration", because);
    item->origin = origin;
}

bool screening_asks_anything(const struct screening *s, enum modality_therapy therapy)
{
    for (size_t i = 0; i < s->n_questions; i++) {
        if (screening_is_for(&s->questions[i], therapy)) {
            return true;
        }
    }
    return false;
}

int screening_judge(const struct screening *s, const struct screening_case *c, const struct given_answer *answers,
                    size_t n_answers, const struct given_override *overrides, size_t n_overrides, uint64_t *conditions,
                    struct refusals *r)
{
    struct declared d = {0};
    size_t before = r->n + r->dropped;
    if (c->site >= DOSE_SITES_MAX || s->n_conditions > SCREENING_CONDITIONS_MAX) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL,
                    "there are more body sites or conditions than can be screened (%u, %u)", DOSE_SITES_MAX,
                    SCREENING_CONDITIONS_MAX);
        return -EPERM;
    }
    refuse_unknown_questions(s, answers, n_answers, r);
    refuse_unknown_overrides(s, overrides, n_overrides, r);
    take_spans(s, c, &d);
    take_others(s, c, &d);
    take_questions(s, c, answers, n_answers, &d, r);
    for (int pass = 0; pass < 2; pass++) { /* contraindications first: they have no way round */
        enum screening_code wanted = pass == 0 ? SCREEN_CONTRAINDICATED : SCREEN_PRECAUTION;
        for (size_t i = 0; i < s->n_conditions; i++) {
            const struct condition *condition = &s->conditions[i];
            enum modality_therapy therapy;
            char because[SCREENING_BASIS_MAX];
            if (!has_bit(d.conditions, (unsigned)i) || code_of(s, c, &d, i, &therapy) != wanted ||
                (wanted == SCREEN_PRECAUTION && overridden(condition, overrides, n_overrides))) {
                continue;
            }
            say_basis(&d, i, because);
            refuse_condition(condition, wanted, therapy, because, r);
        }
    }
    if (!screening_asks_anything(s, c->therapy)) {
        refusal_add(r, TOKEN_INCOMPLETE, NULL,
                    "the configuration asks no screening question for %s: nothing is started",
                    modality_therapy_id(c->therapy));
    }
    *conditions = d.conditions;
    return r->n + r->dropped > before ? -EPERM : 0;
}
