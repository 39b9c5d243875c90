# SPDX-License-Identifier: Apache-2.0
"""A machine that has no more to give, in a treatment: a disk that is full, one whose writes fail, one that is read-only; no
descriptor left. By the trace the output comes to rest, whoever asks for a stop gets it, nothing starts that cannot be
written down, and what came out is in the record once the machine has room again. (No memory: see tests/kill.)"""
import ctypes
import os
import resource
import shutil
import unittest

from attack import Attack, allowed, line
from room import Refused, Room, alive, now_ns, wait_until

LEVEL = 4000
RECORDS_MS = 2000  # from a write that fails to rest
NEW_MOUNTS, PRIVATE, READ_ONLY, DETACH = 0x20000, 0x44000, 1, 2  # of sched.h and sys/mount.h
LIBC = ctypes.CDLL(None, use_errno=True)


def mount(at, flags, options):
    if LIBC.mount(b"none", at.encode(), b"tmpfs", ctypes.c_ulong(flags), options.encode()) < 0:
        raise OSError(ctypes.get_errno(), "mount", at)


class Machine(Attack):
    own_disk = None

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(cls.unmount)
        super().setUpClass()

    @classmethod
    def unmount(cls):
        """Behind the room, which cannot remove what is mounted."""
        if cls.own_disk:
            LIBC.umount2(cls.own_disk.encode(), DETACH)
            shutil.rmtree(os.path.dirname(cls.own_disk), ignore_errors=True)

    @staticmethod
    def environment(room):
        """Records on a small disk of their own, where this user may have one; nobody else sees it."""
        if Machine.own_disk is None and LIBC.unshare(NEW_MOUNTS) == 0:
            LIBC.mount(None, b"/", None, ctypes.c_ulong(PRIVATE), None)
            state = os.path.join(room.directory, "state")
            mount(state, 0, "size=8m,mode=0700")
            Machine.own_disk = state
        return {}

    def limit(self, what, most):
        """Of the daemon, until the end of the test."""
        pid, before = self.room.daemon.pid, resource.prlimit(self.room.daemon.pid, what)
        self.addCleanup(lambda: alive(pid) and resource.prlimit(pid, what, before))
        resource.prlimit(pid, what, (most, before[1]))
        return lambda: resource.prlimit(pid, what, before)

    # ---- the disk ----

    def fill(self):
        if not self.own_disk:
            self.skipTest("this user has no disk of its own to fill")
        ballast = os.path.join(self.own_disk, "ballast")

        def empty():
            if os.path.exists(ballast):
                os.unlink(ballast)
        self.addCleanup(empty)
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"\1" * 4096):
                    pass
            except OSError:
                pass
        return empty

    def test_a_disk_that_is_full(self):
        self.attempt(self.without_disk, self.fill)

    def test_writes_that_fail(self):
        self.attempt(self.without_disk, lambda: self.limit(resource.RLIMIT_FSIZE, 0))

    def without_disk(self, take_away):
        """The treatment ends when a write fails; the next one is stopped at the same moment as the disk is gone."""
        before = self.charge_uc()
        session, _ = self.treat(LEVEL)
        self.at_level(LEVEL)
        struck, give_back = now_ns(), take_away()
        try:
            wait_until("a write that fails", lambda: not self.writes(session), tick=0.02)
            ended = self.becomes(session, "ended")
            if (ended["reason"], ended["evidence"]) != ("records", "measured"):
                self.ended_as(ended, "records")
            self.assertLessEqual(self.rest(struck), allowed(RECORDS_MS))
            self.nothing_starts()
        finally:
            self.give(give_back)
        self.recovers(session, before)
        before = self.charge_uc()
        session, _ = self.treat(LEVEL)
        self.at_level(LEVEL)
        give_back = take_away()
        try:
            asked = now_ns()
            self.raw().sendall(line("stop.all"))
            self.stopped(session, asked)
        finally:
            self.give(give_back)
        self.recovers(session, before)

    def writes(self, session):
        """Asks for something to be written down; whether the session is still there. It is heard of a failure later: what is
        said in a treatment is written behind it, and a file that was longer once still has room in it."""
        try:
            self.voice.act("session.observe", session_id=session, observation={"kind": "note", "text": "x" * 2000})
        except Refused as refused:
            self.assertIn(refused.token, ("RECORDS_UNAVAILABLE", "WRONG_STATE", "OVERLOADED"))
        return self.voice.call("session.get", session_id=session)["state"] == "running"

    def give(self, give_back):
        give_back()
        wait_until("records are written again", lambda: self.voice.call("daemon.info")["records"]["health"] == "ok")

    def nothing_starts(self):
        since = now_ns()
        refused = wait_until("the device may be asked for",
                             lambda: self.asked(self.request("tens", LEVEL), "RECORDS_UNAVAILABLE"))
        self.assertEqual(refused.token, "RECORDS_UNAVAILABLE")
        self.only(0, since)

    def recovers(self, session, before):
        """Nothing that came out since then is missing, and the chain holds."""
        wait_until("the records verify", lambda: self.voice.call("audit.verify")["ok"])
        wait_until("the end is audited", lambda: self.audited("session.ended", session))
        told = self.voice.call("session.get", session_id=session)["delivered"]["session_charge_uc"]
        self.assertGreaterEqual(told, self.charge_uc() - before)

    def charge_uc(self):
        return self.sim.state("stim1", 1)["charge_uc"]

    def test_a_disk_that_is_read_only(self):
        """No daemon starts on it, and it says why."""
        if not self.own_disk:
            self.skipTest("this user has no disk of its own to write-protect")
        room = Room(devices=(), start=False)
        self.addCleanup(room.close)
        state = os.path.join(room.directory, "state")
        mount(state, READ_ONLY, "size=1m,mode=0700")
        self.addCleanup(LIBC.umount2, state.encode(), DETACH)
        with self.assertRaises(AssertionError) as died:
            room.start()
        self.assertRegex(str(died.exception), "(?s)modalityd ended with [1-9].*[Rr]ead-only")

    # ---- descriptors ----

    def test_no_descriptor_is_left(self):
        self.attempt(self.without_descriptors)

    def without_descriptors(self):
        """Strangers wait at the door, the host of another device is lost: the treatment goes on, and a stop comes through."""
        session, _ = self.treat(LEVEL)
        self.at_level(LEVEL)
        since, pid = now_ns(), self.room.daemon.pid
        host = {link["link"]: link for link in self.voice.call("device.scan")["links"]}[self.room.device("us1")["link"]]["host_pid"]
        give_back = self.limit(resource.RLIMIT_NOFILE, 1 + max(map(int, os.listdir(f"/proc/{pid}/fd"))))
        crowd = [self.raw() for _ in range(20)]
        os.kill(host, 9)
        self.samples(4)
        self.assertEqual({o["value"] for o in self.sim.outputs("stim1") if o["t_ns"] >= since} - {LEVEL}, set())
        asked = now_ns()
        self.raw().sendall(line("stop.all"))
        self.stopped(session, asked)
        give_back()
        for one in crowd:
            one.close()
        self.room.wait_device("us1", "ready")
        self.assertTrue(self.voice.call("audit.verify")["ok"])


if __name__ == "__main__":
    unittest.main()
