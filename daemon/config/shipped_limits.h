/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits as they were shipped, compiled in as the text of config/limits-*.ini, so that there is no second table of
 * them. The code of the daemon reads them as it reads the installation's own.
 */
#ifndef CONFIG_SHIPPED_LIMITS_H
#define CONFIG_SHIPPED_LIMITS_H

#include "config/load.h"

/* Made at build time by shipped_files.cmake; texts are not NUL-terminated. */
extern const struct source_file shipped_limit_files[];
extern const size_t shipped_limit_files_n;

/*
 * The limits as shipped, for this configuration's sites, conditions and applicators; one that names
 * only such as this configuration does not have is left out. False when there is no memory.
 */
bool shipped_limits_read(struct load *load, const struct limit **limits, size_t *n);

/*
 * Holds the installation's limit against the shipped one of its name: it may not be of another scope, of a weaker
 * class, without a bound that the shipped one has, apply where less, or be called verified without acceptance. One that
 * locks what rests on it may not be of another quantity or looser either.
 */
void shipped_limit_hold(struct load *load, const struct raw_section *s, const struct limit *own,
                        const struct limit *shipped);

/*
 * A looser figure than the shipped one is the installation's own choice and says so: it is never shown as verified, nor
 * from the shipped source alone.
 */
void shipped_limit_mark(struct load *load, const struct limit *shipped, struct limit *own);

#endif
