/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.scan: the configured links as they are, and what every plugin says is attached, each with a [device] section
 * to paste. The plugins are asked in processes of their own (link/scan.h); whoever asks meanwhile gets the same answer.
 * Nothing is probed that the configuration does not name.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/canonical.h"
#include "daemon.h"
#include "link/scan.h"

#define PLUGINS_MAX 32
#define PLUGIN_NAME_MAX 64
#define SECTION_ID_MAX 40 /* a section's name has room for it */

/* Who waits for the answer. */
struct waiter {
    struct session_reply reply;
    struct waiter *next;
};

struct asked_plugin {
    struct plugins_scan *all;
    char name[PLUGIN_NAME_MAX];
    struct scan *scan;       /* NULL = it has told */
    struct scan_unit *found; /* owned */
    size_t n_found;
    char why[SCAN_WHY_MAX];
};

struct plugins_scan {
    struct daemon *d;
    size_t n, open;
    struct asked_plugin plugins[PLUGINS_MAX];
    struct waiter *waiting;
};

/* ---- the answer ---- */

static json_t *links_document(const struct daemon *d)
{
    json_t *links = json_array();
    for (size_t i = 0; i < d->n_links; i++)
        json_array_append_new(links, json_pack("{s:s, s:s, s:s, s:I, s:i}", "link", link_name(d->links[i]), "plugin",
                                               d->config->links[i].plugin, "origin", d->config->links[i].origin,
                                               "host_pid", (json_int_t)link_pid(d->links[i]), "host_restarts",
                                               (int)link_restarts(d->links[i])));
    return links;
}

/* Ids of the devices whose section may mean it. */
static json_t *configured_as(const struct config *config, const char *known_as)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < config->n_devices; i++)
        if (link_meets(config->links[config->devices[i].link].canonical, known_as))
            json_array_append_new(ids, json_string(config->devices[i].id));
    return ids;
}

static bool id_taken(const struct config *config, const json_t *given, const char *id)
{
    for (size_t i = 0; i < config->n_devices; i++)
        if (strcmp(config->devices[i].id, id) == 0)
            return true;
    return json_object_get(given, id) != NULL;
}

/* "HASOMED P24" becomes hasomed_p24, the second of them hasomed_p24_2. */
static void id_make(const struct config *config, json_t *given, const char *what, char out[SECTION_ID_MAX])
{
    char id[SECTION_ID_MAX - 4];
    size_t n = 0;
    for (const char *c = what; *c && n < sizeof id - 1; c++) {
        if (isalnum((unsigned char)*c))
            id[n++] = (char)tolower((unsigned char)*c);
        else if (n > 0 && id[n - 1] != '_')
            id[n++] = '_';
    }
    while (n > 0 && id[n - 1] == '_')
        n--;
    id[n] = '\0';
    if (n == 0 || !isalpha((unsigned char)id[0]))
        snprintf(id, sizeof id, "device");
    snprintf(out, SECTION_ID_MAX, "%s", id);
    for (unsigned i = 2; i < 1000 && id_taken(config, given, out); i++)
        snprintf(out, SECTION_ID_MAX, "%s_%u", id, i);
    json_object_set_new(given, out, json_true());
}

/* Its name, or all that is known of it where a section that is there already may mean it by the name alone. */
static const char *link_beside(const struct config *config, const struct modality_found *f)
{
    json_t *others = configured_as(config, f->link);
    const bool clear = json_array_size(others) == 0;
    json_decref(others);
    return clear ? f->link : f->known_as;
}

static json_t *found_document(const struct config *config, json_t *given, const char *plugin, const struct scan_unit *u)
{
    char id[SECTION_ID_MAX], section[SCAN_LINES_MAX + SECTION_ID_MAX + MODALITY_NAME_MAX + MODALITY_LINK_MAX + 40] = "";
    const struct modality_found *f = &u->found;
    json_t *ids = configured_as(config, f->known_as);
    if (f->link[0] && json_array_size(ids) == 0) {
        id_make(config, given, f->what, id);
        snprintf(section, sizeof section, "[device %s]\nlabel = %s\nlink = %s\n%s", id, f->what, link_beside(config, f),
                 u->lines);
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "plugin", plugin, "what", f->what, "link",
                     f->link, "known_as", f->known_as, "maker", f->maker, "model", f->model, "serial", f->serial,
                     "note", f->note, "section", section, "configured_as", ids);
}

