# SPDX-License-Identifier: Apache-2.0
"""Limits that are met by what is measured and by how the level is walked. Causes are faults of the simulated devices; the
trace judges. What is within the bound leaves the treatment running, what is beyond it ends it.
"""
import unittest

from dosage import COLD, CONTINUOUS, HVPC, LASER, TENS, estim, main, tried
from evidence import MEASURED, ROWS, WALK
from limits_room import LimitsRoom
from room import now_ns, wait_until

MINUTE = 60000
MINUTES = CONTINUOUS.lasting(3 * MINUTE)

# id: (treatment, level, faults of the simulator within the bound, a fault beyond it, reason of the end, bound as it is told)
FAULTS = {
    "es_accuracy": (TENS, 12000, [("deliver", {"permille": 1190})], ("deliver", {"permille": 1230}), "over_output", "14.4 mA"),
    "us_power_accuracy": (MINUTES, 400000, [("deliver", {"permille": 1190})], ("deliver", {"permille": 1230}), "over_output",
                          "2.4 W"),
    "lz_accuracy": (LASER, 60000, [("deliver", {"permille": 1190})], ("deliver", {"permille": 1230}), "over_output", "0.072 W"),
    # at twice the impedance of the start it ends in any case: the bound is lowered, which is the tighter side
    "es_load_open": (TENS, 2000, [("impedance", {"ohm": 1800, "ramp_ms": 1500})], ("impedance", {"ohm": 1810}),
                     "electrode_open", "es_load_open", 1800),
    # the simulated body alone has 200 ohm: the bound is raised, which is the tighter side
    "es_load_short": (TENS, 2000, [("impedance", {"ohm": ohm, "ramp_ms": 1500}) for ohm in (560, 370, 250)],
                      ("impedance", {"ohm": 249}), "electrode_short", "es_load_short", 250),
    "us_head_temp_max": (MINUTES, 100000, [("head_temperature", {"millic": 40900})], ("head_temperature", {"millic": 41500}),
                         "over_temperature", "us_head_temp_max"),
    "lz_interlock": (LASER, 60000, [], ("door_open", {}), "interlock_open", "interlock"),
    "lz_readback_max": (LASER, 60000, [("deliver", {"permille": 1190})], ("deliver", {"permille": 1210}), "over_output", "0.072 W"),
    "cr_skin_min": (COLD, 12000, [("skin_temperature", {"millic": 10010})], ("skin_temperature", {"millic": 9990}), "skin_cold",
                    "cr_skin_min"),
}
# id: (time of the treatment, quantity and bound in place of the shipped one)
TIMERS = {"us_timer_tol_lt5": (2 * MINUTE, "timer_error_ms", 2000),
          "us_timer_tol_5to10": (6 * MINUTE, "timer_error_permille", 6),
          "us_timer_tol_gt10": (11 * MINUTE, "timer_error_ms", 2000),
          "us_timer_tol_iec": (6 * MINUTE, "timer_error_permille", 6)}

