/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device as clients see it: what the clinic says of it, what it is and can do, and what its output does now.
 */
#include "session/internal.h"

#include <time.h>

const char *unit_state_text(const struct unit *unit)
{
    if (unit->unproved)
        return unit_state_id(UNIT_OUTPUT_UNKNOWN);
    return unit_state_id(unit->presence);
}

/* The host's last words were about rest: they do not hold while a treatment is on. What can be done goes first. */
const char *unit_detail_text(const struct unit *unit, char text[LINK_TEXT_MAX])
{
    if (!unit->unproved)
        return unit->presence == UNIT_ENERGISED ? "in a treatment" : unit->detail;
    if (!unit->unproved_now[0])
        return unit->unproved_why;
    snprintf(text, LINK_TEXT_MAX, "%.250s (first: %.120s)", unit->unproved_now, unit->unproved_why);
    return text;
}

static const char *link_loss_id(enum modality_link_loss l)
{
    switch (l) {
    case LINK_LOSS_UNKNOWN:
        return "unknown";
    case LINK_LOSS_STOPS:
        return "stops";
    case LINK_LOSS_CONTINUES:
        return "continues";
    }
    return "unknown";
}

static const char *after_watchdog_id(enum modality_after_watchdog w)
{
    switch (w) {
    case AFTER_WATCHDOG_UNKNOWN:
        return "unknown";
    case AFTER_WATCHDOG_STAYS_OFF:
        return "stays_off";
    case AFTER_WATCHDOG_RESUMES:
        return "resumes";
    }
    return "unknown";
}

static const char *contact_return_id(enum modality_contact_return c)
{
    switch (c) {
    case CONTACT_RETURN_UNKNOWN:
        return "unknown";
    case CONTACT_RETURN_STAYS_OFF:
        return "stays_off";
    case CONTACT_RETURN_RESUMES:
        return "resumes";
    }
    return "unknown";
}

static json_t *range_document(const struct modality_range *r)
{
    json_t *o = json_object();
    doc_int(o, "min", r->min);
    doc_int(o, "max", r->max);
    doc_int(o, "resolution", r->resolution);
    doc_bool(o, "settable", r->settable);
    doc_bool(o, "readable", r->readable);
    doc_bool(o, "only_at_rest", r->only_at_rest);
    if (r->period_step_us > 0)
        doc_int(o, "period_step_us", r->period_step_us);
    return o;
}

static json_t *capability_of_channel(const struct modality_channel *c)
{
    json_t *o = json_object(), *waveforms = json_array(), *ranges = json_object();
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        if ((c->waveforms >> w) & 1u)
            json_array_append_new(waveforms, json_string(modality_waveform_id((enum modality_waveform)w)));
    }
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++)
        doc_put(ranges, modality_quantity_info(c->ranges[i].quantity)->id, range_document(&c->ranges[i]));
    doc_text(o, "id", c->id);
    doc_text(o, "modality", modality_id(c->modality));
    doc_text(o, "level", modality_quantity_info(c->level)->id);
    doc_int(o, "rest_value", c->rest_value);
    doc_bool(o, "level_measured", c->level_measured);
    doc_bool(o, "relative_scale", c->reference == REFERENCE_RELATIVE);
    doc_put(o, "waveforms", waveforms);
    doc_put(o, "ranges", ranges);
    return o;
}

/* The channel's latest status, where there is one. */
static void put_status(json_t *o, const struct unit *u, size_t i, const struct session_time *now)
{
    const struct modality_channel_status *status = &u->sample.status.channels[i];
    const bool known = u->has_sample && i < u->sample.status.n_channels;
    doc_text(o, "output", output_id(known && !u->unproved ? status->output : OUTPUT_UNKNOWN));
    doc_text(o, "evidence", evidence_id(known && !u->unproved ? status->evidence : EVIDENCE_NONE));
    if (!known)
        return;
    json_t *readings = json_object();
    for (size_t k = 0; k < status->n_readings && k < MODALITY_READINGS_MAX; k++) {
        if (status->readings[k].quantity < QUANTITY_COUNT)
            doc_int(readings, modality_quantity_info(status->readings[k].quantity)->id, status->readings[k].value);
    }
    doc_text(o, "contact", contact_id(status->contact));
    doc_text(o, "applicator", status->applicator[0] ? status->applicator : NULL);
    doc_put(o, "readings", readings);
    doc_int(o, "age_ms", (now->monotonic_ns - u->sample.taken_ns) / NS_PER_MS);
}

static json_t *names_of(const struct modality_device *d, uint32_t mask, bool groups)
{
    json_t *array = json_array();
    for (size_t i = 0; i < (groups ? d->n_groups : d->n_channels); i++) {
        if ((mask >> i) & 1u)
            json_array_append_new(array, json_string(groups ? d->groups[i].id : d->channels[i].id));
    }
    return array;
}

static void put_groups(const struct sessions *s, json_t *o, const struct unit *u)
{
    const struct modality_device *d = &u->info.device;
    json_t *groups = json_array(), *exclusions = json_array();
    for (size_t i = 0; i < d->n_groups; i++) {
        json_t *group = json_object();
        const struct session *holder = unit_holder(s, u, (uint32_t)i, NULL);
        doc_text(group, "id", d->groups[i].id);
        doc_put(group, "channels", names_of(d, d->groups[i].channels, false));
        doc_put(group, "excludes", names_of(d, d->groups[i].excludes, true));
        doc_text(group, "holder", holder ? holder->id : NULL);
        json_array_append_new(groups, group);
        for (size_t k = i + 1; k < d->n_groups; k++) {
            if ((d->groups[i].excludes >> k) & 1u)
                json_array_append_new(exclusions, json_pack("[ss]", d->groups[i].id, d->groups[k].id));
        }
    }
    doc_put(o, "groups", groups);
    doc_put(o, "exclusions", exclusions);
}

