# SPDX-License-Identifier: Apache-2.0
"""modalityctl selftest on real programs: the ways to rest of idle devices are tried without any output, by the trace; one
whose stop does not work is told; and a device in a treatment is left alone."""
import json
import os
import subprocess
import threading
import unittest

from ctl import CTL, DONE, FAILED, REFUSED
from room import P24, PATIENCE, REHA, STIM, US, Refused, Room, begin, now_ns, tens_request

COMMAND = """#!/bin/sh
echo "$MODALITY_ALARM_change $MODALITY_ALARM_kind $MODALITY_ALARM_device" >> "$(dirname "$0")/rung"
"""


class Selftest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=(STIM, US, P24, REHA), start=False)
        cls.addClassCleanup(cls.room.close)
        cls.bell = os.path.join(cls.room.directory, "bell")
        with open(cls.bell, "w", encoding="ascii") as file:
            file.write(COMMAND)
        os.chmod(cls.bell, 0o755)
        path = os.path.join(cls.room.config, "daemon.ini")
        with open(path, encoding="utf-8") as file:
            cls.room.write("daemon.ini", file.read() + f"alarm_command = {cls.bell}\n")
        cls.room.start()

    def setUp(self):
        self.client = self.room.client()
        self.addCleanup(self.room.sim.control, clear="all")

    def ctl(self, *words):
        return subprocess.run([CTL, "--socket", self.room.socket, *words], capture_output=True, text=True,
                              timeout=5 * PATIENCE, check=False)

    def steps(self, answer):
        return {s["step"] + (" " + s["group"] if "group" in s else ""): s for s in answer["steps"]}

    def test_idle_devices_are_tried_side_by_side_and_one_of_them_fails(self):
        since = now_ns()
        hosts = set(self.room.host_pids())
        self.room.sim.fault("us1", "exception", code=4, match={"write": True})
        told = {}
        threads = [threading.Thread(target=lambda w=words: told.update({w[-1]: self.ctl(*w)}))
                   for words in (("selftest", "p24"), ("selftest", "reha"), ("--json", "selftest", "us1"))]
        for thread in threads:
            thread.start()
        answer = self.client.act("device.selftest", device="stim1")
        for thread in threads:
            thread.join(5 * PATIENCE)
        self.assertTrue(answer["passed"], answer)
        steps = self.steps(answer)
        for name in ("identity", "rest", "stop ch1", "stop ch2", "stop pair", "make_safe", "host_killed", "ready_again",
                     "alarm_command"):
            self.assertEqual(steps[name]["result"], "pass", name)
        self.assertEqual(steps["watchdog"]["result"], "not_shown")
        self.assertEqual(steps["stop pair"]["evidence"], "measured")

        self.assertEqual(told["p24"].returncode, DONE, told["p24"].stdout + told["p24"].stderr)
        self.assertRegex(told["p24"].stdout, r"(?m)^  identity +pass +[\d.]+ ms  HASOMED P24, serial 0000000011")
        self.assertRegex(told["p24"].stdout, r"(?m)^  stop ch7-8 +pass +[\d.]+ ms  at rest, reported$")
        self.assertRegex(told["p24"].stdout, r"(?m)^  watchdog +not shown +needs output")
        self.assertTrue(told["p24"].stdout.endswith("  PASSED\n"), told["p24"].stdout)

        # It has no serial number of its own; still, nobody's watchdog has to be waited for where nothing had output.
        self.assertEqual(told["reha"].returncode, DONE, told["reha"].stdout + told["reha"].stderr)
        self.assertEqual([a for a in self.client.call("alarm.list")["items"] if a.get("device") == "reha"], [])

        self.assertEqual(told["us1"].returncode, FAILED, told["us1"].stdout + told["us1"].stderr)
        failed = json.loads(told["us1"].stdout)["result"]
        self.assertFalse(failed["passed"])
        self.assertEqual(self.steps(failed)["stop head"]["result"], "fail")
        self.assertIn("refused", self.steps(failed)["stop head"]["detail"])

        for device in ("stim1", "us1", "p24", "reha"):
            self.assertEqual(self.room.sim.peak(device, since), 0, device)
        self.assertFalse(hosts & set(self.room.host_pids()))  # each has had its host killed
        audited = {e["detail"]["device"]: e["detail"]["passed"]
                   for e in self.client.call("audit.tail", limit=500)["items"] if e["event"] == "device.selftest"}
        self.assertEqual(audited, {"stim1": True, "us1": False, "p24": True, "reha": True})
        with open(os.path.join(self.room.directory, "rung"), encoding="ascii") as file:
            self.assertIn("selftest selftest stim1\n", file.readlines())

    def test_a_device_in_a_treatment_is_left_alone(self):
        self.room.wait_device("stim1", "ready")
        session, _, _ = begin(self.client, tens_request(self.client, patient="P-self"))
        self.room.sim.wait_output("stim1", 1)
        with self.assertRaises(Refused) as refused:
            self.client.act("device.selftest", device="stim1")
        self.assertEqual((refused.exception.token, refused.exception.data["holder"]), ("BUSY", session))
        shown = self.ctl("selftest", "stim1")
        self.assertEqual((shown.returncode, shown.stderr.count(session)), (REFUSED, 1), shown.stderr)
        self.assertGreater(self.room.sim.output("stim1"), 0)
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "ended")


if __name__ == "__main__":
    unittest.main()
