/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal into a list that holds any number of them, with texts longer than it can hold; and the words for codes of
 * any value.
 */
#include "any_dose.h"

static void add(struct refusals *r, const char *text)
{
    struct refusal *item =
        refusal_add(r, TOKEN_BUSY, any_name_or_null(), "%s is %lld of %zu", text, (long long)any_number(), sizeof text);
    string_read(item->message);
}

int main(void)
{
    static struct refusals list;
    char text[REFUSAL_MESSAGE_MAX + 8];
    any_text(text, sizeof text);
    /*@ loop unroll REFUSALS_MAX + 2; */
    for (size_t n = 0; n <= REFUSALS_MAX + 1; n++) {
        list.n = n;
        list.dropped = (size_t)any_number();
        add(&list, text);
    }
    limit_scope_id((enum limit_scope)any_number());
    limit_class_id((enum limit_class)any_number());
    limit_layer_id((enum limit_layer)any_number());
    limit_verified_id((enum limit_verified)any_number());
    return 0;
}
