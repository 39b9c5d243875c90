/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rectangular pulses: symmetric, asymmetric, monophasic, in bursts, and high-voltage twin peaks. What a period cannot
 * hold, or a burst, is impossible and named.
 */
#include "dose/current_parts.h"

int derive_rectangular(const struct derive *d, uint64_t phases, bool direct, bool volts)
{
    struct current c = {0};
    uint64_t width = 0;
    int r = current_need_peak(d, &c, volts);
    if (r == 0) {
        r = derive_need(d, QUANTITY_phase_width_us, 1, DOSE_INPUT_MAX, &width);
    }
    if (r == 0) {
        r = current_need_rate(d, &c, phases * width);
    }
    if (r == 0) {
        r = current_square(d, &c, (uint64_t[]){c.peak, c.peak, phases * width, c.worst_rate}, 4, DUTY_ONE);
    }
    if (r == 0) {
        r = current_put_square(d, &c);
    }
    if (r == 0) {
        r = current_put_charge(d, &c, (uint64_t[]){c.peak, width}, 2, 1000);
    }
    if (r == 0) { /* I2 x 500 ohm x time: uA2 us x 500e-12 uJ */
        r = current_put_energy(d, volts, (uint64_t[]){c.peak, c.peak, phases * width}, 3, UA2_PER_UW * SECOND_US);
    }
    if (r == 0 && direct) {
        r = current_put_direct(d, &c, (uint64_t[]){c.peak, phases * width, c.worst_rate}, 3, DUTY_ONE);
    } else if (r == 0) {
        current_put_balanced(d);
    }
    if (r < 0) {
        return r;
    }
    quantity_put(d->values, QUANTITY_amplitude_p2p_ua, (int64_t)(direct ? c.peak : 2 * c.peak));
    if (volts) { /* set in volts, so what is set is also what an open circuit sees */
        quantity_put(d->values, QUANTITY_output_voltage_mv, d->values->value[QUANTITY_amplitude_mv]);
    }
    return 0;
}

/* A burst holds at least one whole pulse, and no second holds more bursts than pulses. */
static int check_burst(const struct derive *d, uint64_t burst_rate, uint64_t duty)
{
    uint64_t gap = 0, width = (uint64_t)d->values->value[QUANTITY_phase_width_us];
    int r = derive_may(d, QUANTITY_interphase_us, 0, DOSE_INPUT_MAX, &gap);
    if (r < 0) {
        return r;
    }
    if (burst_rate > (uint64_t)d->values->value[QUANTITY_pulse_rate_millihz]) {
        return derive_impossible(d, QUANTITY_burst_rate_millihz);
    }
    /* a burst is duty / rate s; the product is below that with the pulse rate, which was seen to fit */
    if ((2 * width + gap) * burst_rate > duty * SECOND_US) {
        return derive_impossible(d, QUANTITY_burst_duty_permille);
    }
    return 0;
}

int derive_burst(const struct derive *d)
{
    uint64_t burst_rate = 0, duty = 0;
    int r = derive_need(d, QUANTITY_burst_rate_millihz, 1, DOSE_INPUT_MAX, &burst_rate);
    if (r == 0) {
        r = derive_need(d, QUANTITY_burst_duty_permille, 1, PERMILLE, &duty);
    }
    if (r == 0) {
        r = derive_rectangular(d, 2, false, false);
    }
    return r < 0 ? r : check_burst(d, burst_rate, duty);
}

/* A second phase of another height and width; heights in thousandths of the first. */
int derive_asymmetric(const struct derive *d)
{
    struct current c = {0};
    uint64_t w1 = 0, w2 = 0, height = 0;
    int r = current_need_peak(d, &c, false);
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
        r = current_need_rate(d, &c, w1 + w2);
    }
    if (r < 0) {
        return r;
    }
    uint64_t first = PERMILLE * w1, second = height * w2; /* charges in peak x us / 1000 */
    uint64_t net = first > second ? first - second : second - first;
    uint64_t squares = PERMILLE * PERMILLE * w1 + height * height * w2;
    r = current_square(d, &c, (uint64_t[]){c.peak, c.peak, squares, c.worst_rate}, 4, DUTY_ONE * PERMILLE * PERMILLE);
    if (r == 0) {
        r = current_put_square(d, &c);
    }
    if (r == 0) {
        r = current_put_charge(d, &c, (uint64_t[]){c.peak, first > second ? first : second}, 2, 1000 * PERMILLE);
    }
    if (r == 0) {
        r = current_put_direct(d, &c, (uint64_t[]){c.peak, net, c.worst_rate}, 3, DUTY_ONE * PERMILLE);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_net_charge_permille, (uint64_t[]){net}, 1, w1);
    }
    if (r == 0) {
        r = current_put_energy(d, false, (uint64_t[]){c.peak, c.peak, squares}, 3,
                               UA2_PER_UW * SECOND_US * PERMILLE * PERMILLE);
    }
    return r < 0 ? r : derive_put(d, QUANTITY_amplitude_p2p_ua, (uint64_t[]){c.peak, PERMILLE + height}, 2, PERMILLE);
}
