/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared tables: the operator, the session request and the snapshot. Requests are closed: a member that is not here is
 * an error. Answers are open: clients ignore what they do not know.
 */
#include "api/fields.h"

#include "dose/screening.h"
#include "session/session.h"

const struct param fields_operator[FIELDS_OPERATOR_COUNT] = {
    FIELD("id", PARAM_STRING, "the peer's login name or uid; anybody else's only if the peer's role has may_act_for",
          .required = true, ID_BOUNDS),
    FIELD("name", PARAM_STRING, "as the record shall show it", .required = true, PARAM_BOUNDS(1, 128)),
    FIELD("role", PARAM_STRING, "recorded, never a right", ID_BOUNDS),
};

const struct param field_text_item = FIELD("text", PARAM_STRING, "");
const struct param field_object_item = FIELD("item", PARAM_OBJECT, "", .open = true);

const struct param fields_items[FIELDS_ITEMS_COUNT] = {
    FIELD("items", PARAM_ARRAY, "this page", .required = true, .item = &field_object_item),
    FIELD_NEXT_CURSOR,
};

const char *const choices_modality[] = {"estim", "ultrasound", "laser", "cold", NULL};
const char *const choices_side[] = {"left", "right", "both", "midline", NULL};

static const struct param question[] = {
    FIELD("id", PARAM_STRING, "id", .required = true),
    FIELD("text", PARAM_STRING, "the question", .required = true),
    FIELD("answers", PARAM_ARRAY, "what can be answered, the least restrictive first", .required = true,
          .item = &field_text_item),
    FIELD("restrictive", PARAM_STRING, "what no answer, or unknown, counts as", .required = true),
    FIELD("always", PARAM_BOOLEAN, "not bound to an indication"),
    FIELD("valid_days", PARAM_INTEGER,
          "the answer carries \"on\", the day of the test or image, at most so many days back; absent = no day is "
          "needed"),
};
const struct param field_question_item =
    FIELD("question", PARAM_OBJECT, "one question", .open = true, PARAM_FIELDS(question));

/* --- session request --- */

static const char *const choices_attended[] = {"present", "in_room", "remote", NULL};
static const char *const choices_end_by[] = {"time", "dose", "count", NULL};
static const char *const choices_arrangement[] = {"single", "linked", "ifc4", "ifc_vector", NULL};
static const char *const choices_drive_mode[] = {"cc", "cv", NULL};
static const char *const choices_polarity[] = {"positive", "negative", "alternating", "common", NULL};
static const char *const choices_kind[] = {"adhesive", "rubber_sponge", "vacuum", "probe", "us_head", "needle", NULL};
static const char *const choices_view[] = {"anterior", "posterior", "left", "right", NULL};
static const char *const choices_sensation[] = {"sharp_blunt", "warm_cold", NULL};

static const struct param code_item = FIELD("code", PARAM_STRING, "a code of the clinic", ID_BOUNDS);
static const struct param target[] = {
    FIELD("site", PARAM_STRING, "body site (site.list)", .required = true, ID_BOUNDS),
    FIELD("side", PARAM_STRING, "side of the body", .required = true, .choices = choices_side),
    FIELD("codes", PARAM_ARRAY, "codes of the clinic for the site", PARAM_BOUNDS(0, 8), .item = &code_item),
};

static const struct param protocol[] = {
    FIELD("id", PARAM_STRING, "protocol (protocol.list)", .required = true, ID_BOUNDS),
    FIELD("revision", PARAM_STRING, "must match when given", ID_BOUNDS),
    FIELD("hash", PARAM_STRING, "must match when given", PARAM_BOUNDS(64, 64)),
};

static const struct param sensation[] = {
    FIELD("test", PARAM_STRING, "what was tested", .required = true, .choices = choices_sensation),
    FIELD("result", PARAM_STRING, "what was found", .required = true, ID_BOUNDS),
    FIELD("at_ms", PARAM_INTEGER, "when, ms since 1970 UTC", PARAM_BOUNDS(0, INT64_MAX)),
};