static json_t *answer_make(struct plugins_scan *all)
{
    const struct session_time now = daemon_now();
    json_t *found = json_array(), *failed = json_array(), *given = json_object();
    for (size_t i = 0; i < all->n; i++) {
        const struct asked_plugin *p = &all->plugins[i];
        for (size_t k = 0; k < p->n_found; k++)
            json_array_append_new(found, found_document(all->d->config, given, p->name, &p->found[k]));
        if (p->why[0])
            json_array_append_new(failed, json_pack("{s:s, s:s}", "plugin", p->name, "why", p->why));
    }
    json_decref(given);
    return json_pack("{s:o, s:o, s:o, s:o}", "links", links_document(all->d), "devices",
                     device_list(all->d->sessions, &now), "found", found, "failed", failed);
}

/* ---- the run ---- */

static void run_free(struct plugins_scan *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->n; i++) {
        scan_free(all->plugins[i].scan);
        free(all->plugins[i].found);
    }
    for (struct waiter *w = all->waiting, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    free(all);
}

static void answer_all(struct plugins_scan *all)
{
    json_t *answer = answer_make(all);
    all->d->scan = NULL; /* who asks from now on is answered anew */
    for (const struct waiter *w = all->waiting; w; w = w->next)
        w->reply.done(w->reply.userdata, json_incref(answer), NULL);
    json_decref(answer);
    run_free(all);
}

static void told(void *userdata, const struct scan_unit *units, size_t n, const char *why)
{
    struct asked_plugin *p = userdata;
    struct plugins_scan *all = p->all;
    p->found = n > 0 ? calloc(n, sizeof *units) : NULL;
    if (p->found) {
        memcpy(p->found, units, n * sizeof *units);
        p->n_found = n;
    }
    snprintf(p->why, sizeof p->why, "%s", why ? why : n > 0 && !p->found ? "no memory" : "");
    scan_free(p->scan);
    p->scan = NULL;
    if (--all->open == 0)
        answer_all(all);
}

/* "sciencemode4.so": a name that a [device] section could say. */
static int is_plugin(const struct dirent *entry)
{
    const size_t n = strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    return n > 0 && n < PLUGIN_NAME_MAX && strcmp(entry->d_name + n, ".so") == 0;
}

static void ask(struct plugins_scan *all, const char *file)
{
    char path[1024];
    struct asked_plugin *p = &all->plugins[all->n++];
    *p = (struct asked_plugin){.all = all};
    snprintf(p->name, sizeof p->name, "%.*s", (int)(strlen(file) - strlen(".so")), file);
    snprintf(path, sizeof path, "%s/%s", all->d->config->daemon.plugin_dir, file);
    const int r = scan_start(all->d->event, all->d->host_path, path, told, p, &p->scan);
    if (r < 0)
        snprintf(p->why, sizeof p->why, "%s: %s", all->d->host_path, strerror(-r));
    else
        all->open++;
}

/* The folder is small, and read before: an engineer asks for this, and seldom. */
static void ask_all(struct plugins_scan *all)
{
    struct dirent **entries = NULL;
    const int n = scandir(all->d->config->daemon.plugin_dir, &entries, is_plugin, alphasort);
    for (int i = 0; i < n; i++) {
        if (i < PLUGINS_MAX)
            ask(all, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

void daemon_scan(struct daemon *d, struct session_reply reply)
{
    struct waiter *w = calloc(1, sizeof *w);
    const bool first = !d->scan;
    if (first && w)
        d->scan = calloc(1, sizeof *d->scan);
    if (!w || !d->scan) {
        free(w);
        reply.done(reply.userdata, NULL, &(struct session_error){.token = TOKEN_OVERLOADED, .message = "no memory"});
        return;
    }
    *w = (struct waiter){.reply = reply, .next = d->scan->waiting};
    d->scan->waiting = w;
    if (!first)
        return;
    d->scan->d = d;
    ask_all(d->scan);
    if (d->scan->open == 0)
        answer_all(d->scan);
}

void daemon_scan_end(struct daemon *d)
{
    run_free(d->scan);
    d->scan = NULL;
}
