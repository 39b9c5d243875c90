/* SPDX-License-Identifier: Apache-2.0 */
#include "front/page_reference.h"

#include <errno.h>

enum {
    INPUT_MODEL = 0,
    INPUT_REVISION = 1,
    INPUT_SERIAL = 2,
    INPUT_FIRMWARE = 4,
    INPUT_STATUS = 10,
    INPUT_FAULT = 11,
    INPUT_UPTIME = 12,
    INPUT_TIMER = 14,
    HOLDING_FEED = 150,
    HOLDING_PRESET = 151,
    HOLDING_CLEAR = 153,
};

enum { STATUS_OUTPUT = 1, STATUS_FAULT = 4, STATUS_WATCHDOG = 8, STATUS_PATIENT = 16, STATUS_INTERLOCK = 32 };

static uint16_t status_bits(const struct guard *guard)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < guard->channels; i++)
        if (guard_reported_on(guard, i))
            bits |= (unsigned)STATUS_OUTPUT << i;
    if (guard->fault_code)
        bits |= STATUS_FAULT;
    if (guard->tripped)
        bits |= STATUS_WATCHDOG;
    if (guard->patient_latched)
        bits |= STATUS_PATIENT;
    if (guard->interlock_latched)
        bits |= STATUS_INTERLOCK;
    return (uint16_t)bits;
}

/* A channel's own inputs; between the common ones and the last of them there is nothing, which reads 0. */
static bool input_own(const struct page *page, unsigned address, uint16_t *out)
{
    const struct reference_map *map = page->kind->reference;
    unsigned last = REFERENCE_INPUT + (page->kind->model->channels - 1) * REFERENCE_STRIDE + map->inputs - 1;
    if (address < INPUT_STATUS || address > last)
        return false;
    unsigned place = (address - REFERENCE_INPUT) % REFERENCE_STRIDE;
    *out = address >= REFERENCE_INPUT && place < map->inputs
               ? map->input(page, (address - REFERENCE_INPUT) / REFERENCE_STRIDE, place)
               : 0;
    return true;
}

static bool input_read(const struct page *page, unsigned address, uint16_t *out)
{
    const struct model *model = page->model;
    const struct page_identity *identity = &page->identity_shown;
    switch (address) {
    case INPUT_MODEL:
        *out = identity->model;
        return true;
    case INPUT_REVISION:
        *out = identity->revision;
        return true;
    case INPUT_SERIAL:
    case INPUT_SERIAL + 1:
        *out = page_high_first(identity->serial, address - INPUT_SERIAL);
        return true;
    case INPUT_FIRMWARE:
        *out = identity->firmware;
        return true;
    case INPUT_STATUS:
        *out = status_bits(&model->guard);
        return true;
    case INPUT_FAULT:
        *out = model->guard.fault_code;
        return true;
    case INPUT_UPTIME:
    case INPUT_UPTIME + 1:
        *out = page_high_first(guard_uptime_ms(&model->guard, model->now_ns), address - INPUT_UPTIME);
        return true;
    case INPUT_TIMER:
    case INPUT_TIMER + 1:
        *out = page_high_first(guard_timer_left_ms(&model->guard, model->now_ns), address - INPUT_TIMER);
        return true;
    default:
        return input_own(page, address, out);
    }
}

/* The set point's register at address and its channel, or NULL. */
static const struct reference_holding *holding_at(const struct page *page, unsigned address, unsigned *channel)
{
    const struct reference_map *map = page->kind->reference;
    if (address < REFERENCE_HOLDING)
        return NULL;
    unsigned place = (address - REFERENCE_HOLDING) % REFERENCE_STRIDE;
    *channel = (address - REFERENCE_HOLDING) / REFERENCE_STRIDE;
    if (*channel >= page->kind->model->channels || place >= map->holdings[*channel])
        return NULL;
    return &map->holding[*channel][place];
}

/* Its value in counts, of all its registers. */
static uint32_t holding_counts(const struct page *page, const struct reference_holding *at, unsigned channel)
{
    return (uint32_t)(page->model->setting[channel][at->setting] / at->scale);
}

static bool holding_read(const struct page *page, unsigned address, uint16_t *out)
{
    const struct guard *guard = &page->model->guard;
    unsigned channel;
    const struct reference_holding *at = holding_at(page, address, &channel);
    if (address == HOLDING_FEED)
        *out = guard->feed_value;
    else if (address == HOLDING_PRESET || address == HOLDING_PRESET + 1)
        *out = page_high_first(guard->timer_preset_ms, address - HOLDING_PRESET);
    else if (address == HOLDING_CLEAR)
        *out = 0;
    else if (at)
        *out = (uint16_t)(holding_counts(page, at, channel) >> 16 * (at->words - 1u - at->part));
    else
        return false;
    return true;
}

static unsigned coil_count(const struct page *page)
{
    return page->kind->reference->coils ? page->kind->model->channels : 0;
}

