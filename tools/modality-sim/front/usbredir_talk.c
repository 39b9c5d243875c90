/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with QEMU over libusbredirparser, as the side that has the device. What waits is bounded by what
 * QEMU's controller can have in flight; a device is told anew only after QEMU has let go of the one before it.
 */
#include "front/usbredir_talk.h"

#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "front/usb_transfer.h"
#include "front/usbredir_shape.h"

#define BULK_MAX 65536

/* One packet of QEMU's that is not answered yet; its bytes are in the same block. */
struct job {
    struct usb_transfer transfer; /* first */
    uint64_t id;
    union {
        struct usb_redir_control_packet_header control;
        struct usb_redir_bulk_packet_header bulk;
    } header;
};

struct usbredir_talk {
    struct loop *loop;
    int fd;
    struct loop_source *source;
    struct usbredirparser *parser;
    bool greeted, offered,
        letting_go; /* it has said hello; it knows of the device; it has not let go of the last one */
    bool held;
    struct usb_gadget *gadget; /* NULL = nothing plugged in */
    struct usb_transfers transfers;
    struct loop_timer end; /* a conversation does not end inside a callback */
    void (*gone)(void *ctx);
    void *ctx;
};

/* ---- to QEMU ---- */

static void end_soon(struct usbredir_talk *talk)
{
    loop_timer_arm(talk->loop, &talk->end, clock_monotonic_ns());
}

/* What does not go out now goes out when there is room. */
static void flush(struct usbredir_talk *talk)
{
    if (usbredirparser_has_data_to_write(talk->parser) && usbredirparser_do_write(talk->parser) < 0) {
        end_soon(talk);
        return;
    }
    bool more = usbredirparser_has_data_to_write(talk->parser) > 0;
    loop_modify(talk->loop, talk->source, EPOLLIN | (more ? EPOLLOUT : 0u));
}

static uint8_t status_of(int status)
{
    switch (status) {
    case 0:
        return usb_redir_success;
    case USB_STALL:
        return usb_redir_stall;
    case -ENOENT:
        return usb_redir_inval;
    case -ECANCELED:
        return usb_redir_cancelled;
    case -EOVERFLOW:
        return usb_redir_babble;
    default:
        return usb_redir_ioerror;
    }
}

/* The answer to a packet; the job is over with it. */
static void job_answer(struct usbredir_talk *talk, struct job *job)
{
    struct usb_transfer *t = &job->transfer;
    bool in = usb_transfer_is_in(t);
    int carried = in ? (int)t->done : 0;
    if (t->endpoint) {
        struct usb_redir_bulk_packet_header *h = &job->header.bulk;
        h->status = status_of(t->status);
        h->length = (uint16_t)(t->done & 0xffff);
        h->length_high = (uint16_t)(t->done >> 16);
        usbredirparser_send_bulk_packet(talk->parser, job->id, h, carried ? t->bytes : NULL, carried);
    } else {
        struct usb_redir_control_packet_header *h = &job->header.control;
        h->status = status_of(t->status);
        h->length = (uint16_t)t->done;
        usbredirparser_send_control_packet(talk->parser, job->id, h, carried ? t->bytes + USB_SETUP_SIZE : NULL,
                                           carried);
    }
    free(job);
    flush(talk);
}

static void over(void *ctx, struct usb_transfer *t)
{
    job_answer(ctx, (struct job *)t);
}

static void hold(struct usbredir_talk *talk, bool held)
{
    if (talk->held == held)
        return;
    talk->held = held;
    if (talk->gadget->function->held)
        talk->gadget->function->held(talk->gadget->ctx, held);
}

/* Nobody waits for an answer any more. */
static void forget(struct usbredir_talk *talk)
{
    struct usb_transfer *t;
    while ((t = talk->transfers.pending)) {
        usb_transfers_take(&talk->transfers, t);
        free((struct job *)t);
    }
    if (talk->gadget)
        hold(talk, false);
}

/* Tells QEMU of the device as soon as both are there. */
static void offer(struct usbredir_talk *talk)
{
    struct usb_redir_ep_info_header endpoints;
    struct usb_redir_interface_info_header interfaces;
    struct usb_redir_device_connect_header device;
    if (!talk->gadget || !talk->greeted || talk->offered || talk->letting_go)
        return;
    usbredir_shape(talk->gadget, &device, &interfaces, &endpoints);
    usbredirparser_send_ep_info(talk->parser, &endpoints);
    usbredirparser_send_interface_info(talk->parser, &interfaces);
    usbredirparser_send_device_connect(talk->parser, &device);
    talk->offered = true;
    flush(talk);
}

/* ---- from QEMU ---- */

static void say_of_parser(void *ctx, int level, const char *text)
{
    (void)ctx;
    if (level <= usbredirparser_warning)
        fprintf(stderr, "modality-sim: usbredir: %s\n", text);
}

