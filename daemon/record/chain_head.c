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

#define HEAD_FILE_MAX 1024

static int head_parse(const char *text, size_t n, struct chain_head *out)
{
    struct chain_head head = {0};
    const char *hash = NULL;
    json_int_t seq = 0, accepted = 0;
    size_t length = 0;
    json_t *document = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    int rc = -EINVAL;

    if (!document ||
        json_unpack(document, "{s:I, s:s, s?I}", "seq", &seq, "hash", &hash, "accepted_seq", &accepted) < 0)
        goto out;
    if (seq < 0 || accepted < 0 || strlen(hash) != CHAIN_HEX - 1)
        goto out;
    if (sodium_hex2bin(head.link.hash, CHAIN_HASH, hash, CHAIN_HEX - 1, NULL, &length, NULL) != 0 ||
        length != CHAIN_HASH)
        goto out;
    head.link.seq = seq;
    head.accepted_seq = accepted;
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

int chain_head_write(const char *path, const struct chain_head *head, int64_t wall_ms)
{
    char temporary[PATH_MAX + 8], hash[CHAIN_HEX], text[HEAD_FILE_MAX];
    int n, rc;

    chain_hex(head->link.hash, hash);
    n = snprintf(text, sizeof(text), "{\"seq\":%lld,\"hash\":\"%s\",\"accepted_seq\":%lld,\"wall_ms\":%lld}\n",
                 (long long)head->link.seq, hash, (long long)head->accepted_seq, (long long)wall_ms);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    rc = head_write_file(temporary, text, (size_t)n);
    if (rc == 0 && rename(temporary, path) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(temporary);
        return rc;
    }
    return store_sync_directory(path); /* the rename is durable once the directory is */
}
