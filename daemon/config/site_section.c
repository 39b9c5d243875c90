/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [site <id>]: places on the body, and which of them overlap. A part meets its whole, and what that is a part of;
 * parts of one whole lie side by side and do not meet. It is worked out here, once: every list of sites that restricts
 * something is widened by it, and the ledger asks with it.
 */
#include "config/refer.h"

static void build_site(struct load *load, const struct raw_section *s, struct site *site)
{
    site->id = s->id;
    site->label = "";
    site->origin = s->at.origin;
    field_text(load, s, "label", &site->label);
    field_yes(load, s, "sides", &site->has_sides);
}

static uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

/* What each site is a part of, by way of others too. */
static void close_wholes(struct site *sites, size_t n)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++) {
            const uint64_t before = sites[i].part_of;
            for (size_t k = 0; k < n; k++)
                sites[i].part_of |= (before & bit(k)) ? sites[k].part_of : 0;
            more = more || sites[i].part_of != before;
        }
    }
}

/* A circle is one fault, whoever belongs to it: at its first site. */
static void check_circle(struct load *load, const struct raw_section *s, const struct site *sites, size_t i)
{
    const char *by = sites[i].id;
    for (size_t k = 0; k < i; k++)
        if (sites[i].part_of & bit(k) && sites[k].part_of & bit(i))
            return; /* told there */
    for (size_t k = 0; k < load->config->dose.screening.n_sites; k++)
        if (k != i && sites[i].part_of & bit(k) && sites[k].part_of & bit(i))
            by = sites[k].id;
    fault_add(&load->faults, section_line(s, "part_of")->at, "part_of: site %s would be a part of itself, by way of %s",
              sites[i].id, by);
}

static void build_wholes(struct load *load, struct site *sites)
{
    const size_t n = load->config->dose.screening.n_sites;
    const struct raw_section *s;
    size_t next = 0;
    for (size_t i = 0; i < n && (s = section_next(load, SECTION_SITE, &next)) != NULL; i++)
        refer_mask(load, s, "part_of", refer_site, "site", &sites[i].part_of);
    close_wholes(sites, n);
    next = 0;
    for (size_t i = 0; i < n && (s = section_next(load, SECTION_SITE, &next)) != NULL; i++)
        if (sites[i].part_of & bit(i))
            check_circle(load, s, sites, i);
    for (size_t i = 0; i < n; i++) {
        sites[i].meets |= bit(i) | sites[i].part_of;
        for (size_t k = 0; k < n; k++)
            sites[k].meets |= (sites[i].part_of & bit(k)) ? bit(i) : 0;
    }
}

void build_sites(struct load *load)
{
    struct screening *screening = &load->config->dose.screening;
    struct site *sites = arena_array(load->arena, DOSE_SITES_MAX, sizeof(*sites));
    const struct raw_section *s;
    size_t next = 0;
    if (sites == NULL)
        return;
    screening->sites = sites;
    while ((s = section_next(load, SECTION_SITE, &next)) != NULL &&
           section_room(load, s, screening->n_sites, DOSE_SITES_MAX))
        build_site(load, s, &sites[screening->n_sites++]);
    build_wholes(load, sites);
}
