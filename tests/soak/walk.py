# SPDX-License-Identifier: Apache-2.0
"""A random walk on the running programs: people, devices, hosts and kills in any order, judged by the trace at each step.

    MODALITY_BUILD=.build/asan tests/soak/walk.py [--seed S] [--steps N] [--seconds S]    one walk
    tests/soak/walk.py --minutes M                                     walk after walk, each with a new seed
    tests/soak/walk.py --replay FILE                                   what was written down
    tests/soak/walk.py --shrink FILE                                   takes out what its failure does not need

A walk is its list of steps; a failure prints the seed and writes the list. What the programs do in between is up to the
machine, so a script is what was done, and not when.
"""
import argparse
import json
import os
import random
import select
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scenario")]
from bed import Bed, Broken  # noqa: E402
from dosage import CONTINUOUS, LASER, TENS, DosageRoom  # noqa: E402
from room import BUILD, PATIENCE, Refused, alive, harmless, now_ns, wait_until  # noqa: E402

SIM = ("stim1=refstim,unit=1,tcp=127.0.0.1:0", "stim2=refstim,unit=1,tcp=127.0.0.1:0",
       "us1=refus,unit=1,tcp=127.0.0.1:0,head_serial=5001", "las1=reflaser,unit=1,tcp=127.0.0.1:0,head_serial=6001")
TREATED = (("stim1", TENS, "walk_tens", 4000), ("stim2", TENS, "walk_tens", 4000), ("us1", CONTINUOUS, "walk_sound", 400000),
           ("las1", LASER, "walk_laser", 60000))
# name: weight. Each is a method do_NAME(bed, number).
STEPS = {"go_on": 150, "raise": 60, "lower": 50, "above": 10, "stale": 10, "storm": 3, "pause": 15, "resume": 20, "stop": 12,
         "stop_all": 1, "meddle": 12, "start_again": 8, "start_wrong": 8, "keepalive": 20, "look": 40, "progress": 10, "fault": 8,
         "heal": 40, "kill_host": 2, "freeze_host": 1}
FAULTS = (("drop", {"count": 1}), ("close", {"count": 1}), ("delay", {"ms": 120, "count": 2}), ("silent", {}),
          ("corrupt", {"how": "garbage", "count": 1}), ("absent", {"ms": 300}), ("device_fault", {"code": 5}),
          ("patient_stop", {}), ("reboot", {"ms": 100}), ("stuck", {}), ("stall_timer", {}), ("echo_only", {"count": 1}),
          ("duplicate", {"count": 2}), ("late_write", {"ms": 200, "count": 1}))
QUIET = 500  # steps from one quiet to the next
# A session that has ended is shown for ten minutes more; the walk with the fake clock sees that nothing remains of it.
KEPT_KIB, OF_SESSION_KIB = 4096, 256


