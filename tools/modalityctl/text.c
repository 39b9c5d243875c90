/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How things read on a terminal: values with their display unit, names without unit suffix, times, and lines that are
 * broken at blanks instead of at the terminal's edge.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

#define TEXT_MAX 80
#define ROW_INDENT 16

static char *next_buffer(void)
{
    static char buffers[8][TEXT_MAX];
    static unsigned next;
    return buffers[next++ % 8];
}

const char *ctl_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

json_int_t ctl_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool ctl_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

const char *ctl_value(const char *quantity, json_int_t value)
{
    char *buffer = next_buffer();
    enum modality_quantity q;
    if (modality_quantity_find(quantity, &q) == 0)
        return value_format(q, value, buffer, TEXT_MAX);
    snprintf(buffer, TEXT_MAX, "%lld", (long long)value);
    return buffer;
}

static bool word_in(const char *const *list, const char *word)
{
    for (; *list; list++) {
        if (strcmp(*list, word) == 0)
            return true;
    }
    return false;
}

/* Takes unit words off the end of an id; the first word is never one. */
static void strip_unit(char *id)
{
    static const char *const units[] = {"ua", "mv",  "us",       "ns", "ms",    "s",      "millihz", "khz",
                                        "nc", "uc",  "uw",       "uj", "ohm",   "mm2",    "cm2",     "nm",
                                        "mm", "min", "permille", "1",  "milli", "millic", "millik",  NULL};
    char *last;
    while ((last = strrchr(id, '_')) && word_in(units, last + 1))
        *last = '\0';
}

const char *ctl_label(const char *quantity)
{
    static const char *const shouted[] = {"satp", "sata", "era", "bnr", "us", "dc", "k", NULL};
    char *buffer = next_buffer(), id[TEXT_MAX], *rest = id;
    size_t at = 0;
    snprintf(id, sizeof id, "%s", quantity);
    strip_unit(id);
    buffer[0] = '\0';
    for (char *word; (word = strsep(&rest, "_"));) {
        const bool shout = word_in(shouted, word);
        at +=
            (size_t)snprintf(buffer + at, TEXT_MAX - at, "%s%s", at ? " " : "", strcmp(word, "rms") ? word : "r.m.s.");
        for (size_t i = at - strlen(word); shout && i < at; i++)
            buffer[i] = (char)toupper((unsigned char)buffer[i]);
    }
    return buffer;
}

const char *ctl_words(const char *id)
{
    char *buffer = next_buffer();
    snprintf(buffer, TEXT_MAX, "%s", id);
    for (char *c = buffer; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return buffer;
}

const char *ctl_bells(const char *priority)
{
    if (strcmp(priority, "high") == 0)
        return "\a\a";
    return strcmp(priority, "medium") == 0 ? "\a" : "";
}

const char *ctl_clock(json_int_t ms)
{
    char *buffer = next_buffer();
    const long long s = ms < 0 ? 0 : ms / 1000;
    snprintf(buffer, TEXT_MAX, "%lld:%02lld", s / 60, s % 60);
    return buffer;
}

const char *ctl_date(json_int_t ms)
{
    char *buffer = next_buffer();
    const time_t t = (time_t)(ms / 1000);
    struct tm local;
    if (!localtime_r(&t, &local) || strftime(buffer, TEXT_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0)
        snprintf(buffer, TEXT_MAX, "%lld", (long long)ms);
    return buffer;
}

const char *ctl_time(json_int_t ms)
{
    const char *date = ctl_date(ms), *blank = strchr(date, ' ');
    return blank ? blank + 1 : date;
}

/* Characters of the next word and its bytes: continuation bytes of UTF-8 take no column. */
static int word_width(const char *text, size_t *bytes)
{
    int width = 0;
    for (*bytes = 0; text[*bytes] && text[*bytes] != ' ' && text[*bytes] != '\n'; (*bytes)++)
        width += ((unsigned char)text[*bytes] & 0xc0) != 0x80;
    return width;
}

void ctl_wrap(const struct ctl *ctl, int at, int indent, const char *text)
{
    bool first = true;
    while (*text) {
        size_t bytes;
        const int width = word_width(text, &bytes);
        if (!first && at + 1 + width > ctl->columns) {
            printf("\n%*s", indent, "");
            at = indent;
            first = true;
        }
        printf("%s%.*s", first ? "" : " ", (int)bytes, text);
        at += width + (first ? 0 : 1);
        text += bytes;
        while (*text == ' ' || *text == '\n')
            text++;
        first = false;
    }
    putchar('\n');
}

void ctl_row(const struct ctl *ctl, const char *name, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (text[0] == '\0')
        return;
    printf("  %-*s", ROW_INDENT - 2, name);
    ctl_wrap(ctl, ROW_INDENT, ROW_INDENT, text);
}

bool ctl_ask(const char *prompt, char *buffer, size_t size)
{
    fputs(prompt, stdout);
    fflush(stdout);
    if (ctl_interrupted || !fgets(buffer, (int)size, stdin) || ctl_interrupted) {
        putchar('\n');
        return false;
    }
    if (!strchr(buffer, '\n')) {
        for (int c; (c = getchar()) != '\n' && c != EOF;)
            ; /* the rest of a line that is too long belongs to it */
    }
    buffer[strcspn(buffer, "\r\n")] = '\0';
    return true;
}
