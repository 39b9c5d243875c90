/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <modality/clock.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH 32 /* events per epoll_wait; more would only delay deadlines */

struct loop_source {
    int fd; /* -1 once removed */
    loop_ready_fn fn;
    void *ctx;
    struct loop_source *next;
};

struct loop {
    int epoll_fd;
    int timer_fd;
    int64_t wake_ns; /* what the timerfd is set to, LOOP_NEVER = disarmed */
    bool stopped;
    struct loop_timer *timers; /* earliest first */
    struct loop_source *sources;
    struct loop_source *removed;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->wake_ns = LOOP_NEVER;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (loop->epoll_fd >= 0 && loop->timer_fd >= 0 &&
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) == 0)
        return loop;
    loop_free(loop);
    return NULL;
}

static void free_list(struct loop_source **list)
{
    while (*list) {
        struct loop_source *source = *list;
        *list = source->next;
        free(source);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    free_list(&loop->sources);
    free_list(&loop->removed);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    free(loop);
}

struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_ready_fn fn, void *ctx)
{
    struct loop_source *source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    *source = (struct loop_source){.fd = fd, .fn = fn, .ctx = ctx, .next = loop->sources};
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int error = errno;
        free(source);
        errno = error;
        return NULL;
    }
    loop->sources = source;
    return source;
}

void loop_modify(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0)
        abort(); /* the source is watched by construction */
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    if (!source)
        return;
    struct loop_source **at = &loop->sources;
    while (*at != source)
        at = &(*at)->next;
    *at = source->next;
    /* A descriptor that was closed before is gone from the epoll set already: nothing to undo. */
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    source->fd = -1;
    source->next = loop->removed;
    loop->removed = source;
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    if (!timer->armed)
        return;
    struct loop_timer **at = &loop->timers;
    while (*at != timer)
        at = &(*at)->next;
    *at = timer->next;
    timer->armed = false;
}

void loop_timer_arm(struct loop *loop, struct loop_timer *timer, int64_t at_ns)
{
    if (timer->armed && timer->at_ns == at_ns)
        return;
    loop_timer_cancel(loop, timer);
    if (at_ns == LOOP_NEVER)
        return;
    struct loop_timer **at = &loop->timers;
    while (*at && (*at)->at_ns <= at_ns)
        at = &(*at)->next;
    timer->at_ns = at_ns;
    timer->next = *at;
    timer->armed = true;
    *at = timer;
}

static void timers_expire(struct loop *loop)
{
    int64_t now = clock_monotonic_ns();
    while (loop->timers && loop->timers->at_ns <= now) {
        struct loop_timer *timer = loop->timers;
        loop_timer_cancel(loop, timer);
        timer->fn(timer->ctx, now);
    }
}

/* Sets the timerfd to the earliest deadline. An early or late wake-up only costs one turn of the loop. */
static void wake_update(struct loop *loop)
{
    int64_t wake = loop->timers ? loop->timers->at_ns : LOOP_NEVER;
    if (wake == loop->wake_ns)
        return;
    struct itimerspec spec = {0};
    if (wake != LOOP_NEVER) {
        int64_t at = wake > 0 ? wake : 1; /* zero would disarm */
        spec.it_value = (struct timespec){.tv_sec = at / NS_PER_S, .tv_nsec = at % NS_PER_S};
    }
    if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
        abort(); /* the only failures are arguments of our own making */
    loop->wake_ns = wake;
}

static void timer_drain(struct loop *loop)
{
    uint64_t expirations;
    if (read(loop->timer_fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations)
        loop->wake_ns = LOOP_NEVER;
}

int loop_run(struct loop *loop)
{
    struct epoll_event events[BATCH];
    while (!loop->stopped) {
        wake_update(loop);
        int count = epoll_wait(loop->epoll_fd, events, BATCH, -1);
        if (count < 0 && errno != EINTR)
            return -errno;
        timers_expire(loop);
        for (int i = 0; i < count; i++) {
            struct loop_source *source = events[i].data.ptr;
            if (!source)
                timer_drain(loop);
            else if (source->fd >= 0)
                source->fn(source->ctx, events[i].events);
        }
        free_list(&loop->removed);
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
