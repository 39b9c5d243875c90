/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, locking and running statements. WAL with synchronous=FULL: a COMMIT that returned has been synced. The lock
 * is a file of its own beside the database, so that tools may still read the database while the daemon runs.
 */
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/schema.h"

/* A foreign reader's checkpoint or an engineer's shell may hold the file for moments; longer is a failure. */
#define STORE_BUSY_MS 250

static const char *const store_sql[STATEMENT_COUNT] = {
#define STATEMENT(id, sql) [STATEMENT_##id] = sql,
    RECORD_STATEMENTS(STATEMENT)
#undef STATEMENT
};

/* Who holds the lock, for the refusal's sentence. */
static void store_holder(int fd, char *holder, size_t size)
{
    ssize_t n = pread(fd, holder, size - 1, 0);

    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (holder[0] == '\0')
        snprintf(holder, size, "unknown");
}

static int store_lock(struct store *store, char *error, size_t size)
{
    char path[PATH_MAX + 8], text[32];
    int n;

    snprintf(path, sizeof(path), "%s.lock", store->path);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0) {
        n = -errno;
        snprintf(error, size, "records: %s cannot be opened: %s", path, strerror(-n));
        return n;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        store_holder(store->lock_fd, text, sizeof(text));
        snprintf(error, size, "records: %s is in use by process %s", store->path, text);
        return -EADDRINUSE;
    }
    n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(store->lock_fd, 0) < 0 || pwrite(store->lock_fd, text, (size_t)n, 0) != n) {
        n = errno ? -errno : -EIO;
        snprintf(error, size, "records: %s cannot be written: %s", path, strerror(-n));
        return n;
    }
    return 0;
}

int store_sync_directory(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd, rc;

    if (!slash)
        snprintf(directory, sizeof(directory), ".");
    else
        snprintf(directory, sizeof(directory), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    rc = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

/* Records are about patients: the file is ours alone from its first moment. SQLite gives its WAL the same mode. */
static int store_create(const char *path, char *error, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc;

    if (fd < 0) {
        rc = -errno;
        snprintf(error, size, "records: %s cannot be opened for writing: %s", path, strerror(-rc));
        return rc;
    }
    close(fd);
    return 0;
}

static int store_configure(struct store *store)
{
    /* A small cache: the daemon's memory is locked. No temporary files beside the one we own. */
    static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                  "PRAGMA cache_size = -512; PRAGMA trusted_schema = OFF;"
                                  "PRAGMA journal_size_limit = 8388608;";

    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    return sqlite3_exec(store->db, pragmas, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

int store_open(struct store *store, const char *path, char *error, size_t size)
{
    char why[256];
    int rc;

    memset(store, 0, sizeof(*store));
    store->lock_fd = -1;
    if ((size_t)snprintf(store->path, sizeof(store->path), "%s", path) >= sizeof(store->path)) {
        snprintf(error, size, "records: the path is too long");
        return -ENAMETOOLONG;
    }
    rc = store_lock(store, error, size);
    if (rc < 0)
        goto out;
    rc = store_create(path, error, size);
    if (rc < 0)
        goto out;
    rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK || store_configure(store) < 0) {
        store_error(store, why, sizeof(why));
        snprintf(error, size, "records: %s cannot be opened: %s", path, why);
        rc = -EIO;
        goto out;
    }
    rc = schema_migrate(store->db, why, sizeof(why));
    if (rc < 0) {
        snprintf(error, size, "records: %s: %s", path, why);
        goto out;
    }
    rc = store_sync_directory(path);
    if (rc < 0)
        snprintf(error, size, "records: the directory of %s cannot be synced: %s", path, strerror(-rc));
out:
    if (rc < 0)
        store_close(store);
    return rc;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_close_v2(store->db);
    store->db = NULL;
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    store->lock_fd = -1;
}

sqlite3_stmt *store_statement(struct store *store, enum statement id)
{
    sqlite3_stmt **slot = &store->statements[id];

    if (!*slot && sqlite3_prepare_v3(store->db, store_sql[id], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_reset(*slot);
    sqlite3_clear_bindings(*slot);
    return *slot;
}

static int store_class(int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return -EINVAL;
    case SQLITE_NOMEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

int store_run(struct store *store, sqlite3_stmt *statement)
{
    int rc;

    (void)store;
    if (!statement)
        return -EIO;
    rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store_class(rc);
}

int store_row(struct store *store, sqlite3_stmt *statement)
{
    int rc;

    (void)store;
    if (!statement)
        return -EIO;
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        return 1;
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : store_class(rc);
}

int store_begin(struct store *store)
{
    return store_run(store, store_statement(store, STATEMENT_begin));
}

int store_commit(struct store *store)
{
    return store_run(store, store_statement(store, STATEMENT_commit));
}

void store_rollback(struct store *store)
{
    /* SQLite has rolled back by itself after some errors: then there is nothing to do, and that is no failure. */
    if (!sqlite3_get_autocommit(store->db))
        store_run(store, store_statement(store, STATEMENT_rollback));
}

bool store_moved(struct store *store)
{
    int moved = 0;

    return sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void store_error(struct store *store, char *error, size_t size)
{
    int system = store->db ? sqlite3_system_errno(store->db) : 0;

    if (!store->db)
        snprintf(error, size, "out of memory");
    else if (system != 0)
        snprintf(error, size, "%s (%s)", sqlite3_errmsg(store->db), strerror(system));
    else
        snprintf(error, size, "%s", sqlite3_errmsg(store->db));
}

int store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    return text ? sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC) : sqlite3_bind_null(statement, index);
}

const char *store_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}
