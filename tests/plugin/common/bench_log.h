/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's log lines in a test: warnings and worse, all of them with MODALITY_TEST_VERBOSE in the environment. */
#ifndef TEST_PLUGIN_COMMON_BENCH_LOG_H
#define TEST_PLUGIN_COMMON_BENCH_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "modality/plugin.h"

__attribute__((format(printf, 3, 4))) static inline void bench_log(void *ctx, enum modality_log_level level,
                                                                   const char *format, ...)
{
    (void)ctx;
    if (level > MODALITY_LOG_WARNING && !getenv("MODALITY_TEST_VERBOSE"))
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

#endif
