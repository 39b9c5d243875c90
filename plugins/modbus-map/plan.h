/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs the points of a list into as few requests as their adjacency allows. Only registers that some point of the list
 * covers are asked for: an address nobody described may answer with an exception. Pure.
 */
#ifndef MODBUS_MAP_PLAN_H
#define MODBUS_MAP_PLAN_H

#include "map.h"

/* Fills the plan: 0, or -E2BIG when the points need more requests or words than a plan holds. */
int map_plan_make(const struct map *map, const struct map_list *list, struct map_plan *out);

/* Bytes of request and answer frames of one request, or of one write of so many words, on RTU. */
size_t map_plan_read_bytes(const struct map_request *request);
size_t map_plan_write_bytes(const struct map *map, const struct map_point *point);

#endif
