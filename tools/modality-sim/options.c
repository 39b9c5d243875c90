/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SERIAL 1001
#define FIRMWARE 0x0102 /* 1.2 */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

void options_help(void)
{
    printf("modality-sim: simulated physiotherapy devices on Modbus TCP, Modbus RTU and USB.\n\n"
           "  --device NAME=KIND,key=value,...   a device; may be given up to %d times\n"
           "      KIND            refstim, refus, reflaser, refcold, refgalv, tcmidi or julabo on Modbus,\n"
           "                      p24, rehastim2 or openlifu on USB\n"
           "      unit=N          Modbus unit, 1..247 (1; tcmidi 10)\n"
           "      tcp=HOST:PORT   on this TCP endpoint; port 0 takes a free one, of its own\n"
           "      pty=PATH        on a pty; PATH becomes a symlink to it\n"
           "      with=NAME       on the same line as this earlier device\n"
           "                      (devices that name the same PATH or HOST:PORT, PORT not 0, share it too)\n"
           "      usb=1-N         in port N (1..15) of the simulated USB bus 1; openlifu: usb=1-N+1-M\n"
           "      usb_serial=TEXT of its USB descriptor (SIM and serial=); - for none\n"
           "      baud=N          pty: replies take the time they would at this speed (0: none)\n"
           "      serial=N firmware=N head_serial=N head_serial2=N\n"
           "      skin_tau_ms=N pad_ms_per_k=N   refcold: how fast skin and pad follow\n"
           "      block_ms_per_k=N   tcmidi;   bath_ms_per_k=N data_format=0..3 fahrenheit=0..1   julabo\n"
           "      switch_ms=N   p24;   ramp_ms=N   openlifu: that the high voltage takes\n"
           "  --control PATH      control socket, newline JSON: {\"list\":\"faults\"} explains itself\n"
           "  --trace PATH        what truly came out, JSON Lines\n"
           "  --trace-reads       read requests go to the trace as well\n"
           "  --sample-ms N       the trace gets every channel's output every N ms, besides every change\n"
           "  --exit-on-eof       end when stdin closes\n"
           "  --help\n"
           "  --qemu FOLDER       the USB ports are a machine's under QEMU: sockets FOLDER/N, for its usb-redir\n"
           "                      and, where the device has an FTDI chip, for its usb-serial\n"
           "  -- COMMAND ...      run this where the simulated USB bus is the machine's; ends with it\n\n"
           "When ready it prints one JSON line: {\"ready\":true,\"pid\":...,\"devices\":{NAME:{\"link\":...}}};\n"
           "with devices on USB also the \"environment\" in which other programs see them.\n",
           OPTIONS_DEVICES_MAX);
}

static int complain(const char *what, const char *text)
{
    fprintf(stderr, "modality-sim: %s: %s\n", what, text);
    return -EINVAL;
}

static int number_parse(const char *text, unsigned long most, unsigned long *out)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || value > most)
        return -EINVAL;
    *out = value;
    return 0;
}

static int text_copy(char *to, size_t size, const char *from)
{
    if (strlen(from) >= size || !*from)
        return -EINVAL;
    memcpy(to, from, strlen(from) + 1);
    return 0;
}

static int endpoint_set(struct options_device *d, enum line_kind kind, const char *value)
{
    if (d->endpoint[0])
        return -EINVAL;
    d->line_kind = kind;
    return text_copy(d->endpoint, sizeof d->endpoint, value);
}

/* "1-3", and for a device of two plugs "1-3+1-4". */
static int usb_ports_set(struct options_device *d, const char *value)
{
    const struct usb_kind *kind = usb_kind_of(d->device.kind);
    const char *at = value;
    char *end;
    if (!kind || d->usb_port[0])
        return -EINVAL;
    for (unsigned i = 0; i < kind->plugs; i++, at = end) {
        if (strncmp(at, i ? "+1-" : "1-", i ? 3 : 2) != 0)
            return -EINVAL;
        at += i ? 3 : 2;
        unsigned long port = *at >= '1' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (port == 0 || port > USB_PORTS_MAX)
            return -EINVAL;
        d->usb_port[i] = (unsigned)port;
    }
    return *at ? -EINVAL : 0;
}

static int usb_serial_set(struct options_device *d, const char *value)
{
    d->has_usb_serial = true;
    return strcmp(value, "-") == 0 ? 0 : text_copy(d->usb_serial, sizeof d->usb_serial - 1, value);
}

static int tuning_set(struct device_options *device, unsigned tuning, unsigned long number)
{
    const struct model_tuning *range = &device->kind->model->tuning[tuning];
    if (number < (unsigned long)range->least || number > (unsigned long)range->most)
        return -EINVAL;
    device->tuning[tuning] = (int32_t)number;
    return 0;
}

static int device_key(struct options_device *d, const char *key, const char *value)
{
    unsigned long number = 0;
    if (strcmp(key, "tcp") == 0)
        return endpoint_set(d, LINE_TCP, value);
    if (strcmp(key, "pty") == 0)
        return endpoint_set(d, LINE_PTY, value);
    if (strcmp(key, "usb") == 0)
        return usb_ports_set(d, value);
    if (strcmp(key, "usb_serial") == 0)
        return usb_serial_set(d, value);
    if (strcmp(key, "with") == 0)
        return text_copy(d->with, sizeof d->with, value);
    if (number_parse(value, UINT32_MAX, &number) < 0)
        return -EINVAL;
    int tuning = model_tuning_find(d->device.kind->model, key);
    if (tuning >= 0)
        return tuning_set(&d->device, (unsigned)tuning, number);
    if (strcmp(key, "unit") == 0 && number >= 1 && number <= 247)
        d->device.unit = (uint8_t)number;
    else if (strcmp(key, "baud") == 0 && number <= 4000000)
        d->baud = (unsigned)number;
    else if (strcmp(key, "serial") == 0)
        d->device.identity.serial = (uint32_t)number;
    else if (strcmp(key, "firmware") == 0 && number <= UINT16_MAX)
        d->device.identity.firmware = (uint16_t)number;
    else if (strcmp(key, "head_serial") == 0)
        d->device.identity.head_serial[0] = (uint32_t)number;
    else if (strcmp(key, "head_serial2") == 0)
        d->device.identity.head_serial[1] = (uint32_t)number;
    else
        return -EINVAL;
    return 0;
}

