/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin end to end against an independent Modbus implementation: pymodbus as reference stimulator, on TCP and as
 * RTU on a pair of ptys.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

#define CALL_MS 20000
#define SLACK_MS 1000 /* what a call may take beyond its deadline on a loaded machine */
#define START_MS 20000

struct bench {
    bool rtu;
    struct support *s;
    struct support_child peer, cable;
    const struct modality_plugin *p;
    struct modality_link *link;
    struct modality_device unit;
};

/* The plugin opened on a link to the peer. */
static int bench_begin(void **state, struct bench *b, const char *link)
{
    size_t n;
    b->s = support_new();
    b->p = support_plugin();
    support_add_file(b->s, CONFIG_DIR "/maps/refstim.ini");
    support_add(b->s, "device stim1", "plugin", "modbus-map", "devices.ini:2");
    support_add(b->s, "device stim1", "link", link, "devices.ini:3");
    support_add(b->s, "device stim1", "unit", "1", "devices.ini:4");
    support_add(b->s, "device stim1", "map", "refstim", "devices.ini:5");
    support_add(b->s, "device stim1", "serial", "10001", "devices.ini:6");
    support_add(b->s, "device stim1", "simulated", "yes", "devices.ini:10");
    support_add(b->s, "device stim1", "response_timeout", "1 s", "devices.ini:7");
    if (b->rtu) {
        support_add(b->s, "device stim1", "baud", "115200", "devices.ini:8");
        support_add(b->s, "device stim1", "parity", "none", "devices.ini:9");
    }
    assert_int_equal(b->p->describe(&b->s->services, &b->s->config, &b->unit, 1, &n), 0);
    assert_int_equal(b->p->open(&b->s->services, &b->s->config, support_in_ms(CALL_MS), &b->link), 0);
    *state = b;
    return 0;
}

static int bench_tcp(void **state)
{
    static struct bench b;
    char line[SUPPORT_TEXT_MAX], link[SUPPORT_TEXT_MAX + 8];
    char *argv[] = {"/usr/bin/python3", PYMODBUS_REFSTIM, "tcp", "0", NULL};
    memset(&b, 0, sizeof b);
    support_spawn(&b.peer, argv);
    support_expect(&b.peer, "ready tcp ", line, START_MS);
    snprintf(link, sizeof link, "tcp:%s", line + strlen("ready tcp "));
    return bench_begin(state, &b, link);
}

static int bench_rtu(void **state)
{
    static struct bench b;
    char line[SUPPORT_TEXT_MAX], link[SUPPORT_TEXT_MAX + 8], ends[2][SUPPORT_TEXT_MAX];
    memset(&b, 0, sizeof b);
    b.rtu = true;
    support_cable(&b.cable, ends);
    char *argv[] = {"/usr/bin/python3", PYMODBUS_REFSTIM, "rtu", ends[0], NULL};
    support_spawn(&b.peer, argv);
    support_expect(&b.peer, "ready rtu ", line, START_MS);
    snprintf(link, sizeof link, "serial:%s", ends[1]);
    return bench_begin(state, &b, link);
}

static int bench_close(void **state)
{
    struct bench *b = *state;
    b->p->close(b->link);
    support_end(&b->peer);
    if (b->rtu)
        support_terminate(&b->cable);
    support_free(b->s);
    return 0;
}

static struct modality_status status_of(struct bench *b)
{
    struct modality_status status;
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(CALL_MS), &status), 0);
    return status;
}

static int apply(struct bench *b, uint32_t channel, enum modality_quantity q, int64_t value)
{
    struct modality_setting setting = {.channel = channel, .quantity = q, .value = value};
    return b->p->apply(b->link, 0, &setting, support_in_ms(CALL_MS));
}

static int64_t reading(const struct modality_channel_status *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_readings; i++) {
        if (c->readings[i].quantity == q)
            return c->readings[i].value;
    }
    return -1;
}

static void identity_is_read(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    assert_int_equal(b->p->identify(b->link, 0, support_in_ms(CALL_MS), &identity), 0);
    assert_string_equal(identity.model, "refstim");
    assert_string_equal(identity.serial, "10001");
    assert_string_equal(identity.firmware, "1.2");
}

static void output_goes_on_and_back_to_measured_rest(void **state)
{
    struct bench *b = *state;
    struct modality_status status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_MEASURED);
    assert_int_equal(reading(&status.channels[0], QUANTITY_impedance_ohm), -1);
    assert_int_equal(b->p->start(b->link, 0, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(b->p->keepalive(b->link, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, 12300), 0);
    status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_ON);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_MEASURED);
    assert_int_equal(status.channels[0].contact, CONTACT_GOOD);
    assert_int_equal(reading(&status.channels[0], QUANTITY_amplitude_ua), 12300);
    assert_int_equal(reading(&status.channels[0], QUANTITY_impedance_ohm), 1000);
    assert_int_equal(reading(&status.channels[0], QUANTITY_output_voltage_mv), 12300);
    assert_int_equal(status.channels[1].output, OUTPUT_REST);
    assert_int_equal(b->p->stop(b->link, 0, 0, support_in_ms(CALL_MS)), 0);
    status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_MEASURED);
    assert_true(status.uptime_known && !status.restarted);
}

static void pair_starts_and_stops_together(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->p->start(b->link, 0, 2, support_in_ms(CALL_MS)), 0);
    struct modality_status status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_ON);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_REPORTED);
    assert_int_equal(status.channels[1].output, OUTPUT_ON);
    assert_int_equal(b->p->stop(b->link, 0, 2, support_in_ms(CALL_MS)), 0);
    status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_int_equal(status.channels[1].output, OUTPUT_REST);
}

