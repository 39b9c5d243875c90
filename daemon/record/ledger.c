/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's memory: adding, finding, forgetting, and the sums that limits are held against. */
#include "record/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

#include "modality/clock.h"

#define LEDGER_WINDOW_MS (INT64_C(24) * 3600 * 1000)
#define LEDGER_REST_MS (INT64_C(14) * 24 * 3600 * 1000) /* longest rest interval that can be configured */

int64_t ledger_elapsed_ms(int64_t now_wall_ms, int64_t now_boot_ns, int64_t wall_ms, bool same_boot, int64_t boot_ns)
{
    int64_t elapsed = now_wall_ms > wall_ms ? now_wall_ms - wall_ms : 0;

    if (same_boot) {
        int64_t boot_ms = now_boot_ns > boot_ns ? (now_boot_ns - boot_ns) / NS_PER_MS : 0;
        elapsed = boot_ms < elapsed ? boot_ms : elapsed;
    }
    return elapsed;
}

static bool side_is_one(const char *side)
{
    return strcmp(side, "left") == 0 || strcmp(side, "right") == 0;
}

bool ledger_side_meets(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || !side_is_one(a) || !side_is_one(b);
}

const struct dose_amounts *ledger_counted(const struct ledger_entry *entry)
{
    return entry->state == LEDGER_SETTLED || entry->state == LEDGER_REVIEWED ? &entry->delivered : &entry->worst;
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

int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_node **out)
{
    struct ledger_node *node;

    if (ledger->n == ledger->capacity) {
        size_t capacity = ledger->capacity ? 2 * ledger->capacity : 64;
        struct ledger_node **nodes = reallocarray(ledger->nodes, capacity, sizeof(struct ledger_node *));
        if (!nodes)
            return -ENOMEM;
        ledger->nodes = nodes;
        ledger->capacity = capacity;
    }
    node = calloc(1, sizeof(*node));
    if (!node)
        return -ENOMEM;
    node->entry = *entry;
    ledger->nodes[ledger->n++] = node;
    if (out)
        *out = node;
    return 0;
}

struct ledger_node *ledger_find(const struct ledger *ledger, const char *session_id)
{
    for (size_t i = ledger->n; i > 0; i--) {
        if (strcmp(ledger->nodes[i - 1]->entry.session_id, session_id) == 0)
            return ledger->nodes[i - 1];
    }
    return NULL;
}

void ledger_remove(struct ledger *ledger, const char *session_id)
{
    for (size_t i = 0; i < ledger->n; i++) {
        if (strcmp(ledger->nodes[i]->entry.session_id, session_id) == 0) {
            free(ledger->nodes[i]);
            ledger->nodes[i] = ledger->nodes[--ledger->n];
            return;
        }
    }
}

static bool ledger_blocks(const struct ledger_entry *entry)
{
    return entry->state == LEDGER_OPEN || entry->state == LEDGER_UNBOUNDED;
}

/* Same key together, the latest end first. */
static int ledger_order(const void *left, const void *right)
{
    const struct ledger_node *a = *(struct ledger_node *const *)left, *b = *(struct ledger_node *const *)right;
    int order = strcmp(a->entry.patient_ref, b->entry.patient_ref);

    order = order ? order : strcmp(a->entry.site, b->entry.site);
    order = order ? order : strcmp(a->entry.side, b->entry.side);
    order = order ? order : (int)a->entry.modality - (int)b->entry.modality;
    order = order ? order : strcmp(a->entry.therapy, b->entry.therapy);
    if (order)
        return order;
    return (a->age_ms > b->age_ms) - (a->age_ms < b->age_ms);
}

static bool ledger_same_key(const struct ledger_entry *a, const struct ledger_entry *b)
{
    return strcmp(a->patient_ref, b->patient_ref) == 0 && strcmp(a->site, b->site) == 0 &&
           strcmp(a->side, b->side) == 0 && a->modality == b->modality && strcmp(a->therapy, b->therapy) == 0;
}

