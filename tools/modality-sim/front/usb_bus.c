/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node is served before the device is added, because adding it tells everybody, and somebody may open it at once.
 */
#include "front/usb_bus.h"

#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#define BUS 1
#define ROOT "/devices/pci0000:00/0000:00:14.0/usb1"
#define MAJOR_USB 189 /* Linux, devices.txt */
#define TEXT_MAX 4096
#define ADDRESS_MAX 127 /* USB's */

struct slot {
    struct usb_bus *bus;
    unsigned port;
    unsigned address;
    struct usb_gadget *gadget; /* NULL = nothing plugged in */
    struct usb_node *node;
    struct loop_timer pull;
    void (*unplugged)(void *ctx, unsigned port);
    void *unplugged_ctx;
};

/* What was pulled and is still open somewhere. */
struct ghost {
    struct ghost *next;
    unsigned address;
    struct usb_node *node;
};

struct usb_bus {
    struct loop *loop;
    UMockdevTestbed *testbed;
    char folder[64];
    unsigned address; /* of the last device */
    struct slot slots[USB_BUS_PORTS];
    struct ghost *ghosts;
};

/* ---- what umockdev is told ---- */

static void add_hex(char *text, size_t *used, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *used += (size_t)snprintf(text + *used, TEXT_MAX - *used, "%02X", bytes[i]);
}

static void add_attribute(char *text, size_t *used, const char *name, const char *value)
{
    if (value[0])
        *used += (size_t)snprintf(text + *used, TEXT_MAX - *used, "A: %s=%s\\n\n", name, value);
}

/* A device as umockdev reads it; path is its folder under /sys. */
static int add_device(struct usb_bus *bus, const char *path, unsigned address, const struct usb_gadget *g)
{
    char text[TEXT_MAX];
    GError *error = NULL;
    size_t used = (size_t)snprintf(
        text, sizeof text,
        "P: %s\nE: DEVNAME=/dev/bus/usb/%03d/%03u\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nE: BUSNUM=%03d\n"
        "E: DEVNUM=%03u\nE: MAJOR=%d\nE: MINOR=%u\nA: busnum=%d\\n\nA: devnum=%u\\n\nA: speed=12\\n\n"
        "A: bConfigurationValue=%u\\n\nA: idVendor=%02x%02x\\n\nA: idProduct=%02x%02x\\n\nA: dev=%d:%u\\n\n",
        path, BUS, address, BUS, address, MAJOR_USB, address - 1, BUS, address, g->configuration, g->device[9],
        g->device[8], g->device[11], g->device[10], MAJOR_USB, address - 1);
    add_attribute(text, &used, "manufacturer", g->texts[0]);
    add_attribute(text, &used, "product", g->texts[1]);
    add_attribute(text, &used, "serial", g->texts[2]);
    used += (size_t)snprintf(text + used, sizeof text - used, "H: descriptors=");
    add_hex(text, &used, g->device, sizeof g->device);
    add_hex(text, &used, g->config, g->config_size);
    snprintf(text + used, sizeof text - used, "\n");
    if (umockdev_testbed_add_from_string(bus->testbed, text, &error))
        return 0;
    fprintf(stderr, "modality-sim: umockdev: %s\n", error ? error->message : "the device is refused");
    g_clear_error(&error);
    return -EIO;
}

/* ---- the bus ---- */

static bool address_taken(const struct usb_bus *bus, unsigned address)
{
    for (unsigned i = 0; i < USB_BUS_PORTS; i++)
        if (bus->slots[i].gadget && bus->slots[i].address == address)
            return true;
    for (const struct ghost *ghost = bus->ghosts; ghost; ghost = ghost->next)
        if (ghost->address == address)
            return true;
    return false;
}

/* The next one that is free, as Linux gives them out: 1 is the hub's, and behind the last comes the first. 0 = none. */
static unsigned address_next(const struct usb_bus *bus)
{
    unsigned address = bus->address;
    do {
        address = address < ADDRESS_MAX ? address + 1 : 2;
        if (!address_taken(bus, address))
            return address;
    } while (address != bus->address);
    return 0;
}

