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

#define LINES_MAX 16
#define TEXT_MAX 512

struct room {
    const struct modality_plugin *plugin;
    struct modality_services services;
    struct modality_line lines[LINES_MAX];
    struct modality_config config;
    char origins[LINES_MAX][32];
    unsigned n_faults;
    char fault[TEXT_MAX]; /* the last one, with its origin */
};

__attribute__((format(printf, 3, 4))) static void take_fault(void *ctx, const char *origin, const char *format, ...)
{
    struct room *r = ctx;
    int used = snprintf(r->fault, sizeof r->fault, "%s: ", origin);
    va_list args;
    va_start(args, format);
    vsnprintf(r->fault + used, sizeof r->fault - (size_t)used, format, args);
    va_end(args);
    r->n_faults++;
}

static int parse_value(void *ctx, enum modality_quantity q, const char *text, int64_t *out)
{
    (void)ctx;
    return value_parse(q, text, out);
}

static void add(struct room *r, const char *key, const char *value)
{
    size_t n = r->config.n_lines++;
    snprintf(r->origins[n], sizeof r->origins[n], "devices.ini:%zu", n + 2);
    r->lines[n] = (struct modality_line){.section = "device p24", .key = key, .value = value, .origin = r->origins[n]};
}

/* The value of a key that is there; NULL takes the line away. */
static void set(struct room *r, const char *key, const char *value)
{
    size_t n = 0;
    while (n < r->config.n_lines && strcmp(r->lines[n].key, key) != 0)
        n++;
    assert_true(n < r->config.n_lines);
    if (value)
        r->lines[n].value = value;
    else
        r->lines[n] = r->lines[--r->config.n_lines];
}

