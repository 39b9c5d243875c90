/* SPDX-License-Identifier: Apache-2.0 */
/* Treatments by the shipped protocols. */
#include "shipped.h"

#include <stdio.h>
#include <string.h>

/* Reference accessories: see plugins/modbus-map/README.md and config/applicators.ini. */
#define HEAD_ERA_MM2 500
#define HEAD_BNR_PERMILLE 5000
#define PAD_MM2 2500
#define CW_SPOT_MM2 28
#define CW_WAVELENGTH_NM 808
#define SP_SPOT_MM2 50
#define SP_WAVELENGTH_NM 904

const struct config *shipped(void **state)
{
    struct fixture *f = *state;
    int rc = fixture_load(f, SHIPPED_DIR);
    assert_string_equal(f->told, "");
    assert_int_equal(rc, 0);
    return f->config;
}

void shipped_copy(struct fixture *f)
{
    static const char *const files[] = {
        "sites.ini",
        "screening.ini",
        "limits-estim.ini",
        "limits-ultrasound.ini",
        "limits-laser.ini",
        "limits-cold.ini",
        "limits-order.ini",
        "protocols/estim.ini",
        "protocols/ultrasound.ini",
        "protocols/laser.ini",
        "protocols/cold.ini",
        "protocols/bundles.ini",
    };
    char path[256];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, files[i]);
        fixture_copy(f, path, files[i]);
    }
}

const struct limit *shipped_limit(const struct config *c, const char *id)
{
    for (size_t i = 0; i < c->dose.n_limits; i++)
        if (strcmp(c->dose.limits[i].id, id) == 0)
            return &c->dose.limits[i];
    fail_msg("there is no limit %s", id);
    return NULL;
}

int64_t parameter_at(const struct protocol_parameter *p, enum corner at)
{
    return at == AT_MIN ? p->min : at == AT_DEFAULT ? p->initial : p->max;
}

static void put_all(struct dose_treatment *t, enum modality_quantity q, int64_t start, int64_t ceiling)
{
    for (size_t c = 0; c < t->n_channels; c++) {
        quantity_put(&t->channels[c].start, q, start);
        quantity_put(&t->channels[c].ceiling, q, ceiling);
    }
}

void treatment_set(struct dose_treatment *t, enum modality_quantity q, int64_t start, int64_t ceiling)
{
    if (q == QUANTITY_duration_ms)
        t->duration_ms = ceiling;
    else if (q != QUANTITY_wavelength_nm) /* a probe has the one that it has, whatever a protocol takes */
        put_all(t, q, start, ceiling);
}

static void put_property(struct dose_treatment *t, enum modality_quantity q, int64_t value)
{
    put_all(t, q, value, value);
}

static void put_accessories(const struct protocol *p, struct dose_treatment *t)
{
    const bool superpulsed = p->waveform == WAVEFORM_laser_pulsed;
    switch (p->modality) {
    case MODALITY_ESTIM:
        put_property(t, QUANTITY_electrode_area_mm2, PAD_MM2);
        break;
    case MODALITY_ULTRASOUND:
        put_property(t, QUANTITY_era_mm2, HEAD_ERA_MM2);
        put_property(t, QUANTITY_bnr_permille, HEAD_BNR_PERMILLE);
        break;
    case MODALITY_LASER:
        put_property(t, QUANTITY_spot_area_mm2, superpulsed ? SP_SPOT_MM2 : CW_SPOT_MM2);
        put_property(t, QUANTITY_wavelength_nm, superpulsed ? SP_WAVELENGTH_NM : CW_WAVELENGTH_NM);
        break;
    case MODALITY_COLD:
        break;
    }
}

void treatment_bare(const struct protocol *p, size_t n_channels, struct dose_treatment *t)
{
    *t = (struct dose_treatment){.modality = p->modality,
                                 .therapy = p->therapy,
                                 .thermal = p->thermal,
                                 .applicator = -1,
                                 .n_channels = n_channels};
    while (p->sites != 0 && (p->sites >> t->site & 1u) == 0)
        t->site++;
    for (size_t c = 0; c < t->n_channels; c++) {
        t->channels[c].waveform = p->waveform;
        t->channels[c].shares =
            (uint8_t)(((1u << n_channels) - 1) & ~(1u << c)); /* all on one pad: the most it bears */
    }
    put_accessories(p, t);
}

void treatment_at(const struct protocol *p, enum corner at, struct dose_treatment *t)
{
    treatment_bare(p, p->n_channels_max, t);
    for (size_t i = 0; i < p->n_parameters; i++) {
        int64_t value = parameter_at(&p->parameters[i], at);
        treatment_set(t, p->parameters[i].quantity, value, value);
    }
}

struct dose_history day_before(const struct protocol *p, const struct dose_picture *picture)
{
    const struct quantity_set *whole = &picture->whole;
    int64_t n = p->sessions_per_day - 1;
    struct dose_history h = {.duration_ms = n * picture->treatment.duration_ms,
                             .energy_uj = n * quantity_or_zero(whole, QUANTITY_energy_uj),
                             .session_charge_uc = n * quantity_or_zero(whole, QUANTITY_session_charge_uc),
                             .iontophoresis_dose_ua_min =
                                 n * quantity_or_zero(whole, QUANTITY_iontophoresis_dose_ua_min),
                             .cem43_ms = n * quantity_or_zero(whole, QUANTITY_cem43_ms),
                             .session_count = n,
                             .has_last_end = true,
                             .since_last_end_ms = p->rest_min_ms,
                             .ended = UINT32_C(1) << p->therapy};
    h.since_end_ms[p->therapy] = p->rest_min_ms;
    return h;
}
