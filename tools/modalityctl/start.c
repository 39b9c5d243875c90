/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start: the therapist's path from an intention to a running treatment. Two acts: what was prepared is shown as a dose
 * sheet, and only a confirmed sheet is started. What is prepared and not started is given back at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "request.h"

#define SCORE_MAX 10
#define NO_SCORE (-1)

/* 0 to 10, or nothing. False when the operator broke off. */
static bool score_ask(const char *prompt, long *score)
{
    char line[32];
    *score = NO_SCORE;
    for (;;) {
        if (!ctl_ask(prompt, line, sizeof line))
            return false;
        if (line[0] == '\0' || typed_count("pain", line, 0, SCORE_MAX, score))
            return true;
    }
}

static void score_observe(struct ctl *ctl, const char *session_id, const char *kind, long score)
{
    json_t *result, *params = json_pack("{s:s, s:{s:s, s:I, s:s, s:i}}", "session_id", session_id, "observation",
                                        "kind", kind, "value", (json_int_t)score, "scale", "NRS", "maximum", SCORE_MAX);
    if (score == NO_SCORE) {
        json_decref(params);
        return;
    }
    ctl_sign(ctl, params);
    ctl_call(ctl, "session.observe", params, &result); /* a refusal has been said, and stops nothing */
    json_decref(result);
}

static bool confirmed(const struct ctl *ctl, const json_t *sheet)
{
    char prompt[400], line[32];
    if (ctl->yes)
        return true;
    if (!ctl->interactive) {
        fprintf(stderr, "modalityctl: nothing is started without confirmation: a terminal or --yes is needed\n");
        return false;
    }
    snprintf(prompt, sizeof prompt,
             "Start on %s, %s, side %s? Type yes: ", ctl_text(json_object_get(sheet, "device"), "label"),
             ctl_text(sheet, "site_label"), ctl_text(sheet, "side"));
    return ctl_ask(prompt, line, sizeof line) && strcmp(line, "yes") == 0;
}

/* Gives the outputs of a prepared session back. */
static void give_back(struct ctl *ctl, const char *session_id, const char *why)
{
    json_t *result;
    ctl_call(ctl, "session.stop", json_pack("{s:s, s:s}", "session_id", session_id, "reason", why), &result);
    json_decref(result);
}

/*
 * While a treatment is followed the terminal neither shows what is typed nor stops to scroll nor suspends the program:
 * each would tear the display, or end the treatment by a lost lease. Returns false when there is no terminal.
 */
static bool terminal_quiet(const struct ctl *ctl, struct termios *before)
{
    if (!ctl->interactive || tcgetattr(STDIN_FILENO, before) < 0)
        return false;
    struct termios quiet = *before;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHOCTL);
    quiet.c_iflag &= (tcflag_t)~IXON;
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
    return tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
}

static enum ctl_exit follow_quietly(struct ctl *ctl, const char *session_id, const json_t *started)
{
    struct termios before;
    const bool quiet = terminal_quiet(ctl, &before);
    const enum ctl_exit code =
        follow_session(ctl, session_id, ctl_text(started, "lease_key"), ctl_int(started, "lease_ms"));
    if (quiet)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* what was typed meanwhile answers no question */
    return code;
}

static void accepted_print(const struct ctl *ctl, const char *session_id, const json_t *started)
{
    if (ctl->json)
        return;
    printf("accepted: %s  lease %s\n%s", session_id, ctl_text(started, "lease_key"),
           ctl->interactive ? "Ctrl-C stops the treatment.\n" : "");
    fflush(stdout);
}

/* Where a second identifier was prepared: what the patient says, into params. False when the operator broke off. */
static bool identity_ask(const struct ctl *ctl, const json_t *sheet, json_t *params)
{
    char line[256];
    if (ctl->yes || !ctl->interactive || !ctl_text(sheet, "patient_check")[0])
        return true;
    if (!ctl_ask("Second identifier, as the patient says it: ", line, sizeof line))
        return false;
    json_object_set_new(params, "patient_check", json_string(line));
    return true;
}

/* params: what the start says beside the pain score; taken over. */
static enum ctl_exit run_confirmed(struct ctl *ctl, const char *session_id, json_t *params, long pain)
{
    json_t *result;
    enum ctl_exit code = ctl_call(ctl, "events.subscribe", json_object(), &result);
    json_decref(result);
    if (code == CTL_DONE) {
        score_observe(ctl, session_id, "pain_before", pain);
        ctl_sign(ctl, params);
        code = ctl_call(ctl, "session.start", params, &result);
    } else {
        json_decref(params);
    }
    if (code != CTL_DONE) {
        /* refused, or nobody knows whether it was started: either way it shall not be */
        client_send(ctl->client, "session.stop",
                    json_pack("{s:s, s:s}", "session_id", session_id, "reason", "not started"));
        return code;
    }
    accepted_print(ctl, session_id, result);
    code = follow_quietly(ctl, session_id, result);
    json_decref(result);
    long after;
    if (ctl->interactive && !ctl->yes && code != CTL_UNPROVED) {
        ctl_interrupted = 0; /* the stop it asked for is done */
        if (score_ask("Pain now, 0 to 10 (Enter = not asked): ", &after))
            score_observe(ctl, session_id, "pain_after", after);
    }
    return code;
}

/* The sheet is shown, the score asked, the confirmation typed. */
static enum ctl_exit confirm_and_run(struct ctl *ctl, const json_t *prepared, long pain)
{
    const char *session_id = ctl_text(prepared, "session_id");
    const json_t *sheet = json_object_get(prepared, "sheet");
    if (!ctl->json)
        sheet_print(ctl, sheet);
    bool go_on = pain != NO_SCORE || !ctl->interactive || ctl->yes ||
                 score_ask("Pain before, 0 to 10 (Enter = not asked): ", &pain);
    json_t *params =
        json_pack("{s:s, s:O}", "session_id", session_id, "confirm_token", json_object_get(prepared, "confirm_token"));
    go_on = go_on && !ctl_interrupted && identity_ask(ctl, sheet, params) && confirmed(ctl, sheet);
    if (go_on && !ctl_interrupted)
        return run_confirmed(ctl, session_id, params, pain);
    json_decref(params);
    give_back(ctl, session_id, "not confirmed");
    fprintf(stderr, "modalityctl: not confirmed: nothing was started\n");
    return CTL_DECLINED;
}

enum ctl_exit cmd_start(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *request, *prepared;
    long pain = NO_SCORE;
    const char *score = ctl_option(options, "pain-before");
    if (score && !typed_count("pain-before", score, 0, SCORE_MAX, &pain))
        return CTL_USAGE;
    enum ctl_exit code = request_build(ctl, options, &request);
    if (code != CTL_DONE)
        return code;
    ctl_catch_interrupts();
    code = request_ask(ctl, request);
    if (code != CTL_DONE || ctl_interrupted) {
        json_decref(request);
        if (code == CTL_DONE || code == CTL_DECLINED)
            fprintf(stderr, "modalityctl: broken off: nothing was prepared or started\n");
        return code == CTL_DONE ? CTL_DECLINED : code;
    }
    ctl_sign(ctl, request);
    code = ctl_call(ctl, "session.prepare", request, &prepared);
    if (code == CTL_DONE)
        code = confirm_and_run(ctl, prepared, pain);
    json_decref(prepared);
    return code;
}
