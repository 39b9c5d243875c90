/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A modality-host that does one thing wrong, said by the environment: MODALITY_TEST_LIAR = flood, malformed, exit,
 * mute (reads nothing) or stubborn (reads, and does not end when told).
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/message.h"
#include "link/spawn.h"

static void flood(void)
{
    struct link_text m = {.level = MODALITY_LOG_INFO};
    link_message_head(&m, LINK_LOG, sizeof(m));
    struct pollfd p = {.fd = SPAWN_LINK_FD, .events = POLLOUT};
    while (poll(&p, 1, -1) > 0 && !(p.revents & POLLHUP))
        send(SPAWN_LINK_FD, &m, sizeof(m), MSG_NOSIGNAL);
}

static void stubborn(void)
{
    char buffer[LINK_DATAGRAM_MAX];
    signal(SIGTERM, SIG_IGN);
    while (recv(SPAWN_LINK_FD, buffer, sizeof(buffer), 0) > 0)
        ;
    for (;;)
        pause();
}

int main(void)
{
    const char *what = getenv("MODALITY_TEST_LIAR");
    if (!what)
        return 2;
    if (strcmp(what, "flood") == 0)
        flood();
    if (strcmp(what, "malformed") == 0)
        send(SPAWN_LINK_FD, "nonsense", 8, MSG_NOSIGNAL);
    if (strcmp(what, "stubborn") == 0)
        stubborn();
    if (strcmp(what, "mute") == 0 || strcmp(what, "malformed") == 0)
        for (;;)
            pause();
    return 3;
}
