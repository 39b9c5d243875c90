# SPDX-License-Identifier: Apache-2.0
"""Limits as INI says them, and what they say of a treatment.

A limit here has the shape in which the judge prints one, so that the two readings of a configuration are compared as
they stand. Compiled ceilings cannot be read from INI: they are data that the engine hands out, judged by the rules here
like all others.
"""
from exact import Value, ceil
from fractions import Fraction
from ini import items
from tables import ANY, MODALITIES, PROPERTIES, QUANTITIES, THERAPIES, WAVEFORMS
from units import WrongValue, read_band, read_value

HEAD_FACTOR = Fraction(6, 5)
HEAD_QUANTITIES = ("intensity_satp_uw_cm2", "intensity_sata_uw_cm2", "intensity_static_uw_cm2", "hot_spot_uw_cm2")
WALK = ("amplitude_step_ua", "amplitude_slew_ua_s", "amplitude_step_mv", "amplitude_slew_mv_s")
FAULT_TOO = ("accuracy_floor_permille",)
TREATMENT_MEASURED = ("output_voltage_mv",)
SETS = {"waveform": WAVEFORMS, "therapy": THERAPIES}
HISTORY = ("duration_ms", "energy_uj", "session_charge_uc", "iontophoresis_dose_ua_min", "cem43_ms",
           "cold_dose_millic_min", "session_count")


def use_of(quantity):
    if quantity in WALK:
        return "walk"
    measured = QUANTITIES[quantity].basis == "MEASURED" and quantity not in TREATMENT_MEASURED
    return "fault" if measured or quantity in FAULT_TOO else "treatment"


class Limit:
    """One limit; fields as in the judge's answer."""

    def __init__(self, said):
        self.said = said
        self.id, self.quantity = said["id"], said["quantity"]
        self.max, self.min = said["max"], said["min"]
        self.limit_class, self.scope, self.layer = said["class"], said["scope"], said["layer"]
        self.use = said["use"]
        self.modalities = ANY if said["modality"] == "any" else MODALITIES[said["modality"]]
        when = said["when"]
        self.waveforms, self.therapies = frozenset(when["waveform"]), frozenset(when["therapy"])
        self.sites, self.conditions = frozenset(when["site"]), frozenset(when["condition"])
        self.applicators, self.after = frozenset(when["applicator"]), frozenset(when["after"])
        self.unless_thermal, self.no_indicator = when["unless_thermal"], when["no_indicator"]
        self.bands = list(when["bands"].items())
        self.head = (self.quantity in HEAD_QUANTITIES and self.scope == "instantaneous" and
                     self.limit_class in ("hard", "notice") and self.layer in ("compiled", "installation"))

    @property
    def judged(self):
        return self.use == "treatment" and self.limit_class in ("hard", "notice", "device")

    def meets_treatment(self, t, modality):
        touched = set(t.get("sites", ())) | {t["site"]}
        return (self.modalities & modality and
                (not self.therapies or t["therapy"] in self.therapies) and
                (not self.sites or touched & self.sites) and
                (not self.conditions or self.conditions & set(t.get("conditions", ()))) and
                (not self.applicators or t.get("applicator") in self.applicators) and
                not (self.unless_thermal and t.get("thermal")) and
                (not self.no_indicator or t.get("no_indicator", False)))

    def meets_channel(self, channel):
        if self.waveforms and channel.waveform not in self.waveforms:
            return False
        return all(self._meets_band(channel, q, *band) for q, band in self.bands)

    @staticmethod
    def _meets_band(channel, quantity, above, upto):
        high = channel.value(quantity)
        if high is None:
            return quantity in PROPERTIES
        low = channel.low(quantity) or high
        return (above is None or high.hi > above) and (upto is None or low.lo <= upto)

    def applies(self, picture):
        """The channels that it is judged on; empty where it does not apply."""
        if not self.meets_treatment(picture.t, picture.modality):
            return []
        return [c for c in picture.channels if self.meets_channel(c)]

    def judgements(self, picture, history):
        """[(Value, is a minimum)] as judged: none where it does not apply or nothing is there to be judged."""
        meeting = self.applies(picture)
        if not meeting:
            return []
        if self.quantity == "rest_interval_ms":
            return self._rest(history)
        if self.quantity in picture.whole:
            found = [picture.whole[self.quantity]]
        else:
            found = [v for v in (c.value(self.quantity) for c in meeting) if v is not None]
        if not found:
            return []
        out = []
        if self.min is not None:
            out.append((self._least(meeting, found), True))
        if self.max is not None or self.min is None:
            out.append((self._most(found, history), False))
        return out

    def _least(self, meeting, found):
        lows = [low for low in (c.low(self.quantity) for c in meeting) if low is not None] or found
        return Value(min(v.lo for v in lows), min(v.hi for v in lows))

    def _most(self, found, history):
        lo, hi = max(v.lo for v in found), max(v.hi for v in found)
        if self.head:
            lo, hi = ceil(lo * HEAD_FACTOR), ceil(hi * HEAD_FACTOR)
        if self.scope == "per-24h" and self.quantity in HISTORY:
            before = (history or {}).get(self.quantity, 0)
            lo, hi = lo + before, hi + before
        return Value(lo, hi)

    def _rest(self, history):
        if history is None or self.min is None:
            return []
        if self.after:
            ends = [ms for therapy, ms in history.get("since_end_ms", {}).items() if therapy in self.after]
            return [(Value(min(ends)), True)] if ends else []
        if "since_last_end_ms" not in history:
            return []
        return [(Value(history["since_last_end_ms"]), True)]

    def _over(self, value, is_min):
        if is_min:
            return value.hi < self.min if value.hi < self.min or value.lo >= self.min else None
        if self.max is None:
            return False
        return value.lo > self.max if value.lo > self.max or value.hi <= self.max else None

    def exceeded(self, judgements):
        """True, False, or None where an enclosure holds the bound."""
        said = [self._over(*one) for one in judgements]
        return True if True in said else None if None in said else False


def from_section(section, accepted):
    """A limit of the installation as its section says it."""
    keys = section.keys
    quantity = keys["quantity"]
    if quantity not in QUANTITIES:
        raise WrongValue(quantity)
    when = {"waveform": [], "therapy": [], "site": [], "condition": [], "applicator": [], "after": [],
            "unless_thermal": keys.get("when.thermal") == "no", "no_indicator": keys.get("when.output_indicator") == "no",
            "bands": {}}
    for key, text in keys.items():
        if key == "after":
            when["after"] = items(text)
        elif key in ("when.thermal", "when.output_indicator"):
            continue
        elif key.startswith("when.") and key[5:] in when:
            when[key[5:]] = items(text)
        elif key.startswith("when."):
            when["bands"][key[5:]] = list(read_band(key[5:], text))
    return Limit({
        "id": section.name, "modality": keys["modality"], "quantity": quantity,
        "max": read_value(quantity, keys["max"]) if "max" in keys else None,
        "min": read_value(quantity, keys["min"]) if "min" in keys else None,
        "scope": keys["scope"], "class": keys["class"], "layer": "installation", "use": use_of(quantity),
        "verified": keys["verified"], "accepted": section.name in accepted, "when": when,
        "origin": f"{section.file}:{section.line}",
    })


def comparable(said):
    """A limit as printed, with what has no order made equal, and the origin left to its own test."""
    out = {key: value for key, value in said.items() if key != "origin"}
    out["when"] = {key: sorted(value) if isinstance(value, list) else value for key, value in said["when"].items()}
    return out
