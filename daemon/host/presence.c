/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is there. Opens the link and opens it again, asks who answers, polls, and turns all of it into the one state of a
 * unit that the daemon is told. A unit that vanished comes back as a stranger: identified anew, made safe, new epoch.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/line.h"

/* Waiting for a device that is not there: absence is normal, and nobody waits longer than a second for a plug. */
#define PRESENCE_BACKOFF_MIN_NS (100 * NS_PER_MS)
#define PRESENCE_BACKOFF_MAX_NS (1000 * NS_PER_MS)
/*
 * A plug that is pushed in is taken up within a second, of which the kernel and the device need their part. Looking
 * costs half a millisecond, where a try to connect may cost the other units of a network their line.
 */
#define PRESENCE_PLUG_MAX_NS (200 * NS_PER_MS)
/* The same while a unit may have output. */
#define PRESENCE_HOT_MIN_NS (10 * NS_PER_MS)
#define PRESENCE_HOT_MAX_NS (100 * NS_PER_MS)
/*
 * What an open of a USB link may take besides a slice: all the bus is looked through and a driver of the kernel taken
 * off, which has nothing to do with the unit's own speed and begins anew with each attempt. Of a network link the slice
 * is all: the next attempt sends its request again sooner than the network would.
 */
#define PRESENCE_USB_MS 1000
/*
 * A unit is silent when this many calls in a row failed and the first of them began a slice ago: reads are repeated
 * within their deadline, so a line that fails fast is not given up faster than one that fails slowly.
 */
#define PRESENCE_SILENT 2

void presence_note(struct unit *u, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(u->detail, sizeof(u->detail), format, arguments);
    va_end(arguments);
}

static bool is_usb(const struct line *l)
{
    return strncmp(l->name, "usb:", 4) == 0;
}

static bool has_plug(const struct line *l)
{
    return is_usb(l) || strncmp(l->name, "serial:", 7) == 0;
}

static int64_t backoff_next(const struct line *l, int64_t *backoff_ns, bool hot)
{
    int64_t min = hot ? PRESENCE_HOT_MIN_NS : PRESENCE_BACKOFF_MIN_NS;
    int64_t max = hot ? PRESENCE_HOT_MAX_NS : has_plug(l) ? PRESENCE_PLUG_MAX_NS : PRESENCE_BACKOFF_MAX_NS;
    int64_t now = *backoff_ns < min ? min : *backoff_ns > max ? max : *backoff_ns;
    *backoff_ns = now * 2;
    return now;
}

static bool line_hot(const struct line *l)
{
    for (size_t i = 0; i < l->n_units; i++)
        if (l->units[i].hot)
            return true;
    return false;
}

static bool line_has_identified(const struct line *l)
{
    for (size_t i = 0; i < l->n_units; i++)
        if (l->units[i].identified)
            return true;
    return false;
}

/* ---- the link ---- */

void presence_lost(struct line *l, struct unit *u, int64_t now_ns)
{
    u->identified = u->foreign = u->has_status = false;
    u->absent = true;
    arm_stop_unit(l, u, LINK_REASON_LINK_LOST, u->detail);
    rest_newcomer(u, now_ns);
    rest_begin(l, u, true, 0, now_ns);
    u->retry_ns = now_ns + backoff_next(l, &u->backoff_ns, u->hot);
}

/* The transport is no use any more: everything on it is lost, and it is opened from scratch. */
static void line_drop(struct line *l, int error, const char *what)
{
    int64_t now = clock_monotonic_ns();
    call_begin(l, l->slice_ms, "close");
    l->plugin->close(l->link);
    call_end(l);
    l->link = NULL;
    l->doubt = false;
    l->open_retry_ns = now;
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        presence_note(u, "%s: %s", what, call_error(error));
        presence_lost(l, u, now);
    }
}

