/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event sources as supervision needs them: exact timers on CLOCK_MONOTONIC, and an exit of the loop, never a silently
 * disabled source, when a callback fails.
 */
#include "link/loop.h"

#include <errno.h>
#include <stdbool.h>

#define LOOP_ACCURACY_US 1

static uint64_t to_us(int64_t at_ns)
{
    if (at_ns <= 0)
        return 0;
    return ((uint64_t)at_ns + NS_PER_US - 1) / NS_PER_US; /* up: a timer never fires before its deadline */
}

static int finish(sd_event_source *source, enum loop_priority priority, const char *name, sd_event_source **out)
{
    int r = sd_event_source_set_priority(source, priority);
    if (r >= 0)
        r = sd_event_source_set_exit_on_failure(source, 1);
    if (r >= 0)
        r = sd_event_source_set_description(source, name);
    if (r < 0) {
        sd_event_source_unref(source);
        return r;
    }
    *out = source;
    return 0;
}

int loop_add_io(sd_event *event, int fd, uint32_t epoll_events, enum loop_priority priority, const char *name,
                sd_event_io_handler_t callback, void *userdata, sd_event_source **out)
{
    sd_event_source *source = NULL;
    int r = sd_event_add_io(event, &source, fd, epoll_events, callback, userdata);
    return r < 0 ? r : finish(source, priority, name, out);
}

int loop_add_timer(sd_event *event, int64_t at_ns, enum loop_priority priority, const char *name,
                   sd_event_time_handler_t callback, void *userdata, sd_event_source **out)
{
    sd_event_source *source = NULL;
    int r = sd_event_add_time(event, &source, CLOCK_MONOTONIC, at_ns == INT64_MAX ? UINT64_MAX : to_us(at_ns),
                              LOOP_ACCURACY_US, callback, userdata);
    if (r < 0)
        return r;
    if (at_ns == INT64_MAX)
        r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (r < 0) {
        sd_event_source_unref(source);
        return r;
    }
    return finish(source, priority, name, out);
}

/* It is asked for before every poll, and seldom has anything changed. */
static bool is_set_to(sd_event_source *timer, uint64_t at_us)
{
    uint64_t present = 0;
    int enabled = SD_EVENT_OFF;
    return sd_event_source_get_time(timer, &present) >= 0 && present == at_us &&
           sd_event_source_get_enabled(timer, &enabled) >= 0 && enabled == SD_EVENT_ONESHOT;
}

int loop_set_timer(sd_event_source *timer, int64_t at_ns)
{
    if (at_ns == INT64_MAX)
        return sd_event_source_set_enabled(timer, SD_EVENT_OFF);
    if (is_set_to(timer, to_us(at_ns)))
        return 0;
    int r = sd_event_source_set_time(timer, to_us(at_ns));
    return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int loop_add_defer(sd_event *event, enum loop_priority priority, const char *name, sd_event_handler_t callback,
                   void *userdata, sd_event_source **out)
{
    sd_event_source *source = NULL;
    int r = sd_event_add_defer(event, &source, callback, userdata);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (r < 0) {
        sd_event_source_unref(source);
        return r;
    }
    return finish(source, priority, name, out);
}
