/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <modality/clock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define VALUES_SHOWN 16 /* of a multiple write */

const char *cause_name(enum cause cause)
{
    static const char *const names[CAUSE_COUNT] = {
#define CAUSE(id) #id,
        SIM_CAUSES(CAUSE)
#undef CAUSE
    };
    return names[cause];
}

int trace_open(struct trace *trace, const char *path)
{
    trace->fd = -1;
    if (!path)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    trace->fd = fd;
    return 0;
}

void trace_close(struct trace *trace)
{
    if (trace->fd >= 0)
        close(trace->fd);
    trace->fd = -1;
}

/* A trace that cannot be written proves nothing: the simulator ends rather than let a test judge by half a trace. */
static void line_write(struct trace *trace, const char *line, int length)
{
    if (length < 0 || length >= LINE_MAX_BYTES || write(trace->fd, line, (size_t)length) != length) {
        perror("modality-sim: trace");
        exit(EXIT_FAILURE);
    }
}

__attribute__((format(printf, 2, 3))) static void line_put(struct trace *trace, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    line_write(trace, line, length);
}

void trace_output(struct trace *trace, const char *device, const char *quantity, unsigned channel,
                  const struct model_output *output, enum cause cause, int64_t t_ns)
{
    char polarity[24] = "";
    if (trace->fd < 0)
        return;
    if (output->polarity)
        snprintf(polarity, sizeof polarity, ",\"polarity\":%d", output->polarity);
    line_put(trace,
             "{\"t_ns\":%" PRId64 ",\"event\":\"output\",\"device\":\"%s\",\"channel\":%u,\"on\":%s,"
             "\"quantity\":\"%s\",\"value\":%" PRId64 ",\"set\":%" PRId64 "%s,\"cause\":\"%s\"}\n",
             t_ns, device, channel + 1, output->on ? "true" : "false", quantity, output->value, output->set, polarity,
             cause_name(cause));
}

static void values_text(const struct modbus_request *request, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    if (!modbus_function_writes(request->function))
        return;
    for (unsigned i = 0; i < request->count && i < VALUES_SHOWN; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%u", i ? "," : "", modbus_request_value(request, i));
}

void trace_request(struct trace *trace, const char *device, const char *phase, unsigned peer,
                   const struct modbus_request *request, enum modbus_exception exception, int64_t t_ns)
{
    char values[VALUES_SHOWN * 6 + 1];
    if (trace->fd < 0)
        return;
    values_text(request, values, sizeof values);
    line_put(trace,
             "{\"t_ns\":%" PRId64 ",\"event\":\"request\",\"device\":\"%s\",\"phase\":\"%s\",\"conn\":%u,"
             "\"function\":%u,\"address\":%u,\"count\":%u,\"values\":[%s],\"exception\":%u}\n",
             t_ns, device, phase, peer, request->function, request->address, request->count, values,
             (unsigned)exception);
}

void trace_link(struct trace *trace, const char *event, const char *link, unsigned peer, const char *cause)
{
    if (trace->fd < 0)
        return;
    line_put(trace, "{\"t_ns\":%" PRId64 ",\"event\":\"%s\",\"link\":\"%s\",\"conn\":%u,\"cause\":\"%s\"}\n",
             clock_monotonic_ns(), event, link, peer, cause);
}

void trace_device(struct trace *trace, const char *device, const char *kind, const char *link, unsigned unit)
{
    if (trace->fd < 0)
        return;
    line_put(trace,
             "{\"t_ns\":%" PRId64 ",\"event\":\"device\",\"device\":\"%s\",\"kind\":\"%s\",\"link\":\"%s\","
             "\"unit\":%u}\n",
             clock_monotonic_ns(), device, kind, link, unit);
}

void trace_note(struct trace *trace, const char *event, const char *json, int64_t t_ns)
{
    if (trace->fd < 0)
        return;
    line_put(trace, "{\"t_ns\":%" PRId64 ",\"event\":\"%s\",\"body\":%s}\n", t_ns, event, json);
}
