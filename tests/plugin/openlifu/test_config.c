/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The [device] section through the plugin as it is loaded: what it makes of a right one, and that every fault is told
 * at its line. And that the README names every key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dose/value.h"
#include "modality/plugin.h"

#define CONSOLE_ID "0102030405060708090a0b0c"
#define TRANSMITTER_ID "f102030405060708090a0b0c"

static const struct modality_line sane[] = {
    {"device lifu", "plugin", "openlifu", "d.ini:2"},
    {"device lifu", "link", "usb:0483:57a0,serial=C1+0483:57af,port=1-2.3", "d.ini:3"},
    {"device lifu", "serial", CONSOLE_ID "+" TRANSMITTER_ID, "d.ini:4"},
    {"device lifu", "calibration", "30 mW/cm2 at 12.5 V, 60 mW/cm2 at 17.625 V", "d.ini:5"},
    {"device lifu", "calibration_source", "report 7", "d.ini:6"},
    {"device lifu", "frequency", "400 kHz", "d.ini:7"},
    {"device lifu", "burst_width", "200 us", "d.ini:8"},
    {"device lifu", "pattern", "0.018=02000003 1.120=1b311b2a", "d.ini:10"},
};
#define SANE (sizeof sane / sizeof *sane)
#define LINES_MAX (SANE + 4)

static const struct modality_plugin *plugin;

static struct {
    struct modality_line lines[LINES_MAX];
    size_t n;
    char fault[512]; /* the last one, with its origin */
    unsigned n_faults;
} room;

__attribute__((format(printf, 3, 4))) static void take_fault(void *ctx, const char *origin, const char *format, ...)
{
    (void)ctx;
    int used = snprintf(room.fault, sizeof room.fault, "%s: ", origin);
    va_list args;
    va_start(args, format);
    vsnprintf(room.fault + used, sizeof room.fault - (size_t)used, format, args);
    va_end(args);
    room.n_faults++;
}

static int parse(void *ctx, enum modality_quantity q, const char *text, int64_t *out)
{
    (void)ctx;
    return value_parse(q, text, out);
}

static const struct modality_services services = {
    .size = sizeof services, .config_error = take_fault, .value_parse = parse};

static int room_begin(void **state)
{
    (void)state;
    memset(&room, 0, sizeof room);
    memcpy(room.lines, sane, sizeof sane);
    room.n = SANE;
    return 0;
}

/* Another value for a key, a new key, or with NULL none. */
static void set(const char *key, const char *value)
{
    size_t i = 0;
    while (i < room.n && strcmp(room.lines[i].key, key) != 0)
        i++;
    assert_true(i < LINES_MAX);
    if (!value) {
        room.lines[i] = room.lines[--room.n];
        return;
    }
    if (i == room.n)
        room.lines[room.n++] = (struct modality_line){"device lifu", key, NULL, "d.ini:9"};
    room.lines[i].value = value;
}

static int describe(struct modality_device *out)
{
    const struct modality_config config = {.n_lines = room.n, .lines = room.lines};
    size_t n = 0;
    room.n_faults = 0;
    int r = plugin->describe(&services, &config, out, 1, &n);
    assert_int_equal(n, r == 0 ? 1 : 0);
    assert_true((r == 0) == (room.n_faults == 0));
    return r;
}

static struct modality_device described(void)
{
    struct modality_device device;
    assert_int_equal(describe(&device), 0);
    return device;
}

static void refused(const char *at, const char *part)
{
    struct modality_device device;
    assert_int_equal(describe(&device), -EINVAL);
    assert_int_equal(room.n_faults, 1);
    if (strncmp(room.fault, at, strlen(at)) != 0 || !strstr(room.fault, part))
        fail_msg("%s", room.fault);
}

/* ---- what is described ---- */

static void descriptor_is_what_the_host_expects(void **state)
{
    (void)state;
    assert_int_equal(plugin->abi, MODALITY_PLUGIN_ABI);
    assert_int_equal(plugin->size, sizeof *plugin);
    assert_int_equal(plugin->device_size, sizeof(struct modality_device));
    assert_int_equal(plugin->status_size, sizeof(struct modality_status));
    assert_string_equal(plugin->name, "openlifu");
    assert_int_equal(plugin->links, LINK_KIND_USB);
    assert_true(plugin->describe && plugin->open && plugin->identify && plugin->status && plugin->apply &&
                plugin->start && plugin->stop && plugin->make_safe && plugin->reopen && plugin->close);
    assert_null(plugin->keepalive);
    plugin->close(NULL);
}

