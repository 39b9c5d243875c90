/* SPDX-License-Identifier: Apache-2.0 */
#include "model/openlifu.h"

#include <errno.h>
#include <math.h>
#include <modality/clock.h>
#include <string.h>

#define HOT_C 75.0
#define COOL_C 70.0
#define FULL_V 100.0 /* its ramp is as long as the tuning says, less for less */

#define CHIPS 2
#define REGISTERS 0x1a0

/* 400 kHz, eight cycles on every channel: the example that the maker's own program produces. */
static const struct {
    unsigned address;
    uint32_t value;
} example[] = {{0x018, 0x02000003}, {0x019, 0x0000074e}, {0x120, 0x1b311b2a}, {0x121, 0x00000007}};

static const struct olifu_trigger at_boot = {
    .hz = 10, .pulses = 5, .width_us = 2000, .trains = 2, .mode = OLIFU_CONTINUOUS};

struct olifu {
    struct model model;
    double stored_v; /* set, and not in force before the next switching on */
    double target_v, volts;
    bool on, supply;
    struct olifu_trigger trigger;
    bool configured, running, blocked;
    int64_t ends_ns; /* of the sequence */
    double tx_c, ambient_c;
    uint32_t registers[CHIPS][REGISTERS];
};

static struct olifu *in(struct model *model)
{
    return (struct olifu *)model;
}

static const struct olifu *of(const struct model *model)
{
    return (const struct olifu *)model;
}

/* Told to rest, and it goes on; what it says then is true or not. */
static bool is_stuck(const struct model *model)
{
    return model->guard.channel[0].stuck;
}

static bool hides(const struct model *model)
{
    return is_stuck(model) && model->guard.channel[0].stuck_hidden;
}

/* ---- console ---- */

static int64_t ramp_ns(const struct model *model)
{
    return model->tuning[0] * NS_PER_MS;
}

void olifu_set_voltage(struct model *model, double volts)
{
    in(model)->stored_v = volts;
}

int64_t olifu_voltage_on(struct model *model)
{
    struct olifu *o = in(model);
    if (o->on)
        return 0;
    o->on = true;
    o->target_v = o->stored_v;
    model_refresh(model, CAUSE_start);
    return (int64_t)((double)ramp_ns(model) * fmin(1, fabs(o->target_v) / FULL_V));
}

void olifu_voltage_off(struct model *model)
{
    struct olifu *o = in(model);
    if (!is_stuck(model)) {
        o->on = false;
        o->target_v = o->volts = 0;
    }
    model_refresh(model, CAUSE_stop);
}

void olifu_supply(struct model *model, bool on)
{
    in(model)->supply = on;
    if (!on)
        in(model)->volts = 0;
    model_refresh(model, on ? CAUSE_start : CAUSE_stop);
}

bool olifu_voltage_is_on(const struct model *model)
{
    return of(model)->on && !hides(model);
}

bool olifu_supply_is_on(const struct model *model)
{
    return of(model)->supply;
}

double olifu_measured_voltage(const struct model *model)
{
    return hides(model) ? 0 : of(model)->volts * model_reported(model, 0);
}

void olifu_console_reset(struct model *model)
{
    in(model)->supply = true;
    in(model)->stored_v = 0;
    olifu_voltage_off(model);
}

/* ---- transmitter ---- */

void olifu_set_trigger(struct model *model, const struct olifu_trigger *trigger)
{
    struct olifu *o = in(model);
    o->running = o->running && is_stuck(model);
    o->configured = true;
    o->trigger = *trigger;
    model_refresh(model, CAUSE_write);
}

/* What the firmware checks, and no more. */
static bool startable(const struct olifu_trigger *t)
{
    if (t->hz == 0)
        return false;
    unsigned long period_us = 1000000 / t->hz;
    return t->width_us < period_us && (t->interval_us == 0 || t->interval_us >= period_us * t->pulses);
}

static int64_t length_ns(const struct olifu_trigger *t)
{
    unsigned long train_us = t->interval_us ? t->interval_us : t->pulses * (1000000 / t->hz);
    return t->mode == OLIFU_CONTINUOUS ? INT64_MAX : (int64_t)(train_us * t->trains) * NS_PER_US;
}

bool olifu_start(struct model *model)
{
    struct olifu *o = in(model);
    if (!o->configured || !startable(&o->trigger))
        return false;
    if (o->blocked)
        return true; /* the trap: it says yes */
    int64_t length = length_ns(&o->trigger);
    o->running = true;
    o->ends_ns = length == INT64_MAX ? INT64_MAX : model->now_ns + length;
    model_refresh(model, CAUSE_start);
    return true;
}

bool olifu_stop(struct model *model)
{
    struct olifu *o = in(model);
    o->running = o->running && is_stuck(model);
    model_refresh(model, CAUSE_stop);
    return o->configured;
}

const struct olifu_trigger *olifu_trigger_of(const struct model *model)
{
    return &of(model)->trigger;
}

bool olifu_running(const struct model *model)
{
    return of(model)->running && !hides(model);
}

double olifu_temperature(const struct model *model)
{
    return of(model)->tx_c;
}

