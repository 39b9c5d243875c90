/* SPDX-License-Identifier: Apache-2.0 */
#include "front/page.h"

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

enum { STATUS_OUTPUT = 1, STATUS_FAULT = 4, STATUS_WATCHDOG = 8, STATUS_PATIENT = 16 };

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
    return (uint16_t)bits;
}

static bool input_common(const struct page *page, unsigned address, uint16_t *out)
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
        *out = 0;
        return page->kind->input(page, address, out) || (address > INPUT_STATUS && address < page->kind->input_last);
    }
}

static bool input_read(const struct page *page, unsigned address, uint16_t *out)
{
    if (!input_common(page, address, out))
        return false;
    for (unsigned i = 0; i < page->frozen_count; i++)
        if (page->frozen[i].address == address)
            *out = page->frozen[i].value;
    return true;
}

static bool holding_read(const struct page *page, unsigned address, uint16_t *out)
{
    const struct guard *guard = &page->model->guard;
    struct page_holding place;
    if (address == HOLDING_FEED)
        *out = guard->feed_value;
    else if (address == HOLDING_PRESET || address == HOLDING_PRESET + 1)
        *out = page_high_first(guard->timer_preset_ms, address - HOLDING_PRESET);
    else if (address == HOLDING_CLEAR)
        *out = 0;
    else if (page->kind->holding(address, &place))
        *out = (uint16_t)(page->model->setting[place.channel][place.setting] / place.scale);
    else
        return false;
    return true;
}

static bool point_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out)
{
    const struct guard *guard = &page->model->guard;
    switch (function) {
    case MODBUS_READ_COILS:
        if (address < guard->channels)
            *out = guard_reported_on(guard, address);
        return address < guard->channels;
    case MODBUS_READ_DISCRETES:
        *out = guard->patient_pressed || guard->patient_latched;
        return address == 0;
    case MODBUS_READ_HOLDINGS:
        return holding_read(page, address, out);
    default:
        return input_read(page, address, out);
    }
}

static enum modbus_exception check_read(const struct page *page, const struct modbus_request *request, uint16_t *values)
{
    for (unsigned i = 0; i < request->count; i++) {
        uint16_t value = 0;
        if (!point_read(page, request->function, request->address + i, &value))
            return MODBUS_ILLEGAL_ADDRESS;
        if (i < MODBUS_READ_WORDS_MAX)
            values[i] = value;
    }
    return MODBUS_OK;
}

/* The timer preset as it will be after the write: a half that is not written keeps its value. */
static uint32_t preset_after(const struct page *page, const struct modbus_request *request)
{
    uint32_t preset = page->model->guard.timer_preset_ms;
    for (unsigned i = 0; i < request->count; i++) {
        uint32_t value = modbus_request_value(request, i);
        if (request->address + i == HOLDING_PRESET)
            preset = (preset & 0xffff) | value << 16;
        else if (request->address + i == HOLDING_PRESET + 1)
            preset = (preset & 0xffff0000) | value;
    }
    return preset;
}

static enum modbus_exception check_holdings(const struct page *page, const struct modbus_request *request)
{
    struct page_holding place;
    uint16_t present;
    for (unsigned i = 0; i < request->count; i++)
        if (!holding_read(page, request->address + i, &present))
            return MODBUS_ILLEGAL_ADDRESS;
    for (unsigned i = 0; i < request->count; i++) {
        unsigned address = request->address + i;
        uint16_t value = modbus_request_value(request, i);
        if (page->kind->holding(address, &place) &&
            model_setting_check(page->model, place.setting, value * place.scale) < 0)
            return MODBUS_ILLEGAL_VALUE;
        if (address == HOLDING_CLEAR && value > 1)
            return MODBUS_ILLEGAL_VALUE;
    }
    return preset_after(page, request) > GUARD_TIMER_MAX_MS ? MODBUS_ILLEGAL_VALUE : MODBUS_OK;
}

static enum modbus_exception check_coils(const struct page *page, const struct modbus_request *request)
{
    const struct guard *guard = &page->model->guard;
    if (request->address + request->count > guard->channels)
        return MODBUS_ILLEGAL_ADDRESS;
    for (unsigned i = 0; i < request->count; i++)
        if (modbus_request_value(request, i) && guard_latched(guard))
            return MODBUS_DEVICE_FAILURE;
    return MODBUS_OK;
}

enum modbus_exception page_check(const struct page *page, const struct modbus_request *request, uint16_t *values)
{
    if (!modbus_function_writes(request->function))
        return check_read(page, request, values);
    return modbus_function_is_bits(request->function) ? check_coils(page, request) : check_holdings(page, request);
}

static void apply_coils(struct page *page, const struct modbus_request *request)
{
    uint32_t start = 0;
    uint32_t stop = 0;
    for (unsigned i = 0; i < request->count; i++) {
        if (modbus_request_value(request, i))
            start |= 1u << (request->address + i);
        else
            stop |= 1u << (request->address + i);
    }
    /* page_check() refused a start under a latch, the only way this can fail. */
    (void)model_run(page->model, start, stop);
}

static void apply_holdings(struct page *page, const struct modbus_request *request)
{
    page->model->guard.timer_preset_ms = preset_after(page, request);
    for (unsigned i = 0; i < request->count; i++) {
        unsigned address = request->address + i;
        uint16_t value = modbus_request_value(request, i);
        struct page_holding place;
        if (address == HOLDING_FEED)
            model_feed(page->model, value);
        else if (address == HOLDING_CLEAR && value == 1)
            model_clear_latches(page->model);
        else if (page->kind->holding(address, &place))
            (void)model_setting_write(page->model, place.channel, place.setting, value * place.scale);
    }
}

void page_apply(struct page *page, const struct modbus_request *request)
{
    if (modbus_function_is_bits(request->function))
        apply_coils(page, request);
    else
        apply_holdings(page, request);
}

static int freeze(struct page *page, const struct fault_args *args)
{
    unsigned first = (unsigned)args->value[ARG_address];
    unsigned words = (unsigned)fault_arg_or(args, ARG_words, 1);
    if (page->frozen_count + words > PAGE_FROZEN_MAX)
        return -ENOSPC;
    for (unsigned i = 0; i < words; i++) {
        uint16_t value = 0;
        if (!input_read(page, first + i, &value))
            return -EINVAL;
        page->frozen[page->frozen_count].address = (uint16_t)(first + i);
        page->frozen[page->frozen_count].value = (uint16_t)fault_arg_or(args, ARG_value, value);
        page->frozen_count++;
    }
    return 0;
}

int page_inject(struct page *page, enum fault_id fault, const struct fault_args *args)
{
    struct page_identity *shown = &page->identity_shown;
    if (fault == FAULT_freeze)
        return freeze(page, args);
    shown->model = (uint16_t)fault_arg_or(args, ARG_model, shown->model);
    shown->revision = (uint16_t)fault_arg_or(args, ARG_revision, shown->revision);
    shown->serial = (uint32_t)fault_arg_or(args, ARG_serial, shown->serial);
    shown->firmware = (uint16_t)fault_arg_or(args, ARG_firmware, shown->firmware);
    shown->head_serial = (uint32_t)fault_arg_or(args, ARG_head_serial, shown->head_serial);
    return 0;
}

void page_clear(struct page *page, enum fault_id fault)
{
    if (fault == FAULT_freeze)
        page->frozen_count = 0;
    else
        page->identity_shown = page->identity;
}
