/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The installation's alarm command: a fixed argv, never a shell; what happened goes in the environment. At most a few
 * run at once, and one that does not end is left to itself: an alarm is never waited for.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "daemon.h"
#include "modality/log.h"

#define RUNNING_MAX 8
#define VARIABLE_MAX 400

static const char *const carried[] = {"kind", "priority", "device", "session_id", "detail"};
#define N_CARRIED (sizeof carried / sizeof carried[0])

/* Those that run, and who waits for their end. */
static struct running {
    bool used;
    char device[VARIABLE_MAX];
    void (*ended)(void *userdata, const char *device, int status); /* NULL = nobody */
    void *userdata;
} running[RUNNING_MAX];

static struct running *running_free(void)
{
    for (size_t i = 0; i < RUNNING_MAX; i++)
        if (!running[i].used)
            return &running[i];
    return NULL;
}

static int on_exit_seen(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct running *r = userdata;
    r->used = false;
    if (r->ended)
        r->ended(r->userdata, r->device, info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status);
    sd_event_source_unref(source);
    return 0;
}

static void environment_fill(char variables[][VARIABLE_MAX], const char *change, const json_t *alarm)
{
    for (size_t i = 0; i < N_CARRIED; i++) {
        const char *value = json_string_value(json_object_get(alarm, carried[i]));
        snprintf(variables[i], VARIABLE_MAX, "MODALITY_ALARM_%s=%s", carried[i], value ? value : "");
    }
    snprintf(variables[N_CARRIED], VARIABLE_MAX, "MODALITY_ALARM_change=%s", change);
    const char *path = getenv("PATH");
    snprintf(variables[N_CARRIED + 1], VARIABLE_MAX, "PATH=%s", path ? path : "/usr/bin:/bin");
}

static int spawn(const struct config_daemon *settings, const char *change, const json_t *alarm, pid_t *pid)
{
    char variables[N_CARRIED + 2][VARIABLE_MAX];
    char *environment[N_CARRIED + 3] = {0};
    posix_spawnattr_t attributes;
    sigset_t none;
    environment_fill(variables, change, alarm);
    for (size_t i = 0; i < N_CARRIED + 2; i++)
        environment[i] = variables[i];
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int r = posix_spawn(pid, settings->alarm_command[0], NULL, &attributes,
                              (char *const *)(uintptr_t)settings->alarm_command, environment);
    posix_spawnattr_destroy(&attributes);
    return -r;
}

/* 1: none is configured. */
static int run(sd_event *event, const struct config_daemon *settings, const char *change, const json_t *alarm,
               const struct running *who)
{
    sd_event_source *source;
    pid_t pid = 0;
    struct running *r = running_free();
    if (settings->n_alarm_command == 0)
        return 1;
    if (!r)
        return -EBUSY;
    int error = spawn(settings, change, alarm, &pid);
    if (error < 0)
        return error;
    *r = *who;
    error = sd_event_add_child(event, &source, pid, WEXITED, on_exit_seen, r);
    r->used = error >= 0;
    return error < 0 ? error : 0;
}

void alarm_command_run(sd_event *event, const struct config_daemon *settings, const char *change, const json_t *alarm)
{
    const int r = run(event, settings, change, alarm, &(struct running){.ended = NULL});
    if (r < 0)
        log_line(SD_WARNING, "modalityd: alarm command %s: %s", settings->alarm_command[0], strerror(-r));
}

int alarm_command_try(sd_event *event, const struct config_daemon *settings, const char *device,
                      void (*ended)(void *userdata, const char *device, int status), void *userdata)
{
    struct running who = {.ended = ended, .userdata = userdata};
    snprintf(who.device, sizeof who.device, "%s", device);
    json_t *alarm = json_pack("{s:s,s:s,s:s,s:s}", "kind", "selftest", "priority", "low", "device", device, "detail",
                              "a self-test tries the alarm command: there is no alarm");
    const int r = run(event, settings, "selftest", alarm, &who);
    json_decref(alarm);
    return r;
}
