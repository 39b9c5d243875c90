# SPDX-License-Identifier: Apache-2.0
"""Ultrasound, laser and cold: what one channel's commanded values mean, in exact arithmetic."""
from fractions import Fraction

from current import Impossible
from exact import STRICT, Value, ceil, exactly, power_of_two, root

NEEDS = {
    "us_continuous": ("intensity_satp_uw_cm2", "us_frequency_khz", "era_mm2", "bnr_permille"),
    "us_pulsed": ("intensity_satp_uw_cm2", "us_frequency_khz", "era_mm2", "bnr_permille"),
    "laser_continuous": ("spot_area_mm2",),
    "laser_pulsed": ("spot_area_mm2",),
    "cold_contact": ("temperature_millic",),
}
# The fastest published heating, mK per min and W/cm2: up to 1 MHz, and above it, where the only faster figure is 3 MHz.
HEATING_DEEP, HEATING_SHALLOW = 200, 1200
TISSUE_BASE_MILLIC = 36000
COLD_ABOVE_MILLIC = 15000
RHO_C = 1500000
# Powers of two between whole degrees are interpolated by an engine of integers: never below, and so much above at most.
CEM43_ABOVE = Fraction(1, 28)


def duty(v, width_unit_per_s):
    """Share of time on, as a Fraction; None where nothing says it."""
    width = v.get("pulse_width_ns") if width_unit_per_s == 10 ** 9 else v.get("burst_width_us")
    if "duty_permille" in v:
        share = Fraction(v["duty_permille"], 1000)
    elif width is not None and "pulse_repetition_millihz" in v:
        share = Fraction(width * v["pulse_repetition_millihz"], width_unit_per_s * 1000)
    else:
        return None
    if not 0 < share <= 1:
        raise Impossible("duty_permille")
    return share


def cem43(millic, millic_up, ms):
    """Time at 43 degC, ms, that is worth so much time at a temperature; millic_up is that temperature rounded up."""
    low, _ = _weight(millic)
    _, high = _weight(millic_up)
    return Value(ceil(low * ms), ceil(high * ms * (1 + CEM43_ABOVE)) + 1)


def _weight(millic):
    above = (Fraction(millic) - 43000) / 1000
    return power_of_two(above if above >= 0 else 2 * above)


class Ultrasound:
    def __init__(self, waveform, v):
        share = Fraction(1) if waveform == "us_continuous" else duty(v, 10 ** 6)
        if share is None or waveform == "us_continuous" and v.get("duty_permille", 1000) != 1000:
            raise Impossible("duty_permille")
        self.v = v
        self.satp = v["intensity_satp_uw_cm2"]
        self.sata = self.satp * share
        self.share = share if waveform == "us_pulsed" else None
        self.power = self.sata * v["era_mm2"] / 100
        # the same by way of the table: a duty in permille, SATA in uW/cm2, a power in uW
        self.sata_up = ceil(self.satp * Fraction(ceil(share * 1000), 1000))
        self.power_up = ceil(Fraction(self.sata_up * v["era_mm2"], 100))

    def derived(self):
        v = self.v
        out = {
            "intensity_sata_uw_cm2": exactly(self.sata, self.sata_up),
            "intensity_static_uw_cm2": exactly(self.sata, self.sata_up),
            "hot_spot_uw_cm2": exactly(self.sata * v["bnr_permille"] / 1000, Fraction(self.sata_up * v["bnr_permille"], 1000)),
            "power_uw": exactly(self.power, self.power_up),
        }
        if self.share is not None and "duty_permille" not in v:
            out["duty_permille"] = exactly(self.share * 1000)
        if "treated_area_mm2" in v and v["era_mm2"]:
            out["area_ratio_permille"] = exactly(Fraction(v["treated_area_mm2"] * 1000, v["era_mm2"]))
        if v["us_frequency_khz"]:
            # Pa: root of 2 rho c I with I in W/m2; uW/cm2 is a hundredth of that. MPa / root(MHz), in thousandths
            pressure = Fraction(2 * RHO_C * self.satp * v["bnr_permille"], 100000)
            out["mechanical_index_milli"] = root(pressure / v["us_frequency_khz"] / 1000)
        return out

    def totals(self, ms):
        v = self.v
        energy = exactly(self.power * ms / 1000, Fraction(self.power_up * ms, 1000))
        out = {"energy_uj": energy}
        area = v.get("treated_area_mm2", v["era_mm2"])  # a head that is not moved treats what it radiates on
        if area:
            out["energy_density_uj_cm2"] = exactly(self.power * ms / (10 * area), Fraction(energy.hi * 100, area))
        self._heat(ms, out)
        return out

    def _heat(self, ms, out):
        khz = self.v["us_frequency_khz"]
        low = high = HEATING_DEEP if khz <= 1000 else HEATING_SHALLOW
        if khz > 3000:
            # no figure is known there; absorption grows with frequency
            high = Fraction(HEATING_SHALLOW * khz, 3000) * Fraction(1001, 1000)
        minutes = Fraction(ms, 60000)
        rise = exactly(self.sata * low * minutes / 10 ** 6, self.sata_up * high * minutes / 10 ** 6)
        out["temperature_rise_millik"] = rise
        out["tissue_temperature_millic"] = Value(TISSUE_BASE_MILLIC + rise.lo, TISSUE_BASE_MILLIC + rise.hi)
        exact = Fraction(TISSUE_BASE_MILLIC) + self.sata * low * minutes / 10 ** 6
        out["cem43_ms"] = cem43(exact, TISSUE_BASE_MILLIC + rise.hi, ms)


