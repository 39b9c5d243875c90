/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a patient reference may look like, and which two are one patient: letters, digits and a few marks of ASCII, and
 * capitals are small letters. Everything that asks for a patient compares so, in memory and in the database.
 */
#ifndef RECORD_PATIENT_H
#define RECORD_PATIENT_H

#include <stdbool.h>
#include <stdint.h>

#define PATIENT_MARKS "._/-" /* may stand between letters and digits */
#define PATIENT_EQUALS(column, value) column " = " value " COLLATE NOCASE"

static inline char patient_fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static inline bool patient_same(const char *a, const char *b)
{
    while (*a && patient_fold(*a) == patient_fold(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

#endif
