# SPDX-License-Identifier: Apache-2.0
"""The oracle against published figures: without them it would only be a second opinion."""
import os
import re
import tempfile
import unittest
from fractions import Fraction

import beam
import draw
import exact
import ini
import judge
import units
from picture import Broken, Picture, surges
from tables import QUANTITIES, THERAPIES, WAVEFORMS


def treat(therapy, waveform, duration_ms=600000, channels=1, **values):
    one = {"waveform": waveform, "start": values, "ceiling": values}
    return Picture({"therapy": therapy, "site": "knee", "duration_ms": duration_ms, "channels": [one] * channels})


def first(picture, quantity):
    value = picture.channels[0].derived[quantity]
    return (value.lo + value.hi) / 2


class Vectors(unittest.TestCase):
    # peak mA, width us, rate Hz, area cm2: pulse duty, r.m.s. mA, density mA/cm2, charge uC, charge density uC/cm2, k,
    # power density mW/cm2, pulse energy mJ; two equal phases, into 500 ohm
    BIPHASIC = (
        (30, 80, 100, 25, 0.0160, 3.79, 0.152, 2.40, 0.096, -0.64, 0.288, 0.072),
        (60, 200, 100, 25, 0.0400, 12.00, 0.480, 12.0, 0.480, 0.76, 2.88, 0.720),
        (60, 250, 4, 25, 0.0020, 2.68, 0.107, 15.0, 0.600, 0.95, 0.144, 0.900),
        (60, 250, 150, 25, 0.0750, 16.43, 0.657, 15.0, 0.600, 0.95, 5.40, 0.900),
        (80, 300, 50, 25, 0.0300, 13.86, 0.554, 24.0, 0.960, 1.36, 3.84, 1.92),
        (80, 300, 50, 5, 0.0300, 13.86, 2.771, 24.0, 4.80, 2.06, 19.2, 1.92),
        (100, 400, 80, 25, 0.0640, 25.30, 1.012, 40.0, 1.60, 1.81, 12.8, 4.00),
    )
    NAMES = ("pulse_duty_permille", "rms_current_ua", "rms_density_ua_cm2", "phase_charge_nc", "charge_density_nc_cm2",
             "shannon_k_milli", "power_density_uw_cm2", "pulse_energy_uj")

    def near(self, value, published, scale=1000):
        self.assertLessEqual(abs(value / scale - published), 0.006 * max(1, abs(published)))

    def test_biphasic(self):
        for peak, width, rate, area, *published in self.BIPHASIC:
            picture = treat("tens", "biphasic_symmetric", amplitude_ua=peak * 1000, phase_width_us=width,
                            pulse_rate_millihz=rate * 1000, electrode_area_mm2=area * 100)
            for name, figure in zip(self.NAMES, published):
                with self.subTest(peak=peak, name=name):
                    self.near(first(picture, name), figure)

    def test_direct_component(self):
        one = treat("tens", "monophasic", amplitude_ua=100000, phase_width_us=100, pulse_rate_millihz=100000,
                    electrode_area_mm2=2500)
        self.assertEqual([first(one, "dc_current_ua"), first(one, "rms_current_ua")], [1000, 10000])
        twin = treat("hvpc_pain", "hvpc", amplitude_mv=200000, phase_width_us=20, pulse_rate_millihz=100000,
                     electrode_area_mm2=2500)
        self.assertEqual([first(twin, "dc_current_ua"), 2 * first(twin, "phase_charge_nc")], [1600, 16000])
        self.near(first(twin, "rms_current_ua"), 25.3)

    def test_carried(self):
        for waveform, published in (("sine", 35.36), ("premod_two_tone", 25.0), ("premod_raised_cosine", 30.62)):
            picture = treat("ifc", waveform, amplitude_ua=50000, carrier_frequency_millihz=4000000, electrode_area_mm2=2500)
            self.near(first(picture, "rms_current_ua"), published)
        russian = treat("russian_nmes", "russian", amplitude_ua=80000, carrier_frequency_millihz=2500000,
                        burst_rate_millihz=50000, burst_duty_permille=500, electrode_area_mm2=2500)
        self.assertEqual(first(russian, "rms_current_ua"), 40000)

    def test_ultrasound(self):
        one = treat("us_thermal", "us_continuous", 480000, intensity_satp_uw_cm2=1000000, us_frequency_khz=1000,
                    era_mm2=500, bnr_permille=8000, treated_area_mm2=1000)
        self.assertEqual([first(one, q) for q in ("power_uw", "energy_uj", "energy_density_uj_cm2")],
                         [5000000, 2400000000, 240000000])
        pulsed = treat("us_nonthermal", "us_pulsed", 300000, intensity_satp_uw_cm2=500000, us_frequency_khz=1000,
                       era_mm2=500, bnr_permille=5000, duty_permille=200)
        self.assertEqual([first(pulsed, q) for q in ("intensity_sata_uw_cm2", "power_uw", "energy_uj")],
                         [100000, 500000, 150000000])
        fracture = treat("lipus", "us_pulsed", 1200000, intensity_satp_uw_cm2=150000, us_frequency_khz=1500,
                         era_mm2=388, bnr_permille=5000, burst_width_us=200, pulse_repetition_millihz=1000000)
        self.assertEqual([first(fracture, q) for q in ("intensity_sata_uw_cm2", "power_uw")], [30000, 116400])
        self.near(first(fracture, "energy_uj"), 139.7, 1000000)

    def test_mechanical_index(self):
        for bnr, published in ((1000, 0.30), (8000, 0.85)):
            picture = treat("us_thermal", "us_continuous", intensity_satp_uw_cm2=3000000, us_frequency_khz=1000,
                            era_mm2=500, bnr_permille=bnr)
            self.near(first(picture, "mechanical_index_milli"), published)

    def test_thermal_dose(self):
        for minutes, celsius, published in ((10, 41, 0.625), (10, 42, 2.5), (5, 44, 10), (5, 45, 20)):
            value = beam.cem43(celsius * 1000, celsius * 1000, minutes * 60000)
            self.assertEqual(value.lo, published * 60000)

    def test_laser_and_cold(self):
        pulsed = treat("pbm", "laser_pulsed", peak_power_uw=10000000, pulse_width_ns=200,
                       pulse_repetition_millihz=10000000, spot_area_mm2=10)
        self.assertEqual(first(pulsed, "power_uw"), 20000)
        cold = treat("cryo", "cold_contact", 1200000, temperature_millic=12000)
        self.assertEqual(first(cold, "cold_dose_millic_min"), 60000)


