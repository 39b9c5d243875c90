/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of error tokens. data.token of a JSON-RPC error with code -32000 is one of these; clients decide on the
 * token, people read the message. TOKEN(id, meaning).
 */
#ifndef MODALITY_TOKEN_H
#define MODALITY_TOKEN_H

#define MODALITY_TOKENS(TOKEN)                                                                                         \
    /* dosage */                                                                                                       \
    TOKEN(LIMIT_EXCEEDED, "a quantity is outside a limit; all violations are listed, the most restrictive first")      \
    TOKEN(NOTICE_REQUIRED, "a notice limit is exceeded and has not been acknowledged in the request")                  \
    TOKEN(LIMIT_NOT_ACCEPTED, "the therapy rests on an unverified hard limit that the installation has not accepted")  \
    TOKEN(OUT_OF_RANGE, "a value is outside what the protocol or the device allows")                                   \
    TOKEN(INCOMPLETE, "a value that the waveform, the protocol or the device needs is missing")                        \
    TOKEN(CONTRAINDICATED, "an answer makes this therapy contraindicated at this site; it has no override")            \
    TOKEN(PRECAUTION, "an answer needs a named override with a reason")                                                \
    TOKEN(REST_INTERVAL, "the rest interval since the last session on this site has not passed")                       \
    TOKEN(DOSE_UNBOUNDED, "an earlier session on this patient and site has a dose that nobody has reviewed")           \
    TOKEN(DOSE_RESERVED, "another session on this patient and site is open")                                           \
    /* session */                                                                                                      \
    TOKEN(BUSY, "the output is claimed; data.holder names the session")                                                \
    TOKEN(NOT_FOUND, "no such session, device, protocol, limit, alarm or record")                                      \
    TOKEN(WRONG_STATE, "the state of the session or device does not allow this")                                       \
    TOKEN(SHEET_CHANGED, "a field of the dose sheet differs from what was prepared")                                   \
    TOKEN(TOKEN_INVALID, "the confirm token is unknown, used for another session, or of another peer")                 \
    TOKEN(TOKEN_EXPIRED, "the confirm token's time has passed")                                                        \
    TOKEN(LEASE_INVALID, "the lease key is not this session's")                                                        \
    TOKEN(STALE_VIEW, "an increase was asked on a target that is no longer in force")                                  \
    TOKEN(REQUEST_REUSED, "the request_id was used with other parameters")                                             \
    TOKEN(NOT_SUBSCRIBED, "a start needs a connection that is subscribed to events")                                   \
    TOKEN(IDENTITY_MISMATCH, "protocol revision or hash, patient check or site differ from what was given")            \
    /* device */                                                                                                       \
    TOKEN(DEVICE_ABSENT, "the device does not answer")                                                                 \
    TOKEN(DEVICE_NOT_READY, "the device is being probed, quarantined, in fault or of another identity")                \
    TOKEN(DEVICE_NOT_ACCEPTED, "the device may keep its output on link loss or after stop and is not accepted")        \
    TOKEN(DEVICE_OVERDUE, "calibration or safety test of the device or applicator is overdue, or unknown")             \
    TOKEN(OUTPUT_UNKNOWN, "the output of the device is not proved at rest")                                            \
    /* daemon */                                                                                                       \
    TOKEN(ROLE_REQUIRED, "the peer's role does not allow this method")                                                 \
    TOKEN(NOT_ACTING_FOR, "the peer may not act for another operator")                                                 \
    TOKEN(RECORDS_UNAVAILABLE, "records cannot be written in time: no new starts")                                     \
    TOKEN(AUDIT_BROKEN, "the audit chain does not verify")                                                             \
    TOKEN(CONNECTION_LIMIT, "too many connections of this peer: stop only")                                            \
    TOKEN(OVERLOADED, "too many requests waiting on this connection")                                                  \
    TOKEN(SHUTTING_DOWN, "the daemon is stopping")                                                                     \
    TOKEN(CONFIG_INVALID, "the configuration was refused; the old one stays in force")

enum modality_token {
    TOKEN_NONE,
#define TOKEN(id, meaning) TOKEN_##id,
    MODALITY_TOKENS(TOKEN)
#undef TOKEN
        TOKEN_COUNT
};

/* "LIMIT_EXCEEDED" and its meaning; "" for TOKEN_NONE. Static storage. */
const char *modality_token_id(enum modality_token t);
const char *modality_token_meaning(enum modality_token t);

#endif
