/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the loader: the text of the configuration as sections and lines with their places, and what every stage of
 * building gets. A stage reports its faults and goes on; nothing is used when there was one.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/fault.h"
#include "config/keys.h"

struct raw_line {
    const char *key, *value;
    bool refused; /* it was reported already: value is "" and nobody reads it, but its key is not missing */
    struct place at;
};

struct raw_section {
    enum key_section kind;
    const char *title; /* "limit es_step_max" */
    const char *id;    /* "es_step_max"; "" for [daemon] */
    struct place at;   /* of the header */
    size_t n_lines, capacity;
    struct raw_line *lines;
};

struct source_file {
    const char *name; /* relative to the directory: "protocols/tens.ini" */
    size_t size;
    const char *text;
    struct place at; /* line 0 */
};

struct load {
    struct arena *arena;
    struct faults faults;
    struct config *config; /* being built */
    int64_t today;         /* local civil day */
    bool as_shipped;       /* reads the copy in the program: names that this configuration does not have are left out */
    size_t n_shipped;
    const struct limit *shipped; /* the limits as shipped, read by build_limits */
    size_t notes_capacity;
    struct config_note *notes; /* config->notes while it grows */
    size_t n_files, files_capacity;
    struct source_file *files;
    size_t n_sections, sections_capacity;
    bool sections_full;
    struct raw_section *sections;
};

/* files.c: lists and reads the directory. 0, -ENOENT, -EACCES (the directory itself), -ENOMEM; else faults. */
int files_read(struct load *load, const char *dir);
/*
 * files.c: a directory that the daemon trusts may be written by nobody of forbidden (bits of a file mode); with owned
 * it belongs to root or to the daemon's user. One that is not there yet is somebody else's fault to tell.
 */
void files_guard(struct load *load, struct place at, const char *key, const char *dir, mode_t forbidden, bool owned);
/* files.c: hex SHA-256 over names and contents, and over the lines of one section. */
void files_hash(const struct load *load, char hex[65]);
void section_hash(const struct raw_section *section, char hex[65]);

/* lines.c: turns one file into sections. */
void lines_parse(struct load *load, const struct source_file *file);

/* section.c: unknown and missing keys; lookups. */
void section_check(struct load *load, const struct raw_section *section);
const struct raw_line *section_line(const struct raw_section *section, const char *key);
size_t section_count(const struct load *load, enum key_section kind);
/* Masks hold 64 rows: more than max is a fault at the first section beyond. n are there. */
bool section_room(struct load *load, const struct raw_section *section, size_t n, size_t max);
/* No fault stands at its header or in its lines so far. */
bool section_sound(const struct load *load, const struct raw_section *section);
/* Walks sections of one kind: *next starts at 0; NULL at the end. */
const struct raw_section *section_next(const struct load *load, enum key_section kind, size_t *next);

/* limit_section.c: one section, as far as it can be read. */
void limit_build(struct load *load, const struct raw_section *s, struct limit *l);

/* Stages, in this order; each fills its part of load->config. */
void build_daemon(struct load *load);
void build_roles(struct load *load);
void build_sites(struct load *load);
void build_screening(struct load *load);
void build_applicators(struct load *load);
void build_limits(struct load *load);
void build_protocols(struct load *load);
void build_bundles(struct load *load);
void check_screening(struct load *load);
void build_devices(struct load *load);
void check_layers(struct load *load);
void note_shipped(struct load *load);   /* what the limits have looser than shipped, where nothing is a fault */
void note_screening(struct load *load); /* what screening and sites have */

/* note.c: one note more. */
void note_add(struct load *load, const char *origin, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
