# SPDX-License-Identifier: Apache-2.0
"""A treatment with everything derived, as the daemon has to see it: at the worst point of the envelope.

A treatment is the dict that the judge reads. Each channel's commanded values lie anywhere between start and ceiling; a
derived quantity is its supremum over that box. Every formula is monotone, or the absolute value of something linear, in
each value, so the supremum lies in a corner.
"""
from fractions import Fraction
from itertools import product

import beam
import course
import current
from course import Broken
from current import Current, Impossible
from exact import Value, ceil, ceil_root, exactly, sum_of_roots
from tables import THERAPIES

INPUT_MAX = 10 ** 12


def surges(values, ms):
    """(time of output, contractions) of a treatment time that begins with a surge."""
    on, off = values.get("surge_on_ms"), values.get("surge_off_ms", 0)
    if on is None or on + off == 0:
        return ms, None
    if values.get("ramp_up_ms", 0) + values.get("ramp_down_ms", 0) > on:
        raise Impossible("surge_on_ms")
    whole, rest = divmod(ms, on + off)
    return whole * on + min(rest, on), whole + (1 if rest else 0)


def corners(waveform, start, ceiling):
    """Every corner of the box between start and ceiling, and what between them may be worse than both."""
    moved = [q for q in ceiling if start.get(q, ceiling[q]) != ceiling[q]]
    ends = [(ceiling[q], start[q]) for q in moved]
    if waveform == "russian" and "burst_rate_millihz" in moved:
        # a second holds one burst more as soon as the rate passes a whole number: the lowest such rate counts most
        i = moved.index("burst_rate_millihz")
        step = min(ends[i]) // 1000 * 1000 + 1
        ends[i] += (step if step >= min(ends[i]) else step + 1000,)
        ends[i] = tuple(rate for rate in ends[i] if rate <= max(ends[i][:2]))
    for choice in product(*ends):
        yield {**ceiling, **dict(zip(moved, choice))}


def worst(into, found):
    for q, value in found.items():
        into[q] = into[q].worse(value) if q in into else value


def best(into, found):
    """The least that a quantity can be. Derived ones are rounded up like all; a minimum is held against that."""
    for q, value in found.items():
        into[q] = Value(min(into[q].lo, value.lo), min(into[q].hi, value.hi)) if q in into else value


class Channel:
    """One channel at the worst of its box."""

    def __init__(self, waveform, start, ceiling, ms):
        self.waveform, self.start, self.ceiling, self.ms = waveform, start, ceiling, ms
        self.derived, self.lowest = {}, {}  # id to Value, id to integer
        self.square = self.direct = Fraction(0)  # of a current, at worst
        self.slowest_power = None  # of a laser
        self.close = False  # rounding alone decides whether its dose fits into the time
        needs = current.NEEDS.get(waveform) or beam.NEEDS[waveform]
        for q in needs:
            if q not in ceiling:
                raise Broken("INCOMPLETE", q)
        for q, value in list(start.items()) + list(ceiling.items()):
            if not (0 if q != "temperature_millic" else -INPUT_MAX) <= value <= INPUT_MAX:
                raise Broken("OUT_OF_RANGE", q)
            if value == 0 and q in ("electrode_area_mm2", "spot_area_mm2", "era_mm2"):
                raise Broken("OUT_OF_RANGE", q)
            if q in ("anode_area_mm2", "cathode_area_mm2") and value < self.least("electrode_area_mm2"):
                raise Broken("OUT_OF_RANGE", q)
        for point in corners(waveform, start, ceiling):
            try:
                self._corner(point)
            except Impossible as fault:
                raise Broken("OUT_OF_RANGE", fault.args[0]) from None
        self.derived["duration_ms"] = Value(ms)

    def _corner(self, point):
        if self.waveform not in current.NEEDS:
            shape = beam.BEAMS[self.waveform](self.waveform, point)
            self._fold(shape.derived())
            self._fold(shape.totals(self.ms))
            if isinstance(shape, beam.Laser):
                self.slowest_power = min(shape.power, self.slowest_power or shape.power)
            return
        shape = Current(self.waveform, point)
        self._fold(shape.derived())
        self.square = max(self.square, shape.square)
        self.direct = max(self.direct, shape.direct)
        on_ms, count = surges(point, self.ms)
        totals = {"session_charge_uc": shape.charge_uc(on_ms)}
        if self.waveform == "iontophoresis":
            totals["iontophoresis_dose_ua_min"] = exactly(shape.direct * on_ms / 60000)
        if count is not None:
            totals["contraction_count"] = Value(count)
        self._fold(totals)

    def _fold(self, found):
        worst(self.derived, found)
        best(self.lowest, found)

    def least(self, q):
        return min(values[q] for values in (self.start, self.ceiling) if q in values)

    def low(self, q):
        """The lower end of a quantity as a Value, for bands and minima; None if absent."""
        return Value(self.least(q)) if q in self.ceiling else self.lowest.get(q)

    def value(self, q):
        """The worse end of a quantity as a Value, or None."""
        if q in self.ceiling:
            return Value(max(self.ceiling[q], self.start.get(q, self.ceiling[q])))
        return self.derived.get(q)


