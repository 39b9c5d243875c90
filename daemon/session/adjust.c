/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing what is commanded, inside the envelope that was prepared. Away from rest only on the target that the person
 * saw, and only after every limit was held against it again; toward rest always. Nothing is clamped: a value that
 * cannot be is refused, and a decrease that the device cannot represent goes on toward rest and says so.
 */
#include "modality/range.h"
#include "session/internal.h"

#define ADJUST_PER_S 20 /* increases and changes of settings, of one session */
#define ADJUST_BURST 10

void session_send_target(struct session *session, size_t channel, enum modality_quantity q, int64_t value,
                         const struct session_time *now)
{
    struct link_target target = {
        .ref = session->arm.ref, .channel = session->channels[channel], .quantity = (uint32_t)q, .value = value};
    link_message_head(&target, LINK_TARGET, sizeof target);
    link_tell(session->owner, session->unit->settings->link, &target, now);
}

void session_send_changed(struct session *session, size_t channel, const struct session_time *now)
{
    const struct envelope_channel *e = &session->arm.envelope.channels[channel];
    for (size_t i = 0; i < e->n_settings && session->armed; i++) {
        const enum modality_quantity q = (enum modality_quantity)e->settings[i].quantity;
        if (quantity_has(&session->present[channel], q) && session->present[channel].value[q] != e->settings[i].start)
            session_send_target(session, channel, q, session->present[channel].value[q], now);
    }
}

/* One adjustment while it is being judged. */
struct change {
    struct session *session;
    const struct session_adjust_request *request;
    uint32_t channels; /* bit per index into the session's channels */
    bool increase;
    int64_t target;
};

static const struct modality_channel *device_channel(const struct session *session, size_t i)
{
    return &session->unit->info.device.channels[session->channels[i]];
}

static bool meant(const struct change *c, size_t i)
{
    return (c->channels >> i) & 1u;
}

static bool select_channels(struct change *c)
{
    for (size_t i = 0; i < c->session->n_channels; i++) {
        const bool named = !c->request->channel || strcmp(c->request->channel, device_channel(c->session, i)->id) == 0;
        if (named && quantity_has(&c->session->present[i], c->request->quantity))
            c->channels |= UINT32_C(1) << i;
    }
    return c->channels != 0;
}

/* Away from rest, or in any direction where neither is safer. */
static bool is_increase(const struct change *c)
{
    const enum modality_quantity q = c->request->quantity;
    for (size_t i = 0; i < c->session->n_channels; i++) {
        const int64_t present = c->session->present[i].value[q];
        if (!meant(c, i) || c->target == present)
            continue;
        if (modality_quantity_info(q)->safer == SAFER_NONE || quantity_unsafer(q, c->target, present))
            return true;
    }
    return false;
}

/* The values between which a quantity may be moved: from rest (the level) or its start, to its ceiling in force. */
static void bounds_of(const struct session *session, size_t i, enum modality_quantity q, int64_t *low, int64_t *high)
{
    const struct envelope_channel *e = &session->arm.envelope.channels[i];
    int64_t from = session->treatment.channels[i].start.value[q], to = session->treatment.channels[i].ceiling.value[q];
    if (q == session->level) {
        from = e->rest_value;
        to = e->level_ceiling;
    }
    for (size_t k = 0; q != session->level && k < e->n_settings; k++) {
        if (e->settings[k].quantity == (uint32_t)q)
            to = e->settings[k].ceiling;
    }
    *low = from < to ? from : to;
    *high = from < to ? to : from;
}

static const struct modality_range *range_of(const struct session *session, size_t i, enum modality_quantity q)
{
    const struct modality_channel *c = device_channel(session, i);
    for (size_t k = 0; k < c->n_ranges && k < MODALITY_RANGES_MAX; k++) {
        if (c->ranges[k].quantity == q && c->ranges[k].settable)
            return &c->ranges[k];
    }
    return NULL;
}

static bool representable(const struct session *session, size_t i, enum modality_quantity q, int64_t value)
{
    const struct modality_range *range = range_of(session, i, q);
    if (!range)
        return false;
    if (q == session->level && value == device_channel(session, i)->rest_value)
        return true;
    return modality_range_takes(range, value);
}

