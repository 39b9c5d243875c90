/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the level moves. The operator's target is walked to from rest within step and slew, upward only as fast as they
 * allow, toward rest at once; surges modulate the walked level with on, off and ramps. Pure: time comes in. The host
 * runs it; the daemon predicts with it.
 */
#ifndef DOSE_WALK_H
#define DOSE_WALK_H

#include "dose/value.h"

/* Rules of one channel's level. Values are distances from rest in base units of the level, so 0 is rest. */
struct walk_rules {
    int64_t step;       /* largest single increase, > 0 */
    int64_t slew_per_s; /* largest increase per second, > 0 */
    int64_t resolution; /* of the device, >= 1: levels sent are multiples, rounded toward rest */
    uint8_t surged;     /* anything but 0: surges. A number, since it comes in messages, whose bytes may be anything */
    int64_t surge_on_ms, surge_off_ms, ramp_up_ms, ramp_down_ms; /* on time includes both ramps */
};

struct walk {
    int64_t level;   /* operator's level as walked so far: a multiple of resolution */
    int64_t target;  /* where it goes; reached is the multiple of resolution at or below it */
    int64_t last_ns; /* when it was last advanced */
    int64_t credit;  /* slew not yet used, in level x ns; negative: none is gathered, the level is where it goes */
    int64_t surge_start_ns;
};

/*
 * What always holds: level <= target; between two advances the level rises by at most step, and by at most the slew of
 * the time between them plus one resolution; a late advance makes up for nothing; time in which there was nowhere to go
 * earns nothing. Rules that make no sense (step below resolution, no slew) leave the level at rest.
 */

/* Starts at rest at now_ns. */
void walk_begin(struct walk *w, int64_t now_ns);
/*
 * Sets a target, 0 to 10^12 (anything else is rest); a lower one takes effect at the next advance without slew. A
 * higher one is walked to from the next advance on, so advance at once: the time before it does not count.
 */
void walk_target(struct walk *w, int64_t target);
/* Advances to now_ns; returns the level to be in force at the device (surge applied), never above w->level. */
int64_t walk_advance(const struct walk_rules *rules, struct walk *w, int64_t now_ns);
/*
 * When walk_advance would next give another value or move the level; INT64_MAX if never. now_ns itself when there is
 * something to do at once. A level that is walked or ramped in fine steps is due often: the caller bounds how often it
 * asks.
 */
int64_t walk_next_ns(const struct walk_rules *rules, const struct walk *w, int64_t now_ns);
/* Surges completed or begun since walk_begin; 0 without surges. */
int64_t walk_surges(const struct walk_rules *rules, const struct walk *w, int64_t now_ns);
/* True while the level is on its plateau at target (not walking, not in a surge's ramp or off time). */
bool walk_settled(const struct walk_rules *rules, const struct walk *w, int64_t now_ns);
/* Whether rules can be walked: 0, or -EINVAL. */
int walk_rules_check(const struct walk_rules *rules);

#endif
