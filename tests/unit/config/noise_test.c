/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise: random bytes, and shipped files with bytes and lines changed, must load or be refused with a place, and never
 * crash, hang or leak (the sanitizers watch). Deterministic: the same bytes on every run.
 */
#include "config_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed ^= seed << 13; /* xorshift32 */
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static void load_or_refuse(struct fixture *f)
{
    int rc = fixture_load(f, NULL);
    assert_true(rc == 0 ? f->n == 0 && f->config != NULL : f->n > 0 && f->config == NULL);
}

static void random_bytes(void **state)
{
    static const char alphabet[] = "[]=;#.,-_ \t\n\n\n\"'%:0123456789abcdefghilmnopstuwxyzAHJMW";
    struct fixture *f = *state;
    char text[2048];
    seed = 20261122;
    for (int round = 0; round < 150; round++) {
        size_t n = next(sizeof(text));
        bool readable = round % 3 != 0;
        for (size_t i = 0; i < n; i++)
            text[i] = readable ? alphabet[next(sizeof(alphabet) - 1)] : (char)next(256);
        fixture_write_bytes(f, "noise.ini", text, n);
        load_or_refuse(f);
    }
}

/* One change: a byte, a line left out, a line twice, two lines swapped for one, a piece cut off. */
static size_t change(char *text, size_t n)
{
    size_t at = next((uint32_t)n), end = at;
    switch (next(5)) {
    case 0:
        text[at] = (char)next(256);
        return n;
    case 1:
        text[at] = "=;[]. \n0-,"[next(10)];
        return n;
    case 2: /* leave out to the end of the line */
        while (end < n && text[end] != '\n')
            end++;
        memmove(text + at, text + end, n - end);
        return n - (end - at);
    case 3: /* a piece from elsewhere over this one */
        end = next((uint32_t)(n - 40));
        memmove(text + (at < n - 40 ? at : n - 40), text + end, 40);
        return n;
    default:
        return n - next(20);
    }
}

static void changed_files(void **state)
{
    static const char *const files[] = {"limits-estim.ini",    "limits-ultrasound.ini",    "screening.ini",
                                        "protocols/estim.ini", "protocols/ultrasound.ini", "maps/refstim.ini"};
    struct fixture *f = *state;
    seed = 7;
    fixture_copy(f, SHIPPED_DIR "/sites.ini", "sites.ini");
    for (int round = 0; round < 240; round++) {
        char path[256];
        size_t n;
        snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, files[round % 6]);
        char *text = file_text(path, &n);
        for (uint32_t k = next(8) + 1; k > 0; k--)
            n = change(text, n);
        fixture_write_bytes(f, "changed.ini", text, n);
        free(text);
        load_or_refuse(f);
    }
}

static void hostile_numbers_of_sections_and_keys(void **state)
{
    struct fixture *f = *state;
    static char text[240000];
    size_t used = 0;
    for (unsigned i = 0; used < sizeof(text) - 20; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "[map %x]\n", i);
    fixture_write_bytes(f, "a.ini", text, used);
    load_or_refuse(f);
    assert_non_null(strstr(f->told, "a.ini:4097: there are more than 4096 sections"));
    used = (size_t)snprintf(text, sizeof(text), "[map a]\n");
    for (unsigned i = 0; used < sizeof(text) - 20; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%x=1\n", i);
    fixture_write_bytes(f, "a.ini", text, used);
    load_or_refuse(f);
    assert_string_equal(f->told, "a.ini:514: [map a] has more than 512 keys\n");
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(random_bytes),
        RUN(changed_files),
        RUN(hostile_numbers_of_sections_and_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
