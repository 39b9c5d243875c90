# SPDX-License-Identifier: Apache-2.0
"""Links, message by message: what a treatment says to its device is learned from one that nothing disturbs, and each of these
messages is then bent in every way that the simulator's wire knows, one in a treatment, in several beds at a time.

Whether a treatment outlives a bent message is left open: a device may have been asked once more, and a loaded machine gives
up sooner. What is held against the trace is what must be true in either case: never more than was asked for; rest within
the bound that the device is listed with, from the stop or from the message; rest where the daemon says so, and from then on;
no less in the record than came out; and a device that is ready again once its wire is sound.
"""
import collections
import copy
import json
import os
import threading
import time
import traceback

from hazard import REPEATS, allowed
from dosage import TENS
from room import PATIENCE, Refused, now_ns, screened, wait_until

DEEP = REPEATS >= 100  # every message with every fault, in place of a sample
LEVELS = (1000, 1400)  # of reference stimulators: at the start, and after a change
GONE = ("ended", "output_unknown")
WRITES = (5, 6, 15, 16)  # functions; a message that is no Modbus counts as 3 or 6
OF_WRITES = ("echo_only", "late_write")
NOT_ASKED = "not asked"
AWAY = ("DEVICE_NOT_READY", "DEVICE_ABSENT", "OUTPUT_UNKNOWN")  # refused for a device that is being looked at


def faults(below_ms, above_ms):
    """All that can become of one request and its answer; the deadline lies between the two times."""
    return [(name, arguments) for name, arguments in (
        ("drop", {"cut": "before"}), ("drop", {"cut": "after"}), ("close", {"cut": "before"}), ("close", {"cut": "after"}),
        ("delay", {"ms": below_ms}), ("delay", {"ms": above_ms}), ("delay", {"ms": above_ms, "cut": "before"}),
        ("drip", {"ms": 1}), ("drip", {"ms": 50}), ("duplicate", {}), ("replay", {}), ("replay", {"retag": True}),
        ("exception", {"code": 1}), ("exception", {"code": 2}), ("exception", {"code": 4}), ("exception", {"code": 6}),
        ("echo_only", {}), ("late_write", {"ms": 300}),
        *(("corrupt", {"how": how}) for how in ("bit_flip", "bad_crc", "transaction", "unit", "function", "address", "value",
                                                "garbage", "truncate", "noise")))]


class Trace:
    """The simulator's trace as it grows, by device, for several threads."""

    def __init__(self, path):
        self.path, self.offset, self.lock = path, 0, threading.Lock()
        self.outputs, self.requests = collections.defaultdict(list), collections.defaultdict(list)

    def read(self):
        with self.lock, open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
            whole = data.rfind(b"\n") + 1
            self.offset += whole
            for line in map(json.loads, data[:whole].splitlines()):
                if line["event"] == "output":
                    self.outputs[line["device"]].append(line)
                elif line["event"] == "request" and line["phase"] in ("received", "read"):
                    self.requests[line["device"]].append(line)

    def moved(self, device, since_ns=0):
        """Outputs from then on, and what stood when it began."""
        self.read()
        lines = self.outputs[device]
        first = next((i for i, o in enumerate(lines) if o["t_ns"] >= since_ns), len(lines))
        return lines[max(0, first - 1):]

    def value(self, device):
        return max({o["channel"]: o["value"] for o in self.moved(device)}.values(), default=0)

    def peak(self, device, since_ns):
        return max((o["value"] for o in self.moved(device, since_ns) if o["t_ns"] >= since_ns), default=0)

    def asked(self, device, since_ns):
        self.read()
        return [r for r in self.requests[device] if r["t_ns"] >= since_ns]

    def struck(self, device, message, since_ns):
        """When the message came for the first time since then."""
        return next((r["t_ns"] for r in self.asked(device, since_ns) if named(r) == message), None)


def named(request):
    return request["function"], request["address"]


