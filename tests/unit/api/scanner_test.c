/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scanner must recognise, and what it must not: a table of lines, each fed whole and byte by byte, and random
 * JSON held against jansson.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heard.h"

static const struct row {
    const char *line, *heard;
} rows[] = {
    /* plain */
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stop.all\"}", "stop(*) "},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.stop\"}", "stop(*) "},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"session.stop\",\"params\":{\"session_id\":\"s-1\"}}", "stop(s-1) "},
    {"  { \"method\" : \"stop.all\" } \r", "stop(*) "},
    {"{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s-1\",\"lease_key\":\"k\"}}", "keep(s-1,k) "},
    {"{\"method\":\"session.start\",\"params\":{\"session_id\":\"s-1\"}}", ""},
    {"{\"method\":\"session.stopped\"}", ""},
    {"{\"method\":\"session.sto\"}", ""},
    {"{\"method\":\"STOP.ALL\"}", ""},
    {"{\"Method\":\"stop.all\"}", ""},
    /* order of keys */
    {"{\"params\":{\"session_id\":\"s-1\"},\"method\":\"session.stop\"}", "stop(s-1) "},
    {"{\"params\":{\"reason\":\"x\",\"session_id\":\"s-1\",\"by\":\"patient\"},\"id\":null,\"method\":\"session."
     "stop\"}",
     "stop(s-1) "},
    {"{\"params\":{\"lease_key\":\"k\",\"session_id\":\"s-1\"},\"method\":\"session.keepalive\"}", "keep(s-1,k) "},
    /* escapes */
    {"{\"method\":\"\\u0073top.all\"}", "stop(*) "},
    {"{\"\\u006d\\u0065thod\":\"stop\\u002Eall\"}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"p\\u0061rams\":{\"session\\u005fid\":\"s\\u002d1\"}}", "stop(s-1) "},
    {"{\"method\":\"stop\\/all\"}", ""},
    {"{\"method\":\"stop.all\\u0000\"}", ""},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\\u0000b\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"\\u00e9\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"\\t\"}}", "stop(*) "},
    /* decoys */
    {"{\"method\":\"x\",\"params\":{\"method\":\"stop.all\"}}", ""},
    {"{\"method\":\"x\",\"params\":{\"note\":\"\\\"method\\\":\\\"stop.all\\\"\"}}", ""},
    {"{\"method\":\"x\",\"params\":[{\"method\":\"stop.all\"}]}", ""},
    {"{\"id\":{\"method\":\"stop.all\"},\"method\":\"x\"}", ""},
    {"{\"x\":\"}{\",\"method\":\"stop.all\"}", "stop(*) "},
    {"{\"x\":\"{\\\"method\\\":\",\"method\":\"y\"}", ""},
    {"\"stop.all\"", ""},
    {"{\"stop.all\":\"method\"}", ""},
    {"{\"method\":\"session.stop\",\"params\":{\"x\":{\"session_id\":\"decoy\"},\"session_id\":\"s-1\"}}",
     "stop(s-1) "},
    {"{\"method\":\"session.stop\",\"session_id\":\"decoy\",\"params\":{\"session_id\":\"s-1\"}}", "stop(s-1) "},
    {"{\"method\":\"session.stop\",\"other\":{\"session_id\":\"decoy\"}}", "stop(*) "},
    {"{\"params\":{\"params\":{\"session_id\":\"decoy\"}},\"method\":\"session.stop\"}", "stop(*) "},
    {"[[{\"method\":\"stop.all\"}]]", ""},
    {"{\"a\":[{\"method\":\"stop.all\"}]}", ""},
    /* the unusual session_id stops everything */
    {"{\"method\":\"session.stop\",\"params\":{}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":[\"s-1\"]}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":null}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":\"s-1\"}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":7}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":null}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":{\"session_id\":\"x\"}}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\",\"session_id\":\"b\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\",\"session_id\":\"a\"}}", "stop(a) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\"},\"params\":{}}", "stop(*) "},
    {"{\"method\":\"stop.all\",\"params\":{\"session_id\":\"s-1\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"\xff\xfe\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"s 1\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"\\ud83d\\ude00\"}}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"reason\":\"\xff\",\"session_id\":\"s-1\"}}", "stop(s-1) "},
    /* a byte order mark before the line */
    {"\xef\xbb\xbf{\"method\":\"stop.all\"}", "stop(*) "},
    {"\xef\xbb\xbf [{\"method\":\"session.stop\",\"params\":{\"session_id\":\"s-1\"}}]", "stop(s-1) "},
    /* twice */
    {"{\"method\":\"x\",\"method\":\"stop.all\"}", "stop(*) "},
    {"{\"method\":\"stop.all\",\"method\":\"x\"}", "stop(*) "},
    {"{\"method\":\"session.stop\",\"method\":\"stop.all\",\"params\":{\"session_id\":\"a\"}}", "stop(*) "},
    /* a keep-alive must be whole and unambiguous */
    {"{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s-1\"}}", ""},
    {"{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s-1\",\"lease_key\":1}}", ""},
    {"{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s-1\",\"lease_key\":\"k\",\"lease_key\":\"k\"}}",
     ""},
    {"{\"method\":\"x\",\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s\",\"lease_key\":\"k\"}}", ""},
    {"{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s-1\",\"lease_key\":\"k\"}", ""},
    /* broken after the method: stop all the same */
    {"{\"method\":\"stop.all\"", "stop(*) "},
    {"{\"method\":\"stop.all\",", "stop(*) "},
    {"{\"method\":\"stop.all\",\"id\":01}", "stop(*) "},
    {"{\"method\":\"stop.all\",\"id\":nul}", "stop(*) "},
    {"{\"method\":\"stop.all\",id:1}", "stop(*) "},
    {"{\"method\":\"stop.all\"]", "stop(*) "},
    {"{\"method\":\"stop.all\"}}", "stop(*) "},
    {"{\"method\":\"stop.all\"} x", "stop(*) "},
    {"{\"method\":\"session.stop\",\"params\":{\"session_id\":\"s-1", "stop(*) "},
    {"{\"params\":{\"session_id\":\"s-1\"},\"method\":\"session.stop\"", "stop(s-1) "},
    {"{\"params\":{\"session_id\":\"s-1\"},\"method\":\"session.stop\",\"x\":\x01", "stop(s-1) "},
    {"{\"method\":\"stop.all\",\"x\":\"\x01\"}", "stop(*) "},
    {"{\"method\":\"stop.all\",\"x\":\"\\q\"}", "stop(*) "},
    {"{\"method\":\"stop.all\",\"x\":\"\\u12g4\"}", "stop(*) "},
    /* broken before it: nothing */
    {"{\"method\":\"stop.all", ""},
    {"x{\"method\":\"stop.all\"}", ""},
    {"{\"a\":01,\"method\":\"stop.all\"}", ""},
    {"{,\"method\":\"stop.all\"}", ""},
    {"x\xef\xbb\xbf{\"method\":\"stop.all\"}", ""},
    {"", ""},
    {"   ", ""},
    {"}", ""},
    {"]", ""},
    {",", ""},
    {"{\"method\"}", ""},
    {"{\"method\":}", ""},
    {"tru", ""},
    {"-", ""},
    /* numbers and literals around it */
    {"{\"a\":-0.5e+10,\"b\":[1,2,[],{}],\"c\":true,\"d\":false,\"e\":null,\"f\":0,\"method\":\"stop.all\"}",
     "stop(*) "},
    {"{\"a\":1e5,\"b\":10.25,\"c\":-7,\"method\":\"stop.all\"}", "stop(*) "},
    {"{\"a\":1.,\"method\":\"stop.all\"}", ""},
    {"{\"a\":1e,\"method\":\"stop.all\"}", ""},
    {"{\"a\":+1,\"method\":\"stop.all\"}", ""},
    {"{\"a\":.5,\"method\":\"stop.all\"}", ""},
    /* batches */
    {"[{\"method\":\"x\"},{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\"}},{\"method\":\"stop.all\"}]",
     "stop(a) stop(*) "},
    {"[{\"method\":\"session.stop\",\"params\":{\"session_id\":\"a\"}},{\"method\":\"session.stop\"}]",
     "stop(a) stop(*) "},
    {"[1,\"stop.all\",{\"method\":\"stop.all\"}", "stop(*) "},
    {"[{\"method\":\"session.keepalive\",\"params\":{\"session_id\":\"s\",\"lease_key\":\"k\"}}]", "keep(s,k) "},
    {"[{\"params\":{\"session_id\":\"old\"}},{\"method\":\"session.stop\"}]", "stop(*) "},
};

