/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settable quantities, and what is kept of them. */
#include "memory.h"

#include <errno.h>
#include <string.h>

#define ROW(q, member, ...)                                                                                            \
    {                                                                                                                  \
        .quantity = QUANTITY_##q, .offset = offsetof(struct pulse_shape, member), __VA_ARGS__                          \
    }

/* clang-format off */
const struct sm4_quantity sm4_quantities[SM4_QUANTITIES] = {
    ROW(waveform_class, waveform, .min = WAVEFORM_biphasic_symmetric, .max = WAVEFORM_biphasic_asymmetric, .resolution = 1),
    ROW(amplitude_ua, amplitude_ua, .min = 0, .max = PULSE_AMPLITUDE_MAX_UA, .resolution = PULSE_STEP_UA),
    ROW(phase_width_us, phase_width_us, .min = SM4_POINT_US_MIN, .max = SM4_POINT_US_MAX, .resolution = 1),
    ROW(phase2_width_us, phase2_width_us, .min = SM4_POINT_US_MIN, .max = SM4_POINT_US_MAX, .resolution = 1, .asymmetric = true),
    ROW(amplitude2_permille, amplitude2_permille, .min = 1, .max = 1000, .resolution = 1, .asymmetric = true),
    ROW(interphase_us, interphase_us, .min = 0, .max = SM4_POINT_US_MAX, .resolution = 1, .optional = true),
    ROW(pulse_rate_millihz, pulse_rate_millihz, .min = PULSE_RATE_MIN_MILLIHZ, .max = PULSE_RATE_MAX_MILLIHZ, .resolution = 1),
};
/* clang-format on */

int sm4_quantity_find(enum modality_quantity quantity)
{
    for (int i = 0; i < SM4_QUANTITIES; i++)
        if (sm4_quantities[i].quantity == quantity)
            return i;
    return -ENOENT;
}

void sm4_shape_set(struct pulse_shape *shape, int quantity, int64_t value)
{
    memcpy((char *)shape + sm4_quantities[quantity].offset, &value, sizeof value);
}

bool sm4_channel_complete(const struct sm4_channel_memory *channel)
{
    bool asymmetric = channel->shape.waveform == WAVEFORM_biphasic_asymmetric;
    for (int i = 0; i < SM4_QUANTITIES; i++) {
        const struct sm4_quantity *q = &sm4_quantities[i];
        bool needed = !q->optional && (asymmetric || !q->asymmetric);
        if (needed && !(channel->set & (1u << i)))
            return false;
    }
    return true;
}

void sm4_forget(struct sm4_memory *memory, unsigned channels)
{
    memory->started &= ~channels;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (channels & (1u << c))
            memory->channels[c] = (struct sm4_channel_memory){0};
}

void sm4_see(struct sm4_memory *memory, const struct sm4_answer *answer)
{
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (answer->states[c] > memory->seen[c])
            memory->seen[c] = answer->states[c];
}
