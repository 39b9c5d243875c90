/* SPDX-License-Identifier: Apache-2.0 */
/* The [device] section of one P24, and what it says about the unit. No I/O. */
#ifndef SCIENCEMODE4_CONFIG_H
#define SCIENCEMODE4_CONFIG_H

#include "common/usb_name.h"
#include "memory.h"

/* KEY(id, key, required, meaning). Parser, descriptor, documentation and tests use this list and no other. */
#define SM4_KEYS(KEY)                                                                                                  \
    KEY(PLUGIN, "plugin", true, "sciencemode4")                                                                        \
    KEY(LINK, "link", true, "usb:0483:5740 with ,serial=TEXT or ,port=BUS-PORT or both")                               \
    KEY(SERIAL, "serial", true, "serial number that the device must report, ten characters")                           \
    KEY(SIMULATED, "simulated", false, "yes: not real hardware, shown in every session; default no")                   \
    KEY(GROUPS, "groups", false,                                                                                       \
        "up to four sets of channels that are started and stopped together; default: 1+2 3+4 5+6 7+8")                 \
    KEY(SECOND_PHASE, "second_phase", false,                                                                           \
        "height of the second phase of asymmetric pulses, 5 % to 100 % in steps of 5 %; without it there are none")

enum sm4_key {
#define KEY(id, key, required, meaning) SM4_KEY_##id,
    SM4_KEYS(KEY)
#undef KEY
        SM4_KEY_COUNT
};

extern const struct modality_config_key sm4_keys[SM4_KEY_COUNT];

#define SM4_SETS_MAX (MODALITY_GROUPS_MAX - SM4_CHANNELS) /* beside the groups of one channel each */

struct sm4_config {
    char id[MODALITY_NAME_MAX];
    struct usb_name name;
    char serial[SM4_ID_CHARS + 1];
    bool simulated;
    size_t n_sets;
    unsigned sets[SM4_SETS_MAX];   /* bit per channel */
    int64_t second_phase_permille; /* 0 = asymmetric pulses are not offered */
};

/* Reads the section: 0, or -EINVAL after every fault of it was reported. *out is untouched on failure. */
int sm4_config_read(const struct modality_services *services, const struct modality_config *lines,
                    struct sm4_config *out);

/* Everything about the unit: a group for each channel, and one for each set. */
void sm4_config_describe(const struct sm4_config *config, struct modality_device *out);

#endif
