/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dosage as JSON: one shape for what the daemon answers and for what the calculator prints. Every document is a new
 * reference. Integers are in base units. A text that is NULL is left out; bytes that are not UTF-8 become '?', for
 * texts may come from a device.
 */
#ifndef DOCUMENT_DOCUMENT_H
#define DOCUMENT_DOCUMENT_H

#include <jansson.h>

#include "dose/prescription.h"
#include "modality/plugin.h"

/* --- members --- */
void doc_text(json_t *object, const char *key, const char *text);
void doc_int(json_t *object, const char *key, int64_t value);
void doc_bool(json_t *object, const char *key, bool value);
void doc_put(json_t *object, const char *key, json_t *value); /* takes value over; NULL is left out */
/* Appends and takes over value, or drops it when the list holds max: false. */
bool doc_append(json_t *array, json_t *value, size_t max);
json_t *doc_quantity(enum modality_quantity q, int64_t value); /* {value, text} */

/* --- what refuses --- */
/* {token, subject, quantity, unit, value, max|min, layer, origin, channel, message} */
json_t *refusal_document(const struct refusal *refusal);
json_t *doc_refusals(const struct refusals *r);
/* {allowed, refusals[], notices[{..., id, acknowledged}], dropped?}: the head of every answer to a check. */
json_t *doc_verdict(bool allowed, const struct prescription *p, const struct refusals *refused,
                    const struct limit_verdict *verdict);

/* --- what is asked: questions of a protocol (NULL: any) at any of these sites (a bit each; 0 = all) --- */
json_t *doc_questions(const struct dose_tables *t, const struct protocol *p, uint64_t sites, const char *indication);

/* --- what bounds it --- */
/* What a device adds: what the channels that a treatment would use can be set to. */
struct doc_device {
    const char *id, *origin;
    size_t n_channels;
    const struct modality_channel *const *channels; /* one per channel of the treatment; NULL = not described */
};

/*
 * Every limit that applies to a treatment, and its protocol's and device's own ranges, each with the layer and place it
 * comes from, its source and whether anybody has verified that:
 *   {id, applies, quantity, unit, scope, class, use, state, value?, bound?, direction?, headroom?, min?, max?,
 * exceeded, channel?, fixed?, locks?, layer, origin, source?, verified?, accepted?} state says how it stands: within,
 * exceeded, shown (it has no bound); or why it has no value yet: walked (it bounds how the level rises),
 * held_while_running (it bounds what is measured), not_reported (a property of the device that nobody has told),
 * nothing_before (a rest with nothing to rest from). min and max stand together where a limit has both; bound is the
 * one that is nearer or broken. A range that leaves no choice is fixed. device may be NULL. history is that of the
 * modality, of_protocol that of the protocol's own therapy.
 */
json_t *doc_limits(const struct prescribed *d, const struct dose_picture *picture, const struct dose_history *history,
                   const struct dose_history *of_protocol, const struct doc_device *device);

/* Those of limits (taken over) that are about one quantity. */
json_t *doc_limits_on(json_t *limits, enum modality_quantity q);
const char *doc_use(enum limit_use use); /* "treatment", "walk", "fault" */

/* --- what it gives --- */
/* {channel, level, waveform, shares?, parameters{}, properties{}, derived{}}; picture may be NULL: nothing derived. */
json_t *doc_channel(const struct prescribed *d, const struct dose_picture *picture, size_t channel, const char *name,
                    enum modality_quantity level);
/* {quantity: {value, text}} over the whole treatment, at its ceilings. */
json_t *doc_totals(const struct dose_picture *picture);
/*
 * {end_by, turns, <dose quantity>?: {value, text}, expected_ms, fastest_ms, longest_ms}: expected at the start values,
 * fastest at the ceilings, without the walks to them
 */
json_t *doc_course(const struct course *course);
const char *doc_course_end(enum course_end end); /* "time", "dose", "count" */
/* The quantity of a course's amount: duration_ms, or the dose that ends it. */
enum modality_quantity doc_course_quantity(enum course_end end);
/* Ids of the sites or conditions in a set. */
json_t *doc_sites(const struct screening *s, uint64_t set);
json_t *doc_conditions(const struct screening *s, uint64_t set);
/* {id, label, revision, hash, modality, therapy, waveform} */
json_t *doc_protocol(const struct protocol *p);
/* {protocol, duration_ms, duration_text, sites[], conditions[], channels[], totals{}, course{}} */
json_t *doc_dose(const struct prescription *p, const struct prescribed *d, const struct dose_picture *picture,
                 enum modality_quantity level);

#endif
