/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of the room: what the clinic says of them and what their hosts describe. See fixture.h. */
#include "fixture.h"

static struct modality_range range(enum modality_quantity q, int64_t min, int64_t max, int64_t resolution,
                                   bool settable)
{
    return (struct modality_range){
        .quantity = q, .min = min, .max = max, .resolution = resolution, .settable = settable, .readable = true};
}

static void describe_stim(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "stim1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->watchdog_ms = 1000;
    d->contact_monitored = true;
    d->slice_ms = 50;
    d->stop_ms = 50;
    d->n_channels = 2;
    for (int i = 0; i < 2; i++) {
        struct modality_channel *c = &d->channels[i];
        snprintf(c->id, sizeof c->id, "ch%d", i + 1);
        c->modality = MODALITY_ESTIM;
        c->waveforms = 1u << WAVEFORM_biphasic_symmetric;
        c->level = QUANTITY_amplitude_ua;
        c->level_measured = true;
        c->n_ranges = 4;
        c->ranges[0] = range(QUANTITY_amplitude_ua, 0, 80000, 100, true);
        c->ranges[1] = range(QUANTITY_phase_width_us, 50, 400, 10, true);
        c->ranges[2] = range(QUANTITY_pulse_rate_millihz, 1000, 150000, 1000, true);
        c->ranges[3] = range(QUANTITY_impedance_ohm, 0, 100000, 1, false);
    }
    d->n_groups = 3;
    d->groups[0] = (struct modality_group){.id = "ch1", .channels = 1};
    d->groups[1] = (struct modality_group){.id = "ch2", .channels = 2};
    d->groups[2] = (struct modality_group){.id = "pair", .channels = 3};
}

static void describe_sound(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "us1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->contact_monitored = true;
    d->slice_ms = 50;
    d->n_channels = 1;
    struct modality_channel *c = &d->channels[0];
    snprintf(c->id, sizeof c->id, "head");
    c->modality = MODALITY_ULTRASOUND;
    c->waveforms = 1u << WAVEFORM_us_pulsed;
    c->level = QUANTITY_intensity_satp_uw_cm2;
    c->reference = REFERENCE_SATP;
    c->n_ranges = 4;
    c->ranges[0] = range(QUANTITY_intensity_satp_uw_cm2, 0, 2000000, 10000, true);
    c->ranges[1] = range(QUANTITY_duty_permille, 100, 1000, 10, true);
    c->ranges[2] = range(QUANTITY_us_frequency_khz, 1000, 1000, 1, false);
    c->ranges[3] = range(QUANTITY_pulse_repetition_millihz, 100000, 100000, 1, false);
    d->n_groups = 1;
    d->groups[0] = (struct modality_group){.id = "head", .channels = 1};
}

/* One probe, key and door, two seconds from the start to the output. */
static void describe_laser(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "laser1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->watchdog_ms = 1000;
    d->slice_ms = 50;
    d->start_ms = 2000;
    d->n_channels = 1;
    struct modality_channel *c = &d->channels[0];
    snprintf(c->id, sizeof c->id, "cw");
    c->modality = MODALITY_LASER;
    c->waveforms = 1u << WAVEFORM_laser_continuous;
    c->level = QUANTITY_power_uw;
    c->level_measured = true;
    c->n_ranges = 2;
    c->ranges[0] = range(QUANTITY_power_uw, 0, 500000, 100, true);
    c->ranges[1] = range(QUANTITY_interlock_closed, 0, 1, 1, false);
    d->n_groups = 1;
    d->groups[0] = (struct modality_group){.id = "cw", .channels = 1};
}

/* No run point: its rest is 25 degC. */
static void describe_cold(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 20100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "cold1");
    d->on_link_loss = LINK_LOSS_CONTINUES;
    d->watchdog_ms = 1000;
    d->rest_by_setpoint = true;
    d->rest_within_ms = 20000;
    d->settle_ms = 10000;
    d->contact_monitored = true;
    d->slice_ms = 50;
    d->n_channels = 1;
    struct modality_channel *c = &d->channels[0];
    snprintf(c->id, sizeof c->id, "pad");
    c->modality = MODALITY_COLD;
    c->waveforms = 1u << WAVEFORM_cold_contact;
    c->level = QUANTITY_temperature_millic;
    c->rest_value = 25000;
    c->noise = 200;
    c->level_measured = true;
    c->n_ranges = 2;
    c->ranges[0] = range(QUANTITY_temperature_millic, 5000, 30000, 100, true);
    c->ranges[1] = range(QUANTITY_skin_temperature_millic, -10000, 45000, 10, false);
    d->n_groups = 1;
    d->groups[0] = (struct modality_group){.id = "pad", .channels = 1};
}

static void describe_galvanic(struct link_unit *u)
{
    *u = (struct link_unit){.unit = 0, .dead_man_ms = 100};
    struct modality_device *d = &u->device;
    snprintf(d->id, sizeof d->id, "galv1");
    d->on_link_loss = LINK_LOSS_STOPS;
    d->watchdog_ms = 1000;
    d->slice_ms = 50;
    d->n_channels = 1;
    struct modality_channel *c = &d->channels[0];
    snprintf(c->id, sizeof c->id, "dc");
    c->modality = MODALITY_ESTIM;
    c->waveforms = 1u << WAVEFORM_iontophoresis;
    c->level = QUANTITY_amplitude_ua;
    c->level_measured = true;
    c->n_ranges = 3;
    c->ranges[0] = range(QUANTITY_amplitude_ua, 0, 5000, 10, true);
    c->ranges[1] = range(QUANTITY_active_polarity, 1, 2, 1, true);
    c->ranges[2] = range(QUANTITY_impedance_ohm, 0, 100000, 1, false);
    d->n_groups = 1;
    d->groups[0] = (struct modality_group){.id = "dc", .channels = 1};
}

void room_configure_devices(struct room *r)
{
    r->devices[0] = (struct session_device_settings){.id = "stim1",
                                                     .label = "Stimulator",
                                                     .location = "bay 1",
                                                     .link = 0,
                                                     .unit = 0,
                                                     .plugin = "modbus-map",
                                                     .link_name = "tcp:127.0.0.1:1502",
                                                     .simulated = true,
                                                     .origin = "devices.ini:1"};
    r->devices[1] = (struct session_device_settings){.id = "us1",
                                                     .label = "Ultrasound",
                                                     .location = "bay 2",
                                                     .link = 1,
                                                     .unit = 0,
                                                     .plugin = "modbus-map",
                                                     .link_name = "tcp:127.0.0.1:1503",
                                                     .origin = "devices.ini:9"};
    for (size_t i = LASER; i < ROOM_DEVICES; i++) {
        static const char *const ids[ROOM_DEVICES] = {[LASER] = "laser1", [COLD] = "cold1", [GALVANIC] = "galv1"};
        r->devices[i] = (struct session_device_settings){.id = ids[i],
                                                         .label = ids[i],
                                                         .link = i,
                                                         .plugin = "modbus-map",
                                                         .link_name = ids[i],
                                                         .simulated = true,
                                                         .origin = "devices.ini:20"};
    }
    describe_stim(&r->units[STIM]);
    describe_sound(&r->units[SOUND]);
    describe_laser(&r->units[LASER]);
    describe_cold(&r->units[COLD]);
    describe_galvanic(&r->units[GALVANIC]);
    for (size_t i = 0; i < ROOM_DEVICES; i++) {
        snprintf(r->serial[i], sizeof r->serial[i], "S%zu", i + 1);
        r->epoch[i] = 1;
    }
}
