# SPDX-License-Identifier: Apache-2.0
"""Ultrasound: its head, its contact, its time."""
from hazard import Hazard, main

from dosage import APPLICATORS, CONTINUOUS
from room import now_ns, wait_until

SATP = 200000
OVERDUE = """
[applicator overdue]
modality = ultrasound
kind = 5 cm2 head
serial = 5003
era_mm2 = 5 cm2
bnr_permille = 5
max_temperature_millic = 42 degC
frequencies = 1 MHz
calibration_due = 2020-01-01
"""


class Head(Hazard):
    treatments = {"sound": (CONTINUOUS, 400000)}
    files = {"applicators.ini": APPLICATORS + OVERDUE}

    def running(self):
        self.sees(5001)
        session, lease = self.begin("sound", SATP)
        self.at_level(1)
        return session, lease

    # ---- H10 ----

    def test_h10_the_timer_of_the_device_stands(self):
        self.repeat(self.timer_stands)

    def timer_stands(self):
        session, lease = self.running()
        self.trip(session, lease, lambda: self.sim.fault("us1", "stall_timer"), "device_timer", "device_timer", "medium")

    # ---- H15 ----

    def test_h15_the_head_runs_dry(self):
        self.repeat(self.dry)

    def dry(self):
        session, lease = self.running()
        struck = now_ns()
        self.sim.fault("us1", "coupling", permille=150)
        ms = self.rest(struck)
        self.becomes(session, "held")
        lost = self.alarm("coupling_lost", "medium", session)
        held = self.voice.call("session.get", session_id=session)
        self.assertEqual(held["hold"]["reason"], "coupling_lost")
        self.samples(3)
        self.assertEqual(self.voice.call("session.get", session_id=session)["remaining_ms"], held["remaining_ms"])
        self.assertFalse(self.away_from_rest("us1", self.rested.pop("us1")))
        self.sim.clear("us1")
        self.voice.act("session.resume", session_id=session, lease_key=lease)
        self.at_level(1)
        wait_until("the alarm goes by itself", lambda: lost["number"] not in self.numbers())
        stopped = now_ns()
        self.voice.call("session.stop", session_id=session)
        self.rest(stopped)
        self.end(session, "stopped")
        self.measured(ms)

    # ---- H16 ----

    def test_h16_another_head_is_plugged_in(self):
        self.repeat(self.changed)

    def changed(self):
        session, lease = self.running()
        self.trip(session, lease, lambda: self.sim.fault("us1", "identity", head_serial=5002), "applicator_changed",
                  "applicator_changed", "high")

    def test_h16_a_head_that_is_not_the_one_or_overdue_is_refused(self):
        self.repeat(self.not_the_one)

    def not_the_one(self):
        self.plug(5002)
        self.refused(self.request("sound", SATP), "IDENTITY_MISMATCH", "head")
        self.plug(5003)
        request = self.request("sound", SATP)
        request["outputs"][0]["applicator_ref"] = "overdue"
        self.refused(request, "DEVICE_OVERDUE", "overdue")

    def plug(self, serial):
        self.sim.fault("us1", "identity", head_serial=serial)
        self.sees(serial)

    def sees(self, serial):
        """The daemon has polled the device since."""
        wait_until(f"head {serial}", lambda: self.room.device("us1")["channels"][0]["applicator"] == str(serial))


if __name__ == "__main__":
    main()
