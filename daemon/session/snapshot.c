/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session as a person watches it: one document for events, session.get and session.list. Everything measured carries
 * its age; nothing is shown as known that no device has said.
 */
#include "session/internal.h"

#include "dose/derive.h"

/* IEC 60601-2-10 201.7.9.2.101: attention above 2 mA r.m.s. per cm2; 51.103: indicator above 10 mA or 10 V. */
#define ATTENTION_UA_CM2 2000
#define INDICATOR_UA 10000
#define INDICATOR_MV 10000

const struct modality_reading *status_reading(const struct modality_channel_status *status, enum modality_quantity q)
{
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == q)
            return &status->readings[i];
    }
    return NULL;
}

int64_t session_delivered_ms(const struct session *session, const struct session_time *now)
{
    int64_t ms = session->treated_ms;
    if (session->armed && now->boot_ns > session->output_boot_ns) {
        const int64_t until = now->boot_ns < session->arm.end_boot_ns ? now->boot_ns : session->arm.end_boot_ns;
        ms += (until - session->output_boot_ns) / NS_PER_MS;
    }
    return ms < session->planned_ms ? ms : session->planned_ms;
}

/* What the device understands by its level; NULL where there is one understanding only. */
static const char *reference_id(enum modality_reference r, enum modality_quantity level)
{
    if (level == QUANTITY_power_uw)
        return "mean";
    if (level == QUANTITY_temperature_millic)
        return NULL;
    switch (r) {
    case REFERENCE_PEAK:
        return "peak";
    case REFERENCE_PEAK_TO_PEAK:
        return "peak_to_peak";
    case REFERENCE_SATP:
        return "satp";
    case REFERENCE_SATA:
        return "sata";
    case REFERENCE_RELATIVE:
        return "relative";
    }
    return "unknown";
}

static void put_reading(json_t *o, const char *key, const struct modality_channel_status *status,
                        enum modality_quantity q)
{
    const struct modality_reading *r = status_reading(status, q);
    if (r)
        doc_int(o, key, r->value);
}

/* What the level means on the skin: density, and whether the indicator of the standard would be lit. */
static void put_density(json_t *o, const struct session *session, size_t i, int64_t level,
                        const struct modality_channel_status *status)
{
    enum modality_quantity missing;
    struct quantity_set values = session->present[i];
    if (session->treatment.modality != MODALITY_ESTIM || !session->ruled)
        return;
    quantity_put(&values, session->level, level);
    if (level == session->arm.envelope.channels[i].rest_value) {
        doc_bool(o, "above_10ma_10v", false);
        doc_int(o, "density_ua_rms_cm2", 0);
        doc_bool(o, "density_attention", false);
        return;
    }
    if (dose_derive(session->treatment.channels[i].waveform, &values, &missing) < 0)
        return;
    const struct modality_reading *volt = status_reading(status, QUANTITY_output_voltage_mv);
    const int64_t density = quantity_or_zero(&values, QUANTITY_rms_density_ua_cm2);
    doc_bool(o, "above_10ma_10v",
             quantity_or_zero(&values, QUANTITY_rms_current_ua) > INDICATOR_UA || (volt && volt->value > INDICATOR_MV));
    doc_int(o, "density_ua_rms_cm2", density);
    doc_bool(o, "density_attention", density > ATTENTION_UA_CM2);
}

static void put_sample(json_t *o, const struct session *session, size_t i, const struct session_time *now)
{
    const struct link_sample *sample = &session->unit->sample;
    const uint32_t c = session->channels[i];
    const struct modality_channel_status *status = &sample->status.channels[c];
    const int64_t rest = session->unit->info.device.channels[c].rest_value;
    const int64_t level = session->armed ? sample->level[c] : rest;
    const struct modality_channel *device = &session->unit->info.device.channels[c];
    const enum modality_quantity actual = session->ruled ? session->rules.channels[i].actual : session->level;
    const struct modality_reading *measured = device->level_measured ? status_reading(status, actual) : NULL;
    doc_int(o, "level", level);
    if (measured) {
        doc_int(o, "measured", measured->value);
        doc_text(o, "measured_quantity", modality_quantity_info(actual)->id);
    }
    doc_text(o, "basis", measured ? "measured" : status->setpoint_known ? "reported" : "commanded");
    doc_text(o, "contact", contact_id(status->contact));
    put_reading(o, "contact_quality_permille", status, QUANTITY_coupling_permille);
    put_reading(o, "impedance_ohm", status, QUANTITY_impedance_ohm);
    put_reading(o, "applicator_temp_millic", status, QUANTITY_applicator_temperature_millic);
    put_reading(o, "skin_temp_millic", status, QUANTITY_skin_temperature_millic);
    put_reading(o, "head_moving", status, QUANTITY_head_moving);
    put_reading(o, "interlock_closed", status, QUANTITY_interlock_closed);
    if (status->applicator[0])
        doc_text(o, "applicator", status->applicator);
    put_density(o, session, i, level, status);
    doc_text(o, "output", output_id(session->unit->unproved ? OUTPUT_UNKNOWN : status->output));
    doc_text(o, "evidence", evidence_id(session->unit->unproved ? EVIDENCE_NONE : status->evidence));
    doc_int(o, "age_ms", (now->monotonic_ns - sample->taken_ns) / NS_PER_MS);
}

