/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calculator: what a configuration alone says of a treatment, by the daemon's own code, without daemon, device or
 * patient. It answers a request as session.check does, as far as that can be known; what only a device or the records
 * know is named and left open.
 */
#ifndef CTL_CALCULATOR_H
#define CTL_CALCULATOR_H

#include "config/config.h"
#include "ctl.h"

/* What went before, since no ledger is asked: options of check and limits beside a treatment. */
#define CALCULATOR_OPTIONS                                                                                             \
    "config channels earlier-sessions earlier-duration earlier-energy earlier-charge earlier-ion-dose "                \
    "earlier-thermal-dose earlier-cold-dose last-end* assume-harmless! "

struct calculator {
    struct config *config;
    struct dose_history history; /* what the options tell */
};

/* Reads a configuration and prints its faults as file:line; NULL when it has any, or none could be read. */
struct config *calculator_config(const char *dir);

/* From --config and the options above; false when not everything could be read, which has been said. */
bool calculator_open(const struct ctl_options *options, struct calculator *out);
void calculator_close(struct calculator *c);

/*
 * Answers each question that the request leaves open with one that declares nothing, dated today where a day is wanted,
 * and marked as assumed: so the physics is seen alone. A question that has no such answer stays open.
 */
void calculator_assume(const struct calculator *c, json_t *request);

/* How many channels a treatment has when nobody says: the least that its protocol takes. */
long calculator_channels(const struct calculator *c, const char *protocol);

/*
 * What the daemon would answer, from the configuration alone: a new reference. session.check gives {allowed,
 * refusals[], notices[], questions[], limits[], dose{}, not_known[], assumed[]}; limits.list and limits.explain are
 * known too. NULL, and *error {message, data?{token}}, for what it cannot answer.
 */
json_t *calculator_answer(const struct calculator *c, const char *method, const json_t *params, json_t **error);

#endif