static const struct param answer[] = {
    FIELD("question", PARAM_STRING, "id of the question", .required = true, ID_BOUNDS),
    FIELD("answer", PARAM_STRING, "one of its answers, or unknown", .required = true, ID_BOUNDS),
    FIELD("on", PARAM_STRING,
          "civil date of the test or image that the answer rests on; needed where valid_days is told",
          PARAM_BOUNDS(10, 10), .plain = PLAIN_DATE),
    FIELD("answered_at", PARAM_INTEGER,
          "when, ms since 1970 UTC; more than a day ago, or in the future, it counts as not answered",
          PARAM_BOUNDS(0, INT64_MAX)),
    FIELD("by", PARAM_STRING, "who was asked or looked", PARAM_BOUNDS(1, 128)),
    FIELD("method", PARAM_STRING, "how it was found", ID_BOUNDS),
    FIELD("sensation", PARAM_OBJECT, "the sensation test behind the answer", PARAM_FIELDS(sensation)),
};
static const struct param answer_item = FIELD("answer", PARAM_OBJECT, "one answer", PARAM_FIELDS(answer));

static const struct param override[] = {
    FIELD("condition", PARAM_STRING, "the precaution", .required = true, ID_BOUNDS),
    FIELD("by", PARAM_STRING, "who takes the responsibility", .required = true, PARAM_BOUNDS(1, 128)),
    FIELD("reason", PARAM_STRING, "why", .required = true, PARAM_TEXT_BOUNDS, .plain = PLAIN_FREE),
};
static const struct param override_item = FIELD("override", PARAM_OBJECT, "one override", PARAM_FIELDS(override));
static const struct param limit_item = FIELD("limit", PARAM_STRING, "id of a notice limit", ID_BOUNDS);

static const struct param position[] = {
    FIELD("landmark_a", PARAM_STRING, "bony landmark", ID_BOUNDS),
    FIELD("landmark_b", PARAM_STRING, "bony landmark", ID_BOUNDS),
    FIELD("fraction_permille", PARAM_INTEGER, "on the line from a to b", PARAM_BOUNDS(-1000, 2000)),
    FIELD("offset_mm", PARAM_INTEGER, "beside the line", PARAM_BOUNDS(-1000, 1000)),
    FIELD("view", PARAM_STRING, "view of the picture", .choices = choices_view),
    FIELD("x_permille", PARAM_INTEGER, "in the picture", PARAM_BOUNDS(0, 1000)),
    FIELD("y_permille", PARAM_INTEGER, "in the picture", PARAM_BOUNDS(0, 1000)),
};
static const struct param electrode[] = {
    FIELD("label", PARAM_STRING, "A to H", .required = true, PARAM_BOUNDS(1, 8)),
    FIELD("channel", PARAM_STRING, "channel of the output", .required = true, ID_BOUNDS),
    FIELD("polarity", PARAM_STRING, "polarity", .choices = choices_polarity),
    FIELD("lead_colour", PARAM_STRING, "colour of the lead", ID_BOUNDS),
    FIELD("kind", PARAM_STRING, "kind of electrode", .choices = choices_kind),
    FIELD("area_mm2", PARAM_INTEGER, "contact area, mm2", .required = true, PARAM_BOUNDS(1, 1000000)),
    FIELD("shape", PARAM_STRING, "shape", ID_BOUNDS),
    FIELD("accessory_ref", PARAM_STRING, "which pad it is", ID_BOUNDS),
    FIELD("skin_site", PARAM_STRING, "where it sits, if not at the target's site", ID_BOUNDS),
    FIELD("side", PARAM_STRING, "side where it sits", .choices = choices_side),
    FIELD("at", PARAM_OBJECT, "position between landmarks, or in a picture", PARAM_FIELDS(position)),
};
static const struct param electrode_item = FIELD("electrode", PARAM_OBJECT, "one electrode", PARAM_FIELDS(electrode));

static const struct param parameter[] = {
    FIELD("start", PARAM_INTEGER, "value at the start, base unit of the quantity; absent = the protocol's"),
    FIELD("ceiling", PARAM_INTEGER, "highest value that may be adjusted to; absent = start"),
};
static const struct param parameter_item = FIELD("parameter", PARAM_OBJECT, "range", PARAM_FIELDS(parameter));
static const struct param phase[] = {
    FIELD("duration_ms", PARAM_INTEGER, "treatment time, ms; absent = the protocol's", PARAM_BOUNDS(1, 86400000)),
    FIELD("parameters", PARAM_MAP, "by quantity; what is absent is the protocol's",
          PARAM_BOUNDS(0, PROTOCOL_PARAMETERS_MAX), .item = &parameter_item),
};
static const struct param phase_item = FIELD("phase", PARAM_OBJECT, "one phase", PARAM_FIELDS(phase));
static const struct param channel_item = FIELD("channel", PARAM_STRING, "channel of the device", ID_BOUNDS);

