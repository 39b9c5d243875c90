/* SPDX-License-Identifier: Apache-2.0 */
/* A register page on the bench: a device under a fake clock, asked as a request would ask it. */
#ifndef TEST_SIM_PAGE_BENCH_H
#define TEST_SIM_PAGE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/page.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#define T0 (1000 * NS_PER_S)

static inline void ignore_change(void *ctx, unsigned channel, const struct model_output *output, enum cause cause,
                                 int64_t t_ns)
{
    (void)ctx;
    (void)channel;
    (void)output;
    (void)cause;
    (void)t_ns;
}

static inline int page_new(void **state, const struct page_kind *kind)
{
    struct page *page = calloc(1, sizeof *page);
    if (!page)
        return -1;
    struct page_identity identity = {kind->model_number, 1, 0x00012345, 0x0102, {0x000A000B, 0x000C000D}};
    page_init(page, kind, model_new(kind->model, (struct model_sink){.changed = ignore_change}, T0), &identity);
    *state = page;
    return page->model ? 0 : -1;
}

static inline int teardown(void **state)
{
    struct page *page = *state;
    model_free(page->model);
    free(page);
    return 0;
}

static inline enum modbus_exception read_points(struct page *page, uint8_t function, uint16_t address, uint16_t count,
                                                uint16_t *values)
{
    struct modbus_request r = {.function = function, .read_address = address, .read_count = count};
    enum modbus_exception exception = page_check(page, &r);
    if (exception == MODBUS_OK)
        page_read(page, &r, values);
    return exception;
}

static inline uint16_t input_at(struct page *page, uint16_t address)
{
    uint16_t values[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(page, 4, address, 1, values), MODBUS_OK);
    return values[0];
}

static inline uint16_t holding_at(struct page *page, uint16_t address)
{
    uint16_t values[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(page, 3, address, 1, values), MODBUS_OK);
    return values[0];
}

static inline enum modbus_exception write_words(struct page *page, uint16_t address, uint16_t count,
                                                const uint16_t *values)
{
    struct modbus_request r = {.function = MODBUS_WRITE_HOLDINGS, .address = address, .count = count};
    for (unsigned i = 0; i < count; i++) {
        r.data[2 * i] = (uint8_t)(values[i] >> 8);
        r.data[2 * i + 1] = (uint8_t)(values[i] & 0xff);
    }
    enum modbus_exception exception = page_check(page, &r);
    if (exception == MODBUS_OK)
        page_apply(page, &r);
    return exception;
}

static inline enum modbus_exception write_word(struct page *page, uint16_t address, uint16_t value)
{
    return write_words(page, address, 1, &value);
}

static inline enum modbus_exception write_coils(struct page *page, uint16_t address, uint16_t count, uint8_t bits)
{
    struct modbus_request r = {.function = MODBUS_WRITE_COILS, .address = address, .count = count, .data = {bits}};
    enum modbus_exception exception = page_check(page, &r);
    if (exception == MODBUS_OK)
        page_apply(page, &r);
    return exception;
}

struct set_point {
    uint16_t address;
    uint16_t least;
    uint16_t most;
};

static inline void check_range(struct page *page, const struct set_point *p)
{
    assert_int_equal(holding_at(page, p->address), p->least); /* after switch-on */
    assert_int_equal(write_word(page, p->address, p->most), MODBUS_OK);
    assert_int_equal(holding_at(page, p->address), p->most);
    assert_int_equal(write_word(page, p->address, (uint16_t)(p->most + 1)), MODBUS_ILLEGAL_VALUE);
    if (p->least > 0)
        assert_int_equal(write_word(page, p->address, (uint16_t)(p->least - 1)), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(holding_at(page, p->address), p->most);
    assert_int_equal(write_word(page, p->address, p->least), MODBUS_OK);
    assert_int_equal(holding_at(page, p->address), p->least);
}

#endif
