# SPDX-License-Identifier: Apache-2.0
"""Screening at the socket: what the matrix forbids is refused whoever asks and whatever the request says, precautions go on
with a name and a reason, and an answer that rests on a test counts while the test's day does. Judged by the refusals and by
the simulator's trace: every output stays at rest all the time but in the one treatment that is allowed."""
import os
import time
import unittest

from ctl import CtlCase
import room
from room import COLD, GALV, LASER, STIM, US, Refused, Room, RoomCase, begin, cold_request, laser_request, screened
from room import tens_request, today

TOH = "transient_hip_osteoporosis"
ACCEPTED = "".join(f"[accept {limit}]\nby = tester\ndate = 2026-11-22\n\n"
                   for limit in ("lipus_sata_max", "ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode"))


def nmes_request(client, **more):
    request = tens_request(client, protocol="nmes_oa_quad", start=10000, ceiling=20000, **more)
    del request["outputs"][0]["phases"][0]["duration_ms"]
    return request


def ionto_request(client, **more):
    """Iontophoresis by its protocol's figures: 2 mA, which pads of 25 cm2 spread."""
    request = tens_request(client, device="galv1", group="dc", channels=("dc",), protocol="ionto_dex_40", **more)
    del request["outputs"][0]["phases"][0]["duration_ms"]
    request["outputs"][0]["phases"][0]["parameters"] = {}
    for electrode, polarity in zip(request["outputs"][0]["electrodes"], ("negative", "positive")):
        electrode.update(polarity=polarity, kind="rubber_sponge")
    return request


def us_request(client, **more):
    """As anybody would ask for it: the notice about a head that is not moved is acknowledged."""
    return room.us_request(client, **{"acknowledged": ["us_static_max"], **more})


def lipus_request(client, **more):
    return us_request(client, protocol="lipus_fracture", start=150000, duration_ms=1200000, area=500, **more)


class ScreeningCase(unittest.TestCase):
    """One room for all of them; nothing in it is ever energised but where a test says so."""

    devices = (STIM, US, LASER, COLD, GALV)
    energised = False

    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=cls.devices, installation=ACCEPTED)
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim

    def setUp(self):
        self.client = self.room.client()
        self.addCleanup(self.after)

    def after(self):
        self.client.call("stop.all")
        if not self.energised:
            for device in self.sim.links:
                values = {o["value"] for o in self.sim.outputs(device)}
                self.assertLessEqual(len(values), 1, f"{device} left its rest: {sorted(values)[:5]}")
        self.client.close()
        self.room.clients.remove(self.client)

    def findings(self, request):
        """What screening says of a request: {token: {condition}}, from session.check."""
        found = {"CONTRAINDICATED": set(), "PRECAUTION": set()}
        for refusal in self.client.call("session.check", **request)["refusals"]:
            if refusal["token"] in found:
                found[refusal["token"]].add(refusal["subject"])
        return found

    def refused(self, request, token, *words):
        """prepare refuses with this token first; its violations."""
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", **request)
        self.assertEqual(refused.exception.token, token, refused.exception.error)
        told = " ".join(v["message"] for v in refused.exception.data.get("violations", [])) + refused.exception.error["message"]
        for word in words:
            self.assertIn(word, told)
        return refused.exception.data.get("violations", [])

    def allowed(self, request):
        """prepare accepts; the sheet. What was prepared is given back."""
        prepared = self.client.act("session.prepare", **request)
        self.client.call("session.stop", session_id=prepared["session_id"])
        return prepared["sheet"]


