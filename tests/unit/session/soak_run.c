/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts: made from a seed, run in a child that may die of anything, shrunk to what the failure needs, written down
 * and read again. A script is all that a walk depends on.
 */
#include "soak.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHRINK_NS (120 * NS_PER_S)

static const struct {
    const char *name;
    uint32_t weight;
    void (*run)(struct soak *w, uint32_t a, uint32_t b);
} steps[STEP_COUNT] = {
#define STEP(name, weight, meaning) {#name, weight, soak_do_##name},
    SOAK_STEPS(STEP)
#undef STEP
};

const char *soak_step_name(enum soak_kind kind)
{
    return steps[kind].name;
}

/* --- made from a seed --- */

static uint32_t next_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(z >> 32);
}

void soak_generate(uint64_t seed, size_t n, struct soak_step *out)
{
    uint32_t sum = 0;
    for (size_t k = 0; k < STEP_COUNT; k++)
        sum += steps[k].weight;
    for (size_t i = 0; i < n; i++) {
        uint32_t r = next_random(&seed) % sum;
        size_t k = 0;
        while (r >= steps[k].weight)
            r -= steps[k++].weight;
        out[i] = (struct soak_step){(enum soak_kind)k, next_random(&seed) % 1000000, next_random(&seed) % 1000000};
        if (i % SOAK_QUIET == SOAK_QUIET - 1 || i == n - 1)
            out[i].kind = STEP_quiet;
    }
}

/* --- run --- */

static int failed_in_child(struct soak *w, const char *text)
{
    snprintf(w->report->failure, sizeof w->report->failure, "%s", text);
    _exit(1);
}

void soak_fail(struct soak *w, const char *format, ...)
{
    char text[sizeof w->report->failure];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    failed_in_child(w, text);
    abort();
}

static void child(const struct soak_step *script, size_t n, struct soak_report *report)
{
    struct soak *w = calloc(1, sizeof *w);
    if (!w)
        _exit(2);
    w->report = report;
    soak_open(w);
    for (size_t i = 0; i < n; i++) {
        report->step = i;
        report->done[script[i].kind]++;
        steps[script[i].kind].run(w, script[i].a, script[i].b);
        if (w->kill_in > 0 && --w->kill_in == 0)
            soak_crash(w);
    }
    soak_close(w);
    free(w);
}

/* The daemon's journal of a walk is of no interest, what a sanitizer says is. */
static void show_errors(FILE *from)
{
    char line[512];
    rewind(from);
    while (fgets(line, sizeof line, from)) {
        if (line[0] != '<')
            fputs(line, stderr);
    }
}

int soak_run(const struct soak_step *script, size_t n, struct soak_report *report, bool quietly)
{
    FILE *errors = tmpfile();
    int status = 0;
    report->step = 0;
    report->failure[0] = '\0';
    fflush(NULL);
    const pid_t pid = errors ? fork() : -1;
    if (pid < 0) {
        perror("walk");
        exit(2);
    }
    if (pid == 0) {
        dup2(fileno(errors), STDERR_FILENO);
        child(script, n, report);
        exit(0); /* leaks are looked for here */
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0 && !report->failure[0])
        snprintf(report->failure, sizeof report->failure, "died: status %x", (unsigned)status);
    if (status != 0 && !quietly)
        show_errors(errors);
    fclose(errors);
    return status == 0 ? 0 : 1;
}

/* --- shrunk --- */

/* The same failure: what stands before the first colon. */
static bool same_failure(const char *a, const char *b)
{
    const size_t n = strcspn(a, ":");
    return strncmp(a, b, n) == 0;
}

static bool fails_without(const struct soak_step *script, size_t n, size_t from, size_t count, const char *failure,
                          struct soak_report *report, struct soak_step *scratch)
{
    memcpy(scratch, script, from * sizeof *script);
    memcpy(scratch + from, script + from + count, (n - from - count) * sizeof *script);
    return soak_run(scratch, n - count, report, true) != 0 && same_failure(failure, report->failure);
}

size_t soak_shrink(struct soak_step *script, size_t n, const char *failure, struct soak_report *report)
{
    const int64_t until = clock_monotonic_ns() + SHRINK_NS;
    struct soak_step *scratch = calloc(n, sizeof *scratch);
    size_t chunk = n / 2;
    while (scratch && chunk > 0) {
        bool any = false;
        for (size_t at = 0; at < n;) {
            const size_t count = at + chunk < n ? chunk : n - at;
            if (clock_monotonic_ns() > until) {
                free(scratch);
                return n;
            }
            if (!fails_without(script, n, at, count, failure, report, scratch)) {
                at += count;
                continue;
            }
            any = true;
            n -= count;
            memcpy(script, scratch, n * sizeof *script);
        }
        chunk = any && chunk == 1 ? 1 : chunk / 2;
    }
    free(scratch);
    return n;
}

/* --- written down --- */

int soak_save(const char *path, uint64_t seed, const char *failure, const struct soak_step *script, size_t n)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return -errno;
    fprintf(f, "# seed %llu\n# %s\n", (unsigned long long)seed, failure);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s %u %u\n", steps[script[i].kind].name, script[i].a, script[i].b);
    return fclose(f) == 0 ? 0 : -errno;
}

static bool read_step(const char *line, struct soak_step *out)
{
    char name[32];
    if (sscanf(line, "%31s %u %u", name, &out->a, &out->b) != 3)
        return false;
    for (size_t k = 0; k < STEP_COUNT; k++) {
        out->kind = (enum soak_kind)k;
        if (strcmp(name, steps[k].name) == 0)
            return true;
    }
    return false;
}

struct soak_step *soak_load(const char *path, size_t *n)
{
    struct soak_step *script = calloc(SOAK_SCRIPT_MAX, sizeof *script);
    FILE *f = fopen(path, "r");
    char line[600];
    *n = 0;
    if (!f || !script) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(script);
        if (f)
            fclose(f);
        return NULL;
    }
    while (fgets(line, sizeof line, f) && *n < SOAK_SCRIPT_MAX) {
        if (line[0] == '#')
            continue;
        if (!read_step(line, &script[*n]))
            fprintf(stderr, "%s: this is no step: %s", path, line);
        else
            (*n)++;
    }
    fclose(f);
    return script;
}
