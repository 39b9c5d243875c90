/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises session.stop, stop.all and session.keepalive in the bytes of a line while they arrive: in fixed memory,
 * before any JSON is parsed, whatever the order of keys and however strings are escaped. Only the top-level object of a
 * line, or the objects directly inside a top-level array, count; anything nested is a decoy.
 *
 * It errs on the side of stopping. A byte order mark before a line is passed over. A stop acts when its object ends, or
 * when its line breaks off or turns out not to be JSON after the method was read; a stop whose session_id is missing,
 * not a usable string or given twice with two values stops everything. A keep-alive prolongs an output, so it counts
 * only in a whole object without repetitions.
 */
#ifndef API_SCANNER_H
#define API_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/limits.h"

#define SCANNER_DEPTH_MAX 2048 /* jansson refuses deeper nesting */
#define SCANNER_TEXT_MAX 96    /* longest method that can match anything */

/* What was recognised; strings live for the time of the call. */
struct scanner_call {
    bool stop;              /* else a keep-alive */
    const char *session_id; /* of a stop: NULL = everything */
    const char *lease_key;  /* of a keep-alive */
};
typedef void scanner_found(void *userdata, const struct scanner_call *call);

enum scanner_state {
    SCAN_VALUE,
    SCAN_VALUE_OR_END, /* after [ */
    SCAN_KEY_OR_END,   /* after { */
    SCAN_KEY,          /* after , in an object */
    SCAN_COLON,
    SCAN_AFTER, /* after a value inside a container */
    SCAN_STRING,
    SCAN_ESCAPE,
    SCAN_HEX,
    SCAN_LITERAL,
    SCAN_MINUS,
    SCAN_ZERO,
    SCAN_DIGITS,
    SCAN_POINT,
    SCAN_FRACTION,
    SCAN_EXPONENT,
    SCAN_EXPONENT_SIGN,
    SCAN_EXPONENT_DIGITS,
    SCAN_DONE, /* after the top-level value */
    SCAN_BROKEN,
};

/* Which member of a request the value that comes belongs to. */
enum scanner_member { MEMBER_OTHER, MEMBER_METHOD, MEMBER_PARAMS, MEMBER_SESSION_ID, MEMBER_LEASE_KEY };

/* One string member as far as it is known. */
struct scanner_text {
    unsigned given; /* how often */
    bool unusable;  /* not a string of 1 to API_ID_MAX visible ASCII characters, or repeated with another value */
    char text[API_ID_MAX + 1];
};

struct scanner {
    enum scanner_state state;
    unsigned bom; /* bytes of a byte order mark so far, 3 = past it or without one */
    enum scanner_member member;
    unsigned depth;
    unsigned item_depth;   /* depth inside the request object under way, 0 = none */
    unsigned params_depth; /* depth inside its params object, 0 = not in it */
    bool in_key, keep;     /* the string under way is a key; its text is wanted */
    unsigned hex_left;
    uint32_t hex;
    const char *literal; /* what must follow of true, false, null */
    size_t length;       /* of text; beyond its size = too long */
    char text[SCANNER_TEXT_MAX];
    bool stop, stop_all, keepalive;
    unsigned methods, params;
    struct scanner_text session_id, lease_key;
    uint64_t objects[SCANNER_DEPTH_MAX / 64]; /* bit per open container: an object, else an array */
};

/* A new line begins. */
void scanner_begin(struct scanner *s);
/* More bytes of it, without its newline; found is called for each request recognised. */
void scanner_feed(struct scanner *s, const char *bytes, size_t n, scanner_found *found, void *userdata);
/* The line ends here: by its newline, by end of file, or because it is too long. Begins a new one. */
void scanner_end(struct scanner *s, scanner_found *found, void *userdata);

#endif
