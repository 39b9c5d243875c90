# SPDX-License-Identifier: Apache-2.0
"""Treatments on USB devices with a real kernel between plugin and device: daemon, hosts, plugins and client run in a
machine under QEMU, on its xHCI and usbfs, as a user of their own whom udev's rules let in; the devices are outside and
judged by their trace. The RehaStim 2 is behind an FTDI chip of QEMU's own, which nobody here wrote. Without
MODALITY_QEMU=full it is the short pass of every test run."""
import itertools
import os
import re
import unittest

from inside import SECONDS, Inside, Treatment
from room import HEAD, LIFU, LIFU_HEAD, P24, PROBE, REHA, now_ns, wait_until
from test_usb import LIFU_PROTOCOL

FULL = os.environ.get("MODALITY_QEMU") == "full"
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))
DONE, FAULT, UNPROVED = 0, 4, 5  # what modalityctl start ends with
DEVICES = {"p24": P24, "reha": REHA, **({"lifu": LIFU} if FULL else {})}
PORTS = {1: "usb-redir", 2: "usb-serial,serial=FT11", **({3: "usb-redir", 4: "usb-redir"} if FULL else {})}
SERIALS = {"5740": "SIM11", "6001": "FT11", **({"57a0": "SIM1003C", "57af": "SIM1003T"} if FULL else {})}
FILES = {"applicators.ini": HEAD + PROBE + LIFU_HEAD, "protocols/lifu.ini": LIFU_PROTOCOL} if FULL else {}
patients = (f"P-{n}" for n in itertools.count(1))
inside = None


def setUpModule():
    global inside  # pylint: disable=global-statement
    inside = Inside(DEVICES.values(), PORTS, SERIALS, FILES)
    unittest.addModuleCleanup(inside.close)
    inside.start()


class Case(unittest.TestCase):
    def setUp(self):
        self.sim, self.machine = inside.sim, inside.machine
        self.addCleanup(self.all_ready)
        self.addCleanup(self.machine.run, "modalityctl stop")
        self.addCleanup(self.sim.control, clear="all")
        self.all_ready()

    @staticmethod
    def all_ready():
        for device in DEVICES:
            inside.wait_device(device, "ready")

    def begun(self, device, least, protocol, words):
        """A treatment that is seen to come out. On a busy computer a machine may miss a device's times, and is asked again."""
        for attempt in range(3):
            try:
                treatment = Treatment(inside, next(patients), protocol, f"--device {device} {words}")
                treatment.seen(device, least)
                return treatment
            except AssertionError:
                if attempt == 2:
                    raise
                self.all_ready()
        return None

    def tens(self, device, ua=5000, amplitude=None):
        return self.begun(device, ua, "tens_conventional", f"--group ch1 --rate 100Hz --amplitude {amplitude or f'{ua}uA'} "
                          "--duration 20min --electrode-area 25cm2")

    def lifu(self):
        return self.begun("lifu", 29000, "lifu_trial", "--group beam --applicator lifu_head --area 5cm2 "
                          "--intensity 30mW/cm2 --duration 60s")

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


