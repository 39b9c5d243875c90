/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshot, order, filter, replay and gap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

static json_t *subscribe(struct room *r, int fd, const char *params)
{
    char line[512];
    snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events.subscribe\",\"params\":%s}",
             params);
    return client_call(r, fd, line);
}

static void publish(struct room *r, const char *type, const char *session_id)
{
    api_event(r->api, type, session_id, json_pack("{s:s, s:i}", "note", "x", "seq", 999));
}

/* The next event must have this number and type. */
static void expect(struct room *r, int fd, int64_t seq, const char *type)
{
    json_t *line = client_line(r, fd);
    const json_t *params = json_object_get(line, "params");
    assert_string_equal(param_text(line, "method"), "event");
    assert_null(json_object_get(line, "id"));
    assert_int_equal(param_integer(params, "seq", -1), seq);
    assert_string_equal(param_text(params, "type"), type);
    assert_true(param_integer(params, "at_ms", 0) > 0);
    json_decref(line);
}

static void a_snapshot_comes_first_then_every_change_in_order(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    publish(r, "before", NULL);
    json_t *answer = subscribe(r, fd, "{}");
    const json_t *result = json_object_get(answer, "result"), *snapshot = json_object_get(result, "snapshot");
    assert_int_equal(param_integer(result, "seq", -1), 1);
    assert_non_null(json_object_get(snapshot, "devices"));
    assert_non_null(json_object_get(snapshot, "sessions"));
    assert_non_null(json_object_get(snapshot, "alarms"));
    assert_int_equal(strlen(param_text(result, "instance")), 32);
    json_decref(answer);
    publish(r, "session.state", "s-1");
    publish(r, "device.state", NULL);
    expect(r, fd, 2, "session.state");
    expect(r, fd, 3, "device.state");
    close(fd);
}

static void a_filter_lets_its_types_session_and_all_alarms_pass(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_decref(subscribe(r, fd, "{\"filter\":{\"types\":[\"session.*\",\"device.state\"],\"session_id\":\"s-1\"}}"));
    publish(r, "session.progress", "s-1"); /* 1 */
    publish(r, "session.progress", "s-2"); /* another session */
    publish(r, "sessions", "s-1");         /* not of the family */
    publish(r, "device.state", NULL);      /* 4 */
    publish(r, "device.states", NULL);
    publish(r, "alarm", "s-2"); /* 6 */
    expect(r, fd, 1, "session.progress");
    expect(r, fd, 4, "device.state");
    expect(r, fd, 6, "alarm");
    json_decref(subscribe(r, fd, "{}"));
    publish(r, "sessions", "s-2");
    expect(r, fd, 7, "sessions");
    close(fd);
}

static void since_brings_what_was_missed(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (int i = 0; i < 5; i++)
        publish(r, "x", NULL);
    json_t *answer = subscribe(r, fd, "{\"since\":3}");
    assert_null(json_object_get(json_object_get(answer, "result"), "gap"));
    assert_int_equal(param_integer(json_object_get(answer, "result"), "seq", -1), 5);
    json_decref(answer);
    publish(r, "y", NULL);
    expect(r, fd, 4, "x");
    expect(r, fd, 5, "x");
    expect(r, fd, 6, "y");
    close(fd);
}

static void progress_is_told_and_not_kept(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    publish(r, "x", NULL);
    for (int i = 0; i < API_EVENTS_MAX + 10; i++)
        publish(r, "session.progress", "s-1");
    publish(r, "y", NULL);
    json_t *answer = subscribe(r, fd, "{\"since\":0}");
    assert_null(json_object_get(json_object_get(answer, "result"), "gap"));
    json_decref(answer);
    expect(r, fd, 1, "x");
    expect(r, fd, API_EVENTS_MAX + 12, "y");
    publish(r, "session.progress", "s-1");
    expect(r, fd, API_EVENTS_MAX + 13, "session.progress");
    close(fd);
}

static void a_gap_is_told(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (int i = 0; i < API_EVENTS_MAX + 10; i++)
        publish(r, "x", NULL);
    json_t *answer = subscribe(r, fd, "{\"since\":4}");
    const json_t *gap = json_object_get(json_object_get(answer, "result"), "gap");
    assert_int_equal(param_integer(gap, "from", 0), 5);
    assert_int_equal(param_integer(gap, "to", 0), 10);
    json_decref(answer);
    expect(r, fd, 11, "x");
    close(fd);
}

static void the_newest_and_the_number_of_another_daemon(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    publish(r, "x", NULL);
    json_t *answer = subscribe(r, fd, "{\"since\":1}");
    assert_null(json_object_get(json_object_get(answer, "result"), "gap"));
    json_decref(answer);
    answer = subscribe(r, fd, "{\"since\":700}");
    assert_non_null(json_object_get(json_object_get(answer, "result"), "gap"));
    json_decref(answer);
    publish(r, "y", NULL);
    expect(r, fd, 2, "y");
    close(fd);
}

static void the_ring_is_bounded_in_bytes(void **state)
{
    struct room *r = *state;
    static char text[60001];
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 50; i++)
        api_event(r->api, "x", NULL, json_pack("{s:s}", "text", text));
    assert_true(r->api->events->bytes <= API_EVENTS_BYTES);
    assert_true(r->api->events->n > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_snapshot_comes_first_then_every_change_in_order),
        TEST(a_filter_lets_its_types_session_and_all_alarms_pass),
        TEST(since_brings_what_was_missed),
        TEST(progress_is_told_and_not_kept),
        TEST(a_gap_is_told),
        TEST(the_newest_and_the_number_of_another_daemon),
        TEST(the_ring_is_bounded_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
