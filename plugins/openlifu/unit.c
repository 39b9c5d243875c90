/* SPDX-License-Identifier: Apache-2.0 */
/* The link, one step on it, and everything that only reads. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "modality/clock.h"
#include "unit_parts.h"

/* ---- what the parts share ---- */

int unit_report(struct modality_link *link, int error, const char *why)
{
    return unit_call_report(link->services, link->config.id, &link->told, error, why);
}

static bool usable(const struct modality_link *link)
{
    return !link->port[LIFU_CONSOLE].doubt && !link->port[LIFU_TRANSMITTER].doubt;
}

int unit_ask(struct modality_link *link, enum lifu_side side, enum lifu_command command, int64_t deadline_ns,
             struct lifu_answer *out)
{
    const struct lifu_request q = {.command = command, .trigger = &link->memory.trigger};
    return usable(link) ? lifu_port_exchange(&link->port[side], &q, deadline_ns, out) : -EIO;
}

int unit_await_switch(struct modality_link *link, int64_t deadline_ns)
{
    struct lifu_memory *m = &link->memory;
    struct lifu_answer a;
    if (!m->switching)
        return 0;
    int r = lifu_port_await(&link->port[LIFU_CONSOLE], deadline_ns, &a);
    if (r == -EAGAIN && clock_monotonic_ns() - m->switched_ns > LIFU_SWITCH_MS * NS_PER_MS)
        r = lifu_port_give_up(&link->port[LIFU_CONSOLE]);
    if (r == -EAGAIN)
        return r;
    m->switching = false;
    m->refused = r == -EACCES;
    return m->refused ? 0 : r;
}

/* ---- the link ---- */

/* Opens one side, or makes it usable again; what fails is closed, and tried again with the next reopen. */
static int side_open(struct modality_link *link, enum lifu_side side, int64_t deadline_ns)
{
    struct lifu_port *port = &link->port[side];
    struct transport transport;
    int r = link->wire[side].open(link->wire[side].ctx, deadline_ns, &transport);
    if (r == 0)
        lifu_port_begin(port, side, &transport, (uint64_t)(clock_monotonic_ns() / NS_PER_MS));
    else
        lifu_port_end(port);
    return r;
}

static int open_both(struct modality_link *link, int64_t deadline_ns)
{
    int console = side_open(link, LIFU_CONSOLE, unit_call_share(deadline_ns, 2));
    int transmitter = side_open(link, LIFU_TRANSMITTER, deadline_ns);
    if (console == -EBUSY || transmitter == -EBUSY)
        return -EBUSY; /* somebody else's unit: half of it is not touched */
    return console < 0 && transmitter < 0 ? console : 0;
}

int unit_open(struct modality_link *link, int64_t deadline_ns)
{
    return open_both(link, deadline_ns);
}

int unit_reopen(struct modality_link *link, int64_t deadline_ns)
{
    link->memory.switching = false; /* its answer was dropped */
    return open_both(link, deadline_ns);
}

void unit_close(struct modality_link *link)
{
    for (int side = 0; side < LIFU_SIDES; side++)
        lifu_port_end(&link->port[side]);
}

/* ---- reading ---- */

/* Somebody else's hardware id: the other side's is a slip of whoever wrote the section. */
static const char *id_fault(const struct modality_link *link, enum lifu_side side, const char *id)
{
    if (strncmp(id, lifu_config_hardware_id(&link->config, side == LIFU_CONSOLE ? LIFU_TRANSMITTER : LIFU_CONSOLE),
                LIFU_HARDWARE_ID_CHARS) == 0)
        return "serial has the hardware ids of console and transmitter swapped";
    return side == LIFU_CONSOLE ? "its console's hardware id is another one"
                                : "its transmitter's hardware id is another one";
}

static int identify_side(struct modality_link *link, enum lifu_side side, int64_t deadline_ns,
                         struct modality_identity *identity, const char **why)
{
    struct lifu_answer a;
    *why = "asking who they are";
    int r = unit_ask(link, side, LIFU_PING, deadline_ns, &a);
    if (r == 0)
        r = unit_ask(link, side, LIFU_VERSION, deadline_ns, &a);
    if (r < 0)
        return r;
    size_t used = strlen(identity->firmware);
    snprintf(identity->firmware + used, sizeof identity->firmware - used, "%s%.30s", used > 0 ? " " : "", a.text);
    r = unit_ask(link, side, LIFU_HARDWARE_ID, deadline_ns, &a);
    if (r < 0 || strncmp(a.text, lifu_config_hardware_id(&link->config, side), LIFU_HARDWARE_ID_CHARS) == 0)
        return r;
    *why = id_fault(link, side, a.text);
    return -ENODEV;
}

int unit_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    struct modality_identity identity = {.maker = "Openwater", .model = "Open-LIFU"};
    if (unit != 0)
        return -EINVAL;
    const char *why = "";
    int r = identify_side(link, LIFU_CONSOLE, unit_call_share(deadline_ns, 2), &identity, &why);
    if (r == 0)
        r = identify_side(link, LIFU_TRANSMITTER, deadline_ns, &identity, &why);
    if (r < 0)
        return unit_report(link, r, why);
    memcpy(identity.serial, link->config.serial, sizeof link->config.serial);
    *out = identity;
    return unit_report(link, 0, "");
}

static int read_transmitter(struct modality_link *link, int64_t deadline_ns, struct lifu_report *report)
{
    struct lifu_answer a = {0};
    int r = unit_ask(link, LIFU_TRANSMITTER, LIFU_GET_TRIGGER, deadline_ns, &a);
    report->trigger = a.trigger;
    if (r == 0)
        r = unit_ask(link, LIFU_TRANSMITTER, LIFU_TX_TEMPERATURE, deadline_ns, &a);
    report->tx_millic = report->surface_millic = a.milli;
    if (r == 0 && link->config.surface_sensor == LIFU_SENSOR_AMBIENT) {
        r = unit_ask(link, LIFU_TRANSMITTER, LIFU_AMBIENT, deadline_ns, &a);
        report->surface_millic = a.milli;
    }
    return r;
}

static int read_console(struct modality_link *link, int64_t deadline_ns, struct lifu_report *report)
{
    struct lifu_answer a = {0};
    if (!usable(link))
        return -EIO;
    int r = unit_await_switch(link, 0);
    if (r == -EAGAIN)
        return 0;
    if (r == 0)
        r = unit_ask(link, LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, deadline_ns, &a);
    report->voltage_on = a.flag;
    if (r == 0)
        r = unit_ask(link, LIFU_CONSOLE, LIFU_READ_VOLTAGE, deadline_ns, &a);
    report->measured_mv = a.milli;
    report->console_told = r == 0;
    return r;
}

int unit_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    struct lifu_report report = {0};
    if (unit != 0)
        return -EINVAL;
    int r = read_transmitter(link, unit_call_share(deadline_ns, 2), &report);
    if (r < 0)
        return unit_report(link, r, "reading the transmitter");
    r = read_console(link, deadline_ns, &report);
    if (r < 0)
        return unit_report(link, r, "reading the console");
    report.now_ns = clock_monotonic_ns();
    lifu_judge(&link->memory, &link->config, &report, out);
    if (out->restarted)
        link->memory.started = false; /* told once */
    return unit_report(link, 0, "");
}
