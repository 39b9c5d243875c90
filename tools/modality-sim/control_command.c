/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the control socket. The shape of every fault's arguments comes from the table in fault.h. */
#include "control.h"

#include <modality/clock.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "front/usb_unit.h"

#define MARK_BYTES_MAX 256

__attribute__((format(printf, 1, 2))) static json_t *refuse(const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return json_pack("{s:b,s:s}", "ok", 0, "error", text);
}

static json_t *done(int64_t t_ns)
{
    return json_pack("{s:b,s:I}", "ok", 1, "t_ns", (json_int_t)t_ns);
}

/* NULL when value fits the argument; else what is wrong. */
static json_t *arg_parse(enum fault_arg arg, const json_t *value, struct fault_args *args)
{
    const struct fault_arg_spec *spec = &fault_arg_specs[arg];
    int64_t number;
    if (spec->kind == ARG_KIND_BOOL && json_is_boolean(value)) {
        number = json_is_true(value);
    } else if (spec->kind == ARG_KIND_WORD && json_is_string(value)) {
        number = fault_word_find(arg, json_string_value(value));
        if (number < 0)
            return refuse("%s: one of %s", spec->name, spec->words);
    } else if (spec->kind == ARG_KIND_INT && json_is_integer(value)) {
        number = json_integer_value(value);
    } else {
        return refuse("%s: wrong type", spec->name);
    }
    if (number < spec->least || number > spec->most)
        return refuse("%s: %lld is outside %lld..%lld", spec->name, (long long)number, (long long)spec->least,
                      (long long)spec->most);
    args->present |= 1u << arg;
    args->value[arg] = number;
    return NULL;
}

static json_t *match_parse(const json_t *object, struct rule_match *match)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return refuse("match: an object");
    json_object_foreach((json_t *)object, key, value)
    {
        json_int_t number = json_integer_value(value);
        bool word = json_is_integer(value) && number >= 0 && number <= UINT16_MAX;
        if (strcmp(key, "write") == 0 && json_is_boolean(value)) {
            match->has_write = true;
            match->write = json_is_true(value);
        } else if (strcmp(key, "function") == 0 && word && number <= 127) {
            match->has_function = true;
            match->function = (uint8_t)number;
        } else if (strcmp(key, "address") == 0 && word) {
            match->has_address = true;
            match->address = (uint16_t)number;
        } else if (strcmp(key, "value") == 0 && word) {
            match->has_value = true;
            match->value = (uint16_t)number;
        } else {
            return refuse("match.%s: unknown, or not a value it takes", key);
        }
    }
    return NULL;
}

/* The arguments of a fault or clear command. NULL when all is well. */
static json_t *args_parse(const json_t *command, const char *verb, uint32_t may, struct fault_args *args,
                          struct rule_match *match)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)command, key, value)
    {
        json_t *error = NULL;
        int arg = fault_arg_find(key);
        if (strcmp(key, "device") == 0 || strcmp(key, verb) == 0)
            continue;
        if (strcmp(key, "match") == 0 && match)
            error = match_parse(value, match);
        else if (arg < 0 || !(may & (1u << arg)))
            error = refuse("%s: not an argument of this command", key);
        else
            error = arg_parse((enum fault_arg)arg, value, args);
        if (error)
            return error;
    }
    return NULL;
}

static const char *missing_arg(const struct fault_kind *kind, const struct fault_args *args)
{
    for (int arg = 0; arg < ARG_COUNT; arg++)
        if (kind->must & ~args->present & (1u << arg))
            return fault_arg_specs[arg].name;
    return NULL;
}

static int fault_set(struct device *device, enum fault_id fault, const struct fault_args *args,
                     const struct rule_match *match)
{
    switch (fault_kinds[fault].scope) {
    case SCOPE_WIRE:
        return rule_add(&device->rules, fault, args, match);
    case SCOPE_LINK:
        return endpoint_inject(device, fault, args);
    case SCOPE_MODEL:
        return model_inject(device->model, fault, args);
    case SCOPE_PAGE:
        return page_inject(&device->page, fault, args);
    }
    return 0;
}

