/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modalityctl: the command-line client. The table of subcommands, its help, and the way in.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "calculator.h"
#include "request.h"

#define DEFAULT_SOCKET "/run/modalityd/socket"
#define COLUMNS_DEFAULT 100
#define COLUMNS_MIN 40
#define COLUMNS_MAX 160

volatile int ctl_interrupted;

static const struct command {
    const char *name;
    ctl_command *run;
    const char *options; /* the names it knows, as options_read wants them */
    size_t words;        /* arguments beside options, at most */
    bool alone;          /* needs no daemon */
    const char *arguments, *meaning;
} commands[] = {
    {"status", cmd_status, "", 0, false, "", "daemon, devices, sessions and alarms on one page"},
    {"devices", cmd_devices, "", 1, false, "[DEVICE]", "devices, or everything about one"},
    {"scan", cmd_scan, "", 0, false, "", "what is attached, with sections for devices.ini"},
    {"selftest", cmd_selftest, "", CTL_WORDS_MAX, false, "[DEVICE...]",
     "tries every way to rest of idle devices, without output, step by step"},
    {"protocols", cmd_protocols, "modality site device indication", 1, false,
     "[PROTOCOL] [--modality M] [--site S] [--device D] [--indication I]",
     "protocols, or one with its ranges and questions"},
    {"limits", cmd_limits, TREATMENT_OPTIONS CALCULATOR_OPTIONS "modality", 1, false,
     "[LIMIT] [--modality M] [TREATMENT] [--config DIR]",
     "limits with layer, place, source; with a treatment: value and headroom"},
    {"check", cmd_check, TREATMENT_OPTIONS CALCULATOR_OPTIONS, 0, false, "TREATMENT [--config DIR]",
     "what would be said of this treatment; starts nothing"},
    {"start", cmd_start, TREATMENT_OPTIONS "pain-before", 0, false, "TREATMENT [--pain-before N]",
     "screening, dose sheet, confirmation, then the treatment; Ctrl-C stops it"},
    {"adjust", cmd_adjust, "lease to channel quantity expect", 1, false,
     "SESSION --lease KEY --to VALUE [--expect VALUE] [--channel C] [--quantity Q]",
     "a new target; an increase needs the target you saw (--expect)"},
    {"pause", cmd_pause, "lease", 1, false, "SESSION --lease KEY", "output to rest, treatment time held"},
    {"resume", cmd_resume, "lease", 1, false, "SESSION --lease KEY", "walks up again from rest"},
    {"stop", cmd_stop, "reason by", 1, false, "[SESSION] [--reason TEXT] [--by operator|patient|other]",
     "stops one session, or everything; says how rest is known"},
    {"sessions", cmd_sessions, "", 1, false, "[SESSION]", "open and lately ended sessions, or one of them"},
    {"watch", cmd_watch, "", 0, false, "", "every change as it comes, with alarms"},
    {"alarms", cmd_alarms, "acknowledge", 0, false, "[--acknowledge N]", "standing alarms; acknowledges one"},
    {"log", cmd_log, "limit", 0, false, "[--limit N]", "the newest entries of the audit"},
    {"records", cmd_records, "patient", 1, false, "[SESSION] [--patient REF]", "finished treatments, or one record"},
    {"export", cmd_export, "format patient", 0, false, "[--format jsonl|csv] [--patient REF]",
     "records for other programs, to standard output"},
    {"verify", cmd_verify, "", 0, false, "", "walks the whole audit chain"},
    {"observe", cmd_observe, "pain-before pain-after skin-before skin-after note", 1, false,
     "SESSION [--pain-before N] [--pain-after N] [--skin-before TEXT] [--skin-after TEXT] [--note TEXT]",
     "adds what was observed to a session or its record"},
    {"reset", cmd_reset, "statement", 1, false, "DEVICE --statement TEXT",
     "the patient is disconnected: clears an output that cannot be proved"},
    {"review", cmd_review,
     "statement duration energy charge ion-dose contractions thermal-dose cold-dose exceeds-worst!", 1, false,
     "SESSION --statement TEXT --duration T --energy E --charge Q [--ion-dose D] [--contractions N]\n"
     "            [--thermal-dose T] [--cold-dose D] [--exceeds-worst]",
     "settles a dose that nobody knows, as a person judges it; what is left out counts as the worst\n"
     "            that was reserved, and --exceeds-worst says that more than that is meant"},
    {"page", cmd_page, "config", 0, true, "[--config DIR]",
     "every limit, protocol and screening code as an HTML page to print; needs no daemon"},
};

