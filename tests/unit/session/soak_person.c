/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people do in the walk, and what they must be answered: prepare, start, pause, resume, stop, and the level. See
 * soak.h.
 */
#include "soak.h"

#include "session/internal.h"

static int64_t now_ns(const struct soak *w)
{
    return w->room->now.monotonic_ns;
}

/* --- answers --- */

static void take(struct soak_reply *to, json_t *result, const struct session_error *error)
{
    const json_t *target = json_object_get(result, "target");
    *to = (struct soak_reply){.answered = true, .token = error ? error->token : TOKEN_NONE};
    snprintf(to->message, sizeof to->message, "%.180s", error ? error->message : "");
    to->has_target = target != NULL;
    to->target = json_integer_value(target);
    json_decref(result);
    if (error)
        json_decref(error->data);
}

static void on_reply(void *userdata, json_t *result, const struct session_error *error)
{
    take(&((struct soak *)userdata)->reply, result, error);
}

/* A start may be answered later. */
static void on_start(void *userdata, json_t *result, const struct session_error *error)
{
    struct soak *w = userdata;
    on_reply(w, result, error);
    if (w->starts_open == 0)
        soak_fail(w, "a start was answered twice");
    w->starts_open--;
}

struct session_reply soak_reply_to(struct soak *w)
{
    w->reply = (struct soak_reply){0};
    return (struct session_reply){.done = on_reply, .userdata = w};
}

static void must(struct soak *w, bool good, const char *what)
{
    if (!w->reply.answered)
        soak_fail(w, "not answered: %s", what);
    if (!good)
        soak_fail(w, "answer: %s: %s %s", what, modality_token_id(w->reply.token), w->reply.message);
}

/* --- people --- */

struct soak_session *soak_pick(struct soak *w, uint32_t a)
{
    return w->n_open > 0 ? &w->open[a % w->n_open] : NULL;
}

static struct session_request request_of(uint32_t a)
{
    static struct session_request (*const requests[ROOM_DEVICES])(void) = {room_tens, room_sound, room_laser, room_cold,
                                                                           room_ions};
    struct session_request q = requests[a % ROOM_DEVICES]();
    if (a % ROOM_DEVICES == STIM && (a / ROOM_DEVICES) % 3 != 0) { /* on the other channel, or one that pauses */
        q.output.group = q.output.channels[0] = "ch2";
        q.output.electrodes[0].channel = q.output.electrodes[1].channel = "ch2";
        q.protocol = (a / ROOM_DEVICES) % 3 == 1 ? "tens" : "tens_pausing";
    }
    if (a % 4 != 0 && a % ROOM_DEVICES != LASER &&
        a % ROOM_DEVICES != GALVANIC) /* the least that their protocols allow */
        q.output.phase_duration_ms = 60000;
    return q;
}

void soak_do_prepare(struct soak *w, uint32_t a, uint32_t b)
{
    const struct session_actor actor = room_actor();
    struct session_request q = request_of(a);
    const unsigned patient = b % SOAK_PATIENTS;
    char ref[16];
    snprintf(ref, sizeof ref, "P%u", patient);
    q.patient_ref = ref;
    const struct unit *u = unit_find(w->room->sessions, q.output.device);
    const bool unproved = u->unproved;
    soak_call(w, CAUSE_PREPARE, SIZE_MAX, 0);
    session_prepare(w->room->sessions, &q, &actor, &w->room->now, soak_reply_to(w));
    must(w, w->reply.token != TOKEN_NONE || !unproved, "prepared on an output that is not proved at rest");
    if (w->reply.token == TOKEN_NONE)
        soak_opened(w, patient);
    soak_called(w);
}

