/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts of the walk, by the contract of link/message.h: an arm lives under permit and end time, always ends with
 * proved rest, and what cannot be rested is said to be unproved and tried for ever. Every other one leaves all judging
 * to the daemon.
 */
#include "soak.h"

#define START_NS (20 * NS_PER_MS)
#define SILENT_NS (50 * NS_PER_MS) /* so long without an answer is a device that is gone */
#define RESPAWN_MS 100
#define QUARANTINE_NS (2 * NS_PER_S)

static int64_t now_ns(const struct soak *w)
{
    return w->room->now.monotonic_ns;
}

static uint32_t channels_of(const struct soak *w, size_t link, const struct soak_arm *arm)
{
    return w->room->units[link].device.groups[arm->order.envelope.group].channels;
}

static int64_t dead_man_ns(const struct soak *w, size_t link)
{
    return (int64_t)w->room->units[link].dead_man_ms * NS_PER_MS;
}

static bool any_on(const struct soak *w, size_t link, uint32_t channels)
{
    for (uint32_t c = 0; c < w->room->units[link].device.n_channels; c++) {
        if (((channels >> c) & 1u) && w->devices[link].on[c])
            return true;
    }
    return false;
}

/* --- what is said --- */

static void tell(struct soak *w, size_t link, enum soak_cause cause, const struct link_header *m)
{
    if (w->down)
        return;
    soak_call(w, cause, link, 0);
    sessions_host_message(w->room->sessions, link, m, &w->room->now);
    soak_called(w);
}

static void say_session(struct soak *w, size_t link, const struct soak_arm *arm, enum link_session_event event,
                        enum modality_evidence evidence)
{
    struct link_session m = {
        .ref = arm->order.ref, .event = event, .reason = arm->reason, .evidence = evidence, .at_ns = now_ns(w)};
    link_message_head(&m, LINK_SESSION, sizeof m);
    w->hosts[link].said_before[0] = w->hosts[link].said_before[1];
    w->hosts[link].said_before[1] = m;
    tell(w, link, CAUSE_SAID, &m.header);
}

static void describe(struct soak *w, size_t link, bool again)
{
    struct link_hello hello = {.hello_size = sizeof(struct link_sample), .reexecuted = again, .pid = 1};
    link_message_head(&hello, LINK_HELLO, sizeof hello);
    tell(w, link, again ? CAUSE_GONE : CAUSE_PRESENCE, &hello.header);
    link_message_head(&w->room->units[link], LINK_UNIT, sizeof w->room->units[link]);
    tell(w, link, CAUSE_PRESENCE, &w->room->units[link].header);
}

void soak_host_repeats(struct soak *w, size_t link, bool sample, uint32_t which)
{
    const struct soak_host *h = &w->hosts[link];
    const struct link_session said = h->said_before[which % 2];
    const struct link_sample sampled = h->sampled;
    const struct link_header *m = sample ? &sampled.header : &said.header;
    if (h->life == LIFE_UP && m->type != 0)
        tell(w, link, CAUSE_NOTHING, m);
}

static bool has_arm(const struct soak_host *h)
{
    return h->arms[0].live || h->arms[1].live;
}

static enum unit_state state_of(const struct soak_host *h)
{
    if (h->unproved)
        return UNIT_OUTPUT_UNKNOWN;
    if (has_arm(h))
        return UNIT_ENERGISED;
    if (!h->identified)
        return h->hot ? UNIT_OUTPUT_UNKNOWN : UNIT_ABSENT;
    if (h->quarantine_ns != 0)
        return UNIT_QUARANTINE;
    return h->rest_ns != 0 ? UNIT_PROBING : UNIT_READY;
}

static void say_presence(struct soak *w, size_t link)
{
    struct soak_host *h = &w->hosts[link];
    const enum unit_state state = state_of(h);
    struct room *r = w->room;
    if (h->said && h->state == state && h->said_epoch == r->epoch[link])
        return;
    h->said = true;
    h->state = state;
    h->said_epoch = r->epoch[link];
    struct link_presence m = {.state = state, .epoch = r->epoch[link], .quarantine_until_ns = h->quarantine_ns};
    link_message_head(&m, LINK_PRESENCE, sizeof m);
    snprintf(m.identity.serial, sizeof m.identity.serial, "%s", r->serial[link]);
    snprintf(m.identity.model, sizeof m.identity.model, "ref");
    snprintf(m.identity.firmware, sizeof m.identity.firmware, "1.0");
    tell(w, link, CAUSE_PRESENCE, &m.header);
}

