/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, links and what their hosts are given; units held against the times of their line; roles of peers. */
#include "config_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/canonical.h"
#include "config/terminal.h"

#define MAPS                                                                                                           \
    "[map m]\nmaker = m\n[point m.run]\ntable = coil\naddress = 1\n[map n]\nmaker = n\n[point n.run]\ntable = coil\n"
#define DEVICE(id, link, unit, map)                                                                                    \
    "[device " id "]\nplugin = p\nlink = " link "\nunit = " unit "\nmap = " map "\nlabel = " id                        \
    "\nlocation = bay\nbaud = 9600\n"

static void one_name_for_one_link(void **state)
{
    static const struct {
        const char *text, *canonical; /* NULL: refused */
    } cases[] = {{"tcp:localhost:502", "tcp:127.0.0.1:502"},
                 {"tcp:LocalHost:0502", "tcp:127.0.0.1:502"},
                 {"tcp:Device-1.Clinic:502", "tcp:device-1.clinic:502"},
                 {"tcp:[0:0:0:0:0:0:0:1]:502", "tcp:[::1]:502"},
                 {"serial:/dev/ttyNOSUCH9", "serial:/dev/ttyNOSUCH9"},
                 {"usb:0403:6001/ABC", "usb:0403:6001/ABC"},
                 {"tcp::502", NULL},
                 {"tcp:host:0", NULL},
                 {"tcp:host:65536", NULL},
                 {"tcp:host:", NULL},
                 {"tcp:[1.2.3.4]:502", NULL},
                 {"tcp:::1:502", NULL},
                 {"serial:", NULL},
                 {"serial:dev/x", NULL},
                 {"usb:", NULL},
                 {"usb:0483:5740,serial=A+0483:5740,port=1-2", NULL},
                 {"", NULL},
                 {"udp:host:1", NULL}};
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fault = NULL, *canonical = link_canonical(a, cases[i].text, &fault);
        if (cases[i].canonical != NULL)
            assert_string_equal(canonical, cases[i].canonical);
        else
            assert_true(canonical == NULL && fault != NULL);
    }
    arena_free(a);
}

static void usb_names_meet_where_they_may_mean_one_device(void **state)
{
    static const struct {
        const char *a, *b;
        bool meet;
    } cases[] = {
        {"usb:0483:5740,serial=A", "usb:0483:5740,serial=A", true},
        {"usb:0483:5740,serial=A", "usb:0483:5740,serial=B", false},
        {"usb:0483:5740,serial=A", "usb:0483:5740,serial=AB", false},
        {"usb:0483:5740,serial=A", "usb:0483:5741,serial=A", false},
        {"usb:0483:5740,port=1-2", "usb:0483:5740,port=1-2.1", false},
        {"usb:0483:5740,serial=A", "usb:0483:5740,port=1-2", true}, /* nobody knows before it is plugged in */
        {"usb:0483:5740,serial=A,port=1-2", "usb:0483:5740,port=1-2", true},
        {"usb:0483:5740,serial=A,port=1-2", "usb:0483:5740,serial=A,port=1-3", false},
        {"usb:0483:5740,port=1-2,serial=A", "usb:0483:5740,serial=A,port=1-2", true},
        {"usb:0483:57A0,serial=A", "usb:0483:57a0,serial=A", true},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57af,serial=T+0483:57a0,serial=C", true},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57a0,serial=C+0483:57af,serial=U", true},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57a0,serial=D+0483:57af,serial=U", false},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57af,port=1-9", true},
        {"serial:/dev/null", "serial:/dev/../dev/null", true},
        {"serial:/dev/null", "serial:/dev/zero", false},
        {"serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,serial=A1", true},
        {"serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,serial=A12", false},
        {"serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,serial=1", false},
        {"serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,port=1-2", false},
        {"serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.3:1.0-port0", "usb:0403:6001,port=1-2.3", true},
        {"serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.3:1.0-port0", "usb:0403:6001,port=1-2", false},
        {"serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.3:1.0-port0", "usb:0403:6001,serial=A,port=1-2.3", true},
        {"serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.3:1.0-port0", "usb:0403:6001,serial=A", false},
        {"tcp:10.0.0.1:502", "tcp:10.0.0.1:503", false},
        {"tcp:10.0.0.1:502", "usb:1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(link_meets(cases[i].a, cases[i].b), cases[i].meet);
        assert_int_equal(link_meets(cases[i].b, cases[i].a), cases[i].meet);
    }
}

