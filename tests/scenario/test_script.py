# SPDX-License-Identifier: Apache-2.0
"""A whole treatment by a script that knows only the socket and the standard library: no helper of these tests speaks for
it. It finds device, protocol and questions by asking, reads the sheet before it confirms, keeps its lease, adjusts, notes
pain, stops, and takes away the record, the export and the audit's verdict. The trace says whether it is all true."""
import json
import os
import subprocess
import sys
import unittest

from room import Room, now_ns

SCRIPT = r'''
import json, os, select, socket, time, uuid

s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(os.environ["MODALITY_SOCKET"])
lines = s.makefile("rwb")
events, number = [], 0


def call(method, acting=False, **params):
    """Sends a request and waits for its answer; events that come in between are kept."""
    global number
    number += 1
    if acting:
        params.update(request_id=uuid.uuid4().hex, operator={"id": "script", "name": "A Script"})
    lines.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
    lines.flush()
    while True:
        message = json.loads(lines.readline())
        if message.get("method") == "event":
            events.append(message["params"])
        elif message["id"] == number:
            if "error" in message:
                raise SystemExit(f"{method}: {message['error']}")
            return message["result"]


def until(condition):
    """The first event, past or to come, that meets the condition; the lease is renewed meanwhile."""
    seen = 0
    while True:
        for event in events[seen:]:
            seen += 1
            if condition(event):
                return event
        keep_alive()


def keep_alive():
    """Waits for something to read, a tenth of a second at most, and renews the lease."""
    select.select([s], [], [], 0.1)
    call("session.keepalive", session_id=session, lease_key=lease)


session = lease = None
device = next(d for d in call("device.list")["items"] if d["state"] == "ready" and d["channels"][0]["modality"] == "estim")
protocols = call("protocol.list", device=device["id"], site="knee")["items"]
protocol = next(p for p in protocols if p["therapy"] == "tens" and not p["locked"])
detail = call("protocol.get", protocol=protocol["id"], site="knee")
ranges = {p["quantity"]: p for p in detail["parameters"]}
screening = [{"question": q["id"], "answer": q["answers"][0], "answered_at": int(time.time() * 1000), "by": "the patient",
              "method": "asked", **({"on": time.strftime("%Y-%m-%d")} if "valid_days" in q else {})} for q in detail["questions"]]
request = {
    "patient_ref": "P-77", "target": {"site": "knee", "side": "right"}, "screening": screening, "attended": "present",
    "protocol": {"id": protocol["id"], "revision": protocol["revision"], "hash": protocol["hash"]},
    "outputs": [{
        "device": device["id"], "group": device["groups"][0]["id"], "channels": device["groups"][0]["channels"],
        "phases": [{"duration_ms": ranges["duration_ms"]["initial"],
                    "parameters": {"amplitude_ua": {"start": 4000, "ceiling": 10000}}}],
        "electrodes": [{"label": label, "channel": device["groups"][0]["channels"][0],
                        "area_mm2": ranges["electrode_area_mm2"]["initial"], "side": "right"} for label in "AB"],
    }],
}
check = call("session.check", **request)
assert check["allowed"], check["refusals"]
assert all(limit["origin"] for limit in check["limits"])

call("events.subscribe")
prepared = call("session.prepare", acting=True, **request)
sheet, session = prepared["sheet"], prepared["session_id"]
channel = sheet["outputs"][0]["channels"][0]
assert (sheet["site"], sheet["side"], sheet["device"]["id"]) == ("knee", "right", device["id"]), sheet
assert channel["parameters"]["amplitude_ua"]["start"] == 4000 and channel["parameters"]["amplitude_ua"]["ceiling"] == 10000
assert sheet["duration_ms"] == ranges["duration_ms"]["initial"] and sheet["simulated"]
pain = {"scale": "NRS", "maximum": 10}
call("session.observe", acting=True, session_id=session, observation={"kind": "pain_before", "value": 7, **pain})

started = call("session.start", acting=True, session_id=session, confirm_token=prepared["confirm_token"])
assert started["state"] == "accepted"
lease = started["lease_key"]
until(lambda e: e["type"] == "session.state" and e.get("to") == "running")
call("session.adjust", acting=True, session_id=session, lease_key=lease, quantity="amplitude_ua", target=8000, expect=4000)
walked = until(lambda e: e["type"] == "session.progress" and e["channels"][0].get("measured") == 8000)
assert walked["channels"][0]["contact"] == "good" and walked["channels"][0]["impedance_ohm"] > 0
held = time.monotonic() + 2.5 * started["lease_ms"] / 1000
until(lambda e: time.monotonic() > held)
snapshot = call("session.get", session_id=session)
assert snapshot["state"] == "running" and snapshot["lease"]["remaining_ms"] > 0

call("session.stop", session_id=session, reason="the patient has had enough", by="operator")
lease = None
while not any(e["type"] == "session.ended" and e["session_id"] == session for e in events):
    call("daemon.info")
ended = next(e for e in events if e["type"] == "session.ended")
assert ended["end"]["evidence"] == "measured" and ended["may_touch_leads"], ended
call("session.observe", acting=True, session_id=session, observation={"kind": "pain_after", "value": 3, **pain})

record = call("record.get", session_id=session)
exported = [json.loads(line) for line in call("record.export", format="jsonl", patient_ref="P-77")["lines"]]
csv = call("record.export", format="csv", patient_ref="P-77")["lines"]
history = call("dose.history", patient_ref="P-77")
verified = call("audit.verify")
print(json.dumps({"session": session, "record": record, "exported": exported, "csv": csv, "history": history,
                  "verified": verified, "lease_ms": started["lease_ms"]}))
'''


