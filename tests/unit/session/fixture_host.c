/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts, played by the test: what they describe, sample and say of a session. See fixture.h. */
#include "fixture.h"

void host_put(struct modality_channel_status *s, enum modality_quantity q, int64_t value)
{
    for (size_t i = 0; i < s->n_readings; i++) {
        if (s->readings[i].quantity == q) {
            s->readings[i].value = value;
            return;
        }
    }
    s->readings[s->n_readings++] = (struct modality_reading){q, value};
}

void host_reading(struct room *r, size_t link, enum modality_quantity q, int64_t value)
{
    host_put(&r->sample[link].status.channels[0], q, value);
}

/* What a device of this kind always says when all is well. */
void host_put_usual(const struct modality_channel *c, struct modality_channel_status *s, int64_t level)
{
    s->n_readings = 0;
    if (c->level_measured)
        host_put(s, c->level, level);
    if (c->modality == MODALITY_ESTIM && level != c->rest_value)
        host_put(s, QUANTITY_impedance_ohm, 1000);
    if (c->modality == MODALITY_LASER) {
        host_put(s, QUANTITY_interlock_closed, 1);
        snprintf(s->applicator, sizeof s->applicator, "700");
    }
    if (c->modality == MODALITY_COLD)
        host_put(s, QUANTITY_skin_temperature_millic, 16000);
}

void host_describe(struct room *r, size_t link)
{
    link_message_head(&r->units[link], LINK_UNIT, sizeof r->units[link]);
    sessions_host_message(r->sessions, link, &r->units[link].header, &r->now);
    struct link_sample *m = &r->sample[link];
    *m = (struct link_sample){.status.n_channels = r->units[link].device.n_channels};
    for (size_t i = 0; i < m->status.n_channels; i++) {
        m->status.channels[i].output = OUTPUT_REST;
        m->status.channels[i].evidence = EVIDENCE_MEASURED;
        m->status.channels[i].contact = CONTACT_GOOD;
    }
    host_levels(r, link, 0);
}

void host_presence(struct room *r, size_t link, enum unit_state state)
{
    struct link_presence m = {.unit = 0, .state = state, .epoch = r->epoch[link]};
    link_message_head(&m, LINK_PRESENCE, sizeof m);
    snprintf(m.identity.serial, sizeof m.identity.serial, "%s", r->serial[link]);
    snprintf(m.identity.model, sizeof m.identity.model, "ref");
    snprintf(m.identity.firmware, sizeof m.identity.firmware, "1.0");
    sessions_host_message(r->sessions, link, &m.header, &r->now);
}

static const struct session *armed_on(const struct room *r, size_t link)
{
    for (size_t i = 0; i < r->sessions->n_sessions; i++) {
        const struct session *s = r->sessions->list[i];
        if (s->unit->settings->link == link && s->armed)
            return s;
    }
    return NULL;
}

void host_sample(struct room *r, size_t link)
{
    struct link_sample *m = &r->sample[link];
    const struct session *s = armed_on(r, link);
    link_message_head(m, LINK_SAMPLE, sizeof *m);
    m->seq = ++r->seq[link];
    m->taken_ns = r->now.monotonic_ns;
    m->session = s ? s->number : 0;
    m->turn = s ? s->arm.ref.turn : 0;
    sessions_host_message(r->sessions, link, &m->header, &r->now);
}

void host_levels(struct room *r, size_t link, int64_t level)
{
    const struct session *s = armed_on(r, link);
    struct link_sample *m = &r->sample[link];
    for (size_t i = 0; i < m->status.n_channels; i++) {
        const bool ours = s && ((r->units[link].device.groups[s->group].channels >> i) & 1u);
        const struct modality_channel *c = &r->units[link].device.channels[i];
        const int64_t now = ours ? level : c->rest_value;
        m->level[i] = m->level_min[i] = m->level_max[i] = now;
        m->status.channels[i].output = ours ? OUTPUT_ON : OUTPUT_REST;
        m->status.channels[i].evidence = EVIDENCE_MEASURED;
        host_put_usual(c, &m->status.channels[i], now);
        if (ours)
            m->settled |= 1u << i;
    }
}

void host_session(struct room *r, enum link_session_event event, enum link_reason reason,
                  enum modality_evidence evidence)
{
    const struct session *s = room_session(r);
    const size_t link = s->unit->settings->link;
    struct link_session m = {
        .ref = s->arm.ref, .event = event, .reason = reason, .evidence = evidence, .at_ns = r->now.monotonic_ns};
    link_message_head(&m, LINK_SESSION, sizeof m);
    if (event == LINK_SESSION_RESTED) {
        for (size_t i = 0; i < r->units[link].device.n_channels; i++) {
            const struct modality_channel *c = &r->units[link].device.channels[i];
            struct link_sample *sample = &r->sample[link];
            sample->level[i] = sample->level_min[i] = sample->level_max[i] = c->rest_value;
            sample->status.channels[i].output = OUTPUT_REST;
            host_put_usual(c, &sample->status.channels[i], c->rest_value);
        }
    }
    sessions_host_message(r->sessions, link, &m.header, &r->now);
    if (event == LINK_SESSION_RESTED)
        host_presence(r, link, UNIT_READY);
}
