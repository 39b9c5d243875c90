/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modalityctl's frame: what every subcommand gets, its exit codes, and the small helpers that print. A subcommand is
 * one row of the table in main.c and one function in a file named after what it does.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "client.h"
#include "dose/value.h"

/* EXIT(id, code, meaning): the documented exit codes. */
#define CTL_EXITS(EXIT)                                                                                                \
    EXIT(DONE, 0, "done; for start: the treatment ended as planned or was stopped, and rest is proved")                \
    EXIT(REFUSED, 1, "the daemon refused; nothing was changed")                                                        \
    EXIT(USAGE, 2, "the command line cannot be understood; nothing was sent")                                          \
    EXIT(NO_DAEMON, 3, "modalityd is not reachable, or did not answer")                                                \
    EXIT(FAULT, 4, "a fault, an alarm or a limit ended the treatment; rest is proved")                                 \
    EXIT(UNPROVED, 5, "rest of the output is NOT proved: disconnect the patient")                                      \
    EXIT(BROKEN, 6, "verify: the audit chain is broken")                                                               \
    EXIT(DECLINED, 7, "the operator did not confirm; nothing was started")

enum ctl_exit {
#define EXIT(id, code, meaning) CTL_##id = code,
    CTL_EXITS(EXIT)
#undef EXIT
};

struct ctl {
    struct client *client;
    bool json;        /* print what the daemon said, nothing else */
    bool yes;         /* do not ask for confirmation */
    bool interactive; /* standard input and output are terminals */
    const char *operator_id, *operator_name;
};

/* Set by SIGINT. */
extern volatile int ctl_interrupted;

/* --- options of a subcommand: --name value, as often as given --- */
#define CTL_OPTIONS_MAX 96
struct ctl_options {
    size_t n, n_words;
    struct {
        const char *name, *value;
    } items[CTL_OPTIONS_MAX];
    const char *words[8]; /* what is not an option */
};
/* Last value of an option, or NULL. */
const char *ctl_option(const struct ctl_options *options, const char *name);

/* {request_id, operator{...}} into params. */
void ctl_sign(const struct ctl *ctl, json_t *params);

/*
 * Calls and reports an error to people (one line, then each violation). *result is a new reference on CTL_DONE;
 * CTL_REFUSED or CTL_NO_DAEMON otherwise. In JSON mode nothing is printed beside the daemon's own line.
 */
enum ctl_exit ctl_call(struct ctl *ctl, const char *method, json_t *params, json_t **result);

/* "12.5 mA" of a quantity by its id; the plain number where the id is unknown. Static buffers, four in turn. */
const char *ctl_value(const char *quantity, json_int_t value);
/* Text member of an object, "" where absent; integer member, or 0. */
const char *ctl_text(const json_t *object, const char *key);
json_int_t ctl_int(const json_t *object, const char *key);
/* "12:05" of ms. Static buffers, four in turn. */
const char *ctl_clock(json_int_t ms);
/* Local date and time of ms since 1970. Static buffers, four in turn. */
const char *ctl_date(json_int_t ms);

/* --- subcommands --- */
enum ctl_exit cmd_status(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_devices(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_protocols(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_limits(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_check(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_start(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_adjust(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_pause(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_resume(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_stop(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_sessions(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_watch(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_alarms(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_log(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_records(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_export(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_verify(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_reset(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_review(struct ctl *ctl, const struct ctl_options *options);
enum ctl_exit cmd_observe(struct ctl *ctl, const struct ctl_options *options);

#endif
