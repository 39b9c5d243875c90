/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Electrical stimulation: r.m.s., direct part, charge, energy and densities of every waveform class. Instantaneous
 * values are those of the worst second, into 500 ohm, over the smaller electrode, and rounded up.
 */
#include "dose/derive_parts.h"

#include "dose/wide.h"

#include <errno.h>

#define DUTY_ONE UINT64_C(1000000000) /* us x mHz of a pulse that fills its period */
#define SECOND_US UINT64_C(1000000)
#define PERMILLE UINT64_C(1000)
#define HVPC_UA_PER_MV (1000 / DOSE_LOAD_OHM)
/* mean square in uA2 to uW: 500 ohm x 1e-6, as a divisor of uA2 */
#define UA2_PER_UW 2000
/* Mean of |i| over its peak, in millionths, rounded up: 2/pi of a sine, 4/pi2 of two tones, 1/pi under a cosine. */
#define MEAN_SINE 636620
#define MEAN_TWO_TONE 405285
#define MEAN_RAISED_COSINE 318310
#define MILLIONTHS 1000000

/* What the waveform classes have in common once they are reduced to one pulse shape and a rate. */
struct current {
    uint64_t area;       /* mm2 */
    uint64_t peak;       /* uA */
    uint64_t rate;       /* pulses, mHz */
    uint64_t worst_rate; /* mHz: as many whole pulses as one second can hold */
    struct wide peak2;   /* uA2 */
    struct wide square;  /* mean square of the worst second, uA2 */
};

/* Rates count as whole pulses in the worst second: half a hertz still puts one whole pulse into it. */
static uint64_t worst_second(uint64_t millihz)
{
    return (millihz + 999) / 1000 * 1000;
}

/* The mean square cannot exceed the square of the peak, however the rate was rounded. */
static int current_square(const struct derive *d, struct current *c, const uint64_t *factors, size_t n,
                          uint64_t divisor)
{
    if (wide_ratio(factors, n, divisor, &c->square) < 0) {
        return derive_impossible(d, QUANTITY_amplitude_ua);
    }
    if (wide_compare(c->square, c->peak2) > 0) {
        c->square = c->peak2;
    }
    return 0;
}

/* log10 of q x d in thousandths, q and d in nC and nC/cm2 made uC, rounded up. Advisory, hence absent for no charge. */
static void put_shannon(const struct derive *d, int64_t charge, int64_t density)
{
    struct wide product = wide_product((uint64_t)charge, (uint64_t)density);
    if (product.hi != 0 || product.lo == 0) {
        return;
    }
    uint64_t mantissa = product.lo;
    int64_t log2 = 63;
    for (; log2 > 0 && mantissa >> 63 == 0; mantissa <<= 1) {
        log2--;
    }
    for (int bit = 0; bit < 16; bit++) {
        mantissa = wide_product(mantissa, mantissa).hi;
        log2 *= 2;
        if (mantissa >> 63 != 0) {
            log2++;
        } else {
            mantissa <<= 1;
        }
    }
    int64_t log10_milli = ((log2 + 1) * 30103 + 6553599) / 6553600; /* x log10(2) x 1000 / 2^16 */
    quantity_put(d->values, QUANTITY_shannon_k_milli, log10_milli - 6000);
}

/* Charge of the larger phase: factors over divisor in nC; and what follows from it. */
static int put_charge(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                      uint64_t divisor)
{
    int r = derive_put(d, QUANTITY_phase_charge_nc, factors, n, divisor);
    if (r < 0) {
        return r;
    }
    uint64_t charge = (uint64_t)d->values->value[QUANTITY_phase_charge_nc];
    r = derive_put(d, QUANTITY_charge_density_nc_cm2, (uint64_t[]){charge, HUNDREDTHS_CM2}, 2, c->area);
    if (r < 0) {
        return r;
    }
    put_shannon(d, (int64_t)charge, d->values->value[QUANTITY_charge_density_nc_cm2]);
    return 0;
}

