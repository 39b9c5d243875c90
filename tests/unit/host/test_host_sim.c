/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with the real modbus-map plugin against modality-sim, on Modbus TCP and on a serial line with two units. The
 * simulator's trace says what came out.
 */
#include "cmocka_includes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

#define LINES_MAX 1024
extern char **environ;

/* A simulator on a loaded machine answers late; what is tried here is not how late it may be. */
#define PATIENCE_MS 200
#define PATIENCE "200 ms"

struct room {
    char dir[64], trace[96], link[128];
    pid_t sim;
    int sim_in;
    struct modality_line lines[LINES_MAX];
    size_t n_lines;
    struct rig *rig;
};

static void add(struct room *room, const char *section, const char *key, const char *value)
{
    assert_true(room->n_lines < LINES_MAX);
    room->lines[room->n_lines++] = (struct modality_line){strdup(section), strdup(key), strdup(value), ""};
}

/* A map file as the daemon's reader hands it on: section, key, value. */
static void add_map(struct room *room, const char *path)
{
    char line[512], section[256] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        char *equals = strstr(line, " = ");
        if (line[0] == '[') {
            line[strcspn(line, "]")] = '\0';
            strcpy(section, line + 1);
        } else if (line[0] != '#' && equals) {
            *equals = '\0';
            add(room, section, line, equals + 3);
        }
    }
    fclose(f);
}

