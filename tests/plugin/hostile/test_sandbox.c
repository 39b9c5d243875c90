/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host as it is shipped with a plugin that does what none may do: what it tries fails, what it takes is bounded,
 * what it says is checked, and the next host is there. By its own report of what it could: it would rather boast.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "link/fence.h"
#include "link/link.h"
#include "link/loop.h"
#include "modality/clock.h"

#define PATIENCE_MS 20000
#define ANOTHER_USER 65533

struct bench {
    sd_event *event;
    struct link *link;
    char dir[64], victim[80], plugin[96], port[8], log[8192];
    struct modality_line lines[5];
    struct link_settings settings;
    int listener;
    unsigned hellos, reexecuted, gone;
    uint32_t state;
    char why[128], detail[LINK_TEXT_MAX];
};

static void note(struct bench *b, const char *text)
{
    size_t used = strlen(b->log);
    snprintf(b->log + used, sizeof b->log - used, "%s\n", text);
}

static void on_message(struct link *link, const struct link_header *m, void *userdata)
{
    struct bench *b = userdata;
    (void)link;
    if (m->type == LINK_LOG)
        note(b, ((const struct link_text *)m)->text);
    if (m->type == LINK_PRESENCE) {
        b->state = ((const struct link_presence *)m)->state;
        snprintf(b->detail, sizeof b->detail, "%s", ((const struct link_presence *)m)->detail);
    }
    b->hellos += m->type == LINK_HELLO;
    b->reexecuted += m->type == LINK_HELLO && ((const struct link_hello *)m)->reexecuted != 0;
}

static void on_gone(struct link *link, const char *why, void *userdata)
{
    struct bench *b = userdata;
    (void)link;
    b->gone++;
    snprintf(b->why, sizeof b->why, "%s", why);
}

/* ---- the world ---- */

static void command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void command(const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_int_equal(system(text), 0);
}

static void listener_open(struct bench *b)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(b->listener, (const void *)&address, size), 0);
    assert_int_equal(listen(b->listener, 4), 0);
    assert_int_equal(getsockname(b->listener, (void *)&address, &size), 0);
    snprintf(b->port, sizeof b->port, "%u", ntohs(address.sin_port));
}

/* Everybody may enter and read, so that what is refused is refused by the fence. */
static struct bench *bench_make(const char *link, const char *attack)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->dir, "/tmp/modality-sandbox-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->victim, sizeof b->victim, "%s/victim", b->dir);
    snprintf(b->plugin, sizeof b->plugin, "%s/hostile/hostile.so", b->dir);
    command("umask 022 && chmod 755 %s && mkdir %s/hostile %s && cp %s %s && echo 0123 >%s/secret && "
            "chmod 777 %s %s/secret",
            b->dir, b->dir, b->victim, TEST_HOSTILE, b->plugin, b->victim, b->victim, b->victim);
    listener_open(b);
    const struct modality_line lines[] = {{"device hostile", "attack", attack, "devices.ini:1"},
                                          {"device hostile", "victim", b->victim, "devices.ini:2"},
                                          {"device hostile", "port", b->port, "devices.ini:3"},
                                          {"device hostile", "tell", "log", "devices.ini:4"},
                                          {"device hostile", "modest", "no", "devices.ini:5"}};
    memcpy(b->lines, lines, sizeof lines);
    b->settings = (struct link_settings){.host_path = TEST_HOST,
                                         .plugin_path = b->plugin,
                                         .state_dir = b->victim,
                                         .canonical = link,
                                         .telemetry_ms = 20,
                                         .permit_ms = 400,
                                         .slice_ms = 50,
                                         .grace_ms = 50,
                                         .quarantine_min_ms = 100,
                                         .n_lines = 5,
                                         .lines = b->lines};
    return b;
}

static void bench_run(struct bench *b)
{
    const struct link_callbacks callbacks = {on_message, on_gone, b};
    assert_int_equal(sd_event_new(&b->event), 0);
    assert_int_equal(link_start(b->event, &b->settings, &callbacks, &b->link), 0);
}

static void bench_end(struct bench *b)
{
    link_free(b->link);
    sd_event_unref(b->event);
    close(b->listener);
    command("rm -rf %s", b->dir);
    free(b);
    assert_int_equal(fence_announce(NULL), 0);
}

