/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of configuration keys of this plugin. Parser, descriptor, documentation and tests use it and no other
 * list. A key with <channel>, <group> or <part> in it stands once per channel, group or part of a list and belongs to
 * that.
 */
#ifndef MODBUS_MAP_KEYS_H
#define MODBUS_MAP_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "modality/plugin.h"

/* What a key describes. */
enum key_owner { OWNER_DEVICE, OWNER_MAP, OWNER_CHANNEL, OWNER_GROUP, OWNER_PART, OWNER_POINT };

/* KEY(id, owner, section, key, required, meaning) */
#define MAP_KEYS(KEY)                                                                                                  \
    KEY(DEVICE_PLUGIN, DEVICE, "device", "plugin", true, "modbus-map")                                                 \
    KEY(DEVICE_LINK, DEVICE, "device", "link", true,                                                                   \
        "tcp:HOST:PORT (numeric host, IPv6 in brackets) or serial:/dev/PATH")                                          \
    KEY(DEVICE_UNIT, DEVICE, "device", "unit", false, "Modbus unit: 1 (default) to 247; on TCP also 0 and 255")        \
    KEY(DEVICE_MAP, DEVICE, "device", "map", true, "id of the [map] section that describes the device")                \
    KEY(DEVICE_SIMULATED, DEVICE, "device", "simulated", false, "yes: not real hardware, shown in every session")      \
    KEY(DEVICE_SERIAL, DEVICE, "device", "serial", false, "serial number that the device must report")                 \
    KEY(DEVICE_BAUD, DEVICE, "device", "baud", false, "serial lines: 1200 to 230400; required there")                  \
    KEY(DEVICE_PARITY, DEVICE, "device", "parity", false, "serial lines: none, even or odd; required there")           \
    KEY(DEVICE_DATA_BITS, DEVICE, "device", "data_bits", false, "serial lines: 8, which RTU needs")                    \
    KEY(DEVICE_STOP_BITS, DEVICE, "device", "stop_bits", false, "serial lines: 1 (default) or 2")                      \
    KEY(DEVICE_RESPONSE_TIMEOUT, DEVICE, "device", "response_timeout", false,                                          \
        "longest wait for an answer, line time not counted: 5 ms to 1 s; default: the map's slice")                    \
    KEY(MAP_MAKER, MAP, "map", "maker", false, "who builds it")                                                        \
    KEY(MAP_MODEL, MAP, "map", "model", true, "its name")                                                              \
    KEY(MAP_MATURITY, MAP, "map", "maturity", false,                                                                   \
        "stable, experimental (default) or test-only: simulated devices alone")                                        \
    KEY(MAP_NOTES, MAP, "map", "notes", false, "free text: source of the map, what was tried on hardware")             \
    KEY(MAP_WORD_ORDER, MAP, "map", "word_order", false, "of 32-bit points: high_first or low_first; no default")      \
    KEY(MAP_WRITES, MAP, "map", "writes", false,                                                                       \
        "single (default): one register by function 6; multiple: registers always by function 16")                     \
    KEY(MAP_READ_OVER, MAP, "map", "read_over", false,                                                                 \
        "registers without a meaning that may be read along between two points: 0 (default) to 100")                   \
    KEY(MAP_SERVER_FAILURE, MAP, "map", "server_failure", false,                                                       \
        "what exception 4 on a write means: refused (it did not act) or unknown (default)")                            \
    KEY(MAP_WATCHDOG, MAP, "map", "watchdog", false, "time after which the device rests by itself when not fed")       \
    KEY(MAP_AFTER_WATCHDOG, MAP, "map", "after_watchdog", false,                                                       \
        "stays_off, resumes or unknown: what it does when fed after its watchdog tripped; required with a watchdog")   \
    KEY(MAP_ON_LINK_LOSS, MAP, "map", "on_link_loss", true,                                                            \
        "stops, continues or unknown: what its output does when the link is cut, its watchdog aside")                  \
    KEY(MAP_STOP_LEAVES_OUTPUT, MAP, "map", "stop_leaves_output", false, "yes: a stop does not reach rest")            \
    KEY(MAP_CONTACT_FROM, MAP, "map", "contact_from", false, "level from which contact is judged by the device")       \
    KEY(MAP_CONTACT_PROBE_POWER, MAP, "map", "contact_probe_power", false,                                             \
        "power that the head keeps by itself to sense contact; default none")                                          \
    KEY(MAP_AFTER_CONTACT_RETURN, MAP, "map", "after_contact_return", false,                                           \
        "stays_off, resumes or unknown (default): what it does by itself when contact returns")                        \
    KEY(MAP_SLICE, MAP, "map", "slice", false,                                                                         \
        "least time granted to one call: 5 ms to 2 s, default 50 ms; more is taken where the line needs it")           \
    KEY(MAP_STOP_TIME, MAP, "map", "stop_time", false,                                                                 \
        "least time counted for a stop and the status that proves it; more is taken where the line needs it")          \
    KEY(MAP_START_TIME, MAP, "map", "start_time", false,                                                               \
        "longest time from a start until the output is on (emission delay of a laser); default: at once")              \
    KEY(MAP_SETTLE_TIME, MAP, "map", "settle_time", true, "time after a set point until an actual value is judged")    \
    KEY(MAP_ANSWER_TIME, MAP, "map", "answer_time", false,                                                             \
        "usual time from a request to its answer, line time not counted: up to 1 s, default 5 ms")                     \
    KEY(MAP_REST_WITHIN, MAP, "map", "rest_within", false,                                                             \
        "a device without run point: time in which the actual value moves toward rest")                                \
    KEY(MAP_CHANNELS, MAP, "map", "channels", true, "ids of the channels, in order")                                   \
    KEY(MAP_GROUPS, MAP, "map", "groups", true, "ids of the output groups, in order")                                  \
    KEY(MAP_IDENTIFY, MAP, "map", "identify", true, "points that are read to know the device; expect is compared")     \
    KEY(MAP_POLL, MAP, "map", "poll", true, "points that make up one status")                                          \
    KEY(MAP_MAKE_SAFE, MAP, "map", "make_safe", true, "writes that rest the whole unit, point=value in order")         \
    KEY(MAP_KEEPALIVE, MAP, "map", "keepalive", false, "writes that feed the watchdog; required with a watchdog")      \
    KEY(PART_IDENTIFY, PART, "map", "identify.<part>", false, "more of identify, where a line is not long enough")     \
    KEY(PART_POLL, PART, "map", "poll.<part>", false, "more of poll, in the order of the lines")                       \
    KEY(PART_MAKE_SAFE, PART, "map", "make_safe.<part>", false, "more of make_safe, in the order of the lines")        \
    KEY(CHANNEL_MODALITY, CHANNEL, "map", "channel.<channel>.modality", true, "estim, ultrasound, laser or cold")      \
    KEY(CHANNEL_LEVEL, CHANNEL, "map", "channel.<channel>.level", true, "quantity that is walked from rest")           \
    KEY(CHANNEL_REFERENCE, CHANNEL, "map", "channel.<channel>.reference", false,                                       \
        "what the device calls its level: peak, peak_to_peak or satp; the points' scale converts; default by level")   \
    KEY(CHANNEL_NOISE, CHANNEL, "map", "channel.<channel>.noise", false,                                               \
        "noise of the measured output, as a value of level; required where output is measured")                        \
    KEY(CHANNEL_REST, CHANNEL, "map", "channel.<channel>.rest", false,                                                 \
        "rest set point of a level whose rest is declared (cold)")                                                     \
    KEY(CHANNEL_WAVEFORMS, CHANNEL, "map", "channel.<channel>.waveforms", false,                                       \
        "waveform classes of a channel without a waveform point")                                                      \
    KEY(GROUP_CHANNELS, GROUP, "map", "group.<group>.channels", true, "channels that start and stop together")         \
    KEY(GROUP_EXCLUDES, GROUP, "map", "group.<group>.excludes", false,                                                 \
        "groups that may not be on at the same time; groups that share a channel exclude each other anyway")           \
    KEY(GROUP_START, GROUP, "map", "start.<group>", true, "writes that energise it, point=value in order")             \
    KEY(GROUP_STOP, GROUP, "map", "stop.<group>", true, "writes that rest it, point=value in order")                   \
    KEY(POINT_TABLE, POINT, "point", "table", true, "coil, discrete, input or holding")                                \
    KEY(POINT_ADDRESS, POINT, "point", "address", true, "protocol address, zero based: 0 to 65535")                    \
    KEY(POINT_TYPE, POINT, "point", "type", true, "bit, u16, i16, u32, i32 or f32")                                    \
    KEY(POINT_BIT, POINT, "point", "bit", false, "which bit of a register, 0 (lowest) to 15")                          \
    KEY(POINT_ACTIVE, POINT, "point", "active", false, "of a bit: high (default) or low")                              \
    KEY(POINT_WORD_ORDER, POINT, "point", "word_order", false, "high_first or low_first; default: the map's")          \
    KEY(POINT_SCALE, POINT, "point", "scale", false,                                                                   \
        "units per raw step, a decimal or quotient (0.1, 5/9); default 1")                                             \
    KEY(POINT_OFFSET, POINT, "point", "offset", false, "units at raw 0, a decimal or quotient; default 0")             \
    KEY(POINT_QUANTITY, POINT, "point", "quantity", false, "what it is (include/modality/quantity.h)")                 \
    KEY(POINT_UNIT, POINT, "point", "unit", false, "unit of scale and offset; required with a quantity")               \
    KEY(POINT_MIN, POINT, "point", "min", false, "smallest value that may be written, with its unit")                  \
    KEY(POINT_MAX, POINT, "point", "max", false,                                                                       \
        "largest value that may be written, or that an actual value can show")                                         \
    KEY(POINT_RESOLUTION, POINT, "point", "resolution", false,                                                         \
        "f32: smallest step, with its unit; required where it is written")                                             \
    KEY(POINT_ACCESS, POINT, "point", "access", true, "ro, rw or wo")                                                  \
    KEY(POINT_ROLE, POINT, "point", "role", false,                                                                     \
        "setpoint, actual, run, starting, interlock, fault, fault_code, watchdog, patient_stop, contact, remaining, "  \
        "uptime, serial, firmware or applicator")                                                                      \
    KEY(POINT_CHANNEL, POINT, "point", "channel", false, "channel it belongs to; default: every channel")              \
    KEY(POINT_EXPECT, POINT, "point", "expect", false,                                                                 \
        "value that identify compares; of a property in poll, every status")                                           \
    KEY(POINT_NOISE, POINT, "point", "noise", false, "of an actual power: what it may show at rest, with its unit")    \
    KEY(POINT_ABSENT, POINT, "point", "absent", false, "of an actual value: raw number that means not measured")       \
    KEY(POINT_CODES, POINT, "point", "codes", false, "words and raw numbers: good:1 poor:2 ...")                       \
    KEY(POINT_FORMAT, POINT, "point", "format", false,                                                                 \
        "of serial, firmware and applicator: decimal (default), hex, or dotted (bytes)")

enum map_key {
#define KEY(id, owner, section, key, required, meaning) KEY_##id,
    MAP_KEYS(KEY)
#undef KEY
        KEY_COUNT
};

struct key_row {
    enum key_owner owner;
    const char *section;
    const char *key;
    bool required;
    const char *meaning;
};

extern const struct key_row key_rows[KEY_COUNT];
extern const struct modality_config_key key_descriptions[KEY_COUNT];

/*
 * Finds the row of a key in a section of the given kind; what stood at <channel> or <group> goes to subject (empty
 * where there is none). 0, or -ENOENT.
 */
int key_find(const char *section, const char *key, enum map_key *out, char subject[MODALITY_NAME_MAX]);

#endif
