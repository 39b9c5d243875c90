/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files make up the configuration, who may change them, what they hold and the hash over it all. Files are read
 * whole, once, through one descriptor, so that what was checked and hashed is what is parsed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"

/* A clinic's files have a few hundred lines; larger ones are a mistake, and bound the time of a reload. */
#define FILE_BYTES_MAX (256u * 1024u)
#define FILES_MAX 512

static void file_note(struct load *load, const char *name)
{
    struct source_file *all = arena_grow(load->arena, load->files, load->n_files, &load->files_capacity, sizeof(*all));
    if (all == NULL)
        return;
    load->files = all;
    all[load->n_files++] = (struct source_file){.name = name, .at = {.origin = name}};
}

static bool is_ini_name(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".ini") == 0;
}

/* Names stand in every message, record and JSON answer: they are kept to what is safe there. */
static bool is_plain_name(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static int directory_list(struct load *load, int fd, const char *prefix);

/* One entry of a directory: a file to read, a folder to go into (from the top only, prefix ""), or neither. */
static void entry_take(struct load *load, int dir, const char *prefix, const char *entry)
{
    struct stat st;
    bool folder = prefix[0] == '\0' && entry[0] != '.' && fstatat(dir, entry, &st, 0) == 0 && S_ISDIR(st.st_mode);
    if (!folder && !is_ini_name(entry))
        return;
    if (!is_plain_name(entry)) {
        fault_add(&load->faults, (struct place){.origin = "."},
                  "a file or folder has a name with other bytes than letters, digits, dot, - and _");
        return;
    }
    const char *name = arena_text(load->arena, "%s%s", prefix, entry);
    if (!folder) {
        file_note(load, name);
        return;
    }
    int sub = openat(dir, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sub < 0 || directory_list(load, sub, arena_text(load->arena, "%s/", name)) < 0)
        fault_add(&load->faults, (struct place){.origin = name}, "the directory cannot be read");
}

/* Notes the INI files of one directory; owns fd. */
static int directory_list(struct load *load, int fd, const char *prefix)
{
    struct dirent *entry;
    struct stat st;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    if (fstat(fd, &st) == 0 && (st.st_mode & S_IWOTH) != 0) {
        const char *name = prefix[0] == '\0' ? "." : prefix;
        fault_add(&load->faults, (struct place){.origin = name}, "the directory is writable by everyone");
    }
    while ((entry = readdir(dir)) != NULL && load->n_files < FILES_MAX)
        entry_take(load, fd, prefix, entry->d_name);
    closedir(dir);
    return 0;
}

static int file_compare(const void *a, const void *b)
{
    return strcmp(((const struct source_file *)a)->name, ((const struct source_file *)b)->name);
}

/* Reads size bytes; fewer are fine when the file shrank meanwhile. -1 on a read error. */
static ssize_t bytes_read(int fd, char *to, size_t size)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, to + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static void file_read(struct load *load, int dir, struct source_file *file)
{
    struct stat st;
    int fd = openat(dir, file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        fault_add(&load->faults, file->at, "cannot be opened: %s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        fault_add(&load->faults, file->at, "is not a regular file");
    } else if (st.st_size > FILE_BYTES_MAX) {
        fault_add(&load->faults, file->at, "has more than %u bytes", FILE_BYTES_MAX);
    } else {
        char *text = arena_alloc(load->arena, (size_t)st.st_size + 1);
        ssize_t n = text == NULL ? -1 : bytes_read(fd, text, (size_t)st.st_size);
        if (n < 0)
            fault_add(&load->faults, file->at, "cannot be read");
        if ((st.st_mode & S_IWOTH) != 0)
            fault_add(&load->faults, file->at, "the file is writable by everyone");
        file->text = n < 0 ? "" : text;
        file->size = n < 0 ? 0 : (size_t)n;
    }
    if (fd >= 0)
        close(fd);
}

int files_read(struct load *load, const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? -EACCES : -ENOENT;
    int listing = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int rc = listing < 0 ? -errno : directory_list(load, listing, "");
    if (rc == 0 && load->n_files == FILES_MAX)
        fault_add(&load->faults, (struct place){.origin = "."}, "there are more than %d files", FILES_MAX - 1);
    if (rc == 0 && load->n_files > 1)
        qsort(load->files, load->n_files, sizeof(load->files[0]), file_compare);
    for (size_t i = 0; rc == 0 && i < load->n_files; i++) {
        load->files[i].at.file = (unsigned)i + 1;
        file_read(load, fd, &load->files[i]);
    }
    close(fd);
    return rc;
}

void files_guard(struct load *load, struct place at, const char *key, const char *dir, mode_t forbidden, bool owned)
{
    struct stat st;
    if (stat(dir, &st) < 0)
        return;
    if ((st.st_mode & forbidden & S_IWOTH) != 0)
        fault_add(&load->faults, at, "%s = %s: the directory is writable by everyone", key, dir);
    else if ((st.st_mode & forbidden & S_IWGRP) != 0)
        fault_add(&load->faults, at, "%s = %s: the directory is writable by its group", key, dir);
    if (owned && st.st_uid != 0 && st.st_uid != geteuid())
        fault_add(&load->faults, at, "%s = %s: the directory belongs to user %u, not to root or to the daemon's user",
                  key, dir, (unsigned)st.st_uid);
}

static void hash_text(crypto_hash_sha256_state *state, const char *text, size_t size)
{
    /* the length goes first, so that no two lists of texts give the same bytes */
    unsigned char length[8];
    for (size_t i = 0; i < sizeof(length); i++)
        length[i] = (unsigned char)((uint64_t)size >> (8 * i));
    crypto_hash_sha256_update(state, length, sizeof(length));
    crypto_hash_sha256_update(state, (const unsigned char *)text, size);
}

static void hash_end(crypto_hash_sha256_state *state, char hex[65])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(state, digest);
    sodium_bin2hex(hex, 65, digest, sizeof(digest));
}

void files_hash(const struct load *load, char hex[65])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < load->n_files; i++) {
        hash_text(&state, load->files[i].name, strlen(load->files[i].name));
        hash_text(&state, load->files[i].text, load->files[i].size);
    }
    hash_end(&state, hex);
}

void section_hash(const struct raw_section *s, char hex[65])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    hash_text(&state, s->title, strlen(s->title));
    for (size_t i = 0; i < s->n_lines; i++) {
        hash_text(&state, s->lines[i].key, strlen(s->lines[i].key));
        hash_text(&state, s->lines[i].value, strlen(s->lines[i].value));
    }
    hash_end(&state, hex);
}
