/* SPDX-License-Identifier: Apache-2.0 */
#include "bus_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "front/usb_bus.h"
#include "modality/clock.h"

#define WORDS_MAX 5
#define LINE_MAX_BYTES 256

struct port {
    unsigned number;
    struct usb_serial *serial; /* NULL = nothing was plugged in yet */
    struct device *device;
    void *front;
    char serial_text[64];
    struct loop_timer timer; /* of unplug-in */
};

static const struct bus_kind *kind;
static struct loop *loop;
static struct usb_bus *bus;
static struct trace trace;
static struct port ports[USB_BUS_PORTS + 1];

static void answer(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

/* ---- the devices ---- */

static void received(void *ctx, const uint8_t *bytes, size_t n)
{
    kind->receive(((struct port *)ctx)->front, bytes, n);
}

static void held(void *ctx, bool now)
{
    struct port *p = ctx;
    if (now)
        kind->open(p->front);
    else
        kind->close(p->front);
}

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    usb_serial_send(((struct port *)ctx)->serial, bytes, length);
}

static void unplugged(void *ctx, unsigned number)
{
    struct port *p = &ports[number];
    if (kind->unplug)
        kind->unplug(p->front);
    else
        kind->close(p->front);
    if (ctx)
        answer("ok");
}

static void cut(void *ctx)
{
    usb_bus_unplug(bus, ((struct port *)ctx)->number, unplugged, NULL);
}

static void timer_over(void *ctx, int64_t now_ns)
{
    (void)now_ns;
    cut(ctx);
}

static void device_make(struct port *p)
{
    struct device_options options = {.name = kind->name, .kind = kind->page, .unit = 1};
    p->device = device_new(loop, &trace, &options);
    p->front = kind->make(p->device, (struct bus_port_user){.send = send_bytes, .cut = cut, .ctx = p});
}

static void device_end(struct port *p)
{
    usb_serial_free(p->serial);
    kind->end(p->front);
    device_free(p->device);
}

/* ---- the commands ---- */

static const char *plug(struct port *p, const char *serial)
{
    static char text[32];
    struct usb_identity identity = kind->identity;
    const struct usb_serial_user user = {.received = received, .held = held, .ctx = p};
    if (usb_bus_node(bus, p->number))
        return "error there is one in it";
    if (!p->device)
        device_make(p);
    snprintf(p->serial_text, sizeof p->serial_text, "%s", serial);
    identity.serial = serial[0] ? p->serial_text : NULL;
    usb_serial_free(p->serial);
    p->serial = usb_serial_new(loop, kind->serial, &identity, &user);
    if (kind->plug)
        kind->plug(p->front);
    int r = usb_bus_plug(bus, p->number, usb_serial_gadget(p->serial), kind->driver);
    snprintf(text, sizeof text, r < 0 ? "error %d" : "ok", r);
    return text;
}

struct question {
    unsigned channel;
    const char *name;
    long long value;
};

static void take_state(void *ctx, unsigned channel, const char *name, int64_t value)
{
    struct question *q = ctx;
    if (channel == q->channel && strcmp(name, q->name) == 0)
        q->value = value;
}

static const char *state(const struct port *p, const char *channel, const char *name)
{
    static char text[48];
    struct question q = {(unsigned)strtoul(channel, NULL, 10), name, -1};
    (void)device_advance(p->device);
    model_state(p->device->model, take_state, &q);
    device_settle(p->device);
    snprintf(text, sizeof text, "ok %lld", q.value);
    return text;
}

static const char *fault(struct port *p, const char *name, const char *arg, const char *number)
{
    struct fault_args args = {0};
    const struct rule_match any = {0};
    int id = fault_find(name), which = arg[0] ? fault_arg_find(arg) : 0;
    if (id < 0 || which < 0)
        return "error no such fault";
    if (arg[0]) {
        args.present = 1u << which;
        args.value[which] = strtol(number, NULL, 10);
    }
    (void)device_advance(p->device);
    bool wire = fault_kinds[id].scope == SCOPE_WIRE;
    int r = wire ? rule_add(&p->device->rules, (enum fault_id)id, &args, &any)
                 : model_inject(p->device->model, (enum fault_id)id, &args);
    kind->tell(p->front);
    return r < 0 ? "error not possible" : "ok";
}

