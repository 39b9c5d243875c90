# SPDX-License-Identifier: Apache-2.0
"""A treatment room for scenario tests: the real programs, started and stopped by pid, in a directory of their own.

Simulator first, then a configuration made from the shipped one, then the daemon, then clients. Tests judge by the
simulator's trace; what the daemon says of itself is only compared with it.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from treatments import (answers_for, begin, cold_request, harmless, laser_request, lifu_request, screened,  # noqa: F401
                        tens_request, today, us_request)
from wire import BIN, BUILD, PATIENCE, SOURCE, Client, Refused, Sim, alive, merged, now_ns, wait_until  # noqa: F401

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


class RoomCase(unittest.TestCase):
    """A test with a room of its own."""

    room_options = {}

    def setUp(self):
        self.room = Room(**self.room_options)
        self.addCleanup(self.room.close)
        self.sim = self.room.sim
        self.client = self.room.client()
