/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ScienceMode 2 of the RehaStim 2: any body that is decoded holds nothing that its ranges do not allow; any stream of
 * bytes ends a call with one of the errors that it promises, sends no more frames than the call has steps, and never
 * makes a device look at rest that was not heard to say so; any set points that make a list can be sent as they are.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "judge.h"
#include "modality/clock.h"
#include "unit.h"

/* ---- bodies ---- */

static void decode(const uint8_t *data, size_t size)
{
    struct sm2_answer a, untouched;
    memset(&a, 0x5a, sizeof a);
    untouched = a;
    if (sm2_decode(data, size, &a) < 0) {
        FUZZ_CHECK(memcmp(&a, &untouched, sizeof a) == 0);
        return;
    }
    FUZZ_CHECK(a.mode <= SM2_MODE_STARTED && a.result >= -128 && a.result <= 127);
    FUZZ_CHECK(a.version <= UINT8_MAX && a.unknown <= UINT8_MAX);
    FUZZ_CHECK(a.result == SM2_OK || a.mode == SM2_MODE_START);
    FUZZ_CHECK(sm2_result_text(a.result) && sm2_error_text(a.result));
}

/* ---- streams ---- */

/* What the device says, in pieces of the size that the first byte names; then nothing. */
struct stream {
    const uint8_t *data;
    size_t size, piece;
    unsigned frames; /* that it was sent */
};

static int take(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct stream *s = ctx;
    (void)deadline_ns;
    if (s->size == 0)
        return -ENODEV; /* so that nobody waits for more */
    *n = s->piece < size ? s->piece : size;
    *n = *n < s->size ? *n : s->size;
    memcpy(bytes, s->data, *n);
    s->data += *n;
    s->size -= *n;
    return 0;
}

static int give(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct stream *s = ctx;
    (void)deadline_ns;
    FUZZ_CHECK(n >= 8 && n <= stuffed_sciencemode2.frame_max && bytes[0] == 0xf0 && bytes[n - 1] == 0x0f);
    s->frames++;
    return 0;
}

static void end(void *ctx)
{
    (void)ctx;
}

static int wire_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    (void)deadline_ns;
    *out = (struct transport){.ctx = ctx, .write = give, .read = take, .close = end};
    return 0;
}

static int wire_recover(void *ctx, int64_t deadline_ns)
{
    (void)ctx;
    (void)deadline_ns;
    return 0;
}

static void wire_toward_rest(void *ctx, bool on)
{
    (void)ctx;
    (void)on;
}

__attribute__((format(printf, 3, 4))) static void no_log(void *ctx, enum modality_log_level level, const char *format,
                                                         ...)
{
    (void)ctx;
    (void)level;
    (void)format;
}

static const struct modality_services services = {.size = sizeof services, .log = no_log};

static bool is_error(int r)
{
    return r == 0 || r == -ENODEV || r == -ETIMEDOUT || r == -EPROTO || r == -EIO || r == -EACCES || r == -EAGAIN;
}

static void calls(const uint8_t *data, size_t size)
{
    struct stream s = {.data = data + 1, .size = size - 1, .piece = 1u + data[0] % 64};
    static struct modality_link link;
    struct modality_status status;
    struct modality_identity identity;
    link = (struct modality_link){
        .services = &services,
        .config = {.id = "fuzz", .n_groups = 1, .groups = {{"all", 0xff}}},
        .wire = {.ctx = &s, .open = wire_open, .recover = wire_recover, .toward_rest = wire_toward_rest}};
    int64_t deadline = clock_monotonic_ns() + 60 * NS_PER_S;
    FUZZ_CHECK(unit_open(&link, deadline) == 0);
    for (int i = 0; i < 4; i++) {
        unsigned before = s.frames;
        switch ((data[0] + i) % 4) {
        case 0:
            FUZZ_CHECK(is_error(unit_identify(&link, 0, deadline, &identity)));
            break;
        case 1:
            FUZZ_CHECK(is_error(unit_stop(&link, 0, 0, deadline)));
            break;
        case 2:
            FUZZ_CHECK(is_error(unit_keepalive(&link, 0, deadline)));
            break;
        default:
            if (unit_status(&link, 0, deadline, &status) == 0)
                FUZZ_CHECK((status.channels[0].output == OUTPUT_ON) == link.memory.started);
            break;
        }
        FUZZ_CHECK(s.frames - before <= 8);
        (void)unit_reopen(&link, deadline);
    }
    unit_close(&link);
}

/* ---- set points ---- */

static void build(const uint8_t *data, size_t size)
{
    static const enum modality_quantity quantities[] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us,
                                                        QUANTITY_pulse_rate_millihz};
    struct wanted w = {0};
    struct sm2_list list;
    struct sm2_pulse pulses[SM2_CHANNELS];
    uint8_t frame[STUFFED_FRAME_MAX];
    const char *why = "";
    size_t n;
    for (; size >= 5; data += 5, size -= 5) {
        int64_t value =
            (int64_t)data[1] | (int64_t)data[2] << 8 | (int64_t)data[3] << 16 | (int64_t)(data[4] & 1) << 24;
        (void)wanted_put(&w, data[0] & 7u, quantities[data[0] / 8 % 3], value, &why);
    }
    if (wanted_list(&w, 0xff, &list, &why) < 0)
        return;
    wanted_pulses(&w, pulses);
    struct sm2_request q = {.command = SM2_INIT_LIST, .list = list};
    FUZZ_CHECK(sm2_encode(&q, frame, sizeof frame, &n) == 0);
    q = (struct sm2_request){.command = SM2_START_LIST, .list = list, .pulses = pulses};
    FUZZ_CHECK(sm2_encode(&q, frame, sizeof frame, &n) == 0 && n <= stuffed_sciencemode2.frame_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    if (size > 1) {
        calls(data, size);
        build(data + 1, size - 1);
    }
    return 0;
}
