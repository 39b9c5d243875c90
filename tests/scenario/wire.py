# SPDX-License-Identifier: Apache-2.0
"""What a test talks to: a client's end of the socket, and the simulator with its trace. Every wait has a bound and waits
for an event: a line on a socket, a line in the trace, the end of a process.
"""
import json
import os
import select
import socket
import subprocess
import time
import uuid

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MODALITY_BUILD", os.path.join(SOURCE, ".build", "asan"))
BIN = os.path.join(BUILD, "bin")
# A slow, loaded machine under sanitizers: waits are this much more patient than the bound they wait for.
PATIENCE = float(os.environ.get("MODALITY_PATIENCE", "20"))


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def wait_until(what, condition, seconds=PATIENCE, tick=0.005):
    """Polls condition until it is true; its value is returned. A bound, never a fixed wait."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        select.select([], [], [], tick)


class Refused(Exception):
    """A JSON-RPC error answer."""

    def __init__(self, error):
        super().__init__(json.dumps(error))
        self.error = error
        self.code = error["code"]
        self.data = error.get("data") or {}
        self.token = self.data.get("token")


class Client:
    """One connection, standard library only: what a user of the socket would write."""

    def __init__(self, path, timeout=PATIENCE):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.file = self.socket.makefile("rb")
        self.events = []
        self.number = 0

    def send(self, method, notification=False, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "method": method, "params": params}
        if not notification:
            request["id"] = self.number
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return self.number

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the daemon closed the connection")
        return json.loads(line)

    def answer(self, number):
        while True:
            message = self.read()
            if message.get("method") == "event":
                self.events.append(message["params"])
            elif message.get("id") == number:
                if "error" in message:
                    raise Refused(message["error"])
                return message["result"]

    def call(self, method, **params):
        return self.answer(self.send(method, **params))

    def act(self, method, operator="therapist", **params):
        """An acting method: with operator and a fresh request_id."""
        params.setdefault("request_id", uuid.uuid4().hex)
        params.setdefault("operator", {"id": operator, "name": "Test Therapist"})
        return self.call(method, **params)

    def event(self, condition, seconds=PATIENCE):
        """The first event, seen or still to come, that meets condition."""
        for known in self.events:
            if condition(known):
                return known
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                message = self.read()
            except (TimeoutError, socket.timeout):
                break
            finally:
                self.socket.settimeout(PATIENCE)
            if message.get("method") == "event":
                self.events.append(message["params"])
                if condition(message["params"]):
                    return message["params"]
        seen = [e.get("alarm", {}).get("detail") or e.get("detail") or e["type"] for e in self.events]
        raise AssertionError(f"no such event within {seconds} s; seen: {seen[-20:]}")

    def state(self, session_id, state, seconds=PATIENCE):
        return self.event(
            lambda e: e["type"] == "session.state" and e.get("session_id") == session_id and e.get("to") == state, seconds)

    def close(self):
        self.file.close()
        self.socket.close()


def merged(environment):
    """The variables that a simulated USB bus needs, beside what stands in them here."""
    ours = dict(environment)
    if "ASAN_OPTIONS" in ours:
        ours["LSAN_OPTIONS"] = "suppressions=" + os.path.join(SOURCE, "tests", "scenario", "libusb.supp")
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS"):
            ours[name] = ":".join(filter(None, [os.environ.get(name), ours[name]]))
    return ours


class Sim:
    """modality-sim with its trace and control socket."""

    def __init__(self, directory, devices, extra=()):
        self.trace_path = os.path.join(directory, "trace.jsonl")
        self.control_path = os.path.join(directory, "sim.sock")
        arguments = [os.path.join(BIN, "modality-sim"), "--control", self.control_path, "--trace", self.trace_path,
                     "--exit-on-eof", *extra]
        for device in devices:
            arguments += ["--device", device]
        self.log_path = os.path.join(directory, "sim.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("modality-sim did not start: " + open(self.log_path).read())
        self.ready = json.loads(line)
        self.links = {name: d["link"].replace("pty:", "serial:") for name, d in self.ready["devices"].items()}
        self.environment = merged(self.ready.get("environment", {}))
        self.offset, self.lines = 0, []

    def control(self, **command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(self.control_path)
            s.sendall(json.dumps(command).encode() + b"\n")
            answer = json.loads(s.makefile("rb").readline())
        if not answer["ok"]:
            raise AssertionError(f"simulator: {command}: {answer}")
        return answer

    def fault(self, device, fault, **arguments):
        return self.control(device=device, fault=fault, **arguments)

    def clear(self, device, fault="all", **arguments):
        return self.control(device=device, clear=fault, **arguments)

    def state(self, device, channel=0):
        """What the simulated device truly is, or a channel of it."""
        state = self.control(device=device, get="state")["state"]
        return state["channels"][channel - 1] if channel else state

    def trace(self):
        """Every line so far."""
        with open(self.trace_path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        self.offset += whole
        self.lines += [json.loads(line) for line in data[:whole].splitlines()]
        return self.lines

    def outputs(self, device, channel=None):
        return [line for line in self.trace() if line["event"] == "output" and line["device"] == device
                and (channel is None or line["channel"] == channel)]

    def output(self, device, channel=1):
        lines = self.outputs(device, channel)
        return lines[-1]["value"] if lines else 0

    def peak(self, device, since_ns=0):
        return max((line["value"] for line in self.outputs(device) if line["t_ns"] >= since_ns), default=0)

    def at_rest(self, device):
        return all(self.output(device, channel) == 0 for channel in {o["channel"] for o in self.outputs(device)})

    def wait_output(self, device, least, channel=1, seconds=PATIENCE):
        return wait_until(f"output of {device} at least {least}", lambda: self.output(device, channel) >= least, seconds)

    def wait_rest(self, device, since_ns, seconds=PATIENCE):
        """Milliseconds from since_ns until the device's output was at rest, by the trace."""
        wait_until(f"rest of {device}", lambda: self.at_rest(device), seconds)
        last_on = max((o["t_ns"] for o in self.outputs(device) if o["value"] == 0 and o["t_ns"] >= since_ns), default=since_ns)
        return (last_on - since_ns) / 1e6

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        if status != 0:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                raise AssertionError(f"modality-sim ended with {status}:\n{file.read()[-6000:]}")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False
