# SPDX-License-Identifier: Apache-2.0
"""A room whose programs can be struck before any of their steps, and short treatments on several devices at a time.

Each device has a host of its own, so that one round strikes as many hosts as there are devices, or the daemon while their
treatments are at different places. What has to hold after a round does not depend on where it was struck: the trace came
to rest in time and stayed there, what is left of the programs is whole again, the ledger has no less than truly came out.
"""
import os
import signal
import struct
import sys
import threading

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("MODALITY_BUILD", os.path.join(os.path.dirname(TESTS), ".build", "asan"))
PRELOADED = os.path.join(BUILD, "tests", "kill", "kill_point.so")


def plain():
    """A build without sanitizers, whose programs give out memory as shipped ones do: this one, or the other of tools/test."""
    for build in (BUILD, os.path.join(os.path.dirname(BUILD), "clang")):
        cache = os.path.join(build, "CMakeCache.txt")
        if os.path.exists(os.path.join(build, "bin", "modalityd")) and os.path.exists(cache):
            with open(cache, encoding="utf-8") as file:
                if "MODALITY_SANITIZE:BOOL=ON" not in file.read():
                    return build
    return None


PLAIN = plain()
os.environ["MODALITY_BUILD"] = PLAIN or BUILD
sys.path.insert(0, os.path.join(TESTS, "scenario"))
from dosage import TENS, DosageRoom  # noqa: E402
from room import Client, Refused, alive, harmless, now_ns, wait_until  # noqa: E402

N = 6
DEVICES = tuple(f"stim{i}=refstim,unit=1,tcp=127.0.0.1:0" for i in range(1, N + 1))
NAMES = tuple(f"stim{i}" for i in range(1, N + 1))
FIRST_UA, SECOND_UA = 2000, 4000
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))
DEEDS = {"kill": 1, "crash": 2, "freeze": 3, "loop": 4, "block": 5, "starve": 6}
STEPS = (None, "a message", "a request", "a write", "a sync")
NEXT_DAEMON, NEXT_HOST = -1, -2
OF_DATABASE = 1 << STEPS.index("a write") | 1 << STEPS.index("a sync")
# Fast, but not so fast that a loaded machine ends treatments by itself all the time.
KEYS = "lease = 30 s\ntelemetry = 50 ms\npermit = 600 ms\nslice = 100 ms\ngrace = 150 ms"


class Points:
    """The file that kill_point.c maps: pid, kinds, at, deed, count, struck_ns, step of each."""

    SIZE, MAX = 56, 16

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(self.SIZE * self.MAX))

    def set(self, index, pid, at=0, deed="kill", kinds=0):
        """pid last: from then on it counts."""
        with open(self.path, "r+b", buffering=0) as file:
            file.seek(index * self.SIZE)
            file.write(struct.pack("7q", 0, kinds, at, DEEDS[deed], 0, 0, 0))
            file.seek(index * self.SIZE)
            file.write(struct.pack("q", pid))

    def get(self, index):
        """(steps so far, when it was struck or 0, before which kind of step)"""
        with open(self.path, "rb") as file:
            file.seek(index * self.SIZE)
            _, _, _, _, count, struck_ns, step = struct.unpack("7q", file.read(self.SIZE))
        return count, struck_ns, STEPS[step]

    def clear(self):
        for index in range(self.MAX):
            self.set(index, 0)


class Course(threading.Thread):
    """One treatment as far as it gets: started, adjusted, stopped. Whatever is refused or cut off ends it."""

    def __init__(self, room, device, patient, delay_s=0.0):
        super().__init__(daemon=True)
        self.room, self.device, self.patient, self.delay_s = room, device, patient, delay_s
        self.session, self.reached, self.why = None, "nothing", None
        self.go = threading.Event()

    def run(self):
        try:
            self.go.wait(self.delay_s)
            client = Client(self.room.socket)
            try:
                self.treat(client)
            finally:
                client.close()
        except (Refused, OSError, AssertionError, ValueError) as error:  # the daemon or its host was struck
            self.why = error

    def treat(self, client):
        client.call("events.subscribe")
        request = TENS.request("tens", FIRST_UA, SECOND_UA, patient=self.patient)
        request["outputs"][0]["device"] = self.device
        questions = client.call("session.check", **request)["questions"]
        prepared = client.act("session.prepare", **{**request, "screening": harmless(questions)})
        self.session, self.reached = prepared["session_id"], "prepared"
        lease = client.act("session.start", session_id=self.session, confirm_token=prepared["confirm_token"])["lease_key"]
        self.reached = "started"
        self.state(client, "running")
        self.reached = "running"
        client.events.clear()
        client.act("session.adjust", session_id=self.session, lease_key=lease, quantity="amplitude_ua", target=SECOND_UA,
                   expect=FIRST_UA)
        self.state(client, "running")  # it was ramping in between
        self.reached = "adjusted"
        client.call("session.stop", session_id=self.session, reason="enough", by="operator")
        self.state(client, "ended")
        self.reached = "ended"

    def state(self, client, state):
        came = client.event(lambda e: e["type"] == "session.state" and e.get("session_id") == self.session and
                            e.get("to") in (state, "ended"))
        if came["to"] != state:
            raise ValueError(f"ended: {came.get('reason')}: {came.get('detail')}")


