/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin has no business to try, one function each. Nothing here does harm where it succeeds: what it opens it
 * closes, whom it starts ends at once, and signals are number 0.
 */
#ifndef HOSTILE_ATTEMPTS_H
#define HOSTILE_ATTEMPTS_H

#include <stddef.h>
#include <stdint.h>

/* What an attempt is told of the world outside. */
struct hostile_world {
    const char *state_dir; /* has a file "secret" */
    uint16_t port;         /* somebody listens there, who is not the device */
};

struct hostile_attempt {
    const char *name;
    int (*go)(const struct hostile_world *world); /* 0: it could; else -errno */
};

extern const struct hostile_attempt hostile_attempts[];
extern const size_t hostile_n_attempts;

/* How much there is of what it takes as much of as it can: descriptors, MiB of memory, threads, KiB of a file. */
struct hostile_amount {
    const char *name;
    long (*take)(const struct hostile_world *world);
};

extern const struct hostile_amount hostile_amounts[];
extern const size_t hostile_n_amounts;

#endif
