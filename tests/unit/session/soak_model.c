/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference model of the walk: six classes of a session, which call may move one where, and what must have moved
 * after a call. Beside it what the trace must never show. Everything is asked after each call into the daemon or after
 * each slice of time.
 */
#include "soak.h"

#include "session/internal.h"

/* An end by what was done to a device is looked for this long afterwards. */
#define EXCUSE_NS (10 * NS_PER_S)
/* From the order to rest to rest, by a host that is well; and by the device's watchdog or the host's death. */
#define REST_NS (100 * NS_PER_MS)
#define REST_ALONE_NS (1200 * NS_PER_MS)
/* An idle host asks its device five times a second. */
#define UNHELD_NS (300 * NS_PER_MS)
#define PROOF_SLACK_NS (600 * NS_PER_MS)

static int64_t now_ns(const struct soak *w)
{
    return w->room->now.monotonic_ns;
}

static enum soak_class class_of(enum session_state state)
{
    switch (state) {
    case SESSION_prepared:
        return CLASS_PREPARED;
    case SESSION_starting:
    case SESSION_ramping:
    case SESSION_running:
        return CLASS_ACTIVE;
    case SESSION_pausing:
    case SESSION_holding:
    case SESSION_stopping:
        return CLASS_RESTING;
    case SESSION_paused:
    case SESSION_held:
        return CLASS_RESTED;
    case SESSION_output_unknown:
        return CLASS_UNKNOWN;
    case SESSION_ended:
    case SESSION_STATE_COUNT:
        break;
    }
    return CLASS_ENDED;
}

void soak_excuse(struct soak *w, size_t link)
{
    for (size_t i = 0; i < ROOM_DEVICES; i++) {
        if (link == SIZE_MAX || link == i)
            w->excused_ns[i] = now_ns(w) + EXCUSE_NS;
    }
}

struct soak_session *soak_open_of(struct soak *w, uint64_t number)
{
    for (size_t i = 0; i < w->n_open; i++) {
        if (w->open[i].number == number)
            return &w->open[i];
    }
    return NULL;
}

void soak_opened(struct soak *w, unsigned patient)
{
    const struct sessions *all = w->room->sessions;
    const struct session *s = all->list[all->n_sessions - 1];
    if (w->n_open == SOAK_OPEN)
        soak_fail(w, "%d sessions are open on five devices", SOAK_OPEN);
    struct soak_session *m = &w->open[w->n_open++];
    *m = (struct soak_session){.session = s,
                               .number = s->number,
                               .link = s->unit->settings->link,
                               .channels = s->unit->info.device.groups[s->group].channels,
                               .class = CLASS_PREPARED,
                               .since_ns = now_ns(w),
                               .token_until_ns = now_ns(w) + 120 * NS_PER_S,
                               .target = s->treatment.channels[0].start.value[s->level]};
    m->target_before = m->target;
    const uint64_t key = w->life * 100000 + s->number;
    struct soak_account *a = &w->accounts[key % SOAK_ACCOUNTS];
    *a = (struct soak_account){.key = key, .patient = patient};
    snprintf(a->id, sizeof a->id, "%s", s->id);
}

void soak_retarget(struct soak *w, struct soak_session *m, int64_t target)
{
    m->target_before = m->target;
    m->target = target;
    m->target_ns = now_ns(w);
}

/* --- what a call may change --- */

static bool is_well(const struct soak *w, size_t link)
{
    return now_ns(w) > w->excused_ns[link] && w->devices[link].faults == 0 && w->hosts[link].life == LIFE_UP;
}

/* Nobody has asked for it, and nothing was done to its device: then its time, its dose or its lease must be over. */
static bool ends_by_itself(const struct soak *w, const struct soak_session *m)
{
    const struct session *s = m->session;
    const bool silent = now_ns(w) >= m->lease_until_ns;
    if (!is_well(w, m->link))
        return true;
    /* not started: an acknowledgement has asked for make_safe a moment before */
    if (s->end == END_complete || s->end == END_time_over || s->end == END_not_started ||
        strncmp(s->pause_reason, "point", 5) == 0)
        return true;
    return silent && (s->end == END_lease_lost || strcmp(s->pause_reason, "lease_lost") == 0);
}

