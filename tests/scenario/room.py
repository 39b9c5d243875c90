# SPDX-License-Identifier: Apache-2.0
"""A treatment room for scenario tests: the real programs, started and stopped by pid, in a directory of their own.

Simulator first, then a configuration made from the shipped one, then the daemon, then clients. Tests judge by the
simulator's trace; what the daemon says of itself is only compared with it. Every wait has a bound and waits for an
event: a line on a socket, a line in the trace, the end of a process.
"""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
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


STIM = "stim1=refstim,unit=1,tcp=127.0.0.1:0"
US = "us1=refus,unit=1,tcp=127.0.0.1:0,head_serial=5001"
LASER = "las1=reflaser,unit=1,tcp=127.0.0.1:0,head_serial=30011"
COLD = "cold1=refcold,unit=1,tcp=127.0.0.1:0"
GALV = "galv1=refgalv,unit=1,tcp=127.0.0.1:0"
P24 = "p24=p24,usb=1-1,serial=11"
REHA = "reha=rehastim2,usb=1-2,usb_serial=FT11"
LIFU = "lifu=openlifu,usb=1-3+1-4,ramp_ms=300"

# What a section of a USB device holds beside its link and what every section does.
USB_KEYS = {
    "p24": "plugin = sciencemode4\nserial = {serial:010d}\n",
    "rehastim2": "plugin = sciencemode2\ngroups = ch1_ch2\n",
    "openlifu": "plugin = openlifu\nserial = 0102030405060708{serial:08x}+f102030405060708{serial:08x}\n"
                "calibration = 30 mW/cm2 at 14.125 V, 60 mW/cm2 at 20 V\ncalibration_source = the simulator's own transducer\n"
                "frequency = 1 MHz\nburst_width = 200 us\nduty_max = 20 %\npattern = 0.018=02000003 1.120=1b311b2a\n"
                "accept_link_loss = A. Example, 2026-11-20\n",
}


# Sanitizers on a shared machine: times at which the daemon gives up are wider here than the shipped ones, which the bench uses.
PATIENT = "lease = 30 s\ntelemetry = 100 ms\npermit = 1500 ms\nslice = 250 ms\ngrace = 200 ms"
PATIENT_LINE = "response_timeout = 250 ms\n"  # of Modbus devices in such a room

# The reference unit's head, as calibrated.
HEAD = """[applicator head_ref]
modality = ultrasound
kind = 5 cm2 head
serial = 5001
era_mm2 = 5 cm2
bnr_permille = 5
max_temperature_millic = 41 degC
frequencies = 1 MHz, 1.5 MHz, 3 MHz
calibration_due = 2099-01-01
"""
# The transducer of a simulated Open-LIFU, which names none by itself.
LIFU_HEAD = """
[applicator lifu_head]
modality = ultrasound
kind = Open-LIFU transducer
serial = 1003
era_mm2 = 5 cm2
bnr_permille = 4
max_temperature_millic = 41 degC
frequencies = 1 MHz
calibration_due = 2099-01-01
device = lifu
"""
# The reference laser's continuous probe.
PROBE = """
[applicator probe_808]
modality = laser
kind = 808 nm probe
serial = 30011
wavelength_nm = 808 nm
spot_area_mm2 = 0.28 cm2
calibration_due = 2099-01-01
"""


