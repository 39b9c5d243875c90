# SPDX-License-Identifier: Apache-2.0
"""Every method of rpc.discover with parameters made from its schema, right ones, wrong ones and nearly right ones, while a
treatment runs: nothing moves that was not taken on, every answer is one that the document allows, and the treatment goes on.
Then the methods that stop. MODALITY_SEED repeats a run; it is printed."""
import copy
import json
import os
import random
import time
import unittest

from attack import Attack
from hazard import REPEATS
from room import Refused, now_ns, screened, wait_until

SEED = int(os.environ.get("MODALITY_SEED", time.time_ns() & 0xffffffff))
TRIES = 96 * max(1, REPEATS // 5)  # of each method, by each kind of client
BATCH = 12
LINE_MAX = 65536
LEVEL = 4000
SLOW = {"audit.verify", "device.scan", "device.selftest", "record.export", "rpc.discover"}  # a few of these tell as much
ENDS = {"session.stop", "stop.all"}
JSON_RPC = {-32700, -32600, -32601, -32602}
STRINGS = ("", "x", "stim1", "us1", "ch1", "tens", "sound", "amplitude_ua", "session.stop", "../../etc/passwd", "%s%n",
           "\ud83d\ude00", "caf\u00e9", "'; DROP TABLE session; --", "2026-02-30", "9" * 40, "x" * 64, "x" * 65, "x" * 3000, "null", "-1")
NUMBERS = (0, 1, -1, 2, 7, 999, 4000, 12000, 95000, 2**31 - 1, 2**31, -2**31, 2**32, 2**53, 2**62, 2**63 - 1, -2**63, 1.5, 1e300)
UNREADABLE = ("\u0000", "a\u0000b", 2**63, 10**30)  # JSON that this daemon takes for none
OTHER = (None, True, False, [], {}, [[]], {"": ""}, [None])


class Fuzz(Attack):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.room.client().call("rpc.discover")
        cls.methods = {m["name"]: m for m in cls.document["methods"]}
        cls.parts = cls.document["components"]["schemas"]

    def setUp(self):
        super().setUp()
        self.chance = random.Random(SEED)
        self.counted = {}

    # ---- values ----

    def schema(self, schema):
        """With what it refers to in its place."""
        if "$ref" in schema:
            return self.schema(self.parts[schema["$ref"].rsplit("/", 1)[1]])
        whole = {k: v for k, v in schema.items() if k != "allOf"}
        for part in schema.get("allOf", ()):
            whole.update(self.schema(part))
        return whole

    def known(self, name):
        """Names that mean something in this room, but for the lease, which is for its owner alone."""
        ids = {"session_id": self.session, "device": self.chance.choice(("stim1", "us1")), "group": "ch2", "channel": "ch1",
               "protocol": "tens", "site": "thigh", "side": "left", "quantity": "amplitude_ua", "patient_ref": "P-fuzz",
               "request_id": f"f-{self.chance.getrandbits(64)}"}
        return ids.get(name)

    def right(self, schema, name=""):
        """A value that the schema takes."""
        schema = self.schema(schema)
        if self.known(name) is not None and schema.get("type") == "string" and self.chance.random() < 0.8:
            return self.known(name)
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "string":
            if schema.get("format") == "date":
                return "2026-11-20"
            least, most = schema.get("minLength", 0), schema.get("maxLength", 40)
            return "a" * self.chance.choice((least, min(most, max(least, 8)), most))
        if kind == "integer":
            least, most = schema.get("minimum", -10), schema.get("maximum", 100000)
            return self.chance.choice((least, most, self.chance.randint(least, most)))
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind == "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
            return [self.right(schema.get("items", {}), name) for _ in range(self.chance.randint(min(least, most), most))]
        if "propertyNames" in schema:
            return {"amplitude_ua": self.right(schema.get("additionalProperties") or {})}
        required = schema.get("required", ())
        return {key: self.right(value, key) for key, value in schema.get("properties", {}).items()
                if key in required or self.chance.random() < 0.5}

    def wrong(self, value, least=0.2):
        """Something else somewhere in it, or in its place, with that chance."""
        roll = self.chance.random() * 0.8 / (1 - least)
        if isinstance(value, dict) and value and roll < 0.8:
            key = self.chance.choice(sorted(value))
            if roll < 0.15:
                return {k: v for k, v in value.items() if k != key}
            if roll < 0.25:
                return {**value, self.chance.choice(STRINGS): self.anything()}
            return {**value, key: self.wrong(value[key])}
        if isinstance(value, list) and value and roll < 0.8:
            at = self.chance.randrange(len(value))
            return value * self.chance.choice((2, 40)) if roll < 0.2 else value[:at] + [self.wrong(value[at])] + value[at + 1:]
        return self.anything()

    def anything(self):
        kinds = (UNREADABLE,) if self.chance.random() < 0.03 else (STRINGS, NUMBERS, OTHER)
        return copy.deepcopy(self.chance.choice(self.chance.choice(kinds)))

    def params(self, method):
        given = {p["name"]: self.right(p["schema"], p["name"]) for p in self.methods[method]["params"]
                 if p["required"] or self.chance.random() < 0.5}
        if method == "session.prepare" and self.chance.random() < 0.7:
            given.update(self.sound)
        if "operator" in given and self.chance.random() < 0.9:
            given["operator"] = {"id": "therapist", "name": "Test Therapist"}
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 5))):
            given = self.wrong(given, 0.02) if isinstance(given, dict) else given
        return given

    # ---- what comes back ----

    def send(self, client, method, tries):
        """So many requests in batches; each answer is judged."""
        requests = [{"jsonrpc": "2.0", "id": i, "method": method, "params": self.params(method)} for i in range(tries)]
        for at in range(0, tries, BATCH):
            self.batch(client, method, requests[at:at + BATCH])

    def batch(self, client, method, requests):
        """In one line. One that is no JSON here, or too long, is what its requests are one by one."""
        text = json.dumps(requests).encode() + b"\n"
        if len(text) > LINE_MAX:
            return self.halves(client, method, requests)
        client.socket.sendall(text)
        left = {r["id"]: r for r in requests}
        while left:
            message = client.read()
            if isinstance(message, dict) and "id" in message:  # the answer to the line as a whole
                self.assertEqual((message["id"], message["error"]["code"]), (None, -32700), text[:400])
                self.count(-32700)
                return self.halves(client, method, requests)
            for answer in message if isinstance(message, list) else ():
                self.judge(method, left.pop(answer["id"]), answer)
        return None

    def halves(self, client, method, requests):
        half = len(requests) // 2
        for part in (requests[:half], requests[half:]) if half else ():
            self.batch(client, method, part)

    def judge(self, method, request, answer):
        said = f"seed {SEED}: {method} {json.dumps(request['params'])[:400]} -> {json.dumps(answer)[:400]}"
        error = answer.get("error")
        self.assertEqual(set(answer), {"jsonrpc", "id", "error" if error else "result"}, said)
        token = (error.get("data") or {}).get("token") if error else None
        self.count(token or (error["code"] if error else "done"))
        if not error:
            return
        self.assertTrue(error["message"], said)
        if token:
            self.assertIn(f"#/components/errors/{token}", [e["$ref"] for e in self.methods[method]["errors"]], said)
        else:
            self.assertIn(error["code"], JSON_RPC, said)

    def count(self, what):
        self.counted[what] = self.counted.get(what, 0) + 1

    def everything(self, client, tries):
        """Every method that stops nothing, in an order of its own; whose lease it is renews it in between."""
        order = sorted(set(self.methods) - ENDS)
        self.chance.shuffle(order)
        for method in order:
            self.send(client, method, min(tries, 3) if method in SLOW else tries)
            try:
                self.voice.call("session.keepalive", session_id=self.session, lease_key=self.lease)
            except Refused:
                self.ended_as(self.becomes(self.session, "ended"), "running")

    # ---- the tests ----

    def test_every_method_in_a_treatment(self):
        print(f"seed {SEED}", flush=True)
        self.attempt(self.walk)
        print(", ".join(f"{n} {what}" for what, n in sorted(self.counted.items(), key=lambda kv: -kv[1])), flush=True)

    def walk(self):
        asked = screened(self.voice, self.request("sound", 300000))
        self.sound = {k: v for k, v in asked.items() if k != "patient_ref"}
        self.session, self.lease = self.treat(LEVEL)
        self.at_level(LEVEL)
        since, client = now_ns(), self.client()
        self.everything(client, TRIES)
        self.unmoved(since)
        try:
            self.become("viewer")
            self.everything(client, TRIES // 4)
            self.unmoved(since)
            asked = now_ns()
            for method in sorted(ENDS):
                self.send(client, method, TRIES)
            self.stopped(self.session, asked)
        finally:
            self.become("engineer")
        self.assertTrue(self.voice.call("audit.verify")["ok"])

    def become(self, right):
        """Everybody here is that, from the next request on."""
        self.room.write("roles.ini", f"[role {right}]\nright = {right}\nusers = {os.getuid()}\nmay_act_for = yes\n")
        self.room.signal_reload()
        one = self.room.client()
        wait_until(f"right of a {right}", lambda: one.call("daemon.info")["peer"]["right"] == right)
        self.drop(one)

    def unmoved(self, since):
        """The treatment stands where it stood, and nothing else came on."""
        state = self.voice.call("session.get", session_id=self.session)
        if state["state"] != "running":
            self.ended_as(self.becomes(self.session, "ended"), "running")
        self.assertEqual({(o["device"], o["value"]) for name in self.sim.links for o in self.sim.outputs(name)
                          if o["t_ns"] >= since and o["value"]} - {("stim1", LEVEL)}, set())


if __name__ == "__main__":
    unittest.main()