class Places(ScreeningCase):
    """Where electrodes lie; what a question or a place must stop is in tests/hazard."""

    def placed(self, *places, target=("chest", "left"), **more):
        """TENS with its two electrodes at these (site, side) places, every question answered harmlessly."""
        request = tens_request(self.client, site=target[0], side=target[1], **more)
        for electrode, (site, side) in zip(request["outputs"][0]["electrodes"], places):
            electrode.update(skin_site=site, side=side)
        return screened(self.client, request)

    def test_a_part_is_the_place_of_its_whole(self):
        second = {"group": "ch2", "channels": ("ch2",)}
        for part, whole in (("achilles_tendon", "ankle"), ("lateral_epicondyle", "elbow"), ("groin", "hip")):
            for first, other in ((part, whole), (whole, part)):
                held = self.client.act("session.prepare", **self.placed(*2 * ((first, "left"),), target=(first, "left")))
                self.refused(self.placed(*2 * ((other, "left"),), target=(other, "left"), **second), "DOSE_RESERVED",
                             held["session_id"])
                self.allowed(self.placed(*2 * ((other, "right"),), target=(other, "right"), **second))
                self.client.call("session.stop", session_id=held["session_id"])
        self.client.act("session.prepare", **self.placed(*2 * (("groin", "left"),), target=("groin", "left")))
        self.allowed(self.placed(*2 * (("buttock", "left"),), target=("buttock", "left"), **second))


class Days(ScreeningCase):
    """Skin, sensation and imaging with their days."""

    def test_check_and_discover_say_which_answers_carry_a_day(self):
        asked = {q["id"]: q.get("valid_days") for q in self.client.call("session.check", **us_request(self.client))["questions"]}
        self.assertEqual({q: days for q, days in asked.items() if days}, {"skin_check": 1, "sensation_test": 7})
        asked = {q["id"]: q.get("valid_days") for q in self.client.call(
            "session.check", **tens_request(self.client, site="hip", indication=TOH))["questions"]}
        self.assertEqual({q: days for q, days in asked.items() if days}, {"toh_fracture": 30})
        document = self.client.call("rpc.discover")
        shapes = document["components"]["schemas"]
        for method, name in (("session.check", "result"), ("protocol.get", "result")):
            schema = next(m for m in document["methods"] if m["name"] == method)[name]["schema"]
            self.assertEqual(schema["properties"]["questions"]["items"], {"$ref": "#/components/schemas/question"})
        self.assertIn("valid_days", shapes["question"]["properties"])
        params = next(m for m in document["methods"] if m["name"] == "session.prepare")["params"]
        screening = next(p for p in params if p["name"] == "screening")["schema"]["items"]
        self.assertEqual(screening, {"$ref": "#/components/schemas/answer"})
        self.assertEqual(shapes["answer"]["properties"]["on"]["allOf"], [{"$ref": "#/components/schemas/text.date"}])
        self.assertEqual(shapes["text.date"]["format"], "date")

    def test_an_answer_counts_while_its_day_does(self):
        for question, days in (("skin_check", 1), ("sensation_test", 7)):
            good = self.client.call("protocol.get", protocol="us_chronic_thermal", site="thigh")["questions"]
            first = next(q for q in good if q["id"] == question)["answers"][0]
            for back, why in ((0, None), (days, None), (days + 1, f"more than {days} days back"), (-1, "in the future"),
                              (None, "without the day of the test")):
                item = {"answer": first} if back is None else {"answer": first, "on": today(back)}
                request = screened(self.client, us_request(self.client), **{question: item})
                if why:
                    self.refused(request, "CONTRAINDICATED", f"question {question}", why)
                else:
                    self.allowed(request)
        for back in (-1, 1, 2000):  # a question that wants no day
            item = {"answer": "yes", "on": today(back)}
            self.refused(screened(self.client, us_request(self.client), communication=item), "CONTRAINDICATED", "question communication")

    def test_direct_current_and_cold_want_them_too_and_tens_does_not(self):
        without = {"skin_check": {"answer": "intact"}, "sensation_test": {"answer": "normal"}}
        for build, conditions in ((ionto_request, {"open_wound", "impaired_sensation"}),
                                  (cold_request, {"open_wound", "impaired_sensation"})):
            request = screened(self.client, build(self.client, site="thigh"))
            self.assertEqual(self.findings(request), {"CONTRAINDICATED": set(), "PRECAUTION": set()})
            request = screened(self.client, request, **without)
            self.assertEqual(self.findings(request)["CONTRAINDICATED"], conditions)
        for answer in screened(self.client, tens_request(self.client))["screening"]:
            self.assertNotIn("on", answer)

    def test_what_is_no_date_names_its_field(self):
        for wrong in ("2026-02-30", "2026-2-3", "20.11.2026", "yesterday", "", 20777, None, ["2026-11-20"]):
            request = us_request(self.client)
            at = next(i for i, a in enumerate(request["screening"]) if a["question"] == "sensation_test")
            request["screening"][at]["on"] = wrong
            for method in ("session.check", "session.prepare"):
                with self.assertRaises(Refused) as refused:
                    (self.client.act if method == "session.prepare" else self.client.call)(method, **request)
                self.assertEqual(refused.exception.code, -32602, wrong)
                self.assertEqual(refused.exception.data["field"], f"params.screening[{at}].on")


