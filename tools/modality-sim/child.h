/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that is run beside the simulator, with the simulated USB bus as its machine's. The simulator serves it
 * until it has ended, whatever it was told itself: it may still have to bring a device to rest.
 */
#ifndef SIM_CHILD_H
#define SIM_CHILD_H

#include "loop.h"

struct child;

/* Starts command; the loop stops when it has ended. 0 or negative errno. */
int child_start(struct loop *loop, char **command, struct child **out);
/* Passes a signal on. */
void child_signal(struct child *child, int signal);
/* Kills it if it still runs, and frees; takes NULL. Its exit status, as a shell has it: 128 and the signal. */
int child_end(struct child *child);

#endif
