/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is attached: a table, then a [device] section for everything that is not configured. All but the sections is
 * comment, so that the whole may be pasted into devices.ini.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static void ids_print(const json_t *ids)
{
    size_t i;
    const json_t *id;
    json_array_foreach(ids, i, id) printf("%s%s", i ? ", " : "", json_string_value(id));
}

/* A line of a configuration holds 198 bytes, a comment too. */
#define WIDTH 80

/* Of the text, what the next line takes: up to a blank, or all that has room where there is none. */
static size_t line_length(const char *text)
{
    size_t n = strlen(text);
    if (n <= WIDTH)
        return n;
    for (n = WIDTH; n > 0 && text[n] != ' '; n--)
        ;
    return n > 0 ? n : WIDTH;
}

static void lines_print(const char *head, const char *text)
{
    do {
        const size_t n = line_length(text);
        printf("# %-16s %.*s\n", head, (int)n, text);
        head = "";
        text += n + strspn(text + n, " ");
    } while (*text);
}

static void found_print(const json_t *f)
{
    const json_t *ids = json_object_get(f, "configured_as");
    const char *link = ctl_text(f, "link"), *serial = ctl_text(f, "serial"), *note = ctl_text(f, "note");
    printf("# %-16s %s%s%s\n", ctl_text(f, "plugin"), ctl_text(f, "what"), serial[0] ? ", serial number " : "", serial);
    if (ctl_text(f, "maker")[0] || ctl_text(f, "model")[0])
        printf("#   calls itself   %s %s\n", ctl_text(f, "maker"), ctl_text(f, "model"));
    lines_print("  link", link[0] ? link : "none");
    if (strcmp(link, ctl_text(f, "known_as")) != 0)
        lines_print("  known as", ctl_text(f, "known_as"));
    printf("#   configured as  ");
    ids_print(ids);
    printf("%s\n", json_array_size(ids) > 0 ? "" : "nothing");
    if (note[0])
        lines_print("  note", note);
}

static void links_print(const json_t *links)
{
    size_t i;
    const json_t *l;
    printf("# CONFIGURED LINKS\n");
    json_array_foreach(links, i, l)
    {
        lines_print(ctl_text(l, "plugin"), ctl_text(l, "link"));
        lines_print("", ctl_text(l, "origin"));
    }
    if (json_array_size(links) == 0)
        printf("# none\n");
}

static void page_print(const json_t *answer)
{
    size_t i;
    const json_t *item, *found = json_object_get(answer, "found");
    links_print(json_object_get(answer, "links"));
    printf("#\n# ATTACHED (by what the system knows: no device was asked)\n");
    json_array_foreach(found, i, item) found_print(item);
    if (json_array_size(found) == 0)
        printf("# nothing that a plugin knows\n");
    json_array_foreach(json_object_get(answer, "failed"), i, item)
    {
        lines_print(ctl_text(item, "plugin"), "COULD NOT LOOK:");
        lines_print("", ctl_text(item, "why"));
    }
    json_array_foreach(found, i, item)
    {
        if (ctl_text(item, "section")[0])
            printf("\n%s", ctl_text(item, "section"));
    }
}

enum ctl_exit cmd_scan(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *answer;
    (void)options;
    const enum ctl_exit code = ctl_call(ctl, "device.scan", NULL, &answer);
    if (code == CTL_DONE && !ctl->json)
        page_print(answer);
    json_decref(answer);
    return code;
}
