/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_test.h"

#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOUND_MS 10000
#define ANSWER_BYTES_MAX 65536
#define DEVICES_MAX 4
#define NAME "SIM_TEST"

static pid_t sim;
static int sim_stdin; /* its end is the simulator's */
static char folder[64];
static int control = -1;

static void die(const char *what)
{
    perror(what);
    _exit(EXIT_FAILURE);
}

static void control_path(char path[96])
{
    snprintf(path, 96, "%s/sock", folder);
}

/* ---- the first start ---- */

static void run_sim(const char *const *devices, int in, int out)
{
    char path[96];
    const char *words[5 + 2 * DEVICES_MAX] = {SIM_PATH, "--exit-on-eof", "--control", path};
    size_t n = 4;
    control_path(path);
    for (; *devices && n + 2 < sizeof words / sizeof *words; devices++) {
        words[n++] = "--device";
        words[n++] = *devices;
    }
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execv(SIM_PATH, (char *const *)words);
    die(SIM_PATH);
}

static json_t *read_line(int fd)
{
    static char line[ANSWER_BYTES_MAX];
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (n == sizeof line || poll(&p, 1, BOUND_MS) != 1 || read(fd, line + n, 1) != 1)
            die("the simulator does not answer");
        if (line[n++] == '\n')
            return json_loadb(line, n, 0, NULL);
    }
}

static void enter(const json_t *environment)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)environment, key, value)
    {
        char text[512];
        const char *set = strcmp(key, "ASAN_OPTIONS") == 0 ? getenv(key) : NULL;
        snprintf(text, sizeof text, "%s%s%s", set ? set : "", set ? ":" : "", json_string_value(value));
        if (setenv(key, text, 1) < 0)
            die("setenv");
    }
}

static void start(const char *const *devices)
{
    int in[2], out[2];
    snprintf(folder, sizeof folder, "/tmp/sim-test-XXXXXX");
    if (!mkdtemp(folder) || pipe(in) < 0 || pipe(out) < 0)
        die("pipe");
    sim = fork();
    if (sim == 0)
        run_sim(devices, in[0], out[1]);
    if (sim < 0)
        die("fork");
    close(in[0]);
    close(out[1]);
    sim_stdin = in[1];
    json_t *ready = read_line(out[0]);
    close(out[0]);
    enter(json_object_get(ready, "environment"));
    json_decref(ready);
}

void sim_test_begin(char **argv, const char *const *devices)
{
    char text[128];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *started = getenv(NAME);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!started) {
        start(devices);
        snprintf(text, sizeof text, "%d %d %s", (int)sim, sim_stdin, folder);
        if (setenv(NAME, text, 1) < 0)
            die("setenv");
        execv("/proc/self/exe", argv);
        die("exec");
    }
    int pid = 0;
    if (sscanf(started, "%d %d %63s", &pid, &sim_stdin, folder) != 3)
        die(NAME);
    sim = pid;
    control_path(text);
    memcpy(address.sun_path, text, strlen(text) + 1);
    control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control < 0 || connect(control, (const struct sockaddr *)&address, sizeof address) < 0)
        die("the simulator's control socket");
}

int sim_test_end(int failed)
{
    int status = 0;
    close(control);
    close(sim_stdin);
    bool well = waitpid(sim, &status, 0) == sim && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!well)
        fprintf(stderr, "the simulator has not ended well: %x\n", (unsigned)status);
    (void)rmdir(folder);
    return well ? failed : EXIT_FAILURE;
}

/* ---- the second ---- */

static json_t *ask(const char *text)
{
    size_t n = strlen(text);
    assert_int_equal(write(control, text, n), n);
    assert_int_equal(write(control, "\n", 1), 1);
    json_t *answer = read_line(control);
    if (!json_is_true(json_object_get(answer, "ok")))
        fail_msg("%s: the simulator says: %s", text, json_string_value(json_object_get(answer, "error")));
    return answer;
}

void sim_test_do(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_decref(ask(text));
}

/* The whole answer, whose "state" is looked at. */
static json_t *ask_state(const char *device, json_t **state)
{
    char text[128];
    snprintf(text, sizeof text, "{\"device\":\"%s\",\"get\":\"state\"}", device);
    json_t *answer = ask(text);
    *state = json_object_get(answer, "state");
    return answer;
}

int64_t sim_test_state(const char *device, unsigned channel, const char *name)
{
    json_t *at, *answer = ask_state(device, &at);
    if (channel > 0)
        at = json_array_get(json_object_get(at, "channels"), channel - 1);
    json_t *value = json_object_get(at, name);
    assert_true(json_is_integer(value));
    int64_t number = json_integer_value(value);
    json_decref(answer);
    return number;
}

static json_t *first_plug(const json_t *state)
{
    return json_array_get(json_object_get(state, "plugs"), 0);
}

int64_t sim_test_line(const char *device, const char *name)
{
    json_t *at, *answer = ask_state(device, &at);
    json_t *value = json_object_get(json_object_get(first_plug(at), "line"), name);
    assert_true(json_is_integer(value));
    int64_t number = json_integer_value(value);
    json_decref(answer);
    return number;
}

const char *sim_test_driver(const char *device, unsigned interface)
{
    static char text[32];
    json_t *at, *answer = ask_state(device, &at);
    const char *driver = json_string_value(json_array_get(json_object_get(first_plug(at), "drivers"), interface));
    assert_non_null(driver);
    snprintf(text, sizeof text, "%s", driver);
    json_decref(answer);
    return text;
}
