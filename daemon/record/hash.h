/* SPDX-License-Identifier: Apache-2.0 */
/* Which bucket a text belongs to: FNV-1a. Not for anything that an attacker must not foresee. */
#ifndef RECORD_HASH_H
#define RECORD_HASH_H

#include <stdint.h>

#include "record/patient.h"

static inline uint32_t hash_text(uint32_t seed, const char *text)
{
    uint32_t hash = 2166136261U ^ seed;

    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    return hash;
}

/* Patients that are one have one bucket. */
static inline uint32_t hash_patient(const char *patient_ref)
{
    uint32_t hash = 2166136261U;

    for (const char *c = patient_ref; *c; c++)
        hash = (hash ^ (unsigned char)patient_fold(*c)) * 16777619U;
    return hash;
}

#endif
