/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of faults and of their arguments: the control socket's parser, its help and the parts that act on a
 * fault all read it. A fault belongs to exactly one scope: the wire (rules that bend requests and replies), the link
 * (the endpoint or the plugs themselves), the model (physics and device behaviour) or the page (what registers show).
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_scope { SCOPE_WIRE, SCOPE_LINK, SCOPE_MODEL, SCOPE_PAGE };

/* ARG(id, kind, least, most, words, help). A word argument's value is its position in the list. */
#define SIM_ARGS(ARG)                                                                                                  \
    ARG(count, INT, 1, 1000000, NULL, "how many requests it hits; without it until cleared")                           \
    ARG(skip, INT, 0, 1000000, NULL, "how many matching requests pass first")                                          \
    ARG(cut, WORD, 0, 1, "before,after", "whether the request is lost before or after the device acted on it")         \
    ARG(ms, INT, 0, 3600000, NULL, "a time in ms")                                                                     \
    ARG(how, WORD, 0, 9, "bit_flip,bad_crc,transaction,unit,function,address,value,garbage,truncate,noise",            \
        "what is wrong with the reply")                                                                                \
    ARG(code, INT, 0, 65535, NULL, "an exception code or a device fault code")                                         \
    ARG(retag, BOOL, 0, 1, NULL, "a replayed reply gets the transaction id of the request")                            \
    ARG(channel, INT, 1, 8, NULL, "channel, from 1; without it all channels")                                          \
    ARG(permille, INT, 0, 100000, NULL, "a share in permille")                                                         \
    ARG(ohm, INT, 1, 10000000, NULL, "impedance in ohm")                                                               \
    ARG(ramp_ms, INT, 0, 3600000, NULL, "the change takes this long, linearly")                                        \
    ARG(millic, INT, -20000, 200000, NULL, "temperature in 0.001 degC")                                                \
    ARG(hidden, BOOL, 0, 1, NULL, "the device reports what was asked for instead")                                     \
    ARG(ignores, WORD, 0, 1, "all,commands", "what a stuck output ignores: every way to rest, or commands only")       \
    ARG(keep_output, BOOL, 0, 1, NULL, "the output keeps running under the fault")                                     \
    ARG(restart, WORD, 0, 1, "rest,output", "what a reboot comes back with: at rest, or as it was before")             \
    ARG(address, INT, 0, 65535, NULL, "input register")                                                                \
    ARG(words, INT, 1, 4, NULL, "registers from address on")                                                           \
    ARG(value, INT, 0, 65535, NULL, "register value; without it the present one")                                      \
    ARG(model, INT, 0, 65535, NULL, "model number shown")                                                              \
    ARG(revision, INT, 0, 65535, NULL, "map revision shown")                                                           \
    ARG(serial, INT, 0, 4294967295, NULL, "serial number shown")                                                       \
    ARG(firmware, INT, 0, 65535, NULL, "firmware shown")                                                               \
    ARG(head_serial, INT, 0, 4294967295, NULL, "serial number of the head shown")                                      \
    ARG(plug, INT, 1, 2, NULL, "which plug of a USB device that has two; without it both")                             \
    ARG(endpoint, WORD, 0, 2, "in,out,requests", "of a USB device: what it sends, what it takes, what it is asked")    \
    ARG(bytes, INT, 0, 64, NULL, "bytes in a packet")

enum fault_arg {
#define ARG(id, kind, least, most, words, help) ARG_##id,
    SIM_ARGS(ARG)
#undef ARG
        ARG_COUNT
};

enum fault_arg_kind { ARG_KIND_INT, ARG_KIND_BOOL, ARG_KIND_WORD };
enum corrupt_how {
    CORRUPT_BIT_FLIP,
    CORRUPT_BAD_CRC,
    CORRUPT_TRANSACTION,
    CORRUPT_UNIT,
    CORRUPT_FUNCTION,
    CORRUPT_ADDRESS,
    CORRUPT_VALUE,
    CORRUPT_GARBAGE,
    CORRUPT_TRUNCATE,
    CORRUPT_NOISE
};
enum cut_when { CUT_BEFORE, CUT_AFTER };
enum stuck_ignores { STUCK_ALL, STUCK_COMMANDS };
enum restart_with { RESTART_REST, RESTART_OUTPUT };

#define A(id) (1u << ARG_##id)
#define A_RULE (A(count) | A(skip))

