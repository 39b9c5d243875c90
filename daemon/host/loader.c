/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate for device code. The file is checked before a byte of it runs, and that it was still the same file is
 * checked before its descriptor is used; a descriptor of another abi or size is refused naming both numbers.
 */
#include "host/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_check(int fd, const char *path, char *reason, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        int r = -errno;
        snprintf(reason, size, "plugin %s: %s", path, strerror(-r));
        return r;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(reason, size, "plugin %s is not a regular file", path);
        return -EPERM;
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        snprintf(reason, size, "plugin %s belongs to uid %u; only root's or uid %u's are loaded", path,
                 (unsigned)st.st_uid, (unsigned)geteuid());
        return -EPERM;
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        snprintf(reason, size, "plugin %s has mode %03o; others than its owner may write it", path,
                 (unsigned)st.st_mode & 0777U);
        return -EPERM;
    }
    return 0;
}

static int descriptor_check(const struct modality_plugin *p, const char *path, char *reason, size_t size)
{
    if (!p) {
        snprintf(reason, size, "plugin %s returned no descriptor", path);
        return -ENOEXEC;
    }
    if (p->abi != MODALITY_PLUGIN_ABI) {
        snprintf(reason, size, "plugin %s was written for abi %u, this host has abi %u", path, p->abi,
                 (unsigned)MODALITY_PLUGIN_ABI);
        return -ENOEXEC;
    }
    if (p->size != sizeof(*p) || p->device_size != sizeof(struct modality_device) ||
        p->status_size != sizeof(struct modality_status)) {
        snprintf(reason, size,
                 "plugin %s: sizes of descriptor, device and status are %u, %u and %u, this host has %zu, %zu and %zu",
                 path, p->size, p->device_size, p->status_size, sizeof(*p), sizeof(struct modality_device),
                 sizeof(struct modality_status));
        return -ENOEXEC;
    }
    if (!p->name || !p->version || !p->maturity) {
        snprintf(reason, size, "plugin %s has no name, version or maturity", path);
        return -ENOEXEC;
    }
    if (!p->describe || !p->open || !p->identify || !p->status || !p->apply || !p->start || !p->stop || !p->make_safe ||
        !p->reopen || !p->close) {
        snprintf(reason, size, "plugin %s lacks a function that every plugin has (only keepalive may be missing)",
                 path);
        return -ENOEXEC;
    }
    return 0;
}

static int symbol_load(int fd, const char *path, const struct modality_plugin **out, char *reason, size_t size)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(reason, size, "plugin %s cannot be loaded: %s", path, why ? why : "no reason given");
        return -ENOEXEC;
    }
    struct stat checked, loaded;
    if (fstat(fd, &checked) < 0 || stat(path, &loaded) < 0 || checked.st_dev != loaded.st_dev ||
        checked.st_ino != loaded.st_ino) {
        snprintf(reason, size, "plugin %s was replaced while it was loaded", path);
        return -ENOEXEC;
    }
    /* The library is never closed: its code may be on a stack or in a destructor when the process ends. */
    const struct modality_plugin *(*entry)(void) = NULL;
    void *symbol = dlsym(library, MODALITY_PLUGIN_SYMBOL);
    if (!symbol) {
        snprintf(reason, size, "plugin %s has no symbol %s", path, MODALITY_PLUGIN_SYMBOL);
        return -ENOEXEC;
    }
    memcpy(&entry, &symbol, sizeof(entry)); /* ISO C has no cast from an object to a function pointer */
    const struct modality_plugin *plugin = entry();
    int r = descriptor_check(plugin, path, reason, size);
    if (r == 0)
        *out = plugin;
    return r;
}

int loader_load(const char *path, const struct modality_plugin **out, char *reason, size_t size)
{
    if (path[0] != '/') {
        snprintf(reason, size, "plugin %s is not a full path", path);
        return -EINVAL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        int r = -errno;
        snprintf(reason, size, "plugin %s: %s", path, strerror(-r));
        return r;
    }
    int r = file_check(fd, path, reason, size);
    if (r == 0)
        r = symbol_load(fd, path, out, reason, size);
    close(fd);
    return r;
}

/* ---- what describe returned ---- */

