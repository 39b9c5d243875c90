# SPDX-License-Identifier: Apache-2.0
"""People at the socket and what they do to a treatment, by the trace: a stop in every state of a session, one token used
many ways, two clients, lines that break off, and a knob that is turned without end."""
import random
import threading
import unittest
import uuid

from attack import CEILING, Attack, line
from room import Refused, now_ns, wait_until

LEVEL = 4000
THERAPIST = {"id": "therapist", "name": "Test Therapist"}


class People(Attack):
    # ---- a stop, wherever a session is ----

    def test_a_stop_in_every_state(self):
        for state in ("prepared", "starting", "ramping", "running", "turned", "pausing", "paused", "resumed", "stopping", "ended"):
            with self.subTest(state=state):
                self.attempt(self.stop_in, state)

    def stop_in(self, state):
        """Somebody else than who treats asks for it; and again, when it is over."""
        other, since = self.client(), now_ns()
        session = self.lead_to(state)
        asked = now_ns()
        if state == "ended":
            with self.assertRaises(Refused):
                other.call("session.stop", session_id="s-nobody")
        self.assertIsInstance(other.call("session.stop", session_id=session)["stopping"], list)
        ms = self.stopped(session, asked)
        if state == "ended":
            self.assertEqual(ms, 0)
        self.only(0 if state == "prepared" else CEILING, since)

    def lead_to(self, state):
        """A session of which the daemon has said that it is there, or was asked for what leads there a moment ago."""
        if state in ("prepared", "starting"):
            self.device = "stim1"
            self.rested.pop("stim1", None)
            made = self.prepare(self.request("tens", LEVEL))
            self.session = made["session_id"]
            if state == "starting":
                self.voice.send("session.start", session_id=self.session, confirm_token=made["confirm_token"],
                                request_id=uuid.uuid4().hex, operator=THERAPIST)
            return self.session
        session, lease = self.treat(LEVEL, until="ramping" if state == "ramping" else "running")
        held = {"session_id": session, "lease_key": lease}
        acting = {**held, "request_id": uuid.uuid4().hex, "operator": THERAPIST}
        if state == "turned":
            self.voice.send("session.adjust", **acting, quantity="amplitude_ua", target=CEILING, expect=LEVEL)
        elif state == "pausing":
            self.voice.send("session.pause", **acting)
        elif state in ("paused", "resumed"):
            self.voice.act("session.pause", **held)
            self.becomes(session, "paused")
            if state == "resumed":
                self.voice.send("session.resume", **acting)
        elif state in ("stopping", "ended"):
            self.voice.call("session.stop", session_id=session)
            if state == "ended":
                self.becomes(session, "ended")
        return session

    # ---- one token ----

    def test_a_token_is_good_for_one_start_of_its_own_session(self):
        self.attempt(self.tokens)

    def tokens(self):
        old = self.prepare(self.request("tens", LEVEL))
        self.voice.call("session.stop", session_id=old["session_id"])
        self.becomes(old["session_id"], "ended")
        made, since = self.prepare(self.request("tens", LEVEL)), now_ns()
        self.device, self.session = "stim1", made["session_id"]
        self.rested.pop("stim1", None)
        this = {"session_id": made["session_id"]}
        self.refuses(("TOKEN_INVALID",), "session.start", **this, confirm_token=old["confirm_token"])
        self.refuses(("WRONG_STATE", "NOT_FOUND"), "session.start", session_id=old["session_id"], confirm_token=old["confirm_token"])
        self.refuses(("TOKEN_INVALID", "WRONG_STATE", "NOT_FOUND"), "session.start", session_id=old["session_id"],
                     confirm_token=made["confirm_token"])
        self.only(0, since)
        leases = self.at_once([self.client(subscribed=True) for _ in range(4)], "session.start", **this,
                              confirm_token=made["confirm_token"])
        self.becomes(self.session, "running")
        self.assertEqual(len({lease["lease_key"] for lease in leases}), 1, "one treatment, one lease")
        starts = [e for e in self.voice.call("audit.tail", limit=100)["items"]
                  if e["event"] == "session.start" and e.get("session_id") == self.session]
        self.assertEqual(len(starts), 1)
        asked = now_ns()
        self.voice.call("session.stop", **this)
        self.stopped(self.session, asked)
        # Whoever asks again is told of the same session, which is over and stays it.
        over = now_ns()
        again, = self.at_once([self.voice], "session.start", **this, confirm_token=made["confirm_token"])
        self.refuses(("WRONG_STATE",), "session.resume", **this, lease_key=again["lease_key"])
        self.assertEqual(self.voice.call("session.get", **this)["state"], "ended")
        self.only(0, over)
        self.only(LEVEL, since)

    def at_once(self, clients, method, **params):
        """The answers that were no refusals, of one call by several clients at a time."""
        answers = []

        def call(client):
            try:
                answers.append(client.act(method, **params))
            except Refused:
                pass
        threads = [threading.Thread(target=call, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    # ---- two clients ----

    def test_who_has_no_lease_can_only_stop(self):
        self.attempt(self.two_clients)

    def two_clients(self):
        session, lease = self.treat(LEVEL)
        since, other = now_ns(), self.client(subscribed=True)
        guess = {"session_id": session, "lease_key": lease[:-1] + ("0" if lease[-1] != "0" else "1")}
        for method, more in (("session.pause", {}), ("session.resume", {}),
                             ("session.adjust", {"quantity": "amplitude_ua", "target": 0}),
                             ("session.adjust", {"quantity": "amplitude_ua", "target": CEILING, "expect": LEVEL})):
            self.refuses(("LEASE_INVALID",), method, other, **guess, **more)
        with self.assertRaises(Refused) as refused:
            other.call("session.keepalive", **guess)
        self.assertEqual(refused.exception.token, "LEASE_INVALID")
        self.samples(2)
        self.assertEqual({o["value"] for o in self.sim.outputs("stim1") if o["t_ns"] >= since} - {LEVEL}, set())
        # Who holds the lease may go on from another connection when the first is gone.
        self.voice = self.room.speak()
        other.call("session.keepalive", session_id=session, lease_key=lease)
        other.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=LEVEL - 1000)
        wait_until("the new level", lambda: self.sim.output("stim1") == LEVEL - 1000)
        asked = now_ns()
        self.client().call("stop.all")
        self.stopped(session, asked)

    # ---- lines that break off ----

    def test_a_line_that_breaks_off(self):
        self.attempt(self.half_lines)

    def half_lines(self):
        session, lease = self.treat(LEVEL)
        since, held = now_ns(), {"session_id": session, "lease_key": lease, "request_id": "half", "operator": THERAPIST}
        waiting = []
        for method, more in (("session.adjust", {"quantity": "amplitude_ua", "target": CEILING, "expect": LEVEL}),
                             ("session.pause", {})):
            whole = line(method, 1, **held, **more)
            for leaves in (True, False):
                s = self.raw()
                s.sendall(whole[:-2])
                if leaves:
                    s.close()
                else:
                    waiting.append(s)
        self.samples(2)
        self.assertEqual({o["value"] for o in self.sim.outputs("stim1") if o["t_ns"] >= since} - {LEVEL}, set())
        asked, whole = now_ns(), line("session.stop", 1, session_id=session)
        waiting.append(self.raw())
        waiting[-1].sendall(whole[:-2])  # nobody waits for the end of a stop
        waiting[-1].shutdown(1)
        self.stopped(session, asked)

    # ---- a knob ----

    def test_a_knob_that_is_turned_without_end(self):
        self.attempt(self.storm)

    def storm(self):
        """Two clients with the lease, hundreds of targets, most of them nonsense: what came out was taken on before."""
        session, lease = self.treat(LEVEL, ceiling=8000)
        since, chance = now_ns(), random.Random(5)
        clients = [self.client(), self.client()]
        tried = {client: {} for client in clients}
        for _ in range(150):
            for client in clients:
                target = chance.choice((0, 1, -1, 500, 3000, 5000, 7999, 8000, 8001, 95000, 1 << 40))
                number = client.send("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=target,
                                     expect=chance.choice((LEVEL, 0, 500, 3000, 5000, 8000)), request_id=uuid.uuid4().hex,
                                     operator=THERAPIST)
                tried[client][number] = target
        taken = {LEVEL}
        for client in clients:
            for number, target in tried[client].items():
                try:
                    client.answer(number)
                    taken.add(target)
                except Refused as refused:
                    self.assertIn(refused.token or refused.code, (-32602, "OUT_OF_RANGE", "STALE_VIEW", "OVERLOADED", "WRONG_STATE",
                                                                  "LIMIT_EXCEEDED"))
        self.only(max(taken), since)
        self.assertLessEqual(max(taken), 8000)
        # A stop overtakes what was asked for before it and is not read yet.
        for i in range(60):
            for client in clients:
                client.send("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=8000 if i % 2 else 500,
                            expect=500, request_id=uuid.uuid4().hex, operator=THERAPIST)
        asked = now_ns()
        self.raw().sendall(line("stop.all"))
        self.stopped(session, asked)
        self.only(8000, since)


if __name__ == "__main__":
    unittest.main()