static void run_until(struct bench *b, bool (*done)(const struct bench *b), const char *what)
{
    int64_t deadline = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
    while (!done(b)) {
        if (clock_monotonic_ns() > deadline)
            fail_msg("not in time: %s; state %u (%s), gone %u: %s\n%s", what, b->state, b->detail, b->gone, b->why,
                     b->log);
        assert_true(sd_event_run(b->event, 10000) >= 0);
    }
}
#define run_until(b, done) run_until(b, done, #done)

static bool has_reported(const struct bench *b)
{
    return strstr(b->log, " end=1") != NULL;
}

static bool is_ready(const struct bench *b)
{
    return b->state == UNIT_READY;
}

static bool is_gone_twice(const struct bench *b)
{
    return b->gone >= 2;
}

/* ---- what it reports ---- */

static long reported(const struct bench *b, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, " %s=", name);
    const char *at = strstr(b->log, key);
    if (!at)
        fail_msg("nothing is said of %s:\n%s", name, b->log);
    return strtol(at + strlen(key), NULL, 10);
}

static long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* From which version of Landlock on; 0: by the list of calls, on every kernel. */
static const struct {
    const char *name;
    long version;
} refused[] = {{"make_process", 0},
               {"make_process_by_clone", 0},
               {"execute", 1},
               {"signal_parent", 0},
               {"signal_by_pidfd", 0},
               {"trace_parent", 0},
               {"read_memory_of_parent", 0},
               {"open_memory_of_parent", 1},
               {"list_processes", 1},
               {"read_state", 1},
               {"write_state", 1},
               {"list_state", 1},
               {"make_file", 1},
               {"make_file_in_tmp", 1},
               {"remove_file", 0},
               {"open_to_everybody", 0},
               {"read_users", 1},
               {"read_terminals", 1},
               {"socket_to_clients", 0},
               {"socket_to_the_kernel", 0},
               {"mount_something", 0},
               {"go_round_the_list", 0},
               {"come_before_others", 0},
               {"raise_a_limit", 0},
               {"be_looked_into", 0}};

static void assert_refused(const struct bench *b, const char *name)
{
    long error = reported(b, name);
    if (error != EPERM && error != EACCES && error != EAGAIN)
        fail_msg("%s: %s\n%s", name, error == 0 ? "could" : strerror((int)error), b->log);
}

static void assert_contained_but(const struct bench *b, const char *name)
{
    long version = landlock_version();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i].version <= version && strcmp(refused[i].name, name) != 0)
            assert_refused(b, refused[i].name);
    assert_int_equal(reported(b, "processes"), 0);
    assert_in_range(reported(b, "descriptors"), 32, 128);
    assert_in_range(reported(b, "memory"), 64, 512);
    assert_in_range(reported(b, "disk"), 0, 1024);
}

static void assert_contained(const struct bench *b)
{
    assert_contained_but(b, "");
}

static struct bench *attempted(const char *link, const struct fence *fence)
{
    struct bench *b = bench_make(link, "attempts");
    assert_int_equal(fence_announce(fence), 0);
    bench_run(b);
    run_until(b, has_reported);
    run_until(b, is_ready);
    assert_int_equal(b->gone, 0);
    return b;
}

/* ---- tests ---- */

static void without_a_fence_it_could(void **state)
{
    (void)state;
    static const char *const some[] = {"make_process", "execute",          "signal_parent",     "read_state",
                                       "write_state",  "make_file",        "open_to_everybody", "socket_to_clients",
                                       "remove_file",  "connect_elsewhere"};
    struct bench *b = bench_make("tcp:127.0.0.1:1", "attempts");
    b->lines[4].value = "yes";
    bench_run(b);
    run_until(b, has_reported);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        assert_int_equal(reported(b, some[i]), 0);
    bench_end(b);
}

static void of_a_tcp_link_only_its_port_is_in_reach(void **state)
{
    (void)state;
    struct bench *b = attempted("tcp:127.0.0.1:1", &(struct fence){0});
    assert_contained(b);
    assert_int_equal(reported(b, "threads"), 0);
    if (landlock_version() >= 4) {
        assert_refused(b, "connect_elsewhere");
        assert_refused(b, "serve");
    }
    bench_end(b);
}

static void its_own_port_is_in_reach(void **state)
{
    (void)state;
    struct bench *b = bench_make("tcp:127.0.0.1:1", "attempts");
    char link[32];
    snprintf(link, sizeof link, "tcp:127.0.0.1:%s", b->port);
    b->settings.canonical = link;
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    bench_run(b);
    run_until(b, has_reported);
    assert_int_equal(reported(b, "connect_elsewhere"), 0);
    bench_end(b);
}

