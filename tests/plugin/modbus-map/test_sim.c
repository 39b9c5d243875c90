/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both reference devices on one line of modality-sim, over TCP and over RTU on a pty: units keep apart, the ultrasound
 * head is dosed and measured, and every proof of rest is a measured one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define CALL_MS 20000
#define START_MS 20000
enum { STIM, HEAD };

struct bench {
    struct support *s;
    struct support_child sim;
    const struct modality_plugin *p;
    struct modality_link *link;
    char directory[32], pty[48];
};

static void add_device(struct bench *b, const char *section, const char *link, const char *unit, const char *map)
{
    support_add(b->s, section, "plugin", "modbus-map", "devices.ini:1");
    support_add(b->s, section, "link", link, "devices.ini:2");
    support_add(b->s, section, "unit", unit, "devices.ini:3");
    support_add(b->s, section, "map", map, "devices.ini:4");
    support_add(b->s, section, "simulated", "yes", "devices.ini:7");
    if (strncmp(link, "serial:", 7) == 0) {
        support_add(b->s, section, "baud", "115200", "devices.ini:5");
        support_add(b->s, section, "parity", "none", "devices.ini:6");
    }
    support_add(b->s, section, "response_timeout", "1 s", "devices.ini:8"); /* on a loaded machine */
}

static int bench_open(void **state, bool rtu)
{
    static struct bench b;
    char line[SUPPORT_TEXT_MAX], link[SUPPORT_TEXT_MAX], first[128];
    memset(&b, 0, sizeof b);
    snprintf(b.directory, sizeof b.directory, "/tmp/modbus-map.XXXXXX");
    assert_non_null(mkdtemp(b.directory));
    snprintf(b.pty, sizeof b.pty, "%s/line", b.directory);
    snprintf(first, sizeof first, "stim=refstim,unit=1,%s%s", rtu ? "pty=" : "tcp=", rtu ? b.pty : "127.0.0.1:0");
    char *argv[] = {SIM_PATH, "--device", first, "--device", "head=refus,unit=2,with=stim", "--exit-on-eof", NULL};
    support_spawn(&b.sim, argv);
    support_expect(&b.sim, "{\"ready\":true", line, START_MS);
    const char *found = strstr(line, rtu ? "\"pty:" : "\"tcp:");
    assert_non_null(found);
    snprintf(link, sizeof link, "%s%.*s", rtu ? "serial:" : "tcp:", (int)strcspn(found + 5, "\""), found + 5);
    b.s = support_new();
    b.p = support_plugin();
    support_add_file(b.s, CONFIG_DIR "/maps/refstim.ini");
    support_add_file(b.s, CONFIG_DIR "/maps/refus.ini");
    add_device(&b, "device stim1", link, "1", "refstim");
    add_device(&b, "device us1", link, "2", "refus");
    int r = b.p->open(&b.s->services, &b.s->config, support_in_ms(CALL_MS), &b.link);
    for (size_t i = 0; i < b.s->n_faults; i++)
        print_error("%s\n", b.s->faults[i]);
    assert_int_equal(r, 0);
    *state = &b;
    return 0;
}

static int bench_tcp(void **state)
{
    return bench_open(state, false);
}

static int bench_rtu(void **state)
{
    return bench_open(state, true);
}

static int bench_close(void **state)
{
    struct bench *b = *state;
    b->p->close(b->link);
    support_end(&b->sim);
    support_free(b->s);
    assert_int_equal(rmdir(b->directory), 0);
    return 0;
}

static struct modality_channel_status status_of(struct bench *b, size_t unit)
{
    struct modality_status status;
    assert_int_equal(b->p->status(b->link, unit, support_in_ms(CALL_MS), &status), 0);
    return status.channels[0];
}

static void apply(struct bench *b, size_t unit, enum modality_quantity q, int64_t value)
{
    struct modality_setting setting = {.channel = 0, .quantity = q, .value = value};
    assert_int_equal(b->p->apply(b->link, unit, &setting, support_in_ms(CALL_MS)), 0);
}

/* Polls until the channel's output is as wanted, bounded; the simulators have slopes. */
static struct modality_channel_status await(struct bench *b, size_t unit, enum modality_output output,
                                            enum modality_evidence evidence)
{
    int64_t deadline = support_in_ms(3000);
    for (;;) {
        struct modality_channel_status c = status_of(b, unit);
        if (c.output == output && c.evidence == evidence)
            return c;
        assert_true(clock_monotonic_ns() < deadline);
        assert_int_equal(b->p->keepalive(b->link, unit, support_in_ms(CALL_MS)), 0);
    }
}

static void both_devices_are_identified(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    assert_int_equal(b->p->identify(b->link, STIM, support_in_ms(CALL_MS), &identity), 0);
    assert_string_equal(identity.model, "refstim");
    assert_int_equal(b->p->identify(b->link, HEAD, support_in_ms(CALL_MS), &identity), 0);
    assert_string_equal(identity.model, "refus");
}

static void head_is_dosed_and_rested(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->p->make_safe(b->link, HEAD, support_in_ms(CALL_MS)), 0);
    await(b, HEAD, OUTPUT_REST, EVIDENCE_MEASURED);
    apply(b, HEAD, QUANTITY_us_frequency_khz, 1000);
    apply(b, HEAD, QUANTITY_duty_permille, 1000);
    apply(b, HEAD, QUANTITY_duration_ms, 60000);
    assert_int_equal(b->p->start(b->link, HEAD, 0, support_in_ms(CALL_MS)), 0);
    apply(b, HEAD, QUANTITY_intensity_satp_uw_cm2, 1000000);
    struct modality_channel_status c = await(b, HEAD, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(c.readings[0].quantity, QUANTITY_power_uw);
    assert_true(c.readings[0].value > 50000);
    assert_int_equal(status_of(b, STIM).output, OUTPUT_REST);
    assert_int_equal(b->p->stop(b->link, HEAD, 0, support_in_ms(CALL_MS)), 0);
    await(b, HEAD, OUTPUT_REST, EVIDENCE_MEASURED);
}

static void units_of_one_line_keep_apart(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->p->start(b->link, STIM, 0, support_in_ms(CALL_MS)), 0);
    apply(b, STIM, QUANTITY_amplitude_ua, 8000);
    await(b, STIM, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(status_of(b, HEAD).output, OUTPUT_REST);
    assert_int_equal(b->p->make_safe(b->link, HEAD, support_in_ms(CALL_MS)), 0);
    await(b, STIM, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(b->p->make_safe(b->link, STIM, support_in_ms(CALL_MS)), 0);
    await(b, STIM, OUTPUT_REST, EVIDENCE_MEASURED);
}

#define TEST(f)                                                                                                        \
    {#f " on TCP", f, bench_tcp, bench_close, NULL},                                                                   \
    {                                                                                                                  \
#f " on RTU", f, bench_rtu, bench_close, NULL                                                                  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_devices_are_identified),
        TEST(head_is_dosed_and_rested),
        TEST(units_of_one_line_keep_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
