/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of this plugin share.
 */
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dose/value.h"

#define CHILD_END_MS 5000
#define CABLE_MS 20000

__attribute__((format(printf, 3, 4))) static void take_log(void *ctx, enum modality_log_level level, const char *format,
                                                           ...)
{
    (void)ctx;
    if (level > MODALITY_LOG_WARNING && !getenv("MODALITY_TEST_VERBOSE"))
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int64_t now_ns(void *ctx)
{
    (void)ctx;
    return clock_monotonic_ns();
}

__attribute__((format(printf, 3, 4))) static void take_fault(void *ctx, const char *origin, const char *format, ...)
{
    struct support *s = ctx;
    assert_true(s->n_faults < SUPPORT_FAULTS_MAX);
    char *out = s->faults[s->n_faults++];
    int used = snprintf(out, SUPPORT_TEXT_MAX, "%s: ", origin);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, SUPPORT_TEXT_MAX - (size_t)used, format, args);
    va_end(args);
}

static int find_quantity(void *ctx, const char *id, enum modality_quantity *out)
{
    (void)ctx;
    return modality_quantity_find(id, out);
}

static const struct modality_quantity_info *quantity_info(void *ctx, enum modality_quantity q)
{
    (void)ctx;
    return modality_quantity_info(q);
}

static int parse_value(void *ctx, enum modality_quantity q, const char *text, int64_t *out)
{
    (void)ctx;
    return value_parse(q, text, out);
}

static int find_waveform(void *ctx, const char *id, enum modality_waveform *out)
{
    (void)ctx;
    return modality_waveform_find(id, out);
}

struct support *support_new(void)
{
    struct support *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->services = (struct modality_services){.size = sizeof s->services,
                                             .ctx = s,
                                             .log = take_log,
                                             .now_ns = now_ns,
                                             .config_error = take_fault,
                                             .quantity_find = find_quantity,
                                             .quantity_info = quantity_info,
                                             .value_parse = parse_value,
                                             .waveform_find = find_waveform};
    s->config.lines = s->lines;
    return s;
}

static void line_free(struct modality_line *line)
{
    free((void *)(uintptr_t)line->section);
    free((void *)(uintptr_t)line->key);
    free((void *)(uintptr_t)line->value);
    free((void *)(uintptr_t)line->origin);
}

void support_free(struct support *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        line_free(&s->lines[i]);
    free(s);
}

