/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a session, the events that move it, and why it ended: three tables. Only state_apply changes a state,
 * only along the table, and it allocates nothing: what has changed waits in a small ring until state_publish tells it.
 */
#ifndef SESSION_STATE_H
#define SESSION_STATE_H

#include "session/session.h"

/* STATE(id, output may be present, meaning) */
#define SESSION_STATES(STATE)                                                                                          \
    STATE(prepared, false, "checked, outputs claimed, waits for its confirm token")                                    \
    STATE(starting, true, "reservation being written, then armed; output at rest until the device acknowledges")       \
    STATE(ramping, true, "the level is walked to its target")                                                          \
    STATE(running, true, "the level is at its target")                                                                 \
    STATE(pausing, true, "told to rest for a pause, rest not yet proved")                                              \
    STATE(paused, false, "at rest, proved; goes on by resume")                                                         \
    STATE(holding, true, "contact lost: told to rest, rest not yet proved")                                            \
    STATE(held, false, "contact lost: at rest, proved; treatment time stands still")                                   \
    STATE(stopping, true, "told to rest for good, rest not yet proved")                                                \
    STATE(output_unknown, true, "rest could not be proved")                                                            \
    STATE(ended, false, "over; rest was proved, or a person said that the patient is disconnected")

enum session_state {
#define STATE(id, output, meaning) SESSION_##id,
    SESSION_STATES(STATE)
#undef STATE
        SESSION_STATE_COUNT
};

/* EVENT(id, meaning) */
#define SESSION_EVENTS(EVENT)                                                                                          \
    EVENT(begin, "the confirm token was accepted")                                                                     \
    EVENT(started, "the device acknowledged the start")                                                                \
    EVENT(reached, "every channel's level is at its target")                                                           \
    EVENT(walk, "a target moved away from the level")                                                                  \
    EVENT(pause, "a person or a lost lease pauses")                                                                    \
    EVENT(hold, "contact was lost")                                                                                    \
    EVENT(resume, "armed again after a pause or hold")                                                                 \
    EVENT(stop, "anything that ends the treatment while output may be present")                                        \
    EVENT(rested, "rest is proved")                                                                                    \
    EVENT(unproved, "rest could not be proved")                                                                        \
    EVENT(end, "ended without output: never armed, already at rest, or by a person's statement")

enum session_event {
#define EVENT(id, meaning) EVENT_##id,
    SESSION_EVENTS(EVENT)
#undef EVENT
        EVENT_COUNT
};

/* END(id, by, alarm kind or NONE, meaning): why a session ended. "by" is replaced where a person says who. */
#define SESSION_ENDS(END)                                                                                              \
    END(none, "", NONE, "it has not ended")                                                                            \
    END(complete, "daemon", session_complete, "its time, its dose or all its points were delivered")                   \
    END(time_over, "daemon", dose_not_reached, "the longest time was over before the dose was reached")                \
    END(stopped, "operator", NONE, "somebody stopped it")                                                              \
    END(stop_all, "operator", NONE, "everything was stopped")                                                          \
    END(patient_stop, "patient", patient_stop, "the patient's stop")                                                   \
    END(lease_lost, "daemon", lease_lost, "the operator's client was silent")                                          \
    END(fault, "daemon", NONE, "supervision found a fault: its alarm is the reason that is shown")                     \
    END(device_fault, "device", device_fault, "the device reported a fault")                                           \
    END(over_output, "daemon", over_output, "the host saw output above what was set")                                  \
    END(interlock_open, "device", interlock_open, "the host saw an interlock of the laser open")                       \
    END(contact_lost, "device", electrode_open, "the device lost contact and took its output away")                    \
    END(device_restarted, "device", device_restarted, "the device restarted")                                          \
    END(dead_man, "daemon", dead_man, "a permit or the device's watchdog ran out")                                     \
    END(link_lost, "daemon", link_lost, "the device was lost")                                                         \
    END(host_lost, "daemon", host_lost, "the process that drives the device ended")                                    \
    END(outside_envelope, "daemon", monitor_disagreement, "the host refused what the daemon asked")                    \
    END(output_while_off, "device", NONE, "output was present while commanded off; the device has the alarm")          \
    END(contact_hold_expired, "daemon", contact_hold_expired, "contact did not return in time")                        \
    END(limit, "daemon", over_limit, "a changed limit is violated by the present settings")                            \
    END(suspended, "daemon", suspended, "the machine slept")                                                           \
    END(records, "daemon", records_late, "records could not be written in time")                                       \
    END(shutdown, "daemon", NONE, "the daemon or the host was stopped")                                                \
    END(not_started, "device", NONE, "the device did not take the start")                                              \
    END(refused, "daemon", NONE, "the check at start refused")                                                         \
    END(sheet_changed, "daemon", NONE, "the dose sheet had changed")                                                   \
    END(expired, "daemon", NONE, "it was prepared and not started in time")                                            \
    END(output_unknown, "operator", NONE, "a person stated that the patient is disconnected")                          \
    END(daemon_lost, "daemon", NONE, "the daemon ended while it ran")

enum session_end {
#define END(id, by, alarm, meaning) END_##id,
    SESSION_ENDS(END)
#undef END
        END_COUNT
};

struct session;

/* Moves the session along the table: 0, or -EPROTO with nothing changed when the table has no such move. */
int state_apply(struct session *session, enum session_event event, const struct session_time *now);
/* Where an event leads from a state: the state, or -1. */
int state_next(enum session_state from, enum session_event event);
/* Tells what state_apply has changed (event, audit) and finishes what has ended. Allocates. */
void state_publish(struct sessions *s, const struct session_time *now);

const char *session_state_id(enum session_state state);
bool session_state_output(enum session_state state); /* output may be present */
const char *session_event_id(enum session_event event);
const char *session_end_id(enum session_end end);
const char *session_end_origin(enum session_end end); /* who ends it so */
/* The alarm that goes with it; ALARM_KIND_COUNT = none. */
enum alarm_kind session_end_alarm(enum session_end end);

#endif
