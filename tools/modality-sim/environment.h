/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs that are to see the simulated USB bus need in their environment: umockdev's library before their own.
 * The simulator needs it as well, and starts itself anew in it.
 */
#ifndef SIM_ENVIRONMENT_H
#define SIM_ENVIRONMENT_H

/* Returns when this program runs in it; else starts it anew and returns a negative errno if that fails. */
int environment_enter(char **argv);

/* Prints ,"environment":{...} of other programs for the bus in folder. */
void environment_print(const char *folder);

#endif
