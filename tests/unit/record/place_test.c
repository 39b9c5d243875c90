/* SPDX-License-Identifier: Apache-2.0 */
/* Every place that a session touched: what meets, what is summed, blocked and rested there, for each therapy. */
#include "fixture.h"

#include "record/place.h"

/* "knee:left thigh:right" as places. */
static struct ledger_places at(const char *text)
{
    struct ledger_places places = {0};

    places_read(&places, text);
    return places;
}

static struct ledger_entry entry_at(const char *session_id, const char *places, enum modality_therapy therapy)
{
    struct ledger_entry e = fixture_entry(session_id, "p1", "left");

    e.places = at(places);
    e.modality = modality_therapy_modality(therapy);
    snprintf(e.therapy, sizeof(e.therapy), "%s", modality_therapy_id(therapy));
    return e;
}

static void reserve_at(struct fixture *f, const char *session_id, const char *places, enum modality_therapy therapy)
{
    const struct ledger_entry e = entry_at(session_id, places, therapy);
    fixture_reserve(f, &e);
}

static void treat_at(struct fixture *f, const char *session_id, const char *places, enum modality_therapy therapy)
{
    reserve_at(f, session_id, places, therapy);
    fixture_settle(f, session_id, LEDGER_SETTLED, 900);
}

static struct dose_history history_at(struct fixture *f, const char *places, enum modality modality, uint32_t therapies)
{
    const struct ledger_places asked = at(places);
    struct dose_history h;

    record_history(f->record, "p1", &asked, modality, therapies, &h);
    return h;
}

static const struct {
    const char *touched, *asked;
    bool meet;
} meetings[] = {
    {"knee:left", "knee:left", true},
    {"knee:left", "knee:right", false},
    {"knee:left", "knee:both", true},
    {"knee:both", "knee:right", true},
    {"knee:both", "knee:both", true},
    {"knee:midline", "knee:left", true},
    {"lumbar:midline", "lumbar:midline", true},
    {"knee:left", "thigh:left", false},
    {"knee:left", "knees:left", false},
    {"knee:left thigh:left", "thigh:left", true},
    {"knee:left thigh:left", "thigh:right", false},
    {"knee:left thigh:right", "thigh:right knee:right", true},
    {"knee:left thigh:left", "hip:left thigh:both", true},
    {"knee:left thigh:left", "hip:left lumbar:midline", false},
    {"knee:left knee:right", "knee:both", true},
    {"knee:left thigh:right lumbar:midline", "hand:right lumbar:midline", true},
    {"knee:left thigh:right", "knee:right thigh:left", false},
};

static void two_sessions_meet_where_any_place_meets(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
        const struct ledger_places touched = at(meetings[i].touched), asked = at(meetings[i].asked);
        enum ledger_state blocked = LEDGER_SETTLED;

        snprintf(f->path, sizeof(f->path), "%s/%zu.sqlite", f->folder, i);
        snprintf(f->head, sizeof(f->head), "%s/%zu.head", f->folder, i);
        assert_int_equal(fixture_open(f), 0);
        assert_int_equal(ledger_places_meet(NULL, &touched, &asked), meetings[i].meet);
        assert_int_equal(ledger_places_meet(NULL, &asked, &touched), meetings[i].meet);
        reserve_at(f, "s1", meetings[i].touched, THERAPY_tens);
        assert_int_equal(record_blocking(f->record, "p1", &asked, &blocked) != NULL, meetings[i].meet);
        assert_int_equal(blocked, meetings[i].meet ? LEDGER_OPEN : LEDGER_SETTLED);
        assert_null(record_blocking(f->record, "p2", &asked, NULL));
        fixture_settle(f, "s1", LEDGER_SETTLED, 900);
        fixture_reopen(f); /* the row says the same as memory did */
        assert_int_equal(history_at(f, meetings[i].asked, MODALITY_ESTIM, 0).session_count, meetings[i].meet);
        assert_int_equal(history_at(f, meetings[i].asked, MODALITY_ESTIM, 0).has_last_end, meetings[i].meet);
        fixture_close(f);
    }
}

