/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line reader between a file and inih. The packaged library splits long lines, takes an indented line as more of
 * the value before it, cuts section names and values, and accepts junk and duplicates; none of that may happen to a
 * dosage limit. So every line is judged here first, and only lines that inih cannot misread reach it; a bad line is
 * reported and handed on as an empty one. Comments stand on their own line: a semicolon behind a blank is an error.
 */
#include <ctype.h>
#include <ini.h>
#include <string.h>

#include "config/load.h"

/* What inih's buffer of 200 bytes holds beside line end and NUL; longer lines would reach it in pieces. */
#define LINE_MAX_BYTES 198
/* inih keeps 49 bytes of a section's name. */
#define TITLE_MAX_BYTES 49
/* Far above any real configuration; they bound the search for duplicates in a hostile one. */
#define SECTIONS_MAX 4096
#define KEYS_MAX 512

struct reader {
    struct load *load;
    const struct source_file *file;
    size_t position;
    unsigned line;
    bool carriage_return_told;
    bool section_any; /* a header was seen, good or bad */
    bool has_current; /* lines belong to the newest section; false behind a refused header: those are not judged */
};

static struct place place_here(struct reader *r)
{
    return (struct place){.file = r->file->at.file,
                          .line = r->line,
                          .origin = arena_text(r->load->arena, "%s:%u", r->file->name, r->line)};
}

static struct raw_section *section_current(struct reader *r)
{
    return &r->load->sections[r->load->n_sections - 1];
}

/* Length of one valid UTF-8 sequence at p (RFC 3629), 0 if it is none. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

/* What is wrong with the bytes of a line, or NULL. */
static const char *bytes_fault(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        if (p[i] == 0)
            return "a NUL byte";
        if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
            return "a control character";
        size_t n = utf8_length(p + i, length - i);
        if (n == 0)
            return "a byte that is not UTF-8";
        i += n;
    }
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static size_t name_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && is_name_byte(text[n]))
        n++;
    return n;
}

/* Checks "[kind id]" and finds its parts; false with a fault reported. */
static bool header_parse(struct reader *r, const char *text, size_t length, enum key_section *kind, const char **id,
                         size_t *id_length)
{
    struct faults *faults = &r->load->faults;
    const char *end = memchr(text, ']', length);
    if (end == NULL) {
        fault_add(faults, place_here(r), "section header has no closing ]");
        return false;
    }
    size_t title = (size_t)(end - text) - 1;
    for (const char *p = end + 1; p < text + length; p++) {
        if (!is_blank(*p)) {
            fault_add(faults, place_here(r), "there is more on the line behind the section header");
            return false;
        }
    }
    if (title > TITLE_MAX_BYTES) {
        fault_add(faults, place_here(r), "section name has %zu bytes; at most %d", title, TITLE_MAX_BYTES);
        return false;
    }
    const char *name = text + 1;
    size_t n = name_length(name, title);
    if (n == 0 || keys_section_find(name, n, kind) < 0) {
        fault_add(faults, place_here(r), "unknown section [%.*s]", (int)title, name);
        return false;
    }
    bool wants_id = keys_section(*kind)->id != NULL;
    *id = name + n + (n < title ? 1 : 0);
    *id_length = (size_t)(name + title - *id);
    bool has_id = n < title && name[n] == ' ' && *id_length > 0 && name_length(*id, *id_length) == *id_length;
    if (wants_id ? !has_id : n != title) {
        fault_add(faults, place_here(r),
                  wants_id ? "section [%.*s] must be written [%s %s]" : "section [%.*s] must be written [%s]%s",
                  (int)title, name, keys_section(*kind)->name, wants_id ? keys_section(*kind)->id : "");
        return false;
    }
    return true;
}

static void header_take(struct reader *r, const char *text, size_t length)
{
    struct load *load = r->load;
    enum key_section kind;
    const char *id;
    size_t id_length;
    r->section_any = true;
    r->has_current = false;
    if (!header_parse(r, text, length, &kind, &id, &id_length))
        return;
    if (load->n_sections == SECTIONS_MAX) {
        if (!load->sections_full)
            fault_add(&load->faults, place_here(r), "there are more than %d sections", SECTIONS_MAX);
        load->sections_full = true;
        return;
    }
    struct raw_section *all =
        arena_grow(load->arena, load->sections, load->n_sections, &load->sections_capacity, sizeof(*all));
    if (all == NULL)
        return;
    load->sections = all;
    struct raw_section s = {.kind = kind, .id = arena_copy(load->arena, id, id_length), .at = place_here(r)};
    s.title =
        s.id[0] == '\0' ? keys_section(kind)->name : arena_text(load->arena, "%s %s", keys_section(kind)->name, s.id);
    for (size_t i = 0; i < load->n_sections; i++) {
        if (strcmp(all[i].title, s.title) == 0) {
            fault_add(&load->faults, s.at, "section [%s] stands twice; first at %s", s.title, all[i].at.origin);
            return;
        }
    }
    all[load->n_sections++] = s;
    r->has_current = true;
}

