# SPDX-License-Identifier: Apache-2.0
"""What no treatment may begin with: the way of the current, questions that were not asked, another patient or place. The
shipped protocols."""
import itertools

from hazard import REPEATS, Hazard, main

from room import COLD, GALV, LASER, STIM, US, Refused, Room, screened, tens_request, us_request

OVERRIDE = [{"condition": "across_chest", "by": "Dr. Berg", "reason": "I am sure"}]
CHEST, BACK, SHOULDER = ("chest", "left"), ("thoracic_spine", "midline"), ("shoulder", "left")
# target, and where the two electrodes lie
ACROSS = (
    (CHEST, CHEST, BACK), (BACK, BACK, CHEST), (("chest", "both"), CHEST, ("chest", "right")),
    (("shoulder", "both"), SHOULDER, ("upper_arm", "right")), (("forearm", "both"), ("hand", "left"), ("forearm", "right")),
    (("thigh", "left"), ("upper_arm", "left"), ("thigh", "left")), (("abdomen", "midline"), ("abdomen", "midline"), BACK),
    (("neck_posterior", "midline"), ("neck_posterior", "midline"), ("abdomen", "midline")),
    (("groin", "left"), BACK, ("groin", "left")), (("hand", "left"), CHEST, ("hand", "left")))
# the places of two sessions of one patient
BETWEEN = ((CHEST, BACK), (("hand", "right"), ("thigh", "left")), (("neck_posterior", "midline"), ("foot", "left")))


