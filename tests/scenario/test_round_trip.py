# SPDX-License-Identifier: Apache-2.0
"""What the dose sheet promised, and what came out: charge, energy, dose and time of every class of treatment, integrated
over the simulator's trace and held against the sheet within the accuracy limit.

Treatments last seconds, on all devices at once. The level is walked up at the beginning of each; what is missing there
is taken from the trace, too, so that the rest can be asked for within a few percent.
"""
import unittest

from dosage import DosageRoom, Treatment
from room import now_ns, wait_until

ACCURACY = 0.20   # es_accuracy, us_power_accuracy, lz_accuracy
CLOSE = 0.03      # of a simulated output, which delivers what it is set to
SOON_S = 0.7      # beyond the planned time: start, stop and the proof of rest, under sanitizers
PULSES = {"phase_width_us": 200, "pulse_rate_millihz": 100000, "soft_start_ms": 500}
SURGES = {"surge_on_ms": 2000, "surge_off_ms": 2000, "ramp_up_ms": 500, "ramp_down_ms": 500, "soft_start_ms": 500}
PULSED = {"soft_start_ms": 500, "duty_permille": 200, "pulse_repetition_millihz": 100000, "us_frequency_khz": 1000}


def stim(therapy, waveform, group, values, duration_ms=8000, **more):
    return Treatment(therapy, waveform, "stim1", group, "amplitude_ua", values, duration_ms, area=5000, **more)


# name: (treatment, level, channel of the device's trace, total of the simulator, promised quantity)
TREATMENTS = {
    "tens": (stim("tens", "biphasic_symmetric", "ch1", PULSES), 4000, 1, "charge_uc", "session_charge_uc"),
    "burst": (stim("tens", "biphasic_burst", "ch2", {**PULSES, "burst_rate_millihz": 2000, "burst_duty_permille": 200}),
              4000, 2, "charge_uc", "session_charge_uc"),
    "asymmetric": (stim("tens", "biphasic_asymmetric", "ch1", {**PULSES, "phase2_width_us": 400, "amplitude2_permille": 500}),
                   4000, 1, "charge_uc", "session_charge_uc"),
    "ifc": (stim("ifc", "sine", "pair", {"carrier_frequency_millihz": 4000000, "beat_frequency_millihz": 100000,
                                         "soft_start_ms": 500}, channels=("ch1", "ch2")),
            4000, 1, "charge_uc", "session_charge_uc"),
    "premod": (stim("ifc", "premod_two_tone", "ch2", {"carrier_frequency_millihz": 4000000,
                                                      "beat_frequency_millihz": 100000, "soft_start_ms": 500}),
               4000, 2, "charge_uc", "session_charge_uc"),
    "nmes": (stim("nmes", "biphasic_symmetric", "ch1", {**PULSES, **SURGES}, 12000), 4000, 1, "charge_uc", None),
    "russian": (stim("russian_nmes", "russian", "ch2", {"carrier_frequency_millihz": 2500000, "burst_rate_millihz": 50000,
                                                        "burst_duty_permille": 500, **SURGES}, 12000),
                4000, 2, "charge_uc", None),
    "hvpc": (Treatment("hvpc_pain", "hvpc", "galv1", "hv", "amplitude_mv",
                       {"active_polarity": 2, "phase_width_us": 20, "pulse_rate_millihz": 100000, "soft_start_ms": 500}, 8000,
                       area=5000), 4000, 2, "charge_uc", "session_charge_uc"),
    "microcurrent": (Treatment("microcurrent", "biphasic_symmetric", "galv1", "dc", "amplitude_ua",
                               {"phase_width_us": 50000, "pulse_rate_millihz": 10000,
                                "soft_start_ms": 500}, 8000, area=5000), 600, 1, "charge_uc", "session_charge_uc"),
    "pulsed": (Treatment("us_nonthermal", "us_pulsed", "us1", "head", "intensity_satp_uw_cm2", PULSED, 8000,
                         applicator="head", treated=1000), 300000, 1, "energy_uj", "energy_uj"),
    "continuous": (Treatment("us_thermal", "us_continuous", "us1", "head", "intensity_satp_uw_cm2",
                             {"soft_start_ms": 500, "duty_permille": 1000, "us_frequency_khz": 1000}, 8000,
                             applicator="head", treated=1000, warms=True), 400000, 1, "energy_uj", "energy_uj"),
}
# Led by a dose, not by time.
POINTS = Treatment("pbm", "laser_continuous", "las1", "cw", "power_uw", {"duty_permille": 1000}, 60000, applicator="probe_cw",
                   lead={"point_energy_uj": 200000, "point_count": 2})
