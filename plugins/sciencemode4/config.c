/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/device_section.h"
#include "judge.h"
#include "usb_match.h"

/*
 * Times of one call. Switching the high voltage takes about 40 ms (RehaMove3 protocol 3.2.4, chapter 4), everything
 * else a few; the slice leaves room for both and for one step of a stop that is not answered.
 */
#define SLICE_MS 150
#define STOP_MS (2 * SLICE_MS)
#define CYCLE_MS 15
#define SETTLE_MS 50
/* Coarser steps of the current than 10 mA would serve nobody: shares are multiples of a twentieth. */
#define SECOND_PHASE_STEP_PERMILLE 50

const struct modality_config_key sm4_keys[SM4_KEY_COUNT] = {
#define KEY(id, key, required, meaning) {"device", key, meaning, required},
    SM4_KEYS(KEY)
#undef KEY
};

static const uint32_t required_keys = 0
#define KEY(id, key, required, meaning) | (uint32_t)(required) << SM4_KEY_##id
    SM4_KEYS(KEY)
#undef KEY
    ;

/* ---- reading ---- */

static const char *value_of(const struct device_section *s, enum sm4_key key)
{
    return s->line[key] ? s->line[key]->value : NULL;
}

static void read_plugin(struct device_section *s)
{
    const char *text = value_of(s, SM4_KEY_PLUGIN);
    if (text && strcmp(text, "sciencemode4") != 0)
        device_section_fault(s, SM4_KEY_PLUGIN, "device %s: plugin %s is not sciencemode4", s->id, text);
}

static bool is_ours(const struct usb_name *name)
{
    bool ours = false;
#define MATCH(v, p, what, shared) ours |= name->vendor == (v) && name->product == (p);
    SM4_USB_MATCHES(MATCH)
#undef MATCH
    return ours;
}

static void read_link(struct device_section *s, struct sm4_config *c)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *text = value_of(s, SM4_KEY_LINK), *fault = "";
    size_t n = 0;
    if (!text)
        return;
    if (usb_link_parse(text, names, &n, &fault) < 0)
        device_section_fault(s, SM4_KEY_LINK, "device %s: link %s %s", s->id, text, fault);
    else if (n != 1)
        device_section_fault(s, SM4_KEY_LINK, "device %s: link %s names %zu devices, this plugin has one", s->id, text,
                             n);
    else if (!is_ours(&names[0]))
        device_section_fault(s, SM4_KEY_LINK, "device %s: link %s is no device of this plugin, which are usb:0483:5740",
                             s->id, text);
    else
        c->name = names[0];
}

static void read_serial(struct device_section *s, struct sm4_config *c)
{
    const char *text = value_of(s, SM4_KEY_SERIAL);
    if (!text)
        return;
    if (strlen(text) != SM4_ID_CHARS)
        device_section_fault(s, SM4_KEY_SERIAL, "device %s: serial %s is not the %d characters that it reports", s->id,
                             text, SM4_ID_CHARS);
    else
        snprintf(c->serial, sizeof c->serial, "%s", text);
}

static void read_second_phase(struct device_section *s, struct sm4_config *c)
{
    const char *text = value_of(s, SM4_KEY_SECOND_PHASE);
    int64_t permille = 0;
    if (!text)
        return;
    int r = s->services->value_parse(s->services->ctx, QUANTITY_amplitude2_permille, text, &permille);
    if (r < 0 || permille < SECOND_PHASE_STEP_PERMILLE || permille > 1000 || permille % SECOND_PHASE_STEP_PERMILLE != 0)
        device_section_fault(s, SM4_KEY_SECOND_PHASE,
                             "device %s: second_phase %s is not 5 %% to 100 %% in steps of 5 %%", s->id, text);
    else
        c->second_phase_permille = permille;
}

/* "1+2+3": the channels, or 0 if it is none of two or more different ones. */
static unsigned set_of(const char *text, size_t n)
{
    unsigned set = 0;
    for (size_t i = 0; i < n; i += 2) {
        unsigned bit = text[i] >= '1' && text[i] <= '8' ? 1u << (text[i] - '1') : 0;
        if (bit == 0 || (set & bit) || (i + 1 < n && text[i + 1] != '+'))
            return 0;
        set |= bit;
    }
    return n >= 3 && n % 2 == 1 ? set : 0;
}

static bool is_known(const struct sm4_config *c, unsigned set)
{
    for (size_t i = 0; i < c->n_sets; i++)
        if (c->sets[i] == set)
            return true;
    return false;
}

