/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modalityctl's frame: what every subcommand gets, its exit codes, and the small helpers that call and print. A
 * subcommand is one row of the table in main.c and one function in a file named after what it does.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "client.h"
#include "dose/value.h"

/* EXIT(id, code, meaning): the documented exit codes. */
#define CTL_EXITS(EXIT)                                                                                                \
    EXIT(DONE, 0, "done; for start: it ended as planned or was stopped, and rest is proved")                           \
    EXIT(REFUSED, 1, "refused, by the daemon or by the calculator; nothing was changed")                               \
    EXIT(USAGE, 2, "the command line, or a configuration, cannot be understood; nothing was asked of the daemon")      \
    EXIT(NO_DAEMON, 3, "modalityd is not reachable, or did not answer")                                                \
    EXIT(FAULT, 4, "a fault, a limit or the patient's stop ended the treatment; rest is proved")                       \
    EXIT(UNPROVED, 5, "rest of the output is NOT proved: disconnect the patient")                                      \
    EXIT(BROKEN, 6, "verify: the audit chain is broken")                                                               \
    EXIT(DECLINED, 7, "the operator did not confirm; nothing was started")                                             \
    EXIT(FAILED, 8, "selftest: a step has failed")

enum ctl_exit {
#define EXIT(id, code, meaning) CTL_##id = code,
    CTL_EXITS(EXIT)
#undef EXIT
};

struct calculator;

struct ctl {
    struct client *client;
    const struct calculator *calculator; /* --config: it answers in the daemon's place */
    bool json;                           /* print what the daemon said, nothing else */
    bool yes;                            /* do not ask for confirmation */
    bool interactive;                    /* a person sits at a terminal, and is not shown JSON */
    int columns;                         /* of the terminal */
    const char *operator_id, *operator_name;
};

/* Set by SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE once ctl_catch_interrupts was called. */
extern volatile int ctl_interrupted;
void ctl_catch_interrupts(void);

/* --- options of a subcommand: --name value, --name=value, or --name alone for a flag --- */
#define CTL_OPTIONS_MAX 128
#define CTL_WORDS_MAX 64
struct ctl_options {
    size_t n, n_words;
    struct {
        const char *name, *value;
    } items[CTL_OPTIONS_MAX];
    const char *words[CTL_WORDS_MAX]; /* what is not an option */
};
/*
 * Reads argv[0..argc). names: the options known, each followed by '*' if it may be given more than once, or by '!' if
 * it takes no value (it reads as "" then). False after one line on standard error.
 */
bool options_read(struct ctl *ctl, const char *command, const char *names, size_t words_max, int argc, char **argv,
                  struct ctl_options *options);
/* Value of an option, or NULL. */
const char *ctl_option(const struct ctl_options *options, const char *name);
/* The same, with one line on standard error when it is absent. */
const char *ctl_option_needed(const struct ctl_options *options, const char *name);
/* The one word that is not an option; one line on standard error, and NULL, when it is absent. */
const char *ctl_word_needed(const struct ctl_options *options, const char *what);

/* --- values as people type them; false after one line on standard error --- */
bool typed_value(const char *option, enum modality_quantity q, const char *text, int64_t *out);
/* "12mA", "12mA..20mA" or "12..20mA". */
bool typed_range(const char *option, enum modality_quantity q, const char *text, int64_t *start, int64_t *ceiling);
/* "2026-11-20", or "today": the day as a request wants it; false for what is no date, with nothing said. */
#define TYPED_DAY_MAX 16
bool typed_day(const char *text, char out[TYPED_DAY_MAX]);
int64_t typed_today(void); /* the local civil day, as days since 1970-01-01 */
bool typed_count(const char *option, const char *text, long min, long max, long *out);

/* --- calls --- */
/* {request_id, operator{...}} into params. */
void ctl_sign(const struct ctl *ctl, json_t *params);
/*
 * Calls, and reports an error to people: one line, then each violation. *result is a new reference on CTL_DONE;
 * CTL_REFUSED or CTL_NO_DAEMON otherwise. In JSON mode the daemon's own line is printed, and nothing else. With a
 * calculator that one answers.
 */
enum ctl_exit ctl_call(struct ctl *ctl, const char *method, json_t *params, json_t **result);
/* The same for what only helps to build a request: shown only when it fails. */
enum ctl_exit ctl_lookup(struct ctl *ctl, const char *method, json_t *params, json_t **result);
/* Calls a paged list to its end and gives each item to show (not in JSON mode). */
enum ctl_exit ctl_list(struct ctl *ctl, const char *method, const json_t *filter,
                       void (*show)(struct ctl *ctl, const json_t *item));

/* --- texts; static buffers, eight in turn --- */
/* "12.5 mA" of a quantity by its id; the plain number where the id is unknown. */
const char *ctl_value(const char *quantity, json_int_t value);
/* "phase width" of "phase_width_us": the id without its unit. */
const char *ctl_label(const char *quantity);
/* "12:05" of ms. */
const char *ctl_clock(json_int_t ms);
/* Local date and time, or time alone, of ms since 1970. */
const char *ctl_date(json_int_t ms);
const char *ctl_time(json_int_t ms);
/* An enum of the daemon for people: blanks for underscores. */
const char *ctl_words(const char *id);
/* What an alarm sounds like at a terminal: the ear alone can tell high from medium. */
const char *ctl_bells(const char *priority);

/* Members of an object; "" and 0 where absent. */
const char *ctl_text(const json_t *object, const char *key);
json_int_t ctl_int(const json_t *object, const char *key);
bool ctl_flag(const json_t *object, const char *key);
static inline json_t *ctl_mutable(const json_t *object)
{
    return (json_t *)(uintptr_t)object; /* jansson's loops want it; they change nothing */
}

/* --- printing --- */
/* Text that begins in column `at` and goes on, broken at blanks, in column `indent`; ends the line. */
void ctl_wrap(const struct ctl *ctl, int at, int indent, const char *text);
/* "  name        text", wrapped under itself; nothing when the text is empty. */
void ctl_row(const struct ctl *ctl, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads one line from the terminal, without its end; false at end of file or interrupt. */
bool ctl_ask(const char *prompt, char *buffer, size_t size);

/* --- subcommands --- */
typedef enum ctl_exit ctl_command(struct ctl *ctl, const struct ctl_options *options);
ctl_command cmd_status, cmd_devices, cmd_scan, cmd_selftest, cmd_protocols, cmd_limits, cmd_check, cmd_start,
    cmd_adjust, cmd_pause, cmd_resume, cmd_stop, cmd_sessions, cmd_watch, cmd_alarms, cmd_log, cmd_records, cmd_export,
    cmd_verify, cmd_reset, cmd_review, cmd_observe, cmd_page;

#endif
