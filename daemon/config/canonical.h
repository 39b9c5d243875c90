/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one name of a physical link. Two ways of writing the same link must give the same name, since one host owns it.
 */
#ifndef CONFIG_CANONICAL_H
#define CONFIG_CANONICAL_H

#include "config/arena.h"

/*
 * "tcp:HOST:PORT" (numeric addresses in their shortest form, names in lower case, localhost as 127.0.0.1),
 * "serial:PATH" (symbolic links resolved when the node exists), "usb:..." as it stands. NULL with *fault, a phrase,
 * when the text is none of these.
 */
const char *link_canonical(struct arena *a, const char *text, const char **fault);

#endif
