/* SPDX-License-Identifier: Apache-2.0 */
/* The link, one step on it, and everything that only reads or feeds. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "modality/clock.h"
#include "unit_parts.h"

#define SELECTION_P24 4
#define PROTOCOL_MAJOR 4

/* ---- what the parts share ---- */

int unit_report(struct modality_link *link, int error, const char *why)
{
    return unit_call_report(link->services, link->config.id, &link->told, error, why);
}

int unit_ask(struct modality_link *link, const struct sm4_request *request, int64_t deadline_ns, struct sm4_answer *out)
{
    if (link->port.doubt)
        return -EIO;
    int r = sm4_port_exchange(&link->port, request, deadline_ns, out);
    return r == 0 && out->result != SM4_OK ? -EACCES : r;
}

int unit_ask_channels(struct modality_link *link, int64_t deadline_ns, struct sm4_answer *out)
{
    const struct sm4_request q = {.command = SM4_ML_CURRENT_DATA, .selection = SELECTION_P24};
    int64_t began = clock_monotonic_ns();
    int r = unit_ask(link, &q, deadline_ns, out);
    if (r == 0) {
        link->memory.fed_ns = began;
        sm4_see(&link->memory, out);
    }
    return r;
}

int unit_confirm(struct modality_link *link, unsigned channels, int64_t deadline_ns)
{
    struct sm4_answer a;
    int64_t age = clock_monotonic_ns() - link->memory.fed_ns;
    int r = age < SM4_WATCHDOG_NS ? unit_ask_channels(link, deadline_ns, &a) : -EACCES;
    if (r < 0)
        return r;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (a.states[c] != SM4_CHANNEL_OK)
            return -EACCES;
    return (a.active & channels) == channels && link->port.general_error == 0 ? 0 : -EACCES;
}

int unit_update(struct modality_link *link, unsigned channels, int64_t deadline_ns)
{
    struct sm4_pulse pulses[SM4_CHANNELS];
    struct sm4_answer a;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        pulses[c] = link->memory.channels[c].pulse;
    const struct sm4_request q = {.command = SM4_ML_UPDATE, .mask = channels, .pulses = pulses};
    int64_t began = clock_monotonic_ns();
    int r = unit_ask(link, &q, deadline_ns, &a);
    if (r != -EINVAL && r != -EAGAIN)
        link->memory.updated_ns = began;
    if (r == 0)
        link->memory.fed_ns = began;
    return r;
}

/* ---- the link ---- */

int unit_open(struct modality_link *link, int64_t deadline_ns)
{
    struct transport transport;
    int r = link->wire.open(link->wire.ctx, deadline_ns, &transport);
    /* An answer to somebody who was here before may still come: the numbers begin anywhere. */
    if (r == 0)
        sm4_port_begin(&link->port, &transport, (unsigned)(clock_monotonic_ns() / NS_PER_MS % SM4_NUMBERS));
    return r;
}

int unit_reopen(struct modality_link *link, int64_t deadline_ns)
{
    int r = link->wire.recover(link->wire.ctx, deadline_ns);
    if (r == 0)
        sm4_port_resume(&link->port);
    return r;
}

void unit_close(struct modality_link *link)
{
    sm4_port_end(&link->port);
}

/* ---- reading and feeding ---- */

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    struct modality_identity identity = {.maker = "HASOMED", .model = "P24"};
    struct sm4_answer a;
    if (unit != 0)
        return -EINVAL;
    int r = unit_ask(link, &(struct sm4_request){.command = SM4_GET_DEVICE_ID}, deadline_ns, &a);
    if (r < 0)
        return unit_report(link, r, "asking who it is");
    snprintf(identity.serial, sizeof identity.serial, "%s", a.id);
    r = unit_ask(link, &(struct sm4_request){.command = SM4_GET_EXTENDED_VERSION}, deadline_ns, &a);
    if (r < 0)
        return unit_report(link, r, "asking for its version");
    snprintf(identity.firmware, sizeof identity.firmware, "%u.%u.%u", a.firmware[0], a.firmware[1], a.firmware[2]);
    if (a.protocol[0] != PROTOCOL_MAJOR)
        return unit_report(link, -ENODEV, "its protocol is not ScienceMode 4");
    if (strcmp(identity.serial, link->config.serial) != 0)
        return unit_report(link, -ENODEV, "its serial number is another one");
    *out = identity;
    return unit_report(link, 0, "");
}

/* Channels are asked for while somebody means them to run, and only as long as feeding is allowed. */
static bool may_ask_channels(const struct modality_link *link, const struct sm4_report *report)
{
    return link->memory.started != 0 && report->status.result == SM4_OK && report->status.mode >= SM4_MODE_MID_LEVEL &&
           clock_monotonic_ns() - link->memory.granted_ns < SM4_GRANT_NS;
}

int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    struct sm4_report report = {0};
    if (unit != 0)
        return -EINVAL;
    int r = unit_ask(link, &(struct sm4_request){.command = SM4_GET_STIM_STATUS}, deadline_ns, &report.status);
    if (r < 0 && r != -EACCES)
        return unit_report(link, r, "reading its state");
    if (may_ask_channels(link, &report)) {
        r = unit_ask_channels(link, deadline_ns, &report.current);
        if (r < 0 && r != -EACCES)
            return unit_report(link, r, "reading its channels");
        report.asked = true;
    }
    report.general_error = link->port.general_error;
    sm4_judge(&link->memory, &report, out);
    memset(link->memory.seen, 0, sizeof link->memory.seen);
    if (out->restarted) /* it has forgotten, and so does the next status */
        sm4_forget(&link->memory, SM4_ALL);
    return unit_report(link, 0, "");
}

int unit_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    struct sm4_answer a;
    if (unit != 0)
        return -EINVAL;
    int64_t began = clock_monotonic_ns();
    int r = unit_ask_channels(link, deadline_ns, &a);
    if (r == 0)
        link->memory.granted_ns = began;
    return unit_report(link, r, "feeding its watchdog");
}
