# SPDX-License-Identifier: Apache-2.0
"""modalityctl as a calculator: from a configuration alone it says of a treatment what the daemon says, for every kind of
device; what only a device or the ledger knows is left open, and said so."""
import json
import os
import re
import subprocess
import unittest

from ctl import CTL, DONE, NO_DAEMON, REFUSED, USAGE
from room import COLD, GALV, LASER, PATIENCE, STIM, US, Refused, Room, begin, tens_request
from terminal import Terminal

ACCEPTED = "".join(f"[accept {name}]\nby = tests\ndate = 2026-01-01\n\n" for name in
                   ("ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode"))
# What a description or a sample of the device adds to its section; nothing else may differ.
OF_THE_DEVICE = {"minimum_setting_permille", "output_voltage_mv"}


def run(*words, code=DONE, env=None):
    done = subprocess.run([CTL, *words], capture_output=True, text=True, timeout=3 * PATIENCE, stdin=subprocess.DEVNULL,
                          check=False, env={**os.environ, **(env or {})})
    assert done.returncode == code, f"{words}\n{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def calculated(config, *words, code=DONE):
    """The one object that --json prints."""
    shown = run("--json", "check", "--config", config, *words, code=code).stdout
    assert shown.count("\n") == 1, shown
    return json.loads(shown)


def harmless_of(questions):
    return [w for q in questions for w in ("--answer", f"{q['id']}={q['answers'][0]}" + ("@today" if "valid_days" in q else ""))]


