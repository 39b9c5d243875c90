/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every limit that is compiled in or shipped, tightened below what runs: a bound on values or totals stops the
 * treatment by name, one that asks for notice is told by name, one on the walk slows it, one of supervision is in force
 * by name. Each is tried in every room in which its quantity has a value, with its conditions taken away; no limit has
 * none.
 */
#include "fixture.h"

#include "config/config.h"

/*
 * Nothing in these rooms is set in volts or surges, and their pulses are balanced; an interlock is open or closed,
 * whatever its bound.
 */
static const enum modality_quantity strange_here[] = {
    QUANTITY_amplitude_mv,     QUANTITY_amplitude_step_mv,   QUANTITY_amplitude_slew_mv_s, QUANTITY_ramp_up_ms,
    QUANTITY_interlock_closed, QUANTITY_net_charge_permille, QUANTITY_surge_on_ms,         QUANTITY_surge_off_ms};

static const struct limit *all;
static size_t n_all;
static bool tried[512];
static struct limit tables_limits[512];
static struct dose_tables tables;

struct scene {
    size_t link;
    struct session_request request;
};

static bool is_strange(const struct limit *l)
{
    bool strange = false;
    for (size_t i = 0; i < sizeof strange_here / sizeof strange_here[0]; i++)
        strange = strange || l->quantity == strange_here[i];
    return strange;
}

static int64_t beyond(const struct limit *l, int64_t value)
{
    return l->has_max ? value - 1 : value + 1;
}

/* What the quantity of a limit is in the running session. */
static bool value_now(struct room *r, const struct scene *scene, const struct limit *l, int64_t *value)
{
    const struct session *s = room_session(r);
    struct dose_picture *picture = calloc(1, sizeof *picture);
    struct dose_treatment *t = calloc(1, sizeof *t);
    struct refusals *refused = calloc(1, sizeof *refused);
    struct limit_finding f = {0};
    *t = s->treatment;
    for (size_t i = 0; i < s->n_channels; i++)
        t->channels[i].start = t->channels[i].ceiling = s->present[i];
    assert_int_equal(dose_picture_make(t, picture, refused), 0);
    limit_explain(l, 1, picture, &s->history, &f);
    bool known = f.has_value;
    *value = f.value;
    for (size_t i = 0; i < AMOUNT_COUNT && kept_adds_up(l); i++) {
        if (amount_quantity(i) != l->quantity)
            continue;
        *value = amount_get(&s->supervised.delivered, i);
        known = true;
    }
    if (l->quantity == QUANTITY_energy_density_uj_cm2 && kept_adds_up(l))
        *value = s->supervised.delivered.energy_uj / 10; /* over the treated 10 cm2 */
    if (l->quantity == QUANTITY_temperature_rise_millik)
        *value = (s->supervised.channels[0].heat_nk + 999999) / 1000000; /* what was gathered, not what is foreseen */
    const struct modality_reading *reading =
        status_reading(&r->sample[scene->link].status.channels[s->channels[0]], l->quantity);
    if (!known && reading) {
        *value = reading->value;
        known = true;
    }
    free(picture);
    free(t);
    free(refused);
    return known && (*value > 0 || !l->has_max);
}

static void reload(struct room *r, const struct limit *more)
{
    memcpy(tables_limits, r->tables.limits, r->tables.n_limits * sizeof tables_limits[0]);
    tables = r->tables;
    tables.limits = tables_limits;
    if (more)
        tables_limits[tables.n_limits++] = *more;
    r->settings.config_generation++;
    r->settings.tables = &tables;
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), 0);
}

static bool told(struct room *r, enum alarm_kind kind, const char *limit)
{
    json_t *list = alarms_list(sessions_alarms(r->sessions)), *alarm;
    bool found = false;
    size_t i;
    json_array_foreach(list, i, alarm)
    {
        found = found || (strcmp(json_string_value(json_object_get(alarm, "kind")), alarm_kind_id(kind)) == 0 &&
                          strstr(json_string_value(json_object_get(alarm, "detail")), limit));
    }
    json_decref(list);
    return found;
}

static bool bounds_supervision(const struct supervise_rules *rules, const char *limit)
{
    bool found = false;
    for (size_t i = 0; i < BOUND_COUNT; i++)
        found = found || strstr(rules->by[i], limit);
    return found;
}

static void expect_obeyed(struct room *r, const struct scene *scene, const struct limit *l)
{
    struct session *s = room_session(r);
    const struct walk_rules *walk = &s->arm.envelope.channels[0].rules;
    if (l->use == USE_WALK) {
        const bool step = l->quantity == QUANTITY_amplitude_step_ua || l->quantity == QUANTITY_amplitude_step_mv;
        assert_int_equal(step ? walk->step : walk->slew_per_s, l->max);
        assert_int_equal(room_last(r, LINK_TIGHTEN)->arm.envelope.channels[0].rules.slew_per_s, walk->slew_per_s);
        return;
    }
    if (l->use == USE_FAULT) {
        assert_true(bounds_supervision(&s->rules, l->id));
        return;
    }
    if (session_live(s) && s->state == SESSION_running)
        room_run(r, scene->link, 100); /* what is measured or counted shows on the next sample */
    if (l->class == LIMIT_NOTICE)
        assert_true(told(r, ALARM_KIND_dose_notice, l->id));
    else
        assert_true(told(r, ALARM_KIND_over_limit, l->id));
    assert_true(l->class == LIMIT_NOTICE || s->state == SESSION_stopping);
    assert_true(l->class == LIMIT_NOTICE || strstr(s->end_detail, l->id));
}

