/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Supervision of one energised session: every validated sample is held against one table of faults, each with its
 * number of samples, bound, action and alarm. The worst active action wins. Also the running integral of what was
 * delivered: max(commanded, measured), rounded up. Pure: samples and time come in, faults come out.
 */
#ifndef SUPERVISE_SUPERVISE_H
#define SUPERVISE_SUPERVISE_H

#include "dose/envelope.h"
#include "link/message.h"
#include "record/amounts.h"
#include "supervise/alarm.h"

enum supervise_action { ACTION_NONE, ACTION_NOTE, ACTION_HOLD, ACTION_STOP };

/* FAULT(id, samples until it acts, action, alarm kind, what it is) */
#define SUPERVISE_FAULTS(FAULT)                                                                                        \
    FAULT(interlock_open, 1, STOP, interlock_open, "key switch or interlock of a laser open")                          \
    FAULT(applicator_changed, 1, STOP, applicator_changed, "another head or probe than the one it was checked for")    \
    FAULT(device_fault, 1, STOP, device_fault, "the device reports a fault")                                           \
    FAULT(patient_stop, 1, STOP, patient_stop, "the patient's stop is pressed")                                        \
    FAULT(device_restarted, 1, STOP, device_restarted, "the device restarted")                                         \
    FAULT(watchdog_tripped, 1, STOP, dead_man, "the device's watchdog tripped")                                        \
    FAULT(output_lost, 2, STOP, device_fault, "the device says it is off while it should be on")                       \
    FAULT(over_output_gross, 1, STOP, over_output, "measured output above 1.5 x set")                                  \
    FAULT(over_output, 3, STOP, over_output, "measured output above set by more than the tolerance")                   \
    FAULT(setpoint_differs, 2, STOP, monitor_disagreement,                                                             \
          "the device holds another set point than the one commanded")                                                 \
    FAULT(readback_over, 2, STOP, over_output, "photodiode above what is set by more than its ratio")                  \
    FAULT(under_output, 6, STOP, under_output, "measured output below set by more than the tolerance")                 \
    FAULT(host_differs, 10, STOP, monitor_disagreement, "the host walks to another level than the one commanded")      \
    FAULT(output_unsteady, 1, STOP, output_unsteady, "measured output jumps about while the set point stands still")   \
    FAULT(slow_cooling, 6, NOTE, slow_cooling, "a pad that has not come to its set point in its time")                 \
    FAULT(over_limit, 1, STOP, over_limit, "a measured value is above a hard limit")                                   \
    FAULT(electrode_open, 2, STOP, electrode_open, "impedance above the open bound, or contact lost")                  \
    FAULT(electrode_short, 2, STOP, electrode_short, "impedance below the short bound, or contact shorted")            \
    FAULT(impedance_step, 3, STOP, impedance_step, "impedance doubled or halved against the last second")              \
    FAULT(impedance_risen, 10, STOP, impedance_step, "impedance risen too far, by default to twice that of the start") \
    FAULT(impedance_trend, 20, NOTE, impedance_trend, "impedance risen against the start")                             \
    FAULT(coupling_lost, 2, HOLD, coupling_lost, "ultrasound head without contact")                                    \
    FAULT(head_still, 1, STOP, head_still, "a head that has not moved for seconds, above what a still head may give")  \
    FAULT(over_temperature, 2, STOP, over_temperature, "applicator above its limit")                                   \
    FAULT(skin_cold, 2, STOP, skin_cold, "skin colder than its floor")                                                 \
    FAULT(sensor_lost, 2, STOP, sensor_lost, "skin sensor missing or off the skin")                                    \
    FAULT(sensor_implausible, 2, STOP, sensor_stuck, "a skin sensor that shows what skin cannot be")                   \
    FAULT(sensor_frozen, 1, STOP, sensor_stuck,                                                                        \
          "a skin sensor that has shown one value for a minute under a cold pad")                                      \
    FAULT(sensor_stuck, 40, STOP, sensor_stuck, "a measurement that must move does not")                               \
    FAULT(device_timer, 3, STOP, device_timer, "device timer and treatment time differ by more than the tolerance")    \
    FAULT(total_reached, 1, STOP, over_limit, "an accumulated quantity reached a hard limit")                          \
    FAULT(total_noticed, 1, NOTE, dose_notice, "an accumulated quantity passed a notice limit")                        \
    FAULT(stale, 1, STOP, sample_stale, "no validated reply in time")

enum supervise_fault {
#define FAULT(id, samples, action, alarm, meaning) FAULT_##id,
    SUPERVISE_FAULTS(FAULT)
#undef FAULT
        FAULT_COUNT
};

