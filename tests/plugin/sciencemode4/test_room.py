# SPDX-License-Identifier: Apache-2.0
"""A P24 in a treatment room: the real daemon, host and plugin over libusb and a USB bus that umockdev plays, judged by the
trace of the simulated device."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scenario"))
from room import Refused, Room, Sim, begin, now_ns, tens_request, wait_until  # noqa: E402

WATCHDOG_MS = 2000
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers and shared machines
PRELOAD = {"LD_PRELOAD": "libumockdev-preload.so.0",
           "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))}
SECTION = """[device p24]
plugin = sciencemode4
link = usb:0483:5740,port=1-1
serial = 0000000011
simulated = yes
label = P24 label
location = Bay 1
calibration_due = 2099-01-01
safety_test_due = 2099-01-01
"""


class Bus(Sim):
    """p24_bus in the simulator's place: the same trace, another way to talk to it."""

    def __init__(self, directory):  # pylint: disable=super-init-not-called
        self.trace_path = os.path.join(directory, "p24.jsonl")
        self.process = subprocess.Popen([os.environ["P24_BUS"], self.trace_path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, **PRELOAD})
        self.folder = self.process.stdout.readline().decode().strip()
        self.links, self.offset, self.lines = {}, 0, []
        self.environment = {}

    def ask(self, command):
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().strip()
        if not answer.startswith("ok"):
            raise AssertionError(f"p24_bus: {command}: {answer}")
        return answer[3:]

    def state(self, channel, name):
        return int(self.ask(f"state 1 {channel} {name}"))