class Room:
    """A directory with configuration and state, a simulator and a daemon."""

    def __init__(self, devices=(STIM, US), daemon_keys="", installation="", start=True, links=None, roles=None,
                 sim_arguments=()):
        self.directory = tempfile.mkdtemp(prefix="modality-")
        self.config = os.path.join(self.directory, "config")
        self.socket = os.path.join(self.directory, "socket")
        self.sim = Sim(self.directory, devices, sim_arguments) if devices else None
        self.daemon, self.clients = None, []
        shutil.copytree(os.path.join(SOURCE, "config"), self.config, ignore=shutil.ignore_patterns("*.in", "CMakeLists.txt"))
        self.patient = not daemon_keys
        self.write("daemon.ini", "\n".join([
            "[daemon]", f"socket = {self.socket}", f"state_dir = {self.directory}/state",
            f"plugin_dir = {BUILD}/plugins", daemon_keys or PATIENT, ""]))
        os.makedirs(os.path.join(self.directory, "state"), exist_ok=True)
        self.write("roles.ini", roles or f"[role tester]\nright = engineer\nusers = {os.getuid()}\nmay_act_for = yes\n")
        self.write("installation.ini", installation)
        self.write("applicators.ini", HEAD + PROBE)
        self.write("devices.ini", "".join(
            self.device_section(name, link) for name, link in (links or (self.sim.links if self.sim else {})).items()))
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def device_section(self, name, link):
        device = self.sim.ready["devices"].get(name) if self.sim else None
        keys = USB_KEYS[device["kind"]].format(**device) if link.startswith("usb:") else self.modbus_keys(name, link)
        return (f"[device {name}]\nlink = {link}\n{keys}simulated = yes\n"
                f"label = {name} label\nlocation = Bay 1\ncalibration_due = 2099-01-01\nsafety_test_due = 2099-01-01\n\n")

    def modbus_keys(self, name, link):
        kinds = {"us": "refus", "las": "reflaser", "cold": "refcold", "galv": "refgalv"}
        kind = next((kind for start, kind in kinds.items() if name.startswith(start)), "refstim")
        unit = next((d.split("unit=")[1].split(",")[0] for d in self.sim.process.args
                     if isinstance(d, str) and d.startswith(name + "=")), "1") if self.sim else "1"
        line = PATIENT_LINE if self.patient else ""
        if link.startswith("serial:"):
            line += "baud = 115200\nparity = none\n"
        return f"plugin = modbus-map\nunit = {unit}\nmap = {kind}\n{line}"

    def write(self, name, text):
        path = os.path.join(self.config, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)

    def start(self, ready=True, env=None):
        self.log_path = os.path.join(self.directory, "daemon.log")
        with open(self.log_path, "ab") as log:
            self.daemon = subprocess.Popen([os.path.join(BIN, "modalityd"), "--config", self.config], stderr=log,
                                           env={**os.environ, **(self.sim.environment if self.sim else {}), **(env or {})})
        wait_until("socket of the daemon", lambda: self.answers() or self.died())
        if ready and self.sim:
            for name in self.sim.links:
                self.wait_device(name, "ready")

    def died(self):
        if self.daemon.poll() is not None:
            raise AssertionError(f"modalityd ended with {self.daemon.returncode}:\n{self.log()}")
        return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def answers(self):
        try:
            self.client().close()
            self.clients.pop()
            return True
        except OSError:
            return False

    def client(self):
        client = Client(self.socket)
        self.clients.append(client)
        return client

    def device(self, name):
        client = Client(self.socket)
        try:
            return client.call("device.get", device=name)
        finally:
            client.close()

    def wait_device(self, name, state, seconds=PATIENCE):
        return wait_until(f"device {name} {state}", lambda: self.device(name)["state"] == state, seconds)

    def host_pids(self):
        out = subprocess.run(["ps", "-o", "pid=,comm=,stat=", "--ppid", str(self.daemon.pid)], capture_output=True, text=True,
                             check=False).stdout
        return [int(line.split()[0]) for line in out.splitlines() if "modality-host" in line and "Z" not in line.split()[2]]

    def stop(self, bound=10):
        """Ends the daemon as systemd would; returns seconds taken."""
        begun = time.monotonic()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(bound)
        return time.monotonic() - begun

    def close(self):
        for client in self.clients:
            client.close()
        leftover = []
        try:
            if self.daemon:
                for pid in self.host_pids() if self.daemon.poll() is None else []:
                    leftover.append(pid)
                if self.daemon.poll() is None:
                    self.daemon.send_signal(signal.SIGCONT)
                self.stop()
        finally:
            if self.daemon and self.daemon.poll() is None:
                self.daemon.kill()
                self.daemon.wait()
            for pid in leftover:
                wait_until(f"host {pid} ended", lambda p=pid: not alive(p))
            if self.sim:
                self.sim.stop()
        if self.daemon:
            text = self.log()
            for bad in ("AddressSanitizer", "runtime error", "LeakSanitizer", "daemon bug"):
                if bad in text:
                    raise AssertionError(f"{bad} in the daemon's log:\n{text[-6000:]}")
        shutil.rmtree(self.directory, ignore_errors=True)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


def today(back=0):
    """The civil day of this room, or so many days before it."""
    return time.strftime("%Y-%m-%d", time.localtime(time.time() - 86400 * back))


