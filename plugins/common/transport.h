/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of bytes to one device, whatever carries it: USB, a terminal, a test's socket. What a plugin with a serial
 * protocol stands on, so that its protocol knows no port. Every wait ends at an absolute CLOCK_MONOTONIC deadline, a
 * deadline in the past only takes or gives what goes at once; nothing is written or sent twice; write and read allocate
 * nothing on the way to rest unless the carrier's library does.
 */
#ifndef PLUGINS_TRANSPORT_H
#define PLUGINS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport {
    void *ctx; /* the carrier's, given back as the first argument */
    /*
     * All of bytes[0..n) goes out: 0; -EAGAIN nothing of it did; -ETIMEDOUT an unknown part did; -EIO the carrier
     * failed, part may have gone out; -ENODEV the device is gone.
     */
    int (*write)(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns);
    /* Waits for bytes and takes what is there, *n of them: 0; -EAGAIN nothing came; -EIO; -ENODEV. */
    int (*read)(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n);
    /* Closes without writing. */
    void (*close)(void *ctx);
};

/* Where a transport comes from, so that what speaks a protocol can be given a socket in place of a device. */
struct transport_wire {
    void *ctx;
    /* 0 with *out filled; -ENODEV, -EBUSY, -EIO, -ETIMEDOUT, -EAGAIN. Sends nothing that the device would act on. */
    int (*open)(void *ctx, int64_t deadline_ns, struct transport *out);
    /* Makes what is open usable again and drops what comes late: 0, -EAGAIN it goes on talking, -ENODEV, -EIO. */
    int (*recover)(void *ctx, int64_t deadline_ns);
    /* What is done between true and false is on the way to rest. */
    void (*toward_rest)(void *ctx, bool on);
};

#endif