static void start(struct soak *w, struct soak_session *m, const char *token, bool subscribed)
{
    struct session_actor actor = room_actor();
    const uint64_t number = m->number;
    const bool first = m->class == CLASS_PREPARED;
    actor.subscribed = subscribed;
    w->starts_open++;
    w->reply = (struct soak_reply){0};
    soak_call(w, CAUSE_START, m->link, number);
    session_start(w->room->sessions, m->session->id, &(const struct session_confirmation){.token = token}, &actor,
                  &w->room->now, (struct session_reply){.done = on_start, .userdata = w});
    soak_called(w);
    m = soak_open_of(w, number);
    if (m && first && m->class == CLASS_ACTIVE)
        m->lease_until_ns = now_ns(w) + SOAK_LEASE_NS;
}

void soak_start(struct soak *w, struct soak_session *m)
{
    start(w, m, m->session->token, true);
}

void soak_do_start_again(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    (void)b;
    if (!m || m->class == CLASS_PREPARED)
        return;
    const uint32_t turn = m->session->arm.ref.turn;
    const uint64_t number = m->number;
    start(w, m, m->session->token, true);
    m = soak_open_of(w, number);
    if (m && m->session->arm.ref.turn != turn)
        soak_fail(w, "a token was good twice");
}

void soak_do_start_wrong(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    char token[TOKEN_HEX];
    if (!m)
        return;
    snprintf(token, sizeof token, "%032x", b);
    const enum soak_class before = m->class;
    start(w, m, token, true);
    must(w, w->reply.token == TOKEN_TOKEN_INVALID && m->class == before, "a start with another token");
}

void soak_do_not_subscribed(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    (void)b;
    if (!m || m->class != CLASS_PREPARED)
        return;
    start(w, m, m->session->token, false);
    must(w, w->reply.token != TOKEN_NONE, "a start by one who hears no events");
}

void soak_do_pause(struct soak *w, uint32_t a, uint32_t b)
{
    const struct session_actor actor = room_actor();
    struct soak_session *m = soak_pick(w, a);
    (void)b;
    if (!m || m->class == CLASS_PREPARED)
        return;
    const enum session_state state = m->session->state;
    const bool can = state == SESSION_ramping || state == SESSION_running;
    soak_call(w, CAUSE_PAUSE, m->link, m->number);
    session_pause(w->room->sessions, m->session->id, m->session->lease_key, &actor, &w->room->now, soak_reply_to(w));
    must(w, !can || w->reply.token == TOKEN_NONE, "a pause of a treatment that runs");
    soak_called(w);
}

void soak_resume(struct soak *w, struct soak_session *m)
{
    const struct session_actor actor = room_actor();
    const bool can = m->class == CLASS_RESTED;
    soak_call(w, CAUSE_RESUME, m->link, m->number);
    session_resume(w->room->sessions, m->session->id, m->session->lease_key, &actor, &w->room->now, soak_reply_to(w));
    must(w, can || w->reply.token != TOKEN_NONE, "a resume of what is not paused");
    soak_called(w);
}

void soak_do_resume(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    (void)b;
    if (m && m->class != CLASS_PREPARED)
        soak_resume(w, m);
}

void soak_do_stop(struct soak *w, uint32_t a, uint32_t b)
{
    const struct session_actor actor = room_actor();
    struct soak_session *m = soak_pick(w, a);
    if (!m)
        return;
    char id[40];
    snprintf(id, sizeof id, "%s", m->session->id);
    soak_call(w, CAUSE_STOP, m->link, m->number);
    if (b % 2 == 0) { /* the line's scanner; the request comes behind it */
        session_stop_now(w->room->sessions, id, &w->room->now);
        soak_called(w);
    }
    session_stop(w->room->sessions, id, "enough", "operator", &actor, &w->room->now, soak_reply_to(w));
    must(w, w->reply.token == TOKEN_NONE, "a stop");
    soak_called(w);
}

void soak_do_stop_all(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
    soak_call(w, CAUSE_STOP, SIZE_MAX, 0);
    session_stop_now(w->room->sessions, NULL, &w->room->now);
    soak_called(w);
}

/* --- the level --- */

static int64_t ceiling_of(const struct soak_session *m)
{
    return m->session->arm.envelope.channels[0].level_ceiling;
}

