/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that writes: set points, start, stop, and rest from whatever state. */
#include <errno.h>

#include "modality/clock.h"
#include "modality/range.h"
#include "unit_parts.h"

/* Two updates keep this distance unless the second one lowers the current; the vendor's examples do (20 ms). */
#define UPDATE_GAP_NS (20 * NS_PER_MS)

/* ---- set points ---- */

/* The pulses of all started channels with this one changed, in place. Nothing was sent when it fails. */
static int replace_pulse(struct modality_link *link, unsigned channel, const struct pulse_shape *shape,
                         const char **why)
{
    struct sm4_pulse pulses[SM4_CHANNELS], pulse;
    int r = pulse_build(shape, &pulse, why);
    if (r < 0)
        return r;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        pulses[c] = link->memory.channels[c].pulse;
    pulses[channel] = pulse;
    if (pulse_check_load(link->memory.started, pulses) < 0) {
        *why = "the channels together need more than a second of each second";
        return -EINVAL;
    }
    link->memory.channels[channel].pulse = pulse;
    return 0;
}

/* A channel that runs: the whole of its pulse is sent, with those of the others as they are. */
static int apply_running(struct modality_link *link, unsigned channel, const struct pulse_shape *shape,
                         int64_t deadline_ns, const char **why)
{
    struct sm4_memory *m = &link->memory;
    struct sm4_channel_memory before = m->channels[channel];
    bool lowers = shape->amplitude_ua < before.shape.amplitude_ua;
    int64_t at = m->updated_ns + UPDATE_GAP_NS;
    int r = replace_pulse(link, channel, shape, why);
    if (r < 0)
        return r;
    *why = "waiting between two updates";
    if (!lowers)
        r = sm4_port_listen(&link->port, at < deadline_ns ? at : deadline_ns);
    if (r == 0) {
        *why = "its channels do not run as they were started";
        r = unit_confirm(link, m->started, deadline_ns);
    }
    if (r == 0) {
        *why = "updating its channels";
        r = unit_update(link, m->started, deadline_ns);
    }
    if (r == 0)
        m->channels[channel].shape = *shape;
    else
        m->channels[channel] = before;
    return r;
}

int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns)
{
    const char *why;
    int64_t began = clock_monotonic_ns();
    int index = sm4_quantity_find(setting->quantity), r = 0;
    if (unit != 0 || setting->channel >= SM4_CHANNELS || index < 0 ||
        !modality_channel_takes(&link->device.channels[setting->channel], setting->quantity, setting->value))
        return unit_report(link, -EINVAL, "a value that it cannot take");
    why = pulse_refusal(setting->quantity, setting->value);
    if (why)
        return unit_report(link, -EINVAL, why);
    if (link->port.doubt)
        return -EIO;
    struct sm4_channel_memory *c = &link->memory.channels[setting->channel];
    struct pulse_shape shape = c->shape;
    sm4_shape_set(&shape, index, setting->value);
    if (link->memory.started & (1u << setting->channel))
        r = apply_running(link, setting->channel, &shape, deadline_ns, &why);
    else
        c->shape = shape; /* the device takes it with the start */
    if (r < 0)
        return unit_report(link, r, why);
    c->set |= 1u << index;
    link->memory.granted_ns = began;
    return unit_report(link, 0, "");
}

/* ---- start ---- */

/* The pulses that the channels of a group begin with, at a current of 0. Channels that nobody set stay off. */
static int prepare(struct modality_link *link, size_t group, unsigned *members, const char **why)
{
    struct sm4_pulse pulses[SM4_CHANNELS];
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        struct sm4_channel_memory *m = &link->memory.channels[c];
        pulses[c] = m->pulse;
        if (!(link->device.groups[group].channels & (1u << c)) || !sm4_channel_complete(m))
            continue;
        *why = "a start with the current away from 0";
        if (m->shape.amplitude_ua != 0)
            return -EINVAL;
        int r = pulse_build(&m->shape, &pulses[c], why);
        if (r < 0)
            return r;
        *members |= 1u << c;
    }
    *why = "a start of channels that were not set";
    if (*members == 0)
        return -EINVAL;
    *why = "the channels together need more than a second of each second";
    if (pulse_check_load(link->memory.started | *members, pulses) < 0)
        return -EINVAL;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (*members & (1u << c))
            link->memory.channels[c].pulse = pulses[c];
    return 0;
}