static const struct param output[] = {
    FIELD("device", PARAM_STRING, "device (device.list)", .required = true, ID_BOUNDS),
    FIELD("group", PARAM_STRING, "output group of the device", .required = true, ID_BOUNDS),
    FIELD("channels", PARAM_ARRAY, "channels of the group", .required = true, PARAM_BOUNDS(1, MODALITY_CHANNELS_MAX),
          .item = &channel_item),
    FIELD("modality", PARAM_STRING, "must be the protocol's when given", .choices = choices_modality),
    FIELD("arrangement", PARAM_STRING, "how the channels work together", .choices = choices_arrangement),
    FIELD("drive_mode", PARAM_STRING, "constant current or voltage; must suit the protocol",
          .choices = choices_drive_mode),
    FIELD("waveform", PARAM_STRING, "must be the protocol's when given", ID_BOUNDS),
    FIELD("polarity", PARAM_STRING, "polarity of the output", .choices = choices_polarity),
    FIELD("phases", PARAM_ARRAY, "exactly one", .required = true, PARAM_BOUNDS(1, 8), .item = &phase_item),
    FIELD("applicator_ref", PARAM_STRING, "ultrasound head or probe; needed for ultrasound", ID_BOUNDS),
    FIELD("electrodes", PARAM_ARRAY, "needed for electrical stimulation", PARAM_BOUNDS(0, PRESCRIPTION_ELECTRODES_MAX),
          .item = &electrode_item),
};
static const struct param output_item = FIELD("output", PARAM_OBJECT, "one output", PARAM_FIELDS(output));

/* clang-format off */
#define REQUEST_ROWS \
    FIELD("patient_ref", PARAM_STRING, "pseudonymous reference of the patient", .required = true, PATIENT_BOUNDS), \
    FIELD("patient_check", PARAM_STRING, "second identifier, shown and confirmed", PARAM_TEXT_BOUNDS), \
    FIELD("course_id", PARAM_STRING, "course of treatments it belongs to", ID_BOUNDS), \
    FIELD("supervisor", PARAM_STRING, "who supervises the operator", PARAM_BOUNDS(1, 128)), \
    FIELD("target", PARAM_OBJECT, "where on the body", .required = true, PARAM_FIELDS(target)), \
    FIELD("indication", PARAM_STRING, "why; decides which questions are asked", ID_BOUNDS), \
    FIELD("repeat_of", PARAM_STRING, "session that this one repeats: recorded", ID_BOUNDS), \
    FIELD("protocol", PARAM_OBJECT, "what is done", .required = true, PARAM_FIELDS(protocol)), \
    FIELD("placement_id", PARAM_STRING, "placement followed: recorded", ID_BOUNDS), \
    FIELD("call_device_given", PARAM_BOOLEAN, "the patient holds a call device or hand switch"), \
    FIELD("attended", PARAM_STRING, "where the operator is", .choices = choices_attended), \
    FIELD("screening", PARAM_ARRAY, "answers; a question without one counts as its restrictive answer", \
          .required = true, PARAM_BOUNDS(0, SCREENING_QUESTIONS_MAX), .item = &answer_item), \
    FIELD("overrides", PARAM_ARRAY, "named overrides of precautions", PARAM_BOUNDS(0, SCREENING_CONDITIONS_MAX), \
          .item = &override_item), \
    FIELD("acknowledged", PARAM_ARRAY, "notice limits that the operator has seen", PARAM_BOUNDS(0, REFUSALS_MAX), \
          .item = &limit_item), \
    FIELD("end_by", PARAM_STRING, "what ends the treatment; the protocol decides, another one is refused", \
          .choices = choices_end_by), \
    FIELD("treated_area_mm2", PARAM_INTEGER, "area over which a head is moved, mm2", PARAM_BOUNDS(1, 1000000)), \
    FIELD("outputs", PARAM_ARRAY, "exactly one", .required = true, PARAM_BOUNDS(1, 8), .item = &output_item)
/* clang-format on */

const struct param fields_check[FIELDS_REQUEST_COUNT] = {REQUEST_ROWS, FIELDS_ACTING_OPTIONAL};
const struct param fields_prepare[FIELDS_REQUEST_COUNT] = {REQUEST_ROWS, FIELDS_ACTING};

