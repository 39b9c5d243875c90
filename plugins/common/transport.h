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
    /*
     * Opens it, or makes what is open usable again after an error; what came meanwhile may be dropped, nothing is sent.
     * 0, -ENODEV, -EBUSY, -EIO, -EAGAIN. After the first 0 the carrier is closed by out->close, whatever comes later.
     */
    int (*open)(void *ctx, int64_t deadline_ns, struct transport *out);
    /* Around a stop or make_safe; NULL where the carrier keeps nothing in reserve for them. */
    void (*toward_rest)(void *ctx, bool on);
};

#endif
