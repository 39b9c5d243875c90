# SPDX-License-Identifier: Apache-2.0
"""The main job on the real programs, judged by the trace: whole treatments, from screening to the record."""
import unittest

from room import Refused, Room, RoomCase, begin, now_ns, tens_request, us_request

STEP_UA = 1000     # es_step_max: 1 mA
SLEW_UA_S = 5000   # es_slew_max: 5 mA/s


class Treatment(RoomCase):
    def test_tens_is_ramped_adjusted_paused_resumed_and_stopped(self):
        session, lease, sheet = begin(self.client, tens_request(self.client, start=4000, ceiling=12000))
        self.assertTrue(sheet["simulated"])
        self.assertEqual((sheet["side"], sheet["device"]["label"]), ("left", "stim1 label"))
        self.sim.wait_output("stim1", 4000)
        self.assertEqual(self.sim.peak("stim1"), 4000)
        outputs = [o for o in self.sim.outputs("stim1", 1) if o["value"] > 0]
        for before, after in zip(outputs, outputs[1:]):
            rise = after["value"] - before["value"]
            self.assertLessEqual(rise, STEP_UA)
            if rise > 0:  # slew over the whole ramp, with one step of credit
                elapsed_s = (after["t_ns"] - outputs[0]["t_ns"]) / 1e9
                self.assertLessEqual(after["value"] - outputs[0]["value"], SLEW_UA_S * elapsed_s + 2 * STEP_UA)

        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=6000,
                        expect=4000)
        self.sim.wait_output("stim1", 6000)
        self.client.call("session.keepalive", session_id=session, lease_key=lease)

        asked = now_ns()
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        self.client.state(session, "paused")
        self.client.act("session.resume", session_id=session, lease_key=lease)
        self.sim.wait_output("stim1", 6000)
        after_resume = [o["value"] for o in self.sim.outputs("stim1", 1) if o["t_ns"] > asked and o["value"] > 0]
        self.assertLessEqual(after_resume[0], STEP_UA, "a resume ramps from rest")

        asked = now_ns()
        stopping = self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.assertEqual(stopping["stopping"], [session])
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["evidence"], "measured")
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)

        self.client.event(lambda e: e["type"] == "session.ended" and e["session_id"] == session)
        record = self.client.call("record.get", session_id=session)
        self.assertTrue(record)
        history = self.client.call("dose.history", patient_ref="P-1")
        self.assertEqual(len(history["items"]), 1)
        self.assertTrue(self.client.call("audit.verify")["ok"])

    def test_ultrasound_ends_by_its_timer(self):
        request = us_request(self.client, protocol="us_acute_pulsed", start=200000, duration_ms=60000)
        with self.assertRaises(Refused):  # outside the protocol's time
            begin(self.client, {**request, "request_id": "r1", "outputs": [
                {**request["outputs"][0], "phases": [{"duration_ms": 3600000, "parameters": {}}]}]})

    def test_a_dose_above_a_limit_is_refused_with_its_origin(self):
        request = tens_request(self.client, start=10000, ceiling=95000)
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **request)
        data = refused.exception.data
        self.assertIn(data["token"], ("LIMIT_EXCEEDED", "OUT_OF_RANGE"))
        self.assertTrue(data["violations"])
        for violation in data["violations"]:
            if violation["token"] == "LIMIT_EXCEEDED":
                self.assertRegex(violation["origin"], r"^(compiled|.*\.ini:\d+)$")
        self.assertEqual(self.sim.peak("stim1"), 0)

    def test_an_increase_above_the_ceiling_or_on_a_stale_view_is_refused(self):
        session, lease, _ = begin(self.client, tens_request(self.client, start=3000, ceiling=5000))
        self.sim.wait_output("stim1", 3000)
        adjust = {"session_id": session, "lease_key": lease, "quantity": "amplitude_ua"}
        for wrong, token in (({"target": 5001, "expect": 3000}, "OUT_OF_RANGE"), ({"target": 4000, "expect": 2000}, "STALE_VIEW"),
                             ({"target": 4000}, "STALE_VIEW")):
            with self.assertRaises(Refused) as refused:
                self.client.act("session.adjust", **adjust, **wrong)
            self.assertEqual(refused.exception.token, token)
        self.client.act("session.adjust", **adjust, target=1000)
        self.assertLessEqual(self.sim.peak("stim1"), 3000)
        self.client.call("stop.all")
        self.client.state(session, "ended")

    def test_two_outputs_of_one_device_are_independent(self):
        first, _, _ = begin(self.client, tens_request(self.client, start=3000))
        second, _, _ = begin(self.client, tens_request(self.client, group="ch2", channels=("ch2",), start=4000, patient="P-2"))
        self.sim.wait_output("stim1", 3000, channel=1)
        self.sim.wait_output("stim1", 4000, channel=2)
        self.client.call("session.stop", session_id=first)
        self.client.state(first, "ended")
        self.assertEqual(self.sim.output("stim1", 1), 0)
        self.assertGreaterEqual(self.sim.output("stim1", 2), 4000)
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **tens_request(self.client, group="ch2", channels=("ch2",), patient="P-3"))
        self.assertEqual(refused.exception.token, "BUSY")
        self.assertEqual(refused.exception.data["holder"], second)
        self.client.call("stop.all")
        self.client.state(second, "ended")


class ShortUltrasound(unittest.TestCase):
    PROTOCOL = """
[protocol short_pulsed]
label = Pulsed ultrasound, seconds
revision = 1
therapy = us_nonthermal
waveform = us_pulsed
contact_hold = 10 s
rest_min = 0 min
sessions_per_day = 1
source = tests
verified = choice
intensity_satp_uw_cm2 = 0.1 W/cm2..0.5 W/cm2, default 0.3 W/cm2
duty_permille = 20 %
us_frequency_khz = 1 MHz
pulse_repetition_millihz = 100 Hz
duration_ms = 2 s..60 s, default 3 s
treated_area_mm2 = 5 cm2..10 cm2, default 10 cm2
"""

    def setUp(self):
        self.room = Room(start=False)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", self.PROTOCOL)
        self.room.start()
        self.client = self.room.client()
        self.sim = self.room.sim

    def request(self, **more):
        return us_request(self.client, protocol="short_pulsed", start=300000, **more)

    def test_the_timer_ends_it(self):
        session, _, sheet = begin(self.client, self.request(duration_ms=3000))
        started = self.client.state(session, "running")
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "complete")
        outputs = self.sim.outputs("us1")
        on = [o for o in outputs if o["value"] > 0]
        seconds = (outputs[-1]["t_ns"] - on[0]["t_ns"]) / 1e9
        self.assertLess(abs(seconds - 3.0), 0.5)
        energy = sum(a["value"] * (b["t_ns"] - a["t_ns"]) / 1e9 for a, b in zip(outputs, outputs[1:]))
        self.assertLessEqual(energy, sheet["planned"]["energy_uj"] * 1.2)
        self.assertTrue(started)


if __name__ == "__main__":
    unittest.main()
