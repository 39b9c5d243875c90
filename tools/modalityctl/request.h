/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A treatment on its way from the command line to the daemon: the request, the questions a person has to answer, what
 * is shown before it is confirmed, and how it is followed.
 */
#ifndef CTL_REQUEST_H
#define CTL_REQUEST_H

#include "ctl.h"

/* Options of a treatment; a table for the command line, and its help. */
#define TREATMENT_OPTIONS                                                                                              \
    "protocol device group patient patient-check course supervisor site side attended indication amplitude intensity " \
    "width rate duty frequency beat carrier set* duration arrangement drive-mode polarity electrode-area "             \
    "electrode* electrode-kind applicator area answer* override* acknowledge* "

/*
 * Builds the parameters of session.check and session.prepare from options. CTL_DONE with a new reference in *request;
 * otherwise why not has been said.
 */
enum ctl_exit request_build(struct ctl *ctl, const struct ctl_options *options, json_t **request);

/* Electrodes of the output's channels, as the options give them; the target's side where they say none. */
bool request_put_electrodes(json_t *output, const struct ctl_options *options, const char *side);

/*
 * Asks what is still open in a request: screening questions, then overrides of precautions and notices that would be
 * refused. Does nothing without a terminal: what is not answered counts as its restrictive answer. CTL_DECLINED when
 * the operator broke off.
 */
enum ctl_exit request_ask(struct ctl *ctl, json_t *request);

/* Prints the dose sheet; or the dose alone, with every quantity that follows from it. */
void sheet_print(const struct ctl *ctl, const json_t *sheet);
void dose_print(const struct ctl *ctl, const json_t *dose);
/* Amounts of a dose ({duration_ms, energy_uj, ...}) in one text, what is 0 left out. Static buffer. */
const char *amounts_text(const json_t *amounts);

/* Share of a bound that is used, in permille, of one limit of session.check; -1 when it has no value. */
int64_t limit_used(const json_t *limit);

/* The option that gives a quantity its value, with an example of it: "--applicator REF". Static buffer. */
const char *request_option_of(enum modality_quantity q);

/* Prints refusals or notices, numbered; of what is missing, the option that gives it. */
void refusals_print(const struct ctl *ctl, const json_t *refusals);

/* Prints limits[] of session.check: what comes nearest to its bound first, then what has no value yet and why. */
void bounds_print(const struct ctl *ctl, const json_t *limits);
/* "hard, installation, limits-estim.ini:227; verified: choice; source: IEC ...", with `before` in front. */
void provenance_print(const struct ctl *ctl, const json_t *limit, const char *before);

/* session.check of what the options ask for: printed with verdict and dose (whole), or its limits alone. */
enum ctl_exit request_checked(struct ctl *ctl, const struct ctl_options *options, bool whole);

/*
 * Follows one session until it has ended, renewing its lease. An interrupt stops the treatment. Returns the exit code
 * that belongs to its end.
 */
enum ctl_exit follow_session(struct ctl *ctl, const char *session_id, const char *lease_key, json_int_t lease_ms);

/* How an ended session reads: why, by whom, what was delivered, and how rest is known. The exit code of its end. */
enum ctl_exit end_print(struct ctl *ctl, const json_t *snapshot);

#endif
