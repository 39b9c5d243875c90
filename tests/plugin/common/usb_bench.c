/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far side of the USB tests: serial ports that echo, on a bus of umockdev, made and broken by lines on stdin. Each
 * line is answered with one line, "ok ..." or "error ...", when it is done. The first line out is the bus's folder. It
 * ends with its stdin.
 *
 *   plug PORT acm|ftdi SERIAL DRIVER     DRIVER of the kernel on its interfaces, "-" = none
 *   unplug PORT                          unplug-in PORT MS: answered at once
 *   echo PORT 0|1                        say PORT HEX, say-in PORT MS HEX: the device speaks by itself
 *   halt PORT in|out                     stalls until it is cleared
 *   deaf PORT in|out|requests 0|1        neither takes nor gives
 *   refuse PORT 0|1                      all requests that are not standard
 *   line PORT | driver PORT INTERFACE | got PORT (bytes) | held PORT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "front/usb_bus.h"
#include "front/usb_serial.h"
#include "modality/clock.h"

#define WORDS_MAX 6
#define LINE_MAX_BYTES 512

struct port {
    unsigned number;
    struct usb_serial *serial; /* NULL = nothing was plugged in yet */
    bool echoes, held;
    unsigned long got;
    struct loop_timer timer; /* of unplug-in or say-in */
    bool timer_unplugs;
    uint8_t said[LINE_MAX_BYTES];
    size_t said_size;
};

static struct loop *loop;
static struct usb_bus *bus;
static struct port ports[USB_BUS_PORTS + 1];

