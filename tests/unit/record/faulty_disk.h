/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that fails when told: a layer over SQLite's own VFS that becomes the default of this process. The real system
 * calls stay underneath, so that what was written before a failure is really there.
 */
#ifndef TESTS_RECORD_FAULTY_DISK_H
#define TESTS_RECORD_FAULTY_DISK_H

enum disk {
    DISK_WORKS,
    DISK_FULL,        /* writes find no space */
    DISK_WRITE_ERROR, /* writes fail */
    DISK_SYNC_ERROR,  /* writes work, syncing fails */
    DISK_STUCK,       /* a sync does not return until the disk works again */
};

void faulty_disk_install(void);
void faulty_disk_set(enum disk disk);

#endif
