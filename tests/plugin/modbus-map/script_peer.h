/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that knows a conversation by heart: it compares every request with the bytes that it expects next and
 * answers with the bytes that stand beside them. A request that differs is kept, said at the end, and never answered.
 */
#ifndef TEST_MODBUS_MAP_SCRIPT_PEER_H
#define TEST_MODBUS_MAP_SCRIPT_PEER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Frames as a manual prints them: "0A 03 13 88 00 02 41 DE". On RTU the checksum may be left out by ending on "..": it
 * is then computed. On TCP the first two bytes of a request are its transaction, which is not compared but repeated.
 */
struct script_step {
    const char *request, *reply;
};

struct script_peer;

/* steps must outlive the peer. */
struct script_peer *script_new(bool rtu, const struct script_step *steps, size_t n);
const char *script_link(const struct script_peer *p);
/* Ends it; fails unless all steps were taken, in order, and nothing else came. */
void script_end(struct script_peer *p);

#endif