static void unit_is_described_as_it_is(void **state)
{
    (void)state;
    set("duty_max", "20 %");
    struct modality_device d = described();
    assert_string_equal(d.id, "lifu");
    assert_false(d.simulated || d.contact_monitored || d.patient_stop || d.stop_leaves_output || d.rest_by_setpoint);
    assert_int_equal(d.on_link_loss, LINK_LOSS_CONTINUES);
    assert_int_equal(d.watchdog_ms, 0);
    assert_int_equal(d.start_ms, 2000);
    assert_true(d.slice_ms + 50 < 400 && d.stop_ms > 0 && d.cycle_ms * 2 <= 400);
    assert_int_equal(d.n_channels, 1);
    assert_int_equal(d.n_groups, 1);
    assert_int_equal(d.groups[0].channels, 1);
    const struct modality_channel *c = &d.channels[0];
    assert_int_equal(c->modality, MODALITY_ULTRASOUND);
    assert_int_equal(c->level, QUANTITY_intensity_satp_uw_cm2);
    assert_int_equal(c->waveforms, 1u << WAVEFORM_us_pulsed);
    assert_false(c->level_measured);
    static const struct modality_range want[] = {
        {QUANTITY_intensity_satp_uw_cm2, 0, 60000, 30000, .settable = true},
        {QUANTITY_duty_permille, 1, 200, 1, .settable = true},
        {QUANTITY_pulse_repetition_millihz, 10000, 1000000, 10000, .settable = true},
        {QUANTITY_burst_width_us, 200, 200, 1, .settable = true},
        {QUANTITY_us_frequency_khz, 400, 400, 1, .settable = true},
        {QUANTITY_duration_ms, 100, 600000, 100, .settable = true},
    };
    assert_int_equal(c->n_ranges, sizeof want / sizeof *want);
    for (size_t i = 0; i < c->n_ranges; i++) {
        assert_int_equal(c->ranges[i].quantity, want[i].quantity);
        assert_int_equal(c->ranges[i].min, want[i].min);
        assert_int_equal(c->ranges[i].max, want[i].max);
        assert_int_equal(c->ranges[i].resolution, want[i].resolution);
        assert_int_equal(c->ranges[i].settable, want[i].settable);
        assert_true(c->ranges[i].only_at_rest);
    }
    set("surface_sensor", "tx");
    set("simulated", "yes");
    d = described();
    assert_true(d.simulated);
    assert_int_equal(d.channels[0].n_ranges, sizeof want / sizeof *want + 1);
    assert_true(d.channels[0].ranges[6].readable && !d.channels[0].ranges[6].settable);
}

/* ---- what is refused ---- */

static void volts_without_a_calibration_are_refused(void **state)
{
    (void)state;
    set("calibration", NULL);
    refused("d.ini:2", "device lifu has no key calibration");
    room_begin(NULL);
    set("calibration_source", NULL);
    refused("d.ini:2", "device lifu has no key calibration_source");
    static const char *const nobody[] = {"FILL IN",      "fill in",    "Fill  In", "FILLIN", "FILL_IN",
                                         "FILL IN: who", "2026-11-20", "-",        "X"};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        room_begin(NULL);
        set("calibration_source", nobody[i]);
        refused("d.ini:6", "needs who measured it");
    }
}

/* Its registers are all that tells whether the calibration is that of what will come out. */
static void a_calibration_without_its_pattern_is_refused(void **state)
{
    (void)state;
    set("pattern", NULL);
    refused("d.ini:2", "device lifu has no key pattern");
    room_begin(NULL);
    set("pattern", "0.018=00000000 0.120=00000000");
    refused("d.ini:10", "zeros alone");
    set("pattern", "0.018=00000000 0.120=00000001");
    (void)described();
}

/* Entries that no one transducer can have given: at the bound, one step of voltage beyond it, and which would do. */
static void entries_that_defy_the_square_of_the_voltage_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"30 mW/cm2 at 5 V, 60 mW/cm2 at 20 V", "60 mW/cm2 at 20 V departs by more than 25 % from 30 mW/cm2 at 5 V; "
                                                "6.375 V to 7.875 V would fit"},
        {"30 mW/cm2 at 12 V, 60 mW/cm2 at 15.125 V", "; 15.25 V to 18.875 V would fit"},
        {"30 mW/cm2 at 12 V, 60 mW/cm2 at 19 V", "; 15.25 V to 18.875 V would fit"},
        {"30 mW/cm2 at 12 V, 60 mW/cm2 at 17 V, 90 mW/cm2 at 18 V",
         "90 mW/cm2 at 18 V departs by more than 25 % from 30 mW/cm2 at 12 V; 18.625 V to 23.125 V would fit"},
        {"30 mW/cm2 at 12 V, 60 mW/cm2 at 15.25 V, 90 mW/cm2 at 21 V",
         "90 mW/cm2 at 21 V departs by more than 25 % from 60 mW/cm2 at 15.25 V; 18.625 V to 20.875 V"},
        {"30 mW/cm2 at 100 V, 60 mW/cm2 at 100 V", "rise"},
        {"30 mW/cm2 at 99.875 V, 60 mW/cm2 at 100 V", "; no voltage of the device would fit"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set("calibration", bad[i].text);
        refused("d.ini:5", bad[i].part);
    }
    static const char *const good[] = {"30 mW/cm2 at 12 V, 60 mW/cm2 at 15.25 V",
                                       "30 mW/cm2 at 12 V, 60 mW/cm2 at 18.875 V",
                                       "40 mW/cm2 at 10 V, 80 mW/cm2 at 14.125 V, 120 mW/cm2 at 17.375 V"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        set("calibration", good[i]);
        (void)described();
    }
}