class P24(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(), start=False)
        self.addCleanup(self.room.close)
        self.bus = self.room.sim = Bus(self.room.directory)
        self.bus.ask("plug 1 11")
        self.room.write("devices.ini", SECTION)
        self.environment = {**PRELOAD, "UMOCKDEV_DIR": self.bus.folder}
        self.room.start(env=self.environment)
        self.room.wait_device("p24", "ready")
        self.client = self.room.client()

    def begin(self, ua=5000, **more):
        session, lease, sheet = begin(self.client, tens_request(self.client, device="p24", start=ua, ceiling=20000, **more))
        self.bus.wait_output("p24", ua)
        return session, lease, sheet

    def rested_within(self, since_ns, bound_ms):
        self.assertLess(self.bus.wait_rest("p24", since_ns), bound_ms * SLACK)

    def test_a_treatment_is_ramped_adjusted_paused_and_stopped(self):
        session, lease, sheet = self.begin()
        self.assertEqual((sheet["evidence"], sheet["simulated"]), ("reported", True))
        rising = [o["value"] for o in self.bus.outputs("p24", 1) if o["value"] > 0]
        self.assertEqual(self.bus.peak("p24"), 5000)
        self.assertLessEqual(max(b - a for a, b in zip([0] + rising, rising)), 1000)
        self.assertEqual(self.bus.state(1, "period_us"), 10000)
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=16000,
                        expect=5000)
        self.bus.wait_output("p24", 16000)
        document = wait_until("contact is told", lambda: self.channel_of(session, "contact", "good"))
        self.assertEqual((document["output"], document["evidence"], document["basis"]), ("on", "reported", "commanded"))
        asked = now_ns()
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.rested_within(asked, 100)
        self.client.state(session, "paused")
        self.assertEqual(self.bus.state(0, "voltage_on"), 0)
        self.client.act("session.resume", session_id=session, lease_key=lease)
        self.bus.wait_output("p24", 16000)
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")
        self.rested_within(asked, 100)
        self.assertEqual(self.bus.state(0, "voltage_on"), 0)
        self.assertEqual(self.bus.state(1, "net_charge_uc"), 0)
        self.assertEqual(self.room.device("p24")["serial"], "0000000011")

    def channel_of(self, session, key, value):
        channel = self.client.call("session.get", session_id=session)["channels"][0]
        return channel if channel[key] == value else None

    def test_what_the_device_cannot_do_exactly_is_never_started(self):
        request = tens_request(self.client, device="p24", start=5000)
        request["outputs"][0]["phases"][0]["parameters"]["pulse_rate_millihz"] = {"start": 110000, "ceiling": 110000}
        with self.assertRaises(Refused) as refused:
            begin(self.client, request)
        self.assertEqual(refused.exception.token, "OUT_OF_RANGE")
        self.assertIn("108.109 Hz", str(refused.exception))
        self.assertIn("111.112 Hz", str(refused.exception))
        self.assertEqual(self.bus.peak("p24"), 0)
        self.assertEqual(self.bus.state(0, "voltage_on"), 0)

    def test_two_channels_are_one_session(self):
        session, _, _ = begin(self.client, tens_request(self.client, device="p24", group="ch3-4", channels=("ch3", "ch4"),
                                                        start=5000))
        self.bus.wait_output("p24", 5000, channel=3)
        self.bus.wait_output("p24", 5000, channel=4)
        self.assertFalse([o for o in self.bus.outputs("p24") if o["on"] and o["channel"] not in (3, 4)])
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "ended")
        self.rested_within(asked, 100)

    def test_an_electrode_that_comes_off_ends_the_session(self):
        session, _, _ = self.begin(18000)
        lifted = now_ns()
        self.bus.ask("lift 1 1")
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "contact_lost")
        self.assertIn("contact of ch1 is lost", ended["detail"])
        self.assertEqual([alarm["kind"] for alarm in self.client.call("alarm.list")["items"]], ["electrode_open"])
        self.rested_within(lifted, 100)
        self.bus.ask("fit 1 1")
        self.assertEqual(self.bus.peak("p24", lifted + 10**6), 0)

    def test_a_pulled_plug_ends_it_and_it_comes_back_idle(self):
        session, _, _ = self.begin()
        pulled = now_ns()
        self.bus.ask("unplug 1")
        self.rested_within(pulled, 100)
        self.client.state(session, "output_unknown")
        back = now_ns()
        self.bus.ask("plug 1 11")
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")
        self.assertLess((now_ns() - back) / 1e6, 1000 * SLACK)
        self.room.wait_device("p24", "ready")
        self.assertEqual(self.bus.peak("p24", back), 0)
        self.begin(patient="P-2")

    def test_another_device_in_its_port_is_not_used(self):
        self.bus.ask("unplug 1")
        self.room.wait_device("p24", "absent")
        self.bus.ask("plug 1 12")
        self.room.wait_device("p24", "wrong_identity")
        with self.assertRaises(Refused):
            begin(self.client, tens_request(self.client, device="p24"))
        self.assertEqual(self.bus.peak("p24"), 0)

    def test_it_stops_by_itself_when_everybody_is_killed(self):
        self.begin()
        killed = now_ns()
        hosts = self.room.host_pids()
        self.room.daemon.kill()
        for pid in hosts:
            os.kill(pid, 9)
        self.assertLess(self.bus.wait_rest("p24", killed), WATCHDOG_MS + 500 * SLACK)
        self.room.daemon.wait()
        rested = now_ns()
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.start(env=self.environment)
        self.room.wait_device("p24", "ready")
        self.assertEqual(self.bus.state(0, "voltage_on"), 0)
        self.assertEqual(self.bus.peak("p24", rested), 0)

    def test_the_host_rests_it_when_the_daemon_is_killed(self):
        self.begin()
        killed = now_ns()
        self.room.daemon.kill()
        self.rested_within(killed, 250)
        self.room.daemon.wait()

    def test_a_killed_host_is_replaced_and_rests_it(self):
        session, _, _ = self.begin()
        killed = now_ns()
        for pid in self.room.host_pids():
            os.kill(pid, 9)
        self.rested_within(killed, 300)
        self.client.state(session, "ended")
        self.room.wait_device("p24", "ready")


if __name__ == "__main__":
    unittest.main()
