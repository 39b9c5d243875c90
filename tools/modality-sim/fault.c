/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

const struct fault_kind fault_kinds[FAULT_COUNT] = {
#define FAULT(id, scope_, must_, may_, help_) {#id, help_, SCOPE_##scope_, must_, (must_) | (may_)},
    SIM_FAULTS(FAULT)
#undef FAULT
};

const struct fault_arg_spec fault_arg_specs[ARG_COUNT] = {
#define ARG(id, kind_, least_, most_, words_, help_) {#id, words_, help_, ARG_KIND_##kind_, least_, most_},
    SIM_ARGS(ARG)
#undef ARG
};

int fault_find(const char *name)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(fault_kinds[i].name, name) == 0)
            return i;
    return -ENOENT;
}

int fault_arg_find(const char *name)
{
    for (int i = 0; i < ARG_COUNT; i++)
        if (strcmp(fault_arg_specs[i].name, name) == 0)
            return i;
    return -ENOENT;
}

int fault_word_find(enum fault_arg arg, const char *word)
{
    const char *at = fault_arg_specs[arg].words;
    size_t length = strlen(word);
    for (int index = 0; at; index++) {
        size_t size = strcspn(at, ",");
        if (size == length && memcmp(at, word, length) == 0)
            return index;
        at = at[size] ? at + size + 1 : NULL;
    }
    return -ENOENT;
}