static void adjust(struct soak *w, struct soak_session *m, int64_t target, int64_t expect)
{
    const struct session_actor actor = room_actor();
    const uint64_t number = m->number;
    const struct session_adjust_request q = {.session_id = m->session->id,
                                             .lease_key = m->session->lease_key,
                                             .quantity = m->session->level,
                                             .target = target,
                                             .has_expect = true,
                                             .expect = expect};
    soak_call(w, CAUSE_ADJUST, m->link, number);
    session_adjust(w->room->sessions, &q, &actor, &w->room->now, soak_reply_to(w));
    soak_called(w);
    m = soak_open_of(w, number);
    if (m && w->reply.token == TOKEN_NONE && w->reply.has_target && w->reply.target != m->target)
        soak_retarget(w, m, w->reply.target);
}

static bool can_adjust(const struct soak_session *m)
{
    return m && m->session->ruled && (m->class == CLASS_ACTIVE || m->class == CLASS_RESTED);
}

/* A part of the way from rest to the ceiling, in steps that every device of the room takes. */
static int64_t part_of_way(const struct soak_session *m, uint32_t b)
{
    const int64_t rest = m->session->arm.envelope.channels[0].rest_value, way = ceiling_of(m) - rest;
    const int64_t grain = m->link == SOUND ? 10000 : 100;
    return way * (b % 101) / 100 / grain * grain;
}

void soak_do_raise(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    if (!can_adjust(m))
        return;
    const int64_t more = m->target + part_of_way(m, b % 30);
    adjust(w, m, quantity_unsafer(m->session->level, more, ceiling_of(m)) ? ceiling_of(m) : more, m->target);
}

void soak_do_lower(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    if (!can_adjust(m))
        return;
    const int64_t less = m->session->arm.envelope.channels[0].rest_value + part_of_way(m, b);
    if (quantity_unsafer(m->session->level, less, m->target))
        return;
    const bool lawful = m->link != LASER || less >= 5000 || less == 0;
    adjust(w, m, less, m->target);
    must(w, w->reply.token == TOKEN_NONE || !lawful, "less is always taken");
}

void soak_do_above(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    if (!can_adjust(m))
        return;
    const int64_t rest = m->session->arm.envelope.channels[0].rest_value, way = ceiling_of(m) - rest;
    adjust(w, m, ceiling_of(m) + (way < 0 ? -1 : 1) * (int64_t)(1 + b % 100000), m->target);
    must(w, w->reply.token != TOKEN_NONE, "more than the ceiling");
}

void soak_do_stale_raise(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    (void)b;
    if (!can_adjust(m) || !quantity_unsafer(m->session->level, ceiling_of(m), m->target))
        return;
    adjust(w, m, ceiling_of(m), m->target + 1);
    must(w, w->reply.token != TOKEN_NONE, "more, on a view that is stale");
}

void soak_do_storm(struct soak *w, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < 30; i++) {
        if (i % 2)
            soak_do_raise(w, a, b + i);
        else
            soak_do_lower(w, a, b / 7 + i);
    }
}

void soak_do_wrong_lease(struct soak *w, uint32_t a, uint32_t b)
{
    const struct session_actor actor = room_actor();
    const struct soak_session *m = soak_pick(w, a);
    struct sessions *s = w->room->sessions;
    if (!m)
        return;
    const struct session_adjust_request q = {
        .session_id = m->session->id, .lease_key = "0123", .quantity = m->session->level, .target = 0};
    const char *id = m->session->id;
    soak_call(w, CAUSE_NOTHING, m->link, m->number);
    if (b % 4 == 0)
        session_adjust(s, &q, &actor, &w->room->now, soak_reply_to(w));
    else if (b % 4 == 1)
        session_pause(s, id, q.lease_key, &actor, &w->room->now, soak_reply_to(w));
    else if (b % 4 == 2)
        session_resume(s, id, q.lease_key, &actor, &w->room->now, soak_reply_to(w));
    else
        session_keepalive(s, id, q.lease_key, w->room->now.monotonic_ns, soak_reply_to(w));
    must(w, w->reply.token == TOKEN_LEASE_INVALID, "somebody without the key");
    soak_called(w);
}
