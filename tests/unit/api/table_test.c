/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of methods is whole, agrees with dispatch, and rpc.discover says what it holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/method.h"
#include "api/schema.h"
#include "room.h"

/* Every method of the interface; a row that is added or lost shows here. */
static const char *const names[] = {
    "rpc.discover",  "daemon.info",     "config.explain",    "events.subscribe", "device.list",       "device.get",
    "device.scan",   "device.reset",    "device.selftest",   "alarm.list",       "alarm.acknowledge", "quantity.list",
    "site.list",     "condition.list",  "protocol.list",     "protocol.get",     "limits.list",       "limits.explain",
    "session.check", "session.prepare", "session.start",     "session.adjust",   "session.pause",     "session.resume",
    "session.stop",  "stop.all",        "session.keepalive", "session.get",      "session.list",      "session.observe",
    "record.list",   "record.get",      "record.export",     "record.addendum",  "incident.create",   "incident.list",
    "incident.get",  "dose.history",    "dose.review",       "audit.tail",       "audit.verify",      "audit.accept",
};

static void the_table_holds_each_method_once(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t g = 0; g < METHOD_GROUPS; g++) {
        n += method_groups[g]->n;
        for (size_t i = 0; i < method_groups[g]->n; i++) {
            const struct method *m = &method_groups[g]->methods[i];
            assert_ptr_equal(method_find(m->name), m);
            assert_non_null(m->handle);
            assert_non_null(m->summary);
        }
    }
    assert_int_equal(n, PARAM_COUNT(names));
    for (size_t i = 0; i < PARAM_COUNT(names); i++)
        assert_non_null(method_find(names[i]));
}

static void row_check(const struct param *row)
{
    assert_non_null(row->name);
    assert_non_null(row->meaning);
    assert_true(!row->bounded || row->min <= row->max);
    assert_true(row->kind != PARAM_MAP || row->item != NULL);
    for (size_t i = 0; i < row->n_fields; i++) {
        row_check(&row->fields[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(row->fields[i].name, row->fields[k].name);
    }
    if (row->item != NULL)
        row_check(row->item);
}

/* What a request may hold is bounded everywhere. */
static void bounds_check(const struct param *row)
{
    bool needs = row->kind == PARAM_STRING || row->kind == PARAM_ARRAY || row->kind == PARAM_MAP;
    if (needs && !row->bounded && row->choices == NULL)
        fail_msg("%s has no bound", row->name);
    assert_false(row->open || row->choices_open || row->kind == PARAM_ANY);
    for (size_t i = 0; i < row->n_fields; i++)
        bounds_check(&row->fields[i]);
    if (row->item != NULL)
        bounds_check(row->item);
}

static bool takes(const struct method *m, const char *name)
{
    for (size_t i = 0; i < m->n_params; i++) {
        if (strcmp(m->params[i].name, name) == 0 && m->params[i].required)
            return true;
    }
    return false;
}

static void rows_are_whole_and_acting_methods_take_request_id_and_operator(void **state)
{
    (void)state;
    for (size_t g = 0; g < METHOD_GROUPS; g++) {
        for (size_t i = 0; i < method_groups[g]->n; i++) {
            const struct method *m = &method_groups[g]->methods[i];
            for (size_t k = 0; k < m->n_params; k++) {
                row_check(&m->params[k]);
                bounds_check(&m->params[k]);
            }
            row_check(&m->result);
            assert_int_equal(takes(m, "request_id"), m->acting);
            assert_int_equal(takes(m, "operator"), m->acting);
            assert_true(!m->acting || m->right >= RIGHT_THERAPIST);
        }
    }
}

static void stops_need_no_right_and_nothing_else_is_free(void **state)
{
    (void)state;
    for (size_t i = 0; i < PARAM_COUNT(names); i++) {
        const struct method *m = method_find(names[i]);
        bool stop = strcmp(names[i], "stop.all") == 0 || strcmp(names[i], "session.stop") == 0;
        assert_int_equal(m->stop, stop);
        assert_int_equal(m->right == RIGHT_NONE, stop);
        for (size_t k = 0; stop && k < m->n_params; k++)
            assert_false(m->params[k].required);
    }
}

static void discover_describes_every_method_and_every_reference_resolves(void **state)
{
    (void)state;
    json_t *document = schema_document();
    const json_t *methods = json_object_get(document, "methods");
    const json_t *errors = json_object_get(json_object_get(document, "components"), "errors");
    assert_int_equal(json_array_size(methods), PARAM_COUNT(names));
    size_t i, k;
    const json_t *m, *error;
    json_array_foreach((json_t *)methods, i, m)
    {
        const struct method *row = method_find(param_text(m, "name"));
        assert_non_null(row);
        assert_int_equal(json_array_size(json_object_get(m, "params")), row->n_params);
        assert_non_null(json_object_get(json_object_get(m, "result"), "schema"));
        json_array_foreach(json_object_get(m, "errors"), k, error)
        {
            const char *ref = param_text(error, "$ref");
            assert_non_null(ref);
            assert_non_null(json_object_get(errors, strrchr(ref, '/') + 1));
        }
    }
    char *text = json_dumps(document, JSON_COMPACT);
    assert_non_null(text);
    assert_true(strlen(text) < API_ANSWER_MAX);
    free(text);
    json_decref(document);
}

/* Answers of methods that need nothing are what their rows say. */
static void answers_fit_their_rows(void **state)
{
    struct room *r = *state;
    int fd = client_open(r);
    for (size_t i = 0; i < PARAM_COUNT(names); i++) {
        const struct method *m = method_find(names[i]);
        bool needs = false;
        for (size_t k = 0; k < m->n_params; k++)
            needs = needs || m->params[k].required;
        if (needs)
            continue;
        char line[128];
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}", names[i]);
        json_t *answer = client_call(r, fd, line);
        struct param_fault fault = {0};
        if (param_check(&m->result, json_object_get(answer, "result"), "result", &fault) < 0)
            fail_msg("%s: %s: %s", names[i], fault.field, fault.expected);
        json_decref(answer);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_each_method_once),
        cmocka_unit_test(rows_are_whole_and_acting_methods_take_request_id_and_operator),
        cmocka_unit_test(stops_need_no_right_and_nothing_else_is_free),
        cmocka_unit_test(discover_describes_every_method_and_every_reference_resolves),
        cmocka_unit_test_setup_teardown(answers_fit_their_rows, room_setup, room_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
