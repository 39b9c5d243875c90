# SPDX-License-Identifier: Apache-2.0
"""The dose that modalityctl prints as a calculator, against figures that were worked out by hand."""
import re
import unittest

from ctl import REFUSED
from room import HEAD, PROBE, Room
from test_calculator import run

VECTORS = """
[protocol vector_biphasic]
therapy = tens
waveform = biphasic_symmetric
phase_width_us = 1 us..500 us, default 100 us
pulse_rate_millihz = 1 Hz..200 Hz, default 100 Hz

[protocol vector_monophasic]
therapy = tens
waveform = monophasic
phase_width_us = 1 us..500 us, default 100 us
pulse_rate_millihz = 1 Hz..200 Hz, default 100 Hz

[protocol vector_sine]
therapy = ifc
waveform = sine
carrier_frequency_millihz = 4 kHz

[protocol vector_two_tone]
therapy = ifc
waveform = premod_two_tone
carrier_frequency_millihz = 4 kHz
beat_frequency_millihz = 100 Hz

[protocol vector_raised_cosine]
therapy = ifc
waveform = premod_raised_cosine
carrier_frequency_millihz = 4 kHz
beat_frequency_millihz = 100 Hz

[protocol vector_russian]
therapy = russian_nmes
waveform = russian
carrier_frequency_millihz = 2.5 kHz
burst_rate_millihz = 50 Hz
burst_duty_permille = 50 %
surge_on_ms = 10 s
surge_off_ms = 50 s
ramp_up_ms = 1 s
ramp_down_ms = 1 s
"""
COMMON = """label = vector
revision = 1
amplitude_ua = 0 mA..100 mA, default 1 mA
duration_ms = 1 min..60 min, default 1 min
rest_min = 0 min
sessions_per_day = 9
source = tests
verified = choice
"""
HVPC = """
[protocol vector_hvpc]
therapy = hvpc_pain
waveform = hvpc
phase_width_us = 20 us
pulse_rate_millihz = 100 Hz
amplitude_mv = 0 V..500 V, default 1 V
""" + COMMON.replace("amplitude_ua = 0 mA..100 mA, default 1 mA\n", "")
SOUND = """
[protocol vector_sound]
label = vector
revision = 1
therapy = us_nonthermal
waveform = us_pulsed
intensity_satp_uw_cm2 = 0 W/cm2..1 W/cm2, default 0.5 W/cm2
duty_permille = 1 %..50 %, default 20 %
pulse_repetition_millihz = 100 Hz
us_frequency_khz = 1 MHz..3 MHz, default 1 MHz
treated_area_mm2 = 1 cm2..20 cm2, default 10 cm2
duration_ms = 1 min..30 min, default 5 min
rest_min = 0 min
sessions_per_day = 1
source = tests
verified = choice
"""
SMALL_HEAD = HEAD.replace("head_ref", "head_small").replace("5001", "5002").replace("era_mm2 = 5 cm2", "era_mm2 = 3.88 cm2")
PROBE_904 = PROBE.replace("probe_808", "probe_904").replace("30011", "30012").replace("808 nm", "904 nm")

