/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link that cannot be opened, in the plugin's own words, and what counts when somebody answers on it again. A sane
 * host first, then its plug is pulled.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

static struct rig *running(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    return r;
}

static bool says(struct rig *r, uint64_t plug)
{
    char words[64];
    snprintf(words, sizeof(words), "plug %d is out: push it in", (int)plug);
    return strstr(r->presence[0].detail, words) != NULL;
}

static void pull(struct rig *r, int plug)
{
    r->world->link_down = plug;
    r->world->units[0].fail[FAKE_STATUS] = -ENODEV;
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
}

static void what_cannot_be_opened_is_told_in_the_plugins_words_and_anew_when_they_change(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){0});
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    pull(r, 2);
    rig_wait(r, 3000, says, 2);
    assert_int_equal(r->presence[0].state, UNIT_ABSENT);
    assert_false(r->world->rest_owed);
    unsigned told = r->n_presence[0];
    r->world->link_down = 3;
    rig_wait(r, 3000, says, 3);
    assert_int_equal(r->n_presence[0], told + 1);
    rig_pass(r, 500); /* the same words over and over are told once */
    assert_int_equal(r->n_presence[0], told + 1);
    r->world->link_down = 0;
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void the_plugin_is_told_that_rest_is_owed(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    pull(r, 2);
    rig_wait(r, 3000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    rig_wait(r, 3000, says, 2);
    assert_true(r->world->rest_owed);
    r->world->link_down = 0;
    rig_wait(r, 3000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_true(rig_at_rest(r, 0));
    rig_end(r);
}

/* Pulled and pushed in again: for all that the host knows it is another one. */
static int64_t swapped(struct rig *r)
{
    int64_t before = clock_monotonic_ns();
    pull(r, 2);
    rig_wait(r, 3000, says, 2);
    r->world->link_down = 0;
    return before;
}

static void rest_of_who_says_no_serial_number_counts_once_the_watchdog_of_the_other_has_ended(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){.extra = {"nameless=yes", "watchdog_ms=1200"}});
    unsigned from = r->world->n_trace;
    int64_t before = swapped(r);
    rig_wait(r, 20000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_true(rig_session(r, 1, LINK_SESSION_RESTED)->at_ns - before >= 1500 * NS_PER_MS);
    int written = rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0); /* that one rests at once all the same */
    assert_true(written >= 0);
    assert_true(r->world->trace[written].at_ns < rig_session(r, 1, LINK_SESSION_RESTED)->at_ns - 1000 * NS_PER_MS);
    rig_wait(r, 5000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void so_it_is_where_the_host_was_replaced(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_ns();
    struct rig *r =
        rig_start(&(struct rig_options){.extra = {"nameless=yes", "watchdog_ms=1200"}, .replacement = true});
    rig_wait(r, 20000, rig_unit_state, UNIT_QUARANTINE);
    assert_true(clock_monotonic_ns() - before >= 1500 * NS_PER_MS);
    rig_end(r);
}

static bool asks_for_a_person(struct rig *r, uint64_t unused)
{
    (void)unused;
    return r->presence[0].state == UNIT_OUTPUT_UNKNOWN && strstr(r->presence[0].detail, "only a person can say");
}

static void without_a_watchdog_only_a_person_can_say_that_the_other_is_at_rest(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){.extra = {"nameless=yes"}});
    swapped(r);
    rig_wait(r, 20000, asks_for_a_person, 0);
    struct link_unit_ref safe = {.unit = 0};
    link_message_head(&safe, LINK_MAKE_SAFE, sizeof(safe));
    rig_send(r, &safe);
    rig_pass(r, 500);
    assert_false(rig_has_session(r, 100 + LINK_SESSION_RESTED));
    safe.stated = 1;
    rig_send(r, &safe);
    rig_wait(r, 5000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 5000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void an_idle_one_has_nothing_to_wait_for(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.extra = {"nameless=yes"}});
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    swapped(r);
    rig_wait(r, 5000, rig_unit_state, UNIT_READY);
    assert_false(rig_unit_has_been(r, UNIT_OUTPUT_UNKNOWN));
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(what_cannot_be_opened_is_told_in_the_plugins_words_and_anew_when_they_change),
        rig_test(the_plugin_is_told_that_rest_is_owed),
        rig_test(rest_of_who_says_no_serial_number_counts_once_the_watchdog_of_the_other_has_ended),
        rig_test(so_it_is_where_the_host_was_replaced),
        rig_test(without_a_watchdog_only_a_person_can_say_that_the_other_is_at_rest),
        rig_test(an_idle_one_has_nothing_to_wait_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