/* libusb has a thread that listens for what is plugged in. */
static void of_a_usb_link_only_the_bus_is_in_reach(void **state)
{
    (void)state;
    struct bench *b = attempted("usb:0483:5740,port=1-1", &(struct fence){0});
    /* a machine that has no bus yet has no folder for it: then it is /dev */
    assert_contained_but(b, access("/dev/bus/usb", F_OK) < 0 ? "read_terminals" : "");
    assert_int_equal(reported(b, "threads"), 64);
    assert_refused(b, "connect_elsewhere");
    bench_end(b);
}

static int terminal_make(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    return terminal;
}

static void of_a_serial_link_the_folder_of_its_node_is_in_reach(void **state)
{
    (void)state;
    char link[96];
    int terminal = terminal_make();
    snprintf(link, sizeof link, "serial:%s", ptsname(terminal));
    struct bench *b = attempted(link, &(struct fence){0}); /* ready: its node was opened and locked */
    assert_refused(b, "connect_elsewhere");
    assert_int_equal(reported(b, "threads"), 0);
    if (landlock_version() >= 1) {
        assert_int_equal(reported(b, "read_terminals"), 0);
        assert_refused(b, "read_state");
        assert_refused(b, "read_users");
    }
    bench_end(b);
    close(terminal);
}

static bool is_absent(const struct bench *b)
{
    return b->state == UNIT_ABSENT;
}

/* As udev gives a name to what is plugged in. */
static void a_node_that_is_plugged_in_later_is_in_reach(void **state)
{
    (void)state;
    char link[96];
    int terminal = terminal_make();
    struct bench *b = bench_make("serial:", "attempts");
    snprintf(link, sizeof link, "serial:%s/name", b->dir);
    b->settings.canonical = link;
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    bench_run(b);
    run_until(b, is_absent);
    command("ln -s %s %s/name", ptsname(terminal), b->dir);
    run_until(b, is_ready);
    assert_refused(b, "read_state");
    assert_int_equal(b->gone, 0);
    bench_end(b);
    close(terminal);
}

static void started_by_root_it_is_a_user_of_its_own(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct stat st;
    char said[64];
    struct bench *b = attempted(
        "tcp:127.0.0.1:1",
        &(struct fence){
            .has_user = true, .uid = ANOTHER_USER, .gid = ANOTHER_USER, .n_groups = 1, .groups = {ANOTHER_USER}});
    assert_contained(b);
    snprintf(said, sizeof said, "user %d, no capabilities", ANOTHER_USER);
    assert_non_null(strstr(b->log, said));
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)link_pid(b->link));
    assert_int_equal(stat(path, &st), 0);
    command("grep -q '^Uid:\t%d\t%d\t%d\t%d' /proc/%d/status", ANOTHER_USER, ANOTHER_USER, ANOTHER_USER, ANOTHER_USER,
            (int)link_pid(b->link));
    command("grep -q '^Groups:\t *$' /proc/%d/status", (int)link_pid(b->link));
    command("grep -q '^CapBnd:\t0*$' /proc/%d/status", (int)link_pid(b->link));
    command("grep -q '^CapPrm:\t0*$' /proc/%d/status", (int)link_pid(b->link));
    bench_end(b);
}

static void a_host_that_replaces_itself_stays_inside(void **state)
{
    (void)state;
    struct bench *b = bench_make("tcp:127.0.0.1:1", "hang");
    const struct fence fence = {
        .has_user = geteuid() == 0, .uid = ANOTHER_USER, .gid = ANOTHER_USER, .lock_memory = geteuid() == 0};
    assert_int_equal(fence_announce(&fence), 0);
    bench_run(b);
    run_until(b, has_reported);
    run_until(b, is_ready);
    assert_true(b->reexecuted > 0);
    assert_int_equal(b->gone, 0);
    assert_contained(b);
    bench_end(b);
}

static bool was_killed(const struct bench *b)
{
    return b->gone > 0;
}

