/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one [map] section: what the device is, how it behaves, its channels and its groups. Lists of points are read
 * in read_lists.c, after the points.
 */
#include <string.h>

#include "reader.h"

/* The range a device's times may have; beyond them a typing error is likelier than a device. */
#define WATCHDOG_MIN_MS 100
#define WATCHDOG_MAX_MS 60000
#define SLICE_MIN_MS 5
#define SLICE_MAX_MS 2000
#define SLICE_DEFAULT_MS 50
#define ANSWER_MAX_MS 1000
#define ANSWER_DEFAULT_MS 5
#define STOP_MAX_MS 10000
#define SETTLE_MAX_MS 600000
#define REST_MAX_MS 3600000
#define START_MAX_MS 30000
/* A hole that is wider costs more on the line than a second request. */
#define READ_OVER_MAX 100

static const struct choice yes_no[] = {{"no", 0}, {"yes", 1}, {0}};
enum { MATURITY_STABLE, MATURITY_EXPERIMENTAL, MATURITY_TEST_ONLY };
static const struct choice maturities[] = {
    {"stable", MATURITY_STABLE}, {"experimental", MATURITY_EXPERIMENTAL}, {"test-only", MATURITY_TEST_ONLY}, {0}};
static const struct choice orders[] = {{"high_first", 0}, {"low_first", 1}, {0}};
static const struct choice writes[] = {{"single", 0}, {"multiple", 1}, {0}};
static const struct choice failures[] = {{"unknown", 0}, {"refused", 1}, {0}};
static const struct choice after_watchdogs[] = {{"unknown", AFTER_WATCHDOG_UNKNOWN},
                                                {"stays_off", AFTER_WATCHDOG_STAYS_OFF},
                                                {"resumes", AFTER_WATCHDOG_RESUMES},
                                                {0}};
static const struct choice link_losses[] = {
    {"unknown", LINK_LOSS_UNKNOWN}, {"stops", LINK_LOSS_STOPS}, {"continues", LINK_LOSS_CONTINUES}, {0}};
static const struct choice contact_returns[] = {{"unknown", CONTACT_RETURN_UNKNOWN},
                                                {"stays_off", CONTACT_RETURN_STAYS_OFF},
                                                {"resumes", CONTACT_RETURN_RESUMES},
                                                {0}};
static const struct choice modalities[] = {{"estim", MODALITY_ESTIM},
                                           {"ultrasound", MODALITY_ULTRASOUND},
                                           {"laser", MODALITY_LASER},
                                           {"cold", MODALITY_COLD},
                                           {0}};
static const struct choice references[] = {
    {"peak", REFERENCE_PEAK}, {"peak_to_peak", REFERENCE_PEAK_TO_PEAK}, {"satp", REFERENCE_SATP}, {0}};

enum modality map_waveform_modality(int64_t waveform)
{
    static const enum modality modality_of[WAVEFORM_COUNT] = {
#define WAVEFORM(id, modality, meaning) [WAVEFORM_##id] = modality,
        MODALITY_WAVEFORMS(WAVEFORM)
#undef WAVEFORM
    };
    return modality_of[waveform];
}