class Measured(LimitsRoom, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(TENS, MINUTES, LASER, COLD)

    def test_faults(self):
        self.each(FAULTS, self.fault)

    def test_accuracy_at_a_low_level(self):
        """20 % of the set level, whatever the device could do at most."""
        self.each({"es_accuracy at a low level": (TENS, 4000, [("deliver", {"permille": 1190})], ("deliver", {"permille": 1290}),
                                                  "over_output", "4.8 mA")}, self.fault)

    def fault(self, name, treatment, level, within, beyond, reason, told, bound=None):
        self.configure(("live", treatment, level), **({name: bound} if bound is not None else {}))
        session = self.begin(treatment, level)
        self.voice.state(session, "running")
        for fault, arguments in within:
            self.cause(treatment, fault, arguments)
            self.samples(12)
            self.assertEqual(self.running(session), "running", f"{arguments} is within the bound")
        asked = now_ns()
        self.cause(treatment, *beyond)
        ended = self.ended(session)
        self.assertEqual(ended["reason"], reason)
        self.assertIn(told, ended["detail"])
        self.rested(treatment, asked)
        tried(name, ("within: runs; " if within else "") + "beyond: stopped")

    def cause(self, treatment, fault, arguments):
        channel = {"channel": 1} if treatment.device == "stim1" else {}
        self.sim.fault(treatment.device, fault, **arguments, **channel)
        if "ramp_ms" in arguments:
            wait_until("the load", lambda: self.load() == arguments["ohm"])

    def rested(self, treatment, asked):
        """By the trace: the device's output went off after asked, and within seconds."""
        off = wait_until("off", lambda: next((o["t_ns"] for o in self.sim.outputs(treatment.device)
                                              if o["t_ns"] > asked and not o["on"]), None))
        self.assertLess((off - asked) / 1e9, 5)

    def load(self):
        return self.sim.control(device="stim1", get="state")["state"]["channels"][0]["impedance_ohm"]

    def test_a_rising_load_is_noted(self):
        """es_load_trend: a notice, so the treatment goes on with an alarm."""
        self.configure(("live", TENS, 2000))
        session = self.begin(TENS, 2000)
        self.voice.state(session, "running")
        self.samples(12)
        self.sim.fault("stim1", "impedance", ohm=1490, ramp_ms=4000, channel=1)
        wait_until("the load", lambda: self.load() == 1490)
        self.samples(25)
        self.assertFalse([a for a in self.voice.call("alarm.list")["items"] if a["kind"] == "impedance_trend"])
        self.sim.fault("stim1", "impedance", ohm=1560, ramp_ms=1000, channel=1)
        alarm = wait_until("the alarm", lambda: [a for a in self.voice.call("alarm.list")["items"]
                                                 if a["kind"] == "impedance_trend"])
        self.assertIn("es_load_trend", alarm[0]["detail"])
        self.assertEqual(self.running(session), "running")
        tried("es_load_trend", "within: silent; beyond: alarm, runs on")
        self.quiet()

    def test_timers(self):
        self.each(TIMERS, self.timer)

    def timer(self, name, duration_ms, quantity, bound):
        """The device's timer stands still; the tolerance is tightened so that this is seen in seconds."""
        treatment = CONTINUOUS.lasting(duration_ms)
        self.configure(("live", treatment, 50000), **{name: bound})
        session = self.begin(treatment, 50000)
        self.voice.state(session, "running")
        self.samples(8)
        self.assertEqual(self.running(session), "running")
        asked = now_ns()
        self.sim.fault("us1", "stall_timer")
        ended = self.ended(session, 6)
        self.assertEqual(ended["reason"], "device_timer")
        tolerated = bound if quantity == "timer_error_ms" else bound * duration_ms / 1000
        self.assertGreaterEqual(self.sim.wait_rest("us1", asked) + 500, tolerated)
        tried(name, "runs; beyond: stopped")


class Walked(LimitsRoom, unittest.TestCase):
    """es_step_max, es_step_volt_max, es_slew_max: tightened to half, every step of the trace keeps to it."""

    @classmethod
    def setUpClass(cls):
        cls.open(TENS, HVPC)

    def test_steps_and_slew(self):
        plain = estim("tens", "biphasic_symmetric", {"phase_width_us": 200, "pulse_rate_millihz": 100000, "soft_start_ms": 0})
        volts = estim("hvpc_pain", "hvpc", {**HVPC.values, "soft_start_ms": 0}, "hv", "galv1", "amplitude_mv", area=5000)
        for treatment, level, name, step, slew in ((plain, 5000, "es_step_max", 500, 2500),
                                                   (volts, 4000, "es_step_volt_max", 500, None)):
            with self.subTest(limit=name):
                bounds = {name: step, **({"es_slew_max": slew} if slew else {})}
                self.configure(("live", treatment, level), **bounds)
                begun = now_ns()
                session = self.begin(treatment, level)
                self.voice.state(session, "running")
                channel = 1 if treatment is plain else 2
                wait_until("the level", lambda t=treatment, c=channel, top=level: self.sim.output(t.device, c) == top)
                self.quiet()
                for shown in bounds:
                    tried(shown, "every step of the trace")
                self.walk([o for o in self.sim.outputs(treatment.device, channel) if o["t_ns"] > begun], level, step, slew)

    def walk(self, lines, level, step, slew):
        up = [o for o in lines if 0 < o["value"] <= level][:1 + next(i for i, o in enumerate(
            [o for o in lines if 0 < o["value"]]) if o["value"] == level)]
        rises = [b["value"] - a["value"] for a, b in zip(up, up[1:])]
        self.assertLessEqual(up[0]["value"], step)
        self.assertLessEqual(max(rises), step)
        if slew is not None:
            elapsed_s = (up[-1]["t_ns"] - up[0]["t_ns"]) / 1e9
            self.assertLessEqual(level - up[0]["value"], slew * elapsed_s + step)


class Table(unittest.TestCase):
    """Every id whose live evidence is given in this file has a row above."""

    def test_every_limit_is_tried(self):
        for kind, rows in ((MEASURED, {*FAULTS, *TIMERS, "es_load_trend"}),
                           (WALK, {"es_step_max", "es_step_volt_max", "es_slew_max"})):
            self.assertEqual({name for name, row in ROWS.items() if row.live == kind}, rows, kind)


if __name__ == "__main__":
    main()
