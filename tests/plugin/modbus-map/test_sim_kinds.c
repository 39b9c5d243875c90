/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laser, the cold and the galvanic reference device of modality-sim: emission after its delay, interlocks, probes,
 * rest by set point, polarity, and what their latches refuse. What truly came out is asked of the simulator.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"

#define CALL_MS 2000
#define START_MS 20000
/* Longer than an emission delay, a watchdog, and the way of a pad that moves 50 K/s. */
#define CHANGE_MS 6000
#define ANSWER_MAX 8192

struct bench {
    struct support *s;
    struct support_child sim;
    const struct modality_plugin *p;
    struct modality_link *link;
    struct modality_device unit;
    char directory[32], control[48];
    int fd;
};

/* ---- the simulator ---- */

static void control_open(struct bench *b)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", b->control);
    b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(b->fd >= 0);
    assert_int_equal(connect(b->fd, (struct sockaddr *)&at, sizeof at), 0);
}

/* One command, one answer; the answer must be ok. */
static void tell(struct bench *b, const char *command, char answer[ANSWER_MAX])
{
    char line[SUPPORT_TEXT_MAX];
    size_t used = 0;
    int n = snprintf(line, sizeof line, "%s\n", command);
    assert_int_equal(send(b->fd, line, (size_t)n, MSG_NOSIGNAL), n);
    do {
        ssize_t got = recv(b->fd, answer + used, ANSWER_MAX - 1 - used, 0);
        assert_true(got > 0);
        used += (size_t)got;
        answer[used] = '\0';
    } while (!strchr(answer, '\n'));
    assert_non_null(strstr(answer, "\"ok\":true"));
}

static void inject(struct bench *b, const char *command)
{
    char answer[ANSWER_MAX];
    tell(b, command, answer);
}

/* The n-th number of this name in the device's true state: that of the device before those of its channels. */
static long long truth(struct bench *b, const char *name, int nth)
{
    char answer[ANSWER_MAX], quoted[64];
    tell(b, "{\"device\":\"it\",\"get\":\"state\"}", answer);
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *at = answer;
    for (int i = 0; i <= nth; i++) {
        at = strstr(at, quoted);
        if (!at)
            fail_msg("no %s in %s", name, answer);
        at += strlen(quoted);
    }
    return strncmp(at, "true", 4) == 0 ? 1 : strtoll(at, NULL, 10);
}

/* ---- the plugin on it ---- */

