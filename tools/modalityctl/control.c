/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts on sessions and devices that are there: adjust, pause, resume, stop, reset, review, observe.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "request.h"

/* After a stop: how long the evidence is waited for. */
#define PROOF_NS (15 * NS_PER_S)

static const char *word_needed(const struct ctl_options *options, const char *what)
{
    if (options->n_words == 1)
        return options->words[0];
    fprintf(stderr, "modalityctl: %s is needed\n", what);
    return NULL;
}

static const char *option_needed(const struct ctl_options *options, const char *name)
{
    const char *value = ctl_option(options, name);
    if (!value)
        fprintf(stderr, "modalityctl: --%s is needed\n", name);
    return value;
}

static enum ctl_exit call_and_say(struct ctl *ctl, const char *method, json_t *params, const char *said)
{
    json_t *result;
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, method, params, &result);
    if (code == CTL_DONE && !ctl->json)
        printf("%s\n", said);
    json_decref(result);
    return code;
}

static bool value_read(const struct ctl_options *options, const char *name, enum modality_quantity q, json_t *params,
                       const char *key)
{
    int64_t value;
    const char *text = ctl_option(options, name);
    if (!text)
        return true;
    const int r = value_parse(q, text, &value);
    if (r < 0) {
        char units[160];
        fprintf(stderr, "modalityctl: --%s %s: %s; units: %s\n", name, text,
                r == -ERANGE ? "cannot be represented exactly" : "a number with its unit is needed",
                value_units(q, units, sizeof units));
        return false;
    }
    json_object_set_new(params, key, json_integer(value));
    return true;
}

/* The level that this session's channels are walked by. */
static bool level_of(struct ctl *ctl, const char *session_id, enum modality_quantity *quantity)
{
    json_t *result;
    const bool echo = client_echo(ctl->client, false);
    bool found = false;
    if (ctl_call(ctl, "session.get", json_pack("{s:s}", "session_id", session_id), &result) == CTL_DONE) {
        const json_t *session = json_object_get(result, "session");
        const json_t *channel = json_array_get(json_object_get(session ? session : result, "channels"), 0);
        found = modality_quantity_find(ctl_text(channel, "quantity"), quantity) == 0;
    }
    json_decref(result);
    client_echo(ctl->client, echo);
    return found;
}

enum ctl_exit cmd_adjust(struct ctl *ctl, const struct ctl_options *options)
{
    const char *session = word_needed(options, "the session"), *lease = option_needed(options, "lease");
    const char *id = ctl_option(options, "quantity");
    enum modality_quantity q;
    if (!session || !lease || !option_needed(options, "to"))
        return CTL_USAGE;
    if (id ? modality_quantity_find(id, &q) < 0 : !level_of(ctl, session, &q)) {
        fprintf(stderr, "modalityctl: %s\n", id ? "no such quantity" : "no such session, or it has no level");
        return id ? CTL_USAGE : CTL_REFUSED;
    }
    json_t *params = json_pack("{s:s, s:s, s:s}", "session_id", session, "lease_key", lease, "quantity",
                               modality_quantity_info(q)->id);
    if (ctl_option(options, "channel"))
        json_object_set_new(params, "channel", json_string(ctl_option(options, "channel")));
    if (!value_read(options, "to", q, params, "target") || !value_read(options, "expect", q, params, "expect")) {
        json_decref(params);
        return CTL_USAGE;
    }
    return call_and_say(ctl, "session.adjust", params, "accepted: the level is walked there");
}

static enum ctl_exit with_lease(struct ctl *ctl, const struct ctl_options *options, const char *method,
                                const char *said)
{
    const char *session = word_needed(options, "the session"), *lease = option_needed(options, "lease");
    if (!session || !lease)
        return CTL_USAGE;
    return call_and_say(ctl, method, json_pack("{s:s, s:s}", "session_id", session, "lease_key", lease), said);
}

enum ctl_exit cmd_pause(struct ctl *ctl, const struct ctl_options *options)
{
    return with_lease(ctl, options, "session.pause", "accepted: the output goes to rest, the time is held");
}

enum ctl_exit cmd_resume(struct ctl *ctl, const struct ctl_options *options)
{
    return with_lease(ctl, options, "session.resume", "accepted: the level is walked up from rest");
}

