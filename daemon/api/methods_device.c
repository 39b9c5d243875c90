/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices and alarms.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "api/call.h"
#include "api/fields.h"
#include "api/page.h"
#include "api/state.h"

static void page_answer(struct call *call, json_t *array)
{
    json_t *page = page_of_array(array, call->params);
    if (page != NULL)
        call_result(call, page);
    else
        call_invalid(call, "params.cursor", "next_cursor of the page before");
}

static void device_list_method(struct call *call)
{
    struct session_time now = api_now();
    page_answer(call, device_list(call->api->settings.sessions, &now));
}

static void device_get_method(struct call *call)
{
    const char *id = param_text(call->params, "device");
    struct session_time now = api_now();
    json_t *device = device_get(call->api->settings.sessions, id, &now);
    if (device != NULL)
        call_result(call, device);
    else
        call_refuse(call, TOKEN_NOT_FOUND, json_pack("{s:s}", "device", id), "no [device %s] is configured", id);
}

static void device_scan_method(struct call *call)
{
    const struct api_ports *ports = &call->api->settings.ports;
    ports->scan(ports->userdata, call_reply(call));
}

static void device_reset_method(struct call *call)
{
    struct session_time now = api_now();
    device_reset(call->api->settings.sessions, param_text(call->params, "device"),
                 param_text(call->params, "statement"), &call->actor, &now, call_reply(call));
}

static void device_selftest_method(struct call *call)
{
    struct session_time now = api_now();
    device_selftest(call->api->settings.sessions, param_text(call->params, "device"), &call->actor, &now,
                    call_reply(call));
}

static void alarm_list_method(struct call *call)
{
    page_answer(call, alarms_list(sessions_alarms(call->api->settings.sessions)));
}

static void alarm_acknowledge_method(struct call *call)
{
    const int64_t number = param_integer(call->params, "number", 0);
    struct session_time now = api_now();
    int r = alarms_acknowledge(sessions_alarms(call->api->settings.sessions), (uint64_t)number, call->actor.operator_id,
                               now.wall_ms);
    json_t *data = json_pack("{s:I}", "number", (json_int_t)number);
    if (r == 0)
        call_result(call, data);
    else if (r == -EALREADY)
        call_refuse(call, TOKEN_WRONG_STATE, data, "alarm %" PRId64 " is acknowledged already", number);
    else
        call_refuse(call, TOKEN_NOT_FOUND, data, "there is no alarm %" PRId64, number);
}

/* --- the table --- */

static const struct param list[] = {FIELDS_PAGE};
static const struct param one[] = {
    FIELD("device", PARAM_STRING, "id of its [device] section", .required = true, ID_BOUNDS),
};
static const struct param reset[] = {
    FIELD("device", PARAM_STRING, "id of its [device] section", .required = true, ID_BOUNDS),
    FIELD("statement", PARAM_STRING, "the patient is disconnected: in the operator's own words", .required = true,
          PARAM_TEXT_BOUNDS, .plain = PLAIN_FREE),
    FIELDS_ACTING,
};
static const struct param selftest[] = {
    FIELD("device", PARAM_STRING, "id of its [device] section", .required = true, ID_BOUNDS),
    FIELDS_ACTING,
};
static const struct param acknowledge[] = {
    FIELD("number", PARAM_INTEGER, "of the alarm", .required = true, PARAM_BOUNDS(1, INT64_MAX)),
    FIELDS_ACTING,
};

static const struct param device[] = {
    FIELD("id", PARAM_STRING, "id", .required = true),
    FIELD("label", PARAM_STRING, "the clinic's label"),
    FIELD("state", PARAM_STRING, "absent, probing, ready, energised, output_unknown, ..."),
    FIELD("simulated", PARAM_BOOLEAN, "true = not a real device"),
    FIELD("groups", PARAM_ARRAY, "output groups: {id, channels}", .item = &field_object_item),
};
static const struct param acknowledged[] = {
    FIELD("number", PARAM_INTEGER, "of the alarm", .required = true),
};

