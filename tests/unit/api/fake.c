/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of session.h, alarm.h and record.h that the API calls.
 */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;

#define SEEN_MAX 64
static struct seen {
    uid_t uid;
    char id[80], digest[80];
    json_t *result;
} seen[SEEN_MAX];
static size_t n_seen;

void fake_reset(void)
{
    for (size_t i = 0; i < n_seen; i++)
        json_decref(seen[i].result);
    n_seen = 0;
    fake = (struct fake){0};
}

void fake_answer(json_t *result)
{
    struct session_reply reply = fake.waiting;
    fake.waiting = (struct session_reply){0};
    fake.n_waiting = 0;
    reply.done(reply.userdata, result, NULL);
}

static void actor_keep(const struct session_actor *actor)
{
    fake.actor = *actor;
    snprintf(fake.operator_id, sizeof(fake.operator_id), "%s", actor->operator_id != NULL ? actor->operator_id : "");
    fake.actor.operator_id = fake.operator_id;
}

/* --- sessions --- */

void session_stop_now(struct sessions *s, const char *session_id, const struct session_time *now)
{
    (void)s;
    (void)now;
    fake.stops_now++;
    snprintf(fake.stopped, sizeof(fake.stopped), "%s", session_id != NULL ? session_id : "*");
}

void session_stop(struct sessions *s, const char *session_id, const char *reason, const char *by,
                  const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)reason;
    (void)by;
    (void)now;
    fake.stops_asked++;
    actor_keep(actor);
    json_t *stopping = json_array();
    json_array_append_new(stopping, json_string(session_id != NULL ? session_id : "s-1"));
    reply.done(reply.userdata, json_pack("{s:o}", "stopping", stopping), NULL);
}

void session_keepalive(struct sessions *s, const char *session_id, const char *lease_key, int64_t read_ns,
                       struct session_reply reply)
{
    (void)s;
    fake.keepalives++;
    fake.read_ns = read_ns;
    snprintf(fake.kept_alive, sizeof(fake.kept_alive), "%s", session_id);
    snprintf(fake.lease_key, sizeof(fake.lease_key), "%s", lease_key);
    reply.done(reply.userdata, json_pack("{s:i}", "lease_ms", 3000), NULL);
}

void session_check(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)now;
    actor_keep(actor);
    if (fake.look != NULL)
        fake.look(request);
    reply.done(reply.userdata, json_pack("{s:b, s:[], s:[]}", "allowed", 1, "refusals", "questions"), NULL);
}

void session_prepare(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)now;
    fake.prepares++;
    actor_keep(actor);
    if (fake.look != NULL)
        fake.look(request);
    if (fake.defer) {
        fake.waiting = reply;
        fake.n_waiting++;
        return;
    }
    if (fake.refuse) {
        struct session_error error = {.token = TOKEN_LIMIT_EXCEEDED,
                                      .message = "amplitude_ua 92000 over 80000",
                                      .data = json_pack("{s:s, s:i}", "quantity", "amplitude_ua", "value", 92000)};
        reply.done(reply.userdata, NULL, &error);
        return;
    }
    reply.done(
        reply.userdata,
        json_pack("{s:s, s:{}, s:s, s:i}", "session_id", "s-1", "sheet", "confirm_token", "t", "expires_in_ms", 120000),
        NULL);
}

static void accept(const struct session_actor *actor, struct session_reply reply)
{
    actor_keep(actor);
    reply.done(reply.userdata, json_pack("{s:s, s:b}", "session_id", "s-1", "accepted", 1), NULL);
}

void session_start(struct sessions *s, const char *session_id, const struct session_confirmation *confirmed,
                   const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)confirmed;
    (void)now;
    fake.starts++;
    actor_keep(actor);
    reply.done(reply.userdata,
               json_pack("{s:s, s:s, s:s, s:i}", "session_id", session_id, "state", "accepted", "lease_key", "k",
                         "lease_ms", 3000),
               NULL);
}

void session_adjust(struct sessions *s, const struct session_adjust_request *request, const struct session_actor *actor,
                    const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)request;
    (void)now;
    accept(actor, reply);
}

void session_pause(struct sessions *s, const char *session_id, const char *lease_key, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)session_id;
    (void)lease_key;
    (void)now;
    accept(actor, reply);
}

void session_resume(struct sessions *s, const char *session_id, const char *lease_key,
                    const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    session_pause(s, session_id, lease_key, actor, now, reply);
}

void session_observe(struct sessions *s, const char *session_id, json_t *observation, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)session_id;
    (void)observation;
    (void)now;
    fake.observes++;
    accept(actor, reply);
}

void device_reset(struct sessions *s, const char *device, const char *statement, const struct session_actor *actor,
                  const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)device;
    (void)statement;
    (void)now;
    accept(actor, reply);
}

void device_selftest(struct sessions *s, const char *device, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)device;
    (void)now;
    accept(actor, reply);
}

void dose_review(struct sessions *s, const struct dose_review_request *request, const struct session_actor *actor,
                 const struct session_time *now, struct session_reply reply)
{
    (void)s;
    (void)request;
    (void)now;
    accept(actor, reply);
}

json_t *session_get(struct sessions *s, const char *session_id, const struct session_time *now)
{
    (void)s;
    (void)now;
    return strcmp(session_id, "s-1") == 0 ? json_pack("{s:s, s:s}", "session_id", "s-1", "state", "running") : NULL;
}

