/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_BYTES_MAX 4096
#define ANSWER_BYTES_MAX 65536
#define CLIENTS_MAX 16

struct client {
    struct client *next;
    struct control *control;
    int fd;
    struct loop_source *source;
    size_t length;
    char line[LINE_BYTES_MAX];
};

struct control {
    struct sim *sim;
    int fd;
    struct loop_source *source;
    struct client *clients;
    unsigned client_count;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

static void client_close(struct client *client)
{
    struct client **at = &client->control->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    client->control->client_count--;
    loop_remove(client->control->sim->loop, client->source);
    close(client->fd);
    free(client);
}

/* Answers are far smaller than a socket's buffer: a client for whom there is no room does not read. */
static bool answer(struct client *client, json_t *reply)
{
    char text[ANSWER_BYTES_MAX];
    size_t length = json_dumpb(reply, text, sizeof text - 1, JSON_COMPACT);
    json_decref(reply);
    if (length >= sizeof text)
        return false;
    text[length++] = '\n';
    return send(client->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void client_ready(void *ctx, uint32_t events)
{
    struct client *client = ctx;
    char *end;
    (void)events;
    ssize_t n = read(client->fd, client->line + client->length, sizeof client->line - client->length);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_close(client);
        return;
    }
    client->length += (size_t)n;
    while ((end = memchr(client->line, '\n', client->length))) {
        size_t used = (size_t)(end - client->line) + 1;
        if (!answer(client, control_command(client->control->sim, client->line, used - 1))) {
            client_close(client);
            return;
        }
        client->length -= used;
        memmove(client->line, client->line + used, client->length);
    }
    if (client->length == sizeof client->line)
        client_close(client);
}

static void accept_ready(void *ctx, uint32_t events)
{
    struct control *control = ctx;
    (void)events;
    int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct client *client = control->client_count < CLIENTS_MAX ? calloc(1, sizeof *client) : NULL;
    if (!client) {
        close(fd);
        return;
    }
    client->control = control;
    client->fd = fd;
    client->source = loop_add(control->sim->loop, fd, EPOLLIN, client_ready, client);
    if (!client->source) {
        close(fd);
        free(client);
        return;
    }
    client->next = control->clients;
    control->clients = client;
    control->client_count++;
}

static int listen_on(struct control *control)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, control->path, sizeof address.sun_path);
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (control->fd < 0)
        return -errno;
    if (bind(control->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int r = -errno;
        close(control->fd);
        control->fd = -1;
        return r;
    }
    if (listen(control->fd, SOMAXCONN) < 0)
        return -errno;
    control->source = loop_add(control->sim->loop, control->fd, EPOLLIN, accept_ready, control);
    return control->source ? 0 : -errno;
}

int control_open(struct sim *sim, const char *path, struct control **out)
{
    *out = NULL;
    if (!path)
        return 0;
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return -ENOMEM;
    control->sim = sim;
    control->fd = -1;
    int r = strlen(path) < sizeof control->path ? 0 : -ENAMETOOLONG;
    if (r == 0) {
        snprintf(control->path, sizeof control->path, "%s", path);
        r = listen_on(control);
    }
    if (r < 0) {
        fprintf(stderr, "modality-sim: %s: cannot listen: %s\n", path, strerror(-r));
        control_close(control);
        return r;
    }
    *out = control;
    return 0;
}

void control_close(struct control *control)
{
    if (!control)
        return;
    for (struct client *client = control->clients, *next; client; client = next) {
        next = client->next;
        client_close(client);
    }
    loop_remove(control->sim->loop, control->source);
    if (control->fd >= 0) {
        close(control->fd);
        (void)unlink(control->path);
    }
    free(control);
}
