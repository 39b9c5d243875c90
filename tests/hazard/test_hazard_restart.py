# SPDX-License-Identifier: Apache-2.0
"""What must not come of a restart, a full day, a clock or a bit that turns: with a daemon that can be killed and preloaded."""
import os
import struct

from hazard import Hazard, main

from dosage import ACCEPTED, TENS
from room import BUILD, now_ns, wait_until

LEVEL = 5000
DAY_MS = 24 * 3600 * 1000
LIMITS = """
[limit twice_a_day]
modality = estim
quantity = session_count
max = 2
scope = per-24h
class = hard
source = tests
verified = choice
when.site = hand

[limit hour_of_rest]
modality = estim
quantity = rest_interval_ms
min = 60 min
scope = per-24h
class = hard
source = tests
verified = choice
when.site = forearm
"""
RESTING = TENS.at("forearm").lasting(1000)


def put(path, value):
    with open(path, "r+b" if os.path.exists(path) else "wb") as file:
        file.write(struct.pack("q", value))


class Restart(Hazard):
    treatments = {"tens": (TENS, 12000), "short": (TENS.at("hand").lasting(1000), 2000), "resting": (RESTING, 2000)}
    files = {"installation.ini": ACCEPTED + LIMITS}

    @staticmethod
    def environment(room):
        """A wall clock that can be set, and a bit that turns."""
        paths = {name: os.path.join(room.directory, name) for name in ("wall_shift", "flip")}
        for path in paths.values():
            if not os.path.exists(path):
                put(path, 0)
        return {"LD_PRELOAD": ":".join(os.path.join(BUILD, "tests", *place) for place in
                                       (("scenario", "wall_shift.so"), ("hazard", "flip.so"))),
                "MODALITY_WALL_SHIFT": paths["wall_shift"], "MODALITY_FLIP": paths["flip"],
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def put(self, name, value):
        put(os.path.join(self.room.directory, name), value)

    def settled(self, session, patient):
        def item():
            items = self.voice.call("dose.history", patient_ref=patient)["items"]
            return next((i for i in items if i["session_id"] == session and i["state"] != "open"), None)
        return wait_until("the ledger has it", item)

    # ---- H03 ----

    def test_h03_the_daemon_is_killed_in_a_treatment(self):
        self.repeat(self.killed)

    def killed(self):
        patient = self.patient()
        session, _ = self.begin("tens", LEVEL, patient=patient)
        self.at_level(LEVEL)
        struck = now_ns()
        self.room.daemon.kill()
        ms = self.rest(struck)
        self.restart(kill=True)
        self.assertEqual(self.settled(session, patient)["state"], "crashed")
        self.assertFalse(self.voice.call("session.list")["items"])
        self.assertFalse(self.away_from_rest("stim1", self.rested["stim1"]))
        self.assertTrue(self.voice.call("audit.verify")["ok"])
        self.measured(ms)

    def test_h03_a_device_comes_back_with_its_old_output(self):
        self.repeat(self.came_back)

    def came_back(self):
        session, lease = self.begin("tens", LEVEL)
        self.at_level(LEVEL)
        struck = now_ns()
        self.sim.fault("stim1", "reboot", ms=50, restart="output")
        back = wait_until("it comes back", lambda: next((o for o in self.sim.outputs("stim1", 1) if o["t_ns"] > struck and
                                                         o["cause"] == "reboot" and o["value"]), None))
        ms = self.rest(back["t_ns"])
        reason = self.becomes(session, "ended")["reason"]
        self.assertIn(reason, ("device_restarted", "link_lost"), "as a device that is away for so short a time is seen")
        self.end(session, reason)
        raised = self.alarm(reason, "medium", session)
        self.gone(session, lease)
        self.room.wait_device("stim1", "ready")
        self.latched(raised)
        self.measured(ms)

    # ---- H11 ----

    def test_h11_the_day_is_full(self):
        patients = []
        self.repeat(self.full, patients)
        for kill in (False, True):
            self.restart(kill)
            for patient in patients:
                self.refused(self.request("short", 1000, patient=patient), "LIMIT_EXCEEDED", "twice_a_day")

    def full(self, patients):
        patient = self.patient()
        for _ in range(2):
            session, _ = self.begin("short", 1000, until="ended", patient=patient)
            self.end(session, "complete")
            self.settled(session, patient)
        self.refused(self.request("short", 1000, patient=patient), "LIMIT_EXCEEDED", "twice_a_day")
        patients.append(patient)

    # ---- H13 ----

    def test_h13_a_bit_of_the_level_turns_on_its_way(self):
        self.repeat(self.turned_far)
        self.repeat(self.turned)

    def turned_far(self):
        """Beyond what was prepared: the host does not take it from the daemon either."""
        self.turn(1 << 14, "outside_envelope")

    def turned(self):
        """Within it the host walks there, and the daemon sees that nobody wanted that: 4.012 mA in steps of 0.1 mA."""
        self.turn(1 << 9, "monitor_disagreement")

    def turn(self, bit, reason):
        session, lease = self.begin("tens", 3000, ceiling=LEVEL)
        self.at_level(3000)
        asked = now_ns()
        self.put("flip", bit)
        self.trip(session, lease, lambda: self.voice.act(
            "session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=3500, expect=3000),
            reason, "monitor_disagreement", "high")
        self.assertLessEqual(self.sim.peak("stim1", asked), LEVEL)

    # ---- H17 ----

    def test_h17_the_clock_is_set(self):
        self.repeat(self.clock)

    def clock(self):
        """Back and forth by a day: an hour of rest is an hour of the machine, and each step is in the chain."""
        patient = self.patient()
        session, _ = self.begin("resting", 1000, until="ended", patient=patient)
        self.end(session, "complete")
        self.settled(session, patient)
        for days, step in ((-1, -1), (1, 2), (0, -1)):
            self.put("wall_shift", days * DAY_MS)
            self.refused(self.request("resting", 1000, patient=patient), "REST_INTERVAL", "hour_of_rest")
            wait_until("the step is audited", lambda s=step: self.stepped(s * DAY_MS))
            told = self.voice.event(lambda e: e["type"] == "alarm" and e["alarm"]["kind"] == "clock_stepped")
            self.assertEqual(told["alarm"]["priority"], "low")
            self.refused(self.request("resting", 1000, patient=patient), "REST_INTERVAL", "hour_of_rest")

    def stepped(self, ms):
        newest = self.audited("clock_stepped")
        return newest and abs(newest["detail"]["step_ms"] - ms) < 60000


if __name__ == "__main__":
    main()