static void bench_open(struct bench *b, const char *kind, const char *options)
{
    char line[SUPPORT_TEXT_MAX], link[SUPPORT_TEXT_MAX], device[128], map[SUPPORT_TEXT_MAX];
    size_t n;
    memset(b, 0, sizeof *b);
    snprintf(b->directory, sizeof b->directory, "/tmp/modbus-map.XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->control, sizeof b->control, "%s/control", b->directory);
    snprintf(device, sizeof device, "it=%s,unit=7,tcp=127.0.0.1:0%s", kind, options);
    char *argv[] = {SIM_PATH, "--device", device, "--control", b->control, "--exit-on-eof", NULL};
    support_spawn(&b->sim, argv);
    support_expect(&b->sim, "{\"ready\":true", line, START_MS);
    const char *found = strstr(line, "\"tcp:");
    assert_non_null(found);
    snprintf(link, sizeof link, "tcp:%.*s", (int)strcspn(found + 5, "\""), found + 5);
    control_open(b);
    b->s = support_new();
    b->p = support_plugin();
    snprintf(map, sizeof map, CONFIG_DIR "/maps/%s.ini", kind);
    support_add_file(b->s, map);
    support_add(b->s, "device it", "plugin", "modbus-map", "devices.ini:1");
    support_add(b->s, "device it", "link", link, "devices.ini:2");
    support_add(b->s, "device it", "unit", "7", "devices.ini:3");
    support_add(b->s, "device it", "map", kind, "devices.ini:4");
    support_add(b->s, "device it", "simulated", "yes", "devices.ini:5");
    support_add(b->s, "device it", "serial", "1001", "devices.ini:6");
    assert_int_equal(b->p->describe(&b->s->services, &b->s->config, &b->unit, 1, &n), 0);
    assert_int_equal(b->p->open(&b->s->services, &b->s->config, support_in_ms(CALL_MS), &b->link), 0);
    struct modality_identity identity;
    assert_int_equal(b->p->identify(b->link, 0, support_in_ms(CALL_MS), &identity), 0);
    assert_string_equal(identity.model, kind);
    assert_int_equal(b->p->make_safe(b->link, 0, support_in_ms(CALL_MS)), 0);
}

static void bench_close(struct bench *b)
{
    b->p->close(b->link);
    close(b->fd);
    support_end(&b->sim);
    support_free(b->s);
    assert_int_equal(rmdir(b->directory), 0);
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

static int start(struct bench *b, size_t group)
{
    return b->p->start(b->link, 0, group, support_in_ms(CALL_MS));
}

static int stop(struct bench *b, size_t group)
{
    return b->p->stop(b->link, 0, group, support_in_ms(CALL_MS));
}

static int make_safe(struct bench *b)
{
    return b->p->make_safe(b->link, 0, support_in_ms(CALL_MS));
}

static int64_t reading(const struct modality_channel_status *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_readings; i++) {
        if (c->readings[i].quantity == q)
            return c->readings[i].value;
    }
    return INT64_MIN;
}

/* Polls, and feeds, until the channel is as wanted; bounded. */
static struct modality_channel_status await(struct bench *b, size_t channel, enum modality_output output,
                                            enum modality_evidence evidence)
{
    int64_t deadline = support_in_ms(CHANGE_MS);
    for (;;) {
        struct modality_channel_status c = status_of(b).channels[channel];
        if (c.output == output && c.evidence == evidence)
            return c;
        if (clock_monotonic_ns() > deadline)
            fail_msg("output %d evidence %d", c.output, c.evidence);
        assert_int_equal(b->p->keepalive(b->link, 0, support_in_ms(CALL_MS)), 0);
    }
}

/* ---- laser ---- */

enum { CW, SP };

static void laser_emits_after_its_delay_and_rests_at_once(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "reflaser", "");
    struct modality_channel_status c = status_of(&b).channels[CW];
    assert_string_equal(c.applicator, "2002");
    assert_int_equal(reading(&c, QUANTITY_interlock_closed), 1);
    assert_int_equal(reading(&c, QUANTITY_wavelength_nm), 808);
    assert_int_equal(apply(&b, CW, QUANTITY_duty_permille, 1000), 0);
    assert_int_equal(apply(&b, CW, QUANTITY_duration_ms, 60000), 0);
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(start(&b, CW), -EINPROGRESS);
    c = status_of(&b).channels[CW];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_NONE);
    await(&b, CW, OUTPUT_ON, EVIDENCE_REPORTED);
    int64_t waited = clock_monotonic_ns() - begun;
    assert_true(waited >= 1990 * NS_PER_MS && waited < b.unit.start_ms * NS_PER_MS);
    assert_int_equal(apply(&b, CW, QUANTITY_power_uw, 50000), 0);
    c = await(&b, CW, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(reading(&c, QUANTITY_power_uw), 50000);
    assert_int_equal(truth(&b, "value", CW), 50000);
    assert_int_equal(stop(&b, CW), 0);
    c = status_of(&b).channels[CW];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(truth(&b, "value", CW), 0);
    bench_close(&b);
}

static void stop_in_the_delay_never_emits(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "reflaser", "");
    assert_int_equal(apply(&b, SP, QUANTITY_pulse_width_ns, 200), 0);
    assert_int_equal(apply(&b, SP, QUANTITY_pulse_repetition_millihz, 10000000), 0);
    assert_int_equal(start(&b, SP), -EINPROGRESS);
    assert_int_equal(apply(&b, SP, QUANTITY_peak_power_uw, 25000000), 0);
    assert_int_equal(stop(&b, SP), 0);
    struct modality_channel_status c = status_of(&b).channels[SP];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(truth(&b, "delayed", SP), 0);
    assert_int_equal(truth(&b, "on_ms", SP), 0);
    bench_close(&b);
}

