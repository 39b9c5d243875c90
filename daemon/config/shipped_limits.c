/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deleting, weakening or narrowing a section must not unlock what rests on it, and a name must go on meaning what it
 * was shipped as. So the limits as shipped are read again from the copy in the program, and a configuration's limit of
 * the same name may only be tighter in class and conditions. Its figure is the installation's, up to the ceilings,
 * unless nobody has verified it: then it may not be looser than shipped.
 */
#include "config/shipped_limits.h"

#include <string.h>

#include "config/refer.h"

/* Higher binds more. A device limit refuses like a hard one, of what is reported. */
static unsigned class_strength(enum limit_class class)
{
    switch (class) {
    case LIMIT_HARD:
        return 3;
    case LIMIT_DEVICE:
        return 2;
    case LIMIT_NOTICE:
        return 1;
    case LIMIT_TARGET:
    case LIMIT_INFO:
        break;
    }
    return 0;
}

/* Whether the limit names sites, conditions or applicators, and this configuration has none of them. */
static bool names_nothing(const struct raw_section *s, const struct limit_when *when)
{
    return (section_line(s, "when.site") != NULL && when->sites == 0) ||
           (section_line(s, "when.condition") != NULL && when->conditions == 0) ||
           (section_line(s, "when.applicator") != NULL && when->applicators == 0);
}

bool shipped_limits_read(struct load *load, const struct limit **limits, size_t *n)
{
    struct load *shipped = arena_alloc(load->arena, sizeof(*shipped));
    const struct raw_section *s;
    size_t next = 0;
    if (shipped == NULL)
        return false;
    *shipped = (struct load){.arena = load->arena, .config = load->config, .as_shipped = true};
    shipped->faults.arena = load->arena;
    for (size_t i = 0; i < shipped_limit_files_n; i++)
        lines_parse(shipped, &shipped_limit_files[i]);
    struct limit *all = arena_array(load->arena, section_count(shipped, SECTION_LIMIT), sizeof(*all));
    if (all == NULL)
        return false;
    *n = 0;
    while ((s = section_next(shipped, SECTION_LIMIT, &next)) != NULL) {
        limit_build(shipped, s, &all[*n]);
        *n += !names_nothing(s, &all[*n].when);
    }
    *limits = all;
    return !arena_failed(load->arena);
}

static struct place place_of(const struct raw_section *s, const char *key)
{
    const struct raw_line *line = section_line(s, key);
    return line != NULL ? line->at : s->at;
}

/* The bounds of a limit that locks what rests on it until somebody answers for its figure. */
static void hold_bounds(struct load *load, const struct raw_section *s, const struct limit *own,
                        const struct limit *shipped)
{
    const bool max = own->has_max && shipped->has_max && own->max > shipped->max;
    const bool min = own->has_min && shipped->has_min && own->min < shipped->min;
    const char *key = max ? "max" : "min";
    char bound[VALUE_TEXT_MAX];
    if (!limit_may_lock(shipped) || (!max && !min))
        return;
    value_format(shipped->quantity, max ? shipped->max : shipped->min, bound, sizeof(bound));
    fault_add(&load->faults, place_of(s, key),
              "[%s]: %s is looser than the compiled %s, as shipped (%s), which nobody has verified; a layer may only "
              "tighten",
              s->title, key, bound, shipped->origin);
}

/* What it bounds, and over what. */
static bool hold_meaning(struct load *load, const struct raw_section *s, const struct limit *own,
                         const struct limit *shipped)
{
    const char *key = NULL, *was = NULL;
    if (own->quantity != shipped->quantity) {
        key = "quantity";
        was = modality_quantity_info(shipped->quantity)->id;
    } else if (own->scope != shipped->scope) {
        key = "scope";
        was = limit_scope_id(shipped->scope);
    } else if (class_strength(own->class) < class_strength(shipped->class)) {
        key = "class";
        was = limit_class_id(shipped->class);
    } else if (shipped->class == LIMIT_HARD && shipped->verified == VERIFIED_NO && own->verified != VERIFIED_NO) {
        key = "verified";
        was = "no; [accept] answers for it";
    }
    if (key == NULL)
        return true;
    fault_add(&load->faults, place_of(s, key),
              "[%s]: %s differs from the limit as shipped (%s: %s); it may only be tightened: give a limit of your own "
              "another name",
              s->title, key, shipped->origin, was);
    return false;
}

void shipped_limit_hold(struct load *load, const struct raw_section *s, const struct limit *own,
                        const struct limit *shipped)
{
    const bool another = own->quantity != shipped->quantity && !limit_may_lock(shipped);
    if (class_strength(shipped->class) == 0 || another || !section_sound(load, s) ||
        !hold_meaning(load, s, own, shipped))
        return; /* a name given to something else leaves the ceiling, as a missing one does */
    const bool all_bounds = (own->has_max || !shipped->has_max) && (own->has_min || !shipped->has_min);
    const bool all_after =
        shipped->when.after == 0 ? own->when.after == 0 : (shipped->when.after & ~own->when.after) == 0;
    if (!all_bounds)
        fault_add(&load->faults, s->at, "[%s]: has no %s, as the limit as shipped (%s) has", s->title,
                  shipped->has_max && !own->has_max ? "max" : "min", shipped->origin);
    if (!all_after)
        fault_add(&load->faults, place_of(s, "after"),
                  "[%s]: counts after fewer therapies than the limit as shipped (%s)", s->title, shipped->origin);
    if (!limit_when_covers(own, shipped))
        fault_add(&load->faults, s->at,
                  "[%s]: does not apply wherever the limit as shipped does (%s); a condition may only be widened",
                  s->title, shipped->origin);
    hold_bounds(load, s, own, shipped);
}