static int put_direct(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                      uint64_t divisor)
{
    int r = derive_put(d, QUANTITY_dc_current_ua, factors, n, divisor);
    if (r < 0) {
        return r;
    }
    uint64_t direct = (uint64_t)d->values->value[QUANTITY_dc_current_ua];
    if (direct > c->peak) {
        direct = c->peak;
        quantity_put(d->values, QUANTITY_dc_current_ua, (int64_t)direct);
    }
    return derive_put(d, QUANTITY_dc_density_ua_cm2, (uint64_t[]){direct, HUNDREDTHS_CM2}, 2, c->area);
}

/* r.m.s. and what follows from the mean square. */
static int put_square(const struct derive *d, const struct current *c)
{
    uint64_t rms = wide_sqrt_up(c->square);
    if (rms > (uint64_t)DOSE_INPUT_MAX) {
        return derive_impossible(d, QUANTITY_rms_current_ua);
    }
    quantity_put(d->values, QUANTITY_rms_current_ua, (int64_t)rms);
    int r = derive_put(d, QUANTITY_rms_density_ua_cm2, (uint64_t[]){rms, HUNDREDTHS_CM2}, 2, c->area);
    if (r < 0) {
        return r;
    }
    struct wide density = wide_over_up(c->square, UA2_PER_UW / HUNDREDTHS_CM2 * c->area);
    if (density.hi != 0 || density.lo > (uint64_t)INT64_MAX) {
        return derive_impossible(d, QUANTITY_power_density_uw_cm2);
    }
    quantity_put(d->values, QUANTITY_power_density_uw_cm2, (int64_t)density.lo);
    return 0;
}

/* Peak and area, which every class has. Level is the quantity the class is commanded by. */
static int need_peak(const struct derive *d, struct current *c, bool volts)
{
    int r = derive_need(d, QUANTITY_electrode_area_mm2, 1, DERIVE_AREA_MAX, &c->area);
    if (r == 0 && volts) {
        r = derive_need(d, QUANTITY_amplitude_mv, 0, DOSE_INPUT_MAX, &c->peak);
        c->peak *= HVPC_UA_PER_MV;
    } else if (r == 0) {
        r = derive_need(d, QUANTITY_amplitude_ua, 0, DOSE_INPUT_MAX, &c->peak);
    }
    if (r == 0) {
        c->peak2 = wide_product(c->peak, c->peak);
    }
    return r;
}

/* Rate, and whether flow_us of pulse and the gap fit its period. */
static int need_rate(const struct derive *d, struct current *c, uint64_t flow_us)
{
    uint64_t gap = 0;
    int r = derive_need(d, QUANTITY_pulse_rate_millihz, 1, DOSE_INPUT_MAX, &c->rate);
    if (r == 0) {
        r = derive_may(d, QUANTITY_interphase_us, 0, DOSE_INPUT_MAX, &gap);
    }
    if (r < 0) {
        return r;
    }
    struct wide occupied = wide_product(flow_us + gap, c->rate);
    if (occupied.hi != 0 || occupied.lo > DUTY_ONE) {
        return derive_impossible(d, QUANTITY_pulse_rate_millihz);
    }
    c->worst_rate = worst_second(c->rate);
    quantity_put(d->values, QUANTITY_limit_frequency_millihz, (int64_t)c->rate);
    return derive_put(d, QUANTITY_pulse_duty_permille, (uint64_t[]){occupied.lo}, 1, DUTY_ONE / PERMILLE);
}

