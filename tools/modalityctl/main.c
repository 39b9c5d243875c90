/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modalityctl: the command-line client. The table of subcommands, the reading of options, and the helpers that every
 * subcommand shares.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

#define DEFAULT_SOCKET "/run/modalityd/socket"

volatile int ctl_interrupted;

#define TREATMENT                                                                                                      \
    "protocol device group patient site side amplitude intensity width rate duty frequency beat carrier set duration " \
    "electrode-area applicator area indication answer override acknowledge "

static const struct command {
    const char *name;
    enum ctl_exit (*run)(struct ctl *ctl, const struct ctl_options *options);
    const char *options; /* the names it knows; each takes a value */
    const char *arguments, *meaning;
} commands[] = {
    {"status", cmd_status, "", "", "daemon, devices, running sessions and alarms on one page"},
    {"devices", cmd_devices, "", "[DEVICE]", "devices, or everything about one"},
    {"protocols", cmd_protocols, "modality", "[PROTOCOL] [--modality M]",
     "protocols, or one with ranges and questions"},
    {"limits", cmd_limits, TREATMENT "modality", "[--modality M] [TREATMENT]",
     "limits with value, source and origin; with a treatment: headroom"},
    {"check", cmd_check, TREATMENT, "TREATMENT", "what would be said of this treatment; starts nothing"},
    {"start", cmd_start, TREATMENT "pain-before", "TREATMENT [--pain-before N]",
     "screening, dose sheet, confirmation, then the treatment"},
    {"adjust", cmd_adjust, "lease to channel quantity expect",
     "SESSION --lease KEY --to VALUE [--channel C] [--quantity Q] [--expect VALUE]",
     "a new target; an increase needs what you saw"},
    {"pause", cmd_pause, "lease", "SESSION --lease KEY", "output to rest, time held"},
    {"resume", cmd_resume, "lease", "SESSION --lease KEY", "ramps up again from rest"},
    {"stop", cmd_stop, "reason", "[SESSION]", "stops one session; without argument: everything"},
    {"sessions", cmd_sessions, "", "[SESSION]", "open and lately ended sessions, or one of them"},
    {"watch", cmd_watch, "", "", "every event as it comes, with alarms"},
    {"alarms", cmd_alarms, "acknowledge", "[--acknowledge N]", "active alarms; acknowledge one"},
    {"log", cmd_log, "limit", "[--limit N]", "the newest entries of the audit"},
    {"records", cmd_records, "patient", "[SESSION] [--patient REF]", "finished treatments, or one record"},
    {"export", cmd_export, "format patient", "[--format jsonl|csv] [--patient REF]",
     "records for other programs, to standard output"},
    {"verify", cmd_verify, "", "", "walks the whole audit chain"},
    {"observe", cmd_observe, "pain-before pain-after note", "SESSION [--pain-before N] [--pain-after N] [--note TEXT]",
     "adds an observation"},
    {"reset", cmd_reset, "statement", "DEVICE --statement TEXT",
     "clears an output that cannot be proved: the patient is disconnected"},
    {"review", cmd_review, "statement duration energy charge",
     "SESSION --statement TEXT [--duration T] [--energy E] [--charge Q]", "settles a dose that nobody knows"},
};

static void usage(FILE *to)
{
    fprintf(to, "usage: modalityctl [--socket PATH] [--json] [--yes] [--operator ID] [--name NAME] COMMAND ...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-9s %s\n            %s\n", commands[i].name, commands[i].arguments, commands[i].meaning);
    fprintf(to, "\nTREATMENT:\n"
                "  --protocol P --device D [--group G] --patient REF --site S [--side left|right|both|midline]\n"
                "  --amplitude V --intensity V --width V --rate V --duty V --frequency V --beat V --carrier V\n"
                "  --set QUANTITY=V           any quantity by its id\n"
                "      V is START or START..CEILING as people write them: 12mA, 0.5W/cm2, 12mA..20mA\n"
                "  --duration 20min           treatment time\n"
                "  --electrode-area 25cm2     contact area of the smaller electrode of each channel\n"
                "  --applicator REF --area 10cm2   ultrasound head, and area over which it is moved\n"
                "  --indication I --answer QUESTION=ANSWER --override CONDITION=REASON --acknowledge LIMIT\n"
                "Numbers need their unit. --json prints exactly what the daemon said.\n"
                "The socket is --socket, else $MODALITY_SOCKET, else " DEFAULT_SOCKET ".\n\nExit codes:\n");
#define EXIT(id, code, meaning) fprintf(to, "  %d  %s\n", code, meaning);
    CTL_EXITS(EXIT)
#undef EXIT
}

const char *ctl_option(const struct ctl_options *options, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, name) == 0)
            found = options->items[i].value;
    }
    return found;
}

static bool name_known(const char *names, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length) {
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return length > 0;
    }
    return false;
}

/* One --name value or --name=value; --json and --yes are understood everywhere. Returns arguments used, 0 on error. */
static int option_read(struct ctl *ctl, const struct command *command, int left, char **argv,
                       struct ctl_options *options)
{
    if (strcmp(argv[0], "--json") == 0)
        return ctl->json = true;
    if (strcmp(argv[0], "--yes") == 0)
        return ctl->yes = true;
    char *equals = strchr(argv[0], '=');
    if (equals)
        *equals = '\0';
    if (!name_known(command->options, argv[0] + 2)) {
        fprintf(stderr, "modalityctl %s: unknown option %s (see modalityctl --help)\n", command->name, argv[0]);
        return 0;
    }
    if (options->n == CTL_OPTIONS_MAX || (!equals && left < 2)) {
        fprintf(stderr, "modalityctl %s: %s needs a value\n", command->name, argv[0]);
        return 0;
    }
    options->items[options->n].name = argv[0] + 2;
    options->items[options->n++].value = equals ? equals + 1 : argv[1];
    return equals ? 1 : 2;
}

