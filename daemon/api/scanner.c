/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON validator, one byte at a time over fixed state, that keeps three strings of each request. No byte
 * is looked at twice and nothing is allocated: this runs before every other work of the daemon.
 */
#include "api/scanner.h"

#include <string.h>

/* The found callback travels with its userdata. */
struct sink {
    scanner_found *found;
    void *userdata;
};

static bool is_object(const struct scanner *s)
{
    unsigned top = s->depth - 1;
    return (s->objects[top / 64] >> (top % 64)) & 1u;
}

static void item_begin(struct scanner *s)
{
    s->item_depth = s->depth;
    s->params_depth = 0;
    s->stop = s->stop_all = s->keepalive = false;
    s->methods = s->params = 0;
    s->session_id.given = s->lease_key.given = 0;
    s->session_id.unusable = s->lease_key.unusable = false;
}

static bool text_usable(const struct scanner_text *t)
{
    return t->given > 0 && !t->unusable;
}

/* The request under way ends: whole (its brace closed) or broken off. */
static void item_end(struct scanner *s, bool whole, const struct sink *sink)
{
    if (s->item_depth == 0)
        return;
    s->item_depth = 0;
    s->params_depth = 0;
    struct scanner_call call = {0};
    if (s->stop || s->stop_all) {
        call.stop = true;
        bool one = !s->stop_all && s->params == 1 && text_usable(&s->session_id);
        call.session_id = one ? s->session_id.text : NULL;
    } else if (whole && s->keepalive && s->methods == 1 && s->params == 1 && s->session_id.given == 1 &&
               s->lease_key.given == 1 && text_usable(&s->session_id) && text_usable(&s->lease_key)) {
        call.session_id = s->session_id.text;
        call.lease_key = s->lease_key.text;
    } else {
        return;
    }
    sink->found(sink->userdata, &call);
}

static void broken(struct scanner *s, const struct sink *sink)
{
    item_end(s, false, sink);
    s->state = SCAN_BROKEN;
}

static void container_open(struct scanner *s, bool object, const struct sink *sink)
{
    if (s->depth == SCANNER_DEPTH_MAX) {
        broken(s, sink);
        return;
    }
    unsigned top = s->depth++;
    uint64_t bit = UINT64_C(1) << (top % 64);
    s->objects[top / 64] = object ? s->objects[top / 64] | bit : s->objects[top / 64] & ~bit;
    s->state = object ? SCAN_KEY_OR_END : SCAN_VALUE_OR_END;
    bool of_batch = s->depth == 2 && (s->objects[0] & 1u) == 0;
    if (object && (s->depth == 1 || of_batch))
        item_begin(s);
    else if (object && s->member == MEMBER_PARAMS)
        s->params_depth = s->depth;
    s->member = MEMBER_OTHER;
}

static void container_close(struct scanner *s, bool object, const struct sink *sink)
{
    if (s->depth == 0 || is_object(s) != object) {
        broken(s, sink);
        return;
    }
    if (s->params_depth == s->depth)
        s->params_depth = 0;
    if (s->item_depth == s->depth)
        item_end(s, true, sink);
    s->depth--;
    s->state = s->depth == 0 ? SCAN_DONE : SCAN_AFTER;
    s->member = MEMBER_OTHER;
}

static bool text_is(const struct scanner *s, const char *word)
{
    size_t n = strlen(word);
    return s->length == n && memcmp(s->text, word, n) == 0;
}

/* A key ended: which value comes? */
static enum scanner_member member_of(const struct scanner *s)
{
    if (s->item_depth != 0 && s->depth == s->item_depth) {
        if (text_is(s, "method"))
            return MEMBER_METHOD;
        return text_is(s, "params") ? MEMBER_PARAMS : MEMBER_OTHER;
    }
    if (s->params_depth != 0 && s->depth == s->params_depth) {
        if (text_is(s, "session_id"))
            return MEMBER_SESSION_ID;
        return text_is(s, "lease_key") ? MEMBER_LEASE_KEY : MEMBER_OTHER;
    }
    return MEMBER_OTHER;
}

/* A string value of a wanted member ended. */
static void text_take(const struct scanner *s, struct scanner_text *to)
{
    bool fits = s->length > 0 && s->length < sizeof(to->text);
    for (size_t i = 0; fits && i < s->length; i++)
        fits = s->text[i] > 0x20 && s->text[i] < 0x7f; /* as PLAIN_ID: bytes of another encoding name nothing */
    bool other = to->given > 0 && fits && (strlen(to->text) != s->length || memcmp(to->text, s->text, s->length) != 0);
    if (!fits || other) {
        to->unusable = true;
        return;
    }
    memcpy(to->text, s->text, s->length);
    to->text[s->length] = 0;
    to->given++;
}