static const struct modality_plugin *load(void)
{
    void *library = dlopen(PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    const struct modality_plugin *(*entry)(void);
    void *symbol = dlsym(library, MODALITY_PLUGIN_SYMBOL);
    assert_non_null(symbol);
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->plugin = load();
    r->services = (struct modality_services){
        .size = sizeof r->services, .ctx = r, .config_error = take_fault, .value_parse = parse_value};
    r->config.lines = r->lines;
    add(r, "plugin", "sciencemode4");
    add(r, "link", "usb:0483:5740,port=1-2");
    add(r, "serial", "0001234567");
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static struct modality_device described(struct room *r)
{
    struct modality_device device;
    size_t n = 0;
    assert_int_equal(r->plugin->describe(&r->services, &r->config, &device, 1, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(r->n_faults, 0);
    return device;
}

static void refused(struct room *r, const char *fault)
{
    struct modality_device device;
    size_t n = 0;
    r->n_faults = 0;
    assert_int_equal(r->plugin->describe(&r->services, &r->config, &device, 1, &n), -EINVAL);
    assert_int_equal(r->n_faults, 1);
    assert_string_equal(r->fault, fault);
}

static const struct modality_range *range_of(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges; i++)
        if (c->ranges[i].quantity == q)
            return &c->ranges[i];
    return NULL;
}

static void descriptor_is_what_the_host_expects(void **state)
{
    const struct modality_plugin *p = ((struct room *)*state)->plugin;
    assert_int_equal(p->abi, MODALITY_PLUGIN_ABI);
    assert_int_equal(p->size, sizeof *p);
    assert_int_equal(p->device_size, sizeof(struct modality_device));
    assert_int_equal(p->status_size, sizeof(struct modality_status));
    assert_string_equal(p->name, "sciencemode4");
    assert_int_equal(p->links, LINK_KIND_USB);
    assert_true(p->describe && p->open && p->identify && p->status && p->apply && p->start && p->stop && p->make_safe &&
                p->keepalive && p->reopen && p->close);
    p->close(NULL);
}

static void device_is_described_as_it_is(void **state)
{
    struct modality_device d = described(*state);
    assert_string_equal(d.id, "p24");
    assert_false(d.simulated);
    assert_int_equal(d.on_link_loss, LINK_LOSS_UNKNOWN);
    assert_int_equal(d.watchdog_ms, 2000);
    assert_int_equal(d.after_watchdog, AFTER_WATCHDOG_STAYS_OFF);
    assert_true(d.contact_monitored);
    assert_int_equal(d.contact_monitored_from, 15000);
    assert_false(d.patient_stop);
    assert_false(d.stop_leaves_output);
    assert_true(d.slice_ms > 0 && d.stop_ms >= d.slice_ms && d.cycle_ms * 3 <= d.watchdog_ms);
    assert_int_equal(d.n_channels, 8);
    for (size_t c = 0; c < d.n_channels; c++) {
        char id[8];
        snprintf(id, sizeof id, "ch%zu", c + 1);
        assert_string_equal(d.channels[c].id, id);
        assert_int_equal(d.channels[c].modality, MODALITY_ESTIM);
        assert_int_equal(d.channels[c].level, QUANTITY_amplitude_ua);
        assert_int_equal(d.channels[c].waveforms, 1u << WAVEFORM_biphasic_symmetric);
        assert_false(d.channels[c].level_measured);
        assert_int_equal(d.channels[c].rest_value, 0);
    }
}

static void ranges_are_the_devices(void **state)
{
    struct modality_device d = described(*state);
    static const struct {
        enum modality_quantity q;
        int64_t min, max, resolution;
    } want[] = {{QUANTITY_amplitude_ua, 0, 130000, 500},
                {QUANTITY_phase_width_us, 10, 4095, 1},
                {QUANTITY_interphase_us, 0, 4095, 1},
                {QUANTITY_pulse_rate_millihz, 62, 2000000, 1},
                {QUANTITY_waveform_class, WAVEFORM_biphasic_symmetric, WAVEFORM_biphasic_symmetric, 1}};
    for (size_t c = 0; c < d.n_channels; c++) {
        assert_int_equal(d.channels[c].n_ranges, sizeof want / sizeof *want);
        for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
            const struct modality_range *range = range_of(&d.channels[c], want[i].q);
            assert_non_null(range);
            assert_true(range->settable && !range->readable);
            assert_int_equal(range->min, want[i].min);
            assert_int_equal(range->max, want[i].max);
            assert_int_equal(range->resolution, want[i].resolution);
            assert_int_equal(range->period_step_us, want[i].q == QUANTITY_pulse_rate_millihz ? 250 : 0);
            assert_false(range->only_at_rest);
        }
    }
}

static void assert_groups_of_one(const struct modality_device *d)
{
    for (size_t g = 0; g < 8; g++) {
        assert_string_equal(d->groups[g].id, d->channels[g].id);
        assert_int_equal(d->groups[g].channels, 1u << g);
    }
}

static void groups_are_each_channel_and_pairs(void **state)
{
    struct modality_device d = described(*state);
    static const char *const ids[] = {"ch1-2", "ch3-4", "ch5-6", "ch7-8"};
    assert_int_equal(d.n_groups, 12);
    assert_groups_of_one(&d);
    for (size_t g = 0; g < 4; g++) {
        assert_string_equal(d.groups[8 + g].id, ids[g]);
        assert_int_equal(d.groups[8 + g].channels, 3u << 2 * g);
        assert_int_equal(d.groups[8 + g].excludes, 3u << 2 * g);
        assert_int_equal(d.groups[2 * g].excludes, 1u << (8 + g));
        assert_int_equal(d.groups[2 * g + 1].excludes, 1u << (8 + g));
    }
}

static void groups_are_the_clinics(void **state)
{
    struct room *r = *state;
    add(r, "groups", "1+2+3+4+5+6+7+8 1+5  2+1+8");
    struct modality_device d = described(r);
    assert_int_equal(d.n_groups, 11);
    assert_groups_of_one(&d);
    assert_string_equal(d.groups[8].id, "ch1-2-3-4-5-6-7-8");
    assert_int_equal(d.groups[8].channels, 0xff);
    assert_int_equal(d.groups[8].excludes, 0x6ff);
    assert_string_equal(d.groups[9].id, "ch1-5");
    assert_int_equal(d.groups[9].excludes, 0x511);
    assert_string_equal(d.groups[10].id, "ch1-2-8");
    assert_int_equal(d.groups[10].channels, 0x83);
    assert_int_equal(d.groups[4].excludes, 0x300);
    static const char *const wrong[] = {
        "1", "1+", "+1", "1+1", "1+9", "0+1", "1,2", "1+2 2+1", "1+2 x", "12", "1+2 1+3 1+4 1+5 1+6"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char fault[TEXT_MAX];
        set(r, "groups", wrong[i]);
        snprintf(fault, sizeof fault, "devices.ini:5: device p24: groups %s is not up to 4 different sets such as 1+2",
                 wrong[i]);
        refused(r, fault);
    }
}

static void second_phase_brings_asymmetric_pulses_and_their_step(void **state)
{
    struct room *r = *state;
    static const struct {
        const char *text;
        int64_t permille, step, max;
    } shares[] = {{"25 %", 250, 2000, 130000},  {"50 %", 500, 1000, 130000}, {"100 %", 1000, 500, 130000},
                  {"15 %", 150, 10000, 130000}, {"40 %", 400, 2500, 130000}, {"5 %", 50, 10000, 130000}};
    add(r, "second_phase", "");
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        set(r, "second_phase", shares[i].text);
        struct modality_device d = described(r);
        const struct modality_channel *c = &d.channels[7];
        assert_int_equal(c->waveforms, 1u << WAVEFORM_biphasic_symmetric | 1u << WAVEFORM_biphasic_asymmetric);
        assert_int_equal(range_of(c, QUANTITY_amplitude2_permille)->min, shares[i].permille);
        assert_int_equal(range_of(c, QUANTITY_amplitude2_permille)->max, shares[i].permille);
        assert_int_equal(range_of(c, QUANTITY_amplitude_ua)->resolution, shares[i].step);
        assert_int_equal(range_of(c, QUANTITY_amplitude_ua)->max, shares[i].max);
        assert_int_equal(range_of(c, QUANTITY_waveform_class)->max, WAVEFORM_biphasic_asymmetric);
        assert_non_null(range_of(c, QUANTITY_phase2_width_us));
    }
}

static void every_fault_is_told_at_its_line(void **state)
{
    struct room *r = *state;
    set(r, "plugin", "sciencemode2");
    refused(r, "devices.ini:2: device p24: plugin sciencemode2 is not sciencemode4");
    set(r, "plugin", "sciencemode4");
    set(r, "link", "usb:0403:6001,serial=A1");
    refused(r, "devices.ini:3: device p24: link usb:0403:6001,serial=A1 is no device of this plugin, which are "
               "usb:0483:5740");
    set(r, "link", "usb:0483:5740,serial=A+0483:5740,serial=B");
    refused(r, "devices.ini:3: device p24: link usb:0483:5740,serial=A+0483:5740,serial=B names 2 devices, this plugin "
               "has one");
    set(r, "link", "usb:0483:5740,serial=A");
    static const char *const serials[] = {"12345678901", "123456789", "11"};
    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++) {
        char told[96];
        snprintf(told, sizeof told, "devices.ini:4: device p24: serial %s is not the 10 characters that it reports",
                 serials[i]);
        set(r, "serial", serials[i]);
        refused(r, told);
    }
    set(r, "serial", "1234567890");
    add(r, "second_phase", "");
    static const char *const wrong[] = {"0 %", "4 %", "26 %", "105 %", "25", "half"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char fault[TEXT_MAX];
        set(r, "second_phase", wrong[i]);
        snprintf(fault, sizeof fault,
                 "devices.ini:5: device p24: second_phase %s is not 5 %% to 100 %% in steps of 5 %%", wrong[i]);
        refused(r, fault);
    }
    set(r, "second_phase", "25 %");
    add(r, "simulated", "perhaps");
    refused(r, "devices.ini:6: key simulated: perhaps is none of yes, no");
    set(r, "simulated", "yes");
    r->n_faults = 0;
    assert_true(described(r).simulated);
}

