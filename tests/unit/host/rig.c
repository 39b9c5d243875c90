/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's end, as small as a test needs it. The plugin is copied into the rig's directory, because the host loads
 * no file that others may write and a build tree may be anything.
 */
#include "rig.h"

#include "cmocka_includes.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIG_LIVE_MAX 4

static struct rig *live[RIG_LIVE_MAX]; /* not yet ended */

static void live_change(const struct rig *from, struct rig *to)
{
    for (size_t i = 0; i < RIG_LIVE_MAX; i++)
        if (live[i] == from) {
            live[i] = to;
            return;
        }
}

int rig_kill_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIG_LIVE_MAX; i++) {
        if (live[i])
            spawned_kill(&live[i]->host, SIGKILL);
        live[i] = NULL;
    }
    return 0;
}

static void file_copy(const char *from, const char *to)
{
    char buffer[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n = 0; (n = fread(buffer, 1, sizeof(buffer), in)) > 0;)
        assert_int_equal(fwrite(buffer, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0644), 0);
}

static void world_make(struct rig *r, const struct rig_options *o)
{
    strcpy(r->dir, "/tmp/modality-host-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->owns_dir = true;
    snprintf(r->script, sizeof(r->script), "%s/world", r->dir);
    if (o->world) {
        snprintf(r->script, sizeof(r->script), "%s", o->script);
        r->world = o->world;
        return;
    }
    int fd = open(r->script, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(struct fake_world)), 0);
    r->world = mmap(NULL, sizeof(struct fake_world), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(r->world != MAP_FAILED);
    close(fd);
}

static void line_send(struct rig *r, const char *section, const char *key, const char *value, unsigned number)
{
    char origin[32];
    struct link_line line;
    snprintf(origin, sizeof(origin), "devices.ini:%u", number);
    assert_int_equal(link_line_pack(&line, &(struct modality_line){section, key, value, origin}), 0);
    rig_send(r, &line);
}

static uint32_t lines_count(const struct rig_options *o)
{
    uint32_t extra = 0;
    while (extra < 8 && o->extra[extra])
        extra++;
    return o->lines ? (uint32_t)o->n_lines : (o->units ? o->units : 1) * (2 + extra);
}

static void lines_send(struct rig *r, const struct rig_options *o)
{
    unsigned number = 1;
    for (size_t i = 0; i < o->n_lines; i++)
        line_send(r, o->lines[i].section, o->lines[i].key, o->lines[i].value, number++);
    for (unsigned u = 0; !o->lines && u < (o->units ? o->units : 1); u++) {
        char section[32];
        snprintf(section, sizeof(section), "device stim%u", u);
        line_send(r, section, "plugin", "fake", number++);
        line_send(r, section, "script", r->script, number++);
        for (size_t i = 0; i < 8 && o->extra[i]; i++) {
            char key[64];
            snprintf(key, sizeof(key), "%s", o->extra[i]);
            char *equals = strchr(key, '=');
            *equals = '\0';
            line_send(r, section, key, equals + 1, number++);
        }
    }
}

struct rig *rig_start(const struct rig_options *o)
{
    struct rig *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    r->permit_ms = RIG_PERMIT_MS;
    world_make(r, o);
    if (o->prepare)
        o->prepare(r->world);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(spawn_host(TEST_HOST, pair[1], &r->host), 0);
    close(pair[1]);
    live_change(NULL, r);
    r->fd = pair[0];
    struct link_config config = {.replacement = o->replacement,
                                 .idle = o->idle,
                                 .telemetry_ms = 20,
                                 .slice_ms = o->slice_ms,
                                 .grace_ms = o->grace_ms ? o->grace_ms : 500,
                                 .n_lines = lines_count(o),
                                 .quarantine_min_ms = o->quarantine_ms ? o->quarantine_ms : 100};
    link_message_head(&config, LINK_CONFIG, sizeof(config));
    snprintf(config.link, sizeof(config.link), "%s", o->link ? o->link : "tcp:127.0.0.1:1");
    snprintf(config.plugin_path, sizeof(config.plugin_path), "%s/fake.so", r->dir);
    snprintf(config.state_dir, sizeof(config.state_dir), "%s", o->state_dir ? o->state_dir : r->dir);
    file_copy(o->plugin ? o->plugin : TEST_FAKE, config.plugin_path);
    rig_send(r, &config);
    lines_send(r, o);
    struct link_plain end;
    link_message_head(&end, LINK_CONFIG_END, sizeof(end));
    rig_send(r, &end);
    return r;
}

static bool host_exited(struct rig *r, uint64_t unused)
{
    (void)unused;
    return r->host.pid == 0 || spawned_reap(&r->host, &r->status, &r->killed) != 0;
}

void rig_end(struct rig *r)
{
    rig_close_socket(r);
    if (!host_exited(r, 0)) {
        struct pollfd p = {.fd = r->host.pidfd, .events = POLLIN};
        if (poll(&p, 1, 3000) <= 0) {
            spawned_kill(&r->host, SIGKILL);
            poll(&p, 1, 3000);
            host_exited(r, 0);
            fail_msg("the host did not end by itself");
        }
        host_exited(r, 0);
        assert_int_equal(r->killed, 0);
        assert_int_equal(r->status, 0); /* a sanitizer's finding is another status */
    }
    spawned_close(&r->host);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", r->dir);
    assert_int_equal(system(command), 0);
    live_change(r, NULL);
    free(r);
}

void rig_send(struct rig *r, void *message)
{
    const struct link_header *header = message;
    assert_int_equal(send(r->fd, message, header->size, MSG_NOSIGNAL), header->size);
}

void rig_close_socket(struct rig *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

/* ---- receiving ---- */

static void message_take(struct rig *r, const void *m)
{
    const struct link_header *header = m;
    const struct link_text *text = m;
    switch ((enum link_message_type)header->type) {
    case LINK_HELLO:
        r->hellos++;
        r->reexecuted += ((const struct link_hello *)m)->reexecuted;
        return;
    case LINK_UNIT:
        r->units++;
        r->dead_man_ms = ((const struct link_unit *)m)->dead_man_ms;
        return;
    case LINK_CONFIG_FAULT:
        r->config_faults++;
        strcpy(r->config_fault, text->text);
        strcpy(r->config_origin, text->origin);
        return;
    case LINK_PRESENCE: {
        const struct link_presence *p = m;
        r->presence[p->unit] = *p;
        r->n_presence[p->unit]++;
        r->been[p->unit] |= UINT32_C(1) << p->state;
        return;
    }
    case LINK_SAMPLE: {
        const struct link_sample *s = m;
        r->sample[s->unit] = *s;
        r->samples++;
        return;
    }
    case LINK_SESSION:
        assert_true(r->n_sessions < RIG_SESSIONS);
        r->sessions[r->n_sessions++] = *(const struct link_session *)m;
        return;
    case LINK_LOG:
        r->logs++;
        strcpy(r->last_log, text->text);
        return;
    case LINK_HEARD:
        r->heard++;
        return;
    case LINK_TRIED:
        assert_true(r->n_tried < RIG_TRIED);
        r->tried[r->n_tried++] = *(const struct link_tried *)m;
        return;
    case LINK_CONFIG:
    case LINK_LINE:
    case LINK_CONFIG_END:
    case LINK_ARM:
    case LINK_TARGET:
    case LINK_PERMIT:
    case LINK_STOP:
    case LINK_TIGHTEN:
    case LINK_MAKE_SAFE:
    case LINK_ASK:
    case LINK_TRY:
    case LINK_SHUTDOWN:
        fail_msg("a message of the wrong direction");
    }
}

static void receive(struct rig *r)
{
    static _Alignas(max_align_t) unsigned char buffer[LINK_DATAGRAM_MAX];
    for (;;) {
        ssize_t n = r->fd < 0 ? -1 : recv(r->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n < 0)
            return;
        if (n == 0) {
            r->gone = true;
            rig_close_socket(r);
            return;
        }
        assert_int_equal(link_message_check(buffer, (size_t)n, true), 0);
        message_take(r, buffer);
    }
}

static void permits_send(struct rig *r)
{
    int64_t now = clock_monotonic_ns();
    if (r->fd < 0 || now - r->permit_sent_ns < 50 * NS_PER_MS)
        return;
    r->permit_sent_ns = now;
    for (unsigned i = 0; i < r->n_permits; i++) {
        struct link_permit p = {.ref = r->permit[i], .until_boot_ns = clock_boot_ns() + r->permit_ms * NS_PER_MS};
        link_message_head(&p, LINK_PERMIT, sizeof(p));
        rig_send(r, &p);
    }
}

static void turn(struct rig *r)
{
    permits_send(r);
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    poll(&p, 1, 5);
    receive(r);
}

int64_t rig_soon(int64_t ms)
{
    const char *slack = getenv("MODALITY_SLACK");
    return slack && strcmp(slack, "1") == 0 ? ms : 3 * ms + 500;
}

void rig_wait_for(struct rig *r, int ms, bool (*done)(struct rig *r, uint64_t arg), uint64_t arg, const char *what)
{
    int patience_ms = ms > RIG_PATIENCE_MS ? ms : RIG_PATIENCE_MS;
    int64_t deadline = clock_monotonic_ns() + patience_ms * NS_PER_MS;
    while (!done(r, arg)) {
        if (clock_monotonic_ns() > deadline)
            fail_msg("not within %d ms, nor %d: %s (unit 0 is %s: %s; fault: %s; log: %s; session: %s)", ms,
                     patience_ms, what, unit_state_id((enum unit_state)r->presence[0].state), r->presence[0].detail,
                     r->config_fault, r->last_log, r->n_sessions > 0 ? r->sessions[r->n_sessions - 1].detail : "none");
        turn(r);
    }
}

void rig_pass(struct rig *r, int ms)
{
    int64_t deadline = clock_monotonic_ns() + ms * NS_PER_MS;
    while (clock_monotonic_ns() < deadline)
        turn(r);
}

int rig_wait_exit(struct rig *r, int ms)
{
    rig_wait_for(r, ms, host_exited, 0, "the host exits");
    receive(r); /* its last words */
    return r->killed ? 128 + r->status : r->status;
}

/* ---- orders ---- */

struct link_arm rig_arm_make(uint64_t session, uint32_t unit, uint32_t group, int64_t target_ua)
{
    struct link_arm arm = {
        .ref = {.session = session, .turn = 1, .unit = unit},
        .end_boot_ns = clock_boot_ns() + 10 * NS_PER_S,
        .permit_boot_ns = clock_boot_ns() + RIG_PERMIT_MS * NS_PER_MS,
        .envelope = {.group = group, .modality = MODALITY_ESTIM, .over_permille = 1500, .total_ms = 9999},
    };
    link_message_head(&arm, LINK_ARM, sizeof(arm));
    for (uint32_t c = 0; c < FAKE_CHANNELS; c++) {
        if (group != 2 && c != group)
            continue;
        arm.targets[arm.envelope.n_channels] = target_ua;
        arm.envelope.channels[arm.envelope.n_channels++] = (struct envelope_channel){
            .channel = c,
            .level_quantity = QUANTITY_amplitude_ua,
            .waveform = WAVEFORM_biphasic_symmetric,
            .level_start = 1000,
            .level_ceiling = 20000,
            .area_mm2 = 5000,
            .rules = {.step = 500, .slew_per_s = 2000, .resolution = 100},
            .n_settings = 2,
            .settings = {{QUANTITY_phase_width_us, 0, 200, 300}, {QUANTITY_pulse_rate_millihz, 0, 80000, 100000}},
        };
    }
    return arm;
}

void rig_arm(struct rig *r, struct link_arm *arm, bool keep_permitted)
{
    if (keep_permitted)
        r->permit[r->n_permits++] = arm->ref;
    rig_send(r, arm);
}

void rig_arm_and_run(struct rig *r, uint64_t session, uint32_t unit, int64_t target_ua)
{
    struct link_arm arm = rig_arm_make(session, unit, 0, target_ua);
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, session * 100 + LINK_SESSION_STARTED);
}

void rig_target(struct rig *r, const struct link_session_ref *ref, uint32_t channel, enum modality_quantity q,
                int64_t value)
{
    struct link_target t = {.ref = *ref, .channel = channel, .quantity = q, .value = value};
    link_message_head(&t, LINK_TARGET, sizeof(t));
    rig_send(r, &t);
}

void rig_stop(struct rig *r, uint64_t session)
{
    struct link_stop stop = {.session = session};
    link_message_head(&stop, LINK_STOP, sizeof(stop));
    rig_send(r, &stop);
}

void rig_stop_permits(struct rig *r)
{
    r->n_permits = 0;
}

/* ---- looking ---- */

bool rig_unit_state(struct rig *r, uint64_t unit_and_state)
{
    uint64_t unit = unit_and_state / 100;
    return r->n_presence[unit] > 0 && r->presence[unit].state == unit_and_state % 100;
}

bool rig_unit_has_been(struct rig *r, uint64_t unit_and_state)
{
    return (r->been[unit_and_state / 100] & (UINT32_C(1) << (unit_and_state % 100))) != 0;
}

const struct link_session *rig_session(const struct rig *r, uint64_t session, enum link_session_event event)
{
    for (unsigned i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].ref.session == session && r->sessions[i].event == (uint32_t)event)
            return &r->sessions[i];
    return NULL;
}

bool rig_has_session(struct rig *r, uint64_t session_and_event)
{
    return rig_session(r, session_and_event / 100, (enum link_session_event)(session_and_event % 100)) != NULL;
}

bool rig_level_is(struct rig *r, uint64_t level_ua)
{
    return r->world->units[0].level[0] == (int64_t)level_ua;
}

int rig_trace(const struct rig *r, unsigned from, uint32_t unit, enum fake_call call, unsigned n)
{
    for (unsigned i = from; i < r->world->n_trace && i < FAKE_TRACE_MAX; i++)
        if (r->world->trace[i].unit == unit && r->world->trace[i].call == (uint32_t)call && n-- == 0)
            return (int)i;
    return -1;
}

unsigned rig_trace_count(const struct rig *r, unsigned from, uint32_t unit, enum fake_call call)
{
    unsigned n = 0;
    while (rig_trace(r, from, unit, call, n) >= 0)
        n++;
    return n;
}

bool rig_at_rest(const struct rig *r, uint32_t unit)
{
    return !r->world->units[unit].running[0] && !r->world->units[unit].running[1];
}
