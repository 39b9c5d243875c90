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
 * Adds to *values every derived quantity that its commanded values allow for this waveform (r.m.s. current, charge,
 * densities, SATA, power, hot spot ...). Quantities that need an absent input are left absent, except that
 * -EINVAL is returned, with *missing naming it, when one that the waveform cannot do without is absent.
 * -ERANGE: a value overflows or is impossible (pulse longer than its period); *missing names the quantity at fault.
 */
int dose_derive(enum modality_waveform waveform, struct quantity_set *values, enum modality_quantity *missing);

/*
 * Totals of one channel at these values over duration_ms of treatment time: duration, energy, charge, iontophoresis
 * dose, contraction count, energy density and the open-loop heating bound. Surges count their on time, ramps as on.
 * Call after dose_derive. -ERANGE on overflow.
 */
int dose_totals(enum modality_waveform waveform, struct quantity_set *values, int64_t duration_ms);

/*
 * Rate at which a channel at these values uses up the accumulated quantities, for the running integral: energy in uJ
 * over dt, charge in nC over dt, both rounded up. Values must carry the derived quantities.
 */
int dose_increment(enum modality_waveform waveform, const struct quantity_set *values, int64_t dt_ms,
                   int64_t *energy_uj, int64_t *charge_nc);

/* Dose over a session of a rate known by worst case: planned x (1 + accuracy) + maximum rate x stop bound. */
int dose_worst(int64_t planned, int64_t accuracy_permille, int64_t duration_ms, int64_t stop_bound_ms, int64_t *worst);

#endif
