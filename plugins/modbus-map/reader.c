/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines into sections, and typed access to their keys. Knows the table of keys and nothing of Modbus.
 */
#include "reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 384

void reader_fault(struct reader *r, const char *origin, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    r->n_faults++;
    r->services->config_error(r->services->ctx, origin, "%s", message);
}

const char *reader_word(const char **text, size_t *length)
{
    const char *start = *text + strspn(*text, " \t");
    *length = strcspn(start, " \t");
    *text = start + *length;
    return *length ? start : NULL;
}

int reader_copy(char *out, size_t size, const char *word, size_t length)
{
    if (length == 0 || length >= size)
        return -EINVAL;
    memcpy(out, word, length);
    out[length] = '\0';
    return 0;
}

/* Names are part of sections, lists and messages: one spelling, nothing to quote. */
static bool is_name(const char *text)
{
    return *text && strlen(text) < MODALITY_NAME_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}

struct section *reader_section(struct reader *r, enum key_owner owner, const char *map, const char *name)
{
    for (size_t i = 0; i < r->n_sections; i++) {
        struct section *s = &r->sections[i];
        if (s->owner == owner && strcmp(s->name, name) == 0 && strcmp(s->map, map) == 0)
            return s;
    }
    return NULL;
}

static struct section *section_make(struct reader *r, enum key_owner owner, const char *map, const char *name,
                                    const char *origin)
{
    struct section *s = reader_section(r, owner, map, name);
    if (s)
        return s;
    /* Never reached twice for one line, so the array sized by the number of lines (and their subjects) holds. */
    s = &r->sections[r->n_sections++];
    s->owner = owner;
    snprintf(s->map, sizeof s->map, "%s", map);
    snprintf(s->name, sizeof s->name, "%s", name);
    s->origin = origin;
    return s;
}

/* Cuts "point refstim.run1" into kind, map and name; false and reported if it is no section of ours. */
static bool cut_section(struct reader *r, const struct modality_line *line, char kind[16], char map[MODALITY_NAME_MAX],
                        char name[MODALITY_NAME_MAX])
{
    const char *text = line->section;
    size_t length;
    const char *word = reader_word(&text, &length);
    kind[0] = map[0] = name[0] = '\0';
    bool known = word && reader_copy(kind, 16, word, length) == 0 &&
                 (!strcmp(kind, "device") || !strcmp(kind, "map") || !strcmp(kind, "point"));
    if (!known) {
        reader_fault(r, line->origin, "section [%s] is none of this plugin: device, map or point", line->section);
        return false;
    }
    word = reader_word(&text, &length);
    if (word && !strcmp(kind, "point")) {
        const char *dot = memchr(word, '.', length);
        size_t head = dot ? (size_t)(dot - word) : 0;
        if (!dot || reader_copy(map, MODALITY_NAME_MAX, word, head) < 0 || !is_name(map)) {
            reader_fault(r, line->origin, "section [%s] does not name a point as <map>.<name>", line->section);
            return false;
        }
        word = dot + 1;
        length -= head + 1;
    }
    size_t rest;
    if (!word || reader_copy(name, MODALITY_NAME_MAX, word, length) < 0 || !is_name(name) ||
        reader_word(&text, &rest)) {
        reader_fault(r, line->origin, "section [%s]: a name is 1 to %d of a-z 0-9 _ -", line->section,
                     MODALITY_NAME_MAX - 1);
        return false;
    }
    return true;
}

static void reader_no_value(struct reader *r, struct section *s, enum map_key key, const struct modality_line *line)
{
    s->said[key] = true;
    reader_fault(r, line->origin, "key %s in [%s] has no value", line->key, line->section);
}

static void collect_line(struct reader *r, const struct modality_line *line)
{
    char kind[16], map[MODALITY_NAME_MAX], name[MODALITY_NAME_MAX], subject[MODALITY_NAME_MAX];
    if (!cut_section(r, line, kind, map, name))
        return;
    enum map_key key;
    bool known = key_find(kind, line->key, &key, subject) == 0;
    enum key_owner owner = !strcmp(kind, "device") ? OWNER_DEVICE : !strcmp(kind, "map") ? OWNER_MAP : OWNER_POINT;
    struct section *s = section_make(r, owner, map, name, line->origin);
    if (!known) {
        reader_fault(r, line->origin, "key %s is unknown in [%s]", line->key, line->section);
        return;
    }
    if (key_rows[key].owner != owner) {
        if (!is_name(subject)) {
            reader_fault(r, line->origin, "key %s: %s is no name (a-z 0-9 _ -)", line->key, subject);
            return;
        }
        s = section_make(r, key_rows[key].owner, name, subject, line->origin);
    }
    if (s->line[key])
        reader_fault(r, line->origin, "key %s stands twice in [%s], first at %s", line->key, line->section,
                     s->line[key]->origin);
    else if (!line->value[strspn(line->value, " \t")])
        reader_no_value(r, s, key, line);
    else
        s->line[key] = line;
}