static bool at_rest(const struct soak *w, const struct soak_session *m)
{
    for (uint32_t c = 0; c < SOAK_ARMS; c++) {
        if (((m->channels >> c) & 1u) && soak_device_on(w, m->link, c) &&
            w->devices[m->link].owner[c] == w->life * 100000 + m->number)
            return false;
    }
    return true;
}

static bool by_host(const struct soak *w, const struct soak_session *m)
{
    const enum soak_cause c = w->call.cause;
    return w->call.link == m->link && (c == CAUSE_SAMPLE || c == CAUSE_PRESENCE || c == CAUSE_SAID || c == CAUSE_GONE);
}

static bool may_begin(const struct soak *w, const struct soak_session *m, bool mine)
{
    if (m->class == CLASS_PREPARED)
        return w->call.cause == CAUSE_START && mine;
    if (m->class != CLASS_RESTED)
        return false;
    return (w->call.cause == CAUSE_RESUME && mine) || (m->held && by_host(w, m));
}

static bool may_rest(const struct soak *w, const struct soak_session *m, bool mine)
{
    const enum soak_cause c = w->call.cause;
    if (m->class != CLASS_ACTIVE)
        return false;
    if (((c == CAUSE_STOP || c == CAUSE_PAUSE) && mine) || c == CAUSE_RELOAD)
        return true;
    return (by_host(w, m) || c == CAUSE_TICK) && ends_by_itself(w, m);
}

static bool may_end(const struct soak *w, const struct soak_session *m, bool mine)
{
    const enum soak_cause c = w->call.cause;
    const bool told = (c == CAUSE_STOP && mine) || c == CAUSE_RELOAD;
    if (m->class == CLASS_PREPARED)
        return told || c == CAUSE_TICK || (c == CAUSE_START && mine);
    if (m->class == CLASS_UNKNOWN)
        return by_host(w, m) || c == CAUSE_RESET;
    /* a host that is gone is found by whoever sends it anything next */
    return told || by_host(w, m) || c == CAUSE_TICK || !is_well(w, m->link);
}

static bool may_move(const struct soak *w, const struct soak_session *m, enum soak_class to)
{
    const bool mine = w->call.number == 0 || w->call.number == m->number;
    switch (to) {
    case CLASS_PREPARED:
        return false;
    case CLASS_ACTIVE:
        return may_begin(w, m, mine);
    case CLASS_RESTING:
        return may_rest(w, m, mine);
    case CLASS_RESTED:
        return m->class == CLASS_RESTING && by_host(w, m);
    case CLASS_UNKNOWN:
        return m->class != CLASS_PREPARED && !is_well(w, m->link);
    case CLASS_ENDED:
        return may_end(w, m, mine);
    }
    return false;
}

static void move(struct soak *w, struct soak_session *m, enum soak_class to)
{
    const struct session *s = m->session;
    const bool proved = to == CLASS_RESTED || (to == CLASS_ENDED && w->call.cause != CAUSE_RESET);
    if (!may_move(w, m, to))
        soak_fail(w, "moved: class %d to %d (%s, end %s, '%s', pause '%s') by cause %d", (int)m->class, (int)to,
                  session_state_id(s->state), session_end_id(s->end), s->end_detail, s->pause_reason,
                  (int)w->call.cause);
    if (proved && !at_rest(w, m))
        soak_fail(w, "proved at rest, and it is on: session %s by cause %d", s->id, (int)w->call.cause);
    w->report->starts += to == CLASS_ACTIVE;
    w->report->trips += to == CLASS_RESTING && by_host(w, m);
    m->class = to;
    m->since_ns = now_ns(w);
}

