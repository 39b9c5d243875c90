/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the words of one poll to a status. Rest needs every run point off and, where output is measured, a measurement
 * within its noise; anything else is output.
 */
#include "judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "map_point.h"
#include "modality/clock.h"

/* A device clock may lose an eighth and two seconds against ours before that counts as a restart. */
#define UPTIME_SLACK_MS 2000
#define UPTIME_SLACK_SHARE 8

/* What one poll says of one channel, before it is judged. */
struct finding {
    bool run_seen, on, starting;
    bool interlock_seen, interlock_open;
    bool actual_seen;
    int64_t actual;
};

/* Where uptime begins again: one more than the largest value its registers hold, in ms. */
static int64_t uptime_span(const struct map_point *p)
{
    static const uint16_t all[2] = {UINT16_MAX, UINT16_MAX};
    int64_t largest;
    if (p->codec.type == CODEC_F32 || codec_decode(&p->codec, all, &largest) < 0 || largest <= 0)
        return INT64_MAX;
    return largest + p->codec.step;
}

/*
 * A restart shows as an uptime that fell, or that grew by much less than the time that passed. A counter that ran over
 * continues where it must be and is no restart.
 */
static bool restarted(const struct map_point *p, const struct judge_memory *memory, int64_t uptime_ms, int64_t now_ns)
{
    int64_t elapsed = (now_ns - memory->uptime_at_ns) / NS_PER_MS;
    int64_t grown = uptime_ms - memory->uptime_ms;
    int64_t slack = UPTIME_SLACK_MS + elapsed / UPTIME_SLACK_SHARE;
    if (grown < 0) {
        int64_t span = uptime_span(p);
        return span == INT64_MAX || grown + span > elapsed + slack;
    }
    return elapsed - grown > slack;
}

/*
 * A clock that stands still for longer than its step, and some time for reading it, makes the reply an old one:
 * whatever sends it again, nothing in it is known of now.
 */
static bool stands_still(const struct map_point *p, const struct judge_memory *memory, int64_t uptime_ms,
                         int64_t now_ns)
{
    int64_t elapsed = (now_ns - memory->uptime_at_ns) / NS_PER_MS;
    return memory->uptime_known && uptime_ms == memory->uptime_ms && elapsed > UPTIME_SLACK_MS + 2 * p->codec.step;
}

static int judge_uptime(const struct map_point *p, int64_t value, int64_t now_ns, struct judge_memory *memory,
                        struct modality_status *out)
{
    if (stands_still(p, memory, value, now_ns))
        return -EPROTO;
    out->restarted = memory->uptime_known && restarted(p, memory, value, now_ns);
    if (!memory->uptime_known || value != memory->uptime_ms)
        memory->uptime_at_ns = now_ns;
    out->uptime_known = memory->uptime_known = true;
    out->uptime_ms = memory->uptime_ms = value;
    return 0;
}

static void judge_fault_code(const struct map_point *p, const uint16_t *words, struct modality_status *out)
{
    int64_t raw = map_point_raw(p, words);
    if (raw == 0)
        return;
    const struct map_code *code = map_point_code(p, raw);
    out->fault = true;
    out->fault_code = (uint32_t)(raw & UINT32_MAX);
    if (code)
        snprintf(out->fault_text, sizeof out->fault_text, "%s", code->word);
    else
        snprintf(out->fault_text, sizeof out->fault_text, "code %" PRId64, raw);
}

static void judge_fault(const struct map_point *p, int64_t value, struct modality_status *out)
{
    if (!value)
        return;
    out->fault = true;
    if (!out->fault_text[0])
        snprintf(out->fault_text, sizeof out->fault_text, "%s", p->name);
}

/* A property that is not what the map says: another probe is plugged in, and nothing may come out of it. */
static void judge_property(const struct map_point *p, int64_t value, struct modality_status *out)
{
    if (!p->has_expect || value == p->expect)
        return;
    out->fault = true;
    if (!out->fault_text[0])
        snprintf(out->fault_text, sizeof out->fault_text, "%.40s is not as expected", p->name);
}

static void read_actual(const struct map *map, size_t point, size_t channel, int64_t value,
                        struct modality_channel_status *out, struct finding *finding)
{
    out->readings[out->n_readings++] =
        (struct modality_reading){.quantity = map->points[point].quantity, .value = value};
    if ((int)point == map->channels[channel].actual_point) {
        finding->actual_seen = true;
        finding->actual = value;
    }
}

