/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carriers: a pure sine, the two premodulated forms, and a sine in bursts. The mean square is a share of the peak's
 * square; the carrier selects the frequency band; a beat or a burst counts as the pulse whose energy is bounded.
 */
#include "dose/current_parts.h"

/* One class: mean square over the peak's square as share / parts, and whether bursts or beats shape its envelope. */
struct shape {
    uint64_t share, parts;
    bool bursts, beats;
};

static struct shape shape_of(enum modality_waveform waveform)
{
    if (waveform == WAVEFORM_premod_two_tone) {
        return (struct shape){.share = 1, .parts = 4, .beats = true};
    }
    if (waveform == WAVEFORM_premod_raised_cosine) {
        return (struct shape){.share = 3, .parts = 8, .beats = true};
    }
    return (struct shape){.share = 1, .parts = 2, .bursts = waveform == WAVEFORM_russian};
}

/* Mean square: for bursts the share of the worst second in which they flow comes on top of the shape's. */
static int put_mean_square(const struct derive *d, struct current *c, const struct shape *s, uint64_t burst_rate,
                           uint64_t duty)
{
    uint64_t over_one = s->bursts ? burst_rate : 1; /* worst / over_one whole bursts for each true one */
    uint64_t worst = s->bursts ? current_worst_second(burst_rate) : 1;
    int r =
        current_square(d, c, (uint64_t[]){c->peak, c->peak, s->share, duty, worst}, 5, s->parts * PERMILLE * over_one);
    struct wide plateau = {0}; /* bursts of a second and longer: the mean square within the burst is the bound */
    if (r < 0 || wide_ratio((uint64_t[]){c->peak, c->peak, s->share}, 3, s->parts, &plateau) < 0) {
        return derive_impossible(d, QUANTITY_amplitude_ua);
    }
    if (wide_compare(c->square, plateau) > 0) {
        c->square = plateau;
    }
    return current_put_square(d, c);
}

/*
 * Energy of one beat or one burst. One of 0.1 s or longer is no pulse in the sense of IEC 60601-2-10, the r.m.s. rows
 * bound it, so none is put.
 */
static int put_envelope_energy(const struct derive *d, const struct shape *s, uint64_t duty)
{
    uint64_t rate = 0, peak = (uint64_t)d->values->value[QUANTITY_amplitude_ua];
    enum modality_quantity pace = s->bursts ? QUANTITY_burst_rate_millihz : QUANTITY_beat_frequency_millihz;
    int r = derive_may(d, pace, 1, DOSE_INPUT_MAX, &rate);
    if (r < 0 || rate == 0 || 10 * duty >= rate) { /* duty / rate is its length in s */
        return r;
    }
    return current_put_energy(d, false, (uint64_t[]){peak, peak, s->share, duty}, 4, s->parts * 2 * rate * PERMILLE);
}

int derive_carrier(const struct derive *d, enum modality_waveform waveform)
{
    struct shape s = shape_of(waveform);
    struct current c = {0};
    uint64_t carrier = 0, burst_rate = 0, duty = PERMILLE;
    int r = current_need_peak(d, &c, false);
    if (r == 0) {
        r = derive_need(d, QUANTITY_carrier_frequency_millihz, 1, DOSE_INPUT_MAX, &carrier);
    }
    if (r == 0 && s.bursts) {
        r = derive_need(d, QUANTITY_burst_duty_permille, 1, PERMILLE, &duty);
    }
    if (r == 0 && s.bursts) {
        r = derive_need(d, QUANTITY_burst_rate_millihz, 1, DOSE_INPUT_MAX, &burst_rate);
    }
    if (r == 0) {
        quantity_put(d->values, QUANTITY_limit_frequency_millihz, (int64_t)carrier);
        r = put_mean_square(d, &c, &s, burst_rate, duty);
    }
    if (r == 0) { /* half a cycle of the carrier: peak / (pi f) */
        r = current_put_charge(d, &c, (uint64_t[]){c.peak, MEAN_RAISED_COSINE}, 2, carrier);
    }
    if (r < 0) {
        return r;
    }
    current_put_balanced(d);
    quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)(2 * c.peak));
    return s.bursts || s.beats ? put_envelope_energy(d, &s, duty) : 0;
}
