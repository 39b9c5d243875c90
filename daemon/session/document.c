/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of this room that several of its files need, and its words. */
#include "record/amounts.h"
#include "session/internal.h"

json_t *doc_amounts(const struct dose_amounts *a)
{
    json_t *o = json_object();
    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        doc_int(o, amount_name(i), amount_get(a, i));
    return o;
}

json_t *doc_identity(const struct modality_identity *identity)
{
    json_t *o = json_object();
    doc_text(o, "maker", identity->maker);
    doc_text(o, "model", identity->model);
    doc_text(o, "serial", identity->serial);
    doc_text(o, "firmware", identity->firmware);
    return o;
}

const char *evidence_id(enum modality_evidence e)
{
    switch (e) {
    case EVIDENCE_NONE:
        return "none";
    case EVIDENCE_PRESUMED:
        return "presumed";
    case EVIDENCE_REPORTED:
        return "reported";
    case EVIDENCE_MEASURED:
        return "measured";
    }
    return "none";
}

const char *output_id(enum modality_output o)
{
    switch (o) {
    case OUTPUT_UNKNOWN:
        return "unknown";
    case OUTPUT_REST:
        return "rest";
    case OUTPUT_PROBE:
        return "probe";
    case OUTPUT_ON:
        return "on";
    }
    return "unknown";
}

const char *contact_id(enum modality_contact c)
{
    switch (c) {
    case CONTACT_UNKNOWN:
        return "unknown";
    case CONTACT_NOT_MONITORED:
        return "not_monitored";
    case CONTACT_GOOD:
        return "good";
    case CONTACT_POOR:
        return "poor";
    case CONTACT_LOST:
        return "lost";
    case CONTACT_SHORTED:
        return "shorted";
    }
    return "unknown";
}
