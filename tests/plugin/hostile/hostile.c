/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that does what none may do. The key `attack` of its [device] section says what:
 *
 *   attempts  tries everything of attempts.c while it describes, and logs what came of it
 *   hang      does not return from its first status; in the host that has replaced itself it goes on with attempts
 *   crash     dies in its first status
 *   garbage   writes nonsense into the host's socket
 *   flood     writes good messages into it, without end
 *   forge     writes into it that sessions of others are at rest, and samples of units that there are not
 *   babble    has the daemon log one new line after the other, just below the flood
 *   flap      tells of its device one state after the other, as fast
 *   status    returns a status whose counts fit nothing
 *
 * Attempts need a victim: the folder that they are made on. Otherwise it is a stimulator at rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempts.h"
#include "link/message.h"
#include "modality/clock.h"
#include "modality/plugin.h"

#define LINE_MAX_BYTES 300

struct modality_link {
    char attack[32];
    int64_t next_ns;
};

static const char *value_of(const struct modality_config *config, const char *key)
{
    for (size_t i = 0; i < config->n_lines; i++)
        if (strcmp(config->lines[i].key, key) == 0)
            return config->lines[i].value;
    return "";
}

/* ---- what it tries and tells ---- */

struct report {
    const struct modality_services *services;
    bool as_fault; /* --check has no other way to tell */
    char line[LINE_MAX_BYTES + 64];
    size_t used;
};

static void flush(struct report *r)
{
    const struct modality_services *s = r->services;
    if (r->as_fault)
        s->config_error(s->ctx, "hostile", "hostile:%s", r->line);
    else
        s->log(s->ctx, MODALITY_LOG_INFO, "hostile:%s", r->line);
    r->used = 0;
    r->line[0] = '\0';
}

static void tell(struct report *r, const char *name, long value)
{
    r->used += (size_t)snprintf(r->line + r->used, sizeof r->line - r->used, " %s=%ld", name, value);
    if (r->used >= LINE_MAX_BYTES)
        flush(r);
}

static void try_all(const struct modality_services *s, const struct modality_config *config)
{
    struct report report = {.services = s, .as_fault = strcmp(value_of(config, "tell"), "faults") == 0};
    const struct hostile_world world = {.state_dir = value_of(config, "victim"),
                                        .port = (uint16_t)strtoul(value_of(config, "port"), NULL, 10)};
    for (size_t i = 0; i < hostile_n_attempts; i++)
        tell(&report, hostile_attempts[i].name, -hostile_attempts[i].go(&world));
    for (size_t i = 0; i < hostile_n_amounts && strcmp(value_of(config, "modest"), "yes") != 0; i++)
        tell(&report, hostile_amounts[i].name, hostile_amounts[i].take(&world));
    tell(&report, "end", 1);
    flush(&report);
}

/* A re-executed host says so in its arguments. */
static bool in_second_life(void)
{
    char text[64] = "";
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    return n > 20 && strcmp(text + strlen(text) + 1, "--reexecuted") == 0;
}

/* ---- what it writes into the host's socket ---- */

static int socket_find(void)
{
    for (int fd = 3; fd < 64; fd++) {
        int type = 0;
        socklen_t size = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
            return fd;
    }
    return -1;
}

static void send_garbage(void)
{
    static const char words[] = "not a message at all";
    (void)send(socket_find(), words, sizeof words, MSG_NOSIGNAL);
}

