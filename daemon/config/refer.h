/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References from one section to another, and lists of them as masks. A name that nobody defines is a fault at the line
 * that uses it.
 */
#ifndef CONFIG_REFER_H
#define CONFIG_REFER_H

#include "config/field.h"

/* Index of a site, condition or applicator by id, -1 if there is none. Valid once that stage is built. */
int refer_site(const struct load *load, const char *id);
int refer_condition(const struct load *load, const char *id);
int refer_applicator(const struct load *load, const char *id);
/* Index of a waveform class, therapy or screening column by id, -1 if there is none. */
int refer_waveform(const struct load *load, const char *id);
int refer_therapy(const struct load *load, const char *id);
int refer_column(const struct load *load, const char *id);

/* A list of ids as a mask of their indices; 0 when the key is absent. what is the noun for messages: "site". */
typedef int refer_find(const struct load *load, const char *id);
bool refer_mask(struct load *load, const struct raw_section *s, const char *key, refer_find *find, const char *what,
                uint64_t *out);
/*
 * A list of sites to which something applies: with those, everything that meets one of them. A list that permits is not
 * widened.
 */
bool refer_sites_met(struct load *load, const struct raw_section *s, const char *key, uint64_t *out);
/* A list of sites of which each stands for itself: with those, what lies in them, and not what they lie in. */
bool refer_sites_within(struct load *load, const struct raw_section *s, const char *key, uint64_t *out);

#endif
