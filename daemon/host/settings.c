/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three ways into a host's settings, and the way out into arguments. Every line keeps its origin, so that a fault
 * found by a plugin is a file and a line.
 */
#include "host/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Clocks outside this are a mistake: a slower poll cannot supervise, a longer grace cannot protect. */
#define SETTINGS_TELEMETRY_MAX_MS 1000
#define SETTINGS_SLICE_MAX_MS 1000
#define SETTINGS_GRACE_MAX_MS 1000
#define SETTINGS_QUARANTINE_MAX_MS 60000

#define HEAD_STRINGS 8 /* link, plugin path, state directory and five clocks */

static bool clocks_fit(const struct host_settings *s)
{
    return s->telemetry_ms >= 1 && s->telemetry_ms <= SETTINGS_TELEMETRY_MAX_MS &&
           s->slice_ms <= SETTINGS_SLICE_MAX_MS && s->grace_ms >= 1 && s->grace_ms <= SETTINGS_GRACE_MAX_MS &&
           s->quarantine_min_ms <= SETTINGS_QUARANTINE_MAX_MS;
}

int settings_begin(struct host_settings *s, const struct link_config *config)
{
    s->replacement = config->replacement != 0;
    s->idle = config->idle != 0;
    s->telemetry_ms = config->telemetry_ms;
    s->slice_ms = config->slice_ms;
    s->grace_ms = config->grace_ms;
    s->quarantine_min_ms = config->quarantine_min_ms;
    s->n_announced = config->n_lines;
    memcpy(s->link, config->link, sizeof(s->link));
    memcpy(s->plugin_path, config->plugin_path, sizeof(s->plugin_path));
    memcpy(s->state_dir, config->state_dir, sizeof(s->state_dir));
    return clocks_fit(s) ? 0 : -EINVAL;
}

static int grow(struct host_settings *s)
{
    if (s->n_lines < s->capacity)
        return 0;
    if (s->capacity >= SETTINGS_LINES_MAX)
        return -E2BIG;
    size_t capacity = s->capacity ? s->capacity * 2 : 64;
    struct modality_line *lines = reallocarray(s->lines, capacity, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    s->lines = lines;
    s->capacity = capacity;
    return 0;
}

static char *append(char **at, const char *text)
{
    char *begin = *at;
    *at = stpcpy(begin, text) + 1;
    return begin;
}

int settings_add(struct host_settings *s, const struct modality_line *line)
{
    int r = grow(s);
    if (r < 0)
        return r;
    size_t size = strlen(line->section) + strlen(line->key) + strlen(line->value) + strlen(line->origin) + 4;
    char *at = malloc(size);
    if (!at)
        return -ENOMEM;
    struct modality_line *to = &s->lines[s->n_lines++];
    to->section = append(&at, line->section);
    to->key = append(&at, line->key);
    to->value = append(&at, line->value);
    to->origin = append(&at, line->origin);
    return 0;
}

int settings_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0')
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EINVAL;
        unsigned digit = (unsigned)(*text - '0');
        if (value > (max - digit) / 10)
            return -EINVAL;
        value = value * 10 + digit;
    }
    *out = value;
    return 0;
}

static int number_take(const char *text, uint32_t *out)
{
    uint64_t value = 0;
    if (settings_number(text, UINT32_MAX, &value) < 0)
        return -EINVAL;
    *out = (uint32_t)value;
    return 0;
}

static int text_take(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);
    if (length >= size)
        return -EINVAL;
    memcpy(out, text, length + 1);
    return 0;
}

/* Head strings in the order of check.c. */
static int head_take(struct host_settings *s, char *const text[HEAD_STRINGS])
{
    int r = text_take(text[0], s->link, sizeof(s->link));
    r = r < 0 ? r : text_take(text[1], s->plugin_path, sizeof(s->plugin_path));
    r = r < 0 ? r : text_take(text[2], s->state_dir, sizeof(s->state_dir));
    r = r < 0 ? r : number_take(text[3], &s->telemetry_ms);
    r = r < 0 ? r : number_take(text[4], &s->permit_ms);
    r = r < 0 ? r : number_take(text[5], &s->slice_ms);
    r = r < 0 ? r : number_take(text[6], &s->grace_ms);
    r = r < 0 ? r : number_take(text[7], &s->quarantine_min_ms);
    return r < 0 ? r : clocks_fit(s) ? 0 : -EINVAL;
}

/* Reads n NUL-terminated strings: 0, -ENODATA at a clean end of the file, -EINVAL. */
static int strings_read(FILE *in, char **text, size_t *room, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ssize_t got = getdelim(&text[i], &room[i], '\0', in);
        if (got < 0)
            return i == 0 && feof(in) ? -ENODATA : -EINVAL;
        if (got == 0 || text[i][got - 1] != '\0')
            return -EINVAL;
    }
    return 0;
}

