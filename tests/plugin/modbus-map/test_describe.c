/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fault of a description is refused, at its place: starts from the shipped stimulator and breaks one thing each
 * time. The text a biomedical engineer will read is part of the test.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char device[] = "[device stim1]\n"             /* 1 */
                             "plugin = modbus-map\n"        /* 2 */
                             "link = serial:/dev/ttyUSB0\n" /* 3 */
                             "unit = 1\n"                   /* 4 */
                             "map = refstim\n"              /* 5 */
                             "baud = 115200\n"              /* 6 */
                             "parity = even\n"              /* 7 */
                             "stop_bits = 1\n"              /* 8 */
                             "data_bits = 8\n"              /* 9 */
                             "response_timeout = 20 ms\n"   /* 10 */
                             "simulated = yes\n"            /* 11 */
                             "serial = 10001\n"             /* 12 */
                             "[device stim2]\n"             /* 13 */
                             "plugin = modbus-map\n"        /* 14 */
                             "link = serial:/dev/ttyUSB0\n" /* 15 */
                             "unit = 2\n"                   /* 16 */
                             "map = refstim\n"              /* 17 */
                             "baud = 115200\n"              /* 18 */
                             "parity = even\n"              /* 19 */
                             "simulated = yes\n";           /* 20 */

/* A line to set (or to add where it is not there; NULL takes it away), and the one fault that must be said. */
struct slip {
    const char *section, *key, *value;
    const char *place; /* section and key whose origin is named: "point refstim.x/max"; or an origin itself */
    const char *message;
};

#define D1 "device stim1"
#define D2 "device stim2"
#define M "map refstim"
#define P(name) "point refstim." name
/* The other reference devices: ultrasound, laser, cold, galvanic. */
#define U(name) "point refus." name
#define LM "map reflaser"
#define L(name) "point reflaser." name
#define CM "map refcold"
#define C(name) "point refcold." name
#define GM "map refgalv"
#define G(name) "point refgalv." name
#define NEW "slip.ini:1"

static const struct slip slips[] = {
#include "slips.inc"
    {0},
};

static struct support *begin(void)
{
    struct support *s = support_new();
    support_add_text(s, "devices.ini", device);
    support_add_file(s, CONFIG_DIR "/maps/refstim.ini");
    return s;
}

/* Every reference device on the line of the stimulators. */
static struct support *begin_all(void)
{
    static const char *const kinds[] = {"refus", "reflaser", "refcold", "refgalv"};
    struct support *s = begin();
    for (int i = 0; i < 4; i++) {
        char text[SUPPORT_TEXT_MAX], path[SUPPORT_TEXT_MAX];
        snprintf(text, sizeof text,
                 "[device %s]\nplugin = modbus-map\nlink = serial:/dev/ttyUSB0\nunit = %d\nmap = %s\nbaud = 115200\n"
                 "parity = even\nsimulated = yes\n",
                 kinds[i], 3 + i, kinds[i]);
        support_add_text(s, "devices.ini", text);
        snprintf(path, sizeof path, CONFIG_DIR "/maps/%s.ini", kinds[i]);
        support_add_file(s, path);
    }
    return s;
}

static bool has_line(const struct support *s, const char *section, const char *key)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        if (!strcmp(s->lines[i].section, section) && !strcmp(s->lines[i].key, key))
            return true;
    }
    return false;
}

static int describe(struct support *s)
{
    static struct modality_device units[MODALITY_UNITS_MAX];
    size_t n = 12345;
    int r = support_plugin()->describe(&s->services, &s->config, units, MODALITY_UNITS_MAX, &n);
    assert_true(r == 0 || n == 12345);
    return r;
}

static void expected(const struct support *s, const struct slip *slip, char out[SUPPORT_TEXT_MAX])
{
    char section[MODALITY_NAME_MAX * 2];
    const char *slash = strchr(slip->place, '/'), *origin = slip->place;
    if (slash) {
        snprintf(section, sizeof section, "%.*s", (int)(slash - slip->place), slip->place);
        origin = support_origin(s, section, slash + 1);
    }
    snprintf(out, SUPPORT_TEXT_MAX, "%s: %s", origin, slip->message);
}

