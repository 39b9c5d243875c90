# SPDX-License-Identifier: Apache-2.0
"""Links as a whole: one line that several units share, of which one misbehaves; and a connection that floods, is cut again and
again, or takes everything and says nothing."""
import os
import select
import shutil
import socket
import struct
import tempfile
import threading
import unittest

from hazard import allowed
from links import DEEP, LEVELS, Trace, stimulator

from dosage import TENS, DosageRoom
from room import PATIENT, now_ns, wait_until



class Proxy:
    """Stands between a host and its device on TCP. honest: passes everything on. Else, for every connection:"""

    WAYS = ("flood", "storm", "reset", "swallow", "hang_up")

    def __init__(self, link):
        self.target = tuple(link.split(":")[1:])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.link = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        self.way, self.accepted, self.pairs = "honest", 0, {}
        self.wake, waker = socket.socketpair()
        self.waker = waker
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def change(self, way):
        self.way = way
        self.waker.send(b"x")

    def close(self):
        self.change("end")
        self.thread.join()
        for s in (self.listener, self.wake, self.waker):
            s.close()

    def drop(self, host, how="storm"):
        device = self.pairs.pop(host)
        if how == "reset":
            host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        host.close()
        device.close()

    def take(self):
        host, _ = self.listener.accept()
        self.accepted += 1
        self.pairs[host] = socket.create_connection((self.target[0], int(self.target[1])))
        host.setblocking(False)
        if self.way in ("storm", "reset"):
            self.drop(host, self.way)

    def forward(self, source):
        host = next(h for h, d in self.pairs.items() if source in (h, d))
        try:
            data = source.recv(4096)
            if not data or (self.way == "hang_up" and source is host):
                self.drop(host)
            elif self.way in ("honest", "flood") or (self.way == "swallow" and source is host):
                (self.pairs[host] if source is host else host).sendall(data)
        except OSError:
            self.drop(host)

    def pour(self):
        """What a device with a stuck transmitter says: as fast as it is taken."""
        for host in list(self.pairs):
            try:
                host.send(bytes(range(256)) * 4)
            except BlockingIOError:
                pass
            except OSError:
                self.drop(host)

    def serve(self):
        while self.way != "end":
            flooding = list(self.pairs) if self.way == "flood" else []
            readable, writable, _ = select.select(
                [self.listener, self.wake, *self.pairs, *self.pairs.values()], flooding, [])
            for source in readable:
                if source is self.wake:
                    self.wake.recv(64)
                    for host in list(self.pairs) if self.way in ("storm", "reset") else []:
                        self.drop(host, self.way)
                elif source is self.listener:
                    self.take()
                elif source in self.pairs or source in self.pairs.values():
                    self.forward(source)
            if writable:
                self.pour()
        for host in list(self.pairs):
            self.drop(host)


class ProxyRoom(DosageRoom):
    """The first of its devices is reached through a proxy."""

    proxy = None

    def start(self, ready=True, env=None):
        self.proxy = Proxy(self.sim.links["stim1"])
        with open(os.path.join(self.config, "devices.ini"), encoding="utf-8") as file:
            self.write("devices.ini", file.read().replace(self.sim.links["stim1"], self.proxy.link))
        super().start(ready, env)

    def close(self):
        super().close()
        if self.proxy:
            self.proxy.close()


def tried(case, once, attempts=3):
    """What is the matter of nobody else is seen to be that; a machine that is too busy ends anybody's treatment now and then."""
    for _ in range(attempts):
        if once():
            return
    case.fail("the treatments with the others have nothing to do with it")


