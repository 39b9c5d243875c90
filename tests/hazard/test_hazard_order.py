# SPDX-License-Identifier: Apache-2.0
"""Too much of something, or the wrong thing after another: heat, drugs, numb skin, and numbers in the wrong unit."""
from hazard import Hazard, main

from dosage import COLD, CONTINUOUS, IONTO, TENS, sound
from room import Refused, now_ns, wait_until

HOT = sound("us_thermal", "us_continuous", {"duty_permille": 1000, "us_frequency_khz": 3000}).lasting(600000)
MILD = sound("us_nonthermal", "us_pulsed", {"duty_permille": 200, "us_frequency_khz": 1000, "pulse_repetition_millihz": 100000})
SECOND = 1000
DOSE_UA_MIN = 100


class Order(Hazard):
    treatments = {
        "hot": (HOT, 2000000), "warm": (CONTINUOUS.lasting(SECOND), 400000), "mild": (MILD.lasting(SECOND), 400000),
        "tens": (TENS, 12000), "brief": (TENS.lasting(SECOND), 12000), "cold": (COLD.lasting(SECOND), 20000),
        "ions": (IONTO.led(iontophoresis_dose_ua_min=DOSE_UA_MIN).lasting(60000), 2000)}

    def given(self, protocol, level, patient):
        """A treatment of a second, to its end."""
        self.rested.pop(self.treatments[protocol][0].device, None)
        session, _, _ = self.room.begin(self.request(protocol, level, patient=patient))
        self.assertEqual(self.voice.state(session, "ended")["reason"], "complete")
        wait_until("the ledger has it", lambda: [i for i in self.voice.call("dose.history", patient_ref=patient)["items"]
                                                 if i["session_id"] == session and i["state"] != "open"])

    def allowed(self, request):
        self.voice.call("session.stop", session_id=self.room.prepare(request)["session_id"])

    # ---- H18 ----

    def test_h18_more_heat_than_bone_bears(self):
        self.repeat(self.hot)

    def hot(self):
        """3 MHz, 2 W/cm2, 10 minutes."""
        found = self.refused(self.request("hot", 2000000, acknowledged=["us_static_max"]), "LIMIT_EXCEEDED")
        self.assertLessEqual({"us_temp_rise_max", "us_cem43_bone"}, {v["subject"] for v in found.data["violations"]})

    # ---- H29 ----

    def test_h29_current_under_skin_that_was_cooled(self):
        self.repeat(self.after_cold)

    def after_cold(self):
        patient = self.patient()
        self.given("cold", 20000, patient)
        asked = self.request("brief", 1000, patient=patient)
        self.refused(asked, "NOTICE_REQUIRED", "order_estim_after_cold")
        self.allowed({**asked, "acknowledged": ["order_estim_after_cold"]})
        self.allowed({**asked, "target": {"site": "forearm", "side": "left"}})

    def test_h29_sound_where_current_flows(self):
        self.repeat(self.at_once)

    def at_once(self):
        patient = self.patient()
        session, _ = self.begin("tens", 2000, patient=patient)
        self.at_level(2000)
        asked = now_ns()
        self.refusal(self.request("mild", 200000, patient=patient), "DOSE_RESERVED")
        self.measured(sum(o["value"] for o in self.sim.outputs("us1") if o["t_ns"] >= asked))
        stopped = now_ns()
        self.voice.call("session.stop", session_id=session)
        self.rest(stopped)
        self.end(session, "stopped")

    # ---- H30 ----

    def test_h30_a_number_in_the_wrong_unit(self):
        self.repeat(self.a_thousandfold)

    def a_thousandfold(self):
        for protocol, level in (("tens", 10000), ("mild", 200000), ("ions", 2000)):
            for wrong in (level * 1000, level / 1000, f"{level // 1000} mA", str(level)):
                self.refused_level(protocol, level, wrong)

    def refused_level(self, protocol, level, wrong):
        request = self.request(protocol, level)
        name = self.treatments[protocol][0].level
        request["outputs"][0]["phases"][0]["parameters"][name] = {"start": wrong, "ceiling": wrong}
        asked = now_ns()
        with self.assertRaises(Refused) as refused:
            self.room.prepare(request)
        self.assertIn(refused.exception.token or refused.exception.code, ("OUT_OF_RANGE", "LIMIT_EXCEEDED", -32602))
        self.measured(max((abs(o["value"]) for device in self.sim.links for o in self.away_from_rest(device, asked)), default=0))

    def test_h30_a_bound_without_its_unit(self):
        self.repeat(self.unitless)

    def unitless(self):
        """In a file it is refused where it stands, and the bounds that were in force stay."""
        for unit in ("", " uA", " A", " mW"):
            self.room.limit("es_jrms_notice", lambda section, u=unit: section.replace("\nmax = 2 mA/cm2", f"\nmax = 2000{u}"))
            self.room.reload("config.refused")
            self.alarm("config_refused", "medium")
        self.room.restore()
        self.room.reload()
        self.measured(0)

    # ---- H33 ----

    def test_h33_the_current_is_raised_and_the_dose_is_the_same(self):
        self.repeat(self.raised)

    def raised(self):
        patient = self.patient()
        begun = now_ns()
        session, lease = self.begin("ions", 1000, ceiling=2000, patient=patient)
        wait_until("a third of the dose", lambda: self.told(session)["dose"]["delivered"] * 3 > DOSE_UA_MIN)
        before = self.told(session)["remaining_ms"]
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=2000, expect=1000)
        self.assertLess(self.told(session)["remaining_ms"], before * 0.7)
        self.assertEqual(self.voice.state(session, "ended")["reason"], "complete")
        self.rest(begun)
        lines = [o for o in self.sim.outputs("galv1", 1) if o["t_ns"] >= begun]
        charge = sum(a["value"] * (b["t_ns"] - a["t_ns"]) for a, b in zip(lines, lines[1:])) / 1e9
        self.assertEqual(max(o["value"] for o in lines), 2000)
        self.assertGreater(charge, DOSE_UA_MIN * 60 * 0.97)
        done = wait_until("the ledger has it", lambda: [
            i["delivered"] for i in self.voice.call("dose.history", patient_ref=patient)["items"] if i["state"] != "open"])
        self.assertGreaterEqual(done[0]["iontophoresis_dose_ua_min"] * 60, int(charge), "never less than came out")
        self.measured(max(0, charge - DOSE_UA_MIN * 60) * 1000 / 2000)

    def told(self, session):
        return self.voice.call("session.get", session_id=session)

    # ---- H35 ----

    def test_h35_heat_over_skin_that_is_numb(self):
        self.repeat(self.numb)

    def numb(self):
        for protocol, level in (("brief", 2000), ("cold", 20000)):
            patient = self.patient()
            self.given(protocol, level, patient)
            asked = self.request("warm", 200000, patient=patient)
            self.refused(asked, "REST_INTERVAL", "order_us_after_analgesia")
            self.allowed({**asked, "target": {"site": "forearm", "side": "left"}})
            self.allowed(self.request("mild", 200000, patient=patient))


if __name__ == "__main__":
    main()
