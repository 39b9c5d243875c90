/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All methods, group by group.
 */
#include "api/method.h"

#include <string.h>

const struct method_group *const method_groups[METHOD_GROUPS] = {&methods_daemon, &methods_device, &methods_dose,
                                                                 &methods_session, &methods_record};

const struct method *method_find(const char *name)
{
    for (size_t g = 0; g < METHOD_GROUPS; g++) {
        for (size_t i = 0; i < method_groups[g]->n; i++) {
            if (strcmp(method_groups[g]->methods[i].name, name) == 0)
                return &method_groups[g]->methods[i];
        }
    }
    return NULL;
}
