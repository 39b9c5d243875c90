/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clinician's page: its parts, and how text gets into HTML. Everything goes to standard output; every text that
 * comes from the configuration goes through page_text.
 */
#ifndef CTL_PAGE_H
#define CTL_PAGE_H

#include "config/config.h"
#include "ctl.h"

/* Text with what HTML would take for itself written out; NULL is nothing. */
void page_text(const char *text);
/* A cell with a text; a cell that says whether a figure was verified. */
void page_cell(const char *text);
void page_verified(enum limit_verified verified, bool accepted);
/* A value of a quantity, as people write it. */
void page_value(enum modality_quantity q, int64_t value);
/* A day as YYYY-MM-DD. */
void page_day(int64_t day);

/* A table with a heading; columns end with NULL. A row has an id of its own: "<kind>-<name>". */
void page_table(const char *heading, const char *remark, const char *const *columns);
void page_table_end(void);
void page_row(const char *kind, const char *name, const char *css_class);
void page_row_end(void);

/* "title: a, b" on a line of its own, and nothing at all without an item. */
struct page_list {
    const char *title; /* NULL: the items alone */
    bool begun;
};
void page_item(struct page_list *list, const char *text);
void page_list_end(struct page_list *list);
void page_sites(const char *title, const struct screening *s, uint64_t set);
void page_therapies(const char *title, uint32_t set);

void page_limits(const struct config *config);
void page_protocols(const struct config *config);
void page_bundles(const struct config *config);
void page_screening(const struct config *config);
void page_equipment(const struct config *config);

#endif
