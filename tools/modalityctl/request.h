/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command line to a session request, and the questions that a person has to answer on the way.
 */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include "ctl.h"

/*
 * Builds the parameters of session.check and session.prepare from options (--device, --group, --protocol, --patient,
 * --site, --side, --amplitude 12mA..20mA ...). NULL after one line on standard error.
 */
json_t *request_build(struct ctl *ctl, const struct ctl_options *options);

/*
 * Asks every screening question that --answer has not answered (on a terminal; otherwise it stays unanswered and counts
 * as its restrictive answer). questions as in protocol.get.
 */
void request_ask(struct ctl *ctl, json_t *request, const json_t *questions);

/* Reads one line from the terminal; false at end of file or Ctrl-C. */
bool request_line(const char *prompt, char *buffer, size_t size);

/* Prints the dose sheet. */
void sheet_print(const json_t *sheet);
/* Prints one refusal or notice: message, and where its bound comes from. */
void refusal_print(const json_t *refusal);

/*
 * Follows one session with a progress line until it has ended, renewing its lease. Ctrl-C stops the treatment. Returns
 * the exit code that belongs to its end.
 */
enum ctl_exit follow_session(struct ctl *ctl, const char *session_id, const char *lease_key, json_int_t lease_ms);

#endif
