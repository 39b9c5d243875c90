/* SPDX-License-Identifier: Apache-2.0 */
/* The [device] section of one console with its transmitter, and what it says about the unit. No I/O. */
#ifndef OPENLIFU_CONFIG_H
#define OPENLIFU_CONFIG_H

#include "calibration.h"
#include "command.h"
#include "common/usb_name.h"
#include "pattern.h"

#define LIFU_HARDWARE_ID_CHARS 24
#define LIFU_SERIAL_CHARS 49 /* two hardware ids, and the plus between them */

/* KEY(id, key, required, meaning). Parser, descriptor, documentation and tests use this list and no other. */
#define LIFU_KEYS(KEY)                                                                                                 \
    KEY(PLUGIN, "plugin", true, "openlifu")                                                                            \
    KEY(LINK, "link", true, "usb:0483:57a0,serial=TEXT+0483:57af,serial=TEXT: console, then transmitter")              \
    KEY(SERIAL, "serial", true,                                                                                        \
        "hardware ids that both must report: 24 hexadecimal digits of the console, +, 24 of the transmitter")          \
    KEY(SIMULATED, "simulated", false, "yes: not real hardware, shown in every session; default no")                   \
    KEY(CALIBRATION, "calibration", true,                                                                              \
        "SATP of this transducer by voltage, in equal steps: 30 mW/cm2 at 12.5 V, 60 mW/cm2 at 17.625 V")              \
    KEY(SOURCE, "calibration_source", true, "who measured that, when, and where it is written down")                   \
    KEY(FREQUENCY, "frequency", true, "acoustic frequency of the pattern that the transmitter holds, kHz or MHz")      \
    KEY(BURST_WIDTH, "burst_width", true, "length of a burst of that pattern, whole us")                               \
    KEY(PATTERN, "pattern", true,                                                                                      \
        "registers that tell the calibration's pattern, read back at every start: 0.018=02000003 0.120=1b311b2a")      \
    KEY(DUTY_MAX, "duty_max", false, "largest duty cycle that may be set, 0.1 % to 50 %; default 50 %")                \
    KEY(DURATION_MAX, "duration_max", false, "longest treatment, up to 10 min; default 10 min")                        \
    KEY(SURFACE_SENSOR, "surface_sensor", false,                                                                       \
        "tx or ambient: which sensor of the transmitter tells the temperature of the surface on the skin; "            \
        "default none")

enum lifu_key {
#define KEY(id, key, required, meaning) LIFU_KEY_##id,
    LIFU_KEYS(KEY)
#undef KEY
        LIFU_KEY_COUNT
};

extern const struct modality_config_key lifu_keys[LIFU_KEY_COUNT];

enum lifu_sensor { LIFU_SENSOR_NONE, LIFU_SENSOR_TX, LIFU_SENSOR_AMBIENT };

struct lifu_config {
    char id[MODALITY_NAME_MAX];
    struct usb_name names[LIFU_SIDES];
    char serial[LIFU_SERIAL_CHARS + 1];
    bool simulated;
    struct lifu_calibration calibration;
    struct lifu_pattern pattern;
    int64_t frequency_khz, burst_width_us, duty_max_permille, duration_max_ms;
    enum lifu_sensor surface_sensor;
};

/* Reads the section: 0, or -EINVAL after every fault of it was reported. *out is untouched on failure. */
int lifu_config_read(const struct modality_services *services, const struct modality_config *lines,
                     struct lifu_config *out);

/* The half of its serial that one side has to report: LIFU_HARDWARE_ID_CHARS, not terminated. */
const char *lifu_config_hardware_id(const struct lifu_config *config, enum lifu_side side);

/* Everything about the unit. */
void lifu_config_describe(const struct lifu_config *config, struct modality_device *out);

/* What the console's own ramp may take until it answers that the high voltage is on. */
#define LIFU_SWITCH_MS 2000
/* Trains are this long, so that a sequence ends at most so much before its time. */
#define LIFU_TRAIN_MS 100
#define LIFU_RATE_STEP_MILLIHZ 10000 /* whole pulses in each train */

#endif
