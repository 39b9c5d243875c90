/* SPDX-License-Identifier: Apache-2.0 */
/* A transport over sockets and pseudo terminals: what it gives, when it ends, and how it says what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "common/transport_fd.h"
#include "modality/clock.h"

#define SOON_NS (30 * NS_PER_MS)
#define LATE_NS (400 * NS_PER_MS) /* how much later than asked a loaded machine may come back */

struct pair {
    struct transport near;
    int far;
};

static int pair_up(void **state)
{
    static struct pair p;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    p = (struct pair){.near = transport_of_fd(fds[0]), .far = fds[1]};
    *state = &p;
    return 0;
}

static int pair_down(void **state)
{
    struct pair *p = *state;
    p->near.close(p->near.ctx);
    if (p->far >= 0)
        close(p->far);
    return 0;
}

static void what_is_written_arrives_and_back(void **state)
{
    struct pair *p = *state;
    uint8_t bytes[8];
    size_t n = 0;
    assert_int_equal(p->near.write(p->near.ctx, (const uint8_t *)"abc", 3, 0), 0);
    assert_int_equal(read(p->far, bytes, sizeof bytes), 3);
    assert_int_equal(write(p->far, "xy", 2), 2);
    assert_int_equal(p->near.read(p->near.ctx, bytes, sizeof bytes, 0, &n), 0);
    assert_int_equal(n, 2);
    assert_memory_equal(bytes, "xy", 2);
}

static void a_read_ends_at_its_deadline(void **state)
{
    struct pair *p = *state;
    uint8_t byte;
    size_t n = 77;
    int64_t begin = clock_monotonic_ns();
    assert_int_equal(p->near.read(p->near.ctx, &byte, 1, begin - 1, &n), -EAGAIN);
    assert_true(clock_monotonic_ns() - begin < LATE_NS);
    begin = clock_monotonic_ns();
    assert_int_equal(p->near.read(p->near.ctx, &byte, 1, begin + SOON_NS, &n), -EAGAIN);
    int64_t took = clock_monotonic_ns() - begin;
    assert_true(took >= SOON_NS && took < SOON_NS + LATE_NS);
    assert_int_equal(n, 77);
}

/* The first time some of it goes out and nobody knows how much arrives; then nothing does. */
static void a_write_that_nobody_takes_ends_at_its_deadline(void **state)
{
    struct pair *p = *state;
    static const uint8_t much[1 << 20];
    int64_t begin = clock_monotonic_ns();
    assert_int_equal(p->near.write(p->near.ctx, much, sizeof much, begin + SOON_NS), -ETIMEDOUT);
    assert_int_equal(p->near.write(p->near.ctx, much, sizeof much, clock_monotonic_ns() + SOON_NS), -EAGAIN);
    assert_true(clock_monotonic_ns() - begin < 2 * SOON_NS + 2 * LATE_NS);
}

static void a_device_that_hangs_up_is_gone(void **state)
{
    struct pair *p = *state;
    uint8_t byte;
    size_t n;
    close(p->far);
    p->far = -1;
    assert_int_equal(p->near.read(p->near.ctx, &byte, 1, clock_monotonic_ns() + NS_PER_S, &n), -ENODEV);
    assert_int_equal(p->near.write(p->near.ctx, &byte, 1, clock_monotonic_ns() + NS_PER_S), -ENODEV);
}

static int terminal(char *path, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master) | ptsname_r(master, path, size), 0);
    return master;
}

static void a_pseudo_terminal_loses_its_parity_every_time_and_that_is_told(void **state)
{
    (void)state;
    static const struct serial_line even = {.baud = 460800, .parity = 'E', .stop_bits = 1};
    static const struct serial_line none = {.baud = 3000000, .parity = 'N', .stop_bits = 2};
    char path[64];
    int master = terminal(path, sizeof path);
    for (int i = 0; i < 3; i++) {
        int fd = -1;
        bool lost = false;
        assert_int_equal(serial_open(path, &even, &lost, &fd), 0);
        assert_true(lost);
        struct termios mode;
        assert_int_equal(tcgetattr(fd, &mode), 0);
        assert_int_equal(cfgetospeed(&mode), B460800);
        assert_int_equal(mode.c_lflag & (ICANON | ECHO), 0);
        close(fd);
        assert_int_equal(serial_open(path, &none, &lost, &fd), 0);
        assert_false(lost);
        assert_int_equal(tcgetattr(fd, &mode), 0);
        assert_true(mode.c_cflag & CSTOPB);
        close(fd);
    }
    close(master);
}

static void bytes_of_a_terminal_come_as_they_are_and_a_hang_up_is_a_device_that_is_gone(void **state)
{
    (void)state;
    static const struct serial_line even = {.baud = 460800, .parity = 'E', .stop_bits = 1};
    static const uint8_t all[] = {0xf0, 0x0d, 0x0a, 0x11, 0x13, 0x03, 0x00, 0xff, 0x0f};
    char path[64];
    int master = terminal(path, sizeof path), fd = -1;
    bool lost;
    uint8_t bytes[32];
    size_t n = 0;
    assert_int_equal(serial_open(path, &even, &lost, &fd), 0);
    struct transport t = transport_of_fd(fd);
    assert_int_equal(write(master, all, sizeof all), sizeof all);
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, clock_monotonic_ns() + NS_PER_S, &n), 0);
    assert_int_equal(n, sizeof all);
    assert_memory_equal(bytes, all, sizeof all);
    assert_int_equal(t.write(t.ctx, all, sizeof all, clock_monotonic_ns() + NS_PER_S), 0);
    assert_int_equal(read(master, bytes, sizeof bytes), sizeof all);
    close(master);
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, clock_monotonic_ns() + NS_PER_S, &n), -ENODEV);
    assert_int_equal(t.write(t.ctx, all, sizeof all, clock_monotonic_ns() + NS_PER_S), -ENODEV);
    t.close(t.ctx);
}

static void what_is_no_terminal_is_refused(void **state)
{
    (void)state;
    static const struct serial_line even = {.baud = 460800, .parity = 'E', .stop_bits = 1};
    static const struct serial_line odd_rate = {.baud = 460801, .parity = 'E', .stop_bits = 1};
    char path[64];
    bool lost = false;
    int fd = -1, master = terminal(path, sizeof path);
    assert_int_equal(serial_open("/dev/no-such-node", &even, &lost, &fd), -ENODEV);
    assert_int_equal(serial_open("/dev/null", &even, &lost, &fd), -EINVAL);
    assert_int_equal(serial_open(path, &odd_rate, &lost, &fd), -EINVAL);
    assert_int_equal(fd, -1);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_arrives_and_back, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(a_read_ends_at_its_deadline, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(a_write_that_nobody_takes_ends_at_its_deadline, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(a_device_that_hangs_up_is_gone, pair_up, pair_down),
        cmocka_unit_test(a_pseudo_terminal_loses_its_parity_every_time_and_that_is_told),
        cmocka_unit_test(bytes_of_a_terminal_come_as_they_are_and_a_hang_up_is_a_device_that_is_gone),
        cmocka_unit_test(what_is_no_terminal_is_refused),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