static int line_open(struct line *l)
{
    int64_t deadline = call_begin(l, l->slice_ms + (is_usb(l) ? PRESENCE_USB_MS : 0), "open");
    services_attempt(l->services, line_hot(l));
    int r = owner_node(l->owner, l->name);
    if (r == 0)
        r = l->plugin->open(&l->services->table, &l->config, deadline, &l->link);
    services_attempt_end(l->services);
    call_end(l);
    if (r < 0 || owner_node_held(l->owner, l->name))
        return r;
    /* The name was pointed at another node in between: nobody knows which of the two was opened. */
    call_begin(l, l->slice_ms, "close");
    l->plugin->close(l->link);
    call_end(l);
    return -ENODEV;
}

/* The plugin's own words say what to do ("2 devices are ...: unplug one"); where they are new, people are told anew. */
static void note_not_open(struct line *l, int error)
{
    char why[LINK_TEXT_MAX];
    if (l->services->said[0])
        memcpy(why, l->services->said, sizeof(why));
    else
        snprintf(why, sizeof(why), "link %s cannot be opened: %s", l->name,
                 error == -EBUSY ? "another process holds it" : call_error(error));
    bool news = strcmp(why, l->not_open) != 0;
    memcpy(l->not_open, why, sizeof(why));
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        u->absent = true;
        u->foreign = false;
        u->reworded = u->reworded || news;
        presence_note(u, "%s", why);
    }
}

void presence_open(struct line *l)
{
    int r = line_open(l);
    int64_t now = clock_monotonic_ns();
    if (r < 0) {
        l->link = NULL;
        l->open_retry_ns = now + backoff_next(l, &l->open_backoff_ns, line_hot(l));
        note_not_open(l, r);
        return;
    }
    l->open_backoff_ns = 0;
    l->doubt = false;
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        u->failures = 0;
        u->retry_ns = 0;
        rest_begin(l, u, true, 0, now);
        u->rest.round = 0;
        u->rest.next_ns = u->rest.begun_ns = 0; /* a round that was cut off says nothing about this link */
    }
}

/* A plugin re-establishes its transport by name: on a node that is not locked it must not, nor stay. */
static int reopen_held(struct line *l, int64_t deadline_ns)
{
    int r = owner_node_held(l->owner, l->name) ? l->plugin->reopen(l->link, deadline_ns) : -ENODEV;
    return r == 0 && !owner_node_held(l->owner, l->name) ? -ENODEV : r;
}

void presence_reopen(struct line *l)
{
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, l->slice_ms, "reopen");
    services_attempt(l->services, line_hot(l));
    int r = reopen_held(l, deadline);
    services_attempt_end(l->services);
    int64_t now = call_end(l);
    if (l->doubt_ns == 0)
        l->doubt_ns = began;
    /* A line that has not become quiet yet is still there; what is not there at all is opened from scratch. */
    if ((r == -EAGAIN || r == -ETIMEDOUT) && now - l->doubt_ns < 2 * (int64_t)l->slice_ms * NS_PER_MS)
        return;
    l->doubt_ns = 0;
    if (r < 0) {
        line_drop(l, r, "transport");
        l->open_retry_ns = now + backoff_next(l, &l->open_backoff_ns, line_hot(l));
        return;
    }
    l->doubt = false;
    if (now < l->silent_until_ns) /* draining after a silent unit is that unit's time too */
        l->silent_until_ns += 9 * (now - began);
}

/* ---- the unit ---- */

/* Of a unit that is two devices one was opened, and the plugin has said why the other was not. */
static bool half_open(const struct line *l, const struct unit *u, int error)
{
    return error == -EIO && !u->identified && is_usb(l) && l->services->said[0];
}