def harmless(questions, **given):
    """Each question with its least restrictive answer, which stands first, and with today's day where one is wanted; or
    with the given answer: a text, a list of texts, or whole items. None leaves the question out."""
    answers = []
    for question in questions:
        chosen = given.get(question["id"], question["answers"][0])
        for answer in chosen if isinstance(chosen, list) else [] if chosen is None else [chosen]:
            if isinstance(answer, dict):
                answers.append({"question": question["id"], **answer})
                continue
            day = {"on": today()} if "valid_days" in question else {}
            answers.append({"question": question["id"], "answer": answer, **day})
    return answers


def answers_for(client, protocol, site, indication=None, **given):
    """Every screening question of a protocol at a site answered so that nothing stands in the way, but for the given ones."""
    filters = {"protocol": protocol, "site": site}
    if indication:
        filters["indication"] = indication
    return harmless(client.call("protocol.get", **filters)["questions"], **given)


def screened(client, request, **given):
    """The request with every question answered that session.check asks for it: all the sites that it touches, and its
    indication. A request that cannot be understood at all keeps the answers that it has."""
    asked = {key: value for key, value in request.items() if key != "request_id"}
    try:
        questions = client.call("session.check", **{"screening": [], **asked})["questions"]
    except Refused:
        return request
    return {**request, "screening": harmless(questions, **given)}


def tens_request(client, device="stim1", group="ch1", channels=("ch1",), patient="P-1", site="thigh", side="left",
                 start=10000, ceiling=20000, duration_ms=1200000, protocol="tens_conventional", **more):
    """Conventional TENS as a client would ask for it."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": group, "channels": list(channels),
            "phases": [{"duration_ms": duration_ms, "parameters": {"amplitude_ua": {"start": start, "ceiling": ceiling}}}],
            "electrodes": [{"label": label + str(i), "channel": channel, "area_mm2": 2500, "kind": "adhesive", "side": side}
                           for i, channel in enumerate(channels) for label in "AB"],
        }],
    }
    request.update(more)
    return request


def us_request(client, device="us1", patient="P-1", site="thigh", side="left", protocol="us_chronic_thermal",
               start=800000, ceiling=None, duration_ms=480000, applicator="head_ref", area=1000, **more):
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")), "treated_area_mm2": area,
        "outputs": [{
            "device": device, "group": "head", "channels": ["head"], "applicator_ref": applicator,
            "phases": [{"duration_ms": duration_ms,
                        "parameters": {"intensity_satp_uw_cm2": {"start": start, "ceiling": ceiling or start}}}],
        }],
    }
    request.update(more)
    return request


def lifu_request(client, device="lifu", protocol="lifu_trial", **more):
    """Pulsed ultrasound of an Open-LIFU at the first step of its calibration."""
    request = us_request(client, device=device, protocol=protocol, start=30000, duration_ms=60000, applicator="lifu_head",
                         area=500, **more)
    request["outputs"][0].update(group="beam", channels=["beam"])
    return request


def laser_request(client, device="las1", patient="P-1", site="hip", side="left", protocol="lllt_hip_780_860",
                  power=100000, applicator="probe_808", **more):
    """Laser point by point: two points of 6 J."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": "cw", "channels": ["cw"], "applicator_ref": applicator,
            "phases": [{"parameters": {"power_uw": {"start": power, "ceiling": power}}}],
        }],
    }
    request.update(more)
    return request


def cold_request(client, device="cold1", patient="P-1", site="hip", side="left", protocol="cryo_pack", millic=12000, **more):
    """A cold pad held at its set point."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": "pad", "channels": ["pad"],
            "phases": [{"parameters": {"temperature_millic": {"start": millic, "ceiling": millic}}}],
        }],
    }
    request.update(more)
    return request


def begin(client, request, operator="therapist"):
    """Prepare and start; returns (session_id, lease_key, sheet)."""
    if not getattr(client, "subscribed", False):
        client.call("events.subscribe")
        client.subscribed = True
    prepared = client.act("session.prepare", operator=operator, **request)
    started = client.act("session.start", operator=operator, session_id=prepared["session_id"],
                         confirm_token=prepared["confirm_token"])
    return prepared["session_id"], started["lease_key"], prepared["sheet"]


class RoomCase(unittest.TestCase):
    """A test with a room of its own."""

    room_options = {}

    def setUp(self):
        self.room = Room(**self.room_options)
        self.addCleanup(self.room.close)
        self.sim = self.room.sim
        self.client = self.room.client()
