/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening is the installation's to change; what it has looser than as shipped is told, and nothing more comes of it.
 * The shipped text is read by the code that reads the installation's own, into tables beside them, and compared by
 * name, in the sites and conditions that both have and for the therapies that the installation's protocols give.
 */
#include "config/shipped_screening.h"

#include <string.h>

#include "config/refer.h"

struct comparison {
    struct load *load;      /* the installation's */
    struct load *shipped;   /* its config holds shipped tables of screening and nothing else */
    uint64_t therapies;     /* given by its protocols */
    uint64_t columns, body; /* theirs; all of the installation's sites */
};

static struct load *shipped_read(struct load *load)
{
    struct load *shipped = arena_alloc(load->arena, sizeof(*shipped));
    struct config *config = arena_alloc(load->arena, sizeof(*config));
    if (shipped == NULL || config == NULL)
        return NULL;
    *shipped = (struct load){.arena = load->arena, .config = config};
    shipped->faults.arena = load->arena;
    for (size_t i = 0; i < shipped_screening_files_n; i++)
        lines_parse(shipped, &shipped_screening_files[i]);
    build_sites(shipped);
    build_screening(shipped);
    return arena_failed(load->arena) ? NULL : shipped;
}

static const struct raw_line *line_of(const struct load *load, enum key_section kind, const char *id, const char *key)
{
    const struct raw_section *s;
    size_t next = 0;
    while ((s = section_next(load, kind, &next)) != NULL)
        if (strcmp(s->id, id) == 0)
            return section_line(s, key);
    return NULL;
}

/* The line of a key where the installation wrote it; else its section. */
static const char *origin_of(const struct comparison *c, enum key_section kind, const char *id, const char *key,
                             const char *section)
{
    const struct raw_line *line = line_of(c->load, kind, id, key);
    return line != NULL ? line->at.origin : section;
}

/* "chest, shoulder" */
static const char *names_text(const struct comparison *c, uint64_t mask,
                              const char *name(const struct comparison *, unsigned))
{
    const char *text = "";
    for (unsigned i = 0; i < 64; i++)
        if ((mask >> i & 1u) != 0)
            text = arena_text(c->load->arena, "%s%s%s", text, text[0] != '\0' ? ", " : "", name(c, i));
    return text;
}

static const char *name_site(const struct comparison *c, unsigned i)
{
    return c->load->config->dose.screening.sites[i].id;
}

static const char *name_therapy(const struct comparison *c, unsigned i)
{
    (void)c;
    return modality_therapy_id((enum modality_therapy)i);
}

/* Shipped sites as the installation's, as far as it has them. */
static uint64_t own_sites(const struct comparison *c, uint64_t shipped)
{
    const struct screening *s = &c->shipped->config->dose.screening;
    uint64_t own = 0;
    for (size_t i = 0; i < s->n_sites; i++) {
        const int index = (shipped >> i & 1u) != 0 ? refer_site(c->load, s->sites[i].id) : -1;
        own |= index >= 0 ? UINT64_C(1) << index : 0;
    }
    return own;
}

static void note_sites(const struct comparison *c)
{
    const struct screening *shipped = &c->shipped->config->dose.screening, *own = &c->load->config->dose.screening;
    for (size_t i = 0; i < shipped->n_sites; i++) {
        const char *id = shipped->sites[i].id;
        const int index = refer_site(c->load, id);
        const uint64_t missing = index < 0 ? 0 : own_sites(c, shipped->sites[i].part_of) & ~own->sites[index].part_of;
        if (missing != 0)
            note_add(c->load, origin_of(c, SECTION_SITE, id, "part_of", own->sites[index].origin),
                     "[site %s]: is no part of %s, as shipped it is; they count as places apart", id,
                     names_text(c, missing, name_site));
    }
}

static void note_codes(const struct comparison *c, const struct condition *shipped, const struct condition *own)
{
    for (unsigned column = 0; column < COLUMN_COUNT; column++) {
        const char *key = screening_column_id((enum screening_column)column);
        if ((c->columns >> column & 1u) != 0 && own->codes[column] < shipped->codes[column])
            note_add(c->load, own->code_origin[column],
                     "[condition %s]: %s = %s is looser than as shipped, %s; it holds", own->id, key,
                     line_of(c->load, SECTION_CONDITION, own->id, key)->value,
                     line_of(c->shipped, SECTION_CONDITION, own->id, key)->value);
    }
}

