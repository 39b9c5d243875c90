/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one item reads in a list, and on a page of its own.
 */
#ifndef CTL_LIST_H
#define CTL_LIST_H

#include "ctl.h"

void device_line(struct ctl *ctl, const json_t *device);
void session_line(struct ctl *ctl, const json_t *session);
void alarm_line(struct ctl *ctl, const json_t *alarm);

/* A session.get answer. */
void session_page(struct ctl *ctl, const json_t *session);
/* One observation: time, what, score or words, by whom. */
void observation_print(struct ctl *ctl, const json_t *observation);
/* Lists that sessions and their records share: changes of state, adjustments, alarms, observations. */
void happenings_print(struct ctl *ctl, const json_t *of);

#endif
