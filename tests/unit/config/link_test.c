/* SPDX-License-Identifier: Apache-2.0 */
/* Names of links: what is one link, what may become one, and what the kernel says of a terminal. */
#include "config_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/canonical.h"
#include "config/terminal.h"

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
                 {"usb:0483:57a0,port=1-3+0483:57af,port=1-3", NULL},
                 {"usb:0483:57a0,port=1-3+0483:57af,port=1-3.1", "usb:0483:57a0,port=1-3+0483:57af,port=1-3.1"},
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

static void a_port_has_one_device(void **state)
{
    static const char *const pairs[][2] = {
        {"usb:0403:6001,port=1-2", "usb:0403:6014,port=1-2"},
        {"usb:0403:6001,serial=A,port=1-2", "usb:0403:6001,serial=B,port=1-2"},
        {"usb:0483:57a0,port=1-3+0483:57af,port=1-4", "usb:0483:5740,serial=P,port=1-4"},
    };
    struct fixture *f = *state;
    char text[1024];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        for (size_t k = 0; k < 2; k++) {
            snprintf(text, sizeof(text), DEVICE("a", "%s", "1", "m") DEVICE("b", "%s", "1", "m") MAPS, pairs[i][k],
                     pairs[i][1 - k]);
            fixture_refuses(f, text, "of [device a] (a.ini:1) names too: a port has one device");
        }
    fixture_write(f, "a.ini",
                  DEVICE("a", "usb:0403:6001,port=1-2", "1", "m") DEVICE("b", "usb:0403:6014,port=1-2.1", "1", "m")
                      MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
}

static void a_numbered_terminal_may_be_any_device_on_usb(void **state)
{
    static const char *const numbered[] = {"serial:/dev/ttyUSB0", "serial:/dev/ttyACM3"};
    struct fixture *f = *state;
    char text[1024];
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof(text), DEVICE("a", "%s", "1", "m") DEVICE("b", "usb:0403:6001,serial=A", "1", "m") MAPS,
                 numbered[i]);
        fixture_refuses(f, text, "a.ini:11: usb:0403:6001,serial=A beside serial:/dev/tty");
        snprintf(text, sizeof(text), DEVICE("a", "usb:0403:6001,serial=A", "1", "m") DEVICE("b", "%s", "1", "m") MAPS,
                 numbered[i]);
        fixture_refuses(f, text, "use its name in /dev/serial/by-id or by-path");
    }
    static const char *const unsaid[][2] = {
        {"serial:/dev/./ttyUSB0", "usb:0403:6001,serial=A"},
        {"serial:/dev//ttyUSB0", "usb:0403:6001,serial=A"},
        {"serial:/dev/serial/../ttyUSB0", "usb:0403:6001,serial=A"},
        {"serial:/dev/char/188:0", "usb:0403:6001,serial=A"},
        {"serial:/dev/stim", "usb:0403:6001,serial=A"},
        {"serial:/dev/stim", "serial:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.3:1.0-port0"},
        {"serial:/dev/stim", "serial:/dev/ttyUSB0"},
        {"serial:/dev/ttyUSB0", "serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0"},
        {"serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,port=1-2"},
        {"serial:/dev/serial//by-id/usb-FTDI_FT232R_A1-if00-port0", "usb:0403:6001,serial=A1"},
    };
    for (size_t i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
        for (size_t k = 0; k < 2; k++) {
            snprintf(text, sizeof(text), DEVICE("a", "%s", "1", "m") DEVICE("b", "%s", "1", "m") MAPS, unsaid[i][k],
                     unsaid[i][1 - k]);
            fixture_refuses(f, text, "a.ini:11: ");
        }
    fixture_write(f, "a.ini",
                  DEVICE("a", "serial:/dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0", "1", "m")
                      DEVICE("b", "usb:0403:6001,serial=A2,port=1-2", "1", "m") DEVICE("c", "tcp:h:502", "1", "m")
                          DEVICE("d", "serial:/dev/null", "1", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
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

/* A link that leads to an adapter some day is one today, and one name is one link whatever is plugged in. */
static void names_are_compared_by_what_they_lead_to(void **state)
{
    struct fixture *f = *state;
    char text[1024], name[128], node[PATH_MAX], other[PATH_MAX];
    snprintf(name, sizeof(name), "%s/line", f->dir);
    assert_int_equal(symlink("/dev/nobody/../ttyUSB77", name), 0);
    assert_int_equal(terminal_kind(name), TERMINAL_ALIAS);
    snprintf(text, sizeof(text),
             DEVICE("a", "serial:%s", "1", "m") DEVICE("b", "usb:0403:6001,serial=A", "1", "m") MAPS, name);
    fixture_refuses(f, text, "the terminal's name does not say which adapter it is");
    fixture_write(f, "a.ini",
                  DEVICE("a", "serial:/dev/ttyS77", "1", "m") DEVICE("b", "serial:/dev/.//ttyS77", "2", "m") MAPS);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_links, 1);
    terminal_node("/dev/null", node);
    assert_string_equal(node, "char 1:3");
    unlink(name);
    assert_int_equal(symlink("line", name), 0); /* round and round */
    terminal_node(name, other);
    assert_string_equal(other, name);
    assert_int_equal(terminal_kind("/dev/ttyS77"), TERMINAL_OTHER);
    assert_int_equal(terminal_kind("/dev/pts/7777"), TERMINAL_OTHER);
    assert_int_equal(terminal_kind("/../dev/ttyACM77"), TERMINAL_NUMBERED);
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

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_for_one_link),
        cmocka_unit_test(usb_names_meet_where_they_may_mean_one_device),
        RUN(a_usb_device_has_one_spelling),
        RUN(a_port_has_one_device),
        RUN(a_numbered_terminal_may_be_any_device_on_usb),
        RUN(what_is_behind_a_terminal_is_asked_of_the_kernel),
        RUN(two_names_of_one_node_are_one_link),
        RUN(names_are_compared_by_what_they_lead_to),
        RUN(a_line_keeps_its_name_when_the_node_behind_it_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
