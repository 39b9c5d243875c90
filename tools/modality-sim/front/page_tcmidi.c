/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buhler TC-MIDI, as its manuals BE440016 (07/2022, pages 28 to 32) and BE440021 (09/2021, pages 24 to 27) publish it:
 * functions 3 and 16 only, everything a holding register, high word first, unit 10. The registers of the pre-cooling
 * stage (2004 to 2007) belong to the TC-DOUBLE and are not there.
 */
#include "front/page_points.h"
#include "model/cooler.h"

#include <math.h>

enum value { BLOCK, STATUS, MAGIC, OVERVIEW, STATE, STARTING, USE };
enum memory { PUMPS, BAUD, PARITY, DEVICE_ID, TEST_U16, TEST_I16, TEST_U32, TEST_I32, TEST_F32 };
enum { COMMAND_RESTART = 86, COMMAND_FACTORY_RESET = 17 };
enum { STATUS_ERROR = 1 << 0, STATUS_INVALID = 1 << 17, STATUS_STABILISING = 1 << 18, STATUS_OUT_OF_RANGE = 1 << 20 };
enum { STATE_DEVICE = 1 << 0, STATE_ERROR = 1 << 1, STATE_OVER = 1 << 2, STATE_UNDER = 1 << 3 };
enum { STARTING_UP = 1 << 2 };

#define R(address_, type_, index_)                                                                                     \
    {                                                                                                                  \
        .address = address_, .function = 3, .type = type_, .source = POINT_VALUE, .index = index_                      \
    }
#define SET(address_, index_)                                                                                          \
    {                                                                                                                  \
        .address = address_, .function = 3, .type = POINT_F32, .source = POINT_SETTING, .index = index_, .scale = 1000 \
    }
#define RW(address_, type_, index_, least_, most_, initial_)                                                           \
    {                                                                                                                  \
        .address = address_, .function = 3, .type = type_, .source = POINT_MEMORY, .index = index_, .least = least_,   \
        .most = most_, .initial = initial_                                                                             \
    }

static const struct page_point points[] = {
    R(2000, POINT_F32, BLOCK),
    R(2002, POINT_U32, STATUS),
    SET(5000, COOLER_SET_POINT),
    SET(5002, COOLER_ABOVE),
    SET(5004, COOLER_BELOW),
    RW(9008, POINT_U16, PUMPS, 3, 4, 4),
    RW(9009, POINT_U16, BAUD, 1, 6, 3),
    RW(9010, POINT_U16, PARITY, 0, 2, 2),
    RW(9011, POINT_U16, DEVICE_ID, 1, 247, 10),
    R(9990, POINT_U32, MAGIC),
    RW(9992, POINT_U16, TEST_U16, 0, UINT16_MAX, 206),
    RW(9993, POINT_I16, TEST_I16, INT16_MIN, INT16_MAX, -206),
    RW(9994, POINT_U32, TEST_U32, 0, UINT32_MAX, 2766),
    RW(9996, POINT_I32, TEST_I32, INT32_MIN, INT32_MAX, -2766),
    RW(9998, POINT_F32, TEST_F32, -1e30, 1e30, -10.5),
    R(10000, POINT_U16, OVERVIEW),
    R(10001, POINT_U16, STATE),
    R(10002, POINT_U16, STARTING),
    R(10017, POINT_U16, USE),
    {.address = 11000, .function = 3, .type = POINT_U16, .source = POINT_COMMAND},
};

static unsigned status_bits(const struct cooler_measured *m)
{
    return (m->error ? STATUS_ERROR : 0u) | (m->initialising ? STATUS_INVALID : 0u) |
           (m->stabilising ? STATUS_STABILISING : 0u) | (m->over || m->under ? STATUS_OUT_OF_RANGE : 0u);
}

static unsigned state_bits(const struct cooler_measured *m)
{
    unsigned bits = (m->error ? STATE_ERROR : 0u) | (m->over ? STATE_OVER : 0u) | (m->under ? STATE_UNDER : 0u);
    return bits ? bits | STATE_DEVICE : 0;
}

static double value(const struct page *page, unsigned index)
{
    struct cooler_measured m;
    cooler_measure(page->model, &m);
    switch (index) {
    case BLOCK: /* 0.5 degC resolution */
        return round((double)m.block_millic / 500) / 2;
    case STATUS:
        return status_bits(&m);
    case MAGIC:
        return 0x00C0FFEE;
    case OVERVIEW:
        return (state_bits(&m) ? 1 : 0) | (m.initialising ? 2 : 0);
    case STATE:
        return state_bits(&m);
    case STARTING:
        return m.initialising ? STARTING_UP : 0;
    default:
        return (double)m.use_percent;
    }
}

static bool commands(unsigned number)
{
    return number == COMMAND_RESTART || number == COMMAND_FACTORY_RESET;
}

static void command(struct page *page, unsigned number)
{
    struct fault_args at_once = {0};
    if (number == COMMAND_FACTORY_RESET) {
        points_init(page);
        model_settings_reset(page->model);
    }
    model_reboot(page->model, &at_once);
}

static const struct point_map map = {.points = points,
                                     .count = sizeof points / sizeof *points,
                                     .gap_first = UINT16_MAX,
                                     .value = value,
                                     .commands = commands,
                                     .command = command};

const struct page_kind page_tcmidi = {.model = &cooler_kind,
                                      .points = &map,
                                      .functions =
                                          PAGE_FUNCTION(MODBUS_READ_HOLDINGS) | PAGE_FUNCTION(MODBUS_WRITE_HOLDINGS),
                                      .status = MODBUS_READ_HOLDINGS,
                                      .unit = 10,
                                      POINTS_PAGE};