/* An emission delay is seconds; whoever waits longer than this for an output thinks that none will come. */
#define LOADER_START_MAX_MS 30000

static const struct modality_range *range_of(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges; i++)
        if (c->ranges[i].quantity == q)
            return &c->ranges[i];
    return NULL;
}

static const char *channel_fault(const struct modality_channel *c)
{
    if (!memchr(c->id, 0, sizeof(c->id)) || c->id[0] == '\0')
        return "a channel without id";
    if (c->n_ranges > MODALITY_RANGES_MAX)
        return "too many ranges";
    if ((unsigned)c->level >= QUANTITY_COUNT || c->waveforms >> WAVEFORM_COUNT != 0)
        return "a level or waveform that does not exist";
    for (size_t i = 0; i < c->n_ranges; i++) {
        const struct modality_range *range = &c->ranges[i];
        if ((unsigned)range->quantity >= QUANTITY_COUNT || range->min > range->max || range->resolution < 1)
            return "a range that is not ordered, has no resolution or an unknown quantity";
    }
    const struct modality_range *level = range_of(c, c->level);
    if (!level || !level->settable || c->rest_value < level->min || c->rest_value > level->max)
        return "a level that cannot be set or does not reach its rest value";
    return c->noise < 0 ? "a negative noise" : NULL;
}

static const char *groups_fault(const struct modality_device *d)
{
    uint32_t channels = (UINT32_C(1) << d->n_channels) - 1, groups = (UINT32_C(1) << d->n_groups) - 1;
    for (size_t i = 0; i < d->n_groups; i++) {
        const struct modality_group *g = &d->groups[i];
        if (!memchr(g->id, 0, sizeof(g->id)) || g->id[0] == '\0')
            return "an output group without id";
        if (g->channels == 0 || (g->channels & ~channels) != 0 || (g->excludes & ~groups) != 0)
            return "an output group with channels or exclusions that do not exist";
    }
    return NULL;
}

static const char *device_fault(const struct modality_device *d)
{
    if (!memchr(d->id, 0, sizeof(d->id)) || d->id[0] == '\0')
        return "no id";
    if (d->n_channels < 1 || d->n_channels > MODALITY_CHANNELS_MAX || d->n_groups < 1 ||
        d->n_groups > MODALITY_GROUPS_MAX)
        return "no channels, no output groups or too many of them";
    if (d->slice_ms < 1 || d->slice_ms > 10000 || d->stop_ms < 1 || d->stop_ms > 60000)
        return "a slice or stop time of zero or beyond reason";
    if (d->start_ms > LOADER_START_MAX_MS)
        return "a time from start to output beyond reason";
    if (d->rest_by_setpoint && d->rest_within_ms < 1)
        return "a rest by set point that no time bounds";
    for (size_t i = 0; i < d->n_channels; i++) {
        const char *fault = channel_fault(&d->channels[i]);
        if (fault)
            return fault;
    }
    return groups_fault(d);
}

int loader_check_units(const struct modality_device *units, size_t n, char *reason, size_t size)
{
    if (n < 1 || n > MODALITY_UNITS_MAX) {
        snprintf(reason, size, "plugin described %zu units, a link has 1 to %d", n, MODALITY_UNITS_MAX);
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        const char *fault = device_fault(&units[i]);
        if (!fault)
            continue;
        snprintf(reason, size, "plugin described unit %zu (%.63s) with %s", i, units[i].id, fault);
        return -EINVAL;
    }
    return 0;
}

void loader_grant_slice(struct modality_device *units, size_t n, uint32_t slice_ms)
{
    for (size_t i = 0; i < n; i++)
        if (units[i].slice_ms < slice_ms)
            units[i].slice_ms = slice_ms;
}

uint32_t loader_dead_man_ms(const struct modality_device *units, size_t n, uint32_t grace_ms)
{
    uint32_t slice = 0, stops = 0;
    for (size_t i = 0; i < n; i++) {
        if (units[i].slice_ms > slice)
            slice = units[i].slice_ms;
        stops += units[i].stop_ms + (units[i].rest_by_setpoint ? units[i].rest_within_ms : 0);
    }
    return slice + grace_ms + stops;
}
