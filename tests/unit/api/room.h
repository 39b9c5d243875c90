/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running API on a real socket and a real event loop, with clients in the same process. Every wait turns the loop and
 * is bounded.
 */
#ifndef TEST_API_ROOM_H
#define TEST_API_ROOM_H

#include "api/api.h"
#include "api/call.h"
#include "api/events.h"
#include "api/server.h"
#include "fake.h"

struct room {
    char dir[64], path[100];
    sd_event *event;
    struct api *api;
    struct config config;
    struct config_role role;
    uid_t uid;
    struct protocol protocols[2];
    struct limit limits[2];
    struct config_line lines[2];
};

/* cmocka fixtures: a room whose peer is a therapist that may act for others. */
int room_setup(void **state);
int room_teardown(void **state);

/* A connected client. */
int client_open(const struct room *room);
void client_send(int fd, const char *text);
/* One line from it, parsed: a new reference; NULL when the peer closed. Fails the test after 5 s. */
json_t *client_line(struct room *room, int fd);
/* Sends and reads. */
json_t *client_call(struct room *room, int fd, const char *text);
/* Turns the loop until nothing more happens. */
void room_settle(struct room *room);
/* Turns it for this long. */
void room_run_ms(struct room *room, int64_t ms);

/* Members of an answer. */
int64_t answer_code(const json_t *answer);
const char *answer_token(const json_t *answer);

/* A sane session request as text, with the given request_id and operator id. Static buffer. */
const char *prepare_text(const char *id, const char *request_id, const char *operator_id, const char *patient);

#endif
