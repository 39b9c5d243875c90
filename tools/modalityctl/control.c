/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on sessions that run: adjust, pause, resume, stop. A stop is sent before anything else is done, and waits for
 * proof afterwards; a pause waits for rest as well, because somebody will touch the leads.
 */
#include <stdio.h>
#include <string.h>

#include "modality/clock.h"
#include "request.h"

#define PROOF_NS (15 * NS_PER_S)
#define LOOK_NS (200 * NS_PER_MS) /* between two looks when no event comes */

/* The level that this session's channels are walked by. */
static enum ctl_exit level_of(struct ctl *ctl, const char *session_id, enum modality_quantity *quantity)
{
    json_t *session;
    const enum ctl_exit code = ctl_lookup(ctl, "session.get", json_pack("{s:s}", "session_id", session_id), &session);
    if (code != CTL_DONE)
        return code;
    const char *id = ctl_text(json_array_get(json_object_get(session, "channels"), 0), "quantity");
    const bool found = modality_quantity_find(id, quantity) == 0;
    if (!found)
        fprintf(stderr, "modalityctl: session %s has no level that this program knows\n", session_id);
    json_decref(session);
    return found ? CTL_DONE : CTL_REFUSED;
}

static bool put_typed(const struct ctl_options *options, const char *option, enum modality_quantity q, json_t *params,
                      const char *member)
{
    int64_t value;
    const char *text = ctl_option(options, option);
    if (!text)
        return true;
    if (!typed_value(option, q, text, &value))
        return false;
    json_object_set_new(params, member, json_integer(value));
    return true;
}

static enum ctl_exit adjust(struct ctl *ctl, const struct ctl_options *options, const char *session, const char *lease,
                            enum modality_quantity q)
{
    const char *id = modality_quantity_info(q)->id, *channel = ctl_option(options, "channel");
    json_t *result, *params = json_pack("{s:s, s:s, s:s}", "session_id", session, "lease_key", lease, "quantity", id);
    if (channel)
        json_object_set_new(params, "channel", json_string(channel));
    if (!put_typed(options, "to", q, params, "target") || !put_typed(options, "expect", q, params, "expect")) {
        json_decref(params);
        return CTL_USAGE;
    }
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, "session.adjust", params, &result);
    if (code == CTL_DONE && !ctl->json)
        printf("accepted: %s is walked to %s\n", ctl_label(id), ctl_value(id, ctl_int(result, "target")));
    json_decref(result);
    return code;
}

enum ctl_exit cmd_adjust(struct ctl *ctl, const struct ctl_options *options)
{
    const char *session = ctl_word_needed(options, "the session"), *id = ctl_option(options, "quantity");
    const char *lease = session ? ctl_option_needed(options, "lease") : NULL;
    enum modality_quantity q;
    if (!lease || !ctl_option_needed(options, "to"))
        return CTL_USAGE;
    if (id && modality_quantity_find(id, &q) < 0) {
        fprintf(stderr, "modalityctl: --quantity \"%s\": an id such as phase_width_us is needed\n", id);
        return CTL_USAGE;
    }
    const enum ctl_exit code = id ? CTL_DONE : level_of(ctl, session, &q);
    return code == CTL_DONE ? adjust(ctl, options, session, lease, q) : code;
}

static bool is_paused(const json_t *session)
{
    return strcmp(ctl_text(session, "state"), "paused") == 0;
}

/* Ended, and its dose is settled or known to be unknown: everything about its end has been said. */
static bool is_over(const json_t *session)
{
    return strcmp(ctl_text(session, "state"), "ended") == 0 &&
           ctl_text(json_object_get(session, "end"), "dose")[0] != '\0';
}

/* The session once it is paused or ended, or as it is when the time is up; NULL when the daemon does not say. */
static json_t *wait_rest(struct ctl *ctl, const char *session_id)
{
    const int64_t deadline = clock_monotonic_ns() + PROOF_NS;
    json_t *session = NULL;
    for (bool gone = false, said = false; !gone;) {
        json_decref(session);
        if (ctl_lookup(ctl, "session.get", json_pack("{s:s}", "session_id", session_id), &session) != CTL_DONE)
            return NULL;
        const int64_t now = clock_monotonic_ns();
        if (is_paused(session) || is_over(session) || now >= deadline)
            break;
        if (!said && strcmp(ctl_text(session, "state"), "output_unknown") == 0) {
            fprintf(stderr, "\a%s: OUTPUT UNKNOWN: rest is not proved. DISCONNECT THE PATIENT.\n", session_id);
            said = true;
        }
        json_decref(client_event(ctl->client, now + LOOK_NS, NULL, &gone));
    }
    return session;
}