static void every_slip_is_refused_at_its_place(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (const struct slip *slip = slips; slip->section; slip++) {
        struct support *s = begin_all();
        char wanted[SUPPORT_TEXT_MAX];
        if (has_line(s, slip->section, slip->key))
            support_set(s, slip->section, slip->key, slip->value);
        else
            support_add(s, slip->section, slip->key, slip->value, NEW);
        int r = describe(s);
        expected(s, slip, wanted);
        if (r != -EINVAL || s->n_faults != 1 || strcmp(s->faults[0], wanted) != 0) {
            print_error("[%s] %s = %s\n  expected %s\n", slip->section, slip->key, slip->value ? slip->value : "(gone)",
                        wanted);
            for (size_t f = 0; f < s->n_faults; f++)
                print_error("  was      %s\n", s->faults[f]);
            wrong++;
        }
        support_free(s);
    }
    assert_int_equal(wrong, 0);
}

static void what_no_slip_breaks_is_accepted(void **state)
{
    (void)state;
    struct support *s = begin_all();
    assert_int_equal(describe(s), 0);
    assert_int_equal(s->n_faults, 0);
    support_free(s);
}

/* A whole point that contradicts itself: its map, its lines, and the one fault that must be said, at line 2. */
struct contradiction {
    const char *map, *lines, *message;
};

static const struct contradiction contradictions[] = {
    {"reflaser", "role = actual\nquantity = interlock_closed\ntable = discrete\naddress = 9\ntype = bit\naccess = ro\n",
     "point x: interlock_closed is what role interlock reads"},
    {"reflaser", "role = actual\nquantity = power_uw\ntable = discrete\naddress = 9\ntype = bit\naccess = ro\n",
     "point x: power_uw is more than a bit can say"},
    {"refus",
     "role = actual\nabsent = 0\nquantity = head_moving\ntable = discrete\naddress = 9\ntype = bit\naccess = ro\n",
     "point x: key absent has no meaning for a bit"},
    {"refus", "role = actual\nquantity = head_moving\ntable = discrete\naddress = 9\ntype = bit\naccess = ro\n",
     "point x belongs to the status and is not in poll"},
    {"refgalv",
     "role = setpoint\nquantity = active_polarity\nunit = 1\ntable = holding\naddress = 109\ntype = u16\n"
     "access = rw\nchannel = hv\nmin = 0\nmax = 1\n",
     "point x: active_polarity is 1 or 2; another number needs codes"},
    {"reflaser", "role = interlock\ntable = holding\naddress = 9\ntype = bit\naccess = ro\n",
     "point x: a bit of a register needs the key bit"},
    {"reflaser", "role = interlock\ntable = coil\naddress = 9\ntype = bit\naccess = wo\n",
     "point x: role interlock does not go with access wo"},
    {0},
};

static void points_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    for (const struct contradiction *c = contradictions; c->map; c++) {
        struct support *s = begin_all();
        char text[SUPPORT_TEXT_MAX];
        snprintf(text, sizeof text, "[point %s.x]\n%s", c->map, c->lines);
        support_add_text(s, "x.ini", text);
        assert_int_equal(describe(s), -EINVAL);
        const char *said = strstr(s->faults[0], c->message);
        if (s->n_faults != 1 || strncmp(s->faults[0], "x.ini:", 6) != 0 || !said || strcmp(said, c->message) != 0) {
            for (size_t f = 0; f < s->n_faults; f++)
                print_error("expected %s\n  was    %s\n", c->message, s->faults[f]);
            fail();
        }
        support_free(s);
    }
}

/* However well it reads: such a map was written for a simulator. */
static void map_for_tests_alone_is_refused_for_a_real_device(void **state)
{
    (void)state;
    static const char *const words[] = {NULL, "no"};
    for (size_t i = 0; i < 2; i++) {
        struct support *s = begin();
        char wanted[SUPPORT_TEXT_MAX];
        support_set(s, M, "maturity", "test-only");
        support_set(s, D1, "simulated", words[i]);
        assert_int_equal(describe(s), -EINVAL);
        assert_int_equal(s->n_faults, 1);
        snprintf(wanted, sizeof wanted,
                 "%s: device stim1: map refstim has maturity test-only (%s) and [device stim1] does not say "
                 "simulated = yes",
                 support_origin(s, D1, "map"), support_origin(s, M, "maturity"));
        assert_string_equal(s->faults[0], wanted);
        support_set(s, M, "maturity", i ? "experimental" : "stable");
        assert_int_equal(describe(s), 0);
        support_free(s);
    }
}

