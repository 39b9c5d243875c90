/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be done with one unit on an open link: its lists carried out, request by request, inside the deadline. The
 * functions are those of struct modality_plugin; see there for what they promise.
 */
#ifndef MODBUS_MAP_UNIT_H
#define MODBUS_MAP_UNIT_H

#include "judge.h"
#include "map.h"

struct unit_state {
    int last_error; /* of the last call, so that only changes are logged */
    struct judge_memory memory;
};

struct modality_link {
    const struct modality_services *services; /* the host's */
    struct map_config *config;                /* owned */
    struct modbus_line *line;                 /* owned */
    struct unit_state units[MODALITY_UNITS_MAX];
    uint16_t words[MAP_PLAN_WORDS]; /* of the plan being read */
};

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out);
int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out);
int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns);
int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns);
int unit_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns);

#endif
