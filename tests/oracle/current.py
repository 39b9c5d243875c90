# SPDX-License-Identifier: Apache-2.0
"""Electrical stimulation: what one channel's commanded values mean, in exact arithmetic.

Units are those of the table of quantities: uA, us, mHz, mm2, nC. A current is described by four things, from which
everything else follows:

  square    mean square of the current in the worst second, uA^2
  direct    mean of the current in the worst second, uA
  phase     charge of the larger phase, nC (a Fraction, or a function of pi)
  flow      mean of its absolute value over treatment time, uA

"The worst second" counts a rate as the pulses, or bursts, that begin in one second; a pause of a surge, or between
bursts of rectangular pulses, is never averaged in.
"""
from fractions import Fraction

from exact import MILLIONTH, PI_HIGH, PI_LOW, STRICT, Value, ceil, exactly, log10_milli, over_pi, root

LOAD_OHM = 500
BIPHASIC = ("biphasic_symmetric", "biphasic_burst")
CARRIED = ("sine", "premod_two_tone", "premod_raised_cosine", "russian")
DIRECT = ("dc", "iontophoresis")

NEEDS = {
    "biphasic_symmetric": ("amplitude_ua", "phase_width_us", "pulse_rate_millihz", "electrode_area_mm2"),
    "biphasic_burst": ("amplitude_ua", "phase_width_us", "pulse_rate_millihz", "electrode_area_mm2",
                       "burst_rate_millihz", "burst_duty_permille"),
    "biphasic_asymmetric": ("amplitude_ua", "phase_width_us", "pulse_rate_millihz", "electrode_area_mm2",
                            "phase2_width_us", "amplitude2_permille"),
    "monophasic": ("amplitude_ua", "phase_width_us", "pulse_rate_millihz", "electrode_area_mm2"),
    "sine": ("amplitude_ua", "carrier_frequency_millihz", "electrode_area_mm2"),
    "premod_two_tone": ("amplitude_ua", "carrier_frequency_millihz", "electrode_area_mm2"),
    "premod_raised_cosine": ("amplitude_ua", "carrier_frequency_millihz", "electrode_area_mm2"),
    "russian": ("amplitude_ua", "carrier_frequency_millihz", "electrode_area_mm2", "burst_rate_millihz",
                "burst_duty_permille"),
    "hvpc": ("amplitude_mv", "phase_width_us", "pulse_rate_millihz", "electrode_area_mm2"),
    "dc": ("amplitude_ua", "electrode_area_mm2"),
    "iontophoresis": ("amplitude_ua", "electrode_area_mm2"),
}


class Impossible(Exception):
    """Values that no output can have: the quantity at fault."""


