/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps in config/maps, described through the .so: what the daemon is told about the reference devices.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char stim[] = "[device stim1]\nplugin = modbus-map\nlink = tcp:127.0.0.1:1502\nunit = 1\nmap = refstim\n"
                           "simulated = yes\nserial = 10001\n";
static const char head[] = "[device us1]\nplugin = modbus-map\nlink = tcp:127.0.0.1:1502\nunit = 2\nmap = refus\n"
                           "simulated = yes\n";

static struct support *begin(void)
{
    struct support *s = support_new();
    support_add_text(s, "devices.ini", stim);
    support_add_text(s, "devices.ini", head);
    support_add_file(s, CONFIG_DIR "/maps/refstim.ini");
    support_add_file(s, CONFIG_DIR "/maps/refus.ini");
    return s;
}

static const struct modality_range *range_of(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges; i++) {
        if (c->ranges[i].quantity == q)
            return &c->ranges[i];
    }
    fail_msg("channel %s has no %s", c->id, modality_quantity_info(q)->id);
    return NULL;
}

static void describe(struct support *s, struct modality_device units[2])
{
    size_t n = 0;
    int r = support_plugin()->describe(&s->services, &s->config, units, 2, &n);
    for (size_t i = 0; i < s->n_faults; i++)
        print_error("%s\n", s->faults[i]);
    assert_int_equal(r, 0);
    assert_int_equal(n, 2);
}

static void stimulator_is_described(void **state)
{
    (void)state;
    struct support *s = begin();
    struct modality_device units[2];
    describe(s, units);
    const struct modality_device *d = &units[0];
    assert_string_equal(d->id, "stim1");
    assert_true(d->simulated);
    assert_int_equal(d->watchdog_ms, 1000);
    assert_int_equal(d->after_watchdog, AFTER_WATCHDOG_STAYS_OFF);
    assert_int_equal(d->on_link_loss, LINK_LOSS_CONTINUES);
    assert_true(d->patient_stop && d->contact_monitored && !d->rest_by_setpoint && !d->stop_leaves_output);
    assert_int_equal(d->slice_ms, 50);
    assert_int_equal(d->n_channels, 2);
    const struct modality_channel *c = &d->channels[1];
    assert_string_equal(c->id, "ch2");
    assert_int_equal(c->level, QUANTITY_amplitude_ua);
    assert_true(c->level_measured);
    assert_int_equal(c->rest_value, 0);
    assert_int_equal(c->waveforms, 0x7f | 1u << WAVEFORM_biphasic_burst);
    const struct modality_range *r = range_of(c, QUANTITY_amplitude_ua);
    assert_true(r->settable && r->readable);
    assert_int_equal(r->max, 100000);
    assert_int_equal(r->resolution, 100);
    assert_int_equal(range_of(c, QUANTITY_duration_ms)->max, 3600000);
    assert_false(range_of(c, QUANTITY_impedance_ohm)->settable);
    assert_int_equal(range_of(c, QUANTITY_impedance_ohm)->max, 65535);
    support_free(s);
}

static void groups_that_share_a_channel_exclude_each_other(void **state)
{
    (void)state;
    struct support *s = begin();
    struct modality_device units[2];
    describe(s, units);
    const struct modality_group *g = units[0].groups;
    assert_int_equal(units[0].n_groups, 3);
    assert_string_equal(g[2].id, "pair");
    assert_int_equal(g[2].channels, 3);
    assert_int_equal(g[2].excludes, 3);
    assert_int_equal(g[0].excludes, 4);
    assert_int_equal(g[1].excludes, 4);
    support_free(s);
}

static void ultrasound_unit_is_described(void **state)
{
    (void)state;
    struct support *s = begin();
    struct modality_device units[2];
    describe(s, units);
    const struct modality_device *d = &units[1];
    assert_string_equal(d->id, "us1");
    assert_true(d->simulated);
    assert_int_equal(d->contact_monitored_from, 50000);
    assert_int_equal(d->contact_probe_power_uw, 0);
    const struct modality_channel *c = &d->channels[0];
    assert_int_equal(c->reference, REFERENCE_SATP);
    assert_int_equal(c->waveforms, 1u << WAVEFORM_us_continuous | 1u << WAVEFORM_us_pulsed);
    assert_true(c->level_measured);
    assert_int_equal(range_of(c, QUANTITY_intensity_satp_uw_cm2)->max, 3000000);
    assert_int_equal(range_of(c, QUANTITY_intensity_satp_uw_cm2)->resolution, 1000);
    assert_false(range_of(c, QUANTITY_power_uw)->settable);
    assert_int_equal(range_of(c, QUANTITY_power_uw)->max, 15000000);
    assert_int_equal(range_of(c, QUANTITY_power_uw)->resolution, 1);
    support_free(s);
}

