/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a parsed request to its handler: method, service, role, parameters, load, operator, request_id - in this order,
 * so that a refusal tells no more than the peer may know. A stop passes all of it but its own parameters.
 */
#include "api/dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/idempotency.h"
#include "api/stopped.h"
#include "modality/log.h"

/* "therapist": the weakest right that suffices. */
static json_t *role_data(const struct call *call, enum config_right needed)
{
    const struct connection *c = call->connection;
    json_t *data = json_pack("{s:I, s:s}", "uid", (json_int_t)c->peer.uid, "needed", config_right_id(needed));
    char key[96];
    snprintf(key, sizeof(key), "users of a [role] with right = %s", config_right_id(needed));
    json_object_set_new(data, "config_key", json_string(key));
    if (c->role != NULL)
        json_object_set_new(data, "role", json_string(c->role->id));
    return data;
}

/* One line per connection and second at most: a client that asks again and again does not fill the journal. */
static void refusal_log(struct connection *c, const char *method, const char *why)
{
    struct clients *all = &c->api->clients;
    int64_t now = clock_monotonic_ns();
    if (c->refusal_logged)
        return;
    c->refusal_logged = true;
    if (all->refusal_logged_ns != 0 && now - all->refusal_logged_ns < NS_PER_S) {
        all->refusals_unlogged++;
        return;
    }
    fprintf(stderr, SD_NOTICE "modalityd: client uid %u pid %d: %s refused: %s (%" PRIu64 " more before)\n",
            (unsigned)c->peer.uid, (int)c->peer.pid, method, why, all->refusals_unlogged);
    all->refusal_logged_ns = now;
    all->refusals_unlogged = 0;
}

static void refuse_role(struct call *call)
{
    struct connection *c = call->connection;
    const char *needed = config_right_id(call->method->right == RIGHT_NONE ? RIGHT_VIEWER : call->method->right);
    json_t *data = role_data(call, call->method->right == RIGHT_NONE ? RIGHT_VIEWER : call->method->right);
    refusal_log(c, call->method->name, "role");
    call_refuse(call, TOKEN_ROLE_REQUIRED, data,
                "%s needs role right %s; uid %u has %s%s: see users of [role] in the configuration", call->method->name,
                needed, (unsigned)c->peer.uid, c->role != NULL ? "role " : "no role",
                c->role != NULL ? c->role->id : "");
}

static bool service_allows(struct call *call)
{
    const struct connection *c = call->connection;
    if (call->method->stop || c->service == SERVICE_FULL)
        return true;
    if (c->service == SERVICE_NO_ROLE) {
        refuse_role(call);
        return false;
    }
    call_refuse(call, TOKEN_CONNECTION_LIMIT,
                json_pack("{s:I, s:I, s:s}", "uid", (json_int_t)c->peer.uid, "max",
                          (json_int_t)call->api->config->daemon.connections_per_uid, "config_key",
                          "connections_per_uid of [daemon]"),
                "uid %u has too many connections: this one may only stop", (unsigned)c->peer.uid);
    return false;
}

static bool role_allows(struct call *call)
{
    const struct config_role *role = call->connection->role;
    if (call->method->right == RIGHT_NONE || (role != NULL && role->right >= call->method->right))
        return true;
    refuse_role(call);
    return false;
}

static bool load_allows(struct call *call)
{
    if (call->method->stop || call->connection->calls <= API_CALLS_MAX)
        return true;
    call_refuse(call, TOKEN_OVERLOADED, json_pack("{s:i}", "max", API_CALLS_MAX),
                "%d requests of this connection wait already", API_CALLS_MAX);
    return false;
}

/* Self: the operator's id is the peer's login name or its uid as text. */
static bool is_self(const struct connection *c, const char *operator_id)
{
    char uid[16];
    snprintf(uid, sizeof(uid), "%u", (unsigned)c->peer.uid);
    return strcmp(operator_id, uid) == 0 || (c->name != NULL && strcmp(operator_id, c->name) == 0);
}

