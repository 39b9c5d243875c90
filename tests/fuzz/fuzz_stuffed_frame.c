/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stuffed frames in both formats: what comes out does not depend on how the bytes came in pieces, nothing is lost
 * count of, every frame that is handed on can be encoded again to one that is received as the same, and every body
 * that can be encoded comes back.
 */
#include <string.h>

#include "common/stuffed_frame.h"
#include "fuzz.h"

struct seen {
    uint64_t events;
    uint32_t digest; /* of every event with what it hands on */
};

static void see(struct seen *seen, enum stuffed_event event, const struct stuffed_receiver *r)
{
    seen->events++;
    seen->digest = seen->digest * 31 + (uint32_t)event;
    if (event == STUFFED_FAULT)
        seen->digest = seen->digest * 31 + (uint32_t)r->fault;
    for (size_t i = 0; event == STUFFED_FRAME && i < r->body_size; i++)
        seen->digest = seen->digest * 31 + r->body[i];
}

static void comes_back(const struct stuffed_format *format, const uint8_t *body, size_t n, bool must_fit)
{
    static struct stuffed_receiver r;
    uint8_t wire[STUFFED_FRAME_MAX];
    size_t size = 0;
    if (stuffed_frame_encode(format, body, n, wire, sizeof wire, &size) < 0) {
        FUZZ_CHECK(!must_fit);
        return;
    }
    FUZZ_CHECK(size <= format->frame_max);
    stuffed_receiver_init(&r, format);
    const uint8_t *at = wire;
    FUZZ_CHECK(stuffed_receiver_take(&r, &at, &size) == STUFFED_FRAME);
    FUZZ_CHECK(size == 0 && r.body_size == n && memcmp(r.body, body, n) == 0);
    FUZZ_CHECK(stuffed_receiver_take(&r, &at, &size) == STUFFED_MORE);
}

/* All bytes, piece by piece. */
static struct seen receive(const struct stuffed_format *format, const uint8_t *data, size_t size, size_t piece)
{
    static struct stuffed_receiver r;
    struct seen seen = {0};
    uint64_t events = 0;
    stuffed_receiver_init(&r, format);
    while (size > 0) {
        size_t n = piece < size ? piece : size, left = n;
        const uint8_t *at = data;
        enum stuffed_event event;
        while ((event = stuffed_receiver_take(&r, &at, &left)) != STUFFED_MORE) {
            see(&seen, event, &r);
            if (event == STUFFED_FRAME)
                comes_back(format, r.body, r.body_size, true);
        }
        FUZZ_CHECK(left == 0 && at == data + n);
        data += n;
        size -= n;
    }
    for (int i = 0; i < STUFFED_FAULTS; i++)
        events += r.faults[i];
    FUZZ_CHECK(events + r.frames == seen.events);
    return seen;
}

static void try_format(const struct stuffed_format *format, const uint8_t *data, size_t size)
{
    struct seen whole = receive(format, data, size, size), bytes = receive(format, data, size, 1);
    FUZZ_CHECK(whole.events == bytes.events && whole.digest == bytes.digest);
    comes_back(format, data, size, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_format(&stuffed_sciencemode4, data, size);
    try_format(&stuffed_sciencemode2, data, size);
    return 0;
}