static void a_usb_device_has_one_spelling(void **state)
{
    static const char *const doubles[][2] = {
        {"usb:0483:5740,serial=A", "usb:0483:5740,port=1-2"},
        {"usb:0483:5740,serial=A", "usb:0483:5740,serial=A,port=1-2"},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57af,serial=T+0483:57a0,serial=C"},
        {"usb:0483:57a0,serial=C+0483:57af,serial=T", "usb:0483:57a0,serial=D+0483:57af,serial=T"},
    };
    struct fixture *f = *state;
    char text[1024];
    for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
        snprintf(text, sizeof(text), DEVICE("a", "%s", "1", "m") DEVICE("b", "%s", "2", "m") MAPS, doubles[i][0],
                 doubles[i][1]);
        fixture_write(f, "a.ini", text);
        assert_int_equal(fixture_load(f, NULL), -EINVAL);
        assert_non_null(strstr(f->told, "a.ini:11: "));
        assert_non_null(strstr(f->told, " may mean the device of [device a] (a.ini:1), "));
    }
}

static void refused(struct fixture *f, const char *text, const char *told)
{
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, told));
}

static void a_numbered_terminal_may_be_any_device_on_usb(void **state)
{
    static const char *const numbered[] = {"serial:/dev/ttyUSB0", "serial:/dev/ttyACM3"};
    struct fixture *f = *state;
    char text[1024];
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof(text), DEVICE("a", "%s", "1", "m") DEVICE("b", "usb:0403:6001,serial=A", "1", "m") MAPS,
                 numbered[i]);
        refused(f, text, "a.ini:11: usb:0403:6001,serial=A beside serial:/dev/tty");
        snprintf(text, sizeof(text), DEVICE("a", "usb:0403:6001,serial=A", "1", "m") DEVICE("b", "%s", "1", "m") MAPS,
                 numbered[i]);
        refused(f, text, "use its name in /dev/serial/by-id or by-path");
    }
    fixture_write(f, "a.ini",
                  DEVICE("a", "serial:/dev/ttyUSB0", "1", "m") DEVICE("b", "serial:/dev/ttyUSB1", "1", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "a.ini",
                  DEVICE("a", "serial:/dev/ttyS0", "1", "m") DEVICE("b", "usb:0403:6001,serial=A", "1", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void what_is_behind_a_terminal_is_asked_of_the_kernel(void **state)
{
    struct fixture *f = *state;
    char path[200], sys[128], node[128], link[TERMINAL_USB_MAX];
    static const char *const folders[] = {"sys",
                                          "sys/class",
                                          "sys/class/tty",
                                          "sys/1-2.3",
                                          "sys/1-2.3/1-2.3:1.0",
                                          "sys/1-2.3/1-2.3:1.0/ttyUSB0",
                                          "sys/class/tty/ttyUSB0"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    snprintf(path, sizeof(path), "%s/sys/class/tty/ttyUSB0/device", f->dir);
    assert_int_equal(symlink("../../../1-2.3/1-2.3:1.0/ttyUSB0", path), 0);
    fixture_write(f, "sys/1-2.3/idVendor", "0403\n");
    fixture_write(f, "sys/1-2.3/idProduct", "6001\n");
    fixture_write(f, "ttyUSB0", "");
    snprintf(sys, sizeof(sys), "%s/sys", f->dir);
    snprintf(node, sizeof(node), "%s/line", f->dir);
    assert_false(terminal_usb_link(sys, node, link));
    assert_int_equal(symlink("ttyUSB0", node), 0);
    assert_true(terminal_usb_link(sys, node, link));
    assert_string_equal(link, "usb:0403:6001,port=1-2.3");
    fixture_write(f, "sys/1-2.3/serial", "A1\n");
    assert_true(terminal_usb_link(sys, node, link));
    assert_string_equal(link, "usb:0403:6001,serial=A1,port=1-2.3");
    fixture_write(f, "sys/1-2.3/serial", "A,1\n"); /* no name can hold it */
    assert_true(terminal_usb_link(sys, node, link));
    assert_string_equal(link, "usb:0403:6001,port=1-2.3");
    unlink(node);
    assert_int_equal(symlink("sys", node), 0);
    assert_false(terminal_usb_link(sys, node, link));
}

static void a_device_has_one_section(void **state)
{
    struct fixture *f = *state;
    refused(f,
            DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = 7\n" DEVICE("b", "usb:0483:5740,port=1-3", "1",
                                                                                  "m") "serial = 7\n" MAPS,
            "a.ini:18: serial = 7 is [device a] (a.ini:1) already");
    /* Another kind of device may count from the same number. */
    fixture_write(f, "a.ini",
                  DEVICE("a", "tcp:10.0.0.1:502", "1", "m") "serial = 7\n" DEVICE("b", "tcp:10.0.0.1:502", "2",
                                                                                  "n") "serial = 7\n" MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void what_only_a_person_knows_has_to_be_filled_in(void **state)
{
    struct fixture *f = *state;
    refused(f, DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = Fill In\n" MAPS,
            "a.ini:9: serial = Fill In: has to be filled in");
    refused(f, DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "groups = FILL IN\n" MAPS,
            "a.ini:9: groups = FILL IN: has to be filled in");
    static const char *const spelt[] = {"fill  in",  "FILLIN",       "FILL_IN",   "Fill-In",
                                        "<FILL IN>", "FILL IN: who", "FILLIN0000"};
    for (size_t i = 0; i < sizeof(spelt) / sizeof(spelt[0]); i++) {
        char text[512], told[64];
        snprintf(text, sizeof(text), DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = %s\n" MAPS, spelt[i]);
        snprintf(told, sizeof(told), "a.ini:9: serial = %s: has to be filled in", spelt[i]);
        refused(f, text, told);
    }
    static const char *const others[] = {"Fillinger", "1 FILL IN", "Fill", "filling"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), DEVICE("a", "usb:0483:5740,port=1-2", "1", "m") "serial = %s\n" MAPS, others[i]);
        fixture_write(f, "a.ini", text);
        assert_int_equal(fixture_load(f, NULL), 0);
    }
}

static void two_names_of_one_node_are_one_link(void **state)
{
    struct fixture *f = *state;
    char text[1024], node[128];
    fixture_write(f, "node", "");
    snprintf(node, sizeof(node), "%s/by-id", f->dir);
    assert_int_equal(symlink("node", node), 0);
    snprintf(text, sizeof(text), DEVICE("a", "serial:%s/by-id", "1", "m") DEVICE("b", "serial:%s/node", "2", "m") MAPS,
             f->dir, f->dir);
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_links, 1);
    assert_int_equal(f->config->links[0].n_devices, 2);
    assert_int_equal(f->config->devices[1].unit, 1);
    /* The name that was written: the node behind it may be another one tomorrow. */
    snprintf(text, sizeof(text), "serial:%s/by-id", f->dir);
    assert_string_equal(f->config->links[0].canonical, text);
}

static void a_line_keeps_its_name_when_the_node_behind_it_changes(void **state)
{
    struct fixture *f = *state;
    char text[512], name[128];
    snprintf(text, sizeof(text), DEVICE("a", "serial:%s/by-id", "1", "m") MAPS, f->dir);
    fixture_write(f, "a.ini", text);
    fixture_write(f, "ttyUSB0", "");
    fixture_write(f, "ttyUSB1", "");
    snprintf(name, sizeof(name), "%s/by-id", f->dir);
    snprintf(text, sizeof(text), "serial:%s", name);
    static const char *const nodes[] = {"ttyUSB0", "ttyUSB1", "nowhere"};
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        unlink(name);
        assert_int_equal(symlink(nodes[i], name), 0);
        assert_int_equal(fixture_load(f, NULL), 0);
        assert_string_equal(f->config->links[0].canonical, text);
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
        cmocka_unit_test(one_name_for_one_link),
        cmocka_unit_test(usb_names_meet_where_they_may_mean_one_device),
        RUN(a_usb_device_has_one_spelling),
        RUN(a_numbered_terminal_may_be_any_device_on_usb),
        RUN(what_is_behind_a_terminal_is_asked_of_the_kernel),
        RUN(a_device_has_one_section),
        RUN(what_only_a_person_knows_has_to_be_filled_in),
        RUN(two_names_of_one_node_are_one_link),
        RUN(a_line_keeps_its_name_when_the_node_behind_it_changes),
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
