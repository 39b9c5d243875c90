/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the clocks for the records: a step of the wall clock is seen against the boot time, which nobody can set, and
 * against the last entry of the chain at start-up. Small steps add up until they are noticed.
 */
#include <string.h>
#include <unistd.h>

#include "record/internal.h"

#include "modality/clock.h"

#define WATCH_STEP_MS INT64_C(60000)    /* design: a larger step is audited */
#define WATCH_SUSPEND_NS (1 * NS_PER_S) /* below it the two clocks were only read apart */
#define WATCH_PURGE_NS (3600 * NS_PER_S)

static void watch_tell_step(struct record *record, int64_t step_ms, bool while_down)
{
    struct audit_actor daemon = {.uid = getuid()};

    record_audit(record, "clock_stepped", &daemon, NULL,
                 json_pack("{s:I, s:b}", "step_ms", (json_int_t)step_ms, "while_down", while_down));
}

void watch_tell_broken(struct record *record)
{
    struct audit_actor daemon = {.uid = getuid()};
    char why[RECORD_WHY_MAX];

    pthread_mutex_lock(&record->queue.lock);
    memcpy(why, record->audit_why, sizeof(why));
    pthread_mutex_unlock(&record->queue.lock);
    record->broken_told = true;
    record_audit(record, "audit.broken", &daemon, NULL, json_pack("{s:s}", "why", why));
}

void watch_begin(struct record *record)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);
    struct clock_watch *watch = &record->watch;

    watch->offset_ms = wall_ms - boot_ns / NS_PER_MS;
    if (record->clock.monotonic_ns)
        watch->asleep_ns = boot_ns - record->clock.monotonic_ns(record->clock.userdata);
    if (watch->has_last && strcmp(watch->last_boot_id, record->clock.boot_id) == 0)
        watch->offset_ms = watch->last_wall_ms - watch->last_boot_ns / NS_PER_MS;
    else if (watch->has_last && wall_ms < watch->last_wall_ms - WATCH_STEP_MS)
        watch_tell_step(record, wall_ms - watch->last_wall_ms, true);
    if (atomic_load(&record->audit_broken))
        watch_tell_broken(record);
}

static void watch_suspend(struct record *record, int64_t boot_ns)
{
    struct audit_actor daemon = {.uid = getuid()};
    int64_t asleep_ns;

    if (!record->clock.monotonic_ns)
        return;
    asleep_ns = boot_ns - record->clock.monotonic_ns(record->clock.userdata);
    if (asleep_ns - record->watch.asleep_ns > WATCH_SUSPEND_NS)
        record_audit(record, "suspended", &daemon, NULL,
                     json_pack("{s:I}", "asleep_ms", (json_int_t)((asleep_ns - record->watch.asleep_ns) / NS_PER_MS)));
    record->watch.asleep_ns = asleep_ns;
}

void watch_step(struct record *record, int64_t wall_ms, int64_t boot_ns)
{
    struct clock_watch *watch = &record->watch;
    int64_t step_ms = wall_ms - boot_ns / NS_PER_MS - watch->offset_ms;

    if (step_ms <= WATCH_STEP_MS && step_ms >= -WATCH_STEP_MS)
        return;
    watch->offset_ms += step_ms;
    watch->untold_ms += step_ms;
    watch_tell_step(record, step_ms, false);
}

int64_t record_clock_check(struct record *record)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);
    int64_t step_ms;

    watch_suspend(record, boot_ns);
    if (boot_ns >= record->watch.next_purge_ns) {
        ledger_purge(&record->ledger, wall_ms, boot_ns);
        requests_purge(record, wall_ms, boot_ns);
        record->watch.next_purge_ns = boot_ns + WATCH_PURGE_NS;
    }
    watch_step(record, wall_ms, boot_ns);
    step_ms = record->watch.untold_ms;
    record->watch.untold_ms = 0;
    return step_ms;
}
