/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places on the body, in two forms: as names, for people and rows, and as a set of bits over the names that the ledger
 * has met, so that a check compares numbers. Both forms know one rule: left and right are apart, all else meets.
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
};
struct place_set {
    uint64_t left[PLACE_SITES_MAX / 64], right[PLACE_SITES_MAX / 64];
};
/* Every place as bits; an unknown name is numbered. */
void place_set_make(struct place_names *names, const struct ledger_places *places, struct place_set *out);
/* The same to ask with: nobody was ever at a place whose name is unknown. */
void place_set_find(const struct place_names *names, const struct ledger_places *places, struct place_set *out);
bool place_sets_meet(const struct place_set *a, const struct place_set *b);
bool place_sets_equal(const struct place_set *a, const struct place_set *b);

#endif
