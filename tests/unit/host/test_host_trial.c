/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test of an idle unit: every way to rest is written and read back, none is energised, and what does not work
 * is told for what it is.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <string.h>

#include "rig.h"

#define GROUPS 3      /* of the fake: each channel, and both */
#define WAIT_MS 20000 /* for what has to come, on a machine however busy */

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    for (uint64_t unit = 0; unit < (options->units ? options->units : 1); unit++)
        rig_wait(r, WAIT_MS, rig_unit_state, unit * 100 + UNIT_READY);
    return r;
}

static bool over(struct rig *r, uint64_t nothing)
{
    (void)nothing;
    return r->n_tried > 0 && r->tried[r->n_tried - 1].step == LINK_TRIAL_OVER;
}

static void try_unit(struct rig *r, uint32_t unit)
{
    struct link_unit_ref m = {.unit = unit};
    r->n_tried = 0;
    link_message_head(&m, LINK_TRY, sizeof m);
    rig_send(r, &m);
}

static void tried(struct rig *r)
{
    try_unit(r, 0);
    rig_wait(r, WAIT_MS, over, 0);
}

/* What one of them said; NULL: it was not tried. */
static const struct link_tried *said(const struct rig *r, enum link_trial_step step, uint32_t group)
{
    for (unsigned i = 0; i < r->n_tried; i++)
        if (r->tried[i].step == step && r->tried[i].group == group)
            return &r->tried[i];
    return NULL;
}

static void answer(struct rig *r, enum fake_call call, int error, int times)
{
    r->world->units[0].fail[call] = error;
    r->world->units[0].n_fail[call] = times;
}

static void every_way_to_rest_is_tried_and_nothing_is_energised(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"slice_ms=400"}});
    const unsigned from = r->world->n_trace;
    tried(r);
    assert_int_equal(r->n_tried, 2 + GROUPS + 2);
    for (unsigned i = 0; i < r->n_tried; i++) {
        assert_int_equal(r->tried[i].result, 0);
        assert_string_equal(r->tried[i].detail, "");
        assert_int_equal(r->tried[i].evidence, i == 0 || i + 1 == r->n_tried ? EVIDENCE_NONE : EVIDENCE_MEASURED);
    }
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_IDENTIFY), 1);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_STOP), GROUPS);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_MAKE_SAFE), 1);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 0);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_START), 0);
    rig_arm_and_run(r, 1, 0, 2000); /* as ready as before */
    rig_wait(r, WAIT_MS, rig_level_is, 2000);
    rig_end(r);
}

static void a_stop_that_is_refused_has_failed_and_the_others_are_tried(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"slice_ms=400"}});
    answer(r, FAKE_STOP, -EACCES, 1);
    tried(r);
    assert_int_equal(said(r, LINK_TRIAL_STOP, 0)->result, -EACCES);
    assert_string_equal(said(r, LINK_TRIAL_STOP, 0)->detail, "the device refused it");
    assert_int_equal(said(r, LINK_TRIAL_STOP, 1)->result, 0);
    assert_int_equal(said(r, LINK_TRIAL_MAKE_SAFE, 0)->result, 0);
    assert_int_equal(said(r, LINK_TRIAL_OVER, 0)->result, 0);
    rig_end(r);
}

static void one_that_says_another_serial_number_has_failed(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"slice_ms=400"}});
    answer(r, FAKE_IDENTIFY, -ENODEV, 1);
    tried(r);
    assert_int_equal(said(r, LINK_TRIAL_IDENTITY, 0)->result, -ENODEV);
    assert_int_equal(said(r, LINK_TRIAL_OVER, 0)->result, -ECANCELED);
    assert_null(said(r, LINK_TRIAL_STOP, 0));
    rig_wait(r, WAIT_MS, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void one_that_goes_silent_ends_the_trial(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"slice_ms=50"}});
    r->world->units[0].silent = 1;
    tried(r);
    assert_int_equal(said(r, LINK_TRIAL_OVER, 0)->result, -ECANCELED);
    r->world->units[0].silent = 0;
    rig_wait(r, WAIT_MS, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void one_that_is_in_a_session_is_not_tried(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"slice_ms=400"}});
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, WAIT_MS, rig_level_is, 2000);
    const unsigned from = r->world->n_trace;
    tried(r);
    assert_int_equal(r->n_tried, 1);
    assert_int_equal(r->tried[0].result, -ECANCELED);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_STOP) + rig_trace_count(r, from, 0, FAKE_MAKE_SAFE), 0);
    assert_true(rig_level_is(r, 2000));
    rig_end(r);
}

/* It says no serial number, so that after an output its watchdog would be waited for: nothing had any. */
static void after_an_idle_host_nobodys_watchdog_is_waited_for(void **state)
{
    (void)state;
    struct rig *r = rig_start(
        &(struct rig_options){.extra = {"nameless=yes", "watchdog_ms=1200"}, .replacement = true, .idle = true});
    rig_wait(r, WAIT_MS, rig_unit_has_been, UNIT_QUARANTINE);
    assert_false(rig_unit_has_been(r, UNIT_OUTPUT_UNKNOWN));
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(every_way_to_rest_is_tried_and_nothing_is_energised),
        rig_test(a_stop_that_is_refused_has_failed_and_the_others_are_tried),
        rig_test(one_that_says_another_serial_number_has_failed),
        rig_test(one_that_goes_silent_ends_the_trial),
        rig_test(one_that_is_in_a_session_is_not_tried),
        rig_test(after_an_idle_host_nobodys_watchdog_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
