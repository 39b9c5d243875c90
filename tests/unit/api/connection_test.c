/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that misbehave on one connection: long lines, half lines, readers that never read, peers that go.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

#define STOP "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\"}"
#define INFO "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"device.list\"}"

static void send_all(struct room *r, int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return; /* the daemon has closed: what it said is still to be read */
        }
        assert_true(sd_event_run(r->event, 0) >= 0);
    }
}

/* A request of exactly n bytes, its newline not counted. */
static char *line_of(size_t n)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"device.list\"";
    char *line = malloc(n + 2);
    memset(line, ' ', n);
    memcpy(line, head, sizeof(head) - 1);
    line[n - 1] = '}';
    line[n] = '\n';
    line[n + 1] = 0;
    return line;
}

static void a_line_of_the_longest_size_is_served(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char *line = line_of(API_LINE_MAX);
    send_all(r, fd, line, API_LINE_MAX + 1);
    json_t *answer = client_line(r, fd);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    free(line);
    close(fd);
}

static void one_byte_more_is_refused_and_closes_after_earlier_answers(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char *line = line_of(API_LINE_MAX + 1);
    send_all(r, fd, INFO "\n", sizeof(INFO));
    send_all(r, fd, line, API_LINE_MAX + 2);
    json_t *answer = client_line(r, fd);
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 2);
    json_decref(answer);
    answer = client_line(r, fd);
    assert_int_equal(answer_code(answer), -32600);
    assert_true(json_is_null(json_object_get(answer, "id")));
    json_decref(answer);
    assert_null(client_line(r, fd));
    free(line);
    close(fd);
}

static void a_line_without_end_uses_bounded_memory_and_its_stop_counts(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    char *noise = malloc(API_LINE_MAX * 2);
    memset(noise, ' ', API_LINE_MAX * 2);
    send_all(r, fd, noise, API_LINE_MAX * 2);
    send_all(r, fd, STOP, sizeof(STOP) - 1);
    room_run_ms(r, 20);
    for (const struct connection *c = r->api->clients.first; c != NULL; c = c->next)
        assert_true(c->in_size <= 2 * (API_LINE_MAX + API_READ_MAX));
    free(noise);
    close(fd);
}

static void half_a_line_and_silence_harm_nobody(void **state)
{
    struct room *r = *state;
    int half = client_open(r), other = client_open(r);
    client_send(half, "{\"jsonrpc\":\"2.0\",\"id\":1,\"meth");
    json_t *answer = client_call(r, other, INFO);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    client_send(half, "od\":\"device.list\"}\n");
    answer = client_line(r, half);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(half);
    close(other);
}

static void half_a_line_has_a_deadline_and_a_silent_client_none(void **state)
{
    struct room *r = *state;
    int half = client_open(r), silent = client_open(r);
    client_send(half, "{\"jsonrpc\"");
    room_settle(r);
    struct connection *c = r->api->clients.first;
    assert_true(connection_deadline(c) < INT64_MAX);
    assert_true(connection_deadline(c->next) == INT64_MAX);
    connection_expire(c, connection_deadline(c) - 1);
    assert_true(c->fd >= 0);
    connection_expire(c, connection_deadline(c));
    assert_int_equal(c->fd, -1);
    room_settle(r);
    assert_null(client_line(r, half));
    close(half);
    close(silent);
}

static void a_stop_acts_before_its_newline_and_before_waiting_requests(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    client_send(fd, INFO "\n" INFO "\n" INFO "\n" INFO "\n" INFO "\n" STOP);
    while (fake.stops_now == 0)
        assert_true(sd_event_run(r->event, 1000000) > 0);
    assert_string_equal(fake.stopped, "*");
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1); /* nothing was answered yet */
    close(fd);
}

static void a_stop_as_notification_acts_and_is_not_answered(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    client_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"session.stop\",\"params\":{\"session_id\":\"s-7\"}}\n");
    json_t *answer = client_call(r, fd, INFO);
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 2);
    assert_string_equal(fake.stopped, "s-7");
    assert_int_equal(fake.stops_asked, 1);
    json_decref(answer);
    close(fd);
}

