/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: a bound on one quantity under conditions, and the engine that holds a treatment against all of them. Layers
 * only tighten; every violated limit is reported, the most restrictive first; nothing is ever clamped.
 */
#ifndef DOSE_LIMIT_H
#define DOSE_LIMIT_H

#include "dose/course.h"
#include "modality/token.h"

enum limit_scope { SCOPE_PER_PULSE, SCOPE_INSTANTANEOUS, SCOPE_PER_SESSION, SCOPE_PER_24H, SCOPE_CONFIGURATION };
/*
 * A device limit bounds what the device is: a property that its [device] section reports, or an output that it may
 * reach only if it has what the condition asks for. Exceeded it refuses like a hard one; where the value is absent the
 * finding applies without a value, which is shown as not reported. It never locks a protocol. Info and device limits
 * may have no bound at all: the figure is shown and never exceeded.
 */
enum limit_class { LIMIT_HARD, LIMIT_NOTICE, LIMIT_TARGET, LIMIT_INFO, LIMIT_DEVICE };
enum limit_layer { LAYER_COMPILED, LAYER_INSTALLATION, LAYER_PROTOCOL, LAYER_PRESCRIPTION, LAYER_DEVICE };
enum limit_verified { VERIFIED_NO, VERIFIED_YES, VERIFIED_CHOICE };
/* What a limit governs: the treatment, how the level is walked, or a bound of the fault table. */
enum limit_use { USE_TREATMENT, USE_WALK, USE_FAULT };

#define LIMIT_WHEN_RANGES 4

/*
 * Conditions under which a limit applies; all given ones must hold. Zero masks mean "any". A band over a property that
 * is absent (an electrode's area, a wavelength) applies, since nobody knows better; one over an absent commanded value
 * does not (no burst rate: no bursts).
 */
struct limit_when {
    uint32_t waveforms;  /* bit per enum modality_waveform */
    uint32_t therapies;  /* bit per enum modality_therapy */
    uint64_t sites;      /* bit per body site: applies if the treatment touches any of them */
    uint64_t conditions; /* bit per condition: applies if any of these is declared */
    uint64_t applicators;
    bool unless_thermal; /* not applied to a protocol that declares itself thermal */
    bool no_indicator;   /* applied only to a device that is said to have no output indicator */
    uint32_t after;      /* of rest_interval_ms: bit per therapy from whose end it counts; 0 = those of this modality */
    size_t n_ranges;     /* bands: applies if [start, ceiling] of the quantity meets (above, upto] */
    struct limit_range {
        enum modality_quantity quantity;
        bool has_above, has_upto;
        int64_t above, upto; /* above is exclusive, upto inclusive */
    } ranges[LIMIT_WHEN_RANGES];
};

struct limit {
    const char *id;
    enum modality modality; /* MODALITY_ANY is allowed */
    enum modality_quantity quantity;
    bool has_max, has_min;
    int64_t max, min;
    enum limit_scope scope;
    enum limit_class class;
    enum limit_layer layer;
    enum limit_use use;
    enum limit_verified verified;
    bool accepted; /* an [accept] names it */
    struct limit_when when;
    const char *source; /* where the number comes from */
    const char *origin; /* "limits.ini:41" or "compiled" */
};

/* Compiled ceilings: what no INI can raise. Origin "compiled". */
const struct limit *limit_compiled(size_t *n);

/*
 * How a limit is used: step and slew bound the walk; whatever is measured (delivery and timer error, load, a moving
 * head, a closed interlock, the photodiode) and the share of the maximum above which accuracy is judged belong to the
 * fault table. Neither is a bound on a request.
 */
enum limit_use limit_use_of(enum modality_quantity quantity);

/*
 * Ultrasound displays may be wrong by 20 %: a set SATP, SATA (under a moving or a still head) or hot spot counts as
 * value x 1200 / 1000, rounded up, against hard, notice and device limits of scope instantaneous from the compiled and
 * the installation layer. 3.0 W/cm2 set is therefore refused at a bound of 3.0, and 2.5 is the most that it admits.
 * Refusals and findings show the value as judged. Totals are never multiplied, nor is a protocol's or device's own
 * range, which speaks of set values.
 */
#define LIMIT_HEAD_FACTOR_PERMILLE 1200
bool limit_has_head_factor(const struct limit *l);

/*
 * True if every treatment to which inner applies is one to which outer applies: then inner may not be looser.
 * limit_looser: inner is looser than outer on the same quantity, direction and scope, and for a rest interval after the
 * same therapies, since rest after another therapy is another interval. Only a hard outer binds; an inner of class info
 * binds nobody and one without a bound nothing, so neither is ever looser.
 */
bool limit_when_covers(const struct limit *outer, const struct limit *inner);
bool limit_looser(const struct limit *inner, const struct limit *outer);