/* Whether the device takes the value while the output is on: a level from rest or back to it, anything at its start. */
static bool takes_in_motion(const struct session *session, size_t i, enum modality_quantity q, int64_t value)
{
    const struct modality_range *range = range_of(session, i, q);
    const struct link_sample *sample = &session->unit->sample;
    const uint32_t channel = session->channels[i];
    const int64_t rest = device_channel(session, i)->rest_value, present = session->present[i].value[q];
    if (!range || !range->only_at_rest || value == present)
        return true;
    if (q != session->level)
        return false;
    const bool resting = present == rest && sample->level_min[channel] == rest && sample->level_max[channel] == rest;
    return !session->armed || value == rest || resting;
}

static json_t *bound_data(enum modality_quantity q, int64_t value, const char *key, int64_t bound)
{
    json_t *data = json_object();
    doc_text(data, "quantity", modality_quantity_info(q)->id);
    doc_text(data, "unit", modality_quantity_info(q)->base_unit);
    doc_int(data, "value", value);
    doc_int(data, key, bound);
    doc_text(data, "layer", "prescription");
    return data;
}

/* What was prepared and would be inside, had a reload not cut the ceilings since. */
static bool was_prepared(const struct session *session, size_t i, enum modality_quantity q, int64_t target, bool above)
{
    const int64_t prepared = session->treatment.channels[i].ceiling.value[q];
    return session->cut_by[0] != '\0' && (above ? target <= prepared : target >= prepared);
}

/* Outside the envelope: never clamped. True = inside. */
static bool inside(const struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = c->session;
    const enum modality_quantity q = c->request->quantity;
    char given[64], limit[64];
    for (size_t i = 0; i < session->n_channels; i++) {
        int64_t low, high;
        if (!meant(c, i))
            continue;
        bounds_of(session, i, q, &low, &high);
        if (c->target >= low && c->target <= high)
            continue;
        const bool above = c->target > high, cut = was_prepared(session, i, q, c->target, c->target > high);
        say_refused(session->owner, "session.adjust", actor, session, reply, TOKEN_OUT_OF_RANGE,
                    bound_data(q, c->target, above ? "max" : "min", above ? high : low),
                    "%s %s is outside what was prepared for channel %s (%s %s%s%s): prepare again",
                    modality_quantity_info(q)->id, value_format(q, c->target, given, sizeof given),
                    device_channel(session, i)->id, above ? "at most" : "at least",
                    value_format(q, above ? high : low, limit, sizeof limit), cut ? ", since the reload by " : "",
                    cut ? session->cut_by : "");
        return false;
    }
    return true;
}

/* The person must have seen the target that is in force. */
static bool view_is_fresh(const struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = c->session;
    for (size_t i = 0; i < session->n_channels; i++) {
        const int64_t present = session->present[i].value[c->request->quantity];
        if (!meant(c, i) || (c->request->has_expect && c->request->expect == present))
            continue;
        json_t *data = json_object();
        doc_text(data, "quantity", modality_quantity_info(c->request->quantity)->id);
        doc_text(data, "channel", device_channel(session, i)->id);
        doc_int(data, "target", present);
        if (c->request->has_expect)
            doc_int(data, "expect", c->request->expect);
        say_refused(session->owner, "session.adjust", actor, session, reply, TOKEN_STALE_VIEW, data,
                    "an increase needs the target in force as expect: it is %s",
                    IN_UNITS(c->request->quantity, present));
        return false;
    }
    return true;
}

static bool limits_allow(const struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = c->session;
    struct assessment *a = calloc(1, sizeof *a);
    const bool allowed = a && session_holds_limits(session, c->channels, c->request->quantity, c->target, a);
    if (!allowed)
        say_refused(session->owner, "session.adjust", actor, session, reply,
                    a && a->refused.n > 0 ? a->refused.items[0].token : TOKEN_LIMIT_EXCEEDED,
                    a ? assess_violations(a) : NULL, "%s",
                    a && a->refused.n > 0 ? a->refused.items[0].message : "the limits could not be checked");
    free(a);
    return allowed;
}

/*
 * What the device takes at rest alone is refused in a treatment, but for a level that is to be lower: that goes to
 * rest.
 */