class Overrides(ScreeningCase):
    energised = True

    def test_a_precaution_goes_on_with_a_name_and_a_reason_which_are_kept(self):
        request = screened(self.client, tens_request(self.client, patient="P-override", start=4000),
                           pregnancy_elsewhere="yes",
                           inflammation={"answer": "no", "answered_at": int(time.time() * 1000), "by": "the patient", "method": "asked"},
                           sensation={"answer": "normal", "on": today(), "by": "anna", "method": "pin and warm tube",
                                      "sensation": {"test": "sharp_blunt", "result": "normal", "at_ms": 1795132800000}})
        self.refused(request, "PRECAUTION", "needs an override that names who and why")
        for at, why in ((0, "more than a day ago"), (int(time.time() * 1000) + 600000, "lies in the future")):
            self.refused(screened(self.client, tens_request(self.client, patient="P-override", start=4000),
                                  sensation={"answer": "normal", "answered_at": at}), "PRECAUTION", why)
        override = {"condition": "pregnancy_elsewhere", "by": "Dr. Berg", "reason": "midwife agrees, thigh only"}
        session, _, sheet = begin(self.client, {**request, "overrides": [override]})
        self.assertEqual(sheet["overrides"], [override])
        self.assertIn("pregnancy_elsewhere", sheet["conditions"])
        self.sim.wait_output("stim1", 1000)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "ended")
        document = self.client.call("record.get", session_id=session)["document"]
        self.assertEqual(document["request"]["overrides"], [override])
        self.assertEqual(document["request"]["screening"], request["screening"], "as sent, with by, method and days")
        self.assertEqual(document["operator"]["id"], "therapist")
        entry = next(e for e in self.client.call("audit.tail", limit=100)["items"]
                     if e["event"] == "session.prepared" and e.get("session_id") == session)
        self.assertEqual(entry["detail"]["sheet"]["overrides"], [override])

    def test_an_override_needs_both_and_names_what_exists(self):
        request = screened(self.client, tens_request(self.client), pregnancy_elsewhere="yes")
        for condition, by, reason, token in (("pregnancy_trunk", "Dr. Berg", "r", "PRECAUTION"),
                                             ("no_such_condition", "Dr. Berg", "r", "NOT_FOUND")):
            self.refused({**request, "overrides": [{"condition": condition, "by": by, "reason": reason}]}, token)
        for by, reason in (("", "r"), (" ", "r"), ("Dr. Berg", ""), ("Dr. Berg", " \n ")):
            with self.assertRaises(Refused) as refused:
                self.client.act("session.prepare", **request,
                                overrides=[{"condition": "pregnancy_elsewhere", "by": by, "reason": reason}])
            self.assertEqual(refused.exception.code, -32602)

    def test_a_contraindication_has_no_override(self):
        before = self.sim.outputs("stim1") + self.sim.outputs("us1")
        for build, answers, condition in (
                (tens_request, {"pacemaker": "yes"}, "pacemaker"),  # X
                (us_request, {"malignancy": "here"}, "malignancy"),  # XL by the answer
                (nmes_request, {"unhealed_fracture": "here"}, "unhealed_fracture")):
            request = screened(self.client, build(self.client), **answers)
            request["overrides"] = [{"condition": condition, "by": "the head of the clinic", "reason": "I insist"}]
            self.assertEqual({v["subject"] for v in self.refused(request, "CONTRAINDICATED")}, {condition})
        self.assertEqual(self.sim.outputs("stim1") + self.sim.outputs("us1"), before)


