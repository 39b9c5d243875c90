/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup: a copy of the whole database under a new name, made page by page between transactions; what is written
 * meanwhile goes into the copy too. A head file for the copy is written beside it, so that it can be put in place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/internal.h"

#define BACKUP_PAGES 128 /* half a megabyte in a slice */

struct backup {
    sqlite3 *db;
    sqlite3_backup *copy;
    int fd; /* of the same file, to sync what each slice wrote: the last sync then is as short as the others */
    char part[PATH_MAX + 8]; /* "<path>.part" until it is whole; "" = nothing to clean up */
};

void query_backup_drop(void *progress)
{
    struct backup *backup = progress;

    if (backup->copy)
        sqlite3_backup_finish(backup->copy);
    sqlite3_close(backup->db);
    if (backup->fd >= 0)
        close(backup->fd);
    if (backup->part[0] != '\0')
        unlink(backup->part);
    free(backup);
}

/* Nothing is ever overwritten: the path comes from a client. */
static int backup_begin(struct record *record, struct query *query)
{
    const char *path = query_text(query, "path");
    struct backup *backup;
    struct stat there;
    int rc;

    if (path[0] != '/' || strlen(path) > PATH_MAX - 16)
        return -EINVAL;
    if (lstat(path, &there) == 0)
        return -EEXIST;
    backup = query->progress = calloc(1, sizeof(*backup));
    if (!backup)
        return -ENOMEM;
    snprintf(backup->part, sizeof(backup->part), "%s.part", path);
    backup->fd = open(backup->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (backup->fd < 0) {
        rc = -errno;
        backup->part[0] = '\0';
        return rc;
    }
    /* Half a copy is worth nothing, so nothing of it needs SQLite's own journal or syncs. */
    if (sqlite3_open_v2(backup->part, &backup->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_exec(backup->db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL, NULL) != SQLITE_OK)
        return -EIO;
    backup->copy = sqlite3_backup_init(backup->db, "main", record->store.db, "main");
    return backup->copy ? 1 : -EIO;
}

static int backup_place(struct record *record, struct query *query, struct backup *backup)
{
    struct chain_head head = {.link = record->chain, .accepted_seq = record->head.accepted_seq};
    const char *path = query_text(query, "path");
    char head_path[PATH_MAX + 8];
    int rc = fsync(backup->fd) < 0 ? -errno : 0;

    if (rc < 0)
        return rc;
    memcpy(head.broken, record->head.broken, sizeof(head.broken));
    if (renameat2(AT_FDCWD, backup->part, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
        return -errno;
    backup->part[0] = '\0';
    snprintf(head_path, sizeof(head_path), "%s.head", path);
    return chain_head_write(head_path, &head, query->wall_ms);
}

static int backup_end(struct record *record, struct query *query, struct backup *backup)
{
    sqlite3_backup *copy = backup->copy;
    char hash[CHAIN_HEX];
    struct stat file;
    int rc;

    backup->copy = NULL;
    /* One file that needs no neighbour: the copy leaves WAL mode. */
    if (sqlite3_backup_finish(copy) != SQLITE_OK ||
        sqlite3_exec(backup->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        return -EIO;
    rc = sqlite3_close(backup->db);
    backup->db = NULL;
    if (rc != SQLITE_OK)
        return -EIO;
    rc = fstat(backup->fd, &file) < 0 ? -errno : backup_place(record, query, backup);
    if (rc < 0)
        return rc;
    chain_hex(record->chain.hash, hash);
    query->result = json_pack("{s:s, s:I, s:I, s:s}", "path", query_text(query, "path"), "bytes",
                              (json_int_t)file.st_size, "head_seq", (json_int_t)record->chain.seq, "head_hash", hash);
    return query->result ? 0 : -ENOMEM;
}

int query_backup(struct record *record, struct query *query)
{
    struct backup *backup = query->progress;
    int rc;

    if (!backup)
        return backup_begin(record, query);
    rc = sqlite3_backup_step(backup->copy, BACKUP_PAGES);
    if (rc == SQLITE_OK)
        return fdatasync(backup->fd) < 0 ? -errno : 1;
    return rc == SQLITE_DONE ? backup_end(record, query, backup) : -EIO;
}