/* --- what a call must have changed --- */

static void check_tick(struct soak *w, const struct soak_session *m)
{
    const int64_t here_ns = now_ns(w) - m->since_ns;
    const int64_t proof_ns = (int64_t)m->session->dead_man_ms * NS_PER_MS + PROOF_SLACK_NS;
    if (m->class == CLASS_ACTIVE && now_ns(w) >= m->lease_until_ns)
        soak_fail(w, "overdue: its lease is lost and it is %s", session_state_id(m->session->state));
    if (m->class == CLASS_RESTED && now_ns(w) >= m->lease_until_ns + 61 * NS_PER_S)
        soak_fail(w, "overdue: its lease was lost a minute ago and it is paused");
    if (m->class == CLASS_PREPARED && now_ns(w) >= m->token_until_ns)
        soak_fail(w, "overdue: its token is no good any more");
    if (m->class == CLASS_RESTING && here_ns > proof_ns)
        soak_fail(w, "overdue: %s for %lld ms", session_state_id(m->session->state), (long long)(here_ns / NS_PER_MS));
    if (m->class == CLASS_RESTED && m->held && here_ns > 11 * NS_PER_S)
        soak_fail(w, "overdue: held for too long");
}

static void check_due(struct soak *w, const struct soak_session *m)
{
    const bool mine = w->call.number == 0 || w->call.number == m->number;
    const bool runs = m->session->state == SESSION_ramping || m->session->state == SESSION_running;
    const uint32_t grave = FAULT_BIT(reported) | FAULT_BIT(hand_switch);
    if (w->call.cause == CAUSE_STOP && mine && (m->class == CLASS_ACTIVE || m->class == CLASS_PREPARED))
        soak_fail(w, "stopped, and it is %s", session_state_id(m->session->state));
    if (w->call.cause == CAUSE_GONE && w->call.link == m->link &&
        (m->class == CLASS_ACTIVE || m->class == CLASS_RESTING) && m->session->armed)
        soak_fail(w, "its host is gone, and it is %s", session_state_id(m->session->state));
    if (w->call.cause == CAUSE_SAMPLE && w->call.link == m->link && runs && (w->devices[m->link].faults & grave) &&
        m->session->unit->sample.session == m->number)
        soak_fail(w, "a fault was reported, and it is %s", session_state_id(m->session->state));
    if (w->call.cause == CAUSE_TICK)
        check_tick(w, m);
}

void soak_call(struct soak *w, enum soak_cause cause, size_t link, uint64_t number)
{
    w->call.cause = cause;
    w->call.link = link;
    w->call.number = number;
}

void soak_called(struct soak *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n_open; i++) {
        struct soak_session m = w->open[i];
        const enum soak_class class = class_of(m.session->state);
        w->report->states |= UINT64_C(1) << m.session->state;
        if (class != m.class)
            move(w, &m, class);
        m.held = m.session->state == SESSION_held;
        if (class != CLASS_ENDED) {
            check_due(w, &m);
            w->open[kept++] = m;
        } else {
            w->report->ends |= UINT64_C(1) << m.session->end;
        }
    }
    w->n_open = kept;
}

/* --- what the trace must not show --- */

static const struct soak_session *holder(const struct soak *w, size_t link, uint32_t channel)
{
    for (size_t i = 0; i < w->n_open; i++) {
        const struct soak_session *m = &w->open[i];
        if (m->link == link && ((m->channels >> channel) & 1u) && m->class != CLASS_PREPARED &&
            m->class != CLASS_RESTED)
            return m;
    }
    return NULL;
}

static void check_held(struct soak *w, size_t link, uint32_t channel)
{
    const struct unit *u = &w->room->sessions->units[link];
    const bool known = holder(w, link, channel) || u->unproved || u->presence != UNIT_READY;
    if (known || w->hosts[link].life != LIFE_UP || w->hosts[link].cut_ns != 0)
        w->unheld_ns[link] = 0;
    else if (w->unheld_ns[link] == 0)
        w->unheld_ns[link] = now_ns(w);
    else if (now_ns(w) - w->unheld_ns[link] > UNHELD_NS)
        soak_fail(w, "output: device %zu is on, nobody has it, and the daemon calls it ready", link);
}

