/* SPDX-License-Identifier: Apache-2.0 */
/* The ultrasound unit's own registers. Its one float is IEEE 754 binary32, low word first. */
#include "front/page_reference.h"
#include "model/ultrasound.h"

#include <string.h>

static const struct reference_holding holding[US_SETTINGS] = {
    {US_SATP, 1, 0, 1000}, {US_DUTY, 1, 0, 1}, {US_REPETITION, 1, 0, 100}, {US_FREQUENCY, 1, 0, 1}};

enum {
    INPUT_POWER,
    INPUT_COUPLING = 2,
    INPUT_HEAD_TEMPERATURE,
    INPUT_CONTACT,
    INPUT_HEAD_SERIAL,
    INPUT_MOVING = INPUT_HEAD_SERIAL + 2,
    INPUTS
};

static uint16_t float_half(double value, unsigned offset)
{
    float single = (float)value;
    uint32_t bits;
    _Static_assert(sizeof single == sizeof bits, "binary32");
    memcpy(&bits, &single, sizeof bits);
    return (uint16_t)(offset == 0 ? bits & 0xffff : bits >> 16);
}

static uint16_t input(const struct page *page, unsigned channel, unsigned place)
{
    struct us_measured measured;
    us_measure(page->model, &measured);
    switch (place) {
    case INPUT_POWER:
    case INPUT_POWER + 1:
        return float_half(measured.power_w, place - INPUT_POWER);
    case INPUT_COUPLING:
        return (uint16_t)measured.coupling_permille;
    case INPUT_HEAD_TEMPERATURE:
        return (uint16_t)(int16_t)(measured.head_millic / 100);
    case INPUT_CONTACT:
        return (uint16_t)measured.contact;
    case INPUT_MOVING:
        return measured.moving;
    default:
        return page_high_first(page->identity_shown.head_serial[channel], place - INPUT_HEAD_SERIAL);
    }
}

static const struct reference_map map = {
    .coils = true, .holding = {holding}, .holdings = {US_SETTINGS}, .inputs = INPUTS, .input = input};

const struct page_kind page_refus = {.model = &us_kind, .reference = &map, .model_number = 21843, REFERENCE_PAGE};