class Arithmetic(unittest.TestCase):
    def test_roots_are_rounded_up(self):
        for square, ceiling in ((0, 0), (1, 1), (2, 2), (4, 2), (Fraction(1, 4), 1), (10 ** 30, 10 ** 15),
                                (10 ** 30 + 1, 10 ** 15 + 1)):
            self.assertEqual(exact.ceil_root(Fraction(square)), ceiling)

    def test_logarithms(self):
        self.assertEqual([exact.log10_milli(Fraction(x)) for x in (1, 10, 1000)], [0, 1000, 3000])
        self.assertEqual(exact.log10_milli(Fraction(2)), 302)

    def test_surges_begin_with_one(self):
        values = {"surge_on_ms": 10000, "surge_off_ms": 50000}
        self.assertEqual([surges(values, ms) for ms in (1, 10000, 60000, 60001, 120000)],
                         [(1, 1), (10000, 1), (10000, 1), (10001, 2), (20000, 2)])

    def test_worst_corner_is_found(self):
        ceiling = {"amplitude_ua": 10000, "phase_width_us": 100, "phase2_width_us": 400, "amplitude2_permille": 250,
                   "pulse_rate_millihz": 100000, "electrode_area_mm2": 2500}
        t = {"therapy": "tens", "site": "knee", "duration_ms": 1000, "channels": [
            {"waveform": "biphasic_asymmetric", "start": {**ceiling, "phase2_width_us": 200}, "ceiling": ceiling}]}
        self.assertEqual(Picture(t).channels[0].derived["net_charge_permille"].lo, 500)

    def test_what_is_missing_is_named(self):
        with self.assertRaises(Broken) as caught:
            treat("tens", "biphasic_symmetric", amplitude_ua=1, phase_width_us=1, electrode_area_mm2=1)
        self.assertEqual((caught.exception.token, caught.exception.quantity), ("INCOMPLETE", "pulse_rate_millihz"))


class Reading(unittest.TestCase):
    def test_decimals(self):
        self.assertEqual(units.read_value("amplitude_ua", "0.5 mA"), 500)
        self.assertEqual(units.read_value("duration_ms", "1.5min"), 90000)
        self.assertEqual(units.read_value("bnr_permille", "5.2"), 5200)
        self.assertEqual(units.read_value("temperature_millic", "-0.5 degC"), -500)
        for wrong in ("5", "5 mV", "0.0001 uA", "5 ma", "5e3 uA", "mA"):
            with self.assertRaises(units.WrongValue):
                units.read_value("amplitude_ua", wrong)

    def test_writings_read_back(self):
        for quantity, value in (("duration_ms", 1200000), ("duration_ms", 7), ("electrode_area_mm2", 2601),
                                ("intensity_satp_uw_cm2", 39000)):
            for text in units.writings(quantity, value):
                self.assertEqual(units.read_value(quantity, text), value, text)

    def test_files(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "a.ini")
            for text in (" [site a]\n", "[site a] b\n", "key = value\n", "[site a]\nlabel = x\nlabel = y\n",
                         "[site a]\n[site a]\n", "[site a]\n label = x\n"):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                with self.assertRaises(ini.IniFault, msg=text):
                    ini.read(directory)


class Tables(unittest.TestCase):
    """What the engine is built with is what the oracle read in the headers."""

    def test_units_are_the_engine_s(self):
        said = judge.ask([{"units": True}])[0]
        self.assertEqual(set(said), set(QUANTITIES))
        for quantity, text in said.items():
            mine = units.UNITS[QUANTITIES[quantity].dimension]
            self.assertEqual(set(re.split(r", ", text)), set(mine), quantity)

    def test_every_therapy_and_waveform_is_drawn(self):
        self.assertEqual(set(draw.CHOICES), set(THERAPIES))
        self.assertEqual({w for choice in draw.CHOICES.values() for w in choice}, set(WAVEFORMS))


if __name__ == "__main__":
    unittest.main()