class Bed:
    """One device with its own connection, and one treatment after the other."""

    def __init__(self, room, trace, device, request, levels, quantity, true_dose):
        self.room, self.sim, self.trace, self.device = room, room.sim, trace, device
        self.request, self.levels, self.quantity, self.true_dose = request, levels, quantity, true_dose
        self.client = room.client()
        self.client.call("events.subscribe")
        self.client.subscribed = True
        self.bound_ms = self.client.call("device.get", device=device)["capabilities"]["dead_man_ms"]
        self.number = 0

    def close(self):
        self.room.clients.remove(self.client)
        self.client.close()

    # ---- one treatment ----

    def prepare(self):
        """Asked for again while the device is being looked at."""
        self.number += 1
        request = screened(self.client, self.request(self.client, f"P-{self.device}-{self.number}"))

        def tried():
            try:
                return self.client.act("session.prepare", **request)
            except Refused as refused:
                if refused.token not in AWAY:
                    raise
                return None
        return wait_until(f"{self.device} may be treated with", tried, 3 * PATIENCE, 0.05)

    def start(self, prepared):
        try:
            return self.client.act("session.start", session_id=prepared["session_id"],
                                   confirm_token=prepared["confirm_token"])["lease_key"]
        except Refused as refused:  # it was lost in between
            if refused.token not in (*AWAY, "SHEET_CHANGED"):
                raise
            return None

    def became(self, session, *states):
        """The first of these states, or of those from which there is no way back."""
        return self.client.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and
                                 e["to"] in (*states, *GONE))["to"]

    def goes_on(self, session, progress=3):
        """Further reports of progress, or its end."""
        self.client.events = [e for e in self.client.events if e["type"] != "session.progress"]
        seen = []

        def enough(event):
            if event.get("session_id") == session and event["type"] == "session.progress":
                seen.append(event)
            return len(seen) == progress or (event["type"] == "session.state" and event.get("session_id") == session and
                                             event["to"] in GONE)
        return self.client.event(enough)["type"] == "session.progress"

    def adjust(self, session, lease):
        """To its second level, unless it ended meanwhile or does not take it at this moment."""
        start, target = self.levels
        try:
            self.client.act("session.adjust", session_id=session, lease_key=lease, quantity=self.quantity, target=target,
                            expect=start)
        except Refused as refused:
            if refused.token not in ("WRONG_STATE", "NOT_FOUND", "STALE_VIEW"):
                raise

    def ready(self):
        return wait_until(f"{self.device} is ready", lambda: self.client.call("device.get", device=self.device)["state"] == "ready",
                          3 * PATIENCE, 0.02)

    # ---- what it says to its device ----

    def mend(self):
        """What a person does to a device that asks for it, between two treatments."""

    def stands(self):
        return self.trace.value(self.device) >= 0.99 * self.levels[0]

    def gone(self, session):
        return "gone" if self.client.call("session.get", session_id=session)["state"] in (*GONE, "stopping") else None

    def running(self, attempts=3):
        """A treatment at its level: its id and lease. On a machine that is too busy it may be given up, rightly."""
        prepared = self.prepare()
        session, lease = prepared["session_id"], self.start(prepared)
        if lease is not None and self.became(session, "running") == "running" and wait_until(
                "its level, or its end", lambda: self.stands() or self.gone(session)) != "gone":
            return session, lease
        if attempts == 1:
            raise AssertionError(f"{self.device} cannot be treated with: {self.client.call('session.get', session_id=session)}")
        self.ready()
        return self.running(attempts - 1)

    def learn(self, attempts=3):
        """Phase and message, of a treatment that nothing disturbs."""
        marks = {"connect": now_ns()}
        self.sim.fault(self.device, "absent")
        wait_until("it is away", lambda: self.client.call("device.get", device=self.device)["state"] != "ready")
        self.sim.clear(self.device, "absent")
        self.ready()
        marks["idle"] = now_ns()
        wait_until("it is looked at", lambda: len(self.trace.asked(self.device, marks["idle"])) > 3)
        marks["start"] = now_ns()
        session, lease = self.running()
        marks["run"] = now_ns()
        quiet = self.goes_on(session, 8)
        marks["change"] = now_ns()
        self.adjust(session, lease)
        quiet = quiet and self.goes_on(session)
        marks["stop"] = now_ns()
        self.client.call("session.stop", session_id=session)
        quiet = self.became(session, "ended") == "ended" and quiet
        marks["end"] = now_ns()
        self.ready()
        if not quiet and attempts > 1:
            return self.learn(attempts - 1)
        edges = list(marks.items())
        return [(phase, message) for (phase, begin), (_, end) in zip(edges, edges[1:]) for message in
                dict.fromkeys(named(r) for r in self.trace.asked(self.device, begin) if r["t_ns"] < end)]

    # ---- one message, bent once; or all of them from then on ----

    def bend(self, message, fault):
        name, arguments = fault
        self.since, self.message = now_ns(), message
        once = {"count": 1, "match": {"function": message[0], "address": message[1]}} if message else {}
        self.sim.fault(self.device, name, **once, **arguments)

    def hit(self):
        """Whether it was asked for what is to be bent."""
        return self.message is None or self.sim.state(self.device)["wire_rules"] == 0

    def walk(self, phase, message, fault):
        """What became of it: a word, and the milliseconds to rest."""
        self.mend()
        if phase in ("connect", "idle"):
            return self.untreated(phase, message, fault)
        return self.treated(phase, lambda: self.bend(message, fault))

    def treated(self, phase, cause, attempts=3):
        """A treatment with something done to its link in that phase, stopped if that did not end it."""
        self.client.events.clear()
        self.since, self.message = None, None
        begun, dose = now_ns(), self.true_dose(self, now_ns())
        prepared = self.prepare()
        session = prepared["session_id"]
        if phase == "start":
            cause()
        lease = self.start(prepared)
        alive = lease is not None and self.became(session, "running") == "running"
        if alive and phase not in ("start", "stop"):
            cause()
            if phase == "change":
                self.adjust(session, lease)
            alive = self.outlives(session)
        if alive and phase == "stop":
            cause()
        if self.since is None:  # a machine that is too busy gave it up before anything was done to it
            self.became(session, "ended")
            if attempts == 1:
                raise AssertionError(f"ended by itself: {self.client.call('session.get', session_id=session)['end']}")
            self.ready()
            return self.treated(phase, cause, attempts - 1)
        asked = now_ns()
        if alive or lease is None:
            self.client.call("session.stop", session_id=session)
        became = self.became(session, "ended")
        if became == "output_unknown":
            wait_until(f"rest of {self.device}", lambda: self.trace.value(self.device) == 0)
            self.sim.clear(self.device)
            self.client.event(lambda e: e["type"] == "session.state" and e.get("session_id") == session and e["to"] == "ended",
                              3 * PATIENCE)
        rested = self.rest(begun)
        word = (NOT_ASKED if not self.hit() else "not started" if lease is None else became if not alive else
                "went on" if became == "ended" else "unknown at its stop")
        return word, self.judged(session, begun, asked if alive else None, rested, dose)

    def outlives(self, session):
        """The message has come, and then some time has passed in which the daemon sees what it did; false: it ended."""
        def came():
            return self.hit() or self.gone(session)
        try:
            wait_until(f"message {self.message}", came, PATIENCE / 4, 0.02)
        except AssertionError:  # one that only came by chance when they were learned; such are counted
            pass
        return self.goes_on(session)

    def rest(self, begun):
        """When it came to rest, of a device that is said to be there."""
        if self.trace.value(self.device) != 0:
            raise AssertionError("the daemon says that it ended, and it is not at rest")
        return max((o["t_ns"] for o in self.trace.moved(self.device, begun)), default=begun)

    def judged(self, session, begun, asked, rested, dose):
        """All that must be true, by the trace; ms to rest from the stop, or from the message that ended it."""
        def must(true, what):
            if not true:
                lines = [((o["t_ns"] - begun) // 1000, o["value"], o["cause"]) for o in self.trace.moved(self.device, begun)]
                raise AssertionError(f"{what}; the trace (us, value, cause) {lines[-12:]}")
        peak = self.trace.peak(self.device, begun)
        must(peak <= max(self.levels), f"{peak} came out")
        struck = asked or (self.message and self.trace.struck(self.device, self.message, self.since)) or self.since
        ms = max(0, (rested - struck) / 1e6)
        must(ms <= allowed(self.bound_ms), f"at rest after {ms:.0f} ms")
        self.sim.clear(self.device)
        self.ready()
        must(self.trace.peak(self.device, rested + 1) == 0, "it came on again")
        told, true = dose(session)
        must(told >= true, f"recorded {told}, came out {true}")
        return ms

    def untreated(self, phase, message, fault):
        begun = now_ns()
        self.bend(message, fault)

        def came():
            if self.hit():
                return True
            if phase == "connect" and self.client.call("device.get", device=self.device)["state"] == "ready":
                self.sim.fault(self.device, "absent", ms=50)
            return False
        try:
            wait_until(f"message {message}", came, tick=0.5 if phase == "connect" else 0.02)
            word = "idle"
        except AssertionError:
            word = NOT_ASKED
        self.sim.clear(self.device)
        self.ready()
        if self.trace.peak(self.device, begun) != 0:
            raise AssertionError("something came out of an idle device")
        return word, 0


def charge(bed, _since):
    """Microcoulombs that the record tells, and those that came out."""
    before = bed.sim.state(bed.device, 1)["charge_uc"]
    return lambda session: (bed.client.call("session.get", session_id=session)["delivered"]["session_charge_uc"],
                            bed.sim.state(bed.device, 1)["charge_uc"] - before)


def stimulator(room, trace, device):
    """A bed with a reference stimulator, in a room with the protocol tens."""
    tens = copy.copy(TENS)
    tens.device = device

    def request(_client, patient):
        return tens.request("tens", LEVELS[0], ceiling=2000, patient=patient)
    return Bed(room, trace, device, request, LEVELS, "amplitude_ua", charge)


class Walk:
    """All cells of the beds' devices, shared out among them; what failed, and what became of the rest."""

    def __init__(self, stride):
        self.stride = 1 if DEEP else stride
        self.outcomes, self.failures, self.worst = collections.defaultdict(collections.Counter), [], 0
        self.lock = threading.Lock()

    def run(self, kinds):
        """The cells of every kind, all kinds at a time; see cells()."""
        threads = []
        for beds, bent, watched in kinds:
            left = iter(self.cells(beds[0], bent, watched))
            threads += [threading.Thread(target=self.serve, args=(bed, left)) for bed in beds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.show()

    def cells(self, bed, bent, watched):
        """Phase, message and what becomes of it. watched: all messages, from the middle of a treatment on, as well; without a
        watchdog of the device nobody could rest it then."""
        cells = [(phase, message, fault) for phase, message in bed.learn() for fault in bent
                 if message[0] in WRITES or fault[0] not in OF_WRITES]
        cells += [("run", None, fault) for fault in bent if watched]
        return cells[::self.stride]

    def serve(self, bed, left):
        while True:
            with self.lock:
                cell = next(left, None)
            if cell is None:
                return
            phase, message, (name, arguments) = cell
            words = f"{bed.device}, {phase}, {f'message {message}' if message else 'every message'}, {name} {arguments}"
            begun = time.monotonic()
            try:
                outcome, ms = bed.walk(*cell)
            except Exception:  # pylint: disable=broad-except; told with its cell, by the test
                with self.lock:
                    self.failures.append(f"{words}:\n{traceback.format_exc()}")
                return
            with self.lock:
                self.outcomes[f"{name} {arguments.get('how', arguments.get('cut', ''))}"][outcome] += 1
                self.worst = max(self.worst, ms)
            if os.environ.get("MODALITY_TEST_VERBOSE"):
                print(f"{time.monotonic() - begun:6.2f} s  {words}: {outcome}, {ms:.0f} ms", flush=True)

    def show(self):
        for fault, outcomes in sorted(self.outcomes.items()):
            print(f"  {fault:22}", ", ".join(f"{n} {word}" for word, n in sorted(outcomes.items())))
        print(f"  {self.total()} messages bent, {len(self.failures)} failed; longest to rest {self.worst:.0f} ms", flush=True)

    def total(self, *words):
        return sum(n for outcomes in self.outcomes.values() for word, n in outcomes.items() if not words or word in words)

    def check(self, case):
        """For the test that walked."""
        case.assertFalse(self.failures, "\n".join(self.failures[:5]))
        case.assertLess(10 * self.total(NOT_ASKED), self.total(), "what was learned is what is asked for")
