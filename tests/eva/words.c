/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups by any text, by every code that there is, and dates in any text.
 */
#include "any_dose.h"

#include "dose/date.h"

static void look_up(const char *text)
{
    enum modality_quantity q = any_quantity();
    enum modality_waveform w = (enum modality_waveform)any_below(WAVEFORM_COUNT);
    enum modality_therapy t = (enum modality_therapy)any_below(THERAPY_COUNT);
    enum modality m = MODALITY_ESTIM;
    modality_quantity_find(text, &q);
    modality_waveform_find(text, &w);
    modality_therapy_find(text, &t);
    modality_find(text, &m);
    string_read(modality_quantity_info(q)->id);
    string_read(modality_waveform_id(w));
    string_read(modality_waveform_meaning(w));
    modality_waveform_modality(w);
    string_read(modality_therapy_id(t));
    string_read(modality_therapy_meaning(t));
    modality_therapy_modality(t);
    string_read(modality_id(m));
    string_read(modality_id((enum modality)any_number()));
}

int main(void)
{
    char text[40];
    int64_t day;
    any_text(text, sizeof text);
    look_up(text);
    if (date_parse(text, &day) == 0 && day > 0)
        return 1;
    enum modality_token token = (enum modality_token)any_below(TOKEN_COUNT);
    string_read(modality_token_id(token));
    string_read(modality_token_meaning(token));
    return 0;
}
