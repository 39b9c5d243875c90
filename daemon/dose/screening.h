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
#define SCREENING_PATHS_MAX 4

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
    bool has_sides;   /* left and right exist; otherwise only midline */
    uint64_t part_of; /* a bit per site that it lies in, by way of others too */
    uint64_t meets;   /* those, and its own parts; parts of one whole do not meet */
    const char *origin;
};

/* A way that current takes: from one of these sites to one of those, in either direction. */
struct screening_path {
    uint64_t from, to;
};

struct condition {
    const char *id;
    const char *label;
    enum screening_code codes[COLUMN_COUNT];
    const char *code_origin[COLUMN_COUNT];
    uint64_t local_sites; /* for XL: the sites at which it is local; 0 = the answer says where (locality) */
    uint32_t unverified;  /* bit per column whose code nobody has read in a source */
    size_t n_paths;       /* electrodes that lie so declare it, whatever was answered */
    struct screening_path paths[SCREENING_PATHS_MAX];
    uint64_t left_right; /* so does a channel between two of these sites that may go from one side to the other */
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
    uint32_t therapies;     /* bit per therapy for which it is asked whatever the column; both 0 = asked for all */
    uint64_t sites;         /* asked at these sites only; 0 = all */
    bool always;            /* asked whatever the indication */
    const char *indication; /* asked when the request's or the protocol's indication is this; NULL = not bound */
    const char *unless_indication; /* not asked then; NULL = not bound */
    int64_t valid_days; /* the answer carries the day of the test, at most so many days back; 0 = none asked */
    const char *origin;
};

struct screening {
    size_t n_sites, n_conditions, n_questions;
    const struct site *sites;
    const struct condition *conditions;
    const struct question *questions;
};

/* Answers are asked for each treatment: what was said longer ago is no answer. A clock may be ahead by the second. */
#define SCREENING_ANSWER_MAX_MS INT64_C(86400000)
#define SCREENING_ANSWER_AHEAD_MS INT64_C(60000)

/* The sites that a site meets, a bit each: itself, what it is a part of, and its parts. */
static inline uint64_t site_meets(const struct screening *s, unsigned site)
{
    return site < s->n_sites && site < DOSE_SITES_MAX ? s->sites[site].meets | UINT64_C(1) << site : 0;
}

/* One answer as given. */
struct given_answer {
    const char *question;
    const char *answer;
    bool has_age;   /* it says when it was given */
    int64_t age_ms; /* time since; negative: by a clock that is ahead */
    bool has_on;    /* it says the day of the test or image that it rests on */
    int64_t on_day; /* days since 1970-01-01 */
};

/* An override of one precaution. */
struct given_override {
    const char *condition;
    const char *by;
    const char *reason;
};

/* Two electrodes of the treatment. */
struct screening_span {
    unsigned a, b; /* their sites */
    bool crosses;  /* one channel, and the two may lie on opposite sides of the body */
};

/* Electrodes that another treatment has on the same patient at the same time. */
struct screening_other {
    const char *session; /* its name, for people */
    enum modality_therapy therapy;
    uint64_t sites; /* a bit each */
};

/* What is judged: a treatment at one of the sites that it touches. */
struct screening_case {
    enum modality_therapy therapy;
    unsigned site;
    const char *indication;          /* of the request; may be NULL */
    const char *protocol_indication; /* may be NULL */
    int64_t today;                   /* local civil date, days since 1970-01-01 */
    size_t n_spans;
    const struct screening_span *spans; /* every two electrodes */
    uint64_t electrodes;                /* sites where its electrodes lie; 0 = it has none */
    size_t n_others;
    const struct screening_other *others;
};

/* Whether a question is meant for this therapy, wherever it is given and whatever for. */
bool screening_is_for(const struct question *q, enum modality_therapy therapy);
/* Whether any is. Limits have ceilings behind them; behind the questions there is nothing. */
bool screening_asks_anything(const struct screening *s, enum modality_therapy therapy);

/* Whether a question is to be asked in this case. Columns, therapies and sites of 0 mean all. */
bool screening_asks(const struct question *q, const struct screening_case *c);

/*
 * Judges the answers, and how the electrodes lie: between themselves, and with those of the patient's other treatments.
 * What lies across two treatments is judged by the stricter code of both. *conditions gets a bit per declared
 * condition. Refusals: CONTRAINDICATED, PRECAUTION without a matching override, OUT_OF_RANGE for an answer that the
 * question does not list, NOT_FOUND for an unknown question or for an override of an unknown condition. An override
 * counts only with the condition's id, by and a reason that are not blank. An answer to a question that was not asked
 * counts as well, and several answers to one question all count. An answer to a dated question counts as the
 * restrictive one when its day is missing, lies ahead or too far back; so does one to any other question that names a
 * day which is not today's, and one that was given in the future or more than a day ago. A therapy for which no
 * question is asked at all is refused (INCOMPLETE): there are no ceilings behind the questions. Contraindications come
 * before precautions. Returns 0 or -EPERM.
 */
int screening_judge(const struct screening *s, const struct screening_case *c, const struct given_answer *answers,
                    size_t n_answers, const struct given_override *overrides, size_t n_overrides, uint64_t *conditions,
                    struct refusals *r);

#endif