static void put_away(struct room *r, const struct scene *scene)
{
    session_stop_now(r->sessions, NULL, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    json_t *list = alarms_list(sessions_alarms(r->sessions)), *alarm;
    size_t i;
    json_array_foreach(list, i, alarm)
        alarms_acknowledge(sessions_alarms(r->sessions), (uint64_t)json_integer_value(json_object_get(alarm, "number")),
                           "anna", r->now.wall_ms);
    json_decref(list);
    reload(r, NULL);
    host_sample(r, scene->link);
    room_forget(r);
}

/* The bound that the running session breaks; false where it has no such value. */
static bool tightened(struct room *r, const struct scene *scene, const struct limit *l, struct limit *out)
{
    int64_t value = 0;
    *out = *l;
    out->when = (struct limit_when){0};
    out->layer = LAYER_INSTALLATION;
    if (l->use == USE_WALK)
        value = 100;
    else if (l->use == USE_FAULT)
        value = l->has_max ? 5 : 100000;
    else if (!value_now(r, scene, out, &value))
        return false;
    if (l->has_max)
        out->max = beyond(out, value);
    else
        out->min = beyond(out, value);
    return true;
}

static void try_limit(struct room *r, struct scene *scene, size_t index)
{
    static unsigned patient;
    const struct limit *l = &all[index];
    static char ref[16];
    struct limit tight;
    snprintf(ref, sizeof ref, "P%u", 100 + patient++);
    scene->request.patient_ref = ref;
    room_running(r, &scene->request);
    if (scene->link == STIM)
        host_reading(r, STIM, QUANTITY_output_voltage_mv, 20000);
    room_session(r)->history.has_last_end = true;
    room_session(r)->history.since_last_end_ms = 7200000;
    room_run(r, scene->link, 1000);
    assert_state(r, "running");
    if (tightened(r, scene, l, &tight)) {
        tried[index] = true;
        reload(r, &tight);
        expect_obeyed(r, scene, &tight);
    }
    put_away(r, scene);
}

/* Of one modality, binding, and not the same bound under another name. */
static bool is_mine(const struct scene *scene, size_t index)
{
    static const enum modality of[ROOM_DEVICES] = {MODALITY_ESTIM, MODALITY_ULTRASOUND, MODALITY_LASER, MODALITY_COLD,
                                                   MODALITY_ESTIM};
    const struct limit *l = &all[index];
    if (is_strange(l) || ((unsigned)l->modality & (unsigned)of[scene->link]) == 0 || (!l->has_max && !l->has_min) ||
        l->class == LIMIT_TARGET || l->class == LIMIT_INFO)
        return false;
    for (size_t i = 0; i < index; i++) {
        if (all[i].quantity == l->quantity && all[i].scope == l->scope && all[i].class == l->class &&
            all[i].has_max == l->has_max && tried[i]) {
            tried[index] = true;
            return false;
        }
    }
    return !tried[index];
}

static void report(struct room *r)
{
    struct session_device_settings *stim = &r->devices[STIM], *sound = &r->devices[SOUND];
    stim->no_indicator = true;
    quantity_put(&stim->reported, QUANTITY_patient_leakage_ua, 50);
    quantity_put(&stim->reported, QUANTITY_patient_leakage_fault_ua, 100);
    quantity_put(&stim->reported, QUANTITY_diathermy_distance_mm, 3000);
    quantity_put(&sound->reported, QUANTITY_supply_variation_permille, 100);
    quantity_put(&sound->reported, QUANTITY_unwanted_radiation_uw_cm2, 5000);
}

static void walk(void **state, struct scene scene)
{
    struct room *r = *state;
    struct protocol *sound = &r->protocols[2];
    sound->parameters[sound->n_parameters++] = (struct protocol_parameter){
        .quantity = QUANTITY_treated_area_mm2, .min = 500, .initial = 1000, .max = 2000, .origin = "protocols.ini:2"};
    report(r);
    room_open(r);
    for (size_t i = 0; i < n_all; i++) {
        if (is_mine(&scene, i))
            try_limit(r, &scene, i);
    }
}

static void currents_are_stopped_told_or_slowed(void **state)
{
    walk(state, (struct scene){STIM, room_tens()});
}

static void ions_are(void **state)
{
    walk(state, (struct scene){GALVANIC, room_ions()});
}

static void sound_is(void **state)
{
    struct scene scene = {SOUND, room_sound()};
    scene.request.treated_area_mm2 = 1000;
    walk(state, scene);
}

static void light_is(void **state)
{
    walk(state, (struct scene){LASER, room_laser()});
}

static void cold_is(void **state)
{
    walk(state, (struct scene){COLD, room_cold()});
}

static void no_limit_was_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_all; i++) {
        const bool strange = is_strange(&all[i]);
        const bool binds =
            all[i].class != LIMIT_TARGET && all[i].class != LIMIT_INFO && (all[i].has_max || all[i].has_min);
        if (binds && !strange && !tried[i])
            print_error("%s (%s) has no value in any room\n", all[i].id, modality_quantity_info(all[i].quantity)->id);
        assert_true(!binds || strange || tried[i]);
    }
}

static void fault(void *userdata, const char *origin, const char *message)
{
    (void)userdata;
    print_error("%s: %s\n", origin, message);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    struct config *shipped = NULL;
    if (config_load(SHIPPED_CONFIG, 1, 40000, fault, NULL, &shipped) < 0)
        return 1;
    all = shipped->dose.limits;
    n_all = shipped->dose.n_limits;
    if (n_all > sizeof tried / sizeof tried[0])
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(currents_are_stopped_told_or_slowed), TEST(ions_are), TEST(sound_is), TEST(light_is), TEST(cold_is),
        cmocka_unit_test(no_limit_was_left_out),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    config_free(shipped);
    return failed;
}
