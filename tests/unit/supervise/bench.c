/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. */
#include "bench.h"

struct modality_channel_status *bench_channel(struct bench *b)
{
    return &b->sample.status.channels[0];
}

void bench_put(struct bench *b, enum modality_quantity q, int64_t value)
{
    struct modality_channel_status *status = bench_channel(b);
    for (size_t i = 0; i < status->n_readings; i++) {
        if (status->readings[i].quantity == q) {
            status->readings[i].value = value;
            return;
        }
    }
    status->readings[status->n_readings++] = (struct modality_reading){.quantity = q, .value = value};
}

void bench_remove(struct bench *b, enum modality_quantity q)
{
    struct modality_channel_status *status = bench_channel(b);
    for (size_t i = 0; i < status->n_readings; i++) {
        if (status->readings[i].quantity == q)
            status->readings[i] = status->readings[--status->n_readings];
    }
}

void bench_level(struct bench *b, int64_t level)
{
    b->sample.level[0] = b->sample.level_min[0] = b->sample.level_max[0] = level;
}

static struct supervise_channel_rules *begin(struct bench *b, enum modality modality, enum modality_waveform waveform,
                                             enum modality_quantity level)
{
    const int64_t none = INT64_MAX;
    *b = (struct bench){0};
    b->rules = (struct supervise_rules){.modality = modality,
                                        .n_channels = 1,
                                        .stale_ns = 200 * NS_PER_MS,
                                        .timer_tolerance_ms = 30000,
                                        .temperature_max_millic = none,
                                        .totals_max = {none, none, none, none, none, none, none},
                                        .totals_notice = {none, none, none, none, none, none, none},
                                        .course = {.end = COURSE_TIME, .turns = 1},
                                        .rms_sum_max_ua = none};
    struct supervise_channel_rules *c = &b->rules.channels[0];
    c->waveform = waveform;
    c->level = c->actual = level;
    c->has_actual = true;
    c->accuracy_permille = 200;
    c->impedance_open_ohm = c->impedance_trend_permille = c->readback_permille = c->static_max_uw_cm2 = none;
    c->impedance_rise_permille = none;
    c->skin_min_millic = INT64_MIN;
    b->sample.settled = 1;
    c->settle_ns = 300 * NS_PER_MS;
    b->sample.status.n_channels = 1;
    *bench_channel(b) =
        (struct modality_channel_status){.output = OUTPUT_ON, .evidence = EVIDENCE_MEASURED, .contact = CONTACT_GOOD};
    supervise_begin(&b->state, 0);
    return c;
}

void bench_stimulator(struct bench *b)
{
    struct supervise_channel_rules *c = begin(b, MODALITY_ESTIM, WAVEFORM_biphasic_symmetric, QUANTITY_amplitude_ua);
    c->resolution = 100;
    c->judge_contact = true;
    c->contact_from = 2000;
    c->impedance_open_ohm = 10000;
    c->impedance_short_ohm = 100;
    c->impedance_trend_permille = 500;
    quantity_put(&c->values, QUANTITY_phase_width_us, 200);
    quantity_put(&c->values, QUANTITY_pulse_rate_millihz, 100000);
    quantity_put(&c->values, QUANTITY_electrode_area_mm2, 2500);
    bench_level(b, 20000);
    bench_put(b, QUANTITY_amplitude_ua, 20000);
    bench_put(b, QUANTITY_impedance_ohm, 1000);
}

void bench_galvanic(struct bench *b, int64_t dose_ua_min)
{
    struct supervise_channel_rules *c = begin(b, MODALITY_ESTIM, WAVEFORM_iontophoresis, QUANTITY_amplitude_ua);
    c->resolution = 10;
    quantity_put(&c->values, QUANTITY_electrode_area_mm2, 2500);
    b->rules.course = (struct course){.end = COURSE_ION_DOSE, .turns = 1, .amount = dose_ua_min};
    bench_level(b, 2000);
    bench_put(b, QUANTITY_amplitude_ua, 2000);
}

void bench_ultrasound(struct bench *b)
{
    struct supervise_channel_rules *c =
        begin(b, MODALITY_ULTRASOUND, WAVEFORM_us_continuous, QUANTITY_intensity_satp_uw_cm2);
    b->rules.temperature_max_millic = 41000;
    c->actual = QUANTITY_power_uw;
    c->resolution = 1000;
    c->noise = 50000;
    c->judge_contact = true;
    c->contact_from = 50000;
    quantity_put(&c->values, QUANTITY_duty_permille, 1000);
    quantity_put(&c->values, QUANTITY_us_frequency_khz, 1000);
    quantity_put(&c->values, QUANTITY_era_mm2, 500);
    quantity_put(&c->values, QUANTITY_bnr_permille, 5000);
    bench_level(b, 1000000);
    bench_put(b, QUANTITY_power_uw, 5000000);
    bench_put(b, QUANTITY_applicator_temperature_millic, 30000);
}

void bench_laser(struct bench *b, int64_t point_uj)
{
    struct supervise_channel_rules *c = begin(b, MODALITY_LASER, WAVEFORM_laser_continuous, QUANTITY_power_uw);
    c->resolution = 100;
    c->readback_permille = 1200;
    strcpy(c->applicator, "700");
    c->applicator_told = true;
    quantity_put(&c->values, QUANTITY_spot_area_mm2, 50);
    if (point_uj > 0)
        b->rules.course = (struct course){.end = COURSE_POINTS, .turns = 4, .amount = point_uj};
    bench_level(b, 100000);
    bench_put(b, QUANTITY_power_uw, 100000);
    bench_put(b, QUANTITY_interlock_closed, 1);
    strcpy(bench_channel(b)->applicator, "700");
}

void bench_cold(struct bench *b)
{
    struct supervise_channel_rules *c = begin(b, MODALITY_COLD, WAVEFORM_cold_contact, QUANTITY_temperature_millic);
    c->safer_up = true;
    c->lag_ns = 20 * NS_PER_S;
    c->rest_value = 25000;
    c->resolution = 100;
    c->noise = 200;
    c->judge_contact = true;
    c->has_skin = true;
    c->skin_min_millic = 10000;
    bench_level(b, 13000);
    bench_put(b, QUANTITY_temperature_millic, 13000);
    bench_put(b, QUANTITY_skin_temperature_millic, 16000);
}

void bench_feed(struct bench *b)
{
    b->sample.seq++;
    b->sample.taken_ns += PERIOD;
    supervise_sample(&b->rules, &b->state, &b->sample, &b->outcome);
}

void bench_feed_well(struct bench *b, int samples)
{
    for (int i = 0; i < samples; i++) {
        bench_feed(b);
        if (b->outcome.n > 0)
            fail_msg("%s: %s", supervise_fault_id(b->outcome.findings[0].fault), b->outcome.findings[0].detail);
    }
}

bool bench_found(const struct bench *b, enum supervise_fault fault)
{
    for (size_t k = 0; k < b->outcome.n; k++) {
        if (b->outcome.findings[k].fault == fault)
            return true;
    }
    return false;
}

void bench_expect(struct bench *b, enum supervise_fault fault, int samples)
{
    for (int i = 1; i < samples; i++) {
        bench_feed(b);
        assert_false(bench_found(b, fault));
    }
    bench_feed(b);
    if (!bench_found(b, fault))
        fail_msg("fault %s did not act at sample %d", supervise_fault_id(fault), samples);
    assert_true(b->outcome.action >= supervise_fault_action(fault));
    for (size_t k = 0; k < b->outcome.n; k++)
        assert_true(b->outcome.findings[k].detail[0] != '\0');
}
