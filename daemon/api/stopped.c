/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner over bytes that it has seen already, with nobody to stop. */
#include "api/stopped.h"

#include <stdlib.h>
#include <string.h>

#include "api/scanner.h"

struct heard {
    bool one, all;
};

static void on_found(void *userdata, const struct scanner_call *call)
{
    struct heard *heard = userdata;
    heard->one = heard->one || (call->stop && call->session_id != NULL);
    heard->all = heard->all || (call->stop && call->session_id == NULL);
}

const char *stopped_by_line(const char *line, size_t length)
{
    struct scanner scanner;
    struct heard heard = {false, false};
    scanner_begin(&scanner);
    scanner_feed(&scanner, line, length, on_found, &heard);
    scanner_end(&scanner, on_found, &heard);
    return heard.all ? "; everything was stopped" : heard.one ? "; the session that it names was stopped" : "";
}

const char *stopped_by_item(const json_t *item)
{
    char *line = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *said = line != NULL ? stopped_by_line(line, strlen(line)) : "";
    free(line);
    return said;
}
