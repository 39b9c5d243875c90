/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be done with the device on an open link. The functions are those of struct modality_plugin; see there for
 * what they promise. The device has one list: whatever group is started, a stop of any group stops it.
 */
#ifndef SCIENCEMODE2_UNIT_H
#define SCIENCEMODE2_UNIT_H

#include "common/transport.h"
#include "common/unit_call.h"
#include "config.h"
#include "memory.h"
#include "modality/plugin.h"

struct modality_link {
    const struct modality_services *services; /* the host's */
    struct sm2_config config;
    char serial[MODALITY_NAME_MAX]; /* of the USB device, "" = not known */
    struct transport_wire wire;
    bool open;
    unsigned failures; /* since the last answer; one by itself is no fault of the transport */
    struct dialog dialog;
    struct sm2_memory memory;
    struct unit_told told;
};

/* Opens the transport of a link whose other members are filled. */
int unit_open(struct modality_link *link, int64_t deadline_ns);
int unit_reopen(struct modality_link *link, int64_t deadline_ns);
void unit_close(struct modality_link *link);

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out);
int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out);
int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns);
int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns);
int unit_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns);

#endif
