# SPDX-License-Identifier: Apache-2.0
"""modalityctl in a test: typed with arguments, at a terminal, or left running in the background."""
import os
import subprocess
import unittest

from room import BIN, PATIENCE, Room, answers_for, wait_until
from terminal import Terminal

CTL = os.path.join(BIN, "modalityctl")
DONE, REFUSED, USAGE, NO_DAEMON, FAULT, UNPROVED, BROKEN, DECLINED, FAILED = range(9)


class CtlCase(unittest.TestCase):
    """One room for a class; each test takes a patient of its own."""

    daemon_keys = "lease = 3 s"
    patient_number = 0

    @classmethod
    def setUpClass(cls):
        cls.room = Room(daemon_keys=cls.daemon_keys)
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim

    def setUp(self):
        CtlCase.patient_number += 1
        self.patient = f"P-{CtlCase.patient_number}"
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
                for word in ("--answer", f"{a['question']}={a['answer']}" + (f"@{a['on']}" if "on" in a else ""))]

    def terminal(self, *words, columns=80):
        terminal = Terminal(self.arguments(*words), columns)
        self.addCleanup(terminal.close)
        return terminal

    def screened(self, terminal, protocol="tens_conventional", site="thigh", **given):
        """Answers every question that is asked so that nothing stands in the way, but for the given ones; a day where one
        is asked for. Questions come one after the other, each with its number and how many there are."""
        asked = answers_for(self.client, protocol, site, **given)
        for number, answer in enumerate(asked, 1):
            terminal.expect(f"{number}/{len(asked)}  ")
            terminal.answer("*: ", answer["answer"])
            if "on" in answer:
                terminal.answer("on which day? ", answer["on"])
        return terminal

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