# name: (treatment, device, group, channels)
TREATMENTS = {
    "tens": (("--protocol", "tens_conventional", "--site", "thigh", "--side", "left", "--amplitude", "5mA..15mA", "--duration",
              "20min", "--electrode-area", "25cm2"), "stim1", "ch1", "ch1"),
    "tens_above_its_protocol": (("--protocol", "tens_conventional", "--site", "knee", "--side", "right", "--amplitude",
                                 "20mA..95mA", "--electrode-area", "25cm2"), "stim1", "ch1", "ch1"),
    "tens_on_small_pads": (("--protocol", "tens_conventional", "--site", "thigh", "--side", "left", "--amplitude", "15mA",
                            "--electrode-area", "1cm2"), "stim1", "ch1", "ch1"),
    "tens_from_thigh_to_groin": (("--protocol", "tens_conventional", "--site", "thigh", "--side", "left", "--amplitude", "5mA",
                                  "--electrode", "A=ch1,25cm2", "--electrode", "B=ch1,16cm2,groin"), "stim1", "ch1", "ch1"),
    "pads_contradict": (("--protocol", "tens_conventional", "--site", "thigh", "--side", "left", "--amplitude", "5mA",
                         "--electrode", "A=ch1,25cm2,right", "--electrode", "A=ch1,16cm2,groin"), "stim1", "ch1", "ch1"),
    "no_electrodes": (("--protocol", "tens_conventional", "--site", "thigh", "--side", "left"), "stim1", "ch1", "ch1"),
    "wrong_side": (("--protocol", "tens_conventional", "--site", "lumbar", "--side", "left", "--electrode-area", "25cm2"),
                   "stim1", "ch1", "ch1"),
    "interferential": (("--protocol", "ifc_sensory", "--site", "knee", "--side", "left", "--amplitude", "10mA..20mA",
                        "--electrode-area", "25cm2"), "stim1", "pair", "ch1,ch2"),
    "muscle": (("--protocol", "nmes_oa_quad", "--site", "thigh", "--side", "left", "--amplitude", "20mA..40mA",
                "--electrode-area", "40cm2"), "stim1", "ch1", "ch1"),
    "muscle_over_a_fracture": (("--protocol", "nmes_oa_quad", "--site", "thigh", "--side", "left", "--amplitude", "20mA",
                                "--electrode-area", "40cm2", "--answer", "unhealed_fracture=here"), "stim1", "ch1", "ch1"),
    "ultrasound": (("--protocol", "us_chronic_thermal", "--site", "thigh", "--side", "left", "--intensity", "0.8W/cm2",
                    "--applicator", "head_ref", "--area", "10cm2", "--acknowledge", "us_static_max"), "us1", "head", "head"),
    "ultrasound_at_three_megahertz": (("--protocol", "us_chronic_thermal_shallow", "--site", "thigh", "--side", "left",
                                       "--intensity", "2W/cm2", "--duration", "10min", "--applicator", "head_ref"),
                                      "us1", "head", "head"),
    "ultrasound_without_a_head": (("--protocol", "us_acute_pulsed", "--site", "thigh", "--side", "left", "--intensity",
                                   "0.2W/cm2"), "us1", "head", "head"),
    "lipus_is_locked": (("--protocol", "lipus_fracture", "--site", "lower_leg", "--side", "left", "--applicator", "head_ref"),
                        "us1", "head", "head"),
    "iontophoresis": (("--protocol", "ionto_dex_40", "--site", "thigh", "--side", "left", "--amplitude", "2mA..4mA",
                       "--electrode", "A=dc,30cm2,positive", "--electrode", "B=dc,10cm2,negative"), "galv1", "dc", "dc"),
    "iontophoresis_on_a_small_cathode": (("--protocol", "ionto_dex_40", "--site", "thigh", "--side", "left", "--amplitude",
                                          "2mA..4mA", "--electrode", "A=dc,30cm2,positive", "--electrode",
                                          "B=dc,5cm2,negative"), "galv1", "dc", "dc"),
    "iontophoresis_takes_too_long": (("--protocol", "ionto_dex_40", "--site", "thigh", "--side", "left", "--amplitude", "0.5mA",
                                      "--electrode-area", "20cm2"), "galv1", "dc", "dc"),
    "laser": (("--protocol", "lllt_hip_780_860", "--site", "hip", "--side", "left", "--set", "power_uw=100mW", "--applicator",
               "probe_808"), "las1", "cw", "cw"),
    "laser_over_its_target": (("--protocol", "lllt_hip_780_860", "--site", "hip", "--side", "left", "--set", "power_uw=300mW",
                               "--set", "point_count=4", "--applicator", "probe_808"), "las1", "cw", "cw"),
    "laser_on_the_wrong_site": (("--protocol", "lllt_hip_780_860", "--site", "achilles_tendon", "--side", "left", "--applicator",
                                 "probe_808"), "las1", "cw", "cw"),
    "cold": (("--protocol", "cryo_pack", "--site", "knee", "--side", "left", "--set", "temperature_millic=13degC..11degC"),
             "cold1", "pad", "pad"),
    "cold_below_the_floor": (("--protocol", "cryo_pack", "--site", "knee", "--side", "left", "--set",
                              "temperature_millic=12degC..9degC"), "cold1", "pad", "pad"),
    "cold_the_wrong_way_round": (("--protocol", "cryo_pack", "--site", "knee", "--side", "left", "--set",
                                  "temperature_millic=11degC..14degC"), "cold1", "pad", "pad"),
}