static void calibrations_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"30 mW/cm2", "is no list"},
        {"30 at 12.5 V", "is no list"},
        {"30 mW/cm2 at 12.5", "is no list"},
        {"30 mW/cm2 at 12.5 V,", "is no list"},
        {", 30 mW/cm2 at 12.5 V", "is no list"},
        {"30 mW/cm2 at 12.5 V at 13 V", "is no list"},
        {"30 mW/cm2 at                                                        12.5 V", "is no list"},
        {"30 mW/cm2 at 12.51 V", "in steps of 0.125 V"},
        {"30 mW/cm2 at 4.875 V", "of 5 V to 100 V"},
        {"30 mW/cm2 at 100.125 V", "of 5 V to 100 V"},
        {"0 mW/cm2 at 12.5 V", "above 0"},
        {"30 mW/cm2 at 12.5 V, 50 mW/cm2 at 15 V", "equal steps"},
        {"30 mW/cm2 at 12.5 V, 30 mW/cm2 at 15 V", "equal steps"},
        {"30 mW/cm2 at 12.5 V, 60 mW/cm2 at 12.5 V", "rise"},
        {"30 mW/cm2 at 12.5 V, 60 mW/cm2 at 12 V", "rise"},
        {"30 mW/cm2 at 14.25 V, 60 mW/cm2 at 20.125 V", "20.125 V; the device may be given 20 V at most at a duty of"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set("calibration", bad[i].text);
        refused("d.ini:5", bad[i].part);
    }
    set("calibration", "30 mW/cm2 at 20 V"); /* the bound itself, at 50 % and 10 min */
    (void)described();
}

static void patterns_that_name_no_registers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } bad[] = {
        {"018=02000003", "is no list"},
        {"0.18=02000003", "is no list"},
        {"0.0018=02000003", "is no list"},
        {"0.018=2000003", "is no list"},
        {"0.018=002000003", "is no list"},
        {"0.018=0200000G", "is no list"},
        {"0.018=0200000A", "is no list"}, /* as the README writes it: small letters */
        {"0.018=02000003,0.019=0000074e", "is no list"},
        {"0.1a0=00000000", "is no list"},
        {"12.018=02000003", "is no list"},
        {"a.018=02000003", "is no list"},
        {"000.018=02000003", "is no list"},
        {"-1.018=02000003", "is no list"},
        {"0.018=02000003 0.018=02000003", "twice"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set("pattern", bad[i].text);
        refused("d.ini:", bad[i].part);
    }
    set("pattern", "0.018=02000003 11.19f=ffffffff  1.018=02000003 ");
    (void)described();
}

static void a_pattern_holds_no_more_than_a_start_can_read(void **state)
{
    (void)state;
    char text[1024];
    size_t used = 0;
    for (int i = 0; i < 25; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "0.%03x=00000001 ", i);
        set("pattern", text);
        if (i < 24)
            (void)described();
    }
    refused("d.ini:", "more registers than 24");
}

static void a_list_holds_no_more_than_its_room(void **state)
{
    (void)state;
    char text[2048];
    size_t used = 0;
    int eighths = 0; /* of a volt: 6 V times the root of the intensity */
    set("duty_max", "5 %");
    for (int i = 1; i <= 33; i++) {
        while (eighths * eighths < 48 * 48 * i)
            eighths++;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d mW/cm2 at %d.%03d V", i > 1 ? ", " : "", i,
                                 eighths / 8, eighths % 8 * 125);
        set("calibration", text);
        if (i <= 32)
            assert_int_equal(described().channels[0].ranges[0].max, i * 1000);
    }
    refused("d.ini:5", "more entries than 32");
}

