/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What single methods answer: filters, pages, what is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/method.h"
#include "room.h"

static json_t *ask(struct room *r, int fd, const char *method, const char *params)
{
    char line[1024];
    snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
    return client_call(r, fd, line);
}

/* How many items; the answer is given back. */
static size_t items(struct room *r, int fd, const char *method, const char *params)
{
    json_t *answer = ask(r, fd, method, params);
    size_t n = json_array_size(json_object_get(json_object_get(answer, "result"), "items"));
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    return n;
}

#define ACTING "\"request_id\":\"%s\",\"operator\":{\"id\":\"anna\",\"name\":\"Anna\"}"

static json_t *act(struct room *r, int fd, const char *method, const char *request_id, const char *params)
{
    char all[800], acting[128];
    snprintf(acting, sizeof(acting), ACTING, request_id);
    snprintf(all, sizeof(all), "{%s%s%s}", params, params[0] != 0 ? "," : "", acting);
    return ask(r, fd, method, all);
}

static void lists_take_their_filters(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    assert_int_equal(items(r, fd, "protocol.list", "{}"), 2);
    assert_int_equal(items(r, fd, "protocol.list", "{\"modality\":\"estim\"}"), 1);
    assert_int_equal(items(r, fd, "protocol.list", "{\"modality\":\"laser\"}"), 0);
    assert_int_equal(items(r, fd, "protocol.list", "{\"therapy\":\"us_thermal\"}"), 1);
    assert_int_equal(items(r, fd, "protocol.list", "{\"device\":\"stim1\"}"), 1);
    assert_int_equal(items(r, fd, "protocol.list", "{\"device\":\"nobody\"}"), 0);
    assert_int_equal(items(r, fd, "limits.list", "{}"), 2);
    assert_int_equal(items(r, fd, "limits.list", "{\"class\":\"hard\"}"), 1);
    assert_int_equal(items(r, fd, "limits.list", "{\"quantity\":\"power_uw\"}"), 0);
    assert_int_equal(items(r, fd, "limits.list", "{\"layer\":\"installation\",\"modality\":\"estim\"}"), 2);
    assert_int_equal(items(r, fd, "config.explain", "{}"), 2);
    assert_int_equal(items(r, fd, "config.explain", "{\"section\":\"daemon\"}"), 1);
    assert_int_equal(items(r, fd, "config.explain", "{\"key\":\"right\"}"), 1);
    assert_int_equal(items(r, fd, "device.list", "{}"), 1);
    close(fd);
}

static void pages_follow_each_other_to_the_end(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char params[64] = "{\"limit\":7}";
    size_t n = 0;
    for (;;) {
        json_t *answer = ask(r, fd, "quantity.list", params);
        const json_t *result = json_object_get(answer, "result");
        const char *cursor = param_text(result, "next_cursor");
        n += json_array_size(json_object_get(result, "items"));
        assert_true(cursor == NULL || json_array_size(json_object_get(result, "items")) == 7);
        if (cursor != NULL)
            snprintf(params, sizeof(params), "{\"limit\":7,\"cursor\":\"%s\"}", cursor);
        bool end = cursor == NULL;
        json_decref(answer);
        if (end)
            break;
    }
    assert_int_equal(n, QUANTITY_COUNT);
    json_t *answer = ask(r, fd, "quantity.list", "{\"cursor\":\"x7\"}");
    assert_int_equal(answer_code(answer), -32602);
    json_decref(answer);
    close(fd);
}

static void documents_say_what_configuration_says(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer = ask(r, fd, "protocol.get", "{\"protocol\":\"tens\"}");
    const json_t *result = json_object_get(answer, "result");
    const json_t *parameter = json_array_get(json_object_get(result, "parameters"), 0);
    struct param_fault fault;
    assert_int_equal(param_check(&method_find("protocol.get")->result, result, "result", &fault), 0);
    assert_string_equal(param_text(parameter, "quantity"), "amplitude_ua");
    assert_int_equal(param_integer(parameter, "max", 0), 60000);
    assert_string_equal(param_text(parameter, "max_text"), "60 mA");
    assert_string_equal(param_text(parameter, "origin"), "p.ini:4");
    json_decref(answer);
    answer = ask(r, fd, "limits.explain", "{\"limit\":\"es_max\"}");
    result = json_object_get(answer, "result");
    assert_string_equal(param_text(json_object_get(result, "limit"), "origin"), "limits.ini:41");
    assert_int_equal(json_array_size(json_object_get(result, "others")), 1);
    json_decref(answer);
    close(fd);
}

