/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables behind include/modality: quantities, waveform classes, therapies, modalities and error tokens. Every row
 * comes from the X-macro of its header, so a row added there is a row here and nowhere else. Nothing is mutable.
 */
#include "modality/token.h"
#include "modality/waveform.h"

#include <errno.h>

/* Base unit and UCUM code belong to the dimension; a quantity's row points at its dimension's texts. */
#define DIMENSION(id, base, ucum)                                                                                      \
    static const char base_unit_##id[] = base;                                                                         \
    static const char ucum_##id[] = ucum;
MODALITY_DIMENSIONS(DIMENSION)
#undef DIMENSION

static const struct modality_quantity_info quantities[QUANTITY_COUNT] = {
#define QUANTITY(name, dimension_id, display, modality_bits, safer_id, rest_id, basis_id, text)                        \
    [QUANTITY_##name] = {.id = #name,                                                                                  \
                         .dimension = DIMENSION_##dimension_id,                                                        \
                         .base_unit = base_unit_##dimension_id,                                                        \
                         .ucum = ucum_##dimension_id,                                                                  \
                         .display_unit = display,                                                                      \
                         .modalities = modality_bits,                                                                  \
                         .safer = SAFER_##safer_id,                                                                    \
                         .rest = REST_##rest_id,                                                                       \
                         .basis = BASIS_##basis_id,                                                                    \
                         .meaning = text},
    MODALITY_QUANTITIES(QUANTITY)
#undef QUANTITY
};

struct vocabulary_row {
    const char *id;
    enum modality modality;
    const char *meaning;
};

static const struct vocabulary_row waveforms[WAVEFORM_COUNT] = {
#define WAVEFORM(name, modality_bit, text) [WAVEFORM_##name] = {#name, modality_bit, text},
    MODALITY_WAVEFORMS(WAVEFORM)
#undef WAVEFORM
};

static const struct vocabulary_row therapies[THERAPY_COUNT] = {
#define THERAPY(name, modality_bit, column, text) [THERAPY_##name] = {#name, modality_bit, text},
    MODALITY_THERAPIES(THERAPY)
#undef THERAPY
};

/*
 * What each therapy is given by: the presets and formulas of the dosage reference (its sections 1, 2.4, 3.4 and 8), and
 * its columns, of which one is "pulsed, non-thermal ultrasound". Monophasic and direct microcurrent stays within 1 mA.
 */
#define BIT(name) (UINT32_C(1) << WAVEFORM_##name)
#define PULSES (BIT(biphasic_symmetric) | BIT(biphasic_asymmetric) | BIT(monophasic) | BIT(biphasic_burst))
static const uint32_t therapy_waveforms[THERAPY_COUNT] = {
    [THERAPY_tens] = PULSES,
    [THERAPY_tens_brief] = PULSES,
    [THERAPY_ifc] = BIT(sine) | BIT(premod_two_tone) | BIT(premod_raised_cosine),
    [THERAPY_nmes] = BIT(biphasic_symmetric) | BIT(biphasic_asymmetric) | BIT(biphasic_burst),
    [THERAPY_russian_nmes] = BIT(russian),
    [THERAPY_hvpc_pain] = BIT(hvpc),
    [THERAPY_microcurrent] = BIT(biphasic_symmetric) | BIT(biphasic_asymmetric) | BIT(monophasic) | BIT(dc),
    [THERAPY_ionto] = BIT(iontophoresis),
    [THERAPY_us_thermal] = BIT(us_continuous) | BIT(us_pulsed),
    [THERAPY_us_nonthermal] = BIT(us_pulsed),
    [THERAPY_lipus] = BIT(us_pulsed),
    [THERAPY_pbm] = BIT(laser_continuous) | BIT(laser_pulsed),
    [THERAPY_cryo] = BIT(cold_contact),
};

static const struct vocabulary_row modalities[] = {
    {"estim", MODALITY_ESTIM, "electrical stimulation"},
    {"ultrasound", MODALITY_ULTRASOUND, "therapeutic ultrasound"},
    {"laser", MODALITY_LASER, "photobiomodulation"},
    {"cold", MODALITY_COLD, "cryotherapy"},
};
#define MODALITY_ROWS (sizeof modalities / sizeof modalities[0])

struct token_row {
    const char *id, *meaning;
};

static const struct token_row tokens[TOKEN_COUNT] = {[TOKEN_NONE] = {"", ""},
#define TOKEN(name, text) [TOKEN_##name] = {#name, text},
                                                     MODALITY_TOKENS(TOKEN)
#undef TOKEN
};

/* Position of id in rows[0..n), or n. */
static size_t vocabulary_find(const struct vocabulary_row *rows, size_t n, const char *id)
{
    size_t i = 0;
    while (i < n && strcmp(rows[i].id, id) != 0) {
        i++;
    }
    return i;
}

const struct modality_quantity_info *modality_quantity_info(enum modality_quantity q)
{
    return &quantities[q];
}

int modality_quantity_find(const char *id, enum modality_quantity *out)
{
    for (size_t i = 0; i < QUANTITY_COUNT; i++) {
        if (strcmp(quantities[i].id, id) == 0) {
            *out = (enum modality_quantity)i;
            return 0;
        }
    }
    return -ENOENT;
}

const char *modality_waveform_id(enum modality_waveform w)
{
    return waveforms[w].id;
}

enum modality modality_waveform_modality(enum modality_waveform w)
{
    return waveforms[w].modality;
}

const char *modality_waveform_meaning(enum modality_waveform w)
{
    return waveforms[w].meaning;
}

int modality_waveform_find(const char *id, enum modality_waveform *out)
{
    size_t i = vocabulary_find(waveforms, WAVEFORM_COUNT, id);
    if (i == WAVEFORM_COUNT) {
        return -ENOENT;
    }
    *out = (enum modality_waveform)i;
    return 0;
}

const char *modality_therapy_id(enum modality_therapy t)
{
    return therapies[t].id;
}

enum modality modality_therapy_modality(enum modality_therapy t)
{
    return therapies[t].modality;
}

const char *modality_therapy_meaning(enum modality_therapy t)
{
    return therapies[t].meaning;
}

int modality_therapy_find(const char *id, enum modality_therapy *out)
{
    size_t i = vocabulary_find(therapies, THERAPY_COUNT, id);
    if (i == THERAPY_COUNT) {
        return -ENOENT;
    }
    *out = (enum modality_therapy)i;
    return 0;
}

uint32_t modality_therapy_waveforms(enum modality_therapy t)
{
    return therapy_waveforms[t];
}

bool modality_therapy_may_heat(enum modality_therapy t)
{
    return t == THERAPY_us_thermal;
}

const char *modality_id(enum modality m)
{
    for (size_t i = 0; i < MODALITY_ROWS; i++) {
        if (modalities[i].modality == m) {
            return modalities[i].id;
        }
    }
    return "";
}

int modality_find(const char *id, enum modality *out)
{
    size_t i = vocabulary_find(modalities, MODALITY_ROWS, id);
    if (i == MODALITY_ROWS) {
        return -ENOENT;
    }
    *out = modalities[i].modality;
    return 0;
}

const char *modality_token_id(enum modality_token t)
{
    return tokens[t].id;
}

const char *modality_token_meaning(enum modality_token t)
{
    return tokens[t].meaning;
}