static void a_session_counts_once_however_many_places_meet(void **state)
{
    struct fixture *f = *state;
    struct dose_history h;

    assert_int_equal(fixture_open(f), 0);
    treat_at(f, "s1", "knee:left thigh:left", THERAPY_tens);
    treat_at(f, "s2", "thigh:left hip:left", THERAPY_tens);
    h = history_at(f, "knee:left thigh:left hip:left", MODALITY_ESTIM, 0);
    assert_int_equal(h.session_count, 2);
    assert_int_equal(h.duration_ms, 1800);
    assert_int_equal(history_at(f, "knee:left", MODALITY_ESTIM, 0).session_count, 1);
}

static void every_amount_is_summed(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = entry_at("s1", "knee:left", THERAPY_us_thermal);
    const struct dose_amounts delivered = {1, 2, 3, 4, 5, 6, 7};
    struct waited waited = {0};
    struct dose_history h;
    json_t *page, *totals;
    int error;

    e.worst = (struct dose_amounts){11, 12, 13, 14, 15, 16, 17};
    e.planned = (struct dose_amounts){0};
    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    h = history_at(f, "knee:left", MODALITY_ULTRASOUND, 0);
    assert_int_equal(h.cem43_ms, 16);
    assert_int_equal(h.cold_dose_millic_min, 17);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &delivered, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    fixture_reopen(f);
    h = history_at(f, "knee:left", MODALITY_ULTRASOUND, 0);
    assert_int_equal(h.duration_ms, 1);
    assert_int_equal(h.energy_uj, 2);
    assert_int_equal(h.session_charge_uc, 3);
    assert_int_equal(h.iontophoresis_dose_ua_min, 4);
    assert_int_equal(h.cem43_ms, 6);
    assert_int_equal(h.cold_dose_millic_min, 7);
    page = fixture_ask(f, "dose.history", json_pack("{s:s}", "patient_ref", "p1"), &error);
    totals = json_object_get(page, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "contraction_count")), 5);
    assert_int_equal(json_integer_value(json_object_get(totals, "cold_dose_millic_min")), 7);
    json_decref(page);
}

/* What ended, where, and how long before the question, in its order. */
static const struct {
    const char *session_id, *places;
    enum modality_therapy therapy;
    int64_t ago_ms;
} ends[] = {
    {"tens old", "knee:left", THERAPY_tens, 5 * HOUR},        {"us", "knee:right", THERAPY_us_thermal, 4 * HOUR},
    {"cold", "thigh:left knee:left", THERAPY_cryo, 3 * HOUR}, {"tens", "hip:left knee:both", THERAPY_tens, 2 * HOUR},
    {"cold elsewhere", "hand:left", THERAPY_cryo, HOUR},
};

static const struct {
    const char *asked;
    int64_t tens_ms, us_ms, cold_ms; /* -1 = never */
} since[] = {
    {"knee:left", 2 * HOUR, -1, 3 * HOUR},  {"knee:right", 2 * HOUR, 4 * HOUR, -1}, {"thigh:left", -1, -1, 3 * HOUR},
    {"hand:left thigh:left", -1, -1, HOUR}, {"hip:left", 2 * HOUR, -1, -1},         {"elbow:left", -1, -1, -1},
};

static int64_t since_end(const struct dose_history *h, enum modality_therapy therapy)
{
    return (h->ended >> therapy & 1u) ? h->since_end_ms[therapy] : -1;
}

static void the_last_end_of_each_therapy_is_known_at_any_place(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        treat_at(f, ends[i].session_id, ends[i].places, ends[i].therapy);
        fixture_pass(f, HOUR);
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
            /* Of every modality, whichever one is asked for. */
            const struct dose_history h = history_at(f, since[i].asked, MODALITY_LASER, 0);
            assert_int_equal(since_end(&h, THERAPY_tens), since[i].tens_ms);
            assert_int_equal(since_end(&h, THERAPY_us_thermal), since[i].us_ms);
            assert_int_equal(since_end(&h, THERAPY_cryo), since[i].cold_ms);
            assert_false(h.has_last_end);
        }
        fixture_reopen(f);
    }
}

