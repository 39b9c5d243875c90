/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one wrapper that makes event sources. It sets what sd-event's defaults get wrong for supervision: timers with 1
 * us accuracy (the default lets them fire up to 250 ms late), and exit-on-failure for sources whose silent disabling
 * would be a hazard. Timers use absolute CLOCK_MONOTONIC ns.
 */
#ifndef LINK_LOOP_H
#define LINK_LOOP_H

#include <systemd/sd-event.h>

#include "modality/clock.h"

/* Order of service. Lower is served first. */
enum loop_priority {
    LOOP_CLIENT_READ = -300, /* stops are recognised here */
    LOOP_DEADLINE = -200,
    LOOP_HOST = -100,
    LOOP_RECORD = 0,
    LOOP_CLIENT_WORK = 100,
};

/* A descriptor. A callback that fails ends the daemon (and with it, every output). 0 or negative errno. */
int loop_add_io(sd_event *event, int fd, uint32_t epoll_events, enum loop_priority priority, const char *name,
                sd_event_io_handler_t callback, void *userdata, sd_event_source **out);
/* A one-shot timer, at_ns absolute CLOCK_MONOTONIC; disarmed when at_ns is INT64_MAX. */
int loop_add_timer(sd_event *event, int64_t at_ns, enum loop_priority priority, const char *name,
                   sd_event_time_handler_t callback, void *userdata, sd_event_source **out);
/* Sets it anew. */
int loop_set_timer(sd_event_source *timer, int64_t at_ns);
/* Runs once per turn while enabled: the queue of waiting client work. Made disabled. */
int loop_add_defer(sd_event *event, enum loop_priority priority, const char *name, sd_event_handler_t callback,
                   void *userdata, sd_event_source **out);

#endif