static const char *clear(struct port *p, const char *name)
{
    int id = fault_find(name);
    if (id < 0)
        return "error no such fault";
    (void)device_advance(p->device);
    rule_clear(&p->device->rules, (enum fault_id)id);
    if (fault_kinds[id].scope == SCOPE_MODEL)
        (void)model_clear(p->device->model, (enum fault_id)id, &(struct fault_args){0});
    kind->tell(p->front);
    return "ok";
}

static const char *unplug_in(struct port *p, const char *ms)
{
    p->timer = (struct loop_timer){.fn = timer_over, .ctx = p};
    loop_timer_arm(loop, &p->timer, clock_monotonic_ns() + strtol(ms, NULL, 10) * NS_PER_MS);
    return "ok";
}

static const char *line(const struct port *p)
{
    static char text[96];
    const struct usb_serial_line *l = usb_serial_line(p->serial);
    snprintf(text, sizeof text, "ok divisor=%04x format=%04x flow=%04x latency=%u", l->divisor, l->format, l->flow,
             l->latency);
    return text;
}

static const char *carry_out(const char **words)
{
    static char text[48];
    struct port *p = &ports[strtoul(words[1], NULL, 10) % (USB_BUS_PORTS + 1)];
    const char *act = words[0];
    if (strcmp(act, "plug") == 0)
        return plug(p, words[2]);
    if (!p->device)
        return "error nothing there";
    if (strcmp(act, "unplug") == 0)
        return usb_bus_unplug(bus, p->number, unplugged, bus) < 0 ? "error nothing there" : NULL;
    if (strcmp(act, "unplug-in") == 0)
        return unplug_in(p, words[2]);
    if (strcmp(act, "state") == 0)
        return state(p, words[2], words[3]);
    if (strcmp(act, "fault") == 0)
        return fault(p, words[2], words[3], words[4]);
    if (strcmp(act, "clear") == 0)
        return clear(p, words[2]);
    if (strcmp(act, "line") == 0)
        return line(p);
    if (strcmp(act, "driver") == 0) {
        const struct usb_node *node = usb_bus_node(bus, p->number);
        snprintf(text, sizeof text, "ok %s", node ? usb_node_driver(node, (unsigned)(words[2][0] - '0')) : "");
        return text;
    }
    return "error no such command";
}

/* Lines come one by one: the test waits for each answer. */
static void stdin_ready(void *ctx, uint32_t events)
{
    char text[LINE_MAX_BYTES], *rest = text;
    const char *words[WORDS_MAX] = {"", "", "", "", ""};
    (void)ctx;
    (void)events;
    ssize_t n = read(STDIN_FILENO, text, sizeof text - 1);
    if (n <= 0) {
        loop_stop(loop);
        return;
    }
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    unsigned count = 0;
    for (char *word; count < WORDS_MAX && (word = strtok_r(count ? NULL : text, " ", &rest));)
        words[count++] = word;
    const char *reply = carry_out(words);
    if (reply)
        answer(reply);
}

int bus_program(const struct bus_kind *of, const char *trace_path)
{
    kind = of;
    loop = loop_new();
    bus = loop ? usb_bus_new(loop) : NULL;
    if (!bus || trace_open(&trace, trace_path) < 0) {
        perror("bus");
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i <= USB_BUS_PORTS; i++)
        ports[i].number = i;
    struct loop_source *source = loop_add(loop, STDIN_FILENO, EPOLLIN, stdin_ready, NULL);
    answer(usb_bus_folder(bus));
    int r = loop_run(loop);
    loop_remove(loop, source);
    usb_bus_free(bus);
    for (unsigned i = 0; i <= USB_BUS_PORTS; i++)
        if (ports[i].device)
            device_end(&ports[i]);
    trace_close(&trace);
    loop_free(loop);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
