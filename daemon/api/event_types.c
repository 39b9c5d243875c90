/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads are open objects: clients ignore what they do not know. */
#include "api/event_types.h"

#include "api/fields.h"

static const struct param state[] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("from", PARAM_STRING, "state before; none = it is new", .required = true),
    FIELD("to", PARAM_STRING, "state now", .required = true),
    FIELD("event", PARAM_STRING, "what made it change"),
    FIELD("device", PARAM_STRING, "of a new session"),
    FIELD("reason", PARAM_STRING, "why it ends, once it ends; why it pauses"),
    FIELD("by", PARAM_STRING, "who ended it: operator, patient, device, daemon, other"),
    FIELD("detail", PARAM_STRING, "that in words"),
    FIELD("evidence", PARAM_STRING, "how rest is known: none, presumed, reported, measured"),
};

static const struct param person[] = {
    FIELD("id", PARAM_STRING, "id of the operator", .required = true),
    FIELD("name", PARAM_STRING, "name of the operator", .required = true),
};

static const struct param adjusted_channel[] = {
    FIELD("channel", PARAM_STRING, "channel", .required = true),
    FIELD("old", PARAM_INTEGER, "target before, base unit", .required = true),
    FIELD("new", PARAM_INTEGER, "target now, base unit", .required = true),
};
static const struct param adjusted_item =
    FIELD("channel", PARAM_OBJECT, "one channel", .open = true, PARAM_FIELDS(adjusted_channel));
static const struct param adjusted[] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("quantity", PARAM_STRING, "what was adjusted", .required = true),
    FIELD("operator", PARAM_OBJECT, "who adjusted it", .required = true, .open = true, PARAM_FIELDS(person)),
    FIELD("channels", PARAM_ARRAY, "the channels it was adjusted on", .required = true, .item = &adjusted_item),
};

static const struct param point[] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("done", PARAM_INTEGER, "points that have had their energy", .required = true),
    FIELD("of", PARAM_INTEGER, "points of the treatment", .required = true),
    FIELD("energy_uj", PARAM_INTEGER, "delivered at this one when its rest was ordered", .required = true),
    FIELD("at_ms", PARAM_INTEGER, "ms since 1970 UTC", .required = true),
};

static const struct param observed[] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("kind", PARAM_STRING, "as session.observe was given it, like every other member of the observation",
          .required = true),
    FIELD("operator", PARAM_OBJECT, "who observed", .required = true, .open = true, PARAM_FIELDS(person)),
    FIELD("recorded_at_ms", PARAM_INTEGER, "ms since 1970 UTC", .required = true),
};

static const struct param device[] = {
    FIELD("id", PARAM_STRING, "the device", .required = true),
    FIELD("state", PARAM_STRING, "its state now", .required = true),
    FIELD("simulated", PARAM_BOOLEAN, "true = not a real device", .required = true),
    FIELD("detail", PARAM_STRING, "why, in words"),
};

static const struct param config_fault[] = {
    FIELD("link", PARAM_INTEGER, "number of the link", .required = true),
    FIELD("origin", PARAM_STRING, "file:line of what the device's host refuses", .required = true),
    FIELD("text", PARAM_STRING, "why", .required = true),
};

static const struct param alarm_fields[] = {
    FIELD("number", PARAM_INTEGER, "for alarm.acknowledge", .required = true),
    FIELD("kind", PARAM_STRING, "kind", .required = true),
    FIELD("priority", PARAM_STRING, "high, medium, low", .required = true),
    FIELD("state", PARAM_STRING, "of the alarm", .required = true),
    FIELD("latched", PARAM_BOOLEAN, "stays until it is acknowledged", .required = true),
    FIELD("detail", PARAM_STRING, "what happened", .required = true),
    FIELD("count", PARAM_INTEGER, "how often, while it stands", .required = true),
    FIELD("raised_at_ms", PARAM_INTEGER, "ms since 1970 UTC", .required = true),
    FIELD("meaning", PARAM_STRING, "of the kind", .required = true),
    FIELD("clears", PARAM_STRING, "what clears it", .required = true),
    FIELD("device", PARAM_STRING, "device that it concerns"),
    FIELD("session_id", PARAM_STRING, "session that it concerns"),
    FIELD("acknowledged_by", PARAM_STRING, "who acknowledged it"),
    FIELD("acknowledged_at_ms", PARAM_INTEGER, "ms since 1970 UTC"),
};
static const struct param alarm[] = {
    FIELD("change", PARAM_STRING, "raised, acknowledged, cleared", .required = true),
    FIELD("alarm", PARAM_OBJECT, "the alarm", .required = true, .open = true, PARAM_FIELDS(alarm_fields)),
};

static const struct param overflow[] = {
    FIELD("seq", PARAM_INTEGER, "newest event: subscribe since the last one you have seen", .required = true),
    FIELD("limit_bytes", PARAM_INTEGER, "unread bytes that a client may leave", .required = true),
};

/* clang-format off */
#define EVENT(event_name, table, text) {event_name, {.kind = PARAM_OBJECT, .open = true, PARAM_FIELDS(table), .meaning = text}}
#define SNAPSHOT(event_name, text) \
    {event_name, {.kind = PARAM_OBJECT, .open = true, .fields = fields_snapshot, .n_fields = FIELDS_SNAPSHOT_COUNT, \
                  .meaning = text}}
/* clang-format on */

const struct event_type event_types[EVENT_TYPES] = {
    EVENT("session.state", state, "a session went from one state into another"),
    SNAPSHOT("session.progress", "twice a second or so while a session is open; not sent again to those who come back"),
    EVENT("session.adjusted", adjusted, "a person set another target"),
    EVENT("session.point", point,
          "a laser has treated one point: the session is paused until it is resumed at the next"),
    EVENT("session.observed", observed, "a person observed something"),
    SNAPSHOT("session.ended", "the last snapshot of a session, with its end"),
    EVENT("device.state", device, "a device came, went, or changed; further members as device.get answers them"),
    EVENT("device.config_fault", config_fault, "the host of a device refuses a line of its configuration"),
    EVENT("alarm", alarm, "an alarm was raised, acknowledged or cleared; passes every filter"),
    EVENT("overflow", overflow, "to one client, outside the numbering: it did not read, the connection ends"),
};
