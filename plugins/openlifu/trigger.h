/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transmitter's trigger as the JSON text that sets and reports it. The firmware reads digits up to the first other
 * character, so that "0.5" would become 0 and end in a division by it: only whole numbers are written, and a number
 * that is read has nothing but zeros behind its point. Not a JSON parser: one flat object of the page's shape. Pure.
 */
#ifndef OPENLIFU_TRIGGER_H
#define OPENLIFU_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIFU_TRIGGER_TEXT_MAX 255    /* bytes that the firmware takes, and NUL */
#define LIFU_TRIGGER_ANSWER_MAX 1024 /* bytes of an answer that are looked at */

enum lifu_mode { LIFU_SEQUENCE, LIFU_CONTINUOUS, LIFU_SINGLE };

/* NUMBER(member, key, smallest, largest that is written). */
#define LIFU_TRIGGER_NUMBERS(NUMBER)                                                                                   \
    NUMBER(frequency_hz, "TriggerFrequencyHz", 1, 1000000)                                                             \
    NUMBER(pulse_count, "TriggerPulseCount", 1, 1000000)                                                               \
    NUMBER(pulse_width_us, "TriggerPulseWidthUsec", 1, 1000000)                                                        \
    NUMBER(train_interval_us, "TriggerPulseTrainInterval", 1, 600000000)                                               \
    NUMBER(train_count, "TriggerPulseTrainCount", 1, 1000000)                                                          \
    NUMBER(mode, "TriggerMode", 0, 0)                                                                                  \
    NUMBER(profile_index, "ProfileIndex", 0, 15)                                                                       \
    NUMBER(profile_increment, "ProfileIncrement", 0, 1)

struct lifu_trigger {
#define NUMBER(member, key, least, most) uint32_t member;
    LIFU_TRIGGER_NUMBERS(NUMBER)
#undef NUMBER
    bool running; /* of an answer: TriggerStatus */
};

/*
 * Writes the text with its NUL: 0; -EINVAL a number that the table does not allow (of the modes only the sequence,
 * which ends by itself), a pulse that fills its period, or trains that overlap; -ENOSPC.
 */
int lifu_trigger_write(const struct lifu_trigger *trigger, char *out, size_t size);

/* Reads an answer, ended by n or by NULs: 0, or -EPROTO. Keys that are not known are passed over. */
int lifu_trigger_read(const char *text, size_t n, struct lifu_trigger *out);

/* Whether both ask for the same, whatever their status. */
bool lifu_trigger_same(const struct lifu_trigger *a, const struct lifu_trigger *b);

#endif
