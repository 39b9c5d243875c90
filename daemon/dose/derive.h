/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas: commanded values and properties of one channel in, derived quantities out. Integer only; whatever is
 * compared with a maximum is rounded up. Formulas and golden vectors: IEC 601-2-10 practice, see config/limits.ini for
 * the sources of the bounds.
 */
#ifndef DOSE_DERIVE_H
#define DOSE_DERIVE_H

#include "dose/treatment.h"

/* 500 ohm: the load into which IEC 60601-2-10 states its output limits. */
#define DOSE_LOAD_OHM 500

/*
 * Inputs from which a formula starts: commanded values and properties lie in [0, DOSE_INPUT_MAX] base units (a set
 * point of cold may lie below 0). Whatever is larger is no treatment, and the bound keeps the products in 128 bits.
 */
#define DOSE_INPUT_MAX INT64_C(1000000000000)

/*
 * Adds to *values every derived quantity that its commanded values allow for this waveform (r.m.s. current, charge,
 * densities, SATA, power, hot spot ...). Instantaneous means the worst second: a rate counts as the pulses or bursts
 * that one second can hold, and the pauses of a surge, or between bursts of rectangular pulses, are never averaged in.
 * Quantities that need an absent input are left absent, except that -EINVAL is returned, with *missing naming it, when
 * one that the waveform cannot do without is absent. What each waveform needs:
 *   biphasic, monophasic       amplitude_ua, phase_width_us, pulse_rate_millihz, electrode_area_mm2; asymmetric also
 *                              phase2_width_us and amplitude2_permille, burst also burst_rate_millihz and
 *                              burst_duty_permille: a burst holds a whole pulse, and no more bursts come than pulses
 *   sine, premodulated         amplitude_ua, carrier_frequency_millihz, electrode_area_mm2
 *   russian                    the same, burst_rate_millihz and burst_duty_permille
 *   hvpc                       amplitude_mv, phase_width_us (of one peak), pulse_rate_millihz, electrode_area_mm2
 *   dc, iontophoresis          amplitude_ua, electrode_area_mm2
 *   ultrasound                 intensity_satp_uw_cm2, us_frequency_khz, era_mm2, bnr_permille; pulsed also
 *                              duty_permille or burst_width_us with pulse_repetition_millihz
 *   laser                      power_uw, or peak_power_uw with a duty (duty_permille, or pulse_repetition_millihz with
 *                              pulse_width_ns or burst_width_us); spot_area_mm2
 *   cold_contact               temperature_millic
 * Electrical stimulation may have anode_area_mm2 and cathode_area_mm2, neither below electrode_area_mm2, which is the
 * smaller electrode's: the direct component's density is put for the smaller electrode and for either polarity, over
 * electrode_area_mm2 where an area is absent. r.m.s. voltage and pulse_energy_1k_uj are into 1 kohm, where a current
 * stays what it is and a voltage (hvpc) drives half of what it drives into 500 ohm. A laser's point_energy_uj gives
 * point_duration_ms at its mean power and the other way round.
 * -ERANGE: a value overflows or is impossible (pulse longer than its period); *missing names the quantity at fault.
 * On failure *values may hold a part of the derived quantities.
 */
int dose_derive(enum modality_waveform waveform, struct quantity_set *values, enum modality_quantity *missing);

/*
 * Totals of one channel at these values over duration_ms of treatment time: duration, energy, charge, iontophoresis
 * dose, contraction count, energy density, cold dose and the open-loop heating bound (temperature_rise_millik,
 * tissue_temperature_millic, cem43_ms at that temperature all the time). Surges count their on time, ramps as on.
 * Call after dose_derive. -ERANGE on overflow.
 */
int dose_totals(enum modality_waveform waveform, struct quantity_set *values, int64_t duration_ms);

/*
 * Rate at which a channel at these values uses up the accumulated quantities, for the running integral: energy in uJ
 * over dt, charge in nC over dt, both rounded up. Values must carry the derived quantities. The output flows all the
 * time: surges are the caller's.
 */
int dose_increment(enum modality_waveform waveform, const struct quantity_set *values, int64_t dt_ms,
                   int64_t *energy_uj, int64_t *charge_nc);

/*
 * What a session may have delivered at worst: planned x (1 + accuracy) + maximum rate x stop bound. duration_ms is the
 * time in which planned flows (for surges the on time, for a dose that ends the treatment its course's fastest_ms), so
 * that planned / duration_ms is the maximum rate; stop_bound_ms that of all stops (of a course's turns, one each).
 */
int dose_worst(int64_t planned, int64_t accuracy_permille, int64_t duration_ms, int64_t stop_bound_ms, int64_t *worst);

/*
 * Time in which the output of these values flows within duration_ms: all of it, or the on times of surges as they can
 * lie at worst.
 */
int64_t dose_on_ms(const struct quantity_set *values, int64_t duration_ms);

/*
 * Thermal dose: the time at 43 degC that is worth dt_ms at this temperature, rounded up. Each degree above 43 doubles
 * it, each degree below quarters it. -ERANGE on overflow.
 */
int dose_cem43_ms(int64_t temperature_millic, int64_t dt_ms, int64_t *cem43_ms);

/*
 * The same and the cold dose for the running integral, so fine that rounding up at every sample adds nothing that
 * counts: in ns, and in mdegC x ns, of which DOSE_COLD_PER_MILLIC_MIN make one mdegC.min. An int64_t holds a week of
 * either. -ERANGE on overflow.
 */
#define DOSE_COLD_PER_MILLIC_MIN INT64_C(60000000000)
int dose_cem43_ns(int64_t temperature_millic, int64_t dt_ns, int64_t *cem43_ns);
int dose_cold_millic_ns(int64_t temperature_millic, int64_t dt_ns, int64_t *dose);

#endif
