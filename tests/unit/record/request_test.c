/* SPDX-License-Identifier: Apache-2.0 */
/* Repeated requests: the same answer for 24 h, across restarts, per uid, and never for other parameters. */
#include "fixture.h"

static enum request_seen seen(struct fixture *f, uid_t uid, const char *id, const char *digest, int *value)
{
    json_t *result = NULL;
    enum request_seen answer = record_request_seen(f->record, uid, id, digest, &result);

    *value = result ? (int)json_integer_value(json_object_get(result, "n")) : -1;
    json_decref(result);
    return answer;
}

static void store(struct fixture *f, uid_t uid, const char *id, const char *digest, int value, int want)
{
    json_t *result = value < 0 ? NULL : json_pack("{s:i}", "n", value);

    assert_int_equal(record_request_store(f->record, uid, id, digest, result), want);
    json_decref(result);
}

static void repeated_gets_the_first_answer(void **state)
{
    struct fixture *f = *state;
    int value;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_NEW);
    store(f, 1000, "a", "d1", -1, 0);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
    assert_int_equal(value, -1);
    store(f, 1000, "a", "d1", 7, 0);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
    assert_int_equal(value, 7);
    store(f, 1000, "a", "d1", 8, -EALREADY);
    assert_int_equal(seen(f, 1000, "a", "d2", &value), REQUEST_CONFLICT);
    store(f, 1000, "a", "d2", 8, -EEXIST);
    assert_int_equal(seen(f, 1001, "a", "d2", &value), REQUEST_NEW);
}

static void answers_survive_restart_and_those_under_way_do_not(void **state)
{
    struct fixture *f = *state;
    int value;

    assert_int_equal(fixture_open(f), 0);
    store(f, 1000, "a", "d1", 7, 0);
    store(f, 1000, "b", "d1", -1, 0);
    fixture_reopen(f);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
    assert_int_equal(value, 7);
    assert_int_equal(seen(f, 1000, "b", "d1", &value), REQUEST_NEW);
}

static void answers_are_kept_for_24_hours(void **state)
{
    struct fixture *f = *state;
    int value;

    assert_int_equal(fixture_open(f), 0);
    record_clock_check(f->record);
    store(f, 1000, "a", "d1", 7, 0);
    fixture_pass(f, 24 * HOUR - 1);
    record_clock_check(f->record);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
    fixture_pass(f, HOUR);
    record_clock_check(f->record);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_NEW);
    fixture_flush(f);
    assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM request"), 0);
    store(f, 1000, "a", "d2", 9, 0);
    fixture_reopen(f);
    assert_int_equal(seen(f, 1000, "a", "d2", &value), REQUEST_REPEATED);
    assert_int_equal(value, 9);
}

static void clock_set_forward_does_not_shorten_the_24_hours(void **state)
{
    struct fixture *f = *state;
    int value;

    assert_int_equal(fixture_open(f), 0);
    store(f, 1000, "a", "d1", 7, 0);
    f->wall_ms += 100 * HOUR;
    fixture_pass(f, 2 * HOUR);
    record_clock_check(f->record);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
    fixture_reopen(f);
    record_clock_check(f->record);
    assert_int_equal(seen(f, 1000, "a", "d1", &value), REQUEST_REPEATED);
}

static void huge_answers_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, 300001);
    json_t *result;

    assert_non_null(text);
    memset(text, 'a', 300000);
    result = json_string(text);
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_request_store(f->record, 1000, "a", "d1", result), -E2BIG);
    json_decref(result);
    free(text);
}

static void many_answers_end_at_the_memory_cap(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, 200001), id[32];
    json_t *result;
    int i = 0, rc;

    assert_non_null(text);
    memset(text, 'a', 200000);
    result = json_string(text);
    assert_int_equal(fixture_open(f), 0);
    do {
        snprintf(id, sizeof(id), "r%d", i++);
        rc = record_request_store(f->record, 1000, id, "d1", result);
        fixture_flush(f);
    } while (rc == 0 && i < 200);
    assert_int_equal(rc, -EAGAIN);
    assert_in_range(i, 80, 86); /* 16 MiB of 200 kB */
    json_decref(result);
    free(text);
    fixture_reopen(f);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(repeated_gets_the_first_answer), IT(answers_survive_restart_and_those_under_way_do_not),
        IT(answers_are_kept_for_24_hours),  IT(clock_set_forward_does_not_shorten_the_24_hours),
        IT(huge_answers_are_refused),       IT(many_answers_end_at_the_memory_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
