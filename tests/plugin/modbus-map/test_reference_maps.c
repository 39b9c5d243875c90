/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the registers of the laser, the cold and the galvanic reference device come to: interlocks, the emission delay,
 * probes and their properties, rest by set point, current and voltage. Also rest by run point of what stays cold.
 */
#include <errno.h>
#include <string.h>

#include "judge_bench.h"
#include "map_point.h"
#include "map_select.h"

enum { CW, SP };
enum { DC, HV };

static const struct modality_reading *reading(const struct modality_channel_status *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_readings; i++) {
        if (c->readings[i].quantity == q)
            return &c->readings[i];
    }
    return NULL;
}

static void assert_reading(const struct judge_bench *b, size_t channel, enum modality_quantity q, int64_t value)
{
    const struct modality_reading *r = reading(&b->status.channels[channel], q);
    assert_non_null(r);
    assert_int_equal(r->value, value);
}

static void put32(struct judge_bench *b, uint16_t address, uint32_t value)
{
    judge_bench_put(b, MODBUS_INPUT, address, (uint16_t)(value >> 16));
    judge_bench_put(b, MODBUS_INPUT, (uint16_t)(address + 1), (uint16_t)(value & 0xffff));
}

static void assert_output(const struct judge_bench *b, size_t channel, enum modality_output output,
                          enum modality_evidence evidence)
{
    assert_int_equal(b->status.channels[channel].output, output);
    assert_int_equal(b->status.channels[channel].evidence, evidence);
}

/* ---- laser ---- */

/* Key on, door closed, both probes in their sockets. */
static struct judge_bench laser(void)
{
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/reflaser.ini", "reflaser");
    judge_bench_put(&b, MODBUS_DISCRETE, 1, 1);
    judge_bench_put(&b, MODBUS_DISCRETE, 2, 1);
    judge_bench_put(&b, MODBUS_INPUT, 22, 808);
    judge_bench_put(&b, MODBUS_INPUT, 23, 100);
    put32(&b, 24, 2002);
    judge_bench_put(&b, MODBUS_INPUT, 42, 904);
    judge_bench_put(&b, MODBUS_INPUT, 43, 50);
    put32(&b, 44, 3003);
    return b;
}

static void laser_at_rest_is_measured_at_rest(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    judge_bench_at(&b, 0);
    assert_false(b.status.fault);
    for (size_t c = CW; c <= SP; c++) {
        assert_output(&b, c, OUTPUT_REST, EVIDENCE_MEASURED);
        assert_reading(&b, c, QUANTITY_interlock_closed, 1);
        assert_int_equal(b.status.channels[c].contact, CONTACT_NOT_MONITORED);
    }
    judge_bench_end(&b);
}

static void a_status_of_the_laser_takes_two_requests(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    assert_int_equal(b.map->poll_plan.n_requests, 2);
    judge_bench_end(&b);
}

/* Each of key, door and latch alone opens the interlock, of both probes. */
static void every_interlock_opens_it(void **state)
{
    (void)state;
    static const struct {
        enum modbus_table table;
        uint16_t address, open;
    } locks[] = {{MODBUS_DISCRETE, 1, 0}, {MODBUS_DISCRETE, 2, 0}, {MODBUS_INPUT, 10, 1 << 5}};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        struct judge_bench b = laser();
        judge_bench_put(&b, locks[i].table, locks[i].address, locks[i].open);
        judge_bench_at(&b, 0);
        assert_reading(&b, CW, QUANTITY_interlock_closed, 0);
        assert_reading(&b, SP, QUANTITY_interlock_closed, 0);
        assert_output(&b, CW, OUTPUT_REST, EVIDENCE_MEASURED);
        assert_false(b.status.fault || b.status.patient_stop || b.status.watchdog_tripped);
        judge_bench_end(&b);
    }
}

