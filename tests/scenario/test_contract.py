# SPDX-License-Identifier: Apache-2.0
"""rpc.discover is the contract, to the letter: what its schemas reject the daemon rejects and the other way round, and
every refusal that a live room can be brought to give is one that its method lists. (tests/unit/api/contract_test.py holds
the answers of a whole treatment against it.)"""
import copy
import json
import os
import signal
import unittest

import jsonschema

from room import Client, Refused, Room, begin, tens_request, us_request, wait_until

INVALID = -32602
LINE_BYTES = 60000  # of the 65536 that a line may have
CLINIC_LIMIT = """[limit clinic_leg_current]
modality = estim
quantity = amplitude_ua
max = 12 mA
scope = instantaneous
class = hard
when.site = lower_leg
source = tests
verified = choice
"""
NOTHING = {"duration_ms": 0, "energy_uj": 0, "session_charge_uc": 0}
# What only a record or a table can judge: the schema knows its shape, the daemon its meaning.
MEANT = {"cursor", "quantity"}


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(installation=CLINIC_LIMIT)
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim
        cls.client = cls.room.client()
        cls.document = cls.client.call("rpc.discover")
        cls.methods = {m["name"]: m for m in cls.document["methods"]}

    def params_schema(self, method):
        m = self.methods[method]
        return {"type": "object", "properties": {p["name"]: p["schema"] for p in m["params"]},
                "required": [p["name"] for p in m["params"] if p["required"]], "additionalProperties": False}

    def validator(self, schema):
        schema = {**schema, "components": self.document["components"]}
        jsonschema.Draft7Validator.check_schema(schema)
        return jsonschema.Draft7Validator(schema)

    def resolved(self, schema):
        """A schema with what it refers to in its place; quantity stays a reference."""
        if isinstance(schema, list):
            return [self.resolved(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        name = schema.get("$ref", "").removeprefix("#/components/schemas/")
        if name and name != "quantity":
            return self.resolved(self.document["components"]["schemas"][name])
        whole = {key: self.resolved(value) for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", ()):
            whole |= self.resolved(part)
        return whole

    def example(self, schema, name=""):
        """A value that the schema accepts, with every member."""
        if name == "quantity" or "$ref" in schema:
            return "amplitude_ua"
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema["type"]
        if schema.get("format") == "date":
            return "2026-11-20"
        if kind == "string":
            return "x" * max(1, schema.get("minLength", 1))
        if kind == "integer":
            return schema.get("minimum", 1)
        if kind == "boolean":
            return False
        if kind == "array":
            return [self.example(schema["items"])] * max(1, schema.get("minItems", 1))
        if "propertyNames" in schema:
            return {"amplitude_ua": self.example(schema["additionalProperties"])}
        return {key: self.example(value, key) for key, value in schema.get("properties", {}).items() if key != "cursor"}


class Document(Contract):
    def references(self, value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for member in value.values():
                yield from self.references(member)
        elif isinstance(value, list):
            for item in value:
                yield from self.references(item)

    def test_it_is_sound(self):
        self.assertEqual((self.document["openrpc"], self.document["info"]["title"]), ("1.2.6", "modalityd"))
        self.assertEqual(len(self.methods), len(self.document["methods"]), "names are unique")
        self.assertLess(len(json.dumps(self.document)), 150000, "what stands in many places is told once")
        for reference in self.references(self.document):
            self.assertTrue(reference.startswith("#/components/"), reference)
            at = self.document
            for step in reference[2:].split("/"):
                at = at[step]
        for name, m in self.methods.items():
            self.assertTrue(m["summary"], name)
            self.validator(m["result"]["schema"])
            self.validator(self.params_schema(name))
            given = {p["name"]: p["required"] for p in m["params"]}
            if m["x-acting"]:
                self.assertTrue(given["request_id"] and given["operator"], name)
            for p in m["params"]:
                self.assertTrue(p["description"], f"{name} {p['name']}")
        for group in ("device.list device.get device.scan device.reset protocol.list protocol.get limits.list limits.explain "
                      "session.check session.prepare session.start session.adjust session.pause session.resume session.stop "
                      "session.keepalive session.get session.list stop.all events.subscribe alarm.list alarm.acknowledge "
                      "record.list record.get record.export dose.history dose.review audit.tail audit.verify config.explain "
                      "daemon.info").split():
            self.assertIn(group, self.methods)

    def test_every_event_of_a_live_room_is_described(self):
        c = self.room.client()
        c.call("events.subscribe")
        self.sim.fault("us1", "absent")
        c.event(lambda e: e["type"] == "device.state" and e["id"] == "us1" and e["state"] == "absent")
        self.sim.clear("us1")
        c.event(lambda e: e["type"] == "device.state" and e["id"] == "us1" and e["state"] == "ready")
        session, _, _ = begin(c, tens_request(c, start=4000, patient="P-events"))
        c.event(lambda e: e["type"] == "session.progress")
        self.sim.wait_output("stim1", 1000)  # a stop before there is output leaves nothing to stick
        self.sim.fault("stim1", "stuck", channel=1)
        c.call("session.stop", session_id=session)
        c.event(lambda e: e["type"] == "alarm")
        self.sim.clear("stim1")
        c.event(lambda e: e["type"] == "session.ended", 30)
        for alarm in c.call("alarm.list")["items"]:
            c.act("alarm.acknowledge", number=alarm["number"])
        self.room.wait_device("stim1", "ready", 20)
        c.call("daemon.info")
        self.assertGreaterEqual({e["type"] for e in c.events},
                                {"device.state", "session.state", "session.progress", "session.ended", "alarm"})
        for event in c.events:
            schema = self.document["components"]["schemas"]["event." + event["type"]]
            for fault in self.validator(schema).iter_errors(event):
                self.fail(f"{event}: {fault.message}")

    def test_it_names_every_quantity_and_the_answers_units(self):
        listed = {q["id"] for q in self.client.call("quantity.list", limit=500)["items"]}
        self.assertEqual(listed, set(self.document["components"]["schemas"]["quantity"]["enum"]))


class Shapes(Contract):
    def variants(self, schema, value, name=""):
        """Values next to a good one: other types, bounds and beyond, missing and unknown members."""
        for other in (7, "s", True, None, [], {}, 1.5, -(1 << 62)):
            if type(other) is not type(value):
                yield other
        kind = schema.get("type")
        if kind == "string" and name not in MEANT:
            yield from ("", "x", "x" * 9000, "no such choice")
            if schema.get("format") == "date":  # the pattern cannot tell February's days: see test_screening.py
                yield from ("1970-01-01", "1969-12-31", "2026-13-01", "2026-00-10", "2026-11-32", "20-11-2026", "2026/11/20")
            for bound in ("minLength", "maxLength"):
                if bound in schema and "enum" not in schema:
                    yield from ("x" * n for n in range(max(0, schema[bound] - 1), schema[bound] + 2))
        elif kind == "integer":
            yield from (-1, 0, 1, 1 << 62)
            for bound in ("minimum", "maximum"):
                if bound in schema and abs(schema[bound]) < 1 << 62:
                    yield from (schema[bound] - 1, schema[bound], schema[bound] + 1)
        elif kind == "array":
            for n in {0, 1, schema.get("minItems", 1), schema.get("maxItems", 1), schema.get("maxItems", 1) + 1}:
                yield [value[0]] * n
            yield from ([other] for other in self.variants(schema["items"], value[0]))
        elif "propertyNames" in schema:
            inner = schema["additionalProperties"]
            yield {"no_such_quantity": value["amplitude_ua"]}
            yield from ({"amplitude_ua": other} for other in self.variants(inner, value["amplitude_ua"]))
        elif kind == "object":
            yield from self.members(schema, value)

    def members(self, schema, value):
        yield {**value, "no_such_member": 1}
        for key, inner in schema.get("properties", {}).items():
            if key not in value:
                continue
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in self.variants(inner, value[key], key))

    def verdicts(self, method, candidates):
        """Error codes of the daemon, None where it took the parameters; in batches."""
        for at in range(0, len(candidates), 32):
            part = candidates[at:at + 32]
            batch = [{"jsonrpc": "2.0", "id": i, "method": method, "params": p} for i, p in enumerate(part)]
            # What does not fit on one line goes alone.
            lines = [batch] if len(json.dumps(batch)) < LINE_BYTES else [[request] for request in batch]
            answers = {}
            for line in lines:
                self.client.socket.sendall(json.dumps(line).encode() + b"\n")
                while len(line) > sum(r["id"] in answers for r in line):
                    message = self.client.read()
                    answers.update({a["id"]: a for a in (message if isinstance(message, list) else [])})
            yield from ((p, answers[i].get("error")) for i, p in enumerate(part))

    def test_what_the_schema_rejects_the_daemon_rejects_and_the_other_way_round(self):
        tried = 0
        for method in self.methods:
            schema = self.params_schema(method)
            validator = self.validator(schema)
            shape = self.resolved(schema)
            good = self.example(shape)
            self.assertTrue(validator.is_valid(good), method)
            candidates = [good, *self.members(shape, good)]
            texts = sorted({text for text in map(json.dumps, candidates) if len(text) < LINE_BYTES})
            candidates = [json.loads(text) for text in texts]
            for params, error in self.verdicts(method, candidates):
                tried += 1
                rejected = error is not None and error["code"] == INVALID
                self.assertEqual(validator.is_valid(params), not rejected, f"{method} {json.dumps(params)[:300]}: {error}")
                if rejected:
                    self.assertTrue(error["data"]["field"].startswith("params"), error)
                    self.assertTrue(error["data"]["expected"], error)
                elif error is not None:
                    self.assertEqual(error["code"], -32000, f"{method}: {error}")
                    self.assertIn("token", error["data"])
        self.assertGreater(tried, 1000)

    def test_positional_parameters_are_rejected_everywhere(self):
        for method in self.methods:
            (_, error), = self.verdicts(method, [[1]])
            self.assertEqual(error["code"], INVALID, method)


class Refusals(Contract):
    def refused(self, token, method, client=None, act=None, **params):
        """The call is refused with this token, as its method says it may be."""
        client = client or self.client
        acting = self.methods[method]["x-acting"] if act is None else act
        with self.assertRaises(Refused) as refused:
            (client.act if acting else client.call)(method, **params)
        error = refused.exception.error
        self.assertEqual(error.get("data", {}).get("token"), token, error)
        listed = [e["$ref"] for e in self.methods[method]["errors"]]
        self.assertIn(f"#/components/errors/{token}", listed, method)
        known = self.document["components"]["errors"][token]
        self.assertEqual((error["code"], error["data"]["token"]), (known["code"], known["data"]["token"]))
        self.assertTrue(error["message"])
        return error["data"]

    def ended(self, session):
        self.client.state(session, "ended")

    def prepared(self, **more):
        return self.client.act("session.prepare", **tens_request(self.client, start=4000, **more))

    def test_01_what_does_not_exist(self):
        nobody = {"session_id": "nobody"}
        key = {**nobody, "lease_key": "k"}
        for method, params in {
                "device.get": {"device": "x"}, "device.reset": {"device": "x", "statement": "s"},
                "limits.explain": {"limit": "x"}, "protocol.get": {"protocol": "x"}, "session.get": nobody, "session.stop": nobody, "record.get": nobody,
                "session.keepalive": key, "session.pause": key, "session.resume": key,
                "session.start": {**nobody, "confirm_token": "t"},
                "session.adjust": {**key, "quantity": "amplitude_ua", "target": 1}, "alarm.acknowledge": {"number": 4711},
                "record.addendum": {**nobody, "text": "t"}, "incident.get": {"incident_id": "x"},
                "dose.review": {**nobody, "statement": "s", "delivered": NOTHING}}.items():
            self.refused("NOT_FOUND", method, **params)

    def test_02_what_a_dose_may_be_refused_for(self):
        c, request = self.client, tens_request(self.client, start=4000)
        output = request["outputs"][0]
        answers = request["screening"]

        def with_answer(question, answer):
            return [{**a, "answer": answer} if a["question"] == question else a for a in answers]

        def phases(quantity, value):
            parameters = {quantity: {"start": value, "ceiling": value}}
            return [{**output, "phases": [{"duration_ms": 1200000, "parameters": parameters}]}]

        for token, change in {
                "OUT_OF_RANGE": {"outputs": phases("amplitude_ua", 95000)},
                "NOT_FOUND": {"protocol": {"id": "nothing"}},
                "IDENTITY_MISMATCH": {"protocol": {"id": "tens_conventional", "hash": "0" * 64}},
                "CONTRAINDICATED": {"screening": with_answer("pacemaker", "yes")},
                "PRECAUTION": {"screening": with_answer("pregnancy_elsewhere", "yes")},
                "INCOMPLETE": {"outputs": [{**output, "electrodes": []}]}}.items():
            changed = {**copy.deepcopy(request), **change}
            data = self.refused(token, "session.prepare", **changed)
            self.assertTrue(data["violations"], token)
            check = c.call("session.check", **changed)
            self.assertEqual((check["allowed"], check["refusals"][0]["token"]), (False, token))
        self.refused("LIMIT_NOT_ACCEPTED", "session.prepare", **us_request(
            c, protocol="lipus_fracture", start=150000, duration_ms=1200000))
        self.refused("NOTICE_REQUIRED", "session.prepare", **us_request(c, start=800000))
        data = self.refused("LIMIT_EXCEEDED", "session.prepare", **tens_request(c, site="lower_leg", start=4000, ceiling=13000))
        self.assertEqual((data["quantity"], data["value"], data["max"], data["origin"]),
                         ("amplitude_ua", 13000, 12000, "installation.ini:1"))

    def test_03_what_a_start_may_be_refused_for(self):
        c = self.client
        prepared = self.prepared(patient="P-3")
        this = {"session_id": prepared["session_id"]}
        self.refused("NOT_SUBSCRIBED", "session.start", confirm_token=prepared["confirm_token"], **this)
        c.call("events.subscribe")
        self.refused("TOKEN_INVALID", "session.start", confirm_token="0" * 32, **this)
        data = self.refused("BUSY", "session.prepare", **tens_request(c, start=4000, patient="P-4"))
        self.assertEqual(data["holder"], prepared["session_id"])
        c.act("session.observe", request_id="twice", observation={"kind": "note", "text": "x"}, **this)
        for method, params in (("session.observe", {**this, "observation": {"kind": "note", "text": "y"}}),
                               ("session.prepare", tens_request(c, group="ch2", channels=("ch2",)))):
            self.refused("REQUEST_REUSED", method, request_id="twice", **params)
        c.call("session.stop", **this)
        self.ended(prepared["session_id"])

    def test_04_what_a_running_session_may_refuse(self):
        c = self.client
        session, lease, _ = begin(c, tens_request(c, start=4000, ceiling=9000, patient="P-5"))
        self.sim.wait_output("stim1", 4000)
        adjust = {"session_id": session, "lease_key": lease, "quantity": "amplitude_ua"}
        self.refused("STALE_VIEW", "session.adjust", **adjust, target=6000, expect=5000)
        self.refused("OUT_OF_RANGE", "session.adjust", **adjust, target=9001, expect=4000)
        self.refused("LEASE_INVALID", "session.adjust", **{**adjust, "lease_key": "x"}, target=1)
        self.refused("LEASE_INVALID", "session.keepalive", session_id=session, lease_key="x")
        self.refused("NOT_FOUND", "session.adjust", **{**adjust, "channel": "ch2"}, target=1)
        self.refused("WRONG_STATE", "session.resume", session_id=session, lease_key=lease)
        self.refused("DOSE_RESERVED", "session.prepare", **tens_request(c, group="ch2", channels=("ch2",), patient="P-5"))
        c.call("session.stop", session_id=session)
        self.ended(session)
        self.refused("WRONG_STATE", "session.adjust", **adjust, target=1)
        self.refused("WRONG_STATE", "session.keepalive", session_id=session, lease_key=lease)
        self.refused("REST_INTERVAL", "session.prepare", **tens_request(c, patient="P-5", start=4000))
        self.refused("WRONG_STATE", "dose.review", session_id=session, statement="s", delivered=NOTHING)

    def test_05_an_unknown_output_and_its_dose(self):
        c = self.client
        session, _, _ = begin(c, tens_request(c, start=4000, patient="P-6"))
        self.sim.wait_output("stim1", 4000)
        self.sim.fault("stim1", "stuck", channel=1)
        c.call("session.stop", session_id=session)
        c.state(session, "output_unknown")
        self.refused("OUTPUT_UNKNOWN", "session.prepare", **tens_request(c, patient="P-7", group="ch2", channels=("ch2",)))
        c.act("device.reset", device="stim1", statement="the pads are off")
        self.ended(session)
        self.sim.clear("stim1")
        wait_until("rest", lambda: self.sim.at_rest("stim1"), 20)
        self.room.wait_device("stim1", "ready", 20)
        self.refused("DOSE_UNBOUNDED", "session.prepare", **tens_request(c, patient="P-6"))
        reviewed = c.act("dose.review", session_id=session, statement="judged by the trace", delivered={
            **NOTHING, "duration_ms": 600000, "session_charge_uc": 100000})
        for fault in self.validator(self.methods["dose.review"]["result"]["schema"]).iter_errors(reviewed):
            self.fail(fault)

    def test_06_absent_devices(self):
        self.sim.fault("us1", "absent")
        self.room.wait_device("us1", "absent")
        self.refused("DEVICE_ABSENT", "session.prepare", **us_request(self.client, protocol="us_acute_pulsed", start=200000,
                                                                        duration_ms=180000))
        self.sim.clear("us1")
        self.room.wait_device("us1", "ready", 20)

    def test_07_load_and_connections(self):
        client = self.room.client()
        flood = [client.send("audit.verify") for _ in range(200)]
        answers = {}
        while len(answers) < len(flood):
            message = client.read()
            answers[message["id"]] = message.get("error")
        tokens = {e["data"]["token"] for e in answers.values() if e}
        self.assertLessEqual(tokens, {"OVERLOADED"})
        listed = [e["$ref"] for e in self.methods["audit.verify"]["errors"]]
        for token in ("OVERLOADED", "CONNECTION_LIMIT"):
            self.assertIn(f"#/components/errors/{token}", listed)
        cap = self.client.call("daemon.info")["limits"]["connections_per_uid"]
        crowd = [Client(self.room.socket) for _ in range(cap)]
        try:
            self.refused("CONNECTION_LIMIT", "daemon.info", client=crowd[-1])
        finally:
            for one in crowd:
                one.close()

    def test_08_a_changed_sheet_and_changed_roles(self):
        c = self.client
        prepared = self.prepared(patient="P-8", group="ch2", channels=("ch2",))
        generation = c.call("daemon.info")["config"]["generation"]

        def reload_roles(text):
            nonlocal generation
            self.room.write("roles.ini", text)
            self.room.daemon.send_signal(signal.SIGHUP)
            generation += 1
            wait_until("the new configuration", lambda: Client.call(c, "daemon.info")["config"]["generation"] == generation)

        reload_roles(f"[role plain]\nright = therapist\nusers = {os.getuid()}\n")
        self.refused("SHEET_CHANGED", "session.start", operator=Client.call(c, "daemon.info")["peer"]["name"],
                     session_id=prepared["session_id"], confirm_token=prepared["confirm_token"])
        data = self.refused("NOT_ACTING_FOR", "session.prepare", **tens_request(c, patient="P-8"))
        self.assertIn("may_act_for", data["config_key"])
        data = self.refused("ROLE_REQUIRED", "device.scan")
        self.assertEqual(data["needed"], "engineer")
        reload_roles("[role looker]\nright = viewer\nusers = *\n")
        for method, m in self.methods.items():
            if m["x-right"] in ("therapist", "engineer"):
                self.refused("ROLE_REQUIRED", method, act=False, **self.example(self.params_schema(method)))


if __name__ == "__main__":
    unittest.main()
