# SPDX-License-Identifier: Apache-2.0
"""The dose ledger on the real programs: a day's doses, rests, order and places, through restarts, kills and clocks."""
import os
import struct
import time
import unittest

from room import BUILD, COLD, STIM, US, Refused, Room, begin, cold_request, screened, tens_request, us_request, wait_until

DAY_MS = 24 * 3600 * 1000
MARGIN = 1.2  # the accuracy that a device must keep: the ledger may count so much more than came out
LAG_S = 0.5   # and output at the last level until rest was proved, on a slow machine

SHORT = """
[protocol short_tens]
label = TENS, seconds
revision = 1
therapy = tens
waveform = biphasic_symmetric
channels = 1..2
amplitude_ua = 0 mA..30 mA, default 10 mA
phase_width_us = 50 us..150 us, default 80 us
pulse_rate_millihz = 80 Hz..150 Hz, default 100 Hz
duration_ms = 1 s..60 s, default 2 s
electrode_area_mm2 = 16 cm2..200 cm2, default 25 cm2
rest_min = {rest}
sessions_per_day = 12
source = tests
verified = choice

[protocol short_{kind}]
label = ultrasound, seconds
revision = 1
therapy = {kind}
waveform = us_pulsed
contact_hold = 10 s
rest_min = 0 min
sessions_per_day = 1
source = tests
verified = choice
intensity_satp_uw_cm2 = 0.1 W/cm2..0.5 W/cm2, default 0.3 W/cm2
duty_permille = 20 %
us_frequency_khz = 1 MHz
pulse_repetition_millihz = 100 Hz
duration_ms = 1 s..60 s, default 3 s
treated_area_mm2 = 5 cm2..10 cm2, default 10 cm2
"""


def limit(name, modality, quantity, bound, limit_class="hard", **when):
    lines = [f"[limit {name}]", f"modality = {modality}", f"quantity = {quantity}", bound, "scope = per-24h",
             f"class = {limit_class}", "source = tests", "verified = choice"]
    return "\n".join(lines + [f"{key.replace('_', '.', 1)} = {value}" for key, value in when.items()]) + "\n\n"


class LedgerCase(unittest.TestCase):
    rest = "0 min"
    kind = "us_nonthermal"
    installation = ""
    devices = (STIM, US)

    def setUp(self):
        self.room = Room(devices=self.devices, start=False)
        self.addCleanup(self.room.close)
        self.room.write("short.ini", SHORT.format(rest=self.rest, kind=self.kind))
        self.room.write("installation.ini", self.installation)
        self.start()
        self.sim = self.room.sim

    def start(self, **more):
        self.room.start(**more)
        self.client = self.room.client()

    def ended(self):
        """The daemon is gone: its clients are too."""
        self.room.daemon.wait(10)
        for client in self.room.clients:
            client.close()
        self.room.clients.clear()

    def restart(self):
        self.room.stop()
        self.ended()
        self.start()

    def kill(self, **more):
        self.room.daemon.kill()
        self.ended()
        self.start(**more)

    def tens(self, **more):
        return tens_request(self.client, protocol="short_tens", **{"start": 5000, "duration_ms": 2000, **more})

    def across(self, pad_site, **more):
        """The same with one pad at another site."""
        request = self.tens(**more)
        request["outputs"][0]["electrodes"][1]["skin_site"] = pad_site
        return screened(self.client, request)

    def sound(self, **more):
        return us_request(self.client, protocol="short_" + self.kind, **{"start": 300000, "duration_ms": 2000, **more})

    def treat(self, request):
        """A whole session, to its end by time, settled; its id."""
        session, _, _ = begin(self.client, request)
        self.assertEqual(self.client.state(session, "ended", 30)["reason"], "complete")
        self.settled(session, request["patient_ref"])
        return session

    def check(self, request):
        """None when it is allowed, else the first refusal."""
        answer = self.client.call("session.check", **request)
        self.assertEqual(answer["allowed"], not answer["refusals"])
        return None if answer["allowed"] else answer["refusals"][0]

    def refused(self, request, token, subject=None):
        refusal = self.check(request)
        self.assertIsNotNone(refusal, "allowed")
        self.assertEqual((refusal["token"], refusal.get("subject")), (token, subject or refusal.get("subject")), refusal)
        with self.assertRaises(Refused) as caught:
            self.client.act("session.prepare", **request)
        self.assertEqual(caught.exception.token, token)

    def item(self, session, patient="P-1", **more):
        """The ledger's entry of a session."""
        items = self.client.call("dose.history", patient_ref=patient, **more)["items"]
        return next((i for i in items if i["session_id"] == session), None)

    def settled(self, session, patient="P-1"):
        return wait_until("the session is settled", lambda: (i := self.item(session, patient)) and i["state"] != "open" and i, 20)

    def true_total(self, device, name, channel=0):
        """What truly came out since the simulator began."""
        return self.sim.control(device=device, get="state")["state"]["channels"][channel][name]


