/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms after IEC 60601-1-8: high, medium, low; latched until acknowledged where they have taken an output away;
 * acknowledgement is recorded; raised again when the condition comes again. One table of kinds.
 */
#ifndef SUPERVISE_ALARM_H
#define SUPERVISE_ALARM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum alarm_priority { ALARM_LOW, ALARM_MEDIUM, ALARM_HIGH };

/* ALARM(id, priority, latched, meaning, what clears it) */
#define SESSION_ALARMS(ALARM)                                                                                          \
    ALARM(output_unknown, HIGH, true, "rest of the output is not proved", "make_safe with read-back, or device.reset") \
    ALARM(output_while_off, HIGH, true, "output present while commanded off", "rest proved, then acknowledge")         \
    ALARM(over_output, HIGH, true, "measured output above what was set", "acknowledge")                                \
    ALARM(over_limit, HIGH, true, "a running treatment reached a hard limit", "acknowledge")                           \
    ALARM(over_temperature, HIGH, true, "applicator above its limit", "cool, then acknowledge")                        \
    ALARM(host_lost, HIGH, true, "the process that drives the device ended while energised",                           \
          "rest proved, then acknowledge")                                                                             \
    ALARM(monitor_disagreement, HIGH, true, "daemon, host and device disagree on what is set", "acknowledge")          \
    ALARM(interlock_open, HIGH, true, "an interlock of the laser is open",                                             \
          "close key switch and interlocks, then acknowledge: clears the latch")                                       \
    ALARM(applicator_changed, HIGH, true, "another head or probe than the treatment was checked for",                  \
          "connect the named one, acknowledge")                                                                        \
    ALARM(skin_cold, HIGH, true, "the skin is colder than its floor", "look at the skin, acknowledge")                 \
    ALARM(patient_stop, MEDIUM, true, "the patient pressed the stop", "release, then acknowledge: clears the latch")   \
    ALARM(under_output, MEDIUM, true, "measured output below what was set", "acknowledge")                             \
    ALARM(output_unsteady, MEDIUM, true, "measured output jumps about", "look for what disturbs it, acknowledge")      \
    ALARM(electrode_open, MEDIUM, true, "an electrode is open", "check electrode, acknowledge")                        \
    ALARM(electrode_short, MEDIUM, true, "an electrode is shorted", "check electrode, acknowledge")                    \
    ALARM(impedance_step, MEDIUM, true, "impedance jumped", "check electrode, acknowledge")                            \
    ALARM(impedance_trend, LOW, false, "impedance rises against the start", "check electrode")                         \
    ALARM(coupling_lost, MEDIUM, false, "the head has no contact", "contact returns")                                  \
    ALARM(head_still, MEDIUM, true, "the head rests on one spot above what a still head may give", "acknowledge")      \
    ALARM(contact_hold_expired, MEDIUM, true, "contact did not return in time", "acknowledge")                         \
    ALARM(sample_stale, MEDIUM, true, "no valid reply of the device in time", "device answers, acknowledge")           \
    ALARM(sensor_stuck, MEDIUM, true, "a measurement does not follow the output", "acknowledge")                       \
    ALARM(sensor_lost, MEDIUM, true, "the skin sensor is missing or off the skin", "place the sensor, acknowledge")    \
    ALARM(device_fault, MEDIUM, true, "the device reports a fault", "remove its cause, then acknowledge")              \
    ALARM(device_restarted, MEDIUM, true, "the device restarted in a treatment", "acknowledge")                        \
    ALARM(device_timer, MEDIUM, true, "device timer and daemon disagree", "acknowledge")                               \
    ALARM(dead_man, MEDIUM, true, "a permit or the device watchdog ran out", "acknowledge")                            \
    ALARM(lease_lost, MEDIUM, true, "the operator's client is silent", "acknowledge")                                  \
    ALARM(link_lost, MEDIUM, true, "the device was lost in a treatment", "device answers, acknowledge")                \
    ALARM(suspended, MEDIUM, true, "the machine slept in a treatment", "acknowledge")                                  \
    ALARM(records_late, MEDIUM, true, "records cannot be written, or late", "disk answers, acknowledge")               \
    ALARM(audit_broken, HIGH, true, "the audit chain does not verify", "an engineer inspects the records")             \
    ALARM(socket_lost, HIGH, true, "the name of the control socket was taken away", "socket bound again, acknowledge") \
    ALARM(dose_unbounded, MEDIUM, true, "the dose of a session is not known", "dose.review")                           \
    ALARM(calibration_expired, MEDIUM, false, "calibration or safety test is overdue", "service the device")           \
    ALARM(config_refused, MEDIUM, false, "a new configuration was refused; the old one stays in force",                \
          "a configuration without faults")                                                                            \
    ALARM(slow_cooling, LOW, false, "the pad does not come to its set point", "the pad comes to it")                   \
    ALARM(dose_notice, LOW, false, "a running treatment passed a bound that asks for notice", "none needed")           \
    ALARM(dose_not_reached, LOW, false, "the longest time was over before the dose was reached", "none needed")        \
    ALARM(clock_stepped, LOW, false, "the wall clock was stepped", "none needed")                                      \
    ALARM(session_complete, LOW, false, "a treatment ended as planned", "none needed")

enum alarm_kind {
#define ALARM(id, priority, latched, meaning, clears) ALARM_KIND_##id,
    SESSION_ALARMS(ALARM)
#undef ALARM
        ALARM_KIND_COUNT
};

struct alarms;

/* Told of every raise, acknowledge and clear: change is "raised", "acknowledged", "cleared". alarm is borrowed. */
typedef void alarm_changed(void *userdata, const char *change, json_t *alarm);

int alarms_new(alarm_changed *changed, void *userdata, struct alarms **out);
void alarms_free(struct alarms *alarms);

/*
 * Raises kind for a device and session (either may be NULL). The same kind on the same subject that still stands is
 * counted, not doubled; one that was acknowledged and comes again is a new alarm with a new number. So call it when a
 * condition begins, not on every sample of it. Returns its number (>= 1).
 */
uint64_t alarms_raise(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                      const char *detail, int64_t wall_ms);
/* The condition is over: an unlatched alarm disappears, a latched one waits for its acknowledgement. */
void alarms_condition_over(struct alarms *alarms, enum alarm_kind kind, const char *device, const char *session_id,
                           int64_t wall_ms);
/* 0, -ENOENT no such alarm, -EALREADY. by is recorded. A latched alarm whose condition lasts stays, shown as
 * acknowledged. */
int alarms_acknowledge(struct alarms *alarms, uint64_t number, const char *by, int64_t wall_ms);
/*
 * New reference: array, highest priority first, of {number, kind, priority, state, latched, device?, session_id?,
 * detail, count, raised_at_ms, acknowledged_by?, acknowledged_at_ms?, meaning, clears}. state is "active", "over" (the
 * condition is gone, an acknowledgement is awaited) or "acknowledged" (the condition lasts).
 */
json_t *alarms_list(const struct alarms *alarms);
/* Whether one of this kind stands, in any state; device NULL = any device. */
bool alarms_active(const struct alarms *alarms, enum alarm_kind kind, const char *device);

/* The number of the one of this kind on this device that nobody has acknowledged, 0 = none. */
uint64_t alarms_unacknowledged(const struct alarms *alarms, enum alarm_kind kind, const char *device);

const char *alarm_kind_id(enum alarm_kind kind);
enum alarm_priority alarm_kind_priority(enum alarm_kind kind);
const char *alarm_priority_id(enum alarm_priority p); /* "high" ... */

#endif