/* --- arms --- */

static void stop_arm(struct soak *w, size_t link, struct soak_arm *arm, enum link_reason reason)
{
    if (!arm->live || arm->stopping)
        return;
    arm->stopping = true;
    arm->reason = reason;
    arm->stop_by_ns = now_ns(w) + dead_man_ns(w, link);
    say_session(w, link, arm, LINK_SESSION_STOPPING, EVIDENCE_NONE);
}

void soak_host_stops(struct soak *w, size_t link, enum link_reason reason)
{
    for (size_t i = 0; i < SOAK_ARMS; i++)
        stop_arm(w, link, &w->hosts[link].arms[i], reason);
}

static void on_arm(struct soak *w, size_t link, const struct link_arm *order)
{
    struct soak_host *h = &w->hosts[link];
    struct soak_arm *arm = &h->arms[h->arms[0].live ? 1 : 0];
    struct soak_arm refused = {.order = *order, .reason = LINK_REASON_NOT_READY};
    char why[LINK_TEXT_MAX];
    const uint32_t wrong = FAULT_BIT(reported) | FAULT_BIT(hand_switch) | FAULT_BIT(interlock);
    if (envelope_check(&order->envelope, why, sizeof why) < 0)
        soak_fail(w, "armed beyond the ceilings: %s", why);
    const bool ready = !arm->live && h->identified && !h->unproved && h->quarantine_ns == 0 && h->rest_ns == 0;
    if (!ready || (w->devices[link].faults & wrong)) {
        say_session(w, link, &refused, LINK_SESSION_REFUSED, EVIDENCE_NONE);
        return;
    }
    *arm =
        (struct soak_arm){.live = true,
                          .order = *order,
                          .permit_boot_ns = order->permit_boot_ns,
                          .end_boot_ns = order->end_boot_ns,
                          .start_ns = now_ns(w) + START_NS + (int64_t)w->room->units[link].device.start_ms * NS_PER_MS};
    h->hot = true;
    h->fed_ns = now_ns(w);
}

static int64_t way_to(const struct envelope_channel *e, int64_t absolute)
{
    return absolute > e->rest_value ? absolute - e->rest_value : e->rest_value - absolute;
}

static void started(struct soak *w, size_t link, struct soak_arm *arm)
{
    const struct envelope *e = &arm->order.envelope;
    const int64_t end_boot_ns = w->room->now.boot_ns + e->total_ms * NS_PER_MS;
    if (w->devices[link].faults & FAULT_BIT(cut))
        return;
    arm->started = true;
    arm->end_boot_ns = end_boot_ns < arm->end_boot_ns ? end_boot_ns : arm->end_boot_ns;
    for (size_t i = 0; i < e->n_channels; i++) {
        soak_device_begins(w, link, e->channels[i].channel, w->life * 100000 + arm->order.ref.session);
        walk_begin(&arm->level[i], now_ns(w));
        walk_target(&arm->level[i], way_to(&e->channels[i], arm->order.targets[i]));
    }
    say_session(w, link, arm, LINK_SESSION_STARTED, EVIDENCE_NONE);
}

static void on_target(struct soak *w, size_t link, const struct link_target *t)
{
    char why[LINK_TEXT_MAX];
    for (size_t k = 0; k < SOAK_ARMS; k++) {
        struct soak_arm *arm = &w->hosts[link].arms[k];
        const struct link_session_ref *ref = &arm->order.ref;
        if (!arm->live || arm->stopping || ref->session != t->ref.session || ref->turn != t->ref.turn)
            continue;
        if (envelope_gate(&arm->order.envelope, t->channel, (enum modality_quantity)t->quantity, t->value, why,
                          sizeof why) < 0)
            soak_fail(w, "asked outside of its envelope: %s", why);
        for (size_t i = 0; i < arm->order.envelope.n_channels; i++) {
            const struct envelope_channel *e = &arm->order.envelope.channels[i];
            if (e->channel != t->channel || e->level_quantity != t->quantity)
                continue;
            arm->order.targets[i] = t->value;
            if (arm->started)
                walk_target(&arm->level[i], way_to(e, t->value));
        }
    }
}

