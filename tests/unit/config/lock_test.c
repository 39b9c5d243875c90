/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rests on a figure that nobody has verified stays locked until [accept] names it, whatever the INI files are made
 * to say; and a name that ships goes on meaning at least what it was shipped as. Every limit that ships and refuses or
 * asks is weakened here in each way.
 */
#include "shipped.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {"limits-estim.ini", "limits-ultrasound.ini", "limits-laser.ini", "limits-cold.ini",
                                    "limits-order.ini"};
/* Each of them locks something; iontophoresis rests on three. */
static const struct {
    const char *id, *file, *protocol;
} locks[] = {
    {"lipus_sata_max", "limits-ultrasound.ini", "lipus_fracture"},
    {"es_brief_session_max", "limits-estim.ini", "tens_brief_intense"},
    {"ion_dose_max", "limits-estim.ini", "ionto_dex_40"},
    {"ion_jdc_cathode", "limits-estim.ini", "ionto_dex_40"},
    {"ion_jdc_anode", "limits-estim.ini", "ionto_dex_40"},
};
#define N_LOCKS (sizeof(locks) / sizeof(locks[0]))

/* The text of one section as it ships, malloc'd. */
static char *section_text(const char *file, const char *id)
{
    char path[256], header[96];
    snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, file);
    snprintf(header, sizeof(header), "[limit %s]\n", id);
    char *text = file_text(path, NULL), *from = strstr(text, header);
    if (from == NULL)
        fail_msg("%s has no %s", file, id);
    memmove(text, from, strlen(from) + 1);
    char *end = strstr(text + 1, "\n\n");
    if (end != NULL)
        end[1] = '\0';
    return text;
}

/* The line of a key in a section becomes another; "" takes it away. */
static void line_replace(char *section, const char *key, const char *line)
{
    char start[64], rest[8192];
    snprintf(start, sizeof(start), "\n%s = ", key);
    char *from = strstr(section, start);
    if (from == NULL)
        fail_msg("no %s in %s", key, section);
    char *behind = strchr(from + 1, '\n') + 1;
    assert_true(strlen(behind) < sizeof(rest));
    strcpy(rest, behind);
    sprintf(from + 1, "%s%s", line, rest);
}

/* Takes a section out of the fixture's copy of a file that ships and puts the given text at its end. */
static void section_swap(struct fixture *f, const char *file, const char *id, const char *instead)
{
    char path[256];
    char *section = section_text(file, id);
    snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, file);
    char *text = file_text(path, NULL);
    char *from = strstr(text, section);
    assert_non_null(from);
    memmove(from, from + strlen(section), strlen(from + strlen(section)) + 1);
    strcat(text, "\n");
    strcat(text, instead);
    fixture_write(f, file, text);
    free(text);
    free(section);
}

static bool is_locked_by(const struct fixture *f, const char *protocol, const char *id)
{
    const struct dose_tables *t = &f->config->dose;
    size_t n = 0;
    for (size_t i = 0; i < t->n_limits; i++)
        n += strcmp(t->limits[i].id, id) == 0 && protocol_locked_by(protocol_find(t, protocol), &t->limits[i]);
    assert_true(n <= 1); /* told once */
    return n == 1;
}

static void deleting_an_unverified_limit_unlocks_nothing(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < N_LOCKS; i++) {
        shipped_copy(f);
        section_swap(f, locks[i].file, locks[i].id, "");
        if (fixture_load(f, NULL) != 0)
            fail_msg("%s", f->told);
        assert_true(is_locked_by(f, locks[i].protocol, locks[i].id));
        const struct limit *l = shipped_limit(f->config, locks[i].id);
        assert_int_equal(l->layer, LAYER_COMPILED);
        assert_string_equal(l->origin, "compiled");
    }
}

static void deleting_every_limit_unlocks_nothing(void **state)
{
    struct fixture *f = *state;
    shipped_copy(f);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        fixture_write(f, files[i], "# nothing\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    for (size_t i = 0; i < N_LOCKS; i++)
        assert_true(is_locked_by(f, locks[i].protocol, locks[i].id));
}

static void an_acceptance_answers_for_one_limit_whether_it_stands_in_the_files_or_not(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < N_LOCKS; i++) {
        char accept[160];
        snprintf(accept, sizeof(accept), "[accept %s]\nby = head\ndate = 2026-11-23\n", locks[i].id);
        shipped_copy(f);
        fixture_write(f, "installation.ini", accept);
        assert_int_equal(fixture_load(f, NULL), 0);
        assert_false(is_locked_by(f, locks[i].protocol, locks[i].id));
        section_swap(f, locks[i].file, locks[i].id, "");
        assert_int_equal(fixture_load(f, NULL), 0);
        assert_false(is_locked_by(f, locks[i].protocol, locks[i].id));
        for (size_t k = 0; k < N_LOCKS; k++)
            assert_true(k == i || is_locked_by(f, locks[k].protocol, locks[k].id));
    }
}

