/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads, probes and devices with the days on which they are due. What is overdue on the day of the page is marked.
 */
#include <stdio.h>

#include "page.h"

static void page_due(bool known, int64_t day)
{
    const bool overdue = known && day < typed_today();
    printf("<td%s>", overdue ? " class=\"no\"" : "");
    if (known)
        page_day(day);
    printf("%s</td>", overdue ? " overdue" : "");
}

static void page_figure(const char *name, enum modality_quantity q, int64_t value)
{
    if (value <= 0)
        return;
    printf("<div>%s ", name);
    page_value(q, value);
    fputs("</div>", stdout);
}

static void page_applicator(const struct applicator *a)
{
    page_row("applicator", a->id, NULL);
    page_cell(a->id);
    page_cell(a->kind);
    page_cell(a->serial);
    page_cell(modality_id(a->modality));
    fputs("<td>", stdout);
    page_figure("ERA", QUANTITY_era_mm2, a->era_mm2);
    page_figure("BNR", QUANTITY_bnr_permille, a->bnr_permille);
    page_figure("at most", QUANTITY_applicator_temperature_millic, a->max_temperature_millic);
    for (size_t i = 0; i < a->n_frequencies; i++)
        page_figure("works at", QUANTITY_us_frequency_khz, a->frequencies_khz[i]);
    page_figure("wavelength", QUANTITY_wavelength_nm, a->wavelength_nm);
    page_figure("spot", QUANTITY_spot_area_mm2, a->spot_area_mm2);
    fputs("</td>", stdout);
    page_due(true, a->calibration_due_day);
    page_cell(a->device);
    page_cell(a->origin);
    page_row_end();
}

static void page_device(const struct config_device *d)
{
    page_row("device", d->id, NULL);
    page_cell(d->id);
    page_cell(d->label);
    page_cell(d->location);
    page_due(d->has_calibration_due, d->calibration_due_day);
    page_due(d->has_safety_test_due, d->safety_test_due_day);
    fputs("<td>", stdout);
    for (unsigned q = quantity_next(&d->reported, 0); q < QUANTITY_COUNT; q = quantity_next(&d->reported, q + 1)) {
        printf("<div>%s ", modality_quantity_info((enum modality_quantity)q)->id);
        page_value((enum modality_quantity)q, d->reported.value[q]);
        fputs("</div>", stdout);
    }
    printf("%s</td>", d->indicator == INDICATOR_NO ? "<div>no output indicator</div>" : "");
    page_cell(d->origin);
    page_row_end();
}

void page_equipment(const struct config *config)
{
    static const char *const heads[] = {"id",     "kind",  "serial", "modality", "figures", "calibration due",
                                        "device", "place", NULL};
    static const char *const devices[] = {"id",       "label", "location", "calibration due", "safety test due",
                                          "reported", "place", NULL};
    page_table("Heads and probes", "A head or probe that is overdue is refused.", heads);
    for (size_t i = 0; i < config->dose.n_applicators; i++)
        page_applicator(&config->dose.applicators[i]);
    page_table_end();
    page_table("Devices", "A device whose calibration or safety test is overdue is refused.", devices);
    for (size_t i = 0; i < config->n_devices; i++)
        page_device(&config->devices[i]);
    page_table_end();
}
