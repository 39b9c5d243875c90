/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of quantities, waveforms, therapies and tokens: every id leads back to its row, and no row is half filled.
 */
#include "dose_test.h"

#include <errno.h>
#include <string.h>

#include "modality/token.h"
#include "modality/waveform.h"

static void every_quantity_is_found_by_its_id(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct modality_quantity_info *info = modality_quantity_info((enum modality_quantity)i);
        enum modality_quantity found = QUANTITY_COUNT;
        assert_int_equal(modality_quantity_find(info->id, &found), 0);
        assert_int_equal(found, i);
        assert_true(info->modalities != 0 && (info->modalities & ~(unsigned)MODALITY_ANY) == 0);
        assert_true(strlen(info->base_unit) > 0 && strlen(info->ucum) > 0 && strlen(info->display_unit) > 0);
        assert_true(strlen(info->meaning) > 0);
        assert_null(strstr(info->id, "mhz"));
    }
}

static void unknown_ids_are_not_found(void **state)
{
    (void)state;
    enum modality_quantity q = QUANTITY_amplitude_ua;
    enum modality_waveform w = WAVEFORM_sine;
    enum modality_therapy t = THERAPY_tens;
    enum modality m = MODALITY_COLD;
    assert_int_equal(modality_quantity_find("amplitude", &q), -ENOENT);
    assert_int_equal(modality_quantity_find("", &q), -ENOENT);
    assert_int_equal(modality_waveform_find("square", &w), -ENOENT);
    assert_int_equal(modality_therapy_find("massage", &t), -ENOENT);
    assert_int_equal(modality_find("heat", &m), -ENOENT);
    assert_true(q == QUANTITY_amplitude_ua && w == WAVEFORM_sine && t == THERAPY_tens && m == MODALITY_COLD);
}

static void waveforms_therapies_and_modalities_lead_back(void **state)
{
    (void)state;
    for (int i = 0; i < WAVEFORM_COUNT; i++) {
        enum modality_waveform w = (enum modality_waveform)i, found = WAVEFORM_COUNT;
        assert_int_equal(modality_waveform_find(modality_waveform_id(w), &found), 0);
        assert_int_equal(found, i);
        assert_true(strlen(modality_waveform_meaning(w)) > 0);
        enum modality m = 0;
        assert_int_equal(modality_find(modality_id(modality_waveform_modality(w)), &m), 0);
        assert_int_equal(m, modality_waveform_modality(w));
    }
    for (int i = 0; i < THERAPY_COUNT; i++) {
        enum modality_therapy t = (enum modality_therapy)i, found = THERAPY_COUNT;
        assert_int_equal(modality_therapy_find(modality_therapy_id(t), &found), 0);
        assert_int_equal(found, i);
        assert_true(strlen(modality_therapy_meaning(t)) > 0);
        assert_true(strlen(modality_id(modality_therapy_modality(t))) > 0);
    }
    assert_string_equal(modality_id((enum modality)3), "");
}

static void tokens_have_ids_and_meanings(void **state)
{
    (void)state;
    assert_string_equal(modality_token_id(TOKEN_NONE), "");
    assert_string_equal(modality_token_id(TOKEN_LIMIT_EXCEEDED), "LIMIT_EXCEEDED");
    for (int i = TOKEN_NONE + 1; i < TOKEN_COUNT; i++) {
        assert_true(strlen(modality_token_id((enum modality_token)i)) > 0);
        assert_true(strlen(modality_token_meaning((enum modality_token)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_quantity_is_found_by_its_id),
        cmocka_unit_test(unknown_ids_are_not_found),
        cmocka_unit_test(waveforms_therapies_and_modalities_lead_back),
        cmocka_unit_test(tokens_have_ids_and_meanings),
    };
    return DOSE_TESTS(tests);
}