static void superpulsed_probe_shows_its_mean_power(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "reflaser", "");
    assert_int_equal(apply(&b, SP, QUANTITY_pulse_width_ns, 200), 0);
    assert_int_equal(apply(&b, SP, QUANTITY_pulse_repetition_millihz, 10000000), 0);
    assert_int_equal(start(&b, SP), -EINPROGRESS);
    assert_int_equal(start(&b, CW), -EACCES); /* one probe at a time */
    await(&b, SP, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(apply(&b, SP, QUANTITY_peak_power_uw, 25000000), 0);
    struct modality_channel_status c = await(&b, SP, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(reading(&c, QUANTITY_power_uw), 50000); /* 25 W x 200 ns x 10 kHz */
    assert_string_equal(c.applicator, "3003");
    assert_int_equal(make_safe(&b), 0);
    await(&b, SP, OUTPUT_REST, EVIDENCE_MEASURED);
    bench_close(&b);
}

/* Key or door end emission; closing them brings nothing back, and the latch must be cleared. */
static void interlock_ends_emission(struct bench *b, const char *opens, const char *closes)
{
    assert_int_equal(start(b, CW), -EINPROGRESS);
    await(b, CW, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(apply(b, CW, QUANTITY_power_uw, 20000), 0);
    inject(b, opens);
    struct modality_channel_status c = status_of(b).channels[CW];
    assert_int_equal(reading(&c, QUANTITY_interlock_closed), 0);
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(truth(b, "value", CW), 0);
    inject(b, closes);
    c = status_of(b).channels[CW];
    assert_int_equal(reading(&c, QUANTITY_interlock_closed), 0);
    assert_int_equal(start(b, CW), -EACCES);
    assert_int_equal(make_safe(b), 0);
    c = status_of(b).channels[CW];
    assert_int_equal(reading(&c, QUANTITY_interlock_closed), 1);
    assert_int_equal(start(b, CW), -EINPROGRESS);
    assert_int_equal(make_safe(b), 0);
}

static void key_and_door_end_emission_until_cleared(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "reflaser", "");
    interlock_ends_emission(&b, "{\"device\":\"it\",\"fault\":\"key_off\"}",
                            "{\"device\":\"it\",\"clear\":\"key_off\"}");
    interlock_ends_emission(&b, "{\"device\":\"it\",\"fault\":\"door_open\"}",
                            "{\"device\":\"it\",\"clear\":\"door_open\"}");
    bench_close(&b);
}

static void probe_that_is_changed_shows_by_its_serial_number(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "reflaser", "");
    inject(&b, "{\"device\":\"it\",\"fault\":\"identity\",\"channel\":2,\"head_serial\":77777}");
    assert_string_equal(status_of(&b).channels[SP].applicator, "77777");
    assert_string_equal(status_of(&b).channels[CW].applicator, "2002");
    inject(&b, "{\"device\":\"it\",\"fault\":\"identity\",\"channel\":2,\"head_serial\":0}");
    assert_string_equal(status_of(&b).channels[SP].applicator, "");
    bench_close(&b);
}

/* ---- cold ---- */

static const char quick[] = ",pad_ms_per_k=20,skin_tau_ms=200";

static void cold_unit_cools_and_grows_warm_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refcold", quick);
    await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(start(&b, 0), 0);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 10000), 0);
    struct modality_channel_status c = await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    while (reading(&c, QUANTITY_temperature_millic) > 12000)
        c = await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(c.contact, CONTACT_GOOD);
    assert_true(reading(&c, QUANTITY_skin_temperature_millic) < 33000);
    assert_int_equal(stop(&b, 0), 0);
    c = status_of(&b).channels[0];
    assert_true(c.setpoint_known && c.setpoint == 25000);
    await(&b, 0, OUTPUT_REST, EVIDENCE_REPORTED);
    await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_in_range(truth(&b, "value", 0), 24800, 25000);
    bench_close(&b);
}

