/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of a link on a real event loop, with real hosts and with hosts that lie.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "link/link.h"
#include "link/loop.h"

#define PATIENCE_MS 20000 /* with what a machine of its own does in a moment */

struct bench {
    sd_event *event;
    struct link *link;
    struct fake_world *world;
    char dir[64], plugin[96], script[96];
    struct modality_line lines[2 + 200];
    unsigned hellos, gone, done, replacements;
    uint32_t state;
    uint64_t rested, refused;
    char why[128];
};

static void on_message(struct link *link, const struct link_header *m, void *userdata)
{
    (void)link;
    struct bench *b = userdata;
    if (m->type == LINK_HELLO)
        b->hellos++;
    if (m->type == LINK_PRESENCE) {
        b->state = ((const struct link_presence *)m)->state;
        b->replacements += b->state == UNIT_QUARANTINE;
    }
    const struct link_session *s = (const void *)m;
    if (m->type == LINK_SESSION && s->event == LINK_SESSION_RESTED)
        b->rested = s->ref.session;
    if (m->type == LINK_SESSION && s->event == LINK_SESSION_REFUSED)
        b->refused++;
}

static void on_gone(struct link *link, const char *why, void *userdata)
{
    (void)link;
    struct bench *b = userdata;
    b->gone++;
    snprintf(b->why, sizeof(b->why), "%s", why);
}

static void on_done(struct link *link, void *userdata)
{
    (void)link;
    ((struct bench *)userdata)->done++;
}

