/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scanner hears in a line, as text such as "stop(s-1) stop(*) keep(s-1,k) ", and what a line means that
 * jansson has read, in the same words. The unit test and the fuzz target of the scanner hold one against the other.
 */
#ifndef TESTS_API_HEARD_H
#define TESTS_API_HEARD_H

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "api/plain.h"
#include "api/scanner.h"

struct heard {
    char text[512]; /* cut off, whatever more there is */
};

static inline void hear(void *userdata, const struct scanner_call *call)
{
    struct heard *h = userdata;
    size_t n = strlen(h->text);
    if (call->stop)
        snprintf(h->text + n, sizeof(h->text) - n, "stop(%s) ", call->session_id != NULL ? call->session_id : "*");
    else
        snprintf(h->text + n, sizeof(h->text) - n, "keep(%s,%s) ", call->session_id, call->lease_key);
}

/* One line in pieces of that size. A second line behind it starts clean. */
static inline void heard_scan(const char *line, size_t length, size_t step, struct heard *h)
{
    static struct scanner s;
    h->text[0] = 0;
    memset(&s, 0x5a, sizeof(s)); /* nothing may depend on what was there */
    scanner_begin(&s);
    for (size_t i = 0; i < length; i += step)
        scanner_feed(&s, line + i, length - i < step ? length - i : step, hear, h);
    scanner_end(&s, hear, h);
    scanner_feed(&s, "{\"method\":\"x\"}", 14, hear, h);
    scanner_end(&s, hear, h);
}

/* An id as this daemon makes them. */
static inline const char *heard_usable(const char *id)
{
    char fault[PLAIN_FAULT_MAX];
    bool is = id != NULL && id[0] != 0 && strlen(id) <= API_ID_MAX && plain_check(PLAIN_ID, id, strlen(id), fault) == 0;
    return is ? id : NULL;
}

static inline void heard_expect_item(const json_t *item, struct heard *h)
{
    const json_t *params = json_object_get(item, "params");
    const char *method = json_string_value(json_object_get(item, "method"));
    const char *id = heard_usable(json_string_value(json_object_get(params, "session_id")));
    const char *key = heard_usable(json_string_value(json_object_get(params, "lease_key")));
    struct scanner_call call = {.stop = true};
    if (method == NULL)
        return;
    if (strcmp(method, "session.stop") == 0)
        call.session_id = id;
    else if (strcmp(method, "session.keepalive") == 0 && id != NULL && key != NULL)
        call = (struct scanner_call){.session_id = id, .lease_key = key};
    else if (strcmp(method, "stop.all") != 0)
        return;
    hear(h, &call);
}

/* What the line means that was read. */
static inline void heard_expect(const json_t *line, struct heard *h)
{
    size_t i;
    const json_t *item;
    h->text[0] = 0;
    if (json_is_object(line))
        heard_expect_item(line, h);
    json_array_foreach((json_t *)line, i, item)
    {
        if (json_is_object(item))
            heard_expect_item(item, h);
    }
}

#endif