static void unfed_cold_unit_goes_back_to_its_rest(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refcold", quick);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    int64_t deadline = support_in_ms(CHANGE_MS);
    struct modality_status status;
    do {
        status = status_of(&b);
        assert_true(clock_monotonic_ns() < deadline);
    } while (!status.watchdog_tripped);
    assert_int_equal(status.channels[0].setpoint, 25000);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 26000), 0);
    assert_int_equal(make_safe(&b), 0);
    assert_false(status_of(&b).watchdog_tripped);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    bench_close(&b);
}

static void latched_cold_unit_takes_only_what_is_warm(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refcold", quick);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    inject(&b, "{\"device\":\"it\",\"fault\":\"patient_stop\"}");
    struct modality_status status = status_of(&b);
    assert_true(status.patient_stop);
    assert_int_equal(status.channels[0].setpoint, 25000);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    assert_int_equal(stop(&b, 0), 0);
    inject(&b, "{\"device\":\"it\",\"clear\":\"patient_stop\"}");
    assert_int_equal(make_safe(&b), 0);
    assert_false(status_of(&b).patient_stop);
    inject(&b, "{\"device\":\"it\",\"fault\":\"device_fault\",\"code\":2}");
    status = status_of(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "over_temperature");
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    bench_close(&b);
}

static void skin_sensor_that_is_off_or_not_there_is_told(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refcold", quick);
    inject(&b, "{\"device\":\"it\",\"fault\":\"skin_off\"}");
    struct modality_channel_status c = status_of(&b).channels[0];
    assert_int_equal(c.contact, CONTACT_LOST);
    assert_int_equal(reading(&c, QUANTITY_skin_temperature_millic), 25000);
    inject(&b, "{\"device\":\"it\",\"fault\":\"skin_none\"}");
    c = status_of(&b).channels[0];
    assert_int_equal(reading(&c, QUANTITY_skin_temperature_millic), INT64_MIN);
    bench_close(&b);
}

