/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every shipped protocol can be run on a reference device: some channel of a shipped register map makes its waveform,
 * and can be set to each of its values at minimum, default and maximum, in the device's steps. What the daemon shapes
 * or counts by itself (surges, time, doses, points) needs no device.
 */
#include "shipped.h"

#include <stdio.h>
#include <string.h>

static const char *value_of(const struct config *c, const char *section, const char *key)
{
    for (size_t i = 0; i < c->n_lines; i++)
        if (strcmp(c->lines[i].section, section) == 0 && strcmp(c->lines[i].key, key) == 0)
            return c->lines[i].value;
    return NULL;
}

/* Whether text has this word, where blanks, commas and colons part words. */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; p != NULL && *p != '\0';) {
        size_t length = strcspn(p, " ,:");
        if (length == n && memcmp(p, word, n) == 0)
            return true;
        p += length + (p[length] != '\0');
    }
    return false;
}

/* A register map's channel. */
struct channel {
    const struct config *config;
    const char *map, *id;
};

/* The section of the set point of q on this channel, or on the whole unit: "point refstim.current1". */
static const char *setpoint(const struct channel *ch, enum modality_quantity q)
{
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "point %s.", ch->map);
    for (size_t i = 0; i < ch->config->n_lines; i++) {
        const struct config_line *l = &ch->config->lines[i];
        if (strncmp(l->section, prefix, strlen(prefix)) != 0 || strcmp(l->key, "quantity") != 0 ||
            strcmp(l->value, modality_quantity_info(q)->id) != 0)
            continue;
        const char *role = value_of(ch->config, l->section, "role"), *of = value_of(ch->config, l->section, "channel");
        if (role != NULL && strcmp(role, "setpoint") == 0 && (of == NULL || strcmp(of, ch->id) == 0))
            return l->section;
    }
    return NULL;
}

static bool makes_waveform(const struct channel *ch, enum modality_waveform w)
{
    char section[64], key[64];
    snprintf(section, sizeof(section), "map %s", ch->map);
    snprintf(key, sizeof(key), "channel.%s.waveforms", ch->id);
    const char *point = setpoint(ch, QUANTITY_waveform_class);
    const char *words = point != NULL ? value_of(ch->config, point, "codes") : value_of(ch->config, section, key);
    return has_word(words, modality_waveform_id(w));
}

/* One raw step in base units: scale in the point's unit. */
static int64_t step_of(const struct channel *ch, const char *point, enum modality_quantity q)
{
    char text[64];
    const char *scale = value_of(ch->config, point, "scale"), *unit = value_of(ch->config, point, "unit");
    int64_t step = 0;
    snprintf(text, sizeof(text), "%s %s", scale != NULL ? scale : "1", unit);
    assert_int_equal(value_parse(q, text, &step), 0);
    return step;
}

static bool takes_value(const struct channel *ch, const char *point, enum modality_quantity q, int64_t value)
{
    const char *low = value_of(ch->config, point, "min"), *high = value_of(ch->config, point, "max");
    int64_t min = 0, max = 0;
    if (value_of(ch->config, point, "codes") != NULL)
        return true; /* a selection: its words are the device's */
    assert_int_equal(value_parse(q, low, &min), 0);
    assert_int_equal(value_parse(q, high, &max), 0);
    return value >= min && value <= max && value % step_of(ch, point, q) == 0;
}

/* Shaped, timed or counted by the daemon and its host, or a property of what is plugged in. */
static bool needs_device(enum modality_quantity q)
{
    static const enum modality_quantity own[] = {
        QUANTITY_surge_on_ms,   QUANTITY_surge_off_ms,  QUANTITY_ramp_up_ms,         QUANTITY_ramp_down_ms,
        QUANTITY_soft_start_ms, QUANTITY_duration_ms,   QUANTITY_treated_area_mm2,   QUANTITY_point_energy_uj,
        QUANTITY_point_count,   QUANTITY_wavelength_nm, QUANTITY_electrode_area_mm2, QUANTITY_iontophoresis_dose_ua_min,
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i] == q)
            return false;
    return true;
}

/* Whether the channel takes all of the protocol; if not, what it cannot do goes into why. */
static bool runs(const struct channel *ch, const struct protocol *p, char *why, size_t size)
{
    if (!makes_waveform(ch, p->waveform))
        return false;
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *range = &p->parameters[i];
        if (!needs_device(range->quantity))
            continue;
        const char *id = modality_quantity_info(range->quantity)->id, *point = setpoint(ch, range->quantity);
        for (enum corner at = AT_MIN; at < CORNERS; at++) {
            if (point != NULL && takes_value(ch, point, range->quantity, parameter_at(range, at)))
                continue;
            snprintf(why, size, "channel %s of %s does not take %s %lld", ch->id, ch->map, id,
                     (long long)parameter_at(range, at));
            return false;
        }
    }
    return true;
}

/* Tries the channels of one map; their ids stand in a list with blanks. */
static bool map_runs(const struct config *c, const char *map, const struct protocol *p, char *why, size_t size)
{
    char section[64], ids[128];
    snprintf(section, sizeof(section), "map %s", map);
    const char *list = value_of(c, section, "channels");
    assert_true(list != NULL && strlen(list) < sizeof(ids));
    strcpy(ids, list);
    for (char *rest = NULL, *id = strtok_r(ids, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest)) {
        struct channel ch = {.config = c, .map = map, .id = id};
        if (runs(&ch, p, why, size))
            return true;
    }
    return false;
}

static void every_protocol_runs_on_a_reference_device(void **state)
{
    static const char *const maps[] = {"refstim", "refus", "reflaser", "refcold", "refgalv"};
    const struct config *c = shipped(state);
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        char why[256] = "no channel makes its waveform";
        bool found = false;
        for (size_t k = 0; k < sizeof(maps) / sizeof(maps[0]) && !found; k++)
            found = map_runs(c, maps[k], p, why, sizeof(why));
        if (!found)
            fail_msg("%s runs on no reference device: %s", p->id, why);
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(every_protocol_runs_on_a_reference_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
