/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin whose description never ends. */
#include <unistd.h>

#include "modality/plugin.h"

const struct modality_plugin *modality_plugin(void)
{
    for (;;)
        pause();
}