static json_t *channel_document(const struct session *session, size_t i, const struct session_time *now)
{
    const struct modality_channel *device = &session->unit->info.device.channels[session->channels[i]];
    json_t *o = json_object(), *settings = json_object();
    doc_text(o, "channel", device->id);
    doc_text(o, "quantity", modality_quantity_info(session->level)->id);
    doc_text(o, "unit", modality_quantity_info(session->level)->base_unit);
    doc_text(o, "reference", reference_id(device->reference, session->level));
    for (int n = 0; session->ruled && n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        if (quantity_has(&session->present[i], q) && modality_quantity_info(q)->basis == BASIS_COMMANDED)
            doc_int(settings, modality_quantity_info(q)->id, session->present[i].value[q]);
    }
    if (session->ruled) {
        doc_int(o, "target", session->present[i].value[session->level]);
        doc_int(o, "ceiling", session->arm.envelope.channels[i].level_ceiling);
    }
    doc_put(o, "settings", settings);
    if (session->unit->has_sample) {
        put_sample(o, session, i, now);
    } else {
        doc_text(o, "contact", contact_id(CONTACT_UNKNOWN));
        doc_text(o, "output", output_id(OUTPUT_UNKNOWN));
        doc_text(o, "evidence", evidence_id(EVIDENCE_NONE));
    }
    return o;
}

static int64_t wall_of(const struct session_time *now, int64_t monotonic_ns)
{
    return now->wall_ms + (monotonic_ns - now->monotonic_ns) / NS_PER_MS;
}

static json_t *lease_document(const struct session *session, const struct session_time *now)
{
    json_t *o = json_object();
    const int64_t left = (session->lease_until_ns - now->monotonic_ns) / NS_PER_MS;
    doc_text(o, "holder", session->operator_id);
    doc_int(o, "until", wall_of(now, session->lease_until_ns));
    doc_int(o, "remaining_ms", left > 0 ? left : 0);
    doc_bool(o, "lost", session->lease_lost);
    return o;
}

static void put_hold(json_t *o, const struct session *session, const struct session_time *now)
{
    if (session->state != SESSION_held && session->state != SESSION_holding)
        return;
    json_t *hold = json_object();
    doc_text(hold, "reason", "coupling_lost");
    doc_int(hold, "since", wall_of(now, session->hold_since_ns));
    doc_int(hold, "limit_ms", session->contact_hold_ms);
    doc_put(o, "hold", hold);
}

static void put_pause(json_t *o, const struct session *session)
{
    if (session->state != SESSION_paused && session->state != SESSION_pausing)
        return;
    json_t *pause = json_object();
    doc_text(pause, "reason", session->pause_reason);
    doc_int(pause, "since", session->since.wall_ms);
    doc_put(o, "pause", pause);
}

static int64_t waiting(const struct session *session, enum session_state a, enum session_state b, int64_t sum,
                       const struct session_time *now)
{
    if (session->state != a && session->state != b)
        return sum;
    return sum + (now->monotonic_ns - session->since.monotonic_ns) / NS_PER_MS;
}

static void put_times(json_t *o, const struct session *session, const struct session_time *now)
{
    const int64_t delivered = session_delivered_ms(session, now);
    doc_int(o, "planned_ms", session->planned_ms);
    doc_int(o, "delivered_ms", delivered);
    doc_int(o, "held_ms", waiting(session, SESSION_held, SESSION_holding, session->held_ms, now));
    doc_int(o, "paused_ms", waiting(session, SESSION_paused, SESSION_pausing, session->paused_ms, now));
    doc_int(o, "remaining_ms", session_remaining_ms(session, now));
}

static bool may_touch_leads(const struct session *session)
{
    return !session_state_output(session->state) && !session->unit->unproved;
}

json_t *session_snapshot(const struct session *session, const struct session_time *now)
{
    if (session->final)
        return json_deep_copy(session->final);
    json_t *o = json_object(), *channels = json_array();
    doc_text(o, "session_id", session->id);
    doc_text(o, "state", session_state_id(session->state));
    doc_int(o, "since", session->since.wall_ms);
    doc_text(o, "device", session->unit->id);
    doc_text(o, "patient_ref", session->request->r.patient_ref);
    doc_text(o, "site", session->request->r.site);
    doc_text(o, "side", session->request->r.side);
    doc_text(o, "protocol", session->request->r.protocol);
    doc_text(o, "operator", session->operator_id);
    doc_int(o, "phase_index", 0);
    doc_int(o, "seq", (int64_t)session->seq);
    put_times(o, session, now);
    put_hold(o, session, now);
    put_pause(o, session);
    course_show(session, now, o);
    doc_text(o, "origin", session->origin);
    doc_bool(o, "may_touch_leads", may_touch_leads(session));
    if (session->lease_key[0])
        doc_put(o, "lease", lease_document(session, now));
    doc_bool(o, "simulated", session->unit->settings->simulated || session->unit->info.device.simulated);
    doc_text(o, "evidence", evidence_id(session->evidence));
    doc_put(o, "delivered", doc_amounts(&session->supervised.delivered));
    for (size_t i = 0; i < session->n_channels; i++)
        json_array_append_new(channels, channel_document(session, i, now));
    doc_put(o, "channels", channels);
    if (session->end != END_none) {
        json_t *end = json_object();
        doc_text(end, "reason", session_end_reason(session));
        doc_text(end, "by", session->end_by);
        doc_text(end, "detail", session->end_detail);
        doc_put(o, "end", end);
    }
    return o;
}
