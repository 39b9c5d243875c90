/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the dosage tables as JSON: new references. Integers in base units; the unit stands beside them.
 */
#ifndef DOCUMENT_ROWS_H
#define DOCUMENT_ROWS_H

#include "document/document.h"

json_t *show_quantity(enum modality_quantity q);
json_t *show_site(const struct screening *s, const struct site *site);
json_t *show_condition(const struct screening *s, const struct condition *condition);
/* whole: with its parameters and schedule. */
json_t *show_protocol(const struct dose_tables *t, const struct protocol *p, bool whole);
json_t *show_limit(const struct dose_tables *t, const struct limit *limit);
/* {limit, others[], locks[]}: one limit, what else bounds its quantity, and the protocols that it locks. */
json_t *show_limit_explained(const struct dose_tables *t, const struct limit *limit);

/* Ids of the modalities in a set. */
json_t *doc_modalities(unsigned bits);

#endif
