# SPDX-License-Identifier: Apache-2.0
"""Treatments on USB devices with a real kernel between plugin and device: daemon, hosts, plugins and client run in a
machine under QEMU, on its xHCI and usbfs, as a user of their own whom udev's rules let in; the devices are outside and
judged by their trace. The RehaStim 2 is behind an FTDI chip of QEMU's own, which nobody here wrote. Without
MODALITY_QEMU=full it is the short pass of every test run."""
import itertools
import os
import unittest

from inside import SECONDS, Inside, Treatment
from room import HEAD, LIFU, LIFU_HEAD, P24, PROBE, REHA, now_ns
from test_usb import LIFU_PROTOCOL

FULL = os.environ.get("MODALITY_QEMU") == "full"
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))
DONE, FAULT, UNPROVED = 0, 4, 5  # what modalityctl start ends with
DEVICES = {"p24": P24, "reha": REHA, **({"lifu": LIFU} if FULL else {})}
PORTS = {1: "usb-redir", 2: "usb-serial,serial=FT11", **({3: "usb-redir", 4: "usb-redir"} if FULL else {})}

patients = (f"P-{n}" for n in itertools.count(1))
FILES = {"applicators.ini": HEAD + PROBE + LIFU_HEAD, "protocols/lifu.ini": LIFU_PROTOCOL} if FULL else {}
inside = None


def setUpModule():
    global inside  # pylint: disable=global-statement
    inside = Inside(DEVICES.values(), PORTS, FILES)
    unittest.addModuleCleanup(inside.close)
    inside.allow("0483", "5740", "SIM11")
    inside.allow("0403", "6001", "FT11")
    if FULL:
        inside.allow("0483", "57a0", "SIM1003C")
        inside.allow("0483", "57af", "SIM1003T")
    inside.reload_rules()
    inside.start()


class Case(unittest.TestCase):
    def setUp(self):
        self.sim, self.machine = inside.sim, inside.machine
        for device in DEVICES:
            inside.wait_device(device, "ready")

    def tens(self, device, ua=5000, amplitude=None):
        treatment = Treatment(inside, next(patients), "tens_conventional", f"--device {device} --group ch1 --rate 100Hz "
                              f"--amplitude {amplitude or f'{ua}uA'} --duration 20min --electrode-area 25cm2")
        treatment.seen(device, ua)
        return treatment

    def lifu(self):
        treatment = Treatment(inside, next(patients), "lifu_trial", "--device lifu --group beam --applicator lifu_head "
                              "--area 5cm2 --intensity 30mW/cm2 --duration 60s")
        treatment.seen("lifu", 29000)
        return treatment

    def rested_within(self, device, since_ns, bound_ms):
        self.assertLess(self.sim.wait_rest(device, since_ns, SECONDS), bound_ms * SLACK)

    def stop(self, treatment, device):
        asked = now_ns()
        self.machine.do(f"modalityctl stop {treatment.session}")
        self.rested_within(device, asked, 1000)
        status, said = treatment.ended()
        self.assertEqual(status, DONE, said)
        return said

    def plugged_out(self, device, bound_ms, **plug):
        """In whatever state it is: rest by the trace, and back idle."""
        pulled = now_ns()
        self.sim.fault(device, "absent", **plug)
        self.rested_within(device, pulled, bound_ms)
        inside.wait_device(device, "absent", "output_unknown")
        back = now_ns()
        self.sim.clear(device, "absent", **plug)
        inside.wait_device(device, "ready")
        self.assertEqual(self.sim.peak(device, back), 0)


class Stimulation(Case):
    def whole_treatment(self, device):
        since = now_ns()
        treatment = self.tens(device, amplitude="5mA..12mA")
        treatment.act("adjust", "--to 8mA --expect 5mA")
        treatment.seen(device, 8000)
        self.assertEqual(self.sim.peak(device, since), 8000)
        self.assertIn("rest proved: reported", self.stop(treatment, device))
        self.assertIn("amplitude from 5 mA to 8 mA", self.machine.do(f"modalityctl records {treatment.session}"))

    def a_fault(self, device, ua):
        treatment = self.tens(device, ua)
        lifted = now_ns()
        self.sim.fault(device, "open", channel=1)
        self.rested_within(device, lifted, 100)
        status, said = treatment.ended()
        self.assertEqual(status, FAULT, said)
        self.sim.clear(device, "open")
        inside.wait_device(device, "ready")

    def a_pulled_plug(self, device, bound_ms):
        treatment = self.tens(device)
        self.plugged_out(device, bound_ms)
        self.assertIn(treatment.ended()[0], (FAULT, UNPROVED))
        self.stop(self.tens(device), device)

    def test_p24(self):
        self.whole_treatment("p24")
        self.a_fault("p24", 18000)  # from 15 mA on it knows about its electrodes
        self.a_pulled_plug("p24", 100)  # it lives on the bus

    def test_rehastim2_behind_a_chip_of_qemus_own(self):
        self.whole_treatment("reha")
        self.a_fault("reha", 5000)
        self.a_pulled_plug("reha", 1200 + 100)  # it has power of its own, and a watchdog


@unittest.skipUnless(FULL, "tools/test --qemu")
class OpenLifu(Case):
    def test_a_treatment_is_started_paused_and_stopped(self):
        treatment = self.lifu()
        asked = now_ns()
        treatment.act("pause")
        self.rested_within("lifu", asked, 500)
        treatment.act("resume")
        treatment.seen("lifu", 29000)
        self.stop(treatment, "lifu")

    def test_the_loss_of_either_stops_the_other(self):
        for plug in (1, 2):
            treatment = self.lifu()
            self.plugged_out("lifu", 500, plug=plug)
            self.assertIn(treatment.ended()[0], (FAULT, UNPROVED))


if __name__ == "__main__":
    unittest.main()
