/* SPDX-License-Identifier: Apache-2.0 */
/* The link, one step on it, and everything that only asks. Every call first hears what the device has said. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "judge.h"
#include "unit_parts.h"

/* An Init in place of an answer is followed by the same question, this often in one call at most. */
#define CONNECT_TRIES 2
/* So many answers may fail to come until the transport is opened anew. */
#define FAILURES_KEPT 1

/* ---- what is said ---- */

static void say(const struct modality_link *link, const char *text)
{
    link->services->log(link->services->ctx, MODALITY_LOG_INFO, "%s: %s", link->config.id, text);
}

int unit_report(struct modality_link *link, int error, const char *act)
{
    return unit_call_report(link->services, link->config.id, &link->told, error, act);
}

/* ---- hearing and asking ---- */

static void take_news(struct modality_link *link)
{
    struct dialog_news news = dialog_take_news(&link->dialog);
    sm2_memory_news(&link->memory, &news);
    if (news.error != 0)
        say(link, sm2_error_text(news.error));
    if (news.restarted)
        say(link, "it has started anew");
    if (news.tripped)
        say(link, "its watchdog has tripped");
}

int unit_hear(struct modality_link *link)
{
    int r = dialog_listen(&link->dialog);
    take_news(link);
    return r;
}

/* An answer that fails to come may be late, and has a number; what the transport itself reports is another matter. */
static void count_failures(struct modality_link *link, int r)
{
    if (r == -ETIMEDOUT || r == -EPROTO)
        link->failures++;
    else if (r == -EIO || r == -ENODEV)
        link->failures += FAILURES_KEPT + 1;
    else if (r != -EAGAIN && r != -EINVAL)
        link->failures = 0;
}

int unit_ask(struct modality_link *link, struct sm2_request *request, int64_t deadline_ns, struct sm2_answer *out)
{
    int r = dialog_ask(&link->dialog, request, deadline_ns, out);
    count_failures(link, r);
    if (r == 0 && out->result != SM2_OK)
        r = -EACCES;
    if (r == 0 && out->command == SM2_GET_MODE_ACK)
        sm2_memory_mode(&link->memory, out->mode);
    take_news(link); /* what came behind the answer is the later truth */
    return r;
}

/* The same on a device that may have to be connected first. */
static int connect_and_ask(struct modality_link *link, struct sm2_request *request, int64_t deadline_ns,
                           struct sm2_answer *out)
{
    int r = -ECONNRESET;
    for (int i = 0; i < CONNECT_TRIES && r == -ECONNRESET; i++) {
        r = dialog_accept(&link->dialog, deadline_ns);
        if (r == 0)
            r = unit_ask(link, request, deadline_ns, out);
    }
    return r == -ECONNRESET ? -EPROTO : r;
}

/* One that is not connected says nothing to a question, and Init twice a second. */
static int read_mode(struct modality_link *link, int64_t deadline_ns)
{
    struct sm2_request q = {.command = SM2_GET_MODE};
    struct sm2_answer a;
    int r = connect_and_ask(link, &q, deadline_ns, &a);
    if (r != -ETIMEDOUT || link->dialog.state == DIALOG_CONNECTED)
        return r;
    bool offered = dialog_await_init(&link->dialog, deadline_ns) == 0;
    take_news(link);
    return offered && clock_monotonic_ns() < deadline_ns ? connect_and_ask(link, &q, deadline_ns, &a) : r;
}

static int64_t silent_deadline(const struct modality_link *link, int64_t deadline_ns)
{
    int64_t end = link->dialog.sent_ns + SM2_SILENCE_NS;
    return end < deadline_ns ? end : deadline_ns;
}

bool unit_is_silent(const struct modality_link *link, bool rest)
{
    return link->dialog.state != DIALOG_OFFERED &&
           sm2_memory_is_silent(&link->memory, link->dialog.sent_ns, clock_monotonic_ns(), rest);
}

