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

struct dose_channel {
    enum modality_waveform waveform;
    struct quantity_set start;   /* commanded quantities and properties (areas, ERA, BNR) */
    struct quantity_set ceiling; /* the same quantities; never on the safer side of start */
};

struct dose_treatment {
    enum modality modality;
    enum modality_therapy therapy;
    bool thermal;        /* the protocol declares itself thermal: the 4 K / 40 degC bound does not refuse it */
    unsigned site;       /* index into the table of sites */
    uint64_t conditions; /* bit per declared condition (index into the table of conditions) */
    int applicator;      /* index into the table of applicators, -1 = none */
    int64_t duration_ms; /* planned treatment time */
    size_t n_channels;
    struct dose_channel channels[DOSE_CHANNELS_MAX];
};

/* What earlier and open sessions of this patient, site and modality add over 24 h (record/ledger fills it). */
struct dose_history {
    int64_t duration_ms; /* delivered, open and crashed ones counted as worst */
    int64_t energy_uj;
    int64_t charge_uc;
    int64_t ion_dose_ua_min;
    int64_t session_count;
    bool has_last_end;         /* whether any session has ended on this site */
    int64_t since_last_end_ms; /* elapsed since then; rest in force when below the limit */
};

#endif
