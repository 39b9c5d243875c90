# SPDX-License-Identifier: Apache-2.0
"""What tests of the socket share: a started room with two devices, treatments in it, and clients that mean no good.

Whatever is sent, the same holds by the trace: no device gives more than what the daemon took on for it, a stop brings it
to rest, and what a client was refused moves nothing. A treatment that a busy machine gave up is begun anew; see Hazard.
"""
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hazard"))
from hazard import Hazard, allowed  # noqa: E402
from dosage import CONTINUOUS, TENS  # noqa: E402
from room import PATIENCE, Refused, wait_until  # noqa: E402

CEILING = 12000
STOP_MS = 1000  # from the line that asks for it to rest; a device that answers takes a tenth of it


class Attack(Hazard):
    treatments = {"tens": (TENS, CEILING), "sound": (CONTINUOUS, 1000000)}

    def setUp(self):
        self.voice, self.session = self.speak(), None
        self.addCleanup(self.quiet)

    def treat(self, level, ceiling=CEILING, until="running"):
        return self.begin("tens", level, until=until, ceiling=ceiling)

    def client(self, subscribed=False):
        client = self.room.client()
        self.addCleanup(self.drop, client)
        if subscribed:
            client.call("events.subscribe")
        return client

    def drop(self, client):
        if client in self.room.clients:
            self.room.clients.remove(client)
            client.close()

    def raw(self):
        """A connection that says what no client would."""
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.connect(self.room.socket)  # before it has a timeout: with one it would not wait its turn
        s.settimeout(PATIENCE)
        return s

    def refuses(self, tokens, method, client=None, **params):
        """The call is refused with one of these tokens."""
        with self.assertRaises(Refused) as refused:
            (client or self.voice).act(method, **params)
        self.assertIn(refused.exception.token, tokens, refused.exception.error)

    def only(self, level, since, device="stim1"):
        """From then on the trace shows at most this level of that device, and nothing of the others."""
        for name in self.sim.links:
            most = max((abs(o["value"]) for o in self.sim.outputs(name) if o["t_ns"] >= since), default=0)
            self.assertLessEqual(most, level if name == device else 0, name)

    def stopped(self, session, asked):
        """It ended, and by the trace all was at rest in time; ms from then, 0 when it was before."""
        self.becomes(session, "ended")
        wait_until("rest", lambda: self.sim.at_rest("stim1"))
        last = max((o["t_ns"] for o in self.sim.outputs("stim1")), default=0)
        self.rested["stim1"] = max(last, asked)
        ms = max(0, (last - asked) / 1e6)
        self.assertLessEqual(ms, allowed(STOP_MS))
        return ms


def line(method, number=None, **params):
    """One request as bytes."""
    request = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(request if number is None else {**request, "id": number}).encode() + b"\n"