class LocalDay(unittest.TestCase):
    """The day is the room's own: east of the date line it is another one than west of it, at any moment."""

    def allowed_in(self, zone, day):
        here = Room(devices=(US,), start=False)
        self.addCleanup(here.close)
        here.start(env={"TZ": zone})
        client = here.client()
        request = us_request(client)
        for answer in request["screening"]:
            if "on" in answer:
                answer["on"] = day
        return client.call("session.check", **request)

    def test_today_is_the_rooms_day(self):
        now = time.time()
        east = time.strftime("%Y-%m-%d", time.gmtime(now + 14 * 3600))
        self.assertTrue(self.allowed_in("EAST-14", east)["allowed"])
        told = self.allowed_in("WEST+12", east)
        self.assertFalse(told["allowed"])
        self.assertIn("a day that lies in the future", told["refusals"][0]["message"])


class Viewer(RoomCase):
    room_options = {"devices": (STIM,), "roles": f"[role looker]\nright = viewer\nusers = {os.getuid()}\nmay_act_for = yes\n"}

    def test_a_viewer_overrides_nothing(self):
        request = screened(self.client, tens_request(self.client), pregnancy_elsewhere="yes")
        request["overrides"] = [{"condition": "pregnancy_elsewhere", "by": "Dr. Berg", "reason": "told me to"}]
        with self.assertRaises(Refused) as refused:
            self.client.act("session.prepare", operator="Dr. Berg", **request)
        self.assertEqual((refused.exception.token, refused.exception.data["needed"]), ("ROLE_REQUIRED", "therapist"))
        self.assertEqual(self.client.call("session.list")["items"], [])
        self.assertTrue(self.sim.at_rest("stim1"))


# What comes of transient hip osteoporosis: A allowed, P precaution, X contraindicated. Columns: fracture excluded (yes, or
# no and unknown) without a pregnancy; the same with one, or with nobody knowing. NMES is at the thigh, where its protocol is
# for: there a pregnancy is a precaution.
TABLE = {
    "TENS": (tens_request, "hip", "AP", "XX"),
    "NMES": (nmes_request, "thigh", "PX", "PX"),
    "iontophoresis": (ionto_request, "hip", "PX", "XX"),
    "thermal ultrasound": (us_request, "hip", "PX", "XX"),
    "pulsed ultrasound": (lambda client, **more: us_request(client, protocol="us_acute_pulsed", start=200000,
                                                            duration_ms=300000, **more), "hip", "PX", "XX"),
    "LIPUS": (lipus_request, "hip", "PP", "XX"),
    "laser": (laser_request, "hip", "AP", "XX"),
    "cold": (cold_request, "hip", "AA", "PP"),
}


