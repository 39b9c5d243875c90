/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one plugin says is attached, asked of `modality-host --scan` beside the loop: a process of its own with a bound
 * on its time and on what it may say. It opens no device.
 *
 * The host writes struct scan_unit one after the other and ends with status 0; or lines of text, and status 1.
 */
#ifndef LINK_SCAN_H
#define LINK_SCAN_H

#include <systemd/sd-event.h>

#include "modality/plugin.h"

#define SCAN_UNITS_MAX 64
#define SCAN_LINES_MAX 3072 /* bytes, terminating NUL included */
#define SCAN_WHY_MAX 256

struct scan_unit {
    struct modality_found found;
    /* Of a [device] section, what follows its name, label and link; a comment where a person has to fill something in.
     */
    char lines[SCAN_LINES_MAX];
};

struct scan;

/*
 * Starts it. done is called once, unless scan_free comes first: units[0..n) is what was found, their texts ended and
 * printable; why is NULL, or a sentence that says why the plugin could not be asked. 0 or negative errno.
 */
int scan_start(sd_event *event, const char *host_path, const char *plugin_path,
               void (*done)(void *userdata, const struct scan_unit *units, size_t n, const char *why), void *userdata,
               struct scan **out);

/* Ends it, if it still runs, and frees it; NULL is fine. Also from within done, as its last act. */
void scan_free(struct scan *scan);

#endif