/* Where XL stands in both, it has to hold at the same sites at least. */
static void note_local(const struct comparison *c, const struct condition *shipped, const struct condition *own)
{
    const uint64_t missing = own_sites(c, shipped->local_sites) & ~own->local_sites;
    bool local = false;
    for (unsigned column = 0; column < COLUMN_COUNT; column++)
        local = local || ((c->columns >> column & 1u) != 0 && shipped->codes[column] == SCREEN_LOCAL &&
                          own->codes[column] == SCREEN_LOCAL);
    const char *origin = origin_of(c, SECTION_CONDITION, own->id, "local_sites", own->origin);
    if (local && shipped->local_sites == 0 && own->local_sites != 0)
        note_add(c->load, origin,
                 "[condition %s]: has local_sites, as shipped none; XL forbids at those only, not where an answer says "
                 "here",
                 own->id);
    else if (local && own->local_sites == 0 && missing != 0)
        note_add(c->load, origin,
                 "[condition %s]: has no local_sites, as shipped %s; XL forbids only where an answer says here",
                 own->id, names_text(c, missing, name_site));
    else if (local && missing != 0)
        note_add(c->load, origin,
                 "[condition %s]: local_sites leaves out %s, as shipped it names them; XL is not held there", own->id,
                 names_text(c, missing, name_site));
}

/* What current reaches from a site on the ways of a condition; of the shipped one as the installation's sites. */
static uint64_t reach(const struct comparison *c, const struct condition *condition, unsigned site, bool is_shipped)
{
    uint64_t all = 0;
    for (size_t i = 0; i < condition->n_paths; i++) {
        const struct screening_path *path = &condition->paths[i];
        const uint64_t from = is_shipped ? own_sites(c, path->from) : path->from;
        const uint64_t to = is_shipped ? own_sites(c, path->to) : path->to;
        all |= (from >> site & 1u) != 0 ? to : 0;
        all |= (to >> site & 1u) != 0 ? from : 0;
    }
    return all;
}

static void note_paths(const struct comparison *c, const struct condition *shipped, const struct condition *own)
{
    const uint64_t crossing = own_sites(c, shipped->left_right) & ~own->left_right;
    unsigned first = 0, n = 0;
    uint64_t apart = 0;
    for (unsigned i = 0; i < c->load->config->dose.screening.n_sites; i++) {
        const uint64_t missing = (reach(c, shipped, i, true) & ~reach(c, own, i, false)) >> i << i; /* each pair once */
        if (missing != 0 && n++ == 0) {
            first = i;
            apart = missing;
        }
    }
    if (n > 0)
        note_add(c->load, own->origin,
                 "[condition %s]: electrodes at %s and at %s do not declare it, as shipped they do%s", own->id,
                 name_site(c, first), names_text(c, apart, name_site),
                 n > 1 ? arena_text(c->load->arena, "; likewise from further sites (%u)", n - 1) : "");
    if (crossing != 0)
        note_add(c->load, origin_of(c, SECTION_CONDITION, own->id, "left_right", own->origin),
                 "[condition %s]: left_right leaves out %s, as shipped it names them; current from side to side there "
                 "does not declare it",
                 own->id, names_text(c, crossing, name_site));
}

static void note_condition(const struct comparison *c, const struct condition *shipped)
{
    const char *codes = "";
    const int index = refer_condition(c->load, shipped->id);
    if (index >= 0) {
        const struct condition *own = &c->load->config->dose.screening.conditions[index];
        note_codes(c, shipped, own);
        note_local(c, shipped, own);
        if ((c->columns & (1u << COLUMN_TENS | 1u << COLUMN_NMES | 1u << COLUMN_ION)) != 0)
            note_paths(c, shipped, own);
        return;
    }
    for (unsigned column = 0; column < COLUMN_COUNT; column++) {
        const char *key = screening_column_id((enum screening_column)column);
        if ((c->columns >> column & 1u) != 0 && shipped->codes[column] != SCREEN_ALLOWED)
            codes = arena_text(c->load->arena, "%s, %s = %s", codes, key,
                               line_of(c->shipped, SECTION_CONDITION, shipped->id, key)->value);
    }
    if (codes[0] != '\0')
        note_add(c->load, c->load->config->dir, "there is no [condition %s], as shipped%s; nothing is forbidden by it",
                 shipped->id, codes + 1);
}

