/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register page of a reference device: which model value stands at which Modbus address, exactly as
 * plugins/modbus-map/README.md says. Executing a request checks the whole of it first (address, then value, then
 * whether it is allowed) and only then acts, so that a refused request changes nothing.
 */
#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include "front/modbus_frame.h"
#include "model/model.h"

#define PAGE_FROZEN_MAX 16

struct page_identity {
    uint16_t model;
    uint16_t revision;
    uint32_t serial;
    uint16_t firmware;
    uint32_t head_serial;
};

struct page_holding {
    unsigned channel;
    unsigned setting;
    int32_t scale; /* base units per count */
};

struct page;

struct page_kind {
    const struct model_kind *model;
    uint16_t model_number;
    /* A set point's place, or false when the address is not one. */
    bool (*holding)(unsigned address, struct page_holding *out);
    /* The device's own input registers; false when the address is not used. Up to input_last such a one reads 0. */
    bool (*input)(const struct page *page, unsigned address, uint16_t *out);
    unsigned input_last;
};

extern const struct page_kind page_refstim;
extern const struct page_kind page_refus;

struct page {
    const struct page_kind *kind;
    struct model *model; /* not owned */
    struct page_identity identity;
    struct page_identity identity_shown;
    struct {
        uint16_t address;
        uint16_t value;
    } frozen[PAGE_FROZEN_MAX];
    unsigned frozen_count;
};

/* What a request would be answered, without acting; a read's values land in values (MODBUS_READ_WORDS_MAX entries). */
enum modbus_exception page_check(const struct page *page, const struct modbus_request *request, uint16_t *values);
/* Acts on a write that page_check() passed in this same state. */
void page_apply(struct page *page, const struct modbus_request *request);

int page_inject(struct page *page, enum fault_id fault, const struct fault_args *args);
void page_clear(struct page *page, enum fault_id fault);

/* The half of a 32-bit value that stands at the first (offset 0) or second register, high word first. */
static inline uint16_t page_high_first(uint32_t value, unsigned offset)
{
    return (uint16_t)(offset == 0 ? value >> 16 : value & 0xffff);
}

#endif
