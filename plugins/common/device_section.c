/* SPDX-License-Identifier: Apache-2.0 */
/* Knows no key's meaning. */
#include "device_section.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 384

__attribute__((format(printf, 3, 0))) static void report(struct device_section *s, const char *origin,
                                                         const char *format, va_list args)
{
    char message[MESSAGE_MAX];
    vsnprintf(message, sizeof message, format, args);
    s->n_faults++;
    s->services->config_error(s->services->ctx, origin, "%s", message);
}

static void fault_at(struct device_section *s, const char *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fault_at(struct device_section *s, const char *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(s, origin, format, args);
    va_end(args);
}

void device_section_fault(struct device_section *s, size_t key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(s, s->line[key] ? s->line[key]->origin : s->origin, format, args);
    va_end(args);
}

/* Names are part of messages and records: one spelling, nothing to quote. */
static bool is_id(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && n < MODALITY_NAME_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

/* Whether the line belongs to the device that this link has. */
static bool is_ours(struct device_section *s, const struct modality_line *line)
{
    static const char kind[] = "device ";
    const char *id = line->section + strlen(kind);
    if (strncmp(line->section, kind, strlen(kind)) != 0) {
        fault_at(s, line->origin, "section [%s] is none of this plugin, which has only [device <id>]", line->section);
        return false;
    }
    if (!is_id(id)) {
        fault_at(s, line->origin, "section [%s]: a name is 1 to %d of a-z 0-9 _ -", line->section,
                 MODALITY_NAME_MAX - 1);
        return false;
    }
    if (s->id[0] == '\0') {
        memcpy(s->id, id, strlen(id) + 1);
        s->origin = line->origin;
    }
    if (strcmp(s->id, id) == 0)
        return true;
    fault_at(s, line->origin, "device %s is on the same link as device %s, which carries only one", id, s->id);
    return false;
}

static void take_line(struct device_section *s, const struct modality_line *line,
                      const struct modality_config_key *keys, size_t n_keys)
{
    size_t key = 0;
    if (!is_ours(s, line))
        return;
    while (key < n_keys && strcmp(keys[key].key, line->key) != 0)
        key++;
    if (key == n_keys) {
        fault_at(s, line->origin, "key %s is unknown in [%s]", line->key, line->section);
        return;
    }
    if (s->line[key]) {
        fault_at(s, line->origin, "key %s stands twice in [%s], first at %s", line->key, line->section,
                 s->line[key]->origin);
        return;
    }
    if (line->value[strspn(line->value, " \t")] != '\0') {
        s->line[key] = line;
        return;
    }
    s->without_value |= UINT32_C(1) << key;
    fault_at(s, line->origin, "key %s in [%s] has no value", line->key, line->section);
}

void device_section_read(struct device_section *s, const struct modality_services *services,
                         const struct modality_config *config, const struct modality_config_key *keys, size_t n_keys,
                         uint32_t required)
{
    *s = (struct device_section){.services = services, .origin = "?"};
    for (size_t i = 0; i < config->n_lines; i++)
        take_line(s, &config->lines[i], keys, n_keys);
    if (s->id[0] == '\0' && s->n_faults == 0)
        fault_at(s, s->origin, "there is no [device <id>] section");
    for (size_t i = 0; i < n_keys && s->id[0] != '\0'; i++)
        if ((required & ~s->without_value & (UINT32_C(1) << i)) && !s->line[i])
            fault_at(s, s->origin, "device %s has no key %s", s->id, keys[i].key);
}

bool device_section_yes(struct device_section *s, size_t key)
{
    const struct modality_line *line = s->line[key];
    if (!line || strcmp(line->value, "no") == 0)
        return false;
    if (strcmp(line->value, "yes") == 0)
        return true;
    device_section_fault(s, key, "key %s: %s is none of yes, no", line->key, line->value);
    return false;
}
