/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites and screening as they were shipped, compiled in as the text of sites.ini and screening.ini. They bind nobody: a
 * clinic answers for its own rows. But what is looser in them than as shipped is told (note_screening).
 */
#ifndef CONFIG_SHIPPED_SCREENING_H
#define CONFIG_SHIPPED_SCREENING_H

#include "config/load.h"

/* Made at build time by shipped_files.cmake; texts are not NUL-terminated. */
extern const struct source_file shipped_screening_files[];
extern const size_t shipped_screening_files_n;

#endif