/* n equal rectangles per pulse: symmetric (2, no direct part), monophasic (1) and high-voltage twin peaks (2). */
static int derive_rectangular(const struct derive *d, uint64_t phases, bool direct, bool volts)
{
    struct current c = {0};
    uint64_t width = 0;
    int r = need_peak(d, &c, volts);
    if (r == 0) {
        r = derive_need(d, QUANTITY_phase_width_us, 1, DOSE_INPUT_MAX, &width);
    }
    if (r == 0) {
        r = need_rate(d, &c, phases * width);
    }
    if (r == 0) {
        r = current_square(d, &c, (uint64_t[]){c.peak, c.peak, phases * width, c.worst_rate}, 4, DUTY_ONE);
    }
    if (r == 0) {
        r = put_square(d, &c);
    }
    if (r == 0) {
        r = put_charge(d, &c, (uint64_t[]){c.peak, width}, 2, 1000);
    }
    if (r == 0) {
        r = put_direct(d, &c, (uint64_t[]){direct ? c.peak : 0, phases * width, c.worst_rate}, 3, DUTY_ONE);
    }
    if (r == 0) { /* I2 x 500 ohm x time: uA2 us x 500e-12 uJ */
        r = derive_put(d, QUANTITY_pulse_energy_uj, (uint64_t[]){c.peak, c.peak, phases * width}, 3,
                       UA2_PER_UW * SECOND_US);
    }
    if (r < 0) {
        return r;
    }
    if (direct) {
        quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)c.peak);
    } else {
        quantity_put(d->values, QUANTITY_net_charge_permille, 0);
        quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)(2 * c.peak));
    }
    if (volts) { /* set in volts, so what is set is also what an open circuit sees */
        quantity_put(d->values, QUANTITY_output_voltage_mv, d->values->value[QUANTITY_amplitude_mv]);
    }
    return 0;
}

/* A second phase of another height and width; heights in thousandths of the first. */
static int derive_asymmetric(const struct derive *d)
{
    struct current c = {0};
    uint64_t w1 = 0, w2 = 0, height = 0;
    int r = need_peak(d, &c, false);
    if (r == 0) {
        r = derive_need(d, QUANTITY_phase_width_us, 1, DOSE_INPUT_MAX, &w1);
    }
    if (r == 0) {
        r = derive_need(d, QUANTITY_phase2_width_us, 1, DOSE_INPUT_MAX, &w2);
    }
    if (r == 0) {
        r = derive_need(d, QUANTITY_amplitude2_permille, 0, PERMILLE, &height);
    }
    if (r == 0) {
        r = need_rate(d, &c, w1 + w2);
    }
    if (r < 0) {
        return r;
    }
    uint64_t first = PERMILLE * w1, second = height * w2; /* charges in peak x us / 1000 */
    uint64_t net = first > second ? first - second : second - first;
    uint64_t squares = PERMILLE * PERMILLE * w1 + height * height * w2;
    r = current_square(d, &c, (uint64_t[]){c.peak, c.peak, squares, c.worst_rate}, 4, DUTY_ONE * PERMILLE * PERMILLE);
    if (r == 0) {
        r = put_square(d, &c);
    }
    if (r == 0) {
        r = put_charge(d, &c, (uint64_t[]){c.peak, first > second ? first : second}, 2, 1000 * PERMILLE);
    }
    if (r == 0) {
        r = put_direct(d, &c, (uint64_t[]){c.peak, net, c.worst_rate}, 3, DUTY_ONE * PERMILLE);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_net_charge_permille, (uint64_t[]){net}, 1, w1);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_pulse_energy_uj, (uint64_t[]){c.peak, c.peak, squares}, 3,
                       UA2_PER_UW * SECOND_US * PERMILLE * PERMILLE);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_amplitude_p2p_ua, (uint64_t[]){c.peak, PERMILLE + height}, 2, PERMILLE);
    }
    return r;
}

/*
 * The carriers. share/parts is the mean square over the square of the peak: a sine 1/2, two tones 1/4, a raised cosine
 * 3/8. For bursts the share of the worst second in which they flow comes on top.
 */
