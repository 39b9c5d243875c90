/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [device <id>]: what the clinic says of a unit, the physical link it sits on, and which lines its host is given. Keys
 * of the clinic stay here; all other lines, with the register map they name, go to the plugin with their origins.
 */
#include <string.h>

#include "config/canonical.h"
#include "config/refer.h"
#include "modality/person.h"

/* Keys of the table that a plugin never sees: all but those that tell it which unit to drive. */
static bool is_clinic_key(const char *key)
{
    static const char *const shared[] = {"plugin", "link", "unit", "map", "serial", "simulated"};
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
        if (strcmp(shared[i], key) == 0)
            return false;
    return keys_find(SECTION_DEVICE, key) != NULL;
}

/* A device while its link is being found. */
struct found {
    const struct raw_section *section;
    const char *canonical, *node, *map;
    int64_t unit;
};

static void build_acceptance(struct load *load, const struct raw_section *s, struct config_device *d)
{
    const char *const *words;
    size_t n;
    struct place at;
    int64_t day;
    if (!field_list(load, s, "accept_link_loss", &words, &n, &at) || modality_is_unfilled(words[0]))
        return;
    if (n != 2 || date_parse(words[1], &day) < 0) {
        fault_add(&load->faults, at, "accept_link_loss: needs a name, a comma and a date YYYY-MM-DD");
        return;
    }
    if (!field_is_acceptor(load, at, "accept_link_loss", words[0]) ||
        !field_is_acceptance(load, at, "accept_link_loss", words[1], day))
        return;
    d->accepted_by = words[0];
    d->accepted_on = words[1];
}

/* Properties of the device under their own names. */
static void build_reported(struct load *load, const struct raw_section *s, struct config_device *d)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct key_info *key = keys_find(SECTION_DEVICE, s->lines[i].key);
        int64_t value;
        if (key != NULL && key->type == KEY_VALUE && field_value(load, s, key->key, QUANTITY_COUNT, &value))
            quantity_put(&d->reported, key->quantity, value);
    }
}

static void build_clinic(struct load *load, const struct raw_section *s, struct config_device *d)
{
    struct place at;
    bool indicator;
    field_text(load, s, "label", &d->label);
    field_text(load, s, "location", &d->location);
    field_text(load, s, "colour_tag", &d->colour_tag);
    d->has_calibrated_on = field_past_date(load, s, "calibrated_on", &d->calibrated_on_day);
    d->has_calibration_due = field_date(load, s, "calibration_due", &d->calibration_due_day);
    d->has_safety_test_due = field_date(load, s, "safety_test_due", &d->safety_test_due_day);
    field_list(load, s, "firmware", &d->firmware, &d->n_firmware, &at);
    if (field_yes(load, s, "output_indicator", &indicator))
        d->indicator = indicator ? INDICATOR_YES : INDICATOR_NO;
    build_reported(load, s, d);
    build_acceptance(load, s, d);
}

/* A plugin's name becomes a file name. */
static void check_plugin(struct load *load, const struct raw_section *s, const char *plugin)
{
    if (plugin[0] == '\0' || plugin[strspn(plugin, "abcdefghijklmnopqrstuvwxyz0123456789-_")] != '\0')
        fault_add(&load->faults, section_line(s, "plugin")->at,
                  "plugin = %s: a plugin's name has lower-case letters, digits, - and _", plugin);
}

static void check_map(struct load *load, const struct raw_section *s, const char *map)
{
    const struct raw_section *m;
    size_t next = 0;
    while ((m = section_next(load, SECTION_MAP, &next)) != NULL)
        if (strcmp(m->id, map) == 0)
            return;
    fault_add(&load->faults, section_line(s, "map")->at, "map = %s: there is no [map %s]", map, map);
}

/* As `modalityctl scan` prints what only a person knows: whoever pasted it has not read on. */
static void check_filled_in(struct load *load, const struct raw_section *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (modality_is_unfilled(s->lines[i].value))
            fault_add(&load->faults, s->lines[i].at, "%s = %s: has to be filled in", s->lines[i].key,
                      s->lines[i].value);
}

static void build_device(struct load *load, const struct raw_section *s, struct config_device *d, struct found *f)
{
    const char *link, *fault;
    *d = (struct config_device){.id = s->id, .plugin = "", .label = "", .origin = s->at.origin};
    *f = (struct found){.section = s};
    if (field_text(load, s, "plugin", &d->plugin))
        check_plugin(load, s, d->plugin);
    field_yes(load, s, "simulated", &d->simulated);
    check_filled_in(load, s);
    build_clinic(load, s, d);
    field_count(load, s, "unit", &f->unit);
    if (field_text(load, s, "map", &f->map))
        check_map(load, s, f->map);
    if (!field_text(load, s, "link", &link))
        return;
    f->canonical = link_canonical(load->arena, link, &fault);
    if (f->canonical == NULL)
        fault_add(&load->faults, section_line(s, "link")->at, "link = %s: %s", link, fault);
    else
        f->node = link_node(load->arena, f->canonical);
}