static void method_take(struct scanner *s)
{
    s->methods++;
    s->stop = s->stop || text_is(s, "session.stop");
    s->stop_all = s->stop_all || text_is(s, "stop.all");
    s->keepalive = s->keepalive || text_is(s, "session.keepalive");
}

static void string_begin(struct scanner *s, bool key)
{
    s->state = SCAN_STRING;
    s->in_key = key;
    s->length = 0;
    s->keep = key ? s->depth == s->item_depth || s->depth == s->params_depth : s->member != MEMBER_OTHER;
}

static void string_end(struct scanner *s)
{
    if (s->in_key) {
        s->member = member_of(s);
        s->state = SCAN_COLON;
        return;
    }
    if (s->member == MEMBER_METHOD)
        method_take(s);
    else if (s->member == MEMBER_SESSION_ID)
        text_take(s, &s->session_id);
    else if (s->member == MEMBER_LEASE_KEY)
        text_take(s, &s->lease_key);
    s->member = MEMBER_OTHER;
    s->state = s->depth == 0 ? SCAN_DONE : SCAN_AFTER;
}

static void text_add(struct scanner *s, uint32_t byte)
{
    if (!s->keep)
        return;
    if (s->length < sizeof(s->text))
        s->text[s->length] = (char)(unsigned char)byte;
    if (s->length <= sizeof(s->text))
        s->length++;
}

/* UTF-8 of one UTF-16 unit. Halves of a pair come out as two triples: no name that matters has any. */
static void text_add_unit(struct scanner *s, uint32_t unit)
{
    if (unit < 0x80) {
        text_add(s, unit);
    } else if (unit < 0x800) {
        text_add(s, 0xc0 | (unit >> 6));
        text_add(s, 0x80 | (unit & 0x3f));
    } else {
        text_add(s, 0xe0 | (unit >> 12));
        text_add(s, 0x80 | ((unit >> 6) & 0x3f));
        text_add(s, 0x80 | (unit & 0x3f));
    }
}

static void string_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    if (c == '"')
        string_end(s);
    else if (c == '\\')
        s->state = SCAN_ESCAPE;
    else if (c < 0x20)
        broken(s, sink);
    else
        text_add(s, c);
}

static void escape_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
        s->state = SCAN_HEX;
        s->hex_left = 4;
        s->hex = 0;
        return;
    }
    const char *at = c == 0 ? NULL : strchr(from, c);
    if (at == NULL) {
        broken(s, sink);
        return;
    }
    text_add(s, (unsigned char)to[at - from]);
    s->state = SCAN_STRING;
}

static void hex_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    uint32_t digit;
    if (c >= '0' && c <= '9')
        digit = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        digit = (uint32_t)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        digit = (uint32_t)(c - 'A') + 10;
    else {
        broken(s, sink);
        return;
    }
    s->hex = s->hex << 4 | digit;
    if (--s->hex_left == 0) {
        text_add_unit(s, s->hex);
        s->state = SCAN_STRING;
    }
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The first byte of a value. */
static void value_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    if (s->member == MEMBER_PARAMS)
        s->params++;
    if (c == '"') {
        string_begin(s, false);
        return;
    }
    if (s->member == MEMBER_SESSION_ID)
        s->session_id.unusable = true;
    if (s->member == MEMBER_LEASE_KEY)
        s->lease_key.unusable = true;
    if (c == '{' || c == '[') {
        container_open(s, c == '{', sink);
        return;
    }
    s->member = MEMBER_OTHER;
    s->literal = c == 't' ? "rue" : c == 'f' ? "alse" : c == 'n' ? "ull" : NULL;
    if (s->literal != NULL)
        s->state = SCAN_LITERAL;
    else if (c == '-')
        s->state = SCAN_MINUS;
    else if (c == '0')
        s->state = SCAN_ZERO;
    else if (c >= '1' && c <= '9')
        s->state = SCAN_DIGITS;
    else
        broken(s, sink);
}

static void literal_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    if (c != (unsigned char)*s->literal) {
        broken(s, sink);
        return;
    }
    if (*++s->literal == 0)
        s->state = s->depth == 0 ? SCAN_DONE : SCAN_AFTER;
}

static void after_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    if (c == ',')
        s->state = is_object(s) ? SCAN_KEY : SCAN_VALUE;
    else if (c == '}' || c == ']')
        container_close(s, c == '}', sink);
    else
        broken(s, sink);
}

