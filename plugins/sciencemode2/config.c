/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/device_section.h"
#include "judge.h"
#include "usb_match.h"

/* Times of one call. Two answers at most are waited for: a list and its pulses, or a stop that Init came in between. */
#define SLICE_MS (2 * SM2_ANSWER_MS + 10)
#define STOP_MS (2 * SM2_ANSWER_MS)
#define CYCLE_MS 40  /* two answers; 20 ms is what the document promises of one on average */
#define SETTLE_MS 50 /* a status or two, until an accepted start must show */

#define GAP_US 100 /* between the phases of every pulse */

const struct modality_config_key sm2_keys[SM2_KEY_COUNT] = {
#define KEY(id, key, required, meaning) {"device", key, meaning, required},
    SM2_KEYS(KEY)
#undef KEY
};

static const uint32_t required_keys = 0
#define KEY(id, key, required, meaning) | (uint32_t)(required) << SM2_KEY_##id
    SM2_KEYS(KEY)
#undef KEY
    ;

/* ---- reading ---- */

static void read_plugin(struct device_section *s)
{
    const struct modality_line *line = s->line[SM2_KEY_PLUGIN];
    if (line && strcmp(line->value, "sciencemode2") != 0)
        device_section_fault(s, SM2_KEY_PLUGIN, "device %s: plugin %s is not sciencemode2", s->id, line->value);
}

static void read_usb(struct device_section *s, const char *text, struct sm2_config *c)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault = "";
    size_t n = 0;
    if (usb_link_parse(text, names, &n, &fault) < 0)
        device_section_fault(s, SM2_KEY_LINK, "device %s: link %s %s", s->id, text, fault);
    else if (n != 1)
        device_section_fault(s, SM2_KEY_LINK, "device %s: link %s names %zu devices, this plugin has one", s->id, text,
                             n);
    else if (names[0].vendor == SM2_USB_STRANGER)
        device_section_fault(s, SM2_KEY_LINK, "device %s: link %s has ids of ST; the device has a chip of FTDI's",
                             s->id, text);
    else
        c->name = names[0];
    c->usb = true;
}

static void read_link(struct device_section *s, struct sm2_config *c)
{
    static const char serial[] = "serial:";
    const struct modality_line *line = s->line[SM2_KEY_LINK];
    if (!line)
        return;
    if (strncmp(line->value, "usb:", 4) == 0) {
        read_usb(s, line->value, c);
        return;
    }
    const char *path = line->value + strlen(serial);
    if (strncmp(line->value, serial, strlen(serial)) != 0 || path[0] != '/')
        device_section_fault(s, SM2_KEY_LINK, "device %s: link %s is neither usb: nor serial:/dev/PATH", s->id,
                             line->value);
    else if (strlen(path) >= sizeof c->path)
        device_section_fault(s, SM2_KEY_LINK, "device %s: the path of its link is longer than %zu bytes", s->id,
                             sizeof c->path - 1);
    else
        snprintf(c->path, sizeof c->path, "%s", path);
}

static void add_group(struct sm2_config *c, const char *id, size_t length, uint32_t channels)
{
    struct sm2_group *g = &c->groups[c->n_groups++];
    snprintf(g->id, sizeof g->id, "%.*s", (int)length, id);
    g->channels = channels;
}

/* "ch1_ch3": its channels, rising; 0 if it is none. */
static uint32_t channels_of(const char *word, size_t length)
{
    uint32_t channels = 0;
    for (size_t at = 0; at < length; at += 4) {
        const char *w = word + at;
        bool whole = length - at >= 3 && w[0] == 'c' && w[1] == 'h' && w[2] >= '1' && w[2] < '1' + SM2_CHANNELS;
        bool ends = length - at == 3 || (length - at > 4 && w[3] == '_');
        if (!whole || !ends || channels >> (w[2] - '1') != 0)
            return 0;
        channels |= UINT32_C(1) << (w[2] - '1');
    }
    return channels;
}

static bool has_group(const struct sm2_config *c, uint32_t channels)
{
    for (size_t g = 0; g < c->n_groups; g++)
        if (c->groups[g].channels == channels)
            return true;
    return false;
}