static struct bench *bench_start(const char *host, size_t n_lines)
{
    struct bench *b = calloc(1, sizeof(*b));
    char command[300];
    strcpy(b->dir, "/tmp/modality-link-test-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->plugin, sizeof(b->plugin), "%s/fake.so", b->dir);
    snprintf(b->script, sizeof(b->script), "%s/world", b->dir);
    snprintf(command, sizeof(command), "cp %s %s && chmod 644 %s", TEST_FAKE, b->plugin, b->plugin);
    assert_int_equal(system(command), 0);
    int fd = open(b->script, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, sizeof(struct fake_world)), 0);
    b->world = mmap(NULL, sizeof(struct fake_world), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    b->lines[0] = (struct modality_line){"device stim", "script", b->script, "devices.ini:1"};
    for (size_t i = 1; i < n_lines; i++)
        b->lines[i] = (struct modality_line){"map m", "note", "a line of a long map", "devices.ini:9"};
    assert_int_equal(sd_event_new(&b->event), 0);
    struct link_settings s = {.host_path = host,
                              .plugin_path = b->plugin,
                              .state_dir = b->dir,
                              .canonical = "tcp:127.0.0.1:1",
                              .telemetry_ms = 20,
                              .permit_ms = 400,
                              .grace_ms = 50,
                              .quarantine_min_ms = 100,
                              .n_lines = n_lines,
                              .lines = b->lines};
    struct link_callbacks c = {on_message, on_gone, b};
    assert_int_equal(link_start(b->event, &s, &c, &b->link), 0);
    return b;
}

static void bench_end(struct bench *b)
{
    char command[128];
    link_free(b->link);
    sd_event_unref(b->event);
    munmap(b->world, sizeof(*b->world));
    snprintf(command, sizeof(command), "rm -rf %s", b->dir);
    assert_int_equal(system(command), 0);
    free(b);
}

static bool is_ready(const struct bench *b)
{
    return b->state == UNIT_READY;
}

static bool is_gone_twice(const struct bench *b)
{
    return b->gone >= 2;
}

static bool is_done(const struct bench *b)
{
    return b->done > 0;
}

static bool has_rested(const struct bench *b)
{
    return b->rested != 0;
}

static void run_until(struct bench *b, int ms, bool (*done)(const struct bench *b))
{
    int64_t deadline = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (!done(b)) {
        if (clock_monotonic_ns() > deadline)
            fail_msg("%d ms are long over; state %u, gone %u: %s", ms, b->state, b->gone, b->why);
        assert_true(sd_event_run(b->event, 10000) >= 0);
    }
}

static void shut_down(struct bench *b, int ms)
{
    link_shutdown(b->link, on_done, b);
    run_until(b, ms, is_done);
    assert_int_equal(link_pid(b->link), 0);
}

static void a_host_is_configured_whatever_the_number_of_lines(void **state)
{
    (void)state;
    struct bench *b = bench_start(TEST_HOST, 200); /* far more than a socket's queue */
    run_until(b, 3000, is_ready);
    assert_int_equal(b->hellos, 1);
    assert_int_equal(b->gone, 0);
    shut_down(b, 1500);
    bench_end(b);
}

static void a_killed_host_is_replaced_and_its_successor_begins_blind(void **state)
{
    (void)state;
    struct bench *b = bench_start(TEST_HOST, 1);
    run_until(b, 3000, is_ready);
    unsigned from = b->world->n_trace;
    b->state = UNIT_PROBING;
    assert_int_equal(kill((pid_t)link_pid(b->link), SIGKILL), 0);
    run_until(b, 3000, is_ready);
    assert_int_equal(b->gone, 1);
    assert_int_equal(link_restarts(b->link), 1);
    assert_true(b->replacements > 0);
    for (unsigned i = from; i < b->world->n_trace; i++)
        if (b->world->trace[i].call == FAKE_OPEN) {
            assert_int_equal(b->world->trace[i + 1].call, FAKE_MAKE_SAFE);
            break;
        }
    shut_down(b, 1500);
    bench_end(b);
}

static void a_host_that_floods_is_gone(void **state)
{
    (void)state;
    setenv("MODALITY_TEST_LIAR", "flood", 1);
    struct bench *b = bench_start(TEST_LIAR, 1);
    run_until(b, 5000, is_gone_twice);
    assert_string_equal(b->why, "host floods");
    shut_down(b, 2500);
    bench_end(b);
}

static void a_host_that_sends_nonsense_is_gone(void **state)
{
    (void)state;
    setenv("MODALITY_TEST_LIAR", "malformed", 1);
    struct bench *b = bench_start(TEST_LIAR, 1);
    run_until(b, 5000, is_gone_twice);
    assert_string_equal(b->why, "host sent a malformed message");
    shut_down(b, 2500);
    bench_end(b);
}

static void a_host_that_exits_is_started_again_with_growing_delay(void **state)
{
    (void)state;
    setenv("MODALITY_TEST_LIAR", "exit", 1);
    struct bench *b = bench_start(TEST_LIAR, 1);
    int64_t begun = clock_monotonic_ns(), took = 0;
    for (; b->gone < 3 || took < 1000 * NS_PER_MS; took = clock_monotonic_ns() - begun) {
        assert_true(took < PATIENCE_MS * NS_PER_MS);
        assert_true(sd_event_run(b->event, 10000) >= 0);
    }
    unsigned starts = 1; /* at 0, 100, 300, 700 ms, ... */
    for (int64_t at_ms = 100, wait_ms = 100; at_ms * NS_PER_MS <= took; at_ms += wait_ms *= 2)
        starts++;
    assert_in_range(b->gone, 3, starts + 1);
    shut_down(b, 2500);
    bench_end(b);
}

static void a_host_that_does_not_read_is_told_by_again(void **state)
{
    (void)state;
    setenv("MODALITY_TEST_LIAR", "mute", 1);
    struct bench *b = bench_start(TEST_LIAR, 200);
    struct link_permit p = {.until_boot_ns = 1};
    link_message_head(&p, LINK_PERMIT, sizeof(p));
    int r = 0, n = 0;
    while (r == 0 && n++ < 1000)
        r = link_send(b->link, &p);
    assert_int_equal(r, -EAGAIN);
    struct link_stop stop = {.session = 0};
    link_message_head(&stop, LINK_STOP, sizeof(stop));
    assert_int_equal(link_send(b->link, &stop), 0); /* takes the place of what it makes pointless */
    link_replace(b->link, "it does not read");
    assert_int_equal(b->gone, 1);
    assert_int_equal(link_send(b->link, &stop), -ENOTCONN);
    shut_down(b, 2500);
    bench_end(b);
}

static void shutdown_ends_a_host_that_does_not_want_to(void **state)
{
    (void)state;
    setenv("MODALITY_TEST_LIAR", "stubborn", 1);
    struct bench *b = bench_start(TEST_LIAR, 1);
    assert_true(sd_event_run(b->event, 100000) >= 0);
    int64_t begun = clock_monotonic_ns();
    shut_down(b, 2500);
    assert_true(clock_monotonic_ns() - begun < 2 * NS_PER_S);
    bench_end(b);
}

static void an_energised_session_rests_before_shutdown_is_done(void **state)
{
    (void)state;
    struct bench *b = bench_start(TEST_HOST, 1);
    run_until(b, 3000, is_ready);
    struct link_arm arm = {.ref = {5, 1, 0},
                           .end_boot_ns = clock_boot_ns() + 10 * NS_PER_S,
                           .permit_boot_ns = clock_boot_ns() + 5 * NS_PER_S,
                           .targets = {1000},
                           .envelope = {.group = 0,
                                        .n_channels = 1,
                                        .modality = MODALITY_ESTIM,
                                        .over_permille = 1500,
                                        .total_ms = 10000,
                                        .channels = {{.level_quantity = QUANTITY_amplitude_ua,
                                                      .waveform = WAVEFORM_biphasic_symmetric,
                                                      .level_ceiling = 2000,
                                                      .area_mm2 = 5000,
                                                      .rules = {.step = 500, .slew_per_s = 2000, .resolution = 100},
                                                      .n_settings = 2,
                                                      .settings = {{QUANTITY_phase_width_us, 0, 200, 200},
                                                                   {QUANTITY_pulse_rate_millihz, 0, 80000, 80000}}}}}};
    link_message_head(&arm, LINK_ARM, sizeof(arm));
    assert_int_equal(link_send(b->link, &arm), 0);
    int64_t deadline = clock_monotonic_ns() + 2 * NS_PER_S;
    while (!b->world->units[0].running[0]) {
        assert_true(clock_monotonic_ns() < deadline);
        assert_true(sd_event_run(b->event, 10000) >= 0);
    }
    link_shutdown(b->link, on_done, b);
    run_until(b, 1500, has_rested);
    run_until(b, 1500, is_done);
    assert_int_equal(b->rested, 5);
    assert_int_equal(b->world->units[0].running[0], 0);
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_configured_whatever_the_number_of_lines),
        cmocka_unit_test(a_killed_host_is_replaced_and_its_successor_begins_blind),
        cmocka_unit_test(a_host_that_floods_is_gone),
        cmocka_unit_test(a_host_that_sends_nonsense_is_gone),
        cmocka_unit_test(a_host_that_exits_is_started_again_with_growing_delay),
        cmocka_unit_test(a_host_that_does_not_read_is_told_by_again),
        cmocka_unit_test(shutdown_ends_a_host_that_does_not_want_to),
        cmocka_unit_test(an_energised_session_rests_before_shutdown_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
