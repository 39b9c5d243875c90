/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usb_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/*
 * libusb opens a node without O_NOCTTY: a client that leads a session without a terminal would get this one, and be
 * sent SIGHUP when the plug is pulled. A terminal that is the controlling one of another session is given to nobody.
 */
static void guard(int slave, int told)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
        _exit(1);
    (void)signal(SIGHUP, SIG_IGN); /* which is what it will be sent */
    if (write(told, "", 1) != 1 || close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
        _exit(1);
    for (;;)
        pause();
}

static int guard_start(struct usb_gate *gate)
{
    int told[2];
    char byte;
    if (pipe2(told, O_CLOEXEC) < 0)
        return -errno;
    gate->guard = fork();
    if (gate->guard == 0)
        guard(gate->slave, told[1]);
    close(told[1]);
    bool owns = gate->guard > 0 && read(told[0], &byte, 1) == 1;
    close(told[0]);
    return owns ? 0 : -EIO;
}

int usb_gate_open(struct usb_gate *gate)
{
    struct termios mode;
    *gate = (struct usb_gate){.master = -1, .slave = -1, .guard = -1, .ready = true};
    if (openpty(&gate->master, &gate->slave, gate->path, NULL, NULL) < 0)
        return -errno;
    bool raw = fcntl(gate->master, F_SETFD, FD_CLOEXEC) == 0 && fcntl(gate->slave, F_SETFD, FD_CLOEXEC) == 0 &&
               tcgetattr(gate->slave, &mode) == 0;
    if (raw) {
        cfmakeraw(&mode);
        raw = tcsetattr(gate->slave, TCSANOW, &mode) == 0;
    }
    int r = raw ? guard_start(gate) : -EIO;
    if (r < 0) {
        usb_gate_close(gate);
        return r;
    }
    usb_gate_set(gate, false);
    return 0;
}

void usb_gate_set(struct usb_gate *gate, bool ready)
{
    if (gate->slave < 0 || ready == gate->ready)
        return;
    gate->ready = tcflow(gate->slave, ready ? TCOON : TCOOFF) == 0 ? ready : gate->ready;
}

void usb_gate_close(struct usb_gate *gate)
{
    if (gate->master >= 0)
        close(gate->master);
    if (gate->slave >= 0)
        close(gate->slave);
    gate->master = gate->slave = -1;
    if (gate->guard > 0) {
        kill(gate->guard, SIGKILL);
        waitpid(gate->guard, NULL, 0);
    }
    gate->guard = -1;
}
