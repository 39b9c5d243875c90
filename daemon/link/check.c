/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks `modality-host --check` what a plugin thinks of its configuration, in a process of its own, so that a plugin's
 * fault is not the daemon's. Used before anything is served; it waits, at most 5 s.
 *
 * The form on the host's standard input is NUL-terminated strings: link, plugin path, state directory, telemetry,
 * permit, slice, grace and quarantine in ms, then section, key, value and origin of each line, to the end of the file.
 * On its standard output, after exit status 0, are struct link_unit one after the other; after 1, lines
 * "origin<TAB>message".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/link.h"
#include "link/spawn.h"
#include "modality/clock.h"

#define CHECK_TIMEOUT_NS (5 * NS_PER_S)
/* 32 units are 250 KiB; a plugin that reports more than this is broken. */
#define CHECK_OUTPUT_MAX (512 * 1024)

struct check {
    struct spawned process;
    int fd; /* our end of a stream socket pair: the host's standard input and output */
    char *input;
    size_t input_size, written;
    char *output; /* CHECK_OUTPUT_MAX + 1 */
    size_t read;
};

static int input_make(const struct link_settings *s, char **out, size_t *size)
{
    FILE *stream = open_memstream(out, size);
    if (!stream)
        return -ENOMEM;
    fprintf(stream, "%s%c%s%c%s%c", s->canonical, 0, s->plugin_path, 0, s->state_dir, 0);
    fprintf(stream, "%u%c%u%c%u%c%u%c%u%c", s->telemetry_ms, 0, s->permit_ms, 0, s->slice_ms, 0, s->grace_ms, 0,
            s->quarantine_min_ms, 0);
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct modality_line *line = &s->lines[i];
        fprintf(stream, "%s%c%s%c%s%c%s%c", line->section, 0, line->key, 0, line->value, 0, line->origin, 0);
    }
    int failed = ferror(stream);
    return fclose(stream) != 0 || failed ? -ENOMEM : 0;
}

static int check_spawn(const char *path, struct check *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int r = spawn_check(path, pair[1], pair[1], &c->process);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        return r;
    }
    c->fd = pair[0];
    return 0;
}

static int check_write(struct check *c)
{
    ssize_t n = send(c->fd, c->input + c->written, c->input_size - c->written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    c->written += (size_t)n;
    if (c->written == c->input_size)
        shutdown(c->fd, SHUT_WR);
    return 0;
}

/* 1 at the end of the file. */
static int check_read(struct check *c)
{
    ssize_t n = recv(c->fd, c->output + c->read, CHECK_OUTPUT_MAX - c->read, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    c->read += (size_t)n;
    return n == 0 ? 1 : 0;
}

static int remaining_ms(int64_t deadline_ns)
{
    int64_t left = deadline_ns - clock_monotonic_ns();
    return left <= 0 ? 0 : (int)(left / NS_PER_MS) + 1;
}

/* Feeds and reads until the host has closed its output. */
static int check_talk(struct check *c, int64_t deadline_ns)
{
    for (;;) {
        bool more = c->written < c->input_size;
        struct pollfd p = {.fd = c->fd, .events = (short)(more ? POLLIN | POLLOUT : POLLIN)};
        int n = poll(&p, 1, remaining_ms(deadline_ns));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -ETIMEDOUT;
        int r = more && (p.revents & POLLOUT) ? check_write(c) : 0;
        if (r == -EPIPE)
            c->written = c->input_size; /* it has read enough to complain */
        else if (r < 0)
            return r;
        if (!(p.revents & (POLLIN | POLLHUP | POLLERR)))
            continue;
        if (c->read == CHECK_OUTPUT_MAX)
            return -E2BIG;
        r = check_read(c);
        if (r != 0)
            return r == 1 ? 0 : r;
    }
}

static int check_wait(struct check *c, int64_t deadline_ns, int *status, int *killed)
{
    struct pollfd p = {.fd = c->process.pidfd, .events = POLLIN};
    int n = 0;
    do
        n = poll(&p, 1, remaining_ms(deadline_ns));
    while (n < 0 && errno == EINTR);
    int failed = n == 0 ? -ETIMEDOUT : n < 0 ? -errno : 0;
    if (failed < 0) {
        spawned_kill(&c->process, SIGKILL);
        poll(&p, 1, 1000); /* a killed process is reaped at once unless the kernel holds it */
    }
    int r = spawned_reap(&c->process, status, killed);
    spawned_close(&c->process);
    return failed < 0 ? failed : r < 0 ? r : 0;
}

static void report_lines(char *text, void (*report)(const char *origin, const char *message, void *userdata),
                         void *userdata)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(line, '\t');
        if (tab)
            *tab = '\0';
        report(tab ? line : "modality-host", tab ? tab + 1 : line, userdata);
    }
}

static int units_take(const struct check *c, struct link_unit *units, size_t max_units, size_t *n_units)
{
    size_t n = c->read / sizeof(units[0]);
    if (c->read % sizeof(units[0]) != 0 || n > max_units)
        return -EPROTO;
    memcpy(units, c->output, c->read);
    for (size_t i = 0; i < n; i++)
        if (link_message_check(&units[i], sizeof(units[i]), true) < 0)
            return -EPROTO;
    *n_units = n;
    return 0;
}

int link_check_config(const struct link_settings *settings,
                      void (*report)(const char *origin, const char *message, void *userdata), void *userdata,
                      struct link_unit *units, size_t max_units, size_t *n_units)
{
    struct check c = {.process = {0, -1}, .fd = -1};
    int status = 0, killed = 0;
    int64_t deadline_ns = clock_monotonic_ns() + CHECK_TIMEOUT_NS;
    int r = input_make(settings, &c.input, &c.input_size);
    if (r == 0 && !(c.output = malloc(CHECK_OUTPUT_MAX + 1)))
        r = -ENOMEM;
    if (r == 0)
        r = check_spawn(settings->host_path, &c);
    if (r < 0)
        goto out;
    r = check_talk(&c, deadline_ns);
    int waited = check_wait(&c, r < 0 ? 0 : deadline_ns, &status, &killed);
    if (r == 0)
        r = waited;
    if (r < 0)
        goto out;
    c.output[c.read] = '\0';
    if (!killed && status == 0)
        r = units_take(&c, units, max_units, n_units);
    else if (!killed && status == 1)
        report_lines(c.output, report, userdata);
    if (killed || status > 1)
        r = -EIO;
    else if (status == 1)
        r = -EINVAL;
out:
    if (c.fd >= 0)
        close(c.fd);
    free(c.input);
    free(c.output);
    return r;
}
