/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace: the ground truth of what came out, as JSON Lines on CLOCK_MONOTONIC. One line is one write(2) at the
 * moment of the event, so that nobody's death loses or tears a line that was written. Names in it were checked when the
 * command line was read; free text (marks) is escaped by the caller.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "front/modbus_frame.h"
#include "model/model.h"

struct trace {
    int fd;     /* -1: no trace */
    bool reads; /* read requests are traced too */
};

/* path NULL: no trace, every other call does nothing. Truncates the file. Negative errno on failure. */
int trace_open(struct trace *trace, const char *path);
void trace_close(struct trace *trace);

void trace_output(struct trace *trace, const char *device, const char *quantity, unsigned channel,
                  const struct model_output *output, enum cause cause, int64_t t_ns);
/* phase: received, applied, refused, ignored (answered or not, it did not act) or read. */
void trace_request(struct trace *trace, const char *device, const char *phase, unsigned peer,
                   const struct modbus_request *request, enum modbus_exception exception, int64_t t_ns);
/* event: open or close of a connection, or listen and absent of the whole link. */
void trace_link(struct trace *trace, const char *event, const char *link, unsigned peer, const char *cause);
void trace_device(struct trace *trace, const char *device, const char *kind, const char *link, unsigned unit);
/* json is a complete, valid JSON value. */
void trace_note(struct trace *trace, const char *event, const char *json, int64_t t_ns);

const char *cause_name(enum cause cause);

#endif
