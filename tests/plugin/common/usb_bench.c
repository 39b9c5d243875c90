/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far side of the USB tests: serial ports that echo, on a bus of umockdev, made and broken by lines on stdin. Each
 * line is answered with one line, "ok ..." or "error ...", when it is done. The first line out is the bus's folder. It
 * ends with its stdin.
 *
 *   plug PORT acm|ftdi SERIAL DRIVER     DRIVER of the kernel on its interfaces, "-" = none
 *                                        VVVV:PPPP = acm of these ids
 *   unplug PORT                          unplug-in PORT MS: answered at once
 *   echo PORT 0|1                        say PORT HEX, say-in PORT MS HEX: the device speaks by itself
 *   halt PORT in|out                     stalls until it is cleared
 *   deaf PORT in|out|requests 0|1        neither takes nor gives
 *   babble PORT in BYTES                 sends packets of so many zeros without end; -1 = no longer
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

/* What an act has to say beside "ok"; "error ..." in place of it; NULL when it answers later. */
static char said_back[192];

static const char *result(int r)
{
    snprintf(said_back, sizeof said_back, r < 0 ? "error %s" : "ok", strerror(-r));
    return said_back;
}

static uint8_t endpoint_of(const struct port *p, const char *name)
{
    if (strcmp(name, "in") == 0)
        return usb_serial_in(p->serial);
    return strcmp(name, "out") == 0 ? usb_serial_out(p->serial) : 0;
}

static struct usb_gadget *gadget_of(const struct port *p)
{
    return usb_serial_gadget(p->serial);
}

static bool is_on(const char *word)
{
    return word[0] == '1';
}

static const char *plug(struct port *p, const char **words)
{
    bool ftdi = strcmp(words[0], "ftdi") == 0;
    unsigned vendor = ftdi ? 0x0403 : 0x0483, product = ftdi ? 0x6001 : 0x5740;
    if (strchr(words[0], ':') && sscanf(words[0], "%4x:%4x", &vendor, &product) != 2)
        return "error ids?";
    struct usb_identity identity = {.vendor = (uint16_t)vendor,
                                    .product = (uint16_t)product,
                                    .maker = "modality",
                                    .model = ftdi ? "serial chip" : "virtual port",
                                    .serial = words[1]};
    struct usb_serial_user user = {.received = received, .held = held, .ctx = p};
    if (usb_bus_node(bus, p->number))
        return "error there is one in it";
    usb_serial_free(p->serial);
    *p = (struct port){.number = p->number, .echoes = true};
    p->serial = usb_serial_new(loop, ftdi ? USB_SERIAL_FTDI : USB_SERIAL_ACM, &identity, &user);
    return result(usb_bus_plug(bus, p->number, gadget_of(p), words[2][0] == '-' ? NULL : words[2]));
}

static const char *unplug(struct port *p, const char **words)
{
    (void)words;
    int r = usb_bus_unplug(bus, p->number, unplugged, bus);
    return r < 0 ? result(r) : NULL;
}

static const char *unplug_in(struct port *p, const char **words)
{
    timer_set(p, true, words[0]);
    return "ok";
}

static const char *echo(struct port *p, const char **words)
{
    p->echoes = is_on(words[0]);
    return "ok";
}

static const char *say(struct port *p, const char **words)
{
    p->said_size = hex_read(words[0], p->said);
    return usb_serial_send(p->serial, p->said, p->said_size) ? "ok" : "error no room";
}

static const char *say_in(struct port *p, const char **words)
{
    p->said_size = hex_read(words[1], p->said);
    timer_set(p, false, words[0]);
    return "ok";
}

static const char *halt(struct port *p, const char **words)
{
    usb_gadget_halt(gadget_of(p), endpoint_of(p, words[0]));
    return "ok";
}

static const char *deaf(struct port *p, const char **words)
{
    usb_gadget_deafen(gadget_of(p), endpoint_of(p, words[0]), is_on(words[1]));
    return "ok";
}

static const char *babble(struct port *p, const char **words)
{
    usb_gadget_babble(gadget_of(p), endpoint_of(p, words[0]), (int)strtol(words[1], NULL, 10));
    return "ok";
}

static const char *refuse(struct port *p, const char **words)
{
    gadget_of(p)->refuses = is_on(words[0]);
    return "ok";
}

static const char *line(struct port *p, const char **words)
{
    const struct usb_serial_line *l = usb_serial_line(p->serial);
    (void)words;
    snprintf(
        said_back, sizeof said_back,
        "ok baud=%u stop=%u parity=%u bits=%u divisor=%04x format=%04x flow=%04x latency=%u dtr=%d rts=%d resets=%u "
        "purges=%u",
        l->baud, l->stop, l->parity, l->bits, l->divisor, l->format, l->flow, l->latency, l->dtr, l->rts, l->resets,
        l->purges);
    return said_back;
}

static const char *driver(struct port *p, const char **words)
{
    const struct usb_node *node = usb_bus_node(bus, p->number);
    snprintf(said_back, sizeof said_back, "ok %s", node ? usb_node_driver(node, (unsigned)(words[0][0] - '0')) : "");
    return said_back;
}

static const char *got(struct port *p, const char **words)
{
    (void)words;
    snprintf(said_back, sizeof said_back, "ok %lu", p->got);
    return said_back;
}

static const char *is_held(struct port *p, const char **words)
{
    (void)words;
    snprintf(said_back, sizeof said_back, "ok %d", p->held);
    return said_back;
}

static const struct {
    const char *name;
    unsigned words; /* behind the port */
    const char *(*act)(struct port *p, const char **words);
} commands[] = {
    {"plug", 3, plug},     {"unplug", 0, unplug}, {"unplug-in", 1, unplug_in}, {"echo", 1, echo},
    {"say", 1, say},       {"say-in", 2, say_in}, {"halt", 1, halt},           {"deaf", 2, deaf},
    {"babble", 2, babble}, {"refuse", 1, refuse}, {"line", 0, line},           {"driver", 1, driver},
    {"got", 0, got},       {"held", 0, is_held},
};

static const char *carry_out(const char **words, unsigned count)
{
    unsigned long number = count >= 2 ? strtoul(words[1], NULL, 10) : 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, words[0]) != 0)
            continue;
        if (count != commands[i].words + 2 || number < 1 || number > USB_BUS_PORTS)
            return "error what?";
        if (!ports[number].serial && commands[i].act != plug)
            return "error nothing there";
        return commands[i].act(&ports[number], words + 2);
    }
    return "error no such command";
}

/* Lines come one by one: the test waits for each answer. */
static void stdin_ready(void *ctx, uint32_t events)
{
    char text[LINE_MAX_BYTES], *rest = text;
    const char *words[WORDS_MAX] = {""};
    unsigned count = 0;
    (void)ctx;
    (void)events;
    ssize_t n = read(STDIN_FILENO, text, sizeof text - 1);
    if (n <= 0) {
        loop_stop(loop);
        return;
    }
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    for (char *word; count < WORDS_MAX && (word = strtok_r(count ? NULL : text, " ", &rest));)
        words[count++] = word;
    const char *back = carry_out(words, count);
    if (back)
        answer(back);
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
