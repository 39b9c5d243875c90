/* SPDX-License-Identifier: Apache-2.0 */
/* A short list: people act one at a time. */
#include "api/inflight.h"

#include <stdlib.h>
#include <string.h>

struct inflight *inflight_find(const struct api *api, uid_t uid, const char *request_id)
{
    struct inflight *f = api->inflight;
    while (f != NULL && (f->uid != uid || strcmp(f->request_id, request_id) != 0))
        f = f->next;
    return f;
}

struct inflight *inflight_begin(struct api *api, uid_t uid, const char *request_id, const char *digest)
{
    struct inflight *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return NULL;
    f->uid = uid;
    memcpy(f->request_id, request_id, strlen(request_id) + 1);
    memcpy(f->digest, digest, sizeof(f->digest));
    f->next = api->inflight;
    api->inflight = f;
    return f;
}

struct call *inflight_end(struct api *api, struct inflight *f, json_t *result)
{
    struct inflight **link = &api->inflight;
    while (*link != f)
        link = &(*link)->next;
    *link = f->next;
    /* Its place was taken before; a full queue loses only the memory across a restart, and health says so. */
    if (result != NULL)
        (void)record_request_store(api->settings.record, f->uid, f->request_id, f->digest, result);
    struct call *waiters = f->waiters;
    free(f);
    return waiters;
}

void inflights_clear(struct api *api)
{
    while (api->inflight != NULL) {
        struct inflight *f = api->inflight;
        api->inflight = f->next;
        free(f);
    }
}