/* Where a number goes with its next byte; SCAN_AFTER = it ended before this byte, SCAN_BROKEN = it cannot. */
static enum scanner_state number_next(enum scanner_state state, unsigned char c)
{
    bool digit = c >= '0' && c <= '9';
    bool exponent = c == 'e' || c == 'E';
    if (state == SCAN_MINUS)
        return c == '0' ? SCAN_ZERO : digit ? SCAN_DIGITS : SCAN_BROKEN;
    if (state == SCAN_ZERO || state == SCAN_DIGITS) {
        if (digit)
            return state == SCAN_ZERO ? SCAN_BROKEN : SCAN_DIGITS;
        return c == '.' ? SCAN_POINT : exponent ? SCAN_EXPONENT : SCAN_AFTER;
    }
    if (state == SCAN_POINT)
        return digit ? SCAN_FRACTION : SCAN_BROKEN;
    if (state == SCAN_FRACTION)
        return digit ? SCAN_FRACTION : exponent ? SCAN_EXPONENT : SCAN_AFTER;
    if (state == SCAN_EXPONENT && (c == '+' || c == '-'))
        return SCAN_EXPONENT_SIGN;
    if (state == SCAN_EXPONENT || state == SCAN_EXPONENT_SIGN)
        return digit ? SCAN_EXPONENT_DIGITS : SCAN_BROKEN;
    return digit ? SCAN_EXPONENT_DIGITS : SCAN_AFTER;
}

/* Bytes between tokens, and the first byte of each. */
static void structure_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    if (is_blank(c))
        return;
    if (s->state == SCAN_VALUE_OR_END && c == ']')
        container_close(s, false, sink);
    else if (s->state == SCAN_VALUE || s->state == SCAN_VALUE_OR_END)
        value_byte(s, c, sink);
    else if (s->state == SCAN_KEY_OR_END && c == '}')
        container_close(s, true, sink);
    else if ((s->state == SCAN_KEY || s->state == SCAN_KEY_OR_END) && c == '"')
        string_begin(s, true);
    else if (s->state == SCAN_COLON && c == ':')
        s->state = SCAN_VALUE;
    else if (s->state == SCAN_AFTER)
        after_byte(s, c, sink);
    else
        broken(s, sink);
}

static void number_byte(struct scanner *s, unsigned char c, const struct sink *sink)
{
    enum scanner_state next = number_next(s->state, c);
    if (next == SCAN_BROKEN) {
        broken(s, sink);
    } else if (next == SCAN_AFTER) {
        s->state = s->depth == 0 ? SCAN_DONE : SCAN_AFTER;
        structure_byte(s, c, sink);
    } else {
        s->state = next;
    }
}

void scanner_begin(struct scanner *s)
{
    s->state = SCAN_VALUE;
    s->bom = 0;
    s->member = MEMBER_OTHER;
    s->depth = 0;
    s->item_depth = 0;
    s->params_depth = 0;
    s->keep = false;
}

/* A byte order mark is no JSON, but whoever sends one before a stop means to stop. True: the byte belonged to it. */
static bool bom_byte(struct scanner *s, unsigned char c)
{
    static const unsigned char mark[3] = {0xef, 0xbb, 0xbf};
    if (s->bom < 3 && c == mark[s->bom]) {
        s->bom++;
        return true;
    }
    s->bom = 3; /* half a mark is passed over as well: on the side of stopping */
    return false;
}

void scanner_feed(struct scanner *s, const char *bytes, size_t n, scanner_found *found, void *userdata)
{
    const struct sink sink = {found, userdata};
    for (size_t i = 0; i < n && s->state != SCAN_BROKEN; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (s->bom < 3 && bom_byte(s, c))
            continue;
        switch (s->state) {
        case SCAN_STRING:
            string_byte(s, c, &sink);
            break;
        case SCAN_ESCAPE:
            escape_byte(s, c, &sink);
            break;
        case SCAN_HEX:
            hex_byte(s, c, &sink);
            break;
        case SCAN_LITERAL:
            literal_byte(s, c, &sink);
            break;
        case SCAN_MINUS:
        case SCAN_ZERO:
        case SCAN_DIGITS:
        case SCAN_POINT:
        case SCAN_FRACTION:
        case SCAN_EXPONENT:
        case SCAN_EXPONENT_SIGN:
        case SCAN_EXPONENT_DIGITS:
            number_byte(s, c, &sink);
            break;
        case SCAN_VALUE:
        case SCAN_VALUE_OR_END:
        case SCAN_KEY_OR_END:
        case SCAN_KEY:
        case SCAN_COLON:
        case SCAN_AFTER:
        case SCAN_DONE:
        case SCAN_BROKEN:
            structure_byte(s, c, &sink);
            break;
        }
    }
}

void scanner_end(struct scanner *s, scanner_found *found, void *userdata)
{
    const struct sink sink = {found, userdata};
    item_end(s, false, &sink);
    scanner_begin(s);
}
