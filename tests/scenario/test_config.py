# SPDX-License-Identifier: Apache-2.0
"""Bad configuration on the real programs: every kind of fault with its file and line, all of them in one run, nothing
started; and what a reload does to a treatment that runs, judged by the trace."""
import os
import re
import signal
import subprocess
import unittest

from room import BIN, PATIENCE, Refused, Room, begin, now_ns, screened, tens_request, wait_until

DONE, CONFIG, USAGE = 0, 1, 2

LIMIT = """[limit %s]
modality = estim
quantity = amplitude_ua
max = 40 mA
scope = instantaneous
class = hard
source = t
verified = choice
"""
DEVICE = """[device %s]
plugin = modbus-map
link = %s
unit = 1
map = refstim
label = x
simulated = yes
"""
QUESTION = """[question %s]
text = Is it?
answers = no, yes
restrictive = yes
answer.yes = malignancy
"""
PROTOCOL = """[protocol %s]
label = x
revision = 1
therapy = tens
waveform = biphasic_symmetric
channels = 1
amplitude_ua = %s
phase_width_us = 80 us
pulse_rate_millihz = 100 Hz
duration_ms = 10 min..20 min, default 10 min
electrode_area_mm2 = 25 cm2
rest_min = 30 min
sessions_per_day = 1
source = t
verified = choice
"""


def with_keys(text, **keys):
    """A good section with some keys replaced or added; None takes a key away."""
    for key, value in keys.items():
        key = key.replace("when_", "when.").replace("answer_", "answer.")
        line = "" if value is None else f"{key} = {value}\n"
        text = re.sub(rf"(?m)^{re.escape(key)} = .*\n", line, text) if f"\n{key} = " in text else text + line
    return text


def limit(name, **keys):
    return with_keys(LIMIT % name, **keys)


def device(name, link="tcp:127.0.0.1:9", **keys):
    return with_keys(DEVICE % (name, link), **keys)


# What stands in a file of its own, the line that is at fault, and what is said of it.
FAULTS = {
    "long_line": ("[limit a1]\nsource = " + "x" * 300 + "\n", 2, "bytes; at most 198"),
    "leading_blank": (limit("a2").replace("max =", "  max ="), 4, "starts with a blank"),
    "leading_tab": (limit("a3").replace("max =", "\tmax ="), 4, "starts with a blank"),
    "long_name": ("[limit " + "n" * 60 + "]\n", 1, "section name has 66 bytes; at most 49"),
    "junk_behind_header": ("[limit a4] junk\n", 1, "more on the line behind the section header"),
    "open_header": ("[limit a5\n", 1, "no closing ]"),
    "before_any_section": ("max = 1 mA\n", 1, "before the first section"),
    "no_key": (limit("a6") + "just words\n", 9, "not a section, a key = value or a comment"),
    "no_value": (limit("a7", source=""), 7, "has no value"),
    "nul": (limit("a8", source="a\0b"), 7, "NUL byte"),
    "control": (limit("a9", source="a\x01b"), 7, "control character"),
    "not_utf8": (limit("a10", source="a\udcffb"), 7, "not UTF-8"),
    "byte_order_mark": ("\ufeff" + limit("a11"), 1, "byte order mark"),
    "crlf": (limit("a12").replace("\n", "\r\n"), 1, "CR LF"),
    "comment_behind_value": (limit("a13", source="t ; a comment"), 7, "comment stands behind a value"),
    "unknown_section": ("[limits a14]\nmax = 1 mA\n", 1, "unknown section"),
    "unknown_key": (limit("a15", maximum="1 mA"), 9, 'unknown key "maximum"'),
    "missing_key": (limit("a16", quantity=None), 1, 'needs the key "quantity"'),
    "duplicate_key": (limit("a17") + "max = 41 mA\n", 9, 'key "max" stands twice'),
    "duplicate_section": (limit("a18") + limit("a18"), 9, "stands twice; first at"),
    "missing_unit": (limit("a19", max="40"), 4, "decimal number with one of the units"),
    "wrong_unit": (limit("a20", max="40 V"), 4, "decimal number with one of the units"),
    "unit_of_other_case": (limit("a21", max="40 MA"), 4, "decimal number with one of the units"),
    "comma": (limit("a22", max="0,5 mA"), 4, "decimal number with one of the units"),
    "exponent": (limit("a23", max="4e1 mA"), 4, "decimal number with one of the units"),
    "too_fine": (limit("a24", max="0.0005 mA"), 4, "not a whole number of uA"),
    "too_large": (limit("a25", max="99999999999999999999 A"), 4, "not a whole number of uA"),
    "off_is_no_value": (limit("a26", max="off"), 4, "decimal number with one of the units"),
    "no_bound": (limit("a27", max=None), 1, "needs max or min"),
    "no_such_quantity": (limit("a28", quantity="amplitude"), 3, "there is no such quantity"),
    "other_modality": (limit("a29", quantity="power_uw"), 3, "is not a quantity of the modality"),
    "no_such_word": (limit("a30", scope="sometimes"), 5, "must be"),
    "no_such_site": (limit("a31", when_site="tail"), 9, 'there is no site "tail"'),
    "above_a_compiled_ceiling": (limit("a32", max="999 mA"), 4,
                                 r"beyond the compiled 150 mA of limit ceiling_es_peak \(compiled\)"),
    "protocol_above_the_clinic": (PROTOCOL % ("p1", "0 mA..149 mA, default 1 mA") + limit("a33", max="100 mA"), 7,
                                  r"beyond the installation's 100 mA of limit a33 \([\w.]+:16\)"),
    "default_outside_range": (PROTOCOL % ("p2", "0 mA..20 mA, default 30 mA"), 7, "the default must lie inside a range"),
    "no_such_therapy": ((PROTOCOL % ("p3", "1 mA")).replace("= tens", "= magic"), 4, "there is no such therapy"),
    "accept_nothing": ("[accept no_such_limit]\nby = tests\ndate = 2026-01-01\n", 1, 'there is no limit "no_such_limit"'),
    "no_such_date": ("[accept lipus_sata_max]\nby = tests\ndate = 2026-02-30\n", 3, "a date that exists"),
    "no_such_user": ("[role r1]\nright = viewer\nusers = nobody-of-that-name\n", 3, "there is no user"),
    "role_of_nobody": ("[role r2]\nright = viewer\n", 1, "names nobody"),
    "gateway_for_everyone": ("[role r3]\nright = therapist\nusers = *\nmay_act_for = yes\n", 1, "everyone act for another"),
    "no_such_condition": (with_keys(QUESTION % "q1", answer_yes="plague"), 5, 'there is no condition "plague"'),
    "restrictive_of_nothing": (with_keys(QUESTION % "q2", restrictive="maybe"), 4, "is not among the answers"),
    "device_on_no_map": (device("d1", map="nomap"), 5, r"there is no \[map nomap\]"),
    "device_on_no_link": (device("d2", "pigeon"), 3, "link = pigeon"),
    "two_devices_on_one_unit": (device("d3", "tcp:127.0.0.1:8") + device("d4", "tcp:127.0.0.1:8"), 10, r"is unit 1 on .* too"),
    "plugin_of_no_name": (device("d5", "tcp:127.0.0.1:7", plugin="../evil"), 2, "plugin = "),
}

