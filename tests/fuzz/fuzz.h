/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz target is: one function, which libFuzzer or replay.c calls with any bytes. It ends the program when a
 * promise of the decoder is broken; what the decoder must not touch is the sanitizers' part.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(promise)                                                                                            \
    do {                                                                                                               \
        if (!(promise)) {                                                                                              \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                                      \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
