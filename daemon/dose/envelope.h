/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope that goes with `arm`: everything a session may ever ask of its outputs. The host refuses what lies
 * outside, so a fault of the daemon cannot reach the patient: a second gate in a second process.
 */
#ifndef DOSE_ENVELOPE_H
#define DOSE_ENVELOPE_H

#include "dose/limit.h"
#include "dose/walk.h"

#define ENVELOPE_SETTINGS_MAX 16

struct envelope_setting {
    uint32_t quantity; /* enum modality_quantity */
    uint32_t reserved;
    int64_t start, ceiling; /* allowed between them, base units */
};

struct envelope_channel {
    uint32_t channel;        /* index of the device's channel */
    uint32_t level_quantity; /* enum modality_quantity that is walked */
    uint32_t waveform;       /* enum modality_waveform */
    uint32_t n_settings;
    int64_t rest_value, level_start, level_ceiling; /* absolute, base units */
    int64_t area_mm2;                               /* electrode area, or ERA; 0 = none */
    struct walk_rules rules;
    struct envelope_setting settings[ENVELOPE_SETTINGS_MAX]; /* everything but the level */
};

struct envelope {
    uint32_t group; /* index of the device's output group */
    uint32_t n_channels;
    uint32_t modality;      /* enum modality */
    uint32_t over_permille; /* over-delivery judged on one sample: measured > set x this / 1000 (1500) */
    int64_t total_ms;       /* treatment time left to deliver */
    struct envelope_channel channels[DOSE_CHANNELS_MAX];
};

/*
 * Who realises a commanded quantity. A setting is one that stands in the envelope: not time and walk, which are its
 * members, nor the waveform, nor what a person measures or counts (areas, points of a laser). A setting needs a range
 * of the device that takes it, else what the device does is not what was checked; a burst's width may be the device's
 * own.
 */
bool envelope_is_setting(enum modality_quantity q);
bool envelope_needs_range(enum modality_quantity q);

/*
 * Sanity and compiled ceilings: every range is ordered, levels lie inside what limit_compiled allows for the waveform.
 * 0, or -EPERM with what is wrong in reason. The host calls it on every arm.
 */
int envelope_check(const struct envelope *e, char *reason, size_t size);

/* Whether one set point may be written under this envelope: 0 or -EPERM with reason. */
int envelope_gate(const struct envelope *e, uint32_t channel, enum modality_quantity q, int64_t value, char *reason,
                  size_t size);

/* Lowers ceilings to those of tighter (same shape); -EINVAL if the shapes differ. Never raises. */
int envelope_tighten(struct envelope *e, const struct envelope *tighter);

#endif
