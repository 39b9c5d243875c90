/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the level: never above target, never faster than slew and step, at once toward rest, nothing earned by
 * waiting; and surges, whose output is held against the profile drawn here in plain terms.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdbool.h>

#include "dose/walk.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

/* 1 mA steps, 5 mA/s, 0.1 mA resolution: an electrical stimulator. */
static const struct walk_rules plain = {.step = 1000, .slew_per_s = 5000, .resolution = 100};

static struct walk_rules surging(void)
{
    struct walk_rules r = plain;
    r.surged = true;
    r.surge_on_ms = 10000;
    r.surge_off_ms = 50000;
    r.ramp_up_ms = 2000;
    r.ramp_down_ms = 1000;
    return r;
}

/* Walks to target with an advance every period, from w->last_ns on; returns when it has arrived. */
static int64_t walk_to(const struct walk_rules *rules, struct walk *w, int64_t target, int64_t period)
{
    int64_t now = w->last_ns;
    walk_target(w, target);
    walk_advance(rules, w, now);
    for (int i = 0; i < 1000000 && w->level < target - target % rules->resolution; i++) {
        now += period;
        walk_advance(rules, w, now);
    }
    return now;
}

static void it_starts_at_rest_and_stays_there(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 5 * S);
    assert_int_equal(walk_advance(&plain, &w, 5 * S), 0);
    assert_int_equal(walk_advance(&plain, &w, 500 * S), 0);
    assert_int_equal(walk_next_ns(&plain, &w, 500 * S), INT64_MAX);
    assert_true(walk_settled(&plain, &w, 500 * S));
}

static void it_takes_the_time_that_slew_says(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 0);
    int64_t arrived = walk_to(&plain, &w, 30000, 10 * MS); /* 30 mA at 5 mA/s */
    assert_in_range(arrived, 6 * S, 6 * S + 10 * MS);
    assert_int_equal(w.level, 30000);
    assert_true(walk_settled(&plain, &w, arrived));
}

static void toward_rest_is_immediate(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 0);
    int64_t now = walk_to(&plain, &w, 30000, 10 * MS);
    walk_target(&w, 12345);
    assert_int_equal(walk_next_ns(&plain, &w, now), now);
    assert_int_equal(walk_advance(&plain, &w, now), 12300); /* a multiple of resolution, toward rest */
    walk_target(&w, -5);
    assert_int_equal(walk_advance(&plain, &w, now), 0);
}

static void waiting_earns_nothing(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 0);
    int64_t now = walk_to(&plain, &w, 10000, 10 * MS) + 3600 * S;
    walk_target(&w, 20000); /* after an hour at 10 mA */
    assert_int_equal(walk_advance(&plain, &w, now), 10000);
    assert_int_equal(walk_advance(&plain, &w, now + 1), 10000);
    assert_int_equal(walk_advance(&plain, &w, now + 20 * MS), 10100);
}

static void a_late_advance_makes_up_for_nothing(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 0);
    walk_target(&w, 30000);
    walk_advance(&plain, &w, 0);
    assert_int_equal(walk_advance(&plain, &w, 10 * S), 1000); /* one step, though 50 mA of slew went by */
    assert_int_equal(walk_advance(&plain, &w, 10 * S + 1), 1000);
    assert_int_equal(walk_advance(&plain, &w, 10 * S + 20 * MS), 1100);
    assert_int_equal(walk_advance(&plain, &w, 9 * S), 1100); /* nor does a clock that ran backward */
}

static void the_level_is_a_multiple_of_resolution(void **state)
{
    (void)state;
    struct walk_rules r = {.step = 1000, .slew_per_s = 5000, .resolution = 300};
    struct walk w;
    walk_begin(&w, 0);
    walk_to(&r, &w, 10000, 7 * MS);
    assert_int_equal(w.level, 9900);
    assert_int_equal(walk_next_ns(&r, &w, 100 * S), INT64_MAX);
    walk_begin(&w, 0);
    walk_target(&w, 10000);
    walk_advance(&r, &w, 0);
    assert_int_equal(walk_advance(&r, &w, 10 * S), 900); /* the largest multiple within a step */
}

