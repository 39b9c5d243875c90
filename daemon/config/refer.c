/* SPDX-License-Identifier: Apache-2.0 */
/* Names to indices. Tables have at most 64 rows where masks are made of them; the stages see to that. */
#include "config/refer.h"

#include <string.h>

int refer_site(const struct load *load, const char *id)
{
    const struct screening *s = &load->config->dose.screening;
    for (size_t i = 0; i < s->n_sites; i++)
        if (strcmp(s->sites[i].id, id) == 0)
            return (int)i;
    return -1;
}

int refer_condition(const struct load *load, const char *id)
{
    const struct screening *s = &load->config->dose.screening;
    for (size_t i = 0; i < s->n_conditions; i++)
        if (strcmp(s->conditions[i].id, id) == 0)
            return (int)i;
    return -1;
}

int refer_applicator(const struct load *load, const char *id)
{
    const struct dose_tables *t = &load->config->dose;
    for (size_t i = 0; i < t->n_applicators; i++)
        if (strcmp(t->applicators[i].id, id) == 0)
            return (int)i;
    return -1;
}

int refer_waveform(const struct load *load, const char *id)
{
    enum modality_waveform w;
    (void)load;
    return modality_waveform_find(id, &w) == 0 ? (int)w : -1;
}

int refer_therapy(const struct load *load, const char *id)
{
    enum modality_therapy t;
    (void)load;
    return modality_therapy_find(id, &t) == 0 ? (int)t : -1;
}

int refer_column(const struct load *load, const char *id)
{
    (void)load;
    for (unsigned c = 0; c < COLUMN_COUNT; c++)
        if (strcmp(screening_column_id((enum screening_column)c), id) == 0)
            return (int)c;
    return -1;
}

bool refer_mask(struct load *load, const struct raw_section *s, const char *key, refer_find *find, const char *what,
                uint64_t *out)
{
    const char *const *ids;
    size_t n;
    struct place at;
    uint64_t mask = 0;
    bool good = true;
    if (!field_list(load, s, key, &ids, &n, &at))
        return section_line(s, key) == NULL;
    for (size_t i = 0; i < n; i++) {
        int index = find(load, ids[i]);
        if ((index < 0 || index >= 64) && load->as_shipped)
            continue;
        if (index < 0 || index >= 64) {
            fault_add(&load->faults, at, "%s: there is no %s \"%s\"", key, what, ids[i]);
            good = false;
        } else {
            mask |= UINT64_C(1) << index;
        }
    }
    if (good)
        *out = mask;
    return good;
}

/* The sites that are named, and each that has one of them in its reach. */
static bool sites_reaching(struct load *load, const struct raw_section *s, const char *key,
                           uint64_t (*reach)(const struct screening *, unsigned), uint64_t *out)
{
    const struct screening *screening = &load->config->dose.screening;
    uint64_t named = 0;
    if (!refer_mask(load, s, key, refer_site, "site", &named))
        return false;
    *out = named;
    for (unsigned i = 0; i < screening->n_sites; i++)
        *out |= (reach(screening, i) & named) != 0 ? UINT64_C(1) << i : 0;
    return true;
}

static uint64_t wholes_of(const struct screening *screening, unsigned site)
{
    return screening->sites[site].part_of;
}

bool refer_sites_within(struct load *load, const struct raw_section *s, const char *key, uint64_t *out)
{
    return sites_reaching(load, s, key, wholes_of, out);
}

/* Meeting goes both ways. */
bool refer_sites_met(struct load *load, const struct raw_section *s, const char *key, uint64_t *out)
{
    return sites_reaching(load, s, key, site_meets, out);
}
