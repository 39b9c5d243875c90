/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture.h. Waits are bounded polls on the record's descriptor; nothing else waits. */
#include "fixture.h"

#include <poll.h>
#include <unistd.h>

#define FLUSH_MS 5000

void room_configure(struct room *r)
{
    *r = (struct room){
        .now = {.monotonic_ns = 1000 * NS_PER_S, .boot_ns = 1000 * NS_PER_S, .wall_ms = INT64_C(1780000000000)}};
    room_configure_tables(r);
    room_configure_devices(r);
    r->settings = (struct session_settings){.telemetry_ms = 50,
                                            .permit_ms = 400,
                                            .grace_ms = 50,
                                            .lease_ms = 3000,
                                            .lease_pause_ms = 60000,
                                            .token_ms = 120000,
                                            .config_generation = 1,
                                            .config_hash = "c0ffee",
                                            .n_devices = ROOM_DEVICES,
                                            .devices = r->devices,
                                            .tables = &r->tables};
    r->events = json_array();
    snprintf(r->dir, sizeof r->dir, "/tmp/session-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
}

/* --- ports and clocks --- */

static int port_send(void *userdata, size_t link, const void *message)
{
    struct room *r = userdata;
    const struct link_header *h = message;
    if (r->send_result != 0)
        return r->send_result;
    assert_int_equal(link_message_check(message, h->size, false), 0);
    if (r->to_host)
        return r->to_host(r->soak, link, message);
    r->asked |= h->type == LINK_ASK ? 1u << link : 0;
    assert_true(h->size <= sizeof r->sent[0]);
    if (r->n_sent == SENT_MAX) { /* only permits come in such numbers */
        memmove(r->sent, r->sent + SENT_MAX / 2, SENT_MAX / 2 * sizeof r->sent[0]);
        r->n_sent = SENT_MAX / 2;
    }
    memcpy(&r->sent[r->n_sent], message, h->size);
    r->n_sent++;
    return 0;
}

static void port_replace(void *userdata, size_t link, const char *why)
{
    struct room *r = userdata;
    (void)why;
    r->replaced++;
    if (r->to_link)
        r->to_link(r->soak, link);
}

static void port_event(void *userdata, const char *type, const char *session_id, json_t *params)
{
    struct room *r = userdata;
    if (r->soak) {
        json_decref(params);
        return;
    }
    json_array_append_new(r->events,
                          json_pack("{s:s,s:s?,s:o}", "type", type, "session_id", session_id, "params", params));
}

static void port_energised(void *userdata, bool any)
{
    struct room *r = userdata;
    r->energised = any;
}

static int64_t clock_wall(void *userdata)
{
    return ((struct room *)userdata)->now.wall_ms;
}

static int64_t clock_boot(void *userdata)
{
    return ((struct room *)userdata)->now.boot_ns;
}

static int64_t clock_mono(void *userdata)
{
    return ((struct room *)userdata)->now.monotonic_ns;
}

static void open_record(struct room *r)
{
    char path[128], head[128], error[256] = "";
    struct record_clock clock = {
        .wall_ms = clock_wall, .boot_ns = clock_boot, .monotonic_ns = clock_mono, .boot_id = "boot-1", .userdata = r};
    snprintf(path, sizeof path, "%s/db.sqlite", r->dir);
    snprintf(head, sizeof head, "%s/head", r->dir);
    const struct record_settings settings = {
        .path = path, .head_path = head, .late_ms = 60000, .queue_max = 4096, .clock = &clock};
    if (record_open(&settings, &r->record, error, sizeof error) < 0)
        fail_msg("record: %s", error);
}

void room_open_without_hosts(struct room *r)
{
    const struct session_ports ports = {.send = port_send,
                                        .replace_host = port_replace,
                                        .replace_idle_host = port_replace,
                                        .event = port_event,
                                        .energised = port_energised,
                                        .userdata = r};
    open_record(r);
    assert_int_equal(sessions_new(&r->settings, &ports, r->record, &r->now, &r->sessions), 0);
}

void room_open(struct room *r)
{
    room_open_without_hosts(r);
    for (size_t link = 0; link < ROOM_DEVICES; link++) {
        host_describe(r, link);
        host_presence(r, link, UNIT_READY);
        host_sample(r, link);
    }
    room_tick(r);
}

void room_crash(struct room *r)
{
    record_close(r->record);
    sessions_free(r->sessions);
    r->session_id[0] = '\0';
    room_forget(r);
    room_open_without_hosts(r);
}

void room_close(struct room *r)
{
    char command[128];
    record_close(r->record);
    sessions_free(r->sessions);
    json_decref(r->events);
    json_decref(r->result);
    json_decref(r->data);
    snprintf(command, sizeof command, "rm -rf %s", r->dir);
    assert_int_equal(system(command), 0);
}

void room_advance(struct room *r, int64_t ms)
{
    r->now.monotonic_ns += ms * NS_PER_MS;
    r->now.boot_ns += ms * NS_PER_MS;
    r->now.wall_ms += ms;
}

/* Hosts say that they are there. */
static void hosts_answer(struct room *r)
{
    struct link_stop heard = {.session = 0};
    link_message_head(&heard, LINK_HEARD, sizeof heard);
    for (size_t link = 0; link < ROOM_DEVICES; link++)
        if (((r->asked & ~r->hosts_silent) >> link & 1u) != 0)
            sessions_host_message(r->sessions, link, &heard.header, &r->now);
    r->asked = 0;
}

void room_tick(struct room *r)
{
    hosts_answer(r);
    sessions_tick(r->sessions, &r->now);
}

static void on_answer(void *userdata, int error, json_t *result)
{
    json_t **out = userdata;
    (void)error;
    *out = result ? result : json_null();
}

static void wait_for(struct room *r, json_t *const *answer)
{
    const int64_t until = clock_monotonic_ns() + FLUSH_MS * NS_PER_MS;
    while (!*answer) {
        struct pollfd p = {.fd = record_fd(r->record), .events = POLLIN};
        assert_true(clock_monotonic_ns() < until);
        poll(&p, 1, 100);
        record_dispatch(r->record);
    }
}

void room_flush(struct room *r)
{
    json_t *answer = NULL; /* comes after everything that was queued before it */
    room_advance(r, 5);    /* those who wait for the proof have it: the record is made */
    room_tick(r);
    assert_int_equal(record_query(r->record, "audit.tail", json_pack("{s:i}", "limit", 1), on_answer, &answer), 0);
    wait_for(r, &answer);
    json_decref(answer);
    room_tick(r);
}

void room_answered(struct room *r)
{
    room_advance(r, 300);
    room_tick(r);
    room_flush(r);
}

json_t *room_stored(struct room *r, const char *session_id)
{
    json_t *answer = NULL;
    assert_int_equal(
        record_query(r->record, "record.get", json_pack("{s:s}", "session_id", session_id), on_answer, &answer), 0);
    wait_for(r, &answer);
    return answer;
}

json_t *room_record(struct room *r, const char *session_id)
{
    json_t *answer = room_stored(r, session_id);
    json_t *document = json_incref(json_object_get(answer, "document"));
    json_decref(answer);
    return document;
}

struct dose_history room_history(struct room *r)
{
    struct dose_history h = {0};
    struct ledger_places knee = {0};
    assert_int_equal(ledger_places_add(&knee, "knee", "left"), 0);
    record_history(r->record, "P1", &knee, MODALITY_ESTIM, 0, &h);
    return h;
}

/* --- what was sent and told --- */

const union sent *room_last(const struct room *r, enum link_message_type type)
{
    for (size_t i = r->n_sent; i > 0; i--) {
        if (r->sent[i - 1].header.type == type)
            return &r->sent[i - 1];
    }
    return NULL;
}

size_t room_count(const struct room *r, enum link_message_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_sent; i++)
        n += r->sent[i].header.type == type;
    return n;
}

void room_forget(struct room *r)
{
    r->n_sent = 0;
    json_array_clear(r->events);
}

bool room_alarm(struct room *r, enum alarm_kind kind)
{
    json_t *list = alarms_list(sessions_alarms(r->sessions)), *alarm;
    bool found = false;
    size_t i;
    json_array_foreach(list, i, alarm) found =
        found || strcmp(json_string_value(json_object_get(alarm, "kind")), alarm_kind_id(kind)) == 0;
    json_decref(list);
    return found;
}

int room_setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    room_configure(r);
    *state = r;
    return 0;
}

int room_teardown(void **state)
{
    struct room *r = *state;
    room_close(r);
    free(r);
    return 0;
}