static void answer(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

/* ---- the devices ---- */

static void received(void *ctx, const uint8_t *bytes, size_t n)
{
    struct port *p = ctx;
    p->got += n;
    if (p->echoes)
        usb_serial_send(p->serial, bytes, n);
}

static void held(void *ctx, bool now)
{
    struct port *p = ctx;
    p->held = now;
}

static void unplugged(void *ctx, unsigned number)
{
    (void)number;
    if (ctx)
        answer("ok");
}

static void timer_over(void *ctx, int64_t now_ns)
{
    struct port *p = ctx;
    (void)now_ns;
    if (p->timer_unplugs)
        usb_bus_unplug(bus, p->number, unplugged, NULL);
    else
        usb_serial_send(p->serial, p->said, p->said_size);
}

static void timer_set(struct port *p, bool unplugs, const char *ms)
{
    loop_timer_cancel(loop, &p->timer);
    p->timer = (struct loop_timer){.fn = timer_over, .ctx = p};
    p->timer_unplugs = unplugs;
    loop_timer_arm(loop, &p->timer, clock_monotonic_ns() + strtol(ms, NULL, 10) * NS_PER_MS);
}

static size_t hex_read(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (unsigned byte; sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

/* ---- the commands ---- */

static const char *plug(struct port *p, const char **words)
{
    static char text[64];
    bool ftdi = strcmp(words[2], "ftdi") == 0;
    struct usb_identity identity = {.vendor = ftdi ? 0x0403 : 0x0483,
                                    .product = ftdi ? 0x6001 : 0x5740,
                                    .maker = "modality",
                                    .model = ftdi ? "serial chip" : "virtual port",
                                    .serial = words[3]};
    struct usb_serial_user user = {.received = received, .held = held, .ctx = p};
    if (usb_bus_node(bus, p->number))
        return "error there is one in it";
    usb_serial_free(p->serial);
    unsigned number = p->number;
    *p = (struct port){.number = number, .echoes = true};
    p->serial = usb_serial_new(loop, ftdi ? USB_SERIAL_FTDI : USB_SERIAL_ACM, &identity, &user);
    int r = usb_bus_plug(bus, number, usb_serial_gadget(p->serial), words[4][0] == '-' ? NULL : words[4]);
    snprintf(text, sizeof text, r < 0 ? "error %d" : "ok", r);
    return text;
}

static const char *line_of(const struct port *p)
{
    static char text[160];
    const struct usb_serial_line *l = usb_serial_line(p->serial);
    snprintf(
        text, sizeof text,
        "ok baud=%u stop=%u parity=%u bits=%u divisor=%04x format=%04x flow=%04x latency=%u dtr=%d rts=%d resets=%u "
        "purges=%u",
        l->baud, l->stop, l->parity, l->bits, l->divisor, l->format, l->flow, l->latency, l->dtr, l->rts, l->resets,
        l->purges);
    return text;
}

static uint8_t endpoint_of(const struct port *p, const char *name)
{
    if (strcmp(name, "in") == 0)
        return usb_serial_in(p->serial);
    return strcmp(name, "out") == 0 ? usb_serial_out(p->serial) : 0;
}

static const char *carry_out(const char **words, unsigned count)
{
    static char text[64];
    struct port *p = &ports[strtoul(words[1], NULL, 10) % (USB_BUS_PORTS + 1)];
    const char *act = words[0];
    struct usb_gadget *gadget = p->serial ? usb_serial_gadget(p->serial) : NULL;
    bool on = words[count - 1][0] == '1';
    snprintf(text, sizeof text, "ok");
    if (strcmp(act, "plug") == 0 && count == 5)
        return plug(p, words);
    if (!gadget)
        return "error nothing there";
    if (strcmp(act, "unplug") == 0)
        return usb_bus_unplug(bus, p->number, unplugged, bus) < 0 ? "error nothing there" : NULL;
    if (strcmp(act, "line") == 0)
        return line_of(p);
    if (strcmp(act, "unplug-in") == 0) {
        timer_set(p, true, words[2]);
    } else if (strcmp(act, "echo") == 0) {
        p->echoes = on;
    } else if (strcmp(act, "say") == 0) {
        p->said_size = hex_read(words[2], p->said);
        usb_serial_send(p->serial, p->said, p->said_size);
    } else if (strcmp(act, "say-in") == 0) {
        p->said_size = hex_read(words[3], p->said);
        timer_set(p, false, words[2]);
    } else if (strcmp(act, "halt") == 0) {
        usb_gadget_halt(gadget, endpoint_of(p, words[2]));
    } else if (strcmp(act, "deaf") == 0) {
        usb_gadget_deafen(gadget, endpoint_of(p, words[2]), on);
    } else if (strcmp(act, "refuse") == 0) {
        gadget->refuses = on;
    } else if (strcmp(act, "driver") == 0) {
        const struct usb_node *node = usb_bus_node(bus, p->number);
        snprintf(text, sizeof text, "ok %s", node ? usb_node_driver(node, (unsigned)(words[2][0] - '0')) : "");
    } else if (strcmp(act, "got") == 0) {
        snprintf(text, sizeof text, "ok %lu", p->got);
    } else if (strcmp(act, "held") == 0) {
        snprintf(text, sizeof text, "ok %d", p->held);
    } else {
        return "error no such command";
    }
    return text;
}

/* Lines come one by one: the test waits for each answer. */
static void stdin_ready(void *ctx, uint32_t events)
{
    char line[LINE_MAX_BYTES], *rest = line;
    const char *words[WORDS_MAX];
    unsigned count = 0;
    (void)ctx;
    (void)events;
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
    if (n <= 0) {
        loop_stop(loop);
        return;
    }
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    for (char *word; count < WORDS_MAX && (word = strtok_r(count ? NULL : line, " ", &rest));)
        words[count++] = word;
    for (unsigned i = count; i < WORDS_MAX; i++)
        words[i] = "";
    const char *text = count >= 2 ? carry_out(words, count) : "error what?";
    if (text)
        answer(text);
}

int main(void)
{
    loop = loop_new();
    bus = loop ? usb_bus_new(loop) : NULL;
    if (!bus) {
        perror("usb_bench");
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
        usb_serial_free(ports[i].serial);
    loop_free(loop);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