# current, width, rate, area: duty, mA r.m.s., mA/cm2, uC, uC/cm2, k, mW/cm2, mJ
BIPHASIC = (
    ("30 mA", "80 us", "100 Hz", "25 cm2", "0.0160", "3.79", "0.152", "2.40", "0.096", "-0.64", "0.288", "0.072"),
    ("60 mA", "200 us", "100 Hz", "25 cm2", "0.0400", "12.00", "0.480", "12.0", "0.480", "0.76", "2.88", "0.720"),
    ("60 mA", "250 us", "4 Hz", "25 cm2", "0.0020", "2.68", "0.107", "15.0", "0.600", "0.95", "0.144", "0.900"),
    ("60 mA", "250 us", "150 Hz", "25 cm2", "0.0750", "16.43", "0.657", "15.0", "0.600", "0.95", "5.40", "0.900"),
    ("80 mA", "300 us", "50 Hz", "25 cm2", "0.0300", "13.86", "0.554", "24.0", "0.960", "1.36", "3.84", "1.92"),
    ("80 mA", "300 us", "50 Hz", "5 cm2", "0.0300", "13.86", "2.771", "24.0", "4.80", "2.06", "19.2", "1.92"),
    ("100 mA", "400 us", "80 Hz", "25 cm2", "0.0640", "25.30", "1.012", "40.0", "1.60", "1.81", "12.8", "4.00"),
)
PRINTED = (("pulse duty", "%", 100), ("r.m.s. current", "mA", 1), ("r.m.s. density", "mA/cm2", 1), ("phase charge", "uC", 1),
           ("charge density", "uC/cm2", 1), ("shannon K", "", 1), ("power density", "W/cm2", 0.001), ("pulse energy", "mJ", 1))


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=(), start=False)
        cls.addClassCleanup(cls.room.close)
        sections = VECTORS.replace("\n[", "\n" + "\x00[").split("\x00")
        cls.room.write("vectors.ini", "".join(s.rstrip() + "\n" + COMMON + "\n" for s in sections if s.strip()) + HVPC + SOUND)
        cls.room.write("applicators.ini", HEAD + SMALL_HEAD + PROBE_904)

    def printed(self, *words):
        shown = run("check", "--config", self.room.config, "--site", "thigh", "--side", "left", *words, code=REFUSED).stdout
        dose = shown[shown.index("\nDOSE\n"):shown.index("\nLIMITS ")]
        return dict(re.findall(r"(?m)^ +(\S.*?)  +(\S.*)$", dose[dose.index("at its most:"):]))

    def near(self, text, expected, unit, factor=1):
        """The printed text is the expected figure to its last digit, which a value rounded up to its base unit may pass."""
        number, *rest = text.split()
        self.assertEqual("".join(rest), unit)
        digits = len(expected.partition(".")[2])
        self.assertAlmostEqual(float(number), float(expected) * factor, delta=0.501 * factor * 10 ** -digits + 0.0011 * factor)

    def test_symmetric_pulses(self):
        for current, width, rate, area, *figures in BIPHASIC:
            printed = self.printed("--protocol", "vector_biphasic", "--amplitude", current, "--width", width, "--rate", rate,
                                   "--electrode-area", area)
            for (name, unit, factor), expected in zip(PRINTED, figures):
                with self.subTest((current, width, rate, area, name)):
                    self.near(printed[name], expected, unit, factor)

    def test_other_currents(self):
        pads = ("--electrode-area", "50 cm2")
        printed = self.printed("--protocol", "vector_monophasic", "--amplitude", "100 mA", "--width", "100 us", "--rate",
                               "100 Hz", *pads)
        self.near(printed["DC current"], "1.0", "mA")
        self.near(printed["r.m.s. current"], "10.0", "mA")
        printed = self.printed("--protocol", "vector_hvpc", "--set", "amplitude_mv=200 V", *pads)
        self.near(printed["DC current"], "1.6", "mA")
        self.near(printed["r.m.s. current"], "25.3", "mA")
        for protocol, current, expected in (("sine", "50 mA", "35.36"), ("two_tone", "50 mA", "25.0"),
                                            ("raised_cosine", "50 mA", "30.62"), ("russian", "80 mA", "40.0")):
            printed = self.printed("--protocol", f"vector_{protocol}", "--amplitude", current, *pads)
            self.near(printed["r.m.s. current"], expected, "mA")

    def test_beams(self):
        for words, figures in (
                (("--protocol", "us_chronic_thermal", "--intensity", "1 W/cm2", "--duration", "8 min", "--applicator", "head_ref", "--area",
                  "10 cm2"),
                 {"power": ("5", "W"), "energy": ("2400", "J"), "energy density": ("240", "J/cm2")}),
                (("--protocol", "vector_sound", "--intensity", "0.5 W/cm2", "--duty", "20 %", "--duration", "5 min", "--applicator", "head_ref"),
                 {"intensity SATA": ("0.1", "W/cm2"), "power": ("0.5", "W"), "energy": ("150", "J")}),
                (("--protocol", "vector_sound", "--intensity", "0.15 W/cm2", "--duty", "20 %", "--duration", "20 min", "--applicator", "head_small", "--area",
                  "3.88 cm2"),
                 {"intensity SATA": ("0.03", "W/cm2"), "power": ("0.1164", "W"), "energy": ("139.7", "J"),
                  "energy density": ("36", "J/cm2")})):
            printed = self.printed(*words)
            for name, (expected, unit) in figures.items():
                self.near(printed[name], expected, unit)
        printed = self.printed("--protocol", "lllt_knee_904", "--set", "peak_power_uw=10 W", "--applicator", "probe_904")
        self.near(printed["power"], "0.020", "W")


if __name__ == "__main__":
    unittest.main()