static void a_stop_in_bad_json_acts_and_is_called_an_error(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\",}");
    assert_int_equal(answer_code(answer), -32700);
    assert_int_equal(fake.stops_now, 1);
    assert_int_equal(fake.stops_asked, 0);
    json_decref(answer);
    close(fd);
}

/* Whoever asks for a stop and gets an error is told what was stopped. */
static void a_refused_stop_says_what_it_stopped(void **state)
{
    static const struct {
        const char *line;
        int64_t code;
        const char *stopped, *said;
    } rows[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":{\"session_id\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}",
         -32602, "*", "everything was stopped"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":{\"session_id\":\"s 1\"}}", -32602, "*",
         "everything was stopped"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":{\"session_id\":\"\xff\xfe\"}}", -32700,
         "*", "everything was stopped"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":[\"s-1\"]}", -32602, "*",
         "everything was stopped"},
        {"\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\"}", -32700, "*", "everything was stopped"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"stop.all\"}", -32600, "*", "everything was stopped"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\",\"params\":{\"reason\":7}}", -32602, "*",
         "everything was stopped"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\",\"params\":{\"session_id\":\"s-1\",\"by\":\"me\"}}",
         -32602, "s-1", "the session that it names was stopped"},
    };
    struct room *r = *state;
    int fd = client_open(r);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake.stops_now = 0;
        json_t *answer = client_call(r, fd, rows[i].line);
        const char *message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
        assert_int_equal(answer_code(answer), rows[i].code);
        assert_int_equal(fake.stops_now, 1);
        assert_string_equal(fake.stopped, rows[i].stopped);
        if (strstr(message, rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].line, message);
        json_decref(answer);
    }
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\\u0000\"}");
    assert_null(
        strstr(json_string_value(json_object_get(json_object_get(answer, "error"), "message")), "JSON_ALLOW_NUL"));
    json_decref(answer);
    close(fd);
}

static void a_stop_of_a_peer_that_left_at_once_acts(void **state)
{
    struct room *r = *state;
    for (int newline = 0; newline < 2; newline++) {
        fake.stops_now = 0;
        int fd = client_open(r);
        client_send(fd, newline ? STOP "\n" : STOP);
        close(fd);
        room_settle(r);
        assert_int_equal(fake.stops_now, 1);
    }
    assert_null(r->api->clients.first);
}

static void a_keepalive_counts_from_the_moment_it_was_read(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    int64_t before = clock_monotonic_ns();
    json_t *answer = client_call(r, fd,
                                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.keepalive\",\"params\":"
                                 "{\"session_id\":\"s-1\",\"lease_key\":\"k\"}}");
    assert_int_equal(fake.keepalives, 2); /* at once, and for the answer */
    assert_string_equal(fake.kept_alive, "s-1");
    assert_string_equal(fake.lease_key, "k");
    assert_true(fake.read_ns >= before && fake.read_ns <= clock_monotonic_ns());
    assert_non_null(json_object_get(json_object_get(answer, "result"), "lease_ms"));
    json_decref(answer);
    close(fd);
}

static void what_was_asked_before_end_of_file_is_answered(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    client_send(fd, INFO "\n" INFO "\n{\"half\"");
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 2; i++) {
        json_t *answer = client_line(r, fd);
        assert_int_equal(answer_code(answer), 0);
        json_decref(answer);
    }
    assert_null(client_line(r, fd));
    close(fd);
}

static void an_answer_that_comes_after_its_peer_left_harms_nobody(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.defer = true;
    client_send(fd, prepare_text("1", "r1", "x", "p"));
    client_send(fd, "\n");
    room_settle(r);
    close(fd);
    room_settle(r);
    assert_non_null(r->api->clients.first);
    fake_answer(json_object());
    room_settle(r);
    assert_null(r->api->clients.first);
}

static void an_unanswered_request_is_forgotten_at_the_end(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.defer = true;
    client_send(fd, "[");
    client_send(fd, prepare_text("1", "r1", "x", "p"));
    client_send(fd, ",");
    client_send(fd, prepare_text("2", "r1", "x", "p"));
    client_send(fd, "]\n");
    room_settle(r);
    assert_int_equal(fake.n_waiting, 1);
    close(fd); /* the teardown stops the API with both open; the sanitizer judges */
}

