/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin as the host loads it, and the services that it gets. Faults of a configuration are kept. */
#ifndef TEST_SCIENCEMODE2_PLUGIN_H
#define TEST_SCIENCEMODE2_PLUGIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "modality/plugin.h"

#define LINES_MAX 8
#define ROOM_LONG_MS 20000

struct room {
    struct modality_services services;
    struct modality_line lines[LINES_MAX];
    char origins[LINES_MAX][32];
    struct modality_config config;
    unsigned n_faults, n_warnings;
    char fault[512]; /* the last one, with its origin */
};

__attribute__((format(printf, 3, 4))) static inline void room_take_fault(void *ctx, const char *origin,
                                                                         const char *format, ...)
{
    struct room *r = ctx;
    int used = snprintf(r->fault, sizeof r->fault, "%s: ", origin);
    va_list args;
    va_start(args, format);
    vsnprintf(r->fault + used, sizeof r->fault - (size_t)used, format, args);
    va_end(args);
    r->n_faults++;
}

__attribute__((format(printf, 3, 4))) static inline void room_take_log(void *ctx, enum modality_log_level level,
                                                                       const char *format, ...)
{
    struct room *r = ctx;
    r->n_warnings += level <= MODALITY_LOG_WARNING;
    if (!getenv("MODALITY_TEST_VERBOSE"))
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static inline void room_add(struct room *r, const char *key, const char *value)
{
    size_t n = r->config.n_lines++;
    assert_true(n < LINES_MAX);
    snprintf(r->origins[n], sizeof r->origins[n], "devices.ini:%zu", n + 2);
    r->lines[n] = (struct modality_line){.section = "device reha", .key = key, .value = value, .origin = r->origins[n]};
}

/* The value of a key that is there; NULL takes the line away. */
static inline void room_set(struct room *r, const char *key, const char *value)
{
    size_t n = 0;
    while (n < r->config.n_lines && strcmp(r->lines[n].key, key) != 0)
        n++;
    assert_true(n < r->config.n_lines);
    if (value)
        r->lines[n].value = value;
    else
        r->lines[n] = r->lines[--r->config.n_lines];
}

/* A sane section on this link. */
static inline void room_begin(struct room *r, const char *link)
{
    *r = (struct room){
        .services = {.size = sizeof r->services, .ctx = r, .log = room_take_log, .config_error = room_take_fault}};
    r->config.lines = r->lines;
    room_add(r, "plugin", "sciencemode2");
    room_add(r, "link", link);
}

static inline const struct modality_plugin *room_plugin(void)
{
    void *library = dlopen(PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    const struct modality_plugin *(*entry)(void);
    void *symbol = dlsym(library, MODALITY_PLUGIN_SYMBOL);
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

static inline int64_t room_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

/*
 * The plugin waits 120 ms for an answer, whatever the deadline. True: a call failed for that, and the link is opened
 * anew, so that it can be made again; a machine that holds up one call does not hold up all that fit in 20 s.
 */
static inline bool room_again(const struct modality_plugin *plugin, struct modality_link *link, int r,
                              int64_t patience_ns)
{
    if (r != -ETIMEDOUT || clock_monotonic_ns() > patience_ns)
        return false;
    assert_int_equal(plugin->reopen(link, room_in_ms(ROOM_LONG_MS)), 0);
    return true;
}

static inline struct modality_status room_status(const struct modality_plugin *plugin, struct modality_link *link)
{
    int64_t patience_ns = room_in_ms(ROOM_LONG_MS);
    struct modality_status s;
    int r;
    do
        r = plugin->status(link, 0, room_in_ms(ROOM_LONG_MS), &s);
    while (room_again(plugin, link, r, patience_ns));
    assert_int_equal(r, 0);
    return s;
}

static inline void room_keepalive(const struct modality_plugin *plugin, struct modality_link *link)
{
    int64_t patience_ns = room_in_ms(ROOM_LONG_MS);
    int r;
    do
        r = plugin->keepalive(link, 0, room_in_ms(ROOM_LONG_MS));
    while (room_again(plugin, link, r, patience_ns));
    assert_int_equal(r, 0);
}

static inline void room_stop(const struct modality_plugin *plugin, struct modality_link *link)
{
    int64_t patience_ns = room_in_ms(ROOM_LONG_MS);
    int r;
    do
        r = plugin->stop(link, 0, 0, room_in_ms(ROOM_LONG_MS));
    while (room_again(plugin, link, r, patience_ns));
    assert_int_equal(r, 0);
}

static inline void room_make_safe(const struct modality_plugin *plugin, struct modality_link *link)
{
    int64_t patience_ns = room_in_ms(ROOM_LONG_MS);
    int r;
    do
        r = plugin->make_safe(link, 0, room_in_ms(ROOM_LONG_MS));
    while (room_again(plugin, link, r, patience_ns));
    assert_int_equal(r, 0);
}

/* Whether a treatment could not begin because the device had lost us meanwhile, which it tells; it is at rest then. */
static inline bool room_lost(const struct modality_plugin *plugin, struct modality_link *link, int r)
{
    if (r == -ETIMEDOUT)
        assert_int_equal(plugin->reopen(link, room_in_ms(ROOM_LONG_MS)), 0);
    else if (r != -EACCES)
        return false;
    struct modality_status s = room_status(plugin, link);
    if (r == -EACCES && !s.watchdog_tripped && !s.restarted)
        return false;
    room_make_safe(plugin, link);
    (void)room_status(plugin, link);
    return true;
}

#endif
