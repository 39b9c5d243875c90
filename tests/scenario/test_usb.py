# SPDX-License-Identifier: Apache-2.0
"""USB devices in a treatment room: the real daemon, hosts and plugins over libusb and libftdi on a USB bus that umockdev
plays, judged by the trace of the simulated devices. They stand side by side in one room, next to a Modbus stimulator; each
test leaves all of them ready and has patients of its own."""
import itertools
import os
import subprocess
import unittest

from room import (BIN, HEAD, LIFU, LIFU_HEAD, P24, PATIENCE, PATIENT, PROBE, REHA, STIM, Refused, Room, begin, lifu_request, now_ns, screened,
                  tens_request, wait_until)

SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers and shared machines
DEVICES = ("p24", "reha", "lifu", "stim1")
patients = (f"P-{n}" for n in itertools.count(1))
LIFU_PROTOCOL = """[protocol lifu_trial]
label = Open-LIFU, low intensity
revision = 1
therapy = us_nonthermal
waveform = us_pulsed
intensity_satp_uw_cm2 = 0 W/cm2..60 mW/cm2, default 30 mW/cm2
duty_permille = 20 %
pulse_repetition_millihz = 1 kHz
us_frequency_khz = 1 MHz
treated_area_mm2 = 5 cm2..10 cm2, default 5 cm2
duration_ms = 2 s..600 s, default 60 s
contact_hold = 0 s
rest_min = 0 min
sessions_per_day = 1
source = test
verified = choice
"""
room = None


def setUpModule():
    global room  # pylint: disable=global-statement
    # A call of a plugin may take long where four programs and a bus share two processors: it does not hang.
    room = Room(devices=(P24, REHA, LIFU, STIM), start=False, daemon_keys=PATIENT.replace("grace = 200 ms", "grace = 500 ms"))
    unittest.addModuleCleanup(room.close)
    room.write("applicators.ini", HEAD + PROBE + LIFU_HEAD)
    room.write("protocols/lifu.ini", LIFU_PROTOCOL)
    room.start()


class UsbCase(unittest.TestCase):
    def setUp(self):
        self.sim = room.sim
        self.client = room.client()
        self.addCleanup(self.leave_idle)

    def leave_idle(self):
        self.sim.control(clear="all")
        self.client.call("stop.all")
        wait_until("nothing runs", lambda: all(s["state"] == "ended" for s in self.client.call("session.list")["items"]))
        for alarm in self.client.call("alarm.list")["items"]:
            self.client.act("alarm.acknowledge", number=alarm["number"])
        for device in DEVICES:
            room.wait_device(device, "ready")
            self.assertTrue(self.sim.at_rest(device), device)
        room.clients.remove(self.client)
        self.client.close()

    def tens_request(self, device, ua=5000, **more):
        room.wait_device(device, "ready")
        return screened(self.client, tens_request(self.client, device=device, start=ua, ceiling=20000, patient=next(patients),
                                                  **more))

    def tens(self, device, ua=5000, **more):
        """Conventional TENS, seen to come out."""
        channel = int(more.get("channels", ("ch1",))[0][2:])
        return self.seen_running(lambda: self.tens_request(device, ua, **more), device, ua, channel)

    def begin(self, request):
        """Another look at a device may be due just when it was said to be ready: then it is asked for once more."""
        def tried():
            try:
                return begin(self.client, request)
            except Refused as refused:
                if refused.token != "DEVICE_NOT_READY":
                    raise
                return None
        return wait_until("the device is ready", tried, tick=0.05)

    def seen_running(self, request, device, least, channel=1, attempts=3):
        """A treatment whose output is there. On a machine that is too busy to ask a device in time, or a daemon for its
        permit, it is given up, rightly; that is not what is tried here."""
        begun = self.begin(request())
        state = wait_until("it comes out, or ends", lambda: self.output_or_end(begun[0], device, least, channel), 2 * PATIENCE)
        if state is True:
            return begun
        if state["reason"] not in ("link_lost", "dead_man", "host_lost") or attempts == 1:
            raise AssertionError(f"no output of {device}; its session: {state}")
        return self.seen_running(request, device, least, channel, attempts - 1)

    def output_or_end(self, session, device, least, channel):
        if self.sim.output(device, channel) >= least:
            return True
        return self.client.call("session.get", session_id=session).get("end")

    def stop(self, session, device):
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        ended = self.client.state(session, "ended")
        self.rested_within(device, asked, 100)
        return ended

    def adjust(self, session, lease, target, expect, **more):
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=target,
                        expect=expect, **more)

    def resume(self, session, lease):
        """Once its host has told as well that the device is at rest."""
        def tried():
            try:
                return self.client.act("session.resume", session_id=session, lease_key=lease)
            except Refused as refused:
                if refused.token != "WRONG_STATE":
                    raise
                return None
        wait_until("it may go on", tried)

    def rested_within(self, device, since_ns, bound_ms):
        self.assertLess(self.sim.wait_rest(device, since_ns), bound_ms * SLACK)

    def channel_of(self, session, key, value):
        channel = self.client.call("session.get", session_id=session)["channels"][0]
        return channel if channel[key] == value else None

    def restart(self):
        """Another daemon in the same room."""
        self.client.close()
        room.clients.clear()
        room.stop()
        room.start()
        self.client = room.client()

    def kill_hosts(self):
        for pid in room.host_pids():
            os.kill(pid, 9)


