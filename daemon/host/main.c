/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modality-host: one process per physical link. Started by the daemon; by hand only with --check and --scan.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "modality/slice.h"

static int usage(void)
{
    fputs("usage: modality-host --link-fd N   (started by modalityd)\n"
          "       modality-host --check       (reads a configuration from standard input)\n"
          "       modality-host --scan PLUGIN (what is attached, for modalityd; see modalityctl scan)\n",
          stderr);
    return EXIT_FAILURE;
}

/*
 * Small, and nothing in reserve: an arena for each thread is 64 MiB of addresses, for two that hardly allocate, and the
 * thread that libusb makes would have 8 MiB of stack.
 */
static void shape_memory(void)
{
    pthread_attr_t attributes;
    mallopt(M_ARENA_MAX, 1);
    if (pthread_attr_init(&attributes) != 0)
        return;
    if (pthread_attr_setstacksize(&attributes, HOST_STACK) == 0)
        (void)pthread_setattr_default_np(&attributes); /* without it they are only larger */
    pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv)
{
    static struct host host; /* all memory of a running host */
    uint64_t fd = 0;
    slice_ask(SLICE_HOST_NS);
    shape_memory();
    if (argc == 2 && strcmp(argv[1], "--check") == 0)
        return host_inspect(stdin, stdout);
    if (argc == 3 && strcmp(argv[1], "--scan") == 0)
        return host_scan(argv[2], stdout);
    if (argc == 3 && strcmp(argv[1], "--link-fd") == 0 && settings_number(argv[2], INT32_MAX, &fd) == 0)
        return host_run(&host, (int)fd);
    if (argc > 2 && strcmp(argv[1], "--reexecuted") == 0)
        return host_run_reexecuted(&host, argc, argv);
    return usage();
}