class Laser:
    def __init__(self, waveform, v):
        self.v = v
        if "power_uw" in v:
            self.power = Fraction(v["power_uw"])
            return
        if "peak_power_uw" not in v:
            raise Impossible("power_uw")
        share = duty(v, 10 ** 9 if "pulse_width_ns" in v else 10 ** 6)
        if share is None:
            raise Impossible("duty_permille")
        self.power = v["peak_power_uw"] * share

    def derived(self):
        out = {"power_uw": exactly(self.power)}
        if "point_energy_uj" in self.v and self.power:
            out["point_duration_ms"] = exactly(self.v["point_energy_uj"] * 1000 / self.power)
            if not STRICT:
                out["point_duration_ms"].lo = ceil(Fraction(self.v["point_energy_uj"] * 1000, ceil(self.power)))
        elif "point_duration_ms" in self.v:
            out["point_energy_uj"] = exactly(self.power * self.v["point_duration_ms"] / 1000,
                                             Fraction(ceil(self.power) * self.v["point_duration_ms"], 1000))
        if self.v["spot_area_mm2"]:
            out["irradiance_uw_cm2"] = self._over_spot(self.power, ceil(self.power))
        return out

    def _over_spot(self, x, through):
        return exactly(x * 100 / self.v["spot_area_mm2"], through * Fraction(100, self.v["spot_area_mm2"]))

    def totals(self, ms):
        v = self.v
        power_up = ceil(self.power)
        energy = exactly(self.power * ms / 1000, Fraction(power_up * ms, 1000))
        point, point_up = self.power * ms / 1000, energy.hi
        if "point_energy_uj" in v:
            point = point_up = Fraction(v["point_energy_uj"])
        elif "point_duration_ms" in v:
            point = self.power * v["point_duration_ms"] / 1000
            point_up = ceil(Fraction(power_up * v["point_duration_ms"], 1000))
        out = {"energy_uj": energy}
        if v["spot_area_mm2"]:
            out["radiant_exposure_uj_cm2"] = self._over_spot(point, point_up)
        return out


class Cold:
    def __init__(self, waveform, v):
        self.set_point = v["temperature_millic"]

    def derived(self):
        return {}

    def totals(self, ms):
        depth = max(0, COLD_ABOVE_MILLIC - self.set_point)
        return {"cold_dose_millic_min": exactly(Fraction(depth * ms, 60000))}


BEAMS = {"us_continuous": Ultrasound, "us_pulsed": Ultrasound, "laser_continuous": Laser, "laser_pulsed": Laser,
         "cold_contact": Cold}
