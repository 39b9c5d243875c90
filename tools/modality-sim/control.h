/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: newline JSON, one command a line, one answer line each, in order. A command is carried out before
 * it is answered. Unknown keys, wrong types and values outside their range are refused whole; nothing is half done.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim.h"

#include <jansson.h>

struct control;

/* Listens on path (NULL: *out is NULL and 0 is returned). Negative errno. */
int control_open(struct sim *sim, const char *path, struct control **out);
/* Closes and unlinks; takes NULL. */
void control_close(struct control *control);

/* control_command.c: carries out one command, returns the answer (a new reference, never NULL). */
json_t *control_command(struct sim *sim, const char *line, size_t length);

#endif
