/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [bundle <id>]: names protocols that are given together. It holds no figure of its own, so nothing in it can loosen
 * what its parts may do.
 */
#include <string.h>

#include "config/refer.h"

/* The index of a protocol that is already built, or false. */
static bool protocol_index(const struct load *load, const char *id, size_t *out)
{
    const struct dose_tables *t = &load->config->dose;
    for (size_t i = 0; i < t->n_protocols; i++) {
        if (strcmp(t->protocols[i].id, id) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void build_parts(struct load *load, const struct raw_section *s, struct config_bundle *b)
{
    const char *const *ids;
    size_t n;
    struct place at;
    if (!field_list(load, s, "protocols", &ids, &n, &at))
        return;
    size_t *parts = arena_array(load->arena, n, sizeof(*parts));
    if (parts == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        if (protocol_index(load, ids[i], &parts[b->n_protocols]))
            b->n_protocols++;
        else
            fault_add(&load->faults, at, "protocols: there is no protocol \"%s\"", ids[i]);
    }
    b->protocols = parts;
}

void build_bundles(struct load *load)
{
    struct config_bundle *all = arena_array(load->arena, section_count(load, SECTION_BUNDLE), sizeof(*all));
    const struct raw_section *s;
    size_t next = 0, n = 0;
    if (all == NULL)
        return;
    while ((s = section_next(load, SECTION_BUNDLE, &next)) != NULL) {
        struct config_bundle *b = &all[n++];
        *b = (struct config_bundle){.id = s->id, .label = "", .source = "", .origin = s->at.origin};
        field_text(load, s, "label", &b->label);
        field_text(load, s, "indication", &b->indication);
        field_text(load, s, "notes", &b->notes);
        field_text(load, s, "source", &b->source);
        build_parts(load, s, b);
    }
    load->config->bundles = all;
    load->config->n_bundles = n;
}
