# SPDX-License-Identifier: Apache-2.0
"""modalityctl as a person uses it, against the real daemon and the simulators: what it asks, shows, prints and exits with."""
import csv
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import unittest

from room import BIN, PATIENCE, Room, alive, answers_for, now_ns, wait_until
from terminal import Terminal

CTL = os.path.join(BIN, "modalityctl")
DONE, REFUSED, USAGE, NO_DAEMON, FAULT, UNPROVED, BROKEN, DECLINED = range(8)
QUESTIONS = 7
PLACE = re.compile(r"(compiled|[\w/-]+\.ini:\d+)")


class Bench(unittest.TestCase):
    """One room for a class; each test takes a patient of its own."""

    daemon_keys = "lease = 3 s"
    patient_number = 0

    @classmethod
    def setUpClass(cls):
        cls.room = Room(daemon_keys=cls.daemon_keys)
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim

    def setUp(self):
        Bench.patient_number += 1
        self.patient = f"P-{Bench.patient_number}"
        self.client = self.room.client()
        self.addCleanup(self.rest)

    def rest(self):
        """However a test ended, the next one finds the room at rest."""
        self.sim.control(clear="all")
        self.client.call("stop.all")
        wait_until("no open session", lambda: all(
            s["state"] == "ended" for s in self.client.call("session.list")["items"]))
        wait_until("rest", lambda: self.sim.at_rest("stim1"))
        self.room.wait_device("stim1", "ready", 20)
        self.client.close()
        self.room.clients.remove(self.client)

    def arguments(self, *words, sock=None):
        return [CTL, "--socket", sock or self.room.socket, *words]

    def ctl(self, *words, code=DONE, sock=None):
        done = subprocess.run(self.arguments(*words, sock=sock), capture_output=True, text=True, timeout=3 * PATIENCE,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def tens(self, *more, group="ch1", amplitude="4mA..12mA", site="thigh"):
        return ("--protocol", "tens_conventional", "--device", "stim1", "--group", group, "--patient", self.patient, "--site",
                site, "--side", "left", "--amplitude", amplitude, "--duration", "20min", "--electrode-area", "25cm2", *more)

    def answers(self, protocol="tens_conventional", site="thigh"):
        return [word for a in answers_for(self.client, protocol, site)
                for word in ("--answer", f"{a['question']}={a['answer']}")]

    def terminal(self, *words, columns=80):
        terminal = Terminal(self.arguments(*words), columns)
        self.addCleanup(terminal.close)
        return terminal

    def screened(self, terminal):
        """Answers every question so that nothing stands in the way."""
        for _ in range(QUESTIONS):
            terminal.answer("*: ", "normal" if "impaired" in self.question(terminal) else "no")
        return terminal

    def question(self, terminal):
        terminal.expect("/7  ")
        at = terminal.seen
        terminal.expect("*")
        terminal.seen = at
        return terminal.plain[at:]

    def started(self, *words, answers=None):
        """start --yes in the background, without a terminal; its session and lease, once it is accepted."""
        process = subprocess.Popen(self.arguments("--yes", "start", *words, *(answers or self.answers())), text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        for line in process.stdout:
            if line.startswith("accepted: "):
                words = line.split()
                return process, words[1], words[3]
        self.fail("not accepted")
        return None

    def treated(self, process, least, channel=1):
        """Waits until the output is there, by the trace; what the client said is in the failure."""
        try:
            self.sim.wait_output("stim1", least, channel)
        except AssertionError as failure:
            process.terminate()
            raise AssertionError(f"{failure}; modalityctl said:\n{process.stdout.read()}\n{self.room.log()[-1500:]}") from None

    def finished(self, process, code):
        shown = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE), code, shown)
        return shown


