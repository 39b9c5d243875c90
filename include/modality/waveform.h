/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waveform classes (the shape of an output, which decides the dose formulas) and therapies (the trade's name for what
 * is done, which decides screening). The strings are what INI and JSON use.
 */
#ifndef MODALITY_WAVEFORM_H
#define MODALITY_WAVEFORM_H

#include <stdbool.h>

#include "quantity.h"

/* WAVEFORM(id, modality, meaning). The code of a class in the quantity waveform_class is its position here. */
#define MODALITY_WAVEFORMS(WAVEFORM)                                                                                   \
    WAVEFORM(biphasic_symmetric, MODALITY_ESTIM, "rectangular, two equal phases")                                      \
    WAVEFORM(biphasic_asymmetric, MODALITY_ESTIM, "rectangular, second phase lower and longer")                        \
    WAVEFORM(monophasic, MODALITY_ESTIM, "rectangular, one phase; has a direct component")                             \
    WAVEFORM(sine, MODALITY_ESTIM, "pure sine of one interferential channel")                                          \
    WAVEFORM(premod_two_tone, MODALITY_ESTIM, "premodulated: sum of two equal sines")                                  \
    WAVEFORM(premod_raised_cosine, MODALITY_ESTIM, "premodulated: raised-cosine envelope, 100 % AM")                   \
    WAVEFORM(russian, MODALITY_ESTIM, "sine carrier in bursts")                                                        \
    WAVEFORM(hvpc, MODALITY_ESTIM, "high-voltage twin peak, set in volts")                                             \
    WAVEFORM(dc, MODALITY_ESTIM, "direct (galvanic) current")                                                          \
    WAVEFORM(iontophoresis, MODALITY_ESTIM, "direct current that carries a drug")                                      \
    WAVEFORM(us_continuous, MODALITY_ULTRASOUND, "continuous ultrasound")                                              \
    WAVEFORM(us_pulsed, MODALITY_ULTRASOUND, "ultrasound in bursts")                                                   \
    WAVEFORM(laser_continuous, MODALITY_LASER, "continuous or chopped laser")                                          \
    WAVEFORM(laser_pulsed, MODALITY_LASER, "superpulsed laser")                                                        \
    WAVEFORM(cold_contact, MODALITY_COLD, "cold held at a set point")                                                  \
    WAVEFORM(biphasic_burst, MODALITY_ESTIM, "rectangular, two equal phases, in bursts")

enum modality_waveform {
#define WAVEFORM(id, modality, meaning) WAVEFORM_##id,
    MODALITY_WAVEFORMS(WAVEFORM)
#undef WAVEFORM
        WAVEFORM_COUNT
};

/* THERAPY(id, modality, column of the screening matrix, meaning). */
#define MODALITY_THERAPIES(THERAPY)                                                                                    \
    THERAPY(tens, MODALITY_ESTIM, TENS, "transcutaneous electrical nerve stimulation")                                 \
    THERAPY(ifc, MODALITY_ESTIM, TENS, "interferential current")                                                       \
    THERAPY(nmes, MODALITY_ESTIM, NMES, "neuromuscular electrical stimulation")                                        \
    THERAPY(russian_nmes, MODALITY_ESTIM, NMES, "Russian stimulation")                                                 \
    THERAPY(hvpc_pain, MODALITY_ESTIM, TENS, "high-voltage pulsed current below motor level")                          \
    THERAPY(microcurrent, MODALITY_ESTIM, TENS, "microcurrent")                                                        \
    THERAPY(ionto, MODALITY_ESTIM, ION, "iontophoresis")                                                               \
    THERAPY(us_thermal, MODALITY_ULTRASOUND, UST, "thermal ultrasound")                                                \
    THERAPY(us_nonthermal, MODALITY_ULTRASOUND, USP, "pulsed, non-thermal ultrasound")                                 \
    THERAPY(lipus, MODALITY_ULTRASOUND, LIP, "low-intensity pulsed ultrasound")                                        \
    THERAPY(pbm, MODALITY_LASER, LAS, "laser photobiomodulation")                                                      \
    THERAPY(cryo, MODALITY_COLD, CRY, "cryotherapy")                                                                   \
    THERAPY(tens_brief, MODALITY_ESTIM, TENS, "brief-intense TENS, at the most that is borne")

enum modality_therapy {
#define THERAPY(id, modality, column, meaning) THERAPY_##id,
    MODALITY_THERAPIES(THERAPY)
#undef THERAPY
        THERAPY_COUNT
};

/* The id ("biphasic_symmetric"), modality and meaning of a class; w below WAVEFORM_COUNT. Static storage. */
const char *modality_waveform_id(enum modality_waveform w);
enum modality modality_waveform_modality(enum modality_waveform w);
const char *modality_waveform_meaning(enum modality_waveform w);
/* Looks a waveform class up by id: 0, or -ENOENT with *out untouched. */
int modality_waveform_find(const char *id, enum modality_waveform *out);

/* The same for therapies. */
const char *modality_therapy_id(enum modality_therapy t);
enum modality modality_therapy_modality(enum modality_therapy t);
const char *modality_therapy_meaning(enum modality_therapy t);
int modality_therapy_find(const char *id, enum modality_therapy *out);
/*
 * The waveform classes that a therapy may have, a bit each. What else of its modality exists belongs to another
 * therapy, with other questions and limits. Iontophoresis, which is screened and locked by itself, is nobody else's.
 */
uint32_t modality_therapy_waveforms(enum modality_therapy t);
/* Whether a therapy may be declared to heat tissue, which takes it out of what holds "unless thermal". */
bool modality_therapy_may_heat(enum modality_therapy t);

/* "estim", "ultrasound", "laser", "cold"; and back: 0, or -ENOENT with *out untouched. */
const char *modality_id(enum modality m);
int modality_find(const char *id, enum modality *out);

#endif
