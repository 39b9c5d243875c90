# SPDX-License-Identifier: Apache-2.0
"""What hazard tests share: one started room for each file, in which every hazard is caused several times.

A repeat starts a treatment, causes the fault in it, and then goes by the trace: when the output came to rest, that it
stayed there, and that the next treatment finds everything as the first did. What the daemon says (state, evidence, alarm,
audit entry) is held against that. Times go to a file of their own for report.py.
"""
import json
import os
import re
import sys
import unittest

SCENARIO = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenario")
sys.path.insert(0, SCENARIO)
from dosage import DEVICES, HELD_UP, DosageRoom  # noqa: E402
from hazards import HAZARDS, OUTPUT  # noqa: E402
from room import BUILD, Refused, now_ns, screened, wait_until  # noqa: E402

REPEATS = int(os.environ.get("MODALITY_REPEATS", "5"))
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers and shared machines; 1: the bounds as they stand
RESULTS = os.path.join(BUILD, "hazards")
ATTEMPTS = 3  # of a repeat in which a busy machine ended the treatment


class HeldUp(Exception):
    """It was not the hazard's cause that ended the treatment."""


def allowed(bound):
    """The longest time that passes here for one with this bound."""
    return bound * SLACK + 2000 * (SLACK - 1)


class HazardRoom(DosageRoom):
    """With configuration files and environment of the tests' own."""

    def __init__(self, case, devices):
        self.case = case
        super().__init__("".join(t.protocol(name, top) for name, (t, top) in case.treatments.items()), devices=devices,
                         **case.room_options)

    def start(self, ready=True, env=None):
        for name, text in self.case.files.items():
            self.write(name, text)
        super().start(ready, {**self.case.environment(self), **(env or {})})


