/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Electrodes of a prescription: where they lie, the smaller pad of a channel, its anode and cathode where they say
 * which is which, and pads that two channels share. A label is one pad: named again it must be the same pad, on another
 * channel.
 */
#include "dose/prescription_parts.h"

#define ELECTRODES_PER_CHANNEL 2

int prescription_site_of(const struct dose_tables *tables, const struct prescription *p,
                         const struct prescription_electrode *e)
{
    const char *name = e->skin_site != NULL ? e->skin_site : p->site;
    int site = name != NULL ? site_find(tables, name) : -1;
    return site < DOSE_SITES_MAX ? site : -1;
}

uint64_t prescription_sites(const struct dose_tables *tables, const struct prescription *p)
{
    int target = p->site != NULL ? site_find(tables, p->site) : -1;
    uint64_t sites = target >= 0 && target < DOSE_SITES_MAX ? UINT64_C(1) << (unsigned)target : 0;
    for (size_t i = 0; i < p->n_electrodes; i++) {
        int site = prescription_site_of(tables, p, &p->electrodes[i]);
        sites |= site >= 0 ? UINT64_C(1) << (unsigned)site : 0;
    }
    return sites;
}

void prescription_check_sites(const struct prescription *p, const struct prescribed *d, struct refusals *r)
{
    uint64_t target_meets = d->site < 0 ? 0 : site_meets(&d->tables->screening, (unsigned)d->site);
    bool touched = p->n_electrodes == 0 || d->site < 0;
    for (size_t i = 0; i < p->n_electrodes; i++) {
        const struct prescription_electrode *e = &p->electrodes[i];
        int site = prescription_site_of(d->tables, p, e);
        touched = touched || (site >= 0 && (target_meets >> (unsigned)site & 1u) != 0);
        if (site < 0 && e->skin_site != NULL) {
            refusal_add(r, TOKEN_NOT_FOUND, e->label, "electrode %s sits at %.64s, which is no body site here",
                        e->label != NULL ? e->label : "", e->skin_site);
        }
    }
    /* a dose that is booked at one site and given at others is the wrong patient's part, or the wrong patient */
    if (!touched && d->site >= 0) {
        const char *target = d->tables->screening.sites[d->site].id;
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, target, "no electrode lies at the target's site %.64s", target);
    }
}

/* The channel on which an electrode is, -1 = none that is asked for. */
static int channel_of(const struct prescription *p, const struct prescription_electrode *e)
{
    for (size_t i = 0; i < p->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        if (prescription_same(e->channel, p->channels[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* What is not said of an electrode is that of the target. */
static bool same_place(const struct prescription *p, const struct prescription_electrode *a,
                       const struct prescription_electrode *b)
{
    return prescription_same(a->skin_site != NULL ? a->skin_site : p->site,
                             b->skin_site != NULL ? b->skin_site : p->site) &&
           prescription_same(a->side != NULL ? a->side : p->side, b->side != NULL ? b->side : p->side);
}

static void share(struct dose_treatment *t, int a, int b)
{
    t->channels[a].shares = (uint8_t)(t->channels[a].shares | 1u << b);
    t->channels[b].shares = (uint8_t)(t->channels[b].shares | 1u << a);
}

/* Two entries with one label. */
static void judge_repeat(const struct prescription *p, const struct prescription_electrode *a,
                         const struct prescription_electrode *b, struct dose_treatment *t, struct refusals *r)
{
    int first = channel_of(p, a), second = channel_of(p, b);
    if (first < 0 || second < 0) {
        return; /* refused: no such channel */
    }
    if (first == second) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, b->label,
                    "electrode %s is named twice on channel %s: a channel has two pads", b->label, p->channels[second]);
    } else if (a->area_mm2 != b->area_mm2 || !same_place(p, a, b)) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, b->label,
                    "electrode %s is named for channels %s and %s with another area, site or side: a pad lies in one "
                    "place, two pads have two labels",
                    b->label, p->channels[first], p->channels[second]);
    } else {
        share(t, first, second);
    }
}

static void judge_repeats(const struct prescription *p, struct dose_treatment *t, struct refusals *r)
{
    for (size_t i = 0; i < p->n_electrodes; i++) {
        const struct prescription_electrode *e = &p->electrodes[i];
        for (size_t k = 0; k < i; k++) {
            if (e->label != NULL && e->label[0] != '\0' && prescription_same(e->label, p->electrodes[k].label)) {
                judge_repeat(p, &p->electrodes[k], e, t, r);
            }
        }
    }
}

/* The pads of one channel; NULL where fewer are named. */
struct pads {
    const struct prescription_electrode *first, *second;
};

static struct pads pads_of(const struct prescription *p, size_t channel)
{
    struct pads pads = {NULL, NULL};
    for (size_t i = 0; i < p->n_electrodes; i++) {
        const struct prescription_electrode *e = &p->electrodes[i];
        if (!prescription_same(e->channel, p->channels[channel])) {
            continue;
        }
        if (pads.first == NULL) {
            pads.first = e;
        } else if (pads.second == NULL) {
            pads.second = e;
        }
    }
    return pads;
}

static void put_area(struct dose_channel *c, enum modality_quantity q, int64_t area)
{
    if (area > 0) {
        quantity_put(&c->start, q, area);
        quantity_put(&c->ceiling, q, area);
    }
}

/* One pad that says its pole says the other one's too. */
static void put_poles(struct dose_channel *c, const char *channel, struct pads pads, struct refusals *r)
{
    const char *one = pads.first->polarity, *other = pads.second->polarity;
    bool positive = prescription_same(one, "positive") || prescription_same(other, "negative");
    bool negative = prescription_same(one, "negative") || prescription_same(other, "positive");
    if (positive && negative) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, channel, "both electrodes of channel %s are %s: a current has two poles",
                    channel, prescription_same(one, "positive") ? "positive" : "negative");
    }
    if (positive == negative) {
        return;
    }
    put_area(c, QUANTITY_anode_area_mm2, positive ? pads.first->area_mm2 : pads.second->area_mm2);
    put_area(c, QUANTITY_cathode_area_mm2, positive ? pads.second->area_mm2 : pads.first->area_mm2);
}

