/* SPDX-License-Identifier: Apache-2.0 */
/* The galvanic unit's own registers: direct current at the page's addresses, high voltage at +20. */
#include "front/page_reference.h"
#include "model/galvanic.h"

static const struct reference_holding dc_holding[] = {{GALV_CURRENT, 1, 0, 10}, {GALV_POLARITY, 1, 0, 1},
                                                      {GALV_WAVEFORM, 1, 0, 1}, {GALV_RATE, 1, 0, 100},
                                                      {GALV_WIDTH, 2, 0, 1},    {GALV_WIDTH, 2, 1, 1}};

static const struct reference_holding hv_holding[] = {
    {GALV_VOLTAGE, 1, 0, 100}, {GALV_HV_POLARITY, 1, 0, 1}, {GALV_PEAK_WIDTH, 1, 0, 1}, {GALV_PAIR_RATE, 1, 0, 100}};

enum { INPUT_OUTPUT, INPUT_IMPEDANCE, INPUT_CONTACT, INPUT_OTHER, INPUTS };

static uint16_t input(const struct page *page, unsigned channel, unsigned place)
{
    struct galv_measured measured;
    galv_measure(page->model, channel, &measured);
    switch (place) {
    case INPUT_OUTPUT:
        return channel == GALV_DC ? page_counts(measured.current_ua, 1) : page_counts(measured.voltage_mv, 100);
    case INPUT_IMPEDANCE:
        return page_counts(measured.impedance_ohm, 1);
    case INPUT_CONTACT:
        return (uint16_t)measured.contact;
    default:
        return channel == GALV_DC ? page_counts(measured.voltage_mv, 10) : page_counts(measured.current_ua, 100);
    }
}

static const struct reference_map map = {
    .coils = true,
    .holding = {dc_holding, hv_holding},
    .holdings = {sizeof dc_holding / sizeof *dc_holding, sizeof hv_holding / sizeof *hv_holding},
    .inputs = INPUTS,
    .input = input};

const struct page_kind page_refgalv = {.model = &galv_kind, .reference = &map, .model_number = 18241, REFERENCE_PAGE};