static bool rest_allows(const struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = c->session;
    const enum modality_quantity q = c->request->quantity;
    char given[64];
    for (size_t i = 0; i < session->n_channels; i++) {
        if (!meant(c, i) || takes_in_motion(session, i, q, c->target) || (q == session->level && !c->increase))
            continue;
        json_t *data = bound_data(q, c->target, "present", session->present[i].value[q]);
        doc_text(data, "layer", "device");
        doc_bool(data, "only_at_rest", true);
        say_refused(session->owner, "session.adjust", actor, session, reply, TOKEN_WRONG_STATE, data,
                    "channel %s of device %s cannot be given %s %s while its output is on: it takes it at rest alone%s",
                    device_channel(session, i)->id, session->unit->id, modality_quantity_info(q)->id,
                    value_format(q, c->target, given, sizeof given),
                    q == session->level ? ", lower the level to rest first" : ", stop and prepare again");
        return false;
    }
    return true;
}

static bool increase_allowed(const struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = c->session;
    const enum modality_quantity q = c->request->quantity;
    char given[64], step[64];
    if (session->state != SESSION_ramping && session->state != SESSION_running) {
        say_refused(session->owner, "session.adjust", actor, session, reply, TOKEN_WRONG_STATE, NULL,
                    "session %s is %s: nothing is increased", session->id, session_state_id(session->state));
        return false;
    }
    for (size_t i = 0; i < session->n_channels; i++) {
        if (!meant(c, i) || representable(session, i, q, c->target))
            continue;
        const struct modality_range *range = range_of(session, i, q);
        const bool period = range && range->period_step_us > 0;
        json_t *data = bound_data(q, c->target, period ? "period_step_us" : "resolution",
                                  period  ? range->period_step_us
                                  : range ? range->resolution
                                          : 0);
        doc_text(data, "layer", "device");
        value_format(period ? QUANTITY_phase_width_us : q,
                     period  ? range->period_step_us
                     : range ? range->resolution
                             : 0,
                     step, sizeof step);
        say_refused(session->owner, "session.adjust", actor, session, reply, TOKEN_OUT_OF_RANGE, data,
                    "channel %s of device %s cannot be set to %s, only in steps of %s%s",
                    device_channel(session, i)->id, session->unit->id, value_format(q, c->target, given, sizeof given),
                    step, period ? " of its period" : "");
        return false;
    }
    return view_is_fresh(c, actor, reply) && limits_allow(c, actor, reply);
}

/* The same of a rate whose period is counted in steps. */
static int64_t toward_rest_period(const struct modality_range *range, int64_t value, bool up)
{
    int64_t below = 0, above = 0;
    modality_period_near(value, range->period_step_us, &below, &above);
    const int64_t near = up ? above : below;
    return near < range->min ? range->min : near > range->max ? range->max : near;
}

/* What the device can be given, at or on the safer side of the value. */
static int64_t toward_rest(const struct session *session, size_t i, enum modality_quantity q, int64_t value)
{
    const struct modality_range *range = range_of(session, i, q);
    const bool takes = takes_in_motion(session, i, q, value);
    if (!range || (takes && representable(session, i, q, value)))
        return value;
    const int64_t resolution = range->resolution > 0 ? range->resolution : 1;
    const bool up = modality_quantity_info(q)->safer == SAFER_UP;
    const int64_t rest = q == session->level ? device_channel(session, i)->rest_value : range->min;
    if (!takes || (up ? value > range->max : value < range->min))
        return rest;
    if (range->period_step_us > 0)
        return toward_rest_period(range, value, up);
    const int64_t steps = (value - range->min) / resolution;
    const int64_t down = range->min + steps * resolution;
    return !up ? down : down == value ? value : down + resolution;
}

/* The value that would be in force afterwards. */
static int64_t value_of(const struct change *c, size_t i)
{
    return c->increase ? c->target : toward_rest(c->session, i, c->request->quantity, c->target);
}

static bool changes_anything(const struct change *c)
{
    for (size_t i = 0; i < c->session->n_channels; i++) {
        if (meant(c, i) && value_of(c, i) != c->session->present[i].value[c->request->quantity])
            return true;
    }
    return false;
}

/*
 * A bucket of ADJUST_BURST that fills at ADJUST_PER_S: no client can flood the records and the host with increases.
 * The refusal itself is not recorded, for it would be the flood. Never asked for a decrease.
 */
