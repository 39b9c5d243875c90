/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second file of the audit chain. It is replaced whole, so that after a power cut either the old or the new head is
 * there, and it is written only after the entry it names is durable, so that it never promises what a crash took away.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/chain.h"

#define HEAD_FILE_MAX 2048 /* room for a text of CHAIN_WHY_MAX with every byte escaped */

static int head_parse(const char *text, size_t n, struct chain_head *out)
{
    struct chain_head head = {0};
    const char *hash = NULL, *broken = "";
    json_int_t seq = 0, accepted = 0;
    size_t length = 0;
    json_t *document = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    int rc = -EINVAL;

    if (!document || json_unpack(document, "{s:I, s:s, s?I, s?s}", "seq", &seq, "hash", &hash, "accepted_seq",
                                 &accepted, "broken", &broken) < 0)
        goto out;
    if (seq < 0 || accepted < 0 || strlen(hash) != CHAIN_HEX - 1)
        goto out;
    if (sodium_hex2bin(head.link.hash, CHAIN_HASH, hash, CHAIN_HEX - 1, NULL, &length, NULL) != 0 ||
        length != CHAIN_HASH)
        goto out;
    head.link.seq = seq;
    head.accepted_seq = accepted;
    snprintf(head.broken, sizeof(head.broken), "%s", broken);
    *out = head;
    rc = 0;
out:
    json_decref(document);
    return rc;
}

int chain_head_read(const char *path, struct chain_head *out)
{
    char text[HEAD_FILE_MAX];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return -errno;
    n = read(fd, text, sizeof(text));
    close(fd);
    if (n <= 0 || (size_t)n == sizeof(text))
        return -EINVAL;
    return head_parse(text, (size_t)n, out);
}

static int head_write_file(const char *path, const char *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), rc = 0;
    ssize_t written;

    if (fd < 0)
        return -errno;
    written = write(fd, text, n);
    if (written < 0 || fsync(fd) < 0)
        rc = -errno;
    else if ((size_t)written != n)
        rc = -ENOSPC;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc;
}

/* What is broken may quote damaged rows: no text of theirs keeps the head from being written. */
static json_t *head_document(const struct chain_head *head, int64_t wall_ms)
{
    char hash[CHAIN_HEX];
    json_t *document;

    chain_hex(head->link.hash, hash);
    document = json_pack("{s:I, s:s, s:I, s:I}", "seq", (json_int_t)head->link.seq, "hash", hash, "accepted_seq",
                         (json_int_t)head->accepted_seq, "wall_ms", (json_int_t)wall_ms);
    if (document && head->broken[0] != '\0' && json_object_set_new(document, "broken", json_string(head->broken)) < 0)
        json_object_set_new(document, "broken", json_string("a damaged entry"));
    return document;
}

int chain_head_write(const char *path, const struct chain_head *head, int64_t wall_ms)
{
    char temporary[PATH_MAX + 8], text[HEAD_FILE_MAX];
    json_t *document = head_document(head, wall_ms);
    size_t n = document ? json_dumpb(document, text, sizeof(text), JSON_COMPACT) : 0;
    int rc;

    json_decref(document);
    if (n == 0 || n + 1 >= sizeof(text)) /* a text of that size would be no head to its reader */
        return -ENOMEM;
    text[n++] = '\n';
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    rc = head_write_file(temporary, text, n);
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(temporary);
        return rc;
    }
    return store_sync_directory(path); /* the rename is durable once the directory is */
}