int map_channel_find(const struct map *map, const char *id)
{
    for (size_t i = 0; i < map->n_channels; i++) {
        if (strcmp(map->channels[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

int map_group_find(const struct map *map, const char *id)
{
    for (size_t i = 0; i < map->n_groups; i++) {
        if (strcmp(map->groups[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

static int choose(struct reader *r, const struct section *s, enum map_key key, const struct choice *choices, int value)
{
    reader_choice(r, s, key, choices, &value);
    return value;
}

/* Reads the ids of channels or groups, in order; add gets each and says why it cannot be taken, or NULL. */
static void read_ids(struct reader *r, const struct section *s, enum map_key key, struct map *map,
                     const char *(*add)(struct map *map, const char *id))
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return;
    const char *text = line->value, *word;
    size_t length;
    while ((word = reader_word(&text, &length))) {
        char id[MODALITY_NAME_MAX];
        const char *why = reader_copy(id, sizeof id, word, length) < 0 ? "is too long" : add(map, id);
        if (why)
            reader_fault(r, line->origin, "key %s: %.*s %s", line->key, (int)length, word, why);
    }
}

static const char *add_channel(struct map *map, const char *id)
{
    if (map_channel_find(map, id) >= 0)
        return "stands twice";
    if (map->n_channels == MODALITY_CHANNELS_MAX)
        return "is one too many";
    struct map_channel *c = &map->channels[map->n_channels++];
    c->level_point = c->actual_point = -1;
    return reader_copy(c->id, sizeof c->id, id, strlen(id)) < 0 ? "is no name" : NULL;
}

static const char *add_group(struct map *map, const char *id)
{
    if (map_group_find(map, id) >= 0)
        return "stands twice";
    if (map->n_groups == MODALITY_GROUPS_MAX)
        return "is one too many";
    struct map_group *g = &map->groups[map->n_groups++];
    return reader_copy(g->id, sizeof g->id, id, strlen(id)) < 0 ? "is no name" : NULL;
}

/* Keys of a channel or group that its map does not list. */
static void check_unlisted(struct reader *r, const struct map *map)
{
    for (size_t i = 0; map->n_channels && map->n_groups && i < r->n_sections; i++) {
        const struct section *s = &r->sections[i];
        if (strcmp(s->map, map->id) != 0)
            continue;
        if (s->owner == OWNER_CHANNEL && map_channel_find(map, s->name) < 0)
            reader_fault(r, s->origin, "channel %s is not in channels of map %s", s->name, map->id);
        if (s->owner == OWNER_GROUP && map_group_find(map, s->name) < 0)
            reader_fault(r, s->origin, "group %s is not in groups of map %s", s->name, map->id);
    }
}

static void read_waveforms(struct reader *r, const struct section *s, struct map_channel *c)
{
    const struct modality_line *line = s->line[KEY_CHANNEL_WAVEFORMS];
    if (!line)
        return;
    const char *text = line->value, *word;
    size_t length;
    while ((word = reader_word(&text, &length))) {
        char id[MODALITY_NAME_MAX];
        enum modality_waveform w;
        if (reader_copy(id, sizeof id, word, length) < 0 || r->services->waveform_find(r->services->ctx, id, &w) < 0)
            reader_fault(r, line->origin, "key %s: %.*s is %s", line->key, (int)length, word, READER_NO_WAVEFORM);
        else if (c->modality && map_waveform_modality(w) != c->modality)
            reader_fault(r, line->origin, "key %s: %s is of another modality", line->key, id);
        else
            c->waveforms |= UINT32_C(1) << w;
    }
}

/* A peak is one of a current or a voltage, or of a pulsed beam: a mean power and a temperature have none. */
static bool reference_suits(enum modality_quantity level, enum modality_reference reference)
{
    const bool amplitude = level == QUANTITY_amplitude_ua || level == QUANTITY_amplitude_mv;
    switch (reference) {
    case REFERENCE_PEAK:
        return amplitude || level == QUANTITY_peak_power_uw;
    case REFERENCE_PEAK_TO_PEAK:
        return amplitude;
    case REFERENCE_SATP:
    case REFERENCE_SATA:
        return level == QUANTITY_intensity_satp_uw_cm2;
    case REFERENCE_RELATIVE:
        break;
    }
    return true;
}

static void read_reference(struct reader *r, const struct section *s, struct map_channel *c)
{
    int said;
    c->reference = c->level == QUANTITY_intensity_satp_uw_cm2 ? REFERENCE_SATP : REFERENCE_PEAK;
    if (!reader_choice(r, s, KEY_CHANNEL_REFERENCE, references, &said))
        return;
    const struct modality_line *line = s->line[KEY_CHANNEL_REFERENCE];
    c->reference = (enum modality_reference)said;
    if (!reference_suits(c->level, c->reference))
        reader_fault(r, line->origin, "channel %s: %s is no reference of its level %s", c->id, line->value,
                     r->services->quantity_info(r->services->ctx, c->level)->id);
}

static void read_channel(struct reader *r, const struct map *map, struct map_channel *c, const struct section *top)
{
    const struct section *s = reader_section(r, OWNER_CHANNEL, map->id, c->id);
    size_t faults = r->n_faults;
    int modality = 0;
    c->broken = true;
    if (!s) {
        reader_fault(r, top->line[KEY_MAP_CHANNELS]->origin, "channel %s has no keys channel.%s.*", c->id, c->id);
        return;
    }
    if (reader_choice(r, s, KEY_CHANNEL_MODALITY, modalities, &modality))
        c->modality = (enum modality)modality;
    read_waveforms(r, s, c);
    if (!reader_quantity(r, s, KEY_CHANNEL_LEVEL, &c->level))
        return;
    const struct modality_quantity_info *info = r->services->quantity_info(r->services->ctx, c->level);
    const char *at = s->line[KEY_CHANNEL_LEVEL]->origin;
    if (modality && !(info->modalities & c->modality))
        reader_fault(r, at, "channel %s: level %s does not belong to its modality", c->id, info->id);
    if (info->rest == REST_NONE || info->basis != BASIS_COMMANDED)
        reader_fault(r, at, "channel %s: %s is no quantity that is walked from rest", c->id, info->id);
    c->level_safer = info->safer;
    read_reference(r, s, c);
    if (reader_value(r, s, KEY_CHANNEL_NOISE, c->level, &c->noise) && c->noise < 0)
        reader_fault(r, s->line[KEY_CHANNEL_NOISE]->origin, "channel %s: noise is negative", c->id);
    bool declared = c->rest_declared = info->rest == REST_DECLARED;
    if (declared && !s->line[KEY_CHANNEL_REST])
        reader_fault(r, s->origin, "channel %s: %s needs a declared rest", c->id, info->id);
    else if (declared)
        reader_value(r, s, KEY_CHANNEL_REST, c->level, &c->rest);
    else if (s->line[KEY_CHANNEL_REST])
        reader_fault(r, s->line[KEY_CHANNEL_REST]->origin, "channel %s: rest of %s is 0", c->id, info->id);
    c->broken = r->n_faults != faults;
}

/* Bits of the channels or groups that a key names. */
static uint32_t read_bits(struct reader *r, const struct section *s, enum map_key key, const struct map *map,
                          int (*find)(const struct map *map, const char *id))
{
    const struct modality_line *line = reader_line(r, s, key);
    uint32_t bits = 0;
    const char *text = line ? line->value : "", *word;
    size_t length;
    while (line && map->n_channels && map->n_groups && (word = reader_word(&text, &length))) {
        char id[MODALITY_NAME_MAX];
        int i = reader_copy(id, sizeof id, word, length) < 0 ? -1 : find(map, id);
        if (i < 0)
            reader_fault(r, line->origin, "key %s: %.*s does not exist in map %s", line->key, (int)length, word,
                         map->id);
        else if (bits & UINT32_C(1) << i)
            reader_fault(r, line->origin, "key %s: %.*s stands twice", line->key, (int)length, word);
        else
            bits |= UINT32_C(1) << i;
    }
    return bits;
}

static void read_groups(struct reader *r, const struct section *top, struct map *map)
{
    uint32_t covered = 0;
    for (size_t i = 0; i < map->n_groups; i++) {
        struct map_group *g = &map->groups[i];
        const struct section *s = reader_section(r, OWNER_GROUP, map->id, g->id);
        if (!s) {
            reader_fault(r, top->line[KEY_MAP_GROUPS]->origin, "group %s has no keys group.%s.*", g->id, g->id);
            continue;
        }
        g->channels = read_bits(r, s, KEY_GROUP_CHANNELS, map, map_channel_find);
        g->excludes = read_bits(r, s, KEY_GROUP_EXCLUDES, map, map_group_find);
        covered |= g->channels;
        if (g->excludes & UINT32_C(1) << i)
            reader_fault(r, s->line[KEY_GROUP_EXCLUDES]->origin, "group %s excludes itself", g->id);
    }
    for (size_t i = 0; i < map->n_groups; i++) {
        for (size_t j = 0; j < map->n_groups; j++) {
            bool shared = i != j && (map->groups[i].channels & map->groups[j].channels);
            if (shared || map->groups[j].excludes & UINT32_C(1) << i)
                map->groups[i].excludes |= UINT32_C(1) << j;
        }
    }
    for (size_t i = 0; map->n_groups && i < map->n_channels; i++) {
        if (!(covered & UINT32_C(1) << i) && !map->channels[i].broken)
            reader_fault(r, top->line[KEY_MAP_GROUPS]->origin, "channel %s is in no group", map->channels[i].id);
    }
}

static void read_times(struct reader *r, const struct section *s, struct map *map)
{
    map->slice_ms = SLICE_DEFAULT_MS;
    map->answer_ms = ANSWER_DEFAULT_MS;
    reader_time(r, s, KEY_MAP_SLICE, SLICE_MIN_MS, SLICE_MAX_MS, &map->slice_ms);
    reader_time(r, s, KEY_MAP_STOP_TIME, 0, STOP_MAX_MS, &map->stop_ms);
    reader_time(r, s, KEY_MAP_SETTLE_TIME, 0, SETTLE_MAX_MS, &map->settle_ms);
    reader_time(r, s, KEY_MAP_ANSWER_TIME, 0, ANSWER_MAX_MS, &map->answer_ms);
    reader_time(r, s, KEY_MAP_REST_WITHIN, 1, REST_MAX_MS, &map->rest_within_ms);
    reader_time(r, s, KEY_MAP_START_TIME, 1, START_MAX_MS, &map->start_ms);
    reader_time(r, s, KEY_MAP_WATCHDOG, WATCHDOG_MIN_MS, WATCHDOG_MAX_MS, &map->watchdog_ms);
}

static void read_contact(struct reader *r, const struct section *s, struct map *map)
{
    map->after_contact_return = (enum modality_contact_return)choose(r, s, KEY_MAP_AFTER_CONTACT_RETURN,
                                                                     contact_returns, CONTACT_RETURN_UNKNOWN);
    reader_value(r, s, KEY_MAP_CONTACT_PROBE_POWER, QUANTITY_power_uw, &map->contact_probe_power_uw);
    const struct modality_line *from = s->line[KEY_MAP_CONTACT_FROM];
    bool whole = map->n_channels > 0;
    for (size_t i = 0; i < map->n_channels; i++)
        whole &= !map->channels[i].broken;
    if (!from || !whole)
        return;
    for (size_t i = 1; i < map->n_channels; i++) {
        if (map->channels[i].level != map->channels[0].level) {
            reader_fault(r, from->origin, "key contact_from needs one level quantity for all channels");
            return;
        }
    }
    if (map->channels[0].rest_declared)
        reader_fault(r, from->origin, "key contact_from has no meaning for a level whose rest is a set point");
    else
        reader_value(r, s, KEY_MAP_CONTACT_FROM, map->channels[0].level, &map->contact_from);
}

void map_read_map(struct reader *r, struct section *s, struct map *map)
{
    int order = 0;
    int64_t read_over = 0;
    reader_copy(map->id, sizeof map->id, s->name, strlen(s->name));
    reader_text(r, s, KEY_MAP_MAKER, map->maker);
    reader_text(r, s, KEY_MAP_MODEL, map->model);
    map->test_only = choose(r, s, KEY_MAP_MATURITY, maturities, MATURITY_EXPERIMENTAL) == MATURITY_TEST_ONLY;
    reader_choice(r, s, KEY_MAP_WORD_ORDER, orders, &order);
    map->has_word_order = s->line[KEY_MAP_WORD_ORDER];
    map->low_first = order;
    map->multiple = choose(r, s, KEY_MAP_WRITES, writes, 0);
    if (reader_number(r, s, KEY_MAP_READ_OVER, 0, READ_OVER_MAX, &read_over))
        map->read_over = (uint16_t)read_over;
    map->refuses_by_failure = choose(r, s, KEY_MAP_SERVER_FAILURE, failures, 0);
    map->stop_leaves_output = choose(r, s, KEY_MAP_STOP_LEAVES_OUTPUT, yes_no, 0);
    map->on_link_loss = (enum modality_link_loss)choose(r, s, KEY_MAP_ON_LINK_LOSS, link_losses, LINK_LOSS_UNKNOWN);
    map->after_watchdog =
        (enum modality_after_watchdog)choose(r, s, KEY_MAP_AFTER_WATCHDOG, after_watchdogs, AFTER_WATCHDOG_UNKNOWN);
    read_times(r, s, map);
    read_ids(r, s, KEY_MAP_CHANNELS, map, add_channel);
    read_ids(r, s, KEY_MAP_GROUPS, map, add_group);
    check_unlisted(r, map);
    for (size_t i = 0; i < map->n_channels; i++)
        read_channel(r, map, &map->channels[i], s);
    read_groups(r, s, map);
    read_contact(r, s, map);
}
