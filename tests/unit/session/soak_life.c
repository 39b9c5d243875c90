/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning and the end of a walk, and kill -9 in between: what the disk had when the kill came near is what the
 * next daemon finds, and everything that was told to be durable by then must be on it.
 */
#include "soak.h"

#include <sys/stat.h>
#include <unistd.h>

#include "session/internal.h"

#define DOWN_MS 300 /* from the kill to the next daemon */

static void __attribute__((format(printf, 2, 3))) shell(struct soak *w, const char *format, ...)
{
    char command[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        soak_fail(w, "%s", command);
}

static void begin(struct soak *w)
{
    room_open_without_hosts(w->room);
    w->down = false;
    w->life++;
    soak_hosts_begin(w, w->room->now.monotonic_ns + 20 * NS_PER_MS);
}

/* Only memory is as fast as a walk needs it; the fixture's own place is a disk. */
static void move_to_memory(struct room *r)
{
    if (access("/dev/shm", W_OK) < 0)
        return;
    rmdir(r->dir);
    snprintf(r->dir, sizeof r->dir, "/dev/shm/session-soak-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
}

void soak_open(struct soak *w)
{
    struct room *r = calloc(1, sizeof *r);
    if (!r)
        soak_fail(w, "no memory");
    room_configure(r);
    move_to_memory(r);
    w->room = r;
    r->soak = w;
    r->to_host = soak_to_host;
    r->to_link = soak_to_link;
    memcpy(w->limits, r->tables.limits, r->tables.n_limits * sizeof w->limits[0]);
    r->tables.limits = w->limits;
    for (size_t link = 0; link < ROOM_DEVICES; link++) {
        for (uint32_t c = 0; c < r->units[link].device.n_channels; c++)
            w->devices[link].level[c] = w->devices[link].low[c] = w->devices[link].high[c] =
                soak_channel(w, link, c)->rest_value;
    }
    begin(w);
    soak_excuse(w, SIZE_MAX);
    soak_time(w, 3000);
}

void soak_close(struct soak *w)
{
    room_close(w->room);
    free(w->room);
}

void soak_keep_disk(struct soak *w)
{
    shell(w, "rm -rf %s.kept && cp -a %s %s.kept", w->room->dir, w->room->dir, w->room->dir);
}

/* Nobody is told anything; hosts find the end of the file, and a new daemon finds what is on the disk. */
void soak_crash(struct soak *w)
{
    struct room *r = w->room;
    record_close(r->record);
    sessions_free(r->sessions);
    shell(w, "rm -rf %s && mv %s.kept %s", r->dir, r->dir, r->dir);
    r->record = NULL;
    r->sessions = NULL;
    w->down = true;
    w->kill_in = 0;
    w->n_open = 0;
    w->starts_open = 0;
    w->report->crashes++;
    soak_daemon_gone(w);
    soak_excuse(w, SIZE_MAX);
    soak_time(w, DOWN_MS);
    begin(w);
    soak_excuse(w, SIZE_MAX);
}