static struct soak_arm *arm_of(struct soak_host *h, uint64_t session)
{
    for (size_t i = 0; i < SOAK_ARMS; i++) {
        if (h->arms[i].live && h->arms[i].order.ref.session == session)
            return &h->arms[i];
    }
    return NULL;
}

static void on_order(struct soak *w, size_t link, const union sent *m)
{
    struct soak_host *h = &w->hosts[link];
    struct link_stop heard = {.session = 0};
    struct soak_arm *arm;
    switch ((int)m->header.type) {
    case LINK_ASK:
        link_message_head(&heard, LINK_HEARD, sizeof heard);
        tell(w, link, CAUSE_NOTHING, &heard.header);
        return;
    case LINK_ARM:
        on_arm(w, link, &m->arm);
        return;
    case LINK_TARGET:
        on_target(w, link, &m->target);
        return;
    case LINK_PERMIT:
        arm = arm_of(h, m->permit.ref.session);
        if (arm && arm->order.ref.turn == m->permit.ref.turn && m->permit.until_boot_ns > arm->permit_boot_ns)
            arm->permit_boot_ns = m->permit.until_boot_ns;
        return;
    case LINK_STOP:
        for (size_t i = 0; i < SOAK_ARMS; i++) {
            if (m->stop.session == 0 || m->stop.session == h->arms[i].order.ref.session)
                stop_arm(w, link, &h->arms[i], LINK_REASON_TOLD);
        }
        return;
    case LINK_TIGHTEN:
        arm = arm_of(h, m->arm.ref.session);
        if (arm && envelope_tighten(&arm->order.envelope, &m->arm.envelope) < 0)
            soak_fail(w, "a tighter envelope of another shape");
        return;
    case LINK_MAKE_SAFE:
        if (!has_arm(h) && h->rest_ns == 0)
            h->rest_ns = now_ns(w);
        h->said = false;
        return;
    default:
        return;
    }
}

int soak_to_host(struct soak *w, size_t link, const void *message)
{
    struct soak_host *h = &w->hosts[link];
    const struct link_header *head = message;
    if (h->life == LIFE_GONE)
        return -ENOTCONN;
    if (h->deaf || h->n_inbox == SOAK_INBOX)
        return -EAGAIN;
    memcpy(&h->inbox[h->n_inbox++], message, head->size);
    return 0;
}

static void run_arm(struct soak *w, size_t link, struct soak_arm *arm)
{
    const int64_t boot_ns = w->room->now.boot_ns;
    if (arm->end_boot_ns <= boot_ns)
        stop_arm(w, link, arm, LINK_REASON_END_TIME);
    else if (arm->permit_boot_ns <= boot_ns)
        stop_arm(w, link, arm, LINK_REASON_PERMIT);
    if (!arm->live || arm->stopping)
        return;
    if (!arm->started && now_ns(w) >= arm->start_ns)
        started(w, link, arm);
    for (size_t i = 0; arm->started && i < arm->order.envelope.n_channels; i++) {
        const struct envelope_channel *e = &arm->order.envelope.channels[i];
        const int64_t way = walk_advance(&e->rules, &arm->level[i], now_ns(w));
        const bool up = e->level_ceiling < e->rest_value; /* of cold, less is more */
        const int64_t level = up ? e->rest_value - way : e->rest_value + way;
        if (w->devices[link].on[e->channel] && w->devices[link].level[e->channel] != level)
            (void)soak_device_write(w, link, e->channel, level);
    }
}

