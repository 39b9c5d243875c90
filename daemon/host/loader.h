/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads plugins, and holds what they describe against the contract. Only files of root or of our own user that nobody
 * else may write are loaded; nothing is ever unloaded.
 */
#ifndef HOST_LOADER_H
#define HOST_LOADER_H

#include "modality/plugin.h"

/*
 * Loads path and checks its descriptor. 0; -EPERM owner or mode; -ENOEXEC not loadable, symbol missing, abi or size
 * differ, a function missing; or errno of the file. reason is one sentence with numbers and path.
 */
int loader_load(const char *path, const struct modality_plugin **out, char *reason, size_t size);

/* Whether units[0..n) is something a scheduler can rely on: 0 or -EINVAL with reason. */
int loader_check_units(const struct modality_device *units, size_t n, char *reason, size_t size);

/* What the installation grants a call at least: units that need more keep theirs. */
void loader_grant_slice(struct modality_device *units, size_t n, uint32_t slice_ms);

/*
 * Bound of the dead-man without the permit: the longest slice on the line, which may just have begun, the grace after
 * which a hanging call ends, and one stop sequence of each unit (plus its rest_within_ms, where rest is a set point).
 */
uint32_t loader_dead_man_ms(const struct modality_device *units, size_t n, uint32_t grace_ms);

#endif
