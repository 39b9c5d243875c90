/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One unit's lists carried out on the line. Reads and proved writes stop at the first error; a list toward rest is
 * carried out to its end, every entry with its share of the time that is left.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "map_point.h"
#include "map_select.h"
#include "modality/clock.h"

static const char *error_text(int error)
{
    switch (-error) {
    case EACCES:
        return "the device refused it";
    case ETIMEDOUT:
        return "no answer in time, the outcome is unknown";
    case EPROTO:
        return "the answer does not match";
    case EAGAIN:
        return "no time was left, nothing was sent";
    case ENODEV:
        return "another device answers";
    default:
        return "the line failed";
    }
}

/* Says what a call on a unit came to, when that changed. */
static int report(struct modality_link *link, size_t unit, int error, const char *act, const char *subject)
{
    struct unit_state *state = &link->units[unit];
    const char *id = link->config->units[unit].id;
    if (error == state->last_error)
        return error;
    state->last_error = error;
    int exception = modbus_line_exception(link->line);
    if (error == 0)
        link->services->log(link->services->ctx, MODALITY_LOG_INFO, "%s answers again", id);
    else if (exception)
        link->services->log(link->services->ctx, MODALITY_LOG_INFO, "%s: %s %s: %s, Modbus exception %d", id, act,
                            subject, error_text(error), exception);
    else
        link->services->log(link->services->ctx, MODALITY_LOG_INFO, "%s: %s %s: %s", id, act, subject,
                            error_text(error));
    return error;
}

static const struct map *map_of(const struct modality_link *link, size_t unit)
{
    return &link->config->maps[link->config->units[unit].map];
}

static struct modbus_call call_of(const struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    const struct map_unit *u = &link->config->units[unit];
    return (struct modbus_call){.unit = u->unit,
                                .refuses_by_failure = map_of(link, unit)->refuses_by_failure,
                                .answer_ns = u->response_ns,
                                .deadline_ns = deadline_ns};
}

static int read_plan(struct modality_link *link, size_t unit, const struct map_plan *plan, int64_t deadline_ns)
{
    struct modbus_call call = call_of(link, unit, deadline_ns);
    for (size_t i = 0; i < plan->n_requests; i++) {
        const struct map_request *q = &plan->requests[i];
        int r = modbus_line_read(link->line, &call, q->table, q->address, q->count, link->words + q->first_word);
        if (r < 0) {
            char subject[32];
            snprintf(subject, sizeof subject, "%u from %u", q->count, q->address);
            return report(link, unit, r, "reading", subject);
        }
    }
    return 0;
}

static size_t words_of(const struct map_point *p)
{
    return map_point_is_bit_table(p) ? 1 : codec_words(p->codec.type);
}

static int write_words(struct modality_link *link, size_t unit, const struct map_point *p, const uint16_t *words,
                       int64_t deadline_ns, bool toward_rest)
{
    struct modbus_call call = call_of(link, unit, deadline_ns);
    int r = modbus_line_write(link->line, &call, p->table, p->address, (uint16_t)words_of(p), words,
                              map_of(link, unit)->multiple, toward_rest);
    return r < 0 ? report(link, unit, r, "writing", p->name) : 0;
}

/* Writes a set point and proves it: by its echo where that says everything, else by reading it back. */
static int write_proved(struct modality_link *link, size_t unit, const struct map_point *p, int64_t value,
                        const uint16_t *words, int64_t deadline_ns)
{
    uint16_t back[2];
    int r = write_words(link, unit, p, words, deadline_ns, false);
    if (r < 0 || !p->readable || modbus_line_proves_write(link->line, words_of(p), map_of(link, unit)->multiple))
        return r;
    struct modbus_call call = call_of(link, unit, deadline_ns);
    r = modbus_line_read(link->line, &call, p->table, p->address, (uint16_t)words_of(p), back);
    if (r == 0)
        return map_point_same(p, value, back) ? 0 : report(link, unit, -EPROTO, "reading back", p->name);
    /* The write was acknowledged: that it cannot be read back is no refusal of it, and no proof. */
    return report(link, unit, r == -EACCES || r == -EPROTO ? -EPROTO : -ETIMEDOUT, "reading back", p->name);
}