/* While emission is delayed nothing comes out, and that is no proof that nothing will. */
static void delayed_emission_is_neither_output_nor_proved_rest(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    judge_bench_put(&b, MODBUS_INPUT, 10, 1);
    judge_bench_put(&b, MODBUS_DISCRETE, 3, 1);
    judge_bench_at(&b, 0);
    assert_output(&b, CW, OUTPUT_REST, EVIDENCE_NONE);
    assert_output(&b, SP, OUTPUT_REST, EVIDENCE_MEASURED); /* the other probe was not asked for */
    put32(&b, 20, 1001);                                   /* uW; the noise is 1 mW */
    judge_bench_at(&b, 0);
    assert_output(&b, CW, OUTPUT_ON, EVIDENCE_MEASURED); /* it shines in its delay */
    put32(&b, 20, 0);
    judge_bench_put(&b, MODBUS_DISCRETE, 3, 0);
    judge_bench_at(&b, 0);
    assert_output(&b, CW, OUTPUT_ON, EVIDENCE_REPORTED);
    judge_bench_put(&b, MODBUS_INPUT, 10, 0);
    judge_bench_put(&b, MODBUS_DISCRETE, 3, 1); /* a delay of nothing that runs */
    judge_bench_at(&b, 0);
    assert_output(&b, CW, OUTPUT_REST, EVIDENCE_MEASURED);
    judge_bench_end(&b);
}

