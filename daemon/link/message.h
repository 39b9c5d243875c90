/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daemon and host say to each other over one SOCK_SEQPACKET pair: fixed structs, one per datagram, same build on
 * both ends (checked by version and size). Times are CLOCK_BOOTTIME ns where they bound an output, CLOCK_MONOTONIC ns
 * where they date a sample. A datagram of the wrong type or size is a fault of the peer.
 */
#ifndef LINK_MESSAGE_H
#define LINK_MESSAGE_H

#include "dose/envelope.h"
#include "modality/plugin.h"

#define LINK_VERSION 1
#define LINK_DATAGRAM_MAX 16384
#define LINK_TEXT_MAX 400

enum link_message_type {
    /* daemon -> host */
    LINK_CONFIG = 1, /* link_config: the start, once; then LINK_LINE per INI line, then LINK_CONFIG_END */
    LINK_LINE,       /* link_line */
    LINK_CONFIG_END, /* link_plain */
    LINK_ARM,        /* link_arm: energise under an envelope; answered by LINK_SESSION */
    LINK_TARGET,     /* link_target: a new target or setting inside the envelope */
    LINK_PERMIT,     /* link_permit */
    LINK_STOP,       /* link_stop: rest one session, or everything; answered by LINK_SESSION when proved or given up */
    LINK_TIGHTEN,    /* link_arm with lower ceilings, same session and turn */
    LINK_MAKE_SAFE,  /* link_unit_ref: make_safe and read back now (device.reset, quarantine) */
    LINK_SHUTDOWN,   /* link_plain: make safe, then exit */
    LINK_ASK,        /* link_plain: whether it is there; answered by LINK_HEARD */
    LINK_TRY,        /* link_unit_ref: an idle unit's ways to rest, one after the other; answered by LINK_TRIED each */
    /* host -> daemon */
    LINK_HELLO = 64,   /* link_hello: first; again after a re-execution */
    LINK_UNIT,         /* link_unit: one per unit after describe */
    LINK_CONFIG_FAULT, /* link_text: origin and message; the host stays and reports state plugin_failed */
    LINK_PRESENCE,     /* link_presence: on every change of a unit's state */
    LINK_SAMPLE,       /* link_sample: every validated status */
    LINK_SESSION,      /* link_session: progress and end of one arm */
    LINK_LOG,          /* link_text */
    LINK_HEARD, /* link_stop: at once when a stop is read, or LINK_ASK (session 0); no word of the device's part */
    LINK_TRIED, /* link_tried: how one step of LINK_TRY went, or that there are no more */
};

struct link_header {
    uint16_t type;
    uint16_t version; /* LINK_VERSION */
    uint32_t size;    /* of the whole message */
};

struct link_plain {
    struct link_header header;
};

/* How the host begins, and its clocks. */
struct link_config {
    struct link_header header;
    uint32_t replacement; /* 1: make_safe blind before identify (replacement host, or an open reservation) */
    uint32_t telemetry_ms;
    uint32_t grace_ms;          /* a plugin call may outlive its slice by this before the host re-executes itself */
    uint32_t quarantine_min_ms; /* 2000: repeated make_safe and read-back, or the device watchdog if longer */
    uint32_t n_lines;           /* LINK_LINE messages that follow */
    uint32_t slice_ms;          /* least time that a call is granted; a unit may need more */
    uint32_t idle;              /* 1: every unit was proved at rest and none armed since: nobody's rest is owed */
    char link[256];             /* canonical link: "tcp:127.0.0.1:1502" */
    char plugin_path[256];
    char state_dir[256]; /* where lock files of links without a device node are */
};

/* One INI line, as four NUL-terminated strings one after the other in text. */
struct link_line {
    struct link_header header;
    char text[2048];
};

/* Identifies one energising of one session: turn counts arms (a resume arms again). */
struct link_session_ref {
    uint64_t session; /* daemon's number, never 0 */
    uint32_t turn;
    uint32_t unit;
};