static bool rate_allows(struct session *session, const struct session_time *now, struct session_reply reply)
{
    const int64_t each_ns = NS_PER_S / ADJUST_PER_S;
    const int64_t due = session->adjust_free_ns > now->monotonic_ns ? session->adjust_free_ns : now->monotonic_ns;
    if (due - now->monotonic_ns > (ADJUST_BURST - 1) * each_ns) {
        say_error(reply, TOKEN_OVERLOADED, NULL,
                  "session %s takes %d increases per second: decreases are taken at any time", session->id,
                  ADJUST_PER_S);
        return false;
    }
    session->adjust_free_ns = due + each_ns;
    return true;
}

static void apply(const struct change *c, const struct session_actor *actor, const struct session_time *now)
{
    struct session *session = c->session;
    const enum modality_quantity q = c->request->quantity;
    json_t *values = json_array();
    for (size_t i = 0; i < session->n_channels; i++) {
        if (!meant(c, i))
            continue;
        const int64_t old = session->present[i].value[q];
        const int64_t value = value_of(c, i);
        quantity_put(&session->present[i], q, value);
        if (q == session->level && quantity_unsafer(q, value, session->farthest[i]))
            session->farthest[i] = value;
        if (q != session->level)
            quantity_put(&session->rules.channels[i].values, q, value);
        if (session->armed && value != old)
            session_send_target(session, i, q, value, now);
        json_array_append_new(values, json_pack("{s:s,s:I,s:I}", "channel", device_channel(session, i)->id, "old",
                                                (json_int_t)old, "new", (json_int_t)value));
    }
    session->origin = "operator";
    json_t *note = json_object(), *by = json_object();
    doc_text(by, "id", actor->operator_id);
    doc_text(by, "name", actor->operator_name);
    doc_text(note, "quantity", modality_quantity_info(q)->id);
    doc_int(note, "at_ms", now->wall_ms);
    doc_put(note, "operator", by);
    doc_put(note, "channels", values);
    say_audit(session->owner, "session.adjust", actor, session, json_deep_copy(note));
    session->notes_dropped += !doc_append(session->adjustments, json_incref(note), SESSION_NOTES_MAX);
    say_event(session->owner, "session.adjusted", session, note);
}

/* Session, lease, operator, state and channel of the request. True = go on. */
static bool resolve(struct sessions *s, struct change *c, const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = session_find(s, c->request->session_id);
    if (!session) {
        say_refused(s, "session.adjust", actor, NULL, reply, TOKEN_NOT_FOUND, NULL, "there is no session %.64s",
                    c->request->session_id ? c->request->session_id : "");
        return false;
    }
    c->session = session;
    if (!session_lease_holds(s, session, c->request->lease_key, "session.adjust", actor, reply) ||
        !say_actor_may_act(s, actor, "session.adjust", session, reply))
        return false;
    if (!session_live(session) || session->state == SESSION_stopping || session->state == SESSION_output_unknown) {
        say_refused(s, "session.adjust", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s is %s",
                    session->id, session_state_id(session->state));
        return false;
    }
    if (!select_channels(c)) {
        say_refused(s, "session.adjust", actor, session, reply, TOKEN_NOT_FOUND, NULL,
                    "session %s has no %s on channel %.32s", session->id,
                    modality_quantity_info(c->request->quantity)->id,
                    c->request->channel ? c->request->channel : "any");
        return false;
    }
    return true;
}

void session_adjust(struct sessions *s, const struct session_adjust_request *request, const struct session_actor *actor,
                    const struct session_time *now, struct session_reply reply)
{
    struct change c = {.request = request, .target = request->target};
    s->now = *now;
    if (!resolve(s, &c, actor, reply))
        return;
    c.increase = is_increase(&c);
    if ((c.increase && !rate_allows(c.session, now, reply)) || !inside(&c, actor, reply) ||
        !rest_allows(&c, actor, reply) || (c.increase && !increase_allowed(&c, actor, reply)))
        return;
    if (changes_anything(&c))
        apply(&c, actor, now);
    state_publish(s, now);
    int64_t in_force = request->target;
    for (size_t i = 0; i < c.session->n_channels; i++) {
        if (meant(&c, i))
            in_force = c.session->present[i].value[request->quantity];
    }
    say_result(reply,
               json_pack("{s:s,s:b,s:I}", "session_id", c.session->id, "accepted", 1, "target", (json_int_t)in_force));
}
