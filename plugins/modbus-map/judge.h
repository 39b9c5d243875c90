/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the words of one poll to a status: what the output of every channel is, and how that is supported. Pure but for
 * its memory of the previous poll. Doubt always counts as output.
 */
#ifndef MODBUS_MAP_JUDGE_H
#define MODBUS_MAP_JUDGE_H

#include "map.h"

/* What is remembered of one unit between two polls. */
struct judge_memory {
    bool uptime_known;
    int64_t uptime_ms, uptime_at_ns;
    /* Channels whose rest is a set point: the actual value when rest was first seen, and the nearest to rest since. */
    bool rest_seen[MODALITY_CHANNELS_MAX];
    int64_t rest_from[MODALITY_CHANNELS_MAX], rest_near[MODALITY_CHANNELS_MAX];
};

/* Judges the words of the map's poll plan, taken at now_ns: 0, or -EPROTO with *out untouched. */
int judge_status(const struct map *map, const uint16_t *words, int64_t now_ns, struct judge_memory *memory,
                 struct modality_status *out);

#endif