static void rules_that_make_no_sense_stay_at_rest(void **state)
{
    (void)state;
    struct walk_rules bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = surging();
    }
    bad[0].step = 0;
    bad[1].slew_per_s = 0;
    bad[2].resolution = 0;
    bad[3].step = 99; /* below the resolution */
    bad[4].ramp_up_ms = 9001;
    bad[5].surge_on_ms = 0;
    bad[6].surge_off_ms = -1;
    bad[7].slew_per_s = INT64_MAX;
    for (size_t i = 0; i < 8; i++) {
        struct walk w;
        assert_int_equal(walk_rules_check(&bad[i]), -EINVAL);
        walk_begin(&w, 0);
        walk_target(&w, 10000);
        for (int64_t now = 0; now < 10 * S; now += 100 * MS) {
            assert_int_equal(walk_advance(&bad[i], &w, now), 0);
        }
        assert_int_equal(walk_surges(&bad[i], &w, 10 * S), 0);
        assert_false(walk_settled(&bad[i], &w, 10 * S));
    }
    struct walk_rules good = surging();
    assert_int_equal(walk_rules_check(&good), 0);
    assert_int_equal(walk_rules_check(&plain), 0);
}

/* A random walk of targets and advances: what always holds. */
static void properties_of_a_walk(const struct walk_rules *rules, uint64_t *seed)
{
    struct walk w;
    int64_t now = random_between(seed, 0, 1000 * S), begun = now;
    walk_begin(&w, now);
    for (int i = 0; i < 400; i++) {
        int64_t dt = random_between(seed, 0, i % 50 == 0 ? 5 * S : 100 * MS);
        if (random_next(seed) % 20 == 0) {
            walk_target(&w, random_between(seed, -10, 60000));
        }
        int64_t before = w.level;
        now += dt;
        int64_t out = walk_advance(rules, &w, now);
        assert_true(out >= 0 && out <= w.level && w.level <= (w.target > 0 ? w.target : 0));
        assert_int_equal(out % rules->resolution, 0);
        assert_int_equal(w.level % rules->resolution, 0);
        int64_t rise = w.level - before;
        assert_true(rise <= rules->step);
        assert_true(rise <= 0 || (rise - rules->resolution) * S <= rules->slew_per_s * dt);
        assert_true(w.level * S <= rules->slew_per_s * (now - begun)); /* never ahead of slew since the start */
        assert_true(rules->surged || out == w.level);
    }
}

static void random_walks_keep_step_slew_and_target(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 300; i++) {
        struct walk_rules r = {.resolution = random_between(&seed, 1, 500),
                               .slew_per_s = random_between(&seed, 1, 20000),
                               .surged = i % 2 == 0};
        r.step = r.resolution + random_between(&seed, 0, 2000);
        r.ramp_up_ms = random_between(&seed, 0, 500);
        r.ramp_down_ms = random_between(&seed, 0, 500);
        r.surge_on_ms = r.ramp_up_ms + r.ramp_down_ms + random_between(&seed, 1, 1000);
        r.surge_off_ms = random_between(&seed, 0, 1000);
        assert_int_equal(walk_rules_check(&r), 0);
        properties_of_a_walk(&r, &seed);
    }
}

/* A level of 10 mA under surging() rules, whose surges begin at surge_start. */
static struct walk at_ten(void)
{
    struct walk w = {.level = 10000, .target = 10000, .credit = -1};
    return w;
}

static void a_surge_rises_holds_falls_and_rests(void **state)
{
    (void)state;
    struct walk_rules r = surging();
    struct walk w = at_ten();
    struct {
        int64_t ms, level;
        bool settled;
    } profile[] = {{0, 0, false},        {20, 100, false},     {500, 2500, false},  {1000, 5000, false},
                   {1999, 9900, false},  {2000, 10000, true},  {5000, 10000, true}, {8999, 10000, true},
                   {9000, 10000, false}, {9500, 5000, false},  {9999, 0, false},    {10000, 0, false},
                   {30000, 0, false},    {59999, 0, false},    {60000, 0, false},   {61000, 5000, false},
                   {62000, 10000, true}, {121000, 5000, false}};
    for (size_t i = 0; i < sizeof profile / sizeof profile[0]; i++) {
        assert_int_equal(walk_advance(&r, &w, profile[i].ms * MS), profile[i].level);
        assert_int_equal(walk_settled(&r, &w, profile[i].ms * MS), profile[i].settled);
    }
}

static void surges_are_counted_from_their_beginning(void **state)
{
    (void)state;
    struct walk_rules r = surging();
    struct walk w = at_ten();
    assert_int_equal(walk_surges(&r, &w, 0), 1);
    assert_int_equal(walk_surges(&r, &w, 60000 * MS - 1), 1);
    assert_int_equal(walk_surges(&r, &w, 60000 * MS), 2);
    assert_int_equal(walk_surges(&r, &w, 600000 * MS), 11);
    assert_int_equal(walk_surges(&plain, &w, 600000 * MS), 0);
    w.surge_start_ns = 5 * S;
    assert_int_equal(walk_surges(&r, &w, 0), 0);
}

