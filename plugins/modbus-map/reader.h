/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a map, first half: lines sorted into sections, one slot per key, and typed access to a slot. Everything that
 * is wrong is reported once, at its origin, and counted; reading goes on so that one run shows all faults. Private to
 * the map_*.c files.
 */
#ifndef MODBUS_MAP_READER_H
#define MODBUS_MAP_READER_H

#include "keys.h"
#include "map.h"

/* One described thing. A channel or group is a section of its own, gathered from keys of its map's section. */
struct section {
    enum key_owner owner;
    char name[MODALITY_NAME_MAX]; /* device, map, channel, group; of a point the part after the dot */
    char map[MODALITY_NAME_MAX];  /* of a channel, group or point: the map's id */
    const char *origin;           /* of its first line */
    const struct modality_line *line[KEY_COUNT];
    bool said[KEY_COUNT]; /* the key has no value, which was reported */
};

struct reader {
    const struct modality_services *services;
    size_t n_faults;
    bool no_memory;
    size_t n_sections;
    struct section *sections; /* owned by map_read() */
};

/* A word of a fixed list and what it means. */
struct choice {
    const char *word;
    int value;
};

/* The end of a sentence about a word that is none of the waveform classes: it names them. */
#define READER_WAVEFORM_WORD(id, modality, meaning) " " #id
#define READER_NO_WAVEFORM "no waveform class; known are" MODALITY_WAVEFORMS(READER_WAVEFORM_WORD)

/* Reports one fault at origin. */
void reader_fault(struct reader *r, const char *origin, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sorts the lines: unknown sections and keys, bad names and duplicates are reported. 0 or -ENOMEM. */
int reader_collect(struct reader *r, const struct modality_config *config);

/* The section of an owner by name (and map, where it has one), or NULL. */
struct section *reader_section(struct reader *r, enum key_owner owner, const char *map, const char *name);

/* The line of a key, or NULL; a missing required key is reported. */
const struct modality_line *reader_line(struct reader *r, const struct section *s, enum map_key key);

/* Each reads one key when it is there, reports what is wrong, and says whether *out was set. */
bool reader_text(struct reader *r, const struct section *s, enum map_key key, char out[MODALITY_NAME_MAX]);
bool reader_choice(struct reader *r, const struct section *s, enum map_key key, const struct choice *choices, int *out);
bool reader_number(struct reader *r, const struct section *s, enum map_key key, int64_t min, int64_t max, int64_t *out);
bool reader_fraction(struct reader *r, const struct section *s, enum map_key key, struct number_fraction *out);
bool reader_value(struct reader *r, const struct section *s, enum map_key key, enum modality_quantity q, int64_t *out);
bool reader_time(struct reader *r, const struct section *s, enum map_key key, int64_t min, int64_t max, uint32_t *out);
bool reader_quantity(struct reader *r, const struct section *s, enum map_key key, enum modality_quantity *out);

/* active_polarity as a number: the anode is the active electrode, or the cathode is. */
enum { POLARITY_FIRST = 1, POLARITY_ANODE = POLARITY_FIRST, POLARITY_CATHODE, POLARITY_LAST = POLARITY_CATHODE };

/* What of a point could be read, so that nothing is said about what could not. */
struct known {
    bool place, access, scale, role;
};

/* Reports a key of a point that stands where it means nothing. */
void reader_refuse(struct reader *r, const struct section *s, enum map_key key, const char *why);

/* The origin of a key, or of its section where the key is missing. */
const char *reader_origin(const struct section *s, enum map_key key);

/* Cuts the next word at blanks: its start, with *length; NULL at the end. *text moves on. */
const char *reader_word(const char **text, size_t *length);

/* Copies a word of the given length: 0, or -EINVAL when it does not fit. */
int reader_copy(char *out, size_t size, const char *word, size_t length);

/* Second half, one file each. */
void map_read_map(struct reader *r, struct section *s, struct map *map);
void map_read_points(struct reader *r, struct map *map);
void map_read_lists(struct reader *r, struct section *s, struct map *map);
void map_read_units(struct reader *r, struct map_config *config);
void map_check(struct reader *r, struct section *s, struct map *map);
void map_check_lists(struct reader *r, struct section *s, struct map *map);

/* The modality of a waveform class. */
enum modality map_waveform_modality(int64_t waveform);

/* Index of a channel, group or point by name, or -1. */
int map_channel_find(const struct map *map, const char *id);
int map_group_find(const struct map *map, const char *id);
int map_point_find(const struct map *map, const char *name);

/* What a point's raw numbers mean: scale and unit, codes, range, expectation. In this order. */
void map_read_scale(struct reader *r, const struct section *s, struct map_point *p, struct known *known);
void map_read_codes(struct reader *r, const struct section *s, struct map_point *p, const struct known *known);
void map_read_range(struct reader *r, const struct section *s, struct map_point *p, const struct known *known);
void map_read_expect(struct reader *r, const struct section *s, struct map_point *p, const struct known *known);

/* Parses what is written to a point, or expected from it, in the point's own terms: 0 or -EINVAL with why. */
int map_point_value(struct reader *r, const struct map_point *p, const char *text, int64_t *out, const char **why);

#endif
