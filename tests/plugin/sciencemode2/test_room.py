# SPDX-License-Identifier: Apache-2.0
"""A RehaStim 2 in a treatment room: the real daemon, host and plugin over libftdi, libusb and a USB bus that umockdev
plays, judged by the trace of the simulated device."""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scenario"))
from room import Refused, Room, Sim, begin, now_ns, screened, tens_request, wait_until  # noqa: E402

WATCHDOG_MS = 1200
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers and shared machines
PRELOAD = {"LD_PRELOAD": "libumockdev-preload.so.0",
           "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))}
SECTION = """[device reha]
plugin = sciencemode2
link = usb:0403:6001,serial=FT11
groups = ch1_ch2
simulated = yes
label = Reha label
location = Bay 1
calibration_due = 2099-01-01
safety_test_due = 2099-01-01
"""


class Bus(Sim):
    """rehastim2_bus in the simulator's place: the same trace, another way to talk to it."""

    def __init__(self, directory):  # pylint: disable=super-init-not-called
        self.trace_path = os.path.join(directory, "reha.jsonl")
        self.process = subprocess.Popen([os.environ["REHASTIM2_BUS"], self.trace_path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, **PRELOAD})
        self.folder = self.process.stdout.readline().decode().strip()
        self.links, self.offset, self.lines = {}, 0, []
        self.environment = {}

    def ask(self, command):
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().strip()
        if not answer.startswith("ok"):
            raise AssertionError(f"rehastim2_bus: {command}: {answer}")
        return answer[3:]

    def state(self, channel, name):
        return int(self.ask(f"state 1 {channel} {name}"))


class RehaStim2(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(), start=False)
        self.addCleanup(self.room.close)
        self.bus = self.room.sim = Bus(self.room.directory)
        self.bus.ask("plug 1 FT11")
        self.room.write("devices.ini", SECTION)
        self.environment = {**PRELOAD, "UMOCKDEV_DIR": self.bus.folder}
        self.room.start(env=self.environment)
        self.room.wait_device("reha", "ready")
        self.client = self.room.client()

    def request(self, ua=5000, **more):
        return screened(self.client, tens_request(self.client, device="reha", start=ua, ceiling=20000, **more))

    def begin(self, ua=5000, **more):
        session, lease, sheet = begin(self.client, self.request(ua, **more))
        self.bus.wait_output("reha", ua)
        return session, lease, sheet

    def rested_within(self, since_ns, bound_ms):
        self.assertLess(self.bus.wait_rest("reha", since_ns), bound_ms * SLACK)

    def acknowledge(self):
        for alarm in self.client.call("alarm.list")["items"]:
            self.client.act("alarm.acknowledge", number=alarm["number"])

    def channel_of(self, session, key, value):
        channel = self.client.call("session.get", session_id=session)["channels"][0]
        return channel if channel[key] == value else None

    def test_a_treatment_is_ramped_adjusted_paused_and_stopped(self):
        session, lease, sheet = self.begin()
        self.assertEqual((sheet["evidence"], sheet["simulated"]), ("reported", True))
        rising = [o["value"] for o in self.bus.outputs("reha", 1) if o["value"] > 0]
        self.assertEqual(self.bus.peak("reha"), 5000)
        self.assertLessEqual(max(b - a for a, b in zip([0] + rising, rising)), 1000)
        self.assertEqual(self.bus.state(0, "interval_us"), 10000)
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=16000,
                        expect=5000)
        self.bus.wait_output("reha", 16000)
        document = wait_until("contact is told", lambda: self.channel_of(session, "contact", "good"))
        self.assertEqual((document["output"], document["evidence"], document["basis"]), ("on", "reported", "commanded"))
        asked = now_ns()
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.rested_within(asked, 100)
        self.client.state(session, "paused")
        self.client.act("session.resume", session_id=session, lease_key=lease)
        self.bus.wait_output("reha", 16000)
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")
        self.rested_within(asked, 100)
        self.assertEqual(self.bus.state(1, "net_charge_uc"), 0)
        self.assertEqual(self.room.device("reha")["serial"], "FT11")

    def test_two_channels_are_one_session_and_the_others_stay_off(self):
        session, lease, _ = begin(self.client, self.request(group="ch1_ch2", channels=("ch1", "ch2")))
        self.bus.wait_output("reha", 5000, channel=1)
        self.bus.wait_output("reha", 5000, channel=2)
        self.client.act("session.adjust", session_id=session, lease_key=lease, channel="ch2", quantity="amplitude_ua",
                        target=7000, expect=5000)
        self.bus.wait_output("reha", 7000, channel=2)
        self.assertEqual(self.bus.output("reha", 1), 5000)
        self.assertFalse([o for o in self.bus.outputs("reha") if o["on"] and o["channel"] not in (1, 2)])
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "ended")
        self.rested_within(asked, 100)

    def test_whoever_has_a_channel_has_the_device(self):
        self.begin()
        with self.assertRaises(Refused) as refused:
            begin(self.client, self.request(group="ch3", channels=("ch3",), patient="P-2"))
        self.assertEqual(refused.exception.token, "BUSY")

    def test_what_the_device_cannot_do_exactly_is_never_started(self):
        request = self.request()
        request["outputs"][0]["phases"][0]["parameters"]["pulse_rate_millihz"] = {"start": 110000, "ceiling": 110000}
        with self.assertRaises(Refused) as refused:
            begin(self.client, request)
        self.assertEqual(refused.exception.token, "OUT_OF_RANGE")
        self.assertIn("105.264 Hz", str(refused.exception))
        self.assertIn("111.112 Hz", str(refused.exception))
        self.assertEqual(self.bus.peak("reha"), 0)

    def test_an_electrode_that_comes_off_ends_the_session(self):
        session, _, _ = self.begin()
        lifted = now_ns()
        self.bus.ask("fault 1 open channel 1")
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "contact_lost")
        self.assertIn("contact of ch1 is lost", ended["detail"])
        self.assertEqual([alarm["kind"] for alarm in self.client.call("alarm.list")["items"]], ["electrode_open"])
        self.rested_within(lifted, 100)
        self.bus.ask("clear 1 open")
        self.assertEqual(self.bus.peak("reha", lifted + 10**8), 0)

    def test_the_emergency_switch_is_the_patients_stop(self):
        session, _, _ = self.begin()
        wait_until("it is seen to run", lambda: self.channel_of(session, "contact", "good"))
        pressed = now_ns()
        self.bus.ask("fault 1 patient_stop")
        self.assertEqual(self.client.state(session, "ended")["reason"], "patient_stop")
        self.rested_within(pressed, 100)
        with self.assertRaises(Refused):  # latched
            begin(self.client, self.request(patient="P-2"))
        self.bus.ask("clear 1 patient_stop")
        self.acknowledge()
        wait_until("the switch is forgotten", lambda: not self.room.device("reha")["patient_stop"])
        self.room.wait_device("reha", "ready")
        self.begin(patient="P-2")

    def test_a_device_that_starts_anew_is_a_stranger_at_rest(self):
        session, _, _ = self.begin()
        again = now_ns()
        self.bus.ask("fault 1 reboot ms 100")
        self.assertEqual(self.client.state(session, "ended")["reason"], "device_restarted")
        self.room.wait_device("reha", "ready")
        self.assertEqual(self.bus.peak("reha", again + 10**6), 0)

    def test_a_stop_that_is_not_heeded_is_left_to_the_watchdog(self):
        session, _, _ = self.begin()
        self.bus.ask("fault 1 stuck ignores 1")
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "output_unknown")
        self.assertLess(self.bus.wait_rest("reha", asked), WATCHDOG_MS + 500 * SLACK)
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")

    def test_a_pulled_plug_ends_it_by_the_watchdog_and_it_comes_back_idle(self):
        session, _, _ = self.begin()
        pulled = now_ns()
        self.bus.ask("unplug 1")
        self.client.state(session, "output_unknown")
        self.assertLess(self.bus.wait_rest("reha", pulled), WATCHDOG_MS + 100 * SLACK)
        back = now_ns()
        self.bus.ask("plug 1 FT11")
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")
        self.room.wait_device("reha", "ready")
        self.assertEqual(self.bus.peak("reha", back), 0)
        self.begin(patient="P-2")

    def test_it_stops_by_itself_when_everybody_is_killed(self):
        self.begin()
        killed = now_ns()
        hosts = self.room.host_pids()
        self.room.daemon.kill()
        for pid in hosts:
            os.kill(pid, 9)
        self.assertLess(self.bus.wait_rest("reha", killed), WATCHDOG_MS + 100 * SLACK)
        self.room.daemon.wait()
        rested = now_ns()
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.start(env=self.environment)
        self.room.wait_device("reha", "ready")
        self.assertEqual(self.bus.peak("reha", rested), 0)

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
        self.room.wait_device("reha", "ready")


if __name__ == "__main__":
    unittest.main()