static bool same_link(const struct found *a, const struct found *b)
{
    return a->node != NULL && b->node != NULL && strcmp(a->node, b->node) == 0;
}

/* One spelling for one link: two hosts must never hold one device, nor one host half of two. */
static bool names_it_otherwise(const struct found *a, const struct found *b)
{
    return a->canonical != NULL && b->canonical != NULL && !same_link(a, b) && link_meets(a->canonical, b->canonical);
}

/* NULL, or why. */
static const char *may_become(const struct found *a, const struct found *b)
{
    if (a->canonical == NULL || b->canonical == NULL)
        return NULL;
    const char *why = link_may_become(a->canonical, b->canonical);
    return why != NULL ? why : link_may_become(b->canonical, a->canonical);
}

static bool shares_port(const struct found *a, const struct found *b)
{
    return a->canonical != NULL && b->canonical != NULL && !same_link(a, b) &&
           link_shares_port(a->canonical, b->canonical);
}

/* Devices whose link names two have a serial number of two halves, and none of them is in two devices. */
static bool shares_half(const char *a, const char *b)
{
    for (const char *x = a; x != NULL; x = strchr(x, '+') != NULL ? strchr(x, '+') + 1 : NULL) {
        const size_t n = strcspn(x, "+");
        for (const char *y = b; y != NULL; y = strchr(y, '+') != NULL ? strchr(y, '+') + 1 : NULL)
            if (n > 0 && n == strcspn(y, "+") && strncmp(x, y, n) == 0)
                return true;
    }
    return false;
}

static bool has_halves(const struct found *f)
{
    return f->canonical != NULL && strncmp(f->canonical, "usb:", 4) == 0 && strchr(f->canonical, '+') != NULL;
}

/* What a device answers with says which one it is, among those of its kind. */
static bool is_same_device(const struct found *a, const struct found *b)
{
    const struct raw_line *x = section_line(a->section, "serial"), *y = section_line(b->section, "serial");
    const bool one_kind = a->map == NULL ? b->map == NULL : b->map != NULL && strcmp(a->map, b->map) == 0;
    if (!one_kind || x == NULL || y == NULL || x->value[0] == '\0')
        return false;
    return has_halves(a) && has_halves(b) ? shares_half(x->value, y->value) : strcmp(x->value, y->value) == 0;
}

/* What a device must not share with any other. False when it was told. */
static bool check_pair(struct load *load, const struct config_device *d, const struct found *f,
                       const struct config_device *other, const struct found *g)
{
    const struct raw_line *link = section_line(f->section, "link");
    const struct place at = link != NULL ? link->at : f->section->at;
    const char *why = may_become(f, g);
    if (names_it_otherwise(f, g))
        fault_add(&load->faults, at, "%s may mean the device of [device %s] (%s), %s: %s", f->canonical, other->id,
                  other->origin, g->canonical,
                  f->canonical[0] == g->canonical[0] ? "name both by serial number, or both by port"
                                                     : "it is reached as one of them, never as both");
    else if (shares_port(f, g))
        fault_add(&load->faults, at, "%s names a port that %s of [device %s] (%s) names too: a port has one device",
                  f->canonical, g->canonical, other->id, other->origin);
    else if (why != NULL)
        fault_add(&load->faults, at, "%s beside %s of [device %s] (%s): %s", f->canonical, g->canonical, other->id,
                  other->origin, why);
    else if (strcmp(d->plugin, other->plugin) == 0 && is_same_device(f, g))
        fault_add(&load->faults, section_line(f->section, "serial")->at,
                  "serial = %s is [device %s] (%s) already%s: a device has one section",
                  section_line(f->section, "serial")->value, other->id, other->origin,
                  has_halves(f) ? ", or a half of it" : "");
    else
        return true;
    return false;
}

/* What two devices on one link must and must not share. False when it was told. */
static bool check_line_mates(struct load *load, const struct config_device *d, const struct found *f,
                             const struct config_device *other, const struct found *g)
{
    const struct place at = section_line(f->section, "link")->at;
    if (strcmp(d->plugin, other->plugin) != 0)
        fault_add(&load->faults, at, "%s is shared with [device %s] (%s), which names the plugin %s", f->canonical,
                  other->id, other->origin, other->plugin);
    else if (f->unit == g->unit)
        fault_add(&load->faults, at, "[device %s] (%s) is unit %lld on %s too", other->id, other->origin,
                  (long long)g->unit, f->canonical);
    else
        return true;
    return false;
}

static void check_neighbours(struct load *load, const struct config_device *devices, const struct found *found,
                             size_t i)
{
    size_t shared = 0;
    for (size_t j = 0; j < i; j++) {
        const bool mates = same_link(&found[i], &found[j]);
        if (mates && !check_line_mates(load, &devices[i], &found[i], &devices[j], &found[j]))
            return;
        if (!check_pair(load, &devices[i], &found[i], &devices[j], &found[j]))
            return;
        shared += mates;
    }
    if (shared == MODALITY_UNITS_MAX)
        fault_add(&load->faults, found[i].section->at, "%s has more than %d units", found[i].canonical,
                  MODALITY_UNITS_MAX);
}