class Stimulation(UsbCase):
    """What both stimulators must do; they differ in their watchdogs and in what a plug means to them."""

    def whole_treatment(self, device):
        since = now_ns()
        session, lease, sheet = self.tens(device)
        self.assertEqual((sheet["evidence"], sheet["simulated"], sheet["device"]["label"]),
                         ("reported", True, f"{device} label"))
        rising = [o["value"] for o in self.sim.outputs(device, 1) if o["value"] > 0 and o["t_ns"] > since]
        self.assertEqual(self.sim.peak(device, since), 5000)
        self.assertLessEqual(max(b - a for a, b in zip([0] + rising, rising)), 1000)
        self.adjust(session, lease, 16000, 5000)
        self.sim.wait_output(device, 16000)
        document = wait_until("contact is told", lambda: self.channel_of(session, "contact", "good"))
        self.assertEqual((document["output"], document["evidence"], document["basis"]), ("on", "reported", "commanded"))
        asked = now_ns()
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.rested_within(device, asked, 100)
        self.client.state(session, "paused")
        self.resume(session, lease)
        self.sim.wait_output(device, 16000)
        self.assertEqual(self.stop(session, device)["evidence"], "reported")
        self.assertEqual(self.sim.state(device, 1)["net_charge_uc"], 0)
        self.client.event(lambda e: e["type"] == "session.ended" and e["session_id"] == session)
        self.assertTrue(self.client.call("record.get", session_id=session))
        self.assertEqual(len(self.client.call("dose.history", patient_ref=sheet["patient_ref"])["items"]), 1)

    def test_a_treatment_on_a_p24_is_ramped_adjusted_paused_and_stopped(self):
        self.whole_treatment("p24")
        self.assertEqual(self.sim.state("p24", 1)["period_us"], 10000)
        self.assertEqual(self.sim.state("p24")["voltage_on"], 0)
        self.assertEqual(room.device("p24")["serial"], "0000000011")

    def test_a_treatment_on_a_rehastim_is_ramped_adjusted_paused_and_stopped(self):
        self.whole_treatment("reha")
        self.assertEqual(self.sim.state("reha")["interval_us"], 10000)

    def test_two_channels_are_one_session_and_the_others_stay_off(self):
        for device, group, channels in (("p24", "ch3-4", ("ch3", "ch4")), ("reha", "ch1_ch2", ("ch1", "ch2"))):
            since = now_ns()
            session, lease, _ = self.tens(device, group=group, channels=channels)
            numbers = [int(channel[2:]) for channel in channels]
            self.sim.wait_output(device, 5000, channel=numbers[1])
            self.adjust(session, lease, 7000, 5000, channel=channels[1])
            self.sim.wait_output(device, 7000, channel=numbers[1])
            self.assertEqual(self.sim.output(device, numbers[0]), 5000)
            self.stop(session, device)
            self.assertFalse([o for o in self.sim.outputs(device)
                              if o["on"] and o["channel"] not in numbers and o["t_ns"] > since])

    def test_what_a_device_cannot_do_exactly_is_refused_with_what_it_can(self):
        for device, below in (("p24", "108.109 Hz"), ("reha", "105.264 Hz")):
            since = now_ns()
            request = self.tens_request(device)
            request["outputs"][0]["phases"][0]["parameters"]["pulse_rate_millihz"] = {"start": 110000, "ceiling": 110000}
            with self.assertRaises(Refused) as refused:
                begin(self.client, request)
            self.assertEqual(refused.exception.token, "OUT_OF_RANGE")
            self.assertIn(below, str(refused.exception))
            self.assertIn("111.112 Hz", str(refused.exception))
            self.assertEqual(self.sim.peak(device, since), 0)

    def test_an_electrode_that_comes_off_ends_the_session_by_its_name(self):
        for device, ua in (("p24", 18000), ("reha", 5000)):  # a P24 looks from 15 mA on
            session, _, _ = self.tens(device, ua)
            lifted = now_ns()
            self.sim.fault(device, "open", channel=1)
            self.assertIn("contact of ch1 is lost", self.client.state(session, "ended")["detail"])
            alarms = [alarm for alarm in self.client.call("alarm.list")["items"] if alarm.get("session_id") == session]
            self.assertEqual([alarm["kind"] for alarm in alarms], ["electrode_open"])
            self.rested_within(device, lifted, 100)
            self.sim.clear(device, "open")
            self.assertEqual(self.sim.peak(device, lifted + 10**8), 0)

    def test_a_pulled_plug_ends_it_and_it_comes_back_idle(self):
        for device, bound_ms in (("p24", 100), ("reha", 1200 + 100)):  # the one lives on the bus, the other has a watchdog
            session, _, _ = self.tens(device)
            pulled = now_ns()
            self.sim.fault(device, "absent")
            self.client.state(session, "output_unknown")
            self.rested_within(device, pulled, bound_ms)
            back = now_ns()
            self.sim.clear(device, "absent")
            self.assertEqual(self.client.state(session, "ended", 3 * PATIENCE)["evidence"], "reported")
            room.wait_device(device, "ready")
            self.assertEqual(self.sim.peak(device, back), 0)

    def test_a_plug_that_comes_back_is_found_within_a_second(self):
        for _ in range(2):
            self.sim.fault("p24", "absent")
            room.wait_device("p24", "absent")
            back = now_ns()
            self.sim.clear("p24", "absent")
            room.wait_device("p24", "ready")
            self.assertLess((now_ns() - back) / 1e6, 1000 * SLACK)

    def test_another_device_in_its_port_is_not_used(self):
        since = now_ns()
        self.sim.fault("p24", "absent")
        room.wait_device("p24", "absent")
        self.sim.fault("p24", "identity", serial=12)
        self.sim.clear("p24", "absent")
        room.wait_device("p24", "wrong_identity")
        with self.assertRaises(Refused):
            begin(self.client, tens_request(self.client, device="p24", patient=next(patients)))
        self.assertEqual(self.sim.peak("p24", since), 0)

    def test_the_emergency_switch_is_the_patients_stop(self):
        session, _, _ = self.tens("reha")
        wait_until("it is seen to run", lambda: self.channel_of(session, "contact", "good"))
        pressed = now_ns()
        self.sim.fault("reha", "patient_stop")
        self.assertEqual(self.client.state(session, "ended")["reason"], "patient_stop")
        self.rested_within("reha", pressed, 100)
        with self.assertRaises(Refused):  # latched
            begin(self.client, tens_request(self.client, device="reha", patient=next(patients)))

    def test_a_device_that_starts_anew_is_a_stranger_at_rest(self):
        session, _, _ = self.tens("reha")
        again = now_ns()
        self.sim.fault("reha", "reboot", ms=100)
        self.assertEqual(self.client.state(session, "ended")["reason"], "device_restarted")
        room.wait_device("reha", "ready")
        self.assertEqual(self.sim.peak("reha", again + 10**6), 0)

    def test_a_stop_that_is_not_heeded_is_left_to_the_watchdog(self):
        session, _, _ = self.tens("reha")
        self.sim.fault("reha", "stuck", ignores="commands")
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "output_unknown")
        self.rested_within("reha", asked, 1200 + 500)
        self.assertEqual(self.client.state(session, "ended")["evidence"], "reported")

    def test_devices_on_usb_and_modbus_are_treated_with_at_once_and_stopped_at_once(self):
        sessions = {device: self.tens(device)[0] for device in ("p24", "reha", "stim1")}
        asked = now_ns()
        self.assertEqual(sorted(self.client.call("stop.all")["stopping"]), sorted(sessions.values()))
        for device, session in sessions.items():
            self.client.state(session, "ended")
            self.rested_within(device, asked, 200)


    def test_a_device_that_hangs_rests_by_its_watchdog_and_a_stall_is_cleared(self):
        session, _, _ = self.tens("p24")
        self.sim.fault("p24", "stall", endpoint="in")
        self.stop(session, "p24")
        session, _, _ = self.tens("p24")
        hung = now_ns()
        self.sim.fault("p24", "hang", endpoint="in")
        self.sim.fault("p24", "hang", endpoint="out")
        self.client.state(session, "output_unknown")
        self.rested_within("p24", hung, 2000 + 500)
        self.sim.clear("p24", "hang")
        self.assertEqual(self.client.state(session, "ended", 3 * PATIENCE)["reason"], "link_lost")