static void all_faults_are_said_in_one_run(void **state)
{
    (void)state;
    struct support *s = begin();
    support_set(s, P("current1"), "max", NULL);
    support_set(s, P("width1"), "address", "70000");
    support_set(s, M, "stop.ch2", NULL);
    support_set(s, D2, "unit", "1");
    support_add(s, M, "colour", "blue", NEW);
    assert_int_equal(describe(s), -EINVAL);
    assert_int_equal(s->n_faults, 5);
    support_free(s);
}

static void key_that_stands_twice_is_refused(void **state)
{
    (void)state;
    struct support *s = begin();
    support_add(s, P("current1"), "max", "100 mA", NEW);
    assert_int_equal(describe(s), -EINVAL);
    assert_int_equal(s->n_faults, 1);
    char wanted[SUPPORT_TEXT_MAX];
    snprintf(wanted, sizeof wanted, NEW ": key max stands twice in [point refstim.current1], first at %s",
             support_origin(s, P("current1"), "max"));
    assert_string_equal(s->faults[0], wanted);
    support_free(s);
}

static void lists_go_on_in_parts(void **state)
{
    (void)state;
    struct support *s = begin();
    support_set(s, M, "poll", "on1 on2 fault tripped hand_switch fault_code uptime remaining");
    support_add(s, M, "poll.2", "measured1 impedance1 contact1 voltage1", NEW);
    support_add(s, M, "poll.3", "measured2 impedance2 contact2 voltage2", NEW);
    assert_int_equal(describe(s), 0);
    support_free(s);
}

static void no_device_is_a_fault(void **state)
{
    (void)state;
    struct support *s = support_new();
    assert_int_equal(describe(s), -EINVAL);
    assert_int_equal(s->n_faults, 1);
    support_free(s);
}

static void slow_line_lengthens_its_slice(void **state)
{
    (void)state;
    struct support *s = begin();
    struct modality_device units[2];
    size_t n;
    const struct modality_plugin *p = support_plugin();
    assert_int_equal(p->describe(&s->services, &s->config, units, 2, &n), 0);
    assert_int_equal(units[0].slice_ms, 55); /* the silence after doubt: the default answer time of stim2, and 5 ms */
    uint32_t fast = units[0].cycle_ms;
    support_set(s, D1, "baud", "19200");
    support_set(s, D2, "baud", "19200");
    assert_int_equal(p->describe(&s->services, &s->config, units, 2, &n), 0);
    assert_true(units[0].cycle_ms > 2 * fast);
    assert_true(units[0].stop_ms > units[0].cycle_ms);
    support_free(s);
}

static void call_that_takes_too_long_is_refused(void **state)
{
    (void)state;
    struct support *s = begin();
    support_set(s, M, "answer_time", "500 ms");
    assert_int_equal(describe(s), -EINVAL);
    assert_int_equal(s->n_faults, 2);
    assert_non_null(strstr(s->faults[0], "devices.ini:2: device stim1: one call takes "));
    assert_non_null(strstr(s->faults[1], "devices.ini:14: device stim2: one call takes "));
    support_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slip_is_refused_at_its_place),
        cmocka_unit_test(what_no_slip_breaks_is_accepted),
        cmocka_unit_test(points_that_contradict_themselves_are_refused),
        cmocka_unit_test(map_for_tests_alone_is_refused_for_a_real_device),
        cmocka_unit_test(all_faults_are_said_in_one_run),
        cmocka_unit_test(key_that_stands_twice_is_refused),
        cmocka_unit_test(lists_go_on_in_parts),
        cmocka_unit_test(no_device_is_a_fault),
        cmocka_unit_test(slow_line_lengthens_its_slice),
        cmocka_unit_test(call_that_takes_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
