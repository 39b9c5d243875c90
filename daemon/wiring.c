/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ports between the rooms: host messages go to sessions, session messages go to hosts, events to the socket, alarms
 * to journal and command; clocks and deadlines are handed in here. No decision is taken on this page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon.h"
#include "link/loop.h"
#include "modality/log.h"

/* The daemon leaves within this even when a device never answers: its host goes on proving rest by itself. */
#define STOP_BOUND_NS (4 * NS_PER_S)
#define BETWEEN_LOOKS_NS (NS_PER_MS / 10) /* what is asked of the loop meanwhile is served */

struct session_time daemon_now(void)
{
    return (struct session_time){
        .monotonic_ns = clock_monotonic_ns(), .boot_ns = clock_boot_ns(), .wall_ms = clock_wall_ms()};
}

/* --- links --- */

static size_t link_index(const struct daemon *d, const struct link *link)
{
    for (size_t i = 0; i < d->n_links; i++) {
        if (d->links[i] == link)
            return i;
    }
    return SIZE_MAX;
}

static void on_host_message(struct link *link, const struct link_header *message, void *userdata)
{
    struct daemon *d = userdata;
    const struct session_time now = daemon_now();
    const size_t index = link_index(d, link);
    if (index < d->n_links && message->type == LINK_LOG)
        daemon_host_log(d, index, (const struct link_text *)(const void *)message, now.monotonic_ns);
    else if (index < d->n_links)
        sessions_host_message(d->sessions, index, message, &now);
}

static void on_host_gone(struct link *link, const char *why, void *userdata)
{
    struct daemon *d = userdata;
    const struct session_time now = daemon_now();
    const size_t index = link_index(d, link);
    if (index < d->n_links)
        sessions_host_gone(d->sessions, index, why, &now);
}

/* A device on this link has an open reservation: nobody knows what its output does until a host has proved it. */
static bool reservation_open(const struct daemon *d, size_t link)
{
    size_t n = 0;
    const struct ledger_entry *open = record_open_entries(d->record, &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < d->config->n_devices; k++) {
            if (open[i].state == LEDGER_OPEN && d->config->devices[k].link == link &&
                strcmp(d->config->devices[k].id, open[i].device) == 0)
                return true;
        }
    }
    return false;
}

int daemon_start_links(struct daemon *d)
{
    const struct link_callbacks callbacks = {.message = on_host_message, .gone = on_host_gone, .userdata = d};
    d->links = calloc(d->config->n_links + 1, sizeof(struct link *));
    d->plans = calloc(d->config->n_links + 1, sizeof *d->plans);
    if (!d->links || !d->plans)
        return -ENOMEM;
    d->n_links = d->config->n_links;
    for (size_t i = 0; i < d->n_links; i++) {
        daemon_plan_link(d->host_path, d->config, i, &d->plans[i]);
        d->plans[i].settings.open_reservation = reservation_open(d, i);
        const int r = link_start(d->event, &d->plans[i].settings, &callbacks, &d->links[i]);
        if (r < 0) {
            log_line(SD_ERR, "modalityd: link %s: %s", d->config->links[i].canonical, strerror(-r));
            return r;
        }
    }
    return 0;
}

/* --- ports of the sessions --- */

static int port_send(void *userdata, size_t link, const void *message)
{
    struct daemon *d = userdata;
    return link < d->n_links && d->links[link] ? link_send(d->links[link], message) : -ENOTCONN;
}

static void port_replace_host(void *userdata, size_t link, const char *why)
{
    struct daemon *d = userdata;
    if (link < d->n_links && d->links[link])
        link_replace(d->links[link], why);
}

static void port_replace_idle_host(void *userdata, size_t link, const char *why)
{
    struct daemon *d = userdata;
    if (link < d->n_links && d->links[link])
        link_replace_idle(d->links[link], why);
}

static void port_event(void *userdata, const char *type, const char *session_id, json_t *params)
{
    struct daemon *d = userdata;
    if (d->api)
        api_event(d->api, type, session_id, params);
    else
        json_decref(params);
}

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void port_alarm(void *userdata, const char *change, json_t *alarm)
{
    struct daemon *d = userdata;
    const char *priority = text(alarm, "priority");
    const char *level = strcmp(priority, "high") == 0  ? SD_ALERT
                        : strcmp(priority, "low") == 0 ? SD_NOTICE
                                                       : SD_WARNING;
    log_line(level, "alarm %s: %s %s%s%s: %s", change, priority, text(alarm, "kind"),
             text(alarm, "device")[0] ? " on " : "", text(alarm, "device"), text(alarm, "detail"));
    alarm_command_run(d->event, &d->config->daemon, change, alarm);
}

static void port_energised(void *userdata, bool any)
{
    struct daemon *d = userdata;
    if (d->inhibitor)
        inhibitor_hold(d->inhibitor, any);
}

static void alarm_command_ended(void *userdata, const char *device, int status)
{
    const struct daemon *d = userdata;
    selftest_command_ended(d->sessions, device, status);
}

static int port_try_alarm_command(void *userdata, const char *device)
{
    struct daemon *d = userdata;
    return alarm_command_try(d->event, &d->config->daemon, device, alarm_command_ended, d);
}

