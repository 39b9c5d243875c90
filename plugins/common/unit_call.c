/* SPDX-License-Identifier: Apache-2.0 */
/* The line for the log, and a share of time. */
#include "unit_call.h"

#include <errno.h>

#include "modality/clock.h"

static const char *error_text(int error)
{
    switch (-error) {
    case EACCES:
        return "the device refused it or was not ready for it";
    case ETIMEDOUT:
        return "no answer in time, the outcome is unknown";
    case EPROTO:
        return "the answer does not match";
    case EAGAIN:
        return "not now, nothing was sent";
    case ENODEV:
        return "the device is gone or another one";
    case EINVAL:
        return "not possible with this device";
    default:
        return "the link failed or is in doubt";
    }
}

int unit_call_report(const struct modality_services *services, const char *id, struct unit_told *told, int error,
                     const char *why)
{
    if (error == told->error && (error == 0 || why == told->why))
        return error;
    *told = (struct unit_told){.error = error, .why = why};
    if (error == 0)
        services->log(services->ctx, MODALITY_LOG_INFO, "%s answers again", id);
    else
        services->log(services->ctx, MODALITY_LOG_INFO, "%s: %s: %s", id, why, error_text(error));
    return error;
}

int64_t unit_call_share(int64_t deadline_ns, unsigned steps)
{
    int64_t now = clock_monotonic_ns();
    return now < deadline_ns ? now + (deadline_ns - now) / steps : deadline_ns;
}