void ledger_purge(struct ledger *ledger, int64_t now_wall_ms, int64_t now_boot_ns)
{
    const struct ledger_entry *before = NULL; /* the later end of the same key, itself kept */
    size_t kept = 0;

    for (size_t i = 0; i < ledger->n; i++) {
        struct ledger_node *node = ledger->nodes[i];
        node->age_ms = ledger_elapsed_ms(now_wall_ms, now_boot_ns, node->entry.ended_wall_ms, node->this_boot,
                                         node->ended_boot_ns);
        if (ledger_blocks(&node->entry))
            node->age_ms = INT64_MAX; /* last of its key: it hides no end */
    }
    if (ledger->n > 1)
        qsort(ledger->nodes, ledger->n, sizeof(struct ledger_node *), ledger_order);
    for (size_t i = 0; i < ledger->n; i++) {
        struct ledger_node *node = ledger->nodes[i];
        bool latest = !before || !ledger_same_key(before, &node->entry);
        if (!ledger_blocks(&node->entry) && node->age_ms >= LEDGER_WINDOW_MS &&
            (!latest || node->age_ms >= LEDGER_REST_MS)) {
            free(node);
            continue;
        }
        before = &node->entry;
        ledger->nodes[kept++] = node;
    }
    ledger->n = kept;
}

void ledger_free(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->n; i++)
        free(ledger->nodes[i]);
    free(ledger->nodes);
    free(ledger->open);
}

static bool ledger_matches(const struct ledger_entry *entry, const char *patient_ref, const char *site,
                           const char *side)
{
    return strcmp(entry->patient_ref, patient_ref) == 0 && strcmp(entry->site, site) == 0 &&
           ledger_side_meets(entry->side, side);
}

static void history_add(struct dose_history *history, const struct ledger_entry *entry, int64_t elapsed_ms)
{
    const struct dose_amounts *counted = ledger_counted(entry);

    if (!history->has_last_end || elapsed_ms < history->since_last_end_ms)
        history->since_last_end_ms = elapsed_ms;
    history->has_last_end = true;
    if (elapsed_ms >= LEDGER_WINDOW_MS)
        return;
    history->duration_ms += counted->duration_ms;
    history->energy_uj += counted->energy_uj;
    history->charge_uc += counted->charge_uc;
    history->ion_dose_ua_min += counted->ion_dose_ua_min;
    history->session_count++;
}

void record_history(struct record *record, const char *patient_ref, const char *site, const char *side,
                    enum modality modality, const char *therapy, struct dose_history *out)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < record->ledger.n; i++) {
        const struct ledger_node *node = record->ledger.nodes[i];
        const struct ledger_entry *entry = &node->entry;
        if ((entry->modality & modality) == 0 || (therapy && strcmp(entry->therapy, therapy) != 0) ||
            !ledger_matches(entry, patient_ref, site, side))
            continue;
        /* What has not ended, or nobody knows when, counts as ending now. */
        history_add(out, entry,
                    ledger_blocks(entry) ? 0
                                         : ledger_elapsed_ms(wall_ms, boot_ns, entry->ended_wall_ms, node->this_boot,
                                                             node->ended_boot_ns));
    }
}

const struct ledger_entry *record_blocking(struct record *record, const char *patient_ref, const char *site,
                                           const char *side)
{
    for (size_t i = 0; i < record->ledger.n; i++) {
        const struct ledger_entry *entry = &record->ledger.nodes[i]->entry;
        if (ledger_blocks(entry) && ledger_matches(entry, patient_ref, site, side))
            return entry;
    }
    return NULL;
}

const struct ledger_entry *record_open_entries(struct record *record, size_t *n)
{
    struct ledger *ledger = &record->ledger;
    struct ledger_entry *open = reallocarray(ledger->open, ledger->n + 1, sizeof(struct ledger_entry));

    *n = 0;
    if (!open)
        return NULL;
    ledger->open = open;
    for (size_t i = 0; i < ledger->n; i++) {
        if (ledger->nodes[i]->inherited && ledger->nodes[i]->entry.state == LEDGER_OPEN)
            open[(*n)++] = ledger->nodes[i]->entry;
    }
    return open;
}
