# SPDX-License-Identifier: Apache-2.0
"""Exact arithmetic, and what agreement with an engine of integers means.

Every quantity of the table is an integer in its base unit, rounded up. The oracle states for each a Value, lo..hi:

* lo is the ceiling of the exact value. An engine that says less accepts what exceeds a limit: never allowed;
* hi is the same, unless the quantity is made from another one of the table (a density from a current, an energy from a
  power): then hi is what that other one gives, rounded up to its base unit before. An engine that says more refuses
  what is within its limits. Where lo and hi lie on either side of a bound the two may differ, and such are counted;
* what holds pi or a logarithm (charge of a sine, Shannon) has no finite form: lo comes from more digits than matter, hi
  is a millionth and one unit more. A thermal dose may be further above (beam.py, CEM43_ABOVE), never below.
"""
import os
from decimal import Decimal, getcontext
from fractions import Fraction
from math import ceil as float_ceil, isqrt, log10

getcontext().prec = 60

# What the engine is known not to do yet. ORACLE_STRICT=1 asks for it all the same; a run without says what it left out.
OPEN = (
    "an envelope in which more than the level moves is judged at its two ends, not at what lies between",
    "the charge of bursts counts parts of pulses, not whole ones",
    "the time on a laser's point is rounded down with the power that was rounded up",
)
STRICT = os.environ.get("ORACLE_STRICT") == "1"

# An engine of 64 bits says of what comes near its end that it is this: more than any bound.
SATURATED = 2 ** 63 - 1
TOO_MUCH = 10 ** 17
MILLIONTH = Fraction(1, 10 ** 6)
PART = Fraction(1, 10 ** 12)
# 22/7 and Archimedes are too wide; these are the digits on either side.
PI_LOW = Fraction(31415926535897932384626433832795028841, 10 ** 37)
PI_HIGH = Fraction(31415926535897932384626433832795028842, 10 ** 37)


class Value:
    """The integers that are right for one quantity: lo..hi, one only unless said otherwise."""
    __slots__ = ("lo", "hi")

    def __init__(self, lo, hi=None):
        self.lo = lo
        self.hi = lo if hi is None else hi

    def __repr__(self):
        return str(self.lo) if self.lo == self.hi else f"{self.lo}..{self.hi}"

    def admits(self, value):
        return self.lo <= value <= self.hi or value == SATURATED and self.hi > TOO_MUCH

    def worse(self, other):
        """The larger of two, end by end."""
        return Value(max(self.lo, other.lo), max(self.hi, other.hi))

    def __add__(self, other):
        return Value(self.lo + other.lo, self.hi + other.hi)


def ceil(x):
    """Smallest integer not below a rational."""
    return -(-x.numerator // x.denominator)


def exactly(x, through=None):
    """The ceiling of a rational; through: of what it comes to from quantities that were rounded up before."""
    lo = ceil(Fraction(x))
    return Value(lo, lo if through is None else ceil(Fraction(through)))


def ceil_root(square):
    """Smallest integer whose square is not below a rational: the ceiling of its root, without a root taken."""
    least = ceil(square)
    if least <= 0:
        return 0
    return isqrt(least - 1) + 1


def root(square):
    return Value(ceil_root(square))


SCALE = 10 ** 30


def sum_of_roots(squares):
    """The sum of the roots of rationals as an enclosure (low, high); both are it where every one is a square."""
    low = high = Fraction(0)
    for square in squares:
        n, d = square.numerator, square.denominator
        p, q = isqrt(n), isqrt(d)
        if p * p == n and q * q == d:
            low += Fraction(p, q)
            high += Fraction(p, q)
        else:
            near = isqrt(n * SCALE * SCALE // d)
            low += Fraction(near, SCALE)
            high += Fraction(near + 1, SCALE)
    return low, high


def over_pi(x, through=None):
    """x / pi, rounded up."""
    low = ceil(x / PI_HIGH)
    return Value(low, ceil((x if through is None else through) / PI_LOW * (1 + MILLIONTH)) + 1 if x else 0)


def log10_milli(x):
    """1000 log10(x), rounded up; x a rational above 0. More digits are asked only where a float cannot tell."""
    near = 1000 * (log10(x.numerator) - log10(x.denominator))
    if abs(near - round(near)) > 1e-6:
        return float_ceil(near)
    digits = (Decimal(x.numerator) / Decimal(x.denominator)).log10() * 1000
    nearest = digits.to_integral_value()
    # 10^(k/1000) is rational only where k is a multiple of 1000: there the digits say an integer, and it is one
    if abs(digits - nearest) < Decimal("1e-45"):
        return int(nearest)
    return int(digits.to_integral_value("ROUND_CEILING"))


def power_of_two(exponent):
    """2^exponent of a rational, as an enclosure (low, high) of rationals."""
    whole = exponent.numerator // exponent.denominator
    part = exponent - whole
    if not part:
        return Fraction(2) ** whole, Fraction(2) ** whole
    near = Fraction(2.0 ** float(part)) * Fraction(2) ** whole  # the float lies between 1 and 2: 15 digits
    return near * (1 - PART), near * (1 + PART)
