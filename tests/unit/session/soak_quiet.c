/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When all is quiet: everything comes to rest once nothing is wrong any more, the ledger holds at least what the trace
 * shows, the audit verifies, and neither memory nor descriptors have grown since the last time.
 */
#include "soak.h"

#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <sqlite3.h>

#include "session/internal.h"

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void); /* as in sanitizer/allocator_interface.h, which gcc has not */
#endif

#define SETTLE_MS 30000                       /* quarantine, the slowest proof of the room, the leases */
#define FORTNIGHT_MS (15 * INT64_C(86400000)) /* no window and no rest interval is longer */
#define GROWTH_BYTES (256 * 1024)             /* of allocator and caches; one lost snapshot per session would be more */
#define GROWTH_FDS 0
#define ANSWER_NS (20 * NS_PER_S) /* of the real clock */

/* --- questions to the record --- */

struct asked {
    bool answered;
    json_t *result;
};

static void on_answer(void *userdata, int error, json_t *result)
{
    struct asked *asked = userdata;
    (void)error;
    *asked = (struct asked){.answered = true, .result = result};
}

static json_t *ask(struct soak *w, const char *kind, json_t *parameters)
{
    struct asked asked = {0};
    const int64_t until = clock_monotonic_ns() + ANSWER_NS;
    if (record_query(w->room->record, kind, parameters, on_answer, &asked) < 0)
        soak_fail(w, "records refuse %s", kind);
    while (!asked.answered) {
        struct pollfd p = {.fd = record_fd(w->room->record), .events = POLLIN};
        poll(&p, 1, 100);
        record_dispatch(w->room->record);
        if (clock_monotonic_ns() > until)
            soak_fail(w, "records do not answer %s", kind);
    }
    if (!asked.result)
        soak_fail(w, "records have no answer to %s", kind);
    return asked.result;
}

/* --- the ledger beside the trace --- */

static int64_t counted(const json_t *item, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(item, "counted"), name));
}

static void check_item(struct soak *w, const struct soak_account *a, const json_t *item)
{
    const int64_t on_ms = a->on_ns / NS_PER_MS, energy_uj = a->energy_nj / 1000, ions = a->charge_ua_ms / 60000;
    if (json_is_true(json_object_get(item, "unbounded")))
        return; /* nobody knows, and it says so */
    if (counted(item, "duration_ms") < on_ms || counted(item, "energy_uj") < energy_uj ||
        counted(item, "iontophoresis_dose_ua_min") < ions)
        soak_fail(w, "ledger: session %s (%s) counts %lld ms, %lld uJ, %lld uA.min; out came %lld, %lld, %lld", a->id,
                  json_string_value(json_object_get(item, "state")), (long long)counted(item, "duration_ms"),
                  (long long)counted(item, "energy_uj"), (long long)counted(item, "iontophoresis_dose_ua_min"),
                  (long long)on_ms, (long long)energy_uj, (long long)ions);
}

static const json_t *item_of(const json_t *items, const char *id)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (strcmp(json_string_value(json_object_get(item, "session_id")), id) == 0)
            return item;
    }
    return NULL;
}

static void check_patient(struct soak *w, unsigned patient)
{
    char ref[16];
    snprintf(ref, sizeof ref, "P%u", patient);
    json_t *answer =
        ask(w, "dose.history", json_pack("{s:s, s:i, s:i}", "patient_ref", ref, "hours", 24, "limit", 500));
    const json_t *items = json_object_get(answer, "items");
    for (size_t i = 0; i < SOAK_ACCOUNTS; i++) {
        const struct soak_account *a = &w->accounts[i];
        const int64_t ago_ms = (w->room->now.boot_ns - a->last_on_boot_ns) / NS_PER_MS;
        if (a->key == 0 || a->patient != patient || a->on_ns == 0 || ago_ms > INT64_C(86400000))
            continue;
        const json_t *item = item_of(items, a->id);
        if (!item)
            soak_fail(w, "ledger: session %s gave %lld ms and is not there", a->id, (long long)(a->on_ns / NS_PER_MS));
        check_item(w, a, item);
    }
    json_decref(answer);
}

static void check_ledger(struct soak *w)
{
    for (unsigned patient = 0; patient < SOAK_PATIENTS; patient++)
        check_patient(w, patient);
}

