/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each shipped limit on what is measured: a sample one unit within the bound and one on it find nothing, one a unit
 * beyond it acts after exactly its number of samples. Bounds are read from the shipped INI files by id; that every such
 * id has a row here is checked by tests/oracle/test_evidence.py, which reads the names of ROWS.
 */
#include "bench.h"

#include "config/config.h"

static struct config *shipped;

static const struct limit *limit_of(const char *id)
{
    for (size_t i = 0; i < shipped->dose.n_limits; i++)
        if (strcmp(shipped->dose.limits[i].id, id) == 0)
            return &shipped->dose.limits[i];
    fail_msg("no limit %s in the shipped files", id);
    return NULL;
}

/* How one bound becomes a rule and a reading. nominal is what the bench shows of this quantity. */
struct row {
    const char *id;
    void (*build)(struct bench *b);
    void (*put_rule)(struct bench *b, int64_t bound);
    enum modality_quantity reading;
    int64_t (*reading_at)(int64_t nominal, int64_t bound); /* the reading that stands on the bound */
    int64_t nominal;
    int beyond; /* +1: more is beyond; -1: less is */
    enum supervise_fault fault;
    int samples;
};

static void build_laser(struct bench *b)
{
    bench_laser(b, 0);
}

static void rule_accuracy(struct bench *b, int64_t bound)
{
    b->rules.channels[0].accuracy_permille = bound;
    b->rules.channels[0].readback_permille = INT64_MAX;
}

static void rule_readback(struct bench *b, int64_t bound)
{
    b->rules.channels[0].accuracy_permille = 1000;
    b->rules.channels[0].readback_permille = bound;
}

static void rule_open(struct bench *b, int64_t bound)
{
    b->rules.channels[0].impedance_open_ohm = bound;
}

static void rule_short(struct bench *b, int64_t bound)
{
    b->rules.channels[0].impedance_short_ohm = bound;
}

static void rule_temperature(struct bench *b, int64_t bound)
{
    b->rules.temperature_max_millic = bound;
}

static void rule_skin(struct bench *b, int64_t bound)
{
    b->rules.channels[0].skin_min_millic = bound;
}

static void rule_none(struct bench *b, int64_t bound)
{
    (void)b;
    (void)bound;
}

static int64_t more_by_share(int64_t nominal, int64_t bound)
{
    return nominal * (1000 + bound) / 1000;
}

static int64_t share_of(int64_t nominal, int64_t bound)
{
    return nominal * bound / 1000;
}

static int64_t itself(int64_t nominal, int64_t bound)
{
    (void)nominal;
    return bound;
}

#define READ(quantity) QUANTITY_##quantity
#define FAULT_OF(fault) FAULT_##fault
static const struct row rows[] = {
    {"es_accuracy", bench_stimulator, rule_accuracy, READ(amplitude_ua), more_by_share, 20000, 1, FAULT_OF(over_output),
     3},
    {"us_power_accuracy", bench_ultrasound, rule_accuracy, READ(power_uw), more_by_share, 5000000, 1,
     FAULT_OF(over_output), 3},
    {"lz_accuracy", build_laser, rule_accuracy, READ(power_uw), more_by_share, 100000, 1, FAULT_OF(over_output), 3},
    {"lz_readback_max", build_laser, rule_readback, READ(power_uw), share_of, 100000, 1, FAULT_OF(readback_over), 2},
    {"lz_interlock", build_laser, rule_none, READ(interlock_closed), itself, 1, -1, FAULT_OF(interlock_open), 1},
    {"es_load_open", bench_stimulator, rule_open, READ(impedance_ohm), itself, 1000, 1, FAULT_OF(electrode_open), 2},
    {"es_load_short", bench_stimulator, rule_short, READ(impedance_ohm), itself, 1000, -1, FAULT_OF(electrode_short),
     2},
    {"us_head_temp_max", bench_ultrasound, rule_temperature, READ(applicator_temperature_millic), itself, 30000, 1,
     FAULT_OF(over_temperature), 2},
    {"cr_skin_min", bench_cold, rule_skin, READ(skin_temperature_millic), itself, 16000, -1, FAULT_OF(skin_cold), 2},
};

static int64_t bound_of(const struct limit *l)
{
    return l->has_max ? l->max : l->min;
}

