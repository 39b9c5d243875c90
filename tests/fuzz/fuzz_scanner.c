/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the bytes of a line as a client sends them, through the scanner that hears stops and keep-alives before
 * any JSON is parsed. It hears the same in whatever pieces the line comes, and of a line that is JSON just what it
 * means; and more bytes never take back what a part of them asked for.
 */
#include "fuzz.h"
#include "unit/api/heard.h"

/* So many of the characters that end what was heard. */
static size_t heard_calls(const struct heard *h)
{
    size_t n = 0;
    for (const char *at = h->text; *at != 0; at++)
        n += *at == ' ';
    return n;
}

static void check_meaning(const char *line, size_t size, const struct heard *heard)
{
    struct heard meant;
    json_t *read = json_loadb(line, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (read == NULL)
        return;
    heard_expect(read, &meant);
    FUZZ_CHECK(strcmp(heard->text, meant.text) == 0);
    json_decref(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = (const char *)data;
    struct heard whole, bytes, cut;
    heard_scan(line, size, size > 0 ? size : 1, &whole);
    heard_scan(line, size, 1, &bytes);
    FUZZ_CHECK(strcmp(whole.text, bytes.text) == 0);
    heard_scan(line, size, 7, &bytes);
    FUZZ_CHECK(strcmp(whole.text, bytes.text) == 0);
    check_meaning(line, size, &whole);
    /* More bytes never take back what half of them ask for. */
    heard_scan(line, size / 2, 16, &cut);
    FUZZ_CHECK(heard_calls(&cut) <= heard_calls(&whole) || strlen(whole.text) + 1 == sizeof(whole.text));
    return 0;
}
