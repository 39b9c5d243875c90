/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two public maps of plugins/modbus-map/test-only: the plugin's requests are the bytes that the manuals print, what
 * only looks like the device is refused, and a treatment goes its way to rest by set point and by run point. Against a
 * device that knows the manuals' frames by heart, and against pymodbus (RTU and TCP).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "script_peer.h"
#include "support.h"

#define CALL_MS 20000
#define START_MS 20000
/* Pads and baths of these tests move by several kelvin a second. */
#define MOVE_MS 15000
#define ARGS_MAX 6

struct bench {
    struct support *s;
    struct support_child peer, cable;
    bool has_peer, has_cable;
    const struct modality_plugin *p;
    struct modality_link *link;
    struct modality_device unit;
};

/* A device on a test-only map; the section says what a clinic's would, and that it is simulated. */
static void bench_describe(struct bench *b, const char *map, const char *link)
{
    const char *const d = "device cool1";
    char path[SUPPORT_TEXT_MAX];
    b->s = support_new();
    b->p = support_plugin();
    snprintf(path, sizeof path, MAPS_FOR_TESTS_DIR "/%s.ini", map);
    support_add_file(b->s, path);
    support_add(b->s, d, "plugin", "modbus-map", "devices.ini:2");
    support_add(b->s, d, "link", link, "devices.ini:3");
    support_add(b->s, d, "unit", strcmp(map, "tc-midi") ? "1" : "10", "devices.ini:4");
    support_add(b->s, d, "map", map, "devices.ini:5");
    support_add(b->s, d, "simulated", "yes", "devices.ini:6");
    support_add(b->s, d, "response_timeout", "1 s", "devices.ini:7");
    if (strncmp(link, "serial:", 7) == 0) {
        support_add(b->s, d, "baud", "19200", "devices.ini:8");
        support_add(b->s, d, "parity", "none", "devices.ini:9");
    }
}

static void bench_open(struct bench *b)
{
    size_t n = 0;
    int r = b->p->describe(&b->s->services, &b->s->config, &b->unit, 1, &n);
    for (size_t i = 0; i < b->s->n_faults; i++)
        print_error("%s\n", b->s->faults[i]);
    assert_int_equal(r, 0);
    assert_int_equal(b->p->open(&b->s->services, &b->s->config, support_in_ms(CALL_MS), &b->link), 0);
}

static void bench_close(struct bench *b)
{
    b->p->close(b->link);
    if (b->has_peer)
        support_end(&b->peer);
    if (b->has_cable)
        support_terminate(&b->cable);
    support_free(b->s);
}

static int identify(struct bench *b, struct modality_identity *out)
{
    return b->p->identify(b->link, 0, support_in_ms(CALL_MS), out);
}

static int apply(struct bench *b, int64_t millic)
{
    struct modality_setting setting = {.channel = 0, .quantity = QUANTITY_temperature_millic, .value = millic};
    return b->p->apply(b->link, 0, &setting, support_in_ms(CALL_MS));
}

static struct modality_status status_of(struct bench *b)
{
    struct modality_status status;
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(CALL_MS), &status), 0);
    return status;
}

/* Polls until the channel is as wanted, bounded. */
static struct modality_channel_status await(struct bench *b, enum modality_output output,
                                            enum modality_evidence evidence)
{
    int64_t deadline = support_in_ms(MOVE_MS);
    for (;;) {
        struct modality_channel_status c = status_of(b).channels[0];
        if (c.output == output && c.evidence == evidence)
            return c;
        assert_true(clock_monotonic_ns() < deadline);
    }
}

/* ---- the manuals' frames ---- */

static void without(struct support *s, const char *section)
{
    for (size_t i = s->n_lines; i-- > 0;) {
        if (strcmp(s->lines[i].section, section) == 0)
            support_set(s, section, s->lines[i].key, NULL);
    }
}

