# SPDX-License-Identifier: Apache-2.0
"""What people have to hear of, and what they rely on afterwards: alarms and records."""
import os
import shutil
import sqlite3
import subprocess

from hazard import Hazard, main

from dosage import TENS
from room import BIN, now_ns, wait_until

LEVEL = 5000


class Told(Hazard):
    treatments = {"tens": (TENS, 12000)}

    @staticmethod
    def environment(room):
        """A command that rings: it writes down what it is told."""
        bell = os.path.join(room.directory, "bell.sh")
        with open(bell, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$@" >> {room.directory}/bell.txt\n')
        os.chmod(bell, 0o755)
        with open(os.path.join(room.config, "daemon.ini"), encoding="utf-8") as file:
            text = file.read()
        if "alarm_command" not in text:
            room.write("daemon.ini", text + f"alarm_command = {bell}, --bay, 2\n")
        return {}

    def rung(self):
        path = os.path.join(self.room.directory, "bell.txt")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    # ---- H31 ----

    def test_h31_the_same_alarm_again_after_it_was_silenced(self):
        watch = subprocess.Popen([os.path.join(BIN, "modalityctl"), "--socket", self.room.socket, "watch"], text=True,
                                 stdout=subprocess.PIPE, env={**os.environ, "TERM": "dumb"})
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.terminate)
        numbers = set()
        self.repeat(lambda: self.heard(watch.stdout, numbers))

    def heard(self, watched, numbers):
        """The last one was acknowledged: this one is another, and rings again, at every client and by the command."""
        for kind, priority, bells, fault in (("over_output", "high", 2, {"fault": "deliver", "permille": 1600}),
                                             ("electrode_open", "medium", 1, {"fault": "open"})):
            before = len(self.rung())
            session, _ = self.begin("tens", LEVEL)
            self.at_level(LEVEL)
            struck = now_ns()
            self.sim.control(device="stim1", channel=1, **fault)
            line = next(line for line in watched if "\a" in line)
            ms = (now_ns() - struck) / 1e6
            self.assertIn(kind.replace("_", " "), line)
            self.assertEqual(line.count("\a"), bells)
            self.rest(struck)
            self.end(session, kind)
            raised = self.alarm(kind, priority, session)
            self.assertNotIn(raised["number"], numbers)
            numbers.add(raised["number"])
            wait_until("the command has run", lambda n=before: len(self.rung()) > n)
            self.sim.clear("stim1")
            self.latched(raised)
            self.measured(ms)

    def test_h31_an_alarm_while_nobody_is_connected(self):
        self.repeat(self.unheard)

    def unheard(self):
        """A device that goes on by itself, and every client away: it stands there when somebody comes."""
        self.room.clients.remove(self.voice)
        self.voice.close()
        self.room.voice = None
        before = len(self.rung())
        struck = now_ns()
        self.sim.fault("stim1", "self_start", channel=1)
        wait_until("the command has run", lambda: len(self.rung()) > before)
        ms = (now_ns() - struck) / 1e6
        self.voice = self.speak()
        raised = self.alarm("output_while_off", "high", device="stim1")
        self.sim.clear("stim1")
        self.room.wait_device("stim1", "ready")
        self.latched(raised)
        self.measured(ms)

    # ---- H32 ----

    def test_h32_an_entry_is_altered_or_cut_off(self):
        self.repeat(self.altered, iter(range(10**6)))

    def altered(self, turns):
        """While the daemon is down: it sees so by itself, says so, and starts nothing."""
        last = next(turns) % 2
        state, kept = (os.path.join(self.room.directory, name) for name in ("state", "kept"))
        self.room.stop()
        shutil.copytree(state, kept)
        self.edit("DELETE FROM audit WHERE seq > (SELECT max(seq) - 2 FROM audit)" if last else
                  "UPDATE audit SET event = 'nothing' WHERE seq = 2")
        self.room.start()
        self.voice = self.speak()
        self.alarm_stands("audit_broken")
        self.assertFalse(self.voice.call("audit.verify")["ok"])
        self.refusal(self.request("tens", LEVEL), "AUDIT_BROKEN")
        self.measured(self.sim.peak("stim1", now_ns()))
        self.room.stop()
        shutil.rmtree(state)
        os.rename(kept, state)
        self.room.start()
        self.voice = self.speak()
        self.assertTrue(self.voice.call("audit.verify")["ok"])

    def edit(self, sql):
        db = sqlite3.connect(os.path.join(self.room.directory, "state", "modalityd.sqlite"), timeout=10)
        with db:
            for trigger in ("audit_update", "audit_delete"):
                db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            db.execute(sql)
        db.close()

    def alarm_stands(self, kind):
        found = wait_until(f"alarm {kind}", lambda: [a for a in self.voice.call("alarm.list")["items"] if a["kind"] == kind])
        self.assertEqual(found[0]["priority"], "high")


if __name__ == "__main__":
    main()
