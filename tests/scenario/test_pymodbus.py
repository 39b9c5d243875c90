# SPDX-License-Identifier: Apache-2.0
"""The daemon drives a device of another make: the reference stimulator on pymodbus, over TCP and as RTU on a pair of ptys
that socat joins. What came out is what that server says of itself on its own output, with the machine's own clock."""
import os
import re
import select
import subprocess
import time
import unittest

from room import PATIENCE, SOURCE, Room, alive, begin, now_ns, tens_request, wait_until

SERVER = os.path.join(SOURCE, "tests", "plugin", "modbus-map", "pymodbus_refstim.py")
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers, Python and a shared machine; the bench holds the figures
# A device in Python on a loaded machine answers when it can: it is given more time than the shipped configuration does.
PATIENT_DAEMON = "lease = 30 s\ntelemetry = 150 ms\npermit = 1500 ms\nslice = 150 ms\ngrace = 200 ms"
LATE = ("sample_stale", "link_lost", "dead_man", "not_started", "host_lost")
STEP_UA, WATCHDOG_MS, DAEMON_KILLED_MS = 1000, 1000, 250


def map_of(room):
    with open(os.path.join(room.config, "maps", "refstim.ini"), encoding="utf-8") as file:
        return file.read()


class Lines:
    """The output of a program, line by line as it comes, each wait with a bound."""

    def __init__(self, arguments, **more):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
        self.rest, self.lines = b"", []

    def take(self, seconds=0.0):
        stream = self.process.stdout
        if select.select([stream], [], [], seconds)[0]:
            data = os.read(stream.fileno(), 65536)
            if not data:
                raise AssertionError(f"{self.process.args} ended")
            *whole, self.rest = (self.rest + data).split(b"\n")
            self.lines += [line.decode() for line in whole]
        return self.lines

    def expect(self, what, seconds=2 * PATIENCE):
        deadline = time.monotonic() + seconds
        while not (found := next((m for line in self.take() if (m := re.search(what, line))), None)):
            if time.monotonic() > deadline:
                raise AssertionError(f"no line {what!r} within {seconds} s: {self.lines[-20:]}")
            select.select([self.process.stdout], [], [], 0.1)
        return found

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Server(Lines):
    """The pymodbus stimulator and its own trace."""

    def __init__(self, *where):
        super().__init__(["/usr/bin/python3", "-B", SERVER, *where, "--trace"])
        self.where = self.expect(r"^ready \w+ (.*)$").group(1)

    def events(self, kind, channel=None):
        """(value or on/off, ns, why) of one kind, in order."""
        words = (line.split() for line in self.take() if line.startswith(kind + " "))
        return [w[1:] for w in words if channel is None or w[1] == str(channel)]

    def on(self, channel=1):
        outputs = self.events("output", channel)
        return bool(outputs) and outputs[-1][1] == "on"

    def level(self, channel=1):
        """What comes out, in uA: the set point while the output is on."""
        levels = self.events("level", channel)
        return int(levels[-1][1]) if levels and self.on(channel) else 0

    def wait_level(self, level, channel=1):
        wait_until(f"{level} uA", lambda: self.level(channel) == level)

    def wait_off(self, since_ns, channel=1):
        """Milliseconds until the output was off, and why, by the server."""
        wait_until("output off", lambda: not self.on(channel))
        _, _, ns, *why = next(o for o in self.events("output", channel) if o[1] == "off" and int(o[2]) >= since_ns)
        return (int(ns) - since_ns) / 1e6, " ".join(why)


