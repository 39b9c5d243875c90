/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms: counted, latched, acknowledged, raised again, ordered, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "supervise/alarm.h"

struct heard {
    struct alarms *alarms;
    size_t raised, acknowledged, cleared;
    json_int_t last_number;
};

static void heard_change(void *userdata, const char *change, json_t *alarm)
{
    struct heard *h = userdata;

    assert_non_null(alarm);
    h->raised += strcmp(change, "raised") == 0;
    h->acknowledged += strcmp(change, "acknowledged") == 0;
    h->cleared += strcmp(change, "cleared") == 0;
    h->last_number = json_integer_value(json_object_get(alarm, "number"));
}

static int setup(void **state)
{
    static struct heard heard;

    memset(&heard, 0, sizeof(heard));
    *state = &heard;
    return alarms_new(heard_change, &heard, &heard.alarms);
}

static int teardown(void **state)
{
    struct heard *h = *state;
    alarms_free(h->alarms);
    return 0;
}

static json_t *only(struct heard *h)
{
    json_t *list = alarms_list(h->alarms), *item;

    assert_int_equal(json_array_size(list), 1);
    item = json_incref(json_array_get(list, 0));
    json_decref(list);
    return item;
}

static size_t standing(struct heard *h)
{
    json_t *list = alarms_list(h->alarms);
    size_t n = json_array_size(list);

    json_decref(list);
    return n;
}

static void assert_text(const json_t *item, const char *key, const char *want)
{
    const char *text = json_string_value(json_object_get(item, key));

    assert_non_null(text);
    assert_string_equal(text, want);
}