class Day(LedgerCase):
    """What counts into a day, and for whom; that a restart does not empty it is H11 of tests/hazard."""

    installation = (limit("three_a_day", "estim", "session_count", "max = 3", when_site="hand") +
                    limit("seconds_a_day", "estim", "duration_ms", "max = 7 s", when_site="elbow"))

    def test_the_day_is_full_after_so_many_sessions(self):
        hand = {"site": "hand"}
        for _ in range(2):
            self.treat(self.tens(**hand))
        begin(self.client, self.tens(**hand, duration_ms=30000))
        self.sim.wait_output("stim1", 1000)
        self.kill()  # a crashed one counts
        self.room.wait_device("stim1", "ready")
        self.refused(self.tens(**hand), "LIMIT_EXCEEDED", "three_a_day")
        self.assertEqual(self.client.call("dose.history", patient_ref="P-1", site="hand")["totals"]["sessions"], 3)
        for other in ({"side": "right"}, {"patient": "P-2"}):
            self.assertIsNone(self.check(self.tens(**{**hand, **other})))
        # The hand counts too where only a pad lies on it.
        self.assertIsNone(self.check(self.tens(site="forearm")))
        self.refused(self.across("hand", site="forearm"), "LIMIT_EXCEEDED", "three_a_day")

    def test_the_day_is_full_after_so_long(self):
        elbow, treated = {"site": "elbow"}, 0
        while self.check(self.tens(**elbow)) is None:
            self.treat(self.tens(**elbow))
            treated += 1
            self.assertLessEqual(treated, 3, "3 x 2 s are done, a fourth would be 8 s")
        self.assertGreaterEqual(treated, 2)
        self.refused(self.tens(**elbow), "LIMIT_EXCEEDED", "seconds_a_day")


class Clock(LedgerCase):
    """A rest is over when its time has passed on the machine, wherever the wall clock was set; that it is not over before,
    and that steps are audited, is H17 of tests/hazard."""

    rest = "8 s"
    rest_s = 8

    def start(self, **more):
        self.shift_path = os.path.join(self.room.directory, "wall_shift")
        if not os.path.exists(self.shift_path):
            self.shift(0)
        super().start(env={
            "LD_PRELOAD": os.path.join(BUILD, "tests", "scenario", "wall_shift.so"), "MODALITY_WALL_SHIFT": self.shift_path,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}, **more)

    def shift(self, days):
        mode = "r+b" if os.path.exists(self.shift_path) else "wb"
        with open(self.shift_path, mode) as file:
            file.write(struct.pack("q", days * DAY_MS))

    def rest_elapsed(self, since):
        wait_until("the rest's time", lambda: time.clock_gettime(time.CLOCK_BOOTTIME) > since + self.rest_s, self.rest_s + 2)

    def test_set_back_by_a_day(self):
        session = self.treat(self.tens())
        over = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.shift(-1)
        self.rest_elapsed(over)
        # Dated in the future: it ended just now, for as long as the clock says so, and through a kill.
        self.refused(self.tens(), "REST_INTERVAL")
        self.assertEqual(self.item(session)["elapsed_ms"], 0)
        self.kill()
        self.refused(self.tens(), "REST_INTERVAL")
        self.shift(0)
        self.assertIsNone(self.check(self.tens()))

    def test_set_forward_by_a_day(self):
        session = self.treat(self.tens())
        over = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.shift(1)
        self.refused(self.tens(), "REST_INTERVAL")
        self.kill()
        if time.clock_gettime(time.CLOCK_BOOTTIME) < over + self.rest_s - 1:
            self.refused(self.tens(), "REST_INTERVAL")
        wait_until("the rest is over", lambda: self.check(self.tens()) is None, self.rest_s + 5)
        self.assertGreaterEqual(time.clock_gettime(time.CLOCK_BOOTTIME), over + self.rest_s - 1)
        item = self.item(session)
        self.assertIsNotNone(item, "still of this day")
        self.assertLess(item["elapsed_ms"], DAY_MS)


