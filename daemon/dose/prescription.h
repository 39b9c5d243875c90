/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A treatment as a person asks for it: names, and what differs from its protocol. Here it becomes an intended treatment
 * that limits can be held against. The daemon and the calculator go the same way; what only a device, a ledger or a
 * clock knows is handed in. Texts and lists are borrowed, and nothing is corrected: what does not fit is refused.
 */
#ifndef DOSE_PRESCRIPTION_H
#define DOSE_PRESCRIPTION_H

#include "dose/protocol.h"

#define PRESCRIPTION_ELECTRODES_MAX 16

struct prescription_parameter {
    enum modality_quantity quantity;
    bool start_absent, ceiling_absent; /* not asked for: the protocol's initial value; the start */
    int64_t start, ceiling;
};

/* A pad. One label is one pad: named again, on another channel, it is shared. */
struct prescription_electrode {
    const char *label, *channel, *kind;
    const char *skin_site, *side; /* NULL: those of the target */
    const char *polarity;         /* "positive", "negative"; NULL or anything else says nothing of its pole */
    int64_t area_mm2;
};

struct prescription {
    const char *protocol, *site, *side;
    const char *indication, *applicator; /* NULL: none */
    const char *device;                  /* NULL: not chosen yet */
    bool no_indicator;                   /* the device is said to have no output indicator */
    const struct quantity_set *reported; /* properties that its section reports; NULL: none */
    int64_t treated_area_mm2;            /* 0 = not given */
    int64_t duration_ms;                 /* 0 = the protocol's */
    size_t n_channels, n_parameters, n_electrodes, n_answers, n_overrides, n_acknowledged, n_others;
    const char *const *channels; /* names, of DOSE_CHANNELS_MAX at most */
    const struct prescription_parameter *parameters;
    const struct prescription_electrode *electrodes; /* PRESCRIPTION_ELECTRODES_MAX at most */
    const struct given_answer *answers;
    const struct given_override *overrides;
    const char *const *acknowledged;      /* ids of notice limits */
    const struct screening_other *others; /* what else puts current through this patient: theirs and these are one */
};

/* What it was resolved to. */
struct prescribed {
    const struct dose_tables *tables;
    const struct protocol *protocol; /* NULL: there is none of this name */
    int site;                        /* -1: there is none of this name */
    struct dose_treatment treatment; /* with all sites touched, and what screening declared */
};

/*
 * Resolves names, gives every commanded quantity its start and ceiling and every channel its areas, and screens at each
 * site that is touched. today is the local civil day. 0; -EINVAL when too little is known for limits to be held against
 * it. Refusals are added in either case, and *out holds what could be resolved.
 */
int prescription_make(const struct dose_tables *tables, const struct prescription *p, int64_t today,
                      struct prescribed *out, struct refusals *r);

/*
 * What else speaks against it, however much of it was resolved: parts that this treatment would not use, electrodes
 * that are incomplete or contradict each other, the applicator and its calibration, a protocol that is locked.
 */
void prescription_check(const struct prescription *p, const struct prescribed *d, int64_t today, struct refusals *r);

/*
 * Holds what prescription_make has made (0) against its protocol and against all limits of its tables. The verdict's
 * refusals, and its notices that are not acknowledged, are added to r. 0, or -EINVAL when no picture could be made:
 * then *picture is undefined and the verdict is empty.
 */
int prescription_judge(const struct prescription *p, const struct prescribed *d, const struct dose_history *history,
                       struct dose_picture *picture, struct limit_verdict *verdict, struct refusals *r);

/* Whether a notice limit is acknowledged. */
bool prescription_acknowledges(const struct prescription *p, const char *limit);

/*
 * Whether q has a place of its own in a request and is no parameter: then that is refused and told.
 */
bool prescription_misplaced(enum modality_quantity q, struct refusals *r);

/* The quantity that is walked, as the waveform has it. */
enum modality_quantity prescription_level(enum modality_waveform waveform);

/* Body sites that are touched, a bit each: the target, and wherever an electrode lies that is known. */
uint64_t prescription_sites(const struct dose_tables *tables, const struct prescription *p);

/*
 * What can never be first, then what the dose forbids, then what a person can put right; within each the largest ratio
 * of value to bound first.
 */
void refusals_sort(struct refusals *r);

#endif