/* It says 25 degC and stays cold: the pad that does not move is not at rest. */
static void stuck_cold_unit_is_not_at_rest(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refcold", quick);
    assert_int_equal(apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    struct modality_channel_status c = await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    while (reading(&c, QUANTITY_temperature_millic) > 8000)
        c = await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    inject(&b, "{\"device\":\"it\",\"fault\":\"stuck\",\"channel\":1}");
    assert_int_equal(stop(&b, 0), 0);
    for (int i = 0; i < 50; i++) {
        c = status_of(&b).channels[0];
        assert_int_equal(c.output, OUTPUT_ON);
        assert_int_equal(b.p->keepalive(b.link, 0, support_in_ms(CALL_MS)), 0);
    }
    inject(&b, "{\"device\":\"it\",\"clear\":\"stuck\"}");
    assert_int_equal(make_safe(&b), 0);
    await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    bench_close(&b);
}

/* ---- galvanic ---- */

enum { DC, HV };

static void direct_current_flows_with_its_polarity(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refgalv", "");
    assert_int_equal(apply(&b, DC, QUANTITY_waveform_class, WAVEFORM_iontophoresis), 0);
    assert_int_equal(apply(&b, DC, QUANTITY_active_polarity, 2), 0);
    assert_int_equal(apply(&b, DC, QUANTITY_active_polarity, 3), -EINVAL);
    assert_int_equal(start(&b, DC), 0);
    assert_int_equal(start(&b, HV), -EACCES); /* they exclude each other */
    assert_int_equal(apply(&b, DC, QUANTITY_amplitude_ua, 2500), 0);
    struct modality_channel_status c = await(&b, DC, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(reading(&c, QUANTITY_amplitude_ua), 2500);
    assert_int_equal(reading(&c, QUANTITY_impedance_ohm), 1000);
    assert_int_equal(reading(&c, QUANTITY_output_voltage_mv), 2500);
    assert_int_equal(c.contact, CONTACT_GOOD);
    assert_int_equal(truth(&b, "value", DC), 2500);
    assert_int_equal(truth(&b, "true_polarity", DC), 2);
    assert_int_equal(stop(&b, DC), 0);
    await(&b, DC, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(apply(&b, DC, QUANTITY_amplitude_ua, 5010), -EINVAL);
    assert_int_equal(apply(&b, DC, QUANTITY_amplitude_ua, 2505), -EINVAL);
    bench_close(&b);
}

static void high_voltage_is_set_and_measured_in_volts(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "refgalv", "");
    assert_int_equal(apply(&b, HV, QUANTITY_phase_width_us, 50), 0);
    assert_int_equal(apply(&b, HV, QUANTITY_pulse_rate_millihz, 100000), 0);
    assert_int_equal(start(&b, HV), 0);
    assert_int_equal(apply(&b, HV, QUANTITY_amplitude_mv, 120000), 0);
    struct modality_channel_status c = await(&b, HV, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(reading(&c, QUANTITY_amplitude_mv), 120000);
    assert_int_equal(reading(&c, QUANTITY_amplitude_ua), 120000);
    assert_int_equal(make_safe(&b), 0);
    await(&b, HV, OUTPUT_REST, EVIDENCE_MEASURED);
    bench_close(&b);
}

static void every_setting_of_every_channel_is_taken_at_its_bounds(void **state)
{
    (void)state;
    static const char *const kinds[] = {"refstim", "refus", "reflaser", "refcold", "refgalv"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct bench b;
        bench_open(&b, kinds[k], "");
        for (uint32_t c = 0; c < b.unit.n_channels; c++) {
            for (size_t i = 0; i < b.unit.channels[c].n_ranges; i++) {
                const struct modality_range *r = &b.unit.channels[c].ranges[i];
                if (!r->settable || r->quantity == QUANTITY_waveform_class)
                    continue;
                assert_int_equal(apply(&b, c, r->quantity, r->min), 0);
                assert_int_equal(apply(&b, c, r->quantity, r->max), 0);
                assert_int_equal(apply(&b, c, r->quantity, r->min - r->resolution), -EINVAL);
                assert_int_equal(apply(&b, c, r->quantity, r->max + r->resolution), -EINVAL);
            }
            for (int w = 0; w < WAVEFORM_COUNT; w++) {
                bool selects = false;
                for (size_t i = 0; i < b.unit.channels[c].n_ranges; i++)
                    selects |= b.unit.channels[c].ranges[i].quantity == QUANTITY_waveform_class;
                bool known = selects && b.unit.channels[c].waveforms & UINT32_C(1) << w;
                assert_int_equal(apply(&b, c, QUANTITY_waveform_class, w), known ? 0 : -EINVAL);
            }
        }
        assert_int_equal(make_safe(&b), 0);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laser_emits_after_its_delay_and_rests_at_once),
        cmocka_unit_test(stop_in_the_delay_never_emits),
        cmocka_unit_test(superpulsed_probe_shows_its_mean_power),
        cmocka_unit_test(key_and_door_end_emission_until_cleared),
        cmocka_unit_test(probe_that_is_changed_shows_by_its_serial_number),
        cmocka_unit_test(cold_unit_cools_and_grows_warm_again),
        cmocka_unit_test(unfed_cold_unit_goes_back_to_its_rest),
        cmocka_unit_test(latched_cold_unit_takes_only_what_is_warm),
        cmocka_unit_test(skin_sensor_that_is_off_or_not_there_is_told),
        cmocka_unit_test(stuck_cold_unit_is_not_at_rest),
        cmocka_unit_test(direct_current_flows_with_its_polarity),
        cmocka_unit_test(high_voltage_is_set_and_measured_in_volts),
        cmocka_unit_test(every_setting_of_every_channel_is_taken_at_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
