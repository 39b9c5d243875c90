# SPDX-License-Identifier: Apache-2.0
"""Decimals with units, read exactly: what an INI file says of a quantity, as an integer in its base unit."""
import re
from fractions import Fraction

from tables import QUANTITIES

PREFIX = {"n": -9, "u": -6, "m": -3, "c": -2, "": 0, "k": 3, "M": 6}


def _scaled(base, unit, prefixes, power=1):
    """{unit text: base units in it} for prefixes of a unit whose base carries a prefix itself."""
    return {p + unit: Fraction(10) ** ((PREFIX[p] - PREFIX[base]) * power) for p in prefixes}


def _times(units, suffix):
    return {text + suffix: factor for text, factor in units.items()}


SECONDS = _scaled("m", "s", ("u", "m", "")) | {"min": Fraction(60000), "h": Fraction(3600000)}
RATIO = {"permille": Fraction(1), "%": Fraction(10), "1": Fraction(1000)}
UNITS = {
    "CURRENT": _scaled("u", "A", ("n", "u", "m", "")),
    "VOLTAGE": _scaled("m", "V", ("m", "", "k")),
    "TIME_NS": _scaled("n", "s", ("n", "u", "m", "")),
    "TIME_US": _scaled("u", "s", ("n", "u", "m", "")),
    "TIME_MS": SECONDS,
    "RATE": _scaled("m", "Hz", ("m", "", "k", "M")),
    "FREQUENCY_KHZ": _scaled("k", "Hz", ("", "k", "M")),
    "CHARGE_NC": _scaled("n", "C", ("n", "u", "m", "")),
    "CHARGE_UC": _scaled("u", "C", ("n", "u", "m", "")),
    "CHARGE_DENSITY": _times(_scaled("n", "C", ("n", "u", "m")), "/cm2"),
    "CURRENT_DENSITY": _times(_scaled("u", "A", ("u", "m", "")), "/cm2"),
    "POWER": _scaled("u", "W", ("u", "m", "")),
    "INTENSITY": _times(_scaled("u", "W", ("u", "m", "")), "/cm2"),
    "ENERGY": _scaled("u", "J", ("u", "m", "", "k")),
    "ENERGY_DENSITY": _times(_scaled("u", "J", ("u", "m", "")), "/cm2"),
    "AREA": _scaled("m", "m2", ("m", "c", ""), power=2),
    "LENGTH_NM": _scaled("n", "m", ("n", "u")),
    "LENGTH_MM": _scaled("m", "m", ("m", "c", "")),
    "TEMPERATURE": _scaled("m", "degC", ("m", "")),
    "TEMPERATURE_RISE": _scaled("m", "K", ("m", "")),
    "IMPEDANCE": _scaled("", "ohm", ("", "k")),
    "RATIO": RATIO,
    "NUMBER": {"1": Fraction(1)},
    "SLEW": _times(_scaled("u", "A", ("u", "m")), "/s"),
    "VOLTAGE_SLEW": _times(_scaled("m", "V", ("m", "")), "/s"),
    "ION_DOSE": _times(_scaled("u", "A", ("u", "m")), ".min"),
    "COLD_DOSE": _times(_scaled("m", "degC", ("m", "")), ".min"),
    "THERMAL_DOSE": {"ms": Fraction(1), "s": Fraction(1000), "min": Fraction(60000)},
    "DECIBEL_K": {"milli": Fraction(1), "1": Fraction(1000)},
}

WRITTEN = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?\s*(\S*)\Z", re.ASCII)


class WrongValue(Exception):
    pass


def read_value(quantity, text):
    """An integer in base units, or WrongValue."""
    q = QUANTITIES[quantity]
    found = WRITTEN.match(text)
    if not found:
        raise WrongValue(f"no number: {text}")
    sign, whole, part, unit = found.groups()
    if not unit and q.display == "1":
        unit = "1"
    factor = UNITS[q.dimension].get(unit)
    if factor is None:
        raise WrongValue(f"no unit of {quantity}: {text}")
    value = Fraction(whole + "." + (part or "0")) * factor * (-1 if sign == "-" else 1)
    if value.denominator != 1:
        raise WrongValue(f"not exact: {text}")
    return value.numerator


def read_band(quantity, text):
    """(low or None, high or None)."""
    low, dots, high = text.partition("..")
    if not dots or not (low or high):
        raise WrongValue(f"no band: {text}")
    return tuple(read_value(quantity, end.strip()) if end.strip() else None for end in (low, high))


def writings(quantity, value):
    """Every way to write a value with one unit and a finite decimal."""
    for unit, factor in UNITS[QUANTITIES[quantity].dimension].items():
        number = Fraction(value) / factor
        rest, digits = number.denominator, 0
        while rest % 10 == 0:
            rest //= 10
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            continue
        while (number * 10 ** digits).denominator != 1:
            digits += 1
        if digits > 18:
            continue
        scaled = abs(number) * 10 ** digits
        text = str(scaled.numerator).rjust(digits + 1, "0")
        if digits:
            text = text[:-digits] + "." + text[-digits:]
        yield ("-" if value < 0 else "") + text + (" " + unit)