/* Whatever stands in the folder: a map is named after its file. */
static void every_map_that_is_shipped_is_described(void **state)
{
    (void)state;
    static const char *const folders[] = {CONFIG_DIR "/maps", MAPS_FOR_TESTS_DIR};
    unsigned seen[2] = {0};
    for (int f = 0; f < 2; f++) {
        DIR *folder = opendir(folders[f]);
        assert_non_null(folder);
        for (const struct dirent *entry; (entry = readdir(folder));) {
            const char *dot = strrchr(entry->d_name, '.');
            if (!dot || strcmp(dot, ".ini") != 0)
                continue;
            char path[SUPPORT_TEXT_MAX], device[SUPPORT_TEXT_MAX];
            snprintf(path, sizeof path, "%s/%s", folders[f], entry->d_name);
            snprintf(device, sizeof device,
                     "[device d]\nplugin = modbus-map\nlink = tcp:127.0.0.1:1502\nmap = %.*s\nsimulated = yes\n",
                     (int)(dot - entry->d_name), entry->d_name);
            struct support *s = support_new();
            struct modality_device unit;
            size_t n = 0;
            support_add_text(s, "devices.ini", device);
            support_add_file(s, path);
            int r = support_plugin()->describe(&s->services, &s->config, &unit, 1, &n);
            for (size_t i = 0; i < s->n_faults; i++)
                print_error("%s\n", s->faults[i]);
            assert_int_equal(r, 0);
            seen[f]++;
            support_free(s);
        }
        closedir(folder);
    }
    assert_true(seen[0] >= 5 && seen[1] >= 2);
}

#define README_MAX 65536

/* The README whole; freed by the caller. */
static char *readme(void)
{
    char *text = calloc(1, README_MAX);
    FILE *f = fopen(README_PATH, "re");
    assert_true(text && f);
    size_t n = fread(text, 1, README_MAX - 1, f);
    assert_true(n > 0 && n < README_MAX - 1);
    fclose(f);
    return text;
}

static void readme_explains_every_key_and_names_every_waveform(void **state)
{
    (void)state;
    const struct modality_plugin *p = support_plugin();
    char *text = readme(), quoted[MODALITY_NAME_MAX + 4];
    for (size_t i = 0; i < p->n_keys; i++) {
        snprintf(quoted, sizeof quoted, "`%s`", p->keys[i].key);
        if (!strstr(text, quoted))
            fail_msg("README does not explain %s", quoted);
    }
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        snprintf(quoted, sizeof quoted, "`%s`", modality_waveform_id((enum modality_waveform)w));
        if (!strstr(text, quoted))
            fail_msg("README does not name %s", quoted);
    }
    free(text);
}

static void example_of_the_readme_is_accepted_with_its_map(void **state)
{
    (void)state;
    char *text = readme();
    char *begin_mark = strstr(text, "```ini\n");
    assert_non_null(begin_mark);
    char *end_mark = strstr(begin_mark + 7, "```");
    assert_non_null(end_mark);
    *end_mark = '\0';
    /* The clinic's own key, which the daemon requires and keeps to itself. */
    char *label = strstr(begin_mark, "\nlabel = ");
    assert_non_null(label);
    label[1] = '#';
    struct support *s = support_new();
    struct modality_device unit;
    size_t n;
    support_add_text(s, "README.md", begin_mark + 7);
    support_add_file(s, MAPS_FOR_TESTS_DIR "/tc-midi.ini");
    int r = support_plugin()->describe(&s->services, &s->config, &unit, 1, &n);
    for (size_t i = 0; i < s->n_faults; i++)
        print_error("%s\n", s->faults[i]);
    assert_int_equal(r, 0);
    assert_true(unit.rest_by_setpoint);
    assert_int_equal(unit.channels[0].rest_value, 20000);
    assert_int_equal(unit.slice_ms, 205);
    support_free(s);
    free(text);
}

static void every_key_has_a_meaning(void **state)
{
    (void)state;
    const struct modality_plugin *p = support_plugin();
    assert_int_equal(p->abi, MODALITY_PLUGIN_ABI);
    assert_int_equal(p->size, sizeof *p);
    assert_int_equal(p->device_size, sizeof(struct modality_device));
    assert_string_equal(p->name, "modbus-map");
    assert_true(p->n_keys > 50);
    for (size_t i = 0; i < p->n_keys; i++) {
        assert_true(strlen(p->keys[i].meaning) > 5);
        assert_non_null(p->keys[i].section);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stimulator_is_described),
        cmocka_unit_test(groups_that_share_a_channel_exclude_each_other),
        cmocka_unit_test(ultrasound_unit_is_described),
        cmocka_unit_test(every_map_that_is_shipped_is_described),
        cmocka_unit_test(every_key_has_a_meaning),
        cmocka_unit_test(readme_explains_every_key_and_names_every_waveform),
        cmocka_unit_test(example_of_the_readme_is_accepted_with_its_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