/* FAULT(id, scope, arguments it must have, arguments it may have, help). */
#define SIM_FAULTS(FAULT)                                                                                              \
    FAULT(drop, WIRE, 0, A_RULE | A(cut), "no reply; the request acts unless cut is before")                           \
    FAULT(silent, WIRE, 0, A_RULE, "the unit neither acts nor answers; others on the line go on")                      \
    FAULT(delay, WIRE, A(ms), A_RULE | A(cut), "reply ms late; cut before: it also acts late")                         \
    FAULT(drip, WIRE, A(ms), A_RULE, "reply one byte every ms")                                                        \
    FAULT(corrupt, WIRE, A(how), A_RULE, "a wrong reply; the request acts")                                            \
    FAULT(exception, WIRE, A(code), A_RULE, "exception reply; the request does not act")                               \
    FAULT(close, WIRE, 0, A_RULE | A(cut), "close the link instead of answering; acts unless cut is before")           \
    FAULT(late_write, WIRE, A(ms), A_RULE, "a write acts ms after its connection closed, and is never answered")       \
    FAULT(echo_only, WIRE, 0, A_RULE, "a write is answered as done and does not act")                                  \
    FAULT(duplicate, WIRE, 0, A_RULE, "the reply is sent twice")                                                       \
    FAULT(replay, WIRE, 0, A_RULE | A(retag), "the unit's last reply is sent again instead of the new one")            \
    FAULT(absent, LINK, 0, A(ms) | A(plug), "the endpoint closes, the plug is pulled; back after ms or on clear")      \
    FAULT(stall, LINK, A(endpoint), A(plug), "USB: stalls until the host clears it; requests until clear")             \
    FAULT(hang, LINK, A(endpoint), A(plug), "USB: the endpoint neither takes nor gives, and says nothing")             \
    FAULT(babble, LINK, A(bytes), A(plug), "USB: short packets of so many zeros, as fast as they are asked for")       \
    FAULT(stuck, MODEL, 0, A(channel) | A(ignores) | A(hidden), "the output stays on when told to rest")               \
    FAULT(self_start, MODEL, 0, A(channel), "the output goes on by itself, no command given")                          \
    FAULT(deliver, MODEL, A(permille), A(channel), "true output is this share of the set value")                       \
    FAULT(hold_level, MODEL, 0, A(channel), "the output keeps its present level whatever is set; it can be rested")    \
    FAULT(misreport, MODEL, A(permille), A(channel), "the measured output is this share of the true one")              \
    FAULT(jitter, MODEL, A(permille), A(channel), "the measured output jumps about by up to this share of the true")   \
    FAULT(alter_set, MODEL, A(permille), A(channel), "the set point of the level changes by itself to this share")     \
    FAULT(impedance, MODEL, A(ohm), A(channel) | A(ramp_ms), "stimulator: impedance, as a step or a ramp")             \
    FAULT(open, MODEL, 0, A(channel), "stimulator: an electrode is off")                                               \
    FAULT(half_lift, MODEL, 0, A(channel) | A(permille), "stimulator: only permille (250) of the electrode touches")   \
    FAULT(short, MODEL, 0, A(channel), "stimulator: the electrodes touch each other")                                  \
    FAULT(coupling, MODEL, A(permille), A(ramp_ms), "ultrasound: coupling, as a step or a ramp")                       \
    FAULT(dry, MODEL, 0, A(ramp_ms), "ultrasound: the gel dries out, over ramp_ms (10000)")                            \
    FAULT(contact_lost, MODEL, 0, 0, "ultrasound: head lifted; clear puts it back")                                    \
    FAULT(still, MODEL, 0, 0, "ultrasound: the head rests on one spot; clear moves it")                                \
    FAULT(head_temperature, MODEL, A(millic), 0, "ultrasound: the head is at this temperature now")                    \
    FAULT(drop_phase, MODEL, 0, A(channel), "stimulator, galvanic: the second phase of every pulse is missing")        \
    FAULT(polarity, MODEL, 0, A(channel), "galvanic: anode and cathode are swapped")                                   \
    FAULT(key_off, MODEL, 0, 0, "laser: the key switch is turned off; clear turns it on")                              \
    FAULT(door_open, MODEL, 0, 0, "laser: the remote interlock opens; clear closes it")                                \
    FAULT(diode, MODEL, 0, A(channel) | A(permille) | A(hidden), "laser: power regulation fails, permille (2300)")     \
    FAULT(skin_temperature, MODEL, 0, A(millic), "cold: the skin sensor shows this, or its present value, for ever")   \
    FAULT(skin_off, MODEL, 0, 0, "cold: the skin sensor hangs in the air")                                             \
    FAULT(skin_none, MODEL, 0, 0, "cold: no skin sensor is plugged in")                                                \
    FAULT(runaway, MODEL, 0, A(millic), "cold: while it cools the pad goes down to millic (0) whatever is set")        \
    FAULT(device_fault, MODEL, A(code), A(keep_output), "device fault code; its cause is gone on clear")               \
    FAULT(patient_stop, MODEL, 0, 0, "the patient presses the hand switch; clear lets it go")                          \
    FAULT(stall_timer, MODEL, 0, 0, "the device timer stands still")                                                   \
    FAULT(no_watchdog, MODEL, 0, 0, "the watchdog never trips")                                                        \
    FAULT(resume_when_fed, MODEL, 0, 0, "device variant: after a trip a late feed puts the output on again")           \
    FAULT(reboot, MODEL, 0, A(ms) | A(restart), "switch off and on; answers again after ms")                           \
    FAULT(freeze, PAGE, A(address), A(words) | A(value), "an input register shows the same value for ever")            \
    FAULT(identity, PAGE, 0, A(model) | A(revision) | A(serial) | A(firmware) | A(head_serial) | A(channel),           \
          "wrong identity; channel: whose head_serial")

enum fault_id {
#define FAULT(id, scope, must, may, help) FAULT_##id,
    SIM_FAULTS(FAULT)
#undef FAULT
        FAULT_COUNT
};

struct fault_kind {
    const char *name;
    const char *help;
    enum fault_scope scope;
    uint32_t must; /* bits 1 << enum fault_arg */
    uint32_t may;
};

struct fault_arg_spec {
    const char *name;
    const char *words; /* comma list, ARG_KIND_WORD only */
    const char *help;
    enum fault_arg_kind kind;
    int64_t least;
    int64_t most;
};

/* Values that were given; the others read as the caller's own default. */
struct fault_args {
    uint32_t present;
    int64_t value[ARG_COUNT];
};

extern const struct fault_kind fault_kinds[FAULT_COUNT];
extern const struct fault_arg_spec fault_arg_specs[ARG_COUNT];

/* Position in the table, or -ENOENT. */
int fault_find(const char *name);
int fault_arg_find(const char *name);
/* Position of word in a word argument's list, or -ENOENT. */
int fault_word_find(enum fault_arg arg, const char *word);

static inline int64_t fault_arg_or(const struct fault_args *args, enum fault_arg arg, int64_t fallback)
{
    return args->present & (1u << arg) ? args->value[arg] : fallback;
}

#endif
