/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the [device] sections: where each unit is, which map describes it, and that all of one line agree about it.
 */
#include <stdio.h>
#include <string.h>

#include "modality/clock.h"
#include "reader.h"

#define RESPONSE_MIN_MS 5
#define RESPONSE_MAX_MS 1000

static const struct choice yes_no[] = {{"no", 0}, {"yes", 1}, {0}};
static const struct choice parities[] = {{"none", 'N'}, {"even", 'E'}, {"odd", 'O'}, {0}};
static const struct choice data_bits[] = {{"8", 8}, {0}};
static const struct choice stop_bits[] = {{"1", 1}, {"2", 2}, {0}};
/* libmodbus takes another rate for 9600 without a word. */
static const struct choice bauds[] = {
    {"1200", 1200},   {"2400", 2400},   {"4800", 4800},     {"9600", 9600},     {"19200", 19200},
    {"38400", 38400}, {"57600", 57600}, {"115200", 115200}, {"230400", 230400}, {0}};

/* The serial keys: needed on a serial line, meaningless elsewhere. */
static void read_serial(struct reader *r, const struct section *s, struct modbus_line_config *line)
{
    static const enum map_key keys[] = {KEY_DEVICE_BAUD, KEY_DEVICE_PARITY, KEY_DEVICE_DATA_BITS, KEY_DEVICE_STOP_BITS};
    if (line->kind != LINK_KIND_SERIAL) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            if (s->line[keys[i]])
                reader_fault(r, s->line[keys[i]]->origin, "device %s: key %s is for serial lines", s->name,
                             s->line[keys[i]]->key);
        }
        return;
    }
    int baud = 9600, parity = 'N', bits = 8, stop = 1;
    if (!reader_choice(r, s, KEY_DEVICE_BAUD, bauds, &baud) && !s->line[KEY_DEVICE_BAUD])
        reader_fault(r, s->origin, "device %s is on a serial line and has no baud", s->name);
    if (!reader_choice(r, s, KEY_DEVICE_PARITY, parities, &parity) && !s->line[KEY_DEVICE_PARITY])
        reader_fault(r, s->origin, "device %s is on a serial line and has no parity", s->name);
    reader_choice(r, s, KEY_DEVICE_DATA_BITS, data_bits, &bits);
    reader_choice(r, s, KEY_DEVICE_STOP_BITS, stop_bits, &stop);
    line->baud = baud;
    line->parity = (char)parity;
    line->stop_bits = stop;
}

static bool same_place(const struct modbus_line_config *a, const struct modbus_line_config *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == LINK_KIND_SERIAL)
        return strcmp(a->path, b->path) == 0;
    return a->address_size == b->address_size && memcmp(&a->address, &b->address, a->address_size) == 0;
}

/* What this unit must have in common with the first, and what must be its own. */
static void check_line(struct reader *r, const struct section *s, const struct map_config *config,
                       const struct map_unit *unit)
{
    const struct map_unit *first = &config->units[0];
    if (config->n_units == 0 || first->broken || unit->broken)
        return;
    if (!same_place(&first->line, &unit->line)) {
        reader_fault(r, s->line[KEY_DEVICE_LINK]->origin, "device %s is on another link than device %s", s->name,
                     first->id);
        return;
    }
    if (first->line.baud != unit->line.baud || first->line.parity != unit->line.parity ||
        first->line.stop_bits != unit->line.stop_bits)
        reader_fault(r, s->origin, "device %s has other line parameters than device %s on the same line", s->name,
                     first->id);
    for (size_t i = 0; i < config->n_units; i++) {
        if (config->units[i].unit == unit->unit)
            reader_fault(r, reader_origin(s, KEY_DEVICE_UNIT), "device %s has the same unit %u as device %s", s->name,
                         unit->unit, config->units[i].id);
    }
}

static void read_map_of(struct reader *r, const struct section *s, const struct map_config *config,
                        struct map_unit *unit)
{
    const struct modality_line *line = reader_line(r, s, KEY_DEVICE_MAP);
    if (!line)
        return;
    for (size_t i = 0; i < config->n_maps; i++) {
        if (strcmp(config->maps[i].id, line->value) == 0) {
            unit->map = i;
            return;
        }
    }
    reader_fault(r, line->origin, "device %s: map %s does not exist", s->name, line->value);
}