class Fence(Case):
    """Around plugins, as it is shipped: on the kernel of a Debian system, and where the daemon is started as root."""

    def hosts(self):
        """What the kernel says of each process that runs a plugin, {name: words}."""
        said = self.machine.do("for p in $(pidof modality-host); do cat /proc/$p/status; echo; done")
        return [dict(line.split(":\t", 1) for line in block.splitlines() if ":\t" in line) for block in said.split("\n\n")
                if block.strip()]

    def fenced(self, uid, *bounds):
        hosts = self.hosts()
        self.assertGreaterEqual(len(hosts), len(DEVICES))
        for host in hosts:
            self.assertEqual(host["Uid"].split(), [uid] * 4)
            self.assertEqual((host["NoNewPrivs"], host["Seccomp"]), ("1", "2"))
            for held in "CapInh", "CapPrm", "CapEff", "CapAmb", *bounds:
                self.assertEqual(int(host[held], 16), 0, held)
        self.assertRegex(self.machine.do("grep fence: /tmp/daemon.log"), "Landlock [1-9]")

    def test_hosts_of_a_daemon_that_is_not_root(self):
        self.fenced("900")

    def test_hosts_of_root_are_another_user_and_a_hostile_plugin_stays_inside(self):
        victim = ("mkdir /tmp/victim; echo 1 >/tmp/victim/secret; chmod 777 /tmp/victim /tmp/victim/secret; "
                  "cp -r /etc/modalityd /tmp/as_root; sed -i 's,^state_dir.*,state_dir = /tmp/as_root_state,' /tmp/as_root/daemon.ini")
        self.machine.do(f"{victim}; sed -i 's,^socket.*,socket = /run/as_root/socket,' /tmp/as_root/daemon.ini")
        self.machine.write("/tmp/as_root/hostile.ini", "[device hostile]\nplugin = hostile\nlink = tcp:127.0.0.1:9\n"
                           "attack = attempts\nvictim = /tmp/victim\nport = 10\nlabel = a plugin that does what none may\n")
        inside.end()
        self.machine.do("mkdir -m 700 /tmp/as_root_state /run/as_root; >/tmp/daemon.log; export MODALITY_SOCKET=/run/as_root/socket")
        try:
            inside.start("root", "/tmp/as_root")
            self.all_ready()
            inside.wait_device("hostile", "ready")
            self.fenced("901", "CapBnd")
            self.stop(self.tens("p24"), "p24")
            tried = dict(re.findall(r" (\w+)=(\d+)", self.machine.do("grep hostile: /tmp/daemon.log")))
            self.assertIn("end", tried)
            for name in "connect_elsewhere", "serve":  # the kernel of Debian 12 has no fence for ports
                tried.pop(name)
            for name in "processes", "threads":
                self.assertEqual(tried.pop(name), "0", name)
            self.assertEqual([name for name, error in tried.items() if error == "0"], [])
            self.assertEqual(self.machine.do("ls /tmp/victim").split(), ["secret"])
        finally:
            inside.end()
            self.machine.do("export MODALITY_SOCKET=/run/modalityd/socket")
            inside.start()


in_full = unittest.skipUnless(FULL, "tools/test --qemu")


@in_full
class Plugs(Case):
    """A plug in every state; a real kernel gives the device another address each time."""

    def addresses(self):
        return set(self.machine.do("ls /dev/bus/usb/001").split())

    def test_pulled_while_it_is_idle(self):
        for device in ("p24", "reha"):
            before = self.addresses()
            self.plugged_out(device, 100)
            self.assertNotEqual(self.addresses(), before)

    def test_pulled_while_it_is_paused(self):
        for device in ("p24", "reha"):
            treatment = self.tens(device)
            treatment.act("pause")
            treatment.wait("paused")
            self.plugged_out(device, 100)
            resume = f"modalityctl resume {treatment.session} --lease {treatment.lease}"
            self.assertNotEqual(self.machine.run(resume)[0], DONE)  # what came back is another device
            self.stop(treatment, device)

    def test_a_loose_contact_is_another_device(self):
        """Out and in again before anybody has looked."""
        for device, bound_ms in (("p24", 100), ("reha", 1200 + 100)):
            treatment = self.tens(device)
            pulled = now_ns()
            self.sim.fault(device, "absent", ms=20)
            self.rested_within(device, pulled, bound_ms)
            self.assertIn(treatment.ended()[0], (FAULT, UNPROVED))
            inside.wait_device(device, "ready")
            self.assertEqual(self.sim.peak(device, pulled + bound_ms * 10**6), 0)

    def test_another_device_in_its_port_is_not_used(self):
        self.sim.fault("p24", "absent")
        inside.wait_device("p24", "absent")
        self.sim.fault("p24", "identity", serial=12)
        self.sim.clear("p24", "absent")
        inside.wait_device("p24", "wrong_identity")
        self.sim.clear("p24")
        inside.wait_device("p24", "ready")


