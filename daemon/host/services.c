/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services table. Thin: every function passes on to the one place that knows (dose for quantities and values, the
 * outbox for what people read).
 */
#include "host/services.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dose/value.h"
#include "modality/clock.h"

static void service_log(void *ctx, enum modality_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void service_config_error(void *ctx, const char *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A sentence that does not fit any more is left out: the first is about the first device that failed. */
static void said_add(struct services *s, const char *text)
{
    size_t used = strlen(s->said);
    int n = snprintf(s->said + used, sizeof(s->said) - used, "%s%s", used > 0 ? "; " : "", text);
    if (n < 0 || (size_t)n >= sizeof(s->said) - used)
        s->said[used] = '\0';
}

static void service_log(void *ctx, enum modality_log_level level, const char *format, ...)
{
    struct services *s = ctx;
    char text[LINK_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (s->attempting && level != MODALITY_LOG_DEBUG)
        said_add(s, text);
    if (s->outbox)
        outbox_log(s->outbox, level, s->link, "%s", text);
    else
        fprintf(stderr, "%s: %s\n", s->link, text);
}

static int64_t service_now_ns(void *ctx)
{
    (void)ctx;
    return clock_monotonic_ns();
}

static void service_config_error(void *ctx, const char *origin, const char *format, ...)
{
    struct services *s = ctx;
    char text[LINK_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    s->faults++;
    s->fault(s, origin ? origin : "?", text);
}

static int service_quantity_find(void *ctx, const char *id, enum modality_quantity *out)
{
    (void)ctx;
    return modality_quantity_find(id, out);
}

static const struct modality_quantity_info *service_quantity_info(void *ctx, enum modality_quantity q)
{
    (void)ctx;
    return modality_quantity_info(q);
}

static int service_value_parse(void *ctx, enum modality_quantity q, const char *text, int64_t *out)
{
    (void)ctx;
    return value_parse(q, text, out);
}

static int service_waveform_find(void *ctx, const char *id, enum modality_waveform *out)
{
    (void)ctx;
    return modality_waveform_find(id, out);
}

static bool service_rest_owed(void *ctx)
{
    return ((const struct services *)ctx)->rest_owed;
}

void services_attempt(struct services *s, bool rest_owed)
{
    s->attempting = true;
    s->rest_owed = rest_owed;
    s->said[0] = '\0';
}

void services_attempt_end(struct services *s)
{
    s->attempting = s->rest_owed = false;
}

void services_init(struct services *s, struct outbox *outbox, const char *link,
                   void (*fault)(struct services *s, const char *origin, const char *text))
{
    *s = (struct services){
        .table = {.size = sizeof(s->table),
                  .ctx = s,
                  .log = service_log,
                  .now_ns = service_now_ns,
                  .config_error = service_config_error,
                  .quantity_find = service_quantity_find,
                  .quantity_info = service_quantity_info,
                  .value_parse = service_value_parse,
                  .waveform_find = service_waveform_find,
                  .rest_owed = service_rest_owed},
        .outbox = outbox,
        .link = link,
        .fault = fault,
    };
}
