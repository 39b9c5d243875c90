/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin with a device that answers wrongly, on TCP or on RTU; calls that end by their deadline whatever comes. */
#ifndef TEST_MODBUS_MAP_FAULT_BENCH_H
#define TEST_MODBUS_MAP_FAULT_BENCH_H

#include "fault_peer.h"
#include "support.h"

#define CALL_MS 60
#define LATE_MS 120
#define LONG_MS 20000 /* the patience of what is not about time */
/* What a call may take beyond its deadline on a loaded machine under sanitizers. */
#define SLACK_MS 1000

struct bench {
    bool rtu;
    struct support *s;
    struct peer *peer;
    const struct modality_plugin *p;
    struct modality_link *link;
};

/* Fixtures of cmocka: identified, and nothing said yet. */
int bench_tcp(void **state);
int bench_rtu(void **state);
int bench_close(void **state);

/* What the calls say; it is a failure if they take longer. */
int status_in(struct bench *b, int ms, struct modality_status *out);
int apply_in(struct bench *b, int ms, int64_t ua);
/* A set point of two registers, by function 16. */
int apply_timer_in(struct bench *b, int ms);
int stop_in(struct bench *b, int ms);

/* After a reply that cannot be trusted: nothing is read until reopen, everything is after it. */
void assert_doubt_then_healed(struct bench *b);

#define TCP_TEST(f)                                                                                                    \
    {                                                                                                                  \
#f " on TCP", f, bench_tcp, bench_close, NULL                                                                  \
    }
#define RTU_TEST(f)                                                                                                    \
    {                                                                                                                  \
#f " on RTU", f, bench_rtu, bench_close, NULL                                                                  \
    }
#define BOTH(f) TCP_TEST(f), RTU_TEST(f)

#endif
