/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdio.h as daemon/dose uses it, in place of the analyser's own, which says of a printed text neither that it ends nor
 * that what it prints is read. Included ahead of every file.
 */
#ifndef EVA_STDIO_MODEL_H
#define EVA_STDIO_MODEL_H

#define __FC_STDIO /* the analyser's stdio.h is then empty */

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *text, size_t size, const char *format, ...);
int vsnprintf(char *text, size_t size, const char *format, va_list arguments);

/* What the conversions of a format read of their arguments. */
void arguments_read(const char *format, va_list arguments);
/* A text, all of it, is read: it has to end. */
void string_read(const char *text);

#endif
