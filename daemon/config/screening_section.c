/* SPDX-License-Identifier: Apache-2.0 */
/* [condition] and [question]: the tables of screening. Conditions first, since questions name them. */
#include <stdio.h>
#include <string.h>

#include "config/refer.h"

static void build_codes(struct load *load, const struct raw_section *s, struct condition *c)
{
    /* the order of the words in keys.c */
    static const enum screening_code codes[] = {SCREEN_ALLOWED, SCREEN_PRECAUTION, SCREEN_LOCAL,
                                                SCREEN_CONTRAINDICATED};
    for (unsigned column = 0; column < COLUMN_COUNT; column++) {
        const char *key = screening_column_id((enum screening_column)column);
        const struct raw_line *line = section_line(s, key);
        unsigned word;
        c->codes[column] = SCREEN_CONTRAINDICATED;
        c->code_origin[column] = line != NULL ? line->at.origin : s->at.origin;
        if (field_word(load, s, key, &word))
            c->codes[column] = codes[word];
    }
}

/* from.<path> and to.<path>: two lists of sites each, of one name. */
static void build_path(struct load *load, const struct raw_section *s, const struct raw_line *line, struct condition *c)
{
    char to[64];
    const char *name = line->key + strlen("from.");
    struct screening_path path = {0};
    snprintf(to, sizeof(to), "to.%.56s", name);
    if (c->n_paths == SCREENING_PATHS_MAX) {
        fault_add(&load->faults, line->at, "%s: at most %d paths in one condition", line->key, SCREENING_PATHS_MAX);
        return;
    }
    if (section_line(s, to) == NULL) {
        fault_add(&load->faults, line->at, "%s: there is no %s", line->key, to);
        return;
    }
    refer_sites_met(load, s, line->key, &path.from);
    refer_sites_met(load, s, to, &path.to);
    c->paths[c->n_paths++] = path;
}

static void build_paths(struct load *load, const struct raw_section *s, struct condition *c)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        char from[64];
        if (strncmp(s->lines[i].key, "from.", 5) == 0)
            build_path(load, s, &s->lines[i], c);
        if (strncmp(s->lines[i].key, "to.", 3) != 0)
            continue;
        snprintf(from, sizeof(from), "from.%.56s", s->lines[i].key + 3);
        if (section_line(s, from) == NULL)
            fault_add(&load->faults, s->lines[i].at, "%s: there is no %s", s->lines[i].key, from);
    }
    refer_sites_met(load, s, "left_right", &c->left_right);
}

static void build_condition(struct load *load, const struct raw_section *s, struct condition *c)
{
    uint64_t unverified = 0;
    c->id = s->id;
    c->label = c->source = "";
    c->origin = s->at.origin;
    field_text(load, s, "label", &c->label);
    field_text(load, s, "source", &c->source);
    build_codes(load, s, c);
    refer_sites_met(load, s, "local_sites", &c->local_sites);
    refer_mask(load, s, "unverified", refer_column, "column", &unverified);
    c->unverified = (uint32_t)unverified;
    c->verified = unverified == 0 ? VERIFIED_YES : VERIFIED_NO;
    build_paths(load, s, c);
}