static void sim_start(struct room *room, char *const devices[], size_t n)
{
    int in[2], out[2];
    char *argv[32] = {"modality-sim", "--exit-on-eof", "--trace", room->trace};
    size_t argc = 4;
    for (size_t i = 0; i < n; i++) {
        argv[argc++] = "--device";
        argv[argc++] = devices[i];
    }
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    assert_int_equal(posix_spawn(&room->sim, TEST_SIM, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    room->sim_in = in[1];
    char ready[4096] = "";
    struct pollfd p = {.fd = out[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_true(read(out[0], ready, sizeof(ready) - 1) > 0);
    close(out[0]);
    char *link = strstr(ready, "\"link\":\"");
    assert_non_null(link);
    sscanf(link + 8, "%127[^\"]", room->link);
}

static struct room *room_make(void)
{
    struct room *room = calloc(1, sizeof(*room));
    strcpy(room->dir, "/tmp/modality-host-sim-XXXXXX");
    assert_non_null(mkdtemp(room->dir));
    snprintf(room->trace, sizeof(room->trace), "%s/trace", room->dir);
    return room;
}

static void room_end(struct room *room)
{
    char command[128];
    rig_end(room->rig);
    close(room->sim_in);
    assert_int_equal(waitpid(room->sim, NULL, 0), room->sim);
    for (size_t i = 0; i < room->n_lines; i++) {
        free((char *)room->lines[i].section);
        free((char *)room->lines[i].key);
        free((char *)room->lines[i].value);
    }
    snprintf(command, sizeof(command), "rm -rf %s", room->dir);
    assert_int_equal(system(command), 0);
    free(room);
}

/* The last output of a device's channel 1 in the trace, uA; and when. -1 if there is none. */
static long traced(const struct room *room, const char *device, long long *at_ns)
{
    char line[1024], name[64];
    long value = -1, v = 0;
    long long t = 0;
    snprintf(name, sizeof(name), "\"device\":\"%s\"", device);
    FILE *f = fopen(room->trace, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        const char *at = strstr(line, "\"value\":");
        if (!strstr(line, "\"event\":\"output\"") || !strstr(line, name) || !strstr(line, "\"channel\":1") || !at ||
            sscanf(at + 8, "%ld", &v) != 1 || sscanf(line, "{\"t_ns\":%lld", &t) != 1)
            continue;
        value = v;
        *at_ns = t;
    }
    fclose(f);
    return value;
}

static void goes_on(const struct room *room, uint64_t session)
{
    const struct link_session *s = rig_session(room->rig, session, LINK_SESSION_STOPPING);
    if (s)
        fail_msg("session %d stops: %s, %s", (int)session, link_reason_id((enum link_reason)s->reason), s->detail);
}

static struct room *tcp_room(void)
{
    struct room *room = room_make();
    char *devices[] = {"stim1=refstim,unit=1,tcp=127.0.0.1:0"};
    sim_start(room, devices, 1);
    add(room, "device stim1", "plugin", "modbus-map");
    add(room, "device stim1", "link", room->link);
    add(room, "device stim1", "unit", "1");
    add(room, "device stim1", "map", "refstim");
    add(room, "device stim1", "simulated", "yes");
    add(room, "device stim1", "serial", "1001");
    add(room, "device stim1", "response_timeout", PATIENCE);
    add_map(room, TEST_MAP);
    room->rig = rig_start(&(struct rig_options){.slice_ms = PATIENCE_MS,
                                                .plugin = TEST_MODBUS_MAP,
                                                .link = room->link,
                                                .lines = room->lines,
                                                .n_lines = room->n_lines});
    rig_wait(room->rig, 5000, rig_unit_state, UNIT_READY);
    return room;
}

static void a_treatment_on_modbus_tcp_walks_and_stops(void **state)
{
    (void)state;
    struct room *room = tcp_room();
    long long at = 0;
    assert_string_equal(room->rig->presence[0].identity.serial, "1001");
    rig_arm_and_run(room->rig, 1, 0, 3000);
    rig_pass(room->rig, 2000);
    goes_on(room, 1);
    assert_int_equal(room->rig->sample[0].level[0], 3000);
    assert_in_range(traced(room, "stim1", &at), 2900, 3100);
    int64_t told = clock_monotonic_ns();
    rig_stop(room->rig, 1);
    rig_wait(room->rig, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(room->rig, 1, LINK_SESSION_RESTED)->evidence, EVIDENCE_MEASURED);
    assert_int_equal(traced(room, "stim1", &at), 0);
    assert_true(at - told < rig_soon(50) * NS_PER_MS);
    rig_wait(room->rig, 1000, rig_unit_state, UNIT_READY);
    rig_stop_permits(room->rig);
    rig_arm_and_run(room->rig, 2, 0, 1000); /* and again */
    room_end(room);
}

static void a_closed_socket_rests_a_device_on_modbus_tcp(void **state)
{
    (void)state;
    struct room *room = tcp_room();
    long long at = 0;
    rig_arm_and_run(room->rig, 1, 0, 3000);
    rig_pass(room->rig, 1000);
    assert_true(traced(room, "stim1", &at) > 500);
    int64_t closed = clock_monotonic_ns();
    rig_close_socket(room->rig);
    assert_int_equal(rig_wait_exit(room->rig, 2000), 0);
    assert_int_equal(traced(room, "stim1", &at), 0);
    assert_true(at - closed < rig_soon(250) * NS_PER_MS);
    room_end(room);
}

static void a_device_that_is_switched_off_under_a_session_is_lost(void **state)
{
    (void)state;
    struct room *room = tcp_room();
    rig_arm_and_run(room->rig, 1, 0, 1000);
    kill(room->sim, SIGKILL);
    rig_wait(room->rig, 1000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    assert_int_equal(rig_session(room->rig, 1, LINK_SESSION_STOPPING)->reason, LINK_REASON_LINK_LOST);
    rig_wait(room->rig, 2000, rig_has_session, 100 + LINK_SESSION_UNPROVED);
    rig_wait(room->rig, 1000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    spawned_kill(&room->rig->host, SIGKILL); /* nothing will ever prove it */
    rig_wait_exit(room->rig, 1000);
    room_end(room);
}

static void two_units_on_a_serial_line_are_stopped_together(void **state)
{
    (void)state;
    struct room *room = room_make();
    char first[160], second[160], tty[96], node[4096];
    long long at = 0;
    snprintf(first, sizeof(first), "stim1=refstim,unit=1,baud=115200,pty=%s/tty", room->dir);
    snprintf(second, sizeof(second), "stim2=refstim,unit=2,baud=115200,pty=%s/tty", room->dir);
    char *devices[] = {first, second};
    sim_start(room, devices, 2);
    snprintf(tty, sizeof(tty), "%s/tty", room->dir);
    assert_non_null(realpath(tty, node));
    snprintf(room->link, sizeof(room->link), "serial:%.100s", node);
    for (int i = 0; i < 2; i++) {
        const char *section = i ? "device stim2" : "device stim1";
        add(room, section, "plugin", "modbus-map");
        add(room, section, "link", room->link);
        add(room, section, "baud", "115200");
        add(room, section, "parity", "even");
        add(room, section, "unit", i ? "2" : "1");
        add(room, section, "map", "refstim");
        add(room, section, "simulated", "yes");
        add(room, section, "serial", i ? "1002" : "1001");
        add(room, section, "response_timeout", PATIENCE);
    }
    add_map(room, TEST_MAP);
    room->rig = rig_start(&(struct rig_options){.slice_ms = PATIENCE_MS,
                                                .plugin = TEST_MODBUS_MAP,
                                                .link = room->link,
                                                .lines = room->lines,
                                                .n_lines = room->n_lines});
    rig_wait(room->rig, 5000, rig_unit_state, UNIT_READY);
    rig_wait(room->rig, 5000, rig_unit_state, 100 + UNIT_READY);
    rig_arm_and_run(room->rig, 1, 0, 2000);
    rig_arm_and_run(room->rig, 2, 1, 2000);
    rig_pass(room->rig, 2000);
    goes_on(room, 1);
    goes_on(room, 2);
    assert_in_range(traced(room, "stim2", &at), 1900, 2100);
    int64_t told = clock_monotonic_ns();
    rig_stop(room->rig, 0);
    rig_wait(room->rig, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(room->rig, 1000, rig_has_session, 200 + LINK_SESSION_RESTED);
    assert_int_equal(traced(room, "stim1", &at), 0);
    assert_true(at - told < rig_soon(100) * NS_PER_MS);
    assert_int_equal(traced(room, "stim2", &at), 0);
    assert_true(at - told < rig_soon(100) * NS_PER_MS);
    room_end(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_treatment_on_modbus_tcp_walks_and_stops),
        rig_test(a_closed_socket_rests_a_device_on_modbus_tcp),
        rig_test(a_device_that_is_switched_off_under_a_session_is_lost),
        rig_test(two_units_on_a_serial_line_are_stopped_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
