# SPDX-License-Identifier: Apache-2.0
"""Cold on the real programs: the set point is walked and comes back to rest, and nothing goes on without the skin's sensor
(what it must show stands in tests/hazard). The trace is the judge: `on` false is the stop done, the pad goes on warming by
itself."""
import unittest

from room import Refused, Room, begin, cold_request, now_ns, screened, wait_until

# Slow things take seconds: a pad that moves 10 K/s and skin with a time constant of 3 s.
DEVICE = "cold1=refcold,unit=1,tcp=127.0.0.1:0,skin_tau_ms=3000,pad_ms_per_k=100"
PROTOCOL = """
[protocol short_cold]
label = Cold for seconds
revision = 1
therapy = cryo
waveform = cold_contact
rest_min = 60 min
sessions_per_day = 4
source = tests
verified = choice
temperature_millic = 10 degC..20 degC, default 12 degC
duration_ms = 1 s..20 min, default 5 min
"""
REST = 25000


class ColdRoom(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(DEVICE,), start=False)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", PROTOCOL)
        self.room.start()
        self.client, self.sim = self.room.client(), self.room.sim

    def request(self, millic=12000, duration_ms=300000, ceiling=None, **more):
        request = cold_request(self.client, protocol="short_cold", millic=millic, **more)
        phase = request["outputs"][0]["phases"][0]
        phase["duration_ms"] = duration_ms
        phase["parameters"]["temperature_millic"] = {"start": millic, "ceiling": ceiling or millic}
        return screened(self.client, request)

    def cooled(self, **more):
        session, lease, sheet = begin(self.client, self.request(**more))
        self.client.state(session, "running")
        set_to = more.get("millic", 12000)
        wait_until("the pad is there", lambda: self.pad() <= set_to + 200)
        return session, lease, sheet

    def pad(self):
        return self.sim.outputs("cold1", 1)[-1]["value"]

    def set_point(self):
        return self.sim.outputs("cold1", 1)[-1]["set"]

    def rested(self, since, bound_ms):
        """The set point came back within the bound, by the trace; then the pad warms."""
        wait_until("set point at rest", lambda: not self.sim.outputs("cold1", 1)[-1]["on"])
        off = next(o["t_ns"] for o in self.sim.outputs("cold1", 1) if o["t_ns"] >= since and not o["on"])
        self.assertLess((off - since) / 1e6, bound_ms)
        self.assertEqual(self.set_point(), REST)
        wait_until("the pad is warm", lambda: self.pad() >= REST - 200)

    def ended(self, session, reason, priority=None):
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], reason)
        self.assertIn(ended["evidence"], ("measured", "reported"))
        if priority:
            alarm = self.client.event(lambda e: e["type"] == "alarm" and e["alarm"]["kind"] == reason)["alarm"]
            self.assertEqual(alarm["priority"], priority)


class Pad(ColdRoom):
    def test_it_is_walked_to_its_set_point_and_ends_at_rest(self):
        session, _, sheet = begin(self.client, self.request(duration_ms=8000))
        self.assertEqual(sheet["planned"]["cold_dose_millic_min"], 400)  # 3 K below 15 degC for 8 s
        self.ended(session, "complete")
        lines = self.sim.outputs("cold1", 1)
        self.assertGreaterEqual(min(o["value"] for o in lines), 12000)
        on = next(o["t_ns"] for o in lines if o["on"])
        off = next(o["t_ns"] for o in lines if o["t_ns"] > on and not o["on"])
        self.assertAlmostEqual((off - on) / 1e9, 8.0, delta=0.7)
        self.rested(off, 1000)

    def test_colder_is_an_increase_and_warmer_always_taken(self):
        session, lease, _ = self.cooled(millic=15000, ceiling=12000)
        adjust = {"session_id": session, "lease_key": lease, "quantity": "temperature_millic"}
        for wrong, token in (({"target": 11900, "expect": 15000}, "OUT_OF_RANGE"), ({"target": 13000}, "STALE_VIEW"),
                             ({"target": 13000, "expect": 14000}, "STALE_VIEW"), ({"target": 25100}, "OUT_OF_RANGE")):
            with self.assertRaises(Refused) as refused:
                self.client.act("session.adjust", **adjust, **wrong)
            self.assertEqual(refused.exception.token, token)
        self.client.act("session.adjust", **adjust, target=12000, expect=15000)
        wait_until("the pad is colder", lambda: self.pad() <= 12200)
        self.client.act("session.adjust", **adjust, target=24000)
        wait_until("the set point is warmer", lambda: self.set_point() == 24000)
        wait_until("the pad follows", lambda: self.pad() >= 23800)  # and that it was colder than set was no fault
        self.assertEqual(self.client.call("session.get", session_id=session)["state"], "running")
        self.client.call("session.stop", session_id=session)
        self.ended(session, "stopped")

    def test_a_pad_that_runs_away_is_stopped(self):
        # past what is set by its tolerance; past what any pad may be before that was seen often enough
        for millic, set_to, reason in ((11000, 16000, "over_output"), (0, 11000, "over_limit")):
            with self.subTest(millic=millic):
                session, _, _ = self.cooled(millic=set_to, patient=f"P-{millic}")
                failed = now_ns()
                self.sim.fault("cold1", "runaway", millic=millic)
                self.rested(failed, 5000)
                self.ended(session, reason, "high")
                self.sim.clear("cold1")
                self.room.wait_device("cold1", "ready")

    def test_a_stop_is_proved_by_the_set_point_and_the_moving_pad(self):
        session, _, _ = self.cooled()
        asked = now_ns()
        self.client.call("session.stop", session_id=session)
        self.ended(session, "stopped")
        self.rested(asked, 1000)


class Skin(ColdRoom):
    def test_a_sensor_off_the_skin_stops_and_is_not_started_with(self):
        session, _, _ = self.cooled()
        off = now_ns()
        self.sim.fault("cold1", "skin_off")
        self.rested(off, 1000)
        self.ended(session, "sensor_lost", "medium")
        self.room.wait_device("cold1", "ready")
        prepared = self.client.act("session.prepare", **self.request(patient="P-2"))
        with self.assertRaises(Refused) as refused:
            self.client.act("session.start", session_id=prepared["session_id"], confirm_token=prepared["confirm_token"])
        self.assertEqual(refused.exception.token, "DEVICE_NOT_READY")

    def test_a_missing_sensor_stops(self):
        session, _, _ = self.cooled()
        gone = now_ns()
        self.sim.fault("cold1", "skin_none")
        self.rested(gone, 1000)
        self.ended(session, "sensor_lost", "medium")


if __name__ == "__main__":
    unittest.main()
