/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin remembers of the device, because the device cannot be asked: which channels were started, with which
 * pulses, and when its watchdog was last fed. Pure. Nothing of a channel outlives its stop.
 */
#ifndef SCIENCEMODE4_MEMORY_H
#define SCIENCEMODE4_MEMORY_H

#include "modality/plugin.h"
#include "pulse.h"

/* The device pauses its pulses after this time without Ml_update or Ml_get_current_data (instructions for use, p. 23).
 */
#define SM4_WATCHDOG_NS (2000 * INT64_C(1000000))
/*
 * A status asks for the state of the channels only this long after somebody who may has fed the watchdog, because its
 * question feeds it too: polling alone must not keep an output alive. The host gives up on a feed after as long.
 */
#define SM4_GRANT_NS (1600 * INT64_C(1000000))

/* One settable quantity of a channel and its place in struct pulse_shape. */
struct sm4_quantity {
    enum modality_quantity quantity;
    size_t offset;
    int64_t min, max, resolution; /* base units */
    bool asymmetric;              /* of biphasic_asymmetric alone */
    bool optional;                /* 0 unless it is set */
};
#define SM4_QUANTITIES 7
extern const struct sm4_quantity sm4_quantities[SM4_QUANTITIES];

struct sm4_channel_memory {
    unsigned set; /* bit per index into sm4_quantities */
    struct pulse_shape shape;
    struct sm4_pulse pulse; /* as the device has it, if started */
};

struct sm4_memory {
    unsigned started; /* bit per channel: told to stimulate, and not told to rest since */
    struct sm4_channel_memory channels[SM4_CHANNELS];
    int64_t granted_ns;                        /* begin of the last call that may feed the watchdog */
    int64_t fed_ns;                            /* begin of the last feed that was acknowledged */
    int64_t updated_ns;                        /* begin of the last Ml_update */
    enum sm4_channel_state seen[SM4_CHANNELS]; /* worst state since the last status */
};

#define SM4_ALL ((1u << SM4_CHANNELS) - 1) /* all channels */

/* Index of a quantity in sm4_quantities, or -ENOENT. */
int sm4_quantity_find(enum modality_quantity quantity);

/* Sets one value of a shape. */
void sm4_shape_set(struct pulse_shape *shape, int quantity, int64_t value);

/* Whether everything that its waveform needs was set. */
bool sm4_channel_complete(const struct sm4_channel_memory *channel);

/* Forgets the settings of these channels, and that they were started. */
void sm4_forget(struct sm4_memory *memory, unsigned channels);

/* Remembers the states of a reply. */
void sm4_see(struct sm4_memory *memory, const struct sm4_answer *answer);

#endif