static void check_audit(struct soak *w)
{
    json_t *answer = ask(w, "audit.verify", json_object());
    if (!json_is_true(json_object_get(answer, "ok")))
        soak_fail(w, "audit: it does not verify");
    json_decref(answer);
}

/* --- what is left --- */

static void review_doses(struct soak *w)
{
    const struct session_actor actor = room_actor();
    json_t *list = alarms_list(sessions_alarms(w->room->sessions)), *alarm;
    size_t i;
    json_array_foreach(list, i, alarm)
    {
        const char *id = json_string_value(json_object_get(alarm, "session_id"));
        const char *kind = json_string_value(json_object_get(alarm, "kind"));
        const struct dose_review_request q = {.session_id = id, .statement = "asked the patient"};
        if (!id || strcmp(kind, alarm_kind_id(ALARM_KIND_dose_unbounded)) != 0)
            continue;
        soak_call(w, CAUSE_NOTHING, SIZE_MAX, 0);
        dose_review(w->room->sessions, &q, &actor, &w->room->now, soak_reply_to(w));
        soak_called(w);
        soak_flush(w);
    }
    json_decref(list);
}

static int64_t bytes_in_use(void)
{
#if defined(__SANITIZE_ADDRESS__)
    const int64_t all = (int64_t)__sanitizer_get_current_allocated_bytes();
#else
    const int64_t all = (int64_t)mallinfo2().uordblks;
#endif
    return all - sqlite3_memory_used();
}

static int64_t descriptors(void)
{
    int64_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static void check_flat(struct soak *w)
{
    const int64_t bytes = bytes_in_use(), fds = descriptors();
    if (!w->has_base) {
        w->has_base = true;
        w->base_bytes = bytes;
        w->base_fds = fds;
    }
    if (bytes > w->base_bytes + GROWTH_BYTES || fds > w->base_fds + GROWTH_FDS)
        soak_fail(w, "grown: %lld bytes and %lld descriptors, they were %lld and %lld", (long long)bytes,
                  (long long)fds, (long long)w->base_bytes, (long long)w->base_fds);
}

static void heal(struct soak *w)
{
    soak_do_client_back(w, 0, 0);
    for (uint32_t link = 0; link < ROOM_DEVICES; link++) {
        soak_do_device_heals(w, link, 0);
        soak_do_thaw_host(w, link, 0);
        if (w->hosts[link].deaf)
            soak_do_kill_host(w, link, 0);
    }
}

static void forget(struct soak *w)
{
    soak_flush(w);
    room_advance(w->room, FORTNIGHT_MS);
    soak_do_acknowledge(w, 0, 0);
    soak_tick(w);
    soak_time(w, 3000);
    soak_flush(w);
    soak_do_acknowledge(w, 0, 0);
    soak_flush(w);
}

static bool all_ready(const struct soak *w)
{
    const struct sessions *s = w->room->sessions;
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i].unproved || s->units[i].presence != UNIT_READY)
            return false;
    }
    return w->n_open == 0;
}

void soak_do_quiet(struct soak *w, uint32_t a, uint32_t b)
{
    const struct sessions *s = w->room->sessions;
    if (w->kill_in > 0) {
        soak_crash(w);
        s = w->room->sessions;
    }
    heal(w);
    soak_do_stop_all(w, a, b);
    soak_time(w, 1000); /* hosts that were killed are back */
    for (int64_t ms = 0; ms < SETTLE_MS && !all_ready(w); ms += 200)
        soak_time(w, 200);
    soak_time(w, 500); /* what has ended is written down */
    if (w->n_open > 0)
        soak_fail(w, "quiet: a session is %s, and nothing is wrong", session_state_id(w->open[0].session->state));
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i].unproved || s->units[i].presence != UNIT_READY)
            soak_fail(w, "quiet: device %s is %s (%s), its host says %s, and nothing is wrong", s->units[i].id,
                      unit_state_text(&s->units[i]), s->units[i].unproved_why, unit_state_id(s->units[i].presence));
    }
    if (w->starts_open != 0)
        soak_fail(w, "quiet: %u starts were never answered", w->starts_open);
    soak_flush(w);
    check_ledger(w);
    check_audit(w);
    review_doses(w);
    forget(w);
    if (s->n_sessions > 0)
        soak_fail(w, "quiet: %zu sessions are kept for ever", s->n_sessions);
    w->report->quiets++;
    check_flat(w);
}