static void what_is_open_or_unknown_ends_now_for_its_therapy(void **state)
{
    struct fixture *f = *state;
    struct dose_history h;

    assert_int_equal(fixture_open(f), 0);
    reserve_at(f, "open", "knee:left", THERAPY_cryo);
    reserve_at(f, "unbounded", "hip:left", THERAPY_cryo);
    fixture_settle(f, "unbounded", LEDGER_UNBOUNDED, -1);
    fixture_pass(f, 48 * HOUR);
    h = history_at(f, "knee:left", MODALITY_ESTIM, 0);
    assert_int_equal(since_end(&h, THERAPY_cryo), 0);
    h = history_at(f, "hip:left", MODALITY_ESTIM, 0);
    assert_int_equal(since_end(&h, THERAPY_cryo), 0);
}

static void the_last_end_outlives_the_window_at_each_set_of_places(void **state)
{
    struct fixture *f = *state;
    struct dose_history h;

    assert_int_equal(fixture_open(f), 0);
    treat_at(f, "s1", "knee:left thigh:left", THERAPY_cryo);
    fixture_pass(f, HOUR);
    treat_at(f, "s2", "knee:left", THERAPY_cryo);
    fixture_pass(f, 30 * HOUR);
    record_clock_check(f->record); /* forgets */
    h = history_at(f, "thigh:left", MODALITY_ESTIM, 0);
    assert_int_equal(since_end(&h, THERAPY_cryo), 31 * HOUR);
    h = history_at(f, "knee:left", MODALITY_ESTIM, 0);
    assert_int_equal(since_end(&h, THERAPY_cryo), 30 * HOUR);
    fixture_pass(f, 14 * 24 * HOUR);
    record_clock_check(f->record);
    assert_int_equal(history_at(f, "knee:left", MODALITY_ESTIM, 0).ended, 0);
}

static void unbounded_blocks_every_place_before_open_ones(void **state)
{
    struct fixture *f = *state;
    const struct ledger_entry next = entry_at("s3", "hip:left", THERAPY_tens);
    const struct ledger_places asked = at("knee:left hip:left");
    enum ledger_state blocked;

    assert_int_equal(fixture_open(f), 0);
    reserve_at(f, "s1", "thigh:left hip:left", THERAPY_tens);
    reserve_at(f, "s2", "knee:left", THERAPY_tens);
    fixture_settle(f, "s1", LEDGER_UNBOUNDED, -1);
    assert_string_equal(record_blocking(f->record, "p1", &asked, &blocked), "s1");
    assert_int_equal(blocked, LEDGER_UNBOUNDED);
    assert_int_equal(record_reserve(f->record, &next, NULL, NULL), -EBUSY);
    fixture_settle(f, "s1", LEDGER_REVIEWED, 900);
    assert_string_equal(record_blocking(f->record, "p1", &asked, &blocked), "s2");
    fixture_reserve(f, &next);
}

static void queries_find_a_session_by_every_site_it_touched(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *site, *side;
        size_t n;
    } asked[] = {{"knee", NULL, 1},    {"thigh", NULL, 1}, {"thigh", "right", 1}, {"knee", "right", 0},
                 {"thigh", "left", 0}, {"hip", NULL, 0},   {"thig", NULL, 0},     {"left", NULL, 0}};
    int error;

    assert_int_equal(fixture_open(f), 0);
    treat_at(f, "s1", "knee:left thigh:right", THERAPY_tens);
    assert_int_equal(record_finish(f->record, "s1", json_pack("{s:s}", "patient_ref", "p1"), NULL, NULL), 0);
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        json_t *page = fixture_ask(
            f, "dose.history",
            json_pack("{s:s, s:s, s:s*}", "patient_ref", "p1", "site", asked[i].site, "side", asked[i].side), &error);
        assert_int_equal(json_array_size(json_object_get(page, "items")), asked[i].n);
        json_decref(page);
        if (asked[i].side)
            continue;
        page = fixture_ask(f, "record.list", json_pack("{s:s}", "site", asked[i].site), &error);
        assert_int_equal(json_array_size(json_object_get(page, "items")), asked[i].n);
        json_decref(page);
    }
}

