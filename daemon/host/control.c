/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control thread: the socket, the signals, the lock and the guard. It never touches a device. It passes orders to
 * the device thread and replaces the whole process when that thread does not come back from a plugin call.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/host.h"

#define CONTROL_READ_PER_TURN 64
/* Our own wake-up was later than this: the machine stood still, and the device thread gets its grace once more. */
#define CONTROL_LATE_NS (20 * NS_PER_MS)
#define CONTROL_LAST_WORDS_NS (100 * NS_PER_MS)

/* ---- orders ---- */

static void leave(struct host *h, enum link_reason reason)
{
    h->leaving = true;
    mail_leave(&h->mail, reason);
}

static void protocol_fault(struct host *h, const char *what)
{
    outbox_log(&h->outbox, MODALITY_LOG_ERROR, h->settings.link, "daemon's fault: %s", what);
    leave(h, LINK_REASON_DAEMON_GONE);
}

static void refuse(struct host *h, const struct link_session_ref *ref, enum link_reason reason, const char *detail)
{
    struct link_session m = {
        .ref = *ref, .event = LINK_SESSION_REFUSED, .reason = reason, .at_ns = clock_monotonic_ns()};
    link_message_head(&m, LINK_SESSION, sizeof(m));
    snprintf(m.detail, sizeof(m.detail), "%s", detail);
    outbox_send(&h->outbox, &m);
}

/* A host that is stopped or starved does not say so, whatever its device does. */
static void say_heard(struct host *h, uint64_t session)
{
    struct link_stop heard = {.session = session};
    link_message_head(&heard, LINK_HEARD, sizeof(heard));
    outbox_send(&h->outbox, &heard);
}

static void take_stop(struct host *h, const struct link_stop *stop)
{
    struct link_session last = {0};
    say_heard(h, stop->session);
    if (mail_stop(&h->mail, stop, &last) == 0)
        return;
    if (last.header.type != 0) {
        outbox_send(&h->outbox, &last);
        return;
    }
    struct link_session_ref ref = {.session = stop->session};
    refuse(h, &ref, LINK_REASON_TOLD, "this host has not energised the session");
}

static void take_make_safe(struct host *h, const struct link_unit_ref *m)
{
    mail_make_safe(&h->mail, m->unit, m->stated != 0);
}

static void take_arm(struct host *h, const struct link_arm *arm)
{
    if (h->phase != HOST_RUN || h->leaving)
        refuse(h, &arm->ref, LINK_REASON_NOT_READY, "the host does not have the link");
    else if (mail_arm(&h->mail, arm) < 0)
        refuse(h, &arm->ref, LINK_REASON_NOT_READY, "the same turn is known already, or there are too many sessions");
}

static void config_fault(struct services *s, const char *origin, const char *text)
{
    outbox_config_fault(s->outbox, origin, text);
}

static int device_begin(struct host *h)
{
    services_init(&h->services, &h->outbox, h->settings.link, config_fault);
    h->phase = HOST_DESCRIBE;
    return device_thread_start(h);
}

/* Everything that the fence would be in the way of is done: what runs from here on may be the plugin's. */
static void fence_close(struct host *h)
{
    char text[SANDBOX_TEXT_MAX];
    const struct sandbox sandbox = {.reach = sandbox_reach_of(h->settings.link),
                                    .link = h->settings.link,
                                    .plugin_path = h->settings.plugin_path,
                                    .holder_fd = h->owner.holder_fd};
    if (!h->fenced)
        return;
    int r = sandbox_enter(&h->fence, &sandbox, text);
    outbox_log(&h->outbox, r < 0 ? MODALITY_LOG_WARNING : MODALITY_LOG_INFO, h->settings.link, "fence: %s", text);
}

static void enter(struct host *h)
{
    if (ownership_open(h) < 0)
        return;
    fence_close(h);
    if (device_begin(h) < 0)
        protocol_fault(h, "no thread can be made for the device");
}

static void take_config(struct host *h, const struct link_header *m)
{
    struct modality_line line;
    int r = h->phase == HOST_CONFIG ? 0 : -EPROTO;
    if (r == 0 && m->type == LINK_CONFIG)
        r = settings_begin(&h->settings, (const void *)m);
    if (r == 0 && m->type == LINK_LINE)
        r = link_line_split((const void *)m, &line) < 0 ? -EPROTO : settings_add(&h->settings, &line);
    if (r == 0 && m->type == LINK_CONFIG_END && h->settings.n_lines != h->settings.n_announced)
        r = -EPROTO;
    if (r < 0)
        protocol_fault(h, "configuration out of order, incomplete, too long or with impossible clocks");
    else if (m->type == LINK_CONFIG_END)
        h->phase = HOST_ENTER;
}

