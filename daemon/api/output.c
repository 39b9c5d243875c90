/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One growing buffer per client, given back when it is empty.
 */
#include "api/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OUTPUT_KEEP ((size_t)8192) /* an empty buffer of this size is not worth freeing */

static int reserve(struct output *o, size_t more)
{
    if (o->head > 0 && o->end + more > o->size) {
        memmove(o->bytes, o->bytes + o->head, o->end - o->head);
        o->end -= o->head;
        o->head = 0;
    }
    if (o->end + more <= o->size)
        return 0;
    size_t size = o->size == 0 ? 1024 : o->size;
    while (size < o->end + more)
        size *= 2;
    char *bytes = realloc(o->bytes, size);
    if (bytes == NULL)
        return -ENOMEM;
    o->bytes = bytes;
    o->size = size;
    return 0;
}

static void settle(struct output *o)
{
    if (o->head < o->end)
        return;
    o->head = o->end = 0;
    if (o->size > OUTPUT_KEEP) {
        free(o->bytes);
        o->bytes = NULL;
        o->size = 0;
    }
}

int output_line(struct output *o, const char *text, size_t length)
{
    int r = reserve(o, length + 1);
    if (r < 0)
        return r;
    memcpy(o->bytes + o->end, text, length);
    o->bytes[o->end + length] = '\n';
    o->end += length + 1;
    return 0;
}

int output_send(struct output *o, int fd)
{
    while (o->head < o->end) {
        ssize_t n = send(fd, o->bytes + o->head, o->end - o->head, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 1 : -errno;
        o->head += (size_t)n;
        o->mid_line = n > 0 ? o->bytes[o->head - 1] != '\n' : o->mid_line;
    }
    settle(o);
    return 0;
}

void output_drop(struct output *o)
{
    size_t keep = 0;
    if (o->mid_line && o->head < o->end) {
        const char *newline = memchr(o->bytes + o->head, '\n', o->end - o->head);
        keep = newline != NULL ? (size_t)(newline - (o->bytes + o->head)) + 1 : 0;
    }
    o->end = o->head + keep;
    settle(o);
}

void output_free(struct output *o)
{
    free(o->bytes);
    *o = (struct output){0};
}