static bool is_point_of(const struct raw_section *s, const char *map)
{
    size_t n = strlen(map);
    return s->kind == SECTION_POINT && strncmp(s->id, map, n) == 0 && s->id[n] == '.';
}

/* A map's section and its points. */
static bool is_part_of_map(const struct raw_section *s, const char *map)
{
    return (s->kind == SECTION_MAP && strcmp(s->id, map) == 0) || is_point_of(s, map);
}

static void lines_append(struct modality_line *lines, size_t *n, const struct raw_section *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (s->kind != SECTION_DEVICE || !is_clinic_key(s->lines[i].key))
            lines[(*n)++] = (struct modality_line){.section = s->title,
                                                   .key = s->lines[i].key,
                                                   .value = s->lines[i].value,
                                                   .origin = s->lines[i].at.origin};
}

static bool map_stood_before(const struct found *found, const struct config_device *devices, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (devices[j].link == devices[i].link && found[j].map != NULL && strcmp(found[j].map, found[i].map) == 0)
            return true;
    return false;
}

/* Room for all of them: clinic keys and maps named twice are counted and not used. */
static size_t lines_room(const struct load *load, const struct config_device *devices, const struct found *found,
                         size_t n, size_t index)
{
    size_t room = 0;
    for (size_t i = 0; i < n; i++) {
        if (devices[i].link != index)
            continue;
        room += found[i].section->n_lines;
        for (size_t k = 0; found[i].map != NULL && k < load->n_sections; k++)
            if (is_part_of_map(&load->sections[k], found[i].map))
                room += load->sections[k].n_lines;
    }
    return room;
}

/* All lines for the host of one link: its devices in order, then every map they name, once. */
static void build_lines(struct load *load, const struct config_device *devices, const struct found *found, size_t n,
                        size_t index, struct config_link *link)
{
    size_t used = 0;
    struct modality_line *lines = arena_array(load->arena, lines_room(load, devices, found, n, index), sizeof(*lines));
    if (lines == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        if (devices[i].link == index)
            lines_append(lines, &used, found[i].section);
    for (size_t i = 0; i < n; i++) {
        if (devices[i].link != index || found[i].map == NULL || map_stood_before(found, devices, i))
            continue;
        for (size_t k = 0; k < load->n_sections; k++)
            if (is_part_of_map(&load->sections[k], found[i].map))
                lines_append(lines, &used, &load->sections[k]);
    }
    link->lines = lines;
    link->n_lines = used;
}

/* Gives every device its link and its place on it. A link has the name that its first device gives it. */
static size_t build_links(struct config_device *devices, const struct found *found, size_t n, struct config_link *links)
{
    size_t n_links = 0;
    for (size_t i = 0; i < n; i++) {
        size_t first = 0;
        devices[i].link = SIZE_MAX; /* on none, until it is known which */
        if (found[i].canonical == NULL)
            continue;
        while (first < i && !same_link(&found[first], &found[i]))
            first++;
        size_t k = first < i ? devices[first].link : n_links;
        if (k == n_links)
            links[n_links++] = (struct config_link){.canonical = found[i].canonical,
                                                    .plugin = devices[i].plugin,
                                                    .origin = section_line(found[i].section, "link")->at.origin};
        devices[i].link = k;
        devices[i].unit = links[k].n_devices++;
    }
    return n_links;
}

/* A point whose map does not exist is a misspelt one. */
static void check_points(struct load *load)
{
    const struct raw_section *point, *map;
    size_t next = 0;
    while ((point = section_next(load, SECTION_POINT, &next)) != NULL) {
        size_t next_map = 0;
        bool found = false;
        while (!found && (map = section_next(load, SECTION_MAP, &next_map)) != NULL)
            found = is_point_of(point, map->id);
        if (!found)
            fault_add(&load->faults, point->at, "[%s]: there is no map of that name before the dot", point->title);
    }
}

void build_devices(struct load *load)
{
    size_t n = section_count(load, SECTION_DEVICE), next = 0, i = 0;
    const struct raw_section *s;
    struct config_device *devices = arena_array(load->arena, n, sizeof(*devices));
    struct config_link *links = arena_array(load->arena, n, sizeof(*links));
    struct found *found = arena_array(load->arena, n, sizeof(*found));
    if (devices == NULL || links == NULL || found == NULL)
        return;
    while ((s = section_next(load, SECTION_DEVICE, &next)) != NULL) {
        build_device(load, s, &devices[i], &found[i]);
        check_neighbours(load, devices, found, i);
        i++;
    }
    check_points(load);
    load->config->n_links = build_links(devices, found, n, links);
    load->config->links = links;
    load->config->devices = devices;
    load->config->n_devices = n;
    for (size_t k = 0; k < load->config->n_links; k++)
        build_lines(load, devices, found, n, k, &links[k]);
}
