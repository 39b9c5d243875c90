/* SPDX-License-Identifier: Apache-2.0 */
/* The laser's own registers: the continuous probe at the page's addresses, the superpulsed one at +20. */
#include "front/page_reference.h"
#include "model/laser.h"

static const struct reference_holding cw_holding[LASER_SETTINGS] = {
    {LASER_POWER, 1, 0, 100}, {LASER_SHAPE, 1, 0, 1}, {LASER_RATE, 1, 0, 100}};

static const struct reference_holding sp_holding[LASER_SETTINGS] = {
    {LASER_POWER, 1, 0, 100000}, {LASER_SHAPE, 1, 0, 1}, {LASER_RATE, 1, 0, 1000}};

enum { INPUT_POWER, INPUT_WAVELENGTH = 2, INPUT_SPOT, INPUT_PROBE, INPUTS = INPUT_PROBE + 2 };
enum { DISCRETE_KEY = 1, DISCRETE_DOOR, DISCRETE_DELAY, DISCRETES = DISCRETE_DELAY };

static uint16_t input(const struct page *page, unsigned channel, unsigned place)
{
    switch (place) {
    case INPUT_POWER:
    case INPUT_POWER + 1:
        return page_high_first((uint32_t)laser_photodiode_uw(page->model, channel), place - INPUT_POWER);
    case INPUT_WAVELENGTH:
        return laser_probe[channel].wavelength_nm;
    case INPUT_SPOT:
        return laser_probe[channel].spot_mm2;
    default:
        return page_high_first(page->identity_shown.head_serial[channel], place - INPUT_PROBE);
    }
}

static bool discrete(const struct page *page, unsigned address)
{
    const struct guard *guard = &page->model->guard;
    if (address == DISCRETE_KEY)
        return laser_key_on(page->model);
    if (address == DISCRETE_DOOR)
        return laser_door_closed(page->model);
    return guard_waiting(guard, LASER_CW) || guard_waiting(guard, LASER_SP);
}

static const struct reference_map map = {.coils = true,
                                         .holding = {cw_holding, sp_holding},
                                         .holdings = {LASER_SETTINGS, LASER_SETTINGS},
                                         .inputs = INPUTS,
                                         .input = input,
                                         .discretes = DISCRETES,
                                         .discrete = discrete};

const struct page_kind page_reflaser = {.model = &laser_kind, .reference = &map, .model_number = 19546, REFERENCE_PAGE};