static int fault_clear(struct device *device, enum fault_id fault, const struct fault_args *args)
{
    switch (fault_kinds[fault].scope) {
    case SCOPE_WIRE:
        rule_clear(&device->rules, fault);
        return 0;
    case SCOPE_LINK:
        return endpoint_clear(device, fault, args);
    case SCOPE_MODEL:
        return model_clear(device->model, fault, args);
    case SCOPE_PAGE:
        page_clear(&device->page, fault);
        return 0;
    }
    return 0;
}

static void note_command(struct sim *sim, const char *event, const json_t *command, int64_t t_ns)
{
    char text[1536];
    size_t length = json_dumpb(command, text, sizeof text - 1, JSON_COMPACT);
    if (length >= sizeof text)
        return;
    text[length] = '\0';
    trace_note(&sim->trace, event, text, t_ns);
}

static json_t *command_fault(struct sim *sim, struct device *device, const json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "fault"));
    struct fault_args args = {0};
    struct rule_match match = {0};
    int fault = name ? fault_find(name) : -1;
    if (fault < 0)
        return refuse("fault: unknown; {\"list\":\"faults\"} lists them");
    const struct fault_kind *kind = &fault_kinds[fault];
    json_t *error = args_parse(command, "fault", kind->may, &args, kind->scope == SCOPE_WIRE ? &match : NULL);
    if (error)
        return error;
    const char *missing = missing_arg(kind, &args);
    if (missing)
        return refuse("%s: missing", missing);
    int64_t now_ns = device_advance(device);
    note_command(sim, "fault", command, now_ns);
    int r = fault_set(device, (enum fault_id)fault, &args, &match);
    endpoint_settle(device);
    return r < 0 ? refuse("%s on %s: %s", name, device->name, strerror(-r)) : done(now_ns);
}

/* Clears one fault or all of one device. A fault this kind of device cannot have counts as cleared under "all". */
static json_t *clear_device(struct sim *sim, struct device *device, const json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "clear"));
    bool all = name && strcmp(name, "all") == 0;
    int fault = name && !all ? fault_find(name) : -1;
    struct fault_args args = {0};
    if (!all && fault < 0)
        return refuse("clear: a fault's name, or all");
    json_t *error = args_parse(command, "clear", 1u << ARG_channel | 1u << ARG_plug, &args, NULL);
    if (error)
        return error;
    int64_t now_ns = device_advance(device);
    note_command(sim, "clear", command, now_ns);
    int r = 0;
    for (int i = 0; i < FAULT_COUNT; i++)
        if (all && i != FAULT_self_start)
            (void)fault_clear(device, (enum fault_id)i, &args);
    if (!all)
        r = fault_clear(device, (enum fault_id)fault, &args);
    endpoint_settle(device);
    return r < 0 ? refuse("%s on %s: %s", name, device->name, strerror(-r)) : done(now_ns);
}

static json_t *command_clear(struct sim *sim, struct device *device, const json_t *command)
{
    if (device)
        return clear_device(sim, device, command);
    json_t *last = NULL;
    for (unsigned i = 0; i < sim->device_count; i++) {
        json_decref(last);
        last = clear_device(sim, sim->devices[i], command);
        if (!json_is_true(json_object_get(last, "ok")))
            break;
    }
    return last ? last : done(clock_monotonic_ns());
}

static void state_emit(void *ctx, unsigned channel, const char *name, int64_t value)
{
    json_t *at = ctx;
    if (channel > 0) {
        json_t *channels = json_object_get(at, "channels");
        while (json_array_size(channels) < channel)
            json_array_append_new(channels, json_object());
        at = json_array_get(channels, channel - 1);
    }
    json_object_set_new(at, name, json_integer(value));
}

/* How the host has set a plug's line, and who sits on its interfaces. */
static json_t *plug_state(const struct usb_unit *unit, unsigned plug)
{
    const struct usb_serial_line *l = usb_unit_line(unit, plug);
    json_t *drivers = json_array();
    const char *driver;
    for (unsigned i = 0; (driver = usb_unit_driver(unit, plug, i)); i++)
        json_array_append_new(drivers, json_string(driver));
    json_t *line = json_pack("{s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:b,s:b}", "baud", (json_int_t)l->baud, "stop", l->stop,
                             "parity", l->parity, "bits", l->bits, "divisor", l->divisor, "format", l->format, "flow",
                             l->flow, "latency", l->latency, "dtr", l->dtr, "rts", l->rts);
    return json_pack("{s:b,s:o,s:o}", "in", usb_unit_is_in(unit, plug), "drivers", drivers, "line", line);
}

