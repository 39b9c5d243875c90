/* SPDX-License-Identifier: Apache-2.0 */
/* Supervision, sample by sample: each test starts from a treatment that runs well and breaks one thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modality/clock.h"
#include "session/supervise.h"

#define PERIOD (50 * NS_PER_MS)

struct bench {
    struct supervise_rules rules;
    struct supervise_state state;
    struct link_sample sample;
    struct supervise_outcome outcome;
};

static void put_reading(struct modality_channel_status *status, enum modality_quantity q, int64_t value)
{
    for (size_t i = 0; i < status->n_readings; i++) {
        if (status->readings[i].quantity == q) {
            status->readings[i].value = value;
            return;
        }
    }
    status->readings[status->n_readings++] = (struct modality_reading){.quantity = q, .value = value};
}

static void common_rules(struct supervise_rules *rules)
{
    const int64_t none = INT64_MAX;
    rules->n_channels = 1;
    rules->stale_ns = 200 * NS_PER_MS;
    rules->timer_tolerance_ms = 30000;
    rules->temperature_max_millic = none;
    rules->totals_max = (struct dose_amounts){none, none, none, none, none, none, none};
}

/* 20 mA, 200 us, 100 Hz, 25 cm2, 1000 ohm: everything as it should be. */
static void stimulator(struct bench *b)
{
    *b = (struct bench){0};
    common_rules(&b->rules);
    b->rules.modality = MODALITY_ESTIM;
    struct supervise_channel_rules *c = &b->rules.channels[0];
    c->waveform = WAVEFORM_biphasic_symmetric;
    c->level = c->actual = QUANTITY_amplitude_ua;
    c->has_actual = true;
    c->resolution = 100;
    c->accuracy_permille = 200;
    c->judge_contact = c->has_open = c->has_short = true;
    c->contact_from = 2000;
    c->impedance_open_ohm = 10000;
    c->impedance_short_ohm = 100;
    c->impedance_trend_permille = 500;
    quantity_put(&c->values, QUANTITY_phase_width_us, 200);
    quantity_put(&c->values, QUANTITY_pulse_rate_millihz, 100000);
    quantity_put(&c->values, QUANTITY_electrode_area_mm2, 2500);

    b->sample.settled = 1;
    b->sample.level[0] = b->sample.level_min[0] = b->sample.level_max[0] = 20000;
    struct modality_channel_status *s = &b->sample.status.channels[0];
    b->sample.status.n_channels = 1;
    s->output = OUTPUT_ON;
    s->evidence = EVIDENCE_MEASURED;
    s->contact = CONTACT_GOOD;
    put_reading(s, QUANTITY_amplitude_ua, 20000);
    put_reading(s, QUANTITY_impedance_ohm, 1000);
    supervise_begin(&b->state, 0);
}

/* 1.0 W/cm2 continuous over an ERA of 5 cm2: 5 W measured. */
static void ultrasound(struct bench *b)
{
    *b = (struct bench){0};
    common_rules(&b->rules);
    b->rules.modality = MODALITY_ULTRASOUND;
    b->rules.temperature_max_millic = 41000;
    struct supervise_channel_rules *c = &b->rules.channels[0];
    c->waveform = WAVEFORM_us_continuous;
    c->level = QUANTITY_intensity_satp_uw_cm2;
    c->actual = QUANTITY_power_uw;
    c->has_actual = true;
    c->resolution = 1000;
    c->noise = 50000;
    c->accuracy_permille = 200;
    c->judge_contact = true;
    c->contact_from = 50000;
    quantity_put(&c->values, QUANTITY_duty_permille, 1000);
    quantity_put(&c->values, QUANTITY_us_frequency_khz, 1000);
    quantity_put(&c->values, QUANTITY_era_mm2, 500);
    quantity_put(&c->values, QUANTITY_bnr_permille, 5000);

    b->sample.settled = 1;
    b->sample.level[0] = b->sample.level_min[0] = b->sample.level_max[0] = 1000000;
    struct modality_channel_status *s = &b->sample.status.channels[0];
    b->sample.status.n_channels = 1;
    s->output = OUTPUT_ON;
    s->contact = CONTACT_GOOD;
    put_reading(s, QUANTITY_power_uw, 5000000);
    put_reading(s, QUANTITY_applicator_temperature_millic, 30000);
    supervise_begin(&b->state, 0);
}

static struct modality_channel_status *channel(struct bench *b)
{
    return &b->sample.status.channels[0];
}

static void feed(struct bench *b)
{
    b->sample.seq++;
    b->sample.taken_ns += PERIOD;
    supervise_sample(&b->rules, &b->state, &b->sample, &b->outcome);
}

static void feed_well(struct bench *b, int samples)
{
    for (int i = 0; i < samples; i++) {
        feed(b);
        assert_int_equal(b->outcome.n, 0);
    }
}

