# SPDX-License-Identifier: Apache-2.0
"""rpc.discover is the contract: on the real programs, every method is called, and every request, answer, error and event
is held against the document (python3-jsonschema)."""
import os
import sys
import unittest

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scenario"))
from room import Client, Refused, RoomCase, begin, tens_request  # noqa: E402


class Contract(RoomCase):
    def setUp(self):
        super().setUp()
        first = Client(self.room.socket)
        self.document = first.call("rpc.discover")
        first.close()
        self.methods = {m["name"]: m for m in self.document["methods"]}
        self.called = set()
        self.plain_call = self.client.call
        self.client.call = self.checked_call

    def hold(self, what, value, schema):
        schema = {**schema, "components": self.document["components"]}
        jsonschema.Draft7Validator.check_schema(schema)
        for fault in jsonschema.Draft7Validator(schema).iter_errors(value):
            self.fail(f"{what}: {fault.message} at {list(fault.path)}")

    def checked_call(self, method, **params):
        m = self.methods[method]
        self.called.add(method)
        self.hold(f"params of {method}", params, {
            "type": "object", "properties": {p["name"]: p["schema"] for p in m["params"]},
            "required": [p["name"] for p in m["params"] if p["required"]], "additionalProperties": False})
        try:
            result = self.plain_call(method, **params)
        except Refused as refused:
            known = [e["$ref"].rsplit("/", 1)[1] for e in m["errors"]]
            self.assertIn(refused.token or "invalid_params", known, method)
            raise
        self.hold(f"result of {method}", result, m["result"]["schema"])
        return result

    def refused(self, token, call, method, **params):
        with self.assertRaises(Refused) as refused:
            call(method, **params)
        self.assertEqual(refused.exception.token, token)

    def look_at_everything(self, c):
        for name, m in self.methods.items():
            if not any(p["required"] for p in m["params"]) and name not in ("stop.all", "session.stop"):
                c.call(name)
        for kind, key in (("protocol.list", "protocol"), ("device.list", "device")):
            for item in c.call(kind)["items"]:
                c.call(kind.replace("list", "get"), **{key: item["id"]})
        for item in c.call("limits.list", limit=500)["items"]:
            c.call("limits.explain", limit=item["id"])
        self.refused("NOT_FOUND", c.call, "device.get", device="nobody")

    def treat(self, c):
        request = tens_request(c, start=4000, ceiling=12000)
        too_much = tens_request(c, start=4000, ceiling=95000)
        self.assertTrue(c.call("session.check", **request)["allowed"])
        self.assertFalse(c.call("session.check", **too_much)["allowed"])
        with self.assertRaises(Refused):
            c.act("session.prepare", **too_much)
        session, lease, _ = begin(c, request)
        self.sim.wait_output("stim1", 4000)
        key = {"session_id": session, "lease_key": lease}
        adjust = {**key, "quantity": "amplitude_ua", "target": 6000}
        c.call("session.get", session_id=session)
        c.call("session.list")
        self.refused("STALE_VIEW", c.act, "session.adjust", **{**adjust, "expect": 3000})
        self.refused("LEASE_INVALID", c.act, "session.adjust", **{**adjust, "lease_key": "x"})
        c.act("session.adjust", expect=4000, **adjust)
        c.call("session.keepalive", **key)
        c.act("session.observe", session_id=session,
              observation={"kind": "pain_before", "value": 6, "scale": "NRS", "maximum": 10})
        c.act("session.pause", **key)
        c.state(session, "paused")
        c.call("session.get", session_id=session)
        c.act("session.resume", **key)
        c.call("session.stop", session_id=session, reason="enough", by="operator")
        c.state(session, "ended")
        c.call("session.get", session_id=session)
        self.refused("WRONG_STATE", c.act, "session.pause", **key)
        return session

    def look_back(self, c, session):
        self.assertEqual(len(c.call("record.list")["items"]), 1)
        c.act("record.addendum", session_id=session, text="skin looked at")
        incident = c.act("incident.create", record_id=session, found_at=1700000000000, harm="redness",
                         what_happened="seen after an hour")["incident_id"]
        self.assertTrue(c.call("incident.get", incident_id=incident)["frozen_hash"])
        self.assertEqual([a["kind"] for a in c.call("record.get", session_id=session)["appended"]].count("incident"), 1)
        c.call("incident.list")
        for form in ("csv", "jsonl"):
            self.assertTrue(c.call("record.export", format=form)["lines"])
        c.call("dose.history", patient_ref="P-1")
        self.refused("WRONG_STATE", c.act, "dose.review", session_id=session, statement="x",
                     delivered={"duration_ms": 5, "energy_uj": 0, "session_charge_uc": 7})
        c.act("device.reset", device="stim1", statement="disconnected")
        self.refused("NOT_FOUND", c.act, "device.selftest", device="nobody")
        self.room.wait_device("stim1", "ready")
        c.act("device.selftest", device="stim1")
        for alarm in c.call("alarm.list")["items"]:
            c.act("alarm.acknowledge", number=alarm["number"])
        self.refused("NOT_FOUND", c.act, "alarm.acknowledge", number=999)
        self.refused("WRONG_STATE", c.act, "audit.accept", statement="x")
        c.call("stop.all")

    def test_every_request_answer_error_and_event_is_what_discover_says(self):
        self.look_at_everything(self.client)
        session = self.treat(self.client)
        self.look_back(self.client, session)
        self.assertEqual(set(self.methods) - self.called, set())
        for event in self.client.events:
            self.hold(f"event {event['type']}", event, self.document["components"]["schemas"]["event." + event["type"]])
        self.assertGreaterEqual({e["type"] for e in self.client.events},
                                {"session.state", "session.adjusted", "session.observed", "session.ended"})


if __name__ == "__main__":
    unittest.main()