static int read_peer(void *ctx, uint8_t *bytes, int n)
{
    ssize_t r = recv(((struct usbredir_talk *)ctx)->fd, bytes, (size_t)n, MSG_DONTWAIT);
    return r > 0 ? (int)r : r < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int write_peer(void *ctx, uint8_t *bytes, int n)
{
    ssize_t r = send(((struct usbredir_talk *)ctx)->fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    return r >= 0 ? (int)r : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void on_hello(void *ctx, struct usb_redir_hello_header *hello)
{
    struct usbredir_talk *talk = ctx;
    (void)hello;
    talk->greeted = true;
    offer(talk);
}

static void on_reset(void *ctx)
{
    forget(ctx);
}

/* QEMU's controller asks for these itself, in place of the request that the guest made. */
static void on_set_configuration(void *ctx, uint64_t id, struct usb_redir_set_configuration_header *asked)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_configuration_status_header s = {usb_redir_success, asked->configuration};
    usbredirparser_send_configuration_status(talk->parser, id, &s);
    if (talk->gadget)
        hold(talk, asked->configuration != 0);
}

static void on_get_configuration(void *ctx, uint64_t id)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_configuration_status_header s = {usb_redir_success,
                                                      talk->gadget ? talk->gadget->configuration : 0};
    usbredirparser_send_configuration_status(talk->parser, id, &s);
}

static void on_set_alt(void *ctx, uint64_t id, struct usb_redir_set_alt_setting_header *asked)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_alt_setting_status_header s = {asked->alt ? usb_redir_stall : usb_redir_success, asked->interface,
                                                    0};
    usbredirparser_send_alt_setting_status(talk->parser, id, &s);
}

static void on_get_alt(void *ctx, uint64_t id, struct usb_redir_get_alt_setting_header *asked)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_alt_setting_status_header s = {usb_redir_success, asked->interface, 0};
    usbredirparser_send_alt_setting_status(talk->parser, id, &s);
}

/* No device here ever interrupts: the endpoint is open and silent. */
static void on_start_interrupts(void *ctx, uint64_t id, struct usb_redir_start_interrupt_receiving_header *asked)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_interrupt_receiving_status_header s = {usb_redir_success, asked->endpoint};
    usbredirparser_send_interrupt_receiving_status(talk->parser, id, &s);
}

static void on_stop_interrupts(void *ctx, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *asked)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_interrupt_receiving_status_header s = {usb_redir_success, asked->endpoint};
    usbredirparser_send_interrupt_receiving_status(talk->parser, id, &s);
}

static struct job *job_new(uint64_t id, uint8_t endpoint, size_t length, size_t room)
{
    struct job *job = calloc(1, sizeof *job + room);
    if (!job)
        return NULL;
    job->id = id;
    job->transfer = (struct usb_transfer){.endpoint = endpoint, .bytes = (uint8_t *)(job + 1), .length = length};
    return job;
}

/* One that cannot be carried is answered at once as refused. */
static void job_begin(struct usbredir_talk *talk, struct job *job, bool possible)
{
    if (talk->gadget && possible) {
        usb_transfers_submit(&talk->transfers, &job->transfer);
        return;
    }
    job->transfer.status = USB_STALL;
    job_answer(talk, job);
}

static void on_control(void *ctx, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int n)
{
    struct usbredir_talk *talk = ctx;
    size_t length = n > 0 ? (size_t)n : 0, room = USB_SETUP_SIZE + USB_CONTROL_MAX;
    struct job *job = job_new(id, 0, 0, room);
    if (job) {
        const uint8_t setup[USB_SETUP_SIZE] = {h->requesttype,
                                               h->request,
                                               (uint8_t)(h->value & 0xff),
                                               (uint8_t)(h->value >> 8),
                                               (uint8_t)(h->index & 0xff),
                                               (uint8_t)(h->index >> 8),
                                               (uint8_t)(h->length & 0xff),
                                               (uint8_t)(h->length >> 8)};
        bool possible = h->length <= USB_CONTROL_MAX && length <= h->length;
        memcpy(job->transfer.bytes, setup, sizeof setup);
        if (possible && data)
            memcpy(job->transfer.bytes + USB_SETUP_SIZE, data, length);
        job->header.control = *h;
        job_begin(talk, job, possible);
    }
    usbredirparser_free_packet_data(talk->parser, data);
}

static void on_bulk(void *ctx, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int n)
{
    struct usbredir_talk *talk = ctx;
    size_t length = (size_t)h->length | (size_t)h->length_high << 16;
    bool out = !(h->endpoint & USB_IN), possible = length <= BULK_MAX && (!out || (size_t)n == length);
    struct job *job = job_new(id, h->endpoint, length, possible ? length : 0);
    if (job) {
        if (possible && out && data)
            memcpy(job->transfer.bytes, data, length);
        job->header.bulk = *h;
        job_begin(talk, job, possible && h->endpoint);
    }
    usbredirparser_free_packet_data(talk->parser, data);
}

