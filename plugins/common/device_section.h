/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one [device] section of a link that carries one device, its lines sorted by the plugin's own table of keys. All
 * that is wrong is reported at its origin, in one run: other sections, a second device, unknown and repeated keys, keys
 * without a value, missing ones. Pure but for the reports.
 */
#ifndef PLUGINS_DEVICE_SECTION_H
#define PLUGINS_DEVICE_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modality/plugin.h"

#define DEVICE_KEYS_MAX 32

struct device_section {
    const struct modality_services *services;
    char id[MODALITY_NAME_MAX];
    const char *origin;                                /* of its first line */
    const struct modality_line *line[DEVICE_KEYS_MAX]; /* by the index of its key; NULL = not there */
    uint32_t without_value;                            /* bit per key that was reported as such and counts as absent */
    size_t n_faults;                                   /* reported so far, by the plugin too */
};

/*
 * Sorts the lines by keys[0..n_keys), a descriptor's table; required has a bit per key that must be there. Reports what
 * is wrong; reading goes on with what is right.
 */
void device_section_read(struct device_section *s, const struct modality_services *services,
                         const struct modality_config *config, const struct modality_config_key *keys, size_t n_keys,
                         uint32_t required);

/* Reports a fault of the line of a key, or of the section where the key is missing. */
void device_section_fault(struct device_section *s, size_t key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "yes" or "no"; absent is no, anything else is reported and no. */
bool device_section_yes(struct device_section *s, size_t key);

#endif