class Order(LedgerCase):
    """H29, H35: what ended before, at any place that both touch, as the shipped limits have it."""

    kind = "us_thermal"
    devices = (STIM, US, COLD)

    def test_thermal_ultrasound_after_tens_is_refused_where_they_meet(self):
        self.treat(self.across("knee", site="thigh"))
        for place in ({"site": "thigh"}, {"site": "knee"}, {"site": "knee", "side": "both"}):
            self.refused(self.sound(**place), "REST_INTERVAL", "order_us_after_analgesia")
        for place in ({"site": "knee", "side": "right"}, {"site": "elbow"}, {"site": "thigh", "patient": "P-2"}):
            self.assertIsNone(self.check(self.sound(**place)))
        self.restart()
        self.refused(self.sound(site="knee"), "REST_INTERVAL", "order_us_after_analgesia")

    def test_current_after_cold_asks_and_thermal_ultrasound_is_refused(self):
        session, _, _ = begin(self.client, cold_request(self.client, site="thigh"))
        self.client.state(session, "running")
        self.assertIsNone(self.check(self.tens(site="knee")))
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "ended", 30)
        self.settled(session)
        self.assertIsNone(self.check(self.tens(site="knee")))
        current = self.across("thigh", site="knee")  # one pad on numb skin is enough
        self.refused(current, "NOTICE_REQUIRED", "order_estim_after_cold")
        self.assertIsNone(self.check({**current, "acknowledged": ["order_estim_after_cold"]}))
        self.refused(self.sound(site="thigh"), "REST_INTERVAL", "order_us_after_analgesia")
        self.refused({**self.sound(site="thigh"), "acknowledged": ["order_us_after_analgesia"]}, "REST_INTERVAL")


class OrderPasses(LedgerCase):
    """An order rule is over when its time is."""

    installation = limit("sound_after_tens", "ultrasound", "rest_interval_ms", "min = 6 s\nafter = tens", "notice",
                         when_site="lower_leg")

    def test_a_notice_is_asked_for_until_the_time_is_over(self):
        session = self.treat(self.tens(site="lower_leg"))
        sound = self.sound(site="lower_leg")
        self.refused(sound, "NOTICE_REQUIRED", "sound_after_tens")
        self.assertIsNone(self.check({**sound, "acknowledged": ["sound_after_tens"]}))
        wait_until("the time is over", lambda: self.check(sound) is None, 15)
        self.assertGreaterEqual(self.item(session)["elapsed_ms"], 6000)


class Places(LedgerCase):
    """A session counts wherever one of its electrodes lies."""

    rest = "60 min"

    def setUp(self):
        super().setUp()
        self.request = self.across("knee", site="thigh", duration_ms=3000)

    def test_a_place_is_taken_while_it_is_treated_and_rests_afterwards(self):
        more = {"group": "ch2", "channels": ("ch2",)}
        prepared = self.client.act("session.prepare", **self.request)
        self.refused(self.tens(site="knee", **more), "DOSE_RESERVED")
        self.client.call("events.subscribe")
        self.client.act("session.start", session_id=prepared["session_id"], confirm_token=prepared["confirm_token"])
        self.refused(self.tens(site="knee", **more), "DOSE_RESERVED")
        self.assertIsNone(self.check(self.tens(site="knee", side="right", **more)))
        session = prepared["session_id"]
        self.client.state(session, "ended", 30)
        self.refused(self.tens(site="knee"), "REST_INTERVAL")
        self.refused(self.tens(site="thigh", side="both"), "REST_INTERVAL")
        self.assertIsNone(self.check(self.tens(site="knee", side="right")))
        self.kill()
        self.refused(self.tens(site="knee"), "REST_INTERVAL")
        places = [{"site": "thigh", "side": "left"}, {"site": "knee", "side": "left"}]
        for site in ("thigh", "knee"):
            self.assertEqual(self.item(session, site=site)["places"], places)
            self.assertIn(session, [i["session_id"] for i in self.client.call("record.list", site=site)["items"]])
        self.assertIsNone(self.item(session, site="knee", side="right"))
        self.assertIsNone(self.item(session, site="elbow"))
        self.assertEqual(self.client.call("record.get", session_id=session)["document"]["places"], places)


    def test_a_site_without_sides_is_one_place(self):
        session = self.treat(self.across("lumbar", site="buttock"))
        self.assertEqual(self.item(session)["places"], [{"site": "buttock", "side": "left"}, {"site": "lumbar", "side": "midline"}])
        self.refused(self.tens(site="lumbar", side="midline"), "REST_INTERVAL")
        self.assertIsNone(self.check(self.tens(site="buttock", side="right")))
        self.refused(self.across("lumbar", site="buttock", side="right"), "REST_INTERVAL")


