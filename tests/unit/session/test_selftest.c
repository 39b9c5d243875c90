/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.selftest: only of an idle device, never a start, every step told, and a failed one for what it is. The hosts
 * are played; what they do with LINK_TRY is tried in the host's own tests.
 */
#include "fixture.h"

static void ask(struct room *r, const char *device)
{
    const struct session_actor actor = room_actor();
    r->answered = false;
    room_forget(r);
    device_selftest(r->sessions, device, &actor, &r->now, room_reply(r));
}

static void say_tried(struct room *r, enum link_trial_step step, uint32_t group, int result, const char *detail)
{
    struct link_tried m = {.step = step, .group = group, .result = result, .took_ns = 1500 * NS_PER_US};
    m.evidence = result == 0 && step != LINK_TRIAL_IDENTITY ? EVIDENCE_MEASURED : EVIDENCE_NONE;
    link_message_head(&m, LINK_TRIED, sizeof m);
    snprintf(m.detail, sizeof m.detail, "%s", detail);
    sessions_host_message(r->sessions, STIM, &m.header, &r->now);
    room_tick(r);
}

static void try_all(struct room *r, int result_of_stop)
{
    say_tried(r, LINK_TRIAL_IDENTITY, 0, 0, "");
    say_tried(r, LINK_TRIAL_REST, 0, 0, "");
    say_tried(r, LINK_TRIAL_STOP, 0, result_of_stop, result_of_stop == 0 ? "" : "the device refused it");
    say_tried(r, LINK_TRIAL_MAKE_SAFE, 0, 0, "");
    say_tried(r, LINK_TRIAL_OVER, 0, 0, "");
}

/* The link replaces the host that it was told to, and the next one is there after a while. */
static void come_back(struct room *r, const char *serial)
{
    assert_int_equal(r->replaced, 1);
    sessions_host_gone(r->sessions, STIM, "it was replaced", &r->now);
    room_advance(r, 80);
    room_tick(r);
    assert_false(r->answered);
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "%s", serial);
    r->epoch[STIM]++;
    host_presence(r, STIM, UNIT_QUARANTINE);
    assert_int_equal(sessions_next_ns(r->sessions), 0);
    room_tick(r);
}

static const json_t *step(const struct room *r, const char *id)
{
    size_t i;
    const json_t *s;
    json_array_foreach(json_object_get(r->result, "steps"), i, s)
    {
        if (strcmp(json_string_value(json_object_get(s, "step")), id) == 0)
            return s;
    }
    return NULL;
}

#define assert_step(r, id, what)                                                                                       \
    do {                                                                                                               \
        assert_non_null(step(r, id));                                                                                  \
        assert_string_equal(json_string_value(json_object_get(step(r, id), "result")), what);                          \
    } while (0)

static bool passed(const struct room *r)
{
    return json_is_true(json_object_get(r->result, "passed"));
}

static void an_idle_device_is_tried_and_nothing_is_started(void **state)
{
    struct room *r = *state;
    char serial[16];
    room_open(r);
    ask(r, "stim1");
    assert_int_equal(room_count(r, LINK_TRY), 1);
    try_all(r, 0);
    memcpy(serial, r->serial[STIM], sizeof serial);
    come_back(r, serial);
    assert_false(r->answered); /* in quarantine */
    room_advance(r, 2000);
    host_presence(r, STIM, UNIT_READY);
    room_tick(r);
    assert_answered(r);
    assert_true(passed(r));
    assert_step(r, "identity", "pass");
    assert_step(r, "rest", "pass");
    assert_step(r, "stop", "pass");
    assert_string_equal(json_string_value(json_object_get(step(r, "stop"), "evidence")), "measured");
    assert_int_equal(json_integer_value(json_object_get(step(r, "stop"), "took_us")), 1500);
    assert_step(r, "make_safe", "pass");
    assert_step(r, "host_killed", "pass");
    assert_int_equal(json_integer_value(json_object_get(step(r, "host_killed"), "took_us")), 80000);
    assert_step(r, "ready_again", "pass");
    assert_step(r, "watchdog", "not_shown");
    assert_step(r, "alarm_command", "not_shown");
    assert_int_equal(room_count(r, LINK_ARM), 0);
    assert_int_equal(room_count(r, LINK_TARGET), 0);
    const struct session_request q = room_tens();
    room_prepare(r, &q);
}

static void a_stop_that_fails_is_told_and_the_rest_is_tried(void **state)
{
    struct room *r = *state;
    char serial[16];
    room_open(r);
    ask(r, "stim1");
    try_all(r, -EACCES);
    memcpy(serial, r->serial[STIM], sizeof serial);
    come_back(r, serial);
    host_presence(r, STIM, UNIT_READY);
    room_tick(r);
    assert_answered(r);
    assert_false(passed(r));
    assert_step(r, "stop", "fail");
    assert_string_equal(json_string_value(json_object_get(step(r, "stop"), "detail")), "the device refused it");
    assert_step(r, "make_safe", "pass");
    assert_step(r, "host_killed", "pass");
}

