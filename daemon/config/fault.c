/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting, sorting and telling faults. */
#include "config/fault.h"

#include <stdio.h>
#include <stdlib.h>

void fault_add(struct faults *f, struct place at, const char *format, ...)
{
    f->total++;
    if (f->n == FAULTS_MAX)
        return;
    va_list args;
    va_start(args, format);
    const char *message = arena_vtext(f->arena, format, args);
    va_end(args);
    f->items[f->n] = (struct fault){.place = at, .order = (unsigned)f->n, .message = message};
    f->n++;
}

static int fault_compare(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    if (a->place.file != b->place.file)
        return a->place.file < b->place.file ? -1 : 1;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

void fault_report(struct faults *f, config_report *report, void *userdata)
{
    if (f->n > 1)
        qsort(f->items, f->n, sizeof(f->items[0]), fault_compare);
    for (size_t i = 0; i < f->n; i++)
        report(userdata, f->items[i].place.origin, f->items[i].message);
    if (f->total == f->n)
        return;
    char more[64];
    snprintf(more, sizeof(more), "and %zu more faults that are not listed", f->total - f->n);
    report(userdata, f->items[f->n - 1].place.origin, more);
}