static void the_frames_of_tc_midi_are_its_manuals(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {"0A 03 27 06 00 0A 2E 03", "0A 03 14 00 C0 FF EE 00 CE FF 32 00 00 0A CE FF FF F5 32 C1 28 00 00 .."},
        {"0A 03 07 D0 00 02 C5 FD", "0A 03 04 41 B0 00 00 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 40 A0 00 00 55 11"},
        {"0A 10 13 88 00 02 04 40 80 00 00 12 55", "0A 10 13 88 00 02 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 40 80 00 00 .."},
        {"0A 10 13 88 00 02 04 41 A0 00 00 ..", "0A 10 13 88 00 02 .."},
    };
    struct bench b = {0};
    struct script_peer *peer = script_new(true, steps, sizeof steps / sizeof *steps);
    bench_describe(&b, "tc-midi", script_link(peer));
    /* The manual reads the temperature alone; with the status behind it one request takes both. */
    without(b.s, "point tc-midi.failed");
    without(b.s, "point tc-midi.uncalibrated");
    without(b.s, "point tc-midi.invalid");
    support_set(b.s, "map tc-midi", "poll", "block setpoint");
    bench_open(&b);
    struct modality_identity who;
    assert_int_equal(identify(&b, &who), 0);
    assert_string_equal(who.maker, "Buhler Technologies");
    struct modality_channel_status c = status_of(&b).channels[0];
    assert_true(c.setpoint_known);
    assert_int_equal(c.setpoint, 5000);
    assert_int_equal(c.readings[0].value, 22000);
    assert_int_equal(apply(&b, 4000), 0);
    assert_int_equal(b.p->make_safe(b.link, 0, support_in_ms(CALL_MS)), 0);
    bench_close(&b);
    script_end(peer);
}

static void the_status_of_tc_midi_takes_two_requests(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {"0A 03 07 D0 00 04 ..", "0A 03 08 41 A0 00 00 00 00 00 00 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 41 A0 00 00 .."},
        {"0A 03 07 D0 00 04 ..", "0A 03 08 41 A0 00 00 00 1C 00 00 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 41 A0 00 00 .."},
        {"0A 03 07 D0 00 04 ..", "0A 03 08 41 A0 00 00 00 00 00 01 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 41 A0 00 00 .."},
        {"0A 03 07 D0 00 04 ..", "0A 03 08 41 A0 00 00 00 02 00 00 .."},
        {"0A 03 13 88 00 02 41 DE", "0A 03 04 41 A0 00 00 .."},
    };
    struct bench b = {0};
    struct script_peer *peer = script_new(true, steps, sizeof steps / sizeof *steps);
    bench_describe(&b, "tc-midi", script_link(peer));
    bench_open(&b);
    struct modality_status status = status_of(&b);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_MEASURED);
    assert_false(status.fault);
    assert_false(status_of(&b).fault); /* stabilising, load limit and out of range are no faults */
    status = status_of(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "failed");
    status = status_of(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "invalid");
    bench_close(&b);
    script_end(peer);
}