class Script(unittest.TestCase):
    def test_a_script_with_nothing_but_the_socket_runs_a_whole_treatment(self):
        room = Room(daemon_keys="lease = 1 s")
        self.addCleanup(room.close)
        begun = now_ns()
        done = subprocess.run([sys.executable, "-I", "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False,
                              env={"MODALITY_SOCKET": room.socket, "PATH": os.environ.get("PATH", "")})
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout[-2000:])
        told = json.loads(done.stdout)

        outputs = [o for o in room.sim.outputs("stim1", 1) if o["t_ns"] >= begun]
        self.assertEqual(room.sim.peak("stim1"), 8000)
        self.assertTrue(room.sim.at_rest("stim1"))
        self.assertEqual(room.sim.peak("us1"), 0)
        on = next(o["t_ns"] for o in outputs if o["value"] > 0)
        off = outputs[-1]["t_ns"]
        self.assertGreater((off - on) / 1e6, 2.5 * told["lease_ms"], "it outlived its first lease by renewing it")

        document = told["record"]["document"]
        self.assertTrue(told["record"]["intact"])
        self.assertEqual([o["value"] for o in document["observations"]], [7])
        self.assertEqual([a["body"]["value"] for a in told["record"]["appended"]], [3])
        self.assertEqual(document["end"]["detail"], "the patient has had enough")
        self.assertEqual(document["target"], {"site": "knee", "side": "right"})
        self.assertEqual([a["channels"][0]["new"] for a in document["adjustments"]], [8000])
        self.assertIn("record", [line["type"] for line in told["exported"]])
        self.assertEqual(len(told["csv"]), 2)
        self.assertIn(told["session"], told["csv"][1])
        # 80 us x 100 Hz x 2 phases of what the trace says came out: the ledger may say more, never less.
        charge_uc = sum(a["value"] * (b["t_ns"] - a["t_ns"]) for a, b in zip(outputs, outputs[1:])) / 1e9 * 80e-6 * 100 * 2
        counted = told["history"]["items"][0]["counted"]
        self.assertGreaterEqual(counted["session_charge_uc"], int(charge_uc))
        self.assertLess(counted["session_charge_uc"], 1.5 * charge_uc + 100)
        self.assertTrue(told["verified"]["ok"])


if __name__ == "__main__":
    unittest.main()