static void read_groups(struct device_section *s, struct sm4_config *c)
{
    const char *text = value_of(s, SM4_KEY_GROUPS);
    for (const char *at = text ? text : "1+2 3+4 5+6 7+8"; *at != '\0';) {
        size_t n = strcspn(at, " ");
        unsigned set = set_of(at, n);
        if (set == 0 || is_known(c, set) || c->n_sets == SM4_SETS_MAX) {
            device_section_fault(s, SM4_KEY_GROUPS, "device %s: groups %s is not up to %d different sets such as 1+2",
                                 s->id, text, SM4_SETS_MAX);
            return;
        }
        c->sets[c->n_sets++] = set;
        at += n + strspn(at + n, " ");
    }
}

int sm4_config_read(const struct modality_services *services, const struct modality_config *lines,
                    struct sm4_config *out)
{
    struct device_section s;
    struct sm4_config c = {0};
    device_section_read(&s, services, lines, sm4_keys, SM4_KEY_COUNT, required_keys);
    read_plugin(&s);
    read_link(&s, &c);
    read_serial(&s, &c);
    read_groups(&s, &c);
    read_second_phase(&s, &c);
    c.simulated = device_section_yes(&s, SM4_KEY_SIMULATED);
    if (s.n_faults > 0)
        return -EINVAL;
    memcpy(c.id, s.id, sizeof c.id);
    *out = c;
    return 0;
}

/* ---- describing ---- */

static void describe_range(const struct sm4_config *config, const struct sm4_quantity *q, struct modality_range *out)
{
    int64_t share = config->second_phase_permille;
    *out = (struct modality_range){
        .quantity = q->quantity, .min = q->min, .max = q->max, .resolution = q->resolution, .settable = true};
    if (q->quantity == QUANTITY_pulse_rate_millihz)
        out->period_step_us = PULSE_PERIOD_STEP_US;
    if (q->quantity == QUANTITY_waveform_class && share == 0)
        out->max = WAVEFORM_biphasic_symmetric;
    if (q->quantity == QUANTITY_amplitude2_permille)
        out->min = out->max = share;
    if (q->quantity == QUANTITY_amplitude_ua && share != 0) {
        out->resolution = pulse_step_ua(share);
        out->max -= out->max % out->resolution;
    }
}

static void describe_channel(const struct sm4_config *config, unsigned index, struct modality_channel *out)
{
    bool asymmetric = config->second_phase_permille != 0;
    snprintf(out->id, sizeof out->id, "ch%u", index + 1);
    out->modality = MODALITY_ESTIM;
    out->waveforms = 1u << WAVEFORM_biphasic_symmetric | (unsigned)asymmetric << WAVEFORM_biphasic_asymmetric;
    out->level = QUANTITY_amplitude_ua;
    out->reference = REFERENCE_PEAK;
    out->level_measured = false; /* it reports what is on, never how much */
    for (size_t i = 0; i < SM4_QUANTITIES; i++)
        if (asymmetric || !sm4_quantities[i].asymmetric)
            describe_range(config, &sm4_quantities[i], &out->ranges[out->n_ranges++]);
}

/* "ch1", "ch1-2". */
static void describe_group(unsigned channels, struct modality_group *out)
{
    size_t used = 0;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (channels & (1u << c))
            used += (size_t)snprintf(out->id + used, sizeof out->id - used, used ? "-%u" : "ch%u", c + 1);
    out->channels = channels;
}

static void describe_groups(const struct sm4_config *config, struct modality_device *out)
{
    for (size_t c = 0; c < SM4_CHANNELS; c++)
        describe_group(1u << c, &out->groups[out->n_groups++]);
    for (size_t i = 0; i < config->n_sets; i++)
        describe_group(config->sets[i], &out->groups[out->n_groups++]);
    for (size_t a = 0; a < out->n_groups; a++)
        for (size_t b = 0; b < out->n_groups; b++)
            if (a != b && (out->groups[a].channels & out->groups[b].channels))
                out->groups[a].excludes |= 1u << b;
}

void sm4_config_describe(const struct sm4_config *config, struct modality_device *out)
{
    *out = (struct modality_device){
        .simulated = config->simulated,
        /* It has no battery, so a plug that is pulled ends its output; but a hub may go on feeding it. */
        .on_link_loss = LINK_LOSS_UNKNOWN,
        .watchdog_ms = SM4_WATCHDOG_NS / 1000000,
        .after_watchdog = AFTER_WATCHDOG_STAYS_OFF, /* until the next Ml_update (vendor's protocol pages) */
        .contact_monitored = true,
        .contact_monitored_from = SM4_CONTACT_FROM_UA,
        .after_contact_return = CONTACT_RETURN_UNKNOWN,
        .slice_ms = SLICE_MS,
        .stop_ms = STOP_MS,
        .cycle_ms = CYCLE_MS,
        .settle_ms = SETTLE_MS,
        .n_channels = SM4_CHANNELS,
    };
    memcpy(out->id, config->id, sizeof out->id);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        describe_channel(config, c, &out->channels[c]);
    describe_groups(config, out);
}
