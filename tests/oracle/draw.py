# SPDX-License-Identifier: Apache-2.0
"""Random treatments and random installations, drawn so that most of them stand at a bound of some limit.

A treatment is drawn around what the trade uses; then one limit that applies to it is picked, and a value is moved to
where the judged quantity meets that bound: one unit below, on it, one above. Floats serve to find the place and decide
nothing.
"""
import copy
from math import ceil as float_ceil

from exact import STRICT
from picture import Broken, Picture
from tables import MODALITIES, QUANTITIES, THERAPIES
from units import writings

SITES = ("hip", "knee", "thigh", "hand", "lumbar", "shoulder", "achilles_tendon", "lateral_epicondyle",
         "iliotibial_band")
CONDITIONS = ("implant", "fragile_skin", "pregnancy")
HEADS = {"head_a": (500, 5000), "head_b": (388, 4500), "head_c": (100, 7999)}

# therapy: (weight, waveform classes)
CHOICES = {
    "tens_brief": ("biphasic_symmetric",),
    "tens": ("biphasic_symmetric", "biphasic_asymmetric", "monophasic", "biphasic_burst"),
    "ifc": ("sine", "sine", "premod_two_tone", "premod_raised_cosine"),
    "nmes": ("biphasic_symmetric", "biphasic_asymmetric", "biphasic_burst"),
    "russian_nmes": ("russian",),
    "hvpc_pain": ("hvpc",),
    "microcurrent": ("biphasic_symmetric", "monophasic", "dc"),
    "ionto": ("iontophoresis",),
    "us_thermal": ("us_continuous",),
    "us_nonthermal": ("us_pulsed",),
    "lipus": ("us_pulsed",),
    "pbm": ("laser_continuous", "laser_pulsed"),
    "cryo": ("cold_contact",),
}
SURGED = ("nmes", "russian_nmes")

# Which commanded value moves a judged quantity, and with what power.
MOVES = {
    "rms_current_ua": {"level": 1}, "rms_current_sum_ua": {"level": 1}, "dc_current_ua": {"level": 1},
    "rms_density_ua_cm2": {"level": 1, "electrode_area_mm2": -1}, "dc_density_ua_cm2": {"level": 1},
    "anode_density_ua_cm2": {"level": 1, "anode_area_mm2": -1},
    "cathode_density_ua_cm2": {"level": 1, "cathode_area_mm2": -1},
    "power_density_uw_cm2": {"level": 2, "electrode_area_mm2": -1}, "rms_voltage_mv": {"level": 1},
    "pulse_energy_uj": {"level": 2, "phase_width_us": 1}, "pulse_energy_1k_uj": {"level": 2},
    "phase_charge_nc": {"level": 1, "phase_width_us": 1}, "charge_density_nc_cm2": {"level": 1},
    "amplitude_p2p_ua": {"level": 1}, "session_charge_uc": {"level": 1, "duration_ms": 1},
    "iontophoresis_dose_ua_min": {"level": 1, "duration_ms": 1}, "contraction_count": {"duration_ms": 1},
    "intensity_sata_uw_cm2": {"level": 1}, "intensity_static_uw_cm2": {"level": 1}, "hot_spot_uw_cm2": {"level": 1},
    "energy_uj": {"level": 1, "duration_ms": 1}, "energy_density_uj_cm2": {"level": 1, "duration_ms": 1},
    "temperature_rise_millik": {"level": 1, "duration_ms": 1}, "mechanical_index_milli": {"level": 0.5},
    "area_ratio_permille": {"treated_area_mm2": 1}, "irradiance_uw_cm2": {"level": 1, "spot_area_mm2": -1},
    "radiant_exposure_uj_cm2": {"point_energy_uj": 1, "level": 1}, "cold_dose_millic_min": {"duration_ms": 1},
    "cem43_ms": {"duration_ms": 1}, "power_uw": {"level": 1}, "pulse_duty_permille": {"pulse_rate_millihz": 1},
}
LEVELS = ("amplitude_ua", "amplitude_mv", "intensity_satp_uw_cm2", "peak_power_uw", "power_uw", "temperature_millic")


# A dose that ends the treatment does not change during it, nor does what selects a head's crystal.
FIXED = ("point_energy_uj", "point_count", "iontophoresis_dose_ua_min", "us_frequency_khz")


