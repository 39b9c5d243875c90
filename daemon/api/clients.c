/* SPDX-License-Identifier: Apache-2.0 */
/* The turn that connections share. */
#include "api/clients.h"

#include "link/loop.h"

bool clients_may_read(struct clients *all)
{
    if (all->turn_bytes < API_TURN_BYTES && all->turn_reads < API_TURN_READS) {
        all->turn_reads++;
        return true;
    }
    clients_wake(all);
    return false;
}

void clients_wake(struct clients *all)
{
    if (all->work != NULL)
        (void)sd_event_source_set_enabled(all->work, SD_EVENT_ON); /* fails only on a source that is gone */
}

void clients_deadline(struct clients *all, int64_t at_ns)
{
    if (at_ns >= all->timer_ns || all->timer == NULL)
        return;
    all->timer_ns = at_ns;
    (void)loop_set_timer(all->timer, at_ns);
}
