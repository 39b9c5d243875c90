# SPDX-License-Identifier: Apache-2.0
"""Laser point by point on the real programs: each point's energy, the emission delay, the photodiode and the
probe, judged by the simulator's trace."""
import unittest

from room import LASER, Refused, Room, begin, laser_request, now_ns, screened, wait_until

PROTOCOL = """
[protocol short_points]
label = Points of a second or two
revision = 1
therapy = pbm
waveform = laser_continuous
rest_min = 0 min
sessions_per_day = 4
source = tests
verified = choice
power_uw = 50 mW..400 mW, default 200 mW
duty_permille = 100 %
point_energy_uj = 0.4 J
point_count = 1..4, default 3
duration_ms = 1 s..60 s, default 40 s
"""
POINT_UJ = 400000
POWER_UW = 200000
DELAY_S = 2.0     # the device's own, from the start to emission
CLOSE = 0.06      # a point ends when its energy is there; what comes until rest is a command's way


class LaserRoom(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(LASER,), start=False)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", PROTOCOL)
        self.room.start()
        self.client, self.sim = self.room.client(), self.room.sim

    def request(self, power=POWER_UW, points=3, **more):
        request = laser_request(self.client, protocol="short_points", power=power, **more)
        request["outputs"][0]["phases"][0]["parameters"]["point_count"] = {"start": points}
        return screened(self.client, request)

    def begin(self, **more):
        return begin(self.client, self.request(**more))

    def emissions(self):
        """(begin, end, energy in uJ) of every emission in the trace that is over."""
        found, began, energy, before = [], None, 0, None
        for line in self.sim.outputs("las1", 1):
            if began is not None:
                energy += before["value"] * (line["t_ns"] - before["t_ns"]) // 10**9
            if line["value"] > 0 and began is None:
                began, energy = line["t_ns"], 0
            elif line["value"] == 0 and began is not None:
                found.append((began, line["t_ns"], energy))
                began = None
            before = line
        return found

    def paused(self, session, reason):
        paused = self.client.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                   e.get("to") == "paused" and e.get("reason") == reason)
        self.assertIn(paused["evidence"], ("measured", "reported"))

    def resume(self, session, lease):
        self.client.act("session.resume", session_id=session, lease_key=lease)

    def emitting(self, least=POWER_UW):
        self.sim.wait_output("las1", least)

    def rested(self, since, bound_ms):
        self.assertLess(self.sim.wait_rest("las1", since), bound_ms)


class Points(LaserRoom):
    def test_each_point_gets_its_energy_and_waits_for_the_operator(self):
        asked = now_ns()
        session, lease, sheet = self.begin()
        self.assertEqual(sheet["course"]["end_by"], "count")
        self.assertEqual(sheet["planned"]["energy_uj"], 3 * POINT_UJ)
        for point in (1, 2):
            self.paused(session, f"point {point} of 3 done")
            self.assertTrue(self.sim.at_rest("las1"))
            snapshot = self.client.call("session.get", session_id=session)
            self.assertEqual(snapshot["points"], {"done": point, "of": 3, "energy_uj": POINT_UJ, "delivered_uj": 0,
                                                  "in_time": True})
            self.assertEqual(snapshot["pause"]["reason"], f"point {point} of 3 done")
            self.assertTrue(snapshot["may_touch_leads"])
            told = self.client.event(lambda e, p=point: e["type"] == "session.point" and e["done"] == p)
            self.assertEqual(told["of"], 3)
            resumed = now_ns()
            self.resume(session, lease)
        self.assertEqual(self.client.state(session, "ended")["reason"], "complete")
        found = self.emissions()
        self.assertEqual(len(found), 3)
        self.assertGreaterEqual((found[0][0] - asked) / 1e9, DELAY_S)
        self.assertGreaterEqual((found[2][0] - resumed) / 1e9, DELAY_S)
        for _, _, energy in found:
            self.assertGreaterEqual(energy, POINT_UJ * (1 - CLOSE))
            self.assertLessEqual(energy, POINT_UJ * (1 + CLOSE))
        self.client.event(lambda e: e["type"] == "session.ended" and e["session_id"] == session)
        delivered = self.client.call("dose.history", patient_ref="P-1")["items"][0]["delivered"]["energy_uj"]
        total = sum(energy for _, _, energy in found)
        self.assertGreaterEqual(delivered, total * 0.99)
        self.assertLessEqual(delivered, total * 1.1)

    def test_a_pause_in_mid_point_goes_on_with_what_is_left_of_it(self):
        session, lease, _ = self.begin(power=100000, points=2)
        self.emitting(100000)
        wait_until("half of the point", lambda: self.client.call("session.get", session_id=session)
                   ["points"]["delivered_uj"] > POINT_UJ // 3)
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.paused(session, "operator")
        self.resume(session, lease)
        self.paused(session, "point 1 of 2 done")
        found = self.emissions()
        self.assertEqual(len(found), 2)
        self.assertAlmostEqual(sum(e for _, _, e in found), POINT_UJ, delta=POINT_UJ * CLOSE)
        self.client.call("session.stop", session_id=session)
        self.assertEqual(self.client.state(session, "ended")["reason"], "stopped")

    def test_the_longest_time_reached_first_is_told(self):
        request = self.request(points=1)
        request["outputs"][0]["phases"][0]["duration_ms"] = 4000
        session, lease, _ = begin(self.client, request)
        self.emitting()
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="power_uw", target=50000)
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "time_over")
        found = self.emissions()
        self.assertLess(found[0][2], POINT_UJ)
        self.assertAlmostEqual((found[0][1] - found[0][0]) / 1e9, 4.0, delta=0.5)  # the delay is no treatment time
        alarm = self.client.event(lambda e: e["type"] == "alarm" and e["alarm"]["kind"] == "dose_not_reached")
        self.assertEqual(alarm["alarm"]["priority"], "low")


class Photodiode(LaserRoom):
    def test_less_light_than_set_is_stopped(self):
        session, _, _ = self.begin(power=50000, points=1)
        self.emitting(50000)
        self.client.state(session, "running")
        self.sim.fault("las1", "deliver", permille=700)
        self.assertEqual(self.client.state(session, "ended")["reason"], "under_output")


class Probe(LaserRoom):
    def test_another_probe_is_refused_and_one_that_is_changed_stops(self):
        self.sim.fault("las1", "identity", head_serial=777, channel=1)
        wait_until("the probe is seen", lambda: not self.client.call("session.check", **self.known("P-2"))["allowed"])
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **self.request(patient="P-2"))
        self.assertEqual(refused.exception.token, "IDENTITY_MISMATCH")
        self.assertIn("777", refused.exception.error["message"])
        self.sim.clear("las1")
        wait_until("the old probe is back", lambda: self.client.call("session.check", **self.known("P-2"))["allowed"])
        session, _, _ = self.begin(power=50000, points=1, patient="P-3")
        self.emitting(50000)
        changed = now_ns()
        self.sim.fault("las1", "identity", head_serial=777, channel=1)
        self.rested(changed, 1000)
        self.assertEqual(self.client.state(session, "ended")["reason"], "applicator_changed")

    def known(self, patient):
        return {k: v for k, v in self.request(patient=patient).items() if k != "request_id"}


if __name__ == "__main__":
    unittest.main()