static void bare_ids_are_no_name(void **state)
{
    struct room *r = *state;
    struct modality_device device;
    size_t n = 0;
    set(r, "link", "usb:0483:5740");
    assert_int_equal(r->plugin->describe(&r->services, &r->config, &device, 1, &n), -EINVAL);
    assert_int_equal(r->n_faults, 1);
}

static void missing_key_is_told(void **state)
{
    struct room *r = *state;
    set(r, "serial", NULL);
    refused(r, "devices.ini:2: device p24 has no key serial");
}

static void readme_names_every_key(void **state)
{
    const struct modality_plugin *p = ((struct room *)*state)->plugin;
    static char text[65536];
    FILE *f = fopen(README_PATH, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    for (size_t i = 0; i < p->n_keys; i++) {
        char row[80];
        snprintf(row, sizeof row, "| `%s` |", p->keys[i].key);
        if (!strstr(text, row))
            fail_msg("%s does not name the key %s", README_PATH, p->keys[i].key);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(descriptor_is_what_the_host_expects),
        T(device_is_described_as_it_is),
        T(ranges_are_the_devices),
        T(groups_are_each_channel_and_pairs),
        T(groups_are_the_clinics),
        T(second_phase_brings_asymmetric_pulses_and_their_step),
        T(every_fault_is_told_at_its_line),
        T(bare_ids_are_no_name),
        T(missing_key_is_told),
        T(readme_names_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