static void items_show_places_and_all_doses(void **state)
{
    struct fixture *f = *state;
    json_t *page, *item, *places;
    int error;

    assert_int_equal(fixture_open(f), 0);
    reserve_at(f, "s1", "knee:left thigh:right", THERAPY_tens);
    page = fixture_ask(f, "dose.history", json_pack("{s:s}", "patient_ref", "p1"), &error);
    item = json_array_get(json_object_get(page, "items"), 0);
    places = json_object_get(item, "places");
    assert_int_equal(json_array_size(places), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(places, 1), "site")), "thigh");
    assert_string_equal(json_string_value(json_object_get(json_array_get(places, 1), "side")), "right");
    assert_string_equal(json_string_value(json_object_get(item, "site")), "knee");
    assert_null(json_object_get(item, "delivered"));
    json_decref(page);
    fixture_settle(f, "s1", LEDGER_UNBOUNDED, 300);
    page = fixture_ask(f, "dose.history", json_pack("{s:s}", "patient_ref", "p1"), &error);
    item = json_array_get(json_object_get(page, "items"), 0);
    assert_true(json_is_true(json_object_get(item, "unbounded")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(item, "delivered"), "duration_ms")), 300);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(item, "counted"), "duration_ms")), 1200);
    json_decref(page);
}

static void impossible_places_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct ledger_places places = {0};
    char site[80];

    assert_int_equal(ledger_places_add(&places, "", "left"), -EINVAL);
    assert_int_equal(ledger_places_add(&places, "left knee", "left"), -EINVAL);
    assert_int_equal(ledger_places_add(&places, "knee:left", "left"), -EINVAL);
    assert_int_equal(ledger_places_add(&places, "knee", "le ft"), -EINVAL);
    memset(site, 'k', sizeof(site));
    site[64] = '\0';
    assert_int_equal(ledger_places_add(&places, site, "left"), -EINVAL);
    site[63] = '\0';
    assert_int_equal(ledger_places_add(&places, site, "left"), 0);
    assert_int_equal(ledger_places_add(&places, site, "left"), 0);
    assert_int_equal(places.n, 1);
    for (int i = 1; i < LEDGER_PLACES_MAX; i++) {
        snprintf(site + 60, sizeof(site) - 60, "%03d", i);
        assert_int_equal(ledger_places_add(&places, site, "midline"), 0);
    }
    assert_int_equal(ledger_places_add(&places, "knee", "left"), -ENOSPC);

    assert_int_equal(fixture_open(f), 0);
    e.places.n = 0;
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e.places = at("knee:left");
    e.places.at[e.places.n++] = e.places.at[0];
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e.places = places; /* as many and as long as can be: a row holds them */
    fixture_reserve(f, &e);
    fixture_reopen(f);
    assert_non_null(record_blocking(f->record, "p1", &places, NULL));
    assert_string_equal(fixture_blocking(f, "p1", site, "left"), "s1");
}

/* arm > elbow > knob, arm > wrist; leg beside them */
static const struct site parts[] = {{.id = "arm", .has_sides = true, .meets = 0x0f},
                                    {.id = "elbow", .has_sides = true, .part_of = 0x01, .meets = 0x07},
                                    {.id = "knob", .has_sides = true, .part_of = 0x03, .meets = 0x07},
                                    {.id = "wrist", .has_sides = true, .part_of = 0x01, .meets = 0x09},
                                    {.id = "leg", .has_sides = true}};
