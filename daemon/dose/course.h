/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ends a treatment: its time, or a dose that its commanded values name. A treatment led by its dose takes as long
 * as the dose needs at the level that the patient bears; duration_ms is then the longest that it may take, and what
 * limits on time are held against. Its totals are the dose itself, whatever the level.
 */
#ifndef DOSE_COURSE_H
#define DOSE_COURSE_H

#include "dose/treatment.h"

struct refusals;

enum course_end {
    COURSE_TIME,     /* duration_ms of treatment time */
    COURSE_ION_DOSE, /* iontophoresis_dose_ua_min of charge */
    COURSE_POINTS,   /* point_energy_uj at each of point_count points, with the output at rest between them */
};

struct course {
    enum course_end end;
    int64_t turns;  /* points; otherwise 1 */
    int64_t amount; /* of one turn: ms, uA.min or uJ */
    int64_t
        time_ms; /* with output on, of all turns at the start values, rounded up; the walk to the level comes on top */
    int64_t fastest_ms; /* the same at the ceilings, rounded down, at least 1: the dose over it is the maximum rate */
    int64_t longest_ms; /* duration_ms */
};

/* Whether a quantity is one that names such a dose: it ends the treatment, so that it cannot change during it. */
bool course_names(enum modality_quantity q);

/*
 * The course of a treatment whose first channel is derived at both ends. What is led by its dose has one channel, no
 * surges and, for points, both their energy and their number but no time; otherwise that is a refusal (INCOMPLETE,
 * OUT_OF_RANGE), and so is a dose that the start values do not reach within duration_ms, naming both times. -EINVAL
 * then, and *out is untouched.
 */
int course_make(const struct dose_treatment *t, const struct quantity_set *start, const struct quantity_set *ceiling,
                struct course *out, struct refusals *r);

/* Replaces the totals that dose_totals found for the longest time by the dose; by time it changes nothing. */
void course_put_totals(const struct course *c, struct quantity_set *set);

#endif
