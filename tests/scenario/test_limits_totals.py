# SPDX-License-Identifier: Apache-2.0
"""Limits on totals: of a session, reached while it runs, and of 24 h, also after the daemon was killed.

A total that would take an hour is reached in seconds: the limit is tightened by a reload while the treatment runs.
"""
import signal
import unittest

from dosage import COLD, CONTINUOUS, IONTO, PULSES, TENS, estim, main, sound, tried
from evidence import DAY, ROWS, TOTAL
from limits_room import LimitsRoom
from room import now_ns, screened

MINUTE = 60000
BRIEF = estim("tens_brief", "biphasic_symmetric", PULSES)
LIPUS = sound("lipus", "us_pulsed", {"duty_permille": 200, "pulse_repetition_millihz": 1000000, "us_frequency_khz": 1500})
MINUTES = CONTINUOUS.lasting(3 * MINUTE)
WARM = sound("us_thermal", "us_continuous", {"duty_permille": 1000, "us_frequency_khz": 3000}, warms=True).lasting(MINUTE)

# id: (treatment, level, total after so many seconds)
TOTALS = {
    "es_session_max": (TENS, 3000, 4000), "es_brief_session_max": (BRIEF, 3000, 4000),
    "ion_dose_max": (IONTO, 900, 60), "us_energy_session_max": (MINUTES, 200000, 4000000),
    "us_timer_max": (MINUTES, 200000, 4000),
    "us_temp_rise_max": (WARM, 200000, 20),
    "lipus_time": (LIPUS, 100000, 4000), "cr_time_max": (COLD, 12000, 4000),
}
# id: (treatment that was given, treatment that is asked for, level of both, bound or None for the shipped one)
DAYS = {
    "es_day_max": (TENS.lasting(3000), 3000, TENS.lasting(3000), 3000, 5000),
    "us_sessions_day": (CONTINUOUS.lasting(2000), 200000, CONTINUOUS.lasting(2000), 200000, None),
    "lipus_day": (LIPUS.lasting(2000), 100000, LIPUS.lasting(2000), 100000, None),
    "cr_rest_min": (COLD.lasting(3000), 12000, COLD.lasting(3000), 12000, None),
    "us_cem43_skin": (CONTINUOUS.lasting(3000), 400000, CONTINUOUS.lasting(3000), 400000, 1),
    "us_cem43_bone": (CONTINUOUS.lasting(3000), 400000, CONTINUOUS.lasting(3000), 400000, 1),
    "order_estim_after_cold": (COLD.lasting(3000), 12000, TENS.lasting(3000), 3000, None),
    "order_us_after_analgesia": (TENS.lasting(3000), 3000,
                                 sound("us_thermal", "us_continuous", {"duty_permille": 1000, "us_frequency_khz": 1000},
                                       warms=True).lasting(2000), 200000, None),
}


class Totals(LimitsRoom, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(TENS, MINUTES, IONTO, COLD)

    def test_totals(self):
        self.each(TOTALS, self.total)

    def total(self, name, treatment, level, bound):
        """The bound comes while the treatment runs and lies ahead: it runs on to it, and not further."""
        self.configure(("live", treatment, level))
        begun = now_ns()
        session = self.begin(treatment, level)
        self.voice.state(session, "running")
        self.assertEqual(self.running(session), "running")
        self.configure(("other", TENS.lasting(2000), 1000), ("live", treatment.lasting(1000), 12000 if treatment is COLD else 0),
                       **{name: bound})
        ended = self.ended(session)
        self.assertIn(ended["reason"], ("limit", "over_limit"))
        self.assertIn(name, ended["detail"])
        seconds = (max(o["t_ns"] for o in self.sim.outputs(treatment.device)) - begun) / 1e9
        self.assertGreater(seconds, 3, "it ran on until the bound was reached")
        self.assertLess(seconds, 9)
        tried(name, "runs to the bound: stopped there")


class Days(LimitsRoom, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(TENS, MINUTES, COLD)

    def test_before_and_after_a_kill(self):
        given = {}
        for name, row in DAYS.items():
            with self.subTest(limit=name):
                given[name] = self.given(name, *row)
        self.room.daemon.send_signal(signal.SIGKILL)
        self.room.daemon.wait()
        self.room.start()
        for name, row in DAYS.items():
            with self.subTest(limit=name, after="kill -9"):
                self.voice = self.room.speak()
                self.asked(name, *row, given[name])
                self.asked_of_nobody(name, *row)
                tried(name, "reached: asked or refused; after kill -9 too; not for another patient")

    def given(self, name, first, level, second, wanted, bound):
        """A first treatment; then the second is refused or asked for, at once."""
        patient = self.patient()
        self.set(name, first, level, second, wanted, None)
        self.voice = self.room.speak()
        session = self.begin(first, level, "first", patient)
        self.assertEqual(self.ended(session, 20)["reason"], "complete")
        self.asked(name, first, level, second, wanted, bound, patient)
        return patient

    def set(self, name, first, level, second, wanted, bound):
        self.configure(("first", first, level), ("second", second, wanted), **({name: bound} if bound is not None else {}))

    def says(self, name, second, wanted, patient):
        said = self.voice.call("session.check", **screened(self.voice, second.request("second", wanted, patient=patient)))
        ids = {r["subject"] for r in said["refusals"]} | {n["id"] for n in said["notices"]}
        return name in ids, said["allowed"]

    def asked(self, name, first, level, second, wanted, bound, patient):
        self.set(name, first, level, second, wanted, bound)
        self.assertEqual(self.says(name, second, wanted, patient), (True, False))

    def asked_of_nobody(self, name, first, level, second, wanted, bound):
        """Another patient is not concerned; a bound that this one treatment alone exceeds says nothing here."""
        if name.startswith("us_cem43"):
            return
        self.assertEqual(self.says(name, second, wanted, self.patient())[0], False)


class Table(unittest.TestCase):
    """Every id whose live evidence is given in this file has a row above."""

    def test_every_limit_is_tried(self):
        for kind, rows in ((TOTAL, set(TOTALS)), (DAY, set(DAYS))):
            self.assertEqual({name for name, row in ROWS.items() if row.live == kind}, rows, kind)


if __name__ == "__main__":
    main()
