/* SPDX-License-Identifier: Apache-2.0 */
#include "usb_test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRELOAD "libumockdev-preload.so.0"
#define BOUND_MS 5000

static int to_bench, from_bench;
static pid_t bench;

static void die(const char *what)
{
    perror(what);
    _exit(EXIT_FAILURE);
}

/*
 * The library comes before the sanitizer's, which would refuse to start: what it takes over (files, ioctl) is not what
 * the sanitizer must see first (memory).
 */
static void set_environment(void)
{
    char options[512];
    const char *set = getenv("ASAN_OPTIONS");
    snprintf(options, sizeof options, "%s%sverify_asan_link_order=0", set ? set : "", set ? ":" : "");
    if (setenv("LD_PRELOAD", PRELOAD, 1) < 0 || setenv("ASAN_OPTIONS", options, 1) < 0)
        die("setenv");
}

static void start_bench(void)
{
    int in[2], out[2];
    if (pipe(in) < 0 || pipe(out) < 0)
        die("pipe");
    bench = fork();
    if (bench < 0)
        die("fork");
    if (bench == 0) {
        set_environment();
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[0]);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        execl(USB_BENCH_PATH, USB_BENCH_PATH, NULL);
        die(USB_BENCH_PATH);
    }
    close(in[0]);
    close(out[1]);
    to_bench = in[1];
    from_bench = out[0];
}

/* One line, without its end. */
static void read_line(char *line, size_t size)
{
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = from_bench, .events = POLLIN};
        if (n == size - 1 || poll(&p, 1, BOUND_MS) != 1 || read(from_bench, line + n, 1) != 1)
            die("the bench does not answer");
        if (line[n] == '\n')
            break;
        n++;
    }
    line[n] = '\0';
}

void usb_test_begin(char **argv)
{
    char line[256];
    const char *pipes = getenv("USB_BENCH");
    (void)signal(SIGPIPE, SIG_IGN);
    if (pipes) {
        int pid = 0;
        if (sscanf(pipes, "%d %d %d", &to_bench, &from_bench, &pid) != 3)
            die("USB_BENCH");
        bench = pid;
        return;
    }
    start_bench();
    read_line(line, sizeof line);
    set_environment();
    if (setenv("UMOCKDEV_DIR", line, 1) < 0)
        die("setenv");
    snprintf(line, sizeof line, "%d %d %d", to_bench, from_bench, (int)bench);
    if (setenv("USB_BENCH", line, 1) < 0)
        die("setenv");
    execv("/proc/self/exe", argv);
    die("exec");
}

int usb_test_end(int failed)
{
    int status = 0;
    close(to_bench);
    if (waitpid(bench, &status, 0) != bench || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "the bench has not ended well: %x\n", (unsigned)status);
        return EXIT_FAILURE;
    }
    return failed;
}

const char *usb_bench(const char *format, ...)
{
    static char line[256];
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    text[n++] = '\n';
    assert_int_equal(write(to_bench, text, (size_t)n), n);
    read_line(line, sizeof line);
    if (strncmp(line, "ok", 2) != 0)
        fail_msg("the bench says: %s", line);
    return line[2] ? line + 3 : line + 2;
}
