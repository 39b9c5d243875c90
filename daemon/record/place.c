/* SPDX-License-Identifier: Apache-2.0 */
/* Names, texts and sets of places. A name never holds a blank or a colon: they separate places in a row. */
#include "record/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool side_is(const char *side, const char *one)
{
    return strcmp(side, one) == 0;
}

bool place_side_meets(const char *a, const char *b)
{
    return !(side_is(a, "left") && side_is(b, "right")) && !(side_is(a, "right") && side_is(b, "left"));
}

int ledger_places_add(struct ledger_places *places, const char *site, const char *side)
{
    struct ledger_place place;

    if (site[0] == '\0' || strpbrk(site, " :") || strpbrk(side, " :") ||
        (size_t)snprintf(place.site, sizeof(place.site), "%s", site) >= sizeof(place.site) ||
        (size_t)snprintf(place.side, sizeof(place.side), "%s", side) >= sizeof(place.side))
        return -EINVAL;
    for (size_t i = 0; i < places->n; i++) {
        if (strcmp(places->at[i].site, site) == 0 && strcmp(places->at[i].side, side) == 0)
            return 0;
    }
    if (places->n == LEDGER_PLACES_MAX)
        return -ENOSPC;
    places->at[places->n++] = place;
    return 0;
}

static unsigned site_number(const struct screening *sites, const char *name)
{
    unsigned i = 0;

    while (i < sites->n_sites && strcmp(sites->sites[i].id, name) != 0)
        i++;
    return i;
}

bool place_names_meet(const struct screening *sites, const char *a, const char *b)
{
    if (strcmp(a, b) == 0 || !sites)
        return strcmp(a, b) == 0;
    const unsigned one = site_number(sites, a), other = site_number(sites, b);
    if (one >= sites->n_sites || other >= sites->n_sites)
        return true;
    return other < DOSE_SITES_MAX && (site_meets(sites, one) >> other & 1u);
}

bool ledger_places_meet(const struct screening *sites, const struct ledger_places *a, const struct ledger_places *b)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            if (place_names_meet(sites, a->at[i].site, b->at[k].site) && place_side_meets(a->at[i].side, b->at[k].side))
                return true;
        }
    }
    return false;
}

json_t *ledger_places_document(const struct ledger_places *places)
{
    json_t *array = json_array();

    for (size_t i = 0; i < places->n; i++)
        json_array_append_new(array, json_pack("{s:s, s:s}", "site", places->at[i].site, "side", places->at[i].side));
    return array;
}

void places_write(const struct ledger_places *places, char out[PLACES_TEXT_MAX])
{
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < places->n; i++)
        length += (size_t)snprintf(out + length, PLACES_TEXT_MAX - length, "%s%s:%s", i > 0 ? " " : "",
                                   places->at[i].site, places->at[i].side);
}

void places_read(struct ledger_places *places, const char *text)
{
    char site[sizeof(places->at[0].site)], side[sizeof(places->at[0].side)];

    while (*text) {
        const size_t site_length = strcspn(text, ": ");
        const char *after = text + site_length + (text[site_length] == ':');
        const size_t side_length = strcspn(after, ": ");
        if (site_length < sizeof(site) && side_length < sizeof(side)) {
            snprintf(site, sizeof(site), "%.*s", (int)site_length, text);
            snprintf(side, sizeof(side), "%.*s", (int)side_length, after);
            (void)ledger_places_add(places, site, side); /* a row that was tampered with: the chain tells */
        }
        text = after + side_length;
        text += *text != '\0';
    }
}

/* PLACE_SITES_MAX = unknown. */
static size_t name_find(const struct place_names *names, const char *site)
{
    size_t i = 0;

    while (i < names->n && strcmp(names->names[i], site) != 0)
        i++;
    if (i < names->n)
        return i;
    return names->n < PLACE_SITES_MAX ? PLACE_SITES_MAX : PLACE_SITES_MAX - 1;
}

static void set_put(struct place_set *set, size_t number, const char *side)
{
    const uint64_t bit = UINT64_C(1) << number % 64;

    if (!side_is(side, "right"))
        set->left[number / 64] |= bit;
    if (!side_is(side, "left"))
        set->right[number / 64] |= bit;
}

json_t *place_names_met(const struct place_names *names, const char *site)
{
    json_t *array = json_pack("[s]", site);
    const size_t number = name_find(names, site);

    for (size_t i = 0; i < names->n && number < names->n; i++) {
        if (i != number && (names->meets[number][i / 64] >> i % 64 & 1u))
            json_array_append_new(array, json_string(names->names[i]));
    }
    return array;
}

/* Where on the body it lies, nobody can say any more: it meets every name, those to come as well. */
static void name_is_anywhere(struct place_names *names, size_t number)
{
    memset(names->meets[number], 0xff, sizeof(names->meets[number]));
    for (size_t i = 0; i < PLACE_SITES_MAX; i++)
        names->meets[i][number / 64] |= UINT64_C(1) << number % 64;
}

/* Its number, which it gets if it has none. */
static size_t name_take(struct place_names *names, const char *site)
{
    size_t number = name_find(names, site);

    if (number == PLACE_SITES_MAX) {
        number = names->n++;
        snprintf(names->names[number], sizeof(names->names[number]), "%s", site);
        if (names->related)
            name_is_anywhere(names, number);
    }
    return number;
}

void place_names_relate(struct place_names *names, const struct screening *sites)
{
    size_t numbers[DOSE_SITES_MAX];

    memset(names->meets, 0, sizeof(names->meets));
    names->related = false;
    for (size_t i = 0; i < sites->n_sites && i < DOSE_SITES_MAX; i++)
        numbers[i] = name_take(names, sites->sites[i].id);
    for (unsigned i = 0; i < sites->n_sites && i < DOSE_SITES_MAX; i++) {
        for (size_t k = 0; k < sites->n_sites && k < DOSE_SITES_MAX; k++) {
            if (site_meets(sites, i) >> k & 1u)
                names->meets[numbers[i]][numbers[k] / 64] |= UINT64_C(1) << numbers[k] % 64;
        }
    }
    for (size_t i = 0; i < names->n; i++) {
        if (site_number(sites, names->names[i]) >= sites->n_sites)
            name_is_anywhere(names, i);
    }
    names->related = true;
}

void place_set_make(struct place_names *names, const struct ledger_places *places, struct place_set *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < places->n; i++)
        set_put(out, name_take(names, places->at[i].site), places->at[i].side);
}

void place_set_find(const struct place_names *names, const struct ledger_places *places, struct place_set *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < places->n; i++) {
        const size_t number = name_find(names, places->at[i].site);
        if (number == PLACE_SITES_MAX)
            continue;
        set_put(out, number, places->at[i].side);
        for (size_t k = 0; k < PLACE_SITES_MAX / 64; k++) {
            out->left[k] |= side_is(places->at[i].side, "right") ? 0 : names->meets[number][k];
            out->right[k] |= side_is(places->at[i].side, "left") ? 0 : names->meets[number][k];
        }
    }
}

bool place_sets_meet(const struct place_set *a, const struct place_set *b)
{
    uint64_t common = 0;

    for (size_t i = 0; i < PLACE_SITES_MAX / 64; i++)
        common |= (a->left[i] & b->left[i]) | (a->right[i] & b->right[i]);
    return common != 0;
}

bool place_sets_equal(const struct place_set *a, const struct place_set *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}
