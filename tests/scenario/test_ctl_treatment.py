# SPDX-License-Identifier: Apache-2.0
"""modalityctl as a person treats with it, at a terminal and in the background, judged by the simulator's trace: what it
asks, shows and exits with, from the screening to the record; and what it says when device, terminal or daemon fail."""
import csv
import io
import json
import os
import re
import signal
import sqlite3
import unittest

from ctl import BROKEN, DECLINED, DONE, FAULT, REFUSED, UNPROVED, CtlCase
from room import PATIENCE, alive, now_ns, wait_until

PLACE = re.compile(r"(compiled|[\w/-]+\.ini:\d+)")


class Treating(CtlCase):
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
        terminal = self.screened(self.terminal("start", *self.tens()), pacemaker="yes")
        terminal.expect("REFUSED  session.prepare: CONTRAINDICATED: ")
        self.assertEqual(terminal.wait(), REFUSED)
        self.assertRegex(terminal.plain, r"screening\.ini:\d+")

    def test_a_precaution_is_overridden_with_a_reason(self):
        terminal = self.screened(self.terminal("start", *self.tens()), pregnancy_elsewhere="yes")
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
        judged = ("review", session, "--statement", "the pads were off after a second", "--duration", "2s", "--energy", "0J",
                  "--charge", "1mC", "--cold-dose", "9degC.min")
        self.assertIn("say exceeds_worst if it is meant", self.ctl(*judged, code=REFUSED).stderr)
        self.assertIn("reviewed", self.ctl(*judged, "--exceeds-worst").stdout)

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
        self.assertIn("NOT_FOUND", self.ctl("observe", "nobody", "--note", "x", code=REFUSED).stderr)


class Lease(CtlCase):
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


class Gone(CtlCase):
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
