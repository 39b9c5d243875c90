/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger against a model that is too simple to be wrong: a list of everything that ever was, asked by comparing
 * names. Sessions, places, ends, waiting and restarts come at random; after each, both must say the same.
 */
#include "fixture.h"

#include "record/place.h"

#define ROUNDS 30
#define STEPS 70
#define DAY (24 * HOUR)

struct known {
    struct ledger_entry entry;
    int64_t ended_ms;
};

struct model {
    struct fixture *f;
    uint64_t seed;
    size_t n;
    struct known all[STEPS];
};

static const char *const sites[] = {"knee", "thigh", "hip", "lumbar"};
static const char *const sides[] = {"left", "right", "both", "midline"};
static const char *const patients[] = {"p1", "p2"};
static const enum modality_therapy therapies[] = {THERAPY_tens, THERAPY_nmes, THERAPY_us_thermal, THERAPY_cryo};
#define PICK(model, list) (list)[draw(model, sizeof(list) / sizeof((list)[0]))]

static size_t draw(struct model *m, size_t below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(m->seed >> 33) % below;
}

static struct ledger_places draw_places(struct model *m)
{
    struct ledger_places places = {0};

    for (size_t i = 0, n = 1 + draw(m, 3); i < n; i++)
        assert_int_equal(ledger_places_add(&places, PICK(m, sites), PICK(m, sides)), 0);
    return places;
}

static bool waits(const struct known *k)
{
    return k->entry.state == LEDGER_OPEN || k->entry.state == LEDGER_UNBOUNDED;
}

static void reserve_one(struct model *m)
{
    struct known *k = &m->all[m->n];
    const enum modality_therapy therapy = PICK(m, therapies);
    int rc = 0;

    *k = (struct known){.entry = fixture_entry("", PICK(m, patients), "left")};
    snprintf(k->entry.session_id, sizeof(k->entry.session_id), "s%zu", m->n);
    k->entry.places = draw_places(m);
    k->entry.modality = modality_therapy_modality(therapy);
    snprintf(k->entry.therapy, sizeof(k->entry.therapy), "%s", modality_therapy_id(therapy));
    k->entry.worst.cem43_ms = (int64_t)draw(m, 1000);
    k->entry.worst.cold_dose_millic_min = (int64_t)draw(m, 1000);
    for (size_t i = 0; i < m->n; i++) {
        if (m->all[i].entry.state == LEDGER_UNBOUNDED &&
            strcmp(m->all[i].entry.patient_ref, k->entry.patient_ref) == 0 &&
            ledger_places_meet(NULL, &m->all[i].entry.places, &k->entry.places))
            rc = -EBUSY;
    }
    if (rc < 0) {
        assert_int_equal(record_reserve(m->f->record, &k->entry, NULL, NULL), rc);
        return;
    }
    fixture_reserve(m->f, &k->entry);
    m->n++;
}

static void settle_one(struct model *m)
{
    struct known *k = m->n ? &m->all[draw(m, m->n)] : NULL;
    static const enum ledger_state ends[] = {LEDGER_SETTLED, LEDGER_SETTLED, LEDGER_CRASHED, LEDGER_UNBOUNDED};
    int64_t duration_ms = (int64_t)draw(m, 2000);

    if (!k || !waits(k))
        return;
    k->entry.state = k->entry.state == LEDGER_UNBOUNDED ? LEDGER_REVIEWED : PICK(m, ends);
    if (k->entry.state == LEDGER_CRASHED)
        duration_ms = -1;
    fixture_settle(m->f, k->entry.session_id, k->entry.state, duration_ms);
    k->entry.delivered = (struct dose_amounts){.duration_ms = duration_ms, .session_charge_uc = duration_ms / 10};
    if (duration_ms < 0)
        k->entry.delivered = k->entry.worst;
    k->ended_ms = m->f->wall_ms;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void expect_one(const struct known *k, int64_t elapsed_ms, enum modality modality, struct dose_history *h)
{
    const bool settled = k->entry.state == LEDGER_SETTLED || k->entry.state == LEDGER_REVIEWED;
    const struct dose_amounts *d = &k->entry.delivered, *w = &k->entry.worst;
    enum modality_therapy therapy;

    assert_int_equal(modality_therapy_find(k->entry.therapy, &therapy), 0);
    if (!(h->ended >> therapy & 1u) || elapsed_ms < h->since_end_ms[therapy])
        h->since_end_ms[therapy] = elapsed_ms;
    h->ended |= 1u << therapy;
    if (k->entry.modality != modality)
        return;
    if (!h->has_last_end || elapsed_ms < h->since_last_end_ms)
        h->since_last_end_ms = elapsed_ms;
    h->has_last_end = true;
    if (elapsed_ms >= DAY)
        return;
    h->session_count++;
    h->duration_ms += settled ? d->duration_ms : most(d->duration_ms, w->duration_ms);
    h->session_charge_uc += settled ? d->session_charge_uc : most(d->session_charge_uc, w->session_charge_uc);
    h->cem43_ms += settled ? d->cem43_ms : most(d->cem43_ms, w->cem43_ms);
    h->cold_dose_millic_min +=
        settled ? d->cold_dose_millic_min : most(d->cold_dose_millic_min, w->cold_dose_millic_min);
}

static void compare(struct model *m)
{
    const struct ledger_places asked = draw_places(m);
    const char *patient = PICK(m, patients);
    const enum modality modality = modality_therapy_modality(PICK(m, therapies));
    struct dose_history expected, got;
    bool blocked = false;

    memset(&expected, 0, sizeof(expected));
    for (size_t i = 0; i < m->n; i++) {
        const struct known *k = &m->all[i];
        if (strcmp(k->entry.patient_ref, patient) != 0 || !ledger_places_meet(NULL, &k->entry.places, &asked))
            continue;
        blocked = blocked || waits(k);
        expect_one(k, waits(k) ? 0 : m->f->wall_ms - k->ended_ms, modality, &expected);
    }
    record_history(m->f->record, patient, &asked, modality, 0, &got);
    assert_memory_equal(&got, &expected, sizeof(got));
    assert_int_equal(record_blocking(m->f->record, patient, &asked, NULL) != NULL, blocked);
}

static void walk(struct model *m)
{
    for (int step = 0; step < STEPS; step++) {
        switch (draw(m, 8)) {
        case 0:
            fixture_reopen(m->f);
            break;
        case 1:
        case 2:
            fixture_pass(m->f, (int64_t)draw(m, 6) * HOUR);
            record_clock_check(m->f->record);
            break;
        case 3:
        case 4:
            settle_one(m);
            break;
        default:
            reserve_one(m);
            break;
        }
        compare(m);
    }
}

static void ledger_says_what_the_model_says(void **state)
{
    struct model *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    m->f = *state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        m->seed = round + 1;
        m->n = 0;
        snprintf(m->f->path, sizeof(m->f->path), "%s/%d.sqlite", m->f->folder, (int)round);
        snprintf(m->f->head, sizeof(m->f->head), "%s/%d.head", m->f->folder, (int)round);
        assert_int_equal(fixture_open(m->f), 0);
        walk(m);
        fixture_close(m->f);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ledger_says_what_the_model_says, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
