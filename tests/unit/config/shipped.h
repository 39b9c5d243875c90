/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the configuration that ships: it, loaded clean, and treatments by its protocols with the reference
 * accessories of this project (pads of 25 cm2 where a protocol does not say, a head of 5 cm2, the two laser probes).
 */
#ifndef CONFIG_SHIPPED_H
#define CONFIG_SHIPPED_H

#include "config_test.h"

/* The shipped configuration, loaded without a fault into the fixture. */
const struct config *shipped(void **state);
/* Copies the shipped limits, sites, screening and protocols into the fixture's directory, without an installation.ini.
 */
void shipped_copy(struct fixture *f);
/* The limit of this id; the test fails if there is none. */
const struct limit *shipped_limit(const struct config *c, const char *id);

/* Which value of each parameter a treatment has. */
enum corner { AT_MIN, AT_DEFAULT, AT_MAX, CORNERS };
int64_t parameter_at(const struct protocol_parameter *p, enum corner at);
/*
 * A treatment without parameters by this protocol over n channels, with the accessories that it needs. All channels
 * share one electrode, where their densities add up.
 */
void treatment_bare(const struct protocol *p, size_t n_channels, struct dose_treatment *t);
/* Sets one parameter on all channels from start to ceiling; the time where it is the time (its ceiling). */
void treatment_set(struct dose_treatment *t, enum modality_quantity q, int64_t start, int64_t ceiling);
/* All parameters at one corner. */
void treatment_at(const struct protocol *p, enum corner at, struct dose_treatment *t);
/* As many sessions of the same size before as the protocol's own schedule allows in a day, this one being the last. */
struct dose_history day_before(const struct protocol *p, const struct dose_picture *picture);

#endif
