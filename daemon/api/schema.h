/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenRPC document of the interface, made from the tables that dispatch and the parameter checker use.
 */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include <jansson.h>

#include "api/params.h"

/* New references. */
json_t *schema_document(void);
json_t *schema_of(const struct param *row);

#endif
