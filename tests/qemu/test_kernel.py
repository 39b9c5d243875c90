# SPDX-License-Identifier: Apache-2.0
"""Treatments on USB devices with a real kernel between plugin and device: daemon, hosts, plugins and client run in a
machine under QEMU, on its xHCI and usbfs; the devices are outside and judged by their trace. The RehaStim 2 is behind an
FTDI chip of QEMU's own, which nobody here wrote. Without MODALITY_QEMU=full it is the short pass of every test run."""
import json
import os
import sys
import tempfile
import unittest
import shutil

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from machine import Machine, make_disk  # noqa: E402
from room import BUILD, PATIENT, Sim, answers_for, now_ns, wait_until  # noqa: E402

FULL = os.environ.get("MODALITY_QEMU") == "full"
SECONDS = 30  # that anything may take in a machine on a loaded computer; times that matter are the trace's
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))
DONE, FAULT, UNPROVED = 0, 4, 5  # what modalityctl start ends with
PORTS = {1: "redir", 2: "serial"}
DEVICES = ("p24=p24,usb=1-1,serial=11", "reha=rehastim2,usb=1-2")
SECTIONS = """[device p24]
plugin = sciencemode4
link = usb:0483:5740,port=1-1
serial = 0000000011
simulated = yes
label = P24 label
location = Bay 1
calibration_due = 2099-01-01
safety_test_due = 2099-01-01

[device reha]
plugin = sciencemode2
link = usb:0403:6001,port=1-2
simulated = yes
label = Reha label
location = Bay 2
calibration_due = 2099-01-01
safety_test_due = 2099-01-01
"""
DAEMON = f"[daemon]\nsocket = /run/socket\nstate_dir = /run/state\nplugin_dir = /plugins\n{PATIENT}\n"
ROLES = "[role tester]\nright = engineer\nusers = 0\nmay_act_for = yes\n"


class Client:
    """What room.Client is for a socket: asks the daemon inside, by modalityctl."""

    def __init__(self, machine):
        self.machine = machine

    def ctl(self, *words):
        return json.loads(self.machine.do(" ".join(("modalityctl --json", *words))))["result"]

    def call(self, method, **params):
        assert method == "protocol.get", method
        return self.ctl("protocols", params["protocol"], "--site", params["site"])


class Treatment:
    """modalityctl start, in the background of the machine."""

    def __init__(self, case, device, patient, amplitude):
        self.case, self.machine, self.path = case, case.machine, f"/tmp/{patient}"
        answers = " ".join(f"--answer {a['question']}={a['answer']}" + (f"@{a['on']}" if "on" in a else "")
                           for a in answers_for(case.client, "tens_conventional", "thigh"))
        self.machine.do(f"(modalityctl --yes start --protocol tens_conventional --device {device} --group ch1 "
                        f"--patient {patient} --site thigh --side left --amplitude {amplitude} --rate 100Hz "
                        f"--duration 20min --electrode-area 25cm2 {answers} >{self.path} 2>&1 </dev/null; "
                        f"echo exit $? >>{self.path}) &")
        words = self.wait("accepted: ").split()
        self.session, self.lease = words[1], words[3]

    def said(self):
        return self.machine.do(f"cat {self.path} 2>/dev/null; true")

    def wait(self, what):
        """The first line that begins so."""
        def found():
            text = self.said()
            lines = [line for line in text.splitlines() if line.startswith(what)]
            if not lines and "\nexit " in text and not what.startswith("exit"):
                raise AssertionError(f"ended without {what!r}:\n{text}\n{self.case.log()}")
            return lines and lines[0]
        return wait_until(what, found, SECONDS, 0.1)

    def ended(self):
        return int(self.wait("exit ").split()[1])


