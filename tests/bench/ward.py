# SPDX-License-Identifier: Apache-2.0
"""A ward for the bench: many simulated stimulators, sessions running on them, one therapist's client.

The trace is read behind the simulator and only the newest part is kept: what is measured is the time between two of its
lines, or between a request of the client and one of them.
"""
import json
import os
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from room import BIN, Refused, Room, begin, now_ns, tens_request, wait_until  # noqa: E402

LEVEL = 3000  # uA: low, because a session takes two seconds to get anywhere


class Trace:
    """The simulator's trace since the last clear, by device."""

    def __init__(self, path):
        self.file = open(path, "rb")  # pylint: disable=consider-using-with
        self.half = b""
        self.clear()

    def clear(self):
        self.outputs, self.coils, self.polls, self.level = {}, {}, {}, getattr(self, "level", {})
        self.times = []  # of every line about an output: with --sample-ms the simulator's pulse

    def read(self):
        data = self.half + self.file.read()
        *lines, self.half = data.split(b"\n")
        for line in lines:
            self.take(json.loads(line))

    def take(self, line):
        device = line.get("device")
        if line["event"] == "output" and line["channel"] == 1:
            self.times.append(line["t_ns"])
            self.outputs.setdefault(device, []).append((line["t_ns"], line["value"]))
            self.level[device] = line["value"]
        elif line["event"] == "request" and line["phase"] == "applied" and line["function"] == 5:
            self.coils.setdefault(device, []).append(line["t_ns"])
        elif line["event"] == "request" and line["phase"] == "read" and line["address"] <= 10 < line["address"] + line["count"]:
            self.polls.setdefault(device, []).append(line["t_ns"])

    def at_least(self, device, level):
        self.read()
        return self.level.get(device, 0) >= level

    def rested(self, device, since_ns):
        """When the output came to rest, once it is there and stays there."""
        self.read()
        if self.level.get(device, 0) != 0:
            return None
        away = [t for t, value in self.outputs.get(device, []) if value != 0 and t >= since_ns]
        rests = [t for t, value in self.outputs.get(device, []) if value == 0 and t >= max(away, default=since_ns)]
        return rests[0] if rests else None

    def longest_pause(self, last_ns):
        """Newest line, and ms of the longest time without one since the last question."""
        self.read()
        times = ([last_ns] if last_ns else []) + sorted(self.times)
        self.clear()
        return times[-1] if times else last_ns, max((b - a for a, b in zip(times, times[1:])), default=0) / 1e6

    def applied(self, device, since_ns):
        self.read()
        return next((t for t in self.coils.get(device, []) if t >= since_ns), None)


class Ward:
    """Stimulators stim1 ... stimN; sessions come up side by side and their leases are kept."""

    def __init__(self, n, sim_arguments=()):
        devices = [f"stim{i}=refstim,unit=1,tcp=127.0.0.1:0" for i in range(1, n + 1)]
        self.room = Room(devices=devices, daemon_keys="lease = 30 s", sim_arguments=sim_arguments)
        self.names = [f"stim{i}" for i in range(1, n + 1)]
        self.sim = self.room.sim
        self.trace = Trace(self.sim.trace_path)
        self.patients = 0
        self.sessions = {}  # device: session, for those that were told to run
        self.leases = {}
        self.lost = []  # why sessions ended that nobody had asked to
        self.kept_ns = 0
        self.connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.trace.file.close()
        self.room.close()

    def connect(self):
        self.client = self.room.client()
        self.client.call("events.subscribe", filter={"types": ["session.state"]})
        self.client.subscribed = True

    def start(self, device):
        self.patients += 1
        request = tens_request(self.client, device=device, start=LEVEL, ceiling=LEVEL, patient=f"P-{self.patients}")
        session, self.leases[device], _ = begin(self.client, request)
        self.sessions[device] = session

    def settle(self, devices):
        """Until these have their level."""
        for device in devices:
            while wait_until(f"{device} at its level", lambda d=device: self.at_level(d)) is not True:
                self.begin_again(device)

    def at_level(self, device):
        return self.trace.at_least(device, LEVEL) or self.ended(device)

    def ended(self, device):
        """The end of a session that nobody has asked to end, or False: such an end is a finding of its own."""
        found = self.client.call("session.get", session_id=self.sessions[device])
        return found.get("end") or False

    def begin_again(self, device):
        self.lost.append(self.ended(device))
        self.forget(device)
        self.restart(device)

    def restart(self, device):
        """A device that has rested gets a new session as soon as it takes one."""
        wait_until(f"{device} takes a session", lambda: self.started(device))

    def started(self, device):
        try:
            self.start(device)
            return True
        except Refused:
            return False

    def run(self, devices):
        for device in devices:
            self.start(device)
        self.settle(devices)

    def keep(self):
        """Renews every lease, at most once a second."""
        if now_ns() - self.kept_ns < 1_000_000_000:
            return
        self.kept_ns = now_ns()
        for device, session in self.sessions.items():
            self.client.send("session.keepalive", notification=True, session_id=session, lease_key=self.leases[device])

    def forget(self, device):
        self.sessions.pop(device, None)
        self.leases.pop(device, None)

    def pass_time(self, seconds):
        """Lets time go by, in which the client reads whatever the daemon says."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.keep()
            readable, _, _ = select.select([self.client.socket], [], [], min(left, 0.5))
            if readable:
                self.client.read()

    def spread(self):
        """A moment of random length, so that nothing is measured in step with the polls."""
        self.pass_time(random.uniform(0.002, 0.052))

    def read_until_ended(self, session):
        """Reads lines until the session has ended; returns when that line had come."""
        wanted = session.encode()
        while True:
            line = self.client.file.readline()
            at = now_ns()
            if not line:
                raise ConnectionError("the daemon closed the connection")
            if b'"to":"ended"' in line and wanted in line:
                return at

    def stop(self, device):
        """Stops the session; returns ms to rest in the trace and ms to the client's proof."""
        session = self.sessions[device]
        self.client.number += 1
        line = json.dumps({"jsonrpc": "2.0", "id": self.client.number, "method": "session.stop",
                           "params": {"session_id": session}}).encode() + b"\n"
        begun = now_ns()
        self.client.socket.sendall(line)
        proved = self.read_until_ended(session)
        self.forget(device)
        rested = wait_until("rest in the trace", lambda: self.trace.rested(device, begun))
        return (rested - begun) / 1e6, (proved - begun) / 1e6

    def fault(self, device):
        """A fault that shows in one sample and does not rest the output by itself; ms from it to rest in the trace."""
        session = self.sessions[device]
        begun = self.sim.fault(device, "device_fault", code=1, keep_output=True)["t_ns"]
        self.read_until_ended(session)
        self.forget(device)
        rested = wait_until("rest in the trace", lambda: self.trace.rested(device, begun))
        self.sim.clear(device)
        self.client.act("device.reset", device=device, statement="the injected fault is over")
        return (rested - begun) / 1e6

    def rest_of_all(self, devices, since_ns):
        return [(wait_until(f"rest of {d}", lambda d=d: self.trace.rested(d, since_ns)) - since_ns) / 1e6 for d in devices]


