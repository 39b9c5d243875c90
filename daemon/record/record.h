/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: SQLite (WAL, synchronous=FULL) behind one writer thread. The event loop hands over work and is told when it
 * is durable; it never waits for the disk. Dose totals of the last days are also in memory, so that a check costs no
 * disk. Times are wall-clock ms for people and CLOCK_BOOTTIME with the boot id for arithmetic.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <jansson.h>

#include "dose/screening.h"

struct record;

/* Where time is read: replaced in tests. */
struct record_clock {
    int64_t (*wall_ms)(void *userdata);
    int64_t (*boot_ns)(void *userdata);
    int64_t (*monotonic_ns)(void *userdata); /* NULL = suspends are not noticed */
    char boot_id[40];
    void *userdata;
};

struct record_settings {
    const char *path;      /* modalityd.sqlite */
    const char *head_path; /* second file that holds the audit head */
    uint32_t late_ms;      /* a write this late makes health RECORD_LATE */
    size_t queue_max;
    const struct record_clock *clock; /* NULL = the real ones */
};

/*
 * Opens or creates, migrates the schema, verifies the audit chain from the last head, loads the ledger, and verifies
 * the whole chain in the background. error gets one sentence. A broken chain does not fail: record_audit_broken says
 * so, across restarts until a person accepts it, and starts are refused.
 */
int record_open(const struct record_settings *settings, struct record **out, char *error, size_t size);
/*
 * Flushes within 2 s, writes the head and closes; NULL is fine. Callers of done and answer are gone by now: what was
 * not told yet is not told. Audit entries that no disk took go to the journal.
 */
void record_close(struct record *record);

/* Readable when completions wait; record_dispatch runs them on the loop's thread. */
int record_fd(const struct record *record);
void record_dispatch(struct record *record);

enum record_health { RECORD_OK, RECORD_LATE, RECORD_FULL, RECORD_FAILED };
/*
 * FAILED: the last write failed; tried again twice a second, and OK again after the first success. FULL: three quarters
 * of the queue are used; the rest is for writing down how everything stops. LATE: the oldest unwritten job is older
 * than late_ms. One sentence in why ("" when OK).
 */
enum record_health record_health(struct record *record, char *why, size_t size);
bool record_audit_broken(const struct record *record);

/* --- dose ledger --- */

/*
 * AMOUNT(name, with): the one list, in the order of the ledger's columns and of its JSON. A name is the id of its
 * quantity; record/amounts.h walks the list.
 */
#define DOSE_AMOUNTS(AMOUNT, with)                                                                                     \
    AMOUNT(duration_ms, with)                                                                                          \
    AMOUNT(energy_uj, with)                                                                                            \
    AMOUNT(session_charge_uc, with)                                                                                    \
    AMOUNT(iontophoresis_dose_ua_min, with)                                                                            \
    AMOUNT(contraction_count, with)                                                                                    \
    AMOUNT(cem43_ms, with)                                                                                             \
    AMOUNT(cold_dose_millic_min, with)

struct dose_amounts {
#define AMOUNT(name, with) int64_t name;
    DOSE_AMOUNTS(AMOUNT, )
#undef AMOUNT
};

enum ledger_state {
    LEDGER_OPEN,      /* reserved, running, or not yet proved at rest */
    LEDGER_SETTLED,   /* delivered is known to the moment of proved rest */
    LEDGER_CRASHED,   /* settled to worst: rest was proved at restart on the same identity */
    LEDGER_UNBOUNDED, /* nobody knows: these places of the patient stay blocked until reviewed */
    LEDGER_REVIEWED,  /* a person settled it */
};

/* A place on the body: left and right are apart, every other side (both, midline) meets either. */
struct ledger_place {
    char site[64], side[16];
};
#define LEDGER_PLACES_MAX 17 /* the target, and where sixteen electrodes sit */
struct ledger_places {
    size_t n; /* each place once, the target first */
    struct ledger_place at[LEDGER_PLACES_MAX];
};
/* 0, also when it is there already; -EINVAL: no site, or a blank or colon in a name; -ENOSPC. */
int ledger_places_add(struct ledger_places *places, const char *site, const char *side);
/* A place of one is a place of the other, or a part of it. sites says what is a part of what; NULL: nothing is. */
bool ledger_places_meet(const struct screening *sites, const struct ledger_places *a, const struct ledger_places *b);
/* [{site, side}] */
json_t *ledger_places_document(const struct ledger_places *places);

struct ledger_entry {
    char session_id[40];
    char patient_ref[128];
    struct ledger_places places;
    char therapy[32], protocol[64];
    char device[64], serial[64]; /* identity on which rest must be proved */
    enum modality modality;
    enum ledger_state state;
    struct dose_amounts planned, worst, delivered;
    int64_t started_wall_ms, ended_wall_ms; /* ended 0 = open */
};

