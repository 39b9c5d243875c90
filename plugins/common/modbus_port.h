/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port under a Modbus line: connecting, opening, closing, discarding what lies unread and waiting for silence.
 * Private to plugins/common; every wait is a poll bounded by a deadline.
 */
#ifndef PLUGINS_MODBUS_PORT_H
#define PLUGINS_MODBUS_PORT_H

#include <modbus.h>

#include "modbus_link.h"

/* Makes a libmodbus context without opening anything: 0, -EINVAL or -ENOMEM. Freed by modbus_free(). */
int modbus_port_create(const struct modbus_line_config *config, modbus_t **out);

/* Connects or opens into ctx: 0, -ENODEV, -EIO. */
int modbus_port_open(const struct modbus_line_config *config, modbus_t *ctx, int64_t deadline_ns);

/* Closes; what the kernel has not sent yet to a TCP peer is dropped, so that nothing arrives late on our account. */
void modbus_port_close(const struct modbus_line_config *config, modbus_t *ctx);

/* Polls fd for events until the deadline: >0 ready, 0 deadline, -errno. */
int modbus_port_wait(int fd, short events, int64_t deadline_ns);

/* Discards unread bytes: their number, or -EIO when the peer has closed or the port is gone. */
int modbus_port_discard(const struct modbus_line_config *config, modbus_t *ctx);

/* Waits until nothing was received since last_ns for silence_ns: 0, -EAGAIN at the deadline, -EIO. */
int modbus_port_silence(modbus_t *ctx, int64_t last_ns, int64_t silence_ns, int64_t deadline_ns);

#endif