static void read_channel(const struct map *map, size_t point, size_t channel, const uint16_t *words, int64_t value,
                         struct modality_channel_status *out, struct finding *finding)
{
    const struct map_point *p = &map->points[point];
    const struct map_code *code;
    switch ((int)p->role) {
    case ROLE_RUN:
        finding->run_seen = true;
        finding->on |= value != 0;
        return;
    case ROLE_STARTING:
        finding->starting |= value != 0;
        return;
    case ROLE_INTERLOCK:
        finding->interlock_seen = true;
        finding->interlock_open |= value == 0;
        return;
    case ROLE_CONTACT:
        code = map_point_code(p, map_point_raw(p, words));
        out->contact = code ? (enum modality_contact)code->value : CONTACT_UNKNOWN;
        return;
    case ROLE_APPLICATOR:
        if (map_point_raw(p, words) != 0)
            map_point_text(p, words, out->applicator);
        return;
    case ROLE_SETPOINT:
        if ((int)point == map->channels[channel].level_point) {
            out->setpoint_known = true;
            out->setpoint = value;
        }
        return;
    case ROLE_ACTUAL:
        read_actual(map, point, channel, value, out, finding);
        return;
    default:
        return;
    }
}

/* How far the measured output is from rest, in its own base units; 0 or less on the safe side of it. */
static int64_t from_rest(const struct map_channel *c, int64_t actual)
{
    if (c->level_safer == SAFER_UP)
        return c->rest - actual;
    /* A measurement around zero may be negative: what counts is its size. */
    return c->rest == 0 && actual < 0 ? -actual : actual - c->rest;
}

static int64_t largest_at_rest(const struct map *map, const struct map_channel *c)
{
    const struct map_point *p = &map->points[c->actual_point];
    int64_t noise = p->quantity == c->level ? c->noise : p->noise;
    return noise > p->codec.step ? noise : p->codec.step;
}

static bool above_rest(const struct map *map, const struct map_channel *c, const struct finding *f)
{
    return f->actual_seen && from_rest(c, f->actual) > largest_at_rest(map, c);
}

static void conclude(struct modality_channel_status *out, enum modality_output output, enum modality_evidence evidence)
{
    out->output = output;
    out->evidence = evidence;
}

/* At rest by its own word, or told to rest: from where, and how near it came since. */
static void remember_rest(const struct map_channel *c, size_t channel, int64_t actual, struct judge_memory *memory)
{
    if (!memory->rest_seen[channel])
        memory->rest_from[channel] = memory->rest_near[channel] = actual;
    memory->rest_seen[channel] = true;
    if (from_rest(c, actual) < from_rest(c, memory->rest_near[channel]))
        memory->rest_near[channel] = actual;
}

/* Whether it moves away from rest again, by more than its noise. */
static bool goes_away(const struct map *map, size_t channel, int64_t actual, const struct judge_memory *memory)
{
    const struct map_channel *c = &map->channels[channel];
    return from_rest(c, actual) - from_rest(c, memory->rest_near[channel]) > largest_at_rest(map, c);
}

static void judge_by_run(const struct map *map, size_t channel, const struct finding *f, struct judge_memory *memory,
                         struct modality_channel_status *out)
{
    const struct map_channel *c = &map->channels[channel];
    bool above = above_rest(map, c, f);
    bool power = f->actual_seen && map->points[c->actual_point].quantity == QUANTITY_power_uw;
    if (f->on)
        memory->rest_seen[channel] = false;
    else if (f->actual_seen)
        remember_rest(c, channel, f->actual, memory);
    /* Nothing comes out yet, and nothing promises that it stays so: neither output nor a proof of rest. */
    if (f->on && f->starting && !above)
        conclude(out, OUTPUT_REST, EVIDENCE_NONE);
    else if (f->on && power && map->contact_probe_power_uw > 0 && out->contact == CONTACT_LOST &&
             f->actual <= map->contact_probe_power_uw)
        conclude(out, OUTPUT_PROBE, EVIDENCE_MEASURED);
    else if (f->on)
        conclude(out, OUTPUT_ON, above ? EVIDENCE_MEASURED : EVIDENCE_REPORTED);
    else if (!above)
        conclude(out, OUTPUT_REST, f->actual_seen ? EVIDENCE_MEASURED : EVIDENCE_REPORTED);
    /* What was cooled is still cold when it is off. */
    else if (c->rest_declared && !goes_away(map, channel, f->actual, memory))
        conclude(out, OUTPUT_REST, EVIDENCE_REPORTED);
    else
        conclude(out, OUTPUT_ON, EVIDENCE_MEASURED);
}