def generate(seed, count):
    """The steps of a walk: name, bed and a number. A daemon is killed twice in it."""
    draw = random.Random(seed)
    names, weights = list(STEPS), list(STEPS.values())
    steps = [[draw.choices(names, weights)[0], draw.randrange(len(TREATED)), draw.randrange(1000)] for _ in range(count)]
    for where in (count // 3, 2 * count // 3):
        steps[where] = ["kill_daemon", 0, 0]
    for where in range(QUIET, count, QUIET):
        steps[where] = ["quiet", 0, 0]
    return steps + [["quiet", 0, 0]]


class Walk:
    """The room and its beds."""

    def __init__(self):
        protocols = {protocol: (treatment, top) for _, treatment, protocol, top in TREATED}
        self.room = DosageRoom("".join(t.protocol(name, top) for name, (t, top) in protocols.items()), devices=SIM)
        self.sim, self.ends, self.life, self.restarted = self.room.sim, {}, 1, False
        self.answers, self.base, self.frozen = {}, None, []
        self.beds = [self.bed(*each) for each in TREATED]
        self.client = self.room.speak()
        self.trace_seen = 0
        self.done, self.tokens = 0, {}

    def bed(self, device, treatment, protocol, top):
        if device == "stim2":
            treatment = treatment.at("shoulder")
            treatment.device = device
        return Bed(self, device, treatment, protocol, top)

    def screening(self, bed, request):
        """Asked for once for each bed; days are today's."""
        if bed.device not in self.answers:
            self.answers[bed.device] = harmless(self.client.call("session.check", **request)["questions"])
        return self.answers[bed.device]

    # ---- after each step ----

    def drain(self, wait=0.0):
        """Every event that has come; with wait: the first that comes within it, too."""
        while select.select([self.client.socket], [], [], wait)[0] or self.buffered():
            message = self.client.read()
            if message.get("method") == "event":
                self.client.events.append(message["params"])
            wait = 0.0
        events, self.client.events[:] = list(self.client.events), []
        for event in events:
            bed = next((b for b in self.beds if b.session and b.session == event.get("session_id")), None)
            if bed and event["type"] == "session.state" and event["to"] != "prepared":
                bed.told(event)

    def buffered(self):
        return b"\n" in self.client.file.peek(1) if select.select([self.client.socket], [], [], 0)[0] else False

    def judge(self):
        """The trace first: what is read of it was there before the daemon says more."""
        lines = self.sim.trace()
        fresh, self.trace_seen = lines[self.trace_seen:], len(lines)
        for bed in self.beds:
            bed.look([o for o in fresh if o["event"] == "output" and o["device"] == bed.device])
        del lines[:]
        self.trace_seen = 0

    def run(self, steps, seconds=None):
        """Steps until they are over, or the time is; the last is done in any case."""
        until = time.monotonic() + seconds if seconds else None
        for i, (name, bed, number) in enumerate(steps):
            if until and time.monotonic() > until and i < len(steps) - 1:
                continue
            self.done, self.at = self.done + 1, i
            try:
                getattr(self, "do_" + name)(self.beds[bed], number)
                self.drain(0.01)
                self.judge()
            except (ConnectionError, TimeoutError) as error:
                raise Broken(f"connection: {error!r}; {self.room.log()[-3000:]}") from error

    # ---- steps ----

    def do_go_on(self, bed, number):
        if not bed.session:
            bed.prepare()
        elif bed.state == "prepared":
            bed.start()
        elif bed.state == "paused":
            bed.hold("session.resume")
        elif bed.disturbed:
            self.do_heal(bed, number)
        else:
            self.drain(0.02)

    def do_raise(self, bed, number):
        grain = 10000 if bed.device == "us1" else 100
        bed.adjust(min(bed.top, bed.target + bed.top * (number % 40) // 100 // grain * grain))

    def do_lower(self, bed, number):
        grain = 10000 if bed.device == "us1" else 100
        bed.adjust(bed.target * (number % 100) // 100 // grain * grain)

    def do_above(self, bed, number):
        bed.adjust(bed.top + 1 + number)

    def do_stale(self, bed, number):
        if bed.target < bed.top:
            bed.adjust(bed.top, expect=bed.target + 1 + number)

    def do_storm(self, bed, number):
        for i in range(12):
            (self.do_raise if i % 2 else self.do_lower)(bed, number + i)

    def do_pause(self, bed, _number):
        bed.hold("session.pause")

    def do_resume(self, bed, _number):
        if bed.state == "paused":
            bed.hold("session.resume")

    def do_stop(self, bed, _number):
        bed.stop()

    def do_stop_all(self, _bed, _number):
        self.client.call("stop.all")

    def do_meddle(self, bed, number):
        bed.meddle(("session.pause", "session.resume", "session.adjust")[number % 3])

    def do_start_again(self, bed, _number):
        if bed.session and bed.state != "prepared":
            since = bed.rest_since
            bed.start()
            bed.rest_since = since  # it starts nothing

    def do_start_wrong(self, bed, number):
        if bed.session:
            since = bed.rest_since
            bed.start(f"{number:032x}")
            bed.rest_since = since

    def do_keepalive(self, _bed, _number):
        for bed in self.beds:
            if bed.lease:
                try:
                    self.client.call("session.keepalive", session_id=bed.session, lease_key=bed.lease)
                except Refused as refused:
                    if refused.token not in ("WRONG_STATE", "NOT_FOUND"):
                        raise Broken(f"answer: keepalive: {refused.token}") from refused

    def do_look(self, bed, number):
        """What anybody may ask, and what must be true of it."""
        method = ("device.list", "session.list", "alarm.list", "dose.history")[number % 4]
        patient = {"patient_ref": bed.patients[-1] if bed.patients else "nobody"} if method == "dose.history" else {}
        answer = self.client.call(method, **patient)
        devices = [s.get("device") for s in answer.get("items", [])
                   if method == "session.list" and s["state"] in ("starting", "ramping", "running")]
        if len(set(devices)) != len(devices):
            raise Broken(f"owner: one device in two sessions: {devices}")

    def do_progress(self, _bed, _number):
        self.drain(0.25)

    def do_fault(self, bed, number):
        fault, arguments = FAULTS[number % len(FAULTS)]
        bed.disturbed = True
        self.sim.fault(bed.device, fault, **arguments)

    def do_heal(self, bed, _number):
        if not bed.disturbed:
            return
        self.sim.clear(bed.device)
        self.acknowledge(bed.device)
        if not bed.session:
            bed.disturbed = False

    def acknowledge(self, device=None):
        for alarm in self.client.call("alarm.list")["items"]:
            if device in (None, alarm.get("device")) and not alarm.get("acknowledged_by"):
                try:
                    self.client.act("alarm.acknowledge", number=alarm["number"])
                except Refused as gone:
                    if gone.token != "NOT_FOUND":
                        raise Broken(f"answer: alarm.acknowledge: {gone.token}") from gone

    def any_host(self, number):
        pids = sorted(self.room.host_pids())
        for bed in self.beds:  # nobody says which host has which device
            bed.disturbed = True
        return pids[number % len(pids)] if pids else None

    def strike(self, number, what):
        pid = self.any_host(number)
        try:
            if pid:
                os.kill(pid, what)
        except ProcessLookupError:
            return None
        return pid

    def do_kill_host(self, _bed, number):
        self.strike(number, signal.SIGKILL)

    def do_freeze_host(self, _bed, number):
        self.frozen.append(self.strike(number, signal.SIGSTOP))

    def do_kill_daemon(self, _bed, _number):
        """kill -9, and another one; treatments that were open are over, with the worst that was reserved."""
        self.restarted = True
        self.room.daemon.kill()
        self.room.daemon.wait(10)
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.voice = None
        self.thaw()
        for bed in self.beds:
            wait_until(f"rest of {bed.device} without a daemon", lambda b=bed: self.rests(b))
            bed.session = bed.lease = None
            bed.state, bed.rest_since, bed.disturbed = "none", now_ns(), True
        self.room.start(ready=False)
        self.client = self.room.speak()
        self.base = None
        self.life += 1
        self.restarted = False

    def rests(self, bed):
        self.judge()
        if bed.on():
            self.sim.clear(bed.device)
        return not bed.on()

    def thaw(self):
        for pid in self.frozen:
            if pid and alive(pid):
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    continue
        self.frozen.clear()

    # ---- quiet ----

    def do_quiet(self, _bed, _number):
        """Nothing is wrong any more: everything comes to rest, the ledger has what came out, the audit verifies."""
        self.thaw()
        for bed in self.beds:
            self.sim.clear(bed.device)
        self.client.call("stop.all")

        def over():
            self.drain(0.02)
            self.judge()
            self.acknowledge()
            return not any(bed.session or bed.on() for bed in self.beds) and all(
                d["state"] == "ready" for d in self.client.call("device.list")["items"])
        wait_until("all is quiet", over, 3 * PATIENCE)
        for bed in self.beds:
            bed.disturbed = False
            self.check_dose(bed)
        if not self.client.call("audit.verify")["ok"]:
            raise Broken("audit: it does not verify")
        self.check_flat()

    def check_dose(self, bed):
        true = self.sim.state(bed.device, 1)
        key, name = ("charge_uc", "session_charge_uc") if bed.device.startswith("stim") else ("energy_uj", "energy_uj")
        told = 0
        for session, patient in list(bed.sessions.items()):
            items = self.client.call("dose.history", patient_ref=patient)["items"]
            item = next((i for i in items if i["session_id"] == session), None)
            if item and item["unbounded"]:
                return  # nobody knows
            told += item["counted"][name] if item else 0
        if told < int(true[key]):
            raise Broken(f"ledger: {told} of {bed.device} in {name}, {true[key]} came out")

    def check_flat(self):
        """Descriptors and processes as they were; memory, where no sanitizer keeps what is freed."""
        pid = self.room.daemon.pid
        now = {"fds": len(os.listdir(f"/proc/{pid}/fd")), "hosts": len(self.room.host_pids()), "kib": self.kib(pid),
               "sessions": sum(len(bed.sessions) for bed in self.beds)}
        if self.base is None:
            self.base = now
        more = now["kib"] - self.base["kib"] - OF_SESSION_KIB * (now["sessions"] - self.base["sessions"])
        grown = more > KEPT_KIB and "asan" not in self.maps(pid)
        if now["fds"] > self.base["fds"] + 1 or now["hosts"] > self.base["hosts"] or grown:
            raise Broken(f"grown: {now}, it was {self.base}")

    @staticmethod
    def kib(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmRSS")).split()[1])

    @staticmethod
    def maps(pid):
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
            return file.read()


def run(steps, seconds=None):
    """None, or what failed and at which step; and the walk."""
    walk = Walk()
    try:
        walk.run(steps, seconds)
        return None, walk
    except AssertionError as error:
        return f"{error}", walk
    finally:
        walk.thaw()
        walk.room.close()


def same(a, b):
    return b is not None and a.split(":")[0] == b.split(":")[0]


def shrink(steps, failure, seconds=300):
    """Halves, quarters and so on are left out as long as it still fails so."""
    until, chunk = time.monotonic() + seconds, len(steps) // 2
    while chunk > 0 and time.monotonic() < until:
        at = 0
        while at < len(steps) and time.monotonic() < until:
            less = steps[:at] + steps[at + chunk:]
            if same(failure, run(less)[0]):
                steps = less
            else:
                at += chunk
        chunk //= 2
    return steps


def save(name, steps, seed, failure):
    os.makedirs(os.path.join(BUILD, "walks"), exist_ok=True)
    path = os.path.join(BUILD, "walks", name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"seed": seed, "failure": failure, "steps": steps}, file)
    return path


def one(seed, count, seconds=None):
    steps = generate(seed, count)
    begun = time.monotonic()
    failure, walk = run(steps, seconds)
    print(f"seed {seed}: {walk.done} of {len(steps)} steps in {time.monotonic() - begun:.0f} s; ends {walk.ends}, "
          f"refused {walk.tokens}", flush=True)
    if failure:
        print(f"step {walk.at} {steps[walk.at]}: {failure}")
        print("replay with --replay", save(f"walk-{seed}.json", steps[:walk.at + 1], seed, failure))
    return failure


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--replay")
    parser.add_argument("--shrink")
    options = parser.parse_args()
    if options.replay or options.shrink:
        with open(options.replay or options.shrink, encoding="utf-8") as file:
            kept = json.load(file)
        if options.shrink:
            kept["steps"] = shrink(kept["steps"], kept["failure"])
            print(len(kept["steps"]), "steps, in", save("shrunk.json", kept["steps"], kept["seed"], kept["failure"]))
        failure, _ = run(kept["steps"])
        print(failure or "nothing fails")
        return 1 if failure else 0
    if options.minutes:
        until, seed = time.monotonic() + 60 * options.minutes, int(time.time())
        while time.monotonic() < until:
            if one(seed, options.steps, until - time.monotonic()):
                return 1
            seed += 1
        return 0
    return 1 if one(options.seed, options.steps, options.seconds) else 0


if __name__ == "__main__":
    sys.exit(main())
