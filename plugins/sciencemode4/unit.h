/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be done with the device on an open link. The functions are those of struct modality_plugin; see there for
 * what they promise. The device starts and updates with one command, which would also start again what it has stopped
 * by itself: so nothing but a start is ever sent to channels that do not report themselves running.
 */
#ifndef SCIENCEMODE4_UNIT_H
#define SCIENCEMODE4_UNIT_H

#include "common/unit_call.h"
#include "config.h"
#include "memory.h"
#include "port.h"

struct modality_link {
    const struct modality_services *services; /* the host's */
    struct sm4_config config;
    struct modality_device device; /* as described */
    struct transport_wire wire;    /* so that the protocol knows no USB */
    struct sm4_port port;
    struct sm4_memory memory;
    struct unit_told told;
};

/* Opens the transport of a link whose services, config, device and wire are filled. */
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
