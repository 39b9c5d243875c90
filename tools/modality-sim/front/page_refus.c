/* SPDX-License-Identifier: Apache-2.0 */
/* The ultrasound unit's own registers. Its one float is IEEE 754 binary32, low word first. */
#include "front/page.h"
#include "model/ultrasound.h"

#include <string.h>

enum {
    INPUT_POWER = 20,
    INPUT_COUPLING = 22,
    INPUT_HEAD_TEMPERATURE = 23,
    INPUT_CONTACT = 24,
    INPUT_HEAD_SERIAL = 25,
    HOLDING_FIRST = 100,
};

static const int32_t scale[US_SETTINGS] = {1000, 1, 100, 1};

static bool holding(unsigned address, struct page_holding *out)
{
    if (address < HOLDING_FIRST || address >= HOLDING_FIRST + US_SETTINGS)
        return false;
    unsigned setting = address - HOLDING_FIRST;
    *out = (struct page_holding){.channel = 0, .setting = setting, .scale = scale[setting]};
    return true;
}

static uint16_t float_half(double value, unsigned offset)
{
    float single = (float)value;
    uint32_t bits;
    _Static_assert(sizeof single == sizeof bits, "binary32");
    memcpy(&bits, &single, sizeof bits);
    return (uint16_t)(offset == 0 ? bits & 0xffff : bits >> 16);
}

static bool input(const struct page *page, unsigned address, uint16_t *out)
{
    struct us_measured measured;
    us_measure(page->model, &measured);
    switch (address) {
    case INPUT_POWER:
    case INPUT_POWER + 1:
        *out = float_half(measured.power_w, address - INPUT_POWER);
        return true;
    case INPUT_COUPLING:
        *out = (uint16_t)measured.coupling_permille;
        return true;
    case INPUT_HEAD_TEMPERATURE:
        *out = (uint16_t)(int16_t)(measured.head_millic / 100);
        return true;
    case INPUT_CONTACT:
        *out = (uint16_t)measured.contact;
        return true;
    case INPUT_HEAD_SERIAL:
    case INPUT_HEAD_SERIAL + 1:
        *out = page_high_first(page->identity_shown.head_serial, address - INPUT_HEAD_SERIAL);
        return true;
    default:
        return false;
    }
}

const struct page_kind page_refus = {
    .model = &us_kind, .model_number = 21843, .holding = holding, .input = input, .input_last = INPUT_HEAD_SERIAL + 1};