struct link_arm {
    struct link_header header;
    struct link_session_ref ref;
    int64_t end_boot_ns;    /* the host rests it then by itself, and total_ms of the envelope after the output began */
    int64_t permit_boot_ns; /* first permit */
    uint32_t accepted_link_loss; /* the installation accepted a device that may not stop by itself */
    uint32_t reserved;
    int64_t targets[DOSE_CHANNELS_MAX]; /* first target of each envelope channel, absolute base units */
    struct envelope envelope;
};

struct link_target {
    struct link_header header;
    struct link_session_ref ref;
    uint32_t channel;  /* device channel index */
    uint32_t quantity; /* the level quantity, or another setting of the envelope */
    int64_t value;     /* absolute, base units */
};

struct link_permit {
    struct link_header header;
    struct link_session_ref ref;
    int64_t until_boot_ns; /* never moves an earlier permit back */
};

struct link_stop {
    struct link_header header;
    uint64_t session; /* 0 = every session and every unit of this link */
    uint64_t reserved;
};

struct link_unit_ref {
    struct link_header header;
    uint32_t unit;
    uint32_t stated; /* 1, with LINK_MAKE_SAFE: a person has said that whatever had output here is at rest */
};

struct link_hello {
    struct link_header header;
    uint32_t hello_size; /* sizeof(struct link_sample): both ends must be one build */
    uint32_t reexecuted; /* 1: a plugin call hung, the host replaced itself in make-safe mode */
    int64_t pid;
    char plugin[MODALITY_NAME_MAX];
    char plugin_version[MODALITY_NAME_MAX];
    char maturity[MODALITY_NAME_MAX];
};

struct link_unit {
    struct link_header header;
    uint32_t unit;
    uint32_t dead_man_ms; /* permit excluded: longest slice on the line + stop sequence, as the host computed it */
    struct modality_device device;
};

enum unit_state {
    UNIT_PROBING,        /* open and identify under way */
    UNIT_ABSENT,         /* does not answer */
    UNIT_WRONG_IDENTITY, /* somebody else answers */
    UNIT_QUARANTINE,     /* make_safe and read-back repeated; cannot be armed until the time is over */
    UNIT_READY,          /* identified, proved at rest, can be armed */
    UNIT_ENERGISED,      /* armed by a session */
    UNIT_OUTPUT_UNKNOWN, /* rest could not be proved */
    UNIT_PLUGIN_FAILED,  /* configuration refused or plugin not loaded */
};

struct link_presence {
    struct link_header header;
    uint32_t unit;
    uint32_t state;              /* enum unit_state */
    uint64_t epoch;              /* grows with every identify that succeeds: tokens are bound to it */
    int64_t quarantine_until_ns; /* CLOCK_MONOTONIC, 0 = none */
    struct modality_identity identity;
    char detail[LINK_TEXT_MAX]; /* one sentence: why */
};

struct link_sample {
    struct link_header header;
    uint32_t unit;
    uint32_t turn;    /* of the session that holds the unit's output when it was taken, 0 = none */
    uint64_t session; /* 0 = none: idle poll */
    uint64_t seq;     /* per unit, grows by one with every validated status */
    int64_t taken_ns; /* CLOCK_MONOTONIC when the reply had been validated */
    int64_t
        level_min[MODALITY_CHANNELS_MAX]; /* range of levels in force at the device since the last sample, absolute */
    int64_t level_max[MODALITY_CHANNELS_MAX];
    int64_t level[MODALITY_CHANNELS_MAX]; /* operator's level as walked: what a person is shown */
    uint32_t settled; /* bit per channel: level has been in force for settle_ms, so a measured value can be judged */
    uint32_t surges;  /* begun in this turn */
    struct modality_status status;
};

