/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client polls in place of a usbfs node. Its node is a link to the slave of a pseudo terminal: stopped output is
 * "nothing to reap", running output is "reap now", and closing the master is the error and hang-up of a pulled plug.
 */
#ifndef SIM_USB_GATE_H
#define SIM_USB_GATE_H

#include <stdbool.h>
#include <sys/types.h>

struct usb_gate {
    int master, slave; /* -1 = closed */
    pid_t guard;       /* a process that owns the terminal, so that no client gets it as its controlling one */
    bool ready;
    char path[64]; /* of the slave */
};

/* 0 or negative errno. */
int usb_gate_open(struct usb_gate *gate);
void usb_gate_set(struct usb_gate *gate, bool ready);
void usb_gate_close(struct usb_gate *gate);

#endif
