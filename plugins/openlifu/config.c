/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/device_section.h"
#include "limit_table.h"
#include "modality/person.h"
#include "usb_match.h"

/*
 * Times of one call. Answers come within a few ms but for the switching of the high voltage, which no call waits for.
 * A stop is three questions to the console behind one to the transmitter, each of which may go unanswered.
 */
#define SLICE_MS 150
#define STOP_MS (2 * SLICE_MS)
#define CYCLE_MS 25
#define RATE_MAX_MILLIHZ 10000000
#define WIDTH_MAX_US 10000

const struct modality_config_key lifu_keys[LIFU_KEY_COUNT] = {
#define KEY(id, key, required, meaning) {"device", key, meaning, required},
    LIFU_KEYS(KEY)
#undef KEY
};

static const uint32_t required_keys = 0
#define KEY(id, key, required, meaning) | (uint32_t)(required) << LIFU_KEY_##id
    LIFU_KEYS(KEY)
#undef KEY
    ;

/* ---- reading ---- */

static const char *value_of(const struct device_section *s, enum lifu_key key)
{
    return s->line[key] ? s->line[key]->value : NULL;
}

static void read_plugin(struct device_section *s)
{
    const char *text = value_of(s, LIFU_KEY_PLUGIN);
    if (text && strcmp(text, "openlifu") != 0)
        device_section_fault(s, LIFU_KEY_PLUGIN, "device %s: plugin %s is not openlifu", s->id, text);
}

static bool is_product(const struct usb_name *name, uint16_t product)
{
    return name->vendor == LIFU_USB_VENDOR && name->product == product;
}

static void read_link(struct device_section *s, struct lifu_config *c)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *text = value_of(s, LIFU_KEY_LINK), *fault = "";
    size_t n = 0;
    if (!text)
        return;
    if (usb_link_parse(text, names, &n, &fault) < 0)
        device_section_fault(s, LIFU_KEY_LINK, "device %s: link %s %s", s->id, text, fault);
    else if (n != LIFU_SIDES || !is_product(&names[LIFU_CONSOLE], LIFU_USB_CONSOLE) ||
             !is_product(&names[LIFU_TRANSMITTER], LIFU_USB_TRANSMITTER))
        device_section_fault(s, LIFU_KEY_LINK,
                             "device %s: link %s does not name a console 0483:57a0 + a transmitter 0483:57af", s->id,
                             text);
    else
        memcpy(c->names, names, sizeof c->names);
}

static void read_serial(struct device_section *s, struct lifu_config *c)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = value_of(s, LIFU_KEY_SERIAL);
    if (!text)
        return;
    size_t n = strlen(text), half = LIFU_SERIAL_CHARS / 2;
    if (n != LIFU_SERIAL_CHARS || strspn(text, digits) != half || text[half] != '+' ||
        strspn(text + half + 1, digits) != half)
        device_section_fault(s, LIFU_KEY_SERIAL,
                             "device %s: serial %s is not 24 digits 0-9 a-f of the console, +, 24 of the transmitter",
                             s->id, text);
    else if (strncmp(text, text + half + 1, half) == 0)
        device_section_fault(s, LIFU_KEY_SERIAL,
                             "device %s: serial %s has one hardware id for both, which are two devices", s->id, text);
    else
        memcpy(c->serial, text, n + 1);
}

static void read_calibration(struct device_section *s, struct lifu_config *c)
{
    char why[LIFU_WHY_MAX] = "";
    const char *text = value_of(s, LIFU_KEY_CALIBRATION), *source = value_of(s, LIFU_KEY_SOURCE);
    if (text && lifu_calibration_read(s->services, text, &c->calibration, why) < 0)
        device_section_fault(s, LIFU_KEY_CALIBRATION, "device %s: calibration %s", s->id, why);
    if (source && !modality_is_person(source))
        device_section_fault(s, LIFU_KEY_SOURCE,
                             "device %s: calibration_source = %s: needs who measured it, when, and where it is written",
                             s->id, source);
}