/* Switches the high voltage on, or makes sure that what runs already runs as it should. */
static int begin_level(struct modality_link *link, unsigned others, int64_t deadline_ns, const char **why)
{
    struct sm4_answer a;
    if (others != 0) {
        *why = "its other channels do not run as they were started";
        return unit_confirm(link, others, deadline_ns);
    }
    *why = "initialising it";
    return unit_ask(link, &(struct sm4_request){.command = SM4_ML_INIT, .stop_all = true}, deadline_ns, &a);
}

int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    const char *why = "";
    unsigned members = 0;
    int64_t began = clock_monotonic_ns();
    if (unit != 0 || group >= link->device.n_groups)
        return -EINVAL;
    int r = prepare(link, group, &members, &why);
    if (r < 0)
        return unit_report(link, r, why);
    unsigned others = link->memory.started & ~members;
    r = begin_level(link, others, deadline_ns, &why);
    if (r < 0)
        return unit_report(link, r, why);
    why = "starting its channels";
    link->memory.started |= members; /* until a stop is told: an update that is not answered may have started them */
    r = unit_update(link, others | members, deadline_ns);
    if (r == 0)
        link->memory.granted_ns = began;
    if (r == -EAGAIN && others == 0)
        r = -ETIMEDOUT; /* the level was begun */
    return unit_report(link, r, why);
}

/* ---- rest ---- */

/* One step toward rest, also in doubt. A level that is not there needs no stopping. */
static int rest_step(struct modality_link *link, const struct sm4_request *request, int64_t deadline_ns)
{
    struct sm4_answer a;
    int r = sm4_port_exchange(&link->port, request, deadline_ns, &a);
    return r == 0 && a.result != SM4_OK && a.result != SM4_NOT_INITIALISED ? -EACCES : r;
}

/* Every request, whatever became of the one before; the first error counts. */
static int rest_steps(struct modality_link *link, const struct sm4_request *requests, unsigned n, int64_t deadline_ns)
{
    int first = 0;
    for (unsigned i = 0; i < n; i++) {
        int r = rest_step(link, &requests[i], unit_call_share(deadline_ns, n - i));
        if (first == 0)
            first = r;
    }
    return first;
}

/* All channels off, then the level gone and with it the high voltage. */
static int stop_all(struct modality_link *link, int64_t deadline_ns)
{
    static const struct sm4_request steps[] = {{.command = SM4_ML_UPDATE}, {.command = SM4_ML_STOP}};
    sm4_forget(&link->memory, SM4_ALL);
    return rest_steps(link, steps, sizeof steps / sizeof *steps, deadline_ns);
}

static int stop_group(struct modality_link *link, size_t group, int64_t deadline_ns)
{
    sm4_forget(&link->memory, link->device.groups[group].channels);
    unsigned others = link->memory.started;
    int first = 0;
    if (others != 0) { /* they go on only if they are known to run: what leaves them on would start them again */
        first = unit_confirm(link, others, unit_call_share(deadline_ns, 4));
        if (first == 0) {
            first = unit_update(link, others, unit_call_share(deadline_ns, 2));
            if (first == 0)
                return 0;
        } else if (first == -EACCES) {
            first = 0; /* it has answered: they do not run */
        }
    }
    int r = stop_all(link, deadline_ns);
    return first < 0 ? first : r;
}

int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    if (unit != 0 || group >= link->device.n_groups)
        return -EINVAL;
    link->wire.toward_rest(link->wire.ctx, true);
    int r = stop_group(link, group, deadline_ns);
    link->wire.toward_rest(link->wire.ctx, false);
    return unit_report(link, r, "stopping it");
}

int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    static const struct sm4_request steps[] = {
        {.command = SM4_ML_UPDATE}, {.command = SM4_ML_STOP}, {.command = SM4_LL_STOP}};
    if (unit != 0)
        return -EINVAL;
    sm4_forget(&link->memory, SM4_ALL);
    link->port.general_error = 0; /* what it says from now on is latched anew */
    link->wire.toward_rest(link->wire.ctx, true);
    int r = rest_steps(link, steps, sizeof steps / sizeof *steps, deadline_ns);
    link->wire.toward_rest(link->wire.ctx, false);
    return unit_report(link, r, "making it safe");
}