class Truth(LedgerCase):
    """The ledger never counts less than came out, and not much more."""

    def near(self, counted, true, rate):
        self.assertGreater(true, 0)
        self.assertGreaterEqual(counted, true)
        self.assertLessEqual(counted, true * MARGIN + rate * LAG_S)

    def test_charge_of_a_whole_treatment(self):
        session, lease, sheet = begin(self.client, self.tens(start=5000, ceiling=12000, duration_ms=6000))
        self.sim.wait_output("stim1", 5000)
        self.client.act("session.adjust", session_id=session, lease_key=lease, quantity="amplitude_ua", target=12000, expect=5000)
        self.sim.wait_output("stim1", 12000)
        self.client.state(session, "ended", 30)
        item = self.settled(session)
        true_uc = self.true_total("stim1", "charge_uc")
        self.near(item["delivered"]["session_charge_uc"], true_uc, 12000 * 2 * 80e-6 * 100)
        self.assertEqual(item["counted"], item["delivered"])
        self.assertFalse(item["unbounded"])
        on_ms = self.true_total("stim1", "on_ms")
        self.near(item["delivered"]["duration_ms"], on_ms, 1000)
        for name, value in item["delivered"].items():
            self.assertLessEqual(value, item["worst"][name], name)
            self.assertLessEqual(item["planned"][name], item["worst"][name], name)
        self.assertEqual(item["planned"]["session_charge_uc"], sheet["planned"]["session_charge_uc"])
        record = self.client.call("record.get", session_id=session)["document"]["summary"]
        self.assertEqual(record["delivered"]["session_charge_uc"], item["delivered"]["session_charge_uc"])
        self.assertEqual(record["worst"]["session_charge_uc"], item["worst"]["session_charge_uc"])

    def test_energy_of_ultrasound(self):
        item = self.item(self.treat(self.sound(duration_ms=4000)))
        self.near(item["delivered"]["energy_uj"], self.true_total("us1", "energy_uj"), 300000 * 5 * 0.2)

    def test_a_stop_in_the_middle(self):
        session, _, _ = begin(self.client, self.tens(start=10000, duration_ms=60000))
        self.sim.wait_output("stim1", 10000)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "ended")
        item = self.settled(session)
        self.near(item["delivered"]["session_charge_uc"], self.true_total("stim1", "charge_uc"), 10000 * 2 * 80e-6 * 100)
        self.assertLess(item["delivered"]["session_charge_uc"], item["planned"]["session_charge_uc"] / 2)

    def test_two_sessions_and_a_crash_add_up(self):
        self.treat(self.tens())
        begin(self.client, self.tens(duration_ms=10000))
        self.sim.wait_output("stim1", 5000)
        self.kill()
        self.room.wait_device("stim1", "ready")
        wait_until("the crash is settled", lambda: self.client.call("dose.history", patient_ref="P-1")["totals"]["open"] == 0, 20)
        totals = self.client.call("dose.history", patient_ref="P-1")["totals"]
        self.assertGreaterEqual(totals["session_charge_uc"], self.true_total("stim1", "charge_uc"))
        self.assertGreaterEqual(totals["duration_ms"], 2000 + 10000)
        self.assertTrue(self.client.call("audit.verify")["ok"])


