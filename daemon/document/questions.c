/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screening questions of a protocol at a site, as a console shows them. Without a site, those of every site.
 */
#include "document/document.h"

static json_t *question_document(const struct question *q)
{
    json_t *o = json_object(), *answers = json_array();
    for (size_t i = 0; i < q->n_answers; i++)
        json_array_append_new(answers, json_string(q->answers[i].id));
    doc_text(o, "id", q->id);
    doc_text(o, "text", q->text);
    doc_put(o, "answers", answers);
    doc_text(o, "restrictive", q->restrictive < q->n_answers ? q->answers[q->restrictive].id : NULL);
    doc_bool(o, "always", q->always);
    if (q->valid_days > 0)
        doc_int(o, "valid_days", q->valid_days);
    return o;
}

static bool asked(const struct screening *s, const struct question *q, const struct protocol *p, uint64_t sites,
                  const char *indication)
{
    if (!p)
        return true;
    struct screening_case c = {.therapy = p->therapy, .indication = indication, .protocol_indication = p->indication};
    for (c.site = 0; c.site < s->n_sites && c.site < DOSE_SITES_MAX; c.site++) {
        if ((sites == 0 || ((sites >> c.site) & 1u)) && screening_asks(q, &c))
            return true;
    }
    return false;
}

json_t *doc_questions(const struct dose_tables *t, const struct protocol *p, uint64_t sites, const char *indication)
{
    json_t *array = json_array();
    for (size_t i = 0; i < t->screening.n_questions; i++) {
        if (asked(&t->screening, &t->screening.questions[i], p, sites, indication))
            json_array_append_new(array, question_document(&t->screening.questions[i]));
    }
    return array;
}
