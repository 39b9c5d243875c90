/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the key table, as the parser and as the descriptor want them, and the search in them.
 */
#include "keys.h"

#include <errno.h>
#include <string.h>

const struct key_row key_rows[KEY_COUNT] = {
#define KEY(id, owner_id, section_word, key_text, is_required, text)                                                   \
    [KEY_##id] = {.owner = OWNER_##owner_id,                                                                           \
                  .section = section_word,                                                                             \
                  .key = key_text,                                                                                     \
                  .required = is_required,                                                                             \
                  .meaning = text},
    MAP_KEYS(KEY)
#undef KEY
};

const struct modality_config_key key_descriptions[KEY_COUNT] = {
#define KEY(id, owner, section_word, key_text, required, text) [KEY_##id] = {section_word, key_text, text, required},
    MAP_KEYS(KEY)
#undef KEY
};

/* Compares a key with a pattern in which one <...> stands for any name without a dot. */
static bool matches(const char *pattern, const char *key, char subject[MODALITY_NAME_MAX])
{
    const char *open = strchr(pattern, '<');
    subject[0] = '\0';
    if (!open)
        return strcmp(pattern, key) == 0;
    size_t head = (size_t)(open - pattern);
    if (strncmp(pattern, key, head) != 0)
        return false;
    const char *tail = strchr(open, '>') + 1;
    size_t length = strcspn(key + head, ".");
    if (length == 0 || length >= MODALITY_NAME_MAX || strcmp(key + head + length, tail) != 0)
        return false;
    memcpy(subject, key + head, length);
    subject[length] = '\0';
    return true;
}

int key_find(const char *section, const char *key, enum map_key *out, char subject[MODALITY_NAME_MAX])
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(key_rows[i].section, section) == 0 && matches(key_rows[i].key, key, subject)) {
            *out = (enum map_key)i;
            return 0;
        }
    }
    return -ENOENT;
}
