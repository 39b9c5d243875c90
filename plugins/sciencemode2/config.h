/* SPDX-License-Identifier: Apache-2.0 */
/* The [device] section of one RehaStim 2, and what it says about the unit. No I/O. */
#ifndef SCIENCEMODE2_CONFIG_H
#define SCIENCEMODE2_CONFIG_H

#include "common/usb_name.h"
#include "modality/plugin.h"

/* KEY(id, key, required, meaning). Parser, descriptor, documentation and tests use this list and no other. */
#define SM2_KEYS(KEY)                                                                                                  \
    KEY(PLUGIN, "plugin", true, "sciencemode2")                                                                        \
    KEY(LINK, "link", true,                                                                                            \
        "usb:0403:6001 with ,serial=TEXT or ,port=BUS-PORT or both, or serial:/dev/PATH of the kernel's driver")       \
    KEY(GROUPS, "groups", false,                                                                                       \
        "sets of channels to be treated with together, besides each channel and all of them: ch1_ch2 ch3_ch4_ch5")     \
    KEY(SIMULATED, "simulated", false, "yes: not real hardware, shown in every session; default no")

enum sm2_key {
#define KEY(id, key, required, meaning) SM2_KEY_##id,
    SM2_KEYS(KEY)
#undef KEY
        SM2_KEY_COUNT
};

extern const struct modality_config_key sm2_keys[SM2_KEY_COUNT];

#define SM2_PATH_MAX 128 /* bytes of a device path, NUL included */

/* Channels that are treated with together, a bit each. */
struct sm2_group {
    char id[MODALITY_NAME_MAX];
    uint32_t channels;
};

struct sm2_config {
    char id[MODALITY_NAME_MAX];
    size_t n_groups; /* each channel, all of them, and what the section names */
    struct sm2_group groups[MODALITY_GROUPS_MAX];
    bool usb;
    struct usb_name name;    /* usb */
    char path[SM2_PATH_MAX]; /* otherwise */
    bool simulated;
};

/* Reads the section: 0, or -EINVAL after every fault of it was reported. *out is untouched on failure. */
int sm2_config_read(const struct modality_services *services, const struct modality_config *lines,
                    struct sm2_config *out);

/* Everything about the unit. */
void sm2_config_describe(const struct sm2_config *config, struct modality_device *out);

#endif
