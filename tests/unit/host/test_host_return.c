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

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(what_cannot_be_opened_is_told_in_the_plugins_words_and_anew_when_they_change),
        rig_test(the_plugin_is_told_that_rest_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
