/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin remembers of the device, because the device cannot be asked for it: what its channels are to do,
 * which list it has accepted, what it complained about. Pure. Nothing that stimulates outlives a stop, an error or an
 * Init.
 */
#ifndef SCIENCEMODE2_MEMORY_H
#define SCIENCEMODE2_MEMORY_H

#include "dialog.h"
#include "wanted.h"

/*
 * Every valid packet feeds the watchdog, a question and an unheeded stop too. So that polling alone cannot keep an
 * output alive, a running device is only asked so long after the last feed, set point or start; the host gives up on a
 * feed after as long.
 */
#define SM2_GRANT_NS (SM2_WATCHDOG_MS * INT64_C(800000))
/*
 * So often may it be seen stimulating in spite of a stop, and so many stops may go unanswered; then it is left alone
 * until its watchdog has ended what a stop could not.
 */
#define SM2_UNHEEDED_MAX 3
#define SM2_STOPS_MAX 6
/* How long it is left alone: its watchdog, and a quarter for its clock. */
#define SM2_SILENCE_NS (SM2_WATCHDOG_MS * INT64_C(1250000))

struct sm2_memory {
    struct wanted wanted;
    bool armed;          /* a start was accepted and no stop was asked for since; started may have ended by itself */
    unsigned listed;     /* channels of the list that the device has accepted; 0 = not known */
    bool started;        /* it accepted a start, or said so; nothing has ended it since */
    int64_t granted_ns;  /* begin of the last call that may feed */
    unsigned stops;      /* sent since it was last seen not stimulating */
    unsigned unheeded;   /* seen stimulating after one of them */
    bool restarted;      /* to be told with the next status */
    bool tripped;        /* the same */
    bool patient_stop;   /* until made safe */
    int fault;           /* error of the device until made safe, 0 = none */
    bool electrode;      /* an electrode is off, until made safe or started anew */
    unsigned electrodes; /* the channels that it may be: the device does not say which */
    bool untold;         /* one of these was not in a status yet */
};

/* What the device said of its own accord. */
void sm2_memory_news(struct sm2_memory *m, const struct dialog_news *news);

/* The mode it reports. */
void sm2_memory_mode(struct sm2_memory *m, enum sm2_mode mode);

/* A stop is on its way: no later start finds what was asked for before. */
void sm2_memory_stopping(struct sm2_memory *m);

/* A status has told everything there is to tell. */
void sm2_memory_told(struct sm2_memory *m);

/* Made safe: what it complained about is not held against it any more, once it was told. */
void sm2_memory_clear(struct sm2_memory *m);

/* Whether nothing may be sent now; the last packet went out at sent_ns. rest: the packet would be a stop. */
bool sm2_memory_is_silent(const struct sm2_memory *m, int64_t sent_ns, int64_t now_ns, bool rest);

/* The next stops are counted from none: the silence is over, or there was nothing to be silent for. */
void sm2_memory_speak(struct sm2_memory *m);

#endif