static void hold(struct bench *b, const struct row *r, int64_t reading)
{
    bench_put(b, r->reading, reading);
    for (int i = 0; i < 30; i++) {
        bench_feed(b);
        if (bench_found(b, r->fault))
            fail_msg("%s: %lld is within the bound", r->id, (long long)reading);
    }
}

static void measured_bounds(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        const int64_t bound = bound_of(limit_of(r->id));
        const int64_t on = r->reading_at(r->nominal, bound);
        struct bench b;
        r->build(&b);
        r->put_rule(&b, bound);
        if (r->beyond > 0 || on > 1)
            hold(&b, r, on - r->beyond);
        hold(&b, r, on);
        bench_put(&b, r->reading, on + r->beyond);
        bench_expect(&b, r->fault, r->samples);
        print_message("%s: bound-1, bound, bound+1 of %lld\n", r->id, (long long)on);
    }
}

/* The rise counts against the first impedance, smoothed over about a second: it is let settle. */
static bool trend_at(struct bench *b, int64_t ohm)
{
    bool noted = false;
    bench_put(b, QUANTITY_impedance_ohm, ohm);
    for (int i = 0; i < 40 * SAMPLES_PER_S; i++) {
        bench_feed(b);
        assert_true(b->outcome.action <= ACTION_NOTE);
        noted = noted || bench_found(b, FAULT_impedance_trend);
    }
    return noted;
}

static void es_load_trend(void **unused)
{
    const int64_t bound = limit_of("es_load_trend")->max;
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.channels[0].impedance_trend_permille = bound;
    bench_feed_well(&b, 3);
    for (int64_t ohm = 1000; ohm < 1000 + bound; ohm += 20)
        assert_false(trend_at(&b, ohm));
    assert_false(trend_at(&b, 1000 + bound - 1));
    assert_false(trend_at(&b, 1000 + bound));
    assert_true(trend_at(&b, 1000 + bound + 10));
}

/* Feeds one sample in which the device's timer shows so much more than is left. */
static void feed_timer(struct bench *b, int64_t preset_ms, int64_t error_ms)
{
    const int64_t gone_ms = (b->sample.taken_ns + PERIOD) / NS_PER_MS;
    b->sample.status.remaining_known = true;
    b->sample.status.remaining_ms = preset_ms - gone_ms + error_ms;
    bench_feed(b);
}

static void timer_bound(const char *id, int64_t preset_ms, int64_t tolerance_ms)
{
    struct bench b;
    bench_ultrasound(&b);
    b.rules.device_timer = true;
    b.rules.timer_tolerance_ms = tolerance_ms;
    for (int i = 0; i < 5; i++)
        feed_timer(&b, preset_ms, 0);
    for (int64_t error = tolerance_ms - 1; error <= tolerance_ms; error++) {
        for (int i = 0; i < 5; i++) {
            feed_timer(&b, preset_ms, error);
            assert_false(bench_found(&b, FAULT_device_timer));
        }
    }
    for (int i = 1; i <= 3; i++) {
        assert_false(bench_found(&b, FAULT_device_timer));
        feed_timer(&b, preset_ms, tolerance_ms + 1);
    }
    assert_true(bench_found(&b, FAULT_device_timer));
    assert_int_equal(b.outcome.action, ACTION_STOP);
    print_message("%s: bound-1, bound, bound+1 of %lld ms\n", id, (long long)tolerance_ms);
}

static void us_timer_tol(void **unused)
{
    (void)unused;
    timer_bound("us_timer_tol_lt5", 240000, limit_of("us_timer_tol_lt5")->max);
    timer_bound("us_timer_tol_gt10", 900000, limit_of("us_timer_tol_gt10")->max);
    timer_bound("us_timer_tol_5to10", 480000, 480000 * limit_of("us_timer_tol_5to10")->max / 1000);
    timer_bound("us_timer_tol_iec", 480000, 480000 * limit_of("us_timer_tol_iec")->max / 1000);
}

static void say(void *userdata, const char *origin, const char *message)
{
    (void)userdata;
    print_error("%s: %s\n", origin, message);
}

static int load(void **unused)
{
    (void)unused;
    return config_load(SHIPPED_CONFIG, 1, INT64_MAX, say, NULL, &shipped);
}

static int unload(void **unused)
{
    (void)unused;
    config_free(shipped);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_bounds),
        cmocka_unit_test(es_load_trend),
        cmocka_unit_test(us_timer_tol),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
