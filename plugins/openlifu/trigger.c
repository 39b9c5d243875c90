/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MICROSECONDS 1000000

static const struct {
    const char *key;
    size_t offset;
    uint32_t least, most;
} numbers[] = {
#define NUMBER(member, key, least, most) {key, offsetof(struct lifu_trigger, member), least, most},
    LIFU_TRIGGER_NUMBERS(NUMBER)
#undef NUMBER
};
#define NUMBERS (sizeof numbers / sizeof *numbers)
#define STATUS_KEY "TriggerStatus"
#define STATUS_BIT NUMBERS

static uint32_t number_of(const struct lifu_trigger *t, size_t i)
{
    uint32_t value;
    memcpy(&value, (const char *)t + numbers[i].offset, sizeof value);
    return value;
}

bool lifu_trigger_same(const struct lifu_trigger *a, const struct lifu_trigger *b)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (number_of(a, i) != number_of(b, i))
            return false;
    return true;
}

/* ---- writing ---- */

static bool makes_sense(const struct lifu_trigger *t)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (number_of(t, i) < numbers[i].least || number_of(t, i) > numbers[i].most)
            return false;
    int64_t frequency = t->frequency_hz, interval = t->train_interval_us, count = t->pulse_count;
    return t->pulse_width_us * frequency < MICROSECONDS && count * MICROSECONDS <= interval * frequency;
}

int lifu_trigger_write(const struct lifu_trigger *trigger, char *out, size_t size)
{
    char text[LIFU_TRIGGER_TEXT_MAX];
    size_t n = 0;
    if (!makes_sense(trigger))
        return -EINVAL;
    for (size_t i = 0; i < NUMBERS; i++) {
        int more = snprintf(text + n, sizeof text - n, "%s\"%s\":%u", i == 0 ? "{" : ",", numbers[i].key,
                            (unsigned)number_of(trigger, i));
        if (more < 0 || (size_t)more >= sizeof text - n)
            return -ENOSPC;
        n += (size_t)more;
    }
    if (n + 2 > sizeof text || n + 2 > size)
        return -ENOSPC;
    memcpy(out, text, n);
    memcpy(out + n, "}", 2);
    return 0;
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
};

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
        r->at++;
}

/* The next character that is no blank, if it is this one. */
static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* A text without escapes, which no key or status has. */
static bool take_text(struct reader *r, const char **text, size_t *n)
{
    if (!take(r, '"'))
        return false;
    *text = r->at;
    while (r->at < r->end && *r->at != '"' && *r->at >= ' ' && *r->at != '\\')
        r->at++;
    *n = (size_t)(r->at - *text);
    return take(r, '"');
}

static bool is_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

/* Digits, then perhaps a point and zeros. */
static bool take_number(struct reader *r, uint32_t *out)
{
    uint64_t value = 0;
    skip_blanks(r);
    if (!is_digit(r))
        return false;
    for (; is_digit(r); r->at++) {
        value = value * 10 + (uint64_t)(*r->at - '0');
        if (value > UINT32_MAX)
            return false;
    }
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!is_digit(r))
            return false;
        for (; is_digit(r); r->at++)
            if (*r->at != '0')
                return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* The value of a key that means nothing here: a text, or what may be a number or a word. */
static bool pass_value(struct reader *r)
{
    const char *text;
    size_t n;
    skip_blanks(r);
    if (r->at < r->end && *r->at == '"')
        return take_text(r, &text, &n);
    const char *from = r->at;
    while (r->at<r->end && * r->at> ' ' && *r->at <= '~' && !strchr(",:{}[]\"", *r->at))
        r->at++;
    return r->at > from;
}

static bool is_text(const char *text, size_t n, const char *want)
{
    return n == strlen(want) && memcmp(text, want, n) == 0;
}

static bool take_status(struct reader *r, bool *running)
{
    const char *text;
    size_t n;
    if (!take_text(r, &text, &n))
        return false;
    *running = is_text(text, n, "RUNNING");
    return *running || is_text(text, n, "STOPPED");
}

/* One key and its value; a key that came before says two things, and nobody knows which one holds. */
static bool take_member(struct reader *r, struct lifu_trigger *t, uint32_t *seen)
{
    const char *key;
    size_t n, i = 0;
    if (!take_text(r, &key, &n) || !take(r, ':'))
        return false;
    while (i < NUMBERS && !is_text(key, n, numbers[i].key))
        i++;
    if (i == NUMBERS && !is_text(key, n, STATUS_KEY))
        return pass_value(r);
    if (*seen & (UINT32_C(1) << i))
        return false;
    *seen |= UINT32_C(1) << i;
    if (i == STATUS_BIT)
        return take_status(r, &t->running);
    uint32_t value;
    if (!take_number(r, &value))
        return false;
    memcpy((char *)t + numbers[i].offset, &value, sizeof value);
    return true;
}

int lifu_trigger_read(const char *text, size_t n, struct lifu_trigger *out)
{
    struct lifu_trigger t = {0};
    uint32_t seen = 0;
    while (n > 0 && text[n - 1] == '\0')
        n--;
    struct reader r = {text, text + n};
    if (n > LIFU_TRIGGER_ANSWER_MAX || !take(&r, '{'))
        return -EPROTO;
    do {
        if (!take_member(&r, &t, &seen))
            return -EPROTO;
    } while (take(&r, ','));
    if (!take(&r, '}'))
        return -EPROTO;
    skip_blanks(&r);
    if (r.at != r.end || seen != (UINT32_C(1) << (NUMBERS + 1)) - 1)
        return -EPROTO;
    *out = t;
    return 0;
}
