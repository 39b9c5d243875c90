/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows one session to its end: a progress line from the daemon's own snapshots, the lease renewed from here, and
 * Ctrl-C as a stop. What is shown is what the daemon said; nothing is guessed while it is silent.
 */
#include <stdio.h>
#include <string.h>

#include "modality/clock.h"
#include "request.h"

#define BAR_CELLS 20
/* After a stop: how long proof is waited for. Longer than any dead-man bound that a device shows. */
#define PROOF_NS (15 * NS_PER_S)

struct following {
    struct ctl *ctl;
    const char *session_id, *lease_key;
    json_int_t lease_ms;
    int64_t renew_ns, give_up_ns;
    bool stop_sent, ended, alarmed;
    char state[32], reason[64], evidence[32], shown[400];
};

static void line_clear(struct following *f)
{
    if (f->ctl->interactive && f->shown[0])
        printf("\r\033[K");
    f->shown[0] = '\0';
}

/* One line that rewrites itself on a terminal, and a new line per change of state elsewhere. */
static void line_show(struct following *f, const char *text)
{
    if (f->ctl->json)
        return;
    if (f->ctl->interactive) {
        printf("\r\033[K%s", text);
        fflush(stdout);
    }
    snprintf(f->shown, sizeof f->shown, "%s", text);
}

static void bar_draw(char bar[BAR_CELLS + 1], json_int_t done, json_int_t all)
{
    const json_int_t cells = all > 0 ? done * BAR_CELLS / all : 0;
    for (json_int_t i = 0; i < BAR_CELLS; i++)
        bar[i] = i < cells ? '#' : '.';
    bar[BAR_CELLS] = '\0';
}

static int channel_text(char *text, size_t size, const json_t *channel)
{
    const char *quantity = ctl_text(channel, "quantity");
    int at =
        snprintf(text, size, "  %s %s", ctl_text(channel, "channel"), ctl_value(quantity, ctl_int(channel, "level")));
    const json_t *measured = json_object_get(channel, "measured");
    const char *actual = ctl_text(channel, "measured_quantity");
    if (json_is_integer(measured))
        at += snprintf(text + at, size - (size_t)at, " (measured %s)",
                       ctl_value(actual[0] ? actual : quantity, json_integer_value(measured)));
    if (ctl_int(channel, "impedance_ohm") > 0)
        at += snprintf(text + at, size - (size_t)at, " %lld ohm", (long long)ctl_int(channel, "impedance_ohm"));
    if (json_object_get(channel, "contact_quality_permille"))
        at += snprintf(text + at, size - (size_t)at, " coupling %lld %%",
                       (long long)ctl_int(channel, "contact_quality_permille") / 10);
    return at + snprintf(text + at, size - (size_t)at, " %s %s", ctl_text(channel, "contact"),
                         ctl_text(channel, "evidence"));
}

static void progress(struct following *f, const json_t *snapshot)
{
    char text[sizeof f->shown], bar[BAR_CELLS + 1];
    const json_int_t planned = ctl_int(snapshot, "planned_ms"), delivered = ctl_int(snapshot, "delivered_ms");
    bar_draw(bar, delivered, planned);
    int at = snprintf(text, sizeof text, "%-8s [%s] %s, left %s", ctl_text(snapshot, "state"), bar,
                      ctl_clock(delivered), ctl_clock(ctl_int(snapshot, "remaining_ms")));
    size_t i;
    const json_t *channel;
    json_array_foreach(json_object_get(snapshot, "channels"), i, channel)
    {
        if (at > 0 && (size_t)at < sizeof text - 120)
            at += channel_text(text + at, sizeof text - (size_t)at, channel);
    }
    line_show(f, text);
}

static void state_changed(struct following *f, const json_t *event)
{
    const char *state = ctl_text(event, "to"), *reason = ctl_text(event, "reason"), *detail = ctl_text(event, "detail");
    if (strcmp(state, f->state) == 0)
        return;
    if (!f->ctl->json) {
        if (!f->ctl->interactive && f->shown[0])
            printf("%s\n", f->shown);
        line_clear(f);
        printf("%s%s%s%s%s\n", state, reason[0] ? ": " : "", reason, detail[0] ? ", " : "", detail);
        fflush(stdout);
    }
    snprintf(f->state, sizeof f->state, "%s", state);
    if (reason[0])
        snprintf(f->reason, sizeof f->reason, "%s", reason);
    snprintf(f->evidence, sizeof f->evidence, "%s", ctl_text(event, "evidence"));
    f->ended = strcmp(state, "ended") == 0;
}