static void same_subject_is_counted_not_doubled(void **state)
{
    struct heard *h = *state;
    uint64_t a = alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-1", "s1", "first", 10);
    uint64_t b = alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-1", "s1", "second", 20);
    json_t *item = only(h);

    assert_int_equal(a, b);
    assert_true(a >= 1);
    assert_int_equal(h->raised, 1);
    assert_int_equal(json_integer_value(json_object_get(item, "count")), 2);
    assert_int_equal(json_integer_value(json_object_get(item, "raised_at_ms")), 10);
    assert_text(item, "detail", "second");
    assert_text(item, "kind", "over_output");
    assert_text(item, "priority", "high");
    assert_text(item, "state", "active");
    assert_text(item, "device", "tens-1");
    assert_text(item, "session_id", "s1");
    assert_text(item, "clears", "acknowledge");
    assert_true(json_is_true(json_object_get(item, "latched")));
    assert_null(json_object_get(item, "acknowledged_by"));
    json_decref(item);
    assert_int_not_equal(alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-2", "s1", NULL, 30), a);
    assert_int_not_equal(alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-1", "s2", NULL, 30), a);
    assert_int_not_equal(alarms_raise(h->alarms, ALARM_KIND_over_output, NULL, NULL, NULL, 30), a);
    assert_int_equal(standing(h), 4);
}

static void unlatched_clears_with_its_condition(void **state)
{
    struct heard *h = *state;

    alarms_raise(h->alarms, ALARM_KIND_coupling_lost, "us-1", "s1", "no contact", 10);
    assert_true(alarms_active(h->alarms, ALARM_KIND_coupling_lost, "us-1"));
    assert_true(alarms_active(h->alarms, ALARM_KIND_coupling_lost, NULL));
    assert_false(alarms_active(h->alarms, ALARM_KIND_coupling_lost, "us-2"));
    alarms_condition_over(h->alarms, ALARM_KIND_coupling_lost, "us-1", "s1", 20);
    assert_int_equal(h->cleared, 1);
    assert_int_equal(standing(h), 0);
    alarms_condition_over(h->alarms, ALARM_KIND_coupling_lost, "us-1", "s1", 30);
    assert_int_equal(h->cleared, 1);
}

static void latched_waits_for_acknowledgement(void **state)
{
    struct heard *h = *state;
    uint64_t number = alarms_raise(h->alarms, ALARM_KIND_sample_stale, "tens-1", "s1", "", 10);
    json_t *item;

    alarms_condition_over(h->alarms, ALARM_KIND_sample_stale, "tens-1", "s1", 20);
    item = only(h);
    assert_text(item, "state", "over");
    json_decref(item);
    assert_int_equal(alarms_acknowledge(h->alarms, number, "op-1", 30), 0);
    assert_int_equal(h->acknowledged, 1);
    assert_int_equal(h->cleared, 1);
    assert_int_equal(standing(h), 0);
    assert_int_equal(alarms_acknowledge(h->alarms, number, "op-1", 40), -ENOENT);
}

static void acknowledged_stays_while_condition_lasts(void **state)
{
    struct heard *h = *state;
    uint64_t number = alarms_raise(h->alarms, ALARM_KIND_output_unknown, "tens-1", NULL, "", 10);
    json_t *item;

    assert_int_equal(alarms_acknowledge(h->alarms, number, "op-1", 30), 0);
    item = only(h);
    assert_text(item, "state", "acknowledged");
    assert_text(item, "acknowledged_by", "op-1");
    assert_int_equal(json_integer_value(json_object_get(item, "acknowledged_at_ms")), 30);
    assert_null(json_object_get(item, "session_id"));
    json_decref(item);
    assert_int_equal(alarms_acknowledge(h->alarms, number, "op-2", 40), -EALREADY);
    alarms_condition_over(h->alarms, ALARM_KIND_output_unknown, "tens-1", NULL, 50);
    assert_int_equal(standing(h), 0);
    assert_int_equal(h->cleared, 1);
}

static void acknowledged_is_raised_again_with_new_number(void **state)
{
    struct heard *h = *state;
    uint64_t first = alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-1", "s1", "", 10), second;

    assert_int_equal(alarms_acknowledge(h->alarms, first, "op-1", 20), 0);
    second = alarms_raise(h->alarms, ALARM_KIND_over_output, "tens-1", "s1", "", 30);
    assert_int_not_equal(first, second);
    assert_int_equal(h->raised, 2);
    assert_int_equal(standing(h), 1);
    assert_int_equal(alarms_acknowledge(h->alarms, first, "op-1", 40), -ENOENT);
}

static void latched_that_comes_back_is_told_again(void **state)
{
    struct heard *h = *state;
    uint64_t first = alarms_raise(h->alarms, ALARM_KIND_link_lost, "tens-1", NULL, "", 10);

    alarms_condition_over(h->alarms, ALARM_KIND_link_lost, "tens-1", NULL, 20);
    assert_int_equal(alarms_raise(h->alarms, ALARM_KIND_link_lost, "tens-1", NULL, "", 30), first);
    assert_int_equal(h->raised, 2);
    assert_int_equal(standing(h), 1);
}

static void acknowledging_nothing_is_refused(void **state)
{
    struct heard *h = *state;

    assert_int_equal(alarms_acknowledge(h->alarms, 0, "op-1", 1), -ENOENT);
    assert_int_equal(alarms_acknowledge(h->alarms, 7, "op-1", 1), -ENOENT);
}

static void list_has_highest_priority_first(void **state)
{
    struct heard *h = *state;
    static const char *const want[] = {"high", "high", "medium", "low"};
    json_t *list;

    alarms_raise(h->alarms, ALARM_KIND_impedance_trend, "d", NULL, "", 1);
    alarms_raise(h->alarms, ALARM_KIND_over_output, "d", NULL, "", 2);
    alarms_raise(h->alarms, ALARM_KIND_sample_stale, "d", NULL, "", 3);
    alarms_raise(h->alarms, ALARM_KIND_host_lost, "d", NULL, "", 4);
    list = alarms_list(h->alarms);
    assert_int_equal(json_array_size(list), 4);
    for (size_t i = 0; i < 4; i++)
        assert_text(json_array_get(list, i), "priority", want[i]);
    assert_text(json_array_get(list, 0), "kind", "host_lost");
    json_decref(list);
}

static void full_table_gives_up_the_least_urgent(void **state)
{
    struct heard *h = *state;
    char device[32];

    alarms_raise(h->alarms, ALARM_KIND_session_complete, "d", "s", "", 1);
    for (int i = 0; i < 255; i++) {
        snprintf(device, sizeof(device), "d%d", i);
        alarms_raise(h->alarms, ALARM_KIND_over_output, device, NULL, "", i);
    }
    assert_int_equal(standing(h), 256);
    alarms_raise(h->alarms, ALARM_KIND_output_unknown, "late", NULL, "", 999);
    assert_int_equal(standing(h), 256);
    assert_false(alarms_active(h->alarms, ALARM_KIND_session_complete, NULL));
    assert_true(alarms_active(h->alarms, ALARM_KIND_output_unknown, "late"));
    assert_true(alarms_raise(h->alarms, ALARM_KIND_impedance_trend, "late", NULL, "", 1000) > 0);
    assert_int_equal(standing(h), 256);
    assert_false(alarms_active(h->alarms, ALARM_KIND_impedance_trend, NULL));
}

static void over_long_texts_are_cut_between_characters(void **state)
{
    struct heard *h = *state;
    char detail[300];
    json_t *item;

    memset(detail, 'a', sizeof(detail));
    memcpy(detail + 254, "\xC3\xA4", 2);
    detail[299] = '\0';
    alarms_raise(h->alarms, ALARM_KIND_device_fault, "d", NULL, detail, 1);
    item = only(h);
    assert_int_equal(strlen(json_string_value(json_object_get(item, "detail"))), 254);
    json_decref(item);
}

static void every_kind_has_its_row(void **state)
{
    (void)state;
    for (int k = 0; k < ALARM_KIND_COUNT; k++) {
        assert_true(strlen(alarm_kind_id((enum alarm_kind)k)) > 0);
        assert_string_not_equal(alarm_priority_id(alarm_kind_priority((enum alarm_kind)k)), "unknown");
    }
    assert_string_equal(alarm_kind_id(ALARM_KIND_dead_man), "dead_man");
    assert_int_equal(alarm_kind_priority(ALARM_KIND_clock_stepped), ALARM_LOW);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IT(same_subject_is_counted_not_doubled),
        IT(unlatched_clears_with_its_condition),
        IT(latched_waits_for_acknowledgement),
        IT(acknowledged_stays_while_condition_lasts),
        IT(acknowledged_is_raised_again_with_new_number),
        IT(latched_that_comes_back_is_told_again),
        IT(acknowledging_nothing_is_refused),
        IT(list_has_highest_priority_first),
        IT(full_table_gives_up_the_least_urgent),
        IT(over_long_texts_are_cut_between_characters),
        IT(every_kind_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
