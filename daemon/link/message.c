/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of messages: which direction, how large, and which of their fields are text or counts. A datagram that
 * passes the check can be read without further thought: its texts end, its counts fit their arrays, its enums have
 * names. Pure; both ends use it.
 */
#include "link/message.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A field of the message that must be a terminated text. */
struct text_field {
    size_t offset, size;
};
#define TEXT(type, field)                                                                                              \
    {                                                                                                                  \
        offsetof(struct type, field), sizeof(((struct type *)0)->field)                                                \
    }

static const struct text_field config_texts[] = {TEXT(link_config, link), TEXT(link_config, plugin_path),
                                                 TEXT(link_config, state_dir)};
static const struct text_field hello_texts[] = {TEXT(link_hello, plugin), TEXT(link_hello, plugin_version),
                                                TEXT(link_hello, maturity)};
static const struct text_field unit_texts[] = {TEXT(link_unit, device.id)};
static const struct text_field presence_texts[] = {
    TEXT(link_presence, identity.maker), TEXT(link_presence, identity.model), TEXT(link_presence, identity.serial),
    TEXT(link_presence, identity.firmware), TEXT(link_presence, detail)};
static const struct text_field session_texts[] = {TEXT(link_session, detail)};
static const struct text_field tried_texts[] = {TEXT(link_tried, detail)};
static const struct text_field text_texts[] = {TEXT(link_text, origin), TEXT(link_text, text)};

static bool line_fits(const void *m)
{
    struct modality_line ignored;
    return link_line_split(m, &ignored) == 0;
}

static bool envelope_fits(const struct envelope *e)
{
    if (e->n_channels > DOSE_CHANNELS_MAX)
        return false;
    for (uint32_t i = 0; i < e->n_channels; i++)
        if (e->channels[i].n_settings > ENVELOPE_SETTINGS_MAX || e->channels[i].channel >= MODALITY_CHANNELS_MAX ||
            e->channels[i].level_quantity >= QUANTITY_COUNT || e->channels[i].waveform >= WAVEFORM_COUNT)
            return false;
    return true;
}

static bool arm_fits(const void *m)
{
    const struct link_arm *arm = m;
    return arm->ref.session != 0 && envelope_fits(&arm->envelope);
}

static bool target_fits(const void *m)
{
    const struct link_target *target = m;
    return target->channel < MODALITY_CHANNELS_MAX && target->quantity < QUANTITY_COUNT;
}

