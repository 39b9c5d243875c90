/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screening questions of a protocol at a site. Without a site, those of every site.
 */
#include "session/internal.h"

json_t *session_questions(const struct sessions *s, const char *protocol, const char *site, const char *indication)
{
    const struct dose_tables *t = s->settings.tables;
    const struct protocol *p = protocol ? protocol_find(t, protocol) : NULL;
    const int where = site ? site_find(t, site) : -1;
    return doc_questions(t, p, where >= 0 && where < DOSE_SITES_MAX ? UINT64_C(1) << where : 0, indication);
}