static void about_to_sleep(void *userdata)
{
    struct daemon *d = userdata;
    const struct session_time now = daemon_now();
    log_line(SD_WARNING, "modalityd: the machine is about to sleep: stopping every session");
    session_stop_now(d->sessions, NULL, &now);
}

/* --- clocks --- */

static void drain_links(struct daemon *d)
{
    for (size_t i = 0; i < d->n_links; i++) {
        if (d->links[i])
            link_drain(d->links[i]);
    }
}

static void link_down(struct link *link, void *userdata)
{
    struct daemon *d = userdata;
    (void)link;
    if (++d->links_down == d->n_links)
        sd_event_exit(d->event, 0);
}

/* Once every output is proved at rest, or the bound has passed, the hosts are told to end. */
static void go_on_stopping(struct daemon *d, const struct session_time *now)
{
    if (d->links_told || (!sessions_idle(d->sessions) && now->monotonic_ns < d->stop_deadline_ns))
        return;
    d->links_told = true;
    if (d->n_links == 0)
        sd_event_exit(d->event, 0);
    for (size_t i = 0; i < d->n_links; i++)
        link_shutdown(d->links[i], link_down, d);
}

/*
 * When to look at the sessions again: never at once behind a look, whatever is said to be due. Deadlines are served
 * before hosts, records and clients: one that lay in the past and stayed there would be all that the loop ever serves.
 */
static int64_t next_look_ns(const struct daemon *d)
{
    const int64_t due_ns = sessions_next_ns(d->sessions), soonest_ns = d->looked_ns + BETWEEN_LOOKS_NS;
    return due_ns > soonest_ns ? due_ns : soonest_ns;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct daemon *d = userdata;
    (void)usec;
    drain_links(d);
    const struct session_time now = daemon_now(); /* fresh: draining took time */
    sessions_tick(d->sessions, &now);
    if (d->stopping)
        go_on_stopping(d, &now);
    d->looked_ns = clock_monotonic_ns();
    /* a one-shot that has fired is off, and an off source has no prepare callback */
    return loop_set_timer(source, next_look_ns(d));
}

/* Before each poll: the timer follows whatever the last callbacks changed. */
static int before_poll(sd_event_source *source, void *userdata)
{
    struct daemon *d = userdata;
    return loop_set_timer(source, next_look_ns(d));
}

static int on_record_done(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct daemon *d = userdata;
    (void)source;
    (void)fd;
    (void)events;
    record_dispatch(d->record);
    return 0;
}

static void clock_stepped(struct daemon *d, int64_t step_ms, const struct session_time *now)
{
    char detail[96];
    struct alarms *alarms = sessions_alarms(d->sessions);
    snprintf(detail, sizeof detail, "the wall clock was stepped by %lld s", (long long)(step_ms / 1000));
    alarms_raise(alarms, ALARM_KIND_clock_stepped, NULL, NULL, detail, now->wall_ms);
    alarms_condition_over(alarms, ALARM_KIND_clock_stepped, NULL, NULL, now->wall_ms);
}

static void feed_watchdog(struct daemon *d)
{
    if (d->watchdog_usec > 0 && sessions_supervised(d->sessions))
        sd_notify(0, "WATCHDOG=1");
}

/* Half of systemd's watchdog time, at most a second: clocks, watchdog, and the end of a stop. */
static int on_second(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct daemon *d = userdata;
    (void)usec;
    const int64_t step_ms = record_clock_check(d->record);
    drain_links(d);
    const struct session_time now = daemon_now();
    if (step_ms != 0)
        clock_stepped(d, step_ms, &now);
    sessions_tick(d->sessions, &now);
    feed_watchdog(d);
    if (d->stopping)
        go_on_stopping(d, &now);
    int64_t period_ns = d->stopping ? NS_PER_S / 20 : NS_PER_S;
    if (d->watchdog_usec > 0 && (int64_t)d->watchdog_usec * NS_PER_US / 3 < period_ns)
        period_ns = (int64_t)d->watchdog_usec * NS_PER_US / 3;
    return loop_set_timer(source, now.monotonic_ns + period_ns);
}

/* --- start --- */

int daemon_start_records(struct daemon *d)
{
    char path[512], error[256] = "";
    const struct config_daemon *c = &d->config->daemon;
    snprintf(path, sizeof path, "%s/modalityd.sqlite", c->state_dir);
    const struct record_settings settings = {
        .path = path, .head_path = c->audit_head_path, .late_ms = c->record_late_ms, .queue_max = 4096};
    const int r = record_open(&settings, &d->record, error, sizeof error);
    if (r < 0) {
        log_line(SD_ERR, "modalityd: records in %s: %s", c->state_dir, error[0] ? error : strerror(-r));
        return r;
    }
    const struct audit_actor self = {.uid = getuid()};
    record_audit(d->record, "daemon.started", &self, NULL, json_pack("{s:s}", "version", MODALITY_VERSION));
    return loop_add_io(d->event, record_fd(d->record), EPOLLIN, LOOP_RECORD, "records", on_record_done, d, &d->records);
}

