# SPDX-License-Identifier: Apache-2.0
"""A stop under a flood: programs that send as fast as the daemon reads, all kinds of lines at a time. The time from a stop to
rest, by the trace, is held against what it takes in the same room a moment before, while they are asleep.

A daemon that is kept busy also waits for its processor, as one that sleeps does not; on a machine with other work that is
most of the figure. So the shortest times are compared, of as many stops as it takes; all others have the bound of a stop."""
import os
import signal
import subprocess
import sys
import unittest

from attack import Attack, line
from hazard import SLACK
from room import now_ns

LEAST, MOST = 3, 15
LEVEL = 4000
TURN_MS = 10 * SLACK  # 512 KiB and a request of each client; sanitizers take their time for it
# What one of them does for ever: it sends its bytes over and over and throws away what comes back; or it connects and leaves.
FLOODER = """
import select, socket, sys
path, kind, data = sys.argv[1], sys.argv[2], sys.stdin.buffer.read()
print("ready", flush=True)
def connected():
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
    except OSError:
        s.close()
        return None
    s.setblocking(False)
    return s
while True:
    s = connected()
    while s is not None:
        try:
            if select.select([s], [s], [], 1)[0]:
                if not s.recv(1 << 18):
                    break
            s.send(data)
        except BlockingIOError:
            continue
        except OSError:
            break
        if kind == "leaves":
            break
    if s is not None:
        s.close()
"""
FLOODS = {
    "lines": ("stays", line("daemon.info", 1) * 400),
    "heavy": ("stays", line("session.list", 1) * 50 + line("rpc.discover", 1) + line("audit.tail", 1, limit=500)),
    "noise": ("stays", b"{]" * 200 + b"\n" + b'{"jsonrpc":"2.0","id":1,"method":"no.such"}\n' * 200),
    "decoys": ("stays", b'[' + b'{"params":{"method":"stop.all"}},' * 200 + b'1]\n'),
    "comers": ("leaves", b'{"jsonrpc":"2.0","id":1,"meth'),
}


class Flood(Attack):
    def setUp(self):
        super().setUp()
        self.floods = []
        for kind, data in FLOODS.values():
            # behind others where processors are few: it is the daemon's work that is measured, not theirs
            flood = subprocess.Popen([sys.executable, "-c", FLOODER, self.room.socket, kind], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, preexec_fn=lambda: os.nice(10))
            self.floods.append(flood)
            self.addCleanup(self.over, flood)
            flood.stdin.write(data)
            flood.stdin.close()
            flood.stdout.readline()
        self.let(signal.SIGSTOP)

    def over(self, flood):
        flood.kill()
        flood.wait()
        flood.stdout.close()

    def let(self, number):
        for flood in self.floods:
            flood.send_signal(number)

    def stop(self):
        """Milliseconds from a stop on a new connection to rest."""
        asked = now_ns()
        self.raw().sendall(line("stop.all"))
        return self.stopped(self.session, asked)

    def pair(self):
        """A stop in quiet and one in the flood, of treatments that began in quiet."""
        self.treat(LEVEL)
        quiet = self.stop()
        self.treat(LEVEL)
        self.let(signal.SIGCONT)
        try:
            for _ in range(3):  # the flood is there: others wait their turn
                self.voice.call("daemon.info")
            flooded = self.stop()
        finally:
            self.let(signal.SIGSTOP)
        self.voice.call("daemon.info")
        self.taken.append((quiet, flooded))

    def test_a_stop_comes_through(self):
        self.taken = []
        while len(self.taken) < LEAST or (self.slow() and len(self.taken) < MOST):
            self.attempt(self.pair)
        print(f"stop to rest, ms, quiet and flooded: {[(round(a, 1), round(b, 1)) for a, b in self.taken]}", flush=True)
        self.assertFalse(self.slow(), self.taken)
        self.assertEqual([flood.poll() for flood in self.floods], [None] * len(FLOODS), "they flooded to the end")

    def slow(self):
        """Twice the quiet figure is not kept; a turn of what all clients may send at once comes on top."""
        quiet, flooded = (min(column) for column in zip(*self.taken))
        return flooded > 2 * quiet + TURN_MS


if __name__ == "__main__":
    unittest.main()
