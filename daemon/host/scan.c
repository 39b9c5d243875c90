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
#include "host/sandbox.h"
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

/* A line of a configuration holds 198 bytes, a comment too. */
#define COMMENT_WIDTH 110

/* As many comment lines as the words need, or none when there is no room for all. */
static size_t comment_add(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text) {
        size_t n = strlen(text);
        for (n = n > COMMENT_WIDTH ? COMMENT_WIDTH : n; text[n] && n > 1 && text[n] != ' '; n--)
            ;
        if (used + n + sizeof "#   \n" > size)
            return 0;
        used += (size_t)snprintf(out + used, size - used, "%s%.*s\n", used > 0 ? "#   " : "# ", (int)n, text);
        text += n + strspn(text + n, " ");
    }
    return used;
}

static size_t keys_add(const struct modality_plugin *plugin, bool required, char *out, size_t size)
{
    char text[512];
    size_t used = 0;
    for (size_t i = 0; i < plugin->n_keys; i++) {
        const struct modality_config_key *k = &plugin->keys[i];
        if (strcmp(k->section, "device") != 0 || strcmp(k->key, "plugin") == 0 || strcmp(k->key, "link") == 0 ||
            k->required != required)
            continue;
        snprintf(text, sizeof text, "%s %s: %s", required ? "FILL IN" : "may have", k->key, k->meaning);
        used += comment_add(text, out + used, size - used);
        out[used] = '\0';
    }
    return used;
}

/* The plugin's own table of keys says what else has to stand in the section, and what can. */
static void lines_make(const struct modality_plugin *plugin, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "plugin = %s\n", plugin->name);
    used += keys_add(plugin, true, out + used, size - used);
    keys_add(plugin, false, out + used, size - used);
}

static void found(void *ctx, const struct modality_found *unit)
{
    struct search *s = ctx;
    memset(&s->unit, 0, sizeof s->unit);
    s->unit.found = *unit;
    s->unit.found.link[MODALITY_LINK_MAX - 1] = '\0';
    if (s->unit.found.link[0])
        lines_make(s->plugin, s->unit.lines, sizeof s->unit.lines);
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
        sandbox_enter_given(&(struct sandbox){.reach = SANDBOX_LIST, .plugin_path = plugin_path, .holder_fd = -1});
        s->out = out;
        services_init(&s->services, NULL, "scan", fault_ignored);
        r = search(s, plugin_path);
    }
    free(s);
    return fflush(out) != 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
