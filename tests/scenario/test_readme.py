# SPDX-License-Identifier: Apache-2.0
"""What README.md shows is true: its Python client runs as it stands there, and its commands are understood as typed."""
import os
import re
import shlex
import subprocess
import sys
import unittest

from room import BIN, PATIENCE, SOURCE, Room, begin, tens_request

with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
    README = file.read()


def shown_commands():
    """Indented command lines, with their continuation lines."""
    text = README.replace("\\\n", " ")
    return [line.strip() for line in re.findall(r"(?m)^    (modality(?:ctl|d) .*)$", text)]


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The names of the demo's room, which the README types into.
        cls.room = Room(devices=("stim_a=refstim,unit=1,tcp=127.0.0.1:0",))
        cls.addClassCleanup(cls.room.close)
        cls.environment = {**os.environ, "MODALITY_SOCKET": cls.room.socket, "PATH": BIN + ":" + os.environ["PATH"]}

    def run_as_typed(self, words):
        return subprocess.run(words, capture_output=True, text=True, env=self.environment, timeout=3 * PATIENCE,
                              stdin=subprocess.DEVNULL, check=False)

    def test_the_python_client_runs_as_it_stands(self):
        program, = re.findall(r"(?ms)^```python\n(.*?)^```$", README)
        self.assertEqual(len(program.strip().splitlines()), 10)
        done = self.run_as_typed([sys.executable, "-I", "-c", program])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "stim_a ready\n")

    def test_the_commands_are_understood_as_typed(self):
        client = self.room.client()
        session, lease, _ = begin(client, tens_request(client, device="stim_a", start=5000, ceiling=15000))
        self.room.sim.wait_output("stim_a", 5000)
        typed = shown_commands()
        self.assertGreater(len(typed), 6)
        codes = {}
        for line in typed:
            words = shlex.split(line, comments=True)
            words = [{"SESSION": session, "KEY": lease, "DIR": self.room.config}.get(word, word) for word in words]
            if words[1] == "watch":
                continue  # runs until it is ended: see test_ctl.py
            done = self.run_as_typed(words)
            codes[line] = done.returncode
            self.assertNotIn(done.returncode, (2, 3), f"{line}\n{done.stderr}")
        self.assertTrue(self.room.sim.at_rest("stim_a"), "'modalityctl stop' was among them")
        refused = [line for line, code in codes.items() if code != 0]
        # Without a terminal nobody answers the screening: exactly these two are refused for want of answers.
        self.assertTrue(all(line.split()[1] in ("check", "start") for line in refused), refused)
        self.assertEqual(len(refused), 2, refused)

    def test_commands_in_the_text_exist(self):
        for words in re.findall(r"`(modality\w* [^`]+|tools/\w+[^`]*)`", README):
            words = [{"DIR": self.room.config}.get(word, word) for word in shlex.split(words)]
            if words[0].startswith("tools/"):
                self.assertTrue(os.access(os.path.join(SOURCE, words[0]), os.X_OK), words)
            elif "--help" in words or "--check" in words or "--config-help" in words:
                self.assertEqual(self.run_as_typed(words).returncode, 0, words)

    def test_files_it_points_to_are_there(self):
        for path in re.findall(r"\]\(([\w./-]+)\)", README):
            self.assertTrue(os.path.exists(os.path.join(SOURCE, path)), path)
        for line in re.findall(r"(?m)^\| `([\w/]+)`", README):
            self.assertTrue(os.path.isdir(os.path.join(SOURCE, line)), line)


if __name__ == "__main__":
    unittest.main()
