# SPDX-License-Identifier: Apache-2.0
"""A room for tests of dosage: every simulated kind, and treatments of every class that last seconds.

The shipped limits, screening and sites stand as they are; the shipped protocols give way to short ones, because their
least time is minutes. Each treatment is said once, and from it come its protocol in INI, the request of a client and
the treatment as the oracle of tests/oracle reads it: what the oracle says of it is what the daemon is held against.
"""
import copy
import glob
import os
import shutil
import signal
import sys
import unittest

from room import SOURCE, Refused, Room, begin, screened, wait_until

sys.path.insert(0, os.path.join(SOURCE, "tests", "oracle"))
# what the oracle knows of quantities and units serves here, too
from evidence import ROWS  # noqa: E402
from picture import Picture  # noqa: E402
from units import writings  # noqa: E402

DEVICES = ("stim1=refstim,unit=1,tcp=127.0.0.1:0", "us1=refus,unit=1,tcp=127.0.0.1:0,head_serial=5001",
           "las1=reflaser,unit=1,tcp=127.0.0.1:0,head_serial=6001,head_serial2=6002",
           "cold1=refcold,unit=1,tcp=127.0.0.1:0,skin_tau_ms=3000,pad_ms_per_k=100",
           "galv1=refgalv,unit=1,tcp=127.0.0.1:0")

APPLICATORS = """[applicator head]
modality = ultrasound
kind = 5 cm2 head
serial = 5001
era_mm2 = 5 cm2
bnr_permille = 5
max_temperature_millic = 42 degC
frequencies = 1 MHz, 1.5 MHz, 3 MHz
calibration_due = 2099-01-01

[applicator probe_cw]
modality = laser
kind = 808 nm probe
serial = 6001
wavelength_nm = 808 nm
spot_area_mm2 = 1 cm2
calibration_due = 2099-01-01

[applicator probe_sp]
modality = laser
kind = 904 nm probe
serial = 6002
wavelength_nm = 904 nm
spot_area_mm2 = 0.5 cm2
calibration_due = 2099-01-01
"""
HEAD = {"era_mm2": 500, "bnr_permille": 5000}
PROBES = {"probe_cw": {"wavelength_nm": 808, "spot_area_mm2": 100}, "probe_sp": {"wavelength_nm": 904, "spot_area_mm2": 50}}
ACCEPTED = "".join(f"[accept {name}]\nby = tests\ndate = 2026-01-01\n\n" for name in (
    "lipus_sata_max", "ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode", "es_brief_session_max"))


def written(quantity, value):
    return next(writings(quantity, value))


class Treatment:
    """One treatment: where it is given, at which fixed values, at which level, for how long."""

    def __init__(self, therapy, waveform, device, group, level, values, duration_ms, applicator=None, channels=None, area=None,
                 treated=None, site="thigh", warms=False, lead=None):
        self.therapy, self.waveform, self.device, self.group = therapy, waveform, device, group
        self.level, self.values, self.duration_ms = level, values, duration_ms
        self.applicator, self.area, self.treated, self.site, self.warms = applicator, area, treated, site, warms
        self.channels = channels or (group,)
        self.lead = lead or {}  # a dose that ends it
        self.no_indicator = False

    def at(self, site):
        """The same at another place."""
        other = copy.copy(self)
        other.site = site
        return other

    def lasting(self, ms):
        other = copy.copy(self)
        other.duration_ms = ms
        return other

    def led(self, **lead):
        """The same until a dose is reached."""
        other = copy.copy(self)
        other.lead = lead
        return other

    def without_indicator(self):
        other = copy.copy(self)
        other.no_indicator = True
        return other

    def protocol(self, name, top, longest_ms=None):
        """The section of its protocol: the level up to top, everything else as it is."""
        least, most = 0, top
        longest = longest_ms or max(self.duration_ms, 1000)
        if self.level == "temperature_millic":
            least, most = top, 25000
        elif self.lead:
            least = top // 4  # without output no dose is ever reached
        lines = [f"[protocol {name}]", f"label = {name}", "revision = 1", f"therapy = {self.therapy}",
                 f"waveform = {self.waveform}", f"channels = {len(self.channels)}", f"thermal = {'yes' if self.warms else 'no'}",
                 f"rest_min = {60 if self.therapy == 'cryo' else 0} min", f"sessions_per_day = {1 if self.treated else 4}",
                 "source = tests", "verified = choice",
                 f"{self.level} = {written(self.level, least)}..{written(self.level, most)}, default {written(self.level, most)}",
                 f"duration_ms = 1 s..{written('duration_ms', longest)}, default {written('duration_ms', longest)}"]
        lines += [f"{q} = {written(q, value)}" for q, value in {**self.values, **self.lead}.items()]
        if self.area:
            lines.append(f"electrode_area_mm2 = {written('electrode_area_mm2', self.area)}")
        if self.treated:
            lines.append(f"treated_area_mm2 = {written('treated_area_mm2', self.treated)}")
        return "\n".join(lines) + "\n\n"

    def request(self, protocol, start, ceiling=None, patient="P-1", duration_ms=None, **more):
        top = start if ceiling is None else ceiling
        output = {"device": self.device, "group": self.group, "channels": list(self.channels),
                  "phases": [{"duration_ms": duration_ms or self.duration_ms,
                              "parameters": {self.level: {"start": start, "ceiling": top}}}]}
        if self.applicator:
            output["applicator_ref"] = self.applicator
        if self.area:
            output["electrodes"] = [{"label": label + channel, "channel": channel, "area_mm2": self.area, "kind": "adhesive",
                                     "side": "left"} for channel in self.channels for label in "AB"]
        request = {"patient_ref": patient, "target": {"site": self.site, "side": "left"}, "protocol": {"id": protocol},
                   "screening": [], "outputs": [output], **more}
        if self.treated:
            request["treated_area_mm2"] = self.treated
        return request

    def judged(self, start, ceiling=None, duration_ms=None):
        """The same as tests/oracle reads it."""
        fixed = {**self.values, **self.lead, **(PROBES.get(self.applicator) or {}),
                 **(HEAD if self.applicator == "head" else {})}
        if self.area:
            fixed["electrode_area_mm2"] = self.area
        if self.treated:
            fixed["treated_area_mm2"] = self.treated
        one = {"waveform": self.waveform, "start": {**fixed, self.level: start},
               "ceiling": {**fixed, self.level: start if ceiling is None else ceiling}}
        return {"therapy": self.therapy, "site": self.site, "duration_ms": duration_ms or self.duration_ms,
                "channels": [one] * len(self.channels), "thermal": self.warms, "no_indicator": self.no_indicator}

    def totals(self, level, duration_ms=None):
        """What the oracle promises of it, id to integer."""
        return {q: value.lo for q, value in Picture(self.judged(level, duration_ms=duration_ms)).whole.items()}


