/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas with any number in every quantity, any of them present, for every waveform and for codes of none.
 */
#include "any.h"

#include "dose/derive_parts.h"

static struct quantity_set any_set(void)
{
    struct quantity_set set;
    Frama_C_make_unknown((char *)&set, sizeof set);
    return set;
}

static void use(enum modality_waveform waveform)
{
    struct quantity_set derived = any_set(), raw = any_set();
    enum modality_quantity missing;
    struct derive d = {.values = &derived, .missing = &missing};
    int64_t energy, charge;
    derive_current(&d, waveform);
    dose_derive(waveform, &derived, &missing);
    dose_totals(waveform, &derived, any_number());
    dose_increment(waveform, &derived, any_number(), &energy, &charge);
    dose_totals(waveform, &raw, any_number());
    dose_increment(waveform, &raw, any_number(), &energy, &charge);
}

static void use_any(void)
{
    struct quantity_set set = any_set();
    int64_t out = 0;
    dose_worst(any_number(), any_number(), any_number(), any_number(), &out);
    dose_on_ms(&set, any_number());
    dose_cem43_ms(any_number(), any_number(), &out);
    dose_cem43_ns(any_number(), any_number(), &out);
    dose_cold_millic_ns(any_number(), any_number(), &out);
}

int main(void)
{
    /*@ loop unroll WAVEFORM_COUNT + 1; */
    for (unsigned w = 0; w <= WAVEFORM_COUNT; w++)
        use((enum modality_waveform)w);
    use_any();
    return 0;
}