static bool text_ends(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static bool channel_fits(const struct modality_channel *c)
{
    if (!text_ends(c->id, MODALITY_NAME_MAX) || ((unsigned)c->modality & ~(unsigned)MODALITY_ANY) != 0 ||
        (unsigned)c->level >= QUANTITY_COUNT || (unsigned)c->reference > REFERENCE_RELATIVE ||
        c->n_ranges > MODALITY_RANGES_MAX)
        return false;
    for (size_t i = 0; i < c->n_ranges; i++)
        if ((unsigned)c->ranges[i].quantity >= QUANTITY_COUNT)
            return false;
    return true;
}

static bool unit_fits(const void *m)
{
    const struct modality_device *d = &((const struct link_unit *)m)->device;
    if (d->n_channels > MODALITY_CHANNELS_MAX || d->n_groups > MODALITY_GROUPS_MAX ||
        (unsigned)d->on_link_loss > LINK_LOSS_CONTINUES || (unsigned)d->after_watchdog > AFTER_WATCHDOG_RESUMES ||
        (unsigned)d->after_contact_return > CONTACT_RETURN_RESUMES)
        return false;
    for (size_t i = 0; i < d->n_channels; i++)
        if (!channel_fits(&d->channels[i]))
            return false;
    for (size_t i = 0; i < d->n_groups; i++)
        if (!text_ends(d->groups[i].id, MODALITY_NAME_MAX) || (uint64_t)d->groups[i].channels >> d->n_channels != 0)
            return false;
    return true;
}

static bool presence_fits(const void *m)
{
    return ((const struct link_presence *)m)->state <= UNIT_PLUGIN_FAILED;
}

/* A byte that is neither 0 nor 1 is no truth value, and reading it as one undefined. */
static bool flags_fit(const bool *const flags[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char byte;
        memcpy(&byte, flags[i], sizeof(byte));
        if (byte > 1)
            return false;
    }
    return true;
}

static bool channel_status_fits(const struct modality_channel_status *c)
{
    const bool *const flags[] = {&c->setpoint_known};
    if (!flags_fit(flags, COUNT(flags)) || (unsigned)c->output > OUTPUT_ON ||
        (unsigned)c->evidence > EVIDENCE_MEASURED || (unsigned)c->contact > CONTACT_SHORTED ||
        !text_ends(c->applicator, MODALITY_NAME_MAX) || c->n_readings > MODALITY_READINGS_MAX)
        return false;
    for (size_t i = 0; i < c->n_readings; i++)
        if ((unsigned)c->readings[i].quantity >= QUANTITY_COUNT)
            return false;
    return true;
}

bool link_status_fits(const struct modality_status *s)
{
    const bool *const flags[] = {&s->fault,     &s->patient_stop, &s->watchdog_tripped,
                                 &s->restarted, &s->uptime_known, &s->remaining_known};
    if (!flags_fit(flags, COUNT(flags)) || !text_ends(s->fault_text, sizeof(s->fault_text)) ||
        s->n_channels > MODALITY_CHANNELS_MAX)
        return false;
    for (size_t i = 0; i < s->n_channels; i++)
        if (!channel_status_fits(&s->channels[i]))
            return false;
    return true;
}

static bool sample_fits(const void *m)
{
    return link_status_fits(&((const struct link_sample *)m)->status);
}

static bool session_fits(const void *m)
{
    const struct link_session *s = m;
    return s->event <= LINK_SESSION_UNPROVED && s->reason <= LINK_REASON_CONTACT_LOST &&
           s->evidence <= EVIDENCE_MEASURED;
}

static bool tried_fits(const void *m)
{
    const struct link_tried *t = m;
    return t->step <= LINK_TRIAL_OVER && t->evidence <= EVIDENCE_MEASURED && t->group < MODALITY_GROUPS_MAX;
}

static bool text_fits(const void *m)
{
    return ((const struct link_text *)m)->level <= MODALITY_LOG_DEBUG;
}

static const struct shape {
    uint16_t type;
    bool from_host;
    size_t size;
    const struct text_field *texts;
    size_t n_texts;
    bool (*fits)(const void *message); /* counts and enums; NULL = nothing to check */
} shapes[] = {
    {LINK_CONFIG, false, sizeof(struct link_config), config_texts, COUNT(config_texts), NULL},
    {LINK_LINE, false, sizeof(struct link_line), NULL, 0, line_fits},
    {LINK_CONFIG_END, false, sizeof(struct link_plain), NULL, 0, NULL},
    {LINK_ARM, false, sizeof(struct link_arm), NULL, 0, arm_fits},
    {LINK_TARGET, false, sizeof(struct link_target), NULL, 0, target_fits},
    {LINK_PERMIT, false, sizeof(struct link_permit), NULL, 0, NULL},
    {LINK_STOP, false, sizeof(struct link_stop), NULL, 0, NULL},
    {LINK_TIGHTEN, false, sizeof(struct link_arm), NULL, 0, arm_fits},
    {LINK_MAKE_SAFE, false, sizeof(struct link_unit_ref), NULL, 0, NULL},
    {LINK_SHUTDOWN, false, sizeof(struct link_plain), NULL, 0, NULL},
    {LINK_ASK, false, sizeof(struct link_plain), NULL, 0, NULL},
    {LINK_TRY, false, sizeof(struct link_unit_ref), NULL, 0, NULL},
    {LINK_HELLO, true, sizeof(struct link_hello), hello_texts, COUNT(hello_texts), NULL},
    {LINK_UNIT, true, sizeof(struct link_unit), unit_texts, COUNT(unit_texts), unit_fits},
    {LINK_CONFIG_FAULT, true, sizeof(struct link_text), text_texts, COUNT(text_texts), text_fits},
    {LINK_PRESENCE, true, sizeof(struct link_presence), presence_texts, COUNT(presence_texts), presence_fits},
    {LINK_SAMPLE, true, sizeof(struct link_sample), NULL, 0, sample_fits},
    {LINK_SESSION, true, sizeof(struct link_session), session_texts, COUNT(session_texts), session_fits},
    {LINK_LOG, true, sizeof(struct link_text), text_texts, COUNT(text_texts), text_fits},
    {LINK_HEARD, true, sizeof(struct link_stop), NULL, 0, NULL},
    {LINK_TRIED, true, sizeof(struct link_tried), tried_texts, COUNT(tried_texts), tried_fits},
};
_Static_assert(sizeof(struct link_unit) <= LINK_DATAGRAM_MAX && sizeof(struct link_arm) <= LINK_DATAGRAM_MAX,
               "every message fits one datagram");

int link_message_check(const void *datagram, size_t size, bool from_host)
{
    struct link_header header;
    if (size < sizeof(header))
        return -EPROTO;
    memcpy(&header, datagram, sizeof(header));
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const struct shape *shape = &shapes[i];
        if (shape->type != header.type || shape->from_host != from_host)
            continue;
        if (header.version != LINK_VERSION || header.size != size || size != shape->size)
            return -EPROTO;
        for (size_t t = 0; t < shape->n_texts; t++)
            if (!text_ends((const char *)datagram + shape->texts[t].offset, shape->texts[t].size))
                return -EPROTO;
        return shape->fits && !shape->fits(datagram) ? -EPROTO : 0;
    }
    return -EPROTO;
}

