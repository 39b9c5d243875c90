/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the dosage tables as JSON: new references. Integers in base units; the unit stands beside them.
 */
#ifndef API_SHOW_H
#define API_SHOW_H

#include <jansson.h>

#include "dose/protocol.h"

json_t *show_quantity(enum modality_quantity q);
json_t *show_site(const struct site *site);
json_t *show_condition(const struct screening *s, const struct condition *condition);
/* whole: with its parameters. */
json_t *show_protocol(const struct dose_tables *t, const struct protocol *p, bool whole);
json_t *show_limit(const struct dose_tables *t, const struct limit *limit);

#endif
