# SPDX-License-Identifier: Apache-2.0
"""Hosts and the daemon are struck before each of their steps in short treatments: start, ramp, adjust, stop, settlement.

The plain run takes a few steps spread over the whole. With MODALITY_REPEATS above 5 a kill comes before every one of them, and
every other deed before each seventh (tools/test --deep); MODALITY_STRIDE thins that out."""
import itertools
import os
import unittest

from kill import NAMES, PLAIN, KillRoom

EVERY = int(os.environ.get("MODALITY_REPEATS", "5")) > 5
STRIDE = int(os.environ.get("MODALITY_STRIDE", "1"))
HOST_DEEDS = ("kill", "freeze", "loop", "crash", "block", "starve")
DAEMON_DEEDS = (("kill", False), ("freeze", False), ("kill", True), ("loop", False), ("crash", False), ("block", True), ("starve", False))
HOST_ROUNDS, DAEMON_ROUNDS = 2, 3  # of the plain run
THIN = 7


def spread(count, picks):
    """So many steps of so many, each in the middle of its share."""
    return [1 + (2 * i + 1) * count // (2 * picks) for i in range(picks)]


def walk(count, deeds, picks):
    """What is done: (step, deed). Every kill and each seventh of the others; or as many as are picked, the deeds in turn."""
    if EVERY:
        return [(n, deed) for deed in deeds for n in range(1, count + 1, STRIDE * (1 if "kill" in deed else THIN))]
    return list(zip(spread(count, picks), itertools.cycle(deeds)))


@unittest.skipUnless(PLAIN, "there are no programs without sanitizers beside these")
class KillPoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kills = KillRoom(cls())
        cls.of_host, cls.of_daemon = cls.kills.steps()
        print(f"steps: {cls.of_host} of a host, {cls.of_daemon} of the daemon", flush=True)

    def runTest(self):
        """What the room asserts with."""

    def test_hosts(self):
        deeds = walk(self.of_host, HOST_DEEDS, HOST_ROUNDS * len(NAMES))
        for start in range(0, len(deeds), len(NAMES)):
            for what in self.kills.hosts_struck(dict(zip(NAMES, deeds[start:start + len(NAMES)]))).values():
                print(what, flush=True)

    def test_the_daemon(self):
        for n, (deed, together) in walk(self.of_daemon, DAEMON_DEEDS, DAEMON_ROUNDS):
            print(self.kills.daemon_struck(n, deed, together), flush=True)


    def test_a_recovery(self):
        """The daemon that comes after a crash is killed while it starts, and the hosts of the one that comes then."""
        daemon, host = self.kills.starting
        rounds = len(range(0, 2 * max(daemon, host), STRIDE)) if EVERY else 1
        for i, n in enumerate(spread(daemon, rounds)):
            hosts = [1 + (i + k * host // len(NAMES) + host // 12) % host for k in range(len(NAMES))]
            print(f"recovery: daemon before write {n} of {daemon}, hosts before {hosts} of {host}:",
                  *self.kills.recovery_struck(n, hosts), flush=True)


if __name__ == "__main__":
    unittest.main()