void link_message_head(void *message, enum link_message_type type, size_t size)
{
    struct link_header *header = message;
    header->type = (uint16_t)type;
    header->version = LINK_VERSION;
    header->size = (uint32_t)size;
}

int link_line_pack(struct link_line *line, const struct modality_line *from)
{
    const char *parts[4] = {from->section, from->key, from->value, from->origin};
    size_t used = 0;
    for (size_t i = 0; i < 4; i++) {
        size_t length = strlen(parts[i]) + 1;
        if (length > sizeof(line->text) - used)
            return -E2BIG;
        memcpy(line->text + used, parts[i], length);
        used += length;
    }
    memset(line->text + used, 0, sizeof(line->text) - used);
    link_message_head(line, LINK_LINE, sizeof(*line));
    return 0;
}

int link_line_split(const struct link_line *line, struct modality_line *to)
{
    const char *parts[4];
    size_t used = 0;
    for (size_t i = 0; i < 4; i++) {
        const char *end = used < sizeof(line->text) ? memchr(line->text + used, '\0', sizeof(line->text) - used) : NULL;
        if (!end)
            return -EPROTO;
        parts[i] = line->text + used;
        used = (size_t)(end - line->text) + 1;
    }
    *to = (struct modality_line){parts[0], parts[1], parts[2], parts[3]};
    return 0;
}

const char *link_reason_id(enum link_reason r)
{
    switch (r) {
    case LINK_REASON_NONE:
        return "none";
    case LINK_REASON_TOLD:
        return "told";
    case LINK_REASON_END_TIME:
        return "end_time";
    case LINK_REASON_PERMIT:
        return "permit";
    case LINK_REASON_DAEMON_GONE:
        return "daemon_gone";
    case LINK_REASON_DEVICE_FAULT:
        return "device_fault";
    case LINK_REASON_PATIENT_STOP:
        return "patient_stop";
    case LINK_REASON_OVER_OUTPUT:
        return "over_output";
    case LINK_REASON_DEVICE_RESTARTED:
        return "device_restarted";
    case LINK_REASON_WATCHDOG:
        return "watchdog";
    case LINK_REASON_OUTPUT_LOST:
        return "output_lost";
    case LINK_REASON_LINK_LOST:
        return "link_lost";
    case LINK_REASON_PLUGIN_HUNG:
        return "plugin_hung";
    case LINK_REASON_OUTSIDE_ENVELOPE:
        return "outside_envelope";
    case LINK_REASON_NOT_READY:
        return "not_ready";
    case LINK_REASON_HOST_STOPPING:
        return "host_stopping";
    case LINK_REASON_INTERLOCK:
        return "interlock";
    case LINK_REASON_CONTACT_LOST:
        return "contact_lost";
    }
    return "unknown";
}

const char *unit_state_id(enum unit_state s)
{
    switch (s) {
    case UNIT_PROBING:
        return "probing";
    case UNIT_ABSENT:
        return "absent";
    case UNIT_WRONG_IDENTITY:
        return "wrong_identity";
    case UNIT_QUARANTINE:
        return "quarantine";
    case UNIT_READY:
        return "ready";
    case UNIT_ENERGISED:
        return "energised";
    case UNIT_OUTPUT_UNKNOWN:
        return "output_unknown";
    case UNIT_PLUGIN_FAILED:
        return "plugin_failed";
    }
    return "unknown";
}