static void read_pattern(struct device_section *s, struct lifu_config *c)
{
    const char *text = value_of(s, LIFU_KEY_PATTERN), *why = "";
    if (text && lifu_pattern_read(text, &c->pattern, &why) < 0)
        device_section_fault(s, LIFU_KEY_PATTERN, "device %s: pattern %s", s->id, why);
}

/* A number with its unit, within bounds. */
static int64_t read_value(struct device_section *s, enum lifu_key key, enum modality_quantity q, int64_t least,
                          int64_t most, int64_t absent)
{
    const char *text = value_of(s, key);
    int64_t value = 0;
    if (!text)
        return absent;
    if (s->services->value_parse(s->services->ctx, q, text, &value) == 0 && value >= least && value <= most)
        return value;
    device_section_fault(s, key, "device %s: %s %s is not what it can be: %s", s->id, lifu_keys[key].key, text,
                         lifu_keys[key].meaning);
    return absent;
}

static enum lifu_sensor read_sensor(struct device_section *s)
{
    const char *text = value_of(s, LIFU_KEY_SURFACE_SENSOR);
    if (!text)
        return LIFU_SENSOR_NONE;
    if (strcmp(text, "tx") == 0)
        return LIFU_SENSOR_TX;
    if (strcmp(text, "ambient") != 0)
        device_section_fault(s, LIFU_KEY_SURFACE_SENSOR, "device %s: surface_sensor %s is none of tx, ambient", s->id,
                             text);
    return LIFU_SENSOR_AMBIENT;
}

/* The fastest repetition at the largest duty, in whole steps. */
static int64_t rate_max(const struct lifu_config *c)
{
    if (c->burst_width_us < 1)
        return 0;
    int64_t rate = c->duty_max_permille * INT64_C(1000000) / c->burst_width_us;
    rate = rate > RATE_MAX_MILLIHZ ? RATE_MAX_MILLIHZ : rate;
    return rate - rate % LIFU_RATE_STEP_MILLIHZ;
}

/* Whatever can be set together must be within the maker's table, so that no treatment is refused half-way. */
static void check_together(struct device_section *s, const struct lifu_config *c)
{
    int64_t limit = 0, most = c->calibration.millivolts[c->calibration.n - 1];
    char reached[LIFU_NUMBER_MAX], allowed[LIFU_NUMBER_MAX], duty[LIFU_NUMBER_MAX], duration[LIFU_NUMBER_MAX];
    if (lifu_limit_mv(c->duty_max_permille, c->duration_max_ms, &limit) < 0 || most > limit)
        device_section_fault(s, LIFU_KEY_CALIBRATION,
                             "device %s: calibration reaches %s V; the device may be given %s V at most at a duty of "
                             "%s %% for %s s (duty_max, duration_max)",
                             s->id, lifu_thousandths(most, reached), lifu_thousandths(limit, allowed),
                             lifu_thousandths(c->duty_max_permille * 100, duty),
                             lifu_thousandths(c->duration_max_ms, duration));
    if (rate_max(c) < LIFU_RATE_STEP_MILLIHZ)
        device_section_fault(s, LIFU_KEY_BURST_WIDTH,
                             "device %s: bursts of %lld us stay within a duty of %s %% at no rate of 10 Hz or more",
                             s->id, (long long)c->burst_width_us, lifu_thousandths(c->duty_max_permille * 100, duty));
}

