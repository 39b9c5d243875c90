/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and what their hosts are given; units held against the times of their line; roles of peers. */
#include "config_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void a_device_has_one_section(void **state)
{
    struct fixture *f = *state;
    fixture_refuses(f,
                    DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = 7\n" DEVICE("b", "usb:0483:5740,port=1-3",
                                                                                          "1", "m") "serial = 7\n" MAPS,
                    "a.ini:18: serial = 7 is [device a] (a.ini:1) already");
    /* Another kind of device may count from the same number. */
    fixture_write(f, "a.ini",
                  DEVICE("a", "tcp:10.0.0.1:502", "1", "m") "serial = 7\n" DEVICE("b", "tcp:10.0.0.1:502", "2",
                                                                                  "n") "serial = 7\n" MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void a_half_is_in_one_device(void **state)
{
    static const char *const serials[] = {"c2+t1", "c1+t2", "t1+c1", "t2+c1", "c1+t1"};
    static const char both[] =
        "%s" DEVICE("b", "usb:0483:57a0,serial=C2+0483:57af,serial=T2", "1", "m") "serial = %s\n" MAPS;
    static const char first[] = DEVICE("a", "usb:0483:57a0,serial=C1+0483:57af,serial=T1", "1", "m") "serial = c1+t1\n";
    struct fixture *f = *state;
    char text[1024];
    for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
        snprintf(text, sizeof(text), both, first, serials[i]);
        fixture_refuses(f, text, " is [device a] (a.ini:1) already, or a half of it: a device has one section");
    }
    snprintf(text, sizeof(text), both, first, "c2+t11");
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void what_only_a_person_knows_has_to_be_filled_in(void **state)
{
    struct fixture *f = *state;
    fixture_refuses(f, DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = Fill In\n" MAPS,
                    "a.ini:9: serial = Fill In: has to be filled in");
    fixture_refuses(f, DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "groups = FILL IN\n" MAPS,
                    "a.ini:9: groups = FILL IN: has to be filled in");
    static const char *const spelt[] = {"fill  in",  "FILLIN",       "FILL_IN",   "Fill-In",
                                        "<FILL IN>", "FILL IN: who", "FILLIN0000"};
    for (size_t i = 0; i < sizeof(spelt) / sizeof(spelt[0]); i++) {
        char text[512], told[64];
        snprintf(text, sizeof(text), DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = %s\n" MAPS, spelt[i]);
        snprintf(told, sizeof(told), "a.ini:9: serial = %s: has to be filled in", spelt[i]);
        fixture_refuses(f, text, told);
    }
    static const char *const others[] = {"Fillinger", "1 FILL IN", "Fill", "filling"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = %s\n" MAPS, others[i]);
        fixture_write(f, "a.ini", text);
        assert_int_equal(fixture_load(f, NULL), 0);
    }
}

static bool has_line(const struct config_link *l, const char *section, const char *key, const char *origin)
{
    for (size_t i = 0; i < l->n_lines; i++)
        if (strcmp(l->lines[i].section, section) == 0 && strcmp(l->lines[i].key, key) == 0)
            return strcmp(l->lines[i].origin, origin) == 0;
    return false;
}

static void a_host_gets_its_devices_and_their_maps_only(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini",
                  DEVICE("a", "tcp:10.0.0.1:502", "1", "m") DEVICE("b", "tcp:10.0.0.2:502", "1", "n")
                      DEVICE("c", "tcp:10.0.0.1:502", "2", "m"));
    fixture_write(f, "m.ini", MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_links, 2);
    const struct config_link *l = &f->config->links[0];
    assert_string_equal(l->canonical, "tcp:10.0.0.1:502");
    assert_string_equal(l->origin, "a.ini:3");
    assert_int_equal(l->n_devices, 2);
    assert_int_equal(l->n_lines, 2 * 5 + 1 + 2); /* plugin, link, unit, map, baud; then the map once */
    assert_true(has_line(l, "device c", "baud", "a.ini:24"));
    assert_true(has_line(l, "point m.run", "address", "m.ini:5"));
    assert_false(has_line(l, "device a", "label", "a.ini:6"));
    assert_false(has_line(l, "device b", "plugin", "a.ini:10"));
    assert_false(has_line(l, "map n", "maker", "m.ini:7"));
    assert_int_equal(f->config->devices[2].link, 0);
    assert_int_equal(f->config->devices[2].unit, 1);
}

static void the_clinics_words_are_typed(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini", DEVICE("a", "usb:1", "1", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_false(f->config->devices[0].has_calibration_due);
    assert_null(f->config->devices[0].accepted_by);
    fixture_write(f, "a.ini",
                  DEVICE("a", "usb:1", "1", "m") "simulated = yes\ncalibration_due = 1970-01-02\nfirmware = 1.0, 1.1\n"
                                                 "accept_link_loss = head of therapy, 2026-11-22\n" MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct config_device *d = &f->config->devices[0];
    assert_true(d->simulated && d->has_calibration_due);
    assert_int_equal(d->calibration_due_day, 1);
    assert_int_equal(d->n_firmware, 2);
    assert_string_equal(d->firmware[1], "1.1");
    assert_string_equal(d->accepted_by, "head of therapy");
    assert_string_equal(d->accepted_on, "2026-11-22");
    assert_null(d->colour_tag);
}

static void what_a_device_reports_of_itself_stays_with_the_clinic(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini",
                  DEVICE("a", "usb:1", "1", "m") "output_indicator = no\npatient_leakage_ua = 80 uA\n"
                                                 "diathermy_distance_mm = 2.5 m\n" DEVICE("b", "usb:2", "1", "m")
                                                     DEVICE("c", "usb:3", "1", "m") "output_indicator = yes\n" MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct config_device *d = f->config->devices;
    assert_int_equal(d[0].indicator, INDICATOR_NO);
    assert_int_equal(d[1].indicator, INDICATOR_UNSAID);
    assert_int_equal(d[2].indicator, INDICATOR_YES);
    assert_true(quantity_has(&d[0].reported, QUANTITY_patient_leakage_ua));
    assert_int_equal(d[0].reported.value[QUANTITY_patient_leakage_ua], 80);
    assert_int_equal(d[0].reported.value[QUANTITY_diathermy_distance_mm], 2500);
    assert_false(quantity_has(&d[0].reported, QUANTITY_patient_leakage_fault_ua));
    for (unsigned q = 0; q < QUANTITY_COUNT; q++)
        assert_false(quantity_has(&d[1].reported, (enum modality_quantity)q));
    assert_int_equal(f->config->links[0].n_lines, 5 + 1 + 2); /* as of a device that reports nothing */
}

static void thirty_three_units_do_not_fit_on_a_link(void **state)
{
    static char text[16384];
    struct fixture *f = *state;
    size_t used = 0;
    for (unsigned i = 0; i < 33; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "[device d%u]\nplugin = p\nlink = usb:1\nunit = %u\nlabel = d\n", i, i);
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_string_equal(f->told, "a.ini:161: usb:1 has more than 32 units\n");
}

static void note(void *userdata, const char *origin, const char *message)
{
    struct fixture *f = userdata;
    f->n++;
    f->used += (size_t)snprintf(f->told + f->used, sizeof(f->told) - f->used, "%s: %s\n", origin, message);
}

static struct modality_device sound_unit(void)
{
    struct modality_device d = {.id = "a", .slice_ms = 50, .stop_ms = 50, .cycle_ms = 20, .watchdog_ms = 1000};
    d.n_channels = d.n_groups = 1;
    d.channels[0].level = QUANTITY_amplitude_ua;
    d.channels[0].n_ranges = 1;
    d.channels[0].ranges[0] = (struct modality_range){.quantity = QUANTITY_amplitude_ua, .settable = true};
    d.groups[0].channels = 1;
    return d;
}

static int check_both(struct fixture *f, const struct modality_device *d)
{
    f->n = f->used = 0;
    f->told[0] = '\0';
    int rc = config_check_device(f->config, 0, d, note, f);
    int line = config_check_line(f->config, 0, d, 1, note, f);
    return rc < 0 ? rc : line;
}

static void a_unit_must_fit_its_line_and_be_stoppable(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini", DEVICE("a", "usb:1", "1", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    struct modality_device d = sound_unit();
    assert_int_equal(check_both(f, &d), 0);
    d = sound_unit();
    d.n_groups = 0;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "a.ini:1: device a has no output group"));
    d = sound_unit();
    d.n_channels = 2;
    d.channels[1] = d.channels[0];
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "belongs to no output group"));
    d = sound_unit();
    d.channels[0].ranges[0].settable = false;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "cannot set its level amplitude_ua"));
    d = sound_unit();
    d.slice_ms = 350;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "not within the permit of 400 ms"));
    d = sound_unit();
    d.cycle_ms = 200;
    d.watchdog_ms = 0;
    assert_int_equal(check_both(f, &d), 0);
    d.cycle_ms = 201;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "a.ini:3: a poll of all 1 units on usb:1 takes up to 201 ms"));
    d.cycle_ms = 100;
    d.watchdog_ms = 299;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "must be fed every 99 ms"));
}