/* The fault acts at exactly its number of samples, with its action, and names itself. */
static void expect_fault_at(struct bench *b, enum supervise_fault fault, int samples)
{
    for (int i = 1; i < samples; i++) {
        feed(b);
        for (size_t k = 0; k < b->outcome.n; k++)
            assert_int_not_equal(b->outcome.findings[k].fault, fault);
    }
    feed(b);
    for (size_t k = 0; k < b->outcome.n; k++) {
        if (b->outcome.findings[k].fault == fault) {
            assert_true(b->outcome.action >= supervise_fault_action(fault));
            assert_true(b->outcome.findings[k].detail[0] != '\0');
            return;
        }
    }
    fail_msg("fault %s did not act at sample %d", supervise_fault_id(fault), samples);
}

static void a_good_treatment_raises_nothing_and_may_be_permitted(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 200);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    ultrasound(&b);
    feed_well(&b, 200);
}

static void status_faults_act_on_one_sample(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    b.sample.status.fault = true;
    expect_fault_at(&b, FAULT_device_fault, 1);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    stimulator(&b);
    b.sample.status.patient_stop = true;
    expect_fault_at(&b, FAULT_patient_stop, 1);
    stimulator(&b);
    b.sample.status.restarted = true;
    expect_fault_at(&b, FAULT_device_restarted, 1);
    stimulator(&b);
    b.sample.status.watchdog_tripped = true;
    expect_fault_at(&b, FAULT_watchdog_tripped, 1);
}

static void over_output_acts_by_its_size(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 24000); /* exactly the tolerance */
    feed_well(&b, 10);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 24001);
    expect_fault_at(&b, FAULT_over_output, 3);
    stimulator(&b);
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 30201); /* 1.5 x and two resolutions */
    expect_fault_at(&b, FAULT_over_output_gross, 1);
}

static void a_decrease_is_not_taken_for_over_output(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 5000;
    b.sample.settled = 0; /* the device still shows what it measured before */
    feed_well(&b, 1);
    b.sample.settled = 1;
    put_reading(channel(&b), QUANTITY_amplitude_ua, 5000);
    feed_well(&b, 5);
}

static void under_output_acts_after_six_samples(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 15999);
    expect_fault_at(&b, FAULT_under_output, 6);
}

static void electrode_faults(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_impedance_ohm, 10001);
    expect_fault_at(&b, FAULT_electrode_open, 2);
    stimulator(&b);
    feed_well(&b, 3);
    channel(&b)->contact = CONTACT_LOST;
    expect_fault_at(&b, FAULT_electrode_open, 2);
    stimulator(&b);
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_impedance_ohm, 99);
    expect_fault_at(&b, FAULT_electrode_short, 2);
    stimulator(&b);
    feed_well(&b, 20);
    put_reading(channel(&b), QUANTITY_impedance_ohm, 2000); /* a half-lifted pad doubles it */
    expect_fault_at(&b, FAULT_impedance_step, 3);
}

static void a_slow_rise_of_impedance_is_only_noted(void **unused)
{
    struct bench b;
    bool noted = false;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    for (int64_t ohm = 1000; ohm < 1800; ohm += 2) {
        put_reading(channel(&b), QUANTITY_impedance_ohm, ohm);
        feed(&b);
        assert_true(b.outcome.action <= ACTION_NOTE);
        noted |= b.outcome.action == ACTION_NOTE;
    }
    assert_true(noted);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

static void lost_coupling_holds(void **unused)
{
    struct bench b;
    (void)unused;
    ultrasound(&b);
    feed_well(&b, 3);
    channel(&b)->contact = CONTACT_LOST;
    expect_fault_at(&b, FAULT_coupling_lost, 2);
    assert_int_equal(b.outcome.action, ACTION_HOLD);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

static void contact_is_not_judged_below_where_it_is_monitored(void **unused)
{
    struct bench b;
    (void)unused;
    ultrasound(&b);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 49000;
    put_reading(channel(&b), QUANTITY_power_uw, 245000);
    channel(&b)->contact = CONTACT_LOST;
    feed_well(&b, 10);
}

static void a_hot_applicator_stops(void **unused)
{
    struct bench b;
    (void)unused;
    ultrasound(&b);
    put_reading(channel(&b), QUANTITY_applicator_temperature_millic, 41000);
    feed_well(&b, 5);
    put_reading(channel(&b), QUANTITY_applicator_temperature_millic, 41001);
    expect_fault_at(&b, FAULT_over_temperature, 2);
}

static void a_hard_limit_holds_on_what_is_measured(void **unused)
{
    static const struct limit sata = {.id = "us_ieff_max",
                                      .quantity = QUANTITY_intensity_sata_uw_cm2,
                                      .has_max = true,
                                      .max = 1050000,
                                      .origin = "limits.ini:1"};
    struct bench b;
    (void)unused;
    ultrasound(&b);
    b.rules.channels[0].limits[0] = &sata;
    b.rules.channels[0].n_limits = 1;
    feed_well(&b, 3);
    put_reading(channel(&b), QUANTITY_power_uw, 5300000); /* 1.06 W/cm2 over 5 cm2, within accuracy */
    expect_fault_at(&b, FAULT_over_limit, 1);
}

static void a_stuck_measurement_is_found(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    b.rules.channels[0].accuracy_permille = 2000; /* so that only the stuck value is at fault */
    feed_well(&b, 3);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 28000;
    expect_fault_at(&b, FAULT_sensor_stuck, 40);
}

static void output_lost_needs_two_samples(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    channel(&b)->output = OUTPUT_REST;
    expect_fault_at(&b, FAULT_output_lost, 2);
}

static void a_stalled_device_timer_is_found(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    b.rules.device_timer = true;
    b.sample.status.remaining_known = true;
    b.sample.status.remaining_ms = 600000;
    for (int i = 0; i < 20; i++) {
        b.sample.status.remaining_ms -= 50;
        feed_well(&b, 1);
    }
    expect_fault_at(&b, FAULT_device_timer, (int)(2 * NS_PER_S / PERIOD) + 3);
}

static void staleness_comes_from_samples_alone(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    supervise_tick(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS, &b.outcome);
    assert_int_equal(b.outcome.action, ACTION_NONE);
    supervise_tick(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS + 1, &b.outcome);
    assert_int_equal(b.outcome.action, ACTION_STOP);
    assert_int_equal(b.outcome.findings[0].fault, FAULT_stale);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS + 1));
}

