/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of loading: files, sections, keys, typed tables, layers. Stages that build on names of earlier ones run
 * even when there were faults, so that one run tells all of them; layers are compared where the numbers are sound.
 */
#include "config/config.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config/field.h"

/* Every effective line, then the daemon's keys that nobody wrote with their defaults. */
static void build_lines(struct load *load)
{
    size_t n = 0, n_keys, room;
    const struct key_info *keys = keys_all(&n_keys);
    const struct raw_section *daemon = NULL;
    room = n_keys;
    for (size_t i = 0; i < load->n_sections; i++)
        room += load->sections[i].n_lines;
    struct config_line *lines = arena_array(load->arena, room, sizeof(*lines));
    if (lines == NULL)
        return;
    for (size_t i = 0; i < load->n_sections; i++) {
        const struct raw_section *s = &load->sections[i];
        if (s->kind == SECTION_DAEMON)
            daemon = s;
        for (size_t k = 0; k < s->n_lines; k++)
            lines[n++] = (struct config_line){.section = s->title,
                                              .key = s->lines[k].key,
                                              .value = s->lines[k].value,
                                              .origin = s->lines[k].at.origin};
    }
    for (size_t k = 0; k < n_keys; k++)
        if (keys[k].section == SECTION_DAEMON && keys[k].initial != NULL &&
            (daemon == NULL || section_line(daemon, keys[k].key) == NULL))
            lines[n++] = (struct config_line){
                .section = "daemon", .key = keys[k].key, .value = keys[k].initial, .origin = "default"};
    load->config->lines = lines;
    load->config->n_lines = n;
}

static void load_build(struct load *load)
{
    for (size_t i = 0; i < load->n_files; i++)
        lines_parse(load, &load->files[i]);
    for (size_t i = 0; i < load->n_sections; i++)
        section_check(load, &load->sections[i]);
    build_daemon(load);
    build_roles(load);
    build_sites(load);
    build_screening(load);
    build_applicators(load);
    build_limits(load);
    build_protocols(load);
    build_bundles(load);
    check_screening(load);
    build_devices(load);
    build_lines(load);
    files_hash(load, load->config->hash);
    if (!arena_failed(load->arena))
        check_layers(load);
    if (!arena_failed(load->arena) && load->faults.total == 0) {
        note_shipped(load);
        note_screening(load);
    }
}

/* Reads and builds into load->config; 0, or a negative errno that is still to be told. */
static int load_run(struct load *load, const char *dir, uint64_t generation, int64_t today)
{
    struct config *config = arena_alloc(load->arena, sizeof(*config));
    if (config == NULL)
        return -ENOMEM;
    if (sodium_init() < 0)
        return -EIO;
    config->arena = load->arena;
    config->generation = generation;
    config->dir = arena_copy(load->arena, dir, strlen(dir));
    load->config = config;
    load->today = today;
    int rc = files_read(load, dir);
    if (rc < 0)
        return rc;
    if (load->n_files == 0)
        fault_add(&load->faults, (struct place){.origin = config->dir}, "holds no *.ini file");
    load_build(load);
    return arena_failed(load->arena) ? -ENOMEM : 0;
}

int config_load_faulty(const char *dir, uint64_t generation, int64_t today, config_report *report, void *userdata,
                       struct config **out)
{
    struct load *load = calloc(1, sizeof(*load));
    struct arena *arena = arena_new();
    int rc = -ENOMEM;
    if (load != NULL && arena != NULL) {
        load->arena = load->faults.arena = arena;
        rc = load_run(load, dir, generation, today);
    }
    if (rc < 0) {
        report(userdata, dir, strerror(-rc));
    } else {
        fault_report(&load->faults, report, userdata);
        rc = load->faults.total > 0 ? -EINVAL : 0;
        *out = load->config;
        arena = NULL; /* the configuration owns it */
    }
    arena_free(arena);
    free(load);
    return rc;
}

int config_load(const char *dir, uint64_t generation, int64_t today, config_report *report, void *userdata,
                struct config **out)
{
    struct config *config = NULL;
    const int rc = config_load_faulty(dir, generation, today, report, userdata, &config);
    if (rc < 0)
        config_free(config);
    else
        *out = config;
    return rc;
}

void config_free(struct config *config)
{
    if (config != NULL)
        arena_free(config->arena);
}