static void an_acceptance_of_what_is_not_so_is_told(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "a.ini", DEVICE("a", "usb:1", "1", "m") "accept_link_loss = head of therapy, 2026-11-22\n" MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    struct modality_device d = sound_unit();
    d.on_link_loss = LINK_LOSS_CONTINUES;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "a.ini:1: device a: accept_link_loss is of no use: it stops by its watchdog"));
    d.watchdog_ms = 0;
    assert_int_equal(check_both(f, &d), 0);
    d.on_link_loss = LINK_LOSS_UNKNOWN;
    assert_int_equal(check_both(f, &d), 0);
    d.on_link_loss = LINK_LOSS_STOPS;
    assert_int_equal(check_both(f, &d), -EINVAL);
    assert_non_null(strstr(f->told, "it stops when its link is lost"));
    d.stop_leaves_output = true;
    assert_int_equal(check_both(f, &d), 0);
}

static void the_strongest_role_counts(void **state)
{
    struct fixture *f = *state;
    const gid_t groups[] = {5, 70};
    fixture_write(f, "a.ini",
                  "[role everyone]\nright = viewer\nusers = *\n[role t]\nright = therapist\ngroups = 70\nusers = 1000\n"
                  "[role gateway]\nright = therapist\nusers = 1001\nmay_act_for = yes\n"
                  "[role t2]\nright = therapist\nusers = 1001\n[role e]\nright = engineer\nusers = root\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(config_role_of(f->config, 4711, NULL, 0)->id, "everyone");
    assert_string_equal(config_role_of(f->config, 1000, NULL, 0)->id, "t");
    assert_string_equal(config_role_of(f->config, 4711, groups, 2)->id, "t");
    assert_string_equal(config_role_of(f->config, 1001, NULL, 0)->id, "gateway");
    assert_string_equal(config_role_of(f->config, 0, groups, 2)->id, "e");
    assert_string_equal(config_role_of(f->config, 0, groups, 2)->origin, "a.ini:15");
    assert_string_equal(config_right_id(RIGHT_ENGINEER), "engineer");
    fixture_write(f, "a.ini", "[role t]\nright = therapist\nusers = 1000\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_null(config_role_of(f->config, 1, groups, 2));
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(a_device_has_one_section),
        RUN(a_half_is_in_one_device),
        RUN(what_only_a_person_knows_has_to_be_filled_in),
        RUN(a_host_gets_its_devices_and_their_maps_only),
        RUN(the_clinics_words_are_typed),
        RUN(what_a_device_reports_of_itself_stays_with_the_clinic),
        RUN(thirty_three_units_do_not_fit_on_a_link),
        RUN(a_unit_must_fit_its_line_and_be_stoppable),
        RUN(an_acceptance_of_what_is_not_so_is_told),
        RUN(the_strongest_role_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
