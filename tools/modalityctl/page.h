/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clinician's page: its parts, and how text gets into HTML. Everything goes to standard output.
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

void page_protocols(const struct config *config);
void page_screening(const struct config *config);

#endif
