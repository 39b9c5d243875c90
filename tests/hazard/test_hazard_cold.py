# SPDX-License-Identifier: Apache-2.0
"""Cold, and a sensor under it that lies. At rest is a pad whose set point is: it warms up by itself."""
import copy
import itertools

from hazard import REPEATS, Hazard, HazardRoom, main

from dosage import COLD
from room import now_ns, wait_until

SET = 12000
PADS = min(REPEATS, 20)
FROZEN_S = 60
UNIT = "cold{}=refcold,unit=1,tcp=127.0.0.1:0,skin_tau_ms=3000,pad_ms_per_k=100"


def pad(number):
    treatment = copy.copy(COLD)
    treatment.device = f"cold{number}"
    return treatment


class Cold(Hazard):
    """Several pads, so that the minute in which a sensor stands still passes for all of them at once."""

    treatments = {f"pad{n}": (pad(n), SET) for n in range(1, PADS + 1)}

    @classmethod
    def setUpClass(cls):
        cls.room = HazardRoom(cls, [UNIT.format(n) for n in range(1, PADS + 1)])
        cls.addClassCleanup(cls.room.close)
        cls.sim, cls.patients, cls.rested = cls.room.sim, 0, {}

    def cooled(self, number=1):
        session, lease = self.begin(f"pad{number}", SET)
        wait_until("the pad is there", lambda: self.sim.outputs(self.device, 1)[-1]["value"] <= SET + 200)
        return session, lease

    def struck(self, reason, priority, fault, arguments):
        session, lease = self.cooled()
        self.trip(session, lease, lambda: self.sim.fault("cold1", fault, **arguments), reason, reason, priority,
                  evidence="reported")

    # ---- H23 ----

    def test_h23_the_skin_is_too_cold_or_not_looked_at(self):
        causes = itertools.cycle((("skin_cold", "high", "skin_temperature", {"millic": 8000}),
                                  ("sensor_lost", "medium", "skin_off", {})))
        self.repeat(lambda: self.struck(*next(causes)))

    # ---- H24 ----

    def test_h24_a_sensor_that_shows_what_skin_cannot_be(self):
        self.repeat(self.struck, "sensor_stuck", "medium", "skin_temperature", {"millic": 46000})

    def test_h24_a_sensor_that_shows_one_value_for_ever(self):
        for first in range(0, REPEATS, PADS):
            self.frozen(range(1, min(PADS, REPEATS - first) + 1))
            self.settle()

    def frozen(self, numbers):
        """20 degC under a pad of 12: it could be true, for a while."""
        treated = {}
        for number in numbers:
            session, lease = self.cooled(number)
            self.sim.fault(self.device, "skin_temperature", millic=20000)
            treated[self.device] = (session, lease, now_ns())
        wait_until("the end of a minute", lambda: self.kept(treated), seconds=2 * FROZEN_S, tick=0.5)
        for device, (session, lease, struck) in treated.items():
            ms = self.rest(struck, device)
            self.assertGreaterEqual(ms, FROZEN_S * 1000)
            self.end(session, "sensor_stuck", "reported")
            raised = self.alarm("sensor_stuck", "medium", session, device)
            self.gone(session, lease)
            self.sim.clear(device)
            self.room.wait_device(device, "ready")
            self.latched(raised)
            self.measured(ms)

    def kept(self, treated):
        """Everybody's lease is renewed; true when all of them have ended."""
        running = {s["session_id"] for s in self.voice.call("session.list")["items"] if s["state"] == "running"}
        for session, lease, _ in treated.values():
            if session in running:
                self.renew(session, lease)
        return not running

    def renew(self, session, lease):
        self.voice.send("session.keepalive", session_id=session, lease_key=lease)


if __name__ == "__main__":
    main()
