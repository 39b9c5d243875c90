/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may act, for whom, and how often one request is carried out.
 */
#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

static void a_weaker_role_is_refused_with_uid_need_and_key(void **state)
{
    struct room *r = *state;
    r->role.right = RIGHT_VIEWER;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    assert_string_equal(answer_token(answer), "ROLE_REQUIRED");
    assert_string_equal(param_text(data, "needed"), "therapist");
    assert_string_equal(param_text(data, "role"), "therapists");
    assert_int_equal(param_integer(data, "uid", -1), getuid());
    assert_non_null(param_text(data, "config_key"));
    assert_int_equal(fake.prepares, 0);
    json_decref(answer);
    answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.list\"}");
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\"}");
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(fd);
}

static void a_role_that_a_reload_takes_away_is_gone_at_once(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_decref(client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.list\"}"));
    r->config.n_roles = 0;
    api_reload(r->api, &r->config);
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.list\"}");
    assert_string_equal(answer_token(answer), "ROLE_REQUIRED");
    json_decref(answer);
    close(fd);
}

static void the_operator_is_oneself_by_login_name_or_uid(void **state)
{
    struct room *r = *state;
    r->role.may_act_for = false;
    int fd = client_open(r);
    char uid[16];
    snprintf(uid, sizeof(uid), "%u", (unsigned)getuid());
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", uid, "P-1"));
    assert_int_equal(answer_code(answer), 0);
    assert_true(fake.actor.may_act_for);
    json_decref(answer);
    const struct passwd *own = getpwuid(getuid());
    if (own != NULL) {
        answer = client_call(r, fd, prepare_text("1", "r2", own->pw_name, "P-1"));
        assert_int_equal(answer_code(answer), 0);
        json_decref(answer);
    }
    close(fd);
}

static void acting_for_another_needs_the_key_and_the_refusal_names_it(void **state)
{
    struct room *r = *state;
    r->role.may_act_for = false;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", "somebody.else", "P-1"));
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    assert_string_equal(answer_token(answer), "NOT_ACTING_FOR");
    assert_string_equal(param_text(data, "config_key"), "may_act_for of [role therapists]");
    assert_string_equal(param_text(data, "operator_id"), "somebody.else");
    assert_int_equal(fake.prepares, 0);
    json_decref(answer);
    r->role.may_act_for = true;
    answer = client_call(r, fd, prepare_text("1", "r1", "somebody.else", "P-1"));
    assert_int_equal(answer_code(answer), 0);
    assert_string_equal(fake.operator_id, "somebody.else");
    json_decref(answer);
    close(fd);
}

static void a_stop_is_not_refused_for_its_operator(void **state)
{
    struct room *r = *state;
    r->role.may_act_for = false;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd,
                                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":{\"session_id\":"
                                 "\"s-1\",\"operator\":{\"id\":\"another\",\"name\":\"B\"},\"request_id\":\"q\"}}");
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(fd);
}

static void the_same_request_is_carried_out_once(void **state)
{
    struct room *r = *state;
    int fd = client_open(r), other = client_open(r);
    json_t *first = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    json_t *again = client_call(r, other, prepare_text("\"b\"", "r1", "anna", "P-1"));
    assert_int_equal(fake.prepares, 1);
    assert_true(json_equal(json_object_get(first, "result"), json_object_get(again, "result")));
    assert_string_equal(json_string_value(json_object_get(again, "id")), "b");
    json_decref(first);
    json_decref(again);
    close(fd);
    close(other);
}

static void other_parameters_under_one_request_id_are_refused(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_decref(client_call(r, fd, prepare_text("1", "r1", "anna", "P-1")));
    json_t *answer = client_call(r, fd, prepare_text("2", "r1", "anna", "P-2"));
    assert_string_equal(answer_token(answer), "REQUEST_REUSED");
    json_decref(answer);
    answer = client_call(r, fd,
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"alarm.acknowledge\",\"params\":{\"number\":1,"
                         "\"request_id\":\"r1\",\"operator\":{\"id\":\"anna\",\"name\":\"Anna\"}}}");
    assert_string_equal(answer_token(answer), "REQUEST_REUSED");
    assert_int_equal(fake.prepares, 1);
    json_decref(answer);
    close(fd);
}

