/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read about USB as text and bytes of others: a link is refused with a reason or written again as it was read;
 * functional descriptors name an interface or none.
 */
#include <string.h>

#include "common/usb_cdc.h"
#include "fuzz.h"

static void try_link(const char *text)
{
    struct usb_name names[USB_NAMES_MAX];
    char again[USB_NAMES_MAX * USB_NAME_TEXT_MAX + 8] = "usb:";
    const char *fault = NULL;
    size_t n = 0;
    if (usb_link_parse(text, names, &n, &fault) < 0) {
        FUZZ_CHECK(fault && strncmp(fault, "needs ", 6) == 0);
        return;
    }
    FUZZ_CHECK(n >= 1 && n <= USB_NAMES_MAX);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(names[i].serial[0] || names[i].port[0]);
        char *end = again + strlen(again);
        if (i > 0)
            *end++ = '+';
        usb_name_text(&names[i], end);
    }
    FUZZ_CHECK(strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t interface = 0;
    (void)cdc_data_interface(data, size, &interface);
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    try_link(text);
    free(text);
    return 0;
}
