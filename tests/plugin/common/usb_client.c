/* SPDX-License-Identifier: Apache-2.0 */
#include "usb_client.h"

#include <string.h>

struct usb_client client;

int64_t in_ns(int64_t ns)
{
    return clock_monotonic_ns() + ns;
}

struct usb_name name_of(const char *link)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault;
    size_t n;
    assert_int_equal(usb_link_parse(link, names, &n, &fault), 0);
    return names[0];
}

int client_open(usb_open_fn open, const char *link, const struct serial_line *line, int64_t deadline_ns)
{
    struct usb_name name = name_of(link);
    struct usb_port *port = NULL;
    client.why[0] = '\0';
    int r = open(&name, line, deadline_ns, client.why, &port);
    if (r < 0) {
        assert_null(port);
        assert_true(client.why[0] != '\0');
        return r;
    }
    client.port = port;
    client.t = usb_port_transport(port);
    return 0;
}

void client_opens(usb_open_fn open, const char *link, const struct serial_line *line)
{
    int r = client_open(open, link, line, in_ns(LONG_NS));
    if (r < 0)
        fail_msg("%s: %s (%d)", link, client.why, r);
}

void client_closes(void)
{
    usb_port_close(client.port);
    client.port = NULL;
}

int client_write(const char *text, int64_t deadline_ns)
{
    return client.t.write(client.t.ctx, (const uint8_t *)text, strlen(text), deadline_ns);
}

int client_read_byte(uint8_t *byte, int64_t deadline_ns)
{
    size_t n = 77;
    int r = client.t.read(client.t.ctx, byte, 1, deadline_ns, &n);
    assert_int_equal(n, r < 0 ? 77 : 1);
    return r;
}

int client_read(uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    for (size_t got = 0, some = 0; got < n; got += some) {
        int r = client.t.read(client.t.ctx, bytes + got, n - got, deadline_ns, &some);
        if (r < 0)
            return r;
        assert_true(some > 0 && some <= n - got);
    }
    return 0;
}

void assert_echo(size_t n)
{
    static uint8_t sent[USB_WRITE_MAX], got[USB_WRITE_MAX];
    for (size_t i = 0; i < n; i++)
        sent[i] = (uint8_t)(i * 7 + i / 256 + n);
    assert_int_equal(client.t.write(client.t.ctx, sent, n, in_ns(LONG_NS)), 0);
    assert_int_equal(client_read(got, n, in_ns(LONG_NS)), 0);
    assert_memory_equal(got, sent, n);
}

void assert_took(int64_t begun_ns, int64_t at_least_ns)
{
    int64_t took = clock_monotonic_ns() - begun_ns;
    assert_true(took >= at_least_ns);
    assert_true(took < at_least_ns + LATE_NS);
}