/* Linux' own root hub, as far as anybody looks at it. */
static int add_root(struct usb_bus *bus)
{
    static const uint8_t config[] = {9, 2, 0, 0, 1, 1, 0, 0xe0, 0, 9, 4, 0, 0, 1, 9, 0, 0, 0, 7, 5, 0x81, 3, 4, 0, 12};
    static const struct usb_function none = {0};
    struct usb_identity identity = {.vendor = 0x1d6b, .product = 0x0002};
    struct usb_gadget hub;
    usb_gadget_init(&hub, &none, NULL, &identity, 9, config, sizeof config);
    return add_device(bus, ROOT, bus->address, &hub);
}

static void pull(void *ctx, int64_t now_ns);

struct usb_bus *usb_bus_new(struct loop *loop)
{
    const char *preloaded = getenv("LD_PRELOAD");
    if (!preloaded || !strstr(preloaded, "libumockdev-preload")) {
        errno = EPERM;
        return NULL;
    }
    struct usb_bus *bus = calloc(1, sizeof *bus);
    if (!bus)
        return NULL;
    bus->loop = loop;
    bus->address = 1;
    bus->testbed = umockdev_testbed_new();
    char *folder = umockdev_testbed_get_root_dir(bus->testbed);
    snprintf(bus->folder, sizeof bus->folder, "%s", folder);
    g_free(folder);
    for (unsigned i = 0; i < USB_BUS_PORTS; i++)
        bus->slots[i] = (struct slot){.bus = bus, .port = i + 1, .pull = {.fn = pull, .ctx = &bus->slots[i]}};
    int r = add_root(bus);
    if (r < 0) {
        usb_bus_free(bus);
        errno = -r;
        return NULL;
    }
    return bus;
}

const char *usb_bus_folder(const struct usb_bus *bus)
{
    return bus->folder;
}

static void path_of(unsigned port, char out[64])
{
    snprintf(out, 64, ROOT "/%d-%u", BUS, port);
}

static struct slot *slot_of(struct usb_bus *bus, unsigned port)
{
    return port >= 1 && port <= USB_BUS_PORTS ? &bus->slots[port - 1] : NULL;
}

/* The folders above a file of the testbed. */
static int make_folders(const char *path)
{
    char *folder = g_path_get_dirname(path);
    int r = g_mkdir_with_parents(folder, 0755) < 0 ? -errno : 0;
    g_free(folder);
    return r;
}

static int serve(struct usb_bus *bus, struct slot *slot, const char *kernel_driver)
{
    char node[160], socket[160];
    snprintf(node, sizeof node, "%s/dev/bus/usb/%03d/%03u", bus->folder, BUS, bus->address);
    snprintf(socket, sizeof socket, "%s/ioctl/dev/bus/usb/%03d/%03u", bus->folder, BUS, bus->address);
    /* These are files of ours, not of the machine that the testbed plays. */
    umockdev_testbed_disable(bus->testbed);
    int r = make_folders(node);
    if (r == 0)
        r = make_folders(socket);
    errno = 0;
    slot->node = r == 0 ? usb_node_new(bus->loop, slot->gadget, socket, node, kernel_driver) : NULL;
    int error = errno;
    umockdev_testbed_enable(bus->testbed);
    if (slot->node)
        return 0;
    return r < 0 ? r : error ? -error : -EIO;
}

/* Those that nobody has open any more, or all. */
static void ghosts_free(struct usb_bus *bus, bool all)
{
    for (struct ghost **at = &bus->ghosts; *at;) {
        struct ghost *ghost = *at;
        if (!all && usb_node_clients(ghost->node) > 0) {
            at = &ghost->next;
            continue;
        }
        *at = ghost->next;
        usb_node_free(ghost->node);
        free(ghost);
    }
}