/* Events of one session, so that a wait ends when it changes. */
static void subscribe(struct ctl *ctl)
{
    json_t *result;
    ctl_lookup(ctl, "events.subscribe", json_pack("{s:{s:[s]}}", "filter", "types", "session.state"), &result);
    json_decref(result);
}

static enum ctl_exit with_lease(struct ctl *ctl, const struct ctl_options *options, const char *method)
{
    json_t *result;
    const char *session = ctl_word_needed(options, "the session");
    const char *lease = session ? ctl_option_needed(options, "lease") : NULL;
    if (!lease)
        return CTL_USAGE;
    json_t *params = json_pack("{s:s, s:s}", "session_id", session, "lease_key", lease);
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, method, params, &result);
    json_decref(result);
    return code;
}

enum ctl_exit cmd_pause(struct ctl *ctl, const struct ctl_options *options)
{
    const enum ctl_exit code = with_lease(ctl, options, "session.pause");
    if (code != CTL_DONE)
        return code;
    subscribe(ctl);
    json_t *session = wait_rest(ctl, options->words[0]);
    enum ctl_exit reached = CTL_UNPROVED;
    if (is_over(session))
        reached = end_print(ctl, session);
    else if (is_paused(session))
        reached = CTL_DONE;
    if (reached == CTL_DONE && !ctl->json && is_paused(session))
        printf("paused: output at rest (%s), treatment time is held\n", ctl_text(session, "evidence"));
    else if (reached == CTL_UNPROVED)
        fprintf(stderr, "modalityctl: rest is NOT proved (state %s): DISCONNECT THE PATIENT\n",
                session ? ctl_text(session, "state") : "unknown");
    json_decref(session);
    return reached;
}

enum ctl_exit cmd_resume(struct ctl *ctl, const struct ctl_options *options)
{
    const enum ctl_exit code = with_lease(ctl, options, "session.resume");
    if (code == CTL_DONE && !ctl->json)
        printf("accepted: the level is walked up again from rest\n");
    return code;
}

/* Waits for the proof of one stopped session, and says it. */
static enum ctl_exit proof_print(struct ctl *ctl, const char *session_id)
{
    json_t *session = wait_rest(ctl, session_id);
    enum ctl_exit code = CTL_UNPROVED;
    if (session && strcmp(ctl_text(session, "state"), "ended") == 0)
        code = end_print(ctl, session);
    else
        fprintf(stderr, "modalityctl: %s is %s: rest is NOT proved: DISCONNECT THE PATIENT\n", session_id,
                session ? ctl_words(ctl_text(session, "state")) : "unknown");
    json_decref(session);
    /* why it ended is the business of whoever follows it; a stop has done its work when rest is proved */
    return code == CTL_FAULT ? CTL_DONE : code;
}

enum ctl_exit cmd_stop(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result, *params = json_object();
    const char *reason = ctl_option(options, "reason"), *by = ctl_option(options, "by");
    if (reason)
        json_object_set_new(params, "reason", json_string(reason));
    if (by)
        json_object_set_new(params, "by", json_string(by));
    if (options->n_words == 1)
        json_object_set_new(params, "session_id", json_string(options->words[0]));
    enum ctl_exit code = ctl_call(ctl, options->n_words ? "session.stop" : "stop.all", params, &result);
    if (code != CTL_DONE)
        return code;
    const json_t *stopping = json_object_get(result, "stopping"), *id;
    size_t i;
    if (json_array_size(stopping) > 0)
        subscribe(ctl);
    if (json_array_size(stopping) == 0 && !ctl->json)
        printf("nothing is running%s\n", options->n_words ? " in this session any more" : "");
    json_array_foreach(stopping, i, id)
    {
        const enum ctl_exit proof = proof_print(ctl, json_string_value(id));
        code = proof > code ? proof : code;
    }
    if (json_array_size(stopping) == 0 && options->n_words)
        code = proof_print(ctl, options->words[0]);
    json_decref(result);
    return code;
}