static int derive_carrier(const struct derive *d, uint64_t share, uint64_t parts, bool bursts)
{
    struct current c = {0};
    uint64_t carrier = 0, burst_rate = 0, duty = PERMILLE;
    int r = need_peak(d, &c, false);
    if (r == 0) {
        r = derive_need(d, QUANTITY_carrier_frequency_millihz, 1, DOSE_INPUT_MAX, &carrier);
    }
    if (r == 0 && bursts) {
        r = derive_need(d, QUANTITY_burst_duty_permille, 1, PERMILLE, &duty);
    }
    if (r == 0 && bursts) {
        r = derive_need(d, QUANTITY_burst_rate_millihz, 1, DOSE_INPUT_MAX, &burst_rate);
    }
    if (r < 0) {
        return r;
    }
    uint64_t over_one = bursts ? burst_rate : 1; /* worst_rate / over_one whole bursts for each true one */
    c.worst_rate = bursts ? worst_second(burst_rate) : 1;
    c.rate = carrier;
    quantity_put(d->values, QUANTITY_limit_frequency_millihz, (int64_t)carrier);
    r = current_square(d, &c, (uint64_t[]){c.peak, c.peak, share, duty, c.worst_rate}, 5, parts * PERMILLE * over_one);
    struct wide plateau; /* bursts of a second and longer: the mean square within the burst is the bound */
    if (r < 0 || wide_ratio((uint64_t[]){c.peak, c.peak, share}, 3, parts, &plateau) < 0) {
        return derive_impossible(d, QUANTITY_amplitude_ua);
    }
    if (wide_compare(c.square, plateau) > 0) {
        c.square = plateau;
    }
    r = put_square(d, &c);
    if (r == 0) { /* half a cycle of the carrier: peak / (pi f) */
        r = put_charge(d, &c, (uint64_t[]){c.peak, MEAN_RAISED_COSINE}, 2, carrier);
    }
    if (r == 0) {
        r = put_direct(d, &c, (uint64_t[]){0}, 1, 1);
    }
    quantity_put(d->values, QUANTITY_net_charge_permille, 0);
    quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)(2 * c.peak));
    return r;
}

/*
 * Energy of one beat of a premodulated current or one burst: what counts as its pulse. One of 0.1 s or longer is no
 * pulse in the sense of IEC 60601-2-10, the r.m.s. rows bound it, so none is put.
 */
static int put_envelope_energy(const struct derive *d, enum modality_quantity rate_quantity, uint64_t share,
                               uint64_t parts, uint64_t duty)
{
    uint64_t rate = 0, peak = (uint64_t)d->values->value[QUANTITY_amplitude_ua];
    int r = derive_may(d, rate_quantity, 1, DOSE_INPUT_MAX, &rate);
    if (r < 0 || rate == 0 || duty >= rate / 10) { /* duty / rate is its length in s */
        return r;
    }
    return derive_put(d, QUANTITY_pulse_energy_uj, (uint64_t[]){peak, peak, share, duty}, 4,
                      parts * 2 * rate * PERMILLE);
}

static int derive_direct(const struct derive *d)
{
    struct current c = {0};
    int r = need_peak(d, &c, false);
    if (r < 0) {
        return r;
    }
    c.square = c.peak2;
    quantity_put(d->values, QUANTITY_limit_frequency_millihz, 0);
    quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)c.peak);
    r = put_square(d, &c);
    return r < 0 ? r : put_direct(d, &c, (uint64_t[]){c.peak}, 1, 1);
}

/* On and off times of surges, where there are any, must leave room for the ramps. */
static int check_surge(const struct derive *d)
{
    uint64_t on = UINT64_MAX, off = 0, up = 0, down = 0;
    int r = derive_may(d, QUANTITY_surge_on_ms, 1, DOSE_INPUT_MAX, &on);
    if (r == 0) {
        r = derive_may(d, QUANTITY_surge_off_ms, 0, DOSE_INPUT_MAX, &off);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_ramp_up_ms, 0, DOSE_INPUT_MAX, &up);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_ramp_down_ms, 0, DOSE_INPUT_MAX, &down);
    }
    if (r == 0 && up + down > on) {
        r = derive_impossible(d, QUANTITY_surge_on_ms);
    }
    return r;
}