static void read_groups(struct device_section *s, struct sm2_config *c)
{
    const struct modality_line *line = s->line[SM2_KEY_GROUPS];
    const char *at = line ? line->value : "";
    for (at += strspn(at, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        size_t length = strcspn(at, " \t");
        uint32_t channels = channels_of(at, length);
        if (channels == 0)
            device_section_fault(s, SM2_KEY_GROUPS, "device %s: groups: %.*s is no set of channels such as ch1_ch2",
                                 s->id, (int)length, at);
        else if (has_group(c, channels))
            device_section_fault(s, SM2_KEY_GROUPS, "device %s: groups: %.*s is there already", s->id, (int)length, at);
        else if (c->n_groups == MODALITY_GROUPS_MAX)
            device_section_fault(s, SM2_KEY_GROUPS,
                                 "device %s: groups: there is no room for %.*s, %d sets can be named", s->id,
                                 (int)length, at, MODALITY_GROUPS_MAX - SM2_CHANNELS - 1);
        else
            add_group(c, at, length, channels);
        at += length;
    }
}

/* Each channel by itself, and all of them. */
static void usual_groups(struct sm2_config *c)
{
    char id[8];
    for (unsigned channel = 0; channel < SM2_CHANNELS; channel++) {
        snprintf(id, sizeof id, "ch%u", channel + 1);
        add_group(c, id, strlen(id), UINT32_C(1) << channel);
    }
    add_group(c, "all", 3, (UINT32_C(1) << SM2_CHANNELS) - 1);
}

int sm2_config_read(const struct modality_services *services, const struct modality_config *lines,
                    struct sm2_config *out)
{
    struct device_section s;
    struct sm2_config c = {0};
    device_section_read(&s, services, lines, sm2_keys, SM2_KEY_COUNT, required_keys);
    read_plugin(&s);
    read_link(&s, &c);
    usual_groups(&c);
    read_groups(&s, &c);
    c.simulated = device_section_yes(&s, SM2_KEY_SIMULATED);
    if (s.n_faults > 0)
        return -EINVAL;
    memcpy(c.id, s.id, sizeof c.id);
    *out = c;
    return 0;
}

/* ---- describing ---- */

static void describe_channel(unsigned index, struct modality_channel *out)
{
    static const struct modality_range ranges[] = {
        {QUANTITY_amplitude_ua, 0, WANTED_AMPLITUDE_MAX_UA, WANTED_STEP_UA, .settable = true},
        {QUANTITY_phase_width_us, SM2_WIDTH_MIN, SM2_WIDTH_MAX, 1, .settable = true},
        {QUANTITY_pulse_rate_millihz, WANTED_RATE_MIN_MILLIHZ, WANTED_RATE_MAX_MILLIHZ, 1, .settable = true,
         .only_at_rest = true,
         .period_step_us = WANTED_PERIOD_STEP_US}, /* it is the list's, and a list is set before a start */
        {QUANTITY_interphase_us, GAP_US, GAP_US, 1, .settable = false},
    };
    snprintf(out->id, sizeof out->id, "ch%u", index + 1);
    out->modality = MODALITY_ESTIM;
    out->waveforms = 1u << WAVEFORM_biphasic_symmetric;
    out->level = QUANTITY_amplitude_ua;
    out->reference = REFERENCE_PEAK;
    out->level_measured = false; /* it reports that it stimulates, never with how much */
    out->n_ranges = sizeof ranges / sizeof *ranges;
    memcpy(out->ranges, ranges, sizeof ranges);
}

void sm2_config_describe(const struct sm2_config *config, struct modality_device *out)
{
    *out = (struct modality_device){
        .simulated = config->simulated,
        .on_link_loss = LINK_LOSS_STOPS, /* by its watchdog: it has power of its own */
        .watchdog_ms = SM2_WATCHDOG_MS,
        .after_watchdog = AFTER_WATCHDOG_STAYS_OFF, /* its modes are reset, and it wants a new handshake */
        .contact_monitored = true,
        .contact_monitored_from = SM2_CONTACT_FROM_UA,
        .after_contact_return = CONTACT_RETURN_STAYS_OFF,
        .patient_stop = true,
        .nameless = true, /* a USB serial number is its serial chip's */
        .slice_ms = SLICE_MS,
        .stop_ms = STOP_MS,
        .cycle_ms = CYCLE_MS,
        .settle_ms = SETTLE_MS,
        .n_channels = SM2_CHANNELS,
        .n_groups = config->n_groups,
    };
    /* One list and one stop for all: whoever has any of the groups has the whole device. */
    for (size_t g = 0; g < config->n_groups; g++) {
        memcpy(out->groups[g].id, config->groups[g].id, sizeof out->groups[g].id);
        out->groups[g].channels = config->groups[g].channels;
        out->groups[g].excludes = ((UINT32_C(1) << config->n_groups) - 1) & ~(UINT32_C(1) << g);
    }
    memcpy(out->id, config->id, sizeof out->id);
    for (unsigned c = 0; c < SM2_CHANNELS; c++)
        describe_channel(c, &out->channels[c]);
}
