/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person states: observations of a patient, that a patient is disconnected (reset), how a dose is judged that
 * nobody knows (review).
 */
#include <stdio.h>
#include <string.h>

#include "record/amounts.h"
#include "request.h"

static enum ctl_exit state(struct ctl *ctl, const char *method, json_t *params, const char *said)
{
    json_t *result;
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, method, params, &result);
    if (code == CTL_DONE && !ctl->json)
        printf("%s\n", said);
    json_decref(result);
    return code;
}

static const struct {
    const char *option, *kind;
    bool score; /* 0 to 10; else words */
} observations[] = {
    {"pain-before", "pain_before", true},
    {"pain-after", "pain_after", true},
    {"skin-before", "skin_before", false},
    {"skin-after", "skin_after", false},
    {"note", "note", false},
};

/* One observation as typed; NULL after a line on standard error. */
static json_t *observation_read(size_t row, const char *text)
{
    long score;
    if (!observations[row].score)
        return json_pack("{s:s, s:s}", "kind", observations[row].kind, "text", text);
    if (!typed_count(observations[row].option, text, 0, 10, &score))
        return NULL;
    return json_pack("{s:s, s:I, s:s, s:i}", "kind", observations[row].kind, "value", (json_int_t)score, "scale", "NRS",
                     "maximum", 10);
}

enum ctl_exit cmd_observe(struct ctl *ctl, const struct ctl_options *options)
{
    const char *session = ctl_word_needed(options, "the session");
    json_t *read[sizeof observations / sizeof observations[0]] = {0};
    enum ctl_exit code = session ? CTL_DONE : CTL_USAGE;
    size_t given = 0;
    for (size_t i = 0; i < sizeof read / sizeof read[0] && code == CTL_DONE; i++) {
        const char *text = ctl_option(options, observations[i].option);
        read[i] = text ? observation_read(i, text) : NULL;
        given += text != NULL;
        code = text && !read[i] ? CTL_USAGE : CTL_DONE;
    }
    if (code == CTL_DONE && given == 0) {
        fprintf(stderr, "modalityctl: nothing to record (see modalityctl observe --help)\n");
        code = CTL_USAGE;
    }
    for (size_t i = 0; i < sizeof read / sizeof read[0]; i++) {
        char said[80];
        snprintf(said, sizeof said, "recorded: %s", ctl_words(observations[i].kind));
        if (read[i] && code == CTL_DONE)
            code = state(ctl, "session.observe", json_pack("{s:s, s:O}", "session_id", session, "observation", read[i]),
                         said);
        json_decref(read[i]);
    }
    return code;
}

enum ctl_exit cmd_reset(struct ctl *ctl, const struct ctl_options *options)
{
    const char *device = ctl_word_needed(options, "the device");
    const char *statement = device ? ctl_option_needed(options, "statement") : NULL;
    if (!statement)
        return CTL_USAGE;
    return state(ctl, "device.reset", json_pack("{s:s, s:s}", "device", device, "statement", statement),
                 "recorded; the device is made safe and read back");
}

/* What is not said counts as the worst that was reserved, never as nothing; the first three are needed. */
static const struct {
    const char *option;
    enum modality_quantity quantity;
    bool needed;
} amounts[] = {{"duration", QUANTITY_duration_ms, true},
               {"energy", QUANTITY_energy_uj, true},
               {"charge", QUANTITY_session_charge_uc, true},
               {"ion-dose", QUANTITY_iontophoresis_dose_ua_min, false},
               {"contractions", QUANTITY_contraction_count, false},
               {"thermal-dose", QUANTITY_cem43_ms, false},
               {"cold-dose", QUANTITY_cold_dose_millic_min, false}};
_Static_assert(sizeof amounts / sizeof amounts[0] == AMOUNT_COUNT, "every amount can be stated");

static bool amounts_read(const struct ctl_options *options, json_t *delivered)
{
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        int64_t value;
        const char *name = amounts[i].option;
        const char *text = amounts[i].needed ? ctl_option_needed(options, name) : ctl_option(options, name);
        if (amounts[i].needed && !text)
            return false;
        if (text && !typed_value(name, amounts[i].quantity, text, &value))
            return false;
        if (text)
            json_object_set_new(delivered, modality_quantity_info(amounts[i].quantity)->id, json_integer(value));
    }
    return true;
}

enum ctl_exit cmd_review(struct ctl *ctl, const struct ctl_options *options)
{
    const char *session = ctl_word_needed(options, "the session");
    const char *statement = session ? ctl_option_needed(options, "statement") : NULL;
    if (!statement)
        return CTL_USAGE;
    json_t *delivered = json_object();
    json_t *params =
        json_pack("{s:s, s:s, s:o}", "session_id", session, "statement", statement, "delivered", delivered);
    if (ctl_option(options, "exceeds-worst"))
        json_object_set_new(params, "exceeds_worst", json_true());
    if (amounts_read(options, delivered))
        return state(ctl, "dose.review", params, "reviewed: the dose is settled as stated");
    json_decref(params);
    return CTL_USAGE;
}