/* Loads with one line of a section changed: refused, naming the limit and what it was shipped as. */
static void refuses(struct fixture *f, const char *file, const char *id, const char *key, const char *line)
{
    char *section = section_text(file, id);
    line_replace(section, key, line);
    section_swap(f, file, id, section);
    if (fixture_load(f, NULL) != -EINVAL)
        fail_msg("[limit %s] with \"%s\" was taken", id, line);
    char title[96];
    snprintf(title, sizeof(title), "[limit %s]", id);
    if (strstr(f->told, title) == NULL || strstr(f->told, "as shipped") == NULL)
        fail_msg("[limit %s] with \"%s\": %s", id, line, f->told);
    free(section);
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, file);
    fixture_copy(f, path, file);
}

static void an_unverified_limit_is_not_called_verified_or_loosened(void **state)
{
    static const struct {
        const char *id, *max;
    } beyond[] = {{"lipus_sata_max", "max = 39.1 mW/cm2\n"},
                  {"es_brief_session_max", "max = 15.1 min\n"},
                  {"ion_dose_max", "max = 80.001 mA.min\n"},
                  {"ion_jdc_cathode", "max = 0.501 mA/cm2\n"},
                  {"ion_jdc_anode", "max = 1.001 mA/cm2\n"}};
    struct fixture *f = *state;
    shipped_copy(f);
    for (size_t i = 0; i < N_LOCKS; i++) {
        refuses(f, locks[i].file, locks[i].id, "verified", "verified = yes\n");
        refuses(f, locks[i].file, locks[i].id, "verified", "verified = choice\n");
        assert_string_equal(beyond[i].id, locks[i].id);
        refuses(f, locks[i].file, locks[i].id, "max", beyond[i].max);
    }
    refuses(f, locks[0].file, locks[0].id, "quantity", "quantity = intensity_satp_uw_cm2\n");
}

static void no_limit_that_ships_is_weakened_under_its_name(void **state)
{
    static const char *const weaker[] = {"class = info\n", "class = target\n"};
    struct fixture *f = *state;
    struct config *c;
    size_t n = 0;
    assert_int_equal(config_load(SHIPPED_DIR, 1, INT64_MAX, NULL, NULL, &c), 0);
    shipped_copy(f);
    for (size_t i = 0; i < c->dose.n_limits; i++) {
        const struct limit *l = &c->dose.limits[i];
        char file[64], narrowed[128];
        if (l->layer != LAYER_INSTALLATION || l->class == LIMIT_INFO || l->class == LIMIT_TARGET)
            continue;
        snprintf(file, sizeof(file), "%.*s", (int)strcspn(l->origin, ":"), l->origin);
        refuses(f, file, l->id, "class", weaker[l->has_max || l->has_min ? i % 2 : 0]);
        if (l->class == LIMIT_HARD)
            refuses(f, file, l->id, "class", "class = notice\n");
        snprintf(narrowed, sizeof(narrowed), "class = %s\n%s\n", limit_class_id(l->class),
                 l->when.n_ranges == 0 ? "when.duration_ms = 1 s..2 s" : "when.thermal = no");
        refuses(f, file, l->id, "class", narrowed);
        n++;
    }
    assert_true(n > 40);
    config_free(c);
}

static void tightening_under_the_name_that_ships_is_taken(void **state)
{
    struct fixture *f = *state;
    char *section = section_text("limits-estim.ini", "es_brief_session_max");
    shipped_copy(f);
    line_replace(section, "max", "max = 14.999 min\nmin = 1 ms\n");
    line_replace(section, "when.therapy", "when.therapy = tens, tens_brief\n");
    section_swap(f, "limits-estim.ini", "es_brief_session_max", section);
    fixture_load(f, NULL); /* the shipped protocols are longer: those are told, the limit is not */
    assert_null(strstr(f->told, "[limit es_brief_session_max]"));
    free(section);
    shipped_copy(f);
    section = section_text("limits-order.ini", "order_estim_after_cold");
    line_replace(section, "class", "class = hard\n");
    line_replace(section, "after", "after = cryo, us_thermal\n");
    section_swap(f, "limits-order.ini", "order_estim_after_cold", section);
    if (fixture_load(f, NULL) != 0)
        fail_msg("%s", f->told);
    free(section);
}

