/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of a wire on which the devices of these tests stand: a listening TCP socket or a pty, and the link by which
 * the plugin reaches it.
 */
#ifndef TEST_MODBUS_MAP_WIRE_H
#define TEST_MODBUS_MAP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_LINK_MAX 64

struct wire {
    bool rtu;
    int listener; /* TCP, else -1 */
    int fd;       /* the connection, or the pty's master; -1 while nobody is connected */
    int slave_fd; /* RTU: held open, so that a port that is reopened is not a hang-up */
    char link[WIRE_LINK_MAX];
};

void wire_open(struct wire *w, bool rtu);
/* Takes a new connection in place of the old one. */
void wire_accept(struct wire *w);
/* Closes the connection; a pty stays. */
void wire_drop(struct wire *w);
void wire_close(struct wire *w);
/* False when the other side has gone; that is what some tests are about. */
bool wire_send(const struct wire *w, const uint8_t *bytes, size_t size);

/* The checksum of RTU. */
uint16_t wire_crc(const uint8_t *bytes, size_t size);

#endif
