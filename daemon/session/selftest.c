/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.selftest: the ways to rest of an idle device, shown to whoever installs it. Nothing is ever started. Its host
 * tries each of them, is killed, and its successor has to prove rest of the same device; then the alarm command runs.
 * While it lasts no session can begin on that link. One step after the other, each judged by a tick, and one answer.
 */
#include <stdint.h>

#include "session/internal.h"

/* Each generously above what a loaded machine takes: what is judged is whether it happens; how long it took is told. */
#define TRIAL_BOUND_NS (30 * NS_PER_S)
#define SUCCESSOR_BOUND_NS (20 * NS_PER_S)
#define COMMAND_BOUND_NS (10 * NS_PER_S)

enum selftest_phase {
    SELFTEST_TRYING,    /* the host tries one way to rest after the other */
    SELFTEST_TRIED,     /* it has */
    SELFTEST_REPLACED,  /* it was killed: its successor proves rest */
    SELFTEST_SETTLING,  /* until all that were ready on this link are so again */
    SELFTEST_COMMANDED, /* the alarm command runs */
    SELFTEST_OVER,
};

struct selftest {
    struct selftest *next;
    struct unit *unit;
    struct session_reply reply;
    struct session_actor actor; /* its strings are these */
    char peer_name[SESSION_TEXT_MAX], operator_id[SESSION_TEXT_MAX], operator_name[SESSION_TEXT_MAX];
    enum selftest_phase phase;
    int64_t since_ns, deadline_ns; /* of the phase */
    uint32_t ready;                /* units of the link that were, by their place on it */
    uint64_t epoch;
    struct modality_identity identity;
    json_t *steps; /* owned */
    bool failed;
};

/* ---- what is told ---- */

enum verdict { PASS, FAIL, NOT_SHOWN };

static json_t *step_add(struct selftest *t, const char *step, enum verdict verdict, const char *detail)
{
    static const char *const ids[] = {[PASS] = "pass", [FAIL] = "fail", [NOT_SHOWN] = "not_shown"};
    json_t *o = json_object();
    doc_text(o, "step", step);
    doc_text(o, "result", ids[verdict]);
    doc_text(o, "detail", detail);
    t->failed = t->failed || verdict == FAIL;
    json_array_append_new(t->steps, o);
    return o; /* borrowed */
}

static void phase_begin(struct selftest *t, enum selftest_phase phase, int64_t bound_ns, const struct session_time *now)
{
    t->phase = phase;
    t->since_ns = now->monotonic_ns;
    t->deadline_ns = now->monotonic_ns + bound_ns;
}

static void fail(struct selftest *t, const char *step, const char *detail)
{
    step_add(t, step, FAIL, detail);
    t->phase = SELFTEST_OVER;
}

static void selftest_free(struct selftest *t)
{
    if (t)
        json_decref(t->steps);
    free(t);
}

static void answer(struct sessions *s, struct selftest *t)
{
    json_t *result = json_pack("{s:s,s:s,s:b,s:O}", "device", t->unit->id, "label", t->unit->settings->label, "passed",
                               !t->failed, "steps", t->steps);
    say_audit(s, "device.selftest", &t->actor, NULL, json_deep_copy(result));
    say_result(t->reply, result);
}

/* ---- the host's part ---- */

static void identity_text(const struct modality_identity *identity, char *text, size_t size)
{
    snprintf(text, size, "%s %s, serial %s, firmware %s", identity->maker, identity->model,
             identity->serial[0] ? identity->serial : "unknown",
             identity->firmware[0] ? identity->firmware : "unknown");
}

static const char *trial_step_id(enum link_trial_step step)
{
    switch (step) {
    case LINK_TRIAL_IDENTITY:
        return "identity";
    case LINK_TRIAL_REST:
        return "rest";
    case LINK_TRIAL_STOP:
        return "stop";
    case LINK_TRIAL_MAKE_SAFE:
        return "make_safe";
    case LINK_TRIAL_OVER:
        break;
    }
    return "trial";
}

static struct selftest *selftest_of(const struct sessions *s, const struct unit *unit)
{
    for (struct selftest *t = s->selftests; t; t = t->next)
        if (t->unit == unit)
            return t;
    return NULL;
}