class Hazard(unittest.TestCase):
    """Subclasses name their treatments: protocol name to (treatment, highest level); further files of the configuration."""

    treatments = {}
    files = {}
    room_options = {}

    @staticmethod
    def environment(room):
        """What the daemon is started with besides."""
        return {}

    @classmethod
    def setUpClass(cls):
        wanted = {t.device for t, _ in cls.treatments.values()}
        cls.room = HazardRoom(cls, [d for d in DEVICES if d.split("=")[0] in wanted])
        cls.addClassCleanup(cls.room.close)
        cls.sim, cls.patients, cls.rested = cls.room.sim, 0, {}

    def setUp(self):
        self.hazard = re.match(r"test_(h\d\d)_", self._testMethodName).group(1).upper()
        self.row = HAZARDS[self.hazard]
        self.voice = self.speak()
        self.addCleanup(self.quiet)
        self.session = None

    def speak(self):
        return self.room.speak()

    def quiet(self):
        """Whatever a test left behind."""
        for device in self.sim.links:
            self.sim.clear(device)
        self.speak().call("stop.all")

    # ---- repeats ----

    def repeat(self, once, *arguments, times=REPEATS):
        """once as often as is asked for; after each the room is as it was."""
        for number in range(times):
            try:
                self.attempt(once, *arguments)
            except Exception as error:
                raise AssertionError(f"{self.hazard}, repeat {number + 1} of {times}: {error}") from error

    def attempt(self, once, *arguments, left=ATTEMPTS - 1):
        try:
            once(*arguments)
            self.settle()
        except (HeldUp, AssertionError, Refused, TimeoutError) as error:
            self.voice = self.speak()  # one that timed out cannot be read from again
            if left == 0 or not (isinstance(error, HeldUp) or self.was_held_up()):
                raise
            self.settle()
            self.attempt(once, *arguments, left=left - 1)

    def was_held_up(self):
        """Whether the newest treatment ended by the machine: whatever was missed then was not the hazard's."""
        try:
            ended = self.voice.call("session.get", session_id=self.session) if self.session else {}
        except Refused:  # it is not remembered any more
            return False
        return ended.get("end", {}).get("reason") in HELD_UP

    def measured(self, value, unit=None):
        """Notes what the row bounds, and holds it against that; of a time with slack, of output (where unit says so) none."""
        unit = unit or self.row.unit
        with open(results_file(type(self).__module__), "a", encoding="utf-8") as file:
            file.write(json.dumps({"hazard": self.hazard, "test": self._testMethodName, "unit": unit, "value": value}) + "\n")
        bound = 0 if unit == OUTPUT else allowed(self.row.bound) if unit.startswith("ms") else self.row.bound
        self.assertLessEqual(value, bound, f"{unit}, bound {self.row.bound}")

    def settle(self):
        """Faults are taken away, alarms acknowledged, every device is ready; nothing has moved since it came to rest."""
        for device in self.sim.links:
            self.sim.clear(device)
        self.voice.call("stop.all")
        wait_until("every device is ready", lambda: all(d["state"] == "ready" for d in self.voice.call("device.list")["items"]))
        for alarm in self.voice.call("alarm.list")["items"]:
            if not alarm.get("acknowledged_by"):
                self.acknowledge(alarm)
        for device, since in self.rested.items():
            self.assertFalse(self.away_from_rest(device, since), f"{device} came on again by itself")
        self.assertFalse([s for s in self.voice.call("session.list")["items"] if s["state"] != "ended"])
        self.voice.events.clear()

    # ---- a treatment ----

    def prepare(self, request, **answers):
        """A request that brings its own screening keeps it."""
        return self.voice.act("session.prepare", **(request if request["screening"] else screened(self.voice, request, **answers)))

    def patient(self):
        type(self).patients += 1
        return f"P-{self.patients}"

    def request(self, protocol, level, **more):
        return self.treatments[protocol][0].request(protocol, level, patient=more.pop("patient", None) or self.patient(), **more)

    def begin(self, protocol, level, until="running", **more):
        """A treatment that runs, or has come to that state: (session, lease)."""
        self.device = self.treatments[protocol][0].device
        self.rested.pop(self.device, None)
        request = self.request(protocol, level, **more)
        return wait_until(f"{self.device} may be used", lambda: self.begun(request, until))

    def begun(self, request, until):
        """An alarm that was acknowledged has the device made safe once more: then it is not ready for a moment."""
        try:
            session, lease, _ = self.room.begin(request)
        except Refused as refused:
            if refused.token != "DEVICE_NOT_READY":
                raise
            return None
        self.session = session
        self.becomes(session, until)
        return session, lease

    def becomes(self, session, state):
        """Waits for a state of the session; when it ends before, that is told at once."""
        came = self.voice.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                e.get("to") in (state, "ended"))
        if came["to"] != state:
            self.ended_as(came, state)
        return came

    def ended_as(self, ended, wanted):
        """It ended, and not as it should."""
        if ended["reason"] in HELD_UP:
            raise HeldUp(ended["reason"])
        raise AssertionError(f"ended as {ended['reason']}, not {wanted}: {ended.get('detail')}")

    def at_level(self, level, channel=1):
        """The trace shows this output; progress, or the end, comes in between."""
        while self.sim.output(self.device, channel) < level:
            self.samples(1)

    def samples(self, count=4):
        """So many further reports of progress: time in which supervision sees samples."""
        over = next((e for e in self.voice.events if self.is_end(e)), None)
        while count > 0 and not over:
            event = self.voice.read().get("params", {})
            self.voice.events.append(event)
            count -= event.get("type") == "session.progress"
            over = self.is_end(event) and event
        if over:
            self.ended_as(over, "running")

    def is_end(self, event):
        return event.get("type") == "session.state" and event["to"] == "ended" and event["session_id"] == self.session

    def restart(self, kill=False):
        """The daemon ends, as systemd ends it or at once, and another one starts."""
        if kill:
            self.room.daemon.kill()
        else:
            self.room.stop()
        self.room.daemon.wait(10)
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.voice = None
        self.room.start()
        self.voice = self.room.speak()

    # ---- what became of it ----

    def away_from_rest(self, device, since_ns):
        """The lines of the trace by which it was not at rest then or later."""
        before = {o["channel"]: o for o in self.sim.outputs(device) if o["t_ns"] <= since_ns}
        return [o for o in self.sim.outputs(device) if on(o) and (o["t_ns"] > since_ns or o is before[o["channel"]])]

    def first_rest(self, device, since_ns):
        """When all of the device, which was on then or came on later, was at rest, by the trace."""
        state, seen = {}, False
        for line in self.sim.outputs(device):
            if line["t_ns"] >= since_ns:
                seen = seen or any(state.values())
            state[line["channel"]] = on(line)
            if seen and not any(state.values()):
                return line["t_ns"]
        return None

    def rest(self, since_ns, device=None):
        """Milliseconds from then to rest. From here on the device must not move until the next treatment."""
        device = device or self.device
        when = wait_until(f"rest of {device}", lambda: self.first_rest(device, since_ns))
        self.rested[device] = when
        return (when - since_ns) / 1e6

    def end(self, session, reason, evidence="measured"):
        """It ended for this reason, with this proof of rest, and that is in the chain."""
        ended = self.becomes(session, "ended")
        if ended["reason"] != reason:
            self.ended_as(ended, reason)
        self.assertEqual(ended["evidence"], evidence, ended.get("detail"))
        entry = wait_until("the end is audited", lambda: self.audited("session.ended", session))
        self.assertEqual(entry["detail"]["reason"], reason)
        return ended

    def audited(self, event, session=None, **detail):
        """The newest entry of that kind, of that session, with these members in its detail."""
        items = self.voice.call("audit.tail", limit=100)["items"]
        return next((e for e in items if e["event"] == event and session in (None, e.get("session_id")) and
                     all(e["detail"].get(key) == value for key, value in detail.items())), None)

    def alarm(self, kind, priority, session=None, device=None):
        """The alarm stands, with this priority, and was audited when it was raised."""
        def standing():
            return next((a for a in self.voice.call("alarm.list")["items"] if a["kind"] == kind and
                         session in (None, a.get("session_id")) and device in (None, a.get("device"))), None)
        alarm = wait_until(f"alarm {kind}", standing)
        self.assertEqual(alarm["priority"], priority)
        self.assertTrue(alarm["clears"])
        raised = wait_until("the alarm is audited", lambda: next(
            (e for e in self.voice.call("audit.tail", limit=100)["items"] if e["event"] == "alarm" and
             e["detail"]["change"] == "raised" and e["detail"]["alarm"]["number"] == alarm["number"]), None))
        self.assertEqual(raised["detail"]["alarm"]["kind"], kind)
        return alarm

    def acknowledge(self, alarm):
        try:
            self.voice.act("alarm.acknowledge", number=alarm["number"])
        except Refused as gone:  # it went by itself in the meantime
            self.assertEqual(gone.token, "NOT_FOUND")

    def latched(self, alarm):
        """With its cause gone it stands until it is acknowledged, and not longer."""
        self.assertIn(alarm["number"], self.numbers())
        self.acknowledge(alarm)
        wait_until(f"{alarm['kind']} is cleared", lambda: alarm["number"] not in self.numbers())

    def numbers(self):
        return {a["number"] for a in self.voice.call("alarm.list")["items"]}

    def gone(self, session, lease):
        """Nobody brings an ended treatment back."""
        for method, more in (("session.resume", {}), ("session.adjust", {"quantity": "amplitude_ua", "target": 1, "expect": 0})):
            with self.assertRaises(Refused) as refused:
                self.voice.act(method, session_id=session, lease_key=lease, **more)
            self.assertIn(refused.exception.token, ("WRONG_STATE", "NOT_FOUND"))

    # ---- the two ways in which a hazard ends ----

    def trip(self, session, lease, cause, reason, alarm, priority, evidence="measured"):
        """The cause, and all that has to follow from it; the alarm is left to be cleared once the cause is gone."""
        struck = now_ns()
        cause()
        ms = self.rest(struck)
        ended = self.end(session, reason, evidence)
        raised = self.alarm(alarm, priority, session)
        self.gone(session, lease)
        self.sim.clear(self.device)
        self.room.wait_device(self.device, "ready")
        self.latched(raised)
        self.measured(ms)
        return ended

    def refusal(self, request, token, subject=None, **answers):
        """prepare says no, for this reason, and it is audited. answers: of the screening, harmless without."""
        found = wait_until("the device may be asked for", lambda: self.asked(request, token, **answers))
        self.assertEqual(found.token, token, found.error)
        if subject:
            self.assertIn(subject, {v.get("subject") for v in found.data.get("violations", [])} | {found.data.get("subject")})
        wait_until("the refusal is audited", lambda: self.audited("refused", token=token, message=found.error["message"]))
        return found

    def asked(self, request, token, **answers):
        """The refusal; none while a device is made safe once more, which is told before anything else."""
        with self.assertRaises(Refused) as refused:
            self.prepare(request, **answers)
        return None if refused.exception.token == "DEVICE_NOT_READY" != token else refused.exception

    def refused(self, request, token, subject=None, **answers):
        """The same, while everything is at rest and stays there."""
        asked = now_ns()
        found = self.refusal(request, token, subject, **answers)
        self.measured(max((abs(o["value"]) for device in self.sim.links for o in self.away_from_rest(device, asked)), default=0), OUTPUT)
        return found


def on(line):
    """Whether a line of the trace says that something comes out. A pad that warms up is at rest."""
    return line["on"] if line["quantity"] == "temperature_millic" else line["value"] != 0


def results_file(module):
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0] if module == "__main__" else module
    return os.path.join(RESULTS, name + ".jsonl")


def main():
    os.makedirs(RESULTS, exist_ok=True)
    with open(results_file("__main__"), "w", encoding="utf-8"):
        pass
    unittest.main()