# What only the plugin can know: asked when the files themselves are without fault.
PLUGIN_FAULTS = {
    "unknown_device_key": (device("e1", colour="red"), 8, "colour"),
    "value_out_of_range": (device("e2", "tcp:127.0.0.1:10", response_timeout="1 h"), 8, "response_timeout"),
    "a_plugin_that_is_not_there": (device("e3", "tcp:127.0.0.1:11", plugin="nothing"), None, "nothing.so"),
}


class Bad(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(start=False)
        cls.addClassCleanup(cls.room.close)

    def setUp(self):
        self.written = []
        self.addCleanup(lambda: [os.unlink(path) for path in self.written])

    def write(self, name, text):
        path = os.path.join(self.room.config, name)
        with open(path, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        os.chmod(path, 0o644)
        self.written.append(path)

    def modalityd(self, *arguments):
        done = subprocess.run([os.path.join(BIN, "modalityd"), "--config", self.room.config, *arguments], capture_output=True,
                              timeout=3 * PATIENCE, check=False)
        self.assertNotIn(b"Sanitizer", done.stderr)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def assert_said(self, said, name, line, message):
        place = re.escape(f"{name}.ini:") + (rf"{line}: " if line else r"\d+: ")
        self.assertRegex(said, rf"(?m)^(<\d>)?{place}.*{message}", name)

    def untouched(self):
        self.assertFalse(os.path.exists(self.room.socket), "no socket")
        self.assertEqual(os.listdir(os.path.join(self.room.directory, "state")), [], "no state")
        touched = [line for line in self.room.sim.trace() if line["event"] in ("open", "request")]
        self.assertFalse(touched, "no device was touched")

    def test_a_good_one_is_said_to_be_good_and_starts_nothing(self):
        code, said = self.modalityd("--check")
        self.assertEqual(code, DONE, said)
        self.assertRegex(said, r"good: 2 devices, \d+ protocols, \d+ limits")
        self.untouched()

    def test_each_fault_alone_is_refused_with_its_place(self):
        for name, (text, line, message) in FAULTS.items():
            self.write(name + ".ini", text)
            code, said = self.modalityd("--check")
            self.assertEqual(code, CONFIG, f"{name}: {said}")
            self.assert_said(said, name, line, message)
            os.unlink(self.written.pop())
        self.untouched()

    def test_all_faults_are_reported_in_one_run_and_nothing_is_started(self):
        for name, (text, _, _) in FAULTS.items():
            self.write(name + ".ini", text)
        for arguments in (("--check",), ()):
            code, said = self.modalityd(*arguments)
            self.assertEqual(code, CONFIG, said)
            for name, (_, line, message) in FAULTS.items():
                self.assert_said(said, name, line, message)
            self.untouched()

    def test_what_only_a_plugin_knows_has_its_place_too(self):
        for name, (text, _, _) in PLUGIN_FAULTS.items():
            self.write(name + ".ini", text)
        with open(os.path.join(self.room.config, "maps", "refus.ini"), encoding="utf-8") as file:
            good = file.read()
        bad = re.sub(r"(?m)^max = .*\n", "", good.replace("[map refus]", "[map badmap]"))
        bad = bad.replace("[point refus.", "[point badmap.")
        self.write("badmap.ini", bad)
        self.write("on_badmap.ini", device("e4", "tcp:127.0.0.1:12", map="badmap"))
        self.write("plain_fault.ini", "[site nowhere]\nlabel = nowhere\nsides = perhaps\n")
        for arguments in (("--check",), ()):
            code, said = self.modalityd(*arguments)
            self.assertEqual(code, CONFIG, said)
            for name, (_, line, message) in PLUGIN_FAULTS.items():
                self.assert_said(said, name, line, message)
            self.assertRegex(said, r"badmap\.ini:\d+: .*max", "a writable point needs min and max")
            self.assert_said(said, "plain_fault", 3, "perhaps")
            self.untouched()

    def test_files_that_anybody_may_write_are_refused(self):
        self.write("open.ini", LIMIT % "o1")
        os.chmod(self.written[-1], 0o666)
        code, said = self.modalityd("--check")
        self.assertEqual(code, CONFIG)
        self.assertRegex(said, r"open\.ini(:\d+)?: .*writable by everyone")

    def test_a_line_of_units_that_takes_too_long_is_refused(self):
        for n in range(1, 9):
            self.write(f"slow{n}.ini", device(f"slow{n}", "serial:/dev/ttyS9", unit=n, baud=9600, parity="none"))
        code, said = self.modalityd("--check")
        self.assertEqual(code, CONFIG, said)
        self.assertRegex(said, r"(?m)^(<\d>)?slow\d\.ini:\d+: .*line")

    def test_a_directory_that_is_not_there_and_a_command_line_that_is_not_understood(self):
        for arguments, code, words in ((("--config", "/nowhere/at/all", "--check"), CONFIG, "/nowhere/at/all"),
                                       (("--chek",), USAGE, "usage"), (("extra",), USAGE, "unexpected argument")):
            done = subprocess.run([os.path.join(BIN, "modalityd"), *arguments], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, code)
            self.assertIn(words, done.stderr)


class Reload(unittest.TestCase):
    """SIGHUP in mid-treatment."""

    @classmethod
    def setUpClass(cls):
        cls.room = Room()
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim
        cls.number = 0

    def setUp(self):
        type(self).number += 1
        self.patient = f"P-{self.number}"
        self.client = self.room.client()
        self.devices = self.read("devices.ini")
        self.addCleanup(self.rest)

    def rest(self):
        self.client.call("stop.all")
        wait_until("rest", lambda: self.sim.at_rest("stim1"))
        for name, text in (("installation.ini", ""), ("devices.ini", self.devices)):
            self.room.write(name, text)
        self.reload()

    def read(self, name):
        with open(os.path.join(self.room.config, name), encoding="utf-8") as file:
            return file.read()

    def generation(self):
        return self.client.call("daemon.info")["config"]["generation"]

    def newest(self, event):
        return next((e["seq"] for e in self.client.call("audit.tail", limit=200)["items"] if e["event"] == event), 0)

    def reload(self, event="config.loaded"):
        """SIGHUP, until the audit says what became of it."""
        before = self.newest(event)
        self.room.daemon.send_signal(signal.SIGHUP)
        wait_until(event, lambda: self.newest(event) > before)

    def clinic(self, maximum):
        self.room.write("installation.ini", limit("clinic_leg", max=maximum, when_site="lower_leg"))

    def request(self, ceiling=9000):
        return tens_request(self.client, patient=self.patient, site="lower_leg", start=4000, ceiling=ceiling)

    def begin(self):
        session, lease, _ = begin(self.client, self.request())
        self.sim.wait_output("stim1", 4000)
        self.client.state(session, "running")
        return session, lease

    def adjust(self, session, lease, target, expect):
        return self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=target,
                               expect=expect)

    def test_a_limit_lowered_below_the_present_current_stops_the_treatment(self):
        session, _ = self.begin()
        self.clinic("3.9 mA")
        asked = now_ns()
        self.room.daemon.send_signal(signal.SIGHUP)
        self.assertLess(self.sim.wait_rest("stim1", asked), 5000)  # the plugins are asked before anything is swapped
        ended = self.client.state(session, "ended")
        self.assertEqual(ended["evidence"], "measured")
        self.assertIn(ended["reason"], ("limit", "over_limit"))
        self.assertIn("clinic_leg", ended["detail"])
        alarm = next(a for a in self.client.call("alarm.list")["items"] if a.get("session_id") == session)
        self.assertEqual((alarm["kind"], alarm["priority"]), ("over_limit", "high"))
        self.assertEqual(self.sim.peak("stim1", now_ns()), 0)

    def test_what_a_clinic_says_of_a_device_follows(self):
        self.assertTrue(self.client.call("session.check", **screened(self.client, self.request()))["allowed"])
        self.room.write("devices.ini", self.devices.replace("calibration_due = 2099-01-01", "calibration_due = 2020-01-01"))
        self.reload()
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **self.request())
        self.assertEqual(refused.exception.token, "DEVICE_OVERDUE")

    def test_a_limit_lowered_above_it_keeps_the_treatment_and_bounds_every_increase(self):
        session, lease = self.begin()
        self.clinic("6 mA")
        self.reload()
        with self.assertRaises(Refused) as refused:
            self.adjust(session, lease, 7000, 4000)
        self.assertIn(refused.exception.token, ("LIMIT_EXCEEDED", "OUT_OF_RANGE"))
        self.adjust(session, lease, 6000, 4000)
        self.sim.wait_output("stim1", 6000)
        self.clinic("20 mA")
        self.reload()
        with self.assertRaises(Refused):  # a session keeps the tighter of what it was started with and what came since
            self.adjust(session, lease, 7000, 6000)
        self.assertEqual(self.sim.output("stim1"), 6000)

    def test_a_broken_reload_keeps_the_old_whole(self):
        session, _ = self.begin()
        generation = self.generation()
        self.room.write("installation.ini", limit("clinic_leg", max="3 mA", when_site="lower_leg") + "nonsense\nmore\n")
        self.reload("config.refused")
        refused = [a for a in self.client.call("alarm.list")["items"] if a["kind"] == "config_refused"]
        self.assertRegex(refused[0]["detail"], r"^installation\.ini:10: not a section.* \(and 1 more\)$")
        self.assertEqual(self.generation(), generation)
        self.assertRegex(self.room.log(), r"installation\.ini:10: not a section")
        self.assertNotIn("clinic_leg", [item["id"] for item in self.client.call("limits.list", limit=500)["items"]])
        self.assertEqual(self.sim.output("stim1"), 4000, "the treatment goes on")
        self.assertEqual(self.client.call("session.get", session_id=session)["state"], "running")

    def test_a_reload_that_touches_devices_is_refused_whole(self):
        session, _ = self.begin()
        generation = self.generation()
        sections = self.devices.split("[device ")
        for changed in (self.devices.replace("map = refstim", "map = refus"),
                        self.devices.replace("unit = 1\nmap = refstim", "unit = 9\nmap = refstim"),
                        "[device ".join(sections[:2]),
                        self.devices + "[device " + sections[1].replace("stim1", "stim9").replace("unit = 1", "unit = 9")):
            self.assertNotEqual(changed, self.devices)
            self.clinic("3 mA")
            self.room.write("devices.ini", changed)
            self.reload("config.refused")
            self.assertEqual(self.generation(), generation)
            self.assertEqual(self.sim.output("stim1"), 4000, "not even its good part counts")
        self.assertEqual(self.client.call("session.get", session_id=session)["state"], "running")

    def test_a_reload_is_audited_with_its_hash_and_seen_by_prepare(self):
        self.clinic("5 mA")
        self.reload()
        newest = next(e for e in self.client.call("audit.tail", limit=50)["items"] if e["event"] == "config.loaded")
        self.assertEqual(newest["detail"]["config_hash"], self.client.call("daemon.info")["config"]["hash"])
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **self.request(ceiling=6000))
        self.assertEqual(refused.exception.data["origin"], "installation.ini:1")


if __name__ == "__main__":
    unittest.main()
