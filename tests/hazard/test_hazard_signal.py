# SPDX-License-Identifier: Apache-2.0
"""Readings that do not tell what is: one that stands still, one that something else disturbs."""
import itertools

from hazard import Hazard, main

from dosage import TENS
from room import now_ns

LEVEL = 10000


class Signal(Hazard):
    treatments = {"tens": (TENS, 20000)}

    def running(self, level=LEVEL, **more):
        session, lease = self.begin("tens", level, **more)
        self.at_level(level)
        self.samples()
        return session, lease

    # ---- H24 ----

    def test_h24_one_reading_or_the_whole_status_stands_still(self):
        stands = itertools.cycle((self.one_reading, self.whole_status))
        self.repeat(lambda: next(stands)())

    def one_reading(self):
        """The level is raised, and what is measured does not follow; then it proves no rest, either."""
        session, lease = self.running(4000, ceiling=LEVEL)
        self.sim.fault("stim1", "freeze", address=20)
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=LEVEL, expect=4000)
        self.at_level(LEVEL)
        self.lies(session, lease, now_ns(), "under_output", "under_output", "medium")

    def whole_status(self):
        """Every reply is the one before: the clock of the device does not go on."""
        session, lease = self.running()
        struck = now_ns()
        self.sim.fault("stim1", "freeze", address=10, words=4)
        self.lies(session, lease, struck, "link_lost", "link_lost", "medium")

    def lies(self, session, lease, struck, reason, alarm, priority):
        ms = self.rest(struck)
        self.voice.state(session, "output_unknown")
        unknown = self.alarm("output_unknown", "high", device="stim1")
        self.sim.clear("stim1")
        self.end(session, reason)
        raised = self.alarm(alarm, priority, session)
        self.gone(session, lease)
        self.room.wait_device("stim1", "ready")
        for one in (unknown, raised):
            self.latched(one)
        self.measured(ms)

    # ---- H34 ----

    def test_h34_a_diathermy_unit_beside_it(self):
        self.repeat(self.disturbed)

    def disturbed(self):
        session, lease = self.running()
        struck = now_ns()
        self.sim.fault("stim1", "jitter", channel=1, permille=450)
        ms = self.rest(struck)
        reason = self.voice.state(session, "ended")["reason"]
        # it may happen to be too high three times in a row, which is told as what it looks like
        self.end(session, reason if reason == "over_output" else "output_unsteady")
        raised = self.alarm(reason, "high" if reason == "over_output" else "medium", session)
        self.gone(session, lease)
        self.sim.clear("stim1")
        self.latched(raised)
        self.measured(ms)
        self.assertEqual(self.sim.peak("stim1"), LEVEL, "the output itself never follows what is measured")


if __name__ == "__main__":
    main()
