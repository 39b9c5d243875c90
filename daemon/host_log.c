/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts and their plugins log, in the journal under the link's name. A line that comes again and again is a
 * condition: it is written once, and counted until it comes no more. How much a host may say is bounded by the host.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "modality/clock.h"
#include "modality/log.h"

/* Whoever tries again does so within a second; what comes again later is news. */
#define CONDITION_NS (10 * NS_PER_S)
/* Conditions of one link at a time. */
#define CONDITIONS 4

struct said {
    uint32_t level;
    unsigned repeated;
    int64_t seen_ns;
    char text[LINK_TEXT_MAX];
};

/* Of one link. */
struct host_log {
    struct said said[CONDITIONS];
};

/* A line stays a line: what follows a break would be taken for one of the daemon's own. */
static void copy_line(char out[LINK_TEXT_MAX], const char *text)
{
    size_t n = 0;
    for (; n < LINK_TEXT_MAX - 1 && text[n]; n++) {
        const unsigned char c = (unsigned char)text[n];
        out[n] = (char)(c < ' ' || c == 0x7f ? '?' : c);
    }
    out[n] = '\0';
}

static const char *level_of(uint32_t level)
{
    return level == MODALITY_LOG_ERROR ? SD_ERR : level == MODALITY_LOG_WARNING ? SD_WARNING : SD_INFO;
}

/* The one with this text, else the one that was seen longest ago. */
static struct said *said_of(struct host_log *log, uint32_t level, const char *text)
{
    struct said *oldest = &log->said[0];
    for (size_t i = 0; i < CONDITIONS; i++) {
        struct said *c = &log->said[i];
        if (c->level == level && strcmp(c->text, text) == 0)
            return c;
        if (c->seen_ns < oldest->seen_ns)
            oldest = c;
    }
    return oldest;
}

void daemon_host_log(struct daemon *d, size_t link, const struct link_text *m, int64_t now_ns)
{
    char text[LINK_TEXT_MAX];
    if (m->level == MODALITY_LOG_DEBUG)
        return;
    if (!d->host_logs && !(d->host_logs = calloc(d->n_links, sizeof *d->host_logs)))
        return;
    copy_line(text, m->text);
    struct said *c = said_of(&d->host_logs[link], m->level, text);
    const bool same = c->seen_ns > 0 && c->level == m->level && strcmp(c->text, text) == 0;
    if (same && now_ns - c->seen_ns < CONDITION_NS) {
        c->seen_ns = now_ns;
        c->repeated++;
        return;
    }
    const char *name = link_name(d->links[link]), *plugin = d->config->links[link].plugin;
    if (c->repeated > 0)
        log_line(SD_INFO, "%s (%s): %u times more: %s", name, plugin, c->repeated, c->text);
    log_line(level_of(m->level), "%s (%s): %s", name, plugin, text);
    *c = (struct said){.level = m->level, .seen_ns = now_ns};
    memcpy(c->text, text, sizeof c->text);
}