void support_add(struct support *s, const char *section, const char *key, const char *value, const char *origin)
{
    assert_true(s->n_lines < SUPPORT_LINES_MAX);
    s->lines[s->n_lines++] = (struct modality_line){
        .section = strdup(section), .key = strdup(key), .value = strdup(value), .origin = strdup(origin)};
    s->config.n_lines = s->n_lines;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t n = strlen(text); n && strchr(" \t\r\n", text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static void add_line(struct support *s, const char *name, unsigned number, char *line, char section[SUPPORT_TEXT_MAX])
{
    char origin[SUPPORT_TEXT_MAX];
    line = trim(line);
    if (!*line || *line == '#')
        return;
    if (*line == '[') {
        snprintf(section, SUPPORT_TEXT_MAX, "%.*s", (int)strlen(line) - 2, line + 1);
        return;
    }
    char *equals = strchr(line, '=');
    assert_non_null(equals);
    *equals = '\0';
    snprintf(origin, sizeof origin, "%s:%u", name, number);
    support_add(s, section, trim(line), trim(equals + 1), origin);
}

void support_add_text(struct support *s, const char *name, const char *text)
{
    char section[SUPPORT_TEXT_MAX] = "", line[SUPPORT_TEXT_MAX * 2];
    for (unsigned number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        assert_true(length < sizeof line);
        memcpy(line, text, length);
        line[length] = '\0';
        add_line(s, name, number, line, section);
        text += length + (text[length] == '\n');
    }
}

void support_add_file(struct support *s, const char *path)
{
    char text[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(fd);
    const char *slash = strrchr(path, '/');
    support_add_text(s, slash ? slash + 1 : path, text);
}

static struct modality_line *find_line(const struct support *s, const char *section, const char *key)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        if (!strcmp(s->lines[i].section, section) && !strcmp(s->lines[i].key, key))
            return (struct modality_line *)(uintptr_t)&s->lines[i];
    }
    fail_msg("[%s] has no %s", section, key);
    return NULL;
}

void support_set(struct support *s, const char *section, const char *key, const char *value)
{
    struct modality_line *line = find_line(s, section, key);
    if (value) {
        free((void *)(uintptr_t)line->value);
        line->value = strdup(value);
        return;
    }
    line_free(line);
    size_t index = (size_t)(line - s->lines);
    memmove(line, line + 1, (s->n_lines - index - 1) * sizeof *line);
    s->config.n_lines = --s->n_lines;
}

const char *support_origin(const struct support *s, const char *section, const char *key)
{
    return find_line(s, section, key)->origin;
}

const struct modality_plugin *support_plugin(void)
{
    void *library = dlopen(PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    const struct modality_plugin *(*entry)(void);
    void *symbol = dlsym(library, "modality_plugin");
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

void support_spawn(struct support_child *child, char *const argv[])
{
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
            execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *child = (struct support_child){.pid = pid, .in = in[1], .out = out[0]};
}

/* Takes the first whole line out of the buffer. */
static bool take_line(struct support_child *child, char line[SUPPORT_TEXT_MAX])
{
    char *end = memchr(child->buffer, '\n', child->used);
    if (!end)
        return false;
    size_t length = (size_t)(end - child->buffer);
    snprintf(line, SUPPORT_TEXT_MAX, "%.*s", (int)length, child->buffer);
    child->used -= length + 1;
    memmove(child->buffer, end + 1, child->used);
    return true;
}

void support_expect(struct support_child *child, const char *prefix, char line[SUPPORT_TEXT_MAX], int bound_ms)
{
    int64_t deadline = support_in_ms(bound_ms);
    for (;;) {
        while (take_line(child, line)) {
            if (strncmp(line, prefix, strlen(prefix)) == 0)
                return;
        }
        int64_t left = deadline - clock_monotonic_ns();
        struct pollfd p = {.fd = child->out, .events = POLLIN};
        if (left <= 0 || poll(&p, 1, (int)(left / NS_PER_MS) + 1) <= 0)
            fail_msg("no line \"%s\" within %d ms", prefix, bound_ms);
        ssize_t n = read(child->out, child->buffer + child->used, sizeof child->buffer - child->used);
        if (n <= 0)
            fail_msg("the program ended before \"%s\"", prefix);
        child->used += (size_t)n;
    }
}

void support_send(struct support_child *child, const char *line)
{
    char answer[SUPPORT_TEXT_MAX], done[SUPPORT_TEXT_MAX];
    assert_int_equal(dprintf(child->in, "%s\n", line), (int)strlen(line) + 1);
    snprintf(done, sizeof done, "done %s", line);
    support_expect(child, done, answer, CHILD_END_MS);
}

void support_terminate(struct support_child *child)
{
    kill(child->pid, SIGTERM);
    support_end(child);
}

void support_end(struct support_child *child)
{
    int fd = pidfd_open(child->pid, 0);
    close(child->in);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ended = fd >= 0 ? poll(&p, 1, CHILD_END_MS) : 0;
    if (ended != 1)
        kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->out);
    if (fd >= 0)
        close(fd);
    assert_int_equal(ended, 1);
}

void support_cable(struct support_child *cable, char ends[2][SUPPORT_TEXT_MAX])
{
    char *argv[] = {"/bin/sh", "-c", "exec socat -d -d pty,raw,echo=0 pty,raw,echo=0 2>&1", NULL};
    char line[SUPPORT_TEXT_MAX];
    support_spawn(cable, argv);
    for (int i = 0; i < 2;) {
        support_expect(cable, "", line, CABLE_MS);
        const char *path = strstr(line, "PTY is ");
        if (path)
            snprintf(ends[i++], SUPPORT_TEXT_MAX, "%s", path + strlen("PTY is "));
    }
    do
        support_expect(cable, "", line, CABLE_MS);
    while (!strstr(line, "starting data transfer loop"));
}
