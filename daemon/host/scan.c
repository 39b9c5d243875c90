/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `modality-host --scan PLUGIN`: what the plugin says is attached, each with the lines of a [device] section for it.
 * The form is that of daemon/link/scan.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "host/loader.h"
#include "link/scan.h"

struct search {
    struct services services; /* first: the fault handler gets its address */
    const struct modality_plugin *plugin;
    struct scan_unit unit;
    FILE *out;
};

static void fault_ignored(struct services *s, const char *origin, const char *text)
{
    (void)s;
    (void)origin;
    (void)text; /* there is no configuration */
}

/* The plugin's own table of keys says what else can stand in the section. */
static void lines_make(const struct modality_plugin *plugin, const char *link, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "plugin = %s\nlink = %s\n", plugin->name, link);
    for (size_t i = 0; i < plugin->n_keys; i++) {
        const struct modality_config_key *k = &plugin->keys[i];
        size_t needed = strlen(k->key) + strlen(k->meaning) + sizeof "# : \n";
        if (strcmp(k->section, "device") != 0 || strcmp(k->key, "plugin") == 0 || strcmp(k->key, "link") == 0 ||
            used + needed > size)
            continue;
        used += (size_t)snprintf(out + used, size - used, "# %s: %s\n", k->key, k->meaning);
    }
}

static void found(void *ctx, const struct modality_found *unit)
{
    struct search *s = ctx;
    memset(&s->unit, 0, sizeof s->unit);
    s->unit.found = *unit;
    s->unit.found.link[MODALITY_LINK_MAX - 1] = '\0';
    if (s->unit.found.link[0])
        lines_make(s->plugin, s->unit.found.link, s->unit.lines, sizeof s->unit.lines);
    fwrite(&s->unit, sizeof s->unit, 1, s->out);
}

static int search(struct search *s, const char *plugin_path)
{
    char reason[LINK_TEXT_MAX];
    int r = loader_load(plugin_path, &s->plugin, reason, sizeof(reason));
    if (r < 0) {
        fprintf(s->out, "%s\n", reason);
        return r;
    }
    if (!s->plugin->scan)
        return 0;
    r = s->plugin->scan(&s->services.table, s, found);
    /* What was found before it failed is of no use without the rest: status 1, and the reader takes the last line. */
    if (r < 0)
        fprintf(s->out, "\nplugin %s cannot list what is attached: %s\n", s->plugin->name, strerror(-r));
    return r;
}

int host_scan(const char *plugin_path, FILE *out)
{
    struct search *s = calloc(1, sizeof(*s));
    int r = s ? 0 : -ENOMEM;
    if (s) {
        s->out = out;
        services_init(&s->services, NULL, "scan", fault_ignored);
        r = search(s, plugin_path);
    }
    free(s);
    return fflush(out) != 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
