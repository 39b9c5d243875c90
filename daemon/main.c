/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modalityd: command line, order of start-up, order of shutdown.
 *
 * Up: configuration (with its plugins), records, sessions, hosts, socket, READY. Down: outputs to rest and proved,
 * hosts, records, socket. READY never waits for a device.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config/keys.h"
#include "daemon.h"
#include "modality/log.h"
#include "modality/slice.h"

static const char usage[] = "usage: modalityd [--config DIR] [--check] [--config-help] [--version]\n"
                            "\n"
                            "Supervises physiotherapy treatments on the devices that DIR describes, and serves\n"
                            "control clients on one local socket (see modalityctl).\n"
                            "\n"
                            "  --config DIR    directory of INI files (default " MODALITY_SYSCONFDIR ")\n"
                            "  --check         check the configuration with its plugins, report every fault, exit\n"
                            "  --config-help   print every section and key with unit, range, default and meaning\n"
                            "  --version       print the version\n"
                            "\n"
                            "Signals: SIGHUP reads the configuration again; SIGTERM and SIGINT rest every output,\n"
                            "prove it and exit. Exit: 0 done, 1 configuration refused, 2 usage, 3 could not run.\n";

/*
 * Blocks from this size on are mapped: what is not used of them takes no memory, and what was freed goes back. Without
 * it the first large block that is freed raises glibc's threshold, and the host tables are cleared by hand.
 */
#define MAPPED_FROM (64 * 1024)

enum { EXIT_CONFIG = 1, EXIT_USAGE = 2, EXIT_RUN = 3 };

struct options {
    const char *config_dir;
    bool check;
};

static int options_read(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
                                          {"config-help", no_argument, NULL, 'r'},  {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},         {0}};
    int c;
    *options = (struct options){.config_dir = MODALITY_SYSCONFDIR};
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'c':
            options->config_dir = optarg;
            break;
        case 'k':
            options->check = true;
            break;
        case 'r':
            config_keys_print(stdout);
            exit(0);
        case 'v':
            puts("modalityd " MODALITY_VERSION);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            return -EINVAL;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "modalityd: unexpected argument '%s'\n%s", argv[optind], usage);
        return -EINVAL;
    }
    return 0;
}

/* modality-host stands beside modalityd in a build tree, in libexec when installed. */
static const char *host_find(void)
{
    static char path[512];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "modality-host");
    if (n > 0) {
        path[n] = '\0';
        char *slash = strrchr(path, '/');
        if (slash) {
            memcpy(slash + 1, "modality-host", sizeof "modality-host"); /* readlink left room for it */
            if (access(path, X_OK) == 0)
                return path;
        }
    }
    return MODALITY_LIBEXECDIR "/modality-host";
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct daemon *d = userdata;
    (void)source;
    if (info->ssi_signo == SIGHUP)
        daemon_reload(d);
    else
        daemon_begin_stop(d, info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    return 0;
}

static int signals_add(struct daemon *d)
{
    static const int wanted[] = {SIGHUP, SIGTERM, SIGINT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        sigaddset(&set, wanted[i]);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a full file is an error of one write, not the end of the daemon */
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const int r = sd_event_add_signal(d->event, NULL, wanted[i], on_signal, d);
        if (r < 0)
            return r;
    }
    return 0;
}

static int said(const char *what, int r)
{
    if (r < 0)
        log_line(SD_ERR, "modalityd: %s: %s", what, strerror(-r));
    return r;
}

static int daemon_up(struct daemon *d)
{
    int r;
    if ((r = said("event loop", sd_event_new(&d->event))) < 0 || (r = said("signals", signals_add(d))) < 0)
        return r;
    if (daemon_start_records(d) < 0)
        return -EIO;
    daemon_audit_config(d, "config.loaded", d->config, "start");
    daemon_take_priority(&d->config->daemon);
    if (daemon_start_sessions(d) < 0 || daemon_start_links(d) < 0 || daemon_start_api(d) < 0)
        return -EIO;
    sd_notifyf(0, "READY=1\nSTATUS=serving %zu devices on %s", d->config->n_devices, d->config->daemon.socket_path);
    log_line(SD_NOTICE, "modalityd " MODALITY_VERSION ": serving %zu devices on %s, configuration %.12s",
             d->config->n_devices, d->config->daemon.socket_path, d->config->hash);
    return 0;
}

static void daemon_down(struct daemon *d)
{
    if (d->record) {
        const struct audit_actor self = {.uid = getuid()};
        record_audit(d->record, "daemon.stopped", &self, NULL, NULL);
        record_audit_head(d->record);
    }
    daemon_scan_end(d);
    api_stop(d->api);
    for (size_t i = 0; i < d->n_links; i++)
        link_free(d->links[i]);
    free(d->links);
    free(d->plans);
    free(d->host_logs);
    inhibitor_free(d->inhibitor);
    sessions_free(d->sessions);
    record_close(d->record); /* the last: what the others handed over is still written, nobody is told any more */
    free(d->devices);
    sd_event_source_disable_unref(d->deadline);
    sd_event_source_disable_unref(d->second);
    sd_event_source_disable_unref(d->records);
    config_free(d->config);
    for (size_t i = 0; i < d->n_previous; i++)
        config_free(d->previous[i]);
    sd_event_unref(d->event);
}

int main(int argc, char **argv)
{
    struct options options;
    if (options_read(argc, argv, &options) < 0)
        return EXIT_USAGE;
    umask(077);
    mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    slice_ask(SLICE_DAEMON_NS);
    struct daemon d = {.host_path = host_find()};
    struct fault_note faults = {0};
    if (daemon_check_config(options.config_dir, 1, d.host_path, &faults, &d.config) < 0) {
        char why[FAULT_NOTE_MAX];
        if (options.check)
            printf("%s" CHECK_REFUSED "%s\n", options.config_dir, fault_note_say(&faults, why));
        return EXIT_CONFIG;
    }
    if (options.check) {
        printf("%s: good: %zu devices, %zu protocols, %zu limits, hash %s\n", options.config_dir, d.config->n_devices,
               d.config->dose.n_protocols, d.config->dose.n_limits, d.config->hash);
        config_free(d.config);
        return 0;
    }
    d.exit_code = EXIT_RUN;
    if (daemon_up(&d) == 0) {
        d.exit_code = 0;
        const int r = sd_event_loop(d.event);
        if (said("event loop", r) < 0)
            d.exit_code = EXIT_RUN;
    }
    daemon_down(&d);
    return d.exit_code;
}