static const struct screening parts_table = {.n_sites = 5, .sites = parts};

static void a_part_meets_its_whole_and_not_its_neighbour(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *touched, *asked;
        bool meet;
    } rows[] = {
        {"knob:left", "elbow:left", true},
        {"knob:left", "arm:left", true},
        {"knob:left", "arm:right", false},
        {"knob:left", "wrist:left", false},
        {"wrist:left", "arm:both", true},
        {"arm:left", "knob:left", true},
        {"elbow:left", "wrist:left", false},
        {"leg:left wrist:right", "elbow:right", false},
        {"leg:left wrist:right", "arm:right", true},
        {"knob:left", "leg:left", false},
        {"foot:left", "foot:left", true},
        {"foot:left", "leg:left", true}, /* a name that is gone: anywhere on that side */
        {"foot:left", "leg:right", false},
        {"foot:midline", "leg:right", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ledger_places touched = at(rows[i].touched), asked = at(rows[i].asked);
        snprintf(f->path, sizeof(f->path), "%s/%zu.sqlite", f->folder, i);
        snprintf(f->head, sizeof(f->head), "%s/%zu.head", f->folder, i);
        assert_int_equal(fixture_open(f), 0);
        if (i % 2) /* named before the table was known, or after */
            record_sites(f->record, &parts_table);
        reserve_at(f, "s1", rows[i].touched, THERAPY_tens);
        record_sites(f->record, &parts_table);
        assert_int_equal(record_blocking(f->record, "p1", &asked, NULL) != NULL, rows[i].meet);
        assert_int_equal(ledger_places_meet(&parts_table, &touched, &asked), rows[i].meet);
        assert_int_equal(ledger_places_meet(&parts_table, &asked, &touched), rows[i].meet);
        fixture_settle(f, "s1", LEDGER_SETTLED, 900);
        const struct dose_history h = history_at(f, rows[i].asked, MODALITY_ESTIM, 0);
        assert_int_equal(h.session_count, rows[i].meet ? 1 : 0);
        assert_int_equal(h.has_last_end, rows[i].meet);
        assert_int_equal(h.ended, rows[i].meet ? 1u << THERAPY_tens : 0);
        fixture_close(f);
    }
}

static void a_table_that_parts_them_again_is_obeyed(void **state)
{
    struct fixture *f = *state;
    static const struct site apart[] = {{.id = "arm"}, {.id = "knob"}}, renamed[] = {{.id = "arm"}, {.id = "Knopf"}};
    const struct screening apart_table = {.n_sites = 2, .sites = apart},
                           renamed_table = {.n_sites = 2, .sites = renamed};
    assert_int_equal(fixture_open(f), 0);
    record_sites(f->record, &parts_table);
    treat_at(f, "s1", "knob:left", THERAPY_tens);
    assert_int_equal(history_at(f, "arm:left", MODALITY_ESTIM, 0).session_count, 1);
    record_sites(f->record, &apart_table);
    assert_int_equal(history_at(f, "arm:left", MODALITY_ESTIM, 0).session_count, 0);
    assert_int_equal(history_at(f, "knob:left", MODALITY_ESTIM, 0).session_count, 1);
    for (unsigned i = 0; i < 2; i++) { /* while the daemon runs, and when it reads its rows again */
        record_sites(f->record, &renamed_table);
        assert_int_equal(history_at(f, "Knopf:left", MODALITY_ESTIM, 0).session_count, 1);
        assert_true(history_at(f, "arm:left", MODALITY_ESTIM, 0).has_last_end);
        assert_int_equal(history_at(f, "arm:right", MODALITY_ESTIM, 0).session_count, 0);
        fixture_reopen(f);
    }
    record_sites(f->record, &apart_table);
    assert_int_equal(history_at(f, "arm:left", MODALITY_ESTIM, 0).session_count, 0);
}