static void alarm_shown(struct following *f, const json_t *event)
{
    const json_t *alarm = json_object_get(event, "alarm");
    if (strcmp(ctl_text(event, "change"), "raised") != 0)
        return;
    if (!f->ctl->json) {
        line_clear(f);
        printf("%sALARM %s %s: %s\n", strcmp(ctl_text(alarm, "priority"), "high") == 0 ? "\a" : "",
               ctl_text(alarm, "priority"), ctl_text(alarm, "kind"), ctl_text(alarm, "detail"));
    }
    f->alarmed |=
        strcmp(ctl_text(alarm, "priority"), "low") != 0 && strcmp(ctl_text(alarm, "session_id"), f->session_id) == 0;
}

static void event_shown(struct following *f, const json_t *event)
{
    const char *type = ctl_text(event, "type");
    if (strcmp(type, "alarm") == 0) {
        alarm_shown(f, event);
        return;
    }
    if (strcmp(ctl_text(event, "session_id"), f->session_id) != 0)
        return;
    const json_t *snapshot = json_object_get(event, "snapshot");
    if (strcmp(type, "session.progress") == 0)
        progress(f, json_is_object(snapshot) ? snapshot : event);
    else if (strcmp(type, "session.state") == 0)
        state_changed(f, event);
}

static void renew(struct following *f)
{
    const int64_t now = clock_monotonic_ns();
    if (now < f->renew_ns || f->ended)
        return;
    client_send(f->ctl->client, "session.keepalive",
                json_pack("{s:s, s:s}", "session_id", f->session_id, "lease_key", f->lease_key));
    f->renew_ns = now + f->lease_ms * NS_PER_MS / 3;
}

static void stop_if_interrupted(struct following *f)
{
    if (!ctl_interrupted || f->stop_sent)
        return;
    f->stop_sent = true;
    ctl_interrupted = 0;
    f->give_up_ns = clock_monotonic_ns() + PROOF_NS;
    client_send(
        f->ctl->client, "session.stop",
        json_pack("{s:s, s:s, s:s}", "session_id", f->session_id, "reason", "operator interrupted", "by", "operator"));
    if (!f->ctl->json) {
        line_clear(f);
        printf("stopping: waiting for proof of rest\n");
        fflush(stdout);
    }
}

static enum ctl_exit verdict(const struct following *f, bool gone)
{
    const bool proved = strcmp(f->evidence, "measured") == 0 || strcmp(f->evidence, "reported") == 0;
    if (!f->ended && gone) {
        fprintf(stderr,
                "modalityctl: the daemon is gone; its hosts rest the output by themselves. Look at the patient.\n");
        return CTL_UNPROVED;
    }
    if (!f->ended || !proved) {
        fprintf(stderr, "modalityctl: rest is NOT proved (state %s, evidence %s): disconnect the patient\n",
                f->state[0] ? f->state : "unknown", f->evidence[0] ? f->evidence : "none");
        return CTL_UNPROVED;
    }
    if (!f->ctl->json)
        printf("rest proved: %s\n", f->evidence);
    const bool planned = strcmp(f->reason, "complete") == 0 || strcmp(f->reason, "stopped") == 0 ||
                         strcmp(f->reason, "stop_all") == 0;
    return planned && !f->alarmed ? CTL_DONE : CTL_FAULT;
}

enum ctl_exit follow_session(struct ctl *ctl, const char *session_id, const char *lease_key, json_int_t lease_ms)
{
    struct following f = {.ctl = ctl,
                          .session_id = session_id,
                          .lease_key = lease_key,
                          .lease_ms = lease_ms > 0 ? lease_ms : 3000,
                          .give_up_ns = INT64_MAX};
    bool gone = false;
    while (!f.ended && !gone && clock_monotonic_ns() < f.give_up_ns) {
        stop_if_interrupted(&f);
        renew(&f);
        json_t *event = client_event(ctl->client, f.renew_ns, f.stop_sent ? NULL : &ctl_interrupted, &gone);
        if (event)
            event_shown(&f, event);
        json_decref(event);
    }
    line_clear(&f);
    return verdict(&f, gone);
}
