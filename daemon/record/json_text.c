/* SPDX-License-Identifier: Apache-2.0 */
/* Counts brackets outside of strings; whether they match is the parser's business. */
#include "record/json_text.h"

bool json_text_shallow(const char *text)
{
    bool in_string = false;
    int depth = 0;

    for (const char *c = text; *c; c++) {
        if (in_string && *c == '\\' && c[1])
            c++;
        else if (*c == '"')
            in_string = !in_string;
        else if (!in_string && (*c == '{' || *c == '['))
            depth++;
        else if (!in_string && (*c == '}' || *c == ']'))
            depth--;
        if (depth > JSON_TEXT_DEPTH_MAX)
            return false;
    }
    return true;
}

json_t *json_text_read(const char *text)
{
    return json_text_shallow(text) ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}
