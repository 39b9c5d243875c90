/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places on the body, in two forms: as names, for people and rows, and as a set of bits over the names that the ledger
 * has met, so that a check compares numbers. Both forms know one rule: left and right are apart, all else of one name
 * meets, and a part meets its whole. Who asks asks for all that meets; what is kept stays what was touched.
 */
#ifndef RECORD_PLACE_H
#define RECORD_PLACE_H

#include "record/record.h"

/* left and right are apart; anything else (both, midline, none) meets every side. */
bool place_side_meets(const char *a, const char *b);

/* As a row holds it: "knee:left thigh:left". */
#define PLACES_TEXT_MAX (LEDGER_PLACES_MAX * sizeof(struct ledger_place))
void places_write(const struct ledger_places *places, char out[PLACES_TEXT_MAX]);
/* Adds what the text holds. */
void places_read(struct ledger_places *places, const char *text);

/*
 * Names of sites that were met, numbered in their order. Names beyond the last number share it: they meet each other,
 * which can only block too much.
 */
#define PLACE_SITES_MAX 256
struct place_names {
    size_t n;
    char names[PLACE_SITES_MAX][64];
    uint64_t meets[PLACE_SITES_MAX][PLACE_SITES_MAX / 64]; /* the numbers that each one meets besides itself */
    bool related; /* by a table of sites: a name that it does not have is anywhere on the body */
};
struct place_set {
    uint64_t left[PLACE_SITES_MAX / 64], right[PLACE_SITES_MAX / 64];
};
/*
 * Names every site of the table, and relates them as it says; what was said before is forgotten. A name that it does
 * not have, because the site was renamed or taken away, meets every other: what was given there counts everywhere.
 */
void place_names_relate(struct place_names *names, const struct screening *sites);
/* Whether a text names a site, or one that meets it; without a table only itself. */
bool place_names_meet(const struct screening *sites, const char *a, const char *b);
/* [name]: a site and all that meets it. */
json_t *place_names_met(const struct place_names *names, const char *site);
/* Every place as bits; an unknown name is numbered. */
void place_set_make(struct place_names *names, const struct ledger_places *places, struct place_set *out);
/* The same to ask with, and all that meets them: nobody was ever at a place whose name is unknown. */
void place_set_find(const struct place_names *names, const struct ledger_places *places, struct place_set *out);
bool place_sets_meet(const struct place_set *a, const struct place_set *b);
bool place_sets_equal(const struct place_set *a, const struct place_set *b);

#endif
