/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Julabo MAGIO and PRESTO, as the PRESTO manual (02/2018, pages 103 to 106) and those of MAGIO MX and M5 (pages 91 and
 * 97) publish it: functions 3, 4, 6, 16 and 23. What those pages leave open is decided here: inputs 8 and 9, which the
 * published poll reads along, read 0; limits, unit and data format can only be read; over-temperature set points too.
 * Registers 91 and 92 (PRESTO, page 105: units of pressure and flow) are there, so that 90 to 93 can be read at once.
 */
#include "front/page_points.h"
#include "model/circulator.h"

enum value {
    LOWEST,
    HIGHEST,
    UNIT,
    OTHER_UNIT,
    FORMAT,
    FIRMWARE,
    UNIT_TYPE,
    BARCODE,
    IN_CONTROL,
    ALARM,
    WARNING,
    BATH,
    EXTERNAL,
    POWER,
    SAFETY_TANK,
    SAFETY_RESERVOIR,
    PROTECTION_TANK,
    PROTECTION_RESERVOIR
};
enum memory { SENSOR, TUNING, XP, TN, TV };

#define CONTROL_MODBUS 4
#define PROTECTION_C 110.0
#define UNIT_TYPE_NUMBER 1

#define IR(address_, type_, index_)                                                                                    \
    {                                                                                                                  \
        .address = address_, .function = 4, .type = type_, .source = POINT_VALUE, .index = index_                      \
    }
#define IR_C(address_, index_)                                                                                         \
    {                                                                                                                  \
        .address = address_, .function = 4, .type = POINT_F32, .source = POINT_VALUE, .index = index_,                 \
        .temperature = true                                                                                            \
    }
#define HR_C(address_, index_)                                                                                         \
    {                                                                                                                  \
        .address = address_, .function = 3, .type = POINT_F32, .source = POINT_VALUE, .index = index_,                 \
        .temperature = true                                                                                            \
    }
#define RW(address_, type_, index_, least_, most_, initial_)                                                           \
    {                                                                                                                  \
        .address = address_, .function = 3, .type = type_, .source = POINT_MEMORY, .index = index_, .least = least_,   \
        .most = most_, .initial = initial_                                                                             \
    }

static const struct page_point points[] = {
    {.address = 0, .function = 3, .type = POINT_U16, .source = POINT_RUN},
    {.address = 1, .function = 3, .type = POINT_U16, .source = POINT_SETTING, .index = CIRCULATOR_CONTROL},
    {.address = 2,
     .function = 3,
     .type = POINT_F32,
     .source = POINT_SETTING,
     .index = CIRCULATOR_SET_POINT,
     .scale = 1000,
     .temperature = true},
    {.address = 4, .function = 3, .type = POINT_I16, .source = POINT_SETTING, .index = CIRCULATOR_POWER},
    RW(10, POINT_U16, SENSOR, 0, 1, 0),
    RW(11, POINT_U16, TUNING, 0, 2, 0),
    RW(12, POINT_F32, XP, 0.1, 99.9, 1),
    RW(14, POINT_U16, TN, 3, 9999, 300),
    RW(15, POINT_U16, TV, 0, 999, 0),
    HR_C(70, LOWEST),
    HR_C(72, HIGHEST),
    {.address = 90, .function = 3, .type = POINT_U16, .source = POINT_VALUE, .index = UNIT},
    {.address = 91, .function = 3, .type = POINT_U16, .source = POINT_VALUE, .index = OTHER_UNIT},
    {.address = 92, .function = 3, .type = POINT_U16, .source = POINT_VALUE, .index = OTHER_UNIT},
    {.address = 93, .function = 3, .type = POINT_U16, .source = POINT_VALUE, .index = FORMAT, .plain = true},
    IR(0, POINT_U32, FIRMWARE),
    IR(2, POINT_U16, UNIT_TYPE),
    IR(3, POINT_U32, BARCODE),
    IR(5, POINT_I16, IN_CONTROL),
    IR(6, POINT_I16, ALARM),
    IR(7, POINT_I16, WARNING),
    IR_C(10, BATH),
    IR_C(12, EXTERNAL),
    IR(14, POINT_I16, POWER),
    IR_C(15, SAFETY_TANK),
    IR_C(17, SAFETY_RESERVOIR),
    IR_C(19, PROTECTION_TANK),
    IR_C(21, PROTECTION_RESERVOIR),
};

static double value(const struct page *page, unsigned index)
{
    const struct model *model = page->model;
    switch (index) {
    case LOWEST:
        return CIRCULATOR_LOWEST_MILLIC / 1000.0;
    case HIGHEST:
        return CIRCULATOR_HIGHEST_MILLIC / 1000.0;
    case UNIT:
        return model->tuning[CIRCULATOR_FAHRENHEIT];
    case FORMAT:
        return model->tuning[CIRCULATOR_DATA_FORMAT];
    case FIRMWARE:
        return page->identity_shown.firmware;
    case UNIT_TYPE:
        return page->identity_shown.model;
    case BARCODE:
        return page->identity_shown.serial;
    case IN_CONTROL:
        return CONTROL_MODBUS;
    case ALARM:
        return model->guard.fault_code;
    case WARNING:
    case OTHER_UNIT:
        return 0;
    case POWER:
        return (double)circulator_power_percent(model);
    case PROTECTION_TANK:
    case PROTECTION_RESERVOIR:
        return PROTECTION_C;
    default: /* all sensors are in the one bath */
        return (double)circulator_bath_millic(model) / 1000;
    }
}

static enum point_order order(const struct page *page)
{
    return (enum point_order)page->model->tuning[CIRCULATOR_DATA_FORMAT];
}

static bool fahrenheit(const struct page *page)
{
    return page->model->tuning[CIRCULATOR_FAHRENHEIT] != 0;
}

static const struct point_map map = {.points = points,
                                     .count = sizeof points / sizeof *points,
                                     .gap_first = 8,
                                     .gap_last = 9,
                                     .value = value,
                                     .order = order,
                                     .fahrenheit = fahrenheit};

const struct page_kind page_julabo = {.model = &circulator_kind,
                                      .points = &map,
                                      .model_number = UNIT_TYPE_NUMBER,
                                      .functions = PAGE_FUNCTION(3) | PAGE_FUNCTION(4) | PAGE_FUNCTION(6) |
                                                   PAGE_FUNCTION(16) | PAGE_FUNCTION(23),
                                      .status = MODBUS_READ_INPUTS,
                                      .unit = 1,
                                      POINTS_PAGE};
