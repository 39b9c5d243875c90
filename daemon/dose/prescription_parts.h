/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the prescription: what its files ask each other.
 */
#ifndef DOSE_PRESCRIPTION_PARTS_H
#define DOSE_PRESCRIPTION_PARTS_H

#include "dose/prescription.h"

static inline bool prescription_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Where an electrode lies: where it says, else at the target's site; -1 = nowhere that is known. */
int prescription_site_of(const struct dose_tables *tables, const struct prescription *p,
                         const struct prescription_electrode *e);

/* Electrodes at sites that are not known, and a target that none of them touches. */
void prescription_check_sites(const struct prescription *p, const struct prescribed *d, struct refusals *r);

/* Areas and poles of each channel, and which channels share a pad, into the treatment. */
void prescription_put_electrodes(const struct prescription *p, struct prescribed *d, struct refusals *r);

/* Each electrode complete, on a channel that is asked for, two to a channel. */
void prescription_check_electrodes(const struct prescription *p, const struct prescribed *d, struct refusals *r);

/* Screening at every site that is touched: conditions into the treatment, refusals told once. */
void prescription_screen(const struct prescription *p, struct prescribed *d, int64_t today, struct refusals *r);

#endif
