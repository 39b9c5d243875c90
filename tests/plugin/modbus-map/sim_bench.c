/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device of modality-sim behind the plugin as built.
 */
#include "sim_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define START_MS 20000
#define ANSWER_MAX 8192

static void control_open(struct sim_bench *b)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", b->control);
    b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(b->fd >= 0);
    assert_int_equal(connect(b->fd, (struct sockaddr *)&at, sizeof at), 0);
}

/* One command, one answer; the answer must be ok. */
static void command(struct sim_bench *b, const char *text, char answer[ANSWER_MAX])
{
    char line[SUPPORT_TEXT_MAX];
    size_t used = 0;
    int n = snprintf(line, sizeof line, "%s\n", text);
    assert_int_equal(send(b->fd, line, (size_t)n, MSG_NOSIGNAL), n);
    do {
        ssize_t got = recv(b->fd, answer + used, ANSWER_MAX - 1 - used, 0);
        assert_true(got > 0);
        used += (size_t)got;
        answer[used] = '\0';
    } while (!strchr(answer, '\n'));
    if (!strstr(answer, "\"ok\":true"))
        fail_msg("%s: %s", text, answer);
}

void sim_bench_tell(struct sim_bench *b, const char *what, const char *name, const char *more)
{
    char text[SUPPORT_TEXT_MAX], answer[ANSWER_MAX];
    snprintf(text, sizeof text, "{\"device\":\"it\",\"%s\":\"%s\"%s}", what, name, more);
    command(b, text, answer);
}

long long sim_bench_truth(struct sim_bench *b, const char *name, int nth)
{
    char answer[ANSWER_MAX], quoted[64];
    command(b, "{\"device\":\"it\",\"get\":\"state\"}", answer);
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *at = answer;
    for (int i = 0; i <= nth; i++) {
        at = strstr(at, quoted);
        if (!at)
            fail_msg("no %s in %s", name, answer);
        at += strlen(quoted);
    }
    return strncmp(at, "true", 4) == 0 ? 1 : strtoll(at, NULL, 10);
}

