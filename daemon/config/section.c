/* SPDX-License-Identifier: Apache-2.0 */
/* Sections against the table of keys: what may not be there, what is missing, and how to find a line. */
#include <string.h>

#include "config/load.h"

/* Why a key is not understood, where more can be said than that. */
static const char *key_hint(const struct raw_section *s, const char *key)
{
    if (s->kind == SECTION_LIMIT && strncmp(key, "when.", 5) == 0)
        return "; after when. comes waveform, therapy, site, condition, applicator, thermal, output_indicator or a "
               "quantity";
    if (s->kind == SECTION_PROTOCOL)
        return "; it is neither a key nor a quantity";
    return "";
}

void section_check(struct load *load, const struct raw_section *s)
{
    size_t n;
    const struct key_info *all = keys_all(&n);
    bool open = keys_section(s->kind)->open;
    for (size_t i = 0; i < s->n_lines && !open; i++)
        if (keys_find(s->kind, s->lines[i].key) == NULL)
            fault_add(&load->faults, s->lines[i].at, "unknown key \"%s\" in [%s]%s", s->lines[i].key, s->title,
                      key_hint(s, s->lines[i].key));
    for (size_t i = 0; i < n; i++)
        if (all[i].section == s->kind && all[i].required && section_line(s, all[i].key) == NULL)
            fault_add(&load->faults, s->at, "[%s] needs the key \"%s\"", s->title, all[i].key);
}

const struct raw_line *section_line(const struct raw_section *s, const char *key)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (strcmp(s->lines[i].key, key) == 0)
            return &s->lines[i];
    return NULL;
}

bool section_sound(const struct load *load, const struct raw_section *s)
{
    const struct raw_section *following = s + 1;
    const bool last = following == load->sections + load->n_sections || following->at.file != s->at.file;
    for (size_t i = 0; i < load->faults.n; i++) {
        const struct place *at = &load->faults.items[i].place;
        if (at->file == s->at.file && at->line >= s->at.line && (last || at->line < following->at.line))
            return false;
    }
    return load->faults.total == load->faults.n;
}

size_t section_count(const struct load *load, enum key_section kind)
{
    size_t n = 0;
    for (size_t i = 0; i < load->n_sections; i++)
        n += load->sections[i].kind == kind;
    return n;
}

const struct raw_section *section_next(const struct load *load, enum key_section kind, size_t *next)
{
    while (*next < load->n_sections) {
        const struct raw_section *s = &load->sections[(*next)++];
        if (s->kind == kind)
            return s;
    }
    return NULL;
}

bool section_room(struct load *load, const struct raw_section *s, size_t n, size_t max)
{
    if (n == max)
        fault_add(&load->faults, s->at, "[%s]: there are more than %zu %ss", s->title, max,
                  keys_section(s->kind)->name);
    return n < max;
}
