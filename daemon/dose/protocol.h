/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols and the tables that configuration fills: what a therapist chooses from. A protocol gives a range and a
 * default per quantity; the prescription (the parameters of a request) stays inside.
 */
#ifndef DOSE_PROTOCOL_H
#define DOSE_PROTOCOL_H

#include "dose/screening.h"

#define PROTOCOL_PARAMETERS_MAX 20

struct protocol_parameter {
    enum modality_quantity quantity;
    int64_t min, initial, max; /* base units, min <= initial <= max; a fixed value has all three equal */
    const char *origin;
};

/* What happens when the operator's lease is lost. */
enum lease_loss { LEASE_LOSS_END, LEASE_LOSS_PAUSE };

struct protocol {
    const char *id;
    const char *label;
    const char *revision;
    char hash[65]; /* hex SHA-256 of its effective lines, filled by config */
    enum modality modality;
    enum modality_therapy therapy;
    enum modality_waveform waveform;
    size_t n_channels_min, n_channels_max; /* interferential needs two */
    bool thermal;
    bool surged;             /* on/off cycles: surge_on_ms ... are among the parameters */
    int64_t contact_hold_ms; /* ultrasound: 0 = never resume by contact */
    enum lease_loss lease_loss;
    int64_t rest_min_ms; /* between sessions on one site */
    int64_t sessions_per_day;
    uint64_t sites;         /* where it may be used; 0 = everywhere */
    const char *indication; /* shown, and used for screening; may be NULL */
    size_t n_parameters;
    struct protocol_parameter parameters[PROTOCOL_PARAMETERS_MAX];
    const char *source;
    enum limit_verified verified;
    const char *origin; /* of its section header */
    const char *rest_origin, *sessions_origin;
};

/* An ultrasound head (or laser probe) with its calibration. */
struct applicator {
    const char *id; /* applicator_ref */
    const char *serial;
    const char *kind;
    enum modality modality;
    int64_t era_mm2, bnr_permille, max_temperature_millic;
    int64_t spot_area_mm2, wavelength_nm; /* laser */
    int64_t frequencies_khz[4];
    size_t n_frequencies;
    int64_t calibration_due_day; /* days since 1970-01-01, local civil date */
    const char *device;          /* device it belongs to, NULL = any */
    const char *origin;
};

/* Everything dosage reads from configuration; one per configuration generation, read only after it is built. */
struct dose_tables {
    size_t n_limits, n_protocols, n_applicators;
    const struct limit *limits; /* compiled ones first, then installation */
    const struct protocol *protocols;
    const struct applicator *applicators;
    struct screening screening;
};

const struct protocol *protocol_find(const struct dose_tables *t, const char *id);
int site_find(const struct dose_tables *t, const char *id);       /* index or -1 */
int applicator_find(const struct dose_tables *t, const char *id); /* index or -1 */

/*
 * The first limit on which this protocol's therapy rests and that nobody has verified or accepted, or NULL. Only hard
 * limits that bound dose lock: use USE_TREATMENT, not over a property that a device's tests establish (minimum setting,
 * leakage ...), verified no, not accepted, and applying to the protocol. Notice and device limits never lock.
 */
const struct limit *protocol_lock(const struct dose_tables *t, const struct protocol *p);
/* Whether some treatment by this protocol is one to which the limit applies. */
bool protocol_meets(const struct protocol *p, const struct limit *l);
/* Whether a limit is one that locks while nobody has accepted it, whatever it is about. */
bool limit_may_lock(const struct limit *l);
/* Whether this limit locks the protocol: several may, and each has to be accepted. */
bool protocol_locked_by(const struct protocol *p, const struct limit *l);

/*
 * Holds the treatment against the protocol: modality, therapy, waveform, channels, site, and every commanded value
 * against its range at both ends. A value that is no parameter is OUT_OF_RANGE, a parameter without a value INCOMPLETE.
 * A dose that ends the treatment (course.h) counts as commanded. duration_ms is the treatment's own and need not be
 * among a channel's values. 0, or -EPERM with refusals.
 */
int protocol_check(const struct protocol *p, const struct dose_treatment *t, struct refusals *r);

/*
 * The protocol's own rest interval and sessions per day (0 = none of its own) against what went before on this site:
 * REST_INTERVAL and OUT_OF_RANGE refusals, -EPERM.
 */
int protocol_check_history(const struct protocol *p, const struct dose_history *history, struct refusals *r);

#endif
