/* SPDX-License-Identifier: Apache-2.0 */
#include "serial_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_port(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void tell(const char *folder, const char *name, void *ctx,
                 void (*found)(void *ctx, const struct modality_found *unit))
{
    struct modality_found unit = {0};
    char link[MODALITY_LINK_MAX + 1];
    snprintf(link, sizeof link, "serial:%s/%s", folder, name);
    if (strlen(link) < sizeof unit.link)
        memcpy(unit.link, link, strlen(link) + 1);
    memcpy(unit.known_as, unit.link, sizeof unit.known_as);
    snprintf(unit.what, sizeof unit.what, "serial port");
    snprintf(unit.note, sizeof unit.note, "%s",
             unit.link[0] ? "who is on the line was not asked" : "its name is too long for a link");
    found(ctx, &unit);
}

int serial_scan(const char *folder, void *ctx, void (*found)(void *ctx, const struct modality_found *unit))
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_port, alphasort);
    if (n < 0)
        return errno == ENOENT ? 0 : -EIO;
    for (int i = 0; i < n; i++) {
        tell(folder, entries[i]->d_name, ctx, found);
        free(entries[i]);
    }
    free(entries);
    return 0;
}