static void treatment_usage(FILE *to)
{
    fprintf(to, "\nTREATMENT:\n"
                "  --protocol P --device D [--group G] --patient REF --site S --side left|right|both|midline\n"
                "  --amplitude V --intensity V --width V --rate V --duty V --frequency V --beat V --carrier V\n"
                "  --set QUANTITY=V          any quantity by its id (modalityctl protocols P)\n"
                "      V is a start, or START..CEILING: 12mA, \"12 mA\", 0.5W/cm2, 12mA..20mA, 12..20mA;\n"
                "      what is left out is the protocol's\n"
                "  --duration 20min          treatment time\n"
                "  --electrode-area 25cm2    contact area of both electrodes of each channel; or each by itself:\n"
                "  --electrode LABEL=CHANNEL,AREA[,SITE][,SIDE][,positive|negative]\n"
                "                            one label on two channels is a pad that they share\n"
                "  --applicator REF --area 10cm2      ultrasound head, and area over which it is moved\n"
                "  --answer QUESTION=ANSWER[@YYYY-MM-DD|@today] --override CONDITION=REASON --acknowledge LIMIT\n"
                "                            screening; start and check ask on a terminal what is left open\n"
                "  --indication I --patient-check ID --course C --supervisor NAME\n"
                "  --attended present|in_room|remote --arrangement A --drive-mode cc|cv --polarity P\n"
                "  --electrode-kind K\n"
                "\nWithout a daemon: check and limits with --config DIR read a configuration and calculate; device\n"
                "and patient may be left out. No ledger is asked: what went before is told.\n"
                "  --channels N|NAME,...     channels of the treatment; else as many as the protocol takes at least\n"
                "  --earlier-sessions N --earlier-duration T --earlier-energy E --earlier-charge Q\n"
                "  --earlier-ion-dose D --earlier-thermal-dose T --earlier-cold-dose D\n"
                "                            what sessions of the last 24 h gave this site\n"
                "  --last-end [THERAPY=]AGO  when one ended here; of another therapy by its name: cryo=20min\n"
                "  --assume-harmless         answers what --answer leaves open by what forbids nothing, and lists it\n"
                "                            as assumed: for a look at the dose and its limits alone\n");
}

static void usage(FILE *to)
{
    fprintf(to, "usage: modalityctl [--socket PATH] [--json] [--yes] [--operator ID] [--name NAME] COMMAND ...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-9s %s%s%s\n", commands[i].name, commands[i].arguments,
                commands[i].arguments[0] ? "\n            " : " ", commands[i].meaning);
    treatment_usage(to);
    fprintf(to, "\nNumbers need their unit; they are read exactly or refused.\n"
                "--json prints exactly what the daemon said, a line each; look-ups that only help to build a\n"
                "request are shown when they fail. --yes confirms the dose sheet without asking.\n"
                "The socket is --socket, else $MODALITY_SOCKET, else " DEFAULT_SOCKET ".\n\nExit codes:\n");
#define EXIT(id, code, meaning) fprintf(to, "  %d  %s\n", code, meaning);
    CTL_EXITS(EXIT)
#undef EXIT
}

static void command_usage(const struct command *c)
{
    printf("usage: modalityctl %s %s\n  %s\n", c->name, c->arguments, c->meaning);
    if (strstr(c->arguments, "TREATMENT"))
        treatment_usage(stdout);
}

