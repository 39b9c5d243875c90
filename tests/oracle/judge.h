/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that answers what daemon/config and daemon/dose say of one treatment per line, so that an oracle in another
 * language can be held against them. It decides nothing: a line of JSON in, the engine's own words as JSON out.
 */
#ifndef ORACLE_JUDGE_H
#define ORACLE_JUDGE_H

#include <jansson.h>

#include "config/config.h"

#define JUDGE_LIMITS_MAX 512

/* One treatment as a line asks for it. Strings belong to the JSON. */
struct judge_request {
    struct dose_treatment treatment;
    struct dose_history history;
    bool has_history, tightest;
    const char *protocol; /* judged by protocol_check and protocol_check_history too; NULL = none */
};

/* Fills *out from one object; ids are those of config. 0, or -EINVAL with what is wrong in reason. */
int judge_read(const struct config *config, json_t *object, struct judge_request *out, char *reason, size_t size);

/* A set of values: {"amplitude_ua": 10000, ...}. 0 or -EINVAL with reason. */
int judge_read_values(json_t *object, struct quantity_set *out, char *reason, size_t size);

/* What the engine says; a new reference. */
json_t *judge_say_verdict(const struct config *config, const struct judge_request *request);
json_t *judge_say_limits(const struct dose_tables *tables);
json_t *judge_say_units(void);

#endif