/* What bounds a judgement: whoever reads of it is told which limit that is. */
enum supervise_bound {
    BOUND_accuracy,
    BOUND_open,
    BOUND_short,
    BOUND_trend,
    BOUND_rise,
    BOUND_readback,
    BOUND_static,
    BOUND_skin,
    BOUND_temperature,
    BOUND_timer,
    BOUND_rms_sum,
    BOUND_totals, /* one for each amount, in their order */
    BOUND_notices = BOUND_totals + AMOUNT_COUNT,
    BOUND_COUNT = BOUND_notices + AMOUNT_COUNT
};
#define SUPERVISE_BY_MAX 112

/* A value as people read it, for texts; beside a bound in the bound's unit. It lives as long as its block. */
#define IN_UNITS(quantity, value) value_format(quantity, value, (char[VALUE_TEXT_MAX]){0}, VALUE_TEXT_MAX)
#define IN_UNITS_BESIDE(quantity, value, bound)                                                                        \
    value_format_beside(quantity, value, bound, (char[VALUE_TEXT_MAX]){0}, VALUE_TEXT_MAX)

/* Bounds in force for one session; taken from limits and the device when it is armed, tightened by reload. */
struct supervise_rules {
    enum modality modality;
    uint32_t n_channels;
    struct supervise_channel_rules {
        uint32_t channel; /* device channel index */
        enum modality_waveform waveform;
        enum modality_quantity level; /* commanded */
        bool has_actual;
        enum modality_quantity actual; /* measured: the level itself, or power_uw for ultrasound */
        bool safer_up;                 /* of the level: colder than rest is output */
        int64_t lag_ns;                /* a slow output may show what was in force so long ago; 0 = the sample before */
        int64_t settle_ns;             /* so long after a set point any output may still show the one before */
        int64_t rest_value, resolution, noise;
        bool has_commanded;
        int64_t commanded;         /* the daemon's own target, absolute: what the host says is held against it */
        int64_t level_resolution;  /* of the set point; resolution is that of the measurement */
        int64_t accuracy_permille; /* tolerance is the largest of this share, 2 x resolution, noise */
        int64_t floor;             /* below this set value the accuracy share is taken of the floor */
        bool judge_contact;        /* from contact_monitored_from on */
        int64_t contact_from;
        int64_t impedance_open_ohm, impedance_short_ohm, impedance_trend_permille; /* INT64_MAX, 0, INT64_MAX = none */
        int64_t impedance_rise_permille;    /* against the start, at most; INT64_MAX = not bounded */
        char applicator[MODALITY_NAME_MAX]; /* serial of the one that was checked, "" = none was named */
        bool applicator_told;               /* the device says which one is connected */
        int64_t readback_permille;          /* of the set power, at most; INT64_MAX = not bounded */
        int64_t static_max_uw_cm2;          /* under a head that does not move; INT64_MAX = not bounded */
        bool has_skin;                      /* the device measures the skin; otherwise the pad stands for it */
        int64_t skin_min_millic;            /* INT64_MIN = not bounded */
        struct quantity_set values;         /* commanded values other than the level, and properties: for dose_derive */
        /* hard limits on derived or measured quantities of this channel, instantaneous */
        size_t n_limits;
        const struct limit *limits[64];
    } channels[DOSE_CHANNELS_MAX];
    int64_t stale_ns; /* age of the newest sample at which it is stale */
    int64_t timer_tolerance_ms;
    bool device_timer;              /* status reports remaining time */
    int64_t timer_step_ms;          /* in steps of so much */
    int64_t temperature_max_millic; /* applicator, INT64_MAX where none applies */
    /* limits on accumulated quantities: bound less what history had at prepare; INT64_MAX = none */
    struct dose_amounts totals_max, totals_notice; /* hard; notice, where nobody has acknowledged it */
    const struct dose_treatment *treatment;        /* which channels share an electrode; the session's own */
    struct course course;                          /* what ends the treatment */
    int64_t rms_sum_max_ua;                        /* over all channels; INT64_MAX = not bounded */
    char by[BOUND_COUNT][SUPERVISE_BY_MAX];        /* " (limit, where it stands)"; empty where no limit says so */
};

/* What one fault looks like when it acts. */
struct supervise_finding {
    enum supervise_fault fault;
    enum supervise_action action;
    uint32_t channel; /* device channel index, or UINT32_MAX */
    bool has_value;
    enum modality_quantity quantity;
    int64_t value, bound;
    char detail[200]; /* one sentence: what, value, bound, origin of the bound */
};

