/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC as a client meets it: codes, ids, notifications, batches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

#define INFO "\"method\":\"daemon.info\""

static const struct row {
    const char *line;
    int64_t code;   /* 0 = a result */
    const char *id; /* of the answer, as JSON */
} rows[] = {
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO "}", 0, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"a\"," INFO "}", 0, "\"a\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":null," INFO "}", 0, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1.5," INFO "}", 0, "1.5"},
    {"{\"jsonrpc\":\"2.0\",\"id\":-7," INFO ",\"params\":{}}", 0, "-7"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO "}\r", 0, "1"},
    {"", -32700, "null"},
    {"not json", -32700, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO, -32700, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO "} {}", -32700, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999," INFO "}", -32700, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\"," INFO "}", -32700, "null"},
    {"1", -32600, "null"},
    {"\"stop\"", -32600, "null"},
    {"null", -32600, "null"},
    {"{}", -32600, "null"},
    {"[]", -32600, "null"},
    {"{\"id\":1," INFO "}", -32600, "1"},
    {"{\"jsonrpc\":\"1.0\",\"id\":1," INFO "}", -32600, "1"},
    {"{\"jsonrpc\":2.0,\"id\":1," INFO "}", -32600, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":[1]," INFO "}", -32600, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":true," INFO "}", -32600, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO ",\"params\":7}", -32600, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO ",\"extra\":7}", -32600, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2," INFO "}", -32600, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such\"}", -32601, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", -32601, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO ",\"params\":[]}", -32602, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1," INFO ",\"params\":{\"x\":1}}", -32602, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.get\",\"params\":{\"device\":7}}", -32602, "1"},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.get\",\"params\":{\"device\":\"nobody\"}}", -32000, "1"},
};

static void every_line_gets_its_code_and_id(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *answer = client_call(r, fd, rows[i].line);
        char *id = json_dumps(json_object_get(answer, "id"), JSON_ENCODE_ANY);
        if (answer_code(answer) != rows[i].code || strcmp(id, rows[i].id) != 0)
            fail_msg("row %zu: %s: code %d id %s", i, rows[i].line, (int)answer_code(answer), id);
        assert_string_equal(json_string_value(json_object_get(answer, "jsonrpc")), "2.0");
        assert_int_equal(json_object_size(answer), 3);
        free(id);
        json_decref(answer);
    }
    close(fd);
}

static void notifications_are_not_answered(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    client_send(fd, "{\"jsonrpc\":\"2.0\"," INFO "}\n{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}\n"
                    "{\"jsonrpc\":\"2.0\"," INFO ",\"params\":[]}\n");
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":9," INFO "}");
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 9);
    json_decref(answer);
    close(fd);
}

static void batches_are_answered_per_item(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd,
                                 "[{\"jsonrpc\":\"2.0\",\"id\":1," INFO "},{\"jsonrpc\":\"2.0\"," INFO "},7,"
                                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"no.such\"}]");
    assert_int_equal(json_array_size(answer), 3);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(answer, 0), "id")), 1);
    assert_int_equal(answer_code(json_array_get(answer, 1)), -32600);
    assert_int_equal(answer_code(json_array_get(answer, 2)), -32601);
    json_decref(answer);
    close(fd);
}

static void a_batch_of_notifications_is_not_answered(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    client_send(fd, "[{\"jsonrpc\":\"2.0\"," INFO "},{\"jsonrpc\":\"2.0\"," INFO "}]\n");
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":3," INFO "}");
    assert_true(json_is_object(answer));
    json_decref(answer);
    close(fd);
}

/* A line of n requests with ids from 0. */
static char *batch_of(size_t n)
{
    char *text = malloc(n * 64 + 8);
    size_t at = (size_t)sprintf(text, "[");
    for (size_t i = 0; i < n; i++)
        at += (size_t)sprintf(text + at, "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"x\"}", i == 0 ? "" : ",", i);
    sprintf(text + at, "]");
    return text;
}

static void a_batch_holds_so_many_and_no_more(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char *fits = batch_of(API_BATCH_MAX), *over = batch_of(API_BATCH_MAX + 1);
    json_t *answer = client_call(r, fd, fits);
    assert_int_equal(json_array_size(answer), API_BATCH_MAX);
    json_decref(answer);
    answer = client_call(r, fd, over);
    assert_int_equal(answer_code(answer), -32600);
    json_decref(answer);
    free(fits);
    free(over);
    close(fd);
}

static void a_batch_waits_for_its_slow_item_and_lets_the_next_line_pass(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char text[4096];
    fake.defer = true;
    snprintf(text, sizeof(text), "[%s,{\"jsonrpc\":\"2.0\",\"id\":2," INFO "}]\n", prepare_text("1", "r1", "x", "p"));
    client_send(fd, text);
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":3," INFO "}");
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 3);
    json_decref(answer);
    fake_answer(json_pack("{s:s}", "session_id", "s-9"));
    answer = client_line(r, fd);
    assert_int_equal(json_array_size(answer), 2);
    json_decref(answer);
    close(fd);
}

static void wrong_params_are_named(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer =
        client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.list\",\"params\":{\"limit\":1.0}}");
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    assert_int_equal(answer_code(answer), -32602);
    assert_string_equal(json_string_value(json_object_get(data, "field")), "params.limit");
    assert_string_equal(json_string_value(json_object_get(data, "expected")), "an integer from 1 to 1000");
    json_decref(answer);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_line_gets_its_code_and_id, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(notifications_are_not_answered, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(batches_are_answered_per_item, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(a_batch_of_notifications_is_not_answered, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(a_batch_holds_so_many_and_no_more, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(a_batch_waits_for_its_slow_item_and_lets_the_next_line_pass, room_setup,
                                        room_teardown),
        cmocka_unit_test_setup_teardown(wrong_params_are_named, room_setup, room_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
