# SPDX-License-Identifier: Apache-2.0
"""Two devices of one USB name: which of them may have output, and whose rest counts. One room of twins; the second of each pair
is out unless a test pushes it in. Judged by the trace of both."""
import itertools
import os
import signal
import unittest

from room import (HEAD, LIFU_HEAD, PATIENT, PROBE, Refused, Room, begin, lifu_request, now_ns, screened, tens_request,
                  wait_until)
from test_usb import LIFU_PROTOCOL

PERMIT_MS, STALE_MS = 1500, 3 * 100 + 250 + 500  # three telemetry periods, a slice and the grace
REHA_WATCHDOG_MS = 1200
SILENT_MS = 15000  # 3 s in which a host has to be heard while rest is owed; then one more begins, on a slow machine
PAIRS = {"lifu": "lifub", "reha": "rehab"}
DEVICES = ("lifu=openlifu,usb=1-3+1-4,ramp_ms=300,usb_serial=L1,serial=21", "reha=rehastim2,usb=1-2,usb_serial=FT11")
TWINS = ("lifub=openlifu,usb=1-8+1-9,ramp_ms=300,usb_serial=L1,serial=22", "rehab=rehastim2,usb=1-7,usb_serial=FT11")


class Twins(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=DEVICES + TWINS, start=False, daemon_keys=PATIENT.replace("grace = 200 ms", "grace = 500 ms"))
        cls.addClassCleanup(cls.room.close)
        cls.patients = (f"T-{n}" for n in itertools.count(1))
        cls.room.write("applicators.ini", HEAD + PROBE + LIFU_HEAD.replace("1003", "1021"))
        cls.room.write("protocols/lifu.ini", LIFU_PROTOCOL)
        links = {"lifu": "usb:0483:57a0,serial=L1C+0483:57af,serial=L1T", "reha": "usb:0403:6001,serial=FT11"}
        cls.room.write("devices.ini", "".join(cls.room.device_section(name, link) for name, link in links.items()))
        for twin in PAIRS.values():
            cls.room.sim.fault(twin, "absent")
        cls.room.start(ready=False)
        cls.settler = cls.room.client()

    def setUp(self):
        self.sim = self.room.sim
        self.client = self.room.client()
        self.addCleanup(self.client.close)
        self.client.call("events.subscribe")
        self.client.subscribed = True
        self.settle()
        self.addCleanup(self.settle)

    def settle(self):
        client = self.settler
        self.sim.control(clear="all")
        for twin in PAIRS.values():
            self.sim.fault(twin, "absent")
        if not self.sim.state("lifu")["supply_on"]:  # it was not seen to be dark in time, on a slow machine
            self.sim.fault("lifu", "reboot")
            self.sim.clear("lifu", "reboot")
        client.call("stop.all")
        for device in PAIRS:
            self.room.wait_device(device, "ready")
        for alarm in client.call("alarm.list")["items"]:
            client.act("alarm.acknowledge", number=alarm["number"])

    def host(self, device):
        ids = {"lifu": "57a0", "reha": "6001"}[device]
        return next(link["host_pid"] for link in self.client.call("device.scan")["links"] if ids in link["link"])

    def begun(self, device):
        patient = next(self.patients)
        request = lifu_request(self.client, patient=patient) if device == "lifu" else screened(self.client, tens_request(
            self.client, device="reha", patient=patient, start=5000, ceiling=20000))
        try:
            return begin(self.client, request)
        except Refused as refused:  # an acknowledged alarm has it made safe once more
            if refused.token != "DEVICE_NOT_READY":
                raise
            return None

    def running(self, device):
        session, _, _ = wait_until("a treatment", lambda: self.begun(device))
        self.sim.wait_output(device, {"lifu": 29000, "reha": 5000}[device])
        return session

    def written(self, device, since_ns):
        """What was written to it; questions are not in the trace."""
        return [line for line in self.sim.trace()
                if line["event"] == "request" and line["device"] == device and line["t_ns"] >= since_ns]

    def test_the_one_that_is_ours_is_made_safe_and_the_other_is_only_asked_who_it_is(self):
        session = self.running("lifu")
        pushed = now_ns()
        self.sim.clear("lifub", "absent")
        os.kill(self.host("lifu"), signal.SIGKILL)
        self.client.state(session, "ended")
        self.assertTrue(self.sim.at_rest("lifu"))
        self.assertFalse(self.sim.state("lifub")["absent"])
        self.assertEqual(self.written("lifub", pushed), [])
        self.room.wait_device("lifu", "ready")  # by its hardware ids it is known, the twin may stay

    def test_twins_are_told_by_their_ports_when_nothing_is_owed(self):
        pushed = now_ns()
        self.sim.fault("lifu", "absent")
        self.room.wait_device("lifu", "absent")
        self.sim.clear("lifub", "absent")
        self.sim.clear("lifu", "absent")
        wait_until("the ports of both", lambda: all(
            words in self.room.device("lifu")["detail"] for words in ("1-3", "1-8", "1-4", "1-9", "unplug one")))
        self.assertEqual(self.written("lifu", pushed) + self.written("lifub", pushed), [])

    def test_a_frozen_host_is_replaced_before_its_bound(self):
        session = self.running("lifu")
        bound_ms = self.room.device("lifu")["capabilities"]["dead_man_ms"] - PERMIT_MS + 500  # what a host that hears has
        frozen = now_ns()
        os.kill(self.host("lifu"), signal.SIGSTOP)
        self.assertLess(self.sim.wait_rest("lifu", frozen), STALE_MS + bound_ms)
        self.client.state(session, "ended")

    def test_a_successor_that_stands_still_is_replaced(self):
        """Frozen as soon as it is seen, mostly before its first word; the one after it takes the output away."""
        session = self.running("lifu")
        first, before = self.host("lifu"), self.room.host_pids()
        killed = now_ns()
        os.kill(first, signal.SIGKILL)
        successor = wait_until("its successor", lambda: next((p for p in self.room.host_pids() if p not in before), None), tick=0.001)
        os.kill(successor, signal.SIGSTOP)
        self.assertLess(self.sim.wait_rest("lifu", killed), SILENT_MS)
        self.client.state(session, "ended")

    def swapped(self, device):
        """The one that is treating is pulled, its twin is in its place. Ends with the session's end: (session, when pulled)."""
        session = self.running(device)
        pulled = now_ns()
        self.sim.fault(device, "absent")
        self.sim.clear(PAIRS[device], "absent")
        self.client.state(session, "ended")
        return session, pulled

    def test_a_twin_without_a_serial_number_proves_no_rest_before_the_watchdog_has(self):
        self.swapped("reha")
        self.assertTrue(self.sim.at_rest("reha"))

    def test_a_stuck_watchdog_is_waited_for_all_the_same(self):
        """What nobody can know stays unknown for as long as a watchdog that works would need, and a quarter."""
        self.sim.fault("reha", "no_watchdog")
        session, pulled = self.swapped("reha")
        self.assertGreaterEqual(now_ns() - pulled, REHA_WATCHDOG_MS * 1_250_000)
        states = [e["to"] for e in self.client.events if e["type"] == "session.state" and e.get("session_id") == session]
        self.assertEqual(states[-2:], ["output_unknown", "ended"])


if __name__ == "__main__":
    unittest.main()