void selftest_tried(struct sessions *s, size_t link, const struct link_tried *m)
{
    char text[LINK_TEXT_MAX];
    const enum link_trial_step step = (enum link_trial_step)m->step;
    struct unit *unit = unit_of(s, link, m->unit);
    struct selftest *t = unit ? selftest_of(s, unit) : NULL;
    if (!t || t->phase != SELFTEST_TRYING)
        return;
    if (step == LINK_TRIAL_OVER && m->result == 0) {
        t->phase = SELFTEST_TRIED;
        return;
    }
    if (step == LINK_TRIAL_OVER) {
        fail(t, "trial", m->detail);
        return;
    }
    const bool identity = step == LINK_TRIAL_IDENTITY;
    if (identity && m->result == 0)
        identity_text(&unit->identity, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", m->detail);
    json_t *o = step_add(t, trial_step_id(step), m->result == 0 ? PASS : FAIL, text);
    if (step == LINK_TRIAL_STOP && m->group < unit->info.device.n_groups)
        doc_text(o, "group", unit->info.device.groups[m->group].id);
    if (!identity)
        doc_text(o, "evidence", evidence_id((enum modality_evidence)m->evidence));
    doc_int(o, "took_us", m->took_ns / NS_PER_US);
    if (step == LINK_TRIAL_STOP || step == LINK_TRIAL_MAKE_SAFE)
        doc_int(o, "bound_ms", unit->info.dead_man_ms);
}

/* ---- the daemon's part ---- */

static void host_replace(struct sessions *s, struct selftest *t, const struct session_time *now)
{
    t->epoch = t->unit->epoch;
    t->identity = t->unit->identity;
    phase_begin(t, SELFTEST_REPLACED, SUCCESSOR_BOUND_NS, now);
    s->ports.replace_idle_host(s->ports.userdata, t->unit->settings->link, "a self-test was asked for");
}

static bool same_as_before(const struct selftest *t)
{
    return identity_same(&t->identity, &t->unit->identity) &&
           strcmp(t->identity.firmware, t->unit->identity.firmware) == 0;
}

/* A host says ready, or quarantine, of what it has proved at rest since it began. */
static bool successor_proved(const struct selftest *t)
{
    const struct unit *u = t->unit;
    return !u->unproved && u->epoch > t->epoch && (u->presence == UNIT_READY || u->presence == UNIT_QUARANTINE);
}

static void judge_successor(struct selftest *t, const struct session_time *now)
{
    const struct unit *u = t->unit;
    char text[LINK_TEXT_MAX];
    if (!successor_proved(t)) {
        if (now->monotonic_ns >= t->deadline_ns)
            fail(t, "host_killed", unit_detail_text(u, text));
        return;
    }
    if (!same_as_before(t)) {
        fail(t, "host_killed", "another device answers to the host that came after");
        return;
    }
    json_t *o = step_add(t, "host_killed", PASS, "the next host made it safe, knew it again and proved rest");
    doc_int(o, "took_us", (now->monotonic_ns - t->since_ns) / NS_PER_US);
    phase_begin(t, SELFTEST_SETTLING, SUCCESSOR_BOUND_NS + (int64_t)u->info.device.watchdog_ms * NS_PER_MS, now);
}

static void watchdog_tell(struct selftest *t)
{
    const struct modality_device *d = &t->unit->info.device;
    char text[LINK_TEXT_MAX];
    if (d->watchdog_ms > 0)
        snprintf(text, sizeof text, "needs output: it says that it rests %u ms after the last feed", d->watchdog_ms);
    else if (d->on_link_loss == LINK_LOSS_STOPS)
        snprintf(text, sizeof text, "needs output: it says that it rests when its link is cut");
    else
        snprintf(text, sizeof text, "it has none, and may go on when its link is cut: accepted by %s",
                 t->unit->settings->accepted_by ? t->unit->settings->accepted_by : "nobody");
    step_add(t, "watchdog", NOT_SHOWN, text);
}

static void command_begin(struct sessions *s, struct selftest *t, const struct session_time *now)
{
    const int r = s->ports.try_alarm_command ? s->ports.try_alarm_command(s->ports.userdata, t->unit->id) : 1;
    phase_begin(t, r == 0 ? SELFTEST_COMMANDED : SELFTEST_OVER, COMMAND_BOUND_NS, now);
    if (r > 0)
        step_add(t, "alarm_command", NOT_SHOWN, "none is configured");
    else if (r < 0)
        step_add(t, "alarm_command", FAIL, strerror(-r));
}

static bool all_ready(const struct sessions *s, const struct selftest *t)
{
    for (size_t i = 0; i < s->n_units; i++) {
        const struct unit *u = &s->units[i];
        if (u->settings->link == t->unit->settings->link && (t->ready >> u->settings->unit & 1u) &&
            (u->presence != UNIT_READY || u->unproved))
            return false;
    }
    return true;
}

static void judge_settled(struct sessions *s, struct selftest *t, const struct session_time *now)
{
    if (all_ready(s, t)) {
        json_t *o = step_add(t, "ready_again", PASS, "after the time in which a late write could arrive");
        doc_int(o, "took_us", (now->monotonic_ns - t->since_ns) / NS_PER_US);
        watchdog_tell(t);
        command_begin(s, t, now);
    } else if (now->monotonic_ns >= t->deadline_ns) {
        fail(t, "ready_again", "a device of this link that was ready before is not");
    }
}

void selftest_command_ended(struct sessions *s, const char *device, int status)
{
    struct unit *unit = unit_find(s, device);
    struct selftest *t = unit ? selftest_of(s, unit) : NULL;
    char text[64];
    if (!t || t->phase != SELFTEST_COMMANDED)
        return;
    snprintf(text, sizeof text, "it ended with status %d", status);
    step_add(t, "alarm_command", status == 0 ? PASS : FAIL, text);
    t->phase = SELFTEST_OVER;
}

static void judge(struct sessions *s, struct selftest *t, const struct session_time *now)
{
    switch (t->phase) {
    case SELFTEST_TRYING:
        if (t->unit->presence != UNIT_READY || now->monotonic_ns >= t->deadline_ns)
            fail(t, "trial", t->unit->presence != UNIT_READY ? t->unit->detail : "its host has not ended the trial");
        return;
    case SELFTEST_TRIED:
        if (t->unit->presence != UNIT_READY)
            fail(t, "trial", t->unit->detail);
        else
            host_replace(s, t, now);
        return;
    case SELFTEST_REPLACED:
        judge_successor(t, now);
        return;
    case SELFTEST_SETTLING:
        judge_settled(s, t, now);
        return;
    case SELFTEST_COMMANDED:
        if (now->monotonic_ns >= t->deadline_ns) {
            step_add(t, "alarm_command", NOT_SHOWN, "it was started and still runs");
            t->phase = SELFTEST_OVER;
        }
        return;
    case SELFTEST_OVER:
        return;
    }
}

void selftests_tick(struct sessions *s, const struct session_time *now)
{
    struct selftest **at = &s->selftests;
    while (*at) {
        struct selftest *t = *at;
        judge(s, t, now);
        if (t->phase != SELFTEST_OVER) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        answer(s, t);
        selftest_free(t);
    }
}

/* What the phase waits for has come. */
static bool is_due(const struct sessions *s, const struct selftest *t)
{
    switch (t->phase) {
    case SELFTEST_TRYING:
        return t->unit->presence != UNIT_READY;
    case SELFTEST_REPLACED:
        return successor_proved(t);
    case SELFTEST_SETTLING:
        return all_ready(s, t);
    case SELFTEST_COMMANDED:
        return false;
    case SELFTEST_TRIED:
    case SELFTEST_OVER:
        return true;
    }
    return true;
}

int64_t selftests_next_ns(const struct sessions *s)
{
    int64_t next = INT64_MAX;
    for (const struct selftest *t = s->selftests; t; t = t->next)
        next = is_due(s, t) ? 0 : t->deadline_ns < next ? t->deadline_ns : next;
    return next;
}

void selftests_end(struct sessions *s, bool tell)
{
    while (s->selftests) {
        struct selftest *t = s->selftests;
        s->selftests = t->next;
        if (tell)
            say_error(t->reply, TOKEN_SHUTTING_DOWN, NULL, "the daemon is stopping");
        selftest_free(t);
    }
}

bool selftest_on_link(const struct sessions *s, size_t link)
{
    for (const struct selftest *t = s->selftests; t; t = t->next)
        if (t->unit->settings->link == link)
            return true;
    return false;
}

/* ---- the request ---- */

static const struct session *session_on_link(const struct sessions *s, size_t link)
{
    for (size_t i = 0; i < s->n_sessions; i++)
        if (s->list[i]->unit->settings->link == link && s->list[i]->state != SESSION_ended)
            return s->list[i];
    return NULL;
}

/* True when it was refused, and answered. */
static bool refused(struct sessions *s, const struct unit *unit, const struct session_actor *actor,
                    struct session_reply reply)
{
    static const char method[] = "device.selftest";
    char text[LINK_TEXT_MAX];
    const size_t link = unit->settings->link;
    const struct session *holder = session_on_link(s, link);
    const bool gone = !unit->described || unit->presence == UNIT_ABSENT;
    if (s->shutting_down)
        say_refused(s, method, actor, NULL, reply, TOKEN_SHUTTING_DOWN, NULL, "the daemon is stopping");
    else if (holder)
        say_refused(s, method, actor, NULL, reply, TOKEN_BUSY, json_pack("{s:s}", "holder", holder->id),
                    "session %s is open on the link of device %s", holder->id, unit->id);
    else if (selftest_on_link(s, link))
        say_refused(s, method, actor, NULL, reply, TOKEN_WRONG_STATE, NULL,
                    "a self-test is under way on the link of device %s", unit->id);
    else if (unit->unproved || unit->presence != UNIT_READY)
        say_refused(s, method, actor, NULL, reply,
                    unit->unproved ? TOKEN_OUTPUT_UNKNOWN
                    : gone         ? TOKEN_DEVICE_ABSENT
                                   : TOKEN_DEVICE_NOT_READY,
                    NULL, "device %s is %s, not ready: %.200s", unit->id, unit_state_text(unit),
                    unit_detail_text(unit, text));
    else
        return !say_actor_may_act(s, actor, method, NULL, reply);
    return true;
}

static struct selftest *selftest_new(const struct sessions *s, struct unit *unit, const struct session_actor *actor,
                                     struct session_reply reply)
{
    struct selftest *t = calloc(1, sizeof *t);
    if (t)
        t->steps = json_array();
    if (!t || !t->steps) {
        selftest_free(t);
        return NULL;
    }
    t->unit = unit;
    t->reply = reply;
    snprintf(t->peer_name, sizeof t->peer_name, "%s", actor->peer_name ? actor->peer_name : "");
    snprintf(t->operator_id, sizeof t->operator_id, "%s", actor->operator_id);
    snprintf(t->operator_name, sizeof t->operator_name, "%s", actor->operator_name);
    t->actor = (struct session_actor){.uid = actor->uid,
                                      .pid = actor->pid,
                                      .peer_name = t->peer_name,
                                      .operator_id = t->operator_id,
                                      .operator_name = t->operator_name};
    for (size_t i = 0; i < s->n_units; i++)
        if (s->units[i].settings->link == unit->settings->link && s->units[i].presence == UNIT_READY)
            t->ready |= UINT32_C(1) << s->units[i].settings->unit;
    return t;
}

void device_selftest(struct sessions *s, const char *device, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    struct unit *unit = device ? unit_find(s, device) : NULL;
    if (!unit) {
        say_refused(s, "device.selftest", actor, NULL, reply, TOKEN_NOT_FOUND, NULL, "there is no device %.64s",
                    device ? device : "");
        return;
    }
    if (refused(s, unit, actor, reply))
        return;
    struct selftest *t = selftest_new(s, unit, actor, reply);
    if (!t) {
        say_error(reply, TOKEN_OVERLOADED, NULL, "no memory");
        return;
    }
    struct link_unit_ref message = {.unit = (uint32_t)unit->settings->unit};
    link_message_head(&message, LINK_TRY, sizeof message);
    phase_begin(t, SELFTEST_TRYING, TRIAL_BOUND_NS, now);
    t->next = s->selftests;
    s->selftests = t;
    link_tell(s, unit->settings->link, &message, now);
}
