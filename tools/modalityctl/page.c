/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page: what a configuration allows, as one HTML page that a clinician can print, read and sign: every limit, protocol
 * and screening code with its source and whether anybody has verified it. Made from the files alone; the one it was
 * made from is named by its hash.
 */
#include <stdio.h>
#include <time.h>

#include "calculator.h"
#include "page.h"

static const char *const verified_words[] = {
    [VERIFIED_NO] = "not verified", [VERIFIED_YES] = "verified", [VERIFIED_CHOICE] = "choice"};

void page_text(const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", stdout);
            break;
        case '>':
            fputs("&gt;", stdout);
            break;
        case '&':
            fputs("&amp;", stdout);
            break;
        case '"':
            fputs("&quot;", stdout);
            break;
        default:
            putchar(*text);
        }
    }
}

void page_cell(const char *text)
{
    fputs("<td>", stdout);
    page_text(text);
    fputs("</td>", stdout);
}

void page_verified(enum limit_verified verified, bool accepted)
{
    printf("<td class=\"%s\">%s%s</td>", limit_verified_id(verified), verified_words[verified],
           accepted && verified == VERIFIED_NO ? ", accepted here" : "");
}

static void page_bounds(const struct limit *l)
{
    char text[VALUE_TEXT_MAX];
    fputs("<td>", stdout);
    if (l->has_min) {
        printf("at least ");
        page_text(value_format(l->quantity, l->min, text, sizeof text));
    }
    if (l->has_min && l->has_max)
        printf(", ");
    if (l->has_max) {
        printf("at most ");
        page_text(value_format(l->quantity, l->max, text, sizeof text));
    }
    if (!l->has_min && !l->has_max)
        printf("shown");
    fputs("</td>", stdout);
}

static bool listed;

static void list_item(const char *text)
{
    if (listed)
        printf(", ");
    page_text(text);
    listed = true;
}

/* "where: hip, groin" */
static void list_begin(const char *title)
{
    printf("<div>%s: ", title);
    listed = false;
}

static void list_end(void)
{
    fputs("</div>", stdout);
}

static void page_band(const struct limit_range *band)
{
    char text[VALUE_TEXT_MAX];
    printf("<div>%s", modality_quantity_info(band->quantity)->id);
    if (band->has_above) {
        printf(" above ");
        page_text(value_format(band->quantity, band->above, text, sizeof text));
    }
    if (band->has_upto) {
        printf(" up to ");
        page_text(value_format(band->quantity, band->upto, text, sizeof text));
    }
    list_end();
}

static void page_therapies(const char *title, uint32_t mask)
{
    if (mask == 0)
        return;
    list_begin(title);
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        if ((mask >> i) & 1u)
            list_item(modality_therapy_id((enum modality_therapy)i));
    }
    list_end();
}

/* Under which conditions the limit holds; an empty cell: always. */
static void page_when(const struct config *config, const struct limit_when *w)
{
    const struct screening *s = &config->dose.screening;
    fputs("<td>", stdout);
    if (w->waveforms != 0)
        list_begin("waveform");
    for (unsigned i = 0; i < WAVEFORM_COUNT; i++) {
        if ((w->waveforms >> i) & 1u)
            list_item(modality_waveform_id((enum modality_waveform)i));
    }
    if (w->waveforms != 0)
        list_end();
    page_therapies("therapy", w->therapies);
    page_therapies("time since", w->after);
    if (w->sites != 0)
        list_begin("site");
    for (size_t i = 0; w->sites != 0 && i < s->n_sites; i++) {
        if ((w->sites >> i) & 1u)
            list_item(s->sites[i].label);
    }
    if (w->sites != 0)
        list_end();
    if (w->conditions != 0)
        list_begin("condition");
    for (size_t i = 0; w->conditions != 0 && i < s->n_conditions; i++) {
        if ((w->conditions >> i) & 1u)
            list_item(s->conditions[i].label);
    }
    if (w->conditions != 0)
        list_end();
    if (w->applicators != 0)
        list_begin("applicator");
    for (size_t i = 0; w->applicators != 0 && i < config->dose.n_applicators; i++) {
        if ((w->applicators >> i) & 1u)
            list_item(config->dose.applicators[i].id);
    }
    if (w->applicators != 0)
        list_end();
    for (size_t i = 0; i < w->n_ranges; i++)
        page_band(&w->ranges[i]);
    printf("%s%s</td>", w->unless_thermal ? "<div>unless the protocol is thermal</div>" : "",
           w->no_indicator ? "<div>device without an output indicator</div>" : "");
}