void sessions_catch_up(struct sessions *s, const struct session_time *now)
{
    (void)s;
    (void)now;
}

json_t *session_list(struct sessions *s, const struct session_time *now)
{
    (void)s;
    (void)now;
    json_t *list = json_array();
    for (size_t i = 0; i < fake.list_size; i++) {
        char *text = calloc(1, fake.text_size + 1);
        memset(text, 'x', fake.text_size);
        json_array_append_new(list, json_pack("{s:I, s:s}", "n", (json_int_t)i, "text", text));
        free(text);
    }
    return list;
}

json_t *device_get(struct sessions *s, const char *device, const struct session_time *now)
{
    (void)s;
    (void)now;
    return strcmp(device, "stim1") == 0 ? json_pack("{s:s, s:[{s:s, s:[s]}]}", "id", "stim1", "channels", "modality",
                                                    "estim", "waveforms", "biphasic_symmetric")
                                        : NULL;
}

json_t *device_list(struct sessions *s, const struct session_time *now)
{
    return json_pack("[o]", device_get(s, "stim1", now));
}

struct alarms *sessions_alarms(struct sessions *s)
{
    (void)s;
    return NULL;
}

uint64_t alarms_raise(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                      const char *detail, int64_t wall_ms)
{
    (void)alarms;
    (void)kind;
    (void)device;
    (void)session_id;
    (void)detail;
    (void)wall_ms;
    return 1;
}

void alarms_condition_over(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                           int64_t wall_ms)
{
    (void)alarms;
    (void)kind;
    (void)device;
    (void)session_id;
    (void)wall_ms;
}

json_t *alarms_list(const struct alarms *alarms)
{
    (void)alarms;
    return json_array();
}

int alarms_acknowledge(struct alarms *alarms, uint64_t number, const char *by, int64_t wall_ms)
{
    (void)alarms;
    (void)by;
    (void)wall_ms;
    return number == 1 ? 0 : number == 2 ? -EALREADY : -ENOENT;
}

json_t *session_questions(const struct sessions *s, const char *protocol, const char *site, const char *indication)
{
    (void)s;
    (void)protocol;
    (void)site;
    (void)indication;
    return json_array();
}

json_t *session_bounds(struct sessions *s, const struct session_request *request, enum modality_quantity q,
                       const struct session_time *now)
{
    (void)s;
    (void)request;
    (void)q;
    (void)now;
    return json_array();
}

/* --- records --- */

enum request_seen record_request_seen(struct record *record, uid_t uid, const char *request_id, const char *digest,
                                      json_t **result)
{
    (void)record;
    for (size_t i = 0; i < n_seen; i++) {
        if (seen[i].uid != uid || strcmp(seen[i].id, request_id) != 0)
            continue;
        if (strcmp(seen[i].digest, digest) != 0)
            return REQUEST_CONFLICT;
        *result = json_incref(seen[i].result);
        return REQUEST_REPEATED;
    }
    return REQUEST_NEW;
}

int record_request_store(struct record *record, uid_t uid, const char *request_id, const char *digest,
                         const json_t *result)
{
    (void)record;
    if (fake.store_error < 0)
        return fake.store_error;
    size_t i = 0;
    while (i < n_seen && (seen[i].uid != uid || strcmp(seen[i].id, request_id) != 0))
        i++;
    if (i == n_seen && n_seen == SEEN_MAX)
        return -EAGAIN;
    if (i == n_seen) {
        seen[n_seen] = (struct seen){.uid = uid};
        snprintf(seen[n_seen].id, sizeof(seen[n_seen].id), "%s", request_id);
        snprintf(seen[n_seen].digest, sizeof(seen[n_seen].digest), "%s", digest);
        n_seen++;
    }
    if (result != NULL) {
        fake.stored++;
        seen[i].result = json_deep_copy(result);
    }
    return 0;
}

int record_query(struct record *record, const char *kind, json_t *parameters, record_answer *answer, void *userdata)
{
    (void)record;
    fake.queries++;
    snprintf(fake.query, sizeof(fake.query), "%s", kind);
    json_decref(parameters);
    if (strcmp(kind, "record.get") == 0)
        answer(userdata, -ENOENT, NULL);
    else if (strcmp(kind, "audit.verify") == 0)
        answer(userdata, 0, json_pack("{s:b, s:i}", "ok", 1, "entries", 7));
    else
        answer(userdata, 0, json_pack("{s:[]}", "items"));
    return 0;
}

int record_append(struct record *record, const char *session_id, const char *kind, const struct audit_actor *actor,
                  json_t *body, record_done *done, void *userdata)
{
    (void)record;
    (void)session_id;
    (void)kind;
    (void)actor;
    json_decref(body);
    fake.appended++;
    done(userdata, 0);
    return 0;
}

int record_audit_accept(struct record *record, const struct audit_actor *actor, const char *statement,
                        record_done *done, void *userdata)
{
    (void)record;
    (void)actor;
    (void)statement;
    (void)done;
    (void)userdata;
    return -EINVAL;
}

enum record_health record_health(struct record *record, char *why, size_t size)
{
    (void)record;
    snprintf(why, size, "%s", "");
    return RECORD_OK;
}

bool record_audit_broken(const struct record *record)
{
    (void)record;
    return false;
}

int record_audit(struct record *record, const char *event, const struct audit_actor *actor, const char *session_id,
                 json_t *detail)
{
    (void)record;
    (void)event;
    (void)actor;
    (void)session_id;
    json_decref(detail);
    return 0;
}
