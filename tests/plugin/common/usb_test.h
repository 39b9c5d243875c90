/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The near side of the USB tests: a program of tests whose only USB bus is that of usb_bench. libusb must find
 * umockdev's library preloaded and the bus's folder in the environment before it starts, so the program is started
 * twice: first it starts the bench, then itself again in that environment.
 */
#ifndef TEST_PLUGIN_COMMON_USB_TEST_H
#define TEST_PLUGIN_COMMON_USB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

/* The first thing in main: returns in the second start only. */
void usb_test_begin(char **argv);
/* The last: ends the bench, and is a failure if it did not end well. Returns what main returns. */
int usb_test_end(int failed);

/* One command to the bench, as printf; its answer without "ok ". Fails the test on "error", and after 5 s. */
const char *usb_bench(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
