/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static enum disk now = DISK_WORKS;

/* SQLite's unix VFS has a few tables of file methods; each gets a copy with two of them replaced. */
static struct {
    const sqlite3_io_methods *real;
    sqlite3_io_methods faulty;
} tables[8];
static sqlite3_vfs faulty_vfs;
static sqlite3_vfs *real_vfs;

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (&tables[i].faulty == file->pMethods)
            return tables[i].real;
    }
    return NULL;
}

static enum disk disk_now(void)
{
    enum disk disk;
    pthread_mutex_lock(&lock);
    disk = now;
    pthread_mutex_unlock(&lock);
    return disk;
}

static int faulty_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
    enum disk disk = disk_now();

    if (disk == DISK_FULL)
        return SQLITE_FULL;
    if (disk == DISK_WRITE_ERROR)
        return SQLITE_IOERR_WRITE;
    return real_of(file)->xWrite(file, data, n, offset);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    enum disk disk;

    pthread_mutex_lock(&lock);
    while (now == DISK_STUCK)
        pthread_cond_wait(&changed, &lock);
    disk = now;
    pthread_mutex_unlock(&lock);
    return disk == DISK_SYNC_ERROR ? SQLITE_IOERR_FSYNC : real_of(file)->xSync(file, flags);
}

static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
    int rc = real_vfs->xOpen(real_vfs, name, file, flags, out);

    (void)vfs;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; file->pMethods && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (!tables[i].real) {
            tables[i].real = file->pMethods;
            tables[i].faulty = *file->pMethods;
            tables[i].faulty.xWrite = faulty_write;
            tables[i].faulty.xSync = faulty_sync;
        }
        if (tables[i].real == file->pMethods) {
            file->pMethods = &tables[i].faulty;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

void faulty_disk_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&faulty_vfs, 1);
}

void faulty_disk_set(enum disk disk)
{
    pthread_mutex_lock(&lock);
    now = disk;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