/* Waits until each session named has ended, and says with which evidence. */
static enum ctl_exit wait_for_proof(struct ctl *ctl, const json_t *ids)
{
    enum ctl_exit code = CTL_DONE;
    size_t i;
    const json_t *id;
    const int64_t deadline = clock_monotonic_ns() + PROOF_NS;
    json_array_foreach(ids, i, id)
    {
        const char *state = "", *evidence = "";
        json_t *result = NULL;
        do {
            bool gone;
            json_decref(client_event(ctl->client, clock_monotonic_ns() + 50 * NS_PER_MS, NULL, &gone));
            json_decref(result);
            const bool echo = client_echo(ctl->client, false);
            if (ctl_call(ctl, "session.get", json_pack("{s:O}", "session_id", id), &result) != CTL_DONE)
                gone = true;
            client_echo(ctl->client, echo);
            if (gone)
                break;
            const json_t *session = json_object_get(result, "session");
            session = session ? session : result;
            state = ctl_text(session, "state");
            evidence = ctl_text(json_object_get(session, "end"), "evidence");
        } while (strcmp(state, "ended") != 0 && clock_monotonic_ns() < deadline);
        const bool proved = strcmp(evidence, "measured") == 0 || strcmp(evidence, "reported") == 0;
        if (!ctl->json)
            printf("%s: %s, rest %s%s\n", json_string_value(id), state[0] ? state : "unknown",
                   proved ? "proved: " : "NOT proved: ", evidence[0] ? evidence : "none");
        if (!proved)
            code = CTL_UNPROVED;
        json_decref(result);
    }
    return code;
}

enum ctl_exit cmd_stop(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result, *params = json_object();
    if (options->n_words > 1) {
        json_decref(params);
        fprintf(stderr, "modalityctl: at most one session; without one, everything is stopped\n");
        return CTL_USAGE;
    }
    const char *reason = ctl_option(options, "reason");
    if (reason)
        json_object_set_new(params, "reason", json_string(reason));
    if (options->n_words == 1)
        json_object_set_new(params, "session_id", json_string(options->words[0]));
    enum ctl_exit code = ctl_call(ctl, options->n_words ? "session.stop" : "stop.all", params, &result);
    if (code != CTL_DONE)
        return code;
    const json_t *stopping = json_object_get(result, "stopping");
    if (!ctl->json)
        printf("stopping %zu session%s\n", json_array_size(stopping), json_array_size(stopping) == 1 ? "" : "s");
    code = wait_for_proof(ctl, stopping);
    json_decref(result);
    return code;
}

enum ctl_exit cmd_reset(struct ctl *ctl, const struct ctl_options *options)
{
    const char *device = word_needed(options, "the device"), *statement = option_needed(options, "statement");
    if (!device || !statement)
        return CTL_USAGE;
    return call_and_say(ctl, "device.reset", json_pack("{s:s, s:s}", "device", device, "statement", statement),
                        "recorded; the device is made safe and read back");
}

enum ctl_exit cmd_review(struct ctl *ctl, const struct ctl_options *options)
{
    const char *session = word_needed(options, "the session"), *statement = option_needed(options, "statement");
    if (!session || !statement)
        return CTL_USAGE;
    json_t *delivered = json_object();
    if (!value_read(options, "duration", QUANTITY_duration_ms, delivered, "duration_ms") ||
        !value_read(options, "energy", QUANTITY_energy_uj, delivered, "energy_uj") ||
        !value_read(options, "charge", QUANTITY_session_charge_uc, delivered, "session_charge_uc")) {
        json_decref(delivered);
        return CTL_USAGE;
    }
    return call_and_say(
        ctl, "dose.review",
        json_pack("{s:s, s:s, s:o}", "session_id", session, "statement", statement, "delivered", delivered),
        "reviewed: the dose is settled");
}

static enum ctl_exit observe(struct ctl *ctl, const char *session, const char *kind, json_t *observation)
{
    json_object_set_new(observation, "kind", json_string(kind));
    return call_and_say(ctl, "session.observe",
                        json_pack("{s:s, s:o}", "session_id", session, "observation", observation), "recorded");
}

enum ctl_exit cmd_observe(struct ctl *ctl, const struct ctl_options *options)
{
    static const struct {
        const char *option, *kind;
    } scores[] = {{"pain-before", "pain_before"}, {"pain-after", "pain_after"}};
    const char *session = word_needed(options, "the session"), *note = ctl_option(options, "note");
    enum ctl_exit code = session ? CTL_DONE : CTL_USAGE;
    for (size_t i = 0; i < 2 && code == CTL_DONE; i++) {
        const char *text = ctl_option(options, scores[i].option);
        if (!text)
            continue;
        char *end;
        const long score = strtol(text, &end, 10);
        if (end == text || *end || score < 0 || score > 10) {
            fprintf(stderr, "modalityctl: --%s %s: a whole number from 0 to 10 is needed\n", scores[i].option, text);
            return CTL_USAGE;
        }
        code = observe(ctl, session, scores[i].kind,
                       json_pack("{s:i, s:s, s:i}", "value", (int)score, "scale", "NRS", "maximum", 10));
    }
    if (code == CTL_DONE && note)
        code = observe(ctl, session, "note", json_pack("{s:s}", "text", note));
    return code;
}