static void rest_arm(struct soak *w, size_t link, struct soak_arm *arm)
{
    struct soak_host *h = &w->hosts[link];
    const uint32_t channels = channels_of(w, link, arm);
    const bool cut = w->devices[link].faults & FAULT_BIT(cut);
    if (!cut)
        soak_device_rests(w, link, channels);
    if (!cut && h->identified && !any_on(w, link, channels)) {
        arm->live = false;
        say_session(w, link, arm, LINK_SESSION_RESTED, EVIDENCE_MEASURED);
        return;
    }
    if (now_ns(w) < arm->stop_by_ns || arm->said_unproved)
        return;
    arm->said_unproved = h->unproved = true;
    say_session(w, link, arm, LINK_SESSION_UNPROVED, EVIDENCE_NONE);
}

/* --- the unit --- */

static void judge_presence(struct soak *w, size_t link)
{
    struct soak_host *h = &w->hosts[link];
    const bool cut = w->devices[link].faults & FAULT_BIT(cut);
    if (cut && h->cut_ns == 0)
        h->cut_ns = now_ns(w);
    if (cut && h->identified && now_ns(w) - h->cut_ns >= SILENT_NS) {
        h->identified = false;
        soak_host_stops(w, link, LINK_REASON_LINK_LOST);
    }
    if (cut)
        return;
    h->cut_ns = 0;
    if (!h->identified) {
        h->identified = true;
        w->room->epoch[link]++;
        h->rest_ns = now_ns(w);
        h->quarantine_ns = h->hot ? INT64_MAX : 0; /* from the proof on */
    }
}

/* What no arm holds is at rest, or is brought there. */
static void rest_unclaimed(struct soak *w, size_t link, bool polled)
{
    struct soak_host *h = &w->hosts[link];
    uint32_t claimed = 0;
    for (size_t i = 0; i < SOAK_ARMS; i++)
        claimed |= h->arms[i].live ? channels_of(w, link, &h->arms[i]) : 0;
    const bool on = any_on(w, link, ~claimed);
    if (on && polled && h->identified && h->rest_ns == 0) {
        h->rest_ns = now_ns(w);
        h->hot = true;
        soak_host_stops(w, link, LINK_REASON_OVER_OUTPUT);
    }
    if (h->unproved && h->rest_ns == 0 && !has_arm(h)) /* the last arm has proved it at last, or has not */
        h->rest_ns = now_ns(w);
    if (h->rest_ns == 0 || !h->identified)
        return;
    soak_device_rests(w, link, ~claimed);
    if (!any_on(w, link, ~claimed)) {
        h->rest_ns = 0;
        h->unproved = h->unproved && has_arm(h);
        h->hot = has_arm(h);
        if (h->quarantine_ns == INT64_MAX)
            h->quarantine_ns = now_ns(w) + QUARANTINE_NS;
    } else if (now_ns(w) - h->rest_ns >= dead_man_ns(w, link)) {
        h->unproved = true;
    }
}

static void judge(struct soak *w, size_t link, const struct link_sample *m)
{
    if ((w->life + link) % 2 == 0)
        return;
    if (m->status.fault)
        soak_host_stops(w, link, LINK_REASON_DEVICE_FAULT);
    if (m->status.patient_stop)
        soak_host_stops(w, link, LINK_REASON_PATIENT_STOP);
    if (m->status.watchdog_tripped)
        soak_host_stops(w, link, LINK_REASON_WATCHDOG);
    if (m->status.restarted)
        soak_host_stops(w, link, LINK_REASON_DEVICE_RESTARTED);
    if (w->devices[link].faults & FAULT_BIT(interlock))
        soak_host_stops(w, link, LINK_REASON_INTERLOCK);
}

static void poll_device(struct soak *w, size_t link)
{
    struct soak_host *h = &w->hosts[link];
    struct link_sample m = {.seq = ++w->room->seq[link], .taken_ns = now_ns(w)};
    struct link_session_ref refs[SOAK_ARMS];
    size_t n = 0;
    link_message_head(&m, LINK_SAMPLE, sizeof m);
    soak_device_status(w, link, &m);
    for (size_t i = 0; i < SOAK_ARMS; i++) {
        if (h->arms[i].live)
            refs[n++] = h->arms[i].order.ref;
    }
    for (size_t i = 0; i < n || i == 0; i++) {
        m.session = n > 0 ? refs[i].session : 0;
        m.turn = n > 0 ? refs[i].turn : 0;
        w->report->samples++;
        tell(w, link, CAUSE_SAMPLE, &m.header);
    }
    h->sampled = m;
    judge(w, link, &m);
}