static void each_bound_of_time_and_duty_gives_its_voltage(void **state)
{
    (void)state;
    set("calibration", "30 mW/cm2 at 45 V");
    set("duty_max", "5 %");
    (void)described();
    set("duty_max", "5.1 %");
    refused("d.ini:5", "45 V; the device may be given 40 V");
    set("calibration", "30 mW/cm2 at 40 V");
    set("duty_max", "30 %");
    set("duration_max", "2 min");
    set("burst_width", "100 us");
    (void)described();
    set("duration_max", "121 s");
    refused("d.ini:5", "40 V; the device may be given 35 V");
}

static void links_name_console_and_transmitter(void **state)
{
    (void)state;
    static const char *const bad[] = {"usb:0483:57a0,serial=C1",
                                      "usb:0483:57af,serial=T1+0483:57a0,serial=C1",
                                      "usb:0483:57a0,serial=C1+0483:57a0,serial=C2",
                                      "usb:0403:57a0,serial=C1+0483:57af,serial=T1",
                                      "tcp:127.0.0.1:502",
                                      "usb:0483:57a0+0483:57af"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set("link", bad[i]);
        refused("d.ini:3", "link");
    }
}

static void other_values_are_refused_at_their_lines(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *at;
    } bad[] = {
        {"plugin", "openlife", "d.ini:2"},
        {"serial", CONSOLE_ID, "d.ini:4"},
        {"serial", CONSOLE_ID "+" CONSOLE_ID "0", "d.ini:4"},
        {"serial", CONSOLE_ID "-" TRANSMITTER_ID, "d.ini:4"},
        {"serial", CONSOLE_ID "+" CONSOLE_ID, "d.ini:4"},
        {"serial", CONSOLE_ID "+F102030405060708090a0b0c", "d.ini:4"},
        {"frequency", "0 kHz", "d.ini:7"},
        {"frequency", "400", "d.ini:7"},
        {"frequency", "10001 kHz", "d.ini:7"},
        {"burst_width", "0 us", "d.ini:8"},
        {"burst_width", "0.5 us", "d.ini:8"},
        {"burst_width", "10001 us", "d.ini:8"},
        {"duty_max", "50.1 %", "d.ini:9"},
        {"duty_max", "0 %", "d.ini:9"},
        {"duration_max", "600001 ms", "d.ini:9"},
        {"duration_max", "99 ms", "d.ini:9"},
        {"surface_sensor", "both", "d.ini:9"},
        {"simulated", "perhaps", "d.ini:9"},
        {"colour", "red", "d.ini:9"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        room_begin(NULL);
        set(bad[i].key, bad[i].value);
        refused(bad[i].at, bad[i].key);
    }
    room_begin(NULL); /* 10 ms of 10 Hz are 10 % */
    set("burst_width", "10000 us");
    set("duty_max", "9.9 %");
    refused("d.ini:8", "at no rate of 10 Hz");
    set("duty_max", "10 %");
    (void)described();
}

static void nothing_opens_without_a_right_section(void **state)
{
    (void)state;
    struct modality_link *link = NULL;
    set("calibration", NULL);
    const struct modality_config broken = {.n_lines = room.n, .lines = room.lines};
    assert_int_equal(plugin->open(&services, &broken, INT64_MAX, &link), -EINVAL);
    assert_null(link);
}

static void the_readme_names_every_key(void **state)
{
    (void)state;
    static char text[32768];
    FILE *f = fopen(README_PATH, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    assert_true(n > 0 && n < sizeof text - 1);
    for (size_t i = 0; i < plugin->n_keys; i++) {
        char row[64];
        snprintf(row, sizeof row, "| `%s` |", plugin->keys[i].key);
        if (!strstr(text, row))
            fail_msg("%s", plugin->keys[i].key);
    }
}

static int load(void **state)
{
    (void)state;
    void *library = dlopen(PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    const struct modality_plugin *(*entry)(void);
    void *symbol = dlsym(library, MODALITY_PLUGIN_SYMBOL);
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof entry);
    plugin = entry();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, room_begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(descriptor_is_what_the_host_expects),
        TEST(unit_is_described_as_it_is),
        TEST(volts_without_a_calibration_are_refused),
        TEST(calibrations_that_mean_nothing_are_refused),
        TEST(entries_that_defy_the_square_of_the_voltage_are_refused),
        TEST(a_calibration_without_its_pattern_is_refused),
        TEST(patterns_that_name_no_registers_are_refused),
        TEST(a_pattern_holds_no_more_than_a_start_can_read),
        TEST(each_bound_of_time_and_duty_gives_its_voltage),
        TEST(a_list_holds_no_more_than_its_room),
        TEST(links_name_console_and_transmitter),
        TEST(other_values_are_refused_at_their_lines),
        TEST(nothing_opens_without_a_right_section),
        TEST(the_readme_names_every_key),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