/* The next change as walk_next_ns says it: nothing changes before it, something does at it. */
static void next_is_when_something_changes(const struct walk_rules *rules, struct walk w, int64_t now, uint64_t *seed)
{
    int64_t next = walk_next_ns(rules, &w, now);
    struct walk here = w;
    int64_t out = walk_advance(rules, &here, now);
    for (int k = 0; k < 20 && next > now; k++) {
        int64_t bound = next < INT64_MAX ? next - 1 : now + 100 * S;
        struct walk copy = w;
        int64_t at = k == 0 ? bound : random_between(seed, now, bound);
        assert_int_equal(walk_advance(rules, &copy, at), out);
        assert_int_equal(copy.level, here.level);
    }
    if (next > now && next < INT64_MAX) {
        struct walk copy = w;
        int64_t then = walk_advance(rules, &copy, next);
        assert_true(then != out || copy.level != here.level);
    }
}

static void the_next_change_is_neither_missed_nor_invented(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 400; i++) {
        struct walk_rules r = {.resolution = random_between(&seed, 1, 300),
                               .slew_per_s = random_between(&seed, 100, 20000),
                               .surged = i % 3 != 0};
        r.step = r.resolution + random_between(&seed, 0, 1000);
        r.ramp_up_ms = random_between(&seed, 0, 3) * random_between(&seed, 0, 100);
        r.ramp_down_ms = random_between(&seed, 0, 3) * random_between(&seed, 0, 100);
        r.surge_on_ms = r.ramp_up_ms + r.ramp_down_ms + random_between(&seed, 1, 500);
        r.surge_off_ms = random_between(&seed, 0, 2) * random_between(&seed, 0, 500);
        struct walk w;
        int64_t now = random_between(&seed, 0, 10 * S);
        walk_begin(&w, now);
        walk_target(&w, random_between(&seed, 0, 4000));
        for (int k = 0; k < 60; k++) {
            next_is_when_something_changes(&r, w, now, &seed);
            int64_t next = walk_next_ns(&r, &w, now);
            now = next > now && next < INT64_MAX && k % 2 == 0 ? next : now + random_between(&seed, 0, 50 * MS);
            walk_advance(&r, &w, now);
        }
    }
}

static void advancing_when_due_walks_as_fast_as_slew_allows(void **state)
{
    (void)state;
    struct walk w;
    int64_t now = 0;
    walk_begin(&w, now);
    walk_target(&w, 20000);
    walk_advance(&plain, &w, now);
    for (int i = 0; i < 200; i++) {
        now = walk_next_ns(&plain, &w, now);
        walk_advance(&plain, &w, now);
    }
    assert_int_equal(w.level, 20000);
    assert_int_equal(now, 4 * S);
    assert_int_equal(walk_next_ns(&plain, &w, now), INT64_MAX);
}

static void a_raised_target_is_due_at_once(void **state)
{
    (void)state;
    struct walk w;
    walk_begin(&w, 0);
    int64_t now = walk_to(&plain, &w, 10000, 10 * MS) + 5 * S;
    walk_target(&w, 11000);
    assert_int_equal(walk_next_ns(&plain, &w, now), now);
    walk_advance(&plain, &w, now);
    assert_int_equal(walk_next_ns(&plain, &w, now), now + 20 * MS);
    assert_false(walk_settled(&plain, &w, now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_at_rest_and_stays_there),
        cmocka_unit_test(it_takes_the_time_that_slew_says),
        cmocka_unit_test(toward_rest_is_immediate),
        cmocka_unit_test(waiting_earns_nothing),
        cmocka_unit_test(a_late_advance_makes_up_for_nothing),
        cmocka_unit_test(the_level_is_a_multiple_of_resolution),
        cmocka_unit_test(rules_that_make_no_sense_stay_at_rest),
        cmocka_unit_test(random_walks_keep_step_slew_and_target),
        cmocka_unit_test(a_surge_rises_holds_falls_and_rests),
        cmocka_unit_test(surges_are_counted_from_their_beginning),
        cmocka_unit_test(the_next_change_is_neither_missed_nor_invented),
        cmocka_unit_test(advancing_when_due_walks_as_fast_as_slew_allows),
        cmocka_unit_test(a_raised_target_is_due_at_once),
    };
    return DOSE_TESTS(tests);
}