@in_full
class Bus(Case):
    """What a device does to its transfers, as xHCI and usbfs pass it on."""

    def faulted(self, device, bound_ms, fault, **arguments):
        treatment = self.tens(device)
        since = now_ns()
        self.sim.fault(device, fault, **arguments)
        self.rested_within(device, since, bound_ms)
        self.sim.clear(device)
        self.assertIn(treatment.ended()[0], (FAULT, UNPROVED), (fault, arguments))
        inside.wait_device(device, "ready")

    def test_a_p24_that_hangs_is_left_to_its_watchdog(self):
        for endpoint in ("in", "out"):
            self.faulted("p24", 2000 + 500, "hang", endpoint=endpoint)

    def test_a_p24_that_stalls(self):
        for endpoint in ("in", "out"):
            self.faulted("p24", 2000 + 500, "stall", endpoint=endpoint)

    def test_a_p24_that_says_nothing_and_one_that_talks_nonsense(self):
        self.faulted("p24", 2000 + 500, "drop")
        self.faulted("p24", 2000 + 500, "corrupt", how="garbage")

    def test_a_rehastim_that_says_nothing_and_one_that_talks_nonsense(self):
        self.faulted("reha", 1200 + 100, "drop")
        self.faulted("reha", 1200 + 100, "corrupt", how="garbage")

    def test_the_emergency_switch(self):
        treatment = self.tens("reha")
        pressed = now_ns()
        self.sim.fault("reha", "patient_stop")
        self.rested_within("reha", pressed, 100)
        self.assertEqual(treatment.ended()[0], FAULT)
        self.sim.clear("reha")
        for alarm in inside.ask("alarms")["items"]:
            self.machine.do(f"modalityctl alarms --acknowledge {alarm['number']}")


@in_full
class Killed(Case):
    def treated(self):
        treatments = [self.tens(device) for device in ("p24", "reha")]
        return treatments, now_ns()

    def rested(self, since, p24_ms, reha_ms):
        self.rested_within("p24", since, p24_ms)
        self.rested_within("reha", since, reha_ms)

    def test_hosts_are_replaced(self):
        treatments, since = self.treated()
        self.machine.do("kill -9 $(pidof modality-host)")
        self.rested(since, 1000, 1000)
        for treatment in treatments:
            treatment.ended()

    def test_hosts_rest_their_devices_without_the_daemon(self):
        _, since = self.treated()
        self.machine.do("kill -9 $(cat /tmp/daemon.pid)")
        self.rested(since, 1000, 1000)
        inside.start()

    def test_devices_rest_without_anybody(self):
        _, since = self.treated()
        self.machine.do("kill -9 $(cat /tmp/daemon.pid) $(pidof modality-host)")
        self.rested(since, 2000 + 500, 1200 + 100)
        inside.start()
        for device in DEVICES:
            inside.wait_device(device, "ready")
            self.assertTrue(self.sim.at_rest(device))


@in_full
class Scan(Case):
    def test_what_is_plugged_in_is_found(self):
        def found():
            said = self.machine.do("modalityctl scan")
            return all(words in said for words in ("p24", "reha", "SIM11", "FT11"))
        wait_until("what is plugged in", found, SECONDS, 0.1)  # a plugin that has not looked in time is asked again


@in_full
class Driver(Case):
    def test_the_kernels_own_driver_is_taken_off_and_its_serial_port_serves_as_well(self):
        """A RehaStim 2 by way of ftdi_sio, under the name that udev gives its terminal."""
        name = self.machine.do("ls /sys/bus/usb/drivers/ftdi_sio").split()
        self.assertNotIn("1-2:1.0", name)
        self.machine.do("cp /etc/modalityd/devices.ini /tmp/devices.ini")
        inside.end()
        self.sim.fault("reha", "absent", ms=100)
        wait_until("its terminal", lambda: self.machine.run("ls /dev/serial/by-id/*FT11*")[0] == 0, SECONDS, 0.1)
        path = self.machine.do("ls /dev/serial/by-id/*FT11*").strip()
        self.machine.do(f"sed -i 's,usb:0403:6001.*,serial:{path},' /etc/modalityd/devices.ini")
        inside.start()
        try:
            self.stop(self.tens("reha"), "reha")
            treatment = self.tens("reha")
            self.plugged_out("reha", 1200 + 100)
            self.assertIn(treatment.ended()[0], (FAULT, UNPROVED))
        finally:
            inside.end()
            self.machine.do("cp /tmp/devices.ini /etc/modalityd/devices.ini")
            inside.start()


@in_full
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
