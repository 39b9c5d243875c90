/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding points of a map by what they are for. Pure.
 */
#ifndef MODBUS_MAP_MAP_SELECT_H
#define MODBUS_MAP_MAP_SELECT_H

#include "map.h"

/* True if the point belongs to the channel, or to every one. channel may be MAP_EVERY_CHANNEL: then any does. */
bool map_point_concerns(const struct map_point *p, int channel);

bool map_list_has(const struct map_list *list, size_t point);

/* First point of a role, channel and quantity (QUANTITY_COUNT: any), or -1; polled: only from the poll list. */
int map_select(const struct map *map, enum map_role role, int channel, enum modality_quantity q);
int map_select_polled(const struct map *map, enum map_role role, int channel, enum modality_quantity q);

/* The quantities a channel takes and reports: their number, of which the first max go to out. */
size_t map_select_ranges(const struct map *map, int channel, struct modality_range *out, size_t max);

#endif
