# SPDX-License-Identifier: Apache-2.0
"""On and off cycles on the real programs: contractions are counted, and their ramps, on and off times measured, in the
simulator's trace; what the daemon counts is held against it."""
import unittest

from room import STIM, Room, begin, screened, tens_request, wait_until

ON_MS, OFF_MS, UP_MS, DOWN_MS = 3000, 2000, 1000, 500
LEVEL_UA = 6000
SOON_MS = 400  # one set point after another on a loaded machine, under sanitizers

COMMON = f"""
revision = 1
channels = 1
rest_min = 0 min
sessions_per_day = 4
source = tests
verified = choice
amplitude_ua = 0 mA..10 mA, default 6 mA
surge_on_ms = {ON_MS} ms
surge_off_ms = {OFF_MS} ms
ramp_up_ms = {UP_MS} ms
ramp_down_ms = {DOWN_MS} ms
duration_ms = 5 s..60 s, default 25 s
electrode_area_mm2 = 25 cm2..200 cm2, default 50 cm2
"""
PROTOCOLS = f"""
[protocol short_nmes]
label = Contractions for seconds
therapy = nmes
waveform = biphasic_symmetric
phase_width_us = 250 us
pulse_rate_millihz = 50 Hz
{COMMON}
[protocol short_russian]
label = Russian stimulation for seconds
therapy = russian_nmes
waveform = russian
carrier_frequency_millihz = 2.5 kHz
burst_rate_millihz = 50 Hz
burst_duty_permille = 50 %
{COMMON}
"""


class Contraction:
    """One on time of the trace: from the first output above rest to the return to rest."""

    def __init__(self, lines):
        self.lines = lines
        self.begin, self.end = lines[0]["t_ns"], lines[-1]["t_ns"]
        self.peak = max(line["value"] for line in lines)

    def reached(self, value):
        return next(line["t_ns"] for line in self.lines if line["value"] >= value)

    def left(self):
        return next(b["t_ns"] for a, b in zip(self.lines, self.lines[1:])
                    if a["value"] == self.peak and all(c["value"] < self.peak for c in self.lines[self.lines.index(b):]))


class Surge(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(STIM,), start=False)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", PROTOCOLS)
        self.room.start()
        self.client, self.sim = self.room.client(), self.room.sim

    def request(self, protocol, duration_ms=25000, ceiling=LEVEL_UA, **more):
        return screened(self.client, tens_request(self.client, protocol=protocol, start=LEVEL_UA, ceiling=ceiling,
                                                  duration_ms=duration_ms, site="thigh", **more))

    def contractions(self):
        """Those that are over, oldest first; whatever is on while it goes up, stays and goes down is one."""
        found, current = [], None
        for line in self.sim.outputs("stim1", 1):
            if current is not None:
                current.append(line)
            elif line["value"] > 0:
                current = [line]
            if current is not None and line["value"] == 0:
                found.append(Contraction(current))
                current = None
        return found

    def counted(self, session):
        self.client.event(lambda e: e["type"] == "session.ended" and e["session_id"] == session)
        return self.client.call("dose.history", patient_ref="P-1")["items"][0]["delivered"]["contraction_count"]

    def assert_ms(self, begin, end, ms):
        self.assertAlmostEqual((end - begin) / 1e6, ms, delta=SOON_MS)

    def one_of(self, protocol):
        session, _, sheet = begin(self.client, self.request(protocol))
        self.assertEqual(sheet["planned"]["contraction_count"], 5)
        self.assertEqual(self.client.state(session, "ended", 40)["reason"], "complete")
        found = self.contractions()
        self.assertEqual(len(found), 5)
        self.assertEqual(self.counted(session), 5)
        for contraction in found[1:]:  # in the first the level is still walked
            self.assertEqual(contraction.peak, LEVEL_UA)
            self.assert_ms(contraction.begin, contraction.reached(LEVEL_UA), UP_MS)
            self.assert_ms(contraction.begin, contraction.reached(LEVEL_UA // 2), UP_MS / 2)
            self.assert_ms(contraction.left(), contraction.end, DOWN_MS)
            self.assert_ms(contraction.begin, contraction.end, ON_MS)
        for before, after in zip(found, found[1:]):
            self.assert_ms(before.end, after.begin, OFF_MS)
        # all ramps and pauses together: the cycle does not drift
        self.assert_ms(found[1].begin, found[4].begin, 3 * (ON_MS + OFF_MS))

    def test_nmes_contractions_are_executed_as_set(self):
        self.one_of("short_nmes")

    def test_russian_contractions_are_executed_as_set(self):
        self.one_of("short_russian")

    def test_a_pause_ends_a_contraction_and_a_resume_begins_another_from_rest(self):
        session, lease, _ = begin(self.client, self.request("short_nmes", duration_ms=20000))
        wait_until("the second contraction", lambda: len(self.contractions()) >= 1 and self.sim.output("stim1") == LEVEL_UA)
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.client.state(session, "paused")
        self.assertEqual(self.sim.output("stim1"), 0)
        before = len(self.contractions())
        self.client.act("session.resume", session_id=session, lease_key=lease)
        self.assertEqual(self.client.state(session, "ended", 40)["reason"], "complete")
        found = self.contractions()
        after = found[before]
        self.assertLessEqual(after.lines[0]["value"], 1000, "a resume ramps from rest")
        self.assertEqual(self.counted(session), len(found))

    def test_an_increase_in_the_off_time_waits_for_the_next_contraction(self):
        session, lease, _ = begin(self.client, self.request("short_nmes", ceiling=8000))
        wait_until("an off time", lambda: len(self.contractions()) == 1)
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=8000,
                        expect=LEVEL_UA)
        wait_until("the next contraction", lambda: len(self.contractions()) == 2)
        first, second = self.contractions()
        self.assert_ms(first.end, second.begin, OFF_MS)
        self.assertEqual(second.peak, 8000)
        self.assert_ms(second.begin, second.reached(8000), UP_MS)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "ended")


if __name__ == "__main__":
    unittest.main()
