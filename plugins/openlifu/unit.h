/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be done with the two devices on an open link. The functions are those of struct modality_plugin; see there
 * for what they promise. A start runs the trigger without a voltage and proves that it runs; a level then switches the
 * voltage on, and every other level switches it off in between. So no sound is made before both devices have answered,
 * and it goes on only as long as both do.
 */
#ifndef OPENLIFU_UNIT_H
#define OPENLIFU_UNIT_H

#include "common/unit_call.h"
#include "memory.h"
#include "port.h"

struct modality_link {
    const struct modality_services *services; /* the host's */
    struct lifu_config config;
    struct modality_device device;          /* as described */
    struct transport_wire wire[LIFU_SIDES]; /* where the transports come from */
    struct lifu_port port[LIFU_SIDES];
    struct lifu_memory memory;
    struct unit_told told;
};

/*
 * Opens the transports of a link whose services, config, device and wires are filled. One of two is enough: it may have
 * to be stopped because the other one is gone. Nothing but rest is possible then.
 */
int unit_open(struct modality_link *link, int64_t deadline_ns);
int unit_reopen(struct modality_link *link, int64_t deadline_ns);
void unit_close(struct modality_link *link);

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out);
int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out);
int unit_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns);
int unit_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
int unit_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns);

#endif