static void another_device_after_the_host_was_killed_is_a_fault(void **state)
{
    struct room *r = *state;
    room_open(r);
    ask(r, "stim1");
    try_all(r, 0);
    come_back(r, "OTHER");
    assert_answered(r);
    assert_false(passed(r));
    assert_step(r, "host_killed", "fail");
    assert_null(step(r, "ready_again"));
}

static void a_device_that_does_not_come_back_is_a_fault(void **state)
{
    struct room *r = *state;
    room_open(r);
    ask(r, "stim1");
    try_all(r, 0);
    sessions_host_gone(r->sessions, STIM, "it was replaced", &r->now);
    room_tick(r);
    assert_true(sessions_next_ns(r->sessions) < INT64_MAX);
    room_advance(r, 19999);
    room_tick(r);
    assert_false(r->answered);
    room_advance(r, 1);
    room_tick(r);
    assert_answered(r);
    assert_step(r, "host_killed", "fail");
}

static void a_host_that_is_lost_meanwhile_ends_it(void **state)
{
    struct room *r = *state;
    room_open(r);
    ask(r, "stim1");
    say_tried(r, LINK_TRIAL_IDENTITY, 0, 0, "");
    sessions_host_gone(r->sessions, STIM, "host was ended by signal 9", &r->now);
    room_tick(r);
    assert_answered(r);
    assert_false(passed(r));
    assert_step(r, "trial", "fail");
    assert_int_equal(r->replaced, 0);
}

static void only_an_idle_and_ready_device_is_tried(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    ask(r, "nobody");
    assert_refused(r, TOKEN_NOT_FOUND);
    host_presence(r, STIM, UNIT_ABSENT);
    ask(r, "stim1");
    assert_refused(r, TOKEN_DEVICE_ABSENT);
    host_presence(r, STIM, UNIT_QUARANTINE);
    ask(r, "stim1");
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    host_presence(r, STIM, UNIT_READY);
    room_prepare(r, &q);
    ask(r, "stim1");
    assert_refused(r, TOKEN_BUSY);
    assert_int_equal(room_count(r, LINK_TRY), 0);
    host_presence(r, STIM, UNIT_OUTPUT_UNKNOWN);
    room_advance(r, 121000); /* what was prepared has expired */
    room_tick(r);
    ask(r, "stim1");
    assert_refused(r, TOKEN_OUTPUT_UNKNOWN);
    ask(r, "us1"); /* on a link of its own */
    assert_false(r->answered);
    ask(r, "us1");
    assert_refused(r, TOKEN_WRONG_STATE);
}

static void nothing_begins_on_a_link_that_is_tried(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    ask(r, "stim1");
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    assert_non_null(strstr(r->message, "self-test"));
}

static void one_that_is_under_way_when_the_daemon_stops_is_answered(void **state)
{
    struct room *r = *state;
    room_open(r);
    ask(r, "stim1");
    sessions_shutdown(r->sessions, &r->now);
    assert_refused(r, TOKEN_SHUTTING_DOWN);
    ask(r, "stim1");
    assert_refused(r, TOKEN_SHUTTING_DOWN);
}

static int command_result;

static int try_command(void *userdata, const char *device)
{
    (void)userdata;
    assert_string_equal(device, "stim1");
    return command_result;
}

/* To the moment at which the alarm command is run. */
static void to_the_command(struct room *r, int result)
{
    char serial[16];
    command_result = result;
    r->replaced = 0;
    r->sessions->ports.try_alarm_command = try_command;
    ask(r, "stim1");
    try_all(r, 0);
    memcpy(serial, r->serial[STIM], sizeof serial);
    come_back(r, serial);
    host_presence(r, STIM, UNIT_READY);
    room_tick(r);
}

static void the_alarm_command_runs(void **state)
{
    struct room *r = *state;
    room_open(r);
    to_the_command(r, 0);
    assert_false(r->answered);
    selftest_command_ended(r->sessions, "stim1", 0);
    room_tick(r);
    assert_answered(r);
    assert_step(r, "alarm_command", "pass");
    to_the_command(r, 0);
    selftest_command_ended(r->sessions, "stim1", 3);
    room_tick(r);
    assert_answered(r);
    assert_step(r, "alarm_command", "fail");
    to_the_command(r, -EACCES);
    assert_answered(r);
    assert_step(r, "alarm_command", "fail");
    to_the_command(r, 0);
    room_advance(r, 10000); /* it rings on */
    room_tick(r);
    assert_answered(r);
    assert_true(passed(r));
    assert_step(r, "alarm_command", "not_shown");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_device_is_tried_and_nothing_is_started),
        TEST(a_stop_that_fails_is_told_and_the_rest_is_tried),
        TEST(another_device_after_the_host_was_killed_is_a_fault),
        TEST(a_device_that_does_not_come_back_is_a_fault),
        TEST(a_host_that_is_lost_meanwhile_ends_it),
        TEST(only_an_idle_and_ready_device_is_tried),
        TEST(nothing_begins_on_a_link_that_is_tried),
        TEST(one_that_is_under_way_when_the_daemon_stops_is_answered),
        TEST(the_alarm_command_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