static void on_interrupt(void *ctx, uint64_t id, struct usb_redir_interrupt_packet_header *h, uint8_t *data, int n)
{
    struct usbredir_talk *talk = ctx;
    struct usb_redir_interrupt_packet_header refused = {h->endpoint, usb_redir_stall, 0};
    (void)n;
    usbredirparser_send_interrupt_packet(talk->parser, id, &refused, NULL, 0);
    usbredirparser_free_packet_data(talk->parser, data);
}

static void on_cancel(void *ctx, uint64_t id)
{
    struct usbredir_talk *talk = ctx;
    for (struct usb_transfer *t = talk->transfers.pending; t; t = t->next) {
        if (((struct job *)t)->id != id)
            continue;
        usb_transfers_take(&talk->transfers, t);
        t->status = -ECANCELED;
        job_answer(talk, (struct job *)t);
        usb_transfers_pump(&talk->transfers);
        return;
    }
}

static void on_let_go(void *ctx)
{
    struct usbredir_talk *talk = ctx;
    talk->letting_go = false;
    offer(talk);
}

static void on_reject(void *ctx)
{
    (void)ctx;
}

static void on_filter(void *ctx, struct usbredirfilter_rule *rules, int count)
{
    (void)ctx;
    (void)count;
    free(rules);
}

/* ---- the connection ---- */

static struct usbredirparser *parser_new(struct usbredir_talk *talk)
{
    static const int capabilities[] = {usb_redir_cap_connect_device_version,  usb_redir_cap_filter,
                                       usb_redir_cap_device_disconnect_ack,   usb_redir_cap_64bits_ids,
                                       usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_32bits_bulk_length};
    uint32_t bits[USB_REDIR_CAPS_SIZE] = {0};
    struct usbredirparser *p = usbredirparser_create();
    if (!p)
        return NULL;
    p->priv = talk;
    p->log_func = say_of_parser;
    p->read_func = read_peer;
    p->write_func = write_peer;
    p->hello_func = on_hello;
    p->reset_func = on_reset;
    p->set_configuration_func = on_set_configuration;
    p->get_configuration_func = on_get_configuration;
    p->set_alt_setting_func = on_set_alt;
    p->get_alt_setting_func = on_get_alt;
    p->start_interrupt_receiving_func = on_start_interrupts;
    p->stop_interrupt_receiving_func = on_stop_interrupts;
    p->cancel_data_packet_func = on_cancel;
    p->control_packet_func = on_control;
    p->bulk_packet_func = on_bulk;
    p->interrupt_packet_func = on_interrupt;
    p->device_disconnect_ack_func = on_let_go;
    p->filter_reject_func = on_reject;
    p->filter_filter_func = on_filter;
    for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
        usbredirparser_caps_set_cap(bits, capabilities[i]);
    usbredirparser_init(p, "modality-sim", bits, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
    return p;
}

static void ready(void *ctx, uint32_t events)
{
    struct usbredir_talk *talk = ctx;
    (void)events;
    if (usbredirparser_do_read(talk->parser) < 0)
        end_soon(talk);
    else
        flush(talk);
}

static void end(void *ctx, int64_t now_ns)
{
    struct usbredir_talk *talk = ctx;
    (void)now_ns;
    talk->gone(talk->ctx);
}

struct usbredir_talk *usbredir_talk_new(struct loop *loop, int fd, void (*gone)(void *ctx), void *ctx)
{
    struct usbredir_talk *talk = calloc(1, sizeof *talk);
    if (!talk)
        return NULL;
    *talk = (struct usbredir_talk){.loop = loop, .fd = fd, .gone = gone, .ctx = ctx};
    talk->end = (struct loop_timer){.fn = end, .ctx = talk};
    talk->parser = parser_new(talk);
    talk->source = talk->parser ? loop_add(loop, fd, EPOLLIN, ready, talk) : NULL;
    if (!talk->source) {
        if (talk->parser)
            usbredirparser_destroy(talk->parser);
        free(talk);
        return NULL;
    }
    flush(talk);
    return talk;
}

void usbredir_talk_free(struct usbredir_talk *talk)
{
    if (!talk)
        return;
    usbredir_talk_pull(talk);
    loop_timer_cancel(talk->loop, &talk->end);
    loop_remove(talk->loop, talk->source);
    usbredirparser_destroy(talk->parser);
    close(talk->fd);
    free(talk);
}

/* ---- the plug ---- */

static void woken(void *ctx)
{
    usb_transfers_pump(&((struct usbredir_talk *)ctx)->transfers);
}

void usbredir_talk_plug(struct usbredir_talk *talk, struct usb_gadget *gadget)
{
    talk->gadget = gadget;
    talk->transfers = (struct usb_transfers){.gadget = gadget, .over = over, .ctx = talk};
    gadget->wake = woken;
    gadget->wake_ctx = talk;
    offer(talk);
}

void usbredir_talk_pull(struct usbredir_talk *talk)
{
    if (!talk->gadget)
        return;
    forget(talk);
    talk->gadget->wake = NULL;
    talk->gadget = NULL;
    if (!talk->offered)
        return;
    usbredirparser_send_device_disconnect(talk->parser);
    talk->offered = false;
    talk->letting_go = true;
    flush(talk);
}
