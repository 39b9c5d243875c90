/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals as a bounded list, and the words for scopes, classes, layers and verification. A list that is full counts
 * what it could not hold.
 */
#include "dose/limit.h"

#include <stdarg.h>
#include <stdio.h>

struct refusal *refusal_add(struct refusals *r, enum modality_token token, const char *subject, const char *format, ...)
{
    struct refusal *item = &r->spill;
    if (r->n < REFUSALS_MAX) {
        item = &r->items[r->n++];
    } else {
        r->dropped++;
    }
    *item = (struct refusal){.token = token, .subject = subject, .layer = LAYER_PRESCRIPTION, .channel = -1};
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(item->message, sizeof item->message, format, arguments) < 0) {
        item->message[0] = '\0';
    }
    va_end(arguments);
    return item;
}

const char *limit_scope_id(enum limit_scope s)
{
    switch (s) {
    case SCOPE_PER_PULSE:
        return "per-pulse";
    case SCOPE_INSTANTANEOUS:
        return "instantaneous";
    case SCOPE_PER_SESSION:
        return "per-session";
    case SCOPE_PER_24H:
        return "per-24h";
    case SCOPE_CONFIGURATION:
        return "configuration";
    }
    return "";
}

const char *limit_class_id(enum limit_class c)
{
    switch (c) {
    case LIMIT_HARD:
        return "hard";
    case LIMIT_NOTICE:
        return "notice";
    case LIMIT_TARGET:
        return "target";
    case LIMIT_INFO:
        return "info";
    case LIMIT_DEVICE:
        return "device";
    }
    return "";
}

const char *limit_layer_id(enum limit_layer l)
{
    switch (l) {
    case LAYER_COMPILED:
        return "compiled";
    case LAYER_INSTALLATION:
        return "installation";
    case LAYER_PROTOCOL:
        return "protocol";
    case LAYER_PRESCRIPTION:
        return "prescription";
    case LAYER_DEVICE:
        return "device";
    }
    return "";
}

const char *limit_verified_id(enum limit_verified v)
{
    switch (v) {
    case VERIFIED_NO:
        return "no";
    case VERIFIED_YES:
        return "yes";
    case VERIFIED_CHOICE:
        return "choice";
    }
    return "";
}
