/* SPDX-License-Identifier: Apache-2.0 */
#include "front/page_points.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static unsigned words_of(const struct page_point *point)
{
    return point->type == POINT_U16 || point->type == POINT_I16 ? 1 : 2;
}

/* The point that covers a register, or NULL. */
static const struct page_point *point_at(const struct point_map *map, uint8_t function, unsigned address)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct page_point *point = &map->points[i];
        if (point->function == function && address >= point->address && address < point->address + words_of(point))
            return point;
    }
    return NULL;
}

static uint32_t float_bits(float single)
{
    uint32_t bits;
    _Static_assert(sizeof single == sizeof bits, "binary32");
    memcpy(&bits, &single, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float single;
    memcpy(&single, &bits, sizeof single);
    return single;
}

static uint32_t value_encode(enum point_type type, double value)
{
    switch (type) {
    case POINT_F32:
        return float_bits((float)value);
    case POINT_U16:
    case POINT_I16:
        return (uint32_t)llround(value) & 0xffff;
    case POINT_U32:
    case POINT_I32:
        return (uint32_t)llround(value);
    }
    return 0;
}

static double value_decode(enum point_type type, uint32_t raw)
{
    switch (type) {
    case POINT_F32:
        return (double)float_of(raw);
    case POINT_I16:
        return (int16_t)raw;
    case POINT_I32:
        return (int32_t)raw;
    case POINT_U16:
    case POINT_U32:
        return raw;
    }
    return 0;
}

static uint32_t bytes_swapped(uint32_t raw)
{
    return (raw & 0x00ff00ff) << 8 | (raw >> 8 & 0x00ff00ff);
}

/* From the value to the wire and back: each order is its own inverse. */
static uint32_t order_apply(enum point_order order, unsigned words, uint32_t raw)
{
    if (order == ORDER_DCBA || order == ORDER_BADC)
        raw = bytes_swapped(raw);
    if (words == 2 && (order == ORDER_DCBA || order == ORDER_CDAB))
        raw = raw << 16 | raw >> 16;
    return raw;
}

static enum point_order order_of(const struct page *page, const struct page_point *point)
{
    const struct point_map *map = page->kind->points;
    return point->plain || !map->order ? ORDER_ABCD : map->order(page);
}

static bool is_fahrenheit(const struct page *page, const struct page_point *point)
{
    const struct point_map *map = page->kind->points;
    return point->temperature && map->fahrenheit && map->fahrenheit(page);
}

static double scale_of(const struct page_point *point)
{
    return point->scale != 0 ? point->scale : 1;
}

static double value_now(const struct page *page, const struct page_point *point)
{
    double value = 0;
    if (point->source == POINT_VALUE)
        value = page->kind->points->value(page, point->index);
    else if (point->source == POINT_SETTING)
        value = page->model->setting[0][point->index] / scale_of(point);
    else if (point->source == POINT_MEMORY)
        value = page->memory[point->index];
    else if (point->source == POINT_RUN)
        value = guard_reported_on(&page->model->guard, 0);
    return is_fahrenheit(page, point) ? value * 1.8 + 32 : value;
}

/* The registers of a point as they stand on the wire. */
static uint32_t wire_now(const struct page *page, const struct page_point *point)
{
    uint32_t raw = value_encode(point->type, value_now(page, point));
    return order_apply(order_of(page, point), words_of(point), raw);
}

/* The value of a point as the write makes it. */
static double value_after(const struct page *page, const struct modbus_request *request, const struct page_point *point)
{
    uint32_t wire = page_value_after(request, point->address, words_of(point), wire_now(page, point));
    double value = value_decode(point->type, order_apply(order_of(page, point), words_of(point), wire));
    return is_fahrenheit(page, point) ? (value - 32) / 1.8 : value;
}

void points_init(struct page *page)
{
    const struct point_map *map = page->kind->points;
    for (size_t i = 0; i < map->count; i++)
        if (map->points[i].source == POINT_MEMORY)
            page->memory[map->points[i].index] = map->points[i].initial;
}

bool points_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out)
{
    const struct point_map *map = page->kind->points;
    const struct page_point *point = point_at(map, function, address);
    if (point && point->source != POINT_COMMAND) {
        unsigned shift = 16 * (words_of(point) - 1 - (address - point->address));
        *out = (uint16_t)(wire_now(page, point) >> shift);
        return true;
    }
    *out = 0;
    return !point && function == MODBUS_READ_INPUTS && address >= map->gap_first && address <= map->gap_last;
}

static int setting_check(const struct page *page, const struct page_point *point, double value)
{
    double base = value * scale_of(point);
    if (!(fabs(base) <= INT32_MAX)) /* nor is it a number at all */
        return -ERANGE;
    return model_setting_check(page->model, 0, point->index, (int32_t)llround(base));
}

static int value_check(const struct page *page, const struct page_point *point, double value)
{
    switch (point->source) {
    case POINT_SETTING:
        return setting_check(page, point, value);
    case POINT_MEMORY:
        return value >= point->least && value <= point->most ? 0 : -ERANGE;
    case POINT_RUN:
        return value == 0 || value == 1 ? model_run_check(page->model, value != 0, value == 0) : -ERANGE;
    case POINT_COMMAND:
        return page->kind->points->commands((unsigned)value) ? 0 : -ERANGE;
    case POINT_VALUE:
        break;
    }
    return -ENXIO; /* read only */
}

enum modbus_exception points_check(const struct page *page, const struct modbus_request *request)
{
    enum modbus_exception answer = MODBUS_OK;
    const struct point_map *map = page->kind->points;
    for (unsigned i = 0; i < request->count; i++) {
        const struct page_point *point = point_at(map, MODBUS_READ_HOLDINGS, request->address + i);
        if (!point || point->source == POINT_VALUE)
            return MODBUS_ILLEGAL_ADDRESS;
    }
    for (unsigned i = 0; i < request->count; i++) {
        const struct page_point *point = point_at(map, MODBUS_READ_HOLDINGS, request->address + i);
        int r = value_check(page, point, value_after(page, request, point));
        if (r == -EPERM)
            answer = MODBUS_DEVICE_FAILURE;
        else if (r < 0)
            return MODBUS_ILLEGAL_VALUE;
    }
    return answer;
}

static void value_apply(struct page *page, const struct page_point *point, double value)
{
    if (point->source == POINT_SETTING)
        (void)model_setting_write(page->model, 0, point->index, (int32_t)llround(value * scale_of(point)));
    else if (point->source == POINT_MEMORY)
        page->memory[point->index] = value;
    else if (point->source == POINT_RUN)
        (void)model_run(page->model, value != 0, value == 0);
    else if (point->source == POINT_COMMAND)
        page->kind->points->command(page, (unsigned)value);
}

void points_apply(struct page *page, const struct modbus_request *request)
{
    const struct page_point *done = NULL;
    for (unsigned i = 0; i < request->count; i++) {
        const struct page_point *point = point_at(page->kind->points, MODBUS_READ_HOLDINGS, request->address + i);
        if (point && point != done)
            value_apply(page, point, value_after(page, request, point));
        done = point;
    }
}
