/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scanner has made of a request that is then refused: the person who wanted to stop must not be left in doubt.
 * The bytes are scanned once more, so that the sentence cannot differ from the act.
 */
#ifndef API_STOPPED_H
#define API_STOPPED_H

#include <jansson.h>

/* "; everything was stopped" and the like, to be added to a message; "" = it held no stop. */
const char *stopped_by_line(const char *line, size_t length);
/* The same of one request that was parsed. */
const char *stopped_by_item(const json_t *item);

#endif
