/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A modality-host whose --scan does what the "plugin's path" says: two, nothing, refuse, short, dirty, endless, hang,
 * crash, all (as many as may be told).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link/scan.h"

static void unit_write(unsigned n)
{
    static struct scan_unit u;
    snprintf(u.found.link, sizeof u.found.link, "usb:0483:5740,serial=%u", n);
    snprintf(u.lines, sizeof u.lines, "plugin = p\n# may have serial: of %u\n", n);
    fwrite(&u, sizeof u, 1, stdout);
}

/* Nothing ends, and nothing can be printed. */
static void dirty_write(void)
{
    static struct scan_unit u;
    memset(&u, 0x01, sizeof u);
    fwrite(&u, sizeof u, 1, stdout);
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 && strcmp(argv[1], "--scan") == 0 ? argv[2] : "";
    unsigned n = strcmp(what, "two") == 0 ? 2 : strcmp(what, "all") == 0 ? SCAN_UNITS_MAX : 0;
    for (unsigned i = 0; i < n; i++)
        unit_write(i);
    if (strcmp(what, "dirty") == 0)
        dirty_write();
    if (strcmp(what, "short") == 0)
        puts("short");
    while (strcmp(what, "endless") == 0)
        unit_write(7);
    if (strcmp(what, "refuse") == 0) {
        unit_write(1);
        puts("\nplugin p cannot list what is attached: no bus");
        return EXIT_FAILURE;
    }
    if (strcmp(what, "crash") == 0)
        raise(SIGTERM);
    while (strcmp(what, "hang") == 0)
        pause();
    return what[0] ? EXIT_SUCCESS : 2;
}
