/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An intended treatment as the dose code sees it: one therapy, on one body site, over one to eight channels. Each
 * channel has a start value and a ceiling per commanded quantity; everything is judged at the ceilings.
 */
#ifndef DOSE_TREATMENT_H
#define DOSE_TREATMENT_H

#include "dose/value.h"
#include "modality/waveform.h"

#define DOSE_CHANNELS_MAX 8
#define DOSE_SITES_MAX 64 /* body sites; a set of them is a uint64_t of bits */
/* Ends are remembered for so long: no rest interval is longer. */
#define DOSE_REST_MAX_MS (INT64_C(14) * 24 * 3600 * 1000)

struct dose_channel {
    enum modality_waveform waveform;
    struct quantity_set start;   /* commanded quantities and properties (areas, ERA, BNR) */
    struct quantity_set ceiling; /* the same quantities; never on the safer side of start */
    uint8_t shares; /* bit per channel of the treatment that shares an electrode with this one; one of two may say it */
};

struct dose_treatment {
    enum modality modality;
    enum modality_therapy therapy;
    bool thermal;        /* the protocol declares itself thermal: the 4 K / 40 degC bound does not refuse it */
    bool no_indicator;   /* the device is said to have no output indicator */
    unsigned site;       /* the target: index into the table of sites */
    uint64_t sites;      /* bit per site that is touched: the target, and where electrodes sit; 0 = the target alone */
    uint64_t conditions; /* bit per declared condition (index into the table of conditions) */
    int applicator;      /* index into the table of applicators, -1 = none */
    int64_t duration_ms; /* planned treatment time */
    size_t n_channels;
    struct dose_channel channels[DOSE_CHANNELS_MAX];
};

/*
 * What earlier and open sessions of this patient and modality on the sites touched add over 24 h, and how long ago each
 * therapy ended there (record/ledger fills it); and what flows through this patient at the same time, wherever.
 */
struct dose_history {
    int64_t duration_ms; /* delivered, open and crashed ones counted as worst */
    int64_t energy_uj;
    int64_t session_charge_uc;
    int64_t iontophoresis_dose_ua_min;
    int64_t cem43_ms;
    int64_t cold_dose_millic_min;
    int64_t session_count;
    bool has_last_end;                   /* whether any session has ended on this site */
    int64_t since_last_end_ms;           /* elapsed since then; rest in force when below the limit */
    uint32_t ended;                      /* bit per therapy, of any modality, that has ended on this site */
    int64_t since_end_ms[THERAPY_COUNT]; /* elapsed since its last end, where its bit is set */
    int64_t rms_sum_ua;                  /* of the patient's other open treatments, at their ceilings */
    const char *rms_by;                  /* the one of these that gives most, for people; NULL = there is none */
};

#endif