void presence_failed(struct line *l, struct unit *u, int error, const char *what, int64_t began_ns)
{
    int64_t now = clock_monotonic_ns();
    if (u->failures++ == 0)
        u->failing_ns = began_ns;
    bool silent = u->failures >= PRESENCE_SILENT && now - u->failing_ns >= (int64_t)u->device->slice_ms * NS_PER_MS;
    if (half_open(l, u, error))
        note_not_open(l, error);
    else
        presence_note(u, "%s of unit %s: %s", what, u->device->id, call_error(error));
    drive_refusal_end(l, u); /* it was to say why, and did not */
    if (error == -ENODEV || (error == -EIO && u->identified)) {
        /* Nobody knows who answers after the transport was cut: everything on it ends and is identified anew. */
        line_drop(l, error, what);
        return;
    }
    if (error == -ETIMEDOUT || error == -EIO || error == -EPROTO)
        l->doubt = true;
    if (l->n_units > 1 && silent && now + 9 * (now - began_ns) > l->silent_until_ns)
        l->silent_until_ns = now + 9 * (now - began_ns); /* its call and nine times as long for the others */
    if (u->identified && silent)
        presence_lost(l, u, now);
    else if (u->identified) /* asked again at once, then with a pause: what fails fast must not fill the line */
        u->poll_ns = u->failures > 1 ? now + PRESENCE_HOT_MIN_NS : now;
    if (!u->identified) {
        u->absent = true;
        u->retry_ns = now + backoff_next(l, &u->backoff_ns, u->hot);
    }
    rest_failed(l, u, now);
}

static void identified(struct line *l, struct unit *u, int64_t now_ns)
{
    u->failures = 0;
    u->backoff_ns = 0;
    u->identified = true;
    u->foreign = u->absent = false;
    l->not_open[0] = '\0';
    /* Grows over the lives of hosts too, so that a token of an earlier one can never fit. */
    uint64_t boot_ms = (uint64_t)(clock_boot_ns() / NS_PER_MS);
    u->epoch = u->epoch + 1 > boot_ms ? u->epoch + 1 : boot_ms;
    u->poll_ns = now_ns;
    presence_note(u, "identified");
    rest_begin(l, u, true, 0, now_ns);
    u->rest.write_groups = u->rest.groups;
    u->rest.round = 0;
    u->rest.next_ns = 0;
    u->rest.give_up_ns = now_ns + (int64_t)l->dead_man_ms * NS_PER_MS;
}

/* What was found by its name is not ours, or half of ours: let go, so that the next look sees all that is there by
 * then. */
static void let_go(struct line *l, const struct unit *u)
{
    if (!l->link)
        return;
    call_begin(l, l->slice_ms, "close");
    l->plugin->close(l->link);
    call_end(l);
    l->link = NULL;
    l->doubt = false;
    l->open_retry_ns = u->retry_ns;
}

static void foreign(struct line *l, struct unit *u, int64_t now_ns)
{
    if (!u->foreign)
        presence_note(u, "another device answers as unit %s", u->device->id);
    u->foreign = true;
    u->absent = false;
    u->backoff_ns = PRESENCE_BACKOFF_MAX_NS;
    u->retry_ns = now_ns + (u->hot && is_usb(l) ? PRESENCE_PLUG_MAX_NS : PRESENCE_BACKOFF_MAX_NS);
    if (is_usb(l) && !line_has_identified(l))
        let_go(l, u);
    else
        l->doubt = !line_has_identified(l); /* a handle of a device that was replugged says the same for ever */
}

void presence_identify(struct line *l, struct unit *u)
{
    struct modality_identity identity = {0};
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "identify");
    int r = l->plugin->identify(l->link, u->index, deadline, &identity);
    int64_t now = call_end(l);
    if (r == 0) {
        u->identity = identity;
        identified(l, u, now);
        return;
    }
    if (r != -ENODEV) {
        presence_failed(l, u, r, "identify", began);
        if (half_open(l, u, r))
            let_go(l, u);
        return;
    }
    foreign(l, u, now);
}

static int64_t next_poll(const struct line *l, const struct unit *u, int64_t now_ns)
{
    int64_t period = (int64_t)l->telemetry_ms * NS_PER_MS, next = u->poll_ns + period;
    return next > now_ns ? next : now_ns + period;
}

/* Channels that no arm holds must be at rest; what is on there is made safe and takes the unit's arms with it. */
static void judge_unclaimed(struct line *l, struct unit *u, int64_t now_ns)
{
    uint32_t claimed = 0, all = (UINT32_C(1) << u->device->n_channels) - 1;
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (l->arms[i].phase > ARM_SETTING && l->arms[i].ref.unit == u->index)
            claimed |= l->arms[i].channels; /* one that is not started is as idle as one that nobody holds */
    enum modality_evidence evidence = EVIDENCE_NONE;
    if (rest_proved(u, all & ~claimed, &evidence))
        return;
    presence_note(u, "output on a channel that no session has started");
    arm_stop_unit(l, u, LINK_REASON_OVER_OUTPUT, u->detail);
    u->hot = true;
    rest_begin(l, u, true, 0, now_ns);
}

