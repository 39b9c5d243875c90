# SPDX-License-Identifier: Apache-2.0
"""What ends a treatment: its time, or a dose that its commanded values name.

Led by its dose, a treatment's totals are that dose, and duration_ms is the longest that it may take: at the start
values, where the dose takes longest, it has to be reached within it.
"""
from fractions import Fraction
from math import ceil

from exact import Value, exactly


class Broken(Exception):
    """No treatment at all: token and the quantity at fault; close, where rounding alone decides it."""

    def __init__(self, token, quantity, close=False):
        super().__init__(token, quantity)
        self.token, self.quantity, self.close = token, quantity, close


def fixed(channel, quantity):
    """A value that may not change during the treatment."""
    if channel.start.get(quantity) != channel.ceiling[quantity] or not channel.ceiling[quantity]:
        raise Broken("OUT_OF_RANGE", quantity)
    return channel.ceiling[quantity]


def lead(channels, duration_ms):
    """Replaces the totals of a treatment that is led by its dose."""
    for channel in channels:
        if channel.waveform == "iontophoresis" and "iontophoresis_dose_ua_min" in channel.ceiling:
            lead_by_charge(channels, channel, duration_ms)
        elif channel.waveform.startswith("laser_") and "point_energy_uj" in channel.ceiling:
            lead_by_points(channels, channel, duration_ms)


def lead_by_charge(channels, channel, duration_ms):
    dose = fixed(channel, "iontophoresis_dose_ua_min")
    if len(channels) != 1:
        raise Broken("OUT_OF_RANGE", "iontophoresis_dose_ua_min")
    slowest = channel.least("amplitude_ua")
    if slowest * duration_ms < dose * 60000:
        raise Broken("OUT_OF_RANGE", "duration_ms")
    channel.derived["iontophoresis_dose_ua_min"] = Value(dose)
    channel.derived["session_charge_uc"] = Value(dose * 60)


def lead_by_points(channels, channel, duration_ms):
    if "point_count" not in channel.ceiling:
        raise Broken("INCOMPLETE", "point_count")
    if len(channels) != 1 or "point_duration_ms" in channel.ceiling:
        raise Broken("OUT_OF_RANGE", "point_energy_uj")
    count = fixed(channel, "point_count")
    energy = fixed(channel, "point_energy_uj") * count
    needed_ms = Fraction(energy * 1000) / channel.slowest_power
    # the engine's power is in whole uW, its points last whole ms: between these two either verdict is right
    channel.close = Fraction(energy * 1000, ceil(channel.slowest_power)) <= duration_ms < needed_ms + count
    if duration_ms < needed_ms:
        raise Broken("OUT_OF_RANGE", "duration_ms", channel.close)
    channel.derived["energy_uj"] = exactly(Fraction(energy))
