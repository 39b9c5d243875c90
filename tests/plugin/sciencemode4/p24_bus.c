/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far side of test_usb: P24s on a USB bus of umockdev, made and broken by lines on stdin (../common/usb_test.h).
 * Each line is answered with one line, "ok ..." or "error ...", when it is done. It ends with its stdin.
 *
 *   plug PORT SERIAL                     unplug PORT, unplug-in PORT MS (answered at once)
 *   state PORT CHANNEL NAME              of the model; channel from 1, 0 = the device's own
 *   drop PORT COUNT                      so many answers are not given, until it is plugged in anew
 *   lift PORT CHANNEL, fit PORT CHANNEL  an electrode comes off, and is put back
 *   driver PORT INTERFACE
 *
 * A file name as its argument takes the trace of the one device that is plugged in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "front/p24_front.h"
#include "front/usb_bus.h"
#include "front/usb_serial.h"
#include "modality/clock.h"

#define WORDS_MAX 5
#define LINE_MAX_BYTES 256

struct port {
    unsigned number;
    struct usb_serial *serial; /* NULL = nothing was plugged in yet */
    struct device *device;
    struct p24_front *front;
    struct loop_timer timer; /* of unplug-in */
};

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
    p24_front_receive(((struct port *)ctx)->front, bytes, n);
}

static void held(void *ctx, bool now)
{
    struct port *p = ctx;
    if (now)
        p24_front_open(p->front);
    else
        p24_front_close(p->front);
}

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    usb_serial_send(((struct port *)ctx)->serial, bytes, length);
}

static void unplugged(void *ctx, unsigned number)
{
    p24_front_unplug(ports[number].front);
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

static void device_make(struct port *p, uint32_t serial)
{
    struct device_options options = {
        .name = "p24", .kind = &page_p24, .unit = 1, .identity = {.serial = serial, .firmware = 0x0102}};
    p->device = device_new(loop, &trace, &options);
    p->front = p24_front_new(p->device, (struct p24_link){.send = send_bytes, .cut = cut, .ctx = p});
}

static void device_end(struct port *p)
{
    usb_serial_free(p->serial);
    p24_front_free(p->front);
    device_free(p->device);
}

/* ---- the commands ---- */

static const char *plug(struct port *p, const char *serial)
{
    static char text[32];
    const struct usb_identity identity = {
        .vendor = 0x0483, .product = 0x5740, .maker = "HASOMED GmbH", .model = "P24 Science"};
    const struct usb_serial_user user = {.received = received, .held = held, .ctx = p};
    if (usb_bus_node(bus, p->number))
        return "error there is one in it";
    if (!p->device)
        device_make(p, (uint32_t)strtoul(serial, NULL, 10));
    p->device->page.identity_shown.serial = (uint32_t)strtoul(serial, NULL, 10);
    rule_clear(&p->device->rules, FAULT_drop);
    usb_serial_free(p->serial);
    p->serial = usb_serial_new(loop, USB_SERIAL_ACM, &identity, &user);
    p24_front_plug(p->front);
    int r = usb_bus_plug(bus, p->number, usb_serial_gadget(p->serial), "cdc_acm");
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

static const char *drop(struct port *p, const char *count)
{
    struct fault_args args = {.present = 1u << ARG_count};
    const struct rule_match any = {0};
    args.value[ARG_count] = strtol(count, NULL, 10);
    return rule_add(&p->device->rules, FAULT_drop, &args, &any) < 0 ? "error" : "ok";
}

static const char *electrode(struct port *p, const char *channel, bool off)
{
    struct fault_args args = {.present = 1u << ARG_channel};
    args.value[ARG_channel] = strtol(channel, NULL, 10);
    (void)device_advance(p->device);
    int r = off ? model_inject(p->device->model, FAULT_open, &args) : model_clear(p->device->model, FAULT_open, &args);
    device_settle(p->device);
    return r < 0 ? "error" : "ok";
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
    if (strcmp(act, "state") == 0)
        return state(p, words[2], words[3]);
    if (strcmp(act, "lift") == 0 || strcmp(act, "fit") == 0)
        return electrode(p, words[2], strcmp(act, "lift") == 0);
    if (strcmp(act, "drop") == 0)
        return drop(p, words[2]);
    if (strcmp(act, "unplug-in") == 0) {
        p->timer = (struct loop_timer){.fn = timer_over, .ctx = p};
        loop_timer_arm(loop, &p->timer, clock_monotonic_ns() + strtol(words[2], NULL, 10) * NS_PER_MS);
        return "ok";
    }
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
    char line[LINE_MAX_BYTES], *rest = line;
    const char *words[WORDS_MAX] = {"", "", "", "", ""};
    (void)ctx;
    (void)events;
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
    if (n <= 0) {
        loop_stop(loop);
        return;
    }
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    unsigned count = 0;
    for (char *word; count < WORDS_MAX && (word = strtok_r(count ? NULL : line, " ", &rest));)
        words[count++] = word;
    const char *text = carry_out(words);
    if (text)
        answer(text);
}

int main(int argc, char **argv)
{
    loop = loop_new();
    bus = loop ? usb_bus_new(loop) : NULL;
    if (!bus || trace_open(&trace, argc > 1 ? argv[1] : NULL) < 0) {
        perror("p24_bus");
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
