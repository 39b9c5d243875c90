/* SPDX-License-Identifier: Apache-2.0 */
/* modality-sim: order of start-up, what ends it, order of shutdown. */
#include "control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "modality/slice.h"

struct ending {
    struct loop *loop;
    struct loop_source *stdin_source;
};

static void signal_ready(void *ctx, uint32_t events)
{
    struct ending *ending = ctx;
    (void)events;
    loop_stop(ending->loop);
}

static void stdin_ready(void *ctx, uint32_t events)
{
    struct ending *ending = ctx;
    char buffer[256];
    (void)events;
    if (read(STDIN_FILENO, buffer, sizeof buffer) <= 0)
        loop_stop(ending->loop);
}

/* SIGTERM, SIGINT and, when asked, the end of stdin. */
static int endings_watch(struct ending *ending, int signal_fd, bool exit_on_eof)
{
    if (!loop_add(ending->loop, signal_fd, EPOLLIN, signal_ready, ending))
        return -errno;
    if (!exit_on_eof)
        return 0;
    ending->stdin_source = loop_add(ending->loop, STDIN_FILENO, EPOLLIN, stdin_ready, ending);
    if (!ending->stdin_source && errno != EPERM)
        return -errno;
    if (!ending->stdin_source)
        loop_stop(ending->loop); /* a file or /dev/null: its end is here already */
    return 0;
}

static int run(const struct options *options, int signal_fd)
{
    struct sim sim;
    struct control *control = NULL;
    int r = sim_open(&sim, options);
    if (r == 0)
        r = control_open(&sim, options->control, &control);
    struct ending ending = {.loop = sim.loop};
    if (r == 0)
        r = endings_watch(&ending, signal_fd, options->exit_on_eof);
    if (r == 0)
        r = sim_announce(&sim);
    if (r == 0)
        r = loop_run(sim.loop);
    control_close(control);
    sim_close(&sim);
    return r;
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
    int r = run(&options, signal_fd);
    close(signal_fd);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
