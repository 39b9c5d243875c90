/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Electrical stimulation: which formulas a waveform class takes, direct current, what surges must leave room for, and
 * the charge that each class carries over time.
 */
#include "dose/current_parts.h"

#include <errno.h>

static int derive_direct(const struct derive *d)
{
    struct current c = {0};
    int r = current_need_peak(d, &c, false);
    if (r < 0) {
        return r;
    }
    c.square = c.peak2;
    quantity_put(d->values, QUANTITY_limit_frequency_millihz, 0);
    quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)c.peak);
    r = current_put_square(d, &c);
    return r < 0 ? r : current_put_direct(d, &c, (uint64_t[]){c.peak}, 1, 1);
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
    switch (waveform) {
    case WAVEFORM_biphasic_symmetric:
        return derive_rectangular(d, 2, false, false);
    case WAVEFORM_biphasic_burst:
        return derive_burst(d);
    case WAVEFORM_monophasic:
        return derive_rectangular(d, 1, true, false);
    case WAVEFORM_hvpc:
        return derive_rectangular(d, 2, true, true);
    case WAVEFORM_biphasic_asymmetric:
        return derive_asymmetric(d);
    case WAVEFORM_sine:
    case WAVEFORM_premod_two_tone:
    case WAVEFORM_premod_raised_cosine:
    case WAVEFORM_russian:
        return derive_carrier(d, waveform);
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
        return wide_ratio_up((uint64_t[]){peak, 2 * w1, rate, t}, 4, DUTY_ONE, out);
    case WAVEFORM_biphasic_burst:
        return wide_ratio_up((uint64_t[]){peak, 2 * w1, rate, duty, t}, 5, DUTY_ONE * PERMILLE, out);
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
