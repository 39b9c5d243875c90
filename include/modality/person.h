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

/* The first byte of a UTF-8 letter is one, as is each that follows it. */
static inline bool modality_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80) != 0;
}

/*
 * Whether it starts as the template does, FILL IN, however that is spaced and written, and whatever comes behind the
 * words. A name that goes on from these letters (Fillinger) is a name.
 */
static inline bool modality_is_unfilled(const char *text)
{
    static const char words[] = "fillin";
    size_t n = 0;
    for (; *text != '\0' && words[n] != '\0'; text++) {
        const bool letter = modality_is_letter(*text);
        if (letter && (*text | 0x20) != words[n])
            return false;
        if (!letter && *text >= '0' && *text <= '9')
            return false;
        n += letter;
    }
    return words[n] == '\0' && !modality_is_letter(*text);
}

/* Two letters at least, and not the words that a template leaves there. */
static inline bool modality_is_person(const char *text)
{
    size_t letters = 0;
    for (const char *c = text; *c != '\0'; c++)
        letters += modality_is_letter(*c) && ((unsigned char)*c & 0xc0) != 0x80;
    return letters >= 2 && !modality_is_unfilled(text);
}

#endif
