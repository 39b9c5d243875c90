/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tiny Modbus device in a thread of the test, on TCP or on a pty as RTU, that answers wrongly on demand. It frames by
 * itself, keeps registers (never checks ranges) and remembers every write it was sent.
 */
#ifndef TEST_MODBUS_MAP_FAULT_PEER_H
#define TEST_MODBUS_MAP_FAULT_PEER_H

#include <stdbool.h>
#include <stdint.h>

enum peer_fault {
    PEER_GOOD,
    PEER_SILENT,             /* does it, says nothing */
    PEER_DRIP,               /* the reply byte by byte, slower than anybody waits */
    PEER_LATE,               /* the reply comes after the delay */
    PEER_LATE_UNDONE,        /* nothing is done; a good-looking reply comes after the delay */
    PEER_EXCEPTION,          /* refuses with the given code */
    PEER_CLOSE,              /* does it, closes instead of answering */
    PEER_GARBAGE,            /* bytes that are no frame */
    PEER_TRUNCATED,          /* half a reply */
    PEER_WRONG_FUNCTION,     /* a reply to another function */
    PEER_WRONG_UNIT,         /* another unit's reply */
    PEER_WRONG_TRANSACTION,  /* TCP: the transaction before */
    PEER_BAD_CHECKSUM,       /* RTU */
    PEER_WRONG_ECHO,         /* does nothing, echoes another address and value */
    PEER_ECHO_WITHOUT_DOING, /* a perfect echo, nothing done */
    PEER_TRAILING,           /* a good reply and bytes behind it */
    PEER_TWICE,              /* a good reply, and a little later the same again */
    PEER_WRONG_COUNT,        /* the byte count of a read lies */
    PEER_FOREIGN_EXCEPTION,  /* another unit's exception, with the given code */
    PEER_WRONG_PROTOCOL,     /* TCP: protocol 1 */
    PEER_LENGTH_SAYS,        /* TCP: the length field is the argument */
    PEER_LENGTH_OFF_BY,      /* TCP: the length field is wrong by the argument */
    PEER_PADDED,             /* TCP: bytes behind the reply that the length field counts */
};

struct peer;

struct peer *peer_new(bool rtu);
void peer_free(struct peer *p);
/* "tcp:127.0.0.1:PORT" or "serial:/dev/pts/N". */
const char *peer_link(const struct peer *p);

/* The next count requests of this function (0: any) are answered with the fault; delay_ms where it has one. */
void peer_inject(struct peer *p, enum peer_fault fault, unsigned count, uint8_t function, int argument);

void peer_set_input(struct peer *p, uint16_t address, uint16_t value);
uint16_t peer_holding(struct peer *p, uint16_t address);
bool peer_coil(struct peer *p, uint16_t address);
/* Writes seen since the last call. */
unsigned peer_writes(struct peer *p);
unsigned peer_requests(struct peer *p);

#endif
