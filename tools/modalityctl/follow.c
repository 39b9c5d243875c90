/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows one session to its end: shows what the daemon says of it, renews its lease from here, and turns an interrupt
 * into a stop. Nothing is taken for ended that the daemon has not called ended, and nothing for proved that it has not.
 */
#include <stdio.h>
#include <string.h>

#include "modality/clock.h"
#include "progress.h"
#include "request.h"

/* After a stop: how long proof is waited for. Longer than any dead-man bound that a device shows. */
#define PROOF_NS (15 * NS_PER_S)
/* A live session is shown five times a second: this long without a word and the daemon is asked. */
#define SILENCE_NS (2 * NS_PER_S)
#define ANSWER_NS (5 * NS_PER_S)
#define RENEWALS_PER_LEASE 3

struct following {
    struct ctl *ctl;
    const char *session_id, *lease_key;
    json_int_t lease_ms;
    int64_t renew_ns, ask_ns, give_up_ns;
    bool stop_sent, gone;
    unsigned alarms;
    char state[32];
    json_t *end; /* the last snapshot, once the session has ended */
    struct progress progress;
};

/* A line that stays, above the block. */
static void say(struct following *f, const char *line)
{
    if (f->ctl->json)
        return;
    progress_clear(&f->progress);
    if (f->ctl->interactive)
        ctl_wrap(f->ctl, 0, 2, line);
    else
        printf("%s\n", line);
    fflush(stdout);
    f->progress.changed = true;
}

static void state_changed(struct following *f, const json_t *event)
{
    char line[500];
    const char *state = ctl_text(event, "to"), *reason = ctl_text(event, "reason"), *by = ctl_text(event, "by");
    const char *detail = ctl_text(event, "detail"), *evidence = ctl_text(event, "evidence");
    if (strcmp(state, f->state) == 0)
        return;
    snprintf(f->state, sizeof f->state, "%s", state);
    if (strcmp(state, "ended") == 0)
        return; /* its snapshot says everything */
    if (strcmp(state, "output_unknown") == 0)
        snprintf(line, sizeof line, "\aOUTPUT UNKNOWN: rest is not proved. DISCONNECT THE PATIENT.%s%s",
                 detail[0] ? " " : "", detail);
    else
        snprintf(line, sizeof line, "%s%s%s%s%s%s%s%s%s", ctl_words(state), reason[0] ? ": " : "", ctl_words(reason),
                 by[0] ? " by " : "", by, detail[0] ? ", " : "", detail, evidence[0] ? ", output at rest: " : "",
                 evidence);
    say(f, line);
    f->progress.changed = strcmp(state, "starting") != 0 && strcmp(state, "stopping") != 0;
}

static void adjusted(struct following *f, const json_t *event)
{
    char line[300];
    size_t i;
    const json_t *channel;
    const char *quantity = ctl_text(event, "quantity");
    json_array_foreach(json_object_get(event, "channels"), i, channel)
    {
        snprintf(line, sizeof line, "adjusted: %s %s from %s to %s by %s", ctl_text(channel, "channel"),
                 ctl_label(quantity), ctl_value(quantity, ctl_int(channel, "old")),
                 ctl_value(quantity, ctl_int(channel, "new")), ctl_text(json_object_get(event, "operator"), "name"));
        say(f, line);
    }
}

static void alarm_changed(struct following *f, const json_t *event)
{
    char line[600];
    const json_t *alarm = json_object_get(event, "alarm");
    const char *change = ctl_text(event, "change"), *priority = ctl_text(alarm, "priority");
    const bool own = strcmp(ctl_text(alarm, "session_id"), f->session_id) == 0;
    if (own && strcmp(change, "raised") == 0)
        f->alarms++;
    else if (own && strcmp(change, "cleared") == 0 && f->alarms > 0)
        f->alarms--;
    if (strcmp(change, "raised") != 0)
        return;
    snprintf(line, sizeof line, "%s%s (%s) %s%s%s: %s", ctl_bells(priority),
             strcmp(priority, "low") == 0 ? "alarm" : "ALARM", priority, ctl_words(ctl_text(alarm, "kind")),
             ctl_text(alarm, "device")[0] ? ", " : "", ctl_text(alarm, "device"),
             ctl_text(alarm, "detail")[0] ? ctl_text(alarm, "detail") : ctl_text(alarm, "meaning"));
    say(f, line);
}

