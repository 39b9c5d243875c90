# SPDX-License-Identifier: Apache-2.0
"""Light: doors and keys, and a diode that gives more than it was told."""
import itertools

from hazard import Hazard, main

from dosage import LASER
from room import Refused, now_ns, wait_until

POWER = 60000


class Light(Hazard):
    treatments = {"light": (LASER, 100000)}

    def emitting(self):
        session, lease = self.begin("light", POWER)
        self.at_level(POWER)
        return session, lease

    # ---- H21 ----

    def test_h21_door_or_key_is_opened_in_emission(self):
        self.repeat(self.opened, itertools.cycle(("door_open", "key_off")))

    def opened(self, faults):
        fault = next(faults)
        session, lease = self.emitting()
        struck = now_ns()
        self.sim.fault("las1", fault)
        ms = self.rest(struck)
        self.end(session, "interlock_open")
        raised = self.alarm("interlock_open", "high", session)
        found = self.refusal(self.request("light", POWER), "DEVICE_NOT_READY").data
        self.assertEqual(found["subject"], "lz_interlock")
        self.assertRegex(found["origin"], r"limits-laser\.ini:\d+$")
        self.sim.clear("las1")
        self.gone(session, lease)
        self.latched(raised)
        self.measured(ms)

    def test_h21_the_key_is_turned_before_there_is_light(self):
        self.repeat(self.turned)

    def turned(self):
        """In the delay that warns of the emission."""
        since = now_ns()
        session, lease = wait_until("the laser may be used", self.delayed)
        self.sim.fault("las1", "key_off")
        self.end(session, "interlock_open")
        raised = self.alarm("interlock_open", "high", session)
        self.gone(session, lease)
        self.sim.clear("las1")
        self.latched(raised)
        self.measured(max((o["value"] for o in self.sim.outputs("las1") if o["t_ns"] >= since), default=0))

    def delayed(self):
        """A start that the device has taken; None while it is not ready, as it is for a moment after each alarm."""
        since = now_ns()
        try:
            session, lease, _ = self.room.begin(self.request("light", POWER))
        except Refused as refused:
            self.assertEqual(refused.token, "DEVICE_NOT_READY")
            return None
        wait_until("the start is taken", lambda: self.taken(since) or self.is_over(session))
        return (session, lease) if self.taken(since) else None

    def taken(self, since):
        return any(line["event"] == "request" and line["t_ns"] > since and line["phase"] == "applied" and
                   line["function"] == 5 and line["values"] == [1] for line in self.sim.trace())

    def is_over(self, session):
        return self.voice.call("session.get", session_id=session)["state"] == "ended"

    # ---- H22 ----

    def test_h22_more_light_than_was_set(self):
        self.repeat(self.over, itertools.cycle((("deliver", {"permille": 1300}), ("diode", {"channel": 1}))))

    def over(self, faults):
        """A little more, and all that the diode gives."""
        fault, arguments = next(faults)
        session, lease = self.emitting()
        self.trip(session, lease, lambda: self.sim.fault("las1", fault, **arguments), "over_output", "over_output", "high")


if __name__ == "__main__":
    main()
