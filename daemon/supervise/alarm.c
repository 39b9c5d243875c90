/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of alarms that stand. One slot per kind, device and session; everything is allocated once, so raising an
 * alarm on the way to rest cannot fail. An alarm leaves the table in one place (alarm_clear), and its listener is told.
 * Two facts decide its state: whether the condition lasts, and whether a person acknowledged it.
 */
#include "supervise/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALARMS_MAX 256 /* 64 devices with four standing alarms each; beyond that the least urgent gives way */

struct alarm {
    uint64_t number; /* 0 = free slot */
    enum alarm_kind kind;
    char device[64], session_id[40];
    char detail[256];
    uint64_t count;
    int64_t raised_at_ms;
    bool lasts; /* the condition is still there */
    bool acknowledged;
    char acknowledged_by[128];
    int64_t acknowledged_at_ms;
};

struct alarms {
    alarm_changed *changed;
    void *userdata;
    uint64_t last_number;
    struct alarm slots[ALARMS_MAX];
};

struct alarm_kind_row {
    const char *id;
    enum alarm_priority priority;
    bool latched;
    const char *meaning, *clears;
};

static const struct alarm_kind_row alarm_kinds[ALARM_KIND_COUNT] = {
#define ALARM(id, priority, latched, meaning, clears)                                                                  \
    [ALARM_KIND_##id] = {#id, ALARM_##priority, latched, meaning, clears},
    SESSION_ALARMS(ALARM)
#undef ALARM
};

const char *alarm_kind_id(enum alarm_kind kind)
{
    return alarm_kinds[kind].id;
}

enum alarm_priority alarm_kind_priority(enum alarm_kind kind)
{
    return alarm_kinds[kind].priority;
}

const char *alarm_priority_id(enum alarm_priority p)
{
    switch (p) {
    case ALARM_LOW:
        return "low";
    case ALARM_MEDIUM:
        return "medium";
    case ALARM_HIGH:
        return "high";
    }
    return "unknown";
}

/* Copies a text into a fixed field and never cuts a UTF-8 sequence in two: JSON would refuse the rest of it. */
static void text_copy(char *to, size_t size, const char *from)
{
    size_t n = from ? strnlen(from, size) : 0;

    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)from[n] & 0xC0U) == 0x80U)
            n--;
    }
    if (n > 0)
        memcpy(to, from, n);
    to[n] = '\0';
}

static const char *alarm_state(const struct alarm *a)
{
    if (a->acknowledged)
        return "acknowledged";
    return a->lasts ? "active" : "over";
}

static void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, json_string(text));
}

static json_t *alarm_document(const struct alarm *a)
{
    const struct alarm_kind_row *row = &alarm_kinds[a->kind];
    json_t *document =
        json_pack("{s:I, s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:s, s:s}", "number", (json_int_t)a->number, "kind",
                  row->id, "priority", alarm_priority_id(row->priority), "state", alarm_state(a), "latched",
                  row->latched, "detail", a->detail, "count", (json_int_t)a->count, "raised_at_ms",
                  (json_int_t)a->raised_at_ms, "meaning", row->meaning, "clears", row->clears);

    if (!document)
        return NULL;
    json_set_text(document, "device", a->device);
    json_set_text(document, "session_id", a->session_id);
    if (a->acknowledged) {
        json_set_text(document, "acknowledged_by", a->acknowledged_by);
        json_object_set_new(document, "acknowledged_at_ms", json_integer(a->acknowledged_at_ms));
    }
    return document;
}

static void alarm_tell(const struct alarms *alarms, const char *change, const struct alarm *a)
{
    json_t *document;

    if (!alarms->changed)
        return;
    document = alarm_document(a);
    alarms->changed(alarms->userdata, change, document);
    json_decref(document);
}

static void alarm_clear(struct alarms *alarms, struct alarm *slot)
{
    struct alarm gone = *slot;

    /* The slot is free before the listener runs: it may raise another alarm from within. */
    slot->number = 0;
    alarm_tell(alarms, "cleared", &gone);
}

int alarms_new(alarm_changed *changed, void *userdata, struct alarms **out)
{
    struct alarms *alarms = calloc(1, sizeof(*alarms));

    if (!alarms)
        return -ENOMEM;
    alarms->changed = changed;
    alarms->userdata = userdata;
    *out = alarms;
    return 0;
}

void alarms_free(struct alarms *alarms)
{
    free(alarms);
}

/* device and session_id are compared as the slot holds them: cut to the field. */
static struct alarm *alarm_find(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id)
{
    struct alarm subject;

    text_copy(subject.device, sizeof(subject.device), device);
    text_copy(subject.session_id, sizeof(subject.session_id), session_id);
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        struct alarm *a = &alarms->slots[i];
        if (a->number != 0 && a->kind == kind && strcmp(a->device, subject.device) == 0 &&
            strcmp(a->session_id, subject.session_id) == 0)
            return a;
    }
    return NULL;
}

/* Lower is given up first: acknowledged ones, then by priority, then the oldest. */
static bool alarm_gives_way(const struct alarm *a, const struct alarm *b)
{
    enum alarm_priority pa = alarm_kinds[a->kind].priority, pb = alarm_kinds[b->kind].priority;

    if (a->acknowledged != b->acknowledged)
        return a->acknowledged;
    if (pa != pb)
        return pa < pb;
    return a->number < b->number;
}

