/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of sections and keys of the configuration: what the parser accepts, `modalityd --config-help` prints
 * and config.explain says. A key that is not here does not exist, except in device, map and point sections, whose
 * further keys belong to the device's plugin.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "modality/quantity.h"

enum key_section {
    SECTION_DAEMON,
    SECTION_ROLE,
    SECTION_LIMIT,
    SECTION_ACCEPT,
    SECTION_PROTOCOL,
    SECTION_BUNDLE,
    SECTION_CONDITION,
    SECTION_QUESTION,
    SECTION_SITE,
    SECTION_APPLICATOR,
    SECTION_DEVICE,
    SECTION_MAP,
    SECTION_POINT,
    SECTION_COUNT
};

/* How a value is written. */
enum key_type {
    KEY_TEXT,      /* any text */
    KEY_ID,        /* an id of another section or of a vocabulary */
    KEY_WORD,      /* one of words */
    KEY_LIST,      /* items with commas between */
    KEY_VALUE,     /* a decimal with a unit */
    KEY_BAND,      /* A..B with units; either end may be left out */
    KEY_PARAMETER, /* a fixed value, or "A..B, default C" */
    KEY_COUNT,     /* a whole number */
    KEY_COUNTS,    /* a whole number or "A..B" */
    KEY_DATE,      /* YYYY-MM-DD */
    KEY_PATH,      /* an absolute path */
    KEY_MODE,      /* an octal file mode */
};

struct key_info {
    const char *key; /* "max", or with a placeholder: "when.<quantity>", "<quantity>", "answer.<answer>" */
    enum key_section section;
    enum key_type type;
    enum modality_quantity quantity; /* of KEY_VALUE; QUANTITY_COUNT: the section or the key says which */
    bool required;
    const char *initial;    /* default as it would be written; NULL = none */
    const char *low, *high; /* permitted range as it would be written; NULL = none */
    const char *words;      /* KEY_WORD, KEY_LIST, KEY_ID: what is understood */
    const char *meaning;    /* one line */
};

struct section_info {
    const char *name;    /* "limit" */
    const char *id;      /* "<id>", "<map>.<name>", or NULL: stands alone */
    const char *meaning; /* one line */
    bool open;           /* further keys belong to the plugin */
};

const struct section_info *keys_section(enum key_section s);
/* Finds a kind of section by name: 0 or -ENOENT. */
int keys_section_find(const char *name, size_t length, enum key_section *out);
const struct key_info *keys_all(size_t *n);
/* The row of a key, placeholders resolved; NULL if the section has none such. */
const struct key_info *keys_find(enum key_section section, const char *key);
/* The same by the title of a section as struct config_line has it: "limit es_step_max". */
const struct key_info *keys_of_title(const char *title, const char *key);
/* How a value of this type is written, for people: "a decimal with a unit". */
const char *keys_type_text(enum key_type type);
/* The reference that `modalityd --config-help` prints. */
void config_keys_print(FILE *out);

#endif