static void put_capabilities(const struct sessions *s, json_t *o, const struct unit *u)
{
    const struct modality_device *d = &u->info.device;
    json_t *c = json_object();
    doc_text(c, "on_link_loss", link_loss_id(d->on_link_loss));
    doc_int(c, "watchdog_ms", d->watchdog_ms);
    doc_text(c, "after_watchdog", after_watchdog_id(d->after_watchdog));
    doc_int(c, "dead_man_ms", (int64_t)u->info.dead_man_ms + s->settings.permit_ms);
    doc_bool(c, "contact_monitored", d->contact_monitored);
    doc_int(c, "contact_monitored_from", d->contact_monitored_from);
    doc_int(c, "contact_probe_power_uw", d->contact_probe_power_uw);
    doc_text(c, "after_contact_return", contact_return_id(d->after_contact_return));
    doc_bool(c, "patient_stop", d->patient_stop);
    doc_bool(c, "pause_on_device", false);
    doc_bool(c, "rest_by_setpoint", d->rest_by_setpoint);
    doc_int(c, "rest_within_ms", d->rest_within_ms);
    doc_int(c, "start_ms", d->start_ms);
    doc_bool(c, "stop_leaves_output", d->stop_leaves_output);
    doc_put(o, "capabilities", c);
}

static void put_day(json_t *o, const char *key, bool has, int64_t day)
{
    char text[16];
    const time_t seconds = (time_t)(day * 86400);
    struct tm date;
    if (has && gmtime_r(&seconds, &date) && strftime(text, sizeof text, "%Y-%m-%d", &date) > 0)
        doc_text(o, key, text);
}

/* What its section reports of it, by quantity. */
static json_t *reported_document(const struct quantity_set *reported)
{
    json_t *o = json_object();
    for (int n = 0; n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        if (quantity_has(reported, q))
            doc_put(o, modality_quantity_info(q)->id, doc_quantity(q, reported->value[q]));
    }
    return o;
}

static const char *service_of(const struct unit *u, const struct session_time *now)
{
    const struct session_device_settings *d = u->settings;
    const int64_t today = civil_day(now->wall_ms);
    const bool due = (d->has_calibration_due && d->calibration_due_day < today) ||
                     (d->has_safety_test_due && d->safety_test_due_day < today);
    if (due)
        return "due";
    return u->presence == UNIT_QUARANTINE ? "quarantined" : "ok";
}

static void put_clinic(json_t *o, const struct unit *u, const struct session_time *now)
{
    const struct session_device_settings *d = u->settings;
    doc_text(o, "id", u->id);
    doc_text(o, "label", d->label);
    doc_text(o, "location", d->location);
    doc_text(o, "colour_tag", d->colour_tag);
    put_day(o, "calibrated_on", d->has_calibrated_on, d->calibrated_on_day);
    put_day(o, "calibration_due", d->has_calibration_due, d->calibration_due_day);
    put_day(o, "safety_test_due", d->has_safety_test_due, d->safety_test_due_day);
    doc_text(o, "service", service_of(u, now));
    doc_text(o, "link", d->link_name);
    doc_text(o, "plugin", d->plugin);
    doc_text(o, "plugin_version", u->plugin_version);
    doc_text(o, "maturity", u->maturity);
    doc_bool(o, "accepted_link_loss", d->accepted_link_loss);
    doc_text(o, "accepted_by", d->accepted_by);
    doc_bool(o, "no_indicator", d->no_indicator);
    doc_put(o, "reported", reported_document(&d->reported));
    doc_bool(o, "simulated", d->simulated || u->info.device.simulated);
}

json_t *unit_document(const struct sessions *s, const struct unit *u, const struct session_time *now)
{
    char text[LINK_TEXT_MAX];
    json_t *o = json_object(), *channels = json_array();
    put_clinic(o, u, now);
    doc_text(o, "state", unit_state_text(u));
    doc_text(o, "detail", unit_detail_text(u, text));
    doc_int(o, "epoch", (int64_t)u->epoch);
    doc_text(o, "maker", u->identity.maker);
    doc_text(o, "model", u->identity.model);
    doc_text(o, "serial", u->identity.serial);
    doc_text(o, "firmware", u->identity.firmware);
    for (size_t i = 0; i < u->info.device.n_channels; i++) {
        json_t *channel = capability_of_channel(&u->info.device.channels[i]);
        put_status(channel, u, i, now);
        json_array_append_new(channels, channel);
    }
    doc_put(o, "channels", channels);
    put_groups(s, o, u);
    if (u->described)
        put_capabilities(s, o, u);
    if (u->has_sample) {
        doc_bool(o, "fault", u->sample.status.fault);
        doc_bool(o, "patient_stop", u->sample.status.patient_stop);
    }
    return o;
}

json_t *device_get(struct sessions *s, const char *device, const struct session_time *now)
{
    const struct unit *unit = device ? unit_find(s, device) : NULL;
    return unit ? unit_document(s, unit, now) : NULL;
}

json_t *device_list(struct sessions *s, const struct session_time *now)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->n_units; i++)
        json_array_append_new(array, unit_document(s, &s->units[i], now));
    return array;
}