/* --- snapshot --- */

static const char *const choices_state[] = {"prepared", "starting", "ramping",  "running", "holding",        "held",
                                            "pausing",  "paused",   "stopping", "ended",   "output_unknown", NULL};
static const char *const choices_evidence[] = {"none", "presumed", "reported", "measured", NULL};
static const char *const choices_output[] = {"rest", "probe", "on", "unknown", NULL};
static const char *const choices_contact[] = {"good", "poor", "lost", "shorted", "not_monitored", "unknown", NULL};

static const struct param snapshot_channel[] = {
    FIELD("channel", PARAM_STRING, "id of the channel"),
    FIELD("quantity", PARAM_STRING, "what is walked"),
    FIELD("target", PARAM_INTEGER, "where the level goes, base unit"),
    FIELD("level", PARAM_INTEGER, "level as walked so far"),
    FIELD("ceiling", PARAM_INTEGER, "highest target without preparing again"),
    FIELD("measured", PARAM_INTEGER, "what the device measures"),
    FIELD("measured_quantity", PARAM_STRING, "which quantity that is"),
    FIELD("basis", PARAM_STRING, "measured, reported or commanded"),
    FIELD("reference", PARAM_STRING,
          "peak, peak_to_peak, satp, sata, mean, relative: what the device understands by its level"),
    FIELD("settings", PARAM_OBJECT, "what is in force beside the level, by quantity", .open = true),
    FIELD("unit", PARAM_STRING, "base unit"),
    FIELD("contact", PARAM_STRING, "contact", .choices = choices_contact, .choices_open = true),
    FIELD("contact_quality_permille", PARAM_INTEGER, "coupling of a head"),
    FIELD("impedance_ohm", PARAM_INTEGER, "impedance"),
    FIELD("applicator_temp_millic", PARAM_INTEGER, "temperature of a head"),
    FIELD("skin_temp_millic", PARAM_INTEGER, "skin under the pad of a cold unit"),
    FIELD("head_moving", PARAM_INTEGER, "1 while a head is moved, 0 while it rests on one spot"),
    FIELD("interlock_closed", PARAM_INTEGER, "1 while key and door of a laser allow emission"),
    FIELD("applicator", PARAM_STRING, "serial number of the head or probe that the device says is connected"),
    FIELD("above_10ma_10v", PARAM_BOOLEAN, "the indicator of IEC 60601-2-10 would be lit"),
    FIELD("density_ua_rms_cm2", PARAM_INTEGER, "r.m.s. current density on the skin"),
    FIELD("density_attention", PARAM_BOOLEAN, "above 2 mA/cm2: attention to burns"),
    FIELD("output", PARAM_STRING, "state of the output", .choices = choices_output, .choices_open = true),
    FIELD("evidence", PARAM_STRING, "how that is known", .choices = choices_evidence, .choices_open = true),
    FIELD("age_ms", PARAM_INTEGER, "age of the sample"),
};
static const struct param snapshot_channel_item =
    FIELD("channel", PARAM_OBJECT, "one channel", .open = true, PARAM_FIELDS(snapshot_channel));

static const struct param lease[] = {
    FIELD("holder", PARAM_STRING, "operator"),
    FIELD("until", PARAM_INTEGER, "ms since 1970 UTC"),
    FIELD("remaining_ms", PARAM_INTEGER, "until then"),
};
static const struct param hold[] = {
    FIELD("reason", PARAM_STRING, "why"),
    FIELD("since", PARAM_INTEGER, "ms since 1970 UTC"),
    FIELD("limit_ms", PARAM_INTEGER, "after which the session ends"),
};
static const struct param pause[] = {
    FIELD("reason", PARAM_STRING, "operator, lease_lost, or which point of a laser is done"),
    FIELD("since", PARAM_INTEGER, "ms since 1970 UTC"),
};
static const struct param dose[] = {
    FIELD("quantity", PARAM_STRING, "what is counted"),
    FIELD("target", PARAM_INTEGER, "at which the treatment ends, base unit"),
    FIELD("delivered", PARAM_INTEGER, "of it, so far"),
    FIELD("in_time", PARAM_BOOLEAN, "reached at the present levels before the longest time is over"),
};
static const struct param points[] = {
    FIELD("done", PARAM_INTEGER, "points that have had their energy"),
    FIELD("of", PARAM_INTEGER, "points of the treatment"),
    FIELD("energy_uj", PARAM_INTEGER, "energy of each"),
    FIELD("delivered_uj", PARAM_INTEGER, "of the present one, so far"),
    FIELD("in_time", PARAM_BOOLEAN, "all done at the present levels before the longest time is over"),
};
static const struct param ended[] = {
    FIELD("reason", PARAM_STRING, "completed, operator, patient_stop, lease_lost, ..."),
    FIELD("by", PARAM_STRING, "operator, patient, device, daemon, other"),
    FIELD("evidence", PARAM_STRING, "of rest", .choices = choices_evidence, .choices_open = true),
};

