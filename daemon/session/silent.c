/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that are not heard. A host that was stopped, starved or caught in a loop says nothing of it, and while its
 * device idles nothing else would find out: it would be called ready, and nobody would look after it. So a host that is
 * quiet is asked whether it is there; one that does not answer is replaced, and its successor makes safe and proves.
 */
#include <errno.h>

#include "session/internal.h"

#define QUIET_NS NS_PER_S /* any message is an answer: most hosts are never asked */
/* A host answers at once; but it may be just beginning, on a machine with much else to do. Twice as long each time. */
#define ANSWER_NS (10 * NS_PER_S)
#define ANSWER_OWED_NS (3 * NS_PER_S) /* while rest is owed */
#define ANSWER_TIMES_MAX 8

static int64_t answer_ns(const struct unit *unit)
{
    const int64_t times = unit->answer_times > 0 ? unit->answer_times : 1;
    return times * (unit->unproved ? ANSWER_OWED_NS : ANSWER_NS);
}

int64_t unit_ask_due_ns(const struct unit *unit)
{
    return unit->asked_ns > 0 ? unit->asked_ns + answer_ns(unit) : unit->heard_ns + QUIET_NS;
}

void units_heard(struct sessions *s, size_t link, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_units; i++) {
        struct unit *unit = &s->units[i];
        if (unit->settings->link != link)
            continue;
        unit->heard_ns = now->monotonic_ns;
        unit->asked_ns = 0;
        unit->answer_times = 1;
    }
}

/* Rest of an idle unit that was proved is still proved: then nothing is owed to it. */
static bool is_owed(const struct sessions *s, size_t link)
{
    bool owed = false;
    for (size_t i = 0; i < s->n_units; i++)
        if (s->units[i].settings->link == link)
            owed = owed || s->units[i].unproved || s->units[i].presence != UNIT_READY;
    for (size_t i = 0; i < s->n_sessions; i++)
        if (s->list[i]->unit->settings->link == link)
            owed = owed || s->list[i]->armed;
    return owed;
}

static void host_silent(struct sessions *s, size_t link, const struct session_time *now)
{
    static const char why[] = "its host is not heard any more";
    for (size_t i = 0; i < s->n_units; i++) {
        struct unit *unit = &s->units[i];
        if (unit->settings->link != link)
            continue;
        if (unit->answer_times < ANSWER_TIMES_MAX)
            unit->answer_times = unit->answer_times > 0 ? 2 * unit->answer_times : 2;
        unit->asked_ns = 0;
        unit->heard_ns = now->monotonic_ns; /* of its successor, from now on */
    }
    if (is_owed(s, link))
        s->ports.replace_host(s->ports.userdata, link, why);
    else
        s->ports.replace_idle_host(s->ports.userdata, link, why);
    link_lost(s, link, why, now);
}

void units_ask(struct sessions *s, const struct session_time *now)
{
    struct link_plain ask;
    link_message_head(&ask, LINK_ASK, sizeof ask);
    for (size_t i = 0; i < s->n_units; i++) {
        struct unit *unit = &s->units[i];
        if (now->monotonic_ns < unit_ask_due_ns(unit))
            continue;
        if (unit->asked_ns > 0) {
            host_silent(s, unit->settings->link, now);
            continue;
        }
        const int r = s->ports.send(s->ports.userdata, unit->settings->link, &ask);
        if (r == 0 || r == -EAGAIN) /* one that does not read is not heard either */
            unit->asked_ns = now->monotonic_ns;
        else
            unit->heard_ns = now->monotonic_ns; /* there is none: the link begins the next one by itself */
    }
}