static void snapshot_taken(struct following *f, const json_t *snapshot)
{
    const char *dose = ctl_text(json_object_get(snapshot, "end"), "dose");
    if (strcmp(ctl_text(snapshot, "state"), "ended") != 0)
        progress_show(&f->progress, snapshot, f->alarms);
    else if (!f->end && dose[0]) /* without it not everything about the end has been said */
        f->end = json_incref(ctl_mutable(snapshot));
}

static void event_taken(struct following *f, const json_t *event)
{
    const char *type = ctl_text(event, "type");
    if (strcmp(type, "alarm") == 0) {
        alarm_changed(f, event);
        return;
    }
    if (strcmp(ctl_text(event, "session_id"), f->session_id) != 0)
        return;
    f->ask_ns = clock_monotonic_ns() + SILENCE_NS;
    if (strcmp(type, "session.state") == 0)
        state_changed(f, event);
    else if (strcmp(type, "session.adjusted") == 0)
        adjusted(f, event);
    else if (strcmp(type, "session.progress") == 0 || strcmp(type, "session.ended") == 0)
        snapshot_taken(f, event);
}

static void renew(struct following *f, int64_t now)
{
    if (now < f->renew_ns)
        return;
    if (client_send(f->ctl->client, "session.keepalive",
                    json_pack("{s:s, s:s}", "session_id", f->session_id, "lease_key", f->lease_key)) < 0)
        f->gone = true;
    f->renew_ns = now + f->lease_ms * NS_PER_MS / RENEWALS_PER_LEASE;
}

static void stop_if_interrupted(struct following *f, int64_t now)
{
    if (!ctl_interrupted || f->stop_sent)
        return;
    f->stop_sent = true;
    f->give_up_ns = now + PROOF_NS;
    if (client_send(f->ctl->client, "session.stop",
                    json_pack("{s:s, s:s, s:s}", "session_id", f->session_id, "reason", "interrupted at the terminal",
                              "by", "operator")) < 0)
        f->gone = true;
    say(f, "STOP sent: waiting for proof of rest");
}

/* An event may have been lost, or the daemon may be: it is asked, and lost when it does not answer. */
static void ask_if_silent(struct following *f, int64_t now)
{
    json_t *snapshot;
    if (now < f->ask_ns)
        return;
    progress_note(&f->progress, "  no news from the daemon: look at the patient");
    if (ctl_call(f->ctl, "session.get", json_pack("{s:s}", "session_id", f->session_id), &snapshot) != CTL_DONE) {
        f->gone = true;
        return;
    }
    snapshot_taken(f, snapshot);
    json_decref(snapshot);
    f->ask_ns = clock_monotonic_ns() + SILENCE_NS;
}

static enum ctl_exit verdict(struct following *f)
{
    if (f->end)
        return end_print(f->ctl, f->end);
    if (f->gone)
        fprintf(stderr, "modalityctl: THE DAEMON IS GONE in mid-treatment. Its hosts and devices rest the output by\n"
                        "themselves, but nothing is proved: LOOK AT THE PATIENT, disconnect if in doubt.\n");
    else
        fprintf(stderr, "modalityctl: rest is NOT proved within %d s (state %s): DISCONNECT THE PATIENT\n",
                (int)(PROOF_NS / NS_PER_S), f->state[0] ? f->state : "unknown");
    return CTL_UNPROVED;
}

enum ctl_exit follow_session(struct ctl *ctl, const char *session_id, const char *lease_key, json_int_t lease_ms)
{
    struct following f = {.ctl = ctl,
                          .session_id = session_id,
                          .lease_key = lease_key,
                          .lease_ms = lease_ms > 0 ? lease_ms : 3000,
                          .ask_ns = clock_monotonic_ns() + SILENCE_NS,
                          .give_up_ns = INT64_MAX,
                          .progress = {.ctl = ctl}};
    client_set_patience(ctl->client, ANSWER_NS);
    while (!f.end && !f.gone) {
        const int64_t now = clock_monotonic_ns();
        stop_if_interrupted(&f, now);
        renew(&f, now);
        ask_if_silent(&f, now);
        if (now >= f.give_up_ns)
            break;
        bool closed = false;
        json_t *event = client_event(ctl->client, f.renew_ns < f.ask_ns ? f.renew_ns : f.ask_ns,
                                     f.stop_sent ? NULL : &ctl_interrupted, &closed);
        if (event)
            event_taken(&f, event);
        f.gone |= closed;
        json_decref(event);
    }
    progress_clear(&f.progress);
    const enum ctl_exit code = verdict(&f);
    json_decref(f.end);
    return code;
}