/* Starts the simulator; where the plugin finds it goes to link. */
static void spawn(struct sim_bench *b, const struct sim_kind *k, const char *options, char link[SUPPORT_TEXT_MAX])
{
    char line[SUPPORT_TEXT_MAX], device[192];
    snprintf(b->directory, sizeof b->directory, "/tmp/modbus-map.XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->control, sizeof b->control, "%s/control", b->directory);
    snprintf(b->pty, sizeof b->pty, "%s/line", b->directory);
    snprintf(device, sizeof device, "it=%s,unit=%u,%s%s%s", k->kind, k->unit,
             k->rtu ? "pty=" : "tcp=", k->rtu ? b->pty : "127.0.0.1:0", options);
    char *argv[] = {SIM_PATH, "--device", device, "--control", b->control, "--exit-on-eof", NULL};
    support_spawn(&b->sim, argv);
    support_expect(&b->sim, "{\"ready\":true", line, START_MS);
    const char *found = strstr(line, k->rtu ? "\"pty:" : "\"tcp:");
    assert_non_null(found);
    snprintf(link, SUPPORT_TEXT_MAX, "%s%.*s", k->rtu ? "serial:" : "tcp:", (int)strcspn(found + 5, "\""), found + 5);
}

void sim_bench_connect(struct sim_bench *b, const struct sim_kind *k, const char *options)
{
    char link[SUPPORT_TEXT_MAX], unit[8], map[SUPPORT_TEXT_MAX];
    size_t n;
    memset(b, 0, sizeof *b);
    spawn(b, k, options, link);
    control_open(b);
    b->s = support_new();
    b->p = support_plugin();
    snprintf(unit, sizeof unit, "%u", k->unit);
    snprintf(map, sizeof map, "%s/%s.ini", k->folder, k->map);
    support_add_file(b->s, map);
    support_add(b->s, "device it", "plugin", "modbus-map", "devices.ini:1");
    support_add(b->s, "device it", "link", link, "devices.ini:2");
    support_add(b->s, "device it", "unit", unit, "devices.ini:3");
    support_add(b->s, "device it", "map", k->map, "devices.ini:4");
    support_add(b->s, "device it", "simulated", "yes", "devices.ini:5");
    if (k->serial)
        support_add(b->s, "device it", "serial", k->serial, "devices.ini:8");
    if (k->rtu) {
        support_add(b->s, "device it", "baud", "19200", "devices.ini:6");
        support_add(b->s, "device it", "parity", "none", "devices.ini:7");
    }
    support_add(b->s, "device it", "response_timeout", "1 s", "devices.ini:9"); /* on a loaded machine */
    assert_int_equal(b->p->describe(&b->s->services, &b->s->config, &b->unit, 1, &n), 0);
    assert_int_equal(b->p->open(&b->s->services, &b->s->config, support_in_ms(SIM_BENCH_CALL_MS), &b->link), 0);
}

void sim_bench_open(struct sim_bench *b, const char *kind, const char *options)
{
    struct sim_kind k = {.kind = kind, .map = kind, .folder = CONFIG_DIR "/maps", .serial = "1001", .unit = 7};
    sim_bench_connect(b, &k, options);
    assert_int_equal(sim_bench_identify(b), 0);
    assert_int_equal(sim_bench_make_safe(b), 0);
}

void sim_bench_close(struct sim_bench *b)
{
    b->p->close(b->link);
    close(b->fd);
    support_end(&b->sim);
    support_free(b->s);
    assert_int_equal(rmdir(b->directory), 0);
}

int sim_bench_identify(struct sim_bench *b)
{
    struct modality_identity identity;
    return b->p->identify(b->link, 0, support_in_ms(SIM_BENCH_CALL_MS), &identity);
}

struct modality_status sim_bench_status(struct sim_bench *b)
{
    struct modality_status status;
    assert_int_equal(b->p->status(b->link, 0, support_in_ms(SIM_BENCH_CALL_MS), &status), 0);
    return status;
}

int sim_bench_apply(struct sim_bench *b, uint32_t channel, enum modality_quantity q, int64_t value)
{
    struct modality_setting setting = {.channel = channel, .quantity = q, .value = value};
    return b->p->apply(b->link, 0, &setting, support_in_ms(SIM_BENCH_CALL_MS));
}

int sim_bench_start(struct sim_bench *b, size_t group)
{
    return b->p->start(b->link, 0, group, support_in_ms(SIM_BENCH_CALL_MS));
}

int sim_bench_stop(struct sim_bench *b, size_t group)
{
    return b->p->stop(b->link, 0, group, support_in_ms(SIM_BENCH_CALL_MS));
}

int sim_bench_make_safe(struct sim_bench *b)
{
    return b->p->make_safe(b->link, 0, support_in_ms(SIM_BENCH_CALL_MS));
}

int64_t sim_bench_reading(const struct modality_channel_status *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_readings; i++) {
        if (c->readings[i].quantity == q)
            return c->readings[i].value;
    }
    return INT64_MIN;
}

struct modality_channel_status sim_bench_await(struct sim_bench *b, size_t channel, enum modality_output output,
                                               enum modality_evidence evidence)
{
    int64_t deadline = support_in_ms(SIM_BENCH_CHANGE_MS);
    for (;;) {
        struct modality_channel_status c = sim_bench_status(b).channels[channel];
        if (c.output == output && c.evidence == evidence)
            return c;
        if (clock_monotonic_ns() > deadline)
            fail_msg("output %d evidence %d", c.output, c.evidence);
        if (b->unit.watchdog_ms)
            assert_int_equal(b->p->keepalive(b->link, 0, support_in_ms(SIM_BENCH_CALL_MS)), 0);
    }
}
