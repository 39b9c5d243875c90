/* SPDX-License-Identifier: Apache-2.0 */
/* The stimulator's own registers: channel 1 at the page's addresses, channel 2 at +20. */
#include "front/page_reference.h"
#include "model/stim.h"

static const struct reference_holding holding[STIM_SETTINGS] = {
    {STIM_AMPLITUDE, 1, 0, 100},  {STIM_PHASE_WIDTH, 1, 0, 1}, {STIM_PULSE_RATE, 1, 0, 100}, {STIM_CARRIER, 1, 0, 1000},
    {STIM_BEAT, 1, 0, 100},       {STIM_WAVEFORM, 1, 0, 1},    {STIM_PHASE2_WIDTH, 1, 0, 1}, {STIM_AMPLITUDE2, 1, 0, 1},
    {STIM_BURST_RATE, 1, 0, 100}, {STIM_BURST_DUTY, 1, 0, 1},
};

enum { INPUT_CURRENT, INPUT_IMPEDANCE, INPUT_CONTACT, INPUT_VOLTAGE, INPUT_NET_CHARGE, INPUTS };

static uint16_t input(const struct page *page, unsigned channel, unsigned place)
{
    struct stim_measured measured;
    stim_measure(page->model, channel, &measured);
    switch (place) {
    case INPUT_CURRENT:
        return page_counts(measured.current_ua, 10);
    case INPUT_IMPEDANCE:
        return page_counts(measured.impedance_ohm, 1);
    case INPUT_CONTACT:
        return (uint16_t)measured.contact;
    case INPUT_NET_CHARGE:
        return page_counts(measured.net_permille, 1);
    default:
        return page_counts(measured.voltage_mv, 10);
    }
}

static const struct reference_map map = {.coils = true,
                                         .holding = {holding, holding},
                                         .holdings = {STIM_SETTINGS, STIM_SETTINGS},
                                         .inputs = INPUTS,
                                         .input = input};

const struct page_kind page_refstim = {.model = &stim_kind, .reference = &map, .model_number = 21332, REFERENCE_PAGE};