class Agreement(unittest.TestCase):
    """The same treatments asked of both."""

    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=(STIM, US, LASER, COLD, GALV), installation=ACCEPTED)
        cls.addClassCleanup(cls.room.close)

    def daemon(self, treatment, device, group, *more):
        words = ("--socket", self.room.socket, "--json", "check", *treatment, "--device", device, "--group", group, "--patient",
                 "P-1", *more)
        done = subprocess.run([CTL, *words], capture_output=True, text=True, timeout=3 * PATIENCE, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertIn(done.returncode, (DONE, REFUSED), f"{words}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])["result"]

    def calculator(self, treatment, channels, *more):
        done = subprocess.run([CTL, "--json", "check", "--config", self.room.config, *treatment, "--channels", channels, *more],
                              capture_output=True, text=True, timeout=3 * PATIENCE, stdin=subprocess.DEVNULL, check=False)
        self.assertIn(done.returncode, (DONE, REFUSED), done.stderr)
        return json.loads(done.stdout)

    @staticmethod
    def without_device(check, device):
        """A check without what the device says of itself: its ranges, and the properties that it describes."""
        refusals = [r for r in check["refusals"] if r.get("subject") != device and not r["token"].startswith("DEVICE_")]
        limits = [bound for bound in check["limits"] if bound["layer"] != "device" and bound["quantity"] not in OF_THE_DEVICE]
        dose = json.loads(json.dumps(check.get("dose")))
        for channel in dose["channels"] if dose else ():
            for quantity in OF_THE_DEVICE:
                channel["properties"].pop(quantity, None)
        return {"refusals": refusals, "notices": check["notices"], "questions": check["questions"], "limits": limits,
                "dose": dose}

    def agree(self, name, *more):
        treatment, device, group, channels = TREATMENTS[name]
        theirs, ours = self.daemon(treatment, device, group, *more), self.calculator(treatment, channels, *more)
        for part, expected in self.without_device(theirs, device).items():
            self.assertEqual(self.without_device(ours, device)[part], expected, f"{name}: {part}")
        if not any(r.get("layer") == "device" or r.get("subject") == device for r in theirs["refusals"]):
            self.assertEqual(ours["allowed"], theirs["allowed"], name)
        return ours

    def test_the_same_verdict_findings_and_dose(self):
        verdicts = set()
        for name in TREATMENTS:
            with self.subTest(name):
                asked = self.agree(name)
                ours = self.agree(name, *(w for w in harmless_of(asked["questions"])))
                verdicts.add((name, ours["allowed"]))
        for name in ("tens", "interferential", "muscle", "ultrasound", "iontophoresis", "laser", "cold"):
            self.assertIn((name, True), verdicts)
        for name in ("tens_above_its_protocol", "tens_on_small_pads", "pads_contradict", "no_electrodes", "wrong_side",
                     "muscle_over_a_fracture", "ultrasound_at_three_megahertz", "ultrasound_without_a_head", "lipus_is_locked",
                     "iontophoresis_on_a_small_cathode", "iontophoresis_takes_too_long", "laser_on_the_wrong_site",
                     "cold_below_the_floor", "cold_the_wrong_way_round"):
            self.assertIn((name, False), verdicts)

    def test_answers_overrides_and_acknowledgements_count_alike(self):
        treatment, _, _, channels = TREATMENTS["tens"]
        harmless = harmless_of(self.calculator(treatment, channels)["questions"])
        ours = self.agree("tens", *harmless, "--answer", "pregnancy_elsewhere=yes")
        self.assertEqual([r["token"] for r in ours["refusals"]], ["PRECAUTION"])
        ours = self.agree("tens", *harmless, "--answer", "pregnancy_elsewhere=yes", "--override",
                          "pregnancy_elsewhere=asked the midwife", "--acknowledge", "es_smallpad_ipk_max")
        self.assertTrue(ours["allowed"])
        self.agree("tens", *harmless, "--answer", "no_such_question=yes", "--override", "nothing=at all", "--acknowledge",
                   "nothing")

    def test_the_device_is_a_layer_too(self):
        """Every commanded quantity at the bound that is near, and what the device is said to be."""
        for name, quantities in (("tens", {"amplitude_ua", "phase_width_us", "pulse_rate_millihz"}),
                                 ("ultrasound", {"intensity_satp_uw_cm2", "us_frequency_khz", "duty_permille"}),
                                 ("cold", {"temperature_millic"})):
            treatment, device, group, _ = TREATMENTS[name]
            check = self.daemon(treatment, device, group)
            bounds = {b["quantity"]: b for b in check["limits"] if b["layer"] == "device"}
            self.assertLessEqual(quantities, set(bounds), name)
            channels = {c["id"]: c["ranges"] for c in self.room.device(device)["channels"]}
            described = channels[TREATMENTS[name][3]]
            for quantity in quantities:
                bound, told = bounds[quantity], described[quantity]
                self.assertIn(bound["bound"], (told["min"], told["max"]))
                self.assertEqual((bound["min"], bound["max"], bound["id"]), (told["min"], told["max"], device))
                self.assertRegex(bound["origin"], r"devices\.ini:\d+")
        self.assertEqual((bounds["temperature_millic"]["direction"], bounds["temperature_millic"]["value"]), ("min", 11000))
        states = {b["id"]: b["state"] for b in self.daemon(*TREATMENTS["tens"][:3])["limits"]}
        self.assertEqual(states["es_min_setting_frac"], "within", "as the device describes itself")
        self.assertEqual(states["es_leak_normal"], "not_reported")

    def test_one_limit_and_a_treatment(self):
        treatment, device, group, channels = TREATMENTS["tens"]
        asked = ("--json", "limits", "es_smallpad_ipk_max", *treatment)
        theirs = run("--socket", self.room.socket, *asked, "--device", device, "--group", group, "--patient", "P").stdout
        theirs = json.loads(theirs.splitlines()[-1])["result"]
        ours = json.loads(run(*asked, "--config", self.room.config, "--channels", channels).stdout)
        self.assertEqual({k: v for k, v in ours.items() if k != "bounds"}, {k: v for k, v in theirs.items() if k != "bounds"})
        self.assertEqual(ours["bounds"], [b for b in theirs["bounds"] if b["layer"] != "device"])
        self.assertEqual({b["layer"] for b in theirs["bounds"]}, {"compiled", "installation", "protocol", "device"})
        self.assertEqual({b["quantity"] for b in theirs["bounds"]}, {"amplitude_ua"})
        shown = run("limits", "es_smallpad_ipk_max", "--config", self.room.config, *treatment).stdout
        self.assertIn("what else bounds amplitude", shown)
        self.assertRegex(shown, r"LIMITS .*\n  amplitude 15 mA of at most 30 mA +headroom 15 mA\n +tens_conventional: ")
        client = self.room.client()
        request = tens_request(client)
        with self.assertRaises(Refused) as refused:
            client.call("limits.explain", limit="es_smallpad_ipk_max", treatment={**request, "outputs": request["outputs"] * 2})
        self.assertEqual(refused.exception.token, "OUT_OF_RANGE")

    def test_the_daemon_is_not_told_what_it_knows(self):
        treatment, device, group, _ = TREATMENTS["tens"]
        for option in (("--earlier-duration", "1min"), ("--earlier-sessions", "1"), ("--last-end", "1min"), ("--channels", "1"),
                       ("--assume-harmless",)):
            shown = run("--socket", self.room.socket, "check", *treatment, "--device", device, "--group", group, "--patient", "P",
                        *option, code=USAGE)
            self.assertIn(f"{option[0]} belongs to --config", shown.stderr)

    def test_what_went_before_counts_as_in_the_ledger(self):
        client = self.room.client()
        session, _, _ = begin(client, tens_request(client, patient="P-BEFORE", start=2000, ceiling=5000))
        client.state(session, "running")
        client.call("session.stop", session_id=session)
        client.state(session, "ended")
        treatment, device, group, channels = TREATMENTS["tens"]
        harmless = harmless_of(self.calculator(treatment, channels)["questions"])
        words = ("--socket", self.room.socket, "--json", "check", *treatment, "--device", device, "--group", group, "--patient",
                 "P-BEFORE", *harmless)
        theirs = json.loads(run(*words, code=REFUSED).stdout.splitlines()[-1])["result"]
        before = theirs["sheet"]["history_24h"]
        history = theirs["history"]
        self.assertEqual({name: history[name] for name in before}, before, "the sums of the sheet, and what grows beside them")
        self.assertEqual(list(history["since_end_ms"]), ["tens"])
        self.assertLess(history["since_end_ms"]["tens"], 60000)
        ours = self.calculator(treatment, channels, *harmless, "--earlier-sessions", str(before["session_count"]),
                               "--earlier-duration", f"{before['duration_ms']}ms", "--earlier-charge",
                               f"{before['session_charge_uc']}uC", "--last-end", "tens=1s")

        def findings(check, with_rest):
            return {(b["id"], b["quantity"]): (b["state"], with_rest and b.get("value")) for b in check["limits"]
                    if b["layer"] != "device" and b["quantity"] not in OF_THE_DEVICE
                    and (with_rest or b["quantity"] == "rest_interval_ms")}

        self.assertEqual([r["token"] for r in ours["refusals"]], [r["token"] for r in theirs["refusals"]])
        self.assertIn("REST_INTERVAL", [r["token"] for r in ours["refusals"]])
        self.assertEqual(findings(ours, False), findings(theirs, False))
        counted = {k: v for k, v in findings(theirs, True).items() if k[1] != "rest_interval_ms"}
        self.assertEqual({k: v for k, v in findings(ours, True).items() if k[1] != "rest_interval_ms"}, counted)
        self.assertEqual(counted[("es_day_max", "duration_ms")], ("within", before["duration_ms"] + 1200000))
        shown = run(*(word for word in words if word != "--json"), code=REFUSED).stdout
        self.assertRegex(shown, r"ended here +tens, [0-9.]+ (s|min) ago")


class Alone(unittest.TestCase):
    """No daemon anywhere."""

    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=(), start=False, installation=ACCEPTED)
        cls.addClassCleanup(cls.room.close)
        cls.config = cls.room.config

    TENS = TREATMENTS["tens"][0]

    def answered(self, *treatment):
        return (*treatment, *harmless_of(calculated(self.config, *treatment, code=REFUSED)["questions"]))

    def tearDown(self):
        self.room.write("devices.ini", "")
        self.room.write("installation.ini", ACCEPTED)

    def test_it_reads_only_what_it_is_told_to(self):
        for words in (("check", *self.TENS), ("limits",)):
            shown = run("--socket", self.room.directory + "/none", *words, code=NO_DAEMON, env={"MODALITY_CONFIG": self.config})
            self.assertIn(self.room.directory + "/none", shown.stderr)
        shown = run("check", "--config", self.room.directory + "/nowhere", *self.TENS, code=USAGE)
        self.assertIn("nowhere", shown.stderr)
        self.assertEqual(shown.stdout, "")
        self.assertIn("unknown option --config", run("start", "--config", self.config, *self.TENS, code=USAGE).stderr)

    def test_faults_of_the_configuration_are_told_with_their_places(self):
        self.room.write("installation.ini", ACCEPTED + "[limit broken]\nmodality = estim\nquantity = amplitude_ua\nmax = 3\n")
        for command in ("check", "limits"):
            shown = run(command, "--config", self.config, *self.TENS, code=USAGE)
            self.assertRegex(shown.stderr, r"(?m)^installation\.ini:\d+: .*max")
            self.assertEqual(shown.stdout, "")

    def test_the_verdict_the_dose_and_every_bound_are_printed(self):
        shown = run("check", "--config", self.config, *self.answered(*self.TENS)).stdout
        self.assertTrue(shown.startswith("ALLOWED\nDOSE\n"))
        for words in ("r.m.s. current       1.898 mA", "r.m.s. current sum   1.898 mA", "session charge       288 mC",
                      "charge density       0.048 uC/cm2", "NOT KNOWN HERE  the device"):
            self.assertIn(words, shown)
        for place in (r"tens_conventional: hard, protocol, protocols/estim\.ini:\d+; verified: choice; source: rates",
                      r"ceiling_es_irms_le400: hard, compiled; verified: yes; source: IEC",
                      r"es_step_max: hard, installation, limits-estim\.ini:\d+; verified: no; source: IEC"):
            self.assertRegex(shown, place)
        for title, limit in (("SHOWN", "es_q_phase_report"), ("NOTHING BEFORE", "order_estim_after_cold"),
                             ("HELD WHILE THE LEVEL RISES", "es_slew_max"), ("HELD WHILE RUNNING", "es_load_trend"),
                             ("NOT REPORTED", "es_leak_fault")):
            section = shown[shown.index("\n" + title):]
            following = re.search(r"\n[A-Z]{3}", section[4:])
            self.assertIn(limit, section[:4 + following.start()], title)
        shown = run("check", "--config", self.config, *self.TENS, code=REFUSED).stdout
        self.assertRegex(shown, r"REFUSED  \d+ reasons, the most restrictive first\n"
                                r" +1\. CONTRAINDICATED: .*\n.*screening\.ini:\d+")
        shown = run("limits", "--config", self.config, *self.TENS).stdout
        self.assertTrue(shown.startswith("LIMITS "))
        self.assertNotIn("REFUSED", shown)

    def test_every_limit_that_applies_is_told(self):
        """What is bound to nothing applies to every treatment of its modality that has its quantity at all."""
        listed = json.loads(run("--json", "limits", "--config", self.config).stdout)["items"]
        treated = {"estim": self.TENS, "ultrasound": TREATMENTS["ultrasound"][0], "laser": TREATMENTS["laser"][0],
                   "cold": TREATMENTS["cold"][0]}
        for modality, treatment in treated.items():
            check = calculated(self.config, *treatment, code=REFUSED)
            told = {b["id"]: b for b in check["limits"]}
            has = set(check["dose"]["totals"])
            for channel in check["dose"]["channels"]:
                has |= set(channel["derived"]) | set(channel["parameters"]) | set(channel["properties"])
            for limit in (item for item in listed if modality in item["modalities"]):
                walked_otherwise = limit["use"] == "walk" and ("_mv" in limit["quantity"]) != ("amplitude_mv" in has)
                applies = not limit["when"] and not walked_otherwise
                if applies and (limit["use"] != "treatment" or limit["quantity"] in has):
                    self.assertIn(limit["id"], told, modality)
                bound = told.get(limit["id"])
                if bound is None:
                    continue
                for member in ("quantity", "scope", "class", "layer", "use", "verified", "accepted", "source", "origin"):
                    self.assertEqual(bound[member], limit[member])
                self.assertEqual("value" in bound, bound["state"] in ("within", "exceeded", "shown"))
                if "value" in bound and "bound" in bound:
                    room = bound["bound"] - bound["value"] if bound["direction"] == "max" else bound["value"] - bound["bound"]
                    self.assertEqual(bound["headroom"], room)
                    self.assertEqual(bound["exceeded"], room < 0)

    def test_every_commanded_quantity_has_its_range(self):
        for name in ("tens", "interferential", "ultrasound", "iontophoresis", "laser", "cold"):
            check = calculated(self.config, *TREATMENTS[name][0], "--channels", TREATMENTS[name][3], code=REFUSED)
            ranges = {b["quantity"]: b for b in check["limits"] if b["layer"] == "protocol"}
            asked = set(check["dose"]["channels"][0]["parameters"]) - {"active_polarity"}
            self.assertEqual(asked - set(ranges), set(), name)
            self.assertIn("duration_ms", ranges)
            self.assertIn("rest_interval_ms", ranges)
            self.assertIn("session_count", ranges)
        self.assertEqual((ranges["temperature_millic"]["direction"], ranges["temperature_millic"]["value"],
                          ranges["temperature_millic"]["bound"]), ("min", 11000, 10000))

    def test_a_section_of_a_device_counts_where_it_is_named(self):
        section = self.room.device_section("stim1", "tcp:127.0.0.1:1502")
        self.room.write("devices.ini", section + "patient_leakage_ua = 150 uA\noutput_indicator = no\n")
        treatment = self.answered(*TREATMENTS["muscle"][0])
        self.assertTrue(calculated(self.config, *treatment)["allowed"])
        check = calculated(self.config, *treatment, "--device", "stim1", code=REFUSED)
        self.assertLessEqual({"es_leak_normal", "ceiling_es_leakage"}, {r["subject"] for r in check["refusals"]})
        states = {b["id"]: b["state"] for b in check["limits"]}
        self.assertEqual((states["es_leak_normal"], states["es_leak_fault"]), ("exceeded", "not_reported"))
        self.assertIn("es_ind_current", states)
        check = calculated(self.config, *treatment, "--device", "nobody", code=REFUSED)
        self.assertEqual([r["token"] for r in check["refusals"]], ["NOT_FOUND"])

    def test_pads_that_are_shared_carry_both_currents(self):
        base = ("--protocol", "tens_conventional", "--site", "thigh", "--side", "left", "--amplitude", "10mA", "--channels",
                "a,b")
        apart = ("--electrode", "A=a,25cm2", "--electrode", "B=a,25cm2", "--electrode", "C=b,25cm2", "--electrode", "D=b,25cm2")
        shared = ("--electrode", "A=a,25cm2", "--electrode", "B=a,25cm2", "--electrode", "B=b,25cm2", "--electrode", "D=b,25cm2")
        density = []
        for pads in (apart, shared):
            channels = calculated(self.config, *base, *pads, code=REFUSED)["dose"]["channels"]
            density.append(channels[0]["derived"]["rms_density_ua_cm2"]["value"])
        self.assertEqual((channels[0]["shares"], channels[1]["shares"]), ([1], [0]))
        self.assertAlmostEqual(density[1] / density[0], 2, delta=0.05)

    def test_what_went_before_is_told(self):
        day = self.answered(*self.TENS)
        self.assertTrue(calculated(self.config, *day, "--earlier-duration", "100min", "--last-end", "31min")["allowed"])
        refused = calculated(self.config, *day, "--earlier-duration", "221min", code=REFUSED)["refusals"]
        self.assertEqual([(r["subject"], r["value"], r["max"]) for r in refused], [("es_day_max", 241 * 60000, 240 * 60000)])
        refused = calculated(self.config, *day, "--earlier-sessions", "4", code=REFUSED)["refusals"]
        self.assertEqual([(r["subject"], r["value"], r["max"]) for r in refused], [("tens_conventional", 5, 4)])
        refused = calculated(self.config, *day, "--last-end", "29min", code=REFUSED)["refusals"]
        self.assertEqual([r["token"] for r in refused], ["REST_INTERVAL"])
        refused = calculated(self.config, *day, "--last-end", "cryo=29min", code=REFUSED)["refusals"]
        self.assertEqual([(r["token"], r["subject"]) for r in refused], [("NOTICE_REQUIRED", "order_estim_after_cold")])
        self.assertTrue(calculated(self.config, *day, "--last-end", "cryo=29min", "--acknowledge",
                                   "order_estim_after_cold")["allowed"])
        heat = self.answered(*TREATMENTS["ultrasound"][0])
        refused = calculated(self.config, *heat, "--last-end", "tens=59min", code=REFUSED)["refusals"]
        self.assertEqual([r["subject"] for r in refused], ["order_us_after_analgesia"])
        self.assertTrue(calculated(self.config, *heat, "--last-end", "tens=60min")["allowed"])
        for words, said in ((("--earlier-duration", "x"), "a number with its unit"),
                            (("--earlier-energy", "-1J"), "less than nothing"), (("--earlier-sessions", "-1"), "from 0 to"),
                            (("--last-end", "sleep=1h"), "there is no therapy sleep"),
                            (("--last-end", "-1min"), "how long ago"), (("--channels", "9"), "from 1 to 8"),
                            (("--electrode", "A"), "LABEL=CHANNEL,AREA"),
                            (("--electrode", "A=ch1,big"), "a number with its unit")):
            self.assertIn(said, run("check", "--config", self.config, *self.TENS, *words, code=USAGE).stderr, words)

    def test_a_terminal_is_asked_as_by_the_daemon(self):
        treatment = (*self.TENS, *harmless_of(q for q in calculated(self.config, *self.TENS, code=REFUSED)["questions"]
                                              if q["id"] not in ("pacemaker", "sensation")))
        terminal = Terminal([CTL, "check", "--config", self.config, *treatment], 100)
        self.addCleanup(terminal.close)
        terminal.expect("SCREENING")
        terminal.expect("1/2  ")
        terminal.answer("yes*: ", "no")
        terminal.expect("2/2  ")
        terminal.answer(": ", "normal")
        shown = terminal.expect("NOT KNOWN HERE")
        self.assertRegex(shown, r"ALLOWED|REFUSED")
        self.assertEqual(terminal.wait(), DONE if "ALLOWED" in shown else REFUSED)

    def test_harmless_answers_may_be_assumed_and_are_said(self):
        questions = calculated(self.config, *self.TENS, code=REFUSED)["questions"]
        check = calculated(self.config, *self.TENS, "--assume-harmless")
        self.assertEqual([a["question"] for a in check["assumed"]], [q["id"] for q in questions])
        answered = calculated(self.config, *self.answered(*self.TENS))
        self.assertEqual((answered["assumed"], answered["limits"]), ([], check["limits"]))
        shown = run("check", "--config", self.config, *self.TENS, "--assume-harmless").stdout
        self.assertTrue(shown.startswith("ALLOWED  provided that what is assumed is true\nASSUMED  nobody was asked"))
        self.assertIn("pacemaker=no", shown)
        shown = run("limits", "--config", self.config, *self.TENS, "--assume-harmless").stdout
        self.assertTrue(shown.startswith("ASSUMED  nobody was asked"))
        refused = calculated(self.config, *self.TENS, "--assume-harmless", "--answer", "pacemaker=yes", code=REFUSED)
        self.assertEqual([r["token"] for r in refused["refusals"]], ["CONTRAINDICATED"], "what was answered stands")
        for name in ("ultrasound", "iontophoresis", "laser", "cold", "ultrasound_without_a_head"):
            shown = subprocess.run([CTL, "check", "--config", self.config, *TREATMENTS[name][0], "--channels",
                                    TREATMENTS[name][3], "--assume-harmless"], capture_output=True, text=True, check=False,
                                   timeout=3 * PATIENCE, stdin=subprocess.DEVNULL).stdout
            self.assertNotRegex(shown, "CONTRAINDICATED|PRECAUTION", name)
        self.assertIn("needs an applicator with its calibration (--applicator REF)", " ".join(shown.split()))
        self.assertIn("no value is wanted", run("check", "--config", self.config, *self.TENS, "--assume-harmless=yes",
                                                code=USAGE).stderr)

    def test_limits_of_a_configuration(self):
        shown = run("limits", "--config", self.config).stdout
        listed = json.loads(run("--json", "limits", "--config", self.config).stdout)["items"]
        for limit in listed:
            self.assertIn(limit["id"], shown)
        shown = run("limits", "--config", self.config, "order_us_after_analgesia").stdout
        self.assertRegex(shown, r"when therapies us thermal; after tens, ")
        self.assertIn("LOCKS protocol lipus_fracture", run("limits", "--config", self.config, "lipus_sata_max").stdout)
        self.assertIn("NOT_FOUND", run("limits", "--config", self.config, "nothing", code=REFUSED).stderr)


if __name__ == "__main__":
    unittest.main()