static bool operator_allows(struct call *call)
{
    struct connection *c = call->connection;
    if (!call->method->acting || call->actor.may_act_for)
        return true;
    json_t *data = role_data(call, call->method->right);
    char key[160];
    snprintf(key, sizeof(key), "may_act_for of [role %s]", c->role != NULL ? c->role->id : "");
    json_object_set_new(data, "config_key", json_string(key));
    json_object_set_new(data, "operator_id", json_string(call->actor.operator_id));
    refusal_log(c, call->method->name, "operator");
    call_refuse(call, TOKEN_NOT_ACTING_FOR, data, "uid %u (%s) may not act for operator %s: %s is needed",
                (unsigned)c->peer.uid, c->name != NULL ? c->name : "no login name", call->actor.operator_id, key);
    return false;
}

static void actor_fill(struct call *call)
{
    const struct connection *c = call->connection;
    const json_t *who = json_object_get(call->params, "operator");
    const char *id = param_text(who, "id");
    bool self = id != NULL && is_self(c, id);
    call->actor = (struct session_actor){
        .uid = c->peer.uid,
        .pid = c->peer.pid,
        .connection = c->number,
        .subscribed = c->subscription.active && c->fd >= 0,
        .may_act_for = self || (c->role != NULL && c->role->may_act_for),
        .peer_name = c->label,
        .operator_id = id,
        .operator_name = param_text(who, "name"),
        .operator_role = param_text(who, "role"),
    };
}

static struct call *call_new(struct connection *c, struct batch *batch, const struct rpc_request *request,
                             int64_t read_ns)
{
    struct call *call = calloc(1, sizeof(*call));
    if (call == NULL)
        return NULL;
    call->api = c->api;
    call->connection = c;
    call->batch = batch;
    call->id = request->id != NULL ? json_incref((json_t *)request->id) : NULL;
    call->params = request->params != NULL ? json_incref(request->params) : json_object();
    call->read_ns = read_ns;
    call->next = call->api->calls;
    if (call->next != NULL)
        call->next->previous = call;
    call->api->calls = call;
    c->calls++;
    if (batch != NULL)
        batch->open++;
    return call;
}

static bool params_fit(struct call *call)
{
    struct param_fault fault = {.field = "params", .expected = "an object: parameters are named"};
    if (!json_is_object(call->params) ||
        params_check(call->method->params, call->method->n_params, call->params, &fault) < 0) {
        call_invalid(call, fault.field, fault.expected);
        return false;
    }
    return true;
}

void call_dispatch(struct connection *c, struct batch *batch, const json_t *item, int64_t read_ns)
{
    struct rpc_request request;
    const char *why;
    if (rpc_request_read(item, &request, &why) < 0) {
        char message[160];
        snprintf(message, sizeof(message), "invalid request: %s%s", why, stopped_by_item(item));
        answer_error(c, batch, request.id, rpc_error(RPC_INVALID_REQUEST, message, NULL));
        return;
    }
    struct call *call = call_new(c, batch, &request, read_ns);
    if (call == NULL) {
        connection_drop(c);
        return;
    }
    call->method = method_find(request.method);
    if (call->method == NULL) {
        char message[160];
        snprintf(message, sizeof(message), "method not found: %.64s (rpc.discover lists them)", request.method);
        call_error(call, RPC_METHOD_NOT_FOUND, message, NULL);
        return;
    }
    if (!service_allows(call) || !role_allows(call) || !params_fit(call))
        return;
    actor_fill(call);
    if (!load_allows(call) || !operator_allows(call) || (call->method->acting && !request_begin(call)))
        return;
    if (!call->method->stop) {
        const struct session_time now = api_now();
        sessions_catch_up(call->api->settings.sessions, &now);
    }
    call->method->handle(call);
}