int unit_keep_silence(struct modality_link *link, int64_t deadline_ns, bool rest)
{
    bool was_silent = false;
    while (unit_is_silent(link, rest)) {
        if (clock_monotonic_ns() >= deadline_ns)
            return -EAGAIN;
        int r = dialog_await_init(&link->dialog, silent_deadline(link, deadline_ns));
        take_news(link);
        if (r < 0 && r != -EAGAIN)
            return r;
        was_silent = true;
    }
    if (was_silent)
        sm2_memory_speak(&link->memory);
    return 0;
}

int unit_settled(int r)
{
    return r == -ECONNRESET ? -EACCES : r;
}

/* ---- the link ---- */

int unit_open(struct modality_link *link, int64_t deadline_ns)
{
    struct transport transport;
    int r = link->wire.open(link->wire.ctx, deadline_ns, &transport);
    if (r < 0)
        return r;
    dialog_begin(&link->dialog, &transport);
    link->open = true;
    return 0;
}

/*
 * What is not connected says Init twice a second, and a transport that is emptied loses it: whoever does that twice a
 * second as well never hears one. Behind an Init there is nothing to be emptied: it begins anew.
 */
#define REOPEN_HEAR_NS (10 * NS_PER_MS)

static int hear_init(struct modality_link *link, int64_t deadline_ns)
{
    int64_t until = clock_monotonic_ns() + REOPEN_HEAR_NS;
    int r = dialog_await_init(&link->dialog, until < deadline_ns ? until : deadline_ns);
    take_news(link);
    return r == -EAGAIN ? 0 : r;
}

int unit_reopen(struct modality_link *link, int64_t deadline_ns)
{
    int r = unit_hear(link);
    if (r == 0 && link->failures > FAILURES_KEPT)
        r = hear_init(link, deadline_ns);
    bool offered = r == 0 && link->dialog.state == DIALOG_OFFERED;
    if (r < 0 || (link->failures > FAILURES_KEPT && !offered))
        r = link->wire.recover(link->wire.ctx, deadline_ns);
    if (r < 0)
        return r;
    r = dialog_settle(&link->dialog);
    take_news(link);
    return r;
}

void unit_close(struct modality_link *link)
{
    if (link->open)
        link->dialog.transport.close(link->dialog.transport.ctx);
    link->open = false;
}

/* ---- reading and feeding ---- */

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    if (unit != 0)
        return -EINVAL;
    int r = unit_hear(link);
    if (r == 0)
        r = unit_keep_silence(link, deadline_ns, false);
    if (r == 0)
        r = read_mode(link, deadline_ns);
    if (r < 0)
        return unit_report(link, r, "asking who it is");
    link->memory.restarted = link->memory.tripped = false;
    *out = (struct modality_identity){.maker = "HASOMED", .model = "RehaStim 2"};
    snprintf(out->serial, sizeof out->serial, "%s", link->serial);
    return unit_report(link, 0, "");
}

int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    if (unit != 0)
        return -EINVAL;
    int r = unit_hear(link);
    if (r == 0)
        r = unit_keep_silence(link, deadline_ns, false);
    if (r == 0)
        r = read_mode(link, deadline_ns);
    if (r < 0)
        return unit_report(link, r, "reading its mode");
    sm2_judge(&link->memory, out);
    sm2_memory_told(&link->memory);
    return unit_report(link, 0, "");
}

int unit_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    struct sm2_request q = {.command = SM2_GET_MODE};
    struct sm2_answer a;
    if (unit != 0)
        return -EINVAL;
    int64_t began = clock_monotonic_ns();
    int r = unit_hear(link);
    if (r == 0 && link->dialog.state != DIALOG_CONNECTED)
        r = -EACCES;
    if (r == 0 && unit_is_silent(link, false))
        r = -EAGAIN;
    if (r == 0)
        r = unit_settled(unit_ask(link, &q, deadline_ns, &a));
    if (r == 0)
        link->memory.granted_ns = began;
    return unit_report(link, r, "feeding its watchdog");
}
