/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a key that answers for something was filled in: a person's name, or who measured what and where that is
 * written. It cannot be told whether the name is true; a blank, a digit or the template's own words are none. Pure; for
 * plugins and daemon alike.
 */
#ifndef MODALITY_PERSON_H
#define MODALITY_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* Two letters at least, and not the words that a template leaves there. The first byte of a UTF-8 letter is one. */
static inline bool modality_is_person(const char *text)
{
    size_t letters = 0;
    for (const char *c = text; *c != '\0'; c++)
        letters += (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || ((unsigned char)*c & 0xc0) == 0xc0;
    return letters >= 2 && strcasecmp(text, "FILL IN") != 0;
}

#endif
