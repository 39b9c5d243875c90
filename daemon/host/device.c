/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device thread: every line of plugin code runs here, from the constructor of its library to its close.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"
#include "host/loader.h"
#include "host/sandbox.h"

/* Loading and describing do no device I/O; what takes longer than this hangs. */
#define DEVICE_LOAD_NS (5 * NS_PER_S)

static void hello_send(struct host *h, const struct modality_plugin *plugin)
{
    struct link_hello m = {.hello_size = sizeof(struct link_sample), .reexecuted = h->reexecuted, .pid = getpid()};
    link_message_head(&m, LINK_HELLO, sizeof(m));
    if (plugin) {
        snprintf(m.plugin, sizeof(m.plugin), "%s", plugin->name);
        snprintf(m.plugin_version, sizeof(m.plugin_version), "%s", plugin->version);
        snprintf(m.maturity, sizeof(m.maturity), "%s", plugin->maturity);
    }
    outbox_send(&h->outbox, &m);
}

static void control_wake(struct host *h)
{
    uint64_t one = 1;
    ssize_t n = write(h->control_wake_fd, &one, sizeof(one));
    (void)n; /* a full counter wakes as well */
}

/* The plugin or its configuration is no good: every unit is said to have failed. */
static void fail(struct host *h, const char *why)
{
    for (uint32_t i = 0; i < MODALITY_UNITS_MAX && settings_device(&h->settings, i); i++) {
        struct link_presence m = {.unit = i, .state = UNIT_PLUGIN_FAILED};
        link_message_head(&m, LINK_PRESENCE, sizeof(m));
        snprintf(m.detail, sizeof(m.detail), "%s", why);
        outbox_send(&h->outbox, &m);
    }
    atomic_store(&h->described, -1);
}

static void units_send(struct host *h, size_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct link_unit m = {
            .unit = i, .dead_man_ms = guard_bound_ms(h->line.dead_man_ms, h->line.grace_ms), .device = h->devices[i]};
        link_message_head(&m, LINK_UNIT, sizeof(m));
        outbox_send(&h->outbox, &m);
    }
}

static int load(struct host *h)
{
    char reason[LINK_TEXT_MAX];
    const struct modality_plugin *plugin = NULL;
    if (loader_load(h->settings.plugin_path, &plugin, reason, sizeof(reason)) < 0) {
        hello_send(h, NULL);
        outbox_config_fault(&h->outbox, settings_origin(&h->settings, "plugin"), reason);
        fail(h, reason);
        return -ENOEXEC;
    }
    hello_send(h, plugin);
    h->line.plugin = plugin;
    return 0;
}

static int describe(struct host *h)
{
    char reason[LINK_TEXT_MAX];
    struct line *l = &h->line;
    l->config = settings_config(&h->settings);
    int r = l->plugin->describe(&h->services.table, &l->config, h->devices, MODALITY_UNITS_MAX, &l->n_units);
    if (r < 0 || h->services.faults > 0) {
        fail(h, "the plugin refuses its configuration");
        return -EINVAL;
    }
    if (loader_check_units(h->devices, l->n_units, reason, sizeof(reason)) < 0) {
        outbox_config_fault(&h->outbox, settings_origin(&h->settings, "plugin"), reason);
        fail(h, reason);
        return -EINVAL;
    }
    loader_grant_slice(h->devices, l->n_units, h->settings.slice_ms);
    return 0;
}

static void line_fill(struct host *h)
{
    struct line *l = &h->line;
    l->services = &h->services;
    l->name = h->settings.link;
    l->outbox = &h->outbox;
    l->mail = &h->mail;
    l->guard = &h->guard;
    l->owner = &h->owner;
    l->devices = h->devices;
    l->telemetry_ms = h->settings.telemetry_ms;
    l->grace_ms = h->settings.grace_ms;
    l->quarantine_min_ms = h->settings.quarantine_min_ms;
    for (size_t i = 0; i < l->n_units; i++)
        if (h->devices[i].slice_ms > l->slice_ms)
            l->slice_ms = h->devices[i].slice_ms;
    l->dead_man_ms = loader_dead_man_ms(h->devices, l->n_units, l->grace_ms);
}

/* Until the link is ours. A host that never gets it ends without this thread: it has touched nothing. */
static void wait_for_go(struct host *h, bool *predecessor)
{
    guard_set(&h->guard, INT64_MAX, "waiting for the link");
    for (;;) {
        pthread_mutex_lock(&h->mail.lock);
        bool go = h->mail.go;
        *predecessor = h->mail.predecessor;
        pthread_mutex_unlock(&h->mail.lock);
        if (go)
            return;
        struct pollfd p = {.fd = h->mail.wake_fd, .events = POLLIN};
        uint64_t count = 0;
        if (poll(&p, 1, 1000) > 0 && read(h->mail.wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
            continue;
    }
}

/* "session:turn:unit:group,..." of mail_list. Ours, of the same build; what does not parse ends it. */
static void resume_sessions(struct host *h, const char *text)
{
    char copy[MAIL_LIST_MAX], *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        uint64_t number[4] = {0};
        char *inner = NULL, *field = strtok_r(item, ":", &inner);
        size_t n = 0;
        while (n < 4 && field && settings_number(field, n == 0 ? UINT64_MAX : UINT32_MAX, &number[n]) == 0) {
            n++;
            field = strtok_r(NULL, ":", &inner);
        }
        if (n != 4)
            return;
        struct link_session_ref ref = {number[0], (uint32_t)number[1], (uint32_t)number[2]};
        line_resume_arm(&h->line, &ref, (uint32_t)number[3]);
    }
}

static void *device_main(void *argument)
{
    struct host *h = argument;
    atomic_store(&h->guard.tid, (int)gettid());
    guard_set(&h->guard, clock_monotonic_ns() + DEVICE_LOAD_NS, "loading the plugin");
    int r = 0;
    if (h->fenced && !SANDBOX_SANITIZED && sandbox_reach_of(h->settings.link) != SANDBOX_USB)
        r = sandbox_no_threads(); /* libusb alone has one */
    if (r < 0)
        outbox_log(&h->outbox, MODALITY_LOG_WARNING, h->settings.link, "fence: threads can be made: %s", strerror(-r));
    r = load(h);
    if (r == 0)
        r = describe(h);
    if (r < 0) {
        guard_set(&h->guard, INT64_MAX, "failed");
        control_wake(h);
        return NULL;
    }
    line_fill(h);
    units_send(h, h->line.n_units);
    atomic_store(&h->described, 1);
    control_wake(h);
    bool predecessor = false;
    wait_for_go(h, &predecessor);
    line_init(&h->line, predecessor || h->settings.replacement, !h->settings.idle);
    if (h->resumed)
        resume_sessions(h, h->resumed);
    /* A plugin that hangs again and again must not make this a busy loop of program starts. */
    unsigned again = h->reexecutions < 10 ? h->reexecutions : 10;
    if (again > 2)
        h->line.open_retry_ns = clock_monotonic_ns() + again * 100 * NS_PER_MS;
    line_run(&h->line);
    guard_set(&h->guard, INT64_MAX, "done");
    atomic_store(&h->finished, true);
    control_wake(h);
    return NULL;
}

int device_thread_start(struct host *h)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    r = pthread_attr_setstacksize(&attributes, HOST_STACK);
    if (r == 0)
        r = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (r == 0)
        r = pthread_create(&thread, &attributes, device_main, h);
    pthread_attr_destroy(&attributes);
    h->device_thread = r == 0;
    return -r;
}
