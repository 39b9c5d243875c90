/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the picture: what its channels add up to once each of them is derived.
 */
#ifndef DOSE_PICTURE_PARTS_H
#define DOSE_PICTURE_PARTS_H

#include "dose/limit.h"

/*
 * Channels that share an electrode: r.m.s., power and direct densities of each, in sets[0..n_channels), become those of
 * the linear sum of the currents that its electrodes carry. One that says so speaks for both.
 */
void picture_share(const struct dose_treatment *t, struct quantity_set *sets);

/* The sums over all channels, at the ceilings, into whole. */
void picture_sum(struct dose_picture *p);

/* set keeps the larger of its own and the other's value of q. */
void picture_raise(struct quantity_set *set, const struct quantity_set *other, enum modality_quantity q);

#endif
