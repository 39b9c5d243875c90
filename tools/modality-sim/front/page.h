/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register page of a device: which model value stands at which Modbus address. A kind answers for all its registers
 * itself; page.c asks it for one address after the other, and keeps what the control socket does to any page (frozen
 * registers, a false identity). A request is checked as a whole (address, then value, then whether it is allowed now)
 * before anything acts, so that a refused request changes nothing.
 */
#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include "front/modbus_frame.h"
#include "model/model.h"

#define PAGE_FROZEN_MAX 16
#define PAGE_MEMORY_MAX 16
#define PAGE_VALUES_MAX MODBUS_READ_WORDS_MAX /* no page has as many bits */
#define PAGE_FUNCTION(code) (1u << (code))

struct page_identity {
    uint16_t model;
    uint16_t revision;
    uint32_t serial;
    uint16_t firmware;
    uint32_t head_serial[MODEL_CHANNELS_MAX]; /* of the head or probe in use, 0 = none */
};

struct page;
struct reference_map;
struct point_map;

struct page_kind {
    const struct model_kind *model;
    const struct reference_map *reference; /* of the reference devices: front/page_reference.h */
    const struct point_map *points;        /* of devices that others built: front/page_points.h */
    uint16_t model_number;
    uint32_t functions;              /* PAGE_FUNCTION() of each it knows; others answer exception 1 */
    uint8_t status;                  /* function that reads what the device reports: what can be frozen */
    uint8_t unit;                    /* Modbus unit it is delivered with */
    void (*init)(struct page *page); /* may be NULL */
    /* One point; function says from which table. False: there is nothing at this address. */
    bool (*read)(const struct page *page, uint8_t function, unsigned address, uint16_t *out);
    /* What a write would be answered, without acting. */
    enum modbus_exception (*check)(const struct page *page, const struct modbus_request *request);
    /* Acts on a write that passed check in this same state. */
    void (*apply)(struct page *page, const struct modbus_request *request);
};

extern const struct page_kind page_refstim;
extern const struct page_kind page_refus;
extern const struct page_kind page_reflaser;
extern const struct page_kind page_refcold;
extern const struct page_kind page_refgalv;
extern const struct page_kind page_tcmidi;
extern const struct page_kind page_julabo;

struct page {
    const struct page_kind *kind;
    struct model *model;
    struct page_identity identity;
    struct page_identity identity_shown;
    struct {
        uint16_t address;
        uint16_t value;
    } frozen[PAGE_FROZEN_MAX];
    unsigned frozen_count;
    double memory[PAGE_MEMORY_MAX]; /* registers that only remember what was written */
};

/* model is not owned. */
void page_init(struct page *page, const struct page_kind *kind, struct model *model,
               const struct page_identity *identity);
/* What a request would be answered, without acting. */
enum modbus_exception page_check(const struct page *page, const struct modbus_request *request);
/* The values that a request which passed page_check() reads, after it acted; PAGE_VALUES_MAX entries. */
void page_read(const struct page *page, const struct modbus_request *request, uint16_t *values);
/* Acts on a write that page_check() passed in this same state. */
void page_apply(struct page *page, const struct modbus_request *request);

int page_inject(struct page *page, enum fault_id fault, const struct fault_args *args);
void page_clear(struct page *page, enum fault_id fault);

/* The half of a 32-bit value that stands at the first (offset 0) or second register, high word first. */
static inline uint16_t page_high_first(uint32_t value, unsigned offset)
{
    return (uint16_t)(offset == 0 ? value >> 16 : value & 0xffff);
}

/* The value of words registers from first on (high word first) as it will be after the write: what the request does not
 * cover keeps its present value. */
uint32_t page_value_after(const struct modbus_request *request, unsigned first, unsigned words, uint32_t present);

/* value in units of unit, rounded, as far as a register holds. */
uint16_t page_counts(int64_t value, int64_t unit);

#endif
