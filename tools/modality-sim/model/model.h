/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device model: what a device does and what truly comes out of it, whatever front it is reached through. A kind
 * brings its settings and its physics; model.c walks time, keeps the guard, and reports every change of true output
 * to one sink, at the model's own time of that change; model_fault.c does to it what the control socket asks. Nothing
 * here knows a wire, a socket or a clock.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "fault.h"
#include "model/guard.h"

#include <stddef.h>

#define MODEL_CHANNELS_MAX 8
#define MODEL_SETTINGS_MAX 16
#define MODEL_TUNINGS_MAX 4
#define MODEL_TICK_NS INT64_C(10000000) /* step of the physics while something drifts: 10 ms */

/* What truly comes out of a channel, in the unit of the channel's quantity. */
struct model_output {
    bool on;
    int64_t value;
    int64_t set;  /* what the settings ask for */
    int polarity; /* of the active electrode, as it truly is: 1 anode, 2 cathode, 0 = not a matter of this output */
};

struct model_sink {
    void (*changed)(void *ctx, unsigned channel, const struct model_output *output, enum cause cause, int64_t t_ns);
    void *ctx;
};

/* A setting of a channel in base units; allowed (if given) lists the only values, zero-terminated. */
struct model_setting {
    const char *name;
    int32_t least;
    int32_t most;
    int32_t initial; /* after switch-on */
    const int32_t *allowed;
};

struct model_channel_kind {
    const char *quantity; /* id of include/modality/quantity.h of the true output */
    unsigned settings;
    const struct model_setting *setting;
    int32_t rest; /* value of the quantity that is no output at all; faults of delivery count from here */
};

/* A number of the physics that the command line may choose, so that slow things can be tested in seconds. */
struct model_tuning {
    const char *name;
    int32_t least;
    int32_t most;
    int32_t initial;
};

typedef void (*model_state_fn)(void *ctx, unsigned channel, const char *name, int64_t value);

struct model;

struct model_kind {
    const char *name;
    unsigned channels;
    struct model_channel_kind channel[MODEL_CHANNELS_MAX];
    unsigned tunings;
    const struct model_tuning *tuning;
    size_t size;     /* of the struct that embeds struct model first */
    bool exclusive;  /* only one of its channels may run at a time */
    bool bare;       /* no watchdog, timer and hand switch, and settings outlast a loss of power */
    bool unswitched; /* no timer and hand switch */
    bool unguarded;  /* its outputs run by rules of their own: nothing starts by itself, and no fault code is latched */
    void (*init)(struct model *model);
    /* A kind that runs by its set point: whether value may be written (0 or -EPERM), and what follows from it. */
    int (*allow)(const struct model *model, unsigned channel, unsigned setting, int32_t value);
    void (*written)(struct model *model, unsigned channel, unsigned setting);
    /* Brings the kind's own state in line with the guard, which may have rested or started outputs; may be NULL. */
    void (*settle)(struct model *model);
    /* Physics from model->now_ns to to_ns, with outputs as they are; may latch a fault. */
    void (*integrate)(struct model *model, int64_t to_ns);
    /* True while something drifts and integrate must run every tick. */
    bool (*drifting)(const struct model *model);
    /* The true output; output->on comes in as the guard's and may be corrected. */
    void (*compute)(const struct model *model, unsigned channel, struct model_output *output);
    /* Sets or clears one of the kind's own conditions on the channels in mask. -ENOTSUP: not a fault of this kind.
     * NULL: it has none. */
    int (*inject)(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask);
    int (*clear)(struct model *model, enum fault_id fault, uint32_t mask);
    void (*state)(const struct model *model, unsigned channel, model_state_fn emit, void *ctx);
};

struct model {
    const struct model_kind *kind;
    struct model_sink sink;
    struct guard guard;
    int64_t now_ns;
    int64_t next_tick_ns;
    int64_t down_until_ns; /* rebooting; 0 = up */
    enum restart_with restart;
    uint32_t restart_mask;
    int32_t setting[MODEL_CHANNELS_MAX][MODEL_SETTINGS_MAX];
    int32_t tuning[MODEL_TUNINGS_MAX];
    struct model_output last[MODEL_CHANNELS_MAX];
    int32_t deliver_permille[MODEL_CHANNELS_MAX];
    int32_t misreport_permille[MODEL_CHANNELS_MAX];
    int32_t jitter_permille[MODEL_CHANNELS_MAX];
    bool level_held[MODEL_CHANNELS_MAX];
    double held_level[MODEL_CHANNELS_MAX];
};

/* A device just switched on at now_ns; reports its outputs at rest to the sink. NULL without memory. */
struct model *model_new(const struct model_kind *kind, struct model_sink sink, int64_t now_ns);
void model_free(struct model *model);

/* Brings the model to now_ns, event by event. Every other call expects to be made at model->now_ns. */
void model_advance(struct model *model, int64_t now_ns);
/* When the model has to be advanced although nobody asks; INT64_MAX = never. */
int64_t model_next_ns(const struct model *model);
/* While it reboots a device neither answers nor acts. */
bool model_is_down(const struct model *model);

/* Position of a tuning, or -ENOENT; and its value, -ERANGE when outside its range. */
int model_tuning_find(const struct model_kind *kind, const char *name);
int model_tune(struct model *model, unsigned tuning, int32_t value);

/* -ERANGE: outside the setting's range; -EPERM: not now. Check alone changes nothing. */
int model_setting_check(const struct model *model, unsigned channel, unsigned setting, int32_t value);
int model_setting_write(struct model *model, unsigned channel, unsigned setting, int32_t value);
/* Run commands by mask of channels: stop first, then start. -EPERM: something is latched, or outputs exclude each
 * other. */
int model_run_check(const struct model *model, uint32_t start, uint32_t stop);
int model_run(struct model *model, uint32_t start, uint32_t stop);
void model_feed(struct model *model, uint16_t value);
void model_clear_latches(struct model *model);

int model_inject(struct model *model, enum fault_id fault, const struct fault_args *args);
int model_clear(struct model *model, enum fault_id fault, const struct fault_args *args);
void model_state(const struct model *model, model_state_fn emit, void *ctx);
/* The settings as delivered. */
void model_settings_reset(struct model *model);
/* Switches off, and on again after the time that args give. */
void model_reboot(struct model *model, const struct fault_args *args);

/* What the output stage aims at when set is asked for, in the unit of the channel's quantity. */
double model_aim(const struct model *model, unsigned channel, double set);

/* What the device measures, as a share of what truly is; the same for all that is asked of one moment. */
double model_reported(const struct model *model, unsigned channel);

/* Reports outputs that differ from what was reported last. */
void model_refresh(struct model *model, enum cause cause);

#endif
