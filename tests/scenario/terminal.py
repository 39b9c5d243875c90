# SPDX-License-Identifier: Apache-2.0
"""A person at a terminal: a program on a pseudo-terminal of a given width, what it showed, and what is typed.

Every wait is for a text and has a bound. What the program showed is kept whole; `plain` is it without the sequences
that move the cursor, so that texts can be looked for wherever they stood.
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from room import PATIENCE

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x07")


class Terminal:
    def __init__(self, arguments, columns=80, env=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        # A session of its own with this terminal as the controlling one: Ctrl-C is a typed character, as for a person.
        self.process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, **(env or {})},
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.raw, self.seen, self.ended = "", 0, False

    @property
    def plain(self):
        return SEQUENCE.sub("", self.raw).replace("\r", "")

    def read(self, deadline):
        """More output; False when the time is up or the program has closed its terminal."""
        left = deadline - time.monotonic()
        if self.ended or left <= 0 or not select.select([self.master], [], [], left)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.ended = not data
        self.raw += data.decode(errors="replace")
        return not self.ended

    def expect(self, text, seconds=PATIENCE):
        """Waits until text appears after what was expected before; returns everything up to and with it."""
        deadline = time.monotonic() + seconds
        while True:
            plain = self.plain
            at = plain.find(text, self.seen)
            if at >= 0:
                before, self.seen = self.seen, at + len(text)
                return plain[before:self.seen]
            if not self.read(deadline):
                raise AssertionError(f"{text!r} did not appear within {seconds} s; shown since:\n{self.plain[self.seen:]}")

    def type(self, text):
        os.write(self.master, text.encode())

    def answer(self, prompt, text):
        shown = self.expect(prompt)
        self.type(text + "\n")
        return shown

    def wait(self, seconds=PATIENCE):
        """The exit code, with everything read to the end."""
        deadline = time.monotonic() + seconds
        while self.read(deadline):
            pass
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def lines(self):
        """Everything drawn, line by line as it stood; a line that the program rewrote counts each time."""
        return self.plain.split("\n")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