static void on_interrupt(int signal)
{
    (void)signal;
    ctl_interrupted = 1;
}

void ctl_catch_interrupts(void)
{
    /* Ctrl-C, a closed terminal, a reader that went away: the operator cannot watch any more. */
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    const struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: waits must notice */
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

/* Of the terminal; of the one behind a pipe, too. */
static int columns(void)
{
    struct winsize size = {0};
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
            return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
    }
    return COLUMNS_DEFAULT;
}

/* Options before the command. Index of the command; argc when there is none; -1 when done, with *code set. */
static int globals_read(struct ctl *ctl, int argc, char **argv, const char **path, enum ctl_exit *code)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const bool more = i + 1 < argc;
        *code = CTL_DONE;
        if (strcmp(argv[i], "--json") == 0) {
            ctl->json = true;
        } else if (strcmp(argv[i], "--yes") == 0) {
            ctl->yes = true;
        } else if (strcmp(argv[i], "--socket") == 0 && more) {
            *path = argv[++i];
        } else if (strcmp(argv[i], "--operator") == 0 && more) {
            ctl->operator_id = argv[++i];
        } else if (strcmp(argv[i], "--name") == 0 && more) {
            ctl->operator_name = argv[++i];
        } else if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return -1;
        } else if (strcmp(argv[i], "--version") == 0) {
            puts("modalityctl " MODALITY_VERSION);
            return -1;
        } else {
            fprintf(stderr, "modalityctl: unknown option, or its value is missing: %s (see modalityctl --help)\n",
                    argv[i]);
            *code = CTL_USAGE;
            return -1;
        }
    }
    return i;
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* The same command, answered from the files of a configuration. */
static enum ctl_exit run_calculator(const struct ctl *ctl, const struct command *command,
                                    const struct ctl_options *options)
{
    struct ctl alone = *ctl;
    struct calculator calculator;
    if (!calculator_open(options, &calculator))
        return CTL_USAGE;
    alone.calculator = &calculator;
    const enum ctl_exit code = command->run(&alone, options);
    calculator_close(&calculator);
    return code;
}

static enum ctl_exit run(struct ctl *ctl, const char *path, const struct command *command, int argc, char **argv)
{
    struct ctl_options options;
    if (argc > 0 && strcmp(argv[0], "--help") == 0) {
        command_usage(command);
        return CTL_DONE;
    }
    if (!options_read(ctl, command->name, command->options, command->words, argc, argv, &options))
        return CTL_USAGE;
    ctl->interactive = !ctl->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    ctl->columns = columns();
    if (command->alone)
        return command->run(ctl, &options);
    if (ctl_option(&options, "config"))
        return run_calculator(ctl, command, &options);
    ctl->client = client_open(path, ctl->json);
    if (!ctl->client)
        return CTL_NO_DAEMON;
    const enum ctl_exit code = command->run(ctl, &options);
    client_close(ctl->client);
    return code;
}

int main(int argc, char **argv)
{
    const char *path = getenv("MODALITY_SOCKET");
    const struct passwd *user = getpwuid(getuid());
    enum ctl_exit code;
    char uid[24];
    snprintf(uid, sizeof uid, "%u", (unsigned)getuid());
    struct ctl ctl = {.operator_id = user ? user->pw_name : uid};
    const int at = globals_read(&ctl, argc, argv, &path, &code);
    if (at < 0)
        return (int)code;
    if (at == argc) {
        usage(stderr);
        return CTL_USAGE;
    }
    if (!ctl.operator_name)
        ctl.operator_name = ctl.operator_id;
    const struct command *command = command_find(argv[at]);
    if (command)
        return (int)run(&ctl, path ? path : DEFAULT_SOCKET, command, argc - at - 1, argv + at + 1);
    fprintf(stderr, "modalityctl: no such command: %s (see modalityctl --help)\n", argv[at]);
    return CTL_USAGE;
}
