/* SPDX-License-Identifier: Apache-2.0 */
/* A device model on the bench: a fake clock, a sink that remembers each channel's last change, faults in one line. */
#ifndef TEST_SIM_BENCH_H
#define TEST_SIM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#define T0 (1000 * NS_PER_S) /* the fake clock starts here */
#define MS(n) (T0 + (n)*NS_PER_MS)

struct seen {
    unsigned changes;
    struct model_output output[MODEL_CHANNELS_MAX];
    enum cause cause[MODEL_CHANNELS_MAX];
    int64_t t_ns[MODEL_CHANNELS_MAX];
};

struct bench {
    struct seen seen;
    struct model *model;
};

static inline void changed(void *ctx, unsigned channel, const struct model_output *output, enum cause cause,
                           int64_t t_ns)
{
    struct seen *seen = ctx;
    seen->changes++;
    seen->output[channel] = *output;
    seen->cause[channel] = cause;
    seen->t_ns[channel] = t_ns;
}

static inline int bench_new(void **state, const struct model_kind *kind)
{
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        return -1;
    b->model = model_new(kind, (struct model_sink){.changed = changed, .ctx = &b->seen}, T0);
    *state = b;
    return b->model ? 0 : -1;
}

static inline int bench_free(void **state)
{
    struct bench *b = *state;
    model_free(b->model);
    free(b);
    return 0;
}

static inline void inject(struct bench *b, enum fault_id fault, enum fault_arg arg, int64_t value)
{
    struct fault_args args = {0};
    if (arg != ARG_COUNT) {
        args.present = 1u << arg;
        args.value[arg] = value;
    }
    assert_int_equal(model_inject(b->model, fault, &args), 0);
}

static inline void clear(struct bench *b, enum fault_id fault)
{
    struct fault_args none = {0};
    assert_int_equal(model_clear(b->model, fault, &none), 0);
}

struct bench_looking {
    unsigned channel;
    const char *name;
    bool found;
    int64_t value;
};

static inline void bench_look(void *ctx, unsigned channel, const char *name, int64_t value)
{
    struct bench_looking *looking = ctx;
    if (channel != looking->channel || strcmp(name, looking->name) != 0)
        return;
    looking->found = true;
    looking->value = value; /* the last of that name, as in the JSON object that the control socket makes of it */
}

/* A member of the state, of a channel from 1 or of the device (0). */
static inline int64_t bench_state(const struct bench *b, unsigned channel, const char *name)
{
    struct bench_looking looking = {.channel = channel, .name = name};
    model_state(b->model, bench_look, &looking);
    assert_true(looking.found);
    return looking.value;
}

#endif