static void a_replayed_sample_is_no_proof(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 3);
    const int64_t fresh = b.state.last_taken_ns;
    b.sample.taken_ns += PERIOD; /* same sequence number */
    supervise_sample(&b.rules, &b.state, &b.sample, &b.outcome);
    assert_int_equal(b.state.last_taken_ns, fresh);
}

static void totals_stop_at_their_bound(void **unused)
{
    struct bench b;
    (void)unused;
    ultrasound(&b);
    b.rules.totals_max.energy_uj = 5000000; /* 5 J: one second at 5 W */
    for (int i = 0; i < 20; i++)
        feed_well(&b, 1);
    assert_int_equal(b.state.delivered.energy_uj, 5000000);
    expect_fault_at(&b, FAULT_total_reached, 1);
}

static void delivered_is_the_larger_of_commanded_and_measured(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 20); /* 1 s: 20 mA x 200 us x 2 x 100 Hz = 800 uC */
    assert_int_equal(b.state.delivered.charge_uc, 800);
    assert_int_equal(b.state.delivered.duration_ms, 1000);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 22000);
    feed_well(&b, 20);
    assert_int_equal(b.state.delivered.charge_uc, 800 + 880);
    put_reading(channel(&b), QUANTITY_amplitude_ua, 18000);
    feed_well(&b, 20);
    assert_int_equal(b.state.delivered.charge_uc, 800 + 880 + 800);
    supervise_settle(&b.rules, &b.state, b.sample.taken_ns + NS_PER_S);
    assert_int_equal(b.state.delivered.charge_uc, 800 + 880 + 800 + 800);
    assert_int_equal(b.state.delivered.duration_ms, 4000);
}

static void a_new_turn_keeps_what_was_delivered(void **unused)
{
    struct bench b;
    (void)unused;
    stimulator(&b);
    feed_well(&b, 20);
    b.sample.taken_ns += 60 * NS_PER_S; /* a pause */
    supervise_begin(&b.state, b.sample.taken_ns);
    feed_well(&b, 20);
    assert_int_equal(b.state.delivered.charge_uc, 1600);
    assert_int_equal(b.state.delivered.duration_ms, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_treatment_raises_nothing_and_may_be_permitted),
        cmocka_unit_test(status_faults_act_on_one_sample),
        cmocka_unit_test(over_output_acts_by_its_size),
        cmocka_unit_test(a_decrease_is_not_taken_for_over_output),
        cmocka_unit_test(under_output_acts_after_six_samples),
        cmocka_unit_test(electrode_faults),
        cmocka_unit_test(a_slow_rise_of_impedance_is_only_noted),
        cmocka_unit_test(lost_coupling_holds),
        cmocka_unit_test(contact_is_not_judged_below_where_it_is_monitored),
        cmocka_unit_test(a_hot_applicator_stops),
        cmocka_unit_test(a_hard_limit_holds_on_what_is_measured),
        cmocka_unit_test(a_stuck_measurement_is_found),
        cmocka_unit_test(output_lost_needs_two_samples),
        cmocka_unit_test(a_stalled_device_timer_is_found),
        cmocka_unit_test(staleness_comes_from_samples_alone),
        cmocka_unit_test(a_replayed_sample_is_no_proof),
        cmocka_unit_test(totals_stop_at_their_bound),
        cmocka_unit_test(delivered_is_the_larger_of_commanded_and_measured),
        cmocka_unit_test(a_new_turn_keeps_what_was_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