int reader_collect(struct reader *r, const struct modality_config *config)
{
    /* A line opens at most its section and one of a channel or group. */
    r->sections = calloc(config->n_lines * 2 + 1, sizeof *r->sections);
    if (!r->sections)
        return -ENOMEM;
    for (size_t i = 0; i < config->n_lines; i++)
        collect_line(r, &config->lines[i]);
    return 0;
}

/* A key as it must be written in the section: "stop.<group>" of group pair is "stop.pair". */
static void key_text(const struct section *s, enum map_key key, char out[MESSAGE_MAX / 2])
{
    const char *pattern = key_rows[key].key, *open = strchr(pattern, '<'), *shut = strchr(pattern, '>');
    if (open && shut)
        snprintf(out, MESSAGE_MAX / 2, "%.*s%s%s", (int)(open - pattern), pattern, s->name, shut + 1);
    else
        snprintf(out, MESSAGE_MAX / 2, "%s", pattern);
}

const struct modality_line *reader_line(struct reader *r, const struct section *s, enum map_key key)
{
    static const char *const owners[] = {[OWNER_DEVICE] = "device", [OWNER_MAP] = "map",   [OWNER_CHANNEL] = "channel",
                                         [OWNER_GROUP] = "group",   [OWNER_PART] = "part", [OWNER_POINT] = "point"};
    char text[MESSAGE_MAX / 2];
    if (s->line[key] || !key_rows[key].required || s->said[key])
        return s->line[key];
    key_text(s, key, text);
    reader_fault(r, s->origin, "%s %s has no key %s", owners[s->owner], s->name, text);
    return NULL;
}

void reader_refuse(struct reader *r, const struct section *s, enum map_key key, const char *why)
{
    if (s->line[key])
        reader_fault(r, s->line[key]->origin, "point %s: key %s %s", s->name, s->line[key]->key, why);
}

const char *reader_origin(const struct section *s, enum map_key key)
{
    return s->line[key] ? s->line[key]->origin : s->origin;
}

bool reader_text(struct reader *r, const struct section *s, enum map_key key, char out[MODALITY_NAME_MAX])
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return false;
    if (reader_copy(out, MODALITY_NAME_MAX, line->value, strlen(line->value)) == 0)
        return true;
    reader_fault(r, line->origin, "key %s is longer than %d bytes", line->key, MODALITY_NAME_MAX - 1);
    return false;
}

bool reader_choice(struct reader *r, const struct section *s, enum map_key key, const struct choice *choices, int *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return false;
    char words[MESSAGE_MAX / 2] = "";
    for (const struct choice *c = choices; c->word; c++) {
        if (strcmp(c->word, line->value) == 0) {
            *out = c->value;
            return true;
        }
        size_t used = strlen(words);
        snprintf(words + used, sizeof words - used, "%s%s", used ? ", " : "", c->word);
    }
    reader_fault(r, line->origin, "key %s: %s is none of %s", line->key, line->value, words);
    return false;
}

bool reader_number(struct reader *r, const struct section *s, enum map_key key, int64_t min, int64_t max, int64_t *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    int64_t value;
    if (!line)
        return false;
    if (number_whole(line->value, &value) == 0 && value >= min && value <= max) {
        *out = value;
        return true;
    }
    reader_fault(r, line->origin, "key %s: %s is no whole number from %lld to %lld", line->key, line->value,
                 (long long)min, (long long)max);
    return false;
}

bool reader_fraction(struct reader *r, const struct section *s, enum map_key key, struct number_fraction *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return false;
    if (number_fraction(line->value, out) == 0)
        return true;
    reader_fault(r, line->origin, "key %s: %s is no exact decimal or quotient (0.1, 5/9)", line->key, line->value);
    return false;
}

bool reader_value(struct reader *r, const struct section *s, enum map_key key, enum modality_quantity q, int64_t *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return false;
    int e = r->services->value_parse(r->services->ctx, q, line->value, out);
    if (e == 0)
        return true;
    const struct modality_quantity_info *info = r->services->quantity_info(r->services->ctx, q);
    if (e == -ERANGE)
        reader_fault(r, line->origin, "key %s: %s cannot be held exactly in %s", line->key, line->value,
                     info->base_unit);
    else
        reader_fault(r, line->origin, "key %s: %s is no number with a unit of %s (such as %s)", line->key, line->value,
                     info->id, info->display_unit);
    return false;
}

bool reader_time(struct reader *r, const struct section *s, enum map_key key, int64_t min, int64_t max, uint32_t *out)
{
    int64_t value;
    if (!reader_value(r, s, key, QUANTITY_duration_ms, &value))
        return false;
    if (value >= min && value <= max) {
        *out = (uint32_t)value;
        return true;
    }
    reader_fault(r, s->line[key]->origin, "key %s: %s is not between %lld ms and %lld ms", s->line[key]->key,
                 s->line[key]->value, (long long)min, (long long)max);
    return false;
}

bool reader_quantity(struct reader *r, const struct section *s, enum map_key key, enum modality_quantity *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    if (!line)
        return false;
    if (r->services->quantity_find(r->services->ctx, line->value, out) == 0)
        return true;
    reader_fault(r, line->origin, "key %s: %s is no quantity", line->key, line->value);
    return false;
}
