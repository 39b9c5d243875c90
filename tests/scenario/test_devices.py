# SPDX-License-Identifier: Apache-2.0
"""What a device may do to us: absent, another one, exceptions, garbage, silence, reboot, sticking, over-delivery."""
import os
import signal
import time
import unittest

from room import Refused, Room, RoomCase, begin, now_ns, tens_request, us_request, wait_until

REST_MS = 2500  # device watchdog, quarantine polls and sanitizers included; the exact bounds are the bench's


class Faults(RoomCase):
    def begin(self, **more):
        session, lease, _ = begin(self.client, tens_request(self.client, start=5000, **more))
        self.sim.wait_output("stim1", 5000)
        self.client.state(session, "running")
        return session, lease

    def stopped_by(self, fault, reasons, alarm, **arguments):
        """Injects the fault in a running treatment: it stops for this reason, at rest by the trace, and stays there.

        While a link only lies, rest cannot be proved: then the session says output_unknown until it can."""
        session, _ = self.begin()
        injected = now_ns()
        self.sim.fault("stim1", fault, **arguments)
        stopped = self.client.event(lambda e: e["type"] == "session.state" and e["session_id"] == session
                                    and e["to"] in ("ended", "output_unknown"), 20)
        self.assertIn(stopped["reason"], reasons)
        self.assertLess(self.sim.wait_rest("stim1", injected), REST_MS)
        kinds = [a["kind"] for a in self.client.call("alarm.list")["items"]]
        self.assertTrue(kinds and set(kinds) & set(alarm.split()), kinds)
        rested = now_ns()
        self.sim.clear("stim1")
        ended = self.client.state(session, "ended", 20)
        self.room.wait_device("stim1", "ready", 20)
        self.assertEqual(self.sim.peak("stim1", rested), 0, "nothing resumes")
        return ended

    def test_over_delivery(self):
        self.stopped_by("deliver", ("over_output", "over_limit"), "over_output", permille=1600, channel=1)

    def test_under_delivery(self):
        self.stopped_by("deliver", ("under_output",), "under_output", permille=500, channel=1)

    def test_shorted_electrode(self):
        self.stopped_by("short", ("electrode_short", "impedance_step"), "electrode_short", channel=1)

    def test_half_lifted_electrode(self):
        self.stopped_by("half_lift", ("impedance_step", "electrode_open", "under_output"), "impedance_step", channel=1)

    def test_device_fault(self):
        self.stopped_by("device_fault", ("device_fault",), "device_fault", code=1)

    def test_patient_stop(self):
        self.stopped_by("patient_stop", ("patient_stop", "patient"), "patient_stop")

    def test_the_patients_stop_is_cleared_by_acknowledging_its_alarm(self):
        session, _ = self.begin()
        self.sim.fault("stim1", "patient_stop")
        self.assertIn(self.client.state(session, "ended", 20)["reason"], ("patient_stop", "patient"))
        wait_until("the device to be idle", lambda: self.room.device("stim1")["state"] == "ready")
        alarm = next(a for a in self.client.call("alarm.list")["items"] if a["kind"] == "patient_stop")
        again = tens_request(self.client, start=5000, patient="P-2")

        def refusal():
            with self.assertRaises(Refused) as refused:
                self.client.act("session.prepare", **again)
            self.assertEqual(refused.exception.token, "DEVICE_NOT_READY")
            return str(refused.exception)

        self.assertIn(f"release it and acknowledge alarm {alarm['number']}", refusal())
        self.sim.clear("stim1")
        time.sleep(1)
        self.assertIn("acknowledge alarm", refusal(), "released, but latched")
        self.client.act("alarm.acknowledge", number=alarm["number"])
        wait_until("the latch to be cleared", lambda: not self.room.device("stim1")["patient_stop"])
        self.room.wait_device("stim1", "ready")
        begin(self.client, again)
        self.sim.wait_output("stim1", 5000)

    def test_a_stop_that_is_still_pressed_outlasts_the_acknowledgement(self):
        session, _ = self.begin()
        self.sim.fault("stim1", "patient_stop")
        self.client.state(session, "ended", 20)
        alarm = next(a for a in self.client.call("alarm.list")["items"] if a["kind"] == "patient_stop")
        self.client.act("alarm.acknowledge", number=alarm["number"])
        time.sleep(1)
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **tens_request(self.client, patient="P-2"))
        self.assertIn("device.reset", str(refused.exception))

    def test_reboot(self):
        self.stopped_by("reboot", ("device_restarted", "link_lost", "output_lost", "sample_stale", "device_fault"),
                        "device_restarted", ms=0)

    def test_exceptions(self):
        self.stopped_by("exception", ("link_lost", "sample_stale", "device_fault", "stale"), "link_lost device_fault", code=4, count=60)

    def test_garbage(self):
        self.stopped_by("corrupt", ("link_lost", "sample_stale", "stale", "dead_man"), "link_lost", how="garbage")

    def test_answers_in_the_name_of_another_unit(self):
        self.stopped_by("corrupt", ("link_lost", "sample_stale", "stale", "dead_man"), "link_lost", how="unit", count=1000)

    def test_answers_whose_length_lies(self):
        self.stopped_by("corrupt", ("link_lost", "sample_stale", "stale", "dead_man"), "link_lost", how="bad_crc", count=1000)

    def test_silence(self):
        self.stopped_by("drop", ("link_lost", "sample_stale", "stale", "dead_man"), "link_lost sample_stale", count=10)

    def test_closed_link(self):
        self.stopped_by("close", ("link_lost", "sample_stale", "stale"), "link_lost", count=1)

    def test_stuck_output_is_latched_as_unknown_until_it_is_proved(self):
        session, _ = self.begin()
        self.sim.fault("stim1", "stuck", channel=1)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "output_unknown")
        self.assertEqual(self.room.device("stim1")["state"], "output_unknown")
        alarms = [a for a in self.client.call("alarm.list")["items"] if a["kind"] == "output_unknown"]
        self.assertEqual(alarms[0]["priority"], "high")
        with self.assertRaises(Refused):
            self.client.act("session.prepare", **tens_request(self.client, patient="P-2"))
        self.sim.clear("stim1")
        self.client.state(session, "ended")
        self.assertTrue(self.sim.at_rest("stim1"))

    def test_a_device_in_its_place_does_not_prove_its_rest(self):
        self.sim.fault("stim1", "no_watchdog")
        session, _ = self.begin()
        self.sim.fault("stim1", "absent")
        self.client.state(session, "output_unknown")
        self.assertFalse(self.sim.at_rest("stim1"))
        self.sim.fault("stim1", "identity", serial=4711)
        self.sim.clear("stim1", "absent")
        wait_until("the newcomer", lambda: self.room.device("stim1").get("serial") == "4711")
        wait_until("the reason", lambda: "another device" in (self.room.device("stim1")["detail"] or ""))
        self.assertTrue(any(a["kind"] == "output_unknown" and "another device" in a["detail"]
                            for a in self.client.call("alarm.list")["items"]))
        self.assertEqual(self.room.device("stim1")["state"], "output_unknown")
        self.assertEqual(self.client.call("session.get", session_id=session)["state"], "output_unknown")
        self.sim.fault("stim1", "absent")
        self.sim.clear("stim1")
        self.client.state(session, "ended")
        self.room.wait_device("stim1", "ready")

    def test_output_that_starts_by_itself_is_made_safe(self):
        started = now_ns()
        self.sim.fault("stim1", "self_start", channel=1)
        wait_until("the alarm", lambda: any(
            a["kind"] == "output_while_off" for a in self.client.call("alarm.list")["items"]))
        self.assertLess(self.sim.wait_rest("stim1", started), REST_MS)

    def test_a_write_that_is_only_echoed_does_not_count_as_done(self):
        self.sim.fault("stim1", "echo_only", match={"function": 5})
        request = tens_request(self.client, start=5000)
        session, _, _ = begin(self.client, request)
        self.client.state(session, "ended", 20)
        self.assertEqual(self.sim.peak("stim1"), 0)

    def test_the_late_write_of_a_dead_connection_does_not_stay(self):
        session, lease = self.begin()
        self.sim.fault("stim1", "late_write", ms=300, count=1, match={"function": 6, "address": 100})
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=9000,
                        expect=5000)
        changed = now_ns()
        self.client.state(session, "ended", 20)
        self.room.wait_device("stim1", "quarantine")  # its host says so after the session has ended
        self.assertLess(self.sim.wait_rest("stim1", changed), REST_MS)
        rested = now_ns()
        self.room.wait_device("stim1", "ready", 20)
        self.assertEqual(self.sim.peak("stim1", rested), 0)


