/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session request: a sane one arrives typed and whole; each thing wrong with it is refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "room.h"

static void look(const struct session_request *q)
{
    assert_string_equal(q->patient_ref, "P-1");
    assert_string_equal(q->site, "knee");
    assert_string_equal(q->side, "left");
    assert_string_equal(q->protocol, "tens");
    assert_null(q->protocol_hash);
    assert_int_equal(q->n_answers, 1);
    assert_string_equal(q->answers[0].question, "implant");
    assert_string_equal(q->answers[0].answer, "no");
    assert_string_equal(q->output.device, "stim1");
    assert_string_equal(q->output.group, "ch1");
    assert_int_equal(q->output.n_channels, 1);
    assert_string_equal(q->output.channels[0], "ch1");
    assert_int_equal(q->output.phase_duration_ms, 1200000);
    assert_int_equal(q->output.n_parameters, 1);
    assert_int_equal(q->output.parameters[0].quantity, QUANTITY_amplitude_ua);
    assert_int_equal(q->output.parameters[0].start, 8000);
    assert_int_equal(q->output.parameters[0].ceiling, 20000);
    assert_false(q->output.parameters[0].start_absent);
    assert_int_equal(q->output.n_electrodes, 1);
    assert_int_equal(q->output.electrodes[0].area_mm2, 2500);
    assert_non_null(q->document);
}

static void a_sane_request_arrives_whole(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    fake.look = look;
    json_t *answer = client_call(r, fd, prepare_text("1", "r1", "anna", "P-1"));
    assert_int_equal(answer_code(answer), 0);
    assert_int_equal(fake.prepares, 1);
    json_decref(answer);
    close(fd);
}

static void look_at_the_day(const struct session_request *q)
{
    assert_true(q->answers[0].has_on);
    assert_int_equal(q->answers[0].on_day, 20777);
}

static void look_for_no_day(const struct session_request *q)
{
    assert_false(q->answers[0].has_on);
}

/* Sets path (dots, numbers index arrays) of the sane request to value; NULL deletes. */
static json_t *changed(const char *path, const char *value)
{
    json_t *line = json_loads(prepare_text("1", "r1", "anna", "P-1"), 0, NULL);
    json_t *at = json_object_get(line, "params");
    char copy[128], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", path);
    for (;;) {
        char *name = strsep(&rest, ".");
        bool index = json_is_array(at);
        json_t *new = value != NULL ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
        if (rest == NULL && index)
            json_array_append_new(at, new);
        else if (rest == NULL && value != NULL)
            json_object_set_new(at, name, new);
        else if (rest == NULL)
            json_object_del(at, name);
        else
            json_decref(new);
        if (rest == NULL)
            return line;
        at = index ? json_array_get(at, (size_t)(name[0] - '0')) : json_object_get(at, name);
    }
}

