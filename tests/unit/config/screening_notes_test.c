/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening and sites that are looser than as shipped are told as notes: one row of what ships is changed at a time,
 * and what is told is that, at that place. What is as strict or stricter, and what no protocol gives, is not told.
 */
#include "shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct edit {
    const char *file, *section, *from, *to;
};

/* Puts a text in the place of another, which stands behind the header of a section, in the fixture's copy. */
static void edit_file(struct fixture *f, const struct edit *e)
{
    char path[256], out[65536];
    snprintf(path, sizeof(path), "%s/%s", f->dir, e->file);
    char *text = file_text(path, NULL), *header = strstr(text, e->section);
    char *at = header != NULL ? strstr(header, e->from) : NULL;
    if (at == NULL)
        fail_msg("%s has no %s with %s", e->file, e->section, e->from);
    const int n = snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - text), text, e->to, at + strlen(e->from));
    assert_true(n > 0 && (size_t)n < sizeof(out));
    fixture_write(f, e->file, out);
    free(text);
}

static void load_sound(struct fixture *f)
{
    if (fixture_load(f, NULL) != 0)
        fail_msg("%s", f->told);
}

static bool is_noted(const struct fixture *f, const char *origin, const char *message)
{
    for (size_t i = 0; i < f->config->n_notes; i++)
        if (strncmp(f->config->notes[i].origin, origin, strlen(origin)) == 0 &&
            strcmp(f->config->notes[i].message, message) == 0)
            return true;
    return false;
}

static void notes_are(const struct fixture *f, size_t n, const char *origin, const char *message)
{
    for (size_t i = 0; i < f->config->n_notes && (f->config->n_notes != n || !is_noted(f, origin, message)); i++)
        print_error("%s: %s\n", f->config->notes[i].origin, f->config->notes[i].message);
    assert_int_equal(f->config->n_notes, n);
    assert_true(n == 0 || is_noted(f, origin, message));
}

#define SCREENING "screening.ini"

static const struct {
    struct edit edit;
    const char *message;
} looser[] = {
    {{SCREENING, "[condition pacemaker]", "tens = X", "tens = A"},
     "[condition pacemaker]: tens = A is looser than as shipped, X; it holds"},
    {{SCREENING, "[condition pacemaker]", "ust = XL", "ust = P"},
     "[condition pacemaker]: ust = P is looser than as shipped, XL; it holds"},
    {{SCREENING, "[condition pacemaker]", "local_sites = chest, thoracic_spine, shoulder", "local_sites = foot, chest"},
     "[condition pacemaker]: local_sites leaves out shoulder, thoracic_spine, as shipped it names them; XL is not held "
     "there"},
    {{SCREENING, "[condition malignancy]", "source = ", "local_sites = hand\nsource = "},
     "[condition malignancy]: has local_sites, as shipped none; XL forbids at those only, not where an answer says "
     "here"},
    {{SCREENING, "[condition across_chest]", "to.front = thoracic_spine, ", "to.front = "},
     "[condition across_chest]: electrodes at chest and at thoracic_spine do not declare it, as shipped they do"},
    {{SCREENING, "[condition across_chest]", "from.front = chest\nto.front = thoracic_spine, neck_posterior, upper_arm",
      "from.front = chest\nto.front = upper_arm"},
     "[condition across_chest]: electrodes at neck_posterior and at chest do not declare it, as shipped they do; "
     "likewise "
     "from further sites (1)"},
    {{SCREENING, "[condition across_chest]", "left_right = chest, ", "left_right = "},
     "[condition across_chest]: left_right leaves out chest, as shipped it names them; current from side to side there "
     "does not declare it"},
    {{SCREENING, "[question across_chest]", "except_sites = lumbar", "except_sites = chest, lumbar"},
     "[question across_chest]: is not asked at chest, as shipped it is"},
    {{SCREENING, "[question over_eyes]", "sites = neck_posterior", "sites = foot"},
     "[question over_eyes]: is not asked at neck_posterior, as shipped it is"},
    {{SCREENING, "[question pacemaker]", "answers = no, yes\nrestrictive = yes\nanswer.yes = pacemaker",
      "answers = no, yes, old\nrestrictive = old\nanswer.old = pacemaker\nanswer.yes = pacemaker"},
     "[question pacemaker]: no answer counts as old, as shipped as yes"},
    {{SCREENING, "[question skin]", "answer.eruption = local_infection, here", "answer.eruption = local_infection"},
     "[question skin]: answer.eruption does not declare local_infection, here, as shipped it does"},
    {{SCREENING, "[question sensation_test]", "valid_days = 7", "valid_days = 8"},
     "[question sensation_test]: a test counts for more days, as shipped for valid_days = 7"},
    {{SCREENING, "[question sensation_test]", "valid_days = 7\n", ""},
     "[question sensation_test]: a test counts without its day, as shipped for valid_days = 7"},
    {{SCREENING, "[question toh_known]", "lip, las", "lip"},
     "[question toh_known]: is not asked for pbm, as shipped it is"},
    {{SCREENING, "[question gonads]", "restrictive", "indication = x\nrestrictive"},
     "[question gonads]: is bound to an indication, as shipped it is not"},
    {{"sites.ini", "[site groin]", "part_of = hip\n", ""},
     "[site groin]: is no part of hip, as shipped it is; they count as places apart"},
};

