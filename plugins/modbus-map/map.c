/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the configuration of one link as a whole, and what is told to the daemon about a unit.
 */
#include "map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map_select.h"
#include "modality/clock.h"
#include "plan.h"
#include "reader.h"

/* Longest call that a line may need; slower than this it cannot be supervised. */
#define CALL_MAX_MS 2000
/* Beside the silence itself, what reopening a serial line takes. */
#define REOPEN_EXTRA_MS 5

/* A point of a map that is not here would never be missed: say so. */
static void check_owners(struct reader *r)
{
    for (size_t i = 0; i < r->n_sections; i++) {
        const struct section *s = &r->sections[i];
        if (s->owner == OWNER_POINT && !reader_section(r, OWNER_MAP, "", s->map))
            reader_fault(r, s->origin, "point %s.%s: map %s does not exist", s->map, s->name, s->map);
    }
}

static int64_t reads_ns(const struct map *map, const struct modbus_line_config *line, const struct map_plan *plan)
{
    int64_t total = 0;
    for (size_t i = 0; i < plan->n_requests; i++)
        total += map->answer_ms * NS_PER_MS + modbus_line_time_ns(line, map_plan_read_bytes(&plan->requests[i]));
    return total;
}

static int64_t writes_ns(const struct map *map, const struct modbus_line_config *line, const struct map_list *list)
{
    int64_t total = 0;
    for (size_t i = 0; i < list->n_steps; i++) {
        const struct map_point *p = &map->points[list->steps[i].point];
        total += map->answer_ms * NS_PER_MS + modbus_line_time_ns(line, map_plan_write_bytes(map, p));
    }
    return total;
}

static uint32_t ms_up(int64_t ns)
{
    return (uint32_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* How long the calls on a unit take on its line when it answers as it usually does. */
struct unit_times {
    uint32_t longest_call_ms, stop_ms, cycle_ms;
};

static struct unit_times unit_times(const struct map *map, const struct map_unit *unit)
{
    int64_t poll = reads_ns(map, &unit->line, &map->poll_plan);
    int64_t longest = poll, stop = writes_ns(map, &unit->line, &map->make_safe);
    longest = stop > longest ? stop : longest;
    for (size_t i = 0; i < map->n_groups; i++) {
        int64_t start = 2 * writes_ns(map, &unit->line, &map->groups[i].start);
        int64_t rest = writes_ns(map, &unit->line, &map->groups[i].stop);
        stop = rest > stop ? rest : stop;
        longest = start > longest ? start : longest;
        longest = rest > longest ? rest : longest;
    }
    uint32_t reopen = unit->line.kind == LINK_KIND_SERIAL ? ms_up(unit->line.silence_ns) + REOPEN_EXTRA_MS : 0;
    return (struct unit_times){.longest_call_ms = larger(ms_up(longest), reopen),
                               .stop_ms = ms_up(stop + poll),
                               .cycle_ms = ms_up(poll + writes_ns(map, &unit->line, &map->keepalive))};
}

static void check_times(struct reader *r, const struct map_config *config)
{
    for (size_t i = 0; i < config->n_units; i++) {
        const struct map_unit *unit = &config->units[i];
        const struct section *s = reader_section(r, OWNER_DEVICE, "", unit->id);
        struct unit_times times = unit_times(&config->maps[unit->map], unit);
        if (times.longest_call_ms > CALL_MAX_MS)
            reader_fault(r, s->origin, "device %s: one call takes %u ms on this line, more than %d ms", unit->id,
                         times.longest_call_ms, CALL_MAX_MS);
    }
}

static int read_maps(struct reader *r, struct map_config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < r->n_sections; i++)
        count += r->sections[i].owner == OWNER_MAP;
    config->maps = calloc(count + 1, sizeof *config->maps);
    if (!config->maps)
        return -ENOMEM;
    for (size_t i = 0; i < r->n_sections; i++) {
        struct section *s = &r->sections[i];
        if (s->owner != OWNER_MAP)
            continue;
        struct map *map = &config->maps[config->n_maps++];
        map_read_map(r, s, map);
        map_read_points(r, map);
        if (r->no_memory)
            return -ENOMEM;
        map_read_lists(r, s, map);
        map_check(r, s, map);
    }
    return 0;
}

static int read_all(struct reader *r, const struct modality_config *lines, struct map_config *config)
{
    int e = reader_collect(r, lines);
    if (e == 0)
        e = read_maps(r, config);
    if (e < 0)
        return e;
    check_owners(r);
    map_read_units(r, config);
    if (config->n_units == 0)
        reader_fault(r, lines->n_lines ? lines->lines[0].origin : "", "no [device] section for this link");
    if (r->n_faults == 0)
        check_times(r, config);
    return r->n_faults ? -EINVAL : 0;
}

int map_read(const struct modality_services *services, const struct modality_config *lines, struct map_config **out)
{
    struct reader reader = {.services = services};
    struct map_config *config = calloc(1, sizeof *config);
    int e = config ? read_all(&reader, lines, config) : -ENOMEM;
    free(reader.sections);
    if (e < 0)
        map_free(config);
    else
        *out = config;
    return e;
}

void map_free(struct map_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->n_maps; i++)
        free(config->maps[i].points);
    free(config->maps);
    free(config);
}

static void describe_channel(const struct map *map, size_t index, struct modality_channel *out)
{
    const struct map_channel *c = &map->channels[index];
    snprintf(out->id, sizeof out->id, "%s", c->id);
    out->modality = c->modality;
    out->waveforms = c->waveforms;
    out->level = c->level;
    out->rest_value = c->rest;
    out->reference = c->reference;
    out->level_measured = c->actual_point >= 0;
    out->noise = c->noise;
    out->n_ranges = map_select_ranges(map, (int)index, out->ranges, MODALITY_RANGES_MAX);
}

void map_describe(const struct map_config *config, size_t index, struct modality_device *out)
{
    const struct map_unit *unit = &config->units[index];
    const struct map *map = &config->maps[unit->map];
    struct unit_times times = unit_times(map, unit);
    memset(out, 0, sizeof *out);
    snprintf(out->id, sizeof out->id, "%s", unit->id);
    out->simulated = unit->simulated;
    out->on_link_loss = map->on_link_loss;
    out->watchdog_ms = map->watchdog_ms;
    out->after_watchdog = map->after_watchdog;
    out->contact_monitored = map->contact_monitored;
    out->contact_monitored_from = map->contact_from;
    out->contact_probe_power_uw = map->contact_probe_power_uw;
    out->after_contact_return = map->after_contact_return;
    out->patient_stop = map->patient_stop;
    out->rest_by_setpoint = !map->channels[0].has_run;
    out->rest_within_ms = map->rest_within_ms;
    out->stop_leaves_output = map->stop_leaves_output;
    out->slice_ms = larger(map->slice_ms, times.longest_call_ms);
    out->stop_ms = larger(map->stop_ms, times.stop_ms);
    out->cycle_ms = times.cycle_ms;
    out->settle_ms = map->settle_ms;
    out->start_ms = map->start_ms;
    out->n_channels = map->n_channels;
    for (size_t i = 0; i < map->n_channels; i++)
        describe_channel(map, i, &out->channels[i]);
    out->n_groups = map->n_groups;
    for (size_t i = 0; i < map->n_groups; i++) {
        snprintf(out->groups[i].id, sizeof out->groups[i].id, "%s", map->groups[i].id);
        out->groups[i].channels = map->groups[i].channels;
        out->groups[i].excludes = map->groups[i].excludes;
    }
}