void presence_poll(struct line *l, struct unit *u)
{
    struct modality_status status = {0};
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "status");
    int r = call_status(l, u, deadline, &status);
    int64_t taken = call_end(l);
    u->poll_ns = next_poll(l, u, taken);
    if (r < 0) {
        presence_failed(l, u, r, "status", began);
        return;
    }
    u->failures = 0;
    u->status = status;
    u->has_status = true;
    judge_status(l, u, taken);
    if (u->identified && !u->rest.active)
        judge_unclaimed(l, u, taken);
}

void presence_quarantine(const struct line *l, struct unit *u, int64_t now_ns)
{
    uint32_t ms = u->device->watchdog_ms > l->quarantine_min_ms ? u->device->watchdog_ms : l->quarantine_min_ms;
    u->unsure = false;
    u->quarantine_until_ns = now_ns + (int64_t)ms * NS_PER_MS;
    presence_note(u, "quarantine: a write that was under way may still arrive");
}

/* ---- the state ---- */

static enum unit_state state_now(const struct line *l, const struct unit *u, int64_t now_ns)
{
    if (u->unproved || rest_is_newcomer(u, now_ns))
        return UNIT_OUTPUT_UNKNOWN;
    if (unit_has_arm(l, u))
        return UNIT_ENERGISED;
    if (u->foreign)
        return u->hot ? UNIT_OUTPUT_UNKNOWN : UNIT_WRONG_IDENTITY;
    if (!u->identified && u->absent)
        return u->hot ? UNIT_OUTPUT_UNKNOWN : UNIT_ABSENT;
    if (!u->identified)
        return UNIT_PROBING;
    if (u->quarantine_until_ns != 0)
        return UNIT_QUARANTINE;
    return u->rest.active ? UNIT_PROBING : UNIT_READY;
}

static void presence_say(struct line *l, struct unit *u)
{
    struct link_presence m = {.unit = u->index,
                              .state = u->state,
                              .epoch = u->epoch,
                              .quarantine_until_ns = u->quarantine_until_ns,
                              .identity = u->identity};
    link_message_head(&m, LINK_PRESENCE, sizeof(m));
    memcpy(m.detail, u->detail, sizeof(m.detail));
    outbox_send(l->outbox, &m);
}

static void tick_unit(struct line *l, struct unit *u, int64_t now_ns)
{
    if (drive_feed_late(u, now_ns))
        arm_stop_unit(l, u, LINK_REASON_WATCHDOG, "the device's watchdog was not fed in time");
    if (u->quarantine_until_ns != 0 && u->identified && !u->rest.active) {
        if (now_ns >= u->quarantine_until_ns) {
            u->quarantine_until_ns = 0;
            presence_note(u, "proved at rest through quarantine");
        } else if (now_ns >= u->poll_ns) {
            u->poll_ns = next_poll(l, u, now_ns);
            rest_begin(l, u, true, 0, now_ns);
        }
    }
    if (u->rest.active && u->identified && !u->unproved && !rest_is_newcomer(u, now_ns) && !unit_has_arm(l, u) &&
        now_ns >= u->rest.give_up_ns) {
        u->unproved = true;
        presence_note(u, "it answers and cannot be proved at rest");
    }
    trial_tick(l, u);
    enum unit_state state = state_now(l, u, now_ns);
    bool asked = u->safe_asked && !u->rest.active;
    if (u->said && state == u->state && u->epoch == u->said_epoch && !asked && !u->reworded)
        return;
    u->reworded = false;
    u->state = state;
    u->said = true;
    u->said_epoch = u->epoch;
    u->safe_asked = u->safe_asked && !asked;
    presence_say(l, u);
}

void presence_tick(struct line *l, int64_t now_ns)
{
    for (size_t i = 0; i < l->n_units; i++)
        tick_unit(l, &l->units[i], now_ns);
}
