/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ScienceMode 4 of the P24: any body that is decoded holds nothing that its ranges do not allow; any stream of bytes
 * ends an exchange with one of the errors that it promises and leaves the answer alone on failure; any pulse that is
 * built is balanced, in range and can be sent.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "modality/clock.h"
#include "port.h"
#include "pulse.h"

/* ---- bodies ---- */

static void decode(const uint8_t *data, size_t size)
{
    struct sm4_answer a, untouched;
    memset(&a, 0x5a, sizeof a);
    untouched = a;
    if (sm4_decode(data, size, &a) < 0) {
        FUZZ_CHECK(memcmp(&a, &untouched, sizeof a) == 0);
        return;
    }
    FUZZ_CHECK(a.number < SM4_NUMBERS && a.result <= UINT8_MAX && a.mode <= SM4_MODE_MID_LEVEL_RUNNING);
    FUZZ_CHECK(a.voltage <= SM4_VOLTAGE_FULL && a.active <= UINT8_MAX && a.channel < SM4_CHANNELS);
    FUZZ_CHECK(memchr(a.id, 0, sizeof a.id) != NULL);
    for (int c = 0; c < SM4_CHANNELS; c++)
        FUZZ_CHECK(a.states[c] <= SM4_CHANNEL_LOW_CURRENT);
    FUZZ_CHECK(a.has_data || a.result != SM4_OK);
}

/* ---- streams ---- */

/* What the device says, in pieces of the size that the first byte names; then nothing. */
struct stream {
    const uint8_t *data;
    size_t size, piece;
};

static int take(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct stream *s = ctx;
    (void)deadline_ns;
    if (s->size == 0)
        return -EAGAIN;
    *n = s->piece < size ? s->piece : size;
    *n = *n < s->size ? *n : s->size;
    memcpy(bytes, s->data, *n);
    s->data += *n;
    s->size -= *n;
    return 0;
}

static int give(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    (void)ctx;
    (void)deadline_ns;
    FUZZ_CHECK(n >= 12 && n <= STUFFED_FRAME_MAX + 1 && bytes[n - 1] == 0x0f);
    return 0;
}

static void end(void *ctx)
{
    (void)ctx;
}

static void exchange(const uint8_t *data, size_t size)
{
    static struct sm4_port port;
    struct stream nothing = {NULL, 0, 1}, s = {data + 1, size - 1, 1u + data[0] % 64};
    const struct transport t = {.ctx = &nothing, .write = give, .read = take, .close = end};
    const struct sm4_request q = {.command = SM4_ML_CURRENT_DATA, .selection = 4};
    struct sm4_answer a, untouched;
    sm4_port_begin(&port, &t, data[0] / 4u);
    port.transport.ctx = &s;
    for (int i = 0; i < 3; i++) {
        memset(&a, 0x5a, sizeof a);
        untouched = a;
        int r = sm4_port_exchange(&port, &q, INT64_MAX, &a);
        FUZZ_CHECK(r == 0 || r == -ETIMEDOUT || r == -EPROTO);
        FUZZ_CHECK(r == 0 || (port.doubt && memcmp(&a, &untouched, sizeof a) == 0));
        FUZZ_CHECK(r < 0 || a.command == SM4_ML_CURRENT_DATA + 1 || a.command == SM4_UNKNOWN_COMMAND);
        FUZZ_CHECK(port.number < SM4_NUMBERS && port.general_error <= UINT8_MAX);
    }
    sm4_port_end(&port);
}

/* ---- pulses ---- */

static void build(const uint8_t *data, size_t size)
{
    struct pulse_shape shape = {0};
    struct sm4_pulse pulses[SM4_CHANNELS] = {0};
    const char *why = NULL;
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t n;
    memcpy(&shape, data, size < sizeof shape ? size : sizeof shape);
    if (pulse_build(&shape, &pulses[3], &why) < 0) {
        FUZZ_CHECK(why != NULL);
        return;
    }
    const struct sm4_pulse *p = &pulses[3];
    int64_t charge = 0, us = 0;
    for (size_t i = 0; i < p->n_points; i++) {
        charge += (int64_t)p->points[i].duration_us * p->points[i].current;
        us += p->points[i].duration_us;
    }
    FUZZ_CHECK(charge == 0 && us < sm4_period_us(p));
    FUZZ_CHECK((int64_t)p->points[0].current * PULSE_STEP_UA == shape.amplitude_ua);
    /* never faster than it was asked for, and by less than a mHz slower */
    FUZZ_CHECK(sm4_period_us(p) * shape.pulse_rate_millihz >= INT64_C(1000000000));
    FUZZ_CHECK(sm4_period_us(p) * (shape.pulse_rate_millihz - 1) < INT64_C(1000000000));
    const struct sm4_request q = {.command = SM4_ML_UPDATE, .mask = 8, .pulses = pulses};
    FUZZ_CHECK(sm4_encode(&q, frame, sizeof frame, &n) == 0);
}

/* Whatever stands in a command: it is refused, or every field of it is what was asked for. */
static void encode(const uint8_t *data, size_t size)
{
    struct sm4_pulse pulses[SM4_CHANNELS] = {0};
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t n = 0;
    memcpy(&pulses[0], data, size < sizeof pulses[0] ? size : sizeof pulses[0]);
    pulses[0].quarters = data[0] & 1;
    const struct sm4_request q = {.command = SM4_ML_UPDATE, .mask = 1, .pulses = pulses};
    if (sm4_encode(&q, frame, sizeof frame, &n) < 0)
        return;
    FUZZ_CHECK(pulses[0].n_points >= 1 && pulses[0].n_points <= SM4_POINTS_MAX);
    for (size_t i = 0; i < pulses[0].n_points; i++) {
        const struct sm4_point *p = &pulses[0].points[i];
        FUZZ_CHECK(p->current >= -SM4_CURRENT_MAX && p->current <= SM4_CURRENT_MAX);
        FUZZ_CHECK(p->duration_us >= SM4_POINT_US_MIN && p->duration_us <= SM4_POINT_US_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    decode(data, size);
    exchange(data, size);
    build(data, size);
    encode(data, size);
    return 0;
}