class Connection(unittest.TestCase):
    def setUp(self):
        self.room = ProxyRoom(TENS.protocol("tens", 12000), devices=("stim1=refstim,unit=1,tcp=127.0.0.1:0",
                                                                      "stim2=refstim,unit=1,tcp=127.0.0.1:0"))
        self.addCleanup(self.room.close)
        self.trace = Trace(self.room.sim.trace_path)

    def test_a_connection_that_is_none_rests_its_own_device_and_keeps_no_other_from_it(self):
        sick, well = (stimulator(self.room, self.trace, name) for name in ("stim1", "stim2"))
        for way in Proxy.WAYS:
            with self.subTest(way=way):
                tried(self, lambda way=way: self.beside(sick, well, way))

    def beside(self, sick, well, way):
        """Whether the treatment with the one that is well went on."""
        proxy = self.room.proxy
        lost, kept = sick.running()[0], well.running()[0]
        struck, before = now_ns(), proxy.accepted
        proxy.change(way)
        sick.became(lost, "ended")
        wait_until("rest", lambda: self.trace.value("stim1") == 0)
        self.assertLess((sick.rest(struck) - struck) / 1e6, allowed(sick.bound_ms))
        on = well.goes_on(kept)
        asked = now_ns()
        well.client.call("session.stop", session_id=kept)
        well.became(kept, "ended")
        if on:
            self.assertLess((well.rest(asked) - asked) / 1e6, allowed(100))
        seconds, tries = (now_ns() - struck) / 1e9, proxy.accepted - before
        proxy.change("honest")
        sick.ready()
        self.assertLess(tries, 20 + 100 * seconds, "connections while there is none to be had")
        self.assertEqual(self.trace.peak("stim1", sick.rest(struck) + 1), 0, "it came on again")
        return on


class SharedLine(unittest.TestCase):
    """Three units on one serial line. What is seen of the two others while the one in the middle misbehaves."""

    WAYS = [("silent", {}), ("exception", {"code": 6}), ("corrupt", {"how": "unit"}), ("drip", {"ms": 20}),
            ("delay", {"ms": 400}), ("corrupt", {"how": "garbage"}), ("corrupt", {"how": "noise"}), ("duplicate", {}),
            ("corrupt", {"how": "truncate"}), ("replay", {}), ("delay", {"ms": 180})]
    ALONE = ("silent", "exception")  # a unit that says nothing, or says no, is the matter of nobody else

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="modality-line-")
        self.addCleanup(shutil.rmtree, folder)
        tty = os.path.join(folder, "tty")
        names = [f"stim{n}" for n in (1, 2, 3)]
        # twice this time a silent unit takes from the others, whose watchdogs want to be fed three times a second
        self.room = DosageRoom(TENS.protocol("tens", 12000), devices=[f"{name}=refstim,unit={name[4]},pty={tty}" for name in names],
                               daemon_keys=PATIENT.replace("slice = 250 ms", "slice = 100 ms"),
                               device_keys={name: "response_timeout = 80 ms\n" for name in names})
        self.addCleanup(self.room.close)
        self.trace = Trace(self.room.sim.trace_path)
        self.beds = [stimulator(self.room, self.trace, name) for name in names]

    def test_one_that_misbehaves_keeps_no_other_from_rest(self):
        for fault, arguments in self.WAYS if DEEP else self.WAYS[:4]:
            with self.subTest(fault=fault, **arguments):
                tried(self, lambda fault=fault, arguments=arguments: self.beside(fault, arguments) or fault not in self.ALONE)

    def beside(self, fault, arguments):
        """Whether the treatments with the two others went on."""
        sessions = {}
        for one in (self.beds[0], self.beds[2]):
            one.client.events.clear()
            sessions[one] = one.running()[0]
        begun = now_ns()
        self.room.sim.fault("stim2", fault, **arguments)
        wait_until("it is noticed", lambda: self.room.device("stim2")["state"] != "ready" or fault not in self.ALONE)
        on = [one.goes_on(session, 10) for one, session in sessions.items()]
        asked = now_ns()
        self.beds[0].client.call("stop.all")
        for one, session in sessions.items():
            one.became(session, "ended")
            wait_until("rest", lambda one=one: self.trace.value(one.device) == 0)
            self.assertLess((one.rest(asked) - asked) / 1e6, allowed(one.bound_ms))
            self.assertLessEqual(self.trace.peak(one.device, begun), max(LEVELS))
        rested = now_ns()
        self.room.sim.clear("stim2")
        for one in self.beds:
            one.ready()
            self.assertEqual(self.trace.peak(one.device, rested), 0, "it came on again")
        return all(on)


if __name__ == "__main__":
    unittest.main()
