/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random walk over what people, devices, hosts, clocks and kills can do, against a small model and the trace of what
 * came out. Seeds are fixed unless --minutes asks for new ones; one that fails is shrunk to a script and written down.
 *
 *   session_walk                       the walks of every test run
 *   session_walk --seeds FROM COUNT    some of them
 *   session_walk --minutes N           new seeds for so long
 *   session_walk --seed S [--steps N]  one walk
 *   session_walk --replay FILE         a script that was written down
 */
#include "soak.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "session/internal.h"

#define WALKS 10
#define STEPS 5000

/* A walk is a million allocations: a shallow stack of each is enough to find one. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "malloc_context_size=3";
}

static struct soak_report *report;

static int shrink(uint64_t seed, struct soak_step *script, size_t n)
{
    char failure[sizeof report->failure], path[64];
    snprintf(failure, sizeof failure, "%s", report->failure);
    printf("seed %llu, step %zu (%s %u %u): %s\nshrinking\n", (unsigned long long)seed, report->step,
           soak_step_name(script[report->step].kind), script[report->step].a, script[report->step].b, failure);
    n = report->step + 1 < n ? report->step + 1 : n;
    n = soak_shrink(script, n, failure, report);
    (void)soak_run(script, n, report, false);
    snprintf(path, sizeof path, "walk-%llu.txt", (unsigned long long)seed);
    soak_save(path, seed, report->failure, script, n);
    printf("%s\n%zu steps, in %s:\n", report->failure, n, path);
    for (size_t i = 0; i < n && i < 60; i++)
        printf("  %s %u %u\n", soak_step_name(script[i].kind), script[i].a, script[i].b);
    return 1;
}

static int walk_one(uint64_t seed, size_t n)
{
    struct soak_step *script = calloc(n, sizeof *script);
    if (!script)
        return 1;
    soak_generate(seed, n, script);
    const int r = soak_run(script, n, report, false) == 0 ? 0 : shrink(seed, script, n);
    free(script);
    return r;
}

/* A walk that meets nothing finds nothing. */
static int check_met(void)
{
    int missing = 0;
    for (enum session_state s = 0; s < SESSION_STATE_COUNT; s++) {
        if (!((report->states >> s) & 1u) && ++missing)
            printf("no walk came through %s\n", session_state_id(s));
    }
    for (enum soak_kind k = 0; k < STEP_COUNT; k++) {
        if (report->done[k] == 0 && ++missing)
            printf("no walk had a step %s\n", soak_step_name(k));
    }
    return missing > 0;
}

static void show(uint64_t walks, size_t steps)
{
    printf("%llu walks of %zu steps: %llu starts, %llu ended or paused by hosts and supervision, %llu samples, %llu "
           "kills of the daemon, %llu times quiet; ends:",
           (unsigned long long)walks, steps, (unsigned long long)report->starts, (unsigned long long)report->trips,
           (unsigned long long)report->samples, (unsigned long long)report->crashes,
           (unsigned long long)report->quiets);
    for (enum session_end e = 0; e < END_COUNT; e++) {
        if ((report->ends >> e) & 1u)
            printf(" %s", session_end_id(e));
    }
    printf("\n");
}

static int fixed_seeds(uint64_t from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (walk_one(from + i, STEPS) != 0)
            return 1;
    }
    show(count, STEPS);
    return check_met();
}

static int for_minutes(long minutes)
{
    const int64_t until = clock_monotonic_ns() + minutes * 60 * NS_PER_S;
    uint64_t seed = (uint64_t)clock_wall_ms(), n = 0;
    printf("seeds from %llu\n", (unsigned long long)seed);
    for (; clock_monotonic_ns() < until; n++) {
        if (walk_one(seed + n, STEPS) != 0)
            return 1;
    }
    show(n, STEPS);
    return 0;
}

static int replay(const char *path)
{
    size_t n = 0;
    struct soak_step *script = soak_load(path, &n);
    if (!script)
        return 2;
    const int r = soak_run(script, n, report, false);
    printf("%zu steps: %s\n", n, r == 0 ? "nothing fails" : report->failure);
    free(script);
    return r;
}

int main(int argc, char **argv)
{
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return 2;
    if (argc == 1)
        return fixed_seeds(1, WALKS);
    if (argc == 4 && strcmp(argv[1], "--seeds") == 0)
        return fixed_seeds(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "--minutes") == 0)
        return for_minutes(atol(argv[2]));
    if (argc >= 3 && strcmp(argv[1], "--seed") == 0)
        return walk_one(strtoull(argv[2], NULL, 10), argc == 5 ? strtoull(argv[4], NULL, 10) : STEPS);
    if (argc == 3 && strcmp(argv[1], "--replay") == 0)
        return replay(argv[2]);
    fprintf(stderr, "usage: session_walk [--seeds FROM COUNT | --minutes N | --seed S [--steps N] | --replay FILE]\n");
    return 2;
}