static bool options_read(struct ctl *ctl, const struct command *command, int argc, char **argv,
                         struct ctl_options *options)
{
    *options = (struct ctl_options){0};
    for (int i = 0; i < argc;) {
        if (strncmp(argv[i], "--", 2) == 0) {
            const int used = option_read(ctl, command, argc - i, argv + i, options);
            if (used == 0)
                return false;
            i += used;
        } else if (options->n_words == sizeof options->words / sizeof options->words[0]) {
            fprintf(stderr, "modalityctl %s: too many arguments at '%s'\n", command->name, argv[i]);
            return false;
        } else {
            options->words[options->n_words++] = argv[i++];
        }
    }
    return true;
}

void ctl_sign(const struct ctl *ctl, json_t *params)
{
    char id[40];
    json_object_set_new(params, "request_id", json_string(client_request_id(id, sizeof id)));
    json_object_set_new(params, "operator",
                        json_pack("{s:s, s:s}", "id", ctl->operator_id, "name", ctl->operator_name));
}

const char *ctl_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

json_int_t ctl_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static char *next_buffer(void)
{
    static char buffers[4][64];
    static unsigned next;
    return buffers[next++ % 4];
}

const char *ctl_value(const char *quantity, json_int_t value)
{
    char *buffer = next_buffer();
    enum modality_quantity q;
    if (modality_quantity_find(quantity, &q) == 0)
        return value_format(q, value, buffer, 64);
    snprintf(buffer, 64, "%lld", (long long)value);
    return buffer;
}

const char *ctl_clock(json_int_t ms)
{
    char *buffer = next_buffer();
    const long long s = ms < 0 ? 0 : (ms + 500) / 1000;
    snprintf(buffer, 64, "%lld:%02lld", s / 60, s % 60);
    return buffer;
}

const char *ctl_date(json_int_t ms)
{
    char *buffer = next_buffer();
    const time_t t = (time_t)(ms / 1000);
    struct tm local;
    if (!localtime_r(&t, &local) || strftime(buffer, 64, "%Y-%m-%d %H:%M:%S", &local) == 0)
        snprintf(buffer, 64, "%lld", (long long)ms);
    return buffer;
}

enum ctl_exit ctl_call(struct ctl *ctl, const char *method, json_t *params, json_t **result)
{
    json_t *error;
    *result = client_call(ctl->client, method, params, &error);
    if (*result && !error)
        return CTL_DONE;
    json_decref(*result);
    *result = NULL;
    if (!error)
        return CTL_NO_DAEMON;
    const json_t *data = json_object_get(error, "data");
    if (!ctl->json) {
        const char *token = ctl_text(data, "token");
        fprintf(stderr, "%s: %s%s%s\n", method, token, token[0] ? ": " : "", ctl_text(error, "message"));
        size_t i;
        const json_t *violation;
        json_array_foreach(json_object_get(data, "violations"), i, violation)
            fprintf(stderr, "  %s: %s\n", ctl_text(violation, "token"), ctl_text(violation, "message"));
    }
    json_decref(error);
    return CTL_REFUSED;
}

static void on_interrupt(int signal)
{
    (void)signal;
    ctl_interrupted = 1;
}

static enum ctl_exit run(struct ctl *ctl, const char *path, size_t command, const struct ctl_options *options)
{
    struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: waits must notice */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL); /* a closed terminal is a lost operator: it stops like Ctrl-C */
    ctl->client = client_open(path, ctl->json);
    if (!ctl->client)
        return CTL_NO_DAEMON;
    const enum ctl_exit code = commands[command].run(ctl, options);
    client_close(ctl->client);
    return code;
}

int main(int argc, char **argv)
{
    const char *path = getenv("MODALITY_SOCKET");
    const struct passwd *user = getpwuid(getuid());
    char uid[24];
    snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
    struct ctl ctl = {.interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
                      .operator_id = user ? user->pw_name : uid};
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0)
            ctl.json = true;
        else if (strcmp(argv[i], "--yes") == 0)
            ctl.yes = true;
        else if (strcmp(argv[i], "--socket") == 0 && more)
            path = argv[++i];
        else if (strcmp(argv[i], "--operator") == 0 && more)
            ctl.operator_id = argv[++i];
        else if (strcmp(argv[i], "--name") == 0 && more)
            ctl.operator_name = argv[++i];
        else if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return CTL_DONE;
        } else if (strcmp(argv[i], "--version") == 0) {
            puts("modalityctl " MODALITY_VERSION);
            return CTL_DONE;
        } else {
            fprintf(stderr, "modalityctl: unknown option or missing value: %s (see modalityctl --help)\n", argv[i]);
            return CTL_USAGE;
        }
    }
    if (!ctl.operator_name)
        ctl.operator_name = ctl.operator_id;
    if (i == argc) {
        usage(stderr);
        return CTL_USAGE;
    }
    struct ctl_options options;
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
        if (strcmp(argv[i], commands[k].name) != 0)
            continue;
        if (i + 1 < argc && strcmp(argv[i + 1], "--help") == 0) {
            printf("modalityctl %s %s\n  %s\n", commands[k].name, commands[k].arguments, commands[k].meaning);
            return CTL_DONE;
        }
        if (!options_read(&ctl, &commands[k], argc - i - 1, argv + i + 1, &options))
            return CTL_USAGE;
        return (int)run(&ctl, path ? path : DEFAULT_SOCKET, k, &options);
    }
    fprintf(stderr, "modalityctl: no such command: %s (see modalityctl --help)\n", argv[i]);
    return CTL_USAGE;
}
