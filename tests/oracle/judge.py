# SPDX-License-Identifier: Apache-2.0
"""The engine behind its pipe, and the comparison of one answer of it with the oracle's."""
import json
import os
import subprocess

import ini
from limits import Limit, comparable, from_section
from picture import Broken, Picture
from protocols import Protocol, agrees

BUILD = os.environ.get("MODALITY_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", ".build", "asan"))
PROGRAM = os.path.join(BUILD, "tests", "oracle", "oracle-judge")


class EngineFault(Exception):
    pass


def ask(lines):
    """Answers to so many lines, by a judge of their own."""
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    done = subprocess.run([PROGRAM], input=text.encode(), capture_output=True, timeout=600, check=False)
    if done.returncode != 0 or done.stderr:
        raise EngineFault(f"judge ended with {done.returncode}: {done.stderr.decode()[-4000:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(lines):
        raise EngineFault(f"{len(answers)} answers to {len(lines)} lines")
    return answers


class Installation:
    """One configuration directory as the oracle reads it, with the compiled ceilings that the engine handed out."""

    def __init__(self, directory, said):
        sections = ini.read(directory)
        accepted = {s.name for s in sections if s.kind == "accept"}
        self.limits = [Limit(one) for one in said if one["layer"] == "compiled"]
        self.own = [from_section(s, accepted) for s in sections if s.kind == "limit"]
        self.protocols = {s.name: Protocol(s) for s in sections if s.kind == "protocol"}
        self.reading = self._compare([one for one in said if one["layer"] != "compiled"])
        self.limits += self.own

    def _compare(self, said):
        """What the daemon's reader of INI says otherwise than ours."""
        mine = {limit.id: comparable(limit.said) for limit in self.own}
        theirs = {one["id"]: comparable(one) for one in said}
        found = [f"limit {name}: oracle {mine.get(name)}, engine {theirs.get(name)}"
                 for name in sorted(mine.keys() | theirs.keys()) if mine.get(name) != theirs.get(name)]
        for limit, one in zip(self.own, said):
            if not one["origin"].startswith(limit.said["origin"].split(":")[0] + ":"):
                found.append(f"limit {limit.id} stands in {limit.said['origin']}, engine {one['origin']}")
        return found


def compare(installation, t, answer):
    """Disagreements on one treatment, as texts; empty when the two agree."""
    if "error" in answer:
        return [f"engine: {answer['error']}"]
    found = agrees(installation.protocols[t["protocol"]], t, answer) if "protocol" in t else []
    return found + compare_picture(installation, t, answer)


def compare_picture(installation, t, answer):
    try:
        picture = Picture(t)
    except Broken as fault:
        # which of several faults is told first is nobody's concern
        return [] if answer["made"] < 0 or fault.close else [f"oracle: {fault.token} {fault.quantity}, engine: a treatment"]
    if answer["made"] < 0 and any(channel.close for channel in picture.channels):
        return []
    if answer["made"] < 0:
        return [f"oracle: sound, engine: {answer['broken']}"]
    return compare_values(picture, answer) + compare_limits(installation.limits, picture, t.get("history"), answer)


def compare_values(picture, answer):
    found = []
    for i, channel in enumerate(picture.channels):
        start, ceiling = answer["channels"][i]
        # a maximum is judged at the larger of the two ends
        said = {q: max(value, start.get(q, value)) for q, value in ceiling.items()}
        found += compare_set(f"channel {i}", channel.derived, said)
    return found + compare_set("whole", picture.whole, answer["whole"])


def compare_set(where, derived, said):
    found = []
    for q, value in derived.items():
        if q not in said:
            found.append(f"{where}: {q}: oracle {value}, engine has none")
        elif not value.admits(said[q]):
            found.append(f"{where}: {q}: oracle {value}, engine {said[q]}")
    return found


# Verdicts in which the engine refuses and the exact value does not exceed: quantities that were rounded up on their way.
rounded = 0


def compare_limits(limits, picture, history, answer):
    global rounded
    found = []
    said = {"refused": set(), "notices": set()}
    undecided = set()
    for limit, finding in zip(limits, answer["findings"]):
        judged = limit.judgements(picture, history)
        exceeded = limit.exceeded(judged)
        found += compare_finding(limit, judged, exceeded, finding)
        if limit.judged and exceeded is not False:
            said["notices" if limit.limit_class == "notice" else "refused"].add(limit.id)
            if exceeded is None:
                undecided.add(limit.id)
    if answer["dropped"]:
        return found
    for name, mine in said.items():
        theirs = {r["subject"] for r in answer[name]}
        rounded += len(undecided & theirs)
        if (mine ^ theirs) - undecided:
            found.append(f"{name}: oracle only {sorted(mine - theirs)}, engine only {sorted(theirs - mine)}")
    if not undecided and (answer["check"] < 0) != bool(said["refused"]):
        found.append(f"check: oracle {'refuses' if said['refused'] else 'accepts'}, engine {answer['check']}")
    return found


def compare_finding(limit, judged, exceeded, finding):
    if not judged:
        return [f"{limit.id}: oracle does not judge, engine {finding}"] if finding and finding[0] is not None else []
    if finding is None or finding[0] is None:
        return [f"{limit.id}: oracle judges {judged[0][0]}, engine {finding}"]
    value, said_exceeded, is_min, _ = finding
    found = []
    if not any(v.admits(value) and minimum == is_min for v, minimum in judged):
        found.append(f"{limit.id}: oracle judges {judged}, engine {value}{' (minimum)' if is_min else ''}")
    if exceeded is not None and exceeded != said_exceeded:
        found.append(f"{limit.id}: exceeded: oracle {exceeded}, engine {said_exceeded}")
    return found


def covers(outer, inner):
    """Whether every treatment that inner is for is one that outer is for, as far as their conditions show it."""
    pairs = ((outer.waveforms, inner.waveforms), (outer.therapies, inner.therapies), (outer.sites, inner.sites),
             (outer.conditions, inner.conditions), (outer.applicators, inner.applicators))
    if any(wide and not (narrow and narrow <= wide) for wide, narrow in pairs):
        return False
    if outer.modalities & inner.modalities != inner.modalities:
        return False
    if outer.unless_thermal and not inner.unless_thermal or outer.no_indicator and not inner.no_indicator:
        return False
    mine = dict(inner.bands)
    return all(inside(mine.get(q), band) for q, band in outer.bands)


def inside(narrow, wide):
    if narrow is None:
        return False
    (low, high), (least, most) = narrow, wide
    return (least is None or low is not None and low >= least) and (most is None or high is not None and high <= most)


def looser_than(directory, ceilings):
    """Pairs of a limit in the directory and a compiled ceiling that it would loosen."""
    own = [from_section(s, ()) for s in ini.read(directory) if s.kind == "limit"]
    return [(o.id, c.id) for o in own for c in ceilings
            if o.quantity == c.quantity and o.scope == c.scope and o.limit_class != "info" and covers(c, o) and
            o.after == c.after and
            (o.max is not None and c.max is not None and o.max > c.max or
             o.min is not None and c.min is not None and o.min < c.min)]