static void read_identity(struct reader *r, const struct section *s, const struct map_config *config,
                          struct map_unit *unit)
{
    unit->has_serial = reader_text(r, s, KEY_DEVICE_SERIAL, unit->serial);
    if (!unit->has_serial || unit->map >= config->n_maps)
        return;
    const struct map *map = &config->maps[unit->map];
    if (map->n_broken_points || map->identify.broken)
        return;
    for (size_t i = 0; i < map->identify.n_steps; i++) {
        if (map->points[map->identify.steps[i].point].role == ROLE_SERIAL)
            return;
    }
    reader_fault(r, s->line[KEY_DEVICE_SERIAL]->origin, "device %s: map %s reads no serial number in identify", s->name,
                 map->id);
}

/* A map that was written for tests alone must not reach a patient, however well it reads. */
static void check_maturity(struct reader *r, const struct section *s, const struct map_config *config,
                           const struct map_unit *unit)
{
    if (unit->map >= config->n_maps || unit->simulated || !config->maps[unit->map].test_only)
        return;
    const struct section *map = reader_section(r, OWNER_MAP, "", config->maps[unit->map].id);
    reader_fault(r, s->line[KEY_DEVICE_MAP]->origin,
                 "device %s: map %s has maturity test-only (%s) and [device %s] does not say simulated = yes", s->name,
                 map->name, reader_origin(map, KEY_MAP_MATURITY), s->name);
}

static void read_unit(struct reader *r, const struct section *s, struct map_config *config, struct map_unit *unit)
{
    int64_t number = 1;
    int simulated = 0;
    uint32_t response_ms;
    size_t faults = r->n_faults;
    reader_copy(unit->id, sizeof unit->id, s->name, strlen(s->name));
    const struct modality_line *line = reader_line(r, s, KEY_DEVICE_PLUGIN);
    if (line && strcmp(line->value, "modbus-map") != 0)
        reader_fault(r, line->origin, "device %s: plugin %s is not modbus-map", s->name, line->value);
    line = reader_line(r, s, KEY_DEVICE_LINK);
    bool linked = line && modbus_line_parse(line->value, &unit->line) == 0;
    if (line && !linked)
        reader_fault(r, line->origin, "device %s: %s is no tcp:HOST:PORT with a numeric host and no serial:/dev/PATH",
                     s->name, line->value);
    bool serial = linked && unit->line.kind == LINK_KIND_SERIAL;
    if (linked)
        read_serial(r, s, &unit->line);
    line = reader_line(r, s, KEY_DEVICE_UNIT);
    bool direct = line && linked && !serial && (!strcmp(line->value, "0") || !strcmp(line->value, "255"));
    if (direct)
        number = strcmp(line->value, "0") ? MODBUS_LINE_UNIT_TCP : 0;
    else if (line)
        reader_number(r, s, KEY_DEVICE_UNIT, 1, 247, &number);
    unit->unit = (uint8_t)number;
    unit->map = config->n_maps;
    read_map_of(r, s, config, unit);
    bool said = reader_choice(r, s, KEY_DEVICE_SIMULATED, yes_no, &simulated);
    unit->simulated = simulated;
    if (said || !s->line[KEY_DEVICE_SIMULATED])
        check_maturity(r, s, config, unit);
    read_identity(r, s, config, unit);
    response_ms = unit->map < config->n_maps ? config->maps[unit->map].slice_ms : RESPONSE_MAX_MS;
    reader_time(r, s, KEY_DEVICE_RESPONSE_TIMEOUT, RESPONSE_MIN_MS, RESPONSE_MAX_MS, &response_ms);
    unit->response_ns = response_ms * NS_PER_MS;
    unit->broken = !linked || r->n_faults != faults;
    check_line(r, s, config, unit);
}

void map_read_units(struct reader *r, struct map_config *config)
{
    int64_t silence = 0;
    for (size_t i = 0; i < r->n_sections; i++) {
        const struct section *s = &r->sections[i];
        if (s->owner != OWNER_DEVICE)
            continue;
        if (config->n_units == MODALITY_UNITS_MAX) {
            reader_fault(r, s->origin, "more than %d devices on one link", MODALITY_UNITS_MAX);
            return;
        }
        struct map_unit *unit = &config->units[config->n_units];
        read_unit(r, s, config, unit);
        if (unit->response_ns > silence)
            silence = unit->response_ns;
        config->n_units++;
    }
    /* One line, one silence: the slowest of its units may still be about to answer. */
    for (size_t i = 0; i < config->n_units; i++)
        config->units[i].line.silence_ns = silence;
}