struct supervise_outcome {
    enum supervise_action action; /* the worst */
    size_t n;
    struct supervise_finding findings[FAULT_COUNT];
};

struct supervise_state {
    uint64_t last_seq;
    int64_t last_taken_ns;
    int64_t armed_ns;
    bool began;                     /* the output may have been on in this turn: its time counts */
    bool started;                   /* it was seen on */
    enum supervise_action standing; /* what the newest sample asked for */
    int64_t duration_ns;            /* treatment time, all turns */
    int64_t surges_before;          /* contractions of earlier turns */
    bool has_timer;
    int64_t timer_first_ms, timer_first_ns, timer_last_ms, timer_moved_ns; /* the device's own timer */
    uint16_t counts[FAULT_COUNT][DOSE_CHANNELS_MAX];
    struct supervise_channel_state {
        bool has_first_impedance, has_slow_impedance;
        int64_t first_impedance_ohm, slow_impedance_ohm; /* at the start; smoothed over about a second */
        bool has_actual;
        int64_t last_actual; /* the measurement, and how far from rest the level may have been when it */
        int64_t near_at_change, far_at_change; /* last moved */
        int64_t lag, lag_until_ns;             /* farthest way from rest that still counts, and until when */
        int64_t recent, recent_until_ns;       /* the same within the time to settle, however often the level moves */
        int64_t commanded;                     /* when the sample before was judged */
        int8_t side;                           /* of its tolerance the last settled measurement was: -1, 0, 1 */
        uint8_t swings;                        /* how much it has changed sides of late */
        int64_t still_since_ns;                /* the head has not moved since; 0 = it moves */
        bool has_skin;
        int64_t skin_millic, skin_since_ns;     /* the skin sensor's value, and since when it has been exactly this */
        int64_t charge_rate_nc, energy_rate_nj; /* per second at the newest sample: what runs on until rest is proved */
        int64_t skin_or_pad_millic;             /* at the newest sample, for the cold dose until then */
        int64_t charge_nc, energy_nj;
        int64_t heat_nk; /* open-loop bound on the rise of tissue temperature, with nothing taken off for cooling */
        int64_t cem43_ns, cold_millic_ns;
    } channels[DOSE_CHANNELS_MAX];
    int64_t point_begun_nj;        /* energy of all channels when the present point began */
    bool steady;                   /* every level stood still since the sample before: the rates hold */
    struct dose_amounts delivered; /* this turn and earlier ones of the session */
};

/* Begins a turn (start or resume): counters and first values anew, delivered is kept. */
void supervise_begin(struct supervise_state *state, int64_t now_ns);
/* Holds one sample of the session's turn against the rules and integrates the dose since the last one. */
void supervise_sample(const struct supervise_rules *rules, struct supervise_state *state,
                      const struct link_sample *sample, struct supervise_outcome *out);
/* Judges freshness at now; call after the host's socket has been drained. */
void supervise_tick(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns,
                    struct supervise_outcome *out);
/*
 * Since the newest sample the output may have come as far as these levels, absolute and in the order of the rules'
 * channels, or have begun: what is settled counts them.
 */
void supervise_commanded(const struct supervise_rules *rules, struct supervise_state *state, const int64_t *levels);
/* Counts output until rest was proved at rested_ns, at the rates of the newest sample or of what is commanded. */
void supervise_settle(const struct supervise_rules *rules, struct supervise_state *state, int64_t rested_ns);
/* True when this session's unit may be given a permit: a fresh sample was supervised and nothing asks for a stop. */
bool supervise_may_permit(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns);

/* True when anything that was delivered exceeds a hard bound on it; why says what, and by which limit. */
bool supervise_totals_exceeded(const struct supervise_rules *rules, const struct supervise_state *state, char *why,
                               size_t size);

/* The next point of a laser begins: what was delivered so far belongs to the ones before. */
void supervise_begin_point(struct supervise_state *state);
/* Delivered of what the course counts: uA.min, or uJ of the present point, rounded down. 0 by time. */
int64_t supervise_course_done(const struct supervise_rules *rules, const struct supervise_state *state);
/* True once the dose of the course (of the present point) has been delivered at now_ns. Never by time. */
bool supervise_course_reached(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns);
/* When that will be at the rates of the newest sample: CLOCK_MONOTONIC ns, INT64_MAX where only a sample can tell. */
int64_t supervise_course_due_ns(const struct supervise_rules *rules, const struct supervise_state *state);

const char *supervise_fault_id(enum supervise_fault f);
enum alarm_kind supervise_fault_alarm(enum supervise_fault f);
enum supervise_action supervise_fault_action(enum supervise_fault f);

#endif