static void send_flood(void)
{
    struct link_text m = {.level = MODALITY_LOG_INFO};
    int fd = socket_find();
    link_message_head(&m, LINK_LOG, sizeof m);
    snprintf(m.text, sizeof m.text, "again");
    for (int64_t end_ns = clock_monotonic_ns() + 200 * NS_PER_MS; clock_monotonic_ns() < end_ns;)
        (void)send(fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_forged(void)
{
    int fd = socket_find();
    for (uint64_t session = 1; session < 16; session++) {
        struct link_session m = {.ref = {.session = session, .turn = 1},
                                 .event = LINK_SESSION_RESTED,
                                 .evidence = EVIDENCE_MEASURED,
                                 .at_ns = clock_monotonic_ns()};
        link_message_head(&m, LINK_SESSION, sizeof m);
        (void)send(fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
        m.event = LINK_SESSION_STOPPING;
        m.reason = LINK_REASON_DEVICE_FAULT;
        (void)send(fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    for (uint32_t unit = 0; unit < MODALITY_UNITS_MAX; unit++) {
        struct link_sample m = {.unit = unit, .session = unit, .seq = 1, .taken_ns = clock_monotonic_ns()};
        link_message_head(&m, LINK_SAMPLE, sizeof m);
        (void)send(fd, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

/* Each tenth of a second, as often as it may say anything at all. */
#define OFTEN 300

static void send_babble(void)
{
    static unsigned number;
    struct link_text m = {.level = MODALITY_LOG_ERROR};
    int fd = socket_find();
    link_message_head(&m, LINK_LOG, sizeof m);
    for (unsigned i = 0; i < OFTEN; i++) {
        snprintf(m.text, sizeof m.text, "babble %u", number++);
        (void)send(fd, &m, sizeof m, MSG_NOSIGNAL);
    }
}

static void send_flapping(void)
{
    struct link_presence m = {.epoch = 1};
    int fd = socket_find();
    link_message_head(&m, LINK_PRESENCE, sizeof m);
    for (unsigned i = 0; i < OFTEN; i++) {
        m.state = i % 2 == 0 ? UNIT_OUTPUT_UNKNOWN : UNIT_READY;
        snprintf(m.detail, sizeof m.detail, "flap %u", i);
        (void)send(fd, &m, sizeof m, MSG_NOSIGNAL);
    }
}

/* ---- the plugin ---- */

static int hostile_describe(const struct modality_services *services, const struct modality_config *config,
                            struct modality_device *units, size_t max_units, size_t *n_units)
{
    const char *attack = value_of(config, "attack");
    (void)max_units;
    bool now = strcmp(attack, "attempts") == 0 || (strcmp(attack, "hang") == 0 && in_second_life());
    if (now && value_of(config, "victim")[0])
        try_all(services, config);
    units[0] = (struct modality_device){.id = "hostile",
                                        .on_link_loss = LINK_LOSS_STOPS,
                                        .after_watchdog = AFTER_WATCHDOG_STAYS_OFF,
                                        .watchdog_ms = 1000,
                                        .slice_ms = 100,
                                        .stop_ms = 100,
                                        .cycle_ms = 1,
                                        .settle_ms = 50,
                                        .n_channels = 1,
                                        .n_groups = 1};
    units[0].simulated = true;
    units[0].groups[0] = (struct modality_group){.id = "ch1", .channels = 1};
    units[0].channels[0] = (struct modality_channel){
        .id = "ch1", .modality = MODALITY_ESTIM, .waveforms = 1, .level = QUANTITY_amplitude_ua, .n_ranges = 1};
    units[0].channels[0].ranges[0] = (struct modality_range){
        .quantity = QUANTITY_amplitude_ua, .min = 0, .max = 10000, .resolution = 1, .settable = true, .readable = true};
    *n_units = 1;
    return 0;
}

static int hostile_open(const struct modality_services *services, const struct modality_config *config,
                        int64_t deadline_ns, struct modality_link **out)
{
    (void)services;
    (void)deadline_ns;
    struct modality_link *link = calloc(1, sizeof *link);
    if (!link)
        return -EIO;
    snprintf(link->attack, sizeof link->attack, "%s", value_of(config, "attack"));
    *out = link;
    return 0;
}

static int hostile_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    (void)link;
    (void)unit;
    (void)deadline_ns;
    snprintf(out->maker, sizeof out->maker, "nobody");
    snprintf(out->model, sizeof out->model, "hostile");
    snprintf(out->serial, sizeof out->serial, "1");
    return 0;
}

static void attack(struct modality_link *link, struct modality_status *out)
{
    if (strcmp(link->attack, "garbage") == 0)
        send_garbage();
    if (strcmp(link->attack, "flood") == 0)
        send_flood();
    if (strcmp(link->attack, "forge") == 0)
        send_forged();
    bool due = clock_monotonic_ns() >= link->next_ns;
    if (due)
        link->next_ns = clock_monotonic_ns() + NS_PER_S / 10;
    if (due && strcmp(link->attack, "babble") == 0)
        send_babble();
    if (due && strcmp(link->attack, "flap") == 0)
        send_flapping();
    if (strcmp(link->attack, "crash") == 0)
        abort();
    if (strcmp(link->attack, "hang") == 0 && !in_second_life())
        for (;;)
            pause();
    if (strcmp(link->attack, "status") == 0) {
        memset(out, 0xff, sizeof *out);
        out->n_channels = SIZE_MAX;
    }
}

static int hostile_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    (void)unit;
    (void)deadline_ns;
    *out = (struct modality_status){.n_channels = 1};
    out->channels[0] = (struct modality_channel_status){.output = OUTPUT_REST, .evidence = EVIDENCE_REPORTED};
    attack(link, out);
    return 0;
}

static int hostile_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting,
                         int64_t deadline_ns)
{
    (void)link;
    (void)unit;
    (void)setting;
    (void)deadline_ns;
    return 0;
}

static int hostile_act(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    (void)link;
    (void)unit;
    (void)group;
    (void)deadline_ns;
    return 0;
}

static int hostile_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    return hostile_act(link, unit, 0, deadline_ns);
}

static int hostile_reopen(struct modality_link *link, int64_t deadline_ns)
{
    return hostile_act(link, 0, 0, deadline_ns);
}

static void hostile_close(struct modality_link *link)
{
    free(link);
}

static const struct modality_config_key keys[] = {{"device", "attack", "what it does", true},
                                                  {"device", "victim", "a folder that is none of its business", false},
                                                  {"device", "port", "a port that is none of its business", false},
                                                  {"device", "tell", "faults: as faults of the section", false},
                                                  {"device", "modest", "yes: takes nothing in plenty", false}};

static const struct modality_plugin plugin = {.abi = MODALITY_PLUGIN_ABI,
                                              .size = sizeof plugin,
                                              .device_size = sizeof(struct modality_device),
                                              .status_size = sizeof(struct modality_status),
                                              .name = "hostile",
                                              .version = "1",
                                              .maturity = "test-only",
                                              .links = LINK_KIND_TCP | LINK_KIND_SERIAL | LINK_KIND_USB,
                                              .n_keys = sizeof keys / sizeof keys[0],
                                              .keys = keys,
                                              .describe = hostile_describe,
                                              .open = hostile_open,
                                              .identify = hostile_identify,
                                              .status = hostile_status,
                                              .apply = hostile_apply,
                                              .start = hostile_act,
                                              .stop = hostile_act,
                                              .make_safe = hostile_make_safe,
                                              .reopen = hostile_reopen,
                                              .close = hostile_close};

const struct modality_plugin *modality_plugin(void)
{
    return &plugin;
}