static int derive_shape(const struct derive *d, enum modality_waveform waveform)
{
    int r = -EINVAL;
    switch (waveform) {
    case WAVEFORM_biphasic_symmetric:
    case WAVEFORM_biphasic_burst:
        return derive_rectangular(d, 2, false, false);
    case WAVEFORM_monophasic:
        return derive_rectangular(d, 1, true, false);
    case WAVEFORM_hvpc:
        return derive_rectangular(d, 2, true, true);
    case WAVEFORM_biphasic_asymmetric:
        return derive_asymmetric(d);
    case WAVEFORM_sine:
        return derive_carrier(d, 1, 2, false);
    case WAVEFORM_premod_two_tone:
        r = derive_carrier(d, 1, 4, false);
        return r < 0 ? r : put_envelope_energy(d, QUANTITY_beat_frequency_millihz, 1, 4, PERMILLE);
    case WAVEFORM_premod_raised_cosine:
        r = derive_carrier(d, 3, 8, false);
        return r < 0 ? r : put_envelope_energy(d, QUANTITY_beat_frequency_millihz, 3, 8, PERMILLE);
    case WAVEFORM_russian:
        r = derive_carrier(d, 1, 2, true);
        return r < 0 ? r
                     : put_envelope_energy(d, QUANTITY_burst_rate_millihz, 1, 2,
                                           (uint64_t)d->values->value[QUANTITY_burst_duty_permille]);
    case WAVEFORM_dc:
    case WAVEFORM_iontophoresis:
        return derive_direct(d);
    case WAVEFORM_us_continuous:
    case WAVEFORM_us_pulsed:
    case WAVEFORM_laser_continuous:
    case WAVEFORM_laser_pulsed:
    case WAVEFORM_cold_contact:
    case WAVEFORM_COUNT:
        break;
    }
    return -EINVAL;
}

int derive_current(const struct derive *d, enum modality_waveform waveform)
{
    int r = check_surge(d);
    return r < 0 ? r : derive_shape(d, waveform);
}

int current_charge_nc(enum modality_waveform waveform, const struct quantity_set *v, int64_t t_ms, int64_t *out)
{
    uint64_t t = (uint64_t)t_ms;
    uint64_t peak = (uint64_t)quantity_or_zero(v, QUANTITY_amplitude_ua);
    uint64_t rate = (uint64_t)quantity_or_zero(v, QUANTITY_pulse_rate_millihz);
    uint64_t w1 = (uint64_t)quantity_or_zero(v, QUANTITY_phase_width_us);
    uint64_t second = (uint64_t)quantity_or_zero(v, QUANTITY_phase2_width_us) *
                      (uint64_t)quantity_or_zero(v, QUANTITY_amplitude2_permille);
    uint64_t twin_peak = (uint64_t)quantity_or_zero(v, QUANTITY_amplitude_mv) * HVPC_UA_PER_MV;
    uint64_t duty = (uint64_t)quantity_or_zero(v, QUANTITY_burst_duty_permille);
    switch (waveform) { /* uA us is pC, mHz ms is a millionth of a pulse, uA ms is nC */
    case WAVEFORM_biphasic_symmetric:
    case WAVEFORM_biphasic_burst:
        return wide_ratio_up((uint64_t[]){peak, 2 * w1, rate, t}, 4, DUTY_ONE, out);
    case WAVEFORM_biphasic_asymmetric:
        return wide_ratio_up((uint64_t[]){peak, PERMILLE * w1 + second, rate, t}, 4, DUTY_ONE * PERMILLE, out);
    case WAVEFORM_monophasic:
        return wide_ratio_up((uint64_t[]){peak, w1, rate, t}, 4, DUTY_ONE, out);
    case WAVEFORM_hvpc:
        return wide_ratio_up((uint64_t[]){twin_peak, 2 * w1, rate, t}, 4, DUTY_ONE, out);
    case WAVEFORM_sine:
        return wide_ratio_up((uint64_t[]){peak, MEAN_SINE, t}, 3, MILLIONTHS, out);
    case WAVEFORM_premod_two_tone:
        return wide_ratio_up((uint64_t[]){peak, MEAN_TWO_TONE, t}, 3, MILLIONTHS, out);
    case WAVEFORM_premod_raised_cosine:
        return wide_ratio_up((uint64_t[]){peak, MEAN_RAISED_COSINE, t}, 3, MILLIONTHS, out);
    case WAVEFORM_russian:
        return wide_ratio_up((uint64_t[]){peak, MEAN_SINE, duty, t}, 4, MILLIONTHS * PERMILLE, out);
    case WAVEFORM_dc:
    case WAVEFORM_iontophoresis:
        return wide_ratio_up((uint64_t[]){peak, t}, 2, 1, out);
    case WAVEFORM_us_continuous:
    case WAVEFORM_us_pulsed:
    case WAVEFORM_laser_continuous:
    case WAVEFORM_laser_pulsed:
    case WAVEFORM_cold_contact:
    case WAVEFORM_COUNT:
        break;
    }
    *out = 0;
    return 0;
}
