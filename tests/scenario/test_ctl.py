# SPDX-License-Identifier: Apache-2.0
"""modalityctl as a person asks with it: help, values as people write them, lists and pages, limits with their origin, and
JSON that is exactly what the daemon said."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import unittest

from ctl import DONE, NO_DAEMON, REFUSED, USAGE, CtlCase
from room import PATIENCE

PLACE = re.compile(r"(compiled|[\w/-]+\.ini:\d+)")


class Looking(CtlCase):
    def test_help_names_every_command_and_exit_code(self):
        shown = self.ctl("--help").stdout
        for command in ("status devices protocols limits check start adjust pause resume stop sessions watch alarms log "
                        "records export verify observe reset review page").split():
            self.assertRegex(shown, rf"(?m)^  {command} ")
            self.assertIn(command, self.ctl(command, "--help").stdout)
        for code in range(8):
            self.assertRegex(shown, rf"(?m)^  {code}  \w")
        self.assertIn("START..CEILING", self.ctl("start", "--help").stdout)
        for option in ("--config DIR", "--channels", "--earlier-duration", "--last-end", "--electrode LABEL=CHANNEL,AREA"):
            self.assertIn(option, self.ctl("check", "--help").stdout)

    def test_what_cannot_be_understood_is_said_and_nothing_is_asked(self):
        treatment = ("--protocol", "tens_conventional", "--device", "stim1", "--patient", "x", "--site", "thigh")
        for words, said in (((), "usage"), (("nonsense",), "no such command: nonsense"),
                            (("start", "now"), "unexpected argument now"), (("status", "x"), "unexpected argument x"),
                            (("start", "--amplitud", "1mA"), "unknown option --amplitud"),
                            (("start", "--amplitude"), "value is needed for --amplitude"),
                            (("start", "--amplitude", "--side", "left"), "value is needed for --amplitude"),
                            (("start", "--side", "left", "--side", "right"), "given twice: --side"),
                            (("start",), "--protocol is needed"), (("adjust",), "the session is needed"),
                            (("adjust", "s"), "--lease is needed"), (("adjust", "s", "--lease", "k"), "--to is needed"),
                            (("start", *treatment, "--set", "width=3"), "QUANTITY=VALUE"),
                            (("start", *treatment, "--set", "amplitude_ua=1mA", "--amplitude", "2mA"), "given twice"),
                            (("start", *treatment, "--answer", "pacemaker"), "question=answer"),
                            (("start", *treatment, "--pain-before", "11"), "from 0 to 10"),
                            (("observe", "s", "--pain-after", "x"), "from 0 to 10"), (("observe", "s"), "nothing to record"),
                            (("log", "--limit", "0"), "from 1 to"), (("reset", "stim1"), "--statement is needed"),
                            (("review", "s", "--statement", "x", "--duration", "1min"), "--energy is needed")):
            self.assertIn(said, self.ctl(*words, code=USAGE).stderr)
        shown = self.ctl("status", code=NO_DAEMON, sock=self.room.directory + "/no").stderr
        self.assertIn(self.room.directory + "/no", shown)
        self.assertIn("REFUSED  device.get: NOT_FOUND", self.ctl("devices", "nobody", code=REFUSED).stderr)

    def test_values_as_people_write_them(self):
        def level(shown):
            channel = json.loads(shown.stdout.splitlines()[-1])["result"]["sheet"]["outputs"][0]["channels"][0]
            value = channel["parameters"][channel["level"]]
            return value["start"], value["ceiling"]

        check = ("--json", "check", "--protocol", "tens_conventional", "--device", "stim1", "--group", "ch1", "--patient", "x",
                 "--site", "thigh", "--side", "left", "--electrode-area", "25cm2", *self.answers())
        for typed, start, ceiling in (("12mA", 12000, 12000), ("12 mA", 12000, 12000), ("12.5mA", 12500, 12500),
                                      ("12000uA", 12000, 12000), ("12mA..20mA", 12000, 20000), ("12..20mA", 12000, 20000),
                                      ("12 .. 20 mA", 12000, 20000), ("9000 uA..0.02A", 9000, 20000)):
            self.assertEqual(level(self.ctl(*check, "--amplitude", typed)), (start, ceiling), typed)
        self.assertEqual(level(self.ctl(*check, "--amplitude=12mA")), (12000, 12000))
        self.assertEqual(level(self.ctl(*check, "--set", "amplitude_ua=12mA")), (12000, 12000))
        for typed in ("20min", "1200s", "1200000ms"):
            sheet = json.loads(self.ctl(*check, "--duration", typed).stdout.splitlines()[-1])["result"]["sheet"]
            self.assertEqual(sheet["duration_ms"], 1200000)
        head = ("--json", "check", "--protocol", "us_acute_pulsed", "--device", "us1", "--patient", "x", "--site", "thigh",
                "--side", "left", "--applicator", "head_ref", "--area", "10cm2", *self.answers("us_acute_pulsed"))
        for typed in ("0.2W/cm2", "200mW/cm2", "0.2 W/cm2"):
            self.assertEqual(level(self.ctl(*head, "--intensity", typed)), (200000, 200000))

        for typed, said in (("12", "a number with its unit"), ("mA", "a number with its unit"),
                            ("12MA", "units: nA, uA, mA, A"), ("12V", "units: nA, uA, mA, A"), ("0,5mA", "a decimal point"), ("1e3uA", "a number with its unit"),
                            ("1.2345678mA", "not a whole number of uA"), ("99999999999999999999mA", "too large"),
                            ("12mA..", "a number with its unit"), ("..12mA", "a number with its unit"),
                            ("5mA..6mA..7mA", "a number with its unit"), ("12mA " + "x" * 60, "too long"),
                            ("12m\u00c5", "a number with its unit")):
            shown = self.ctl("check", *check[2:], "--amplitude", typed, code=USAGE)
            self.assertIn(said, shown.stderr, typed)
            self.assertEqual(shown.stdout, "")
        self.ctl(*check, "--amplitude", "12mA..9mA", code=REFUSED)  # which way round is the daemon's to judge

    def test_status_devices_and_protocols(self):
        shown = self.ctl("status").stdout
        self.assertRegex(shown, r"modalityd \S+ is ready, SIMULATED DEVICES")
        self.assertRegex(shown, r"stim1 +stim1 label +Bay 1 +ready \(simulated\)")
        self.assertIn("right: engineer", shown)
        device = self.client.call("device.get", device="stim1")
        shown = self.ctl("devices", "stim1").stdout
        self.assertIn(f"output at rest within {device['capabilities']['dead_man_ms']} ms", shown)
        self.assertRegex(shown, r"amplitude +0 mA to 100 mA, in steps of 0\.1 mA")
        self.assertRegex(shown, r"pair +ch1, ch2; not together with ch1, ch2")
        listed = self.ctl("protocols").stdout
        for protocol in self.client.call("protocol.list")["items"]:
            self.assertIn(protocol["id"], listed)
        self.assertIn("LOCKED: limit lipus_sata_max", listed)
        together = self.ctl("protocols", "--indication", "transient_hip_osteoporosis").stdout
        self.assertRegex(together, r"(?m)^  cryo_pack +cold +cold pack\n +part of toh_default_bundle$")
        self.assertIn("tens_conventional", together)
        self.assertNotIn("us_chronic_thermal", together)
        self.assertRegex(self.ctl("protocols", "cryo_pack").stdout,
                         r"part of +transient osteoporosis .*tens_conventional,\s+cryo_pack")
        for limit in ("ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode"):
            self.assertRegex(self.ctl("protocols", "ionto_dex_40").stdout, rf"LOCKED +limit {limit} \(limits-estim\.ini:\d+\)")
        self.assertRegex(self.ctl("protocols", "lllt_knee_904").stdout, r"ends by +point energy, point by point")
        shown = self.ctl("protocols", "tens_conventional", "--site", "thigh").stdout
        self.assertRegex(shown, r"amplitude +0 mA to 30 mA, default 10 mA \(protocols/estim\.ini:\d+\)")
        self.assertIn("pacemaker (no / yes*)", shown)

    def test_limits_say_value_headroom_layer_place_source_and_verified(self):
        shown = self.ctl("limits").stdout
        for limit in self.client.call("limits.list", limit=1000)["items"]:
            self.assertIn(limit["id"], shown)
        self.assertRegex(shown, r"es_netq_max +net charge at most 5 %, per-pulse\n"
                                r" +hard, installation, limits-estim\.ini:\d+; verified: \w+; source:")
        self.assertIn("what else bounds net charge", self.ctl("limits", "es_netq_max").stdout)
        self.assertIn("LOCKS protocol lipus_fracture", self.ctl("limits", "lipus_sata_max").stdout)
        self.ctl("limits", "no_such_limit", code=REFUSED)

        shown = self.ctl("limits", *self.tens()).stdout
        self.assertRegex(shown, r"amplitude 12 mA of at most 30 mA +headroom 18 mA\n +tens_conventional: hard, protocol, "
                                r"protocols/estim\.ini:\d+")
        self.assertRegex(shown, r"amplitude 12 mA of at most 100 mA +headroom 88 mA\n +stim1: hard, device, devices\.ini:\d+")
        self.assertRegex(shown, r"es_jrms_notice: hard, installation, limits-estim\.ini:\d+; verified: yes; source: IEC")

    def test_check_says_the_verdict_and_every_reason_with_its_place(self):
        shown = self.ctl("check", *self.tens(), *self.answers()).stdout
        self.assertTrue(shown.startswith("ALLOWED\n"))
        self.assertIn("DOSE SHEET  (SIMULATED DEVICE)", shown)
        shown = self.ctl("check", *self.tens(amplitude="20mA..95mA"), *self.answers(), code=REFUSED).stdout
        self.assertRegex(shown, r"REFUSED  \d+ reasons?, the most restrictive first\n +1\. \w+: ")
        self.assertRegex(shown, r"95 mA")
        reasons = shown[:shown.index("DOSE SHEET")]
        self.assertRegex(reasons, PLACE)
        self.assertRegex(shown, r"amplitude 95 mA of at most 30 mA +OUTSIDE by 65 mA")
        shown = self.ctl("check", *self.tens(), code=REFUSED).stdout
        self.assertIn("was not answered", shown)


class Relay:
    """Between a client and the daemon: what the daemon said, line by line as it came."""

    def __init__(self, path, target):
        self.path, self.target, self.said = path, target, b""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def pump(source, sink, seen=None):
        while data := source.recv(65536):
            if seen is not None:
                seen(data)
            try:
                sink.sendall(data)
            except OSError:
                break
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def keep(self, data):
        self.said += data

    def run(self):
        client, _ = self.listener.accept()
        self.listener.close()
        with client, socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(self.target)
            other = threading.Thread(target=self.pump, args=(client, daemon))
            other.start()
            self.pump(daemon, client, self.keep)
            other.join(PATIENCE)

    def lines(self):
        self.thread.join(PATIENCE)
        os.unlink(self.path)
        return self.said.decode().splitlines()


class Json(CtlCase):
    def exactly(self, *words, code=DONE, hidden=0):
        """Standard output is what the daemon said, without the first lines that only helped to build the request."""
        relay = Relay(self.room.directory + "/relay", self.room.socket)
        shown = self.ctl("--json", *words, code=code, sock=relay.path)
        said = relay.lines()
        for line in shown.stdout.splitlines():
            self.assertEqual(json.loads(line)["jsonrpc"], "2.0")
        self.assertEqual(shown.stdout.splitlines(), said[hidden:], words)
        self.assertEqual(shown.stderr, "", words)
        return [json.loads(line) for line in said]

    def test_json_is_exactly_what_the_daemon_said(self):
        for words in (("status",), ("devices",), ("devices", "us1"), ("protocols", "--modality", "ultrasound"),
                      ("protocols", "ifc_sensory"), ("limits",), ("limits", "es_netq_max"), ("sessions",), ("alarms",),
                      ("log", "--limit", "3"), ("records",), ("export",), ("export", "--format", "csv"), ("verify",),
                      ("stop",)):
            self.exactly(*words)
        for words in (("devices", "nobody"), ("sessions", "nobody"), ("limits", "nobody"), ("records", "nobody"),
                      ("pause", "nobody", "--lease", "k"), ("alarms", "--acknowledge", "4711"),
                      ("review", "nobody", "--statement", "x", "--duration", "1s", "--energy", "0J", "--charge", "0mC"),
                      ("adjust", "nobody", "--lease", "k", "--to", "1mA"),
                      ("check", *self.tens()[:2], "--device", "nobody", *self.tens()[4:])):
            self.assertIn("error", self.exactly(*words, code=REFUSED)[-1], words)
        check = self.exactly("check", *self.tens(), *self.answers(), hidden=1)
        self.assertTrue(check[-1]["result"]["allowed"])
        self.exactly("check", *self.tens(), hidden=1, code=REFUSED)
        self.exactly("start", *self.tens(amplitude="99mA"), *self.answers(), hidden=1, code=REFUSED)

    def test_a_treatment_in_json(self):
        relay = Relay(self.room.directory + "/relay", self.room.socket)
        process = subprocess.Popen(self.arguments("--json", "--yes", "start", *self.tens(), *self.answers(), sock=relay.path),
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.sim.wait_output("stim1", 4000)
        process.send_signal(signal.SIGINT)
        shown = process.stdout.read().splitlines()
        self.assertEqual(process.wait(PATIENCE), DONE)
        said = relay.lines()
        self.assertEqual(shown, said[1:1 + len(shown)])
        self.assertLess(len(said) - len(shown), 4, "nothing but what came after the end is left out")
        events = [json.loads(line)["params"] for line in shown if '"method":"event"' in line]
        ended = next(e for e in events if e["type"] == "session.ended")
        self.assertEqual((ended["state"], ended["end"]["evidence"]), ("ended", "measured"))


if __name__ == "__main__":
    unittest.main()