/* Every entry of a list toward rest, whatever happens to the one before. */
static int rest_list(struct modality_link *link, size_t unit, const struct map_list *list, int64_t deadline_ns)
{
    int first = 0;
    const struct map *map = map_of(link, unit);
    for (size_t i = 0; i < list->n_steps; i++) {
        int64_t now = clock_monotonic_ns();
        int64_t share = now < deadline_ns ? (deadline_ns - now) / (int64_t)(list->n_steps - i) : 0;
        const struct map_step *step = &list->steps[i];
        int r = write_words(link, unit, &map->points[step->point], step->words, now + share, true);
        if (r < 0 && first == 0)
            first = r;
    }
    return first ? first : report(link, unit, 0, "", "");
}

int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    if (unit >= link->config->n_units || group >= map_of(link, unit)->n_groups)
        return -EINVAL;
    return rest_list(link, unit, &map_of(link, unit)->groups[group].stop, deadline_ns);
}

int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    if (unit >= link->config->n_units)
        return -EINVAL;
    return rest_list(link, unit, &map_of(link, unit)->make_safe, deadline_ns);
}

/* Entries in order, to the first that fails. */
static int write_list(struct modality_link *link, size_t unit, const struct map_list *list, int64_t deadline_ns)
{
    const struct map *map = map_of(link, unit);
    for (size_t i = 0; i < list->n_steps; i++) {
        const struct map_step *step = &list->steps[i];
        const struct map_point *p = &map->points[step->point];
        int r = p->role == ROLE_SETPOINT ? write_proved(link, unit, p, step->value, step->words, deadline_ns)
                                         : write_words(link, unit, p, step->words, deadline_ns, false);
        if (r < 0)
            return r;
    }
    return report(link, unit, 0, "", "");
}

int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    if (unit >= link->config->n_units || group >= map_of(link, unit)->n_groups)
        return -EINVAL;
    int r = write_list(link, unit, &map_of(link, unit)->groups[group].start, deadline_ns);
    /* Accepted is not on: the run points of the status tell when. */
    return r == 0 && map_of(link, unit)->start_ms ? -EINPROGRESS : r;
}

int unit_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    if (unit >= link->config->n_units)
        return -EINVAL;
    return write_list(link, unit, &map_of(link, unit)->keepalive, deadline_ns);
}

int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns)
{
    uint16_t words[2];
    if (unit >= link->config->n_units || setting->channel >= map_of(link, unit)->n_channels)
        return -EINVAL;
    const struct map *map = map_of(link, unit);
    int point = map_select(map, ROLE_SETPOINT, (int)setting->channel, setting->quantity);
    if (point < 0 || map_point_encode(&map->points[point], setting->value, words) < 0)
        return -EINVAL;
    int r = write_proved(link, unit, &map->points[point], setting->value, words, deadline_ns);
    return r < 0 ? r : report(link, unit, 0, "", "");
}

int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    if (unit >= link->config->n_units)
        return -EINVAL;
    const struct map *map = map_of(link, unit);
    int r = read_plan(link, unit, &map->poll_plan, deadline_ns);
    if (r < 0)
        return r;
    r = judge_status(map, link->words, clock_monotonic_ns(), &link->units[unit].memory, out);
    return report(link, unit, r, "reading", "the status");
}

/* Compares one point of the identify list, or notes what it says. */
static int identify_point(const struct map_point *p, const uint16_t *words, struct modality_identity *identity)
{
    int64_t value;
    if (p->role == ROLE_SERIAL)
        map_point_text(p, words, identity->serial);
    if (p->role == ROLE_FIRMWARE)
        map_point_text(p, words, identity->firmware);
    if (!p->has_expect)
        return 0;
    int r = map_point_decode(p, words, &value);
    return r < 0 || value != p->expect ? -ENODEV : 0;
}

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    if (unit >= link->config->n_units)
        return -EINVAL;
    const struct map *map = map_of(link, unit);
    const struct map_unit *u = &link->config->units[unit];
    struct modality_identity identity = {0};
    int r = read_plan(link, unit, &map->identify_plan, deadline_ns);
    if (r < 0)
        return r;
    memcpy(identity.maker, map->maker, sizeof identity.maker);
    memcpy(identity.model, map->model, sizeof identity.model);
    for (size_t i = 0; i < map->identify.n_steps; i++) {
        const struct map_point *p = &map->points[map->identify.steps[i].point];
        r = identify_point(p, link->words + map->identify_plan.word[i], &identity);
        if (r < 0)
            return report(link, unit, r, "comparing", p->name);
    }
    if (u->has_serial && strcmp(u->serial, identity.serial) != 0)
        return report(link, unit, -ENODEV, "comparing the serial number with", identity.serial);
    *out = identity;
    return report(link, unit, 0, "", "");
}
