# SPDX-License-Identifier: Apache-2.0
"""Too much current, or where and when nobody asked for it: on the reference stimulator."""
from hazard import REPEATS, Hazard, main

from dosage import PULSES, TENS, estim
from room import now_ns, wait_until

LEVEL = 5000
SMALL = estim("tens", "biphasic_symmetric", PULSES, area=200)


class Current(Hazard):
    treatments = {"tens": (TENS, 12000), "small": (SMALL, 40000)}

    def running(self, level=LEVEL, **more):
        session, lease = self.begin("tens", level, **more)
        self.at_level(level)
        return session, lease

    def fault(self, fault, **arguments):
        return lambda: self.sim.fault("stim1", fault, channel=1, **arguments)

    # ---- H01 ----

    def test_h01_half_a_pad_comes_off(self):
        self.repeat(self.half_off)

    def half_off(self):
        session, lease = self.running(2000)
        self.samples()
        self.trip(session, lease, self.fault("half_lift", permille=250), "impedance_step", "impedance_step", "medium")
        series = self.voice.call("record.get", session_id=session)["document"]["channels"][0]["series"]
        ohms = [p["impedance_ohm"] for p in series if "impedance_ohm" in p]
        self.assertGreater(max(ohms), 2 * min(ohms), "the record shows what the pad did")

    def test_h01_a_pad_dries(self):
        self.repeat(self.dries, times=max(1, REPEATS // 5))  # as slow as skin; the row has its repeats above

    def dries(self):
        """Somebody is told at half as much again, and it is over at twice the impedance of the start."""
        session, lease = self.running(1000)
        self.samples()
        self.fault("impedance", ohm=1600, ramp_ms=800)()
        noted = self.alarm("impedance_trend", "low", session)
        self.assertEqual(self.voice.call("session.get", session_id=session)["state"], "running")
        struck = now_ns()
        self.fault("impedance", ohm=2200, ramp_ms=800)()
        self.rest(struck)
        self.end(session, "impedance_step")
        raised = self.alarm("impedance_step", "medium", session)
        self.gone(session, lease)
        self.sim.clear("stim1")
        self.room.wait_device("stim1", "ready")
        self.latched(raised)
        self.assertNotIn(noted["number"], self.numbers())

    def test_h01_a_pad_that_is_too_small_is_refused(self):
        self.repeat(lambda: self.refused(self.request("small", 40000), "LIMIT_EXCEEDED", "es_jrms_notice"))

    # ---- H02 ----

    def test_h02_an_electrode_that_came_off_touches_again(self):
        self.repeat(self.off_and_on)

    def off_and_on(self):
        """The one after it begins at rest, too, whatever was set when the electrode came off."""
        begun = now_ns()
        session, lease = self.running()
        self.assertLessEqual(next(o["value"] for o in self.sim.outputs("stim1", 1) if o["t_ns"] > begun and o["value"]), 1000)
        self.trip(session, lease, self.fault("open"), "electrode_open", "electrode_open", "medium")

    # ---- H04 ----

    def test_h04_the_level_is_walked_up_and_falls_at_once(self):
        self.repeat(self.walked)

    def walked(self):
        session, lease = self.begin("tens", 1000, ceiling=4000)
        begun = now_ns()
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=4000, expect=1000)
        self.at_level(4000)
        up = [o for o in self.sim.outputs("stim1", 1) if o["t_ns"] > begun]
        seconds = (up[-1]["t_ns"] - up[0]["t_ns"]) / 1e9
        self.assertLessEqual(up[-1]["value"] - up[0]["value"], 5000 * seconds + 1000, "es_slew_max: 5 mA/s and one step")
        lowered = now_ns()
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=1000, expect=4000)
        down = wait_until("the level falls", lambda: [o for o in self.sim.outputs("stim1", 1) if o["t_ns"] > lowered])
        self.assertEqual(down[0]["value"], 1000, "in one step")
        self.voice.call("session.stop", session_id=session)
        self.rest(lowered)
        self.end(session, "stopped")
        self.measured(max(b["value"] - a["value"] for a, b in zip(up, up[1:])))

    # ---- H05 ----

    def test_h05_current_above_what_was_set(self):
        self.repeat(self.over)

    def over(self):
        session, lease = self.running()
        self.trip(session, lease, self.fault("deliver", permille=1500), "over_output", "over_output", "high")

    # ---- H07 ----

    def test_h07_an_output_that_ignores_its_stop(self):
        self.repeat(self.stuck)

    def stuck(self):
        """Neither the run bit nor the set point reaches it: what is left is that nobody feeds its watchdog."""
        session, lease = self.running()
        self.sim.fault("stim1", "hold_level", channel=1)
        self.sim.fault("stim1", "stuck", ignores="commands", channel=1)
        struck = now_ns()
        self.voice.call("session.stop", session_id=session)
        self.becomes(session, "output_unknown")
        ms = self.rest(struck)
        self.unproved_until_now(session, lease)
        self.measured(ms)

    def test_h07_an_output_that_nothing_rests(self):
        self.repeat(self.nothing_rests_it)

    def nothing_rests_it(self):
        """It is told, and nobody can use the device, for as long as it lasts."""
        session, lease = self.running()
        self.sim.fault("stim1", "hold_level", channel=1)
        self.sim.fault("stim1", "stuck", channel=1)
        self.voice.call("session.stop", session_id=session)
        self.becomes(session, "output_unknown")
        self.refusal(self.request("tens", LEVEL), "OUTPUT_UNKNOWN")
        self.assertGreaterEqual(self.sim.output("stim1"), LEVEL)
        cleared = now_ns()
        self.sim.clear("stim1")
        self.rest(cleared)
        self.unproved_until_now(session, lease)

    def unproved_until_now(self, session, lease):
        """A high alarm, which stands until rest is proved and somebody has seen it."""
        raised = self.alarm("output_unknown", "high", device="stim1")
        self.end(session, "stopped")
        self.gone(session, lease)
        self.sim.clear("stim1")
        self.room.wait_device("stim1", "ready")
        self.latched(raised)

    # ---- H13 ----

    def test_h13_a_bit_of_the_set_point_turns_in_the_device(self):
        self.repeat(self.turned)

    def turned(self):
        session, lease = self.running()
        self.trip(session, lease, self.fault("alter_set", permille=2280), "over_output", "over_output", "high")


if __name__ == "__main__":
    main()