class Looking(Bench):
    def test_help_names_every_command_and_exit_code(self):
        shown = self.ctl("--help").stdout
        for command in ("status devices protocols limits check start adjust pause resume stop sessions watch alarms log "
                        "records export verify observe reset review").split():
            self.assertRegex(shown, rf"(?m)^  {command} ")
            self.assertIn(command, self.ctl(command, "--help").stdout)
        for code in range(8):
            self.assertRegex(shown, rf"(?m)^  {code}  \w")
        self.assertIn("START..CEILING", self.ctl("start", "--help").stdout)

    def test_what_cannot_be_understood_is_said_and_nothing_is_asked(self):
        treatment = ("--protocol", "tens_conventional", "--device", "stim1", "--patient", "x", "--site", "thigh")
        for words, said in (((), "usage"), (("nonsense",), "no such command: nonsense"),
                            (("start", "now"), "unexpected argument now"), (("status", "x"), "unexpected argument x"),
                            (("start", "--amplitud", "1mA"), "unknown option --amplitud"),
                            (("start", "--amplitude"), "value is needed for --amplitude"),
                            (("start", "--amplitude", "--side", "left"), "value is needed for --amplitude"),
                            (("start", "--side", "left", "--side", "right"), "given twice: --side"),
                            (("start",), "--protocol is needed"), (("adjust",), "the session is needed"),
                            (("adjust", "s"), "--lease is needed"), (("adjust", "s", "--lease", "k"), "--to is needed"),
                            (("start", *treatment, "--set", "width=3"), "QUANTITY=VALUE"),
                            (("start", *treatment, "--set", "amplitude_ua=1mA", "--amplitude", "2mA"), "given twice"),
                            (("start", *treatment, "--answer", "pacemaker"), "question=answer"),
                            (("start", *treatment, "--pain-before", "11"), "from 0 to 10"),
                            (("observe", "s", "--pain-after", "x"), "from 0 to 10"), (("observe", "s"), "nothing to record"),
                            (("log", "--limit", "0"), "from 1 to"), (("reset", "stim1"), "--statement is needed"),
                            (("review", "s", "--statement", "x", "--duration", "1min"), "--energy is needed")):
            self.assertIn(said, self.ctl(*words, code=USAGE).stderr)
        shown = self.ctl("status", code=NO_DAEMON, sock=self.room.directory + "/no").stderr
        self.assertIn(self.room.directory + "/no", shown)
        self.assertIn("REFUSED  device.get: NOT_FOUND", self.ctl("devices", "nobody", code=REFUSED).stderr)

    def test_values_as_people_write_them(self):
        def level(shown):
            channel = json.loads(shown.stdout.splitlines()[-1])["result"]["sheet"]["outputs"][0]["channels"][0]
            value = channel["parameters"][channel["level"]]
            return value["start"], value["ceiling"]

        check = ("--json", "check", "--protocol", "tens_conventional", "--device", "stim1", "--group", "ch1", "--patient", "x",
                 "--site", "thigh", "--side", "left", "--electrode-area", "25cm2", *self.answers())
        for typed, start, ceiling in (("12mA", 12000, 12000), ("12 mA", 12000, 12000), ("12.5mA", 12500, 12500),
                                      ("12000uA", 12000, 12000), ("12mA..20mA", 12000, 20000), ("12..20mA", 12000, 20000),
                                      ("12 .. 20 mA", 12000, 20000), ("9000 uA..0.02A", 9000, 20000)):
            self.assertEqual(level(self.ctl(*check, "--amplitude", typed)), (start, ceiling), typed)
        self.assertEqual(level(self.ctl(*check, "--amplitude=12mA")), (12000, 12000))
        self.assertEqual(level(self.ctl(*check, "--set", "amplitude_ua=12mA")), (12000, 12000))
        for typed in ("20min", "1200s", "1200000ms"):
            sheet = json.loads(self.ctl(*check, "--duration", typed).stdout.splitlines()[-1])["result"]["sheet"]
            self.assertEqual(sheet["duration_ms"], 1200000)
        head = ("--json", "check", "--protocol", "us_acute_pulsed", "--device", "us1", "--patient", "x", "--site", "thigh",
                "--side", "left", "--applicator", "head_ref", "--area", "10cm2", *self.answers("us_acute_pulsed"))
        for typed in ("0.2W/cm2", "200mW/cm2", "0.2 W/cm2"):
            self.assertEqual(level(self.ctl(*head, "--intensity", typed)), (200000, 200000))

        for typed, said in (("12", "a number with its unit"), ("mA", "a number with its unit"),
                            ("12MA", "units: nA, uA, mA, A"), ("12V", "units: nA, uA, mA, A"), ("0,5mA", "a decimal point"), ("1e3uA", "a number with its unit"),
                            ("1.2345678mA", "not a whole number of uA"), ("99999999999999999999mA", "too large"),
                            ("12mA..", "a number with its unit"), ("..12mA", "a number with its unit"),
                            ("5mA..6mA..7mA", "a number with its unit"), ("12mA " + "x" * 60, "too long"),
                            ("12m\u00c5", "a number with its unit")):
            shown = self.ctl("check", *check[2:], "--amplitude", typed, code=USAGE)
            self.assertIn(said, shown.stderr, typed)
            self.assertEqual(shown.stdout, "")
        self.ctl(*check, "--amplitude", "12mA..9mA", code=REFUSED)  # which way round is the daemon's to judge

    def test_status_devices_and_protocols(self):
        shown = self.ctl("status").stdout
        self.assertRegex(shown, r"modalityd \S+ is ready, SIMULATED DEVICES")
        self.assertRegex(shown, r"stim1 +stim1 label +Bay 1 +ready \(simulated\)")
        self.assertIn("right: engineer", shown)
        device = self.client.call("device.get", device="stim1")
        shown = self.ctl("devices", "stim1").stdout
        self.assertIn(f"output at rest within {device['capabilities']['dead_man_ms']} ms", shown)
        self.assertRegex(shown, r"amplitude +0 mA to 100 mA, in steps of 0\.1 mA")
        self.assertRegex(shown, r"pair +ch1, ch2; not together with ch1, ch2")
        listed = self.ctl("protocols").stdout
        for protocol in self.client.call("protocol.list")["items"]:
            self.assertIn(protocol["id"], listed)
        self.assertIn("LOCKED: limit lipus_sata_max", listed)
        shown = self.ctl("protocols", "tens_conventional", "--site", "thigh").stdout
        self.assertRegex(shown, r"amplitude +0 mA to 30 mA, default 10 mA \(protocols/estim\.ini:\d+\)")
        self.assertIn("pacemaker (no / yes*)", shown)

    def test_limits_say_value_headroom_layer_place_source_and_verified(self):
        shown = self.ctl("limits").stdout
        for limit in self.client.call("limits.list", limit=1000)["items"]:
            self.assertIn(limit["id"], shown)
        self.assertRegex(shown, r"es_netq_max +net charge at most 5 %, per-pulse\n"
                                r" +hard, installation, limits-estim\.ini:\d+; verified: \w+; source:")
        self.assertIn("what else bounds net charge", self.ctl("limits", "es_netq_max").stdout)
        self.assertIn("LOCKS protocol lipus_fracture", self.ctl("limits", "lipus_sata_max").stdout)
        self.ctl("limits", "no_such_limit", code=REFUSED)

        shown = self.ctl("limits", *self.tens()).stdout
        self.assertRegex(shown, r"amplitude 12 mA of at most 30 mA +headroom 18 mA\n +tens_conventional: hard, protocol, "
                                r"protocols/estim\.ini:\d+")
        self.assertRegex(shown, r"amplitude 12 mA of at most 100 mA +headroom 88 mA\n +stim1: hard, device, devices\.ini:\d+")
        self.assertRegex(shown, r"es_jrms_notice: hard, installation, limits-estim\.ini:\d+; verified: yes; source: IEC")

    def test_check_says_the_verdict_and_every_reason_with_its_place(self):
        shown = self.ctl("check", *self.tens(), *self.answers()).stdout
        self.assertTrue(shown.startswith("ALLOWED\n"))
        self.assertIn("DOSE SHEET  (SIMULATED DEVICE)", shown)
        shown = self.ctl("check", *self.tens(amplitude="20mA..95mA"), *self.answers(), code=REFUSED).stdout
        self.assertRegex(shown, r"REFUSED  \d+ reasons?, the most restrictive first\n +1\. \w+: ")
        self.assertRegex(shown, r"95 mA")
        reasons = shown[:shown.index("DOSE SHEET")]
        self.assertRegex(reasons, PLACE)
        self.assertRegex(shown, r"amplitude 95 mA of at most 30 mA +OUTSIDE by 65 mA")
        shown = self.ctl("check", *self.tens(), code=REFUSED).stdout
        self.assertIn("was not answered", shown)