# How a treatment ends that the machine kept waiting too long.
HELD_UP = ("not_started", "dead_man", "sample_stale", "link_lost", "host_lost", "lease_lost")


class DosageRoom(Room):
    """A room with every kind of device, without the shipped protocols; limits can be moved, by reload."""

    def __init__(self, protocols, devices=DEVICES, device_keys="", **more):
        super().__init__(devices=devices, start=False, **more)
        self.voice = self.latest = None
        shutil.rmtree(os.path.join(self.config, "protocols"))
        for name in ("bundles.ini",):
            if os.path.exists(os.path.join(self.config, name)):
                os.unlink(os.path.join(self.config, name))
        self.write("applicators.ini", APPLICATORS)
        self.write("installation.ini", ACCEPTED)
        self.write("tests.ini", protocols)
        if device_keys:
            with open(os.path.join(self.config, "devices.ini"), encoding="utf-8") as file:
                sections = file.read().strip().split("\n\n")
            self.write("devices.ini", "\n\n".join(s + "\n" + device_keys.get(s.split("]")[0].split()[-1], "")
                                                  for s in sections) + "\n")
        self.shipped = {}
        for path in glob.glob(os.path.join(self.config, "limits-*.ini")):
            with open(path, encoding="utf-8") as file:
                self.shipped[os.path.basename(path)] = file.read()
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        self.speak()

    def speak(self):
        """A new connection that is told everything; one that timed out cannot be read from again."""
        if self.voice is not None:
            self.clients.remove(self.voice)
            self.voice.close()
        self.voice = self.client()
        self.voice.call("events.subscribe")
        self.voice.subscribed = True
        return self.voice

    def reload(self, expect="config.loaded"):
        """SIGHUP, until the audit says what became of it."""
        before = self.newest(expect)
        self.signal_reload()
        wait_until(expect, lambda: self.newest(expect) > before)

    def signal_reload(self):
        self.daemon.send_signal(signal.SIGHUP)

    def newest(self, event):
        items = self.voice.call("audit.tail", limit=50)["items"]
        return next((e["seq"] for e in items if e["event"] == event), 0)

    def limit(self, name, edit):
        """Rewrites the section of one shipped limit; edit gets and gives its lines."""
        for file, text in self.shipped.items():
            sections = text.split("\n[")
            for i, section in enumerate(sections):
                if section.lstrip("[").startswith(f"limit {name}]"):
                    sections[i] = edit(section)
                    self.write(file, "\n[".join(sections))
                    return
        raise AssertionError(f"no shipped limit {name}")

    def bound(self, name, key, quantity, value):
        """Puts a bound of one shipped limit at value."""
        def edit(section):
            lines = [line for line in section.split("\n") if not line.startswith(("max = ", "min = "))]
            return "\n".join(lines[:1] + [f"{key} = {written(quantity, value)}"] + lines[1:])
        self.limit(name, edit)

    def restore(self):
        for file, text in self.shipped.items():
            self.write(file, text)

    def begin(self, request, **answers):
        begun = begin(self.voice, screened(self.voice, request, **answers))
        self.latest = begun[0]
        return begun

    def was_held_up(self):
        """Whether the machine, and nothing that a test did, ended the newest treatment. Speaks anew."""
        if self.latest is None:
            return False
        try:
            return self.speak().call("session.get", session_id=self.latest).get("end", {}).get("reason") in HELD_UP
        except Refused:  # it is not remembered any more
            return False

    def prepare(self, request, **answers):
        return self.voice.act("session.prepare", **screened(self.voice, request, **answers))