static void a_repetition_waits_for_the_first_one(void **state)
{
    struct room *r = *state;
    int fd = client_open(r), other = client_open(r);
    fake.defer = true;
    client_send(fd, prepare_text("1", "r1", "anna", "P-1"));
    client_send(fd, "\n");
    client_send(other, prepare_text("2", "r1", "anna", "P-1"));
    client_send(other, "\n");
    json_t *answer = client_call(r, other, prepare_text("3", "r1", "anna", "P-2"));
    assert_string_equal(answer_token(answer), "REQUEST_REUSED");
    json_decref(answer);
    assert_int_equal(fake.prepares, 1);
    fake_answer(json_pack("{s:s}", "session_id", "s-5"));
    json_t *a = client_line(r, fd), *b = client_line(r, other);
    assert_true(json_equal(json_object_get(a, "result"), json_object_get(b, "result")));
    assert_int_equal(json_integer_value(json_object_get(b, "id")), 2);
    json_decref(a);
    json_decref(b);
    close(fd);
    close(other);
}

static void a_refused_request_may_be_tried_again_under_its_id(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.refuse = true;
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    assert_int_equal(answer_code(answer), -32000);
    assert_string_equal(answer_token(answer), "LIMIT_EXCEEDED");
    assert_int_equal(param_integer(data, "value", 0), 92000);
    json_decref(answer);
    fake.refuse = false;
    answer = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    assert_int_equal(answer_code(answer), 0);
    assert_int_equal(fake.prepares, 2);
    json_decref(answer);
    close(fd);
}

static void what_cannot_be_remembered_is_not_carried_out(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.store_error = -EAGAIN;
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    assert_string_equal(answer_token(answer), "RECORDS_UNAVAILABLE");
    assert_int_equal(fake.prepares, 0);
    json_decref(answer);
    close(fd);
}

static void too_many_waiting_requests_are_refused_and_a_stop_is_not(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.defer = true;
    for (int i = 0; i < API_CALLS_MAX; i++) { /* repetitions of one request wait without an answer */
        client_send(fd, prepare_text("1", "r1", "anna", "P-1"));
        client_send(fd, "\n");
        room_settle(r);
    }
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"device.list\"}");
    assert_string_equal(answer_token(answer), "OVERLOADED");
    json_decref(answer);
    answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"stop.all\"}");
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    fake_answer(json_object());
    for (int i = 0; i < API_CALLS_MAX; i++)
        json_decref(client_line(r, fd));
    close(fd);
}

static void a_start_says_whether_its_connection_is_subscribed(void **state)
{
    struct room *r = *state;
    static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.start\",\"params\":{\"session_id\":"
                                "\"s-1\",\"confirm_token\":\"t\",\"request_id\":\"%s\",\"operator\":{\"id\":\"anna\","
                                "\"name\":\"Anna\"}}}";
    char line[512];
    int fd = client_open(r);
    snprintf(line, sizeof(line), start, "a");
    json_decref(client_call(r, fd, line));
    assert_false(fake.actor.subscribed);
    json_decref(client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events.subscribe\"}"));
    snprintf(line, sizeof(line), start, "b");
    json_decref(client_call(r, fd, line));
    assert_true(fake.actor.subscribed);
    assert_true(fake.actor.connection > 0);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_weaker_role_is_refused_with_uid_need_and_key),
        TEST(a_role_that_a_reload_takes_away_is_gone_at_once),
        TEST(the_operator_is_oneself_by_login_name_or_uid),
        TEST(acting_for_another_needs_the_key_and_the_refusal_names_it),
        TEST(a_stop_is_not_refused_for_its_operator),
        TEST(the_same_request_is_carried_out_once),
        TEST(other_parameters_under_one_request_id_are_refused),
        TEST(a_repetition_waits_for_the_first_one),
        TEST(a_refused_request_may_be_tried_again_under_its_id),
        TEST(what_cannot_be_remembered_is_not_carried_out),
        TEST(too_many_waiting_requests_are_refused_and_a_stop_is_not),
        TEST(a_start_says_whether_its_connection_is_subscribed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
