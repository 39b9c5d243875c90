/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "modality/clock.h"

#define BAR_CELLS 20
#define OLD_MS 500 /* a sample older than this is said to be old */
#define INDENT 9   /* of what a line has too much */

/* Appends to a line; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void add(char line[PROGRESS_WIDTH], const char *format, ...)
{
    const size_t at = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + at, PROGRESS_WIDTH - at, format, arguments);
    va_end(arguments);
}

static char *next_line(struct progress *p)
{
    if (p->n == PROGRESS_LINES)
        p->n--;
    p->lines[p->n][0] = '\0';
    return p->lines[p->n++];
}

static void add_bar(char *line, json_int_t done, json_int_t all)
{
    const json_int_t cells = all > 0 ? done * BAR_CELLS / all : 0;
    add(line, "[");
    for (json_int_t i = 0; i < BAR_CELLS; i++)
        add(line, "%c", i < cells ? '#' : '.');
    add(line, "]");
}

static void head(struct progress *p, const json_t *snapshot, unsigned alarms)
{
    char *line = next_line(p);
    const json_int_t planned = ctl_int(snapshot, "planned_ms"), delivered = ctl_int(snapshot, "delivered_ms");
    add(line, "%-9s ", ctl_words(ctl_text(snapshot, "state")));
    add_bar(line, delivered, planned);
    add(line, " %s of %s, left %s", ctl_clock(delivered), ctl_clock(planned),
        ctl_clock(ctl_int(snapshot, "remaining_ms") + 999));
    if (ctl_int(snapshot, "paused_ms") >= 1000)
        add(line, ", paused %s", ctl_clock(ctl_int(snapshot, "paused_ms")));
    if (ctl_int(snapshot, "held_ms") >= 1000)
        add(line, ", held %s", ctl_clock(ctl_int(snapshot, "held_ms")));
    if (alarms > 0)
        add(line, "  %u ALARM%s", alarms, alarms == 1 ? "" : "S");
}

static void contact(char *line, const json_t *channel)
{
    if (json_object_get(channel, "impedance_ohm"))
        add(line, ", %s", ctl_value("impedance_ohm", ctl_int(channel, "impedance_ohm")));
    if (json_object_get(channel, "contact_quality_permille"))
        add(line, ", coupling %s", ctl_value("coupling_permille", ctl_int(channel, "contact_quality_permille")));
    if (json_object_get(channel, "applicator_temp_millic"))
        add(line, ", head %s", ctl_value("temperature_millic", ctl_int(channel, "applicator_temp_millic")));
    const char *word = ctl_text(channel, "contact");
    if (strcmp(word, "unknown") != 0)
        add(line, ", contact %s", ctl_words(word));
}

static void channel_line(struct progress *p, const json_t *channel)
{
    char *line = next_line(p);
    const char *quantity = ctl_text(channel, "quantity"), *actual = ctl_text(channel, "measured_quantity");
    const json_t *measured = json_object_get(channel, "measured");
    const json_int_t target = ctl_int(channel, "target"), level = ctl_int(channel, "level");
    add(line, "  %-6s set %s", ctl_text(channel, "channel"), ctl_value(quantity, target));
    if (level != target)
        add(line, ", now %s", ctl_value(quantity, level));
    if (json_is_integer(measured))
        add(line, ", measured %s", ctl_value(actual[0] ? actual : quantity, json_integer_value(measured)));
    add(line, ", output %s (%s)", ctl_text(channel, "output"), ctl_text(channel, "evidence"));
    contact(line, channel);
    if (ctl_int(channel, "age_ms") > OLD_MS)
        add(line, ", %lld ms OLD", (long long)ctl_int(channel, "age_ms"));
    if (ctl_flag(channel, "density_attention"))
        add(next_line(p), "         above 2 mA r.m.s. per cm2: watch the skin for burns");
}

static void hold_line(struct progress *p, const json_t *snapshot)
{
    const json_t *hold = json_object_get(snapshot, "hold");
    if (!json_is_object(hold))
        return;
    const json_int_t left_ms = ctl_int(hold, "since") + ctl_int(hold, "limit_ms") - clock_wall_ms();
    add(next_line(p), "  %s: output at rest, time held; it ends in %s unless contact returns or it is resumed",
        ctl_words(ctl_text(hold, "reason")), ctl_clock(left_ms + 999));
}

/* Bytes of a line that fill at most columns, back to the last blank when it has to be broken. */
static size_t cut(const char *line, int columns)
{
    size_t bytes = 0, blank = 0;
    for (int width = 0; line[bytes]; bytes++) {
        width += ((unsigned char)line[bytes] & 0xc0) != 0x80;
        if (width > columns)
            return blank > 0 ? blank : bytes;
        blank = line[bytes] == ' ' && bytes > INDENT ? bytes : blank;
    }
    return bytes;
}

/* One line, on as many rows of the terminal as it needs. */
static void draw_line(struct progress *p, const char *line)
{
    for (int indent = 0; *line; indent = INDENT) {
        const size_t bytes = cut(line, p->ctl->columns - 1 - indent);
        printf("%*s%.*s\n", indent, "", (int)bytes, line);
        line += bytes + strspn(line + bytes, " ");
        p->rows++;
    }
}

static void draw(struct progress *p)
{
    for (; p->drawn < p->n; p->drawn++) {
        if (p->ctl->interactive)
            draw_line(p, p->lines[p->drawn]);
        else
            printf("%s\n", p->lines[p->drawn]);
    }
    fflush(stdout);
}

void progress_show(struct progress *p, const json_t *snapshot, unsigned alarms)
{
    size_t i;
    const json_t *channel;
    if (p->ctl->json)
        return;
    progress_clear(p);
    p->n = 0;
    head(p, snapshot, alarms);
    json_array_foreach(json_object_get(snapshot, "channels"), i, channel) channel_line(p, channel);
    hold_line(p, snapshot);
    if (p->ctl->interactive || p->changed)
        draw(p);
    p->changed = false;
}

void progress_clear(struct progress *p)
{
    if (p->rows > 0) {
        printf("\r\033[%zuA\033[J", p->rows);
        fflush(stdout);
    }
    p->drawn = p->rows = 0;
}

void progress_note(struct progress *p, const char *text)
{
    if (p->ctl->json)
        return;
    progress_clear(p);
    add(next_line(p), "%s", text);
    if (p->ctl->interactive)
        draw(p);
    else
        printf("%s\n", text);
}
