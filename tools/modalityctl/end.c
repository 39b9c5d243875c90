/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a treatment ended: why, by whom, what was delivered and how rest is known; and the exit code that says the same.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static bool one_of(const char *const *list, const char *word)
{
    for (; *list; list++) {
        if (strcmp(*list, word) == 0)
            return true;
    }
    return false;
}

/* How rest is known; the end carries it once the record is written, the session from the moment of rest. */
static const char *evidence_of(const json_t *snapshot)
{
    const char *evidence = ctl_text(json_object_get(snapshot, "end"), "evidence");
    return evidence[0] ? evidence : ctl_text(snapshot, "evidence");
}

/* Ended, and nothing was ever put out: it was never started, or it is settled with a dose of nothing. */
static bool never_on(const json_t *snapshot)
{
    const json_t *end = json_object_get(snapshot, "end"), *amounts = json_object_get(snapshot, "delivered");
    const char *dose = ctl_text(end, "dose");
    const bool started = json_object_get(snapshot, "lease") != NULL;
    return strcmp(evidence_of(snapshot), "none") == 0 && strcmp(ctl_text(end, "reason"), "output_unknown") != 0 &&
           ctl_int(snapshot, "delivered_ms") == 0 && amounts_text(amounts)[0] == '\0' &&
           (!started || strcmp(dose, "settled") == 0);
}

static enum ctl_exit code_of(const json_t *snapshot)
{
    static const char *const proofs[] = {"measured", "reported", NULL};
    static const char *const wanted[] = {"complete", "stopped", "stop_all", NULL};
    const json_t *end = json_object_get(snapshot, "end");
    if (strcmp(ctl_text(snapshot, "state"), "ended") != 0)
        return CTL_UNPROVED;
    if (!one_of(proofs, evidence_of(snapshot)) && !never_on(snapshot))
        return CTL_UNPROVED;
    return one_of(wanted, ctl_text(end, "reason")) ? CTL_DONE : CTL_FAULT;
}

enum ctl_exit end_print(struct ctl *ctl, const json_t *snapshot)
{
    const enum ctl_exit code = code_of(snapshot);
    const json_t *end = json_object_get(snapshot, "end");
    const char *detail = ctl_text(end, "detail"), *evidence = evidence_of(snapshot);
    const char *amounts = amounts_text(json_object_get(snapshot, "delivered"));
    if (ctl->json)
        return code;
    char text[600];
    snprintf(text, sizeof text, "%s %s: %s by %s%s%s", ctl_text(snapshot, "session_id"),
             ctl_words(ctl_text(snapshot, "state")), ctl_words(ctl_text(end, "reason")), ctl_text(end, "by"),
             detail[0] ? ", " : "", detail);
    ctl_wrap(ctl, 0, 2, text);
    if (amounts[0])
        ctl_row(ctl, "delivered", "%s (%s planned)", amounts, ctl_clock(ctl_int(snapshot, "planned_ms")));
    if (strcmp(ctl_text(end, "dose"), "unbounded") == 0)
        ctl_row(ctl, "dose", "NOT KNOWN: this patient and site stay blocked until modalityctl review");
    if (never_on(snapshot))
        printf("no output was ever on\n");
    else if (code == CTL_UNPROVED)
        printf("\arest is NOT proved (%s): DISCONNECT THE PATIENT\n", evidence[0] ? evidence : "none");
    else
        printf("rest proved: %s\n", evidence);
    fflush(stdout);
    return code;
}
