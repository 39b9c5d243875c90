/* SPDX-License-Identifier: Apache-2.0 */
/* The turn of one connection: a line, or one item of a batch, is carried out. */
#ifndef API_WORK_H
#define API_WORK_H

#include "api/connection.h"

/* Answers one request of one line (or one item of a batch). True: more is waiting. */
bool work_step(struct connection *c);

#endif