class Relay:
    """Between a client and the daemon: what the daemon said, line by line as it came."""

    def __init__(self, path, target):
        self.path, self.target, self.said = path, target, b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def pump(source, sink, seen=None):
        while data := source.recv(65536):
            if seen is not None:
                seen(data)
            try:
                sink.sendall(data)
            except OSError:
                break
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def keep(self, data):
        self.said += data

    def run(self):
        client, _ = self.listener.accept()
        self.listener.close()
        with client, socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(self.target)
            other = threading.Thread(target=self.pump, args=(client, daemon))
            other.start()
            self.pump(daemon, client, self.keep)
            other.join(PATIENCE)

    def lines(self):
        self.thread.join(PATIENCE)
        os.unlink(self.path)
        return self.said.decode().splitlines()


class Json(Bench):
    def exactly(self, *words, code=DONE, hidden=0):
        """Standard output is what the daemon said, without the first lines that only helped to build the request."""
        relay = Relay(self.room.directory + "/relay", self.room.socket)
        shown = self.ctl("--json", *words, code=code, sock=relay.path)
        said = relay.lines()
        for line in shown.stdout.splitlines():
            self.assertEqual(json.loads(line)["jsonrpc"], "2.0")
        self.assertEqual(shown.stdout.splitlines(), said[hidden:], words)
        self.assertEqual(shown.stderr, "", words)
        return [json.loads(line) for line in said]

    def test_json_is_exactly_what_the_daemon_said(self):
        for words in (("status",), ("devices",), ("devices", "us1"), ("protocols", "--modality", "ultrasound"),
                      ("protocols", "ifc_sensory"), ("limits",), ("limits", "es_netq_max"), ("sessions",), ("alarms",),
                      ("log", "--limit", "3"), ("records",), ("export",), ("export", "--format", "csv"), ("verify",),
                      ("stop",)):
            self.exactly(*words)
        for words in (("devices", "nobody"), ("sessions", "nobody"), ("limits", "nobody"), ("records", "nobody"),
                      ("pause", "nobody", "--lease", "k"), ("alarms", "--acknowledge", "4711"),
                      ("review", "nobody", "--statement", "x", "--duration", "1s", "--energy", "0J", "--charge", "0mC"),
                      ("adjust", "nobody", "--lease", "k", "--to", "1mA"),
                      ("check", *self.tens()[:2], "--device", "nobody", *self.tens()[4:])):
            self.assertIn("error", self.exactly(*words, code=REFUSED)[-1], words)
        check = self.exactly("check", *self.tens(), *self.answers(), hidden=1)
        self.assertTrue(check[-1]["result"]["allowed"])
        self.exactly("check", *self.tens(), hidden=1, code=REFUSED)
        self.exactly("start", *self.tens(amplitude="99mA"), *self.answers(), hidden=1, code=REFUSED)

    def test_a_treatment_in_json(self):
        relay = Relay(self.room.directory + "/relay", self.room.socket)
        process = subprocess.Popen(self.arguments("--json", "--yes", "start", *self.tens(), *self.answers(), sock=relay.path),
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.sim.wait_output("stim1", 4000)
        process.send_signal(signal.SIGINT)
        shown = process.stdout.read().splitlines()
        self.assertEqual(process.wait(PATIENCE), DONE)
        said = relay.lines()
        self.assertEqual(shown, said[1:1 + len(shown)])
        self.assertLess(len(said) - len(shown), 4, "nothing but what came after the end is left out")
        events = [json.loads(line)["params"] for line in shown if '"method":"event"' in line]
        ended = next(e for e in events if e["type"] == "session.ended")
        self.assertEqual((ended["state"], ended["end"]["evidence"]), ("ended", "measured"))


class Treating(Bench):
    def test_a_treatment_at_a_terminal_from_the_questions_to_ctrl_c(self):
        terminal = self.terminal("--operator", "anna", "--name", "Anna Therapist", "start", *self.tens())
        self.screened(terminal)
        sheet = terminal.expect("Pain before, 0 to 10 (Enter = not asked): ")
        for words in ("SIMULATED DEVICE", f"patient       {self.patient}", "thigh, side: left", "stim1 label (stim1), Bay 1",
                      "tens_conventional, revision 1", "20 min", "4 mA           12 mA", "proof: measured"):
            self.assertIn(words, sheet)
        self.assertRegex(sheet, PLACE)
        terminal.type("11\n")
        terminal.answer("from 0 to 10 is needed", "6")
        terminal.answer("Start on stim1 label, thigh, side left? Type yes: ", "yes")
        terminal.expect("accepted: ")
        session = terminal.expect("  lease").split()[0]
        terminal.expect("Ctrl-C stops the treatment.")
        terminal.expect("running   [")
        self.assertEqual(self.sim.output("stim1"), 4000)
        head = terminal.expect("\n")
        self.assertRegex(head, r"\d:\d\d of 20:00, left \d+:\d\d")
        terminal.expect("ch1    set 4 mA, measured 4 mA, output on (measured), 1000 ohm, contact good")
        lease = self.lease(terminal)
        self.assertIn("amplitude is walked to 7 mA",
                      self.ctl("adjust", session, "--lease", lease, "--to", "7mA", "--expect", "4mA").stdout)
        terminal.expect("adjusted: ch1 amplitude from 4 mA to 7 mA by ")
        terminal.expect("ch1    set 7 mA, measured 7 mA")
        asked = now_ns()
        terminal.type("\x03")
        terminal.expect("STOP sent: waiting for proof of rest")
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        terminal.expect(f"{session} ended: stopped by operator, interrupted")
        terminal.expect("rest proved: measured")
        terminal.answer("Pain now, 0 to 10 (Enter = not asked): ", "3")
        self.assertEqual(terminal.wait(), DONE)
        self.assertLessEqual(max(len(line) for line in terminal.lines()[-60:] if line.startswith(("running", "  ch1"))), 79)
        record = self.client.call("record.get", session_id=session)
        self.assertEqual([o["value"] for o in record["document"]["observations"]], [6])
        self.assertEqual(record["document"]["operator"]["name"], "Anna Therapist")
        self.assertEqual([a["body"]["value"] for a in record["appended"] if a["kind"] == "observation"], [3])
        page = self.ctl("records", session).stdout
        for words in ("stopped by operator", "pain before 6 of 10", "amplitude from 4 mA to 7 mA", "DOSE SHEET", "pain after"):
            self.assertIn(words, page)

    @staticmethod
    def lease(terminal):
        return re.search(r"lease ([0-9a-f]+)", terminal.plain).group(1)

    def test_what_is_not_confirmed_is_not_started_and_given_back(self):
        peak = self.sim.peak("stim1", now := now_ns())
        for answer, columns in (("no", 80), ("", 120), ("y", 100)):
            terminal = self.terminal("start", *self.tens(), *self.answers(), columns=columns)
            terminal.answer("Pain before", "")
            terminal.answer("Type yes: ", answer)
            terminal.expect("nothing was started")
            self.assertEqual(terminal.wait(), DECLINED)
        terminal = self.terminal("start", *self.tens(), *self.answers())
        terminal.expect("Pain before")
        terminal.type("\x03")
        self.assertEqual(terminal.wait(), DECLINED)
        terminal = self.terminal("start", *self.tens())
        terminal.expect("yes*: ")
        terminal.type("\x04")
        terminal.expect("nothing was prepared or started")
        self.assertEqual(terminal.wait(), DECLINED)
        shown = self.ctl("start", *self.tens(), *self.answers(), code=DECLINED)
        self.assertIn("nothing is started without confirmation", shown.stderr)
        self.assertEqual(self.sim.peak("stim1", now), peak)
        states = {s["state"] for s in self.client.call("session.list")["items"]}
        self.assertLessEqual(states, {"ended"}, "prepared ones are cancelled")
        group = next(g for g in self.client.call("device.get", device="stim1")["groups"] if g["id"] == "ch1")
        self.assertNotIn("holder", group)

    def test_an_answer_that_forbids_the_treatment_ends_the_matter(self):
        terminal = self.terminal("start", *self.tens())
        terminal.answer("yes*: ", "yes")
        for _ in range(QUESTIONS - 1):
            terminal.answer("*: ", "normal" if "impaired" in self.question(terminal) else "no")
        terminal.expect("REFUSED  session.prepare: CONTRAINDICATED: ")
        self.assertEqual(terminal.wait(), REFUSED)
        self.assertRegex(terminal.plain, r"screening\.ini:\d+")

    def test_a_precaution_is_overridden_with_a_reason(self):
        terminal = self.terminal("start", *self.tens())
        for _ in range(QUESTIONS):
            question = self.question(terminal)
            terminal.answer("*: ", "normal" if "impaired" in question else "yes" if "pregnant" in question else "no")
        terminal.expect("PRECAUTION  ")
        terminal.answer("Your reason to go on all the same (Enter = do not): ", "asked the midwife")
        sheet = terminal.expect("Pain before")
        self.assertRegex(sheet, r"overridden +pregnancy_elsewhere by \w+: asked the midwife")
        terminal.type("\x03")
        self.assertEqual(terminal.wait(), DECLINED)

    def test_adjust_pause_resume_and_stop_from_another_terminal(self):
        process, session, lease = self.started(*self.tens(amplitude="3mA..8mA"))
        self.treated(process, 3000)
        keys = (session, "--lease", lease)
        self.assertIn("OUT_OF_RANGE", self.ctl("adjust", *keys, "--to", "9mA", "--expect", "3mA", code=REFUSED).stderr)
        self.assertIn("STALE_VIEW", self.ctl("adjust", *keys, "--to", "5mA", code=REFUSED).stderr)
        self.assertIn("LEASE_INVALID", self.ctl("adjust", session, "--lease", "0" * 32, "--to", "1mA", code=REFUSED).stderr)
        self.ctl("adjust", *keys, "--to", "5mA", "--expect", "3mA")
        self.sim.wait_output("stim1", 5000)
        shown = self.ctl("sessions").stdout
        self.assertRegex(shown, rf"{session}  stim1, r\w+ing\n +patient {self.patient}, thigh left, tens_conventional, ")
        shown = self.ctl("sessions", session).stdout
        self.assertIn("DO NOT TOUCH", shown)
        asked = now_ns()
        self.assertIn("paused: output at rest (measured)", self.ctl("pause", *keys).stdout)
        self.assertTrue(self.sim.at_rest("stim1"), "said at rest, and at rest by the trace")
        self.assertLess(self.sim.wait_rest("stim1", asked), 1000)
        self.assertIn("may be touched", self.ctl("sessions", session).stdout)
        self.ctl("resume", *keys)
        self.sim.wait_output("stim1", 5000)
        asked = now_ns()
        shown = self.ctl("stop", "--reason", "enough").stdout
        self.assertIn(f"{session} ended: stop all by operator, enough", shown)
        self.assertIn("rest proved: measured", shown)
        self.assertTrue(self.sim.at_rest("stim1"))
        shown = self.finished(process, DONE)
        self.assertIn("rest proved: measured", shown)
        self.assertIn("adjusted: ch1 amplitude from 3 mA to 5 mA", shown)
        self.assertIn("ended", self.ctl("stop", session).stdout)
        self.ctl("stop", "nobody", code=REFUSED)
        self.assertIn("nothing is running", self.ctl("stop").stdout)

    def test_a_fault_ends_the_treatment_and_is_the_exit_code(self):
        process, session, _ = self.started(*self.tens(group="ch2"))
        self.treated(process, 4000, channel=2)
        opened = now_ns()
        self.sim.fault("stim1", "open", channel=2)
        shown = self.finished(process, FAULT)
        self.assertLess(self.sim.wait_rest("stim1", opened), 2000)
        self.assertIn("ALARM (medium) electrode open, stim1", shown)
        self.assertIn(f"{session} ended: electrode open by ", shown)
        self.assertIn("rest proved: measured", shown)
        alarm = next(a for a in self.client.call("alarm.list")["items"] if a.get("session_id") == session)
        self.assertRegex(self.ctl("alarms").stdout, rf"(?m)^ +{alarm['number']}  electrode open, medium")
        self.assertIn("acknowledged", self.ctl("alarms", "--acknowledge", str(alarm["number"])).stdout)
        self.ctl("alarms", "--acknowledge", str(alarm["number"]), code=REFUSED)

    def test_lost_contact_is_shown_resumed_and_the_patients_stop_ends_it(self):
        treatment = ("--protocol", "us_acute_pulsed", "--device", "us1", "--patient", self.patient, "--site", "thigh", "--side",
                     "left", "--intensity", "0.2W/cm2", "--applicator", "head_ref", "--area", "10cm2", "--duration", "3min")
        answers = self.answers("us_acute_pulsed")
        process, session, lease = self.started(*treatment, answers=answers)
        self.sim.wait_output("us1", 1)
        self.client.call("events.subscribe")
        wait_until("running", lambda: self.client.call("session.get", session_id=session)["state"] == "running")
        lifted = now_ns()
        self.sim.fault("us1", "contact_lost")
        self.assertLess(self.sim.wait_rest("us1", lifted), 1000)
        self.client.state(session, "held")
        self.assertIn("held", self.ctl("sessions").stdout)
        self.assertIn("coupling lost: output at rest, time held; it ends in 0:", self.ctl("sessions", session).stdout)
        self.sim.clear("us1")
        self.ctl("resume", session, "--lease", lease)
        self.sim.wait_output("us1", 1)
        pressed = now_ns()
        self.sim.fault("us1", "patient_stop")
        shown = self.finished(process, FAULT)
        self.assertLess(self.sim.wait_rest("us1", pressed), 1000)
        for words in ("ALARM (medium) coupling lost, us1", "held, output at rest: measured", "ended: patient stop by patient",
                      "rest proved: measured"):
            self.assertIn(words, shown)
        self.sim.clear("us1")
        self.assertIn("the patient's stop of device us1", self.ctl("check", *treatment, *answers, code=REFUSED).stdout)
        self.ctl("reset", "us1", "--statement", "the switch is released")
        wait_until("no stop is latched", lambda: not self.room.device("us1")["patient_stop"])

    def test_an_output_that_is_not_proved_at_rest_is_said_loudly(self):
        process, session, _ = self.started(*self.tens())
        self.treated(process, 4000)
        self.sim.fault("stim1", "stuck", channel=1)
        stop = self.terminal("stop", session)
        stop.expect("OUTPUT UNKNOWN: rest is not proved. DISCONNECT THE PATIENT.")
        self.assertIn("recorded", self.ctl("reset", "stim1", "--statement", "I took the pads off").stdout)
        self.assertEqual(stop.wait(), UNPROVED, stop.plain)
        shown = self.finished(process, UNPROVED)
        self.assertIn("OUTPUT UNKNOWN", shown)
        self.assertIn("NOT proved", shown)
        self.assertIn("dose          NOT KNOWN", shown)
        self.sim.clear("stim1")
        wait_until("rest", lambda: self.sim.at_rest("stim1"), 20)
        self.room.wait_device("stim1", "ready", 20)
        self.assertIn("DOSE_UNBOUNDED", self.ctl("check", *self.tens(), *self.answers(), code=REFUSED).stdout)
        self.assertIn("reviewed", self.ctl("review", session, "--statement", "the pads were off after a second", "--duration",
                                           "2s", "--energy", "0J", "--charge", "1mC").stdout)

    def test_watch_shows_changes_as_they_come(self):
        terminal = self.terminal("watch", columns=100)
        terminal.expect("stim1 label")
        terminal.expect("watching")
        process, session, _ = self.started(*self.tens())
        terminal.expect(f"{session} none -> prepared")
        self.treated(process, 4000)
        process.send_signal(signal.SIGTERM)
        terminal.expect("-> stopping: stopped by operator")
        terminal.expect("stopping -> ended: stopped by operator")
        terminal.expect("rest measured")
        self.finished(process, DONE)
        terminal.type("\x03")
        self.assertEqual(terminal.wait(), DONE)

    def test_records_export_log_observe_and_verify(self):
        process, session, _ = self.started(*self.tens(), "--pain-before", "5")
        self.treated(process, 4000)
        self.ctl("observe", session, "--note", "warm and pleasant")
        self.ctl("stop", session)
        self.finished(process, DONE)
        self.assertIn("recorded: pain after", self.ctl("observe", session, "--pain-after", "2", "--skin-after", "pink").stdout)
        self.assertIn(session, self.ctl("records", "--patient", self.patient).stdout)
        page = self.ctl("records", session).stdout
        for words in ("note: warm and pleasant", "pain before 5 of 10", "pain after", "pink"):
            self.assertIn(words, page)
        lines = self.ctl("export", "--patient", self.patient).stdout.splitlines()
        self.assertEqual([json.loads(line)["session_id"] for line in lines if '"type":"record"' in line], [session])
        rows = list(csv.DictReader(io.StringIO(self.ctl("export", "--format", "csv", "--patient", self.patient).stdout)))
        self.assertEqual([(row["session_id"], row["patient_ref"]) for row in rows], [(session, self.patient)])
        self.assertIn("session.observe", self.ctl("log").stdout)
        self.assertRegex(self.ctl("verify").stdout, r"audit verified: \d+ entries")
        amounts = ("--duration", "1min", "--energy", "0J", "--charge", "3mC")
        self.ctl("review", session, "--statement", "it was all delivered", *amounts, code=REFUSED)


class Lease(Bench):
    daemon_keys = "lease = 1 s"

    def test_the_lease_is_kept_while_following_and_a_closed_terminal_stops(self):
        terminal = self.terminal("start", *self.tens(), *self.answers())
        terminal.answer("Pain before", "")
        terminal.answer("Type yes: ", "yes")
        terminal.expect(" 0:03 of 20:00")
        self.assertGreaterEqual(self.sim.output("stim1"), 4000)
        closed = now_ns()
        os.kill(terminal.process.pid, signal.SIGHUP)
        self.assertLess(self.sim.wait_rest("stim1", closed), 1000)
        terminal.expect("rest proved: measured")

    def test_a_reader_that_goes_away_stops(self):
        """As in `modalityctl start ... | head`: nobody watches any more."""
        process, session, _ = self.started(*self.tens())
        self.sim.wait_output("stim1", 1000)
        closed = now_ns()
        process.stdout.close()
        self.assertLess(self.sim.wait_rest("stim1", closed), 3000)  # at its next line
        self.assertEqual(process.wait(PATIENCE), DONE)
        self.assertEqual(self.client.call("session.get", session_id=session)["end"]["reason"], "stopped")

    def test_a_killed_client_loses_its_lease(self):
        process, session, _ = self.started(*self.tens())
        self.treated(process, 4000)
        killed = now_ns()
        process.kill()
        self.assertLess(self.sim.wait_rest("stim1", killed), 4000)
        wait_until("the session ended", lambda: self.client.call("session.get", session_id=session)["state"] == "ended")
        self.assertIn("lease lost", self.ctl("sessions", session).stdout)


class Gone(Bench):
    """What is left of the room afterwards is of no use to another test."""

    def rest(self):
        self.client.close()
        self.room.clients.remove(self.client)


class Lost(Gone):
    def test_a_daemon_that_dies_is_said_and_a_changed_audit_is_found(self):
        process, _, _ = self.started(*self.tens())
        self.treated(process, 4000)
        killed = now_ns()
        self.room.daemon.kill()
        shown = self.finished(process, UNPROVED)
        self.assertIn("THE DAEMON IS GONE", shown)
        self.assertLess(self.sim.wait_rest("stim1", killed), 1000)
        self.room.daemon.wait(PATIENCE)
        for pid in self.room.host_pids():
            wait_until("hosts ended", lambda p=pid: not alive(p))
        self.tamper()
        self.room.start(ready=False)
        self.assertIn("AUDIT BROKEN", self.ctl("verify", code=BROKEN).stdout)
        self.assertIn("AUDIT BROKEN", self.ctl("status").stdout)

    def tamper(self):
        state = os.path.join(self.room.directory, "state")
        path = next(os.path.join(state, name) for name in os.listdir(state) if name.endswith((".db", ".sqlite", ".sqlite3")))
        with sqlite3.connect(path) as store:
            store.execute("DROP TRIGGER audit_update")
            store.execute("UPDATE audit SET detail = '{\"x\":1}' WHERE seq = 2")
        store.close()


class Silent(Gone):
    def test_a_daemon_that_says_nothing_is_said(self):
        terminal = self.terminal("start", *self.tens(), *self.answers())
        terminal.answer("Pain before", "")
        terminal.answer("Type yes: ", "yes")
        self.sim.wait_output("stim1", 4000)
        stopped = now_ns()
        self.room.daemon.send_signal(signal.SIGSTOP)
        self.addCleanup(self.room.daemon.send_signal, signal.SIGCONT)
        terminal.expect("no news from the daemon: look at the patient")
        self.assertLess(self.sim.wait_rest("stim1", stopped), 3000)
        terminal.expect("THE DAEMON IS GONE")
        self.assertEqual(terminal.wait(), UNPROVED)


if __name__ == "__main__":
    unittest.main()
