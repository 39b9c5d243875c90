/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rest of daemon/dose may rely on of value.c: any text, ended within its buffer. value.c itself is proved to
 * do so for each quantity by value.c beside this file.
 */
#include "any.h"

#include "dose/value.h"

/*@ requires quantity: q < QUANTITY_COUNT;
    requires room: size >= 1 && \valid(buffer + (0 .. size - 1)); */
const char *value_format(enum modality_quantity q, int64_t value, char *buffer, size_t size)
{
    Frama_C_make_unknown(buffer, size);
    buffer[size - 1] = '\0';
    return buffer;
}

/*@ requires quantity: q < QUANTITY_COUNT;
    requires room: size >= 1 && \valid(buffer + (0 .. size - 1)); */
const char *value_format_beside(enum modality_quantity q, int64_t value, int64_t other, char *buffer, size_t size)
{
    Frama_C_make_unknown(buffer, size);
    buffer[size - 1] = '\0';
    return buffer;
}
