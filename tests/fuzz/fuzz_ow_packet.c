/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of Open-LIFU: what comes out does not depend on how the bytes came in pieces, every byte is in a packet, in a
 * fault or ignored, and every packet that is handed on is encoded again to the bytes that came.
 */
#include <string.h>

#include "common/ow_packet.h"
#include "fuzz.h"

struct seen {
    uint64_t events;
    size_t bytes; /* of packets */
    uint32_t digest;
};

static void see(struct seen *seen, enum ow_event event, const struct ow_receiver *r)
{
    uint8_t wire[OW_PACKET_MAX];
    size_t size = 0;
    seen->events++;
    seen->digest = seen->digest * 31 + (uint32_t)event;
    if (event == OW_FAULT) {
        seen->digest = seen->digest * 31 + (uint32_t)r->fault;
        return;
    }
    FUZZ_CHECK(ow_packet_encode(&r->packet, wire, sizeof wire, &size) == 0);
    FUZZ_CHECK(size <= r->used && memcmp(wire, r->bytes, size) == 0);
    seen->bytes += size;
    for (size_t i = 0; i < size; i++)
        seen->digest = seen->digest * 31 + wire[i];
}

static void take_all(struct ow_receiver *r, struct seen *seen, const uint8_t *data, size_t n)
{
    const uint8_t *at = data;
    enum ow_event event;
    while ((event = ow_receiver_take(r, &at, &n)) != OW_MORE)
        see(seen, event, r);
    FUZZ_CHECK(n == 0);
}

/* All bytes, piece by piece, and the silence behind them. */
static struct seen receive(const uint8_t *data, size_t size, size_t piece)
{
    static struct ow_receiver r;
    struct seen seen = {0};
    uint64_t faults = 0;
    size_t all = size;
    ow_receiver_init(&r);
    while (size > 0) {
        size_t n = piece < size ? piece : size;
        take_all(&r, &seen, data, n);
        data += n;
        size -= n;
    }
    for (enum ow_event event; (event = ow_receiver_silence(&r)) != OW_MORE;) {
        see(&seen, event, &r);
        take_all(&r, &seen, NULL, 0);
    }
    FUZZ_CHECK(r.used == 0);
    for (int i = 0; i < OW_FAULTS; i++)
        faults += r.faults[i];
    FUZZ_CHECK(faults + r.packets == seen.events);
    FUZZ_CHECK(r.ignored + seen.bytes + faults == all); /* of a fault its start byte is dropped */
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = receive(data, size, size), bytes = receive(data, size, 1);
    FUZZ_CHECK(whole.events == bytes.events && whole.digest == bytes.digest);
    return 0;
}
