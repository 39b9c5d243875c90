/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables, as a list of migrations: PRAGMA user_version counts how many have been applied. A database of a newer
 * daemon is refused. What must never change is guarded by triggers, so that no later statement can by mistake.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

/* Applies what is missing, each in one transaction. 0, -EPROTO (newer), -EIO; one sentence in error. */
int schema_migrate(sqlite3 *db, char *error, size_t size);

#endif
