# SPDX-License-Identifier: Apache-2.0
"""A treatment that nobody watches any more: the client is gone, the daemon hangs, the wire tells nothing or lies."""
import itertools
import os
import signal
import threading

from hazard import Hazard, main

from dosage import TENS
from room import Refused, alive, now_ns, wait_until

LEVEL = 5000
# What is done to the replies, and whether requests still act; each is more than a glitch.
BENT = ({"fault": "silent"}, {"fault": "drop"}, {"fault": "delay", "ms": 600}, {"fault": "replay", "retag": True},
        {"fault": "corrupt", "how": "bit_flip"}, {"fault": "corrupt", "how": "transaction"}, {"fault": "corrupt", "how": "unit"},
        {"fault": "exception", "code": 4})


class Alone(Hazard):
    treatments = {"tens": (TENS, 12000)}

    @staticmethod
    def environment(room):
        """A lease that runs out within seconds."""
        with open(os.path.join(room.config, "daemon.ini"), encoding="utf-8") as file:
            room.write("daemon.ini", file.read().replace("lease = 30 s", "lease = 3 s"))
        return {}

    def watched(self):
        """A treatment at its level whose lease is renewed by somebody until the returned function is called."""
        session, lease = self.begin("tens", LEVEL)
        over, client, renewed = threading.Event(), self.room.client(), []

        def renew():
            try:
                while not over.wait(0.2):
                    renewed.append(now_ns())
                    client.call("session.keepalive", session_id=session, lease_key=lease)
            except (Refused, TimeoutError):  # it is over, or nobody answers
                pass

        def leave():
            over.set()
            thread.join()
            self.room.clients.remove(client)
            client.close()
            return renewed[-1]
        thread = threading.Thread(target=renew)
        thread.start()
        self.addCleanup(lambda: over.is_set() or leave())
        self.at_level(LEVEL)
        wait_until("a renewal", lambda: renewed)
        return session, lease, leave

    # ---- H25 ----

    def test_h25_the_client_is_gone(self):
        self.repeat(self.left)

    def left(self):
        session, lease, leave = self.watched()
        last = leave()
        ms = self.rest(last)
        self.end(session, "lease_lost")
        raised = self.alarm("lease_lost", "medium", session)
        self.gone(session, lease)
        self.latched(raised)
        self.measured(ms)

    # ---- H26 ----

    def test_h26_daemon_or_host_hangs(self):
        self.repeat(self.hung, itertools.cycle((lambda: self.room.daemon.pid, lambda: self.room.host_pids()[0])))

    def hung(self, processes):
        """The host's permit runs out, or the device's watchdog does; and what would go on when fed again is not fed."""
        self.sim.fault("stim1", "resume_when_fed")
        session, lease, leave = self.watched()
        pid, struck = next(processes)(), now_ns()
        os.kill(pid, signal.SIGSTOP)
        try:
            ms = self.rest(struck)
        finally:
            if alive(pid):
                os.kill(pid, signal.SIGCONT)
        ended = self.voice.state(session, "ended")
        self.assertIn(ended["reason"], ("dead_man", "lease_lost", "sample_stale", "host_lost", "link_lost"))
        self.over(session, lease, ended["reason"], leave)
        self.measured(ms)

    def over(self, session, lease, reason, leave):
        """It has ended for this reason, with alarms that stand until they are acknowledged."""
        self.end(session, reason)
        leave()
        self.gone(session, lease)
        self.room.wait_device("stim1", "ready")
        raised = [a for a in self.voice.call("alarm.list")["items"] if a["priority"] in ("medium", "high")]
        self.assertTrue(raised)
        for one in raised:
            self.latched(one)

    # ---- H27 ----

    def test_h27_no_reply_is_what_it_should_be(self):
        self.repeat(self.bent, itertools.cycle(BENT))

    def bent(self, faults):
        fault = next(faults)
        session, lease, leave = self.watched()
        struck = now_ns()
        self.sim.control(device="stim1", **fault)
        ms = self.rest(struck)
        self.sim.clear("stim1")
        ended = self.voice.state(session, "ended")
        self.assertNotIn(ended["reason"], ("complete", "stopped"))
        self.over(session, lease, ended["reason"], leave)
        self.measured(ms)

    def test_h27_every_reply_comes_twice(self):
        """Harmless, or the end of it: nothing else comes out than was set."""
        self.repeat(self.doubled)

    def doubled(self):
        session, lease, leave = self.watched()
        struck = now_ns()
        self.sim.fault("stim1", "duplicate")
        wait_until("so many requests", lambda: self.requests(struck) > 20 or self.sim.at_rest("stim1"))
        self.assertLessEqual({o["value"] for o in self.sim.outputs("stim1", 1) if o["t_ns"] > struck}, {0, LEVEL})
        self.sim.clear("stim1")
        stopped = now_ns()
        self.voice.call("session.stop", session_id=session)
        ms = self.rest(stopped if not self.sim.at_rest("stim1") else struck)
        self.voice.state(session, "ended")
        leave()
        self.gone(session, lease)
        self.measured(ms)

    def requests(self, since):
        return sum(line["event"] == "request" and line["t_ns"] > since for line in self.sim.trace())


if __name__ == "__main__":
    main()