const struct param fields_snapshot[FIELDS_SNAPSHOT_COUNT] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("state", PARAM_STRING, "its state", .required = true, .choices = choices_state, .choices_open = true),
    FIELD("device", PARAM_STRING, "its device"),
    FIELD("simulated", PARAM_BOOLEAN, "true = not a real device"),
    FIELD("since", PARAM_INTEGER, "when it came into this state, ms since 1970 UTC"),
    FIELD("seq", PARAM_INTEGER, "grows with every change"),
    FIELD("patient_ref", PARAM_STRING, "patient"),
    FIELD("site", PARAM_STRING, "body site"),
    FIELD("side", PARAM_STRING, "side"),
    FIELD("protocol", PARAM_STRING, "protocol"),
    FIELD("operator", PARAM_STRING, "id of the operator"),
    FIELD("origin", PARAM_STRING, "who made the last change: operator, patient, device, daemon"),
    FIELD("may_touch_leads", PARAM_BOOLEAN, "the output is at rest and cannot come by itself"),
    FIELD("evidence", PARAM_STRING, "of rest", .choices = choices_evidence, .choices_open = true),
    FIELD("lease", PARAM_OBJECT, "who holds it", .open = true, PARAM_FIELDS(lease)),
    FIELD("hold", PARAM_OBJECT, "while contact is missing", .open = true, PARAM_FIELDS(hold)),
    FIELD("pause", PARAM_OBJECT, "while it is paused", .open = true, PARAM_FIELDS(pause)),
    FIELD("end_by", PARAM_STRING, "what ends the treatment", .choices = choices_end_by, .choices_open = true),
    FIELD("dose", PARAM_OBJECT, "of a treatment that a dose ends", .open = true, PARAM_FIELDS(dose)),
    FIELD("points", PARAM_OBJECT, "of a laser that treats point by point", .open = true, PARAM_FIELDS(points)),
    FIELD("end", PARAM_OBJECT, "how it ended", .open = true, PARAM_FIELDS(ended)),
    FIELD("delivered", PARAM_OBJECT, "dose so far, by quantity", .open = true),
    FIELD("planned_ms", PARAM_INTEGER, "treatment time planned, the longest where a dose ends it"),
    FIELD("delivered_ms", PARAM_INTEGER, "treatment time delivered"),
    FIELD("held_ms", PARAM_INTEGER, "time without contact"),
    FIELD("paused_ms", PARAM_INTEGER, "time paused"),
    FIELD("remaining_ms", PARAM_INTEGER, "treatment time left, at the present target where a dose ends it"),
    FIELD("channels", PARAM_ARRAY, "its channels", .item = &snapshot_channel_item),
};

/* --- what rpc.discover describes once --- */

const struct param field_shapes[FIELD_SHAPES] = {
    FIELD("operator", PARAM_OBJECT, "a person who acts or asks: recorded beside the peer's uid",
          PARAM_FIELDS(fields_operator)),
    FIELD("target", PARAM_OBJECT, "where on the body", PARAM_FIELDS(target)),
    FIELD("protocol", PARAM_OBJECT, "what is done", PARAM_FIELDS(protocol)),
    FIELD("answer", PARAM_OBJECT, "one answer to a screening question", PARAM_FIELDS(answer)),
    FIELD("override", PARAM_OBJECT, "one override of a precaution", PARAM_FIELDS(override)),
    FIELD("electrode", PARAM_OBJECT, "one electrode", PARAM_FIELDS(electrode)),
    FIELD("output", PARAM_OBJECT, "one output", PARAM_FIELDS(output)),
    FIELD("question", PARAM_OBJECT, "one screening question", .open = true, PARAM_FIELDS(question)),
    FIELD("snapshot", PARAM_OBJECT, "a session as it stands", .open = true, PARAM_FIELDS(fields_snapshot)),
};
