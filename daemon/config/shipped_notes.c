/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A figure is the installation's to choose, up to the ceilings; then it is shown as the installation's own and never as
 * what was verified, and whoever starts or checks the daemon is told of it, and of each shipped limit that is missing
 * although a protocol would meet it.
 */
#include <string.h>

#include "config/refer.h"
#include "config/shipped_limits.h"

/* "at least 1 mA, at most 60 mA" */
static const char *bounds_text(struct load *load, const struct limit *l)
{
    char max[VALUE_TEXT_MAX] = "", min[VALUE_TEXT_MAX] = "";
    if (l->has_max)
        value_format(l->quantity, l->max, max, sizeof(max));
    if (l->has_min)
        value_format(l->quantity, l->min, min, sizeof(min));
    return arena_text(load->arena, "%s%s%s%s%s", l->has_min ? "at least " : "", min,
                      l->has_min && l->has_max ? ", " : "", l->has_max ? "at most " : "", max);
}

static bool same_subject(const struct limit *own, const struct limit *shipped)
{
    return own->quantity == shipped->quantity && own->scope == shipped->scope;
}

static bool looser_figure(const struct limit *own, const struct limit *shipped)
{
    return (shipped->has_max && (!own->has_max || own->max > shipped->max)) ||
           (shipped->has_min && (!own->has_min || own->min < shipped->min));
}

void shipped_limit_mark(struct load *load, const struct limit *shipped, struct limit *own)
{
    const char *said = strcmp(own->source, shipped->source) != 0 ? own->source : "";
    if (!same_subject(own, shipped) || !looser_figure(own, shipped))
        return;
    own->verified = VERIFIED_CHOICE;
    own->source = arena_text(load->arena, "the installation's own figure%s%s; as shipped: %s (%s)",
                             said[0] != '\0' ? ": " : "", said, bounds_text(load, shipped), shipped->source);
}

/* Whether another limit holds wherever the shipped one does, on the same side. */
static bool holds_instead(const struct limit *l, const struct limit *shipped)
{
    const bool binds = l->class == LIMIT_HARD || (l->class == shipped->class && l->class != LIMIT_INFO);
    return binds && same_subject(l, shipped) && l->when.after == shipped->when.after && limit_when_covers(l, shipped) &&
           (shipped->has_max ? l->has_max : l->has_min);
}

/* The tightest of what holds instead; NULL = nothing does. */
static const struct limit *instead_of(const struct load *load, const struct limit *shipped)
{
    const struct dose_tables *t = &load->config->dose;
    const struct limit *best = NULL;
    for (size_t i = 0; i < t->n_limits; i++) {
        const struct limit *l = &t->limits[i];
        if (holds_instead(l, shipped) && (best == NULL || (shipped->has_max ? l->max < best->max : l->min > best->min)))
            best = l;
    }
    return best;
}

static void note_missing(struct load *load, const struct limit *shipped, const struct limit *namesake)
{
    const struct limit *other = instead_of(load, shipped);
    const char *holds = other == NULL ? "no other limit bounds it there"
                                      : arena_text(load->arena, "%s (%s) holds instead, %s", other->id, other->origin,
                                                   bounds_text(load, other));
    note_add(load, namesake != NULL ? namesake->origin : load->config->dir, "%s[limit %s]%s, as shipped %s %s, %s: %s",
             namesake == NULL ? "there is no " : "", shipped->id, namesake == NULL ? "" : " bounds something else",
             modality_quantity_info(shipped->quantity)->id, bounds_text(load, shipped), limit_class_id(shipped->class),
             holds);
}

static void note_looser(struct load *load, const struct limit *shipped, const struct limit *own)
{
    note_add(load, own->origin,
             "[limit %s]: %s is looser than as shipped, %s; it holds, shown as the installation's own figure", own->id,
             bounds_text(load, own), bounds_text(load, shipped));
}

static bool is_met(const struct dose_tables *t, const struct limit *shipped)
{
    for (size_t i = 0; i < t->n_protocols; i++)
        if (protocol_meets(&t->protocols[i], shipped))
            return true;
    return false;
}

static void note_limit(struct load *load, const struct limit *shipped)
{
    const struct dose_tables *t = &load->config->dose;
    const struct limit *own = NULL;
    for (size_t i = 0; own == NULL && i < t->n_limits; i++)
        if (strcmp(t->limits[i].id, shipped->id) == 0)
            own = &t->limits[i];
    if (own != NULL && own->layer == LAYER_INSTALLATION && same_subject(own, shipped)) {
        if (looser_figure(own, shipped))
            note_looser(load, shipped, own);
    } else if (!is_met(t, shipped)) {
        return; /* an installation that does not give it at all */
    } else if (own != NULL && own->layer == LAYER_COMPILED) {
        note_add(load, load->config->dir, "there is no [limit %s]; it holds as it was shipped", shipped->id);
    } else {
        note_missing(load, shipped, own);
    }
}

void note_shipped(struct load *load)
{
    for (size_t i = 0; i < load->n_shipped; i++) {
        const struct limit *shipped = &load->shipped[i];
        const bool binds =
            shipped->class == LIMIT_HARD || shipped->class == LIMIT_DEVICE || shipped->class == LIMIT_NOTICE;
        if (binds && (shipped->has_max || shipped->has_min))
            note_limit(load, shipped);
    }
}
