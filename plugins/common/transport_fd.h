/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport over a file descriptor, and how a terminal becomes one. Errors of the kernel become those of
 * transport.h: a hang-up, an end of file or a vanished node is -ENODEV.
 */
#ifndef PLUGINS_TRANSPORT_FD_H
#define PLUGINS_TRANSPORT_FD_H

#include <stdbool.h>

#include "transport.h"

/* Takes fd over, which must not block; close() closes it. A terminal, or a socket whose user ignores SIGPIPE. */
struct transport transport_of_fd(int fd);

/* Line of a terminal: 8 data bits, no flow control, raw. */
struct serial_line {
    unsigned baud; /* a rate that termios has a constant for */
    char parity;   /* 'N' or 'E' */
    int stop_bits; /* 1 or 2 */
};

/*
 * Opens a terminal and sets its line, without waiting for a carrier; an FTDI chip behind it is asked for its shortest
 * latency. 0; -ENODEV no such node, or no permission; -EINVAL the rate is none of termios or the port did not take the
 * line; -EIO. *parity_lost: the port is a pseudo terminal, which has no parity and drops it.
 */
int serial_open(const char *path, const struct serial_line *line, bool *parity_lost, int *fd);

#endif
