# SPDX-License-Identifier: Apache-2.0
"""Limits of the level, live: at the start, at every adjust and at every reload, by the trace.

For each id of the shipped files whose evidence is `adjust` (tests/oracle/evidence.py) a treatment runs on the simulated
device. The bound, which the oracle says of the middle level, is written into the limit and read by SIGHUP: the middle
level is then the highest that the daemon prepares and that it walks to, one step more is refused, and a bound below the
level in force stops the treatment. Notices ask instead of refusing. What is only shown is shown at the bound and beyond.
"""
import unittest

from dosage import (CARRIED, COLD, CONTINUOUS, DC, DEVICES, HVPC, IN_BURSTS, IONTO, LASER, PULSES, SUPERPULSED, TENS,
                    DosageRoom, attempt, estim, main, sound, tried)
from evidence import ADJUST, DEVICE, PREPARE, ROWS, SHOWN
from ini import read
from limits import from_section
from picture import Picture
from room import Refused, now_ns, screened, wait_until

RUSSIAN = {"carrier_frequency_millihz": 1200000, **IN_BURSTS}
# id: treatment, (low, middle, top), step of the device
LEVELS = {
    "es_irms_dc_max": (DC, (300, 500, 700), 10),
    "es_irms_le400_max": (TENS, (3000, 4000, 5000), 100),
    "es_irms_400_1500_max": (estim("russian_nmes", "russian", RUSSIAN), (3000, 4000, 5000), 100),
    "es_irms_gt1500_max": (CARRIED, (3000, 4000, 5000), 100),
    "es_irms_all_cap": (CARRIED, (3000, 4000, 5000), 100),
    "es_pulse_energy_max": (TENS, (3000, 4000, 5000), 100),
    "es_vpk_open_max": (HVPC, (3000, 4000, 5000), 100),
    "es_q_phase_cap": (TENS, (3000, 4000, 5000), 100),
    "es_jrms_notice": (TENS, (3000, 4000, 5000), 100),
    "es_jdc_max": (DC, (300, 500, 700), 10),
    "es_pdens_max": (TENS, (3000, 4000, 5000), 100),
    "es_smallpad_ipk_max": (TENS, (3000, 4000, 5000), 100),
    "hvpc_v_max": (HVPC, (3000, 4000, 5000), 100),
    "mc_i_max": (estim("microcurrent", "biphasic_symmetric", {**PULSES, "phase_width_us": 20000, "pulse_rate_millihz": 10000},
                       "dc", "galv1", area=5000), (300, 500, 700), 10),
    "ion_i_max": (IONTO, (300, 500, 700), 10),
    "ion_jdc_cathode": (IONTO, (300, 500, 700), 10),
    "ion_jdc_anode": (IONTO, (300, 500, 700), 10),
    "us_ieff_max": (CONTINUOUS, (100000, 200000, 300000), 1000),
    "us_satp_max": (CONTINUOUS, (100000, 200000, 300000), 1000),
    "us_hot_spot_max": (CONTINUOUS, (100000, 200000, 300000), 1000),
    "us_static_max": (CONTINUOUS, (100000, 200000, 300000), 1000),
    "lipus_sata_max": (sound("lipus", "us_pulsed", {"duty_permille": 200, "pulse_repetition_millihz": 1000000,
                                                    "us_frequency_khz": 1500}), (100000, 120000, 140000), 1000),
    "lz_mean_3b": (LASER, (40000, 60000, 80000), 100),
    "lz_irr_tendon_max": (LASER.at("achilles_tendon"), (40000, 60000, 80000), 100),
}