class BareChain:
    """The floor of a stop (bare_chain.c) against one device of the same simulator."""

    def __init__(self, ward, device):
        self.ward, self.device = ward, device
        host, port = ward.sim.links[device].removeprefix("tcp:").rsplit(":", 1)
        path = os.path.join(ward.room.directory, "bare")
        self.process = subprocess.Popen([os.path.join(BIN, "bare-chain"), path, host, port, "1", "0"],
                                        stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def once(self):
        """ms from the client's byte to the write applied in the trace, and to the client's answer."""
        begun = now_ns()
        self.socket.sendall(b"x")
        self.socket.recv(1)
        answered = now_ns()
        applied = wait_until("the bare write", lambda: self.ward.trace.applied(self.device, begun))
        return (applied - begun) / 1e6, (answered - begun) / 1e6

    def close(self):
        self.socket.close()
        self.process.wait(5)
        self.process.stdout.close()


class Upsd:
    """NUT's upsd with its dummy driver, on loopback: the neighbour whose speed of answering is the floor."""

    @staticmethod
    def installed():
        return os.path.exists("/lib/nut/upsd") and os.path.exists("/lib/nut/dummy-ups")

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="nut-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name, text in (("ups.conf", f"[dummy]\ndriver = dummy-ups\nport = {self.directory}/dummy.dev\n"),
                           ("dummy.dev", "ups.status: OL\n"), ("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\n"),
                           ("upsd.users", ""), ("nut.conf", "MODE=standalone\n")):
            path = os.path.join(self.directory, name)
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(path, 0o640)
        env = {**os.environ, "NUT_CONFPATH": self.directory, "NUT_STATEPATH": self.directory, "NUT_ALTPIDPATH": self.directory}
        self.log = open(os.path.join(self.directory, "log"), "wb")  # pylint: disable=consider-using-with
        told = {"env": env, "stdout": self.log, "stderr": self.log, "stdin": subprocess.DEVNULL}
        self.driver = subprocess.Popen(["/lib/nut/dummy-ups", "-F", "-a", "dummy", "-u", "root"], **told)
        wait_until("dummy-ups", lambda: os.path.exists(os.path.join(self.directory, "dummy-ups-dummy")))
        self.server = subprocess.Popen(["/lib/nut/upsd", "-F", "-u", "root"], **told)
        wait_until("upsd", self.answers)

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def answers(self):
        try:
            with self.connect() as s:
                s.sendall(b"GET VAR dummy ups.status\n")
                return s.recv(200).startswith(b"VAR")
        except OSError:
            return False

    def close(self):
        for process in (self.server, self.driver):
            process.terminate()
            process.wait(5)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
