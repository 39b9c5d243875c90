/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated device: its model, the register page in front of it, its wire faults, and the timer that walks the
 * model when nobody asks. Every access goes through device_advance() first, so a model is never behind the clock.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "front/page.h"
#include "front/rule.h"
#include "loop.h"
#include "trace.h"

#define DEVICE_NAME_MAX 32

struct line;
struct usb_unit;

struct device {
    char name[DEVICE_NAME_MAX];
    uint8_t unit;
    struct loop *loop;    /* not owned */
    struct trace *trace;  /* not owned */
    struct line *line;    /* not owned; NULL = it is on USB */
    struct usb_unit *usb; /* not owned; NULL = it is on a line */
    struct model *model;  /* owned */
    struct page page;
    struct rule_set rules;
    struct loop_timer timer;
    uint8_t last_reply[MODBUS_FRAME_MAX];
    size_t last_reply_length;
};

struct device_options {
    const char *name;
    const struct page_kind *kind;
    uint8_t unit;
    struct page_identity identity;
    int32_t tuning[MODEL_TUNINGS_MAX]; /* of the kind's model */
};

/* The kind called name, or NULL. */
const struct page_kind *device_kind_find(const char *name);
/* A device just switched on, its rest written to the trace. NULL without memory. */
struct device *device_new(struct loop *loop, struct trace *trace, const struct device_options *options);
void device_free(struct device *device);

/* Brings the model to now; returns now. */
int64_t device_advance(struct device *device);
/* After anything was done to the model: wake up when it next changes by itself. */
void device_settle(struct device *device);
/* One trace line per channel with the cause "sample". */
void device_sample(struct device *device);

#endif
