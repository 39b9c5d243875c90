/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening: questions, the conditions that their answers declare, and what a condition means for a therapy at a body
 * site. A missing or unknown answer counts as the question's restrictive answer.
 */
#ifndef DOSE_SCREENING_H
#define DOSE_SCREENING_H

#include "dose/limit.h"

#define SCREENING_ANSWERS_MAX 8
#define SCREENING_QUESTIONS_MAX 64
#define SCREENING_CONDITIONS_MAX 64

/* Columns of the matrix; a therapy names its column in waveform.h. */
enum screening_column {
    COLUMN_TENS,
    COLUMN_NMES,
    COLUMN_ION,
    COLUMN_UST,
    COLUMN_USP,
    COLUMN_LIP,
    COLUMN_LAS,
    COLUMN_CRY,
    COLUMN_COUNT
};
enum screening_column screening_column_of(enum modality_therapy therapy);
const char *screening_column_id(enum screening_column c); /* "tens", "nmes", ... */

enum screening_code {
    SCREEN_ALLOWED,         /* A */
    SCREEN_PRECAUTION,      /* P: a named override with a reason */
    SCREEN_LOCAL,           /* XL: contraindicated at or across that site */
    SCREEN_CONTRAINDICATED, /* X */
};

struct site {
    const char *id; /* "hip" */
    const char *label;
    bool has_sides; /* left and right exist; otherwise only midline */
    const char *origin;
};

struct condition {
    const char *id;
    const char *label;
    enum screening_code codes[COLUMN_COUNT];
    const char *code_origin[COLUMN_COUNT];
    uint64_t local_sites; /* for XL: the sites at which it is local; 0 = the answer says where (locality) */
    enum limit_verified verified;
    const char *source;
    const char *origin;
};

/* What an answer declares. here: the condition is at or across the treated site (decides XL where local_sites is 0). */
struct answer {
    const char *id; /* "no", "yes", "here", "elsewhere", ... "unknown" is always understood and never listed */
    int condition;  /* index, -1 = none */
    bool here;
};

struct question {
    const char *id;
    const char *text;
    size_t n_answers;
    struct answer answers[SCREENING_ANSWERS_MAX];
    size_t restrictive;     /* index into answers: what a missing or unknown answer counts as */
    uint32_t columns;       /* bit per screening_column for which it is asked */
    uint64_t sites;         /* asked at these sites only; 0 = all */
    bool always;            /* asked whatever the protocol's indication */
    const char *indication; /* asked when the request's indication is this; NULL = not bound */
    int64_t valid_days;     /* the answer carries the day of the test, at most so many days back; 0 = none asked */
    const char *origin;
};

struct screening {
    size_t n_sites, n_conditions, n_questions;
    const struct site *sites;
    const struct condition *conditions;
    const struct question *questions;
};

/* One answer as given. */
struct given_answer {
    const char *question;
    const char *answer;
    bool has_on;    /* it says the day of the test or image that it rests on */
    int64_t on_day; /* days since 1970-01-01 */
};

/* An override of one precaution. */
struct given_override {
    const char *condition;
    const char *by;
    const char *reason;
};

/*
 * Whether a question is to be asked for this therapy, site and indication (indication may be NULL). Columns and sites
 * of 0 mean all.
 */
bool screening_asks(const struct question *q, enum modality_therapy therapy, unsigned site, const char *indication);

/*
 * Judges the answers. *conditions gets a bit per declared condition. Refusals: CONTRAINDICATED, PRECAUTION without a
 * matching override, OUT_OF_RANGE for an answer that the question does not list, NOT_FOUND for an unknown question or
 * for an override of an unknown condition. An override counts only with the condition's id, by and a reason that are
 * not blank. An answer to a question that was not asked counts as well, and several answers to one question all count.
 * Contraindications come before precautions. Returns 0 or -EPERM.
 */
int screening_judge(const struct screening *s, enum modality_therapy therapy, unsigned site, const char *indication,
                    const struct given_answer *answers, size_t n_answers, const struct given_override *overrides,
                    size_t n_overrides, uint64_t *conditions, struct refusals *r);

#endif
