/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line by line over one Unix socket, with a poll before each read. Events that arrive while a call waits are queued, a
 * bounded number of them: a watcher that falls behind loses the oldest, never the newest.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "modality/clock.h"

#define LINE_MAX_BYTES (4u << 20)
#define QUEUE_MAX 256
#define CALL_NS (10 * NS_PER_S)

struct client {
    int fd;
    bool json;
    int64_t next_id, patience_ns;
    char *buffer, *last_answer;
    size_t used, size;
    json_t *queue[QUEUE_MAX];
    size_t head, queued;
};

struct client *client_open(const char *path, bool json)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "modalityctl: socket path is longer than %zu bytes: %s\n", sizeof address.sun_path - 1, path);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->json = json;
    c->patience_ns = CALL_NS;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "modalityctl: no modalityd on %s: %s\n", path, strerror(errno));
        client_close(c);
        return NULL;
    }
    return c;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    for (size_t i = 0; i < c->queued; i++)
        json_decref(c->queue[(c->head + i) % QUEUE_MAX]);
    free(c->buffer);
    free(c->last_answer);
    free(c);
}

bool client_echo(struct client *c, bool echo)
{
    const bool before = c->json;
    c->json = echo;
    return before;
}

const char *client_last_answer(const struct client *c)
{
    return c->last_answer ? c->last_answer : "";
}

void client_set_patience(struct client *c, int64_t ns)
{
    c->patience_ns = ns;
}

const char *client_request_id(char *buffer, size_t size)
{
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        memset(random, (int)(clock_monotonic_ns() & 0xff), sizeof random);
    size_t at = 0;
    for (size_t i = 0; i < sizeof random && at + 3 <= size; i++)
        at += (size_t)snprintf(buffer + at, size - at, "%02x", random[i]);
    return buffer;
}

static int send_all(struct client *c, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t n = send(c->fd, text, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        length -= (size_t)n;
    }
    return 0;
}

static int send_request(struct client *c, const char *method, json_t *params, int64_t id)
{
    json_t *request = json_pack("{s:s, s:I, s:s}", "jsonrpc", "2.0", "id", (json_int_t)id, "method", method);
    if (params)
        json_object_set_new(request, "params", params);
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (!text)
        return -ENOMEM;
    const size_t length = strlen(text);
    text[length] = '\n'; /* the NUL gives way: the length is known */
    const int r = send_all(c, text, length + 1);
    free(text);
    return r;
}

int client_send(struct client *c, const char *method, json_t *params)
{
    return send_request(c, method, params, ++c->next_id);
}

/* More bytes: 1 when some came, 0 when none came in time, -EPIPE at the end. */
static int fill(struct client *c, int64_t deadline_ns, const volatile int *interrupted)
{
    const int64_t left_ms = (deadline_ns - clock_monotonic_ns() + NS_PER_MS - 1) / NS_PER_MS;
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    const int n = poll(&p, 1, left_ms < 0 ? 0 : left_ms > 1000000 ? 1000000 : (int)left_ms);
    if (n == 0 || (n < 0 && errno == EINTR && interrupted && *interrupted))
        return 0;
    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    if (c->size - c->used < 65536) {
        if (c->size > LINE_MAX_BYTES + 65536)
            return -EMSGSIZE;
        char *more = realloc(c->buffer, c->size + 131072);
        if (!more)
            return -ENOMEM;
        c->buffer = more;
        c->size += 131072;
    }
    const ssize_t got = recv(c->fd, c->buffer + c->used, c->size - c->used, 0);
    if (got <= 0)
        return got < 0 && errno == EINTR ? 1 : -EPIPE;
    c->used += (size_t)got;
    return 1;
}

/* Takes one line out of the buffer and parses it: 1 with *line set, 0 when there is no whole line. */
static int take_line(struct client *c, json_t **line, char **text)
{
    char *end = c->used ? memchr(c->buffer, '\n', c->used) : NULL;
    if (!end)
        return 0;
    const size_t length = (size_t)(end - c->buffer);
    *text = strndup(c->buffer, length);
    *line = json_loadb(c->buffer, length, JSON_DECODE_ANY, NULL);
    c->used -= length + 1;
    memmove(c->buffer, end + 1, c->used);
    return 1;
}

static void enqueue(struct client *c, json_t *params)
{
    if (c->queued == QUEUE_MAX) {
        json_decref(c->queue[c->head]);
        c->head = (c->head + 1) % QUEUE_MAX;
        c->queued--;
    }
    c->queue[(c->head + c->queued++) % QUEUE_MAX] = json_incref(params);
}

/* An event goes to the queue; an answer to id is returned; anything else is dropped. */
static json_t *sort_line(struct client *c, json_t *line, const char *text, int64_t id)
{
    const char *method = json_string_value(json_object_get(line, "method"));
    if (c->json) {
        printf("%s\n", text);
        fflush(stdout);
    }
    if (method && strcmp(method, "event") == 0) {
        enqueue(c, json_object_get(line, "params"));
        return NULL;
    }
    const json_t *answered = json_object_get(line, "id");
    if (id == 0 || !json_is_integer(answered) || json_integer_value(answered) != id)
        return NULL;
    return json_incref(line);
}

/* Lines until the one that answers id; NULL with a negative errno in *error. */
static json_t *answer_wait(struct client *c, int64_t id, int64_t deadline_ns, int *error)
{
    json_t *answer = NULL;
    while (!answer && *error >= 0) {
        json_t *line;
        char *text;
        if (take_line(c, &line, &text) == 0) {
            const int r = fill(c, deadline_ns, NULL);
            *error = r == 0 ? -ETIMEDOUT : r;
            continue;
        }
        answer = sort_line(c, line, text, id);
        json_decref(line);
        if (answer) {
            free(c->last_answer);
            c->last_answer = text;
        } else {
            free(text);
        }
    }
    return answer;
}

json_t *client_call(struct client *c, const char *method, json_t *params, json_t **error)
{
    const int64_t id = ++c->next_id;
    int r = send_request(c, method, params, id);
    json_t *answer = answer_wait(c, id, clock_monotonic_ns() + c->patience_ns, &r);
    *error = NULL;
    if (!answer) {
        fprintf(stderr, "modalityctl: %s: %s\n", method,
                r == -ETIMEDOUT ? "the daemon does not answer" : "the daemon closed the connection");
        return NULL;
    }
    json_t *result = json_incref(json_object_get(answer, "result"));
    *error = json_incref(json_object_get(answer, "error"));
    json_decref(answer);
    return result;
}

json_t *client_event(struct client *c, int64_t deadline_ns, const volatile int *interrupted, bool *gone)
{
    *gone = false;
    for (;;) {
        json_t *line;
        char *text;
        while (take_line(c, &line, &text) == 1) {
            json_decref(sort_line(c, line, text, 0));
            json_decref(line);
            free(text);
        }
        if (c->queued > 0) {
            json_t *event = c->queue[c->head];
            c->head = (c->head + 1) % QUEUE_MAX;
            c->queued--;
            return event;
        }
        if (interrupted && *interrupted)
            return NULL;
        const int r = fill(c, deadline_ns, interrupted);
        if (r < 0)
            *gone = true;
        if (r <= 0)
            return NULL;
    }
}
