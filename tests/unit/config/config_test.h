/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the configuration: a directory of its own per test, which starts as a sane configuration (sane.ini) and
 * is broken in one place; and everything that the loader tells, as one text.
 */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "config/config.h"

struct fixture {
    char dir[64];
    int64_t today;
    struct config *config; /* of the last load that succeeded */
    size_t n;              /* faults told */
    size_t used;
    char told[65536]; /* "file:line: message\n" each */
};

/* cmocka setup and teardown: a temporary directory that is empty, or holds sane.ini. */
int fixture_empty(void **state);
int fixture_sane(void **state);
int fixture_end(void **state);

void fixture_write(struct fixture *f, const char *name, const char *text);
void fixture_write_bytes(struct fixture *f, const char *name, const void *bytes, size_t size);
void fixture_copy(struct fixture *f, const char *from, const char *name);
/* config_load of a directory, NULL = the fixture's. */
int fixture_load(struct fixture *f, const char *dir);
/* The whole of a file, NUL-terminated, malloc'd. */
char *file_text(const char *path, size_t *size);

/* Sections of devices that are in order, for one thing to be broken in them. */
#define MAPS                                                                                                           \
    "[map m]\nmaker = m\n[point m.run]\ntable = coil\naddress = 1\n[map n]\nmaker = n\n[point n.run]\ntable = coil\n"
#define DEVICE(id, link, unit, map)                                                                                    \
    "[device " id "]\nplugin = p\nlink = " link "\nunit = " unit "\nmap = " map "\nlabel = " id                        \
    "\nlocation = bay\nbaud = 9600\n"

/* Alone in the folder it is refused, and among what is told is this. */
void fixture_refuses(struct fixture *f, const char *text, const char *told);

#endif
