/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire faults: rules that match requests and together make the plan for one request - does it act, when, and what goes
 * back. Pure bookkeeping; the line carries the plan out. A rule with a count ends by itself when it is used up.
 */
#ifndef SIM_RULE_H
#define SIM_RULE_H

#include "fault.h"
#include "front/modbus_frame.h"

#define RULES_MAX 16
#define RULE_NOISE_BYTES 2 /* before a reply */

/* Which requests a rule is for; fields that are not given match everything. */
struct rule_match {
    bool has_function;
    bool has_address;
    bool has_value;
    bool has_write;
    uint8_t function;
    uint16_t address; /* matches when the request covers it */
    uint16_t value;   /* the value written to address, or the first value written */
    bool write;
};

struct rule {
    enum fault_id fault;
    struct fault_args args;
    struct rule_match match;
    int64_t skip;
    int64_t count; /* -1 = until cleared */
};

struct rule_set {
    struct rule rules[RULES_MAX];
    unsigned count;
};

enum plan_act { ACT_NOW, ACT_NEVER, ACT_DELAYED, ACT_AFTER_CLOSE };

struct plan {
    enum plan_act act;
    bool reply;
    bool echo_only; /* answered as done although it does not act */
    bool close;
    bool duplicate;
    bool replay;
    bool retag;
    bool corrupt;
    enum corrupt_how how;
    uint8_t exception; /* 0 = none forced */
    int64_t delay_ms;
    int64_t drip_ms;
    int64_t after_close_ms;
};

/* -ENOSPC when the set is full. */
int rule_add(struct rule_set *set, enum fault_id fault, const struct fault_args *args, const struct rule_match *match);
void rule_clear(struct rule_set *set, enum fault_id fault);

/* The plan for a request; uses up counts. Without a matching rule: act now, reply. */
struct plan rule_plan(struct rule_set *set, const struct modbus_request *request);

/* Bends a finished frame (MBAP when tcp, else RTU; crc and length stay right unless they are what is bent).
 * frame has room for MODBUS_FRAME_MAX + RULE_NOISE_BYTES; returns the new length. */
size_t rule_corrupt(enum corrupt_how how, bool tcp, uint8_t *frame, size_t length);

#endif