class Screening(Hazard):
    """Its rows are taken in turn: as many as there are repeats, and all of them at least once."""

    devices = (STIM, US, LASER, COLD, GALV)

    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=cls.devices)
        cls.addClassCleanup(cls.room.close)
        cls.sim = cls.room.sim

    def speak(self):
        while self.room.clients:
            self.room.clients.pop().close()
        return self.room.client()

    def each(self, rows, check):
        for row in itertools.islice(itertools.cycle(rows), max(REPEATS, len(rows))):
            with self.subTest(row=row):
                check(row)

    def placed(self, *places, target, patient="P-1", **more):
        """TENS with its two electrodes at these (site, side) places, every question answered harmlessly."""
        request = tens_request(self.voice, patient=patient, site=target[0], side=target[1], **more)
        for electrode, (site, side) in zip(request["outputs"][0]["electrodes"], places):
            electrode.update(skin_site=site, side=side)
        return screened(self.voice, request)

    def allowed(self, request):
        """The same with what makes it dangerous taken away: nothing else stood against it."""
        self.voice.call("session.stop", session_id=self.voice.act("session.prepare", **request)["session_id"])

    # ---- H08 ----

    def test_h08_the_pads_lie_across_the_chest(self):
        self.each(ACROSS, lambda row: self.refused(self.placed(*row[1:], target=row[0], overrides=OVERRIDE), "CONTRAINDICATED",
                                                   "across_chest"))
        self.allowed(self.placed(SHOULDER, ("upper_arm", "left"), target=SHOULDER))
        self.allowed(self.placed(BACK, ("lumbar", "midline"), target=("lumbar", "midline")))

    def test_h08_the_pads_of_two_sessions_lie_across_the_chest(self):
        self.each(BETWEEN, self.between)

    def between(self, row):
        one = self.placed(row[0], row[0], target=row[0])
        other = self.placed(row[1], row[1], target=row[1], group="ch2", channels=("ch2",))
        self.allowed(other)
        held = self.voice.act("session.prepare", **one)["session_id"]
        found = self.refused(other, "CONTRAINDICATED", "across_chest")
        self.assertIn(held, found.error["message"])
        self.allowed({**other, "patient_ref": "P-2"})
        self.voice.call("session.stop", session_id=held)
        self.allowed(other)

    def test_h08_a_side_that_is_not_said_may_be_the_other_one(self):
        request = self.placed(CHEST, CHEST, target=("chest", "both"))
        self.allowed(request)
        for electrode in request["outputs"][0]["electrodes"]:
            del electrode["side"]
        self.each(range(REPEATS), lambda _: self.refused(request, "CONTRAINDICATED", "across_chest"))

    # ---- H09 ----

    def test_h09_a_pacemaker_that_was_not_asked_for_is_one(self):
        self.each((None, "unknown", "yes"), lambda answer: self.refused(
            screened(self.voice, tens_request(self.voice), pacemaker=answer), "CONTRAINDICATED", "pacemaker"))
        self.allowed(screened(self.voice, tens_request(self.voice)))

    # ---- H19, H20 ----

    def test_h19_muscles_over_a_fracture(self):
        request = tens_request(self.voice, protocol="nmes_oa_quad", start=10000, ceiling=20000)
        del request["outputs"][0]["phases"][0]["duration_ms"]
        rules = (("unknown", "unhealed_fracture"), (None, "unhealed_fracture"), ("here", "unhealed_fracture"),
                 ("on_label", "fracture_on_label"))
        self.each(rules, lambda row: self.refused(
            screened(self.voice, request, unhealed_fracture=row[0]), "CONTRAINDICATED", row[1]))
        self.allowed(screened(self.voice, request))

    def test_h20_sound_or_current_near_a_womb(self):
        def unborn(row):
            build, answer = row
            request = build(self.voice, site="hip", **({"acknowledged": ["us_static_max"]} if build is us_request else {}))
            self.refused(screened(self.voice, request, pregnancy_trunk=answer), "CONTRAINDICATED", "pregnancy_trunk")
            self.allowed(screened(self.voice, request))
        self.each(tuple(itertools.product((us_request, tens_request), ("yes", "unknown", None))), unborn)

    # ---- H28 ----

    def test_h28_the_pads_lie_elsewhere(self):
        """The place is where they lie, whatever the target is called."""
        wrong = ((("lumbar", "midline"), "IDENTITY_MISMATCH"), (("thigh", "right"), "IDENTITY_MISMATCH"),
                 (("eyes", "left"), "NOT_FOUND"), (("neck_anterior", "midline"), "NOT_FOUND"))
        self.each(wrong, lambda row: self.refused(self.placed(row[0], row[0], target=("thigh", "left")), row[1]))

    def test_h28_the_start_names_another_patient_or_place(self):
        """What was confirmed is ended by it: nobody starts it afterwards with the right name, either."""
        self.voice.call("events.subscribe")
        self.each(({"patient_check": "1988-01-30"}, {"patient_ref": "P-2"}, {"target": {"site": "thigh", "side": "right"}},
                   {"target": {"site": "knee", "side": "left"}}), self.another)

    def another(self, said):
        prepared = self.voice.act("session.prepare", **tens_request(self.voice, patient_check="1961-04-12"))
        self.assertEqual(prepared["sheet"]["patient_check"], "1961-04-12")
        begin = {"session_id": prepared["session_id"], "confirm_token": prepared["confirm_token"]}
        with self.assertRaises(Refused) as refused:
            self.voice.act("session.start", **begin, **said)
        self.assertEqual((refused.exception.token, refused.exception.data["field"]), ("IDENTITY_MISMATCH", *said))
        self.voice.state(prepared["session_id"], "ended")
        with self.assertRaises(Refused) as refused:
            self.voice.act("session.start", **begin)
        self.measured(self.sim.peak("stim1"))

    def test_h28_one_reference_is_one_patient(self):
        held = self.voice.act("session.prepare", **tens_request(self.voice, patient_check="1961-04-12"))["session_id"]
        other = us_request(self.voice, site="knee", patient_check="1988-01-30", acknowledged=["us_static_max"])
        for same in ({}, {"patient_ref": "p-1"}):
            self.refused({**other, **same}, "IDENTITY_MISMATCH", "patient_check")
        for lookalike in ("\u0420-1", "\uff30-1", "P\u20101", "P-1\u0301", "P 1"):
            with self.assertRaises(Refused) as refused:
                self.voice.act("session.prepare", **{**other, "patient_ref": lookalike})
            self.assertEqual((refused.exception.code, refused.exception.data["field"]), (-32602, "params.patient_ref"))
        self.voice.call("session.stop", session_id=held)


if __name__ == "__main__":
    main()
