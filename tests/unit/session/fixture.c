/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture.h. Waits are bounded polls on the record's descriptor; nothing else waits. */
#include "fixture.h"

#include <poll.h>
#include <unistd.h>

#define FLUSH_MS 5000

static struct protocol_parameter parameter(enum modality_quantity q, int64_t min, int64_t initial, int64_t max)
{
    return (struct protocol_parameter){
        .quantity = q, .min = min, .initial = initial, .max = max, .origin = "protocols.ini:2"};
}

static void configure_protocols(struct room *r)
{
    r->protocols[0] = (struct protocol){.id = "tens",
                                        .label = "TENS",
                                        .revision = "1",
                                        .hash = "aa",
                                        .modality = MODALITY_ESTIM,
                                        .therapy = THERAPY_tens,
                                        .waveform = WAVEFORM_biphasic_symmetric,
                                        .n_channels_min = 1,
                                        .n_channels_max = 2,
                                        .sessions_per_day = 4,
                                        .n_parameters = 4,
                                        .parameters = {parameter(QUANTITY_amplitude_ua, 0, 10000, 60000),
                                                       parameter(QUANTITY_phase_width_us, 50, 200, 250),
                                                       parameter(QUANTITY_pulse_rate_millihz, 1000, 100000, 150000),
                                                       parameter(QUANTITY_duration_ms, 60000, 1200000, 3600000)},
                                        .verified = VERIFIED_YES,
                                        .origin = "protocols.ini:1",
                                        .rest_origin = "protocols.ini:8",
                                        .sessions_origin = "protocols.ini:9"};
    r->protocols[1] = r->protocols[0];
    r->protocols[1].id = "tens_pausing";
    r->protocols[1].lease_loss = LEASE_LOSS_PAUSE;
    r->protocols[2] =
        (struct protocol){.id = "sound",
                          .label = "Ultrasound",
                          .revision = "1",
                          .hash = "bb",
                          .modality = MODALITY_ULTRASOUND,
                          .therapy = THERAPY_us_nonthermal,
                          .waveform = WAVEFORM_us_pulsed,
                          .n_channels_min = 1,
                          .n_channels_max = 1,
                          .contact_hold_ms = 10000,
                          .n_parameters = 5,
                          .parameters = {parameter(QUANTITY_intensity_satp_uw_cm2, 0, 500000, 1000000),
                                         parameter(QUANTITY_duty_permille, 200, 200, 500),
                                         parameter(QUANTITY_us_frequency_khz, 1000, 1000, 3000),
                                         parameter(QUANTITY_pulse_repetition_millihz, 100000, 100000, 100000),
                                         parameter(QUANTITY_duration_ms, 60000, 300000, 600000)},
                          .verified = VERIFIED_YES,
                          .origin = "protocols.ini:20",
                          .rest_origin = "protocols.ini:28",
                          .sessions_origin = "protocols.ini:29"};
    r->tables.n_protocols = 3;
    r->tables.protocols = r->protocols;
}

static void configure_screening(struct room *r)
{
    r->sites[0] = (struct site){.id = "knee", .label = "Knee", .has_sides = true, .origin = "sites.ini:1"};
    r->sites[1] = (struct site){.id = "lumbar", .label = "Lumbar spine", .origin = "sites.ini:4"};
    r->conditions[0] = (struct condition){.id = "pacemaker", .label = "Pacemaker", .origin = "screening.ini:1"};
    r->conditions[1] = (struct condition){.id = "numbness", .label = "Numbness", .origin = "screening.ini:9"};
    for (int c = 0; c < COLUMN_COUNT; c++) {
        r->conditions[0].codes[c] = SCREEN_CONTRAINDICATED;
        r->conditions[1].codes[c] = SCREEN_PRECAUTION;
        r->conditions[0].code_origin[c] = r->conditions[1].code_origin[c] = "screening.ini:5";
    }
    r->questions[0] = (struct question){.id = "implant",
                                        .text = "Is there a pacemaker or another implant?",
                                        .n_answers = 2,
                                        .answers = {{"no", -1, false}, {"yes", 0, true}},
                                        .restrictive = 1,
                                        .columns = (1u << COLUMN_COUNT) - 1,
                                        .always = true,
                                        .origin = "screening.ini:20"};
    r->questions[1] = (struct question){.id = "sensation",
                                        .text = "Is sensation normal?",
                                        .n_answers = 2,
                                        .answers = {{"normal", -1, false}, {"reduced", 1, true}},
                                        .restrictive = 1,
                                        .columns = (1u << COLUMN_COUNT) - 1,
                                        .always = true,
                                        .origin = "screening.ini:30"};
    r->tables.screening = (struct screening){.n_sites = 2,
                                             .n_conditions = 2,
                                             .n_questions = 2,
                                             .sites = r->sites,
                                             .conditions = r->conditions,
                                             .questions = r->questions};
}