static bool discrete_read(const struct page *page, unsigned address, uint16_t *out)
{
    const struct guard *guard = &page->model->guard;
    const struct reference_map *map = page->kind->reference;
    if (address > map->discretes)
        return false;
    *out = address == 0 ? guard->patient_pressed || guard->patient_latched : map->discrete(page, address);
    return true;
}

bool reference_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out)
{
    switch (function) {
    case MODBUS_READ_COILS:
        if (address < coil_count(page))
            *out = guard_reported_on(&page->model->guard, address);
        return address < coil_count(page);
    case MODBUS_READ_DISCRETES:
        return discrete_read(page, address, out);
    case MODBUS_READ_HOLDINGS:
        return holding_read(page, address, out);
    default:
        return input_read(page, address, out);
    }
}

/* The set point that a write to address makes, of all its registers, in base units. */
static int64_t holding_after(const struct page *page, const struct modbus_request *request, unsigned address,
                             const struct reference_holding *at, unsigned channel)
{
    uint32_t present = holding_counts(page, at, channel);
    return (int64_t)page_value_after(request, address - at->part, at->words, present) * at->scale;
}

static uint32_t preset_after(const struct page *page, const struct modbus_request *request)
{
    return page_value_after(request, HOLDING_PRESET, 2, page->model->guard.timer_preset_ms);
}

/* One register of a write whose addresses exist. */
static enum modbus_exception check_value(const struct page *page, const struct modbus_request *request, unsigned index)
{
    unsigned channel;
    unsigned address = request->address + index;
    const struct reference_holding *at = holding_at(page, address, &channel);
    if (address == HOLDING_CLEAR && modbus_request_value(request, index) > 1)
        return MODBUS_ILLEGAL_VALUE;
    if (!at)
        return MODBUS_OK;
    int64_t value = holding_after(page, request, address, at, channel);
    int r = value > INT32_MAX ? -ERANGE : model_setting_check(page->model, channel, at->setting, (int32_t)value);
    return r == -EPERM ? MODBUS_DEVICE_FAILURE : r < 0 ? MODBUS_ILLEGAL_VALUE : MODBUS_OK;
}

static enum modbus_exception check_holdings(const struct page *page, const struct modbus_request *request)
{
    enum modbus_exception answer = MODBUS_OK;
    uint16_t present;
    for (unsigned i = 0; i < request->count; i++)
        if (!holding_read(page, request->address + i, &present))
            return MODBUS_ILLEGAL_ADDRESS;
    for (unsigned i = 0; i < request->count; i++) {
        enum modbus_exception exception = check_value(page, request, i);
        if (exception == MODBUS_ILLEGAL_VALUE)
            return exception;
        if (exception != MODBUS_OK)
            answer = exception;
    }
    return preset_after(page, request) > GUARD_TIMER_MAX_MS ? MODBUS_ILLEGAL_VALUE : answer;
}

static void coils_of(const struct modbus_request *request, uint32_t *start, uint32_t *stop)
{
    *start = *stop = 0;
    for (unsigned i = 0; i < request->count; i++) {
        if (modbus_request_value(request, i))
            *start |= 1u << (request->address + i);
        else
            *stop |= 1u << (request->address + i);
    }
}

static enum modbus_exception check_coils(const struct page *page, const struct modbus_request *request)
{
    uint32_t start;
    uint32_t stop;
    if ((unsigned)request->address + request->count > coil_count(page))
        return MODBUS_ILLEGAL_ADDRESS;
    coils_of(request, &start, &stop);
    return model_run_check(page->model, start, stop) < 0 ? MODBUS_DEVICE_FAILURE : MODBUS_OK;
}

enum modbus_exception reference_check(const struct page *page, const struct modbus_request *request)
{
    return modbus_function_is_bits(request->function) ? check_coils(page, request) : check_holdings(page, request);
}

static void apply_coils(struct page *page, const struct modbus_request *request)
{
    uint32_t start;
    uint32_t stop;
    coils_of(request, &start, &stop);
    /* check_coils() asked the model, the only way this can fail. */
    (void)model_run(page->model, start, stop);
}

static void apply_holdings(struct page *page, const struct modbus_request *request)
{
    page->model->guard.timer_preset_ms = preset_after(page, request);
    for (unsigned i = 0; i < request->count; i++) {
        unsigned channel;
        unsigned address = request->address + i;
        uint16_t value = modbus_request_value(request, i);
        const struct reference_holding *at = holding_at(page, address, &channel);
        if (address == HOLDING_FEED)
            model_feed(page->model, value);
        else if (address == HOLDING_CLEAR && value == 1)
            model_clear_latches(page->model);
        else if (at)
            (void)model_setting_write(page->model, channel, at->setting,
                                      (int32_t)holding_after(page, request, address, at, channel));
    }
}

void reference_apply(struct page *page, const struct modbus_request *request)
{
    if (modbus_function_is_bits(request->function))
        apply_coils(page, request);
    else
        apply_holdings(page, request);
}
