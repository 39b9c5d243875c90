# SPDX-License-Identifier: Apache-2.0
"""Too much current, or at the wrong time: on the reference stimulator."""
from hazard import Hazard, main

from dosage import TENS
from room import now_ns

LEVEL = 5000


class Current(Hazard):
    treatments = {"tens": (TENS, 12000)}

    def test_h05_current_above_what_was_set(self):
        self.repeat(self.over)

    def over(self):
        session, lease = self.begin("tens", LEVEL)
        self.at_level(LEVEL)
        self.trip(session, lease, lambda: self.sim.fault("stim1", "deliver", permille=1500, channel=1), "over_output",
                  "over_output", "high")

    def test_h04_the_level_is_walked(self):
        self.repeat(self.walked)

    def walked(self):
        session, lease = self.begin("tens", 1000, ceiling=8000)
        begun = now_ns()
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=8000, expect=1000)
        self.at_level(8000)
        up = [o for o in self.sim.outputs("stim1", 1) if o["t_ns"] > begun]
        steps = [b["value"] - a["value"] for a, b in zip(up, up[1:])]
        seconds = (up[-1]["t_ns"] - up[0]["t_ns"]) / 1e9
        self.assertLessEqual(up[-1]["value"] - up[0]["value"], 5000 * seconds + 1000, "es_slew_max: 5 mA/s and one step")
        self.voice.call("session.stop", session_id=session)
        self.rest(begun)
        self.end(session, "stopped")
        self.measured(max(steps))


if __name__ == "__main__":
    main()