# ---- what was tried for which limit ----

TRIED = {}
# What is known not to hold yet: id to what is missing. It is printed with every run, and the run fails when it holds.
OPEN = {
    "es_accuracy at a low level": "a tenth of the device's span is the floor for every modality, not for ultrasound alone",
}


def tried(name, what):
    TRIED.setdefault(name, []).append(what)


def unhurried(room, check, left=2):
    """A check of a treatment that a busy machine ended is made again."""
    try:
        check()
    except (AssertionError, Refused, TimeoutError):
        if left == 0 or not room.was_held_up():
            raise
        unhurried(room, check, left - 1)


def attempt(case, name, check):
    """Runs one check of one limit as a subtest; for one that is open it has to fail."""
    with case.subTest(limit=name):
        if name not in OPEN:
            unhurried(case.room, check)
            return
        try:
            check()
        except AssertionError:
            tried(name, "OPEN: " + OPEN[name])
            return
        case.fail(f"{name} holds: take it off the list of what is open")


def main():
    """unittest's, and the table of what was tried behind it."""
    result = unittest.main(exit=False).result
    for name in [*ROWS, *(name for name in TRIED if name not in ROWS)]:
        if name in TRIED:
            print(f"{name:26} {ROWS[name].live if name in ROWS else '':9} {'; '.join(TRIED[name])}")
    sys.exit(0 if result.wasSuccessful() else 1)


# ---- treatments that tests of limits run, and their three levels: low, middle, top ----

SOON = {"soft_start_ms": 500}
PULSES = {"phase_width_us": 200, "pulse_rate_millihz": 100000, **SOON}
IN_BURSTS = {"burst_rate_millihz": 50000, "burst_duty_permille": 500, "surge_on_ms": 60000, "surge_off_ms": 1000,
             "ramp_up_ms": 500, "ramp_down_ms": 500, **SOON}
LONG_MS = 600000


def estim(therapy, waveform, values, group="ch1", device="stim1", level="amplitude_ua", area=2500, **more):
    return Treatment(therapy, waveform, device, group, level, values, LONG_MS, area=area, **more)


def sound(therapy, waveform, values, **more):
    return Treatment(therapy, waveform, "us1", "head", "intensity_satp_uw_cm2", {**values, **SOON}, LONG_MS,
                     applicator="head", treated=1000, **more)


TENS = estim("tens", "biphasic_symmetric", PULSES)
CARRIED = estim("ifc", "sine", {"carrier_frequency_millihz": 4000000, "beat_frequency_millihz": 100000, **SOON}, "pair",
                channels=("ch1", "ch2"), area=5000)
DC = estim("microcurrent", "dc", {"active_polarity": 1, **SOON}, "dc", "galv1", area=5000)
HVPC = estim("hvpc_pain", "hvpc", {"active_polarity": 2, "phase_width_us": 20, "pulse_rate_millihz": 100000, **SOON}, "hv",
             "galv1", "amplitude_mv", area=5000)
IONTO = estim("ionto", "iontophoresis", {"active_polarity": 2, **SOON}, "dc", "galv1", area=5000)
CONTINUOUS = sound("us_thermal", "us_continuous", {"duty_permille": 1000, "us_frequency_khz": 1000})
LASER = Treatment("pbm", "laser_continuous", "las1", "cw", "power_uw", {"duty_permille": 1000, **SOON}, LONG_MS,
                  applicator="probe_cw")
SUPERPULSED = Treatment("pbm", "laser_pulsed", "las1", "sp", "peak_power_uw",
                        {"pulse_width_ns": 200, "pulse_repetition_millihz": 10000000, **SOON}, LONG_MS, applicator="probe_sp")
COLD = Treatment("cryo", "cold_contact", "cold1", "pad", "temperature_millic", {}, LONG_MS)