static void host_turn(struct soak *w, size_t link)
{
    struct soak_host *h = &w->hosts[link];
    for (size_t i = 0; i < h->n_inbox && h->life == LIFE_UP; i++) {
        const union sent m = h->inbox[i];
        on_order(w, link, &m);
    }
    h->n_inbox = 0;
    judge_presence(w, link);
    bool fed = false;
    for (size_t i = 0; i < SOAK_ARMS; i++) {
        struct soak_arm *arm = &h->arms[i];
        if (arm->live && !arm->stopping)
            run_arm(w, link, arm);
        if (arm->live && arm->stopping)
            rest_arm(w, link, arm);
        fed = fed || (arm->live && !arm->stopping);
    }
    if (fed && h->identified && now_ns(w) - h->fed_ns >= NS_PER_S / 3)
        h->fed_ns = w->devices[link].fed_ns = now_ns(w);
    const bool polled = h->identified && h->cut_ns == 0 && now_ns(w) >= h->sample_ns;
    if (polled) {
        h->sample_ns = now_ns(w) + (has_arm(h) || h->hot ? 1 : 4) * SOAK_SAMPLE_MS * NS_PER_MS;
        poll_device(w, link);
    }
    rest_unclaimed(w, link, polled);
    if (h->quarantine_ns != 0 && now_ns(w) >= h->quarantine_ns)
        h->quarantine_ns = 0;
    say_presence(w, link);
}

/* --- life and death --- */

static void begin_host(struct soak *w, size_t link, bool again)
{
    struct soak_host *h = &w->hosts[link];
    *h = (struct soak_host){.life = LIFE_UP, .hot = true, .cut_ns = 0};
    w->room->epoch[link]++;
    h->identified = !(w->devices[link].faults & FAULT_BIT(cut));
    h->rest_ns = now_ns(w);
    h->quarantine_ns = INT64_MAX;
    describe(w, link, again);
}

void soak_host_dies(struct soak *w, size_t link, int64_t for_ms)
{
    struct soak_host *h = &w->hosts[link];
    if (h->life == LIFE_GONE)
        return;
    *h = (struct soak_host){.life = LIFE_GONE, .up_ns = now_ns(w) + for_ms * NS_PER_MS};
    soak_device_unlinked(w, link);
}

void soak_to_link(struct soak *w, size_t link)
{
    soak_excuse(w, link);
    soak_host_dies(w, link, RESPAWN_MS);
}

void soak_host_hangs(struct soak *w, size_t link)
{
    if (w->hosts[link].life == LIFE_UP)
        begin_host(w, link, true);
}

void soak_hosts_begin(struct soak *w, int64_t up_ns)
{
    for (size_t link = 0; link < ROOM_DEVICES; link++)
        w->hosts[link] = (struct soak_host){.life = LIFE_GONE, .told_gone = true, .up_ns = up_ns};
}

void soak_daemon_gone(struct soak *w)
{
    for (size_t link = 0; link < ROOM_DEVICES; link++) {
        if (w->hosts[link].life == LIFE_UP && !(w->devices[link].faults & FAULT_BIT(cut)))
            soak_device_rests(w, link, UINT32_MAX);
    }
}

void soak_slice(struct soak *w, size_t link, int64_t ms)
{
    struct soak_host *h = &w->hosts[link];
    soak_device_slice(w, link, ms);
    if (h->life == LIFE_GONE && !h->told_gone && !w->down) {
        h->told_gone = true;
        soak_call(w, CAUSE_GONE, link, 0);
        sessions_host_gone(w->room->sessions, link, "killed", &w->room->now);
        soak_called(w);
    }
    if (h->life == LIFE_GONE && now_ns(w) >= h->up_ns && !w->down)
        begin_host(w, link, false);
    if (h->life == LIFE_UP && !w->down)
        host_turn(w, link);
}