class Foreign:
    """The tests, for each kind of wire."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.connect()
        cls.addClassCleanup(cls.server.end)
        cls.room = Room(devices=(), links={"stim1": cls.link}, start=False, daemon_keys=PATIENT_DAEMON)
        cls.addClassCleanup(cls.room.close)
        cls.room.write("maps/refstim.ini", map_of(cls.room).replace("slice = 50 ms", "slice = 150 ms"))
        cls.room.start()
        cls.room.wait_device("stim1", "ready", 2 * PATIENCE)
        cls.number = 0

    def setUp(self):
        type(self).number += 1
        self.patient = f"P-{self.number}"
        self.client = self.room.client()

    def begin(self):
        """A treatment that runs at 4 mA. A server in Python that gets no processor in time is a device that does not answer
        in time, and is stopped: that is right, and no matter of these tests, so it is begun again."""
        for attempt in range(4):
            patient = f"{self.patient}.{attempt}"
            session, lease, _ = begin(self.client, tens_request(self.client, patient=patient, start=4000, ceiling=9000))
            reached = self.client.event(lambda e, s=session: e.get("session_id") == s and e.get("to") in ("running", "ended"))
            if reached["to"] == "running":
                self.server.wait_level(4000)
                self.patient = patient
                return session, lease
            self.assertIn(reached["reason"], LATE, reached)
            self.ready_again()
        self.fail("the machine is too slow for a device in Python")
        return None

    def ready_again(self):
        self.room.wait_device("stim1", "ready", 2 * PATIENCE)

    def test_a_whole_treatment(self):
        begun = len(self.server.events("level", 1))
        session, lease = self.begin()
        key = {"session_id": session, "lease_key": lease}
        levels = [0] + [int(e[1]) for e in self.server.events("level", 1)[begun:]]
        self.assertTrue(all(b - a <= STEP_UA for a, b in zip(levels, levels[1:])), f"walked: {levels}")
        self.client.act("session.adjust", quantity="amplitude_ua", target=6000, expect=4000, **key)
        self.server.wait_level(6000)
        self.client.call("session.keepalive", **key)
        wait_until("a measured value", lambda: self.channel(session).get("measured") == 6000)
        self.assertEqual(self.channel(session)["impedance_ohm"], 1000)

        asked = now_ns()
        self.client.act("session.pause", **key)
        self.assertLess(self.server.wait_off(asked)[0], 1000)
        self.client.state(session, "paused")
        self.client.act("session.resume", **key)
        self.server.wait_level(6000)

        asked = now_ns()
        self.client.call("session.stop", session_id=session)
        took, why = self.server.wait_off(asked)
        self.assertLess(took, 1000)
        self.assertEqual(why, "command")
        self.assertEqual(self.client.state(session, "ended")["evidence"], "measured")
        self.assertEqual(len(self.client.call("dose.history", patient_ref=self.patient)["items"]), 1)
        self.assertTrue(self.client.call("audit.verify")["ok"])
        self.ready_again()

    def channel(self, session):
        return self.client.call("session.get", session_id=session)["channels"][0]

    def test_its_watchdog_is_fed_while_it_is_on_and_only_then(self):
        session, _ = self.begin()
        first = len(self.server.events("fed"))
        wait_until("six feeds", lambda: len(self.server.events("fed")) >= first + 6)
        fed = [int(e[0]) for e in self.server.events("fed")[first:]]
        gaps = [(b - a) / 1e6 for a, b in zip(fed, fed[1:])]
        self.assertLess(max(gaps), WATCHDOG_MS, "never late")
        self.assertLess(sum(gaps) / len(gaps), WATCHDOG_MS / 2, "about three times in its time")
        self.client.call("session.stop", session_id=session)
        off = now_ns()
        self.client.state(session, "ended")
        self.ready_again()
        time_to_look = off + WATCHDOG_MS * 1000000
        wait_until("a while at rest", lambda: now_ns() > time_to_look)
        self.assertFalse([e for e in self.server.events("fed") if int(e[0]) > off + 200 * 1000000], "not fed at rest")

    def test_an_electrode_and_the_hand_switch_stop_it(self):
        for patient, command, undo, reason in (("one", "electrode 1 100000", "electrode 1 1000", "electrode_open"),
                                               ("two", "hand 1", "hand 0", "patient_stop")):
            self.patient = f"P-{self.number}-{patient}"
            session, _ = self.begin()
            injected = now_ns()
            self.server.say(command)
            took, _ = self.server.wait_off(injected)
            self.assertLess(took, 1000)
            self.assertEqual(self.client.state(session, "ended")["reason"], reason)
            self.server.say(undo)
            self.ready_again()
            if reason == "patient_stop":  # the unit keeps it latched until a person has it made safe
                self.client.act("device.reset", device="stim1", statement="hand switch looked at")
                wait_until("no stop is latched", lambda: not self.room.device("stim1")["patient_stop"])
                self.ready_again()
            self.assertFalse(self.server.on(), "nothing comes back")

    def test_a_silent_device_is_stopped_by_its_own_watchdog_at_the_latest(self):
        session, _ = self.begin()
        muted = now_ns()
        self.server.say("mute 1")
        took, _ = self.server.wait_off(muted)
        self.assertLess(took, (WATCHDOG_MS + 500) * SLACK)
        self.server.say("mute 0")
        self.client.state(session, "ended", 2 * PATIENCE)
        self.ready_again()

    def restart(self):
        self.room.daemon.wait(PATIENCE)
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()
        self.room.start()
        self.ready_again()
        self.client = self.room.client()

    def test_a_killed_daemon_leaves_no_output(self):
        session, _ = self.begin()
        killed = now_ns()
        self.room.daemon.kill()
        took, _ = self.server.wait_off(killed)
        self.assertLess(took, DAEMON_KILLED_MS * SLACK)
        self.restart()
        self.assertFalse(self.server.on(), "nothing resumes")
        settled = wait_until("the dose is settled", lambda: [
            i for i in self.client.call("dose.history", patient_ref=self.patient)["items"] if i["state"] != "open"])
        self.assertEqual((settled[0]["session_id"], settled[0]["state"]), (session, "crashed"))
        self.assertTrue(self.client.call("audit.verify")["ok"])

    def test_daemon_and_host_killed_at_once_leave_it_to_the_watchdog(self):
        self.begin()
        hosts = self.room.host_pids()
        killed = now_ns()
        self.room.daemon.kill()
        for pid in hosts:
            os.kill(pid, 9)
        took, why = self.server.wait_off(killed)
        self.assertLess(took, WATCHDOG_MS * SLACK)
        self.assertEqual(why, "watchdog")
        for pid in hosts:
            wait_until("the host is gone", lambda p=pid: not alive(p))
        self.restart()
        self.assertFalse(self.server.on(), "nothing resumes")


class Tcp(Foreign, unittest.TestCase):
    @classmethod
    def connect(cls):
        server = Server("tcp", "0")
        cls.link = "tcp:" + server.where
        return server


class Rtu(Foreign, unittest.TestCase):
    @classmethod
    def connect(cls):
        cable = Lines(["socat", "-d", "-d", "pty,raw,echo=0", "pty,raw,echo=0"], stderr=subprocess.STDOUT)
        cls.addClassCleanup(cable.end)
        cls.addClassCleanup(cable.process.terminate)
        cable.expect("starting data transfer loop")
        ends = [m.group(1) for line in cable.lines if (m := re.search(r"PTY is (\S+)", line))]
        cls.link = "serial:" + ends[1]
        return Server("rtu", ends[0])


if __name__ == "__main__":
    unittest.main()