class Live:
    """What both classes below share: a room, a limit of it at the bound of one level, a treatment that runs."""

    @classmethod
    def open(cls, devices, first, **more):
        cls.room = DosageRoom(first.protocol("live", 1000), devices=[d for d in DEVICES if d.split("=")[0] in devices], **more)
        cls.addClassCleanup(cls.room.close)
        cls.sim, cls.devices, cls.patients = cls.room.sim, devices, 0
        cls.limits = {s.name: from_section(s, ()) for s in read(cls.room.config) if s.kind == "limit"}

    def setUp(self):
        self.voice = self.room.speak()

    def attempt(self, name, check, *arguments):
        def run():
            try:
                check(name, *arguments)
            finally:
                self.voice = self.room.speak()
                self.voice.call("stop.all")
                wait_until("nothing runs", lambda: all(d["state"] == "ready" for d in self.voice.call("device.list")["items"]))
        attempt(self, name, run)

    def mine(self, kind):
        return [name for name, (treatment, *_) in LEVELS.items() if treatment.device in self.devices and ROWS[name].live == kind]

    def judged(self, name, treatment, level):
        """The limit's quantity at this level, as the oracle judges it."""
        limit = self.limits[name]
        value, _ = limit.judgements(Picture(treatment.judged(level)), {})[0]
        return value.hi

    def configure(self, name, treatment, top, bound=None):
        """The protocol up to top and the limit at bound, or as shipped; read by a reload."""
        self.room.restore()
        self.room.write("tests.ini", treatment.protocol("live", top))
        if bound is not None:
            self.room.bound(name, "max", self.limits[name].quantity, bound)
        self.room.reload()

    def request(self, treatment, start, ceiling, **more):
        type(self).patients += 1
        return screened(self.voice, treatment.request("live", start, ceiling, patient=f"P-{self.patients}", **more))

    def check(self, treatment, level, **more):
        """(allowed, ids that refuse, ids that ask, {id: what is shown of it}) of a treatment at one level."""
        said = self.voice.call("session.check", **self.request(treatment, level, level, **more))
        return (said["allowed"], {r["subject"] for r in said["refusals"] if r["token"] != "NOTICE_REQUIRED"},
                {n["id"] for n in said["notices"]}, {shown["id"]: shown for shown in said["limits"]})

    def output(self, treatment):
        channel = {"ch2": 2, "hv": 2}.get(treatment.group, 1)
        return self.sim.output(treatment.device, channel)

    def level_of(self, treatment, output):
        """The trace of an ultrasound head shows power: the level times the head's area and duty."""
        if treatment.level != "intensity_satp_uw_cm2":
            return output
        return output * 100 // 500 * 1000 // treatment.values["duty_permille"]

    def wait_level(self, treatment, level):
        try:
            wait_until(f"{treatment.device} at {level}", lambda: self.level_of(treatment, self.output(treatment)) >= level)
        except AssertionError as late:
            ends = [s.get("end") for s in self.voice.call("session.list")["items"]]
            raise AssertionError(f"{late}; sessions ended: {ends[-3:]}") from None

    def adjust(self, session, lease, treatment, target, expect):
        self.voice.act("session.adjust", session_id=session, lease_key=lease, quantity=treatment.level, target=target,
                       expect=expect)


class Levels(Live):
    def test_adjust_and_reload(self):
        for name in self.mine(ADJUST):
            self.attempt(name, self.at_the_bound, *LEVELS[name])

    def at_the_bound(self, name, treatment, levels, step):
        low, middle, top = levels
        bound = self.judged(name, treatment, middle)
        beyond = next(level for level in range(middle + step, top, step) if self.judged(name, treatment, level) > bound)
        notice = self.limits[name].limit_class == "notice"
        # prepare: at the bound, and one step beyond it; the protocol itself would allow more
        self.configure(name, treatment, top)
        begun = now_ns()
        session, lease, _ = self.room.begin(self.request(treatment, low, top))
        self.wait_level(treatment, low)
        self.configure(name, treatment, middle if not notice else top, bound)
        self.prepared_at_the_bound(name, treatment, middle, beyond, notice)
        # adjust
        self.adjust(session, lease, treatment, middle, low)
        self.wait_level(treatment, middle)
        if not notice:
            with self.assertRaises(Refused) as refused:
                self.adjust(session, lease, treatment, beyond, middle)
            self.assertIn(refused.exception.data["max"], range(middle, beyond))
            tried(name, "prepare and adjust: bound, bound+1")
            self.stopped_by_reload(name, session, treatment, low)
            highest = max(self.level_of(treatment, o["value"]) for o in self.sim.outputs(treatment.device) if o["t_ns"] > begun)
            self.assertEqual(highest, middle)
            tried(name, "reload below the level: stopped")
        else:
            self.voice.call("session.stop", session_id=session)
            self.voice.state(session, "ended")
            self.acknowledged(name, treatment, low, beyond)

    def prepared_at_the_bound(self, name, treatment, middle, beyond, notice):
        allowed, refused, asked, _ = self.check(treatment, middle)
        self.assertNotIn(name, refused | asked)
        allowed, refused, asked, shown = self.check(treatment, beyond)
        self.assertFalse(allowed)
        self.assertEqual((name in refused, name in asked), (not notice, notice))
        self.assertTrue(shown[name]["exceeded"])

    def acknowledged(self, name, treatment, low, beyond):
        """A notice is asked for at prepare; who acknowledges it may go beyond."""
        with self.assertRaises(Refused) as refused:
            self.room.begin(self.request(treatment, low, beyond))
        self.assertEqual((refused.exception.token, refused.exception.data["subject"]), ("NOTICE_REQUIRED", name))
        session, lease, _ = self.room.begin(self.request(treatment, low, beyond, acknowledged=[name]))
        self.wait_level(treatment, low)
        self.adjust(session, lease, treatment, beyond, low)
        self.wait_level(treatment, beyond)
        tried(name, "prepare: bound, bound+1; acknowledged: beyond")

    def stopped_by_reload(self, name, session, treatment, low):
        asked = now_ns()
        self.configure(name, treatment, low, self.judged(name, treatment, low))
        ended = self.voice.state(session, "ended")
        self.assertIn(ended["reason"], ("limit", "over_limit"))
        self.assertIn(name, ended["detail"])
        self.assertLess(self.sim.wait_rest(treatment.device, asked), 8000)


