/* SPDX-License-Identifier: Apache-2.0 */
/* "user=900:900:20:46 lock realtime=3": words with blanks between, in any order; "on" stands for none of them. */
#include "link/fence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fence_announce(const struct fence *fence)
{
    char text[FENCE_TEXT_MAX] = "on";
    size_t used = 2;
    if (!fence)
        return unsetenv(FENCE_VARIABLE) < 0 ? -errno : 0;
    if (fence->has_user) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, " user=%u:%u", fence->uid, fence->gid);
        for (size_t i = 0; i < fence->n_groups && i < FENCE_GROUPS_MAX; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, ":%u", fence->groups[i]);
    }
    if (fence->lock_memory)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " lock");
    if (fence->realtime > 0)
        snprintf(text + used, sizeof(text) - used, " realtime=%u", fence->realtime);
    return setenv(FENCE_VARIABLE, text, 1) < 0 ? -errno : 0;
}

/* Reads the digits at *at, which then stands behind them: false when there are none or too many. */
static bool number_take(const char **at, uint32_t *out)
{
    uint64_t value = 0;
    const char *begin = *at;
    for (; **at >= '0' && **at <= '9' && value <= UINT32_MAX; (*at)++)
        value = value * 10 + (uint64_t)(**at - '0');
    if (*at == begin || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

static void user_take(const char *at, struct fence *out)
{
    struct fence user = {0};
    if (!number_take(&at, &user.uid) || *at++ != ':' || !number_take(&at, &user.gid))
        return;
    while (*at == ':' && user.n_groups < FENCE_GROUPS_MAX) {
        at++;
        if (!number_take(&at, &user.groups[user.n_groups++]))
            return;
    }
    out->has_user = true;
    out->uid = user.uid;
    out->gid = user.gid;
    out->n_groups = user.n_groups;
    memcpy(out->groups, user.groups, sizeof(out->groups));
}

bool fence_given(struct fence *out)
{
    char copy[FENCE_TEXT_MAX], *rest = NULL;
    const char *text = getenv(FENCE_VARIABLE);
    if (!text)
        return false;
    *out = (struct fence){0};
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, "user=", 5) == 0)
            user_take(word + 5, out);
        else if (strcmp(word, "lock") == 0)
            out->lock_memory = true;
        else if (strncmp(word, "realtime=", 9) == 0)
            number_take(&(const char *){word + 9}, &out->realtime);
    }
    return true;
}
