/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of this plugin share: host services on the real vocabulary, INI text into lines with origins, the .so
 * as the host loads it, and a peer program on pipes. Faults that a describe reports are kept as "origin: message".
 */
#ifndef TEST_MODBUS_MAP_SUPPORT_H
#define TEST_MODBUS_MAP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h> /* needs the ones above */

#include "modality/clock.h"
#include "modality/plugin.h"

#define SUPPORT_LINES_MAX 2400
#define SUPPORT_FAULTS_MAX 64
#define SUPPORT_TEXT_MAX 512

struct support {
    struct modality_services services;
    size_t n_lines;
    struct modality_line lines[SUPPORT_LINES_MAX];
    struct modality_config config;
    size_t n_faults;
    char faults[SUPPORT_FAULTS_MAX][SUPPORT_TEXT_MAX];
};

/* A sane start: services filled, no lines. */
struct support *support_new(void);
void support_free(struct support *s);

/* Adds the lines of a file of config/, or of a text; origins are "name:line". */
void support_add_file(struct support *s, const char *path);
void support_add_text(struct support *s, const char *name, const char *text);

/* Replaces the value of a key ("point refstim.current1", "max"); NULL takes the line away. Fails if it is not there. */
void support_set(struct support *s, const char *section, const char *key, const char *value);
/* Adds one line at origin. */
void support_add(struct support *s, const char *section, const char *key, const char *value, const char *origin);
/* Origin of a line that is there. */
const char *support_origin(const struct support *s, const char *section, const char *key);

/* The plugin as built, through dlopen. */
const struct modality_plugin *support_plugin(void);

/* A child program with its stdin and stdout on pipes. */
struct support_child {
    pid_t pid;
    int in, out;
    char buffer[4096];
    size_t used;
};

void support_spawn(struct support_child *child, char *const argv[]);
/* The next line the child prints that begins with prefix; others are skipped. Fails after the bound. */
void support_expect(struct support_child *child, const char *prefix, char line[SUPPORT_TEXT_MAX], int bound_ms);
void support_send(struct support_child *child, const char *line);
/* Two ptys joined by socat, and their names. Ended by support_terminate(). */
void support_cable(struct support_child *cable, char ends[2][SUPPORT_TEXT_MAX]);
/* Closes its stdin, or sends it SIGTERM, and waits for its end, bounded. */
void support_end(struct support_child *child);
void support_terminate(struct support_child *child);

static inline int64_t support_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

#endif
