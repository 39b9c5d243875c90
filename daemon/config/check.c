/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin's describe() said of its units, held against the configuration: can these units be supervised on this
 * line with these times at all.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/config.h"

struct telling {
    config_report *report;
    void *userdata;
    const char *origin;
    int rc;
};

__attribute__((format(printf, 2, 3))) static void tell(struct telling *t, const char *format, ...)
{
    char message[320];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    t->report(t->userdata, t->origin, message);
    t->rc = -EINVAL;
}

/* Groups: at least one, of channels that exist; every channel in one, since a channel outside cannot be stopped. */
static void check_groups(struct telling *t, const struct modality_device *d)
{
    uint32_t covered = 0, channels = d->n_channels < 32 ? (UINT32_C(1) << d->n_channels) - 1 : UINT32_MAX;
    if (d->n_groups == 0)
        tell(t, "device %s has no output group: nothing of it could be stopped", d->id);
    for (size_t i = 0; i < d->n_groups; i++) {
        const struct modality_group *g = &d->groups[i];
        if (g->channels == 0 || (g->channels & ~channels) != 0)
            tell(t, "device %s: output group %s names channels that the device does not have", d->id, g->id);
        covered |= g->channels;
    }
    if (d->n_groups > 0 && (channels & ~covered) != 0)
        tell(t, "device %s has a channel that belongs to no output group", d->id);
}

static void check_channels(struct telling *t, const struct modality_device *d)
{
    if (d->n_channels == 0 || d->n_channels > MODALITY_CHANNELS_MAX)
        tell(t, "device %s has %zu channels; 1 to %d are possible", d->id, d->n_channels, MODALITY_CHANNELS_MAX);
    for (size_t i = 0; i < d->n_channels && i < MODALITY_CHANNELS_MAX; i++) {
        const struct modality_channel *c = &d->channels[i];
        bool settable = false;
        for (size_t k = 0; k < c->n_ranges; k++)
            settable |= c->ranges[k].settable && c->ranges[k].quantity == c->level;
        if (!settable)
            tell(t, "device %s: channel %s cannot set its level %s", d->id, c->id,
                 modality_quantity_info(c->level)->id);
    }
}

static void check_times(struct telling *t, const struct config_daemon *daemon, const struct modality_device *d)
{
    if (d->slice_ms + daemon->grace_ms >= daemon->permit_ms)
        tell(t, "device %s: one call may take %u ms, with grace %u ms: not within the permit of %u ms", d->id,
             d->slice_ms, d->slice_ms + daemon->grace_ms, daemon->permit_ms);
    if (d->n_channels > 0 && d->stop_ms == 0)
        tell(t, "device %s does not say how long a stop may take", d->id);
}

/* A name under something that is not so is no acceptance, and hides the one that will be needed some day. */
static void check_acceptance(struct telling *t, const struct config_device *device, const struct modality_device *d)
{
    const bool stops = d->on_link_loss == LINK_LOSS_STOPS || d->watchdog_ms > 0;
    if (device->accepted_by != NULL && stops && !d->stop_leaves_output)
        tell(t, "device %s: accept_link_loss is of no use: it stops %s", d->id,
             d->watchdog_ms > 0 ? "by its watchdog" : "when its link is lost");
}

int config_check_device(const struct config *config, size_t device, const struct modality_device *described,
                        config_report *report, void *userdata)
{
    struct telling t = {.report = report, .userdata = userdata, .origin = config->devices[device].origin};
    check_groups(&t, described);
    check_channels(&t, described);
    check_times(&t, &config->daemon, described);
    check_acceptance(&t, &config->devices[device], described);
    return t.rc;
}

/*
 * A line carries one poll and one keepalive of every unit in turn. A permit is renewed by a fresh reply, so a cycle may
 * take half a permit, which leaves room for one reply lost; a watchdog is fed at a third of its time.
 */
int config_check_line(const struct config *config, size_t link, const struct modality_device *described, size_t n,
                      config_report *report, void *userdata)
{
    struct telling t = {.report = report, .userdata = userdata, .origin = config->links[link].origin};
    uint64_t cycle_ms = 0;
    for (size_t i = 0; i < n; i++)
        cycle_ms += described[i].cycle_ms;
    if (n != config->links[link].n_devices)
        tell(&t, "the plugin %s describes %zu units on %s; %zu are configured", config->links[link].plugin, n,
             config->links[link].canonical, config->links[link].n_devices);
    if (cycle_ms > config->daemon.permit_ms / 2)
        tell(&t, "a poll of all %zu units on %s takes up to %llu ms; at most half the permit, %u ms, keeps them fresh",
             n, config->links[link].canonical, (unsigned long long)cycle_ms, config->daemon.permit_ms / 2);
    for (size_t i = 0; i < n; i++)
        if (described[i].watchdog_ms > 0 && cycle_ms > described[i].watchdog_ms / 3)
            tell(&t, "a poll of all units on %s takes up to %llu ms; device %s must be fed every %u ms",
                 config->links[link].canonical, (unsigned long long)cycle_ms, described[i].id,
                 described[i].watchdog_ms / 3);
    return t.rc;
}