/* An answer has to declare at least what it declares as shipped. */
static void note_answers(const struct comparison *c, const struct question *shipped, const struct question *own)
{
    for (size_t i = 0; i < shipped->n_answers; i++) {
        const struct answer *a = &shipped->answers[i], *same = NULL;
        for (size_t k = 0; k < own->n_answers; k++)
            same = strcmp(own->answers[k].id, a->id) == 0 ? &own->answers[k] : same;
        if (a->condition < 0)
            continue;
        const char *declares = c->shipped->config->dose.screening.conditions[a->condition].id;
        const char *key = arena_text(c->load->arena, "answer.%s", a->id);
        const bool declared = same != NULL && same->condition >= 0 && (same->here || !a->here) &&
                              same->condition == refer_condition(c->load, declares);
        if (!declared)
            note_add(c->load, origin_of(c, SECTION_QUESTION, own->id, key, own->origin),
                     "[question %s]: %s does not declare %s%s, as shipped it does", own->id, key, declares,
                     a->here ? ", here" : "");
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whom it is asked of, and for how long what is said of a test counts. */
static void note_asked(const struct comparison *c, const struct question *shipped, const struct question *own,
                       uint64_t therapies)
{
    const uint64_t where = shipped->sites == 0 ? c->body : own_sites(c, shipped->sites);
    const uint64_t missing = own->sites == 0 ? 0 : where & ~own->sites;
    uint64_t unasked = 0;
    for (unsigned t = 0; t < THERAPY_COUNT; t++)
        unasked |=
            (therapies >> t & 1u) != 0 && !screening_is_for(own, (enum modality_therapy)t) ? UINT64_C(1) << t : 0;
    if (unasked != 0)
        note_add(c->load, own->origin, "[question %s]: is not asked for %s, as shipped it is", own->id,
                 names_text(c, unasked, name_therapy));
    if (missing != 0)
        note_add(c->load,
                 origin_of(c, SECTION_QUESTION, own->id, "except_sites",
                           origin_of(c, SECTION_QUESTION, own->id, "sites", own->origin)),
                 "[question %s]: is not asked at %s, as shipped it is", own->id, names_text(c, missing, name_site));
    if ((own->indication != NULL && !same_text(own->indication, shipped->indication)) ||
        (own->unless_indication != NULL && !same_text(own->unless_indication, shipped->unless_indication)))
        note_add(c->load, own->origin, "[question %s]: is bound to an indication, as shipped it is not", own->id);
    if (shipped->valid_days > 0 && (own->valid_days == 0 || own->valid_days > shipped->valid_days))
        note_add(c->load, origin_of(c, SECTION_QUESTION, own->id, "valid_days", own->origin),
                 "[question %s]: a test counts %s, as shipped for valid_days = %lld", own->id,
                 own->valid_days == 0 ? "without its day" : "for more days", (long long)shipped->valid_days);
}

static void note_question(const struct comparison *c, const struct question *shipped)
{
    const struct screening *s = &c->load->config->dose.screening;
    const struct question *own = NULL;
    uint64_t therapies = 0;
    for (unsigned t = 0; t < THERAPY_COUNT; t++)
        therapies |= screening_is_for(shipped, (enum modality_therapy)t) ? c->therapies & UINT64_C(1) << t : 0;
    for (size_t i = 0; i < s->n_questions; i++)
        own = strcmp(s->questions[i].id, shipped->id) == 0 ? &s->questions[i] : own;
    if (therapies == 0)
        return; /* an installation that does not give what it is asked for */
    if (own == NULL) {
        note_add(c->load, c->load->config->dir,
                 "there is no [question %s], as shipped it is asked for %s; it is not asked", shipped->id,
                 names_text(c, therapies, name_therapy));
        return;
    }
    const char *was = shipped->answers[shipped->restrictive].id, *is = own->answers[own->restrictive].id;
    if (strcmp(was, is) != 0)
        note_add(c->load, origin_of(c, SECTION_QUESTION, own->id, "restrictive", own->origin),
                 "[question %s]: no answer counts as %s, as shipped as %s", own->id, is, was);
    note_answers(c, shipped, own);
    note_asked(c, shipped, own, therapies);
}

void note_screening(struct load *load)
{
    const struct dose_tables *t = &load->config->dose;
    struct comparison c = {.load = load, .shipped = shipped_read(load)};
    if (c.shipped == NULL)
        return; /* the loader asks the arena at its end */
    const struct screening *shipped = &c.shipped->config->dose.screening;
    for (size_t i = 0; i < t->n_protocols; i++) {
        c.therapies |= UINT64_C(1) << t->protocols[i].therapy;
        c.columns |= UINT64_C(1) << screening_column_of(t->protocols[i].therapy);
    }
    for (size_t i = 0; i < t->screening.n_sites; i++)
        c.body |= UINT64_C(1) << i;
    note_sites(&c);
    for (size_t i = 0; i < shipped->n_conditions; i++)
        note_condition(&c, &shipped->conditions[i]);
    for (size_t i = 0; i < shipped->n_questions; i++)
        note_question(&c, &shipped->questions[i]);
}
