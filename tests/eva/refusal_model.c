/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rest of daemon/dose may rely on of refusal_add: it counts, and gives a refusal to write to, which is none of
 * the caller's business otherwise. The drivers hold lists of any content, so that one more refusal in them is nothing
 * new. refusal.c itself is proved by refusal.c beside this file.
 */
#include "any.h"

#include "dose/limit.h"

#include <stdarg.h>

struct refusal *refusal_add(struct refusals *r, enum modality_token token, const char *subject, const char *format, ...)
{
    static struct refusal told;
    va_list arguments;
    va_start(arguments, format);
    arguments_read(format, arguments);
    va_end(arguments);
    told.subject = subject;
    if (r->n < REFUSALS_MAX)
        r->n++;
    else
        r->dropped++;
    return &told;
}