static void take_message(struct host *h, const struct link_header *m)
{
    switch ((enum link_message_type)m->type) {
    case LINK_CONFIG:
    case LINK_LINE:
    case LINK_CONFIG_END:
        take_config(h, m);
        return;
    case LINK_ARM:
        take_arm(h, (const void *)m);
        return;
    case LINK_TARGET:
        mail_target(&h->mail, (const void *)m);
        return;
    case LINK_PERMIT:
        mail_permit(&h->mail, (const void *)m);
        return;
    case LINK_STOP:
        take_stop(h, (const void *)m);
        return;
    case LINK_TIGHTEN:
        mail_tighten(&h->mail, (const void *)m);
        return;
    case LINK_MAKE_SAFE:
        take_make_safe(h, (const void *)m);
        return;
    case LINK_ASK:
        say_heard(h, 0);
        return;
    case LINK_TRY:
        mail_try(&h->mail, ((const struct link_unit_ref *)m)->unit);
        return;
    case LINK_SHUTDOWN:
        leave(h, LINK_REASON_HOST_STOPPING);
        return;
    case LINK_HELLO:
    case LINK_UNIT:
    case LINK_CONFIG_FAULT:
    case LINK_PRESENCE:
    case LINK_SAMPLE:
    case LINK_SESSION:
    case LINK_LOG:
    case LINK_TRIED:
    case LINK_HEARD:
        return; /* link_message_check lets none of these through in this direction */
    }
}

static void listen_end(struct host *h)
{
    h->listening = false;
    epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, h->link_fd, NULL);
    leave(h, LINK_REASON_DAEMON_GONE);
}

static void socket_read(struct host *h)
{
    static _Alignas(max_align_t) unsigned char buffer[LINK_DATAGRAM_MAX]; /* one control thread */
    for (int i = 0; i < CONTROL_READ_PER_TURN; i++) {
        ssize_t n = recv(h->link_fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            listen_end(h);
            return;
        }
        if ((size_t)n > sizeof(buffer) || link_message_check(buffer, (size_t)n, false) < 0) {
            protocol_fault(h, "a malformed message");
            listen_end(h);
            return;
        }
        take_message(h, (const void *)buffer);
    }
}

/* ---- clocks ---- */

static void timer_set(struct host *h, int64_t at_ns)
{
    struct itimerspec spec = {.it_value = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S}};
    h->timer_ns = at_ns;
    timerfd_settime(h->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/*
 * When the guard must be looked at: at its limit, or before a call that begins right now could hang, whichever is
 * earlier.
 */
static int64_t guard_next_ns(struct host *h, int64_t now_ns)
{
    int64_t limit = guard_limit(&h->guard);
    int64_t soonest = now_ns + ((int64_t)h->line.slice_ms + h->settings.grace_ms) * NS_PER_MS;
    if (!h->device_thread || (limit == INT64_MAX && h->phase != HOST_RUN && h->phase != HOST_DESCRIBE))
        return now_ns + NS_PER_S;
    if (limit <= now_ns) /* forgiven once */
        return now_ns + (int64_t)h->settings.grace_ms * NS_PER_MS;
    return limit < soonest ? limit : soonest;
}

/*
 * A limit that has passed is forgiven for one grace when it was this thread, too, that came late, and for at most
 * GUARD_STARVED_MAX of them while the device thread starves: it does not hang, it does not get the processor, and a
 * new program would get it no sooner.
 */
static bool guard_forgive(struct host *h, int64_t limit, int64_t now_ns)
{
    if (h->forgiven_limit_ns != limit) {
        h->forgiven_limit_ns = limit;
        h->forgiven = 0;
        if (now_ns - h->timer_ns <= CONTROL_LATE_NS && !guard_is_starved(&h->guard))
            return false;
    } else if (now_ns < h->forgiven_until_ns) {
        return true;
    } else if (h->forgiven >= GUARD_STARVED_MAX || !guard_is_starved(&h->guard)) {
        return false;
    }
    h->forgiven++;
    h->forgiven_until_ns = now_ns + (int64_t)h->settings.grace_ms * NS_PER_MS;
    return true;
}

static void guard_check(struct host *h, int64_t now_ns)
{
    int64_t limit = guard_limit(&h->guard);
    if (now_ns < limit || guard_forgive(h, limit, now_ns))
        return;
    outbox_log(&h->outbox, MODALITY_LOG_ERROR, h->settings.link,
               "plugin's fault: %s did not return, the host replaces itself", atomic_load(&h->guard.what));
    host_reexec(h);
}

/* ---- the loop ---- */

static void described_take(struct host *h, int64_t now_ns)
{
    int described = atomic_load(&h->described);
    if (h->phase != HOST_DESCRIBE || described == 0)
        return;
    if (described < 0)
        h->phase = HOST_FAILED;
    else
        ownership_begin(h, now_ns);
}

static void counter_read(int fd)
{
    uint64_t count = 0;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* level-triggered: what is left wakes again */
}

static void signal_take(struct host *h)
{
    struct signalfd_siginfo info;
    if (read(h->signal_fd, &info, sizeof(info)) == sizeof(info))
        leave(h, LINK_REASON_HOST_STOPPING);
}

static void events_take(struct host *h, const struct epoll_event *events, int n)
{
    for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        if (fd == h->link_fd && h->listening)
            socket_read(h);
        else if (fd == h->timer_fd || fd == h->control_wake_fd)
            counter_read(fd);
        else if (fd == h->signal_fd)
            signal_take(h);
    }
}

