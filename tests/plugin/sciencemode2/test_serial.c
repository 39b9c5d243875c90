/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin as the host loads it on a terminal, against the simulated RehaStim 2 behind a pseudo terminal: a
 * treatment, a line that hangs up in the middle of it, and what stands there when it is back.
 */
#include "bench.h"
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define CALL_MS 250
#define GROUP_ALL 8 /* behind each channel's own */

static const struct modality_plugin *plugin;

struct terminal {
    struct room room;
    struct bench *device;
    struct modality_link *link;
    char where[64];
};

/* A pseudo terminal whose far side is the device's. */
static int line_make(char where[64])
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    char name[48];
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master) | ptsname_r(master, name, sizeof name), 0);
    snprintf(where, 64, "serial:%s", name);
    return master;
}

static int open_link(struct terminal *t)
{
    return plugin->open(&t->room.services, &t->room.config, room_in_ms(ROOM_LONG_MS), &t->link);
}

/* What it says first may have come before anybody was there. */
static void begin(struct terminal *t)
{
    struct modality_identity identity;
    int r = -ETIMEDOUT;
    for (int64_t end = room_in_ms(ROOM_LONG_MS); r < 0 && clock_monotonic_ns() < end;) {
        r = plugin->identify(t->link, 0, room_in_ms(CALL_MS), &identity);
        if (r < 0)
            assert_int_equal(plugin->reopen(t->link, room_in_ms(ROOM_LONG_MS)), 0);
    }
    assert_int_equal(r, 0);
    assert_string_equal(identity.model, "RehaStim 2");
    assert_string_equal(identity.serial, "");
    room_make_safe(plugin, t->link);
}

static int setup(void **state)
{
    static struct terminal t;
    t = (struct terminal){0};
    int master = line_make(t.where);
    room_begin(&t.room, t.where);
    assert_int_equal(open_link(&t), 0);
    assert_int_equal(t.room.n_warnings, 1); /* the parity that a pseudo terminal has not */
    t.device = bench_device(master);
    begin(&t);
    *state = &t;
    return 0;
}

static int teardown(void **state)
{
    struct terminal *t = *state;
    plugin->close(t->link);
    bench_free(t->device);
    return 0;
}

static int set(struct terminal *t, enum modality_quantity q, int64_t value)
{
    const struct modality_setting setting = {.channel = 2, .quantity = q, .value = value};
    return plugin->apply(t->link, 0, &setting, room_in_ms(ROOM_LONG_MS));
}

static int try_to_run(struct terminal *t)
{
    assert_int_equal(set(t, QUANTITY_phase_width_us, 0x11d), 0);
    assert_int_equal(set(t, QUANTITY_pulse_rate_millihz, 40000), 0);
    assert_int_equal(set(t, QUANTITY_amplitude_ua, 0), 0);
    int r = plugin->start(t->link, 0, GROUP_ALL, room_in_ms(ROOM_LONG_MS));
    for (int64_t ma = 1; r == 0 && ma <= 15; ma++)
        r = set(t, QUANTITY_amplitude_ua, ma * 1000);
    return r;
}

/* 15 mA on ch3. Bytes that a terminal would take for its own go both ways. */
static void run(struct terminal *t)
{
    int64_t patience = room_in_ms(ROOM_LONG_MS);
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        r = try_to_run(t);
    } while (room_lost(plugin, t->link, r));
    assert_int_equal(r, 0);
    assert_int_equal(bench_output(t->device, 2), 15000);
}

static struct modality_status status(struct terminal *t)
{
    return room_status(plugin, t->link);
}

static void a_treatment_over_a_terminal(void **state)
{
    struct terminal *t = *state;
    run(t);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(status(t).channels[2].output, OUTPUT_ON);
        if (i % 20 == 0)
            room_keepalive(plugin, t->link);
    }
    room_stop(plugin, t->link);
    assert_true(bench_all_rest(t->device));
    assert_int_equal(status(t).channels[2].output, OUTPUT_REST);
}

/* The device has power of its own: its watchdog ends what the line cannot any more. */
static void a_line_that_hangs_up_is_a_device_that_is_gone(void **state)
{
    struct terminal *t = *state;
    struct modality_status s;
    run(t);
    int64_t since = clock_monotonic_ns();
    bench_fault_on(t->device, SM2_GET_MODE, FAULT_close, ARG_count, 1, -1);
    assert_int_equal(plugin->status(t->link, 0, room_in_ms(ROOM_LONG_MS), &s), -ENODEV);
    assert_int_equal(plugin->stop(t->link, 0, 0, room_in_ms(ROOM_LONG_MS)), -ENODEV);
    assert_int_equal(plugin->reopen(t->link, room_in_ms(ROOM_LONG_MS)), -ENODEV);
    assert_true(bench_on(t->device, 2));
    bench_wait_rest(t->device, since, SM2_WATCHDOG_MS + BENCH_SLACK_MS);
    plugin->close(t->link);
    t->link = NULL;
    assert_int_equal(open_link(t), -ENODEV);
    assert_null(t->link);
}

/* A long silence of the line is nobody's answer; what was in it is dropped. */
static void a_terminal_is_usable_again_after_answers_that_failed_to_come(void **state)
{
    struct terminal *t = *state;
    struct modality_status s;
    bench_fault(t->device, FAULT_drop, ARG_count, 3, -1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(plugin->status(t->link, 0, room_in_ms(50), &s), -ETIMEDOUT);
        bench_say(t->device, "F0 81 D5 81 51 07 0B 00 02 0F F0 81");
        (void)poll(NULL, 0, 5);
        assert_int_equal(plugin->reopen(t->link, room_in_ms(ROOM_LONG_MS)), 0);
    }
    assert_int_equal(status(t).channels[2].output, OUTPUT_REST);
}

static void what_is_no_terminal_cannot_be_opened(void **state)
{
    struct terminal *t = *state;
    struct room r;
    struct modality_link *none = NULL;
    (void)t;
    room_begin(&r, "serial:/dev/null");
    assert_int_equal(plugin->open(&r.services, &r.config, room_in_ms(ROOM_LONG_MS), &none), -EINVAL);
    room_set(&r, "link", "serial:/dev/no-such-terminal");
    assert_int_equal(plugin->open(&r.services, &r.config, room_in_ms(ROOM_LONG_MS), &none), -ENODEV);
    assert_null(none);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_treatment_over_a_terminal),
        T(a_line_that_hangs_up_is_a_device_that_is_gone),
        T(a_terminal_is_usable_again_after_answers_that_failed_to_come),
        T(what_is_no_terminal_cannot_be_opened),
    };
    plugin = room_plugin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