static int device_keys(struct options_device *d, char *text)
{
    char *rest;
    for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (!equals)
            return complain("--device: key=value expected", item);
        *equals = '\0';
        if (device_key(d, item, equals + 1) < 0) {
            *equals = '=';
            return complain("--device: unknown key or bad value", item);
        }
    }
    return 0;
}

static int device_head(struct options_device *d, const char *name, const char *kind)
{
    if (strspn(name, NAME_CHARACTERS) != strlen(name) || text_copy(d->name, sizeof d->name, name) < 0)
        return complain("--device: bad name", name);
    d->device.kind = device_kind_find(kind);
    return d->device.kind ? 0 : complain("--device: unknown kind", kind);
}

static bool port_is_taken(const struct options *options, const struct options_device *d)
{
    for (unsigned i = 0; i <= options->device_count; i++)
        for (unsigned a = 0; a < USB_PLUGS_MAX; a++)
            for (unsigned b = 0; b < USB_PLUGS_MAX; b++) {
                const struct options_device *other = &options->devices[i];
                bool itself = other == d && a == b;
                if (!itself && d->usb_port[a] && d->usb_port[a] == other->usb_port[b])
                    return true;
            }
    return false;
}

/* One way to it, and one that this kind of device has. */
static int link_check(struct options *options, const struct options_device *d, const char *argument)
{
    bool of_usb = usb_kind_of(d->device.kind);
    if (of_usb != (d->usb_port[0] != 0) || (of_usb && (d->endpoint[0] || d->with[0])))
        return complain(of_usb ? "--device: this kind is on USB, give usb=" : "--device: this kind is not on USB",
                        argument);
    if (!of_usb && !d->endpoint[0] == !d->with[0])
        return complain("--device: give one of tcp=, pty=, with=", argument);
    if (port_is_taken(options, d))
        return complain("--device: another plug is in this port", argument);
    options->usb |= of_usb;
    return 0;
}

static int device_parse(struct options *options, const char *argument)
{
    char text[512];
    if (options->device_count == OPTIONS_DEVICES_MAX || text_copy(text, sizeof text, argument) < 0)
        return complain("--device: too long or too many", argument);
    unsigned index = options->device_count;
    struct options_device *d = &options->devices[index];
    char *kind = strchr(text, '=');
    if (!kind)
        return complain("--device: NAME=KIND expected", argument);
    *kind++ = '\0';
    char *keys = strchr(kind, ',');
    if (keys)
        *keys++ = '\0';
    int r = device_head(d, text, kind);
    if (r < 0)
        return r;
    d->device.name = d->name;
    d->device.unit = d->device.kind->unit;
    d->device.identity = (struct page_identity){.model = d->device.kind->model_number,
                                                .revision = 1,
                                                .serial = FIRST_SERIAL + index,
                                                .firmware = FIRMWARE,
                                                .head_serial = {2 * FIRST_SERIAL + index, 3 * FIRST_SERIAL + index}};
    for (unsigned i = 0; i < d->device.kind->model->tunings; i++)
        d->device.tuning[i] = d->device.kind->model->tuning[i].initial;
    for (unsigned i = 0; i < index; i++)
        if (strcmp(options->devices[i].name, d->name) == 0)
            return complain("--device: name given twice", d->name);
    r = keys ? device_keys(d, keys) : 0;
    if (r == 0)
        r = link_check(options, d, argument);
    options->device_count++;
    return r;
}

int options_parse(int argc, char **argv, struct options *out)
{
    static const struct option table[] = {{"device", required_argument, NULL, 'd'},
                                          {"control", required_argument, NULL, 'c'},
                                          {"trace", required_argument, NULL, 't'},
                                          {"trace-reads", no_argument, NULL, 'r'},
                                          {"sample-ms", required_argument, NULL, 's'},
                                          {"qemu", required_argument, NULL, 'q'},
                                          {"exit-on-eof", no_argument, NULL, 'e'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    unsigned long number = 0;
    int r = 0;
    for (int c; r == 0 && (c = getopt_long(argc, argv, "+", table, NULL)) != -1;) {
        if (c == 'd')
            r = device_parse(out, optarg);
        else if (c == 'c')
            out->control = optarg;
        else if (c == 't')
            out->trace = optarg;
        else if (c == 'q')
            out->qemu = optarg;
        else if (c == 'r')
            out->trace_reads = true;
        else if (c == 'e')
            out->exit_on_eof = true;
        else if (c == 'h')
            out->help = true;
        else if (c == 's' && number_parse(optarg, 60000, &number) == 0)
            out->sample_ms = (unsigned)number;
        else
            r = c == '?' ? -EINVAL : complain("--sample-ms: not a number up to 60000", optarg);
    }
    if (r == 0 && optind < argc && strcmp(argv[optind - 1], "--") == 0)
        out->command = argv + optind;
    else if (r == 0 && optind < argc)
        r = complain("unknown argument", argv[optind]);
    if (r == 0 && !out->help && out->device_count == 0)
        r = complain("nothing to simulate", "give at least one --device");
    return r;
}