class Killed(UsbCase):
    def test_hosts_that_are_killed_are_replaced_and_rest_their_devices(self):
        sessions = {device: self.tens(device)[0] for device in ("p24", "reha")}
        killed = now_ns()
        self.kill_hosts()
        for device, session in sessions.items():
            self.rested_within(device, killed, 300)
            self.client.state(session, "ended")
            room.wait_device(device, "ready")

    def test_hosts_rest_their_devices_when_the_daemon_is_killed(self):
        for device in ("p24", "reha"):
            self.tens(device)
        killed = now_ns()
        room.daemon.kill()
        for device in ("p24", "reha"):
            self.rested_within(device, killed, 250)
        self.restart()

    def test_devices_stop_by_themselves_when_everybody_is_killed(self):
        for device in ("p24", "reha"):
            self.tens(device)
        killed = now_ns()
        hosts = room.host_pids()
        room.daemon.kill()
        for pid in hosts:
            os.kill(pid, 9)
        self.rested_within("reha", killed, 1200 + 100)
        self.rested_within("p24", killed, 2000 + 500)
        rested = now_ns()
        self.restart()
        for device in ("p24", "reha"):
            room.wait_device(device, "ready")
            self.assertEqual(self.sim.peak(device, rested), 0)


class OpenLifu(UsbCase):
    def treat(self, **more):
        room.wait_device("lifu", "ready")
        return self.seen_running(lambda: lifu_request(self.client, patient=next(patients), **more), "lifu", 29000)

    def energy_uj(self, since_ns):
        """What came out by the trace: 20 % of the time, over the 5 cm2 of its head."""
        outputs = [o for o in self.sim.outputs("lifu") if o["t_ns"] >= since_ns]
        return sum(a["value"] * (b["t_ns"] - a["t_ns"]) / 1e9 for a, b in zip(outputs, outputs[1:])) * 0.2 * 5

    def test_a_treatment_is_started_paused_and_stopped(self):
        began = now_ns()
        session, lease, sheet = self.treat()
        self.assertEqual((sheet["simulated"], sheet["device"]["label"]), (True, "lifu label"))
        state = self.sim.state("lifu")
        self.assertEqual((state["millivolts"], state["running"], state["trains"]), (14125, 1, 600))
        document = wait_until("it is told to run", lambda: self.channel_of(session, "evidence", "reported"))
        self.assertEqual((document["output"], document["basis"]), ("on", "commanded"))
        asked = now_ns()
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.rested_within("lifu", asked, 150)
        self.client.state(session, "paused")
        self.resume(session, lease)
        self.sim.wait_output("lifu", 29000)
        self.assertEqual(self.stop(session, "lifu")["evidence"], "measured")
        told = self.client.call("session.get", session_id=session)["delivered"]["energy_uj"]
        true = self.energy_uj(began)
        self.assertGreaterEqual(told, true)  # never less than what came out
        self.assertLess(told, 1.5 * true + 60000)  # 2 s at most that nobody could see
        state = self.sim.state("lifu")
        self.assertEqual((state["voltage_on"], state["running"], state["millivolts"]), (0, 0, 0))
        self.assertEqual(len(self.client.call("dose.history", patient_ref=sheet["patient_ref"])["items"]), 1)

    def test_another_level_is_taken_from_rest_alone(self):
        session, lease, _ = self.treat(ceiling=60000)
        level = {"session_id": session, "lease_key": lease, "quantity": "intensity_satp_uw_cm2"}
        with self.assertRaises(Refused) as refused:
            self.client.act("session.adjust", target=60000, expect=30000, **level)
        self.assertEqual(refused.exception.token, "WRONG_STATE")
        self.assertIn("at rest alone", str(refused.exception))
        asked = now_ns()
        self.client.act("session.adjust", target=0, expect=30000, **level)
        self.rested_within("lifu", asked, 150)

        def raised():
            try:
                return self.client.act("session.adjust", target=60000, expect=0, **level)
            except Refused:  # it was not seen at rest yet
                return None
        wait_until("it is taken from rest", raised)
        self.sim.wait_output("lifu", 59000)
        self.assertEqual(self.sim.state("lifu")["millivolts"], 20000)
        self.stop(session, "lifu")

    def test_the_loss_of_either_stops_the_other(self):
        for plug in (1, 2):
            session, _, _ = self.treat()
            pulled = now_ns()
            self.sim.fault("lifu", "absent", plug=plug)
            self.rested_within("lifu", pulled, 500)
            self.client.state(session, "output_unknown")
            back = now_ns()
            self.sim.clear("lifu", "absent", plug=plug)
            self.client.state(session, "ended")
            room.wait_device("lifu", "ready")
            self.assertEqual(self.sim.peak("lifu", back), 0)

    def test_a_start_that_is_accepted_and_does_not_run_is_found_out(self):
        since = now_ns()
        self.sim.fault("lifu", "head_temperature", millic=80000)  # it blocks, and stays blocked above 70
        self.sim.fault("lifu", "head_temperature", millic=72000)
        room.wait_device("lifu", "ready")
        session, _, _ = self.begin(lifu_request(self.client, patient=next(patients)))
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "device_fault", ended)
        self.assertEqual(self.sim.peak("lifu", since), 0)

    def test_one_that_was_switched_off_is_not_used_before_its_pattern_is_loaded_again(self):
        session, _, _ = self.treat()
        self.sim.fault("lifu", "reboot")
        off = now_ns()
        self.assertEqual(self.client.state(session, "ended")["reason"], "device_restarted")
        room.wait_device("lifu", "ready")
        session, _, _ = self.begin(lifu_request(self.client, patient=next(patients)))
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["reason"], "device_fault", ended)
        self.assertIn("does not hold the section's pattern", ended["detail"])
        state = self.sim.state("lifu")
        self.assertEqual((state["running"], state["voltage_on"]), (0, 0))
        self.assertEqual(self.sim.peak("lifu", off), 0)
        self.sim.clear("lifu", "reboot")  # as the maker's tools do
        session, _, _ = self.treat()
        self.stop(session, "lifu")

    def test_one_that_hangs_is_unknown_until_it_is_proved_at_rest(self):
        session, _, _ = self.treat()
        for endpoint in ("in", "out", "requests"):
            self.sim.fault("lifu", "hang", endpoint=endpoint)
        self.client.state(session, "output_unknown")
        self.assertIn("output_unknown", [alarm["kind"] for alarm in self.client.call("alarm.list")["items"]])
        self.assertGreater(self.sim.output("lifu"), 0)  # nobody watches the host: that is what is accepted by name
        back = now_ns()
        self.sim.clear("lifu", "hang")
        self.rested_within("lifu", back, 2000)
        self.client.state(session, "ended", 3 * PATIENCE)

    def test_it_is_refused_without_a_calibration_and_without_the_installations_word(self):
        section = room.device_section("lifu", self.sim.links["lifu"])
        others = "".join(room.device_section(name, link) for name, link in self.sim.links.items() if name != "lifu")
        self.addCleanup(self.restart)
        self.addCleanup(room.write, "devices.ini", others + section)
        room.write("devices.ini", others + "".join(
            line for line in section.splitlines(True) if not line.startswith("calibration = ")))
        check = [os.path.join(BIN, "modalityd"), "--config", room.config, "--check"]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, r"devices\.ini:\d+: .*calibration")
        room.write("devices.ini", others + "".join(
            line for line in section.splitlines(True) if not line.startswith("accept_link_loss")))
        self.restart()
        room.wait_device("lifu", "ready")
        with self.assertRaises(Refused) as refused:
            begin(self.client, lifu_request(self.client, patient=next(patients)))
        self.assertIn("accept_link_loss is missing", str(refused.exception))

    def test_a_stop_that_is_not_heeded_takes_the_consoles_supply_away(self):
        session, _, _ = self.treat()
        self.sim.fault("lifu", "stuck")
        asked = now_ns()
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.rested_within("lifu", asked, 1000)
        self.assertEqual(self.sim.state("lifu")["supply_on"], 0)
        self.sim.clear("lifu", "stuck")
        self.client.state(session, "ended", 3 * PATIENCE)
        self.sim.fault("lifu", "reboot")  # what a person does: the 12 V come back with its power
        self.assertEqual(self.sim.state("lifu")["supply_on"], 1)

    def test_overheating_ends_the_session(self):
        session, _, _ = self.treat()
        hot = now_ns()
        self.sim.fault("lifu", "head_temperature", millic=76000)
        self.client.state(session, "ended")
        self.rested_within("lifu", hot, 200)


if __name__ == "__main__":
    unittest.main()
