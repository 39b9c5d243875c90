/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database file: one lock that keeps a second daemon out, one SQLite connection, one table of statements. Nothing
 * here knows what the rows mean. Errors of SQLite come out as three classes: -EEXIST (a constraint or trigger refused
 * this row), -EINVAL (this row can never be stored) and -EIO or -ENOMEM (nothing can be stored now).
 */
#ifndef RECORD_STORE_H
#define RECORD_STORE_H

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/statement.h"

struct store {
    sqlite3 *db;
    int lock_fd; /* flock on <path>.lock for as long as the store is open */
    char path[PATH_MAX];
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared on first use */
};

/* Locks, opens or creates, migrates. 0, or negative errno and one sentence; -EADDRINUSE: another process has it. */
int store_open(struct store *store, const char *path, char *error, size_t size);
void store_close(struct store *store);

/* A statement ready to be bound; NULL when SQLite cannot prepare it (sqlite3_errcode says why). */
sqlite3_stmt *store_statement(struct store *store, enum statement id);
/* Runs a statement that returns no rows, and resets it. 0 or one of the three classes; NULL is -EIO. */
int store_run(struct store *store, sqlite3_stmt *statement);
/* Steps a query: 1 = a row, 0 = the end (reset already), negative = failed (reset already). */
int store_row(struct store *store, sqlite3_stmt *statement);

int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);
/* The file under the connection was moved or deleted: what is written now will not be found again. */
bool store_moved(struct store *store);
/* One sentence on the connection's last error. */
void store_error(struct store *store, char *error, size_t size);

/* A file that was created or renamed is found again after a power cut once its directory is synced. */
int store_sync_directory(const char *path);

/* NULL binds NULL; the text must live until the statement was run. */
int store_bind_text(sqlite3_stmt *statement, int index, const char *text);
/* "" for NULL; valid until the next step. */
const char *store_text(sqlite3_stmt *statement, int column);

#endif