static json_t *device_state(struct device *device)
{
    json_t *state = json_pack("{s:s,s:s,s:b,s:[]}", "kind", device->page.kind->model->name, "link",
                              endpoint_link(device), "absent", endpoint_absent(device), "channels");
    device_advance(device);
    device_settle(device);
    model_state(device->model, state_emit, state);
    json_object_set_new(state, "wire_rules", json_integer(device->rules.count));
    json_object_set_new(state, "connections", json_integer(endpoint_connections(device)));
    json_t *plugs = device->usb ? json_array() : NULL;
    for (unsigned plug = 1; plugs && plug <= usb_unit_plugs(device->usb); plug++)
        json_array_append_new(plugs, plug_state(device->usb, plug));
    if (plugs)
        json_object_set_new(state, "plugs", plugs);
    return state;
}

static json_t *command_get(struct sim *sim, struct device *device, const json_t *command)
{
    (void)command;
    if (device)
        return json_pack("{s:b,s:s,s:o}", "ok", 1, "device", device->name, "state", device_state(device));
    json_t *devices = json_object();
    for (unsigned i = 0; i < sim->device_count; i++)
        json_object_set_new(devices, sim->devices[i]->name, device_state(sim->devices[i]));
    return json_pack("{s:b,s:o}", "ok", 1, "devices", devices);
}

static json_t *command_mark(struct sim *sim, struct device *device, const json_t *command)
{
    const char *text = json_string_value(json_object_get(command, "mark"));
    (void)device;
    if (!text || strlen(text) > MARK_BYTES_MAX)
        return refuse("mark: a text of at most %d bytes", MARK_BYTES_MAX);
    int64_t now_ns = clock_monotonic_ns();
    note_command(sim, "mark", command, now_ns);
    return done(now_ns);
}

static json_t *command_list(struct sim *sim, struct device *device, const json_t *command)
{
    (void)sim;
    (void)device;
    (void)command;
    json_t *faults = json_object();
    json_t *arguments = json_object();
    for (int i = 0; i < ARG_COUNT; i++)
        json_object_set_new(arguments, fault_arg_specs[i].name, json_string(fault_arg_specs[i].help));
    for (int i = 0; i < FAULT_COUNT; i++) {
        json_t *must = json_array();
        json_t *may = json_array();
        for (int arg = 0; arg < ARG_COUNT; arg++) {
            if (fault_kinds[i].must & (1u << arg))
                json_array_append_new(must, json_string(fault_arg_specs[arg].name));
            else if (fault_kinds[i].may & (1u << arg))
                json_array_append_new(may, json_string(fault_arg_specs[arg].name));
        }
        json_object_set_new(faults, fault_kinds[i].name,
                            json_pack("{s:s,s:o,s:o}", "help", fault_kinds[i].help, "must", must, "may", may));
    }
    return json_pack("{s:b,s:o,s:o}", "ok", 1, "faults", faults, "arguments", arguments);
}

static const struct {
    const char *verb;
    bool needs_device;
    json_t *(*run)(struct sim *sim, struct device *device, const json_t *command);
} commands[] = {
    {"fault", true, command_fault}, {"clear", false, command_clear}, {"get", false, command_get},
    {"mark", false, command_mark},  {"list", false, command_list},
};

json_t *control_command(struct sim *sim, const char *line, size_t length)
{
    json_error_t error;
    json_t *answer = NULL;
    json_t *command = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(command)) {
        json_decref(command);
        return refuse("not a JSON object");
    }
    json_t *name = json_object_get(command, "device");
    struct device *device = json_is_string(name) ? sim_device(sim, json_string_value(name)) : NULL;
    if (name && !device)
        answer = refuse("device: no such device");
    for (size_t i = 0; !answer && i < sizeof commands / sizeof *commands; i++) {
        if (!json_object_get(command, commands[i].verb))
            continue;
        answer =
            commands[i].needs_device && !device ? refuse("device: missing") : commands[i].run(sim, device, command);
    }
    json_decref(command);
    return answer ? answer : refuse("one of fault, clear, get, mark, list expected");
}