def densities(channel, together):
    """Quantities that depend on every channel whose current flows through this channel's electrode."""
    out = {}
    smaller = channel.least("electrode_area_mm2")
    if smaller:
        out["rms_density_ua_cm2"], out["power_density_uw_cm2"] = by_area([c.square for c in together], smaller)
    direct, direct_up = sum(c.direct for c in together), sum(ceil(c.direct) for c in together)
    for q in ("electrode_area_mm2", "anode_area_mm2", "cathode_area_mm2"):
        area = channel.least(q) if q in channel.ceiling else smaller
        if area:
            name = "dc_density_ua_cm2" if q.startswith("elec") else q.replace("_area_mm2", "_density_ua_cm2")
            out[name] = exactly(direct * 100 / area, Fraction(direct_up * 100, area))
    return out


def by_area(squares, area):
    """R.m.s. density and power density of roots that add linearly."""
    parts = sum(ceil_root(s) for s in squares)
    density_up, power_up = ceil(Fraction(parts * 100, area)), ceil(Fraction(parts * parts, 20 * area))
    if len(squares) == 1:
        return (Value(ceil_root(squares[0] * 10000 / (area * area)), density_up),
                Value(ceil(squares[0] / (20 * area)), power_up))
    low, _ = sum_of_roots(squares)
    return Value(ceil(low * 100 / area), density_up), Value(ceil(low * low / (20 * area)), power_up)


class Picture:
    def __init__(self, t):
        self.t = t
        self.modality = THERAPIES[t["therapy"]]
        self.channels = [Channel(c["waveform"], c["start"], c["ceiling"], t["duration_ms"]) for c in t["channels"]]
        if any(c.waveform in current.NEEDS for c in self.channels):
            for i, channel in enumerate(self.channels):
                channel.derived.update(densities(channel, self._together(i)))
        course.lead(self.channels, t["duration_ms"])
        self.whole = self._whole()

    def _together(self, i):
        """Channels whose current passes where channel i's does: those on its electrode; all of an interferential one."""
        if self.t["therapy"] == "ifc":
            return self.channels
        said = [c.get("shares", 0) for c in self.t["channels"]]
        return [c for k, c in enumerate(self.channels) if k == i or said[i] >> k & 1 or said[k] >> i & 1]

    def _whole(self):
        out = {"duration_ms": Value(self.t["duration_ms"]), "session_count": Value(1)}
        for q in ("session_charge_uc", "iontophoresis_dose_ua_min", "energy_uj"):
            parts = [c.derived[q] for c in self.channels if q in c.derived]
            if parts:
                out[q] = sum(parts, Value(0))
        for q in ("contraction_count", "cem43_ms", "cold_dose_millic_min"):
            parts = [c.derived[q] for c in self.channels if q in c.derived]
            if parts:
                out[q] = Value(max(p.lo for p in parts), max(p.hi for p in parts))
        squares = [c.square for c in self.channels if c.waveform in current.NEEDS]
        if squares:
            low, _ = sum_of_roots(squares)
            out["rms_current_sum_ua"] = Value(ceil(low), sum(ceil_root(s) for s in squares))
        return out