IONTO = Treatment("ionto", "iontophoresis", "galv1", "dc", "amplitude_ua", {"active_polarity": 2, "soft_start_ms": 500}, 30000,
                  area=5000, lead={"iontophoresis_dose_ua_min": 100})
COLD = Treatment("cryo", "cold_contact", "cold1", "pad", "temperature_millic", {}, 10000)
ROUNDS = (("tens", "burst", "pulsed", "hvpc"), ("ifc", "continuous", "microcurrent"), ("asymmetric", "premod"),
          ("nmes", "russian"))


def protocols():
    text = "".join(t.protocol(name, level) for name, (t, level, *_) in TREATMENTS.items())
    return text + POINTS.protocol("points", 200000) + IONTO.protocol("ionto", 2000) + COLD.protocol("cold", 10000)


class RoundTrip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = DosageRoom(protocols())
        cls.addClassCleanup(cls.room.close)
        cls.sim, cls.patients = cls.room.sim, 0

    def setUp(self):
        self.voice = self.room.speak()

    def begin(self, name, treatment, level, **more):
        """Starts it on a patient of its own; (session, lease, sheet, the simulator's clock)."""
        type(self).patients += 1
        at = now_ns()
        session, lease, sheet = self.room.begin(treatment.request(name, level, patient=f"P-{self.patients}", **more))
        self.assertEqual(sheet["planned"], {**sheet["planned"], **self.promised(treatment, level)},
                         "the sheet does not say what the oracle says")
        return session, lease, sheet, at

    def promised(self, treatment, level):
        return {q: value for q, value in treatment.totals(level).items()
                if q in ("duration_ms", "energy_uj", "session_charge_uc", "iontophoresis_dose_ua_min", "contraction_count")}

    def ended(self, session, seconds=40):
        ended = self.voice.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                 e.get("to") == "ended", seconds)
        self.assertEqual(ended["reason"], "complete")
        self.assertIn(ended["evidence"], ("measured", "reported"))
        return ended

    def total(self, device, channel, key):
        return self.sim.control(device=device, get="state")["state"]["channels"][channel - 1][key]

    def curve(self, device, channel, at):
        """(seconds on, integral of value, time until the level was reached, peak) from the trace."""
        lines = [o for o in self.sim.outputs(device, channel) if o["t_ns"] >= at]
        on = [i for i, o in enumerate(lines) if o["value"] > 0]
        peak = max(lines[i]["value"] for i in on)
        area = sum(a["value"] * (b["t_ns"] - a["t_ns"]) for a, b in zip(lines, lines[1:])) / 1e9
        full = next(o["t_ns"] for o in lines if o["value"] == peak)
        return (lines[on[-1] + 1]["t_ns"] - lines[on[0]]["t_ns"]) / 1e9, area, (full - lines[on[0]]["t_ns"]) / 1e9, peak

    def test_treatments_by_time(self):
        # a voltage drives what the load lets through, and the sheet speaks of 500 ohm
        self.sim.fault("galv1", "impedance", channel=2, ohm=500)
        self.addCleanup(self.sim.clear, "galv1")
        for names in ROUNDS:
            with self.subTest(names=names):
                self.by_time(names)

    def by_time(self, names):
        running = []
        for name in names:
            treatment, level, channel, key, _ = TREATMENTS[name]
            before = self.total(treatment.device, channel, key)
            running.append((name, before, *self.begin(name, treatment, level)))
        for name, before, session, _, sheet, at in running:
            self.ended(session)
            treatment, level, channel, key, quantity = TREATMENTS[name]
            seconds, area, ramp, peak = self.curve(treatment.device, channel, at)
            came = self.total(treatment.device, channel, key) - before
            with self.subTest(treatment=name):
                if quantity is not None:
                    self.assertAlmostEqual(seconds, treatment.duration_ms / 1000, delta=SOON_S)
                    self.steady(treatment, sheet["planned"][quantity] / len(treatment.channels), came, area, peak, ramp)
                else:
                    self.surged(treatment, sheet["planned"], came, level, channel, at)

    def steady(self, treatment, planned, came, area, peak, ramp):
        """Held at its level: what came out is what was promised, less what the walk to the level took."""
        self.assertLess(ramp, 1.5)
        full = peak * treatment.duration_ms / 1000
        self.assertAlmostEqual(came / planned, area / full, delta=CLOSE)  # the formula of the sheet, at the trace's level
        self.assertLessEqual(came, planned * (1 + ACCURACY))
        self.assertGreaterEqual(came, planned * (1 - ACCURACY) * (1 - 1000 * ramp / treatment.duration_ms))

    def surged(self, treatment, planned, came, level, channel, at):
        """On and off: as many contractions as promised, each as long as it was set, and not more charge than promised."""
        lines = [o for o in self.sim.outputs(treatment.device, channel) if o["t_ns"] >= at]
        edges = [b["t_ns"] for a, b in zip(lines, lines[1:]) if (a["value"] > 0) != (b["value"] > 0)]
        on = [(b - a) / 1e6 for a, b in zip(edges[0::2], edges[1::2])]
        off = [(b - a) / 1e6 for a, b in zip(edges[1::2], edges[2::2])]
        self.assertEqual(len(on), planned["contraction_count"])
        for measured, key in [(ms, "surge_on_ms") for ms in on] + [(ms, "surge_off_ms") for ms in off]:
            self.assertAlmostEqual(measured, treatment.values[key], delta=350)
        self.assertEqual(max(o["value"] for o in lines), level)
        self.assertLessEqual(came, planned["session_charge_uc"] * (1 + CLOSE))
        # ramps count as on in what is promised: half of each, and the first walk, do not come
        self.assertGreaterEqual(came, planned["session_charge_uc"] * (1 - ACCURACY) * 0.6)

    def test_iontophoresis_ends_at_its_dose(self):
        for level in (1000, 2000):
            with self.subTest(level=level):
                before = self.total("galv1", 1, "charge_uc")
                session, _, sheet, at = self.begin("ionto", IONTO, level)
                self.ended(session)
                came = (self.total("galv1", 1, "charge_uc") - before) / 60
                self.assertEqual(sheet["planned"]["iontophoresis_dose_ua_min"], 100)
                self.assertAlmostEqual(came, 100, delta=100 * CLOSE + level / 60 * 0.2)  # and one sample more
                seconds, _, ramp, _ = self.curve("galv1", 1, at)
                self.assertAlmostEqual(seconds, 6000 / level + ramp / 2, delta=SOON_S)  # time follows the current

    def test_laser_point_by_point(self):
        before = self.total("las1", 1, "energy_uj")
        session, lease, sheet, _ = self.begin("points", POINTS, 100000)
        self.assertEqual(sheet["planned"]["energy_uj"], 400000)
        for point in (1, 2):
            if point == 2:
                self.voice.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                 e.get("to") == "paused", 20)
                wait_until("rest between the points", lambda: self.sim.at_rest("las1"))
                came = self.total("las1", 1, "energy_uj") - before
                self.assertAlmostEqual(came, 200000, delta=200000 * ACCURACY)
                self.voice.act("session.resume", session_id=session, lease_key=lease)
        self.ended(session)
        self.assertAlmostEqual(self.total("las1", 1, "energy_uj") - before, 400000, delta=400000 * ACCURACY)

    def test_cold_lasts_its_time_and_gives_no_more_than_its_dose(self):
        before = self.total("cold1", 1, "cold_dose_millic_min")
        session, _, sheet, at = self.begin("cold", COLD, 10000)
        self.ended(session)
        lines = [o for o in self.sim.outputs("cold1", 1) if o["t_ns"] >= at]
        on = next(o["t_ns"] for o in lines if o["on"])
        off = next(o["t_ns"] for o in lines if o["t_ns"] > on and not o["on"])
        self.assertAlmostEqual((off - on) / 1e9, COLD.duration_ms / 1000, delta=SOON_S)
        self.assertLessEqual(self.total("cold1", 1, "cold_dose_millic_min") - before, sheet["planned"]["cold_dose_millic_min"])
        self.assertGreaterEqual(min(o["value"] for o in lines), 10000)


if __name__ == "__main__":
    unittest.main()
