/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which request of which uid was answered how, for 24 h: in memory on the loop's thread, and behind it in the database.
 * A request under way is in memory only: after a crash nobody knows its outcome, and it is new again.
 */
#ifndef RECORD_REQUEST_H
#define RECORD_REQUEST_H

#include "record/record.h"

#define REQUEST_BUCKETS 1024

struct request_node {
    struct request_node *next;
    uid_t uid;
    char *request_id, *digest;
    char *result; /* compact JSON; NULL = under way */
    int64_t wall_ms, boot_ns;
    bool this_boot;
};

struct requests {
    struct request_node *buckets[REQUEST_BUCKETS];
    size_t n, bytes;
};

struct request_node *request_find(const struct requests *requests, uid_t uid, const char *request_id);
/* Takes copies. 0, -EAGAIN (memory for results is used up), -ENOMEM. */
int request_add(struct requests *requests, const struct request_node *like, struct request_node **out);
int request_set_result(struct requests *requests, struct request_node *node, const char *result);
/* Forgets what is older than 24 h; dropped is told of each before it goes. */
void requests_purge(struct record *record, int64_t now_wall_ms, int64_t now_boot_ns);
void requests_free(struct requests *requests);

#endif
