/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#define ALL_CHANNELS ((1u << SM2_CHANNELS) - 1)

void sm2_memory_speak(struct sm2_memory *m)
{
    m->stops = m->unheeded = 0;
}

/* It does not stimulate (any more), and has no list. */
static void rested(struct sm2_memory *m)
{
    m->started = false;
    m->listed = 0;
    sm2_memory_speak(m);
}

static void take_error(struct sm2_memory *m, int error)
{
    m->untold = true;
    switch (error) {
    case SM2_ERROR_EMERGENCY_SWITCH:
        m->patient_stop = true;
        break;
    case SM2_ERROR_ELECTRODE:
        m->electrode = true;
        m->electrodes = m->listed ? m->listed : ALL_CHANNELS;
        break;
    default:
        m->fault = error;
        break;
    }
}

void sm2_memory_news(struct sm2_memory *m, const struct dialog_news *news)
{
    m->restarted |= news->restarted;
    m->tripped |= news->tripped;
    if (news->error != 0)
        take_error(m, news->error);
    if (news->error != 0 || news->reset)
        rested(m);
}

void sm2_memory_mode(struct sm2_memory *m, enum sm2_mode mode)
{
    m->started = mode == SM2_MODE_STARTED;
    if (m->started && m->stops > 0)
        m->unheeded++;
    if (!m->started)
        sm2_memory_speak(m);
    if (mode == SM2_MODE_START)
        m->listed = 0;
}

void sm2_memory_stopping(struct sm2_memory *m)
{
    m->wanted = (struct wanted){0};
    m->armed = false;
}

void sm2_memory_told(struct sm2_memory *m)
{
    m->restarted = m->tripped = m->untold = false;
}

void sm2_memory_clear(struct sm2_memory *m)
{
    if (m->untold)
        return;
    m->patient_stop = m->electrode = false;
    m->electrodes = 0;
    m->fault = 0;
}

bool sm2_memory_is_silent(const struct sm2_memory *m, int64_t sent_ns, int64_t now_ns, bool rest)
{
    bool vain = m->unheeded >= SM2_UNHEEDED_MAX || m->stops >= SM2_STOPS_MAX;
    bool ungranted = m->started && now_ns - m->granted_ns >= SM2_GRANT_NS;
    return (vain || (ungranted && !rest)) && now_ns - sent_ns < SM2_SILENCE_NS;
}