enum link_session_event {
    LINK_SESSION_REFUSED,  /* arm not accepted: nothing was energised */
    LINK_SESSION_STARTED,  /* the device acknowledged the start; level is at rest and begins to walk */
    LINK_SESSION_STOPPING, /* the host began to stop by itself or was told */
    LINK_SESSION_RESTED,   /* rest proved: evidence measured or reported */
    LINK_SESSION_UNPROVED, /* stop written or tried, rest not proved within the bound; the host goes on trying */
};

/* Why an arm ended. */
enum link_reason {
    LINK_REASON_NONE,
    LINK_REASON_TOLD, /* LINK_STOP */
    LINK_REASON_END_TIME,
    LINK_REASON_PERMIT,      /* the permit ran out */
    LINK_REASON_DAEMON_GONE, /* end of file */
    LINK_REASON_DEVICE_FAULT,
    LINK_REASON_PATIENT_STOP,
    LINK_REASON_OVER_OUTPUT,
    LINK_REASON_DEVICE_RESTARTED,
    LINK_REASON_WATCHDOG,    /* the device's watchdog tripped, or was fed too late */
    LINK_REASON_OUTPUT_LOST, /* the device says the group is not running */
    LINK_REASON_LINK_LOST,   /* unknown outcome, absent, transport error */
    LINK_REASON_PLUGIN_HUNG,
    LINK_REASON_OUTSIDE_ENVELOPE,
    LINK_REASON_NOT_READY,
    LINK_REASON_HOST_STOPPING,
    LINK_REASON_INTERLOCK,    /* key switch or interlock of a laser open */
    LINK_REASON_CONTACT_LOST, /* the device has lost contact and taken its output away */
};

struct link_session {
    struct link_header header;
    struct link_session_ref ref;
    uint32_t event;    /* enum link_session_event */
    uint32_t reason;   /* enum link_reason */
    uint32_t evidence; /* enum modality_evidence */
    uint32_t reserved;
    int64_t at_ns; /* CLOCK_MONOTONIC: of the sample that proved rest, of the acknowledged start */
    char detail[LINK_TEXT_MAX];
};

enum link_trial_step {
    LINK_TRIAL_IDENTITY,  /* asked again, and the same */
    LINK_TRIAL_REST,      /* every channel says that it is at rest */
    LINK_TRIAL_STOP,      /* one group's stop, written and read back */
    LINK_TRIAL_MAKE_SAFE, /* the whole unit's */
    LINK_TRIAL_OVER,      /* no more; result 0 = all were tried */
};

struct link_tried {
    struct link_header header;
    uint32_t unit;
    uint32_t step;     /* enum link_trial_step */
    uint32_t group;    /* of LINK_TRIAL_STOP */
    int32_t result;    /* 0 or negative errno: -ETIME rest was not seen in time, else what the plugin said */
    uint32_t evidence; /* enum modality_evidence of the rest that was read back */
    uint32_t reserved;
    int64_t took_ns;            /* from before the call until rest was read back */
    char detail[LINK_TEXT_MAX]; /* why not; "" = nothing to say */
};

struct link_text {
    struct link_header header;
    uint32_t level; /* enum modality_log_level */
    uint32_t reserved;
    char origin[128];
    char text[LINK_TEXT_MAX];
};

const char *link_reason_id(enum link_reason r); /* "permit", "end_time", ... */
const char *unit_state_id(enum unit_state s);   /* "ready", ... */

/* Whether a status holds counts, choices and texts that can be: what is in it is not judged. */
bool link_status_fits(const struct modality_status *status);

/*
 * Checks a received datagram: type known for this direction, version, exact size, strings terminated.
 * 0 or -EPROTO.
 */
int link_message_check(const void *datagram, size_t size, bool from_host);

/* Fills the header; type and size. */
void link_message_head(void *message, enum link_message_type type, size_t size);

/* Packs four strings into a line: 0 or -E2BIG; and splits them again (pointers into line->text): 0 or -EPROTO. */
int link_line_pack(struct link_line *line, const struct modality_line *from);
int link_line_split(const struct link_line *line, struct modality_line *to);

#endif