static void settings_are_written_and_proved(void **state)
{
    struct bench *b = *state;
    assert_int_equal(apply(b, 1, QUANTITY_phase_width_us, 250), 0);
    assert_int_equal(apply(b, 1, QUANTITY_pulse_rate_millihz, 80500), 0);
    assert_int_equal(apply(b, 1, QUANTITY_waveform_class, WAVEFORM_russian), 0);
    assert_int_equal(apply(b, 0, QUANTITY_duration_ms, 1200000), 0);
}

static void value_between_two_steps_is_refused_unsent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, 12350), -EINVAL);
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, 100100), -EINVAL);
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, -100), -EINVAL);
    assert_int_equal(apply(b, 0, QUANTITY_waveform_class, WAVEFORM_us_pulsed), -EINVAL);
    assert_int_equal(apply(b, 0, QUANTITY_intensity_satp_uw_cm2, 0), -EINVAL);
    assert_int_equal(apply(b, 2, QUANTITY_amplitude_ua, 0), -EINVAL);
}

static void refused_start_is_known_not_to_have_acted(void **state)
{
    struct bench *b = *state;
    support_send(&b->peer, "hand 1");
    struct modality_status status = status_of(b);
    assert_true(status.patient_stop);
    assert_int_equal(b->p->start(b->link, 0, 0, support_in_ms(CALL_MS)), -EACCES);
    status = status_of(b);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    support_send(&b->peer, "hand 0");
    assert_true(status_of(b).patient_stop);
    assert_int_equal(b->p->make_safe(b->link, 0, support_in_ms(CALL_MS)), 0);
    assert_false(status_of(b).patient_stop);
}

static void watchdog_trips_without_feed_and_is_seen(void **state)
{
    struct bench *b = *state;
    char line[SUPPORT_TEXT_MAX];
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, 5000), 0);
    assert_int_equal(b->p->start(b->link, 0, 0, support_in_ms(CALL_MS)), 0);
    support_expect(&b->peer, "output 1 off", line, 5000);
    assert_non_null(strstr(line, "watchdog"));
    struct modality_status status = status_of(b);
    assert_true(status.watchdog_tripped);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_int_equal(b->p->start(b->link, 0, 0, support_in_ms(CALL_MS)), -EACCES);
}

static void fault_code_is_named(void **state)
{
    struct bench *b = *state;
    support_send(&b->peer, "fault 2");
    struct modality_status status = status_of(b);
    assert_true(status.fault);
    assert_int_equal(status.fault_code, 2);
    assert_string_equal(status.fault_text, "over_temperature");
}

static void restart_of_the_device_shows_once(void **state)
{
    struct bench *b = *state;
    assert_false(status_of(b).restarted);
    support_send(&b->peer, "reboot");
    assert_true(status_of(b).restarted);
    assert_false(status_of(b).restarted);
}

static void lost_electrode_is_reported_with_its_current(void **state)
{
    struct bench *b = *state;
    support_send(&b->peer, "electrode 1 50000");
    assert_int_equal(b->p->start(b->link, 0, 0, support_in_ms(CALL_MS)), 0);
    assert_int_equal(apply(b, 0, QUANTITY_amplitude_ua, 20000), 0);
    struct modality_status status = status_of(b);
    assert_int_equal(status.channels[0].contact, CONTACT_LOST);
    assert_int_equal(reading(&status.channels[0], QUANTITY_amplitude_ua), 2000);
    assert_int_equal(reading(&status.channels[0], QUANTITY_impedance_ohm), 50000);
}

static void silent_device_times_out_and_reopen_heals(void **state)
{
    struct bench *b = *state;
    struct modality_status status = status_of(b);
    support_send(&b->peer, "mute 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(50), &status), -ETIMEDOUT);
    assert_true(clock_monotonic_ns() - begun < SLACK_MS * NS_PER_MS);
    support_send(&b->peer, "mute 0");
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(CALL_MS), &status), -EIO);
    assert_int_equal(b->p->reopen(b->link, support_in_ms(CALL_MS)), 0);
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(CALL_MS), &status), 0);
}

static void wrong_serial_number_is_another_device(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    b->p->close(b->link);
    support_set(b->s, "device stim1", "serial", "10002");
    assert_int_equal(b->p->open(&b->s->services, &b->s->config, support_in_ms(CALL_MS), &b->link), 0);
    assert_int_equal(b->p->identify(b->link, 0, support_in_ms(CALL_MS), &identity), -ENODEV);
}

#define BENCH_TEST(f)                                                                                                  \
    {#f " on TCP", f, bench_tcp, bench_close, NULL},                                                                   \
    {                                                                                                                  \
#f " on RTU", f, bench_rtu, bench_close, NULL                                                                  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(identity_is_read),
        BENCH_TEST(output_goes_on_and_back_to_measured_rest),
        BENCH_TEST(pair_starts_and_stops_together),
        BENCH_TEST(settings_are_written_and_proved),
        BENCH_TEST(value_between_two_steps_is_refused_unsent),
        BENCH_TEST(refused_start_is_known_not_to_have_acted),
        BENCH_TEST(watchdog_trips_without_feed_and_is_seen),
        BENCH_TEST(fault_code_is_named),
        BENCH_TEST(restart_of_the_device_shows_once),
        BENCH_TEST(lost_electrode_is_reported_with_its_current),
        BENCH_TEST(silent_device_times_out_and_reopen_heals),
        BENCH_TEST(wrong_serial_number_is_another_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