#define REFUSALS_MAX 32
#define REFUSAL_MESSAGE_MAX 320

/* One reason why a treatment cannot be. Strings point into configuration that outlives it. */
struct refusal {
    enum modality_token token;
    const char *subject; /* limit, question, condition, protocol or device id; may be NULL */
    bool has_quantity, has_value, has_bound, is_min;
    enum modality_quantity quantity;
    int64_t value, bound;
    enum limit_layer layer;
    const char *origin; /* file:line of the bound, "compiled", or NULL */
    int channel;        /* index into channels, -1 = the treatment as a whole */
    size_t n_near;      /* values that could be had in place of this one, the lower first */
    int64_t near[2];
    char message[REFUSAL_MESSAGE_MAX];
};

struct refusals {
    size_t n;       /* how many are stored */
    size_t dropped; /* found beyond REFUSALS_MAX */
    struct refusal items[REFUSALS_MAX];
    struct refusal spill; /* what refusal_add returns when items is full; not a result */
};

/*
 * Appends one; message is a printf text naming subject, value, bound and origin. Returns it for further fields, never
 * NULL: one too many is counted in dropped and written to spill.
 */
struct refusal *refusal_add(struct refusals *r, enum modality_token token, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What limits say of one treatment. */
struct limit_verdict {
    struct refusals refused; /* hard and device ones, most restrictive (value over bound) first */
    struct refusals notices; /* notice limits that are exceeded: acknowledge by id */
};

/*
 * One limit held against one treatment, for limits.explain: whether it applies, the worst value and the headroom.
 */
struct limit_finding {
    const struct limit *limit;
    bool applies, has_value, exceeded;
    bool is_min;      /* value is held against limit->min, otherwise against limit->max, where it has one */
    int channel;      /* the channel with the worst value, -1 = the treatment as a whole */
    int64_t value;    /* as judged: history and the head factor included */
    const char *with; /* another treatment of the patient whose current is in the value; NULL = none */
};

/* A treatment with everything derived, ready to be held against limits. */
struct dose_picture {
    struct dose_treatment treatment;
    struct course course;                           /* what ends it */
    struct quantity_set start[DOSE_CHANNELS_MAX];   /* derived at the start values */
    struct quantity_set ceiling[DOSE_CHANNELS_MAX]; /* derived at the ceilings, totals over the course included */
    struct quantity_set whole;                      /* sums over channels: r.m.s. sum, duration, energy, counts */
};

/*
 * Derives both ends. What is missing or impossible is a refusal (INCOMPLETE, OUT_OF_RANGE) and -EINVAL. Where a value
 * between the ends would be worse than either (a lower carrier, a later balancing phase), ceiling holds that worse one.
 * Channels that share an electrode (shares; all of one interferential treatment, which cross the same tissue) count in
 * each other's densities: r.m.s., power and direct ones are those of the linear sum of their currents. The totals of a
 * treatment led by its dose are that dose; its duration_ms is the longest it may take.
 */
int dose_picture_make(const struct dose_treatment *t, struct dose_picture *out, struct refusals *r);

/*
 * Holds the picture against limits[0..n) (compiled ones included by the caller) and history; one pass, no allocation.
 * A maximum is judged at the larger of start and ceiling, a minimum at the smaller. Per 24 h history is added (what
 * dose_history does not hold is judged by this session alone), and the session about to start counts as one.
 * rest_interval_ms is the time since the last end, of this modality or, with after, the shortest of those since the
 * named therapies ended; it asks nothing when there was none. To the sum of currents comes that of the history. Target
 * and info limits and those of another use are not judged. history NULL: nothing before. Returns 0 when nothing hard is
 * violated, -EPERM otherwise. Both lists are filled in either case, the largest ratio of value to bound first.
 */
int limit_check(const struct limit *limits, size_t n, const struct dose_picture *picture,
                const struct dose_history *history, struct limit_verdict *out);

/* Fills findings[0..n), one per limit, in the same order. */
void limit_explain(const struct limit *limits, size_t n, const struct dose_picture *picture,
                   const struct dose_history *history, struct limit_finding *findings);

/*
 * The tightest max (or min) of quantity in force for this treatment and class: its limit, or NULL if none applies. Of
 * equal ones the last: the installation's own, with the source that it names.
 * For walking rules (amplitude_step_ua, amplitude_slew_ua_s) and fault bounds (delivery_error_permille, impedance_ohm
 * ...).
 */
const struct limit *limit_tightest(const struct limit *limits, size_t n, const struct dose_picture *picture,
                                   enum modality_quantity quantity, enum limit_class class, bool want_min);

const char *limit_scope_id(enum limit_scope s);
const char *limit_class_id(enum limit_class c);
const char *limit_layer_id(enum limit_layer l);
const char *limit_verified_id(enum limit_verified v);

#endif
