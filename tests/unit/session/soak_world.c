/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to devices, hosts, clocks and the daemon in the walk; and time. See soak.h. */
#include "soak.h"

#include "session/internal.h"

static size_t link_of(uint32_t a)
{
    return a % ROOM_DEVICES;
}

/* --- time --- */

void soak_do_pass(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    soak_time(w, 1 + a % 100);
}

void soak_do_pass_long(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    soak_time(w, 1000 + a % 10000);
}

void soak_do_pass_end(struct soak *w, uint32_t a, uint32_t b)
{
    const struct soak_session *m = soak_pick(w, a);
    (void)b;
    const uint64_t number = m ? m->number : 0;
    for (int i = 0; i < 35 && m && m->class == CLASS_ACTIVE; i++) {
        soak_time(w, 2000);
        m = soak_open_of(w, number);
    }
}

void soak_do_day(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
    if (w->n_open > 0 || w->kill_in > 0)
        return;
    soak_flush(w);
    room_advance(w->room, INT64_C(86400000));
    soak_tick(w);
    soak_time(w, 500);
}

void soak_do_wall_jump(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    w->room->now.wall_ms += (int64_t)(b % 14400) * 1000 - INT64_C(7200000);
    (void)record_clock_check(w->room->record);
    soak_tick(w);
}

/* Devices do not sleep: they go on, or their watchdogs end it. */
void soak_do_suspend(struct soak *w, uint32_t a, uint32_t b)
{
    const int64_t ms = 2000 + b % 20000;
    (void)a;
    soak_excuse(w, SIZE_MAX);
    for (size_t link = 0; link < ROOM_DEVICES; link++)
        soak_device_sleeps(w, link, ms);
    w->room->now.boot_ns += ms * NS_PER_MS;
    w->room->now.wall_ms += ms;
    soak_time(w, 50);
}

/* --- devices --- */

void soak_do_device_fault(struct soak *w, uint32_t a, uint32_t b)
{
    soak_excuse(w, link_of(a));
    soak_device_fails(w, link_of(a), (enum soak_fault)(b % FAULT_OF_COUNT));
}

void soak_do_device_heals(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    if (w->devices[link_of(a)].faults == 0)
        return;
    soak_excuse(w, link_of(a));
    w->devices[link_of(a)].faults = 0;
}

/* --- hosts --- */

void soak_do_kill_host(struct soak *w, uint32_t a, uint32_t b)
{
    soak_excuse(w, link_of(a));
    soak_host_dies(w, link_of(a), 20 + b % 500);
}

void soak_do_freeze_host(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    soak_excuse(w, link_of(a));
    if (w->hosts[link_of(a)].life == LIFE_UP)
        w->hosts[link_of(a)].life = LIFE_FROZEN;
}

void soak_do_thaw_host(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    if (w->hosts[link_of(a)].life != LIFE_FROZEN)
        return;
    soak_excuse(w, link_of(a));
    w->hosts[link_of(a)].life = LIFE_UP;
}

void soak_do_deaf_host(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    soak_excuse(w, link_of(a));
    w->hosts[link_of(a)].deaf = true; /* until it is replaced */
}

void soak_do_hang_plugin(struct soak *w, uint32_t a, uint32_t b)
{
    (void)b;
    soak_excuse(w, link_of(a));
    soak_host_hangs(w, link_of(a));
}

void soak_do_host_stops(struct soak *w, uint32_t a, uint32_t b)
{
    soak_excuse(w, link_of(a));
    if (w->hosts[link_of(a)].life == LIFE_UP)
        soak_host_stops(w, link_of(a), (enum link_reason)(LINK_REASON_END_TIME + b % LINK_REASON_CONTACT_LOST));
}

void soak_do_late_word(struct soak *w, uint32_t a, uint32_t b)
{
    soak_host_repeats(w, link_of(a), false, b);
}

void soak_do_late_sample(struct soak *w, uint32_t a, uint32_t b)
{
    soak_host_repeats(w, link_of(a), true, b);
}

void soak_do_kill_daemon(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    if (w->kill_in > 0)
        return;
    soak_flush(w);
    soak_keep_disk(w);
    w->kill_in = 1 + b % 6;
}

/* --- those who treat, and the clinic --- */

void soak_do_client_silent(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
    w->client_silent = true;
}

void soak_do_client_back(struct soak *w, uint32_t a, uint32_t b)
{
    (void)a;
    (void)b;
    w->client_silent = false;
    w->keepalive_ns = 0;
}

void soak_do_reset(struct soak *w, uint32_t a, uint32_t b)
{
    const struct session_actor actor = room_actor();
    soak_call(w, CAUSE_RESET, link_of(a), 0);
    device_reset(w->room->sessions, w->room->devices[link_of(a)].id, b % 2 ? "the patient is disconnected" : "", &actor,
                 &w->room->now, soak_reply_to(w));
    soak_called(w);
}

void soak_do_acknowledge(struct soak *w, uint32_t a, uint32_t b)
{
    json_t *list = alarms_list(sessions_alarms(w->room->sessions)), *alarm;
    size_t i;
    (void)a;
    (void)b;
    soak_call(w, CAUSE_NOTHING, SIZE_MAX, 0);
    json_array_foreach(list, i, alarm)
    {
        const json_int_t number = json_integer_value(json_object_get(alarm, "number"));
        (void)alarms_acknowledge(sessions_alarms(w->room->sessions), (uint64_t)number, "anna", w->room->now.wall_ms);
    }
    json_decref(list);
    soak_called(w);
}

/* The first of the installation's limits stands behind the compiled ones. */
void soak_do_reload(struct soak *w, uint32_t a, uint32_t b)
{
    static const int64_t peaks[] = {50000, 50000, 35000, 25000, 8000};
    struct room *r = w->room;
    (void)a;
    for (size_t i = 0; i < r->tables.n_limits; i++) {
        if (strcmp(r->tables.limits[i].id, "own_peak") == 0)
            w->limits[i].max = peaks[b % 5];
    }
    r->settings.config_generation++;
    soak_call(w, CAUSE_RELOAD, SIZE_MAX, 0);
    if (sessions_reload(r->sessions, &r->settings, &r->now) != 0)
        soak_fail(w, "a reload was not taken");
    soak_called(w);
}

/* What should come next for it, by one who wants to treat. */
void soak_do_go_on(struct soak *w, uint32_t a, uint32_t b)
{
    struct soak_session *m = soak_pick(w, a);
    if (!m) {
        soak_do_prepare(w, a, b);
        return;
    }
    switch (m->class) {
    case CLASS_PREPARED:
        soak_start(w, m);
        return;
    case CLASS_RESTED:
        if (m->held)
            soak_do_device_heals(w, (uint32_t)m->link, 0);
        else
            soak_resume(w, m);
        return;
    case CLASS_UNKNOWN:
        soak_do_device_heals(w, (uint32_t)m->link, 0);
        soak_do_thaw_host(w, (uint32_t)m->link, 0);
        return;
    case CLASS_ACTIVE:
    case CLASS_RESTING:
    case CLASS_ENDED:
        soak_time(w, 100);
        return;
    }
}