class KillRoom:
    """The programs, their points, and what is true of them between two rounds."""

    def __init__(self, case):
        self.case, self.patients = case, 0
        self.room = DosageRoom(TENS.protocol("tens", SECOND_UA), devices=DEVICES, daemon_keys=KEYS)
        case.addClassCleanup(self.room.close)
        self.points = Points(os.path.join(self.room.directory, "points"))
        self.sim = self.room.sim
        self.room.stop()
        self.points.set(0, NEXT_DAEMON, kinds=OF_DATABASE)
        self.points.set(1, NEXT_HOST)
        self.start()
        # Until every device is ready: of the daemon's, only those of its database, for most are lines of configuration.
        self.starting = self.points.get(0)[0], self.points.get(1)[0]
        self.points.clear()
        unit = self.room.device(NAMES[0])["capabilities"]
        self.bound_ms = max(unit["dead_man_ms"], unit["watchdog_ms"]) * SLACK + 2000 * (SLACK - 1)

    # ---- programs ----

    def restart(self):
        self.points.clear()
        self.start()

    def start(self):
        """Points that are set for programs to come stay."""
        self.room.daemon.wait(20)
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.voice = None
        self.room.start(env={"LD_PRELOAD": PRELOADED, "MODALITY_KILL": self.points.path})
        self.voice = self.room.client()

    def host_pids(self):
        """By device."""
        pids = {link["link"]: link["host_pid"] for link in self.voice.call("device.scan")["links"]}
        return {name: pids[self.room.device(name)["link"]] for name in NAMES}

    # ---- a round ----

    def begin(self, delay_s=0.0):
        self.courses = []
        self.charge = {name: self.charge_uc(name) for name in NAMES}
        self.begun_ns = now_ns()
        for i, name in enumerate(NAMES):
            self.patients += 1
            self.courses.append(Course(self.room, name, f"K-{self.patients}", i * delay_s))
        for course in self.courses:
            course.start()

    def charge_uc(self, name):
        return self.sim.control(device=name, get="state")["state"]["channels"][0]["charge_uc"]

    def wait(self, done=lambda: False, seconds=20):
        wait_until("the treatments", lambda: done() or not any(c.is_alive() for c in self.courses), seconds)

    def rested(self, name, struck_ns):
        """Milliseconds from then until the device had come to rest for the rest of the round; 0 = it was."""
        wait_until(f"rest of {name}", lambda: self.sim.at_rest(name))
        last_on = max((o["t_ns"] for o in self.sim.outputs(name, 1) if o["value"]), default=0)
        rest = min((o["t_ns"] for o in self.sim.outputs(name, 1) if o["t_ns"] > last_on and not o["value"]), default=0)
        return max(0, rest - struck_ns) / 1e6 if last_on else 0

    def bounded(self, name, struck_ns, what):
        took = self.rested(name, struck_ns)
        self.case.assertLessEqual(took, self.bound_ms, f"{name} came to rest {took:.0f} ms after {what}")
        return took

    def settle(self, what):
        """Everything is whole, nothing has moved, and nothing that came out is missing in the ledger."""
        case, voice = self.case, self.voice
        voice.call("stop.all")
        for name in NAMES:
            wait_until(f"rest of {name}", lambda n=name: self.sim.at_rest(n))
        at_rest_ns = now_ns()
        for name in NAMES:
            self.room.wait_device(name, "ready")
        for alarm in voice.call("alarm.list")["items"]:
            try:
                voice.act("alarm.acknowledge", number=alarm["number"])
            except Refused as gone:  # with its device at rest it went by itself
                case.assertEqual(gone.token, "NOT_FOUND")
        wait_until("every session is over", lambda: all(
            s["state"] == "ended" for s in voice.call("session.list")["items"]))
        for course in self.courses:
            course.join(20)
            case.assertFalse(course.is_alive(), f"{course.device} after {what}")
            self.counted(course, what)
        case.assertTrue(voice.call("audit.verify")["ok"], what)
        wait_until("one host for each device and no other", lambda: sorted(self.host_pids().values()) == sorted(self.room.host_pids()))
        for name in NAMES:
            case.assertEqual(self.sim.peak(name, at_rest_ns), 0, f"{name} came on by itself after {what}")
            self.room.wait_device(name, "ready")

    def counted(self, course, what):
        true_uc = self.charge_uc(course.device) - self.charge[course.device]
        said = f"{course.device}, which had got to '{course.reached}', after {what}"

        def item():
            items = self.voice.call("dose.history", patient_ref=course.patient)["items"]
            return next((i for i in items if i["session_id"] == course.session), None)
        if course.session is None or item() is None:
            self.case.assertEqual(true_uc, 0, said)
            return
        entry = wait_until("it is settled", lambda: (i := item()) and i["state"] != "open" and i)
        if not entry["unbounded"]:
            self.case.assertGreaterEqual(entry["counted"]["session_charge_uc"], true_uc, said)

    # ---- who is struck ----

    def hosts_struck(self, plan):
        """One deed for each device: name to (n, deed). Returns name to what happened, None where it was not reached."""
        pids = self.host_pids()
        for i, (name, (n, deed)) in enumerate(plan.items()):
            self.points.set(i, pids[name], n, deed)
        self.begin()
        self.freeze(lambda: [pids[name] for i, (name, (_, deed)) in enumerate(plan.items())
                             if deed == "freeze" and self.points.get(i)[1]])
        happened = {}
        for i, (name, (n, deed)) in enumerate(plan.items()):
            _, struck_ns, step = self.points.get(i)
            happened[name] = f"{deed} of its host before step {n}, {step}" if struck_ns else None
            if struck_ns and deed != "starve":
                self.bounded(name, struck_ns, happened[name])
            if struck_ns and alive(pids[name]) and self.host_pids()[name] == pids[name]:
                os.kill(pids[name], signal.SIGKILL)
        self.points.clear()
        self.settle(f"{plan}")
        return happened

    def freeze(self, wanted):
        """Waits for the treatments; a program that is to freeze and must not stop itself is stopped from here."""
        def look():
            for pid in wanted():
                if alive(pid):
                    os.kill(pid, signal.SIGSTOP)
            return False
        self.wait(look, 30)

    def daemon_struck(self, n, deed, together=False):
        """Returns what happened, None where the step was not reached."""
        hosts = self.room.host_pids()
        self.points.set(0, self.room.daemon.pid, n, deed)
        self.begin(delay_s=0.2)
        self.wait(lambda: self.points.get(0)[1])
        _, struck_ns, step = self.points.get(0)
        what = f"{deed} of the daemon{' and its hosts' if together else ''} before step {n}, {step}"
        if not struck_ns:
            self.points.clear()
            self.settle(what)
            return None
        for pid in hosts if together else []:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        if deed == "starve":
            self.wait(seconds=40)
        else:
            for name in NAMES:
                self.bounded(name, struck_ns, what)
        if self.room.daemon.poll() is None:
            self.room.daemon.kill()
        killed_ns = now_ns()
        for course in self.courses:
            course.go.set()
        for name in NAMES:
            self.bounded(name, killed_ns, what)
        for pid in hosts:
            wait_until(f"host {pid} ended", lambda p=pid: not alive(p))
        self.restart()
        self.settle(what)
        return what

    def recovery_struck(self, of_daemon, of_hosts):
        """
        In a treatment everything is killed. The daemon that comes is killed before a step of its database, and so are the
        hosts of the one that comes then, before any step. Returns which of them were reached.
        """
        self.begin()
        self.wait(lambda: all(c.reached != "nothing" for c in self.courses))
        wait_until("some output", lambda: any(not self.sim.at_rest(name) for name in NAMES) or
                   not any(c.is_alive() for c in self.courses))
        self.kill_all()
        killed_ns = now_ns()
        self.points.set(0, NEXT_DAEMON, of_daemon, kinds=OF_DATABASE)
        try:
            self.start()
        except (AssertionError, OSError, Refused):  # it was struck before it had served anybody, or while it did
            pass
        daemon_struck = bool(self.points.get(0)[1])
        what = f"a recovery killed at step {of_daemon} of the daemon"
        for name in NAMES:
            self.bounded(name, killed_ns, what)
        self.kill_all()
        self.points.clear()
        for i, n in enumerate(of_hosts):
            self.points.set(1 + i, NEXT_HOST, n)
        self.start()
        struck = sum(bool(self.points.get(1 + i)[1]) for i in range(len(of_hosts)))
        self.points.clear()
        self.settle(what + f", then hosts at {of_hosts}")
        return daemon_struck, struck

    def kill_all(self):
        hosts = self.room.host_pids() if self.room.daemon.poll() is None else []
        if self.room.daemon.poll() is None:
            self.room.daemon.kill()
        for pid in hosts:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.room.daemon.wait(20)
        for pid in hosts:
            wait_until(f"host {pid} ended", lambda p=pid: not alive(p))

    def steps(self):
        """How many there are in an undisturbed round: of a host, of the daemon."""
        for i, pid in enumerate(self.host_pids().values()):
            self.points.set(i, pid)
        self.points.set(N, self.room.daemon.pid)
        self.begin(delay_s=0.2)
        self.wait()
        counts = [self.points.get(i)[0] for i in range(N + 1)]
        self.points.clear()
        self.settle("nothing at all")
        return max(counts[:N]), counts[N]