static void page_limit(const struct config *config, const struct limit *l)
{
    printf("<tr class=\"%s\">", limit_class_id(l->class));
    page_cell(l->id);
    page_cell(modality_quantity_info(l->quantity)->meaning);
    page_bounds(l);
    page_cell(limit_scope_id(l->scope));
    page_cell(limit_class_id(l->class));
    page_when(config, &l->when);
    page_cell(l->source);
    page_verified(l->verified, l->accepted);
    page_cell(l->origin);
    fputs("</tr>\n", stdout);
}

static void page_limits(const struct config *config, enum modality m)
{
    printf("<h2>Limits: %s</h2>\n<table><tr><th>id<th>what is bounded<th>bound<th>scope<th>class<th>holds for"
           "<th>source<th>verified<th>place</tr>\n",
           modality_id(m));
    for (int class = LIMIT_HARD; class <= LIMIT_DEVICE; class ++) {
        for (size_t i = 0; i < config->dose.n_limits; i++) {
            const struct limit *l = &config->dose.limits[i];
            if ((int)l->class == class && ((unsigned)l->modality & (unsigned)m) != 0)
                page_limit(config, l);
        }
    }
    printf("</table>\n");
}

static void page_head(const struct config *config)
{
    char today[32];
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(today, sizeof today, "%Y-%m-%d", &local);
    printf("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Dosage limits</title><style>\n"
           "body{font:10pt sans-serif;margin:1.5em}table{border-collapse:collapse;width:100%%}\n"
           "td,th{border:1px solid #999;padding:2px 5px;text-align:left;vertical-align:top}th{background:#eee}\n"
           ".no{background:#fdd}.choice{background:#ffd}.yes{background:#dfd}tr.hard td:first-child{font-weight:bold}\n"
           "</style></head><body>\n<h1>What may be given here</h1>\n<p>Made on %s from the configuration ",
           today);
    page_text(config->dir);
    printf(
        " with hash <code>%s</code>. Bounds of one quantity add up: the tightest that applies binds, and no layer can "
        "loosen one below it.</p>\n<ul>\n"
        "<li><b>hard</b>: refused, and stopped while it runs. <b>notice</b>: has to be acknowledged, and is recorded. "
        "<b>target</b> and <b>info</b>: shown beside the dose. <b>device</b>: a property that the device's test "
        "reports.</li>\n"
        "<li><span class=\"yes\">verified</span>: the figure was read in the source that is named. <span "
        "class=\"no\">not verified</span>: from memory; what rests on such a hard bound of a dose is locked until the "
        "installation accepts it by name. <span class=\"choice\">choice</span>: nobody's published figure.</li>\n"
        "</ul>\n",
        config->hash);
}

enum ctl_exit cmd_page(struct ctl *ctl, const struct ctl_options *options)
{
    const char *dir = ctl_option(options, "config");
    struct config *config = calculator_config(dir ? dir : MODALITY_SYSCONFDIR);
    (void)ctl;
    if (!config)
        return CTL_USAGE;
    page_head(config);
    for (unsigned m = MODALITY_ESTIM; m <= MODALITY_COLD; m <<= 1)
        page_limits(config, (enum modality)m);
    page_protocols(config);
    page_screening(config);
    printf("<p>Read and confirmed by: ____________________ Date: ____________</p>\n</body></html>\n");
    config_free(config);
    return fflush(stdout) == 0 ? CTL_DONE : CTL_REFUSED;
}