int usb_bus_plug(struct usb_bus *bus, unsigned port, struct usb_gadget *gadget, const char *kernel_driver)
{
    struct slot *slot = slot_of(bus, port);
    char path[64];
    if (!slot)
        return -EINVAL;
    if (slot->gadget)
        return -EBUSY;
    ghosts_free(bus, false);
    unsigned address = address_next(bus);
    if (address == 0)
        return -EBUSY;
    bus->address = slot->address = address;
    slot->gadget = gadget;
    path_of(port, path);
    int r = serve(bus, slot, kernel_driver);
    if (r == 0)
        r = add_device(bus, path, bus->address, gadget);
    if (r < 0) {
        usb_node_free(slot->node);
        slot->node = NULL;
        slot->gadget = NULL;
    }
    return r;
}

/* umockdev leaves the link from a number to its device behind, and ends the program when the number comes again. */
static void forget_number(struct usb_bus *bus, unsigned address)
{
    char link[128];
    snprintf(link, sizeof link, "%s/sys/dev/char/%d:%u", bus->folder, MAJOR_USB, address - 1);
    umockdev_testbed_disable(bus->testbed);
    unlink(link);
    umockdev_testbed_enable(bus->testbed);
}

static void pull(void *ctx, int64_t now_ns)
{
    struct slot *slot = ctx;
    struct usb_bus *bus = slot->bus;
    char path[68];
    (void)now_ns;
    struct ghost *ghost = slot->gadget ? calloc(1, sizeof *ghost) : NULL;
    if (!ghost)
        return;
    snprintf(path, 5, "/sys");
    path_of(slot->port, path + 4);
    umockdev_testbed_disable(bus->testbed);
    usb_node_unplug(slot->node);
    umockdev_testbed_enable(bus->testbed);
    umockdev_testbed_uevent(bus->testbed, path, "remove");
    umockdev_testbed_remove_device(bus->testbed, path);
    forget_number(bus, slot->address);
    *ghost = (struct ghost){.node = slot->node, .address = slot->address, .next = bus->ghosts};
    bus->ghosts = ghost;
    slot->node = NULL;
    slot->gadget = NULL;
    if (slot->unplugged)
        slot->unplugged(slot->unplugged_ctx, slot->port);
}

int usb_bus_unplug(struct usb_bus *bus, unsigned port, void (*unplugged)(void *ctx, unsigned port), void *ctx)
{
    struct slot *slot = slot_of(bus, port);
    if (!slot || !slot->gadget)
        return -ENODEV;
    slot->unplugged = unplugged;
    slot->unplugged_ctx = ctx;
    loop_timer_arm(bus->loop, &slot->pull, clock_monotonic_ns());
    return 0;
}

void usb_bus_pull(struct usb_bus *bus, unsigned port)
{
    struct slot *slot = slot_of(bus, port);
    if (!slot)
        return;
    slot->unplugged = NULL;
    loop_timer_cancel(bus->loop, &slot->pull);
    pull(slot, 0);
}

static int carrier_plug(void *ctx, unsigned port, struct usb_gadget *gadget, const char *kernel_driver)
{
    return usb_bus_plug(ctx, port, gadget, kernel_driver);
}

static void carrier_pull(void *ctx, unsigned port)
{
    usb_bus_pull(ctx, port);
}

static const char *carrier_driver(void *ctx, unsigned port, unsigned interface)
{
    const struct usb_node *node = usb_bus_node(ctx, port);
    return node ? usb_node_driver(node, interface) : "";
}

struct usb_carrier usb_bus_carrier(struct usb_bus *bus)
{
    return (struct usb_carrier){.plug = carrier_plug, .pull = carrier_pull, .driver = carrier_driver, .ctx = bus};
}

const struct usb_node *usb_bus_node(const struct usb_bus *bus, unsigned port)
{
    return port >= 1 && port <= USB_BUS_PORTS ? bus->slots[port - 1].node : NULL;
}

void usb_bus_free(struct usb_bus *bus)
{
    if (!bus)
        return;
    for (unsigned i = 0; i < USB_BUS_PORTS; i++) {
        loop_timer_cancel(bus->loop, &bus->slots[i].pull);
        bus->slots[i].unplugged = NULL;
        pull(&bus->slots[i], 0);
    }
    ghosts_free(bus, true);
    g_object_unref(bus->testbed);
    free(bus);
}