static void a_history_of_the_whole_shows_its_parts(void **state)
{
    struct fixture *f = *state;
    int error;
    assert_int_equal(fixture_open(f), 0);
    record_sites(f->record, &parts_table);
    treat_at(f, "s1", "knob:left", THERAPY_tens);
    treat_at(f, "s2", "wrist:left", THERAPY_tens);
    treat_at(f, "s3", "leg:left", THERAPY_tens);
    static const struct {
        const char *site;
        size_t n;
    } asked[] = {{"arm", 2}, {"elbow", 1}, {"knob", 1}, {"wrist", 1}, {"leg", 1}, {"foot", 0}};
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        json_t *page =
            fixture_ask(f, "dose.history", json_pack("{s:s, s:s}", "patient_ref", "p1", "site", asked[i].site), &error);
        assert_int_equal(json_array_size(json_object_get(page, "items")), asked[i].n);
        json_decref(page);
    }
}

static void capitals_do_not_make_another_patient(void **state)
{
    struct fixture *f = *state;
    int error;
    assert_int_equal(fixture_open(f), 0);
    struct ledger_entry e = entry_at("s1", "knee:left", THERAPY_tens);
    snprintf(e.patient_ref, sizeof(e.patient_ref), "Ward/P-1");
    fixture_reserve(f, &e);
    assert_non_null(record_blocking(f->record, "wARD/p-1", &e.places, NULL));
    assert_null(record_blocking(f->record, "ward/p-10", &e.places, NULL));
    assert_null(record_blocking(f->record, "ward/p-", &e.places, NULL));
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    fixture_reopen(f);
    struct dose_history h;
    record_history(f->record, "WARD/P-1", &e.places, MODALITY_ESTIM, 0, &h);
    assert_int_equal(h.session_count, 1);
    json_t *page = fixture_ask(f, "dose.history", json_pack("{s:s}", "patient_ref", "ward/p-1"), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
    json_decref(page);
    assert_int_equal(record_finish(f->record, "s1", json_pack("{s:s}", "patient_ref", "Ward/P-1"), NULL, NULL), 0);
    page = fixture_ask(f, "record.list", json_pack("{s:s}", "patient_ref", "WARD/p-1"), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
    json_decref(page);
}

static void more_sites_than_numbers_meet_each_other(void **state)
{
    struct place_names *names = calloc(1, sizeof(*names));
    struct place_set first, set, asked;
    char text[32];

    (void)state;
    assert_non_null(names);
    struct ledger_places places = at("s0:left");
    place_set_make(names, &places, &first);
    for (int i = 1; i < PLACE_SITES_MAX + 20; i++) {
        snprintf(text, sizeof(text), "s%d:left", i);
        places = at(text);
        place_set_make(names, &places, &set);
        place_set_find(names, &places, &asked);
        assert_true(place_sets_meet(&set, &asked));
        assert_false(place_sets_meet(&set, &first));
    }
    places = at("never_met:left");
    place_set_find(names, &places, &asked);
    assert_true(place_sets_meet(&set, &asked));
    free(names);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(two_sessions_meet_where_any_place_meets),
        IT(a_session_counts_once_however_many_places_meet),
        IT(every_amount_is_summed),
        IT(the_last_end_of_each_therapy_is_known_at_any_place),
        IT(what_is_open_or_unknown_ends_now_for_its_therapy),
        IT(the_last_end_outlives_the_window_at_each_set_of_places),
        IT(unbounded_blocks_every_place_before_open_ones),
        IT(queries_find_a_session_by_every_site_it_touched),
        IT(items_show_places_and_all_doses),
        IT(impossible_places_are_refused),
        cmocka_unit_test(more_sites_than_numbers_meet_each_other),
        IT(capitals_do_not_make_another_patient),
        IT(a_part_meets_its_whole_and_not_its_neighbour),
        IT(a_table_that_parts_them_again_is_obeyed),
        IT(a_history_of_the_whole_shows_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
