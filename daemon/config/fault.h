/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of a configuration. They are collected while it is read in several passes and told at the end in the order of
 * file and line, so that a person can walk through the files once. What does not fit is counted.
 */
#ifndef CONFIG_FAULT_H
#define CONFIG_FAULT_H

#include "config/arena.h"
#include "config/config.h"

#define FAULTS_MAX 400 /* told in one run; the rest is counted in the last line */

/* Where something stands. Files are numbered in the order in which they are read; line 0 is the file as a whole. */
struct place {
    unsigned file, line;
    const char *origin; /* "limits.ini:41" */
};

struct fault {
    struct place place;
    unsigned order; /* as found */
    const char *message;
};

struct faults {
    struct arena *arena;
    size_t n, total;
    struct fault items[FAULTS_MAX];
};

void fault_add(struct faults *f, struct place at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sorts and tells all of them. */
void fault_report(struct faults *f, config_report *report, void *userdata);

#endif