static const struct row {
    const char *method, *params, *token;
} missing[] = {
    {"device.get", "{\"device\":\"x\"}", "NOT_FOUND"},     {"protocol.get", "{\"protocol\":\"x\"}", "NOT_FOUND"},
    {"limits.explain", "{\"limit\":\"x\"}", "NOT_FOUND"},  {"session.get", "{\"session_id\":\"x\"}", "NOT_FOUND"},
    {"record.get", "{\"session_id\":\"x\"}", "NOT_FOUND"},
};

static void what_is_not_there_is_not_found(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (size_t i = 0; i < PARAM_COUNT(missing); i++) {
        json_t *answer = ask(r, fd, missing[i].method, missing[i].params);
        assert_string_equal(answer_token(answer), missing[i].token);
        json_decref(answer);
    }
    close(fd);
}

static void alarms_are_acknowledged_once(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    static const char *const tokens[] = {"", "WRONG_STATE", "NOT_FOUND"};
    for (int i = 0; i < 3; i++) {
        char params[32], id[8];
        snprintf(params, sizeof(params), "\"number\":%d", i + 1);
        snprintf(id, sizeof(id), "a%d", i);
        json_t *answer = act(r, fd, "alarm.acknowledge", id, params);
        assert_string_equal(answer_token(answer), tokens[i]);
        json_decref(answer);
    }
    close(fd);
}

static void additions_get_an_id_and_queries_reach_the_records(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer = act(r, fd, "incident.create", "i1",
                         "\"found_at\":1700000000000,\"harm\":\"redness\",\"what_happened\":\"seen after\"");
    assert_int_equal(strlen(param_text(json_object_get(answer, "result"), "incident_id")), 24);
    json_decref(answer);
    answer = act(r, fd, "record.addendum", "i2", "\"session_id\":\"s-1\",\"text\":\"later\"");
    assert_non_null(param_text(json_object_get(answer, "result"), "addendum_id"));
    json_decref(answer);
    assert_int_equal(fake.appended, 2);
    answer = ask(r, fd, "audit.verify", "{}");
    assert_true(json_is_true(json_object_get(json_object_get(answer, "result"), "ok")));
    json_decref(answer);
    assert_int_equal(items(r, fd, "record.list", "{\"patient_ref\":\"P-1\",\"limit\":5}"), 0);
    assert_string_equal(fake.query, "record.list");
    answer = act(r, fd, "audit.accept", "i3", "\"statement\":\"looked\"");
    assert_string_equal(answer_token(answer), "WRONG_STATE");
    json_decref(answer);
    close(fd);
}

static void a_review_says_every_amount(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer =
        act(r, fd, "dose.review", "d1",
            "\"session_id\":\"s-1\",\"statement\":\"x\",\"delivered\":{\"duration_ms\":5,\"energy_uj\":0}");
    assert_int_equal(answer_code(answer), -32602);
    json_decref(answer);
    answer = act(r, fd, "dose.review", "d2",
                 "\"session_id\":\"s-1\",\"statement\":\"x\",\"delivered\":{\"duration_ms\":5,\"energy_uj\":0,"
                 "\"session_charge_uc\":7}");
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(fd);
}

static void info_names_the_peer_and_the_daemon(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer = ask(r, fd, "daemon.info", "{}");
    const json_t *result = json_object_get(answer, "result"), *peer = json_object_get(result, "peer");
    assert_int_equal(param_integer(result, "pid", 0), getpid());
    assert_string_equal(param_text(result, "state"), "ready");
    assert_int_equal(param_integer(peer, "uid", -1), getuid());
    assert_string_equal(param_text(peer, "role"), "therapists");
    assert_int_equal(param_integer(json_object_get(result, "limits"), "line_bytes", 0), 65536);
    json_decref(answer);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_take_their_filters),
        TEST(pages_follow_each_other_to_the_end),
        TEST(documents_say_what_configuration_says),
        TEST(what_is_not_there_is_not_found),
        TEST(alarms_are_acknowledged_once),
        TEST(additions_get_an_id_and_queries_reach_the_records),
        TEST(a_review_says_every_amount),
        TEST(info_names_the_peer_and_the_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
