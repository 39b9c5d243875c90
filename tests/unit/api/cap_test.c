/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Too many connections, too few descriptors, no role: a stop still gets through.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

#define STOP "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\"}"
#define INFO "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"device.list\"}"

static void over_the_cap_one_line_is_served_and_only_a_stop(void **state)
{
    struct room *r = *state;
    int full[16];
    for (size_t i = 0; i < 16; i++) {
        full[i] = client_open(r);
        room_settle(r);
    }
    int over = client_open(r);
    json_t *answer = client_call(r, over, INFO);
    assert_string_equal(answer_token(answer), "CONNECTION_LIMIT");
    json_decref(answer);
    assert_null(client_line(r, over));
    close(over);
    over = client_open(r);
    answer = client_call(r, over, STOP);
    assert_int_equal(answer_code(answer), 0);
    assert_int_equal(fake.stops_now, 1);
    assert_int_equal(fake.stops_asked, 1);
    json_decref(answer);
    assert_null(client_line(r, over));
    close(over);
    /* One leaves: the next is served in full. */
    close(full[0]);
    room_settle(r);
    full[0] = client_open(r);
    answer = client_call(r, full[0], INFO);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    for (size_t i = 0; i < 16; i++)
        close(full[i]);
}

static void without_a_role_only_a_stop_is_served_and_the_refusal_names_the_key(void **state)
{
    struct room *r = *state;
    r->uid = getuid() + 1;
    int fd = client_open(r);
    json_t *answer = client_call(r, fd, INFO);
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    assert_string_equal(answer_token(answer), "ROLE_REQUIRED");
    assert_int_equal(param_integer(data, "uid", -1), getuid());
    assert_string_equal(param_text(data, "needed"), "viewer");
    assert_non_null(strstr(param_text(data, "config_key"), "[role]"));
    json_decref(answer);
    assert_null(client_line(r, fd));
    close(fd);
    fd = client_open(r);
    answer = client_call(r, fd, STOP);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(fd);
}

static void a_stop_only_connection_that_says_nothing_is_closed_after_its_time(void **state)
{
    struct room *r = *state;
    r->uid = getuid() + 1;
    int fd = client_open(r);
    int64_t before = clock_monotonic_ns();
    room_settle(r);
    assert_null(client_line(r, fd));
    int64_t took = clock_monotonic_ns() - before;
    assert_true(took > 900 * NS_PER_MS && took < 3 * NS_PER_S);
    close(fd);
}

static void a_second_line_of_a_stop_only_connection_still_stops(void **state)
{
    struct room *r = *state;
    r->uid = getuid() + 1;
    int fd = client_open(r);
    client_send(fd, INFO "\n" STOP "\n");
    json_t *answer = client_line(r, fd);
    assert_string_equal(answer_token(answer), "ROLE_REQUIRED");
    assert_int_equal(fake.stops_now, 1);
    json_decref(answer);
    assert_null(client_line(r, fd));
    close(fd);
}