/* Whether "key = value" is what inih will read as exactly that. */
static bool pair_check(struct reader *r, const char *text, size_t length)
{
    struct faults *faults = &r->load->faults;
    if (!r->section_any) {
        fault_add(faults, place_here(r), "a line stands before the first section");
        return false;
    }
    if (!r->has_current)
        return false;
    size_t n = name_length(text, length), p = n;
    while (p < length && is_blank(text[p]))
        p++;
    if (n == 0 || p == length || text[p] != '=') {
        fault_add(faults, place_here(r), "not a section, a key = value or a comment");
        return false;
    }
    for (p++; p < length && is_blank(text[p]); p++)
        ;
    if (p == length) {
        fault_add(faults, place_here(r), "key \"%.*s\" has no value", (int)n, text);
        return false;
    }
    for (size_t i = n; i + 1 < length; i++) {
        if (is_blank(text[i]) && text[i + 1] == ';') {
            fault_add(faults, place_here(r), "a comment stands behind a value; comments stand on their own line");
            return false;
        }
    }
    return true;
}

/* Whether a line may go to inih as it is. */
static bool line_check(struct reader *r, const char *text, size_t length)
{
    struct faults *faults = &r->load->faults;
    const char *fault = bytes_fault(text, length);
    if (fault != NULL) {
        fault_add(faults, place_here(r), "the line holds %s", fault);
        return false;
    }
    if (length > LINE_MAX_BYTES) {
        fault_add(faults, place_here(r), "the line has %zu bytes; at most %d", length, LINE_MAX_BYTES);
        return false;
    }
    size_t blanks = 0;
    while (blanks < length && is_blank(text[blanks]))
        blanks++;
    if (blanks == length)
        return false;
    if (blanks > 0) {
        fault_add(faults, place_here(r), "the line starts with a blank; indented lines are not understood");
        return false;
    }
    if (text[0] == '#' || text[0] == ';')
        return false;
    if (text[0] == '[') {
        header_take(r, text, length);
        return r->has_current;
    }
    return pair_check(r, text, length);
}

static void line_append(struct reader *r, struct raw_line line)
{
    struct raw_section *s = section_current(r);
    struct raw_line *all = arena_grow(r->load->arena, s->lines, s->n_lines, &s->capacity, sizeof(*all));
    if (all == NULL)
        return;
    s->lines = all;
    all[s->n_lines++] = line;
}

/* Keeps the key of a line that was refused, so that it is not called missing as well. */
static void refused_note(struct reader *r, const char *text, size_t length)
{
    size_t start = 0;
    while (start < length && is_blank(text[start]))
        start++;
    size_t n = name_length(text + start, length - start), p = start + n;
    while (p < length && is_blank(text[p]))
        p++;
    if (!r->has_current || n == 0 || p == length || text[p] != '=')
        return;
    line_append(
        r, (struct raw_line){
               .key = arena_copy(r->load->arena, text + start, n), .value = "", .refused = true, .at = place_here(r)});
}

/* ini_reader: the next line that inih gets; empty where the line is a comment or was refused. */
static char *reader_next(char *buffer, int size, void *stream)
{
    struct reader *r = stream;
    if (r->position >= r->file->size || size < LINE_MAX_BYTES + 2)
        return NULL;
    const char *text = r->file->text + r->position;
    size_t left = r->file->size - r->position;
    const char *end = memchr(text, '\n', left);
    size_t length = end == NULL ? left : (size_t)(end - text);
    r->position += length + (end == NULL ? 0 : 1);
    r->line++;
    if (length > 0 && text[length - 1] == '\r') {
        length--;
        if (!r->carriage_return_told)
            fault_add(&r->load->faults, place_here(r), "lines end with CR LF; save the file with Unix line ends");
        r->carriage_return_told = true;
    }
    if (r->line == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        fault_add(&r->load->faults, place_here(r), "the file starts with a byte order mark; save it without");
        text += 3;
        length -= 3;
    }
    if (!line_check(r, text, length)) {
        refused_note(r, text, length);
        length = 0;
    }
    memcpy(buffer, text, length);
    buffer[length] = '\n';
    buffer[length + 1] = '\0';
    return buffer;
}

static bool key_stands_twice(struct reader *r, const struct raw_section *s, const char *key)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        if (strcmp(s->lines[i].key, key) == 0) {
            fault_add(&r->load->faults, place_here(r), "key \"%s\" stands twice in [%s]; first at %s", key, s->title,
                      s->lines[i].at.origin);
            return true;
        }
    }
    return false;
}

/* ini_handler. Returns nonzero: inih is to go on whatever was found. */
static int reader_pair(void *user, const char *title, const char *key, const char *value)
{
    struct reader *r = user;
    struct load *load = r->load;
    if (!r->has_current)
        return 1;
    struct raw_section *s = section_current(r);
    if (strcmp(s->title, title) != 0) {
        fault_add(&load->faults, place_here(r), "the parser took the line for [%s]", title);
        return 1;
    }
    if (s->n_lines >= KEYS_MAX) {
        fault_add(&load->faults, place_here(r), "[%s] has more than %d keys", s->title, KEYS_MAX);
        r->has_current = false;
        return 1;
    }
    if (key_stands_twice(r, s, key))
        return 1;
    line_append(r, (struct raw_line){.key = arena_copy(load->arena, key, strlen(key)),
                                     .value = arena_copy(load->arena, value, strlen(value)),
                                     .at = place_here(r)});
    return 1;
}

void lines_parse(struct load *load, const struct source_file *file)
{
    struct reader r = {.load = load, .file = file};
    size_t before = load->faults.total;
    int rc = ini_parse_stream(reader_next, &r, reader_pair, &r);
    if (rc != 0 && load->faults.total == before) {
        r.line = rc > 0 ? (unsigned)rc : 0;
        fault_add(&load->faults, place_here(&r), "the INI parser does not understand the line");
    } else if (r.position < file->size) {
        fault_add(&load->faults, file->at, "the INI parser stopped at line %u", r.line);
    }
}
