/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line to the log: standard error, with the journal's priority prefix where the journal reads it and without where
 * a person does. Levels as sd-daemon's: SD_ERR operator now, SD_WARNING operator later, SD_NOTICE and SD_INFO state
 * change.
 */
#ifndef MODALITY_LOG_H
#define MODALITY_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

/* level is one of the SD_* prefixes; the text gets its newline here. Longer than 1000 bytes is cut. */
__attribute__((format(printf, 2, 3))) static inline void log_line(const char *level, const char *format, ...)
{
    char text[1001];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", getenv("JOURNAL_STREAM") ? level : "", text);
}

#endif