/*
 * Told once, on the loop's thread: 0 = durable. Reservations and additions are told -EIO when nothing can be written,
 * and are then never written. Settlements and records are kept in their order until they are durable, and told then;
 * meanwhile health says why. -EEXIST, -ENOENT, -EALREADY as at the function.
 */
typedef void record_done(void *userdata, int error);

/*
 * Durable before the output is enabled. Counts from the call on, and no more when done is told an error: then it is not
 * written later either. Refused at once: -EINVAL (empty names, amounts outside 0..2^48, worst below planned), -EEXIST,
 * -EBUSY (an unbounded entry of this patient at one of these places), -EAGAIN (queue crowded), -ENOMEM. started_wall_ms
 * 0 = now.
 */
int record_reserve(struct record *record, const struct ledger_entry *entry, record_done *done, void *userdata);
/*
 * Closes an open entry, or with LEDGER_REVIEWED an unbounded one; delivered as judged by the session (NULL = worst, for
 * a crashed one; of an unbounded one it is the part that was seen, NULL = nothing). Ends now. In memory at once; kept
 * in the queue until it is durable. done may be NULL. -ENOENT, -EALREADY (settled before), -EINVAL, -EAGAIN (nothing
 * changed: call again), -ENOMEM.
 */
int record_settle(struct record *record, const char *session_id, enum ledger_state state,
                  const struct dose_amounts *delivered, record_done *done, void *userdata);
/*
 * What is known of an unbounded session: the worst that was reserved, and the part of its dose that was seen. -ENOENT,
 * -EALREADY (its dose is known, or it has not ended).
 */
int record_unbounded(struct record *record, const char *session_id, struct dose_amounts *worst,
                     struct dose_amounts *seen);
/* Entries that a previous run left open or unbounded, as they are now; valid until the next settle. */
const struct ledger_entry *record_open_entries(struct record *record, size_t *n);
/*
 * Which places meet besides those of one name: parts and their wholes, for every question from here on. Before the
 * first call nothing else meets. A name that the table does not have meets all: a site that was renamed is not
 * forgotten.
 */
void record_sites(struct record *record, const struct screening *sites);
/*
 * Sums over 24 h for one patient and modality, of all sessions that touched any of these places, from memory. Open,
 * crashed and unbounded entries count as worst; open and unbounded ones, and rows dated in the future, count as ending
 * now; neither clock direction shortens a rest. ended and since_end_ms are of every modality. A session's own
 * reservation counts too: ask before reserving. therapies: a bit per enum modality_therapy, 0 = all of the modality.
 */
void record_history(struct record *record, const char *patient_ref, const struct ledger_places *places,
                    enum modality modality, uint32_t therapies, struct dose_history *out);
/*
 * The session that blocks any of these places of this patient, an unbounded one before an open one; NULL = none. state
 * (may be NULL) is its state.
 */
const char *record_blocking(struct record *record, const char *patient_ref, const struct ledger_places *places,
                            enum ledger_state *state);
/*
 * Notes steps of the wall clock (over 60 s in one or in many, audited as clock_stepped) and suspends (audited as
 * suspended). Call once a second. Returns the step in ms, 0 = none.
 */
int64_t record_clock_check(struct record *record);

/* --- idempotency: one request_id per uid for 24 h, across restarts --- */

enum request_seen { REQUEST_NEW, REQUEST_REPEATED, REQUEST_CONFLICT };
/*
 * digest is over method and parameters. REPEATED stores a new reference to the earlier result in *result (NULL while it
 * is still under way). From memory.
 */
enum request_seen record_request_seen(struct record *record, uid_t uid, const char *request_id, const char *digest,
                                      json_t **result);
/*
 * result NULL = under way (in memory only: after a restart it is new again). -EEXIST other digest, -EALREADY has a
 * result, -E2BIG over 256 KiB, -EAGAIN no room.
 */
int record_request_store(struct record *record, uid_t uid, const char *request_id, const char *digest,
                         const json_t *result);

/* --- audit --- */

struct audit_actor {
    uid_t uid;
    const char *operator_id, *operator_name; /* NULL = the daemon itself */
};

/*
 * Appends one event to the chain. detail is stolen (may be NULL, at most 256 KiB of JSON, 32 deep). sync-free; order is
 * kept, and an entry once taken is kept until it is durable. -EAGAIN when the queue is full (and health says so): the
 * entry is counted, and the first one that finds room again is preceded by audit.lost {count, from_ms, to_ms}.
 */
int record_audit(struct record *record, const char *event, const struct audit_actor *actor, const char *session_id,
                 json_t *detail);
/* Writes the head (sequence, hash) to the second file and the journal: at each session's end and at exit. */
int record_audit_head(struct record *record);
/*
 * A person has inspected the damage: the statement enters the chain, the head moves on, record_audit_broken is false
 * again. -EINVAL when nothing is broken. audit.verify keeps showing the damaged entries.
 */