class Kernel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="modality-qemu-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, True)
        ports = os.path.join(cls.directory, "ports")
        os.mkdir(ports)
        kernel, disk = make_disk(BUILD, os.path.join(cls.directory, "disk"))
        cls.sim = Sim(cls.directory, DEVICES, ("--qemu", ports))
        cls.addClassCleanup(cls.sim.stop)
        cls.machine = Machine(cls.directory, kernel, disk, ports, PORTS)
        cls.addClassCleanup(cls.machine.close)
        cls.client = Client(cls.machine)
        cls.machine.write("/etc/modalityd/daemon.ini", DAEMON)
        cls.machine.write("/etc/modalityd/roles.ini", ROLES)
        cls.machine.write("/etc/modalityd/devices.ini", SECTIONS)
        cls.machine.write("/etc/modalityd/installation.ini", "")
        cls.machine.do("umask 022; mkdir -p /run/state; export MODALITY_SOCKET=/run/socket")
        cls.start_daemon()

    @classmethod
    def start_daemon(cls):
        cls.machine.do("modalityd --config /etc/modalityd 2>>/tmp/daemon.log & echo $! >/tmp/daemon.pid")
        wait_until("socket of the daemon", lambda: cls.machine.run("test -S /run/socket")[0] == 0, SECONDS, 0.1)

    def log(self):
        return self.machine.do("tail -n 40 /tmp/daemon.log")

    def device(self, name):
        return self.client.ctl("devices", name)

    def wait_device(self, name, state):
        try:
            wait_until(f"{name} {state}", lambda: self.device(name)["state"] in state.split(), SECONDS, 0.1)
        except AssertionError as failure:
            now = self.device(name)
            raise AssertionError(f"{failure}, but {now['state']}: {now['detail']}\n{self.log()}") from None

    def rested_within(self, device, since_ns, bound_ms):
        self.assertLess(self.sim.wait_rest(device, since_ns, SECONDS), bound_ms * SLACK)

    def treat(self, device, patient, ua, amplitude):
        self.wait_device(device, "ready")
        treatment = Treatment(self, device, patient, amplitude)
        self.sim.wait_output(device, ua, seconds=SECONDS)
        return treatment

    def whole_treatment(self, device):
        treatment = self.treat(device, f"{device}-1", 5000, "5mA..12mA")
        self.machine.do(f"modalityctl adjust {treatment.session} --lease {treatment.lease} --to 8mA --expect 5mA")
        self.sim.wait_output(device, 8000, seconds=SECONDS)
        self.assertEqual(self.sim.peak(device), 8000)
        asked = now_ns()
        self.machine.do(f"modalityctl stop {treatment.session}")
        self.rested_within(device, asked, 1000)
        self.assertEqual(treatment.ended(), DONE, treatment.said())
        self.assertIn("rest proved: reported", treatment.said())

    def faulted(self, device, fault, **arguments):
        treatment = self.treat(device, f"{device}-2", 18000, "18mA")  # from 15 mA on a P24 knows about its electrodes
        since = now_ns()
        self.sim.fault(device, fault, **arguments)
        self.rested_within(device, since, 500)
        self.assertEqual(treatment.ended(), FAULT, treatment.said())
        self.sim.clear(device)
        return treatment.said()

    def unplugged(self, device, bound_ms):
        treatment = self.treat(device, f"{device}-3", 5000, "5mA")
        since = now_ns()
        self.sim.fault(device, "absent")
        self.rested_within(device, since, bound_ms)
        self.wait_device(device, "absent output_unknown")
        back = now_ns()
        self.sim.control(device=device, clear="absent")
        self.wait_device(device, "ready")
        self.assertEqual(self.sim.peak(device, back), 0)
        treatment.ended()
        return treatment.said()

    def test_p24(self):
        self.whole_treatment("p24")
        self.faulted("p24", "open", channel=1)
        self.unplugged("p24", 100)
        again = self.treat("p24", "p24-4", 5000, "5mA")
        self.machine.do("modalityctl stop")
        self.assertEqual(again.ended(), DONE)

    def test_rehastim2_behind_a_chip_of_qemu(self):
        self.whole_treatment("reha")
        self.faulted("reha", "open", channel=1)
        self.unplugged("reha", 1200)
        again = self.treat("reha", "reha-4", 5000, "5mA")
        self.machine.do("modalityctl stop")
        self.assertEqual(again.ended(), DONE)


if __name__ == "__main__":
    unittest.main()