class Unknown(LedgerCase):
    """A dose that nobody knows: where it blocks, what a person may say of it, and what a restart does not forget."""

    def setUp(self):
        super().setUp()
        self.request = self.across("knee", site="thigh", start=5000, ceiling=10000, duration_ms=30000)

    def blocked(self):
        for site in ("thigh", "knee"):
            self.refused(self.tens(site=site), "DOSE_UNBOUNDED")
        self.assertIsNone(self.check(self.tens(site="knee", side="right")))
        self.assertTrue(any(a["kind"] == "dose_unbounded" for a in self.client.call("alarm.list")["items"]))

    def review(self, session, **more):
        return self.client.act("dose.review", session_id=session, statement="judged by the pads", **more)

    def not_so(self, session, quantity, **more):
        with self.assertRaises(Refused) as caught:
            self.review(session, **more)
        self.assertEqual((caught.exception.token, caught.exception.data["quantity"]), ("OUT_OF_RANGE", quantity))

    def settle(self, session):
        """Reviews it, after every way in which that cannot be done; returns the entry."""
        item = self.item(session)
        self.assertTrue(item["unbounded"])
        worst = {"duration_ms": item["worst"]["duration_ms"], "energy_uj": item["worst"]["energy_uj"],
                 "session_charge_uc": item["worst"]["session_charge_uc"]}
        if item["delivered"]["session_charge_uc"] > 0:
            self.not_so(session, "session_charge_uc",
                        delivered={**worst, "session_charge_uc": item["delivered"]["session_charge_uc"] - 1})
        more = {**worst, "session_charge_uc": worst["session_charge_uc"] + 1}
        self.not_so(session, "session_charge_uc", delivered=more)
        reviewed = self.review(session, delivered=more, exceeds_worst=True)
        self.assertEqual(reviewed["above_worst"], ["session_charge_uc"])
        after = self.item(session)
        self.assertEqual((after["state"], after["unbounded"]), ("reviewed", False))
        self.assertEqual(after["counted"], {**item["worst"], "session_charge_uc": more["session_charge_uc"]})
        said = [a for a in self.client.call("record.get", session_id=session)["appended"] if "dose_review" in a["body"]]
        self.assertEqual([a["operator_id"] for a in said], ["therapist"])
        self.assertEqual(said[0]["body"]["dose_review"]["statement"], "judged by the pads")
        self.assertIsNone(self.check(self.tens(site="knee")))
        with self.assertRaises(Refused) as caught:
            self.review(session, delivered=worst)
        self.assertEqual(caught.exception.token, "WRONG_STATE")
        self.assertTrue(self.client.call("audit.verify")["ok"])
        return after

    def test_an_output_that_nobody_could_rest(self):
        session, _, _ = begin(self.client, self.request)
        self.sim.wait_output("stim1", 5000)
        self.sim.fault("stim1", "stuck", channel=1)
        self.client.call("session.stop", session_id=session)
        self.client.state(session, "output_unknown")
        self.client.act("device.reset", device="stim1", statement="the pads are off")
        self.client.state(session, "ended")
        self.sim.clear("stim1")
        wait_until("rest", lambda: self.sim.at_rest("stim1"), 20)
        self.room.wait_device("stim1", "ready", 20)
        self.blocked()
        self.assertGreater(self.item(session)["delivered"]["session_charge_uc"], 0)
        self.restart()
        self.blocked()
        self.settle(session)

    def test_another_device_in_its_place_after_a_crash(self):
        session, _, _ = begin(self.client, self.request)
        self.sim.wait_output("stim1", 5000)
        self.room.daemon.kill()
        self.ended()
        wait_until("rest", lambda: self.sim.at_rest("stim1"), 20)
        self.sim.fault("stim1", "identity", serial=4711)
        self.start(ready=False)
        item = self.settled(session)
        self.assertEqual((item["state"], item["counted"]), ("unbounded", item["worst"]))
        self.assertEqual(set(item["delivered"].values()), {0}, "nobody saw any of it")
        self.room.wait_device("stim1", "ready", 20)
        self.blocked()
        self.settle(session)

    def test_the_same_device_after_a_crash(self):
        session, _, _ = begin(self.client, self.request)
        self.sim.wait_output("stim1", 5000)
        self.kill(ready=False)
        item = self.settled(session)
        self.assertEqual((item["state"], item["delivered"], item["counted"]), ("crashed", item["worst"], item["worst"]))
        self.assertGreaterEqual(item["counted"]["session_charge_uc"], self.true_total("stim1", "charge_uc"))
        self.room.wait_device("stim1", "ready", 20)
        self.assertIsNone(self.check(self.tens(site="knee")))

    def test_no_device_after_a_crash(self):
        session, _, _ = begin(self.client, self.request)
        self.sim.wait_output("stim1", 5000)
        self.room.daemon.kill()
        self.ended()
        self.sim.fault("stim1", "absent")
        self.start(ready=False)
        self.assertEqual(self.client.call("device.get", device="stim1")["state"], "output_unknown")
        for site in ("thigh", "knee"):  # on whatever device
            self.refused(self.sound(site=site), "DOSE_RESERVED")
        self.client.act("device.reset", device="stim1", statement="the pads are off")
        self.assertEqual(self.settled(session)["state"], "unbounded")
        self.sim.clear("stim1")
        self.room.wait_device("stim1", "ready", 20)
        self.blocked()
        self.settle(session)


if __name__ == "__main__":
    unittest.main()
