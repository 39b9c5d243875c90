/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every plugin with one device does around a call: says what it came to, once per change, and shares out the time
 * of a call among its steps. A call that goes on failing the same way is one line in the log.
 */
#ifndef PLUGINS_UNIT_CALL_H
#define PLUGINS_UNIT_CALL_H

#include "modality/plugin.h"

/* What was said last. Begins as all 0. */
struct unit_told {
    int error;
    const char *why;
};

/* Says what a call of unit id came to, where that has changed; why is a static text. Returns error. */
int unit_call_report(const struct modality_services *services, const char *id, struct unit_told *told, int error,
                     const char *why);

/* End of an even share of the time until the deadline, for one of so many steps. */
int64_t unit_call_share(int64_t deadline_ns, unsigned steps);

#endif
