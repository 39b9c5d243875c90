/* SPDX-License-Identifier: Apache-2.0 */
/* The stimulator's own registers: channel 1 at the page's addresses, channel 2 at +20. */
#include "front/page.h"
#include "model/stim.h"

#define INPUT_FIRST 20
#define HOLDING_FIRST 100
#define CHANNEL_STRIDE 20
#define INPUT_COUNT 4
#define IMPEDANCE_ABOVE_RANGE 65535

/* Base units per count, in the order of enum stim_setting, which is that of the registers. */
static const int32_t scale[STIM_SETTINGS] = {100, 1, 100, 1000, 100, 1, 1, 1, 100, 1};

static bool holding(unsigned address, struct page_holding *out)
{
    if (address < HOLDING_FIRST || address >= HOLDING_FIRST + 2 * CHANNEL_STRIDE)
        return false;
    unsigned setting = (address - HOLDING_FIRST) % CHANNEL_STRIDE;
    if (setting >= STIM_SETTINGS)
        return false;
    *out = (struct page_holding){
        .channel = (address - HOLDING_FIRST) / CHANNEL_STRIDE, .setting = setting, .scale = scale[setting]};
    return true;
}

static uint16_t counts(int64_t value, int64_t unit)
{
    int64_t count = (value + unit / 2) / unit;
    return (uint16_t)(count > UINT16_MAX ? UINT16_MAX : count);
}

static bool input(const struct page *page, unsigned address, uint16_t *out)
{
    if (address < INPUT_FIRST || address >= INPUT_FIRST + 2 * CHANNEL_STRIDE)
        return false;
    unsigned place = (address - INPUT_FIRST) % CHANNEL_STRIDE;
    if (place >= INPUT_COUNT)
        return false;
    struct stim_measured measured;
    stim_measure(page->model, (address - INPUT_FIRST) / CHANNEL_STRIDE, &measured);
    uint16_t impedance =
        measured.impedance_ohm >= IMPEDANCE_ABOVE_RANGE ? IMPEDANCE_ABOVE_RANGE : (uint16_t)measured.impedance_ohm;
    const uint16_t values[INPUT_COUNT] = {counts(measured.current_ua, 10), impedance, (uint16_t)measured.contact,
                                          counts(measured.voltage_mv, 10)};
    *out = values[place];
    return true;
}

const struct page_kind page_refstim = {.model = &stim_kind,
                                       .model_number = 21332,
                                       .holding = holding,
                                       .input = input,
                                       .input_last = INPUT_FIRST + CHANNEL_STRIDE + INPUT_COUNT - 1};