static void outbox_serve(struct host *h)
{
    bool waits = outbox_flush(&h->outbox);
    struct epoll_event e = {.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.fd = h->link_fd};
    if (h->listening && waits != h->writing && epoll_ctl(h->epoll_fd, EPOLL_CTL_MOD, h->link_fd, &e) == 0)
        h->writing = waits;
    if (h->listening && outbox_gone(&h->outbox))
        listen_end(h);
}

/* The last words, a proof of rest among them, get a moment to be taken. */
static void outbox_finish(struct host *h)
{
    int64_t deadline_ns = clock_monotonic_ns() + CONTROL_LAST_WORDS_NS;
    while (h->listening && outbox_flush(&h->outbox) && clock_monotonic_ns() < deadline_ns) {
        struct pollfd p = {.fd = h->link_fd, .events = POLLOUT};
        poll(&p, 1, 10);
    }
}

/* Nothing to rest: the device thread never had the link, or it has rested everything. */
static bool host_done(const struct host *h)
{
    if (atomic_load(&h->finished))
        return true;
    return h->leaving && (h->phase == HOST_FAILED || (h->phase != HOST_RUN && !h->owner.held));
}

static int host_loop(struct host *h)
{
    for (;;) {
        struct epoll_event events[8];
        int n = epoll_wait(h->epoll_fd, events, 8, -1);
        if (n < 0 && errno != EINTR)
            return EXIT_FAILURE;
        events_take(h, events, n);
        int64_t now = clock_monotonic_ns();
        if (h->phase == HOST_ENTER && !h->leaving)
            enter(h);
        described_take(h, now);
        if (h->phase == HOST_LOCK)
            ownership_step(h, now);
        guard_check(h, now);
        outbox_serve(h);
        if (host_done(h)) {
            outbox_finish(h);
            return EXIT_SUCCESS;
        }
        int64_t next = guard_next_ns(h, now);
        if ((h->phase == HOST_LOCK || h->phase == HOST_ENTER) && ownership_next_ns(h, now) < next)
            next = ownership_next_ns(h, now);
        timer_set(h, next);
    }
}

static int watch(struct host *h, int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int signals_open(struct host *h)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN); /* a plugin's transport may write without MSG_NOSIGNAL */
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    h->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return h->signal_fd < 0 ? -errno : 0;
}

static int host_open(struct host *h, int link_fd)
{
    h->link_fd = link_fd;
    h->begun_ns = clock_monotonic_ns();
    h->owner.node_fd = h->owner.holder_fd = -1;
    h->fenced = fence_given(&h->fence);
    h->listening = true;
    h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    h->device_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->control_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->epoll_fd < 0 || h->timer_fd < 0 || h->device_wake_fd < 0 || h->control_wake_fd < 0 || signals_open(h) < 0)
        return -EMFILE;
    fcntl(link_fd, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1UL);
    guard_set(&h->guard, INT64_MAX, "nothing");
    outbox_init(&h->outbox, link_fd, h->control_wake_fd);
    mail_init(&h->mail, h->device_wake_fd);
    int r = watch(h, link_fd);
    r = r < 0 ? r : watch(h, h->timer_fd);
    r = r < 0 ? r : watch(h, h->control_wake_fd);
    r = r < 0 ? r : watch(h, h->signal_fd);
    timer_set(h, h->begun_ns + NS_PER_S);
    return r;
}

int host_run(struct host *h, int link_fd)
{
    h->owner.lock_fd = -1;
    if (host_open(h, link_fd) < 0)
        return EXIT_FAILURE;
    return host_loop(h);
}

int host_run_reexecuted(struct host *h, int argc, char **argv)
{
    int link_fd = -1, lock_fd = -1;
    if (settings_from_argv(&h->settings, argc, argv, &link_fd, &lock_fd, &h->reexecutions, &h->resumed) < 0)
        return EXIT_FAILURE;
    h->reexecuted = true;
    h->owner.lock_fd = -1;
    if (host_open(h, link_fd) < 0)
        return EXIT_FAILURE;
    fcntl(lock_fd, F_SETFD, FD_CLOEXEC);
    if (owner_inherit(&h->owner, lock_fd) < 0)
        return EXIT_FAILURE;
    if (h->fenced)
        sandbox_reenter(&h->fence);
    if (device_begin(h) < 0)
        return EXIT_FAILURE;
    return host_loop(h);
}