static void each_looser_row_is_told_at_its_place(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(looser) / sizeof(looser[0]); i++) {
        char origin[64];
        snprintf(origin, sizeof(origin), "%s:", looser[i].edit.file);
        shipped_copy(f);
        edit_file(f, &looser[i].edit);
        load_sound(f);
        notes_are(f, 1, origin, looser[i].message);
    }
}

static void a_missing_row_is_told(void **state)
{
    static const struct edit condition = {SCREENING, "[condition lipus_nursing]", "[condition lipus_nursing]",
                                          "[condition other]"};
    static const struct edit question = {SCREENING, "[question lipus_nursing]", "[question lipus_nursing]",
                                         "[question other]"};
    static const struct edit answer = {SCREENING, "[question other]", "lipus_nursing", "other"};
    struct fixture *f = *state;
    shipped_copy(f);
    edit_file(f, &condition);
    edit_file(f, &question);
    edit_file(f, &answer);
    load_sound(f);
    notes_are(f, 2, f->dir, "there is no [condition lipus_nursing], as shipped lip = P; nothing is forbidden by it");
    notes_are(f, 2, f->dir, "there is no [question lipus_nursing], as shipped it is asked for lipus; it is not asked");
    fixture_write(f, "protocols/ultrasound.ini", "# no ultrasound here\n");
    fixture_write(f, "protocols/bundles.ini", "# nor bundles\n");
    load_sound(f);
    notes_are(f, 0, "", "");
}

static void what_is_stricter_or_the_clinics_own_is_not_told(void **state)
{
    static const struct edit edits[] = {
        {SCREENING, "[condition pacemaker]", "las = A", "las = P"},
        {SCREENING, "[question pacemaker]", "columns = tens, nmes, ion, ust, usp, lip\n", ""},
        {SCREENING, "[condition across_chest]",
         "left_right = ", "from.own = hand\nto.own = wrist\nleft_right = foot, "},
        {SCREENING, "[question sensation_test]", "valid_days = 7", "valid_days = 1"},
        {SCREENING, "[question gonads]", "sites = ", "sites = knee, "},
        {"sites.ini", "[site knee]", "label = knee", "label = knee\npart_of = thigh"},
    };
    struct fixture *f = *state;
    shipped_copy(f);
    load_sound(f);
    notes_are(f, 0, "", "");
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
        edit_file(f, &edits[i]);
    load_sound(f);
    notes_are(f, 0, "", "");
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(each_looser_row_is_told_at_its_place),
        RUN(a_missing_row_is_told),
        RUN(what_is_stricter_or_the_clinics_own_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
