/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture of the configuration's tests. */
#include "config_test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_text(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 300000);
    assert_non_null(text);
    size_t n = fread(text, 1, 299999, file);
    fclose(file);
    if (size != NULL)
        *size = n;
    return text;
}

void fixture_write_bytes(struct fixture *f, const char *name, const void *bytes, size_t size)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    chmod(path, 0644);
}

void fixture_write(struct fixture *f, const char *name, const char *text)
{
    fixture_write_bytes(f, name, text, strlen(text));
}

void fixture_copy(struct fixture *f, const char *from, const char *name)
{
    size_t size;
    char *text = file_text(from, &size);
    fixture_write_bytes(f, name, text, size);
    free(text);
}

static void note(void *userdata, const char *origin, const char *message)
{
    struct fixture *f = userdata;
    f->n++;
    int n = snprintf(f->told + f->used, sizeof(f->told) - f->used, "%s: %s\n", origin, message);
    if (n > 0 && (size_t)n < sizeof(f->told) - f->used)
        f->used += (size_t)n;
}

int fixture_load(struct fixture *f, const char *dir)
{
    config_free(f->config);
    f->config = NULL;
    f->n = f->used = 0;
    f->told[0] = '\0';
    return config_load(dir == NULL ? f->dir : dir, 1, f->today, note, f, &f->config);
}

int fixture_empty(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    f->today = 20780; /* 2026-11-23 */
    strcpy(f->dir, "/tmp/modality-config-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) == NULL ? -1 : chmod(f->dir, 0755);
}

int fixture_sane(void **state)
{
    int rc = fixture_empty(state);
    if (rc == 0)
        fixture_copy(*state, TEST_DIR "/sane.ini", "a.ini");
    return rc;
}

/* Removes a directory of files and of directories of files. */
static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char inner[512];
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (unlink(inner) < 0)
            remove_tree(inner);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

int fixture_end(void **state)
{
    struct fixture *f = *state;
    config_free(f->config);
    remove_tree(f->dir);
    free(f);
    return 0;
}

void fixture_refuses(struct fixture *f, const char *text, const char *told)
{
    fixture_write(f, "a.ini", text);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_non_null(strstr(f->told, told));
}