static void a_reader_that_never_reads_gets_one_overflow_and_is_closed(void **state)
{
    struct room *r = *state;
    int fd = client_open(r), other = client_open(r);
    json_decref(client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events.subscribe\"}"));
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    for (int i = 0; i < 4000; i++) {
        api_event(r->api, "session.progress", "s-1", json_pack("{s:s}", "text", text));
        if (i % 64 == 0)
            room_settle(r);
    }
    room_settle(r);
    assert_true(r->api->clients.output_total < 4096);
    json_t *answer = client_call(r, other, INFO);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    unsigned overflows = 0;
    int64_t last = 0;
    json_t *line;
    while ((line = client_line(r, fd)) != NULL) {
        const json_t *params = json_object_get(line, "params");
        assert_int_equal(overflows, 0); /* it is the last line */
        if (strcmp(param_text(params, "type"), "overflow") == 0)
            overflows++;
        else
            assert_int_equal(param_integer(params, "seq", 0), ++last);
        json_decref(line);
    }
    assert_int_equal(overflows, 1);
    close(fd);
    close(other);
}

static void answers_to_a_reader_that_never_reads_are_bounded(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.list_size = 50;
    fake.text_size = 2000;
    for (int i = 0; i < 2000; i++) {
        if (send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.list\"}\n", 50, MSG_DONTWAIT | MSG_NOSIGNAL) <
                0 &&
            (errno == EPIPE || errno == ECONNRESET))
            break;
        assert_true(sd_event_run(r->event, 0) >= 0);
        assert_true(r->api->clients.output_total < API_OUTPUT_MAX + 256 * 1024);
    }
    close(fd);
}

static void an_answer_over_the_limit_is_an_error(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.list_size = 50;
    fake.text_size = 100000;
    json_t *answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"session.list\"}");
    assert_int_equal(answer_code(answer), -32603);
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), 5);
    json_decref(answer);
    answer = client_call(r, fd, "{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"session.list\",\"params\":{\"limit\":30}}");
    assert_int_equal(json_array_size(json_object_get(json_object_get(answer, "result"), "items")), 30);
    json_decref(answer);
    close(fd);
}

static void a_flood_of_lines_is_read_only_as_fast_as_it_is_answered(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (int i = 0; i < 200; i++) {
        static char lines[16 * 1024];
        memset(lines, '\n', sizeof(lines));
        (void)send(fd, lines, sizeof(lines), MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(sd_event_run(r->event, 0) >= 0);
        const struct connection *c = r->api->clients.first;
        assert_true(c == NULL || c->in_end - c->in_head <= API_INPUT_MAX + API_READ_MAX);
    }
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_of_the_longest_size_is_served),
        TEST(one_byte_more_is_refused_and_closes_after_earlier_answers),
        TEST(a_line_without_end_uses_bounded_memory_and_its_stop_counts),
        TEST(half_a_line_and_silence_harm_nobody),
        TEST(half_a_line_has_a_deadline_and_a_silent_client_none),
        TEST(a_stop_acts_before_its_newline_and_before_waiting_requests),
        TEST(a_stop_as_notification_acts_and_is_not_answered),
        TEST(a_stop_in_bad_json_acts_and_is_called_an_error),
        TEST(a_refused_stop_says_what_it_stopped),
        TEST(a_stop_of_a_peer_that_left_at_once_acts),
        TEST(a_keepalive_counts_from_the_moment_it_was_read),
        TEST(what_was_asked_before_end_of_file_is_answered),
        TEST(an_answer_that_comes_after_its_peer_left_harms_nobody),
        TEST(an_unanswered_request_is_forgotten_at_the_end),
        TEST(a_reader_that_never_reads_gets_one_overflow_and_is_closed),
        TEST(answers_to_a_reader_that_never_reads_are_bounded),
        TEST(an_answer_over_the_limit_is_an_error),
        TEST(a_flood_of_lines_is_read_only_as_fast_as_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
