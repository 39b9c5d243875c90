/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's memory: adding, finding, forgetting, and the sums that limits are held against. */
#include "record/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/hash.h"
#include "record/internal.h"

#include "modality/clock.h"

#define LEDGER_WINDOW_MS (INT64_C(24) * 3600 * 1000)

int64_t ledger_elapsed_ms(int64_t now_wall_ms, int64_t now_boot_ns, int64_t wall_ms, bool same_boot, int64_t boot_ns)
{
    int64_t elapsed = now_wall_ms > wall_ms ? now_wall_ms - wall_ms : 0;

    if (same_boot) {
        int64_t boot_ms = now_boot_ns > boot_ns ? (now_boot_ns - boot_ns) / NS_PER_MS : 0;
        elapsed = boot_ms < elapsed ? boot_ms : elapsed;
    }
    return elapsed;
}

bool ledger_state_blocks(enum ledger_state state)
{
    return state == LEDGER_OPEN || state == LEDGER_UNBOUNDED;
}

void ledger_count(enum ledger_state state, const struct dose_amounts *worst, const struct dose_amounts *delivered,
                  struct dose_amounts *out)
{
    const bool settled = state == LEDGER_SETTLED || state == LEDGER_REVIEWED;

    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const int64_t seen = amount_get(delivered, i), most = amount_get(worst, i);
        amount_set(out, i, settled || seen > most ? seen : most);
    }
}

static const char *const ledger_states[] = {
    [LEDGER_OPEN] = "open",           [LEDGER_SETTLED] = "settled",   [LEDGER_CRASHED] = "crashed",
    [LEDGER_UNBOUNDED] = "unbounded", [LEDGER_REVIEWED] = "reviewed",
};

const char *ledger_state_id(enum ledger_state state)
{
    return ledger_states[state];
}

int ledger_state_find(const char *id, enum ledger_state *out)
{
    for (size_t i = 0; i < sizeof(ledger_states) / sizeof(ledger_states[0]); i++) {
        if (strcmp(ledger_states[i], id) == 0) {
            *out = (enum ledger_state)i;
            return 0;
        }
    }
    return -ENOENT;
}

static size_t bucket_of(const char *patient_ref)
{
    return hash_patient(patient_ref) % LEDGER_BUCKETS;
}

int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_node **out)
{
    struct ledger_node **bucket = &ledger->buckets[bucket_of(entry->patient_ref)], *node;
    size_t length = strlen(entry->patient_ref);
    enum modality_therapy therapy;

    node = calloc(1, sizeof(*node) + length + 1);
    if (!node)
        return -ENOMEM;
    memcpy(node->session_id, entry->session_id, sizeof(node->session_id));
    memcpy(node->patient_ref, entry->patient_ref, length + 1);
    node->modality = entry->modality;
    node->therapy = modality_therapy_find(entry->therapy, &therapy) == 0 ? (int)therapy : -1;
    node->state = entry->state;
    place_set_make(&ledger->names, &entry->places, &node->places);
    node->worst = entry->worst;
    node->delivered = entry->delivered;
    ledger_count(entry->state, &entry->worst, &entry->delivered, &node->counted);
    node->ended_wall_ms = entry->ended_wall_ms;
    node->next = *bucket;
    *bucket = node;
    if (out)
        *out = node;
    return 0;
}

int ledger_inherit(struct ledger *ledger, const struct ledger_entry *entry)
{
    struct ledger_entry *more = reallocarray(ledger->inherited, ledger->n_inherited + 1, sizeof(struct ledger_entry));

    if (!more)
        return -ENOMEM;
    ledger->inherited = more;
    ledger->inherited[ledger->n_inherited++] = *entry;
    return 0;
}

/* The link that leads to the session's node, or NULL. */
static struct ledger_node **ledger_link(const struct ledger *ledger, const char *session_id)
{
    for (size_t i = 0; i < LEDGER_BUCKETS; i++) {
        struct ledger_node **link = (struct ledger_node **)(uintptr_t)&ledger->buckets[i];
        for (; *link; link = &(*link)->next) {
            if (strcmp((*link)->session_id, session_id) == 0)
                return link;
        }
    }
    return NULL;
}

struct ledger_node *ledger_find(const struct ledger *ledger, const char *session_id)
{
    struct ledger_node **link = ledger_link(ledger, session_id);
    return link ? *link : NULL;
}

static void ledger_drop(struct ledger_node **link)
{
    struct ledger_node *node = *link;

    *link = node->next;
    free(node);
}

void ledger_remove(struct ledger *ledger, const char *session_id)
{
    struct ledger_node **link = ledger_link(ledger, session_id);

    if (link)
        ledger_drop(link);
}

static bool same_key(const struct ledger_node *a, const struct ledger_node *b)
{
    return a->therapy == b->therapy && a->modality == b->modality && place_sets_equal(&a->places, &b->places) &&
           patient_same(a->patient_ref, b->patient_ref);
}

/* Another entry of the bucket says more of the last end than this one. */
static bool ended_later(const struct ledger_node *bucket, const struct ledger_node *node)
{
    for (const struct ledger_node *other = bucket; other; other = other->next) {
        if (other != node && !ledger_state_blocks(other->state) && other->age_ms <= node->age_ms &&
            same_key(other, node))
            return true;
    }
    return false;
}

static int64_t node_elapsed_ms(const struct ledger_node *node, int64_t wall_ms, int64_t boot_ns)
{
    /* What has not ended, or nobody knows when, counts as ending now. */
    if (ledger_state_blocks(node->state))
        return 0;
    return ledger_elapsed_ms(wall_ms, boot_ns, node->ended_wall_ms, node->this_boot, node->ended_boot_ns);
}

