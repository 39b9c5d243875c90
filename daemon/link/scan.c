/* SPDX-License-Identifier: Apache-2.0 */
#include "link/scan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/loop.h"
#include "link/spawn.h"

/* Loading a library and looking through a bus take some ten ms; a loaded machine takes longer. */
#define SCAN_TIMEOUT_NS (3 * NS_PER_S)
#define SCAN_OUTPUT_MAX (SCAN_UNITS_MAX * sizeof(struct scan_unit))

struct scan {
    struct spawned process;
    int fd; /* our end of its standard output */
    sd_event_source *output, *exit, *timer;
    char *read; /* SCAN_OUTPUT_MAX + 1 */
    size_t n_read;
    const char *failed; /* why it was ended; NULL = it was not */
    void (*done)(void *userdata, const struct scan_unit *units, size_t n, const char *why);
    void *userdata;
};

/* ---- what it said ---- */

/* Ended and printable, whatever a device or a plugin has put there. */
static void text_clean(char *text, size_t size, bool lines)
{
    text[size - 1] = '\0';
    for (char *c = text; *c; c++)
        if ((*c < ' ' && !(lines && *c == '\n')) || *c > '~')
            *c = '?';
}

static void unit_clean(struct scan_unit *u)
{
    text_clean(u->found.link, sizeof u->found.link, false);
    text_clean(u->found.known_as, sizeof u->found.known_as, false);
    text_clean(u->found.what, sizeof u->found.what, false);
    text_clean(u->found.maker, sizeof u->found.maker, false);
    text_clean(u->found.model, sizeof u->found.model, false);
    text_clean(u->found.serial, sizeof u->found.serial, false);
    text_clean(u->found.note, sizeof u->found.note, false);
    text_clean(u->lines, sizeof u->lines, true);
}

/* The last line of what it printed before it gave up. */
static void last_line(char *text, size_t n, char why[SCAN_WHY_MAX])
{
    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    const char *line = memrchr(text, '\n', n);
    snprintf(why, SCAN_WHY_MAX, "%s", line ? line + 1 : text);
    text_clean(why, SCAN_WHY_MAX, false);
}

static void scan_over(struct scan *s, int status, int killed)
{
    char why[SCAN_WHY_MAX] = "";
    const size_t n = s->n_read / sizeof(struct scan_unit);
    struct scan_unit *units = (struct scan_unit *)(void *)s->read;
    if (s->failed)
        snprintf(why, sizeof why, "%s", s->failed);
    else if (killed)
        snprintf(why, sizeof why, "the process that looked was ended by signal %d", status);
    else if (status == EXIT_FAILURE)
        last_line(s->read, s->n_read, why);
    else if (status != EXIT_SUCCESS || s->n_read % sizeof(struct scan_unit) != 0)
        snprintf(why, sizeof why, "modality-host --scan is of another version");
    for (size_t i = 0; why[0] == '\0' && i < n; i++)
        unit_clean(&units[i]);
    s->done(s->userdata, why[0] ? NULL : units, why[0] ? 0 : n, why[0] ? why : NULL);
}

/* ---- its life ---- */

static void scan_kill(struct scan *s, const char *why)
{
    s->failed = why;
    s->output = sd_event_source_disable_unref(s->output);
    spawned_kill(&s->process, SIGKILL);
}

/* False when there is nothing to read now. */
static bool read_some(struct scan *s)
{
    const ssize_t n = recv(s->fd, s->read + s->n_read, SCAN_OUTPUT_MAX + 1 - s->n_read, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    s->n_read += (size_t)n;
    if (s->n_read > SCAN_OUTPUT_MAX)
        scan_kill(s, "it found more than can be told");
    else if (n == 0)
        s->output = sd_event_source_disable_unref(s->output);
    return n > 0 && !s->failed;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)read_some(userdata);
    return 0;
}

/* All that it has said lies in the socket now. */
static int on_exit_of_it(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct scan *s = userdata;
    int status = 0, killed = 0;
    (void)source;
    (void)fd;
    (void)events;
    while (!s->failed && read_some(s))
        ;
    if (spawned_reap(&s->process, &status, &killed) == 0)
        return 0;
    s->output = sd_event_source_disable_unref(s->output);
    s->exit = sd_event_source_disable_unref(s->exit);
    s->timer = sd_event_source_disable_unref(s->timer);
    scan_over(s, status, killed);
    return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    scan_kill(userdata, "it did not end within 3 s");
    return 0;
}

static int spawn(struct scan *s, const char *host_path, const char *plugin_path)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    s->fd = pair[0];
    const int r = spawn_scan(host_path, plugin_path, pair[1], &s->process);
    close(pair[1]);
    return r;
}

int scan_start(sd_event *event, const char *host_path, const char *plugin_path,
               void (*done)(void *userdata, const struct scan_unit *units, size_t n, const char *why), void *userdata,
               struct scan **out)
{
    struct scan *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    *s = (struct scan){.process = {0, -1}, .fd = -1, .done = done, .userdata = userdata};
    s->read = malloc(SCAN_OUTPUT_MAX + 1);
    int r = s->read ? spawn(s, host_path, plugin_path) : -ENOMEM;
    if (r >= 0)
        r = loop_add_io(event, s->fd, EPOLLIN, LOOP_CLIENT_WORK, "scan", on_output, s, &s->output);
    if (r >= 0)
        r = loop_add_io(event, s->process.pidfd, EPOLLIN, LOOP_CLIENT_WORK, "scan ends", on_exit_of_it, s, &s->exit);
    if (r >= 0)
        r = loop_add_timer(event, clock_monotonic_ns() + SCAN_TIMEOUT_NS, LOOP_CLIENT_WORK, "scan bound", on_time, s,
                           &s->timer);
    if (r < 0) {
        scan_free(s);
        return r;
    }
    *out = s;
    return 0;
}

void scan_free(struct scan *s)
{
    int status = 0, killed = 0;
    if (!s)
        return;
    sd_event_source_disable_unref(s->output);
    sd_event_source_disable_unref(s->exit);
    sd_event_source_disable_unref(s->timer);
    if (s->process.pid != 0) {
        spawned_kill(&s->process, SIGKILL);
        (void)spawned_reap(&s->process, &status, &killed); /* the daemon ends too: init has it then */
    }
    spawned_close(&s->process);
    if (s->fd >= 0)
        close(s->fd);
    free(s->read);
    free(s);
}