static const struct param selftested[] = {
    FIELD("device", PARAM_STRING, "its id", .required = true),
    FIELD("label", PARAM_STRING, "the clinic's label", .required = true),
    FIELD("passed", PARAM_BOOLEAN, "true = no step has failed", .required = true),
    FIELD("steps", PARAM_ARRAY,
          "what was tried, in order: {step, group?, result, evidence?, took_us?, bound_ms?, detail}; result is pass, "
          "fail "
          "or not_shown",
          .required = true, .item = &field_object_item),
};

static const struct param scanned[] = {
    FIELD("links", PARAM_ARRAY, "configured links: {link, plugin, origin, host_pid, host_restarts}", .required = true,
          .item = &field_object_item),
    FIELD("devices", PARAM_ARRAY, "configured devices, as device.list", .required = true, .item = &field_object_item),
    FIELD("found", PARAM_ARRAY,
          "what the plugins see attached: {plugin, what, link, known_as, maker, model, serial, note, configured_as, "
          "section}; section is a [device] section to paste, empty for what is configured or cannot be named",
          .required = true, .item = &field_object_item),
    FIELD("failed", PARAM_ARRAY, "plugins that could not be asked: {plugin, why}", .required = true,
          .item = &field_object_item),
};

static const struct method methods[] = {
    {.name = "device.list",
     .summary = "Every configured device and its state.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("devices"),
     .handle = device_list_method},
    {.name = "device.get",
     .summary = "One device: groups, channels, ranges, identity, state, bound of its dead-man.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(one),
     .result = RESULT_OBJECT(device, "the device"),
     .tokens = {TOKEN_NOT_FOUND},
     .handle = device_get_method},
    {.name = "device.scan",
     .summary = "What is configured, and what the plugins see attached, with sections to paste. Nothing is probed that "
                "the configuration does not name.",
     .right = RIGHT_ENGINEER,
     .result = RESULT_OBJECT(scanned, "what is there"),
     .handle = device_scan_method},
    {.name = "device.reset",
     .summary = "Clears output_unknown with a therapist's recorded statement that the patient is disconnected.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(reset),
     .result = RESULT_ANY("recorded; the device is made safe and read back"),
     .tokens = {TOKEN_NOT_FOUND, TOKEN_WRONG_STATE, TOKEN_DEVICE_ABSENT},
     .handle = device_reset_method},
    {.name = "device.selftest",
     .summary =
         "Tries every way to rest of an idle device, without output: identity, each stop and make_safe with their "
         "read-back, its host killed and rest proved by the next one, the alarm command. Answers when all is "
         "done, some seconds later; meanwhile nothing can be started on its link.",
     .right = RIGHT_ENGINEER,
     .acting = true,
     METHOD_PARAMS(selftest),
     .result = RESULT_OBJECT(selftested, "what each step showed; it is in the audit too"),
     .tokens = {TOKEN_NOT_FOUND, TOKEN_BUSY, TOKEN_WRONG_STATE, TOKEN_DEVICE_ABSENT, TOKEN_DEVICE_NOT_READY,
                TOKEN_OUTPUT_UNKNOWN, TOKEN_SHUTTING_DOWN},
     .handle = device_selftest_method},
    {.name = "alarm.list",
     .summary = "Standing alarms, highest priority first.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("alarms"),
     .handle = alarm_list_method},
    {.name = "alarm.acknowledge",
     .summary = "Acknowledges one alarm; recorded.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(acknowledge),
     .result = RESULT_OBJECT(acknowledged, "acknowledged"),
     .tokens = {TOKEN_NOT_FOUND, TOKEN_WRONG_STATE},
     .handle = alarm_acknowledge_method},
};
const struct method_group methods_device = {methods, PARAM_COUNT(methods)};
