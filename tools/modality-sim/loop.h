/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event loop: descriptors on epoll, deadlines on one timerfd, both on CLOCK_MONOTONIC. A source may be removed
 * from inside any callback: its memory lives until the batch of events in hand is done.
 */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define LOOP_NEVER INT64_MAX

struct loop;
struct loop_source;
typedef void (*loop_ready_fn)(void *ctx, uint32_t events);
typedef void (*loop_timer_fn)(void *ctx, int64_t now_ns);

/* Embedded in its owner; zero-initialised means disarmed. */
struct loop_timer {
    loop_timer_fn fn;
    void *ctx;
    int64_t at_ns;
    struct loop_timer *next;
    bool armed;
};

/* NULL when the kernel refuses a descriptor. loop_free takes NULL; sources still present are freed with it. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Watches fd (owned by the caller, who closes it after removal). NULL with errno set when the fd cannot be watched. */
struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_ready_fn fn, void *ctx);
void loop_modify(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Arming an armed timer moves it; LOOP_NEVER disarms. */
void loop_timer_arm(struct loop *loop, struct loop_timer *timer, int64_t at_ns);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/* Runs until loop_stop(). Returns 0 or the negative errno of epoll. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
