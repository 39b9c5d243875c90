# SPDX-License-Identifier: Apache-2.0
"""What the tests of limits that only a running output can meet share: a room, limits moved by a reload, a treatment."""
from dosage import DEVICES, DosageRoom, attempt
from ini import read
from limits import from_section
from room import wait_until


class LimitsRoom:
    """Mixed into a test case; the class method open makes the room with the devices of the given treatments."""

    @classmethod
    def open(cls, *treatments, **more):
        wanted = {t.device for t in treatments}
        cls.room = DosageRoom(treatments[0].protocol("live", 1000 if treatments[0].device != "cold1" else 12000),
                              devices=[d for d in DEVICES if d.split("=")[0] in wanted], **more)
        cls.addClassCleanup(cls.room.close)
        cls.sim, cls.patients = cls.room.sim, 0
        cls.limits = {s.name: from_section(s, ()) for s in read(cls.room.config) if s.kind == "limit"}

    def setUp(self):
        self.voice = self.room.speak()

    def each(self, rows, check):
        for name, row in rows.items():
            def run(name=name, row=row):
                try:
                    check(name, *row)
                finally:
                    self.quiet()
            attempt(self, name, run)

    def quiet(self):
        self.voice = self.room.speak()
        self.voice.call("stop.all")
        for device in self.sim.links:
            self.sim.clear(device)
        wait_until("nothing runs", lambda: all(d["state"] == "ready" for d in self.voice.call("device.list")["items"]))
        for alarm in self.voice.call("alarm.list")["items"]:
            if not alarm.get("acknowledged"):
                self.voice.act("alarm.acknowledge", number=alarm["number"])

    def configure(self, *protocols, **bounds):
        """Protocols as (name, treatment, level), limits as shipped but for bounds."""
        self.room.restore()
        self.room.write("tests.ini", "".join(t.protocol(name, level) for name, t, level in protocols))
        for name, value in bounds.items():
            limit = self.limits[name]
            self.room.bound(name, "max" if limit.max is not None else "min", limit.quantity, value)
        self.room.reload()

    def patient(self):
        type(self).patients += 1
        return f"P-{self.patients}"

    def begin(self, treatment, level, protocol="live", patient=None, **more):
        begun = self.room.begin(treatment.request(protocol, level, patient=patient or self.patient(), **more))
        wait_until("output", lambda: any(o["on"] for o in self.sim.outputs(treatment.device)[-4:]))
        return begun[0]

    def running(self, session):
        return self.voice.call("session.get", session_id=session)["state"]

    def samples(self, count):
        """So many further reports of progress: time in which supervision has seen samples."""
        seen = 0
        while seen < count:
            seen += self.voice.read().get("params", {}).get("type") == "session.progress"

    def ended(self, session, seconds=15):
        return self.voice.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                e.get("to") == "ended", seconds)
