# SPDX-License-Identifier: Apache-2.0
"""Iontophoresis on the real programs: the dose ends it, whatever the current was meanwhile, and the poles are what was
prescribed. Charge is integrated over the simulator's trace."""
import unittest

from room import GALV, Refused, Room, begin, screened

PROTOCOL = """
[protocol short_ions]
label = Iontophoresis for seconds
revision = 1
therapy = ionto
waveform = iontophoresis
channels = 1
rest_min = 0 min
sessions_per_day = 4
source = tests
verified = choice
amplitude_ua = 0.5 mA..4 mA, default 2 mA
active_polarity = 1..2, default 2
iontophoresis_dose_ua_min = 0.2 mA.min
soft_start_ms = 1 s
duration_ms = 1 s..40 s, default 30 s
"""
ACCEPTED = "".join(f"[accept {name}]\nby = tests\ndate = 2026-01-01\n\n" for name in
                   ("ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode"))
DOSE_UA_S = 200 * 60
CLOSE = 0.03


class Ionto(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(GALV,), start=False, installation=ACCEPTED)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", PROTOCOL)
        self.room.start()
        self.client, self.sim = self.room.client(), self.room.sim

    def request(self, start=2000, ceiling=4000, patient="P-1", poles=("positive", "negative"), polarity=2, **more):
        parameters = {"amplitude_ua": {"start": start, "ceiling": ceiling}, "active_polarity": {"start": polarity}}
        request = {
            "patient_ref": patient, "target": {"site": "forearm", "side": "left"}, "protocol": {"id": "short_ions"},
            "screening": [],
            "outputs": [{"device": "galv1", "group": "dc", "channels": ["dc"], "phases": [{"parameters": parameters}],
                         "electrodes": [{"label": label, "channel": "dc", "area_mm2": area, "kind": "adhesive", "side": "left",
                                         "polarity": pole} for label, area, pole in zip("AB", (5000, 2500), poles)]}],
        }
        request.update(more)
        return screened(self.client, request)

    def lines(self, since=0):
        return [o for o in self.sim.outputs("galv1", 1) if o["t_ns"] >= since]

    def came(self):
        """Charge by the trace in uA.s, and how long current flowed."""
        lines = self.lines()
        on = [o["t_ns"] for o in lines if o["value"] > 0]
        end = next(o["t_ns"] for o in lines if o["t_ns"] > on[-1])
        return sum(a["value"] * (b["t_ns"] - a["t_ns"]) for a, b in zip(lines, lines[1:])) / 1e9, (end - on[0]) / 1e9

    def test_a_pause_takes_nothing_off_and_adds_nothing(self):
        session, lease, _ = begin(self.client, self.request())
        self.sim.wait_output("galv1", 2000)
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.client.state(session, "paused")
        self.client.act("session.resume", session_id=session, lease_key=lease)
        self.assertEqual(self.client.state(session, "ended")["reason"], "complete")
        charge, _ = self.came()
        self.assertAlmostEqual(charge, DOSE_UA_S, delta=DOSE_UA_S * CLOSE)

    def test_a_measured_current_above_the_set_one_counts(self):
        self.sim.fault("galv1", "deliver", permille=1150)  # within its accuracy
        session, _, _ = begin(self.client, self.request(ceiling=2000))
        self.assertEqual(self.client.state(session, "ended")["reason"], "complete")
        charge, _ = self.came()
        self.assertAlmostEqual(charge, DOSE_UA_S, delta=DOSE_UA_S * CLOSE)

    def test_the_longest_time_reached_first_is_told(self):
        request = self.request()
        request["outputs"][0]["phases"][0]["duration_ms"] = 8000
        session, lease, _ = begin(self.client, request)
        self.sim.wait_output("galv1", 2000)
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=500)
        self.assertEqual(self.client.state(session, "ended")["reason"], "time_over")
        charge, _ = self.came()
        self.assertLess(charge, DOSE_UA_S)
        self.client.event(lambda e: e["type"] == "alarm" and e["alarm"]["kind"] == "dose_not_reached")

    def test_the_pole_is_the_one_that_was_prescribed(self):
        for polarity in (1, 2):
            with self.subTest(polarity=polarity):
                since = self.sim.control(mark="begin")["t_ns"]
                session, _, _ = begin(self.client, self.request(polarity=polarity, patient=f"P-{polarity}"))
                self.sim.wait_output("galv1", 2000)
                self.assertEqual({o["polarity"] for o in self.lines(since) if o["value"] > 0}, {polarity})
                self.client.call("session.stop", session_id=session)
                self.client.state(session, "ended")

    def test_two_anodes_are_no_current(self):
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **self.request(poles=("positive", "positive")))
        self.assertEqual(refused.exception.token, "OUT_OF_RANGE")


if __name__ == "__main__":
    unittest.main()
