# SPDX-License-Identifier: Apache-2.0
"""A disagreement made as small as it goes: fewer channels, no history, rounder numbers, while the two still differ."""
import copy
import json
import os

import judge


def kinds(texts):
    """What the disagreements are about, without their numbers."""
    return {text.split(":")[0] + text.split(":")[1].split(" oracle")[0] for text in texts if ":" in text}


def judged(directory, t):
    loaded, limits, answer = judge.ask([{"load": directory}, {"limits": True}, t])
    if loaded["result"] < 0:
        return []
    return judge.compare(judge.Installation(directory, limits["limits"]), t, answer)


def simpler(t):
    """Treatments one step simpler than t."""
    for key in ("history", "conditions", "sites", "thermal", "no_indicator"):
        if key in t:
            yield {k: v for k, v in t.items() if k != key}
    if len(t["channels"]) > 1:
        for i in range(len(t["channels"])):
            less = copy.deepcopy(t)
            del less["channels"][i]
            for channel in less["channels"]:
                channel.pop("shares", None)
            yield less
    for i, channel in enumerate(t["channels"]):
        for q, value in channel["ceiling"].items():
            for end, put in (("start", value), ("both", round_down(value))):
                if channel["start"].get(q) == put and (end == "start" or value == put):
                    continue
                less = copy.deepcopy(t)
                less["channels"][i]["start"][q] = put
                if end == "both":
                    less["channels"][i]["ceiling"][q] = put
                yield less
    if round_down(t["duration_ms"]) != t["duration_ms"]:
        yield {**t, "duration_ms": round_down(t["duration_ms"])}


def round_down(value):
    """The value with one digit less that is not 0."""
    unit = 1
    while value % unit == 0 and unit <= value:
        unit *= 10
    return max(1, value // unit * unit) if value > 0 else value


def smallest(directory, t, wrong, seed):
    want = kinds(wrong)
    changed, steps = True, 0
    while changed and steps < 200:
        changed = False
        for less in simpler(t):
            steps += 1
            texts = judged(directory, less)
            if texts and kinds(texts) <= want:
                t, wrong, changed = less, texts, True
                break
            if steps >= 200:
                break
    return f"seed {seed}:\n  " + "\n  ".join(wrong) + f"\n  {json.dumps(t)}\n" + involved(directory, wrong)


def involved(directory, wrong):
    """The limits that the texts name, as the installation has them."""
    names = " ".join(wrong)
    out = []
    for file in sorted(os.listdir(directory)):
        with open(os.path.join(directory, file), encoding="utf-8") as source:
            for section in source.read().split("\n\n"):
                title = section.split("]")[0].removeprefix("[limit ")
                if section.startswith("[limit ") and title in names:
                    out.append("    " + section.replace("\n", "\n    "))
    return "\n".join(out[:6]) + "\n"


def refused_installation(directory, faults, ceilings, seed):
    """An installation that the daemon refused: right only where a limit is looser than a compiled ceiling."""
    looser = judge.looser_than(directory, ceilings)
    if looser:
        return []
    return [f"seed {seed}: the daemon refuses an installation that the oracle finds sound: {faults[:3]}"]
