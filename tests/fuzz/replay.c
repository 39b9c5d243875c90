/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls the fuzz target with every file of the folders it is given, in a block of exactly its size. An empty folder is
 * a failure: a corpus that is not found must not look like one that passed.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1 << 20)

static void replay_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *f = fopen(path, "rbe");
    FUZZ_CHECK(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    FUZZ_CHECK(!ferror(f) && fgetc(f) == EOF);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1);
    FUZZ_CHECK(exact);
    memcpy(exact, bytes, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static int replay_folder(const char *folder)
{
    int files = 0;
    DIR *d = opendir(folder);
    if (!d) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return 0;
    }
    for (struct dirent *e; (e = readdir(d));) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        replay_file(path);
        files++;
    }
    closedir(d);
    printf("%s: %d inputs\n", folder, files);
    return files;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput(NULL, 0); /* as libFuzzer begins, too */
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i]) == 0;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
