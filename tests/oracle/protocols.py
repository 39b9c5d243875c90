# SPDX-License-Identifier: Apache-2.0
"""Protocols as INI says them, what they say of a treatment, and random ones that stand within the limits.

A protocol gives a range per quantity; whatever the treatment commands has to lie in it at both ends. Electrode areas,
wavelength and treated area are parameters where the protocol names them; other properties are none of its business.
"""
from exact import ceil
from fractions import Fraction
from ini import items
from picture import Broken, Picture
from tables import COMMANDED, MODALITIES, QUANTITIES, THERAPIES
from units import read_value, writings

KEYS = frozenset(("label", "revision", "therapy", "waveform", "channels", "thermal", "contact_hold", "lease_loss", "rest_min",
                  "sessions_per_day", "sites", "indication", "source", "verified"))
# What a protocol may bound although nobody commands it: it comes with the treatment from elsewhere.
DOSES = ("iontophoresis_dose_ua_min",)


class Protocol:
    def __init__(self, section):
        keys = section.keys
        self.id, self.therapy, self.waveform = section.name, keys["therapy"], keys["waveform"]
        low, _, high = keys.get("channels", "1").partition("..")
        self.channels = (int(low), int(high or low))
        self.thermal = keys.get("thermal") == "yes"
        self.sites = frozenset(items(keys["sites"])) if "sites" in keys else frozenset()
        self.rest_ms = read_value("rest_interval_ms", keys["rest_min"])
        self.sessions = int(keys["sessions_per_day"])
        self.ranges = {q: self._range(q, text) for q, text in keys.items() if q not in KEYS}

    @staticmethod
    def _range(quantity, text):
        low, dots, rest = text.partition("..")
        if not dots:
            return (read_value(quantity, text),) * 2
        return read_value(quantity, low.strip()), read_value(quantity, rest.split(",")[0].strip())

    def check(self, t):
        """{(token, quantity or None)} of what is refused."""
        found = set()
        low, high = self.channels
        if (t["therapy"] != self.therapy or self.thermal != t.get("thermal", False) or not low <= len(t["channels"]) <= high or
                self.sites and t["site"] not in self.sites):
            found.add(("OUT_OF_RANGE", None))
        for channel in t["channels"]:
            if channel["waveform"] != self.waveform:
                found.add(("OUT_OF_RANGE", None))
            found |= self._check_channel(channel)
        if "duration_ms" in self.ranges and not self._inside("duration_ms", t["duration_ms"]):
            found.add(("OUT_OF_RANGE", "duration_ms"))
        return found | self._check_history(t.get("history"))

    def _inside(self, quantity, value):
        low, high = self.ranges[quantity]
        return low <= value <= high

    def _check_channel(self, channel):
        found = set()
        given = set(channel["start"]) | set(channel["ceiling"])
        for q in given:
            if q in self.ranges:
                if not all(self._inside(q, end[q]) for end in (channel["start"], channel["ceiling"]) if q in end):
                    found.add(("OUT_OF_RANGE", q))
            elif q in COMMANDED or q in DOSES:
                found.add(("OUT_OF_RANGE", q))
        return found | {("INCOMPLETE", q) for q in self.ranges if q not in given and q != "duration_ms"}

    def _check_history(self, history):
        found = set()
        if history is None:
            return found
        if "since_last_end_ms" in history and history["since_last_end_ms"] < self.rest_ms:
            found.add(("REST_INTERVAL", "rest_interval_ms"))
        if self.sessions and history.get("session_count", 0) + 1 > self.sessions:
            found.add(("OUT_OF_RANGE", "session_count"))
        return found


FULL = 32  # refusals that the engine's list holds; what does not fit is only counted


def agrees(protocol, t, answer):
    """Disagreements on what the protocol says of the treatment, as texts."""
    mine = protocol.check(t)
    said = {(r["token"], r.get("quantity")) for r in answer.get("protocol", ())}
    if len(answer.get("protocol", ())) == FULL and said <= mine:
        return []
    return [] if mine == said else [f"protocol {protocol.id}: oracle only {sorted(map(str, mine - said))}, "
                                    f"engine only {sorted(map(str, said - mine))}"]


# ---- random ones ----

def refused(limits, t):
    """Whether any limit that applies refuses the treatment, or could, by a hair."""
    try:
        picture = Picture(t)
    except Broken:
        return True
    return any(limit.limit_class in ("hard", "device") and limit.exceeded(limit.judgements(picture, {})) is not False
               for limit in limits if limit.use == "treatment")


def can_begin_at_rest(waveform, level, limits):
    """A range of the level from nothing up: not for cold, nor where a least value is asked for."""
    if level == "temperature_millic" or waveform == "laser_continuous" and level != "power_uw":
        return False
    return not any(limit.quantity == level and limit.min is not None for limit in limits)


def can_be_said(t, values):
    """What contracts muscle has a surge, and what is pulsed has pauses."""
    if t["therapy"] in ("nmes", "russian_nmes") and "surge_on_ms" not in values:
        return False
    return t["channels"][0]["waveform"] != "us_pulsed" or values.get("duty_permille", 0) < 1000


def draw_protocol(rng, number, t, limits, level_of):
    """The text of a protocol that holds a treatment as its worst: everything as it is, the level from nothing up to it.
    None where a limit refuses it already, at another site or condition perhaps."""
    # of the two electrodes it knows the smaller one, and not which of them is the anode
    values = {q: v for q, v in t["channels"][0]["ceiling"].items() if q not in ("anode_area_mm2", "cathode_area_mm2")}
    anywhere = {**t, "channels": [{**t["channels"][0], "start": dict(values), "ceiling": dict(values)}], "thermal": False,
                "no_indicator": True}
    anywhere.pop("history", None)
    for site in {site for limit in limits for site in limit.sites} | {t["site"]}:
        for condition in {c for limit in limits for c in limit.conditions} | {None}:
            here = {**anywhere, "site": site, "conditions": [condition] if condition else []}
            if refused(limits, here) or refused(limits, {**here, "channels": anywhere["channels"] * len(t["channels"])}):
                return None
    level = level_of(values)
    if not can_be_said(t, values) or not can_begin_at_rest(t["channels"][0]["waveform"], level, limits):
        return None
    lines = [f"[protocol p{number}]", f"label = p{number}", "revision = 1", f"therapy = {t['therapy']}",
             f"waveform = {t['channels'][0]['waveform']}", f"channels = {len(t['channels'])}", "rest_min = 2000 min",
             f"thermal = {'yes' if t.get('thermal') else 'no'}", "sessions_per_day = 1", "source = random", "verified = choice",
             f"duration_ms = {next(writings('duration_ms', t['duration_ms']))}"]
    for q, value in values.items():
        if q not in COMMANDED and q not in DOSES + ("electrode_area_mm2",):
            continue
        text = rng.choice(list(writings(q, value)))
        if q == level:
            least = 0 if not set(values) & {"iontophoresis_dose_ua_min", "point_energy_uj"} else value
            text = f"{next(writings(q, least))}..{text}, default {text}"
        lines.append(f"{q} = {text}")
    return "\n".join(lines) + "\n\n"
