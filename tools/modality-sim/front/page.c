/* SPDX-License-Identifier: Apache-2.0 */
#include "front/page.h"

#include <errno.h>

static bool point_read(const struct page *page, uint8_t function, unsigned address, uint16_t *out)
{
    if (!page->kind->read(page, function, address, out))
        return false;
    for (unsigned i = 0; i < page->frozen_count && function == page->kind->status; i++)
        if (page->frozen[i].address == address)
            *out = page->frozen[i].value;
    return true;
}

void page_init(struct page *page, const struct page_kind *kind, struct model *model,
               const struct page_identity *identity)
{
    *page = (struct page){.kind = kind, .model = model, .identity = *identity, .identity_shown = *identity};
    if (kind->init)
        kind->init(page);
}

/* The table that a request reads from, named by the function of a plain read. */
static uint8_t read_from(const struct modbus_request *request)
{
    return request->function == MODBUS_READ_WRITE_HOLDINGS ? MODBUS_READ_HOLDINGS : request->function;
}

enum modbus_exception page_check(const struct page *page, const struct modbus_request *request)
{
    uint16_t value = 0;
    if (!(page->kind->functions & PAGE_FUNCTION(request->function)))
        return MODBUS_ILLEGAL_FUNCTION;
    for (unsigned i = 0; i < request->read_count; i++)
        if (!point_read(page, read_from(request), request->read_address + i, &value))
            return MODBUS_ILLEGAL_ADDRESS;
    return modbus_function_writes(request->function) ? page->kind->check(page, request) : MODBUS_OK;
}

void page_read(const struct page *page, const struct modbus_request *request, uint16_t *values)
{
    for (unsigned i = 0; i < request->read_count && i < PAGE_VALUES_MAX; i++)
        (void)point_read(page, read_from(request), request->read_address + i, &values[i]);
}

void page_apply(struct page *page, const struct modbus_request *request)
{
    page->kind->apply(page, request);
}

uint32_t page_value_after(const struct modbus_request *request, unsigned first, unsigned words, uint32_t present)
{
    for (unsigned i = 0; i < words; i++) {
        unsigned shift = 16 * (words - 1 - i);
        unsigned address = first + i;
        if (address < request->address || address >= (unsigned)request->address + request->count)
            continue;
        uint32_t value = modbus_request_value(request, address - request->address);
        present = (present & ~(UINT32_C(0xffff) << shift)) | value << shift;
    }
    return present;
}

uint16_t page_counts(int64_t value, int64_t unit)
{
    int64_t count = (value + unit / 2) / unit;
    return (uint16_t)(count > UINT16_MAX ? UINT16_MAX : count);
}

static int freeze(struct page *page, const struct fault_args *args)
{
    unsigned first = (unsigned)args->value[ARG_address];
    unsigned words = (unsigned)fault_arg_or(args, ARG_words, 1);
    if (page->frozen_count + words > PAGE_FROZEN_MAX)
        return -ENOSPC;
    for (unsigned i = 0; i < words; i++) {
        uint16_t value = 0;
        if (!point_read(page, page->kind->status, first + i, &value))
            return -EINVAL;
        page->frozen[page->frozen_count].address = (uint16_t)(first + i);
        page->frozen[page->frozen_count].value = (uint16_t)fault_arg_or(args, ARG_value, value);
        page->frozen_count++;
    }
    return 0;
}

static int identity_show(struct page *page, const struct fault_args *args)
{
    struct page_identity *shown = &page->identity_shown;
    unsigned head = (unsigned)fault_arg_or(args, ARG_channel, 1) - 1;
    if (head >= page->kind->model->channels)
        return -EINVAL;
    shown->model = (uint16_t)fault_arg_or(args, ARG_model, shown->model);
    shown->revision = (uint16_t)fault_arg_or(args, ARG_revision, shown->revision);
    shown->serial = (uint32_t)fault_arg_or(args, ARG_serial, shown->serial);
    shown->firmware = (uint16_t)fault_arg_or(args, ARG_firmware, shown->firmware);
    shown->head_serial[head] = (uint32_t)fault_arg_or(args, ARG_head_serial, shown->head_serial[head]);
    return 0;
}

int page_inject(struct page *page, enum fault_id fault, const struct fault_args *args)
{
    return fault == FAULT_freeze ? freeze(page, args) : identity_show(page, args);
}

void page_clear(struct page *page, enum fault_id fault)
{
    if (fault == FAULT_freeze)
        page->frozen_count = 0;
    else
        page->identity_shown = page->identity;
}