static bool answer_find(const struct question *q, const char *id, size_t *out)
{
    for (size_t i = 0; i < q->n_answers; i++) {
        if (strcmp(q->answers[i].id, id) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void build_answers(struct load *load, const struct raw_section *s, struct question *q)
{
    const char *const *ids;
    const char *restrictive;
    size_t n;
    struct place at;
    if (!field_list(load, s, "answers", &ids, &n, &at))
        return;
    if (n > SCREENING_ANSWERS_MAX) {
        fault_add(&load->faults, at, "answers: at most %d", SCREENING_ANSWERS_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ids[i], "unknown") == 0)
            fault_add(&load->faults, at, "answers: unknown is always understood and is not listed");
        q->answers[i] = (struct answer){.id = ids[i], .condition = -1};
    }
    q->n_answers = n;
    if (field_text(load, s, "restrictive", &restrictive) && !answer_find(q, restrictive, &q->restrictive))
        fault_add(&load->faults, section_line(s, "restrictive")->at, "restrictive = %s: is not among the answers",
                  restrictive);
}

/* answer.<answer> = condition [, here] */
static void build_declaration(struct load *load, const struct raw_section *s, const struct raw_line *line,
                              struct question *q)
{
    const char *const *words;
    size_t n, index;
    struct place at;
    if (!answer_find(q, line->key + strlen("answer."), &index)) {
        fault_add(&load->faults, line->at, "%s: is not among the answers", line->key);
        return;
    }
    if (!field_list(load, s, line->key, &words, &n, &at))
        return;
    int condition = refer_condition(load, words[0]);
    if (condition < 0)
        fault_add(&load->faults, at, "%s: there is no condition \"%s\"", line->key, words[0]);
    if (n > 2 || (n == 2 && strcmp(words[1], "here") != 0))
        fault_add(&load->faults, at, "%s = %s: needs a condition, or a condition and the word here", line->key,
                  line->value);
    q->answers[index].condition = condition;
    q->answers[index].here = n == 2;
}

/* How strict an answer is for one column: what it declares, and whether that would be at the treated site. */
static unsigned strictness(const struct load *load, const struct answer *a, enum screening_column column)
{
    if (a->condition < 0)
        return 0;
    const struct condition *c = &load->config->dose.screening.conditions[a->condition];
    switch (c->codes[column]) {
    case SCREEN_ALLOWED:
        return 0;
    case SCREEN_PRECAUTION:
        return 1;
    case SCREEN_LOCAL:
        return a->here || c->local_sites != 0 ? 2 : 0;
    case SCREEN_CONTRAINDICATED:
        break;
    }
    return 3;
}

/* Silence must never be worth more than words: the restrictive answer is the strictest in each column. */
static void check_restrictive(struct load *load, const struct raw_section *s, const struct question *q)
{
    if (q->n_answers == 0 || q->answers[q->restrictive].condition < 0)
        return; /* told already */
    for (size_t i = 0; i < q->n_answers; i++) {
        for (unsigned column = 0; column < COLUMN_COUNT; column++) {
            if (strictness(load, &q->answers[i], (enum screening_column)column) <=
                strictness(load, &q->answers[q->restrictive], (enum screening_column)column))
                continue;
            fault_add(&load->faults, s->at, "[%s]: answer %s is stricter for %s than the restrictive answer %s",
                      s->title, q->answers[i].id, screening_column_id((enum screening_column)column),
                      q->answers[q->restrictive].id);
        }
    }
}

/* A site that a clinic adds is asked for unless a question excepts it, or what it is a part of, by name. */
static void build_question_sites(struct load *load, const struct raw_section *s, struct question *q)
{
    uint64_t except = 0, all = 0;
    refer_sites_met(load, s, "sites", &q->sites);
    refer_mask(load, s, "except_sites", refer_site, "site", &except);
    if (except == 0)
        return;
    for (size_t i = 0; i < load->config->dose.screening.n_sites; i++) {
        all |= UINT64_C(1) << i;
        except |= load->config->dose.screening.sites[i].part_of & except ? UINT64_C(1) << i : 0;
    }
    if (q->sites != 0 || (all & ~except) == 0)
        fault_add(&load->faults, section_line(s, "except_sites")->at,
                  "except_sites: leaves no site, or stands beside sites");
    q->sites = all & ~except;
}

static void build_question(struct load *load, const struct raw_section *s, struct question *q)
{
    uint64_t columns = 0, therapies = 0;
    q->id = s->id;
    q->text = "";
    q->origin = s->at.origin;
    field_text(load, s, "text", &q->text);
    build_answers(load, s, q);
    bool declares = false;
    for (size_t i = 0; i < s->n_lines; i++) {
        if (strncmp(s->lines[i].key, "answer.", 7) != 0 || s->lines[i].key[7] == '\0')
            continue;
        build_declaration(load, s, &s->lines[i], q);
        declares = true;
    }
    if (!declares)
        fault_add(&load->faults, s->at, "[%s] declares nothing: no answer.<answer> names a condition", s->title);
    else if (q->n_answers > 0 && q->answers[q->restrictive].condition < 0)
        fault_add(&load->faults, s->at, "[%s]: the restrictive answer declares no condition", s->title);
    check_restrictive(load, s, q);
    refer_mask(load, s, "columns", refer_column, "column", &columns);
    refer_mask(load, s, "therapies", refer_therapy, "therapy", &therapies);
    q->columns = (uint32_t)columns;
    q->therapies = (uint32_t)therapies;
    build_question_sites(load, s, q);
    q->always = !field_text(load, s, "indication", &q->indication);
    field_text(load, s, "unless_indication", &q->unless_indication);
    field_count(load, s, "valid_days", &q->valid_days);
}

void build_screening(struct load *load)
{
    struct screening *screening = &load->config->dose.screening;
    struct condition *conditions = arena_array(load->arena, SCREENING_CONDITIONS_MAX, sizeof(*conditions));
    struct question *questions = arena_array(load->arena, SCREENING_QUESTIONS_MAX, sizeof(*questions));
    const struct raw_section *s;
    size_t next = 0;
    if (conditions == NULL || questions == NULL)
        return;
    screening->conditions = conditions;
    while ((s = section_next(load, SECTION_CONDITION, &next)) != NULL &&
           section_room(load, s, screening->n_conditions, SCREENING_CONDITIONS_MAX))
        build_condition(load, s, &conditions[screening->n_conditions++]);
    screening->questions = questions;
    next = 0;
    while ((s = section_next(load, SECTION_QUESTION, &next)) != NULL &&
           section_room(load, s, screening->n_questions, SCREENING_QUESTIONS_MAX))
        build_question(load, s, &questions[screening->n_questions++]);
}