/* Without a run point: the set point must be at rest, and the measurement there or on its way since. */
static void judge_by_setpoint(const struct map *map, size_t channel, const struct finding *f,
                              struct judge_memory *memory, struct modality_channel_status *out)
{
    const struct map_channel *c = &map->channels[channel];
    if (!out->setpoint_known || out->setpoint != c->rest || !f->actual_seen) {
        memory->rest_seen[channel] = false;
        conclude(out, OUTPUT_ON, EVIDENCE_REPORTED);
        return;
    }
    remember_rest(c, channel, f->actual, memory);
    int64_t moved = from_rest(c, memory->rest_from[channel]) - from_rest(c, f->actual);
    if (!above_rest(map, c, f))
        conclude(out, OUTPUT_REST, EVIDENCE_MEASURED);
    else if (moved > largest_at_rest(map, c) && !goes_away(map, channel, f->actual, memory))
        conclude(out, OUTPUT_REST, EVIDENCE_REPORTED);
    else
        conclude(out, OUTPUT_ON, EVIDENCE_MEASURED);
}

/* What a point says of the unit as a whole. */
static void judge_unit(const struct map_point *p, const uint16_t *words, int64_t value, struct modality_status *out)
{
    switch ((int)p->role) {
    case ROLE_REMAINING:
        out->remaining_known = true;
        out->remaining_ms = value;
        return;
    case ROLE_FAULT:
        judge_fault(p, value, out);
        return;
    case ROLE_FAULT_CODE:
        judge_fault_code(p, words, out);
        return;
    case ROLE_WATCHDOG:
        out->watchdog_tripped |= value != 0;
        return;
    case ROLE_PATIENT_STOP:
        out->patient_stop |= value != 0;
        return;
    case ROLE_ACTUAL:
        judge_property(p, value, out);
        return;
    default:
        return;
    }
}

/* One polled point into the status and the findings of the channels it concerns. */
static int judge_point(const struct map *map, size_t point, const uint16_t *words, int64_t now_ns,
                       struct judge_memory *memory, struct modality_status *out, struct finding *findings)
{
    const struct map_point *p = &map->points[point];
    int64_t value = 0;
    int r = map_point_decode(p, words, &value);
    if (r < 0 && r != -ENOENT)
        return r;
    bool measured = r == 0 && !(p->has_absent && map_point_raw(p, words) == p->absent);
    if (p->role == ROLE_ACTUAL && !measured)
        return 0;
    if (p->role == ROLE_UPTIME)
        return judge_uptime(p, value, now_ns, memory, out);
    judge_unit(p, words, value, out);
    for (size_t c = 0; c < map->n_channels; c++) {
        if (p->channel == MAP_EVERY_CHANNEL || (size_t)p->channel == c)
            read_channel(map, point, c, words, value, &out->channels[c], &findings[c]);
    }
    return 0;
}

/* What follows for one channel from all that was read. */
static void judge_channel(const struct map *map, size_t channel, const struct finding *f, struct judge_memory *memory,
                          struct modality_channel_status *out)
{
    if (f->interlock_seen)
        out->readings[out->n_readings++] =
            (struct modality_reading){.quantity = QUANTITY_interlock_closed, .value = !f->interlock_open};
    if (f->run_seen)
        judge_by_run(map, channel, f, memory, out);
    else
        judge_by_setpoint(map, channel, f, memory, out);
}

int judge_status(const struct map *map, const uint16_t *words, int64_t now_ns, struct judge_memory *memory,
                 struct modality_status *out)
{
    struct modality_status status = {.n_channels = map->n_channels};
    struct finding findings[MODALITY_CHANNELS_MAX] = {0};
    struct judge_memory after = *memory;
    for (size_t c = 0; c < map->n_channels; c++)
        status.channels[c].contact = CONTACT_NOT_MONITORED;
    for (size_t i = 0; i < map->poll.n_steps; i++) {
        int r = judge_point(map, map->poll.steps[i].point, words + map->poll_plan.word[i], now_ns, &after, &status,
                            findings);
        if (r < 0)
            return r;
    }
    for (size_t c = 0; c < map->n_channels; c++)
        judge_channel(map, c, &findings[c], &after, &status.channels[c]);
    *memory = after;
    *out = status;
    return 0;
}