void prescription_put_electrodes(const struct prescription *p, struct prescribed *d, struct refusals *r)
{
    struct dose_treatment *t = &d->treatment;
    judge_repeats(p, t, r);
    for (size_t i = 0; i < t->n_channels; i++) {
        struct pads pads = pads_of(p, i);
        if (pads.first == NULL) {
            continue;
        }
        int64_t smaller = pads.first->area_mm2;
        if (pads.second != NULL && pads.second->area_mm2 > 0 && pads.second->area_mm2 < smaller) {
            smaller = pads.second->area_mm2;
        }
        put_area(&t->channels[i], QUANTITY_electrode_area_mm2, smaller);
        if (pads.second != NULL) {
            put_poles(&t->channels[i], p->channels[i], pads, r);
        }
    }
}

static void check_electrode(const struct prescription *p, size_t index, struct refusals *r)
{
    const struct prescription_electrode *e = &p->electrodes[index];
    const char *label = e->label != NULL ? e->label : "";
    if (channel_of(p, e) < 0) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, e->label, "electrode %s names channel %s, which is not in the request",
                    label, e->channel != NULL ? e->channel : "");
    }
    if (e->area_mm2 <= 0) {
        refusal_add(r, TOKEN_INCOMPLETE, e->label, "electrode %s needs its contact area", label);
    }
    if (label[0] == '\0') {
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "electrode %zu needs a label", index + 1);
    }
    bool opposite = (prescription_same(e->side, "left") && prescription_same(p->side, "right")) ||
                    (prescription_same(e->side, "right") && prescription_same(p->side, "left"));
    if (opposite && e->side != NULL && p->side != NULL) {
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, e->label, "electrode %s lies on the %s side, the target is the %s one",
                    label, e->side, p->side);
    }
}

/* Every limit here is one of pads on the skin: under a needle each density is another one. */
static void check_kind(const struct prescription_electrode *e, struct refusals *r)
{
    bool needle = prescription_same(e->kind, "needle");
    bool head = prescription_same(e->kind, "us_head");
    if (needle || head) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, e->label,
                    "electrode %s is a %s: electrical stimulation takes pads on the skin",
                    e->label != NULL ? e->label : "", needle ? "needle" : "us_head");
    }
}

void prescription_check_electrodes(const struct prescription *p, const struct prescribed *d, struct refusals *r)
{
    if (d->protocol == NULL || d->protocol->modality != MODALITY_ESTIM) {
        return;
    }
    for (size_t i = 0; i < p->n_electrodes; i++) {
        check_electrode(p, i, r);
        check_kind(&p->electrodes[i], r);
    }
    for (size_t c = 0; c < p->n_channels; c++) {
        size_t n = 0;
        for (size_t i = 0; i < p->n_electrodes; i++) {
            n += prescription_same(p->electrodes[i].channel, p->channels[c]) ? 1 : 0;
        }
        if (n != ELECTRODES_PER_CHANNEL) {
            struct refusal *refusal =
                refusal_add(r, TOKEN_INCOMPLETE, p->channels[c], "channel %s needs %d electrodes, %zu are named",
                            p->channels[c], ELECTRODES_PER_CHANNEL, n);
            refusal->has_quantity = true;
            refusal->quantity = QUANTITY_electrode_area_mm2;
        }
    }
}
