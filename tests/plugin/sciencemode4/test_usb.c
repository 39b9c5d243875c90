/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin as the host loads it, over libusb and usbfs as umockdev plays it, against simulated P24s: a treatment, a
 * plug that is pulled in it, the device that comes back, and several of them with the same ids.
 */
#include "sim_test.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "modality/plugin.h"

#define LONG_MS 20000
#define CALL_MS 150 /* where the deadline is what ends the call */
/* umockdev's share of a call on a loaded machine. */
#define SLACK_MS 1000

static const struct modality_plugin *plugin;
static struct modality_link *link_1;

/* ---- the host's side ---- */

__attribute__((format(printf, 3, 4))) static void take_log(void *ctx, enum modality_log_level level, const char *format,
                                                           ...)
{
    (void)ctx;
    if (!getenv("MODALITY_TEST_VERBOSE"))
        return;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%d ", level);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

__attribute__((format(printf, 3, 4))) static void take_fault(void *ctx, const char *origin, const char *format, ...)
{
    (void)ctx;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", origin);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static const struct modality_services services = {.size = sizeof services, .log = take_log, .config_error = take_fault};

static int64_t in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

static int open_at(unsigned port, const char *serial, struct modality_link **out)
{
    char where[40];
    snprintf(where, sizeof where, "usb:0483:5740,port=1-%u", port);
    const struct modality_line lines[] = {{"device p24", "plugin", "sciencemode4", "devices.ini:2"},
                                          {"device p24", "link", where, "devices.ini:3"},
                                          {"device p24", "serial", serial, "devices.ini:4"},
                                          {"device p24", "groups", "1+2+3+4+5+6+7+8", "devices.ini:5"}};
    const struct modality_config config = {.n_lines = 4, .lines = lines};
    return plugin->open(&services, &config, in_ms(LONG_MS), out);
}

static int identify(struct modality_link *link)
{
    struct modality_identity identity;
    return plugin->identify(link, 0, in_ms(LONG_MS), &identity);
}

static void set(struct modality_link *link, uint32_t channel, enum modality_quantity q, int64_t value)
{
    const struct modality_setting setting = {.channel = channel, .quantity = q, .value = value};
    assert_int_equal(plugin->apply(link, 0, &setting, in_ms(LONG_MS)), 0);
}

static const char *name_of(unsigned port)
{
    return port == 1 ? "p24" : "other";
}

static long long state(unsigned port, unsigned channel, const char *name)
{
    return sim_test_state(name_of(port), channel, name);
}

static void plug(unsigned port)
{
    sim_test_do("{\"device\":\"%s\",\"clear\":\"absent\"}", name_of(port));
}

static void unplug(unsigned port)
{
    sim_test_do("{\"device\":\"%s\",\"fault\":\"absent\"}", name_of(port));
}

static void drop(unsigned count)
{
    sim_test_do("{\"device\":\"p24\",\"fault\":\"drop\",\"count\":%u}", count);
}

/* The next request is answered by nothing, and 40 ms later its plug is out. */
static void unplug_in_40_ms(void)
{
    sim_test_do("{\"device\":\"p24\",\"fault\":\"delay\",\"ms\":40,\"count\":1}");
    sim_test_do("{\"device\":\"p24\",\"fault\":\"close\",\"count\":1}");
}

/* A session at 20 mA on ch3. */
static void run(struct modality_link *link)
{
    set(link, 2, QUANTITY_waveform_class, WAVEFORM_biphasic_symmetric);
    set(link, 2, QUANTITY_phase_width_us, 250);
    set(link, 2, QUANTITY_pulse_rate_millihz, 50000);
    set(link, 2, QUANTITY_amplitude_ua, 0);
    assert_int_equal(plugin->start(link, 0, 2, in_ms(LONG_MS)), 0);
    set(link, 2, QUANTITY_amplitude_ua, 20000);
    assert_int_equal(state(1, 3, "value"), 20000);
}

static void assert_at_rest(struct modality_link *link, unsigned port)
{
    struct modality_status s;
    assert_int_equal(plugin->status(link, 0, in_ms(LONG_MS), &s), 0);
    for (size_t c = 0; c < s.n_channels; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
        assert_int_equal(state(port, (unsigned)c + 1, "on"), 0);
    }
    assert_int_equal(state(port, 0, "voltage_on"), 0);
}

/* ---- fixture: one P24 in port 1, identified and made safe ---- */

static int setup(void **state)
{
    (void)state;
    plug(1);
    link_1 = NULL;
    assert_int_equal(open_at(1, "0000000011", &link_1), 0);
    assert_int_equal(identify(link_1), 0);
    assert_int_equal(plugin->make_safe(link_1, 0, in_ms(LONG_MS)), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    plugin->close(link_1);
    unplug(1);
    return 0;
}

/* ---- tests ---- */

static void a_treatment_over_usb(void **state_)
{
    (void)state_;
    struct modality_status s;
    assert_string_equal(sim_test_driver("p24", 0), "usbfs");
    assert_string_equal(sim_test_driver("p24", 1), "usbfs");
    assert_at_rest(link_1, 1);
    run(link_1);
    assert_int_equal(plugin->keepalive(link_1, 0, in_ms(LONG_MS)), 0);
    assert_int_equal(plugin->status(link_1, 0, in_ms(LONG_MS), &s), 0);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    assert_int_equal(s.channels[2].contact, CONTACT_GOOD);
    assert_int_equal(plugin->stop(link_1, 0, 2, in_ms(LONG_MS)), 0);
    assert_at_rest(link_1, 1);
    plugin->close(link_1);
    assert_string_equal(sim_test_driver("p24", 0), "cdc_acm");
    assert_int_equal(open_at(1, "0000000011", &link_1), 0);
}

static void all_channels_over_usb(void **state_)
{
    (void)state_;
    for (uint32_t c = 0; c < 8; c++) { /* the longest update there is: more than three packets */
        set(link_1, c, QUANTITY_waveform_class, WAVEFORM_biphasic_symmetric);
        set(link_1, c, QUANTITY_phase_width_us, 250);
        set(link_1, c, QUANTITY_interphase_us, 15);
        set(link_1, c, QUANTITY_pulse_rate_millihz, 40000);
        set(link_1, c, QUANTITY_amplitude_ua, 0);
    }
    assert_int_equal(plugin->start(link_1, 0, 8, in_ms(LONG_MS)), 0);
    for (uint32_t c = 0; c < 8; c++)
        set(link_1, c, QUANTITY_amplitude_ua, 1000 * (c + 1));
    for (unsigned c = 0; c < 8; c++)
        assert_int_equal(state(1, c + 1, "value"), 1000 * (c + 1));
    assert_int_equal(plugin->stop(link_1, 0, 8, in_ms(LONG_MS)), 0);
    assert_at_rest(link_1, 1);
}

static void pulled_plug_is_seen_at_once_and_comes_back_idle(void **state_)
{
    (void)state_;
    struct modality_status s;
    run(link_1);
    unplug(1);
    assert_int_equal(state(1, 3, "on"), 0); /* it lives on the bus's power */
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(plugin->status(link_1, 0, in_ms(LONG_MS), &s), -ENODEV);
    assert_int_equal(plugin->stop(link_1, 0, 2, in_ms(LONG_MS)), -ENODEV);
    assert_int_equal(plugin->make_safe(link_1, 0, in_ms(LONG_MS)), -ENODEV);
    assert_int_equal(plugin->reopen(link_1, in_ms(LONG_MS)), -ENODEV);
    assert_true(clock_monotonic_ns() - begun < (CALL_MS + SLACK_MS) * NS_PER_MS);
    struct modality_link *none = NULL;
    assert_int_equal(open_at(1, "0000000011", &none), -ENODEV);
    assert_null(none);
    plug(1);
    assert_int_equal(plugin->status(link_1, 0, in_ms(LONG_MS), &s), -EIO); /* the old link is not the new device */
    plugin->close(link_1);
    assert_int_equal(open_at(1, "0000000011", &link_1), 0);
    assert_int_equal(identify(link_1), 0);
    assert_at_rest(link_1, 1);
    assert_int_equal(plugin->start(link_1, 0, 2, in_ms(LONG_MS)), -EINVAL); /* nothing is resumed */
    run(link_1);
    assert_int_equal(plugin->stop(link_1, 0, 2, in_ms(LONG_MS)), 0);
}

static void plug_pulled_while_a_call_waits_ends_the_call(void **state_)
{
    (void)state_;
    struct modality_status s;
    run(link_1);
    unplug_in_40_ms();
    int64_t begun = clock_monotonic_ns();
    int r = plugin->status(link_1, 0, in_ms(LONG_MS), &s);
    int64_t took = clock_monotonic_ns() - begun;
    plug(1);
    assert_int_equal(r, -ENODEV);
    assert_true(took < (40 + SLACK_MS) * NS_PER_MS);
}

static void device_that_does_not_answer_is_usable_again(void **state_)
{
    (void)state_;
    struct modality_status s;
    run(link_1);
    drop(1);
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(plugin->status(link_1, 0, begun + CALL_MS * NS_PER_MS, &s), -ETIMEDOUT);
    assert_true(clock_monotonic_ns() - begun < (CALL_MS + SLACK_MS) * NS_PER_MS);
    assert_int_equal(plugin->status(link_1, 0, in_ms(LONG_MS), &s), -EIO);
    assert_int_equal(plugin->reopen(link_1, in_ms(LONG_MS)), 0);
    assert_int_equal(plugin->status(link_1, 0, in_ms(LONG_MS), &s), 0);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    drop(1000);
    assert_int_equal(plugin->stop(link_1, 0, 2, in_ms(CALL_MS)), -ETIMEDOUT);
    for (int64_t end = in_ms(SLACK_MS); state(1, 3, "on");) /* long before its watchdog */
        assert_true(clock_monotonic_ns() < end);
    sim_test_do("{\"device\":\"p24\",\"clear\":\"drop\"}");
    unplug(1);
    plug(1);
}

static void devices_with_the_same_ids_are_told_apart(void **state_)
{
    (void)state_;
    struct modality_link *link_4 = NULL;
    plug(4);
    assert_int_equal(open_at(4, "0000000011", &link_4), 0);
    assert_int_equal(identify(link_4), -ENODEV); /* it answers, and is another one */
    plugin->close(link_4);
    assert_int_equal(open_at(4, "0000000044", &link_4), 0);
    assert_int_equal(identify(link_4), 0);
    assert_int_equal(plugin->make_safe(link_4, 0, in_ms(LONG_MS)), 0);
    run(link_1);
    assert_at_rest(link_4, 4);
    unplug(4);
    plugin->close(link_4);
    assert_int_equal(state(1, 3, "value"), 20000);
    assert_int_equal(plugin->stop(link_1, 0, 2, in_ms(LONG_MS)), 0);
    assert_at_rest(link_1, 1);
}

static void one_device_has_one_owner(void **state_)
{
    (void)state_;
    struct modality_link *second = NULL;
    assert_int_equal(open_at(1, "0000000011", &second), -EBUSY);
    assert_null(second);
    assert_at_rest(link_1, 1);
}

static const struct modality_plugin *load(void)
{
    void *library = dlopen(PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
    const struct modality_plugin *(*entry)(void);
    void *symbol = library ? dlsym(library, MODALITY_PLUGIN_SYMBOL) : NULL;
    if (!symbol)
        return NULL;
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

int main(int argc, char **argv)
{
    static const char *const devices[] = {"p24=p24,usb=1-1,usb_serial=-,serial=11",
                                          "other=p24,usb=1-4,usb_serial=-,serial=44", NULL};
    (void)argc;
    sim_test_begin(argv, devices);
    plugin = load();
    if (!plugin)
        return sim_test_end(EXIT_FAILURE);
    unplug(4);
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_treatment_over_usb),
        T(all_channels_over_usb),
        T(pulled_plug_is_seen_at_once_and_comes_back_idle),
        T(plug_pulled_while_a_call_waits_ends_the_call),
        T(device_that_does_not_answer_is_usable_again),
        T(devices_with_the_same_ids_are_told_apart),
        T(one_device_has_one_owner),
    };
    return sim_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
