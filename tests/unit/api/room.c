/* SPDX-License-Identifier: Apache-2.0 */
#include "room.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS (5 * NS_PER_S)
#define READ_MAX 16384

static const char *daemon_state(void *userdata)
{
    (void)userdata;
    return "ready";
}

static void scan(void *userdata, struct session_reply reply)
{
    (void)userdata;
    reply.done(reply.userdata, json_pack("{s:[], s:[], s:[], s:[]}", "links", "devices", "found", "failed"), NULL);
}

static void config_fill(struct room *r)
{
    r->uid = getuid();
    r->role = (struct config_role){
        .id = "therapists", .right = RIGHT_ENGINEER, .may_act_for = true, .n_uids = 1, .uids = &r->uid};
    r->protocols[0] = (struct protocol){
        .id = "tens",
        .label = "TENS",
        .revision = "1",
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_tens,
        .waveform = WAVEFORM_biphasic_symmetric,
        .n_parameters = 1,
        .parameters =
            {{.quantity = QUANTITY_amplitude_ua, .min = 0, .initial = 5000, .max = 60000, .origin = "p.ini:4"}},
        .origin = "p.ini:1"};
    r->protocols[1] = r->protocols[0];
    r->protocols[1].id = "us";
    r->protocols[1].modality = MODALITY_ULTRASOUND;
    r->protocols[1].therapy = THERAPY_us_thermal;
    r->protocols[1].waveform = WAVEFORM_us_continuous;
    r->limits[0] = (struct limit){.id = "es_max",
                                  .modality = MODALITY_ESTIM,
                                  .quantity = QUANTITY_amplitude_ua,
                                  .has_max = true,
                                  .max = 80000,
                                  .class = LIMIT_HARD,
                                  .layer = LAYER_INSTALLATION,
                                  .verified = VERIFIED_YES,
                                  .origin = "limits.ini:41"};
    r->limits[1] = r->limits[0];
    r->limits[1].id = "es_notice";
    r->limits[1].class = LIMIT_NOTICE;
    r->lines[0] = (struct config_line){"daemon", "lease_ms", "3s", "daemon.ini:3"};
    r->lines[1] = (struct config_line){"role therapists", "right", "therapist", "roles.ini:2"};
    r->config = (struct config){
        .generation = 1,
        .hash = "abc",
        .dir = "/etc/modalityd",
        .daemon = {.socket_path = r->path, .socket_mode = 0660, .connections_per_uid = 16, .lease_ms = 3000},
        .dose = {.n_protocols = 2, .protocols = r->protocols, .n_limits = 2, .limits = r->limits},
        .n_roles = 1,
        .roles = &r->role,
        .n_lines = 2,
        .lines = r->lines};
}

int room_setup(void **state)
{
    struct room *r = calloc(1, sizeof(*r));
    char error[256] = "";
    fake_reset();
    snprintf(r->dir, sizeof(r->dir), "/tmp/modality-api-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->path, sizeof(r->path), "%s/sock", r->dir);
    config_fill(r);
    assert_true(sd_event_new(&r->event) >= 0);
    const struct api_settings settings = {
        .event = r->event, .config = &r->config, .ports = {.daemon_state = daemon_state, .scan = scan}};
    int rc = api_start(&settings, &r->api, error, sizeof(error));
    if (rc < 0)
        print_message("api_start: %d %s\n", rc, error);
    assert_int_equal(rc, 0);
    *state = r;
    return 0;
}

int room_teardown(void **state)
{
    struct room *r = *state;
    char lock[120];
    api_stop(r->api);
    assert_int_equal(access(r->path, F_OK), -1);
    sd_event_unref(r->event);
    snprintf(lock, sizeof(lock), "%s.lock", r->path);
    unlink(lock);
    assert_int_equal(rmdir(r->dir), 0);
    fake_reset();
    free(r);
    return 0;
}

int client_open(const struct room *room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", room->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void client_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void room_settle(struct room *room)
{
    while (sd_event_run(room->event, 0) > 0)
        ;
}

void room_run_ms(struct room *room, int64_t ms)
{
    int64_t until = clock_monotonic_ns() + ms * NS_PER_MS;
    while (clock_monotonic_ns() < until)
        assert_true(sd_event_run(room->event, 1000) >= 0);
}

json_t *client_line(struct room *room, int fd)
{
    size_t size = 1 << 16, n = 0;
    char *line = malloc(size);
    int64_t until = clock_monotonic_ns() + WAIT_NS;
    for (bool whole = false; !whole;) {
        if (n + READ_MAX > size)
            line = realloc(line, size *= 2);
        ssize_t got = recv(fd, line + n, READ_MAX, MSG_DONTWAIT | MSG_PEEK);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            free(line);
            return NULL;
        }
        if (got > 0) { /* no byte beyond the line is taken */
            const char *end = memchr(line + n, '\n', (size_t)got);
            whole = end != NULL;
            size_t take = whole ? (size_t)(end - (line + n)) + 1 : (size_t)got;
            assert_int_equal(recv(fd, line + n, take, MSG_DONTWAIT), (ssize_t)take);
            n += whole ? take - 1 : take;
        } else {
            assert_true(sd_event_run(room->event, 1000) >= 0);
        }
        assert_true(clock_monotonic_ns() < until);
    }
    json_error_t error;
    json_t *value = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);
    free(line);
    assert_non_null(value);
    return value;
}

json_t *client_call(struct room *room, int fd, const char *text)
{
    client_send(fd, text);
    client_send(fd, "\n");
    return client_line(room, fd);
}

int64_t answer_code(const json_t *answer)
{
    return json_integer_value(json_object_get(json_object_get(answer, "error"), "code"));
}

const char *answer_token(const json_t *answer)
{
    const json_t *data = json_object_get(json_object_get(answer, "error"), "data");
    const char *token = json_string_value(json_object_get(data, "token"));
    return token != NULL ? token : "";
}

const char *prepare_text(const char *id, const char *request_id, const char *operator_id, const char *patient)
{
    static char text[2048];
    snprintf(text, sizeof(text),
             "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"session.prepare\",\"params\":{\"request_id\":\"%s\","
             "\"operator\":{\"id\":\"%s\",\"name\":\"Anna\"},\"patient_ref\":\"%s\",\"target\":{\"site\":\"knee\","
             "\"side\":\"left\"},\"protocol\":{\"id\":\"tens\"},\"screening\":[{\"question\":\"implant\","
             "\"answer\":\"no\"}],\"outputs\":[{\"device\":\"stim1\",\"group\":\"ch1\",\"channels\":[\"ch1\"],"
             "\"phases\":[{\"duration_ms\":1200000,\"parameters\":{\"amplitude_ua\":{\"start\":8000,"
             "\"ceiling\":20000}}}],\"electrodes\":[{\"label\":\"A\",\"channel\":\"ch1\",\"area_mm2\":2500}]}]}}",
             id, request_id, operator_id, patient);
    return text;
}