/* A free slot, or that of the least urgent; NULL when all that stand are more urgent than a new one of this kind. */
static struct alarm *alarm_slot(struct alarms *alarms, enum alarm_kind kind)
{
    struct alarm *victim = &alarms->slots[0];

    for (size_t i = 0; i < ALARMS_MAX; i++) {
        if (alarms->slots[i].number == 0)
            return &alarms->slots[i];
        if (alarm_gives_way(&alarms->slots[i], victim))
            victim = &alarms->slots[i];
    }
    if (!victim->acknowledged && alarm_kinds[victim->kind].priority > alarm_kinds[kind].priority)
        return NULL;
    alarm_clear(alarms, victim);
    return victim;
}

/* The same subject again. Returns false when it was acknowledged: then it is a new alarm, with a new number. */
static bool alarm_count(struct alarms *alarms, struct alarm *a, const char *detail)
{
    bool came_back = !a->lasts;

    if (a->acknowledged)
        return false;
    a->count++;
    a->lasts = true;
    if (detail)
        text_copy(a->detail, sizeof(a->detail), detail);
    if (came_back)
        alarm_tell(alarms, "raised", a);
    return true;
}

static void alarm_fill(struct alarms *alarms, struct alarm *fresh, enum alarm_kind kind, const char *device,
                       const char *session_id)
{
    memset(fresh, 0, sizeof(*fresh));
    fresh->number = ++alarms->last_number;
    fresh->kind = kind;
    fresh->count = 1;
    fresh->lasts = true;
    text_copy(fresh->device, sizeof(fresh->device), device);
    text_copy(fresh->session_id, sizeof(fresh->session_id), session_id);
}

uint64_t alarms_raise(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                      const char *detail, int64_t wall_ms)
{
    struct alarm *a = alarm_find(alarms, kind, device, session_id), fresh;

    if (a) {
        uint64_t number = a->number;
        if (alarm_count(alarms, a, detail))
            return number;
        /* An old acknowledgement, or one under way for the old number, must not silence the new occurrence. */
        alarm_clear(alarms, a);
    }
    alarm_fill(alarms, &fresh, kind, device, session_id);
    text_copy(fresh.detail, sizeof(fresh.detail), detail);
    fresh.raised_at_ms = wall_ms;
    a = alarm_slot(alarms, kind);
    if (a)
        *a = fresh;
    alarm_tell(alarms, "raised", &fresh);
    if (!a) /* told, and recorded by the listener, but not worth hiding a more urgent one */
        alarm_tell(alarms, "cleared", &fresh);
    return fresh.number;
}

void alarms_condition_over(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                           int64_t wall_ms)
{
    struct alarm *a = alarm_find(alarms, kind, device, session_id);

    (void)wall_ms; /* the listener stamps what it is told */
    if (!a || !a->lasts)
        return;
    a->lasts = false;
    if (!alarm_kinds[kind].latched || a->acknowledged)
        alarm_clear(alarms, a);
}

static struct alarm *alarm_numbered(struct alarms *alarms, uint64_t number)
{
    for (size_t i = 0; i < ALARMS_MAX && number != 0; i++) {
        if (alarms->slots[i].number == number)
            return &alarms->slots[i];
    }
    return NULL;
}

int alarms_acknowledge(struct alarms *alarms, uint64_t number, const char *by, int64_t wall_ms)
{
    struct alarm *a = alarm_numbered(alarms, number);

    if (!a)
        return -ENOENT;
    if (a->acknowledged)
        return -EALREADY;
    a->acknowledged = true;
    text_copy(a->acknowledged_by, sizeof(a->acknowledged_by), by);
    a->acknowledged_at_ms = wall_ms;
    alarm_tell(alarms, "acknowledged", a);
    /* The listener may have cleared or raised; only this very alarm may still be waiting. */
    a = alarm_numbered(alarms, number);
    if (a && a->acknowledged && !a->lasts)
        alarm_clear(alarms, a);
    return 0;
}

/* Highest priority first, then what nobody acknowledged, then the latest. */
static int alarm_order(const void *left, const void *right)
{
    const struct alarm *a = *(const struct alarm *const *)left, *b = *(const struct alarm *const *)right;
    int pa = (int)alarm_kinds[a->kind].priority, pb = (int)alarm_kinds[b->kind].priority;

    if (pa != pb)
        return pb - pa;
    if (a->acknowledged != b->acknowledged)
        return a->acknowledged ? 1 : -1;
    return a->number < b->number ? 1 : -1;
}

json_t *alarms_list(const struct alarms *alarms)
{
    const struct alarm *standing[ALARMS_MAX] = {NULL};
    json_t *list = json_array();
    size_t n = 0;

    for (size_t i = 0; i < ALARMS_MAX; i++) {
        if (alarms->slots[i].number != 0)
            standing[n++] = &alarms->slots[i];
    }
    qsort(standing, n, sizeof(struct alarm *), alarm_order);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, alarm_document(standing[i]));
    return list;
}

uint64_t alarms_unacknowledged(const struct alarms *alarms, enum alarm_kind kind, const char *device)
{
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        const struct alarm *a = &alarms->slots[i];
        if (a->number != 0 && a->kind == kind && !a->acknowledged && strcmp(a->device, device) == 0)
            return a->number;
    }
    return 0;
}

bool alarms_active(const struct alarms *alarms, enum alarm_kind kind, const char *device)
{
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        const struct alarm *a = &alarms->slots[i];
        if (a->number != 0 && a->kind == kind && (!device || strcmp(a->device, device) == 0))
            return true;
    }
    return false;
}
