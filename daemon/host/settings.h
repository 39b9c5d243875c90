/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host is told at its start: the link, the plugin, its clocks and the INI lines. It comes as messages, as text
 * on standard input (--check) or as argument strings (re-execution), and is constant afterwards.
 */
#ifndef HOST_SETTINGS_H
#define HOST_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "link/message.h"

#define SETTINGS_LINES_MAX 16384

struct host_settings {
    bool replacement;
    bool idle; /* what came before had energised nothing */
    uint32_t telemetry_ms, permit_ms, slice_ms, grace_ms, quarantine_min_ms; /* permit_ms only with --check, else 0 */
    char link[256], plugin_path[256], state_dir[256];
    size_t n_lines, capacity;
    size_t n_announced;          /* lines that the head promised */
    struct modality_line *lines; /* owned, with their strings in one block each (section is its start) */
};

/* Takes over the head of a configuration; -EINVAL when a clock is missing or too long. */
int settings_begin(struct host_settings *s, const struct link_config *config);
/* Copies one line: 0, -E2BIG, -ENOMEM. */
int settings_add(struct host_settings *s, const struct modality_line *line);
/* Reads the form of daemon/link/check.c: 0, -EINVAL, -ENOMEM. */
int settings_read(struct host_settings *s, FILE *in);
void settings_free(struct host_settings *s);

struct modality_config settings_config(const struct host_settings *s);
/* Origin of a key in the first [device] section that has it, else of the first line, else "?". */
const char *settings_origin(const struct host_settings *s, const char *key);
/* The i-th distinct [device] section in order of appearance, as its id; NULL beyond the last. */
const char *settings_device(const struct host_settings *s, size_t i);

/* A decimal without sign, nothing after it: 0 or -EINVAL. */
int settings_number(const char *text, uint64_t max, uint64_t *out);

/*
 * Arguments of a re-execution. What is constant is made once by settings_argv; the caller's sessions buffer and count
 * text are written into place later, so that a re-execution allocates nothing. The array is owned by the caller
 * (free(array) after its strings, never needed in practice: the process is replaced).
 */
#define SETTINGS_ARG_COUNT 3    /* how often the host has re-executed itself, in a row */
#define SETTINGS_ARG_SESSIONS 4 /* sessions whose rest was not proved */
char **settings_argv(const struct host_settings *s, const char *link_fd, const char *lock_fd, char *count,
                     char *sessions);
/* And back: argv as made above. 0, -EINVAL, -ENOMEM. *link_fd and *lock_fd are descriptors. */
int settings_from_argv(struct host_settings *s, int argc, char **argv, int *link_fd, int *lock_fd, unsigned *count,
                       const char **sessions);

#endif