class Presence(unittest.TestCase):
    def test_a_device_that_is_absent_at_start_comes_when_it_comes(self):
        room = Room(start=False)
        self.addCleanup(room.close)
        room.sim.fault("stim1", "absent")
        room.start(ready=False)
        room.wait_device("us1", "ready")
        room.wait_device("stim1", "absent")
        client = room.client()
        with self.assertRaises(Refused) as refused:
            client.act("session.prepare", **tens_request(client))
        self.assertIn(refused.exception.token, ("DEVICE_ABSENT", "DEVICE_NOT_READY"))
        room.sim.clear("stim1")
        room.wait_device("stim1", "ready")
        self.assertEqual(room.sim.peak("stim1"), 0)

    def test_another_device_at_the_address_is_refused(self):
        room = Room(start=False)
        self.addCleanup(room.close)
        room.sim.fault("stim1", "identity", model=1)
        room.start(ready=False)
        room.wait_device("stim1", "wrong_identity")
        client = room.client()
        with self.assertRaises(Refused):
            client.act("session.prepare", **tens_request(client))


class SharedLine(unittest.TestCase):
    """Two units on one RS-485 line (a pty)."""

    def setUp(self):
        self.room = Room(start=False, devices=())
        self.addCleanup(self.room.close)
        from room import Sim
        tty = self.room.directory + "/tty"
        self.sim = self.room.sim = Sim(self.room.directory, (f"stim1=refstim,unit=1,pty={tty}",
                                                             f"us2=refus,unit=2,pty={tty},head_serial=5001"))
        self.room.write("devices.ini", "".join(
            self.room.device_section(name, link) for name, link in self.sim.links.items()))
        self.room.start()
        self.client = self.room.client()

    def test_both_units_are_treated_with_at_once(self):
        first, _, _ = begin(self.client, tens_request(self.client, start=4000))
        second, _, _ = begin(self.client, us_request(self.client, device="us2", patient="P-2", start=500000,
                                                            acknowledged=["us_static_max"]))
        self.sim.wait_output("stim1", 4000)
        self.sim.wait_output("us2", 2000000)
        asked = now_ns()
        self.client.call("stop.all")
        self.client.state(first, "ended")
        self.client.state(second, "ended")
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        self.assertLess(self.sim.wait_rest("us2", asked), 1000)

    def test_a_line_that_is_plugged_in_again_is_another_node_and_comes_back_idle(self):
        tty = self.room.directory + "/tty"
        node = os.path.realpath(tty)
        held = os.open(node, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)  # its number is not given to the one that returns
        self.addCleanup(os.close, held)
        session, _, _ = begin(self.client, tens_request(self.client, start=4000))
        self.sim.wait_output("stim1", 4000)
        gone = now_ns()
        self.sim.fault("stim1", "absent", ms=1500)
        self.assertEqual(self.client.state(session, "ended", 20)["reason"], "link_lost")
        for name, away in (("stim1", ("absent", "output_unknown")), ("us2", ("absent",))):
            self.client.event(lambda e, name=name, away=away: e["type"] == "device.state" and e.get("id") == name
                              and e.get("state") in away)
            self.room.wait_device(name, "ready")
        self.assertNotEqual(os.path.realpath(tty), node)
        self.assertLess(self.sim.wait_rest("stim1", gone), REST_MS)
        rested = now_ns()
        before = self.client.call("daemon.info")["config"]["generation"]
        self.room.daemon.send_signal(signal.SIGHUP)
        wait_until("the reload", lambda: self.client.call("daemon.info")["config"]["generation"] > before)
        self.assertEqual(self.sim.peak("stim1", rested), 0, "nothing resumes")
        begin(self.client, tens_request(self.client, start=4000, patient="P-2"))
        self.sim.wait_output("stim1", 4000)


if __name__ == "__main__":
    unittest.main()