static void an_order_rule_that_forgets_a_therapy_is_refused(void **state)
{
    struct fixture *f = *state;
    shipped_copy(f);
    refuses(f, "limits-order.ini", "order_us_after_analgesia", "after", "after = cryo\n");
    refuses(f, "limits-order.ini", "order_us_after_analgesia", "after", "");
}

/* An acceptance is made on a day; so are a calibration and what is accepted of a device. */
static void what_was_done_was_not_done_tomorrow(void **state)
{
    struct fixture *f = *state;
    shipped_copy(f);
    fixture_write(f, "installation.ini", "[accept ion_dose_max]\nby = head\ndate = 2026-11-24\n");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_string_equal(f->told, "installation.ini:3: date = 2026-11-24: lies in the future; it is the day on which it "
                                 "was done\n");
    f->today++;
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "devices.ini",
                  "[device d]\nplugin = p\nlink = tcp:127.0.0.1:1\nunit = 1\nlabel = d\n"
                  "accept_link_loss = head, 2026-11-25\ncalibrated_on = 2026-11-25\n");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_int_equal(f->n, 2);
    fixture_write(f, "devices.ini",
                  "[device d]\nplugin = p\nlink = tcp:127.0.0.1:1\nunit = 1\nlabel = d\n"
                  "accept_link_loss = FILL IN, 2026-11-01\n");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_string_equal(f->told, "devices.ini:6: accept_link_loss = FILL IN, 2026-11-01: has to be filled in\n");
    fixture_write(f, "devices.ini",
                  "[device d]\nplugin = p\nlink = tcp:127.0.0.1:1\nunit = 1\nlabel = d\n"
                  "accept_link_loss = head, 1970-01-01\n");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_string_equal(f->told, "devices.ini:6: accept_link_loss = 1970-01-01: lies before 2020; it is the day of the "
                                 "acceptance\n");
    fixture_write(f, "devices.ini",
                  "[device d]\nplugin = p\nlink = tcp:127.0.0.1:1\nunit = 1\nlabel = d\n"
                  "accept_link_loss = head, 2026-11-25\ncalibrated_on = 2026-11-25\n");
    f->today++;
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void an_acceptance_is_somebodys_and_of_our_time(void **state)
{
    static const struct {
        const char *by, *date, *told;
    } bad[] = {
        {".", "2026-11-23", "installation.ini:2: by = .: needs the name of who accepts\n"},
        {"X 1", "2026-11-23", "installation.ini:2: by = X 1: needs the name of who accepts\n"},
        {"fill in", "2026-11-23", "installation.ini:2: by = fill in: needs the name of who accepts\n"},
        {"F ILL_in: who", "2026-11-23", "installation.ini:2: by = F ILL_in: who: needs the name of who accepts\n"},
        {"Jo", "2019-12-31",
         "installation.ini:3: date = 2019-12-31: lies before 2020; it is the day of the "
         "acceptance\n"}};
    struct fixture *f = *state;
    char text[128];
    shipped_copy(f);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "[accept ion_dose_max]\nby = %s\ndate = %s\n", bad[i].by, bad[i].date);
        fixture_write(f, "installation.ini", text);
        assert_int_equal(fixture_load(f, NULL), -EINVAL);
        assert_string_equal(f->told, bad[i].told);
    }
    fixture_write(f, "installation.ini", "[accept ion_dose_max]\nby = \xc3\x84\xc3\x96\ndate = 2020-01-01\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "installation.ini", "[accept ion_dose_max]\nby = Fillinger\ndate = 2020-01-01\n");
    assert_int_equal(fixture_load(f, NULL), 0);
}

/* Exactly one note: at a place, with a text. */
static void notes_only(const struct fixture *f, const char *origin, const char *message)
{
    if (f->config->n_notes != 1)
        fail_msg("%zu notes", f->config->n_notes);
    if (origin != NULL)
        assert_string_equal(f->config->notes[0].origin, origin);
    if (strstr(f->config->notes[0].message, message) == NULL)
        fail_msg("%s", f->config->notes[0].message);
}

