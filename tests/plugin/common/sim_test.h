/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The near side of a plugin's test over USB: a program of tests whose only USB bus is modality-sim's. libusb must find
 * umockdev's library preloaded and the bus's folder in the environment before it starts, so the program is started
 * twice: first it starts the simulator, then itself again in the environment that the simulator names.
 */
#ifndef TEST_PLUGIN_COMMON_SIM_TEST_H
#define TEST_PLUGIN_COMMON_SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

/* The first thing in main, with the simulator's --device arguments, NULL at the end: returns in the second start. */
void sim_test_begin(char **argv, const char *const *devices);
/* The last: ends the simulator, and is a failure if it did not end well. Returns what main returns. */
int sim_test_end(int failed);

/* One command of the simulator's control socket, JSON as printf makes it. Fails the test when it is refused. */
void sim_test_do(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A number of a device's state; channel from 1, 0 = the device's own. */
int64_t sim_test_state(const char *device, unsigned channel, const char *name);
/* A number of the line of its first plug, and who holds an interface of it: valid until the next call. */
int64_t sim_test_line(const char *device, const char *name);
const char *sim_test_driver(const char *device, unsigned interface);

#endif
