/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The [device] section through the plugin as it is loaded: what it makes of a right one, and that every fault is told
 * at its line. And that the README names every key.
 */
#include "plugin.h"

#include <errno.h>
#include <stdlib.h>

static const struct modality_plugin *plugin;

static int setup(void **state)
{
    static struct room r;
    room_begin(&r, "usb:0403:6001,serial=FT123");
    *state = &r;
    return 0;
}

static struct modality_device described(struct room *r)
{
    struct modality_device device;
    size_t n = 0;
    assert_int_equal(plugin->describe(&r->services, &r->config, &device, 1, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(r->n_faults, 0);
    return device;
}

static void refused(struct room *r, const char *fault)
{
    struct modality_device device;
    size_t n = 0;
    r->n_faults = 0;
    assert_int_equal(plugin->describe(&r->services, &r->config, &device, 1, &n), -EINVAL);
    assert_int_equal(r->n_faults, 1);
    assert_string_equal(r->fault, fault);
}

static void descriptor_is_what_the_host_expects(void **state)
{
    (void)state;
    assert_int_equal(plugin->abi, MODALITY_PLUGIN_ABI);
    assert_int_equal(plugin->size, sizeof *plugin);
    assert_int_equal(plugin->device_size, sizeof(struct modality_device));
    assert_int_equal(plugin->status_size, sizeof(struct modality_status));
    assert_string_equal(plugin->name, "sciencemode2");
    assert_int_equal(plugin->links, LINK_KIND_USB | LINK_KIND_SERIAL);
    assert_true(plugin->describe && plugin->open && plugin->identify && plugin->status && plugin->apply &&
                plugin->start && plugin->stop && plugin->make_safe && plugin->keepalive && plugin->reopen &&
                plugin->close);
    plugin->close(NULL);
}

static void device_is_described_as_it_is(void **state)
{
    struct modality_device d = described(*state);
    assert_string_equal(d.id, "reha");
    assert_false(d.simulated);
    assert_int_equal(d.on_link_loss, LINK_LOSS_STOPS);
    assert_int_equal(d.watchdog_ms, 1200);
    assert_int_equal(d.after_watchdog, AFTER_WATCHDOG_STAYS_OFF);
    assert_true(d.contact_monitored);
    assert_int_equal(d.contact_monitored_from, 1000);
    assert_int_equal(d.after_contact_return, CONTACT_RETURN_STAYS_OFF);
    assert_true(d.patient_stop);
    assert_false(d.stop_leaves_output || d.rest_by_setpoint);
    assert_int_equal(d.start_ms, 0);
    /* What the host's --check asks for: two cycles in a permit of 400 ms, three in a watchdog. */
    assert_true(d.slice_ms > 0 && d.stop_ms > 0 && d.cycle_ms * 2 <= 400 && d.cycle_ms * 3 <= d.watchdog_ms);
    assert_int_equal(d.n_channels, 8);
}

/* A stop ends everything, so whoever has one group has them all. */
static void groups_are_each_channel_all_and_what_is_named(void **state)
{
    struct room *r = *state;
    room_add(r, "groups", "ch1_ch2  ch3_ch4_ch8\tch2_ch3");
    struct modality_device d = described(r);
    assert_int_equal(d.n_groups, 12);
    for (size_t g = 0; g < 8; g++) {
        assert_string_equal(d.groups[g].id, d.channels[g].id);
        assert_int_equal(d.groups[g].channels, 1u << g);
    }
    assert_string_equal(d.groups[8].id, "all");
    assert_int_equal(d.groups[8].channels, 0xff);
    assert_string_equal(d.groups[9].id, "ch1_ch2");
    assert_int_equal(d.groups[9].channels, 0x03);
    assert_string_equal(d.groups[10].id, "ch3_ch4_ch8");
    assert_int_equal(d.groups[10].channels, 0x8c);
    assert_int_equal(d.groups[11].channels, 0x06);
    for (size_t g = 0; g < 12; g++)
        assert_int_equal(d.groups[g].excludes, 0xfffu & ~(1u << g));
    static const char *const wrong[] = {"ch1_",     "_ch1", "ch0_ch1", "ch1_ch9",  "ch2_ch1", "ch1_ch1",    "ch1+ch2",
                                        "ch1__ch2", "ch12", "Ch1_ch2", "ch1_ch2_", "all",     "ch1_ch2ch3", "ch1ch2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char fault[200];
        room_set(r, "groups", wrong[i]);
        snprintf(fault, sizeof fault, "devices.ini:4: device reha: groups: %s is no set of channels such as ch1_ch2",
                 wrong[i]);
        refused(r, fault);
    }
    static const char *const twice[] = {"ch1", "ch1_ch2_ch3_ch4_ch5_ch6_ch7_ch8"};
    for (size_t i = 0; i < sizeof twice / sizeof *twice; i++) {
        char fault[200];
        room_set(r, "groups", twice[i]);
        snprintf(fault, sizeof fault, "devices.ini:4: device reha: groups: %s is there already", twice[i]);
        refused(r, fault);
    }
    room_set(r, "groups", "ch1_ch2 ch1_ch3 ch1_ch4 ch1_ch5");
    refused(r, "devices.ini:4: device reha: groups: there is no room for ch1_ch5, 3 sets can be named");
}

static void channels_are_described_as_they_are(void **state)
{
    struct modality_device d = described(*state);
    static const struct modality_range want[] = {
        {QUANTITY_amplitude_ua, 0, 126000, 1000, .settable = true},
        {QUANTITY_phase_width_us, 20, 500, 1, .settable = true},
        {QUANTITY_pulse_rate_millihz, 976, 125000, 1, .settable = true, .only_at_rest = true, .period_step_us = 500},
        {QUANTITY_interphase_us, 100, 100, 1, .settable = false}};
    for (size_t c = 0; c < d.n_channels; c++) {
        const struct modality_channel *channel = &d.channels[c];
        char id[8];
        snprintf(id, sizeof id, "ch%zu", c + 1);
        assert_string_equal(channel->id, id);
        assert_int_equal(channel->modality, MODALITY_ESTIM);
        assert_int_equal(channel->waveforms, 1u << WAVEFORM_biphasic_symmetric);
        assert_int_equal(channel->level, QUANTITY_amplitude_ua);
        assert_int_equal(channel->rest_value, 0);
        assert_int_equal(channel->reference, REFERENCE_PEAK);
        assert_false(channel->level_measured);
        assert_int_equal(channel->n_ranges, sizeof want / sizeof *want);
        for (size_t i = 0; i < channel->n_ranges; i++) {
            assert_int_equal(channel->ranges[i].quantity, want[i].quantity);
            assert_int_equal(channel->ranges[i].min, want[i].min);
            assert_int_equal(channel->ranges[i].max, want[i].max);
            assert_int_equal(channel->ranges[i].resolution, want[i].resolution);
            assert_int_equal(channel->ranges[i].settable, want[i].settable);
            assert_int_equal(channel->ranges[i].only_at_rest, want[i].only_at_rest);
            assert_int_equal(channel->ranges[i].period_step_us, want[i].period_step_us);
            assert_false(channel->ranges[i].readable);
        }
    }
}

static void both_kinds_of_link_are_taken(void **state)
{
    struct room *r = *state;
    static const char *const links[] = {"usb:0403:6001,serial=FT123", "usb:0403:6015,port=1-2.3",
                                        "usb:abcd:0001,serial=A,port=1-1", "serial:/dev/serial/by-id/usb-FTDI-if00"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        room_set(r, "link", links[i]);
        (void)described(r);
    }
    room_add(r, "simulated", "yes");
    assert_true(described(r).simulated);
}

static void every_fault_is_told_at_its_line(void **state)
{
    struct room *r = *state;
    static char path[200] = "serial:/";
    room_set(r, "plugin", "sciencemode4");
    refused(r, "devices.ini:2: device reha: plugin sciencemode4 is not sciencemode2");
    room_set(r, "plugin", "sciencemode2");
    room_set(r, "link", "usb:0403:6001");
    refused(r, "devices.ini:3: device reha: link usb:0403:6001 needs ,serial= or ,port= as well: other products have "
               "the same ids");
    room_set(r, "link", "usb:0403:6001,serial=A+0403:6001,serial=B");
    refused(r,
            "devices.ini:3: device reha: link usb:0403:6001,serial=A+0403:6001,serial=B names 2 devices, this plugin "
            "has one");
    room_set(r, "link", "usb:0483:5740,serial=A");
    refused(r,
            "devices.ini:3: device reha: link usb:0483:5740,serial=A has ids of ST; the device has a chip of FTDI's");
    room_set(r, "link", "tcp:127.0.0.1:502");
    refused(r, "devices.ini:3: device reha: link tcp:127.0.0.1:502 is neither usb: nor serial:/dev/PATH");
    room_set(r, "link", "serial:ttyUSB0");
    refused(r, "devices.ini:3: device reha: link serial:ttyUSB0 is neither usb: nor serial:/dev/PATH");
    memset(path + 8, 'x', sizeof path - 9);
    room_set(r, "link", path);
    refused(r, "devices.ini:3: device reha: the path of its link is longer than 127 bytes");
    room_set(r, "link", "usb:0403:6001,port=1-2");
    room_add(r, "simulated", "perhaps");
    refused(r, "devices.ini:4: key simulated: perhaps is none of yes, no");
    room_set(r, "simulated", NULL);
    room_add(r, "map", "reha");
    refused(r, "devices.ini:4: key map is unknown in [device reha]");
    room_set(r, "map", NULL);
    room_set(r, "link", NULL);
    refused(r, "devices.ini:2: device reha has no key link");
}

static void readme_names_every_key(void **state)
{
    (void)state;
    static char text[65536];
    FILE *f = fopen(README_PATH, "re");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    for (size_t i = 0; i < plugin->n_keys; i++) {
        char row[80];
        snprintf(row, sizeof row, "| `%s` |", plugin->keys[i].key);
        if (!strstr(text, row))
            fail_msg("%s does not name the key %s", README_PATH, plugin->keys[i].key);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(descriptor_is_what_the_host_expects),
        T(device_is_described_as_it_is),
        T(groups_are_each_channel_all_and_what_is_named),
        T(channels_are_described_as_they_are),
        T(both_kinds_of_link_are_taken),
        T(every_fault_is_told_at_its_line),
        T(readme_names_every_key),
    };
    plugin = room_plugin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
