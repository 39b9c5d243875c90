/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of supervision: one round of judgement over one sample, and the count of each fault on each
 * channel. Every judgement goes through supervise_judge, whether its fault is present or not.
 */
#ifndef SUPERVISE_JUDGE_H
#define SUPERVISE_JUDGE_H

#include "supervise/supervise.h"

struct judging {
    const struct supervise_rules *rules;
    struct supervise_state *state;
    const struct link_sample *sample;
    struct supervise_outcome *out;
    size_t index; /* of the session's channel; 0 for faults of the whole unit */
};

/* Raises or clears the count of a fault; true when it acts. */
bool supervise_count(struct judging *j, enum supervise_fault fault, bool present);
/* What it looks like; quantity QUANTITY_COUNT: no value. */
void supervise_found(struct judging *j, enum supervise_fault fault, enum modality_quantity quantity, int64_t value,
                     int64_t bound, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* (judging, fault, present, quantity, value, bound, format, ...): nothing behind present is computed until it acts. */
#define supervise_judge(j, fault, present, ...)                                                                        \
    (supervise_count(j, fault, present) ? supervise_found(j, fault, __VA_ARGS__) : (void)0)

/* The limit behind a bound, for the texts. */
#define BY(j, bound) ((j)->rules->by[bound])

/* The channel that is judged: its rules, its state, what the sample says of it. */
const struct supervise_channel_rules *judged_rules(const struct judging *j);
struct supervise_channel_state *judged_state(struct judging *j);
const struct modality_channel_status *judged_status(const struct judging *j);
bool supervise_reading(const struct modality_channel_status *status, enum modality_quantity q, int64_t *value);

/* Way from rest on the unsafe side, of an absolute level; negative on the safe side. */
int64_t supervise_distance(const struct supervise_channel_rules *c, int64_t absolute);
/* The farthest and the nearest level that were in force since the sample before, absolute. */
int64_t supervise_farthest(const struct supervise_channel_rules *c, const struct link_sample *sample);
int64_t supervise_nearest(const struct supervise_channel_rules *c, const struct link_sample *sample);

/* The farthest that an output which is no farther than it should be may still be, given where it was. */
int64_t supervise_settling(const struct judging *j, int64_t distance);

/* supervise_output.c: delivery against the set points in force, load and contact. */
void judge_delivery(struct judging *j);
void judge_load(struct judging *j);
void judge_coupling(struct judging *j);
/* What a slow or a walked output may still show is remembered once the sample has been judged. */
void judged_remember(struct judging *j);

/* held.c: whether the device holds what was commanded, and its measurement stays on one side of its tolerance. */
void judge_setpoint(struct judging *j);
void judge_commanded(struct judging *j);
void judge_steady(struct judging *j, int side);

/* supervise_sensor.c: what devices say besides their output. */
void judge_identity(struct judging *j); /* interlock and applicator: the cause, before what follows from it */
void judge_photodiode(struct judging *j);
void judge_head(struct judging *j, const struct quantity_set *values);
void judge_skin(struct judging *j);

/* supervise_total.c: everything delivered against its bounds. */
void judge_totals(struct judging *j);

#endif