/* What is left of an earlier daemon, and does not let go. */
static void the_holder_of_the_link_can_be_ended_from_inside(void **state)
{
    (void)state;
    const struct fence fence = {.has_user = geteuid() == 0, .uid = ANOTHER_USER, .gid = ANOTHER_USER};
    struct bench *first = bench_make("tcp:127.0.0.1:1", "nothing"), *second = bench_make("tcp:127.0.0.1:1", "attempts");
    second->settings.state_dir = first->victim;
    assert_int_equal(fence_announce(&fence), 0);
    bench_run(first);
    run_until(first, is_ready);
    assert_int_equal(kill((pid_t)link_pid(first->link), SIGSTOP), 0);
    bench_run(second);
    run_until(second, is_ready);
    run_until(first, was_killed);
    assert_refused(second, "signal_parent");
    bench_end(second);
    bench_end(first);
}

static void report_fault(const char *origin, const char *message, void *userdata)
{
    (void)origin;
    note(userdata, message);
}

static void a_plugin_that_is_only_asked_about_its_configuration_is_inside(void **state)
{
    (void)state;
    static struct link_unit units[MODALITY_UNITS_MAX];
    size_t n = 0;
    struct bench *b = bench_make("tcp:127.0.0.1:1", "attempts");
    b->lines[3].value = "faults";
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    assert_int_equal(link_check_config(&b->settings, report_fault, b, units, MODALITY_UNITS_MAX, &n), -EINVAL);
    assert_contained(b);
    assert_refused(b, "connect_elsewhere");
    assert_true(reported(b, "threads") == 0);
    bench_end(b);
}

static void what_it_says_in_the_hosts_name_ends_that_host_alone(void **state)
{
    (void)state;
    static const struct {
        const char *attack, *why;
    } table[] = {
        {"garbage", "malformed"}, {"flood", "floods"}, {"babble", "floods"}, {"flap", "floods"}, {"crash", "host "}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct bench *b = bench_make("tcp:127.0.0.1:1", table[i].attack);
        assert_int_equal(fence_announce(&(struct fence){0}), 0);
        bench_run(b);
        run_until(b, is_gone_twice); /* its successor has been there */
        if (!strstr(b->why, table[i].why))
            fail_msg("%s: %s", table[i].attack, b->why);
        bench_end(b);
    }
}

static bool is_seen_through(const struct bench *b)
{
    return b->state == UNIT_ABSENT || b->state == UNIT_OUTPUT_UNKNOWN;
}

static void a_status_that_fits_nothing_is_none(void **state)
{
    (void)state;
    struct bench *b = bench_make("tcp:127.0.0.1:1", "status");
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    bench_run(b);
    run_until(b, is_seen_through);
    assert_int_equal(b->gone, 0);
    bench_end(b);
}

static bool is_unknown(const struct bench *b)
{
    return b->state == UNIT_OUTPUT_UNKNOWN;
}

/* It is made while the host waits: nothing of the plugin has run, and the fence is not closed yet. */
static void a_host_without_its_lock_file_waits_for_it(void **state)
{
    (void)state;
    char nowhere[96];
    struct bench *b = bench_make("tcp:127.0.0.1:1", "attempts");
    snprintf(nowhere, sizeof nowhere, "%s/later", b->dir);
    b->settings.state_dir = nowhere;
    assert_int_equal(fence_announce(&(struct fence){0}), 0);
    bench_run(b);
    run_until(b, is_unknown);
    assert_non_null(strstr(b->detail, "lock file"));
    assert_int_equal(b->hellos, 0);
    command("mkdir %s", nowhere);
    run_until(b, is_ready);
    assert_refused(b, "make_process");
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_fence_it_could),
        cmocka_unit_test(of_a_tcp_link_only_its_port_is_in_reach),
        cmocka_unit_test(its_own_port_is_in_reach),
        cmocka_unit_test(of_a_usb_link_only_the_bus_is_in_reach),
        cmocka_unit_test(of_a_serial_link_the_folder_of_its_node_is_in_reach),
        cmocka_unit_test(a_node_that_is_plugged_in_later_is_in_reach),
        cmocka_unit_test(started_by_root_it_is_a_user_of_its_own),
        cmocka_unit_test(a_host_that_replaces_itself_stays_inside),
        cmocka_unit_test(the_holder_of_the_link_can_be_ended_from_inside),
        cmocka_unit_test(a_plugin_that_is_only_asked_about_its_configuration_is_inside),
        cmocka_unit_test(what_it_says_in_the_hosts_name_ends_that_host_alone),
        cmocka_unit_test(a_status_that_fits_nothing_is_none),
        cmocka_unit_test(a_host_without_its_lock_file_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
