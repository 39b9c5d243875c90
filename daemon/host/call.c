/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call to a plugin stands between call_begin and call_end: the guard knows until when it must be over.
 */
#include <errno.h>
#include <string.h>

#include "host/line.h"

int64_t call_begin(struct line *l, uint32_t slice_ms, const char *what)
{
    int64_t deadline_ns = clock_monotonic_ns() + (int64_t)slice_ms * NS_PER_MS;
    guard_set(l->guard, deadline_ns + (int64_t)l->grace_ms * NS_PER_MS, what);
    return deadline_ns;
}

int64_t call_end(struct line *l)
{
    guard_clear(l->guard);
    return clock_monotonic_ns();
}

int call_status(struct line *l, const struct unit *u, int64_t deadline_ns, struct modality_status *out)
{
    int r = l->plugin->status(l->link, u->index, deadline_ns, out);
    return r == 0 && !link_status_fits(out) ? -EPROTO : r;
}

const char *call_error(int error)
{
    switch (error) {
    case -ENODEV:
        return "device is gone or is another one";
    case -ETIMEDOUT:
        return "no answer in time";
    case -EPROTO:
        return "malformed or wrong answer";
    case -EIO:
        return "transport failed";
    case -EACCES:
        return "the device refused it";
    case -EAGAIN:
        return "no time was left for it, nothing was sent";
    case -EINVAL:
        return "refused by the plugin";
    default:
        return strerror(error < 0 ? -error : error);
    }
}
