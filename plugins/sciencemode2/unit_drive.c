/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leads away from rest, and what leads to it. The former is carried out only on a device that is connected and has
 * not complained since it was made safe; the latter begins the conversation if need be.
 */
#include <errno.h>

#include "unit.h"
#include "unit_parts.h"

/* ---- away from rest ---- */

/* Connected, and nothing is held against it. */
static bool may_stimulate(const struct modality_link *link)
{
    const struct sm2_memory *m = &link->memory;
    return link->dialog.state == DIALOG_CONNECTED && !m->patient_stop && m->fault == 0 && !m->untold;
}

/* Hears, and then says whether the device can be told to stimulate: 0, -EACCES, or what hearing came to. */
static int ready(struct modality_link *link)
{
    int r = unit_hear(link);
    return r == 0 && !may_stimulate(link) ? -EACCES : r;
}

static int send_pulses(struct modality_link *link, const struct wanted *wanted, unsigned channels, int64_t deadline_ns)
{
    struct sm2_pulse pulses[SM2_CHANNELS];
    struct sm2_request q = {.command = SM2_START_LIST, .list.active = channels, .pulses = pulses};
    struct sm2_answer a;
    wanted_pulses(wanted, pulses);
    int64_t began = clock_monotonic_ns();
    int r = unit_ask(link, &q, deadline_ns, &a);
    if (r == 0)
        link->memory.granted_ns = began;
    return r;
}

/* A running device takes currents and widths of the channels it runs, all of them with every change. */
static int apply_running(struct modality_link *link, const struct wanted *wanted,
                         const struct modality_setting *setting, int64_t deadline_ns)
{
    struct sm2_memory *m = &link->memory;
    if (wanted->channels[setting->channel].interval != m->wanted.channels[setting->channel].interval)
        return unit_report(link, -EINVAL, "changing the pulse rate of a running list");
    int r = ready(link);
    if (r == 0 && !m->started)
        r = -EACCES;
    if (r < 0)
        return unit_report(link, r, "writing a set point");
    if (!(m->listed & (1u << setting->channel)))
        return unit_report(link, -EINVAL, "writing a set point of a channel that was not started");
    r = unit_settled(send_pulses(link, wanted, m->listed, deadline_ns));
    if (r == 0)
        m->wanted = *wanted;
    return unit_report(link, r, "writing a set point");
}

int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns)
{
    const char *why = "";
    if (unit != 0)
        return -EINVAL;
    struct wanted wanted = link->memory.wanted;
    if (wanted_put(&wanted, setting->channel, setting->quantity, setting->value, &why) < 0)
        return unit_report(link, -EINVAL, why);
    if (link->memory.armed)
        return apply_running(link, &wanted, setting, deadline_ns);
    /* It takes set points only together, when it is started. */
    link->memory.wanted = wanted;
    return 0;
}

/* The list, then its pulses. */
static int start_list(struct modality_link *link, const struct sm2_list *list, int64_t deadline_ns)
{
    struct sm2_memory *m = &link->memory;
    struct sm2_request q = {.command = SM2_INIT_LIST, .list = *list};
    struct sm2_answer a;
    m->listed = 0;
    m->granted_ns = clock_monotonic_ns();
    int r = unit_ask(link, &q, deadline_ns, &a);
    if (r == 0 && !may_stimulate(link)) /* it complained beside its answer */
        r = -EACCES;
    if (r < 0)
        return r;
    sm2_memory_speak(m); /* a list is taken in mode start alone: the stops before it were heeded */
    m->listed = list->active;
    m->electrode = false;
    m->started = true; /* from here on, whatever becomes of the answer; what is said behind it ends it again */
    r = send_pulses(link, &m->wanted, list->active, deadline_ns);
    if (r == -EACCES)
        m->started = false;
    return r == -EAGAIN ? -ETIMEDOUT : r; /* not nothing was sent */
}

int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    const char *why = "";
    struct sm2_list list;
    if (unit != 0 || group >= link->config.n_groups)
        return -EINVAL;
    if (wanted_list(&link->memory.wanted, link->config.groups[group].channels, &list, &why) < 0)
        return unit_report(link, -EINVAL, why);
    int r = ready(link);
    if (r == 0 && link->memory.armed) /* a stop comes before every start */
        r = -EACCES;
    if (r == 0) {
        r = unit_settled(start_list(link, &list, deadline_ns));
        link->memory.armed = r == 0;
    }
    return unit_report(link, r, "starting");
}

/* ---- toward rest ---- */

static int ask_to_stop(struct modality_link *link, int64_t deadline_ns)
{
    struct sm2_request q = {.command = SM2_STOP_LIST};
    struct sm2_answer a = {0};
    int r = unit_ask(link, &q, deadline_ns, &a);
    if (r != -EAGAIN)
        link->memory.stops++;
    /* A list that is not there to be stopped is at rest. */
    return r == -EACCES && a.result == SM2_WRONG_MODE ? 0 : r;
}

/* An Init that waits is answered first, or its device hears no stop; one that comes instead of the answer as well. */
static int stop_list(struct modality_link *link, int64_t deadline_ns)
{
    int accepted = dialog_accept(&link->dialog, deadline_ns);
    int r = ask_to_stop(link, deadline_ns);
    if (r == -ECONNRESET) {
        accepted = dialog_accept(&link->dialog, deadline_ns);
        r = ask_to_stop(link, deadline_ns);
    }
    if (r == 0)
        link->memory.started = false; /* what it is in truth, the status asks */
    return accepted < 0 ? accepted : r == -ECONNRESET ? -EPROTO : r;
}

static int rest(struct modality_link *link, int64_t deadline_ns)
{
    sm2_memory_stopping(&link->memory);
    (void)unit_hear(link); /* what is wrong with it shows when the stop is sent */
    int r = unit_keep_silence(link, deadline_ns, true);
    return r == -EAGAIN ? r : stop_list(link, deadline_ns);
}

static int rest_with_reserve(struct modality_link *link, int64_t deadline_ns)
{
    link->wire.toward_rest(link->wire.ctx, true);
    int r = rest(link, deadline_ns);
    link->wire.toward_rest(link->wire.ctx, false);
    return r;
}

int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    if (unit != 0 || group >= link->config.n_groups)
        return -EINVAL;
    return unit_report(link, rest_with_reserve(link, deadline_ns), "stopping");
}

int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    if (unit != 0)
        return -EINVAL;
    int r = rest_with_reserve(link, deadline_ns);
    if (r == 0)
        sm2_memory_clear(&link->memory);
    return unit_report(link, r, "making it safe");
}