static void the_frames_of_julabo_are_its_manuals(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {"00 01 00 00 00 06 01 06 00 00 00 01", "00 01 00 00 00 06 01 06 00 00 00 01"},
        {"00 03 00 00 00 0B 01 10 00 02 00 02 04 41 70 00 00", "00 03 00 00 00 06 01 10 00 02 00 02"},
        {"00 00 00 00 00 06 01 03 00 02 00 02", "00 00 00 00 00 07 01 03 04 41 70 00 00"},
        {"00 04 00 00 00 06 01 04 00 05 00 07", "00 04 00 00 00 11 01 04 0E 00 04 00 00 00 00 00 00 00 00 41 80 00 00"},
        {"00 00 00 00 00 06 01 03 00 00 00 04", "00 00 00 00 00 0B 01 03 08 00 01 00 00 41 70 00 00"},
        {"00 02 00 00 00 06 01 06 00 00 00 00", "00 02 00 00 00 06 01 06 00 00 00 00"},
        {"00 00 00 00 00 0B 01 10 00 02 00 02 04 41 A0 00 00", "00 00 00 00 00 06 01 10 00 02 00 02"},
    };
    struct bench b = {0};
    struct script_peer *peer = script_new(false, steps, sizeof steps / sizeof *steps);
    bench_describe(&b, "julabo", script_link(peer));
    bench_open(&b);
    assert_int_equal(b.p->start(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(apply(&b, 15000), 0);
    struct modality_status status = status_of(&b);
    assert_false(status.fault);
    assert_int_equal(status.channels[0].output, OUTPUT_ON);
    assert_int_equal(status.channels[0].setpoint, 15000);
    assert_int_equal(status.channels[0].readings[0].value, 16000);
    assert_int_equal(b.p->stop(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    bench_close(&b);
    script_end(peer);
}

/* ---- against pymodbus ---- */

/* A server of the kind with options, NULL at their end, and the plugin connected to it. */
static void serve(struct bench *b, const char *kind, bool rtu, const char *const *options)
{
    char line[SUPPORT_TEXT_MAX], link[SUPPORT_TEXT_MAX + 8], ends[2][SUPPORT_TEXT_MAX];
    char *argv[5 + ARGS_MAX] = {"/usr/bin/python3", PYMODBUS_THERMAL, (char *)(uintptr_t)kind, rtu ? "rtu" : "tcp",
                                "0"};
    memset(b, 0, sizeof *b);
    b->has_cable = rtu;
    if (rtu) {
        support_cable(&b->cable, ends);
        argv[4] = ends[0];
    }
    for (int i = 0; options && options[i]; i++)
        argv[5 + i] = (char *)(uintptr_t)options[i];
    support_spawn(&b->peer, argv);
    b->has_peer = true;
    support_expect(&b->peer, "ready ", line, START_MS);
    snprintf(link, sizeof link, "%s%s", rtu ? "serial:" : "tcp:", rtu ? ends[1] : line + strlen("ready tcp "));
    bench_describe(b, kind, link);
}

static const char *const fast[] = {"--kelvin-per-second", "4", NULL};

static void limits_of_the_set_point_hold(struct bench *b, int64_t coldest, int64_t warmest)
{
    assert_int_equal(apply(b, coldest - 100), -EINVAL);
    assert_int_equal(apply(b, coldest), 0);
    assert_int_equal(apply(b, warmest), 0);
    assert_int_equal(apply(b, warmest + 100), -EINVAL);
    assert_int_equal(apply(b, warmest - 50), -EINVAL); /* between two steps */
}

static void tc_midi_cools_and_comes_back_to_rest_by_its_set_point(void **state)
{
    (void)state;
    struct bench b;
    struct modality_identity who;
    serve(&b, "tc-midi", true, fast);
    bench_open(&b);
    assert_int_equal(identify(&b, &who), 0);
    assert_true(b.unit.rest_by_setpoint && b.unit.watchdog_ms == 0 && b.unit.on_link_loss == LINK_LOSS_CONTINUES);
    assert_int_equal(b.p->make_safe(b.link, 0, support_in_ms(CALL_MS)), 0);
    await(&b, OUTPUT_REST, EVIDENCE_MEASURED);
    limits_of_the_set_point_hold(&b, 3000, 20000);
    assert_int_equal(b.p->start(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(apply(&b, 5000), 0);
    assert_int_equal(status_of(&b).channels[0].output, OUTPUT_ON);
    support_send(&b.peer, "cool 6");
    assert_int_equal(b.p->stop(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    struct modality_channel_status c = status_of(&b).channels[0];
    assert_int_equal(c.setpoint, 20000);
    await(&b, OUTPUT_REST, EVIDENCE_REPORTED); /* on its way */
    await(&b, OUTPUT_REST, EVIDENCE_MEASURED);
    bench_close(&b);
}

static void tc_midi_that_stays_cold_is_not_at_rest(void **state)
{
    (void)state;
    static const char *const stuck[] = {"--kelvin-per-second", "0", NULL};
    struct bench b;
    serve(&b, "tc-midi", true, stuck);
    bench_open(&b);
    support_send(&b.peer, "cool 6");
    assert_int_equal(b.p->make_safe(b.link, 0, support_in_ms(CALL_MS)), 0);
    for (int i = 0; i < 20; i++) {
        struct modality_channel_status c = status_of(&b).channels[0];
        assert_int_equal(c.setpoint, 20000);
        assert_int_equal(c.output, OUTPUT_ON);
        assert_int_equal(c.evidence, EVIDENCE_MEASURED);
    }
    bench_close(&b);
}

static void julabo_runs_and_comes_back_to_rest_by_its_run_point(void **state)
{
    (void)state;
    struct bench b;
    struct modality_identity who;
    serve(&b, "julabo", false, fast);
    bench_open(&b);
    assert_int_equal(identify(&b, &who), 0);
    assert_string_equal(who.serial, "10217001");
    assert_string_equal(who.firmware, "1.2.3.4");
    assert_false(b.unit.rest_by_setpoint);
    assert_int_equal(b.p->make_safe(b.link, 0, support_in_ms(CALL_MS)), 0);
    await(&b, OUTPUT_REST, EVIDENCE_MEASURED);
    limits_of_the_set_point_hold(&b, 5000, 20000);
    assert_int_equal(b.p->start(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(apply(&b, 8000), 0);
    assert_int_equal(status_of(&b).channels[0].output, OUTPUT_ON);
    support_send(&b.peer, "cool 9");
    assert_int_equal(b.p->stop(b.link, 0, 0, support_in_ms(CALL_MS)), 0);
    struct modality_channel_status c = status_of(&b).channels[0];
    assert_int_equal(c.setpoint, 20000);
    assert_int_equal(c.output, OUTPUT_REST);
    assert_int_equal(c.evidence, EVIDENCE_REPORTED); /* off, and still cold */
    await(&b, OUTPUT_REST, EVIDENCE_MEASURED);
    support_send(&b.peer, "cool 12"); /* off, it says; and grows cold */
    assert_int_equal(status_of(&b).channels[0].output, OUTPUT_ON);
    bench_close(&b);
}

static void julabo_that_somebody_takes_over_is_a_fault(void **state)
{
    (void)state;
    struct bench b;
    struct modality_identity who;
    serve(&b, "julabo", false, fast);
    bench_open(&b);
    assert_false(status_of(&b).fault);
    support_send(&b.peer, "hand 1");
    struct modality_status status = status_of(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "manual");
    assert_int_equal(identify(&b, &who), -ENODEV);
    support_send(&b.peer, "hand 0");
    support_send(&b.peer, "fail 1");
    status = status_of(&b);
    assert_true(status.fault);
    assert_int_equal(status.fault_code, 14);
    bench_close(&b);
}

/* What answers plausibly and is not what the map describes. */
static void plausible_but_wrong(const char *kind, bool rtu, const char *const *options, const char *serial)
{
    struct bench b;
    struct modality_identity who;
    serve(&b, kind, rtu, options);
    if (serial)
        support_add(b.s, "device cool1", "serial", serial, "devices.ini:10");
    bench_open(&b);
    assert_int_equal(identify(&b, &who), -ENODEV);
    bench_close(&b);
}

static void what_only_looks_like_the_device_is_refused(void **state)
{
    (void)state;
    static const char *const swapped[] = {"--words", "swapped", NULL}, *const little[] = {"--words", "little", NULL},
                             *const fahrenheit[] = {"--fahrenheit", NULL}, *const another[] = {"--another", NULL},
                             *const gateway[] = {"--words", "swapped", "--silently", NULL};
    plausible_but_wrong("tc-midi", true, swapped, NULL);
    plausible_but_wrong("tc-midi", true, little, NULL);
    plausible_but_wrong("tc-midi", true, fahrenheit, NULL);
    plausible_but_wrong("tc-midi", true, another, NULL);
    plausible_but_wrong("julabo", false, swapped, NULL);
    plausible_but_wrong("julabo", false, little, NULL);
    plausible_but_wrong("julabo", false, fahrenheit, NULL);
    plausible_but_wrong("julabo", false, another, NULL);
    /* Something between that swaps words: the format register is right and the serial number is not. */
    plausible_but_wrong("julabo", false, gateway, "10217001");
}

static void map_for_tests_alone_is_refused_for_a_real_cooler(void **state)
{
    (void)state;
    static const char *const maps[] = {"tc-midi", "julabo"};
    for (size_t i = 0; i < 2; i++) {
        struct bench b = {0};
        struct modality_device unit;
        size_t n;
        char wanted[SUPPORT_TEXT_MAX];
        bench_describe(&b, maps[i], "tcp:127.0.0.1:502");
        support_set(b.s, "device cool1", "simulated", NULL);
        assert_int_equal(b.p->describe(&b.s->services, &b.s->config, &unit, 1, &n), -EINVAL);
        assert_int_equal(b.s->n_faults, 1);
        snprintf(wanted, sizeof wanted, "devices.ini:5: device cool1: map %s has maturity test-only (%s)", maps[i],
                 support_origin(b.s, i ? "map julabo" : "map tc-midi", "maturity"));
        assert_memory_equal(b.s->faults[0], wanted, strlen(wanted));
        support_free(b.s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_frames_of_tc_midi_are_its_manuals),
        cmocka_unit_test(the_status_of_tc_midi_takes_two_requests),
        cmocka_unit_test(the_frames_of_julabo_are_its_manuals),
        cmocka_unit_test(map_for_tests_alone_is_refused_for_a_real_cooler),
        cmocka_unit_test(tc_midi_cools_and_comes_back_to_rest_by_its_set_point),
        cmocka_unit_test(tc_midi_that_stays_cold_is_not_at_rest),
        cmocka_unit_test(julabo_runs_and_comes_back_to_rest_by_its_run_point),
        cmocka_unit_test(julabo_that_somebody_takes_over_is_a_fault),
        cmocka_unit_test(what_only_looks_like_the_device_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
