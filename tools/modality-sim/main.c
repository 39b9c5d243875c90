/* SPDX-License-Identifier: Apache-2.0 */
/* modality-sim: order of start-up, what ends it, order of shutdown. */
#include "control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "child.h"
#include "environment.h"
#include "modality/slice.h"

struct ending {
    struct loop *loop;
    struct loop_source *stdin_source;
    int signal_fd;
    struct child *child; /* NULL = there is none; else its end is the end */
};

static void end(struct ending *ending, int signal)
{
    if (ending->child)
        child_signal(ending->child, signal);
    else
        loop_stop(ending->loop);
}

static void signal_ready(void *ctx, uint32_t events)
{
    struct ending *ending = ctx;
    struct signalfd_siginfo got;
    (void)events;
    if (read(ending->signal_fd, &got, sizeof got) == (ssize_t)sizeof got)
        end(ending, (int)got.ssi_signo);
}

static void stdin_ready(void *ctx, uint32_t events)
{
    struct ending *ending = ctx;
    char buffer[256];
    (void)events;
    if (read(STDIN_FILENO, buffer, sizeof buffer) > 0)
        return;
    loop_remove(ending->loop, ending->stdin_source);
    ending->stdin_source = NULL;
    end(ending, SIGTERM);
}

/* SIGTERM, SIGINT and, when asked, the end of stdin. */
static int endings_watch(struct ending *ending, bool exit_on_eof)
{
    if (!loop_add(ending->loop, ending->signal_fd, EPOLLIN, signal_ready, ending))
        return -errno;
    if (!exit_on_eof)
        return 0;
    ending->stdin_source = loop_add(ending->loop, STDIN_FILENO, EPOLLIN, stdin_ready, ending);
    if (!ending->stdin_source && errno != EPERM)
        return -errno;
    if (!ending->stdin_source)
        end(ending, SIGTERM); /* a file or /dev/null: its end is here already */
    return 0;
}

/* What main returns. */
static int run(const struct options *options, int signal_fd)
{
    struct sim sim;
    struct control *control = NULL;
    int r = sim_open(&sim, options);
    if (r == 0)
        r = control_open(&sim, options->control, &control);
    struct ending ending = {.loop = sim.loop, .signal_fd = signal_fd};
    if (r == 0)
        r = sim_announce(&sim);
    if (r == 0 && options->command)
        r = child_start(sim.loop, options->command, &ending.child);
    if (r == 0)
        r = endings_watch(&ending, options->exit_on_eof);
    if (r == 0)
        r = loop_run(sim.loop);
    int status = child_end(ending.child);
    control_close(control);
    sim_close(&sim);
    return r < 0 ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    static struct options options;
    sigset_t signals;
    slice_ask(SLICE_HOST_NS); /* real devices have processors of their own */
    if (options_parse(argc, argv, &options) < 0)
        return 2;
    if (options.help) {
        options_help();
        return EXIT_SUCCESS;
    }
    int r = options.usb && !options.qemu ? environment_enter(argv) : 0;
    if (r < 0) {
        fprintf(stderr, "modality-sim: cannot start anew for its USB bus: %s\n", strerror(-r));
        return EXIT_FAILURE;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0) {
        perror("modality-sim: signalfd");
        return EXIT_FAILURE;
    }
    r = run(&options, signal_fd);
    close(signal_fd);
    return r;
}
