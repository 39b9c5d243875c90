/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of devices that others built, as a table of typed points: where a value stands, how it is coded, and whether it
 * is measured, set, remembered or a command. A write may cover any part of the table; what it makes of every value it
 * touches is looked at before anything acts.
 */
#ifndef SIM_PAGE_POINTS_H
#define SIM_PAGE_POINTS_H

#include "front/page.h"

enum point_type { POINT_U16, POINT_I16, POINT_U32, POINT_I32, POINT_F32 };

enum point_source {
    POINT_VALUE,   /* read only: the map's value() of index */
    POINT_SETTING, /* setting index of channel 0, scale base units to one */
    POINT_MEMORY,  /* remembered, from least to most, otherwise without effect */
    POINT_RUN,     /* the run command of channel 0 */
    POINT_COMMAND, /* write only: the map's command() */
};

/* How the bytes of a value stand on the wire; A is the highest. */
enum point_order { ORDER_ABCD, ORDER_DCBA, ORDER_BADC, ORDER_CDAB };

struct page_point {
    uint16_t address;
    uint8_t function; /* that reads it: 3 or 4 */
    enum point_type type;
    enum point_source source;
    unsigned index;
    double scale; /* 0 = 1 */
    double least; /* POINT_MEMORY */
    double most;
    double initial;
    bool plain;       /* always ABCD */
    bool temperature; /* in the unit of the device */
};

struct point_map {
    const struct page_point *points;
    size_t count;
    unsigned gap_first; /* inputs from here to gap_last that are no point read 0 */
    unsigned gap_last;
    double (*value)(const struct page *page, unsigned index);
    /* A command's value: whether there is such a one, and carrying it out. NULL without commands. */
    bool (*commands)(unsigned value);
    void (*command)(struct page *page, unsigned value);
    enum point_order (*order)(const struct page *page);
    bool (*fahrenheit)(const struct page *page);
};

void points_init(struct page *page);
bool points_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out);
enum modbus_exception points_check(const struct page *page, const struct modbus_request *request);
void points_apply(struct page *page, const struct modbus_request *request);

/* The members of a struct page_kind that every such page has. */
#define POINTS_PAGE .init = points_init, .read = points_read, .check = points_check, .apply = points_apply

#endif