static const struct row {
    const char *path, *value;
    int64_t code;
    const char *says; /* token, or the field named */
} rows[] = {
    {"patient_ref", NULL, -32602, "params.patient_ref"},
    {"patient_ref", "\"\"", -32602, "params.patient_ref"},
    {"operator", NULL, -32602, "params.operator"},
    {"operator.name", NULL, -32602, "params.operator.name"},
    {"request_id", NULL, -32602, "params.request_id"},
    {"request_id", "7", -32602, "params.request_id"},
    {"target", NULL, -32602, "params.target"},
    {"target.side", "\"up\"", -32602, "params.target.side"},
    {"protocol.id", NULL, -32602, "params.protocol.id"},
    {"screening", NULL, -32602, "params.screening"},
    {"screening", "[]", 0, ""},
    {"screening.0.answer", NULL, -32602, "params.screening[0].answer"},
    {"screening.0.answered_at", "1700000000000", 0, ""},
    {"screening.0.on", "\"2026-11-20\"", 0, ""},
    {"screening.0.on", "\"2026-11-31\"", -32602, "params.screening[0].on"},
    {"screening.0.on", "\"20.11.2026\"", -32602, "params.screening[0].on"},
    {"screening.0.on", "1795132800000", -32602, "params.screening[0].on"},
    {"screening.0.on", "null", -32602, "params.screening[0].on"},
    {"outputs", "[]", -32602, "params.outputs"},
    {"outputs.0.device", NULL, -32602, "params.outputs[0].device"},
    {"outputs.0.channels", "[]", -32602, "params.outputs[0].channels"},
    {"outputs.0.phases", "[]", -32602, "params.outputs[0].phases"},
    {"outputs.0.phases.0", "{}", -32000, "OUT_OF_RANGE"},
    {"outputs.1", "{\"device\":\"a\",\"group\":\"b\",\"channels\":[\"c\"],\"phases\":[{}]}", -32000, "OUT_OF_RANGE"},
    {"outputs.0.phases.0.duration_ms", "1.0", -32602, "params.outputs[0].phases[0].duration_ms"},
    {"outputs.0.phases.0.duration_ms", "\"20min\"", -32602, "params.outputs[0].phases[0].duration_ms"},
    {"outputs.0.phases.0.duration_ms", "0", -32602, "params.outputs[0].phases[0].duration_ms"},
    {"outputs.0.phases.0.duration_ms", NULL, 0, ""},
    {"outputs.0.phases.0.parameters", NULL, 0, ""},
    {"outputs.0.phases.0.parameters.amplitude_ua.start", "8000.5", -32602,
     "params.outputs[0].phases[0].parameters.amplitude_ua.start"},
    {"outputs.0.phases.0.parameters.amplitude_ua.ceiling", NULL, 0, ""},
    {"outputs.0.phases.0.parameters.current", "{}", -32602, "params.outputs[0].phases[0].parameters.current"},
    {"outputs.0.modality", "\"estim\"", 0, ""},
    {"outputs.0.modality", "\"ultrasound\"", -32000, "IDENTITY_MISMATCH"},
    {"outputs.0.waveform", "\"russian\"", -32000, "IDENTITY_MISMATCH"},
    {"outputs.0.waveform", "\"biphasic_symmetric\"", 0, ""},
    {"outputs.0.drive_mode", "\"cv\"", -32000, "OUT_OF_RANGE"},
    {"outputs.0.balance_permille", "100", -32602, "params.outputs[0].balance_permille"},
    {"outputs.0.electrodes.0.area_mm2", "0", -32602, "params.outputs[0].electrodes[0].area_mm2"},
    {"outputs.0.electrodes.0.at", "{\"view\":\"anterior\",\"x_permille\":500,\"y_permille\":100}", 0, ""},
    {"end_by", "\"boredom\"", -32602, "params.end_by"},
    {"end_by", "\"time\"", 0, ""},
    {"overrides", "[{\"condition\":\"implant\",\"by\":\"Dr. B\",\"reason\":\"seen\"}]", 0, ""},
    {"overrides", "[{\"condition\":\"implant\",\"by\":\"Dr. B\"}]", -32602, "params.overrides[0].reason"},
    {"acknowledged", "[\"es_notice\"]", 0, ""},
    {"attended", "\"asleep\"", -32602, "params.attended"},
    {"surprise", "1", -32602, "params.surprise"},
};

static void each_thing_wrong_is_named(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (size_t i = 0; i < PARAM_COUNT(rows); i++) {
        json_t *line = changed(rows[i].path, rows[i].value);
        char id[16];
        snprintf(id, sizeof(id), "q-%zu", i);
        if (strcmp(rows[i].path, "request_id") != 0)
            json_object_set_new(json_object_get(line, "params"), "request_id", json_string(id));
        char *text = json_dumps(line, JSON_COMPACT);
        json_t *answer = client_call(r, fd, text);
        const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
        const char *says = rows[i].code == -32602 ? param_text(data, "field") : answer_token(answer);
        if (answer_code(answer) != rows[i].code || strcmp(says, rows[i].says) != 0)
            fail_msg("%s = %s: %d %s", rows[i].path, rows[i].value, (int)answer_code(answer), says);
        json_decref(answer);
        json_decref(line);
        free(text);
    }
    close(fd);
}

static void check_needs_neither_request_id_nor_operator(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    json_t *line = json_loads(prepare_text("1", "r1", "anna", "P-1"), 0, NULL);
    json_object_set_new(line, "method", json_string("session.check"));
    json_object_del(json_object_get(line, "params"), "request_id");
    json_object_del(json_object_get(line, "params"), "operator");
    char *text = json_dumps(line, JSON_COMPACT);
    json_t *answer = client_call(r, fd, text);
    assert_true(json_is_true(json_object_get(json_object_get(answer, "result"), "allowed")));
    json_decref(answer);
    json_decref(line);
    free(text);
    close(fd);
}

static void the_day_of_a_test_arrives_as_a_day(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    static const struct {
        const char *on;
        void (*look)(const struct session_request *);
    } days[] = {{"\"2026-11-20\"", look_at_the_day}, {NULL, look_for_no_day}};
    for (size_t i = 0; i < 2; i++) {
        json_t *line = changed("screening.0.on", days[i].on);
        char id[8];
        snprintf(id, sizeof(id), "r%zu", i);
        json_object_set_new(json_object_get(line, "params"), "request_id", json_string(id));
        char *text = json_dumps(line, JSON_COMPACT);
        fake.look = days[i].look;
        json_t *answer = client_call(r, fd, text);
        assert_int_equal(answer_code(answer), 0);
        json_decref(answer);
        json_decref(line);
        free(text);
    }
    assert_int_equal(fake.prepares, 2);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sane_request_arrives_whole, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(each_thing_wrong_is_named, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(the_day_of_a_test_arrives_as_a_day, room_setup, room_teardown),
        cmocka_unit_test_setup_teardown(check_needs_neither_request_id_nor_operator, room_setup, room_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