static void a_looser_figure_is_the_installations_own(void **state)
{
    struct fixture *f = *state;
    char *section = section_text("limits-laser.ini", "lz_irr_tendon_max");
    shipped_copy(f);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_notes, 0);
    assert_int_equal(shipped_limit(f->config, "lz_irr_tendon_max")->verified, VERIFIED_YES);
    line_replace(section, "max", "max = 9 W/cm2\n");
    section_swap(f, "limits-laser.ini", "lz_irr_tendon_max", section);
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct limit *l = shipped_limit(f->config, "lz_irr_tendon_max");
    assert_int_equal(l->verified, VERIFIED_CHOICE);
    assert_ptr_equal(strstr(l->source, "the installation's own figure; as shipped: at most 0.1 W/cm2 ("), l->source);
    notes_only(f, l->origin,
               "[limit lz_irr_tendon_max]: at most 9 W/cm2 is looser than as shipped, at most 0.1 W/cm2; it holds");
    line_replace(section, "max", "max = 0.1 W/cm2\n");
    line_replace(section, "source", "source = ours\n");
    section_swap(f, "limits-laser.ini", "lz_irr_tendon_max", section);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_notes, 0);
    assert_string_equal(shipped_limit(f->config, "lz_irr_tendon_max")->source, "ours");
    free(section);
    section = section_text("limits-ultrasound.ini", "lipus_freq"); /* a window that binds nobody is marked too */
    line_replace(section, "max", "max = 3 MHz\n");
    line_replace(section, "source", "source = ours\n");
    section_swap(f, "limits-ultrasound.ini", "lipus_freq", section);
    assert_int_equal(fixture_load(f, NULL), 0);
    l = shipped_limit(f->config, "lipus_freq");
    assert_int_equal(l->verified, VERIFIED_CHOICE);
    assert_non_null(strstr(l->source, "the installation's own figure: ours; as shipped: at least 1.5 MHz, at most"));
    free(section);
}

static void a_limit_that_is_missing_is_told_with_what_holds_instead(void **state)
{
    struct fixture *f = *state;
    shipped_copy(f);
    section_swap(f, "limits-estim.ini", "es_day_max", "");
    assert_int_equal(fixture_load(f, NULL), 0);
    notes_only(f, f->dir,
               "there is no [limit es_day_max], as shipped duration_ms at most 240 min, hard: ceiling_es_day "
               "(compiled) holds instead, at most 480 min");
    char *section = section_text("limits-estim.ini", "es_day_max");
    line_replace(section, "quantity", "quantity = session_count\n");
    line_replace(section, "max", "max = 12\n");
    section_swap(f, "limits-estim.ini", "es_day_max", section);
    assert_int_equal(fixture_load(f, NULL), 0);
    notes_only(f, NULL, "[limit es_day_max] bounds something else, as shipped duration_ms at most 240 min");
    free(section);
    shipped_copy(f);
    section_swap(f, "limits-estim.ini", "ion_dose_max", "");
    assert_int_equal(fixture_load(f, NULL), 0);
    notes_only(f, f->dir, "there is no [limit ion_dose_max]; it holds as it was shipped");
}

/* There are no ceilings behind the questions. */
static void protocols_of_a_configuration_that_asks_nothing_are_refused(void **state)
{
    struct fixture *f = *state;
    shipped_copy(f);
    fixture_write(f, "screening.ini", "# nothing\n");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, "protocols/ultrasound.ini"));
    assert_non_null(strstr(f->told, "therapy = lipus: no screening question is asked for it"));
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(deleting_an_unverified_limit_unlocks_nothing),
        RUN(deleting_every_limit_unlocks_nothing),
        RUN(an_acceptance_answers_for_one_limit_whether_it_stands_in_the_files_or_not),
        RUN(an_unverified_limit_is_not_called_verified_or_loosened),
        RUN(no_limit_that_ships_is_weakened_under_its_name),
        RUN(tightening_under_the_name_that_ships_is_taken),
        RUN(an_order_rule_that_forgets_a_therapy_is_refused),
        RUN(what_was_done_was_not_done_tomorrow),
        RUN(an_acceptance_is_somebodys_and_of_our_time),
        RUN(a_looser_figure_is_the_installations_own),
        RUN(a_limit_that_is_missing_is_told_with_what_holds_instead),
        RUN(protocols_of_a_configuration_that_asks_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