static void every_row_is_heard_as_written(void **state)
{
    (void)state;
    struct heard h;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step < 4096; step = step == 1 ? 7 : 4096) {
            heard_scan(rows[i].line, strlen(rows[i].line), step, &h);
            if (strcmp(h.text, rows[i].heard) != 0)
                fail_msg("row %zu %s: heard \"%s\", expected \"%s\"", i, rows[i].line, h.text, rows[i].heard);
        }
        heard_scan(rows[i].line, strlen(rows[i].line), 4096, &h);
        assert_string_equal(h.text, rows[i].heard);
    }
}

static void nul_bytes_end_nothing_silently(void **state)
{
    (void)state;
    struct heard h;
    const char line[] = "{\"a\":\0 1,\"method\":\"stop.all\"}";
    heard_scan(line, sizeof(line) - 1, 4096, &h);
    assert_string_equal(h.text, "");
}

static void text_of_the_longest_size_is_kept_and_one_more_stops_all(void **state)
{
    (void)state;
    struct heard h;
    char line[400], id[SCANNER_TEXT_MAX + 2];
    for (size_t n = API_ID_MAX - 1; n <= SCANNER_TEXT_MAX + 1; n++) {
        memset(id, 'a', n);
        id[n] = 0;
        snprintf(line, sizeof(line), "{\"method\":\"session.stop\",\"params\":{\"session_id\":\"%s\"}}", id);
        heard_scan(line, strlen(line), 1, &h);
        char expected[SCANNER_TEXT_MAX + 16];
        snprintf(expected, sizeof(expected), "stop(%s) ", n <= API_ID_MAX ? id : "*");
        assert_string_equal(h.text, expected);
    }
}