def spread(rng, low, high):
    """Between low and high, as often near one as near the other on a scale of ratios."""
    if low <= 0:
        return rng.randint(low, high) if rng.random() < 0.7 else low
    return min(high, max(low, round(low * (high / low) ** rng.random())))


def level_of(values):
    return next(q for q in LEVELS if q in values)


def draw_values(rng, therapy, waveform):
    v = {}
    if waveform == "hvpc":
        v["amplitude_mv"] = spread(rng, 1000, 520000)
    elif THERAPIES[therapy] == MODALITIES["estim"]:
        v["amplitude_ua"] = spread(rng, 100, {"microcurrent": 1100, "ionto": 4200}.get(therapy, 160000))
    if THERAPIES[therapy] == MODALITIES["estim"]:
        draw_current(rng, therapy, waveform, v)
    elif waveform.startswith("us_"):
        draw_ultrasound(rng, waveform, v)
    elif waveform.startswith("laser_"):
        draw_laser(rng, waveform, v)
    else:
        v["temperature_millic"] = rng.randint(8000, 16000)
    return v


def draw_current(rng, therapy, waveform, v):
    v["electrode_area_mm2"] = spread(rng, 40, 20000)
    if waveform in ("dc", "iontophoresis"):
        if rng.random() < 0.5:
            v["anode_area_mm2"] = spread(rng, 40, 20000)
            v["cathode_area_mm2"] = spread(rng, 40, 20000)
            v["electrode_area_mm2"] = min(v["anode_area_mm2"], v["cathode_area_mm2"])
        if waveform == "iontophoresis" and rng.random() < 0.4:
            v["iontophoresis_dose_ua_min"] = spread(rng, 1000, 90000)
        return
    if waveform in ("sine", "premod_two_tone", "premod_raised_cosine", "russian"):
        v["carrier_frequency_millihz"] = rng.choice((1000000, 2500000, 4000000, spread(rng, 300000, 10000000)))
        if waveform != "russian" and rng.random() < 0.7:
            v["beat_frequency_millihz"] = spread(rng, 1000, 250000)
    else:
        v["phase_width_us"] = spread(rng, 20, 1000 if rng.random() < 0.9 else 2000000)
        v["pulse_rate_millihz"] = rng.choice((spread(rng, 100, 200000), rng.randint(1, 150) * 1000))
        if rng.random() < 0.3:
            v["interphase_us"] = spread(rng, 0, 300)
        if rng.random() < 0.95:  # else the pulse may be longer than its period
            v["pulse_rate_millihz"] = min(v["pulse_rate_millihz"],
                                          10 ** 9 // (2 * v["phase_width_us"] + v.get("interphase_us", 0)))
        if waveform == "biphasic_asymmetric":
            v["amplitude2_permille"] = spread(rng, 50, 1000)
            balanced = v["phase_width_us"] * 1000 / v["amplitude2_permille"]
            v["phase2_width_us"] = max(1, round(balanced * rng.choice((1, 1, 0.97, 1.03, rng.uniform(0.5, 1.5)))))
    if waveform in ("russian", "biphasic_burst"):
        v["burst_rate_millihz"] = rng.choice((50000, 2000, spread(rng, 500, 100000)))
        v["burst_duty_permille"] = spread(rng, 50, 1000)
        # at a tenth of a second a burst is no pulse any more; where exactly, within its last ms, is not asked here
        while 97 * v["burst_rate_millihz"] <= 1000 * v["burst_duty_permille"] < 100 * v["burst_rate_millihz"]:
            v["burst_rate_millihz"] += 10
    if waveform == "biphasic_burst" and rng.random() < 0.9:
        v["burst_rate_millihz"] = min(v["burst_rate_millihz"], v["pulse_rate_millihz"])
        pulse_us = 2 * v["phase_width_us"] + v.get("interphase_us", 0)
        least = float_ceil(pulse_us * v["burst_rate_millihz"] / 10 ** 6)
        v["burst_duty_permille"] = min(1000, max(v["burst_duty_permille"], least))
    if therapy in SURGED and rng.random() < 0.8:
        v["surge_on_ms"] = spread(rng, 1000, 20000)
        v["surge_off_ms"] = spread(rng, 0, 60000)
        v["ramp_up_ms"] = spread(rng, 90, max(91, v["surge_on_ms"] // 2))
        v["ramp_down_ms"] = spread(rng, 0, v["surge_on_ms"] // 2)


def draw_ultrasound(rng, waveform, v):
    v["intensity_satp_uw_cm2"] = spread(rng, 10000, 3100000)
    v["us_frequency_khz"] = rng.choice((1000, 3000, 1500, spread(rng, 700, 5000)))
    if rng.random() < 0.7:
        v["treated_area_mm2"] = spread(rng, 100, 12000)
    if waveform == "us_continuous":
        if rng.random() < 0.5:
            v["duty_permille"] = 1000
    elif rng.random() < 0.7:
        v["duty_permille"] = spread(rng, 50, 1000)
        if rng.random() < 0.7:
            v["pulse_repetition_millihz"] = spread(rng, 1000, 1000000)
    else:
        v["burst_width_us"] = spread(rng, 100, 10000)
        v["pulse_repetition_millihz"] = spread(rng, 1000, 10 ** 9 // v["burst_width_us"])


def draw_laser(rng, waveform, v):
    v["spot_area_mm2"] = spread(rng, 1, 500)
    v["wavelength_nm"] = rng.choice((650, 780, 810, 860, 904))
    if waveform == "laser_continuous" and rng.random() < 0.7:
        v["power_uw"] = spread(rng, 1000, 520000)
    else:
        v["peak_power_uw"] = spread(rng, 10000, 50000000)
        if rng.random() < 0.5:
            v["duty_permille"] = spread(rng, 1, 1000)
        else:
            v["pulse_repetition_millihz"] = spread(rng, 1000, 20000000)
            period_ns = 10 ** 12 // v["pulse_repetition_millihz"]
            v["pulse_width_ns"] = min(period_ns, spread(rng, 50, 10 ** 6))
    if rng.random() < 0.6:
        v["point_energy_uj"] = spread(rng, 100000, 20000000)
        v["point_count"] = rng.randint(1, 12)
    elif rng.random() < 0.3:
        v["point_duration_ms"] = spread(rng, 5000, 300000)


def draw_treatment(rng):
    therapy = rng.choice(list(CHOICES))
    waveform = rng.choice(CHOICES[therapy])
    t = {"therapy": therapy, "site": rng.choice(SITES), "duration_ms": draw_duration(rng, therapy), "channels": []}
    if rng.random() < 0.3:
        t["sites"] = sorted({t["site"], *rng.sample(SITES, rng.randint(1, 3))})
    if rng.random() < 0.3:
        t["conditions"] = sorted(rng.sample(CONDITIONS, rng.randint(1, 2)))
    if therapy == "us_thermal" and rng.random() < 0.5:  # nothing else may be declared so
        t["thermal"] = True
    if rng.random() < 0.3:
        t["no_indicator"] = True
    n = {"ifc": 2}.get(therapy, rng.choice((1, 1, 1, 2, 3, 4)) if THERAPIES[therapy] == MODALITIES["estim"] else 1)
    for i in range(n):
        t["channels"].append(draw_channel(rng, t, waveform, i, n))
    if n > 1 and rng.random() < 0.4:
        share(rng, t)
    if rng.random() < 0.5:
        t["history"] = draw_history(rng, THERAPIES[therapy])
    return t


def draw_duration(rng, therapy):
    if rng.random() < 0.5:
        return rng.randint(1, 60) * 60000
    return spread(rng, 1, 6000000 if therapy != "cryo" else 2000000)


def draw_channel(rng, t, waveform, i, n):
    if i > 0 and rng.random() < 0.7:
        values = dict(t["channels"][0]["ceiling"])
    else:
        values = draw_values(rng, t["therapy"], waveform)
    if waveform.startswith("us_"):
        head = rng.choice(list(HEADS))
        t["applicator"] = head
        values["era_mm2"], values["bnr_permille"] = HEADS[head]
    start = dict(values)
    kind = rng.random()
    if kind < 0.5:
        level = level_of(values)
        if level == "temperature_millic":
            start[level] = values[level] + rng.randint(0, 3000)
        else:
            start[level] = rng.randint(0, values[level])
    if kind < 0.1 and STRICT:
        loosen(rng, start, values)
    return {"waveform": waveform, "start": start, "ceiling": values}


def loosen(rng, start, ceiling):
    """Moves a few more values apart, each in a direction in which an envelope may open."""
    can = [q for q in ceiling if QUANTITIES[q].basis == "COMMANDED" and q not in LEVELS + FIXED]
    for q in rng.sample(can, min(len(can), 2)):
        down = rng.randint(ceiling[q] // 2, ceiling[q])
        if QUANTITIES[q].safer == "UP" or QUANTITIES[q].safer == "NONE" and rng.random() < 0.5:
            ceiling[q], start[q] = down, ceiling[q]
        else:
            start[q] = down


def share(rng, t):
    n = len(t["channels"])
    one, other = rng.sample(range(n), 2)
    t["channels"][one]["shares"] = 1 << other
    t["channels"][other]["shares"] = 1 << one


def draw_history(rng, modality):
    h = {"session_count": rng.randint(0, 6), "duration_ms": spread(rng, 0, 20000000)}
    if modality == MODALITIES["estim"]:
        h["session_charge_uc"] = spread(rng, 0, 10 ** 8)
        h["iontophoresis_dose_ua_min"] = spread(rng, 0, 120000)
    if modality in (MODALITIES["ultrasound"], MODALITIES["laser"]):
        h["energy_uj"] = spread(rng, 0, 8 * 10 ** 9)
        h["cem43_ms"] = spread(rng, 0, 2000000)
    if modality == MODALITIES["cold"]:
        h["cold_dose_millic_min"] = spread(rng, 0, 500000)
    if rng.random() < 0.6:
        h["since_last_end_ms"] = spread(rng, 0, 90000000)
    if rng.random() < 0.6:
        h["since_end_ms"] = {therapy: spread(rng, 0, 90000000)
                             for therapy in rng.sample(list(THERAPIES), rng.randint(1, 4))}
    return h


def draw_for_protocol(rng, name, sample):
    """A treatment that asks for a protocol: as it was made, or one value at the end of its range, gone, or too much."""
    t = copy.deepcopy(sample)
    t["protocol"] = name
    kind = rng.random()
    if kind < 0.3:
        t["history"] = draw_history(rng, THERAPIES[t["therapy"]])
        t["history"]["since_last_end_ms"] = 120000000 + rng.choice((-1, 0, 1))
        t["history"]["session_count"] = rng.choice((0, 0, 1))
    channel = rng.choice(t["channels"])
    q = rng.choice(sorted(channel["ceiling"]))
    if kind < 0.6:
        value = max(0, channel["ceiling"][q] + rng.choice((-1, 0, 1)))
        channel["ceiling"][q] = value
        if q not in LEVELS or channel["start"][q] > value:
            channel["start"][q] = value
    elif kind < 0.7:
        del channel["ceiling"][q], channel["start"][q]
    elif kind < 0.8:
        channel["ceiling"]["soft_start_ms"] = channel["start"]["soft_start_ms"] = 500
    elif kind < 0.9:
        t["site"], t["duration_ms"] = rng.choice(SITES), max(1, t["duration_ms"] + rng.choice((-1, 0, 1)))
    return t


# ---- to the bound ----

def bound_of(limit, is_min):
    return limit.min if is_min else limit.max


def to_bound(rng, t, limits):
    """Moves one value of t to where some limit that applies begins to bind; t is changed in place."""
    try:
        picture = Picture(t)
    except Broken:
        return
    for limit in rng.sample(limits, min(len(limits), 12)):
        if not limit.judged:
            continue
        judged = limit.judgements(picture, t.get("history") or {})
        if limit.bands and rng.random() < 0.1:
            return to_edge(rng, t, limit)
        if judged and (limit.min is not None or limit.max is not None):
            value, is_min = rng.choice(judged)
            return move(rng, t, limit, value, is_min)


def to_edge(rng, t, limit):
    """A commanded value that a band asks for, to the edge of that band."""
    quantity, edges = rng.choice(limit.bands)
    if quantity == "limit_frequency_millihz":
        quantity = next((q for q in ("carrier_frequency_millihz", "pulse_rate_millihz")
                         if q in t["channels"][0]["ceiling"]), quantity)
    edge = rng.choice([e for e in edges if e is not None]) + rng.choice((-1, 0, 1))
    if quantity == "duration_ms":
        t["duration_ms"] = max(1, edge)
        return
    for channel in t["channels"]:
        if quantity in channel["ceiling"]:
            channel["ceiling"][quantity] = channel["start"][quantity] = max(0, edge)


def move(rng, t, limit, value, is_min):
    bound, delta = bound_of(limit, is_min), rng.choice((-1, 0, 1))
    q = limit.quantity
    if q == "rest_interval_ms":
        return move_rest(rng, t, limit, bound + delta)
    if limit.scope == "per-24h" and (q == "session_count" or rng.random() < 0.7):
        history = t.setdefault("history", {})
        session = value.lo - history.get(q, 0)
        if q in ("duration_ms", "energy_uj", "session_charge_uc", "iontophoresis_dose_ua_min", "session_count",
                 "cem43_ms", "cold_dose_millic_min"):
            history[q] = max(0, bound - session + delta)
        return None
    factor = 1.2 if limit.head else 1
    if q in t["channels"][0]["ceiling"] or q == "duration_ms":
        return put(t, q, int(bound / factor) + delta, rng)
    if q == "tissue_temperature_millic":
        return scale(rng, t, "level", 1, (bound - 36000) / max(1, value.lo - 36000), delta)
    if q in MOVES and value.lo > 0:
        name, power = rng.choice(list(MOVES[q].items()))
        return scale(rng, t, name, power, bound / value.lo, delta)
    return None


def move_rest(rng, t, limit, ms):
    history = t.setdefault("history", {})
    if limit.after:
        history.setdefault("since_end_ms", {})[rng.choice(sorted(limit.after))] = max(0, ms)
    else:
        history["since_last_end_ms"] = max(0, ms)


def scale(rng, t, name, power, ratio, delta):
    if not 0.001 < ratio < 50:  # far from what anybody asks for
        return
    if name == "duration_ms":
        t["duration_ms"] = max(1, float_ceil(t["duration_ms"] * ratio) + delta)
        return
    for channel in t["channels"]:
        q = level_of(channel["ceiling"]) if name == "level" else name
        if q in channel["ceiling"]:
            put_channel(channel, q, min(10 ** 12, round(channel["ceiling"][q] * ratio ** (1 / power)) + delta), rng)


def put(t, q, value, rng):
    if q == "duration_ms":
        t["duration_ms"] = max(1, value)
        return
    for channel in t["channels"]:
        if q in channel["ceiling"]:
            put_channel(channel, q, value, rng)


def put_channel(channel, q, value, rng):
    value = max(0, min(value, 10 ** 6) if q.endswith("_area_mm2") else value)
    before = channel["ceiling"][q]
    channel["ceiling"][q] = value
    if channel["start"].get(q) == before or q not in LEVELS or not rng.random() < 0.5:
        channel["start"][q] = value
    elif q != "temperature_millic":
        channel["start"][q] = min(channel["start"][q], value)
    else:
        channel["start"][q] = max(channel["start"][q], value)


# ---- installations ----

FRAME = "".join(f"[site {s}]\nlabel = {s}\nsides = no\n\n" for s in SITES) + "".join(
    f"[condition {c}]\nlabel = {c}\n" + "".join(f"{column} = A\n" for column in
                                                "tens nmes ion ust usp lip las cry".split()) + "source = test\n\n"
    for c in CONDITIONS) + (
    "[question any]\ntext = any?\nanswers = no, yes\nrestrictive = yes\nanswer.yes = implant\n\n"
    "[question other]\ntext = other?\nanswers = fragile, pregnant, other\nrestrictive = other\n"
    "answer.fragile = fragile_skin\nanswer.pregnant = pregnancy\nanswer.other = implant\n\n") + "".join(
    f"[applicator {name}]\nmodality = ultrasound\nserial = {name}\nkind = head\nera_mm2 = {era} mm2\n"
    f"bnr_permille = {bnr} permille\nmax_temperature_millic = 41 degC\nfrequencies = 1 MHz, 3 MHz\n"
    "calibration_due = 2099-01-01\n\n" for name, (era, bnr) in HEADS.items())

SCOPES = {"session_count": "per-24h", "rest_interval_ms": "per-24h"}
MINIMUM = ("rest_interval_ms", "temperature_millic", "electrode_area_mm2", "ramp_up_ms", "spot_area_mm2",
           "treated_area_mm2", "carrier_frequency_millihz", "phase_width_us", "surge_off_ms")


def write(rng, quantity, value):
    return rng.choice(list(writings(quantity, value)))


def draw_limit(rng, number, sample, ceilings):
    """The text of one installation limit near what sample has, no looser than a compiled ceiling of its quantity."""
    picture = Picture(sample)
    values = dict(picture.whole)
    channel = rng.choice(picture.channels)
    values.update({q: channel.value(q) for q in (*channel.ceiling, *channel.derived)})
    quantity = rng.choice(["rest_interval_ms"] + [q for q in values if q != "limit_frequency_millihz"])
    scope = SCOPES.get(quantity) or rng.choice(
        ("per-24h", "per-session") if QUANTITIES[quantity].basis == "ACCUMULATED" or quantity == "duration_ms" else
        ("instantaneous", "per-pulse", "configuration", "instantaneous"))
    is_min = quantity in MINIMUM and rng.random() < 0.8 or quantity == "rest_interval_ms"
    value = min(10 ** 12, values[quantity].lo if quantity in values else rng.randint(600000, 80000000))
    bound = min(10 ** 12, max(0, round(value * rng.uniform(0.6, 1.4)) + rng.randint(-1, 1)))
    key = "min" if is_min else "max"
    hard = [c for c in ceilings if c.quantity == quantity and c.scope == scope and getattr(c, key) is not None]
    for c in hard:
        bound = max(bound, c.min) if is_min else min(bound, c.max)
    if hard and rng.random() < 0.008:  # on the ceiling, or a unit looser, which nobody may take
        bound = (max(0, hard[0].min - rng.choice((0, 1))) if is_min else hard[0].max + rng.choice((0, 1)))
    modality = next(m for m, bit in MODALITIES.items() if bit == picture.modality)
    kind = rng.choice(("hard", "hard", "hard", "hard", "notice", "notice", "target", "info"))
    lines = [f"[limit r{number}]", f"modality = {modality}", f"quantity = {quantity}",
             f"{key} = {write(rng, quantity, bound)}", f"scope = {scope}", f"class = {kind}", "source = random",
             "verified = choice"] + draw_when(rng, sample, channel, quantity)
    return "\n".join(lines) + "\n\n"


def draw_when(rng, sample, channel, quantity):
    when = []
    if quantity == "rest_interval_ms" and rng.random() < 0.6:
        when.append("after = " + ", ".join(rng.sample(list(THERAPIES), rng.randint(1, 3))))
    if rng.random() < 0.25:
        when.append("when.therapy = " + ", ".join({sample["therapy"]: 0}))
    if rng.random() < 0.2:
        other = rng.choice([w for w in CHOICES[sample["therapy"]]])
        when.append("when.waveform = " + ", ".join(sorted({channel.waveform, other})))
    if rng.random() < 0.2:
        when.append("when.site = " + ", ".join(rng.sample(SITES, rng.randint(1, 3))))
    if rng.random() < 0.1:
        when.append("when.condition = " + ", ".join(rng.sample(CONDITIONS, rng.randint(1, 2))))
    if rng.random() < 0.1 and "applicator" in sample:
        when.append("when.applicator = " + ", ".join(rng.sample(sorted(HEADS), rng.randint(1, 2))))
    if rng.random() < 0.1:
        when.append("when.thermal = no")
    if rng.random() < 0.1:
        when.append("when.output_indicator = no")
    if rng.random() < 0.25:
        can = [q for q in channel.ceiling if QUANTITIES[q].basis in ("COMMANDED", "PROPERTY")]
        for q in rng.sample(can, min(len(can), rng.randint(1, 2))):
            when.append(f"when.{q} = {draw_band(rng, q, channel.ceiling[q])}")
    return when


def draw_band(rng, quantity, value):
    low = max(0, value - rng.choice((0, 1, value // 3)))
    high = value + rng.choice((0, 1, value // 3 + 1))
    ends = rng.choice(((low, high), (low, None), (None, high)))
    if ends[0] == ends[1]:
        ends = (None, high)
    return "..".join("" if e is None else write(rng, quantity, e) for e in ends)


def draw_installation(rng, ceilings):
    """The text of one INI file: sites, conditions, heads and a handful of limits."""
    text, number = FRAME, 0
    for _ in range(rng.randint(3, 30)):
        sample = draw_treatment(rng)
        try:
            text += draw_limit(rng, number, sample, ceilings)
        except Broken:
            continue
        number += 1
    return text