static void check_level(struct soak *w, const struct soak_session *m, uint32_t channel)
{
    const struct soak_device *d = &w->devices[m->link];
    const enum modality_quantity q = m->session->level;
    int64_t most = m->target;
    if (now_ns(w) - m->target_ns <= 2 * SOAK_SLICE_MS * NS_PER_MS && quantity_unsafer(q, m->target_before, most))
        most = m->target_before;
    if (d->owner[channel] != w->life * 100000 + m->number || (d->faults & (FAULT_BIT(stuck) | FAULT_BIT(cut))) ||
        w->hosts[m->link].life != LIFE_UP)
        return;
    if (quantity_unsafer(q, d->level[channel], most))
        soak_fail(w, "output: level %lld, commanded %lld at most", (long long)d->level[channel], (long long)most);
}

static void check_bound(struct soak *w, const struct soak_session *m)
{
    const int64_t changed_ns = w->excused_ns[m->link] - EXCUSE_NS; /* what is wrong with the device was another thing */
    const int64_t since_ns = now_ns(w) - (m->since_ns > changed_ns ? m->since_ns : changed_ns);
    if (m->class != CLASS_RESTING && m->class != CLASS_UNKNOWN)
        return;
    if (w->devices[m->link].faults & FAULT_BIT(stuck))
        return;
    if (since_ns > (is_well(w, m->link) ? REST_NS : REST_ALONE_NS))
        soak_fail(w, "output: %s for %lld ms, and it is on", session_state_id(m->session->state),
                  (long long)(since_ns / NS_PER_MS));
}

/* Everything that is left without a daemon rests by end of file, watchdog or cable. */
static void check_alone(struct soak *w, size_t link)
{
    if (w->devices[link].faults & FAULT_BIT(stuck))
        return;
    if (w->unheld_ns[link] == 0)
        w->unheld_ns[link] = now_ns(w);
    if (now_ns(w) - w->unheld_ns[link] > REST_ALONE_NS)
        soak_fail(w, "output: device %zu is on without a daemon", link);
}

static void check_channel(struct soak *w, size_t link, uint32_t channel)
{
    if (w->down) {
        check_alone(w, link);
        return;
    }
    const struct soak_session *m = holder(w, link, channel);
    check_held(w, link, channel);
    if (m) {
        check_level(w, m, channel);
        if (w->devices[link].owner[channel] == w->life * 100000 + m->number)
            check_bound(w, m);
    }
}

static void check_one_holder(struct soak *w)
{
    uint32_t armed[ROOM_DEVICES] = {0};
    for (size_t i = 0; i < w->n_open; i++) {
        const struct soak_session *m = &w->open[i];
        if (m->session->armed && (armed[m->link] & m->channels))
            soak_fail(w, "two sessions have the output of device %zu", m->link);
        armed[m->link] |= m->session->armed ? m->channels : 0;
        if (m->class == CLASS_UNKNOWN && now_ns(w) - m->since_ns > NS_PER_S &&
            !alarms_active(sessions_alarms(w->room->sessions), ALARM_KIND_output_unknown, m->session->unit->id))
            soak_fail(w, "output unknown, and there is no alarm");
    }
}

void soak_check_slice(struct soak *w)
{
    for (size_t link = 0; link < ROOM_DEVICES; link++) {
        bool on = false;
        for (uint32_t c = 0; c < w->room->units[link].device.n_channels; c++) {
            if (!soak_device_on(w, link, c))
                continue;
            on = true;
            check_channel(w, link, c);
        }
        if (!on)
            w->unheld_ns[link] = 0;
    }
    if (!w->down)
        check_one_holder(w);
}