int settings_read(struct host_settings *s, FILE *in)
{
    char *text[HEAD_STRINGS] = {NULL};
    size_t room[HEAD_STRINGS] = {0};
    int r = strings_read(in, text, room, HEAD_STRINGS);
    if (r == 0)
        r = head_take(s, text);
    while (r == 0) {
        r = strings_read(in, text, room, 4);
        if (r == 0)
            r = settings_add(s, &(struct modality_line){text[0], text[1], text[2], text[3]});
    }
    for (size_t i = 0; i < HEAD_STRINGS; i++)
        free(text[i]);
    return r == -ENODATA && s->telemetry_ms != 0 ? 0 : r;
}

void settings_free(struct host_settings *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        free((char *)s->lines[i].section);
    free(s->lines);
    s->lines = NULL;
    s->n_lines = s->capacity = 0;
}

struct modality_config settings_config(const struct host_settings *s)
{
    return (struct modality_config){s->n_lines, s->lines};
}

static bool section_is_device(const char *section)
{
    return strncmp(section, "device ", 7) == 0;
}

const char *settings_origin(const struct host_settings *s, const char *key)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (section_is_device(s->lines[i].section) && strcmp(s->lines[i].key, key) == 0)
            return s->lines[i].origin;
    return s->n_lines > 0 ? s->lines[0].origin : "?";
}

static bool section_seen(const struct host_settings *s, size_t line)
{
    for (size_t i = 0; i < line; i++)
        if (strcmp(s->lines[i].section, s->lines[line].section) == 0)
            return true;
    return false;
}

const char *settings_device(const struct host_settings *s, size_t index)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (section_is_device(s->lines[i].section) && !section_seen(s, i) && index-- == 0)
            return s->lines[i].section + 7;
    return NULL;
}

/* ---- arguments ---- */

enum { ARG_FLAG = 1, ARG_LINK_FD, ARG_COUNT, ARG_SESSIONS, ARG_LOCK_FD, ARG_HEAD, ARG_LINES = ARG_HEAD + HEAD_STRINGS };
_Static_assert(ARG_COUNT == SETTINGS_ARG_COUNT && ARG_SESSIONS == SETTINGS_ARG_SESSIONS, "places named in the header");

static char *number_text(uint32_t value)
{
    char *text = NULL;
    return asprintf(&text, "%u", value) < 0 ? NULL : text;
}

char **settings_argv(const struct host_settings *s, const char *link_fd, const char *lock_fd, char *count,
                     char *sessions)
{
    size_t n = ARG_LINES + 4 * s->n_lines;
    char **argv = calloc(n + 1, sizeof(*argv));
    if (!argv)
        return NULL;
    argv[0] = strdup("modality-host");
    argv[ARG_FLAG] = strdup("--reexecuted");
    argv[ARG_LINK_FD] = strdup(link_fd);
    argv[ARG_COUNT] = count;
    argv[ARG_SESSIONS] = sessions;
    argv[ARG_LOCK_FD] = strdup(lock_fd);
    argv[ARG_HEAD] = strdup(s->link);
    argv[ARG_HEAD + 1] = strdup(s->plugin_path);
    argv[ARG_HEAD + 2] = strdup(s->state_dir);
    argv[ARG_HEAD + 3] = number_text(s->telemetry_ms);
    argv[ARG_HEAD + 4] = number_text(s->permit_ms);
    argv[ARG_HEAD + 5] = number_text(s->slice_ms);
    argv[ARG_HEAD + 6] = number_text(s->grace_ms);
    argv[ARG_HEAD + 7] = number_text(s->quarantine_min_ms);
    for (size_t i = 0; i < s->n_lines; i++) {
        char **at = argv + ARG_LINES + 4 * i;
        at[0] = (char *)s->lines[i].section;
        at[1] = (char *)s->lines[i].key;
        at[2] = (char *)s->lines[i].value;
        at[3] = (char *)s->lines[i].origin;
    }
    for (size_t i = 0; i < n; i++)
        if (!argv[i]) {
            free(argv);
            return NULL;
        }
    return argv;
}

int settings_from_argv(struct host_settings *s, int argc, char **argv, int *link_fd, int *lock_fd, unsigned *count,
                       const char **sessions)
{
    if (argc < ARG_LINES || (argc - ARG_LINES) % 4 != 0)
        return -EINVAL;
    uint64_t link_number = 0, lock_number = 0, count_number = 0;
    int r = settings_number(argv[ARG_LINK_FD], INT32_MAX, &link_number);
    r = r < 0 ? r : settings_number(argv[ARG_LOCK_FD], INT32_MAX, &lock_number);
    r = r < 0 ? r : settings_number(argv[ARG_COUNT], UINT32_MAX, &count_number);
    r = r < 0 ? r : head_take(s, argv + ARG_HEAD);
    for (int i = ARG_LINES; r == 0 && i < argc; i += 4)
        r = settings_add(s, &(struct modality_line){argv[i], argv[i + 1], argv[i + 2], argv[i + 3]});
    if (r < 0)
        return r;
    s->replacement = true;
    *link_fd = (int)link_number;
    *lock_fd = (int)lock_number;
    *count = (unsigned)count_number;
    *sessions = argv[ARG_SESSIONS];
    return 0;
}
