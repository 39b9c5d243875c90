/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pages of the reference devices share (plugins/modbus-map/README.md, "Common to both" and after): identity,
 * status, uptime and timer among the inputs, feed, preset and clear among the holdings, run coils, the hand switch. A
 * device of the family adds a map of its own registers.
 */
#ifndef SIM_PAGE_REFERENCE_H
#define SIM_PAGE_REFERENCE_H

#include "front/page.h"

/* Where channel 2 stands, seen from channel 1, and where each channel's own registers begin. */
#define REFERENCE_STRIDE 20
#define REFERENCE_INPUT 20
#define REFERENCE_HOLDING 100

/* One register of a channel's set points. */
struct reference_holding {
    uint8_t setting;
    uint8_t words; /* registers of the value, high word first */
    uint8_t part;  /* which of them this one is */
    int32_t scale; /* base units per count */
};

struct reference_map {
    bool coils;                                                  /* channels run by coils; else by their set point */
    const struct reference_holding *holding[MODEL_CHANNELS_MAX]; /* from REFERENCE_HOLDING on, per channel */
    unsigned holdings[MODEL_CHANNELS_MAX];
    unsigned inputs; /* of a channel, from REFERENCE_INPUT on */
    uint16_t (*input)(const struct page *page, unsigned channel, unsigned place);
    unsigned discretes; /* besides the hand switch at 0, from 1 on */
    bool (*discrete)(const struct page *page, unsigned address);
};

bool reference_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out);
enum modbus_exception reference_check(const struct page *page, const struct modbus_request *request);
void reference_apply(struct page *page, const struct modbus_request *request);

#define REFERENCE_FUNCTIONS                                                                                            \
    (PAGE_FUNCTION(1) | PAGE_FUNCTION(2) | PAGE_FUNCTION(3) | PAGE_FUNCTION(4) | PAGE_FUNCTION(5) | PAGE_FUNCTION(6) | \
     PAGE_FUNCTION(15) | PAGE_FUNCTION(16))

/* The members of a struct page_kind that every reference device has. */
#define REFERENCE_PAGE                                                                                                 \
    .functions = REFERENCE_FUNCTIONS, .status = MODBUS_READ_INPUTS, .unit = 1, .read = reference_read,                 \
    .check = reference_check, .apply = reference_apply

#endif