class Stimulator(Levels, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(("stim1",), TENS)


class Galvanic(Levels, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(("galv1",), HVPC)


class Beams(Levels, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(("us1", "las1"), CONTINUOUS)


# ---- what is set before the start ----

UNEVEN = estim("tens", "biphasic_asymmetric", {**PULSES, "phase2_width_us": 416, "amplitude2_permille": 500})
WARM = sound("us_thermal", "us_continuous", {"duty_permille": 1000, "us_frequency_khz": 3000}, warms=True).lasting(60000)
EVEN = estim("tens", "biphasic_asymmetric", {**PULSES, "phase2_width_us": 400, "amplitude2_permille": 500})
# id: treatment, level, and what the protocol has to become before a bound below them is taken
PREPARED = {"es_netq_max": (UNEVEN, 4000, EVEN, 4000), "us_bnr_max": (CONTINUOUS, 200000, CONTINUOUS, 200000),
            "us_area_ratio_max": (CONTINUOUS, 200000, CONTINUOUS, 200000),
            "us_area_abs_max": (CONTINUOUS, 200000, CONTINUOUS, 200000),
            "us_energy_density_max": (CONTINUOUS, 200000, CONTINUOUS, 200000),
            "us_temp_abs_max": (WARM, 200000, WARM, 100000)}
REPORTED = {"stim1": "output_indicator = no\npatient_leakage_ua = 80 uA\npatient_leakage_fault_ua = 400 uA\n"
                     "minimum_setting_permille = 1 %\ndiathermy_distance_mm = 2 m\n",
            "us1": "supply_variation_permille = 15 %\nunwanted_radiation_uw_cm2 = 80 mW/cm2\n"}
DEVICES_SAY = {"es_min_setting_frac": (TENS, 4000, 10), "es_leak_normal": (TENS, 4000, 80), "es_leak_fault": (TENS, 4000, 400),
               "es_hf_exclusion": (TENS, 4000, 2000), "us_supply_var": (CONTINUOUS, 200000, 150),
               "us_unwanted_max": (CONTINUOUS, 200000, 80000)}


class Set(Live):
    """Bounds on what nobody moves while the output is on."""

    def tightened(self, name, treatment, level, bound):
        """One unit beyond the bound: the whole configuration is refused where the protocol itself would be beyond it, else
        the treatment. Either names the limit."""
        self.room.restore()
        self.move(name, bound)
        before = {event: self.room.newest(event) for event in ("config.loaded", "config.refused")}
        self.room.signal_reload()
        wait_until("reload", lambda: any(self.room.newest(event) > seen for event, seen in before.items()))
        if self.room.newest("config.refused") > before["config.refused"]:
            self.assertRegex(self.room.log()[-4000:], rf"limit {name} ")
            return
        allowed, refused, asked, shown = self.check(treatment, level)
        self.assertEqual((allowed, name in refused | asked), (False, True))
        self.assertTrue(shown[name]["exceeded"])

    def move(self, name, bound):
        key = "max" if self.limits[name].max is not None else "min"
        self.room.bound(name, key, self.limits[name].quantity, bound)

    def at_and_beyond(self, name, treatment, level, value, narrow):
        limit = self.limits[name]
        further = 1 if limit.max is None else -1
        self.configure(name, treatment, level)
        self.move(name, value)
        self.room.reload()
        allowed, refused, asked, shown = self.check(treatment, level)
        self.assertEqual((allowed, name in refused | asked, shown[name]["value"]), (True, False, value))
        self.tightened(name, treatment, level, value + further)
        tried(name, "prepare: bound, bound+1")
        if limit.limit_class == "notice":
            return
        # live: a session that began under the old bound stops when the new one comes
        self.configure(name, treatment, level)
        session, _, _ = self.room.begin(self.request(treatment, level, level))
        self.wait_level(treatment, level)
        self.room.write("tests.ini", narrow[0].protocol("live", narrow[1]))
        self.move(name, value + further)
        asked = now_ns()
        self.room.reload()
        ended = self.voice.state(session, "ended")
        self.assertIn(ended["reason"], ("limit", "over_limit"))
        self.assertIn(name, ended["detail"])
        self.assertLess(self.sim.wait_rest(treatment.device, asked), 8000)
        tried(name, "reload beyond: stopped")

    def each(self, rows):
        for name, row in rows.items():
            self.attempt(name, self.at_and_beyond, *row)


class Prepared(Set, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(("stim1", "us1"), TENS)

    def test_prepare_and_reload(self):
        self.each({name: (treatment, level, self.judged(name, treatment, level), narrow)
                   for name, (treatment, level, *narrow) in PREPARED.items()})


class Reported(Set, Levels, unittest.TestCase):
    """What the [device] section says of the device."""

    @classmethod
    def setUpClass(cls):
        cls.open(("stim1", "us1"), TENS, device_keys=REPORTED)

    def judged(self, name, treatment, level):
        return super().judged(name, treatment.without_indicator(), level)

    def test_prepare_and_reload(self):
        self.each({name: (treatment, level, value, (treatment, level))
                   for name, (treatment, level, value) in DEVICES_SAY.items()})

    def test_adjust_and_reload(self):
        for name in ("es_ind_current", "es_ind_voltage", "es_ind_energy"):
            self.attempt(name, self.at_the_bound, TENS, (3000, 4000, 5000), 100)


# ---- what is only shown ----

SURGED = estim("nmes", "biphasic_symmetric", {**PULSES, "surge_on_ms": 10000, "surge_off_ms": 50000, "ramp_up_ms": 2000,
                                              "ramp_down_ms": 1000})
LIPUS = LEVELS["lipus_sata_max"][0]
POINTS = LASER.led(point_energy_uj=6000000, point_count=2)
TARGETS = {
    "es_q_phase_report": (TENS, 4000), "es_ramp_min": (SURGED, 4000), "es_nmes_contractions_max": (SURGED, 4000),
    "hvpc_width_max": (HVPC, 4000), "ion_dose_typ": (IONTO, 500), "tens_rate": (TENS, 4000), "tens_width": (TENS, 4000),
    "tens_ipp_std": (TENS, 4000), "nmes_rate": (SURGED, 4000), "nmes_width": (SURGED, 4000), "ifc_carrier": (CARRIED, 4000),
    "ifc_amf": (CARRIED, 4000), "rus_carrier": (LEVELS["es_irms_400_1500_max"][0], 4000), "es_shannon_warn": (TENS, 40000),
    "us_mi_max": (CONTINUOUS, 200000), "lipus_freq": (LIPUS, 100000), "lipus_sata": (LIPUS, 100000),
    "lipus_prf": (LIPUS, 100000), "lz_mean_min": (LASER, 40000),
    "lz_time_window": (POINTS, 100000), "lz_hip_total": (POINTS.at("hip"), 100000),
    "lz_hip_point_min": (POINTS.at("hip"), 100000),
    "lz_904_knee_total": (SUPERPULSED.led(point_energy_uj=1000000, point_count=4).at("knee"), 10000000),
    "cr_time_default": (COLD, 12000),
}
# Of what is measured, and of a width that follows from duty and repetition: no request here has a value for them.
LISTED = ("us_accuracy_floor", "us_head_temp_ed3", "cr_skin_target", "lipus_burst")


class Shown(Live, unittest.TestCase):
    """Targets and figures: at the bound, beyond it, and nobody is refused."""

    @classmethod
    def setUpClass(cls):
        cls.open(("stim1", "us1", "las1", "cold1", "galv1"), TENS)

    def test_targets(self):
        for name, row in TARGETS.items():
            self.attempt(name, self.shown, *row)

    def shown(self, name, treatment, level):
        limit = self.limits[name]
        self.configure(name, treatment, level)
        value = self.check(treatment, level)[3][name].get("value")
        if limit.max is None and limit.min is None:
            self.assertIsNotNone(value)
            tried(name, "shown")
            return
        key = "max" if limit.max is not None else "min"
        for bound, exceeded in ((value, False), (value - 1 if key == "max" else value + 1, True)):
            self.room.bound(name, key, limit.quantity, bound)
            self.room.reload()
            allowed, refused, asked, shown = self.check(treatment, level)
            self.assertEqual((allowed, name in refused | asked, shown[name]["exceeded"]), (True, False, exceeded))
        tried(name, "shown: bound, bound+1; allowed")

    def test_listed(self):
        listed = {item["id"]: item for item in self.voice.call("limits.list", limit=500)["items"]}
        self.assertLessEqual(set(self.limits), set(listed))
        for name in LISTED:
            self.assertEqual(listed[name]["class"], self.limits[name].limit_class)
            tried(name, "listed")


class Table(unittest.TestCase):
    """Every id whose live evidence is given in this file has a row above."""

    def test_every_limit_is_tried(self):
        for kind, tried in ((ADJUST, set(LEVELS)), (PREPARE, set(PREPARED)), (SHOWN, set(TARGETS) | set(LISTED)),
                            (DEVICE, set(DEVICES_SAY) | {"es_ind_current", "es_ind_voltage", "es_ind_energy"})):
            self.assertEqual({name for name, row in ROWS.items() if row.live == kind}, tried, kind)


if __name__ == "__main__":
    main()
