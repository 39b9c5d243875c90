/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logind's delay inhibitor: while something is energised, sleep and shutdown wait until the outputs are at rest.
 * Without a system bus there is nothing to hold; suspend is then noticed afterwards by the clocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon.h"
#include "modality/log.h"

#define LOGIND "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"

struct inhibitor {
    sd_bus *bus;
    sd_bus_slot *pending;
    int fd; /* held while >= 0 */
    bool wanted;
    void (*about_to_sleep)(void *userdata);
    void *userdata;
};

static int on_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct inhibitor *i = userdata;
    int starts = 0;
    (void)error;
    if (sd_bus_message_read(m, "b", &starts) >= 0 && starts && i->wanted)
        i->about_to_sleep(i->userdata);
    return 0;
}

static int on_inhibited(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct inhibitor *i = userdata;
    int fd = -1;
    (void)error;
    i->pending = sd_bus_slot_unref(i->pending);
    if (sd_bus_message_is_method_error(m, NULL)) {
        log_line(SD_WARNING, "modalityd: logind does not hold off sleep: %s", sd_bus_message_get_error(m)->message);
        return 0;
    }
    if (i->wanted && sd_bus_message_read(m, "h", &fd) >= 0)
        i->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return 0;
}

int inhibitor_new(sd_event *event, void (*sleeper)(void *userdata), void *userdata, struct inhibitor **out)
{
    struct inhibitor *i = calloc(1, sizeof *i);
    if (!i)
        return -ENOMEM;
    i->fd = -1;
    i->about_to_sleep = sleeper;
    i->userdata = userdata;
    int r = sd_bus_open_system(&i->bus);
    if (r >= 0)
        r = sd_bus_attach_event(i->bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = sd_bus_match_signal_async(i->bus, NULL, LOGIND, "PrepareForSleep", on_prepare, NULL, i);
    if (r >= 0)
        r = sd_bus_match_signal_async(i->bus, NULL, LOGIND, "PrepareForShutdown", on_prepare, NULL, i);
    if (r < 0) {
        inhibitor_free(i);
        return r;
    }
    *out = i;
    return 0;
}

void inhibitor_hold(struct inhibitor *i, bool hold)
{
    if (hold == i->wanted)
        return;
    i->wanted = hold;
    if (!hold) {
        if (i->fd >= 0)
            close(i->fd);
        i->fd = -1;
        return;
    }
    if (!i->pending && i->fd < 0)
        sd_bus_call_method_async(i->bus, &i->pending, LOGIND, "Inhibit", on_inhibited, i, "ssss", "sleep:shutdown",
                                 "modalityd", "a treatment is running", "delay");
}

void inhibitor_free(struct inhibitor *i)
{
    if (!i)
        return;
    if (i->fd >= 0)
        close(i->fd);
    sd_bus_slot_unref(i->pending);
    sd_bus_close_unref(i->bus);
    free(i);
}
