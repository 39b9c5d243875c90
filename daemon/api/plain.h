/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text of a request may hold, so that two texts that look the same are the same, and no text hides what stands
 * beside it in a journal, a list or a record. The check and the pattern of rpc.discover come from one table.
 */
#ifndef API_PLAIN_H
#define API_PLAIN_H

#include <stddef.h>
#include <stdint.h>

enum plain_kind {
    PLAIN_REFERENCE, /* one line: no control or invisible characters, no blank at either end */
    PLAIN_FREE,      /* a person's words: newlines too, and the joiners that some scripts are written with */
    PLAIN_DATE,      /* a date that exists, YYYY-MM-DD */
    PLAIN_ID,        /* made by this daemon: visible ASCII. The scanner judges a session_id by the same bytes */
    PLAIN_PATIENT,   /* a patient's reference: what cannot be taken for another one (record/patient.h) */
    PLAIN_COUNT,
};

#define PLAIN_FAULT_MAX 120
#define PLAIN_PATTERN_MAX 600

/* 0, or -EINVAL with what was expected instead. text is valid UTF-8. */
int plain_check(enum plain_kind kind, const char *text, size_t length, char fault[PLAIN_FAULT_MAX]);
/* Its name in rpc.discover, "text.id". */
const char *plain_name(enum plain_kind kind);
/* The same as a regular expression of JSON Schema. */
void plain_pattern(enum plain_kind kind, char out[PLAIN_PATTERN_MAX]);

#endif