double olifu_ambient(const struct model *model)
{
    return of(model)->ambient_c;
}

bool olifu_register_read(const struct model *model, unsigned chip, unsigned address, uint32_t *value)
{
    if (chip >= CHIPS || address >= REGISTERS)
        return false;
    *value = of(model)->registers[chip][address];
    return true;
}

bool olifu_register_write(struct model *model, unsigned chip, unsigned address, uint32_t value)
{
    if (chip >= CHIPS || address >= REGISTERS)
        return false;
    in(model)->registers[chip][address] = value;
    return true;
}

/* Power has come: what its tools loaded is gone. */
static void transmitter_boot(struct olifu *o)
{
    memset(o->registers, 0, sizeof o->registers);
    o->running = o->configured = false;
    o->trigger = at_boot;
}

void olifu_transmitter_reset(struct model *model)
{
    transmitter_boot(in(model));
    model_refresh(model, CAUSE_reboot);
}

/* What the maker's tools do before a treatment. */
static void example_load(struct olifu *o)
{
    for (unsigned chip = 0; chip < CHIPS; chip++)
        for (size_t i = 0; i < sizeof example / sizeof *example; i++)
            o->registers[chip][example[i].address] = example[i].value;
}

/* ---- physics ---- */

static void olifu_init(struct model *model)
{
    struct olifu *o = in(model);
    o->supply = true;
    o->trigger = at_boot;
    o->tx_c = 32.5;
    o->ambient_c = 29.0;
    example_load(o);
}

static void olifu_settle(struct model *model)
{
    struct olifu *o = in(model);
    if (model_is_down(model)) { /* both, as after power on */
        transmitter_boot(o);
        o->on = false;
        o->supply = true;
        o->stored_v = o->target_v = o->volts = 0;
    }
    if (o->tx_c >= HOT_C) {
        o->blocked = true;
        o->running = false;
    } else if (o->tx_c <= COOL_C) {
        o->blocked = false;
    }
}

static void olifu_integrate(struct model *model, int64_t to_ns)
{
    struct olifu *o = in(model);
    if (o->on && o->supply && o->volts < o->target_v) {
        double step = FULL_V * (double)(to_ns - model->now_ns) / (double)(ramp_ns(model) + 1);
        o->volts = fmin(o->target_v, o->volts + step);
    }
    bool endless = is_stuck(model) && model->guard.channel[0].stuck_ignores == STUCK_ALL;
    if (o->running && to_ns >= o->ends_ns && !endless)
        o->running = false;
}

static bool olifu_drifting(const struct model *model)
{
    const struct olifu *o = of(model);
    return o->running || (o->on && o->supply && o->volts < o->target_v);
}

static double sound_of(double volts)
{
    return OLIFU_UW_CM2_PER_V2 * volts * volts;
}

static void olifu_compute(const struct model *model, unsigned channel, struct model_output *output)
{
    const struct olifu *o = of(model);
    output->on = o->running && o->supply && o->volts > 0;
    output->set = output->on ? llround(sound_of(o->target_v)) : 0;
    output->value = output->on ? llround(model_aim(model, channel, sound_of(o->volts))) : 0;
}

static int olifu_inject(struct model *model, enum fault_id fault, const struct fault_args *args, uint32_t mask)
{
    (void)mask;
    if (fault != FAULT_head_temperature)
        return -ENOTSUP;
    in(model)->tx_c = (double)args->value[ARG_millic] / 1000.0;
    model_refresh(model, CAUSE_fault);
    return 0;
}

static int olifu_clear(struct model *model, enum fault_id fault, uint32_t mask)
{
    (void)mask;
    if (fault == FAULT_reboot)
        example_load(in(model));
    else if (fault == FAULT_head_temperature)
        in(model)->tx_c = 32.5;
    else
        return -ENOTSUP;
    model_refresh(model, CAUSE_fault);
    return 0;
}

static void olifu_state(const struct model *model, unsigned channel, model_state_fn emit, void *ctx)
{
    const struct olifu *o = of(model);
    emit(ctx, channel, "millivolts", llround(o->volts * 1000));
    emit(ctx, channel, "stored_millivolts", llround(o->stored_v * 1000));
    emit(ctx, channel, "voltage_on", o->on);
    emit(ctx, channel, "supply_on", o->supply);
    emit(ctx, channel, "running", o->running);
    emit(ctx, channel, "trains", (int64_t)o->trigger.trains);
}

static const struct model_tuning tunings[] = {{"ramp_ms", 0, 3000, 1500}};

const struct model_kind olifu_kind = {
    .name = "openlifu",
    .channels = 1,
    .channel = {{.quantity = "intensity_satp_uw_cm2"}},
    .tunings = sizeof tunings / sizeof *tunings,
    .tuning = tunings,
    .size = sizeof(struct olifu),
    .bare = true,
    .unswitched = true,
    .unguarded = true,
    .init = olifu_init,
    .settle = olifu_settle,
    .integrate = olifu_integrate,
    .drifting = olifu_drifting,
    .compute = olifu_compute,
    .inject = olifu_inject,
    .clear = olifu_clear,
    .state = olifu_state,
};
