/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to modalityd: calls with a deadline, and events that arrive in between. Prints nothing but, when asked
 * for JSON, exactly the lines that the daemon sent as answers.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct client;

/* Connects; prints why not. NULL on failure. */
struct client *client_open(const char *path, bool json);
void client_close(struct client *client);

/* Whether lines of the daemon are printed as they come (JSON mode), answers and events alike. Returns what it was. */
bool client_echo(struct client *client, bool echo);

/*
 * Calls method with params (stolen, may be NULL) and waits for the answer. Returns the result (new reference) or NULL
 * with the error object in *error (new reference; NULL when the daemon is silent or gone).
 */
json_t *client_call(struct client *client, const char *method, json_t *params, json_t **error);

/* The line that answered the last client_call, as it was received; "" before. Valid until the next call. */
const char *client_last_answer(const struct client *client);
/* How long client_call waits from now on; 10 s at first. */
void client_set_patience(struct client *client, int64_t ns);

/* Sends without waiting; the answer is dropped when it comes. 0 or negative errno. */
int client_send(struct client *client, const char *method, json_t *params);

/*
 * The next event's params (new reference), waiting until deadline_ns (CLOCK_MONOTONIC) or until *interrupted is set.
 * NULL: nothing came; *gone says whether the daemon closed the connection.
 */
json_t *client_event(struct client *client, int64_t deadline_ns, const volatile int *interrupted, bool *gone);

/* A request_id that nobody used before. Returns buffer (at least 40 bytes). */
const char *client_request_id(char *buffer, size_t size);

#endif