static int try_connect(const struct room *r)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", r->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A thousand silent connections of one uid; a stop and a served connection behind them. */
static void a_thousand_connections_hurt_nobody(void **state)
{
    struct room *r = *state;
    const struct rlimit plenty = {.rlim_cur = 4096, .rlim_max = 4096};
    (void)setrlimit(RLIMIT_NOFILE, &plenty);
    int served = client_open(r), *fds = calloc(1000, sizeof(int));
    room_settle(r);
    for (size_t i = 0; i < 1000; i++) {
        fds[i] = try_connect(r);
        if (i % 50 == 49)
            room_settle(r);
    }
    room_settle(r);
    assert_true(r->api->clients.n_full <= 16);
    assert_true(r->api->clients.n_stop_only <= API_STOP_ONLY_MAX);
    int64_t before = clock_monotonic_ns();
    int fd = client_open(r);
    json_t *answer = client_call(r, fd, STOP);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    answer = client_call(r, served, INFO);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    assert_true(clock_monotonic_ns() - before < NS_PER_S);
    for (size_t i = 0; i < 1000; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    close(fd);
    close(served);
    free(fds);
}

/* A thousand stops at once, over every cap and every turn's budget, from peers that do not wait. */
static void every_one_of_a_thousand_stops_acts(void **state)
{
    struct room *r = *state;
    unsigned sent = 0;
    for (size_t i = 0; i < 1000; i++) {
        int fd = try_connect(r);
        if (fd >= 0 && send(fd, STOP, sizeof(STOP) - 1, MSG_NOSIGNAL) > 0)
            sent++;
        close(fd);
    }
    room_settle(r);
    assert_int_equal(fake.stops_now, sent);
    assert_true(sent >= 900);
}

/* All descriptors taken by something else. */
static size_t exhaust(int *fds, size_t max)
{
    size_t n = 0;
    while (n < max && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    return n;
}

static void without_descriptors_a_stop_gets_a_reserved_one_and_the_loop_rests(void **state)
{
    struct room *r = *state;
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = 200;
    int clients[API_RESERVE + 4], fds[256];
    for (size_t i = 0; i < API_RESERVE + 4; i++)
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setrlimit(RLIMIT_NOFILE, &few);
    size_t n = exhaust(fds, 256);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", r->path);
    /* More than the reserve: the oldest gives way each time. */
    for (size_t i = 0; i < API_RESERVE + 4; i++) {
        assert_int_equal(connect(clients[i], (const struct sockaddr *)&address, sizeof(address)), 0);
        if (i + 1 == API_RESERVE + 4)
            client_send(clients[i], STOP "\n");
        room_settle(r);
    }
    assert_int_equal(fake.stops_now, 1);
    json_t *answer = client_line(r, clients[API_RESERVE + 3]);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    /* Nothing is accepted any more without end: the loop comes to rest by itself. */
    room_settle(r);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    for (size_t i = 0; i < API_RESERVE + 4; i++)
        close(clients[i]);
    setrlimit(RLIMIT_NOFILE, &before);
    room_run_ms(r, 150);
    int fd = client_open(r);
    answer = client_call(r, fd, INFO);
    assert_int_equal(answer_code(answer), 0);
    json_decref(answer);
    close(fd);
    room_settle(r);
    for (size_t i = 0; i < API_RESERVE; i++)
        assert_true(r->api->server->reserve[i] >= 0);
}

/* A client that writes without end does not keep the loop from its other work. */
static int tick(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    unsigned *ticks = userdata;
    ++*ticks;
    sd_event_source_set_time(source, 0);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

static void a_flood_of_stops_lets_deadlines_through(void **state)
{
    struct room *r = *state;
    unsigned ticks = 0;
    sd_event_source *timer;
    assert_true(sd_event_add_time(r->event, &timer, CLOCK_MONOTONIC, 0, 1, tick, &ticks) >= 0);
    sd_event_source_set_priority(timer, -200);
    int fd = client_open(r);
    static char flood[16 * 1024];
    for (size_t i = 0; i + sizeof(STOP) < sizeof(flood); i += sizeof(STOP))
        memcpy(flood + i, STOP "\n", sizeof(STOP));
    int64_t until = clock_monotonic_ns() + 200 * NS_PER_MS;
    while (clock_monotonic_ns() < until) {
        (void)send(fd, flood, sizeof(STOP) * 300, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(sd_event_run(r->event, 0) >= 0);
        char sink[4096];
        while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
            ;
    }
    assert_true(fake.stops_now > 100);
    assert_true(ticks > 10);
    sd_event_source_disable_unref(timer);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(over_the_cap_one_line_is_served_and_only_a_stop),
        TEST(without_a_role_only_a_stop_is_served_and_the_refusal_names_the_key),
        TEST(a_stop_only_connection_that_says_nothing_is_closed_after_its_time),
        TEST(a_second_line_of_a_stop_only_connection_still_stops),
        TEST(a_thousand_connections_hurt_nobody),
        TEST(every_one_of_a_thousand_stops_acts),
        TEST(without_descriptors_a_stop_gets_a_reserved_one_and_the_loop_rests),
        TEST(a_flood_of_stops_lets_deadlines_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
