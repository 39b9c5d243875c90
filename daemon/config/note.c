/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes: what holds and yet should be known to whoever starts or checks the daemon.
 */
#include <stdarg.h>

#include "config/load.h"

void note_add(struct load *load, const char *origin, const char *format, ...)
{
    va_list args;
    struct config *config = load->config;
    struct config_note *all =
        arena_grow(load->arena, load->notes, config->n_notes, &load->notes_capacity, sizeof(*all));
    if (all == NULL)
        return; /* the loader asks the arena at its end */
    va_start(args, format);
    all[config->n_notes++] = (struct config_note){.origin = origin, .message = arena_vtext(load->arena, format, args)};
    va_end(args);
    config->notes = load->notes = all;
}
