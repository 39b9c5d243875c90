/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of console and transmitter: the first byte chooses who was asked what, the rest is the answer's type, its
 * small result and its data. Whatever is read is within its bounds, and a trigger that was read and can be written is
 * read again as the same.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "command.h"

static const uint8_t codes[LIFU_COMMAND_COUNT] = {
#define COMMAND(id, code, type, size) code,
    LIFU_COMMANDS(COMMAND)
#undef COMMAND
};

/* Written for a device, then answered by one. */
static void check_trigger(const struct lifu_trigger *trigger)
{
    char text[LIFU_TRIGGER_TEXT_MAX + sizeof ",\"TriggerStatus\":\"STOPPED\"}"];
    struct lifu_trigger again;
    if (lifu_trigger_write(trigger, text, LIFU_TRIGGER_TEXT_MAX) < 0)
        return;
    FUZZ_CHECK(trigger->mode == LIFU_SEQUENCE && trigger->train_count > 0 && trigger->frequency_hz > 0);
    memcpy(text + strlen(text) - 1, ",\"TriggerStatus\":\"STOPPED\"}", sizeof ",\"TriggerStatus\":\"STOPPED\"}");
    FUZZ_CHECK(lifu_trigger_read(text, strlen(text), &again) == 0);
    FUZZ_CHECK(lifu_trigger_same(trigger, &again) && !again.running);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lifu_answer a;
    if (size < 3)
        return 0;
    memset(&a, 0x5a, sizeof a);
    enum lifu_side side = data[0] & 0x80 ? LIFU_TRANSMITTER : LIFU_CONSOLE;
    enum lifu_command command = (enum lifu_command)((data[0] & 0x7f) % LIFU_COMMAND_COUNT);
    const struct ow_packet packet = {
        .id = 1, .type = data[1], .command = codes[command], .reserved = data[2], .size = size - 3, .data = data + 3};
    int r = lifu_decode(side, command, &packet, &a);
    FUZZ_CHECK(r == 0 || r == -EACCES || r == -EPROTO);
    if (r < 0) {
        FUZZ_CHECK(a.text[0] == 0x5a && a.text[LIFU_TEXT_MAX - 1] == 0x5a); /* untouched */
        return 0;
    }
    FUZZ_CHECK(packet.type == 0xe3);
    FUZZ_CHECK(memchr(a.text, '\0', sizeof a.text) != NULL);
    FUZZ_CHECK(a.milli <= INT64_C(524288000) && a.milli >= -INT64_C(524288000));
    if (command == LIFU_SET_TRIGGER || command == LIFU_GET_TRIGGER)
        check_trigger(&a.trigger);
    return 0;
}