static struct limit own_limit(const char *id, enum modality m, enum modality_quantity q, int64_t max,
                              enum limit_class class, enum limit_scope scope)
{
    return (struct limit){.id = id,
                          .modality = m,
                          .quantity = q,
                          .has_max = true,
                          .max = max,
                          .scope = scope,
                          .class = class,
                          .layer = LAYER_INSTALLATION,
                          .use = limit_use_of(q),
                          .verified = VERIFIED_YES,
                          .source = "a standard",
                          .origin = "limits.ini:41"};
}

static void configure_limits(struct room *r)
{
    size_t n = 0;
    const struct limit *compiled = limit_compiled(&n);
    static struct limit all[256];
    assert_true(n + 16 < 256);
    memcpy(all, compiled, n * sizeof all[0]);
    r->limits[0] = own_limit("own_peak", MODALITY_ESTIM, QUANTITY_amplitude_ua, 50000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[1] =
        own_limit("own_step", MODALITY_ESTIM, QUANTITY_amplitude_step_ua, 1000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[2] =
        own_limit("own_slew", MODALITY_ESTIM, QUANTITY_amplitude_slew_ua_s, 5000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[3] =
        own_limit("own_notice", MODALITY_ESTIM, QUANTITY_amplitude_ua, 40000, LIMIT_NOTICE, SCOPE_INSTANTANEOUS);
    r->limits[4] = own_limit("own_day", MODALITY_ESTIM, QUANTITY_duration_ms, 7200000, LIMIT_HARD, SCOPE_PER_24H);
    r->limits[5] =
        own_limit("own_open", MODALITY_ESTIM, QUANTITY_impedance_ohm, 10000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->n_own = 6;
    memcpy(all + n, r->limits, r->n_own * sizeof all[0]);
    r->tables.limits = all;
    r->tables.n_limits = n + r->n_own;
}

static struct modality_range range(enum modality_quantity q, int64_t min, int64_t max, int64_t resolution,
                                   bool settable)
{
    return (struct modality_range){
        .quantity = q, .min = min, .max = max, .resolution = resolution, .settable = settable, .readable = true};
}

static void describe_stim(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "stim1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->watchdog_ms = 1000;
    d->contact_monitored = true;
    d->slice_ms = 50;
    d->stop_ms = 50;
    d->n_channels = 2;
    for (int i = 0; i < 2; i++) {
        struct modality_channel *c = &d->channels[i];
        snprintf(c->id, sizeof c->id, "ch%d", i + 1);
        c->modality = MODALITY_ESTIM;
        c->waveforms = 1u << WAVEFORM_biphasic_symmetric;
        c->level = QUANTITY_amplitude_ua;
        c->level_measured = true;
        c->n_ranges = 4;
        c->ranges[0] = range(QUANTITY_amplitude_ua, 0, 80000, 100, true);
        c->ranges[1] = range(QUANTITY_phase_width_us, 50, 400, 10, true);
        c->ranges[2] = range(QUANTITY_pulse_rate_millihz, 1000, 150000, 1000, true);
        c->ranges[3] = range(QUANTITY_impedance_ohm, 0, 100000, 1, false);
    }
    d->n_groups = 3;
    d->groups[0] = (struct modality_group){.id = "ch1", .channels = 1};
    d->groups[1] = (struct modality_group){.id = "ch2", .channels = 2};
    d->groups[2] = (struct modality_group){.id = "pair", .channels = 3};
}

static void describe_sound(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "us1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->contact_monitored = true;
    d->slice_ms = 50;
    d->n_channels = 1;
    struct modality_channel *c = &d->channels[0];
    snprintf(c->id, sizeof c->id, "head");
    c->modality = MODALITY_ULTRASOUND;
    c->waveforms = 1u << WAVEFORM_us_pulsed;
    c->level = QUANTITY_intensity_satp_uw_cm2;
    c->reference = REFERENCE_SATP;
    c->n_ranges = 4;
    c->ranges[0] = range(QUANTITY_intensity_satp_uw_cm2, 0, 2000000, 10000, true);
    c->ranges[1] = range(QUANTITY_duty_permille, 100, 1000, 10, true);
    c->ranges[2] = range(QUANTITY_us_frequency_khz, 1000, 1000, 1, false);
    c->ranges[3] = range(QUANTITY_pulse_repetition_millihz, 100000, 100000, 1, false);
    d->n_groups = 1;
    d->groups[0] = (struct modality_group){.id = "head", .channels = 1};
}

void room_configure(struct room *r)
{
    *r = (struct room){
        .now = {.monotonic_ns = 1000 * NS_PER_S, .boot_ns = 1000 * NS_PER_S, .wall_ms = INT64_C(1780000000000)}};
    configure_protocols(r);
    configure_screening(r);
    configure_limits(r);
    r->applicators[0] = (struct applicator){.id = "head5",
                                            .serial = "H5",
                                            .kind = "us_head",
                                            .modality = MODALITY_ULTRASOUND,
                                            .era_mm2 = 500,
                                            .bnr_permille = 5000,
                                            .max_temperature_millic = 41000,
                                            .frequencies_khz = {1000},
                                            .n_frequencies = 1,
                                            .calibration_due_day = 40000,
                                            .device = "us1",
                                            .origin = "applicators.ini:1"};
    r->tables.n_applicators = 1;
    r->tables.applicators = r->applicators;
    r->devices[0] = (struct session_device_settings){.id = "stim1",
                                                     .label = "Stimulator",
                                                     .location = "bay 1",
                                                     .link = 0,
                                                     .unit = 0,
                                                     .plugin = "modbus-map",
                                                     .link_name = "tcp:127.0.0.1:1502",
                                                     .simulated = true,
                                                     .origin = "devices.ini:1"};
    r->devices[1] = (struct session_device_settings){.id = "us1",
                                                     .label = "Ultrasound",
                                                     .location = "bay 2",
                                                     .link = 1,
                                                     .unit = 0,
                                                     .plugin = "modbus-map",
                                                     .link_name = "tcp:127.0.0.1:1503",
                                                     .origin = "devices.ini:9"};
    r->settings = (struct session_settings){.telemetry_ms = 50,
                                            .permit_ms = 400,
                                            .grace_ms = 50,
                                            .lease_ms = 3000,
                                            .lease_pause_ms = 60000,
                                            .token_ms = 120000,
                                            .config_generation = 1,
                                            .config_hash = "c0ffee",
                                            .n_devices = 2,
                                            .devices = r->devices,
                                            .tables = &r->tables};
    describe_stim(&r->units[0]);
    describe_sound(&r->units[1]);
    snprintf(r->serial[0], sizeof r->serial[0], "S1");
    snprintf(r->serial[1], sizeof r->serial[1], "S2");
    r->epoch[0] = r->epoch[1] = 1;
    r->events = json_array();
    snprintf(r->dir, sizeof r->dir, "/tmp/session-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
}

/* --- ports and clocks --- */

static int port_send(void *userdata, size_t link, const void *message)
{
    struct room *r = userdata;
    const struct link_header *h = message;
    (void)link;
    if (r->send_result != 0)
        return r->send_result;
    assert_int_equal(link_message_check(message, h->size, false), 0);
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
    (void)link;
    (void)why;
    r->replaced++;
}

static void port_event(void *userdata, const char *type, const char *session_id, json_t *params)
{
    struct room *r = userdata;
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
                                        .event = port_event,
                                        .energised = port_energised,
                                        .userdata = r};
    open_record(r);
    assert_int_equal(sessions_new(&r->settings, &ports, r->record, &r->now, &r->sessions), 0);
}

void room_open(struct room *r)
{
    room_open_without_hosts(r);
    for (size_t link = 0; link < 2; link++) {
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

void room_tick(struct room *r)
{
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

/* --- requests --- */

struct session_actor room_actor(void)
{
    return (struct session_actor){.uid = 1000,
                                  .pid = 1,
                                  .connection = 1,
                                  .subscribed = true,
                                  .peer_name = "anna",
                                  .operator_id = "anna",
                                  .operator_name = "Anna",
                                  .operator_role = "therapist"};
}

static void on_reply(void *userdata, json_t *result, const struct session_error *error)
{
    struct room *r = userdata;
    json_decref(r->result);
    json_decref(r->data);
    r->answered = true;
    r->result = result;
    r->data = error ? error->data : NULL;
    r->token = error ? error->token : TOKEN_NONE;
    snprintf(r->message, sizeof r->message, "%s", error ? error->message : "");
}

struct session_reply room_reply(struct room *r)
{
    r->answered = false;
    return (struct session_reply){.done = on_reply, .userdata = r};
}

static struct session_request base(void)
{
    return (struct session_request){.request_id = "r1",
                                    .patient_ref = "P1",
                                    .site = "knee",
                                    .side = "left",
                                    .n_answers = 2,
                                    .answers = {{"implant", "no"}, {"sensation", "normal"}}};
}

struct session_request room_tens(void)
{
    struct session_request q = base();
    q.protocol = "tens";
    q.output = (struct session_output){
        .device = "stim1",
        .group = "ch1",
        .n_channels = 1,
        .channels = {"ch1"},
        .n_parameters = 1,
        .parameters = {{.quantity = QUANTITY_amplitude_ua, .start = 10000, .ceiling = 30000}},
        .n_electrodes = 2,
        .electrodes = {{.label = "A", .channel = "ch1", .kind = "adhesive", .side = "left", .area_mm2 = 2500},
                       {.label = "B", .channel = "ch1", .kind = "adhesive", .side = "left", .area_mm2 = 2500}}};
    return q;
}

struct session_request room_sound(void)
{
    struct session_request q = base();
    q.protocol = "sound";
    q.output = (struct session_output){
        .device = "us1", .group = "head", .n_channels = 1, .channels = {"head"}, .applicator_ref = "head5"};
    return q;
}

static void keep_text(char *to, size_t size, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    snprintf(to, size, "%s", text);
}

void room_prepare(struct room *r, const struct session_request *request)
{
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, request, &actor, &r->now, room_reply(r));
    assert_answered(r);
    keep_text(r->session_id, sizeof r->session_id, r->result, "session_id");
    keep_text(r->token_text, sizeof r->token_text, r->result, "confirm_token");
}

void room_start(struct room *r)
{
    const struct session_actor actor = room_actor();
    const struct session_confirmation confirmed = {.token = r->token_text};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_answered(r);
    keep_text(r->lease_key, sizeof r->lease_key, r->result, "lease_key");
    assert_non_null(room_last(r, LINK_ARM));
}

void room_running(struct room *r, const struct session_request *request)
{
    room_prepare(r, request);
    room_start(r);
    const size_t link = room_session(r)->unit->settings->link;
    host_presence(r, link, UNIT_ENERGISED);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    host_levels(r, link, room_session(r)->present[0].value[room_session(r)->level]);
    room_advance(r, 50);
    host_sample(r, link);
    assert_state(r, "running");
}

struct session *room_session(struct room *r)
{
    return session_find(r->sessions, r->session_id);
}

const char *room_state(struct room *r)
{
    const struct session *session = room_session(r);
    return session ? session_state_id(session->state) : "none";
}

void room_run(struct room *r, size_t link, int64_t ms)
{
    for (int64_t t = 0; t < ms; t += 50) {
        room_advance(r, 50);
        host_sample(r, link);
        session_keepalive(r->sessions, r->session_id, r->lease_key, r->now.monotonic_ns, (struct session_reply){0});
        room_tick(r);
    }
}

/* --- hosts --- */

void host_describe(struct room *r, size_t link)
{
    link_message_head(&r->units[link], LINK_UNIT, sizeof r->units[link]);
    sessions_host_message(r->sessions, link, &r->units[link].header, &r->now);
    struct link_sample *m = &r->sample[link];
    *m = (struct link_sample){.status.n_channels = r->units[link].device.n_channels};
    for (size_t i = 0; i < m->status.n_channels; i++) {
        m->status.channels[i].output = OUTPUT_REST;
        m->status.channels[i].evidence = EVIDENCE_MEASURED;
        m->status.channels[i].contact = CONTACT_GOOD;
    }
}

void host_presence(struct room *r, size_t link, enum unit_state state)
{
    struct link_presence m = {.unit = 0, .state = state, .epoch = r->epoch[link]};
    link_message_head(&m, LINK_PRESENCE, sizeof m);
    snprintf(m.identity.serial, sizeof m.identity.serial, "%s", r->serial[link]);
    snprintf(m.identity.model, sizeof m.identity.model, "ref");
    snprintf(m.identity.firmware, sizeof m.identity.firmware, "1.0");
    sessions_host_message(r->sessions, link, &m.header, &r->now);
}

static const struct session *armed_on(const struct room *r, size_t link)
{
    for (size_t i = 0; i < r->sessions->n_sessions; i++) {
        const struct session *s = r->sessions->list[i];
        if (s->unit->settings->link == link && s->armed)
            return s;
    }
    return NULL;
}

void host_sample(struct room *r, size_t link)
{
    struct link_sample *m = &r->sample[link];
    const struct session *s = armed_on(r, link);
    link_message_head(m, LINK_SAMPLE, sizeof *m);
    m->seq = ++r->seq[link];
    m->taken_ns = r->now.monotonic_ns;
    m->session = s ? s->number : 0;
    m->turn = s ? s->arm.ref.turn : 0;
    sessions_host_message(r->sessions, link, &m->header, &r->now);
}

void host_levels(struct room *r, size_t link, int64_t level)
{
    const struct session *s = armed_on(r, link);
    struct link_sample *m = &r->sample[link];
    for (size_t i = 0; i < m->status.n_channels; i++) {
        const bool ours = s && ((r->units[link].device.groups[s->group].channels >> i) & 1u);
        const struct modality_channel *c = &r->units[link].device.channels[i];
        m->level[i] = m->level_min[i] = m->level_max[i] = ours ? level : 0;
        m->status.channels[i].output = ours ? OUTPUT_ON : OUTPUT_REST;
        m->status.channels[i].evidence = EVIDENCE_MEASURED;
        m->status.channels[i].n_readings = 0;
        if (c->level_measured) {
            m->status.channels[i].n_readings = 2;
            m->status.channels[i].readings[0] = (struct modality_reading){c->level, ours ? level : 0};
            m->status.channels[i].readings[1] = (struct modality_reading){QUANTITY_impedance_ohm, 1000};
        }
        if (ours)
            m->settled |= 1u << i;
    }
}

void host_session(struct room *r, enum link_session_event event, enum link_reason reason,
                  enum modality_evidence evidence)
{
    const struct session *s = room_session(r);
    const size_t link = s->unit->settings->link;
    struct link_session m = {
        .ref = s->arm.ref, .event = event, .reason = reason, .evidence = evidence, .at_ns = r->now.monotonic_ns};
    link_message_head(&m, LINK_SESSION, sizeof m);
    if (event == LINK_SESSION_RESTED) {
        for (size_t i = 0; i < MODALITY_CHANNELS_MAX; i++) {
            r->sample[link].level[i] = r->sample[link].level_min[i] = r->sample[link].level_max[i] = 0;
            r->sample[link].status.channels[i].output = OUTPUT_REST;
            r->sample[link].status.channels[i].n_readings = 0;
        }
    }
    sessions_host_message(r->sessions, link, &m.header, &r->now);
    if (event == LINK_SESSION_RESTED)
        host_presence(r, link, UNIT_READY);
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
