/* SPDX-License-Identifier: Apache-2.0 */
/* Good requests, and the two acts with them. See fixture.h. */
#include "fixture.h"

struct session_actor room_actor(void)
{
    return (struct session_actor){.uid = 1000,
                                  .pid = 1,
                                  .connection = 1,
                                  .subscribed = true,
                                  .peer_name = "anna",
                                  .operator_id = "anna",
                                  .operator_name = "Anna",
                                  .operator_role = "therapist"};
}

static void on_reply(void *userdata, json_t *result, const struct session_error *error)
{
    struct room *r = userdata;
    json_decref(r->result);
    json_decref(r->data);
    r->answered = true;
    r->result = result;
    r->data = error ? error->data : NULL;
    r->token = error ? error->token : TOKEN_NONE;
    snprintf(r->message, sizeof r->message, "%s", error ? error->message : "");
}

struct session_reply room_reply(struct room *r)
{
    r->answered = false;
    return (struct session_reply){.done = on_reply, .userdata = r};
}

static struct session_request base(void)
{
    return (struct session_request){
        .request_id = "r1",
        .patient_ref = "P1",
        .site = "knee",
        .side = "left",
        .n_answers = 2,
        .answers = {{.question = "implant", .answer = "no"}, {.question = "sensation", .answer = "normal"}}};
}

struct session_request room_tens(void)
{
    struct session_request q = base();
    q.protocol = "tens";
    q.output = (struct session_output){
        .device = "stim1",
        .group = "ch1",
        .n_channels = 1,
        .channels = {"ch1"},
        .n_parameters = 1,
        .parameters = {{.quantity = QUANTITY_amplitude_ua, .start = 10000, .ceiling = 30000}},
        .n_electrodes = 2,
        .electrodes = {{.label = "A", .channel = "ch1", .kind = "adhesive", .side = "left", .area_mm2 = 2500},
                       {.label = "B", .channel = "ch1", .kind = "adhesive", .side = "left", .area_mm2 = 2500}}};
    return q;
}

struct session_request room_sound(void)
{
    struct session_request q = base();
    q.protocol = "sound";
    q.output = (struct session_output){
        .device = "us1", .group = "head", .n_channels = 1, .channels = {"head"}, .applicator_ref = "head5"};
    return q;
}

struct session_request room_laser(void)
{
    struct session_request q = base();
    q.protocol = "points";
    q.output = (struct session_output){
        .device = "laser1", .group = "cw", .n_channels = 1, .channels = {"cw"}, .applicator_ref = "probe"};
    return q;
}

struct session_request room_cold(void)
{
    struct session_request q = base();
    q.protocol = "cold";
    q.output = (struct session_output){
        .device = "cold1",
        .group = "pad",
        .n_channels = 1,
        .channels = {"pad"},
        .n_parameters = 1,
        .parameters = {{.quantity = QUANTITY_temperature_millic, .start = 15000, .ceiling = 12000}}};
    return q;
}

struct session_request room_ions(void)
{
    struct session_request q = base();
    q.protocol = "ions";
    q.output = (struct session_output){
        .device = "galv1",
        .group = "dc",
        .n_channels = 1,
        .channels = {"dc"},
        .n_parameters = 2,
        .parameters = {{.quantity = QUANTITY_amplitude_ua, .start = 2000, .ceiling = 4000},
                       {.quantity = QUANTITY_iontophoresis_dose_ua_min, .start = 1000, .ceiling_absent = true}},
        .n_electrodes = 2,
        .electrodes = {{.label = "A", .channel = "dc", .side = "left", .polarity = "positive", .area_mm2 = 2500},
                       {.label = "B", .channel = "dc", .side = "left", .polarity = "negative", .area_mm2 = 5000}}};
    return q;
}

static void keep_text(char *to, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    snprintf(to, size, "%s", text);
}

void room_prepare(struct room *r, const struct session_request *request)
{
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, request, &actor, &r->now, room_reply(r));
    assert_answered(r);
    keep_text(r->session_id, sizeof r->session_id, r->result, "session_id");
    keep_text(r->token_text, sizeof r->token_text, r->result, "confirm_token");
}

void room_start(struct room *r)
{
    const struct session_actor actor = room_actor();
    const struct session_confirmation confirmed = {.token = r->token_text};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_answered(r);
    keep_text(r->lease_key, sizeof r->lease_key, r->result, "lease_key");
    assert_non_null(room_last(r, LINK_ARM));
}

void room_running(struct room *r, const struct session_request *request)
{
    room_prepare(r, request);
    room_start(r);
    const size_t link = room_session(r)->unit->settings->link;
    host_presence(r, link, UNIT_ENERGISED);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    host_levels(r, link, room_session(r)->present[0].value[room_session(r)->level]);
    room_advance(r, 50);
    host_sample(r, link);
    assert_state(r, "running");
}

void room_check(struct room *r, const struct session_request *q)
{
    const struct session_actor actor = room_actor();
    session_check(r->sessions, q, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

void room_try(struct room *r, const struct session_request *q)
{
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, q, &actor, &r->now, room_reply(r));
}

bool room_refuses(const struct room *r, enum modality_token token, const char *quantity)
{
    const json_t *list = json_object_get(r->result, "refusals");
    if (!list)
        list = json_object_get(r->data, "violations");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *t = json_string_value(json_object_get(item, "token"));
        const char *q = json_string_value(json_object_get(item, "quantity"));
        if (strcmp(t, modality_token_id(token)) == 0 && (!quantity || (q && strcmp(q, quantity) == 0)))
            return true;
    }
    return false;
}

struct session *room_session(struct room *r)
{
    return session_find(r->sessions, r->session_id);
}

const char *room_state(struct room *r)
{
    const struct session *session = room_session(r);
    return session ? session_state_id(session->state) : "none";
}

void room_run(struct room *r, size_t link, int64_t ms)
{
    for (int64_t t = 0; t < ms; t += 50) {
        room_advance(r, 50);
        host_sample(r, link);
        session_keepalive(r->sessions, r->session_id, r->lease_key, r->now.monotonic_ns, (struct session_reply){0});
        room_tick(r);
    }
}
