/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets of Openwater's Open-LIFU console and transmitter: AA, header, data, CRC-16/CCITT-FALSE, DD. Nothing is
 * stuffed, so that an end is found by the length alone. What the fields mean belongs to the plugin. Pure, no
 * allocation.
 */
#ifndef PLUGINS_OW_PACKET_H
#define PLUGINS_OW_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OW_DATA_MAX 2048    /* the transmitter's buffer; the console's holds a whole packet of that size */
#define OW_PACKET_AROUND 12 /* bytes of a packet without data */
#define OW_PACKET_MAX (OW_DATA_MAX + OW_PACKET_AROUND)

struct ow_packet {
    uint16_t id; /* the host counts from 1 and the answer repeats it; 0 is unsolicited */
    uint8_t type, command;
    uint8_t addr;        /* module, chip or fan */
    uint8_t reserved;    /* a small argument or result */
    size_t size;         /* of data */
    const uint8_t *data; /* may be NULL when size is 0 */
};

/*
 * Writes the packet to out[0..size) and its length to *out_size: 0; -EMSGSIZE more data than a device takes; -ENOSPC
 * out is too small. Nothing is written on failure.
 */
int ow_packet_encode(const struct ow_packet *packet, uint8_t *out, size_t size, size_t *out_size);

/* What is wrong with what came. OW_FAULTS is their number. */
enum ow_fault {
    OW_OVERSIZED, /* the header says more data than there can be */
    OW_END,       /* no DD where the length says that the packet ends */
    OW_CRC,
    OW_TRUNCATED, /* the line fell silent inside a packet */
    OW_FAULTS
};

enum ow_event { OW_MORE, OW_PACKET, OW_FAULT };

/*
 * Takes bytes as they come, in any pieces. After a fault the bytes that followed its AA are looked at again: what was
 * taken for data may hold the next packet.
 */
struct ow_receiver {
    size_t used;               /* of bytes */
    size_t taken;              /* of them, in the packet that was handed on: dropped with the next call */
    struct ow_packet packet;   /* after OW_PACKET: its data is in bytes, until the next call */
    enum ow_fault fault;       /* after OW_FAULT */
    uint64_t packets, ignored; /* packets handed on; bytes outside packets */
    uint64_t faults[OW_FAULTS];
    uint8_t bytes[OW_PACKET_MAX]; /* begins with AA, or is empty */
};

void ow_receiver_init(struct ow_receiver *r);

/*
 * Takes from *bytes, advancing it and *n, up to the first packet or fault. OW_MORE: all were taken, and what is kept is
 * no whole packet. Call it until it says so.
 */
enum ow_event ow_receiver_take(struct ow_receiver *r, const uint8_t **bytes, size_t *n);

/*
 * The line has been silent, and a device sends its packets in one go: what was begun will not be finished. OW_FAULT if
 * there was something; then call ow_receiver_take() until it says OW_MORE and this again until it says so too.
 */
enum ow_event ow_receiver_silence(struct ow_receiver *r);

/* Forgets a packet that was begun, without counting it: the transport was flushed. Counters stay. */
void ow_receiver_restart(struct ow_receiver *r);

/* "a packet was cut short", ... for a log line. */
const char *ow_fault_text(enum ow_fault fault);

#endif