struct session_device_settings *daemon_devices(const struct config *config)
{
    struct session_device_settings *devices = calloc(config->n_devices + 1, sizeof *devices);
    for (size_t i = 0; devices && i < config->n_devices; i++) {
        const struct config_device *c = &config->devices[i];
        devices[i] = (struct session_device_settings){.id = c->id,
                                                      .label = c->label,
                                                      .location = c->location,
                                                      .colour_tag = c->colour_tag,
                                                      .simulated = c->simulated,
                                                      .has_calibrated_on = c->has_calibrated_on,
                                                      .has_calibration_due = c->has_calibration_due,
                                                      .has_safety_test_due = c->has_safety_test_due,
                                                      .calibrated_on_day = c->calibrated_on_day,
                                                      .calibration_due_day = c->calibration_due_day,
                                                      .safety_test_due_day = c->safety_test_due_day,
                                                      .n_firmware = c->n_firmware,
                                                      .firmware = c->firmware,
                                                      .accepted_link_loss = c->accepted_by != NULL,
                                                      .accepted_by = c->accepted_by,
                                                      .no_indicator = c->indicator == INDICATOR_NO,
                                                      .reported = c->reported,
                                                      .link = c->link,
                                                      .unit = c->unit,
                                                      .plugin = c->plugin,
                                                      .link_name = config->links[c->link].canonical,
                                                      .origin = c->origin};
    }
    return devices;
}

void daemon_session_settings(const struct daemon *d, struct session_settings *settings)
{
    const struct config_daemon *c = &d->config->daemon;
    *settings = (struct session_settings){.telemetry_ms = c->telemetry_ms,
                                          .permit_ms = c->permit_ms,
                                          .grace_ms = c->grace_ms,
                                          .lease_ms = c->lease_ms,
                                          .lease_pause_ms = c->lease_pause_ms,
                                          .token_ms = c->token_ms,
                                          .config_generation = d->config->generation,
                                          .config_hash = d->config->hash,
                                          .n_devices = d->config->n_devices,
                                          .devices = d->devices,
                                          .tables = &d->config->dose};
}

int daemon_start_sessions(struct daemon *d)
{
    struct session_settings settings;
    const struct session_ports ports = {.send = port_send,
                                        .replace_host = port_replace_host,
                                        .replace_idle_host = port_replace_idle_host,
                                        .event = port_event,
                                        .alarm = port_alarm,
                                        .energised = port_energised,
                                        .try_alarm_command = port_try_alarm_command,
                                        .userdata = d};
    const struct session_time now = daemon_now();
    int r;
    d->devices = daemon_devices(d->config);
    if (!d->devices)
        return -ENOMEM;
    daemon_session_settings(d, &settings);
    if ((r = sessions_new(&settings, &ports, d->record, &now, &d->sessions)) < 0)
        return r;
    if (d->config->daemon.hold_sleep && inhibitor_new(d->event, about_to_sleep, d, &d->inhibitor) < 0)
        log_line(SD_NOTICE, "modalityd: no system bus: sleep and shutdown are not held off");
    sd_watchdog_enabled(0, &d->watchdog_usec);
    /* armed from the first: an off source has no prepare callback and would never be set */
    if ((r = loop_add_timer(d->event, now.monotonic_ns, LOOP_DEADLINE, "deadlines", on_deadline, d, &d->deadline)) <
            0 ||
        (r = sd_event_source_set_prepare(d->deadline, before_poll)) < 0)
        return r;
    return loop_add_timer(d->event, now.monotonic_ns, LOOP_DEADLINE, "second", on_second, d, &d->second);
}

static const char *daemon_state(void *userdata)
{
    const struct daemon *d = userdata;
    return d->stopping ? "stopping" : "ready";
}

static void scan(void *userdata, struct session_reply reply)
{
    daemon_scan(userdata, reply);
}

int daemon_start_api(struct daemon *d)
{
    char error[256] = "";
    bool simulated = false;
    for (size_t i = 0; i < d->config->n_devices; i++)
        simulated |= d->config->devices[i].simulated;
    const struct api_settings settings = {.event = d->event,
                                          .sessions = d->sessions,
                                          .record = d->record,
                                          .config = d->config,
                                          .ports = {.daemon_state = daemon_state, .scan = scan, .userdata = d},
                                          .simulated = simulated};
    const int r = api_start(&settings, &d->api, error, sizeof error);
    if (r < 0)
        log_line(SD_ERR, "modalityd: socket %s: %s", d->config->daemon.socket_path, error[0] ? error : strerror(-r));
    return r;
}

void daemon_begin_stop(struct daemon *d, const char *why)
{
    if (d->stopping)
        return;
    const struct session_time now = daemon_now();
    d->stopping = true;
    d->stop_deadline_ns = now.monotonic_ns + STOP_BOUND_NS;
    sd_notify(0, "STOPPING=1");
    log_line(SD_NOTICE, "modalityd: %s: resting every output", why);
    sessions_shutdown(d->sessions, &now);
    go_on_stopping(d, &now);
    loop_set_timer(d->second, now.monotonic_ns);
}
