/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page: what a configuration allows, as one HTML page that a clinician can print, read and sign: every limit, protocol
 * and screening code with its source and whether anybody has verified it. Made from the files alone; the one it was
 * made from is named by its hash.
 */
#include "page.h"

#include <stdio.h>
#include <time.h>

#include "calculator.h"

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
    static const char *const words[] = {
        [VERIFIED_NO] = "not verified", [VERIFIED_YES] = "verified", [VERIFIED_CHOICE] = "choice"};
    printf("<td class=\"%s\">%s%s</td>", limit_verified_id(verified), words[verified],
           accepted && verified == VERIFIED_NO ? ", accepted here" : "");
}

void page_value(enum modality_quantity q, int64_t value)
{
    char text[VALUE_TEXT_MAX];
    page_text(value_format(q, value, text, sizeof text));
}

void page_day(int64_t day)
{
    char text[32] = "";
    const time_t seconds = (time_t)(day * 86400);
    struct tm civil;
    if (gmtime_r(&seconds, &civil) && strftime(text, sizeof text, "%Y-%m-%d", &civil) > 0)
        page_text(text);
}

void page_table(const char *heading, const char *remark, const char *const *columns)
{
    printf("<h2>%s</h2>\n", heading);
    if (remark)
        printf("<p>%s</p>\n", remark);
    printf("<table>\n<thead><tr>");
    for (; *columns; columns++)
        printf("<th>%s</th>", *columns);
    printf("</tr></thead>\n<tbody>\n");
}

void page_table_end(void)
{
    printf("</tbody>\n</table>\n");
}

void page_row(const char *kind, const char *name, const char *css_class)
{
    printf("<tr id=\"%s-", kind);
    page_text(name);
    printf("\"%s%s%s>", css_class ? " class=\"" : "", css_class ? css_class : "", css_class ? "\"" : "");
}

void page_row_end(void)
{
    printf("</tr>\n");
}

void page_item(struct page_list *list, const char *text)
{
    if (list->begun)
        printf(", ");
    else
        printf("<div>%s%s", list->title ? list->title : "", list->title ? ": " : "");
    list->begun = true;
    page_text(text);
}

void page_list_end(struct page_list *list)
{
    if (list->begun)
        printf("</div>");
}

void page_sites(const char *title, const struct screening *s, uint64_t set)
{
    struct page_list list = {.title = title};
    for (size_t i = 0; i < s->n_sites && i < DOSE_SITES_MAX; i++) {
        if ((set >> i) & 1u)
            page_item(&list, s->sites[i].label);
    }
    page_list_end(&list);
}

void page_therapies(const char *title, uint32_t set)
{
    struct page_list list = {.title = title};
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        if ((set >> i) & 1u)
            page_item(&list, modality_therapy_id((enum modality_therapy)i));
    }
    page_list_end(&list);
}

static void page_head(const struct config *config)
{
    char today[TYPED_DAY_MAX] = "";
    (void)typed_day("today", today);
    printf(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Dosage limits</title>\n<style>\n"
        "body{font:10pt sans-serif;margin:1.5em}table{border-collapse:collapse;width:100%%}\n"
        "td,th{border:1px solid #999;padding:2px 5px;text-align:left;vertical-align:top}th{background:#eee}\n"
        "thead{display:table-header-group}tr{page-break-inside:avoid}\n"
        ".no{background:#fdd}.choice{background:#ffd}.yes{background:#dfd}tr.hard td:first-child{font-weight:bold}\n"
        "</style>\n</head>\n<body>\n<h1>What may be given here</h1>\n<p>Made on %s from the configuration ",
        today);
    page_text(config->dir);
    printf(
        " with hash <code>%s</code>. Bounds of one quantity add up: the tightest that applies binds, and no layer can "
        "loosen one below it.</p>\n<ul>\n"
        "<li><b>hard</b>: refused, and stopped while it runs. <b>notice</b>: has to be acknowledged, and is recorded. "
        "<b>target</b> and <b>info</b>: shown beside the dose. <b>device</b>: a property that the device's test "
        "reports.</li>\n"
        "<li><span class=\"yes\">verified</span>: the figure was read in the source that is named. "
        "<span class=\"no\">not verified</span>: from memory; what rests on such a hard bound of a dose is locked "
        "until the installation accepts it by name. <span class=\"choice\">choice</span>: nobody's published "
        "figure.</li>\n</ul>\n",
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
    page_limits(config);
    page_protocols(config);
    page_bundles(config);
    page_screening(config);
    page_equipment(config);
    printf("<p>Read and confirmed by: ____________________ Date: ____________</p>\n</body>\n</html>\n");
    config_free(config);
    return fflush(stdout) == 0 ? CTL_DONE : CTL_REFUSED;
}