int lifu_config_read(const struct modality_services *services, const struct modality_config *lines,
                     struct lifu_config *out)
{
    struct device_section s;
    struct lifu_config c = {0};
    device_section_read(&s, services, lines, lifu_keys, LIFU_KEY_COUNT, required_keys);
    read_plugin(&s);
    read_link(&s, &c);
    read_serial(&s, &c);
    read_calibration(&s, &c);
    read_pattern(&s, &c);
    c.frequency_khz = read_value(&s, LIFU_KEY_FREQUENCY, QUANTITY_us_frequency_khz, 1, 10000, 0);
    c.burst_width_us = read_value(&s, LIFU_KEY_BURST_WIDTH, QUANTITY_burst_width_us, 1, WIDTH_MAX_US, 0);
    c.duty_max_permille =
        read_value(&s, LIFU_KEY_DUTY_MAX, QUANTITY_duty_permille, 1, LIFU_DUTY_MAX_PERMILLE, LIFU_DUTY_MAX_PERMILLE);
    c.duration_max_ms = read_value(&s, LIFU_KEY_DURATION_MAX, QUANTITY_duration_ms, LIFU_TRAIN_MS, LIFU_DURATION_MAX_MS,
                                   LIFU_DURATION_MAX_MS);
    c.duration_max_ms -= c.duration_max_ms % LIFU_TRAIN_MS;
    c.surface_sensor = read_sensor(&s);
    c.simulated = device_section_yes(&s, LIFU_KEY_SIMULATED);
    if (s.n_faults == 0)
        check_together(&s, &c);
    if (s.n_faults > 0)
        return -EINVAL;
    memcpy(c.id, s.id, sizeof c.id);
    *out = c;
    return 0;
}

/* ---- describing ---- */

static void add_range(struct modality_channel *c, enum modality_quantity q, int64_t min, int64_t max,
                      int64_t resolution)
{
    c->ranges[c->n_ranges++] = (struct modality_range){.quantity = q,
                                                       .min = min,
                                                       .max = max,
                                                       .resolution = resolution,
                                                       .settable = true,
                                                       .only_at_rest = true}; /* a voltage waits for the next on */
}

static void describe_channel(const struct lifu_config *config, struct modality_channel *out)
{
    const struct lifu_calibration *cal = &config->calibration;
    snprintf(out->id, sizeof out->id, "beam");
    out->modality = MODALITY_ULTRASOUND;
    out->waveforms = 1u << WAVEFORM_us_pulsed;
    out->level = QUANTITY_intensity_satp_uw_cm2;
    out->reference = REFERENCE_SATP;
    out->level_measured = false; /* it measures its voltage, and nothing of what the transducer makes of it */
    add_range(out, QUANTITY_intensity_satp_uw_cm2, 0, cal->step_uw_cm2 * (int64_t)cal->n, cal->step_uw_cm2);
    add_range(out, QUANTITY_duty_permille, 1, config->duty_max_permille, 1);
    add_range(out, QUANTITY_pulse_repetition_millihz, LIFU_RATE_STEP_MILLIHZ, rate_max(config), LIFU_RATE_STEP_MILLIHZ);
    add_range(out, QUANTITY_burst_width_us, config->burst_width_us, config->burst_width_us, 1);
    add_range(out, QUANTITY_us_frequency_khz, config->frequency_khz, config->frequency_khz, 1);
    add_range(out, QUANTITY_duration_ms, LIFU_TRAIN_MS, config->duration_max_ms, LIFU_TRAIN_MS);
    if (config->surface_sensor != LIFU_SENSOR_NONE)
        out->ranges[out->n_ranges++] = (struct modality_range){.quantity = QUANTITY_applicator_temperature_millic,
                                                               .min = -40000,
                                                               .max = 150000,
                                                               .resolution = 1,
                                                               .readable = true};
}

const char *lifu_config_hardware_id(const struct lifu_config *config, enum lifu_side side)
{
    return config->serial + (side == LIFU_CONSOLE ? 0 : LIFU_HARDWARE_ID_CHARS + 1);
}

void lifu_config_describe(const struct lifu_config *config, struct modality_device *out)
{
    *out = (struct modality_device){
        .simulated = config->simulated,
        .on_link_loss = LINK_LOSS_CONTINUES, /* neither firmware watches its host; a sequence ends by itself */
        .watchdog_ms = 0,
        .slice_ms = SLICE_MS,
        .stop_ms = STOP_MS,
        .cycle_ms = CYCLE_MS,
        .settle_ms = LIFU_SWITCH_MS + 500,
        .start_ms = LIFU_SWITCH_MS,
        .n_channels = 1,
        .n_groups = 1,
        .groups = {{.id = "beam", .channels = 1}},
    };
    memcpy(out->id, config->id, sizeof out->id);
    describe_channel(config, &out->channels[0]);
}
