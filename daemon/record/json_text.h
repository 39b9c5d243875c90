/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as text, bounded in depth. jansson recurses, and the writer's stack is small: a text nested 2000 times, stored
 * by a client or by somebody's editor, would end the daemon.
 */
#ifndef RECORD_JSON_TEXT_H
#define RECORD_JSON_TEXT_H

#include <jansson.h>
#include <stdbool.h>

#define JSON_TEXT_DEPTH_MAX 32 /* a session's document needs about eight */

bool json_text_shallow(const char *text);
/* NULL when the text is too deep or not JSON. */
json_t *json_text_read(const char *text);

#endif
