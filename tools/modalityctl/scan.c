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
#define NOTE_WIDTH 80

static void note_print(const char *text)
{
    const char *head = "#   note           ";
    while (*text) {
        size_t n = strlen(text);
        for (n = n > NOTE_WIDTH ? NOTE_WIDTH : n; text[n] && n > 1 && text[n] != ' '; n--)
            ;
        printf("%s%.*s\n", head, (int)n, text);
        head = "#                  ";
        text += n + strspn(text + n, " ");
    }
}

static void found_print(const json_t *f)
{
    const json_t *ids = json_object_get(f, "configured_as");
    const char *link = ctl_text(f, "link"), *serial = ctl_text(f, "serial"), *note = ctl_text(f, "note");
    printf("# %-14s %s%s%s\n", ctl_text(f, "plugin"), ctl_text(f, "what"), serial[0] ? ", serial number " : "", serial);
    if (ctl_text(f, "maker")[0] || ctl_text(f, "model")[0])
        printf("#   calls itself   %s %s\n", ctl_text(f, "maker"), ctl_text(f, "model"));
    printf("#   link           %s\n", link[0] ? link : "none");
    if (strcmp(link, ctl_text(f, "known_as")) != 0)
        printf("#   known as       %s\n", ctl_text(f, "known_as"));
    printf("#   configured as  ");
    ids_print(ids);
    printf("%s\n", json_array_size(ids) > 0 ? "" : "nothing");
    if (note[0])
        note_print(note);
}

static void links_print(const json_t *links)
{
    size_t i;
    const json_t *l;
    printf("# CONFIGURED LINKS\n");
    json_array_foreach(links, i, l)
        printf("# %-14s %s (%s)\n", ctl_text(l, "plugin"), ctl_text(l, "link"), ctl_text(l, "origin"));
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
        printf("# %-14s COULD NOT LOOK: %s\n", ctl_text(item, "plugin"), ctl_text(item, "why"));
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
