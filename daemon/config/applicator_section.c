/* SPDX-License-Identifier: Apache-2.0 */
/* [applicator <id>]: what a calibration record says of one head; ultrasound without ERA and BNR cannot be dosed. */
#include <string.h>

#include "config/refer.h"

#define APPLICATORS_MAX 64 /* limits name them in a mask */

static void build_frequencies(struct load *load, const struct raw_section *s, struct applicator *a)
{
    const size_t room = sizeof(a->frequencies_khz) / sizeof(a->frequencies_khz[0]);
    const char *const *items;
    size_t n;
    struct place at;
    if (!field_list(load, s, "frequencies", &items, &n, &at))
        return;
    for (size_t i = 0; i < n; i++) {
        int64_t khz = 0;
        if (i == room || value_parse(QUANTITY_us_frequency_khz, items[i], &khz) < 0 || khz <= 0) {
            fault_add(&load->faults, at, "frequencies: \"%s\" is not one of up to %zu frequencies with a unit",
                      items[i], room);
            return;
        }
        a->frequencies_khz[a->n_frequencies++] = khz;
    }
}

static void need(struct load *load, const struct raw_section *s, const char *key)
{
    if (section_line(s, key) == NULL)
        fault_add(&load->faults, s->at, "[%s] needs the key \"%s\"", s->title, key);
}

/* A figure of the other kind: one of the two, the kind or the figure, is a slip. */
static void refuse_foreign(struct load *load, const struct raw_section *s, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct raw_line *line = section_line(s, keys[i]);
        if (line != NULL)
            fault_add(&load->faults, line->at, "%s: is not a figure of the modality %s", line->key,
                      section_line(s, "modality")->value);
    }
}

static void check_figures(struct load *load, const struct raw_section *s, enum modality modality)
{
    static const char *const ultrasound[] = {"era_mm2", "bnr_permille", "max_temperature_millic", "frequencies"};
    static const char *const laser[] = {"spot_area_mm2", "wavelength_nm"};
    const size_t n_ultrasound = sizeof(ultrasound) / sizeof(ultrasound[0]), n_laser = sizeof(laser) / sizeof(laser[0]);
    const bool sound = modality == MODALITY_ULTRASOUND;
    for (size_t i = 0; i < (sound ? n_ultrasound : n_laser); i++)
        need(load, s, sound ? ultrasound[i] : laser[i]);
    refuse_foreign(load, s, sound ? laser : ultrasound, sound ? n_laser : n_ultrasound);
}

static void build_device_name(struct load *load, const struct raw_section *s, struct applicator *a)
{
    const struct raw_section *device;
    size_t next = 0;
    if (!field_text(load, s, "device", &a->device))
        return;
    while ((device = section_next(load, SECTION_DEVICE, &next)) != NULL)
        if (strcmp(device->id, a->device) == 0)
            return;
    fault_add(&load->faults, section_line(s, "device")->at, "device: there is no device \"%s\"", a->device);
}

static void build_applicator(struct load *load, const struct raw_section *s, struct applicator *a)
{
    unsigned modality = 0;
    *a = (struct applicator){.id = s->id, .serial = "", .kind = "", .origin = s->at.origin};
    field_text(load, s, "serial", &a->serial);
    field_text(load, s, "kind", &a->kind);
    field_value(load, s, "era_mm2", QUANTITY_COUNT, &a->era_mm2);
    field_value(load, s, "bnr_permille", QUANTITY_COUNT, &a->bnr_permille);
    field_value(load, s, "max_temperature_millic", QUANTITY_COUNT, &a->max_temperature_millic);
    field_value(load, s, "spot_area_mm2", QUANTITY_COUNT, &a->spot_area_mm2);
    field_value(load, s, "wavelength_nm", QUANTITY_COUNT, &a->wavelength_nm);
    field_date(load, s, "calibration_due", &a->calibration_due_day);
    build_frequencies(load, s, a);
    build_device_name(load, s, a);
    if (!field_word(load, s, "modality", &modality))
        return;
    a->modality = modality == 0 ? MODALITY_ULTRASOUND : MODALITY_LASER;
    check_figures(load, s, a->modality);
}

void build_applicators(struct load *load)
{
    struct applicator *all = arena_array(load->arena, APPLICATORS_MAX, sizeof(*all));
    const struct raw_section *s;
    size_t next = 0, n = 0;
    if (all == NULL)
        return;
    while ((s = section_next(load, SECTION_APPLICATOR, &next)) != NULL) {
        if (n == APPLICATORS_MAX) {
            fault_add(&load->faults, s->at, "[%s]: there are more than %d applicators", s->title, APPLICATORS_MAX);
            break;
        }
        build_applicator(load, s, &all[n++]);
    }
    load->config->dose.applicators = all;
    load->config->dose.n_applicators = n;
}