int record_audit_accept(struct record *record, const struct audit_actor *actor, const char *statement,
                        record_done *done, void *userdata);

/* --- records of sessions --- */

/*
 * Stores the finished document once; later writes are refused (-EEXIST through done). document is stolen; at most 512
 * KiB of JSON, 32 deep (-E2BIG). schema_version 1 is added when absent. Lists and filters read its keys patient_ref,
 * course_id, operator{id}, target{site, side}, end{reason} - at the top or in request{} - and at the top ended_at_ms
 * (absent = now) and simulated.
 */
int record_finish(struct record *record, const char *session_id, json_t *document, record_done *done, void *userdata);

/*
 * What is added to a record afterwards: kind is "observation", "note", "addendum" or "incident". body is stolen; at
 * most 64 KiB. Its text member "id" is the addition's id (absent = one is made; taken: -EEXIST through done).
 * session_id is a reserved or finished one (-ENOENT through done), or NULL for an incident without a session. An
 * incident on a finished record carries frozen_hash, the hash of the document.
 */
int record_append(struct record *record, const char *session_id, const char *kind, const struct audit_actor *actor,
                  json_t *body, record_done *done, void *userdata);

/* --- queries: answered on the loop's thread --- */

/* error 0 and result, which is owned by the callee; or negative and NULL. */
typedef void record_answer(void *userdata, int error, json_t *result);
/*
 * Everything that was handed over before the query is seen by it. parameters is stolen (an object or NULL). Refused at
 * once: -EINVAL (unknown kind or parameter, wrong type, required one missing), -EAGAIN (64 wait already), -ENOMEM.
 * Answered with: -EINVAL (cursor, format, path), -ENOENT, -EEXIST, -EIO. Pages: limit 1 to 500, default 50; cursor is
 * the next_cursor of the page before; a result stays below 2 MiB of JSON.
 *
 *   record.list    {patient_ref?, site?, course_id?, operator?, from_ms?, to_ms?, limit?, cursor?} by end, newest first
 *                  {items: [{session_id, patient_ref, site, side, ended_at_ms, simulated, appended, incidents, hash,
 *                  course_id?, operator_id?, end_reason?, modality?, therapy?, protocol?, device?, serial?,
 *                  dose_state?, started_at_ms?, places[]?, planned_ms?, planned{}?, worst{}?, delivered{}?}],
 *                  next_cursor?}; site finds every session that touched it
 *   record.get     {session_id, cursor?}
 *                  {session_id, document, hash, intact, appended: [addition], next_cursor?}
 *   record.export  {format: "jsonl" or "csv", filters of record.list, limit?, cursor?} limit counts lines
 *                  {format, lines: [text], next_cursor?}; jsonl lines are {type: "record", session_id, hash, document}
 *                  and, after their record, {type: "appended", addition}; csv has its names on the first page only
 *   dose.history   {patient_ref, site?, side?, modality?, hours? = 24, limit?, cursor?} newest first
 *                  {items: [{session_id, site, side, places[], modality, therapy, protocol, device, serial, state,
 *                  unbounded, started_at_ms, ended_at_ms?, elapsed_ms, planned{}, worst{}, delivered{}?, counted{}}],
 *                  totals{amounts, sessions, open, unbounded} of the whole window, next_cursor?}; site finds what
 * limits there are held against: its parts and wholes too; delivered is absent while the session is open, and of an
 * unbounded one the part that was seen; counted is what limits are held against audit.tail     {limit?, cursor?} newest
 * first, or {since_seq, limit?, cursor?} in order {items: [{seq, at_ms, boot_id, boot_ns, uid, operator_id?,
 * operator_name?, event, session_id?, detail, prev, hash}], next_cursor?} audit.verify   {} -> {ok, entries, head_seq,
 * head_hash, unknown_rows?, first_bad?, bad_entries?, why?, accepted_seq?}; a bad entry beyond accepted_seq makes
 * record_audit_broken true and stays known incident.list  {session_id?, limit?, cursor?} -> {items: [addition],
 * next_cursor?}, newest first incident.get   {incident_id} -> addition backup         {path} absolute, on a local disk,
 * not there yet -> {path, bytes, head_seq, head_hash}; path.head is the copy's head file
 *
 * places[] is [{site, side}], the target first. An addition is {id, kind, uid, at_ms, session_id?, operator_id?,
 * operator_name?, frozen_hash?, body}; planned, worst, delivered, counted and the amounts of totals are
 * {duration_ms, energy_uj, session_charge_uc, iontophoresis_dose_ua_min, contraction_count,
 * cem43_ms, cold_dose_millic_min}.
 */
int record_query(struct record *record, const char *kind, json_t *parameters, record_answer *answer, void *userdata);

#endif