class Current:
    """One channel's current, as the module's text says."""
    __slots__ = ("waveform", "values", "square", "direct", "phase", "phase_over_pi", "flow", "flow_over_pi",
                 "flow_over_pi2", "flow_up", "pulse_square_s", "net", "duty", "p2p", "frequency", "peak_mv")

    def __init__(self, waveform, values):
        self.waveform, self.values = waveform, values
        self.phase = self.phase_over_pi = self.flow = self.flow_up = self.flow_over_pi = self.flow_over_pi2 = None
        self.pulse_square_s = self.net = self.duty = self.peak_mv = None
        self.direct = Fraction(0)
        if waveform in DIRECT:
            self._direct()
        elif waveform in CARRIED:
            self._carried()
        else:
            self._pulsed()

    def _direct(self):
        peak = self.values["amplitude_ua"]
        self.square, self.direct, self.flow = Fraction(peak * peak), Fraction(peak), Fraction(peak)
        self.p2p, self.frequency = peak, 0

    def _carried(self):
        v = self.values
        peak, carrier = v["amplitude_ua"], v["carrier_frequency_millihz"]
        if carrier == 0:
            raise Impossible("carrier_frequency_millihz")
        self.p2p, self.frequency, self.net = 2 * peak, carrier, Fraction(0)
        # half a period of a sine holds peak / (pi f): uA / mHz is mC, a million nC
        self.phase_over_pi = Fraction(peak * 1000000, carrier)
        mean_square = {"sine": Fraction(1, 2), "premod_two_tone": Fraction(1, 4),
                       "premod_raised_cosine": Fraction(3, 8), "russian": Fraction(1, 2)}[self.waveform]
        self.square = peak * peak * mean_square
        if self.waveform == "russian":
            self._bursts(peak)
        elif self.waveform == "premod_two_tone":
            self.flow_over_pi2 = Fraction(4 * peak)  # (2 / pi)^2
        else:
            self.flow_over_pi = Fraction(2 * peak) if self.waveform == "sine" else Fraction(peak)
        beat = v.get("beat_frequency_millihz", 0)
        # what lasts a tenth of a second counts as a current, not as a pulse
        if self.waveform.startswith("premod") and beat > 10000:
            self.pulse_square_s = self.square * 1000 / beat

    def _bursts(self, peak):
        rate, duty = self.values["burst_rate_millihz"], Fraction(self.values["burst_duty_permille"], 1000)
        if duty > 1:
            raise Impossible("burst_duty_permille")
        self.flow_over_pi = 2 * peak * duty
        if duty * 10000 < rate:
            self.pulse_square_s = self.square * duty * 1000 / rate
        worst = duty * ceil(Fraction(rate, 1000)) * 1000 / rate if rate else duty
        self.square *= min(worst, Fraction(1))

    def _pulsed(self):
        v = self.values
        width, rate = v["phase_width_us"], v["pulse_rate_millihz"]
        phases = [(Fraction(v["amplitude_ua"]) if self.waveform != "hvpc" else Fraction(v["amplitude_mv"] * 1000, LOAD_OHM),
                   width)]
        if self.waveform in BIPHASIC or self.waveform == "hvpc":
            phases *= 2
        elif self.waveform == "biphasic_asymmetric":
            phases.append((phases[0][0] * v["amplitude2_permille"] / 1000, v["phase2_width_us"]))
        if not all(w for _, w in phases):
            raise Impossible("phase_width_us")
        peak = phases[0][0]
        on_us = sum(w for _, w in phases)
        occupied = on_us + v.get("interphase_us", 0)
        self.duty = Fraction(occupied * rate, 10 ** 9)
        if self.duty > 1:
            raise Impossible("pulse_rate_millihz")
        in_second = ceil(Fraction(rate, 1000))
        energy = sum(i * i * w for i, w in phases)  # uA^2 us
        self.pulse_square_s = energy / 10 ** 6
        self.square = min(energy * in_second / 10 ** 6, max(i for i, _ in phases) ** 2)
        charges = [i * w / 1000 for i, w in phases]  # nC
        self.phase = max(charges)
        self.flow = sum(charges) * rate / 10 ** 6
        if self.waveform == "biphasic_burst":
            self._burst_flow(occupied, sum(charges))
        self.frequency = rate
        self._balance(charges, in_second, max(i for i, _ in phases))
        self.p2p = peak
        if self.waveform in BIPHASIC or self.waveform == "biphasic_asymmetric":
            self.p2p = phases[0][0] + phases[1][0]
        if self.waveform == "hvpc":
            self.peak_mv = v["amplitude_mv"]

    def _burst_flow(self, pulse_us, charge):
        """The pulses that burst after burst holds whole; at most those that begin in it."""
        rate, duty = self.values["burst_rate_millihz"], self.values["burst_duty_permille"]
        pulses = self.values["pulse_rate_millihz"]
        if duty > 1000 or pulse_us * rate > duty * 10 ** 6:
            raise Impossible("burst_duty_permille")
        if rate > pulses:
            raise Impossible("burst_rate_millihz")
        if not rate:
            return
        in_burst = Fraction(duty * pulses, 1000 * rate)
        whole = (in_burst - Fraction(pulse_us * pulses, 10 ** 9)) // 1 + 1
        if not STRICT:
            whole = min(whole, in_burst)
        self.flow_up = min(charge * ceil(in_burst) * rate / 10 ** 6, self.flow)
        self.flow = min(charge * whole * rate / 10 ** 6, self.flow)

    def _balance(self, charges, in_second, level):
        if self.waveform in ("monophasic", "hvpc"):
            charge = sum(charges)
        else:
            charge = abs(charges[0] - charges[1])
            self.net = charge / charges[0] if charges[0] else self._net_of_shape()
        # nC per second in uA; a second of a pulse that outlasts it holds no more than the pulse's own level
        self.direct = min(charge * in_second / 1000, level)

    def _net_of_shape(self):
        """The same share where no current flows: the shape alone says it."""
        if self.waveform != "biphasic_asymmetric":
            return Fraction(0)
        v = self.values
        return abs(1 - Fraction(v["amplitude2_permille"] * v["phase2_width_us"], 1000 * v["phase_width_us"]))

    def derived(self):
        """Quantities of this channel alone: id to Value."""
        out = {
            "limit_frequency_millihz": Value(self.frequency),
            "rms_current_ua": root(self.square),
            "dc_current_ua": exactly(self.direct),
            "amplitude_p2p_ua": exactly(self.p2p),
        }
        if self.duty is not None:
            out["pulse_duty_permille"] = exactly(self.duty * 1000)
        if self.net is not None:
            out["net_charge_permille"] = exactly(self.net * 1000)
        if self.peak_mv is not None:
            out["output_voltage_mv"] = Value(self.peak_mv)
        if self.pulse_square_s is not None:
            energy = self.pulse_square_s * LOAD_OHM / 10 ** 6
            out["pulse_energy_uj"] = exactly(energy)
            out["pulse_energy_1k_uj"] = exactly(energy * self._into_1k(), out["pulse_energy_uj"].hi * self._into_1k())
        # mV into 1 kohm are the uA that flow there
        out["rms_voltage_mv"] = root(self.square * self._into_1k() / 2)
        self._charges(out)
        return out

    def _into_1k(self):
        """What the double load does to the energy: a current stays, a voltage drives half the current."""
        return Fraction(1, 2) if self.waveform == "hvpc" else Fraction(2)

    def _charges(self, out):
        area = self.values["electrode_area_mm2"]
        if self.phase is not None:
            charge, low, high = exactly(self.phase), self.phase, self.phase
        elif self.phase_over_pi is not None:
            charge, low, high = over_pi(self.phase_over_pi), self.phase_over_pi / PI_HIGH, self.phase_over_pi / PI_LOW
        else:
            return
        out["phase_charge_nc"] = charge
        if not area:
            return
        density = exactly(low * 100 / area, charge.hi * Fraction(100, area))
        out["charge_density_nc_cm2"] = density
        if low:
            out["shannon_k_milli"] = Value(log10_milli(low * low * 100 / area / 10 ** 6),
                                           log10_milli(Fraction(charge.hi * density.hi, 10 ** 6)) + 1)

    def charge_uc(self, on_ms):
        """Integral of the current's absolute value over so much time of output."""
        seconds = Fraction(on_ms, 1000)
        if self.flow is not None:
            return exactly(self.flow * seconds, (self.flow_up or self.flow) * seconds)
        if self.flow_over_pi is not None:
            return over_pi(self.flow_over_pi * seconds)
        once = self.flow_over_pi2 * seconds
        return Value(ceil(once / PI_HIGH ** 2), ceil(once / PI_LOW ** 2 * (1 + MILLIONTH)) + 1 if once else 0)
