/* SPDX-License-Identifier: Apache-2.0 */
/* The cold unit's own registers. Temperatures are signed. */
#include "front/page_reference.h"
#include "model/cold.h"

#define NO_SENSOR 32767

static const struct reference_holding holding[COLD_SETTINGS] = {{COLD_SET_POINT, 1, 0, 100}};

enum { INPUT_PAD, INPUT_SKIN, INPUT_SENSOR, INPUT_COOLING, INPUTS };

/* 0.01 degC, short of the value that means "no sensor". */
static uint16_t temperature(int64_t millic)
{
    int64_t count = (millic + (millic < 0 ? -5 : 5)) / 10;
    return (uint16_t)(int16_t)(count >= NO_SENSOR ? NO_SENSOR - 1 : count);
}

static uint16_t input(const struct page *page, unsigned channel, unsigned place)
{
    struct cold_measured measured;
    (void)channel;
    cold_measure(page->model, &measured);
    switch (place) {
    case INPUT_PAD:
        return temperature(measured.pad_millic);
    case INPUT_SKIN:
        return measured.skin_known ? temperature(measured.skin_millic) : NO_SENSOR;
    case INPUT_SENSOR:
        return (uint16_t)measured.sensor;
    default:
        return (uint16_t)measured.cooling_permille;
    }
}

static const struct reference_map map = {
    .holding = {holding}, .holdings = {COLD_SETTINGS}, .inputs = INPUTS, .input = input};

const struct page_kind page_refcold = {.model = &cold_kind, .reference = &map, .model_number = 17234, REFERENCE_PAGE};
