/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a physical link, and whether two names are one link, since one host owns it. A serial line keeps the name
 * that was written: the node behind a name of /dev/serial/by-id is another one each time the adapter is plugged in.
 */
#ifndef CONFIG_CANONICAL_H
#define CONFIG_CANONICAL_H

#include <stdbool.h>

#include "config/arena.h"

/*
 * "tcp:HOST:PORT" (numeric addresses in their shortest form, names in lower case, localhost as 127.0.0.1),
 * "serial:PATH" and "usb:..." as they stand. NULL with *fault, a phrase, when the text is none of these.
 */
const char *link_canonical(struct arena *a, const char *text, const char **fault);

/*
 * What stands behind such a name at this moment: two names with one node are one link. Only for comparing; a serial
 * line is what its name leads to.
 */
const char *link_node(struct arena *a, const char *canonical);

/*
 * Whether two names may mean one device: the same text or node; or USB devices of the same ids whose serial numbers and
 * ports agree as far as both names say them; or a terminal and such a device behind it. With "+" in a name, any of its
 * devices counts.
 */
bool link_meets(const char *a, const char *b);

/* Whether both name one port of USB, be it for different devices. */
bool link_shares_port(const char *a, const char *b);

/*
 * Whether the first is a terminal whose name leaves open that it is the second, on USB, on some day: it is numbered as
 * adapters come, is somebody's own name, or goes by what the second does not say. NULL, or why and what to do.
 */
const char *link_may_become(const char *link, const char *beside);

#endif