/* What is certain to have passed: a wall clock that stands wrong for a while must not make anything forgotten. */
static int64_t node_sure_age_ms(const struct ledger_node *node, int64_t wall_ms, int64_t boot_ns)
{
    if (ledger_state_blocks(node->state))
        return 0;
    return ledger_elapsed_ms(wall_ms, boot_ns, node->ended_wall_ms, true, node->ended_boot_ns);
}

void ledger_purge(struct ledger *ledger, int64_t now_wall_ms, int64_t now_boot_ns)
{
    for (size_t i = 0; i < LEDGER_BUCKETS; i++) {
        for (struct ledger_node *node = ledger->buckets[i]; node; node = node->next)
            node->age_ms = node_sure_age_ms(node, now_wall_ms, now_boot_ns);
        for (struct ledger_node **link = &ledger->buckets[i]; *link;) {
            const struct ledger_node *node = *link;
            if (node->age_ms >= DOSE_REST_MAX_MS ||
                (node->age_ms >= LEDGER_WINDOW_MS && ended_later(ledger->buckets[i], node)))
                ledger_drop(link);
            else
                link = &(*link)->next;
        }
    }
}

void ledger_free(struct ledger *ledger)
{
    for (size_t i = 0; i < LEDGER_BUCKETS; i++) {
        while (ledger->buckets[i])
            ledger_drop(&ledger->buckets[i]);
    }
    free(ledger->inherited);
}

static bool node_is_at(const struct ledger_node *node, const char *patient_ref, const struct place_set *asked)
{
    return place_sets_meet(&node->places, asked) && patient_same(node->patient_ref, patient_ref);
}

const struct ledger_node *ledger_blocking(const struct ledger *ledger, const char *patient_ref,
                                          const struct ledger_places *places)
{
    const struct ledger_node *found = NULL;
    struct place_set asked;

    place_set_find(&ledger->names, places, &asked);
    for (const struct ledger_node *node = ledger->buckets[bucket_of(patient_ref)]; node; node = node->next) {
        if (ledger_state_blocks(node->state) && node_is_at(node, patient_ref, &asked) &&
            (!found || node->state == LEDGER_UNBOUNDED))
            found = node;
    }
    return found;
}

static void history_add(struct dose_history *history, const struct dose_amounts *counted)
{
    history->duration_ms += counted->duration_ms;
    history->energy_uj += counted->energy_uj;
    history->session_charge_uc += counted->session_charge_uc;
    history->iontophoresis_dose_ua_min += counted->iontophoresis_dose_ua_min;
    history->cem43_ms += counted->cem43_ms;
    history->cold_dose_millic_min += counted->cold_dose_millic_min;
    history->session_count++;
}

/* The last end of each therapy, whatever the question is about: it may be asked for after another modality. */
static void history_ended(struct dose_history *history, int therapy, int64_t elapsed_ms)
{
    if (therapy < 0)
        return;
    if (!(history->ended >> therapy & 1u) || elapsed_ms < history->since_end_ms[therapy])
        history->since_end_ms[therapy] = elapsed_ms;
    history->ended |= UINT32_C(1) << therapy;
}

/* What the question is about: the modality, and these of its therapies (0 = all). */
static bool node_is_of(const struct ledger_node *node, enum modality modality, uint32_t therapies)
{
    if (!(node->modality & modality))
        return false;
    return therapies == 0 || (node->therapy >= 0 && (therapies >> node->therapy & 1u));
}

static void history_take(struct dose_history *history, const struct ledger_node *node, int64_t elapsed_ms)
{
    if (!history->has_last_end || elapsed_ms < history->since_last_end_ms)
        history->since_last_end_ms = elapsed_ms;
    history->has_last_end = true;
    if (elapsed_ms < LEDGER_WINDOW_MS)
        history_add(history, &node->counted);
}

void record_sites(struct record *record, const struct screening *sites)
{
    place_names_relate(&record->ledger.names, sites);
}

void record_history(struct record *record, const char *patient_ref, const struct ledger_places *places,
                    enum modality modality, uint32_t therapies, struct dose_history *out)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);
    const struct ledger *ledger = &record->ledger;
    struct place_set asked;

    memset(out, 0, sizeof(*out));
    place_set_find(&ledger->names, places, &asked);
    for (const struct ledger_node *node = ledger->buckets[bucket_of(patient_ref)]; node; node = node->next) {
        int64_t elapsed_ms;
        if (!node_is_at(node, patient_ref, &asked))
            continue;
        elapsed_ms = node_elapsed_ms(node, wall_ms, boot_ns);
        history_ended(out, node->therapy, elapsed_ms);
        if (node_is_of(node, modality, therapies))
            history_take(out, node, elapsed_ms);
    }
}

const char *record_blocking(struct record *record, const char *patient_ref, const struct ledger_places *places,
                            enum ledger_state *state)
{
    const struct ledger_node *node = ledger_blocking(&record->ledger, patient_ref, places);

    if (node && state)
        *state = node->state;
    return node ? node->session_id : NULL;
}

const struct ledger_entry *record_open_entries(struct record *record, size_t *n)
{
    struct ledger *ledger = &record->ledger;

    *n = 0;
    for (size_t i = 0; i < ledger->n_inherited; i++) {
        const struct ledger_node *node = ledger_find(ledger, ledger->inherited[i].session_id);
        if (!node || !ledger_state_blocks(node->state))
            continue;
        ledger->inherited[*n] = ledger->inherited[i];
        ledger->inherited[(*n)++].state = node->state;
    }
    ledger->n_inherited = *n;
    return ledger->inherited;
}