static void each_probe_is_judged_by_its_own_photodiode(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    put32(&b, 40, 1000);
    judge_bench_at(&b, 0);
    assert_output(&b, SP, OUTPUT_REST, EVIDENCE_MEASURED);
    put32(&b, 40, 70001);
    judge_bench_at(&b, 0);
    assert_output(&b, SP, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_output(&b, CW, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_reading(&b, SP, QUANTITY_power_uw, 70001);
    judge_bench_end(&b);
}

static void probes_are_named_by_their_serial_numbers(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    put32(&b, 24, 4000000001u);
    judge_bench_at(&b, 0);
    assert_string_equal(b.status.channels[CW].applicator, "4000000001");
    assert_string_equal(b.status.channels[SP].applicator, "3003");
    put32(&b, 24, 0);
    judge_bench_at(&b, 0);
    assert_string_equal(b.status.channels[CW].applicator, "");
    judge_bench_end(&b);
    b = judge_bench_begin(CONFIG_DIR "/maps/refus.ini", "refus");
    put32(&b, 25, 0x00020003);
    judge_bench_at(&b, 0);
    assert_string_equal(b.status.channels[0].applicator, "131075");
    assert_int_equal(b.map->poll_plan.n_requests, 1);
    judge_bench_end(&b);
}

static void probe_of_another_wavelength_is_a_fault(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    judge_bench_at(&b, 0);
    assert_reading(&b, CW, QUANTITY_wavelength_nm, 808);
    assert_reading(&b, SP, QUANTITY_spot_area_mm2, 50);
    judge_bench_put(&b, MODBUS_INPUT, 42, 808); /* the probes are swapped */
    judge_bench_at(&b, 0);
    assert_true(b.status.fault);
    assert_string_equal(b.status.fault_text, "wavelength_sp is not as expected");
    judge_bench_put(&b, MODBUS_INPUT, 42, 0); /* none is plugged in: nothing to compare */
    judge_bench_at(&b, 0);
    assert_false(b.status.fault);
    assert_null(reading(&b.status.channels[SP], QUANTITY_wavelength_nm));
    judge_bench_end(&b);
}

static void laser_is_described_with_its_delay_and_its_probes(void **state)
{
    (void)state;
    struct judge_bench b = laser();
    struct modality_device d;
    map_describe(b.config, 0, &d);
    assert_int_equal(d.start_ms, 2500);
    assert_true(d.watchdog_ms == 1000 && d.patient_stop && !d.contact_monitored && !d.rest_by_setpoint);
    assert_int_equal(d.n_channels, 2);
    assert_int_equal(d.channels[CW].level, QUANTITY_power_uw);
    assert_int_equal(d.channels[CW].waveforms, 1u << WAVEFORM_laser_continuous);
    assert_int_equal(d.channels[SP].level, QUANTITY_peak_power_uw);
    assert_int_equal(d.channels[SP].waveforms, 1u << WAVEFORM_laser_pulsed);
    assert_true(d.channels[CW].level_measured && d.channels[SP].level_measured);
    assert_true(d.groups[CW].excludes == 1u << SP && d.groups[SP].excludes == 1u << CW);
    judge_bench_end(&b);
}

/* Settable and readable quantities of the probes: one row each, in base units. */
static void settings_of_the_laser_are_ranges(void **state)
{
    (void)state;
    static const struct {
        size_t channel;
        enum modality_quantity quantity;
        int64_t min, max, resolution;
        bool settable, readable;
    } wanted[] = {
        {CW, QUANTITY_power_uw, 0, 500000, 100, true, true},
        {CW, QUANTITY_duty_permille, 100, 1000, 1, true, false},
        {CW, QUANTITY_pulse_repetition_millihz, 1000, 5000000, 100, true, false},
        {CW, QUANTITY_interlock_closed, 0, 1, 1, false, true},
        {CW, QUANTITY_wavelength_nm, 0, 65535, 1, false, true},
        {SP, QUANTITY_peak_power_uw, 0, 50000000, 100000, true, false},
        {SP, QUANTITY_power_uw, 0, 200000, 1, false, true},
        {SP, QUANTITY_pulse_width_ns, 100, 200, 1, true, false},
        {SP, QUANTITY_pulse_repetition_millihz, 1000, 20000000, 1000, true, false},
        {SP, QUANTITY_spot_area_mm2, 0, 65535, 1, false, true},
    };
    struct judge_bench b = laser();
    struct modality_device d;
    map_describe(b.config, 0, &d);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const struct modality_channel *c = &d.channels[wanted[i].channel];
        unsigned rows = 0;
        for (size_t k = 0; k < c->n_ranges; k++) {
            const struct modality_range *r = &c->ranges[k];
            if (r->quantity != wanted[i].quantity)
                continue;
            rows++;
            assert_true(r->min == wanted[i].min && r->max == wanted[i].max && r->resolution == wanted[i].resolution);
            assert_true(r->settable == wanted[i].settable && r->readable == wanted[i].readable);
        }
        assert_int_equal(rows, 1);
    }
    judge_bench_end(&b);
}

/* ---- cold ---- */

/* Set point in 0.1 degC, pad and skin in 0.01 degC. */
static void pad(struct judge_bench *b, int16_t set, int16_t actual, int16_t skin)
{
    judge_bench_put(b, MODBUS_HOLDING, 100, (uint16_t)set);
    judge_bench_put(b, MODBUS_INPUT, 20, (uint16_t)actual);
    judge_bench_put(b, MODBUS_INPUT, 21, (uint16_t)skin);
    judge_bench_at(b, 0);
}

static void cold_unit_is_at_rest_when_its_pad_grows_warm(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refcold.ini", "refcold");
    pad(&b, 250, 2500, 3300);
    assert_output(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    pad(&b, 100, 2500, 3300);
    assert_output(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    pad(&b, 100, 1010, 1500);
    assert_output(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    pad(&b, 250, 1010, 1500); /* the watchdog, or a stop, has written its rest */
    assert_output(&b, 0, OUTPUT_ON, EVIDENCE_MEASURED);
    pad(&b, 250, 1030, 1500); /* by no more than its noise */
    assert_output(&b, 0, OUTPUT_ON, EVIDENCE_MEASURED);
    pad(&b, 250, 1031, 1500);
    assert_output(&b, 0, OUTPUT_REST, EVIDENCE_REPORTED);
    pad(&b, 250, 2480, 2500);
    assert_output(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    pad(&b, 250, 2900, 3000); /* skin warms a pad at rest */
    assert_output(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    pad(&b, 260, 2600, 3000); /* warmer is safe, and is not the rest that was declared */
    assert_output(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    judge_bench_end(&b);
}

static void skin_is_read_where_there_is_a_sensor(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refcold.ini", "refcold");
    judge_bench_put(&b, MODBUS_INPUT, 22, 1);
    pad(&b, 100, -150, 1234);
    assert_reading(&b, 0, QUANTITY_skin_temperature_millic, 12340);
    assert_reading(&b, 0, QUANTITY_temperature_millic, -1500);
    assert_int_equal(b.status.channels[0].contact, CONTACT_GOOD);
    assert_true(b.status.channels[0].setpoint_known);
    assert_int_equal(b.status.channels[0].setpoint, 10000);
    judge_bench_put(&b, MODBUS_INPUT, 22, 3);
    pad(&b, 100, 1000, INT16_MAX);
    assert_null(reading(&b.status.channels[0], QUANTITY_skin_temperature_millic));
    assert_int_equal(b.status.channels[0].contact, CONTACT_LOST);
    judge_bench_end(&b);
}

static void cold_unit_is_described_with_its_rest(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refcold.ini", "refcold");
    struct modality_device d;
    map_describe(b.config, 0, &d);
    assert_true(d.rest_by_setpoint && d.rest_within_ms == 3000 && d.start_ms == 0 && d.contact_monitored);
    assert_true(d.watchdog_ms == 1000 && d.after_watchdog == AFTER_WATCHDOG_STAYS_OFF);
    assert_int_equal(d.channels[0].rest_value, 25000);
    assert_int_equal(d.channels[0].noise, 200);
    assert_int_equal(d.channels[0].waveforms, 1u << WAVEFORM_cold_contact);
    /* Contact is monitored from rest on, whatever number rest is. */
    assert_int_equal(d.contact_monitored_from, 0);
    judge_bench_end(&b);
}

/* A bath that has a run point: off and not growing colder is rest, off and growing colder is not. */
static void what_stays_cold_when_off_is_reported_at_rest(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(MAPS_FOR_TESTS_DIR "/julabo.ini", "julabo");
    static const struct {
        uint16_t run, degc; /* high word of the float */
        enum modality_output output;
        enum modality_evidence evidence;
    } steps[] = {
        {1, 0x41a0, OUTPUT_ON, EVIDENCE_REPORTED},   /* 20: runs, and is warm yet */
        {1, 0x4100, OUTPUT_ON, EVIDENCE_MEASURED},   /* 8 */
        {0, 0x4100, OUTPUT_REST, EVIDENCE_REPORTED}, /* 8: off, and still cold */
        {0, 0x4110, OUTPUT_REST, EVIDENCE_REPORTED}, /* 9 */
        {0, 0x4100, OUTPUT_ON, EVIDENCE_MEASURED},   /* 8: it says that it is off */
        {0, 0x4120, OUTPUT_REST, EVIDENCE_REPORTED}, /* 10 */
        {0, 0x41a0, OUTPUT_REST, EVIDENCE_MEASURED}, /* 20 */
        {1, 0x40a0, OUTPUT_ON, EVIDENCE_MEASURED},   /* 5: anew */
        {0, 0x40a0, OUTPUT_REST, EVIDENCE_REPORTED},
    };
    judge_bench_put(&b, MODBUS_INPUT, 5, 4);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        judge_bench_put(&b, MODBUS_HOLDING, 0, steps[i].run);
        judge_bench_put(&b, MODBUS_INPUT, 10, steps[i].degc);
        judge_bench_at(&b, 0);
        assert_output(&b, 0, steps[i].output, steps[i].evidence);
        assert_false(b.status.fault);
    }
    judge_bench_end(&b);
}

/* ---- galvanic ---- */

static void galvanic_unit_reads_current_and_voltage(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refgalv.ini", "refgalv");
    assert_int_equal(b.map->poll_plan.n_requests, 1);
    judge_bench_put(&b, MODBUS_INPUT, 10, 1);
    judge_bench_put(&b, MODBUS_INPUT, 20, 1234);
    judge_bench_put(&b, MODBUS_INPUT, 21, 2000);
    judge_bench_put(&b, MODBUS_INPUT, 22, 2);
    judge_bench_put(&b, MODBUS_INPUT, 23, 247);
    judge_bench_at(&b, 0);
    assert_output(&b, DC, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_output(&b, HV, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_reading(&b, DC, QUANTITY_amplitude_ua, 1234);
    assert_reading(&b, DC, QUANTITY_impedance_ohm, 2000);
    assert_reading(&b, DC, QUANTITY_output_voltage_mv, 2470);
    assert_int_equal(b.status.channels[DC].contact, CONTACT_POOR);
    assert_null(reading(&b.status.channels[HV], QUANTITY_impedance_ohm));
    judge_bench_put(&b, MODBUS_INPUT, 10, 0);
    judge_bench_put(&b, MODBUS_INPUT, 20, 20); /* the noise */
    judge_bench_put(&b, MODBUS_INPUT, 40, 6);
    judge_bench_put(&b, MODBUS_INPUT, 43, 31);
    judge_bench_at(&b, 0);
    assert_output(&b, DC, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_output(&b, HV, OUTPUT_ON, EVIDENCE_MEASURED); /* 0.6 V while off */
    assert_reading(&b, HV, QUANTITY_amplitude_mv, 600);
    assert_reading(&b, HV, QUANTITY_amplitude_ua, 3100);
    judge_bench_end(&b);
}

static void galvanic_unit_is_described_with_its_polarity(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refgalv.ini", "refgalv");
    struct modality_device d;
    map_describe(b.config, 0, &d);
    assert_int_equal(d.channels[DC].level, QUANTITY_amplitude_ua);
    assert_int_equal(d.channels[HV].level, QUANTITY_amplitude_mv);
    assert_int_equal(d.channels[DC].waveforms, 1u << WAVEFORM_dc | 1u << WAVEFORM_iontophoresis |
                                                   1u << WAVEFORM_monophasic | 1u << WAVEFORM_biphasic_symmetric);
    assert_int_equal(d.channels[HV].waveforms, 1u << WAVEFORM_hvpc);
    assert_true(d.groups[DC].excludes == 1u << HV && d.groups[HV].excludes == 1u << DC);
    for (int c = DC; c <= HV; c++) {
        int point = map_select(b.map, ROLE_SETPOINT, c, QUANTITY_active_polarity);
        assert_true(point >= 0);
        uint16_t words[2];
        assert_int_equal(map_point_encode(&b.map->points[point], 1, words), 0);
        assert_int_equal(words[0], 1);
        assert_int_equal(map_point_encode(&b.map->points[point], 2, words), 0);
        assert_int_equal(words[0], 2);
        assert_int_equal(map_point_encode(&b.map->points[point], 0, words), -EINVAL);
        assert_int_equal(map_point_encode(&b.map->points[point], 3, words), -EINVAL);
    }
    judge_bench_end(&b);
}

/* ---- what the reference devices do not have ---- */

static void what_says_yes_or_no_may_be_a_bit(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refus.ini", "refus");
    support_add(b.s, "map refus", "poll.moving", "moving", "x.ini:1");
    support_add_text(b.s, "x.ini",
                     "[point refus.moving]\ntable = discrete\naddress = 4\ntype = bit\nactive = low\naccess = ro\n"
                     "role = actual\nquantity = head_moving\n");
    judge_bench_again(&b);
    judge_bench_at(&b, 0);
    assert_reading(&b, 0, QUANTITY_head_moving, 1);
    judge_bench_put(&b, MODBUS_DISCRETE, 4, 1);
    judge_bench_at(&b, 0);
    assert_reading(&b, 0, QUANTITY_head_moving, 0);
    judge_bench_end(&b);
}

static const struct modality_range *timer_of(const struct judge_bench *b)
{
    static struct modality_range ranges[MODALITY_RANGES_MAX];
    size_t n = map_select_ranges(b->map, 0, ranges, MODALITY_RANGES_MAX);
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].quantity == QUANTITY_duration_ms)
            return &ranges[i];
    }
    return NULL;
}

/* One that counts minutes says too little of a time that is set in milliseconds. */
static void a_timer_is_seen_where_it_is_fine_enough(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refus.ini", "refus");
    assert_non_null(timer_of(&b));
    assert_true(timer_of(&b)->settable && timer_of(&b)->readable);
    support_set(b.s, "point refus.remaining", "unit", "min");
    judge_bench_again(&b);
    assert_true(timer_of(&b)->settable && !timer_of(&b)->readable);
    judge_bench_end(&b);
}

/* 1 and 2 as they are, other numbers by codes, and a word in a list of writes. */
static void polarity_is_a_number_or_a_code(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refgalv.ini", "refgalv");
    uint16_t words[2];
    support_set(b.s, "point refgalv.polarity_dc", "codes", "anode:20 cathode:10");
    support_set(b.s, "map refgalv", "start.dc", "polarity_dc=cathode run_dc=1");
    support_set(b.s, "point refgalv.polarity_hv", "codes", NULL);
    support_add_text(b.s, "x.ini", "[point refgalv.polarity_hv]\nunit = 1\nmin = 1\nmax = 2\n");
    judge_bench_again(&b);
    const struct map_point *dc = &b.map->points[map_select(b.map, ROLE_SETPOINT, DC, QUANTITY_active_polarity)];
    const struct map_point *hv = &b.map->points[map_select(b.map, ROLE_SETPOINT, HV, QUANTITY_active_polarity)];
    assert_int_equal(map_point_encode(dc, 1, words), 0);
    assert_int_equal(words[0], 20);
    assert_int_equal(b.map->groups[DC].start.steps[0].words[0], 10);
    assert_int_equal(map_point_encode(hv, 2, words), 0);
    assert_int_equal(words[0], 2);
    assert_int_equal(map_point_encode(hv, 0, words), -EINVAL);
    judge_bench_end(&b);
}

/* A selection that is read back may show what no code names: then nothing is said of it. */
static void reading_without_a_code_is_left_out(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(CONFIG_DIR "/maps/refgalv.ini", "refgalv");
    support_add(b.s, "map refgalv", "poll.shown", "shown", "x.ini:1");
    support_add_text(b.s, "x.ini",
                     "[point refgalv.shown]\ntable = input\naddress = 24\ntype = u16\naccess = ro\nrole = actual\n"
                     "channel = dc\nquantity = waveform_class\ncodes = iontophoresis:7\n");
    judge_bench_again(&b);
    judge_bench_at(&b, 0);
    assert_null(reading(&b.status.channels[DC], QUANTITY_waveform_class));
    judge_bench_put(&b, MODBUS_INPUT, 24, 7);
    judge_bench_at(&b, 0);
    assert_reading(&b, DC, QUANTITY_waveform_class, WAVEFORM_iontophoresis);
    judge_bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laser_at_rest_is_measured_at_rest),
        cmocka_unit_test(a_status_of_the_laser_takes_two_requests),
        cmocka_unit_test(every_interlock_opens_it),
        cmocka_unit_test(delayed_emission_is_neither_output_nor_proved_rest),
        cmocka_unit_test(each_probe_is_judged_by_its_own_photodiode),
        cmocka_unit_test(probes_are_named_by_their_serial_numbers),
        cmocka_unit_test(probe_of_another_wavelength_is_a_fault),
        cmocka_unit_test(laser_is_described_with_its_delay_and_its_probes),
        cmocka_unit_test(settings_of_the_laser_are_ranges),
        cmocka_unit_test(cold_unit_is_at_rest_when_its_pad_grows_warm),
        cmocka_unit_test(skin_is_read_where_there_is_a_sensor),
        cmocka_unit_test(cold_unit_is_described_with_its_rest),
        cmocka_unit_test(what_stays_cold_when_off_is_reported_at_rest),
        cmocka_unit_test(galvanic_unit_reads_current_and_voltage),
        cmocka_unit_test(galvanic_unit_is_described_with_its_polarity),
        cmocka_unit_test(what_says_yes_or_no_may_be_a_bit),
        cmocka_unit_test(a_timer_is_seen_where_it_is_fine_enough),
        cmocka_unit_test(polarity_is_a_number_or_a_code),
        cmocka_unit_test(reading_without_a_code_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