class TransientHipOsteoporosis(ScreeningCase):
    def test_the_whole_table(self):
        for therapy, (build, site, healthy, pregnant_codes) in TABLE.items():
            base = build(self.client, site=site, indication=TOH)
            questions = self.client.call("session.check", **base)["questions"]
            for fracture in ("yes", "no", "unknown"):
                for pregnant in ("no", "yes", "unknown"):
                    codes = healthy if pregnant == "no" else pregnant_codes
                    given = {q["id"]: pregnant for q in questions if q["id"].startswith("pregnancy_") or q["id"] == "toh_lipus"}
                    request = screened(self.client, base, toh_fracture={"answer": fracture, "on": today(2)}, **given)
                    found = self.findings(request)
                    code = "X" if found["CONTRAINDICATED"] else "P" if found["PRECAUTION"] else "A"
                    self.assertEqual(code, codes[fracture != "yes"], f"{therapy}, excluded: {fracture}, pregnant: {pregnant}")

    def test_current_and_sound_stay_locked_without_an_image_of_known_day(self):
        for build, site in ((nmes_request, "thigh"), (us_request, "hip"), (ionto_request, "hip")):
            for item in (None, "unknown", {"answer": "no", "on": today()}, {"answer": "yes"}, {"answer": "yes", "on": today(31)},
                         {"answer": "yes", "on": today(-1)}):
                request = screened(self.client, build(self.client, site=site, indication=TOH), toh_fracture=item)
                request["overrides"] = [{"condition": "toh_fracture_possible", "by": "Dr. Berg", "reason": "looks fine"}]
                violations = self.refused(request, "CONTRAINDICATED", "not excluded")
                self.assertIn("toh_fracture_possible", {v["subject"] for v in violations})

    def test_with_the_image_a_precaution_goes_on_by_name(self):
        overrides = [{"condition": "toh_fracture_excluded", "by": "Dr. Berg", "reason": "MRI seen, no load"}]
        for build, site in ((nmes_request, "thigh"), (us_request, "hip"), (lipus_request, "hip")):
            request = screened(self.client, build(self.client, site=site, indication=TOH),
                               toh_fracture={"answer": "yes", "on": today(30)})
            self.refused(request, "PRECAUTION", "transient hip osteoporosis")
            request["overrides"] = overrides
            self.assertNotIn("PRECAUTION", [r["token"] for r in self.client.call("session.check", **request)["refusals"]])
        for build in (tens_request, laser_request, cold_request):
            self.allowed(screened(self.client, build(self.client, site="hip", indication=TOH)))

    def test_a_hip_that_is_not_called_by_its_name_is_asked_for_it(self):
        request = screened(self.client, us_request(self.client, site="hip"), toh_known="yes")
        self.refused(request, "CONTRAINDICATED", "transient hip osteoporosis")
        self.refused(screened(self.client, us_request(self.client, site="hip"), toh_known=None), "CONTRAINDICATED", "toh_known")


class AtATerminal(CtlCase):
    def test_the_day_of_a_test_is_asked_for(self):
        treatment = ("--protocol", "us_acute_pulsed", "--device", "us1", "--patient", self.patient, "--site", "thigh", "--side",
                     "left", "--applicator", "head_ref", "--area", "10cm2")
        terminal = self.terminal("check", *treatment)
        asked = self.client.call("protocol.get", protocol="us_acute_pulsed", site="thigh")["questions"]
        for question in asked:
            terminal.answer("*: ", question["answers"][0])
            if "valid_days" in question:
                terminal.answer("on which day? ", "30.2.2026")
                terminal.expect("is no date")
                terminal.answer(f"at most {question['valid_days']} day", "today" if question["id"] == "skin_check" else today(2))
        terminal.expect("ALLOWED")
        self.assertEqual(terminal.wait(), 0)

    def test_an_answer_on_the_command_line_carries_its_day(self):
        treatment = ("check", "--protocol", "us_acute_pulsed", "--device", "us1", "--patient", self.patient, "--site", "thigh",
                     "--side", "left", "--applicator", "head_ref", "--area", "10cm2")
        answers = self.answers("us_acute_pulsed")
        self.assertIn(f"skin_check=intact@{today()}", answers)
        self.assertIn("ALLOWED", self.ctl(*treatment, *answers).stdout)
        undated = [a.split("@")[0] for a in answers]
        self.assertIn("without the day of the test", self.ctl(*treatment, *undated, code=1).stdout)
        self.assertIn("a date is needed", self.ctl(*treatment, "--answer", "skin_check=intact@2026-02-30", code=2).stderr)
        page = self.ctl("protocols", "us_acute_pulsed", "--site", "thigh").stdout
        self.assertIn("with its day, at most 1 back", page)

    def test_the_second_identifier_is_asked_for_at_the_start(self):
        for said, code in (("1988-01-30", 1), ("1961-04-12", 7)):
            terminal = self.terminal("start", *self.tens(), *self.answers(), "--patient-check", "1961-04-12")
            self.assertIn(f"{self.patient}, 1961-04-12", terminal.expect("Pain before"))
            terminal.type("\n")
            terminal.answer("Second identifier, as the patient says it: ", said)
            terminal.answer("Type yes: ", "yes" if code == 1 else "no")
            if code == 1:
                terminal.expect("IDENTITY_MISMATCH")
            self.assertEqual(terminal.wait(), code)
        self.assertEqual(self.sim.peak("stim1"), 0)


if __name__ == "__main__":
    unittest.main()
