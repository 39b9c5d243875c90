# SPDX-License-Identifier: Apache-2.0
"""modality-sim with devices on USB: plugs, faults of the bus, and the program that it runs. Whether a client can talk to
them is tried with the plugins (tests/plugin) and in a treatment room (tests/scenario/test_usb.py)."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from simulator import PROGRAM, WAIT_S, WithSimulator

BUS = "sys/bus/usb/devices"


class OnUsb(WithSimulator):
    devices = ("stim=p24,usb=1-1,serial=11", "reha=rehastim2,usb=1-2,usb_serial=-", "lifu=openlifu,usb=1-3+1-12",
               "other=refstim,tcp=127.0.0.1:0")

    def attribute(self, port, name):
        path = os.path.join(self.sim.ready["environment"]["UMOCKDEV_DIR"], BUS, port, name)
        if not os.path.exists(path):
            return None
        with open(path, encoding="ascii") as file:
            return file.read().strip()

    def test_a_device_stands_on_the_bus_as_its_link_says(self):
        links = {name: device["link"] for name, device in self.sim.ready["devices"].items()}
        self.assertEqual(links["stim"], "usb:0483:5740,port=1-1")
        self.assertEqual(links["lifu"], "usb:0483:57a0,port=1-3+0483:57af,port=1-12")
        self.assertEqual([self.attribute(port, "idProduct") for port in ("1-1", "1-2", "1-3", "1-12", "1-4")],
                         ["5740", "6001", "57a0", "57af", None])
        self.assertEqual([self.attribute(port, "serial") for port in ("1-1", "1-2", "1-3", "1-12")],
                         ["SIM11", None, "SIM1003C", "SIM1003T"])

    def test_a_pulled_plug_comes_back_under_a_new_address(self):
        address = int(self.attribute("1-1", "devnum"))
        self.sim.do("stim", fault="absent")
        self.assertIsNone(self.attribute("1-1", "devnum"))
        self.assertTrue(self.sim.state("stim")["absent"])
        self.assertFalse(self.sim.state("reha")["absent"])
        self.sim.do("stim", clear="absent")
        self.assertGreater(int(self.attribute("1-1", "devnum")), address)
        self.sim.do("stim", fault="absent", ms=20)
        self.sim.await_trace(3, event="listen", link="usb:1-1")
        self.assertEqual(len(self.sim.trace(event="absent", link="usb:1-1")), 2)
        self.assertFalse(self.sim.state("stim")["absent"])

    def test_either_plug_of_two_is_pulled_by_itself(self):
        self.sim.do("lifu", fault="absent", plug=2)
        self.assertEqual((self.attribute("1-3", "idProduct"), self.attribute("1-12", "idProduct")), ("57a0", None))
        self.assertFalse(self.sim.state("lifu")["absent"])
        self.sim.do("lifu", clear="absent", plug=2)
        self.assertEqual(self.attribute("1-12", "idProduct"), "57af")
        self.assertFalse(self.sim.ask(device="stim", fault="absent", plug=2)["ok"])
        self.assertFalse(self.sim.ask(device="other", fault="absent", plug=1)["ok"])

    def test_faults_of_the_bus_are_for_devices_on_it(self):
        for fault in ({"fault": "stall", "endpoint": "in"}, {"fault": "hang", "endpoint": "requests"},
                      {"fault": "babble", "bytes": 0}):
            self.assertTrue(self.sim.ask(device="lifu", **fault)["ok"], fault)
            self.assertTrue(self.sim.ask(device="lifu", clear=fault["fault"])["ok"], fault)
            self.assertFalse(self.sim.ask(device="other", **fault)["ok"], fault)

    def test_every_device_has_faults_of_its_own(self):
        for device, fault in (("stim", {"fault": "open", "channel": 8}), ("reha", {"fault": "patient_stop"}),
                              ("lifu", {"fault": "head_temperature", "millic": 80000}),
                              ("lifu", {"fault": "identity", "serial": 7}), ("stim", {"fault": "corrupt", "how": "truncate"})):
            self.assertTrue(self.sim.ask(device=device, **fault)["ok"], fault)
        self.assertFalse(self.sim.ask(device="lifu", fault="open")["ok"])
        self.assertTrue(self.sim.ask(clear="all")["ok"])


class Beside(unittest.TestCase):
    """The program that the simulator runs."""

    def run_beside(self, *command, device="stim=p24,usb=1-1", **more):
        return subprocess.run([PROGRAM, "--device", device, "--", *command], capture_output=True, text=True, timeout=WAIT_S,
                              check=False, **more)

    def test_a_program_sees_the_bus_as_the_machines_and_its_status_is_the_simulators(self):
        look = "import os, sys; print(sorted(os.listdir('/sys/bus/usb/devices'))); sys.exit(7)"
        done = self.run_beside("/usr/bin/python3", "-c", look)
        self.assertEqual((done.returncode, done.stdout.splitlines()[1]), (7, "['1-1', 'usb1']"), done.stderr)
        self.assertEqual(self.run_beside("/nonexistent").returncode, 127)

    def test_a_program_is_served_until_it_has_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            last = ("import os, signal, sys\n"
                    "def leave(number, frame):\n"
                    "    print(os.path.exists('/sys/bus/usb/devices/1-1'), flush=True)\n"
                    "    sys.exit(3)\n"
                    "signal.signal(signal.SIGTERM, leave)\n"
                    f"open({folder!r} + '/up', 'w').close()\n"
                    "print('up', flush=True)\n"
                    "while True: signal.pause()\n")
            with subprocess.Popen([PROGRAM, "--device", "stim=p24,usb=1-1", "--", "/usr/bin/python3", "-c", last],
                                  stdout=subprocess.PIPE, text=True) as sim:
                self.assertIn("ready", json.loads(sim.stdout.readline()))
                self.assertEqual(sim.stdout.readline(), "up\n")
                sim.send_signal(signal.SIGTERM)
                self.assertEqual(sim.stdout.readline(), "True\n")
                self.assertEqual(sim.wait(WAIT_S), 3)

    def test_wrong_command_lines_are_refused(self):
        for devices in (("a=p24,tcp=127.0.0.1:0",), ("a=refstim,usb=1-1",), ("a=p24,usb=1-1", "b=p24,usb=1-1"),
                        ("a=openlifu,usb=1-1",), ("a=openlifu,usb=1-1+1-1",), ("a=p24,usb=1-16",), ("a=p24,usb=2-1",),
                        ("a=p24",), ("a=p24,usb=1-1+1-2",), ("a=p24,usb=1-1,usb=1-2",), ("a=p24,usb=1-1,with=b",)):
            words = [word for device in devices for word in ("--device", device)]
            done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=WAIT_S, check=False)
            self.assertEqual(done.returncode, 2, devices)
            self.assertIn("--device", done.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