static void depth_up_to_the_bound_is_followed(void **state)
{
    (void)state;
    struct heard h;
    for (size_t deep = SCANNER_DEPTH_MAX - 2; deep <= SCANNER_DEPTH_MAX + 1; deep++) {
        size_t n = 0;
        char *line = malloc(2 * deep + 64);
        n += (size_t)sprintf(line, "{\"x\":");
        memset(line + n, '[', deep);
        memset(line + n + deep, ']', deep);
        n += 2 * deep;
        n += (size_t)sprintf(line + n, ",\"method\":\"stop.all\"}");
        heard_scan(line, n, 4096, &h);
        assert_string_equal(h.text, deep < SCANNER_DEPTH_MAX ? "stop(*) " : "");
        free(line);
    }
}

/* --- against jansson --- */

static unsigned seed = 1;
static unsigned pick(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *word(void)
{
    static const char *const words[] = {"method",       "params",      "session_id", "lease_key", "stop.all",
                                        "session.stop", "s-1",         "s-2",        "id",        "session.keepalive",
                                        "{}[]\"\\,:",   "caf\xc3\xa9", "",           "jsonrpc",   "2.0"};
    return words[pick(sizeof(words) / sizeof(words[0]))];
}

static json_t *value(unsigned depth)
{
    switch (pick(depth > 4 ? 5 : 9)) {
    case 0:
        return json_integer((json_int_t)pick(100000) - 50000);
    case 1:
        return json_real((double)pick(1000) / 8);
    case 2:
        return pick(2) ? json_true() : json_null();
    case 3:
    case 4:
        return json_string(word());
    case 5: {
        json_t *list = json_array();
        for (unsigned n = pick(4); n > 0; n--)
            json_array_append_new(list, value(depth + 1));
        return list;
    }
    default: {
        json_t *object = json_object();
        for (unsigned n = pick(5); n > 0; n--)
            json_object_set_new(object, word(), value(depth + 1));
        return object;
    }
    }
}

static json_t *request(void)
{
    json_t *o = value(2);
    if (!json_is_object(o)) {
        json_decref(o);
        o = json_object();
    }
    if (pick(4) != 0)
        json_object_set_new(o, "method", json_string(word()));
    if (pick(2) != 0)
        json_object_set_new(o, "params", value(2));
    return o;
}

static json_t *random_line(void)
{
    if (pick(5) == 0)
        return value(0);
    if (pick(3) != 0)
        return request();
    json_t *batch = json_array();
    for (unsigned n = pick(4); n > 0; n--)
        json_array_append_new(batch, pick(4) == 0 ? value(2) : request());
    return batch;
}

static void random_json_is_heard_as_jansson_reads_it(void **state)
{
    (void)state;
    static const size_t styles[] = {JSON_COMPACT, 0, JSON_ENSURE_ASCII, JSON_ESCAPE_SLASH, JSON_SORT_KEYS};
    struct heard h, expected;
    for (unsigned n = 0; n < 20000; n++) {
        json_t *line = random_line();
        char *text = json_dumps(line, styles[pick(5)] | JSON_ENCODE_ANY);
        json_t *ordered = json_loads(text, JSON_DECODE_ANY, NULL);
        heard_expect(ordered, &expected);
        heard_scan(text, strlen(text), 1 + pick(40), &h);
        if (strcmp(h.text, expected.text) != 0)
            fail_msg("%s: heard \"%s\", expected \"%s\"", text, h.text, expected.text);
        json_decref(ordered);
        json_decref(line);
        free(text);
    }
}

/* A damaged line that jansson still accepts means what it says; one that it refuses may at most stop too much. */
static void damaged_json_never_hides_a_stop_that_jansson_sees(void **state)
{
    (void)state;
    struct heard h, expected;
    for (unsigned n = 0; n < 20000; n++) {
        json_t *line = random_line();
        char *text = json_dumps(line, JSON_COMPACT | JSON_ENCODE_ANY);
        size_t length = strlen(text);
        for (unsigned k = 1 + pick(3); k > 0 && length > 0; k--)
            text[pick((unsigned)length)] = "{}[]\",:\\x0 u"[pick(12)];
        json_t *read = json_loadb(text, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        heard_scan(text, length, 1 + pick(40), &h);
        if (read != NULL) {
            heard_expect(read, &expected);
            if (strcmp(h.text, expected.text) != 0)
                fail_msg("%s: heard \"%s\", expected \"%s\"", text, h.text, expected.text);
        }
        json_decref(read);
        json_decref(line);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_heard_as_written),
        cmocka_unit_test(nul_bytes_end_nothing_silently),
        cmocka_unit_test(text_of_the_longest_size_is_kept_and_one_more_stops_all),
        cmocka_unit_test(depth_up_to_the_bound_is_followed),
        cmocka_unit_test(random_json_is_heard_as_jansson_reads_it),
        cmocka_unit_test(damaged_json_never_hides_a_stop_that_jansson_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
