/* SPDX-License-Identifier: Apache-2.0 */
#include "environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libumockdev-preload.so.0"

/* A library that stands before the sanitizer's is an error to it unless it is told otherwise. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif
#define SANITIZER_WORD "verify_asan_link_order=0"

/* The variable with word added to it, where it is not there yet. */
static int add(const char *variable, const char *word, char separator)
{
    char text[1024];
    const char *present = getenv(variable);
    if (present && strstr(present, word))
        return 0;
    int n = snprintf(text, sizeof text, "%s%c%s", word, separator, present ? present : "");
    if (n < 0 || (size_t)n >= sizeof text)
        return -E2BIG;
    if (!present)
        text[n - 1] = '\0';
    return setenv(variable, text, 1) < 0 ? -errno : 0;
}

int environment_enter(char **argv)
{
    const char *present = getenv("LD_PRELOAD");
    if (present && strstr(present, LIBRARY))
        return 0;
    int r = add("LD_PRELOAD", LIBRARY, ':');
    if (r == 0 && SANITIZED)
        r = add("ASAN_OPTIONS", SANITIZER_WORD, ':');
    if (r < 0)
        return r;
    execv("/proc/self/exe", argv);
    return -errno;
}

void environment_print(const char *folder)
{
    printf(",\"environment\":{\"LD_PRELOAD\":\"%s\",\"UMOCKDEV_DIR\":\"%s\"", LIBRARY, folder);
    if (SANITIZED)
        printf(",\"ASAN_OPTIONS\":\"%s\"", SANITIZER_WORD);
    printf("}");
}
