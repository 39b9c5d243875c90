# SPDX-License-Identifier: Apache-2.0
"""Random treatments, judged twice: by daemon/dose and by the oracle of this folder, in exact rationals.

    oracle.py [--count N] [--seed S] [--jobs J]

Agreement means, for each treatment: every derived quantity is the exact one rounded up (exact.py says what that is
where a quantity is no rational and no root); every limit that applies is judged at that value; the ids that refuse and
those that ask are the same. From this follows that nothing accepted exceeds a limit, and that nothing within all limits
is refused. Layers never loosen is tried by itself: limits are added to an installation, and whatever was refused is
refused still. A disagreement is printed with its seed and made as small as it goes while it stays one.
"""
import argparse
import copy
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time

import draw
import judge
import protocols
import shrink
from exact import OPEN, STRICT
from judge import Installation, ask, compare
from tables import SOURCE

BATCH = 250
SHOWN = 5
TOLD = 100000  # a long run says where it stands
SHOWN_OF_BATCH = 2


def shipped(directory):
    """The shipped limits, with the sites, conditions and heads that treatments are drawn with."""
    for name in os.listdir(os.path.join(SOURCE, "config")):
        if name.startswith("limits-"):
            shutil.copy(os.path.join(SOURCE, "config", name), directory)
    with open(os.path.join(directory, "frame.ini"), "w", encoding="utf-8") as file:
        file.write(draw.FRAME)


def installed(directory, text):
    with open(os.path.join(directory, "random.ini"), "w", encoding="utf-8") as file:
        file.write(text)


def load(directory):
    """(faults, Installation or None)."""
    loaded, limits = ask([{"load": directory}, {"limits": True}])
    if loaded["result"] < 0:
        return loaded["faults"], None
    return [], Installation(directory, limits["limits"])


def compiled_ceilings():
    with tempfile.TemporaryDirectory() as directory:
        installed(directory, draw.FRAME)
        return load(directory)[1].limits


def draw_batch(rng, installation, count, samples=()):
    out = []
    for _ in range(count):
        if samples and rng.random() < 0.2:
            out.append(draw.draw_for_protocol(rng, *rng.choice(samples)))
            continue
        t = draw.draw_treatment(rng)
        if rng.random() < 0.8:
            draw.to_bound(rng, t, installation.limits)
        out.append(t)
    return out


def draw_protocols(rng, directory, limits):
    """Writes a few protocols that stand within the limits; [(id, the treatment that each was made of)]."""
    samples, text = [], ""
    for number in range(12):
        t = draw.draw_treatment(rng)
        section = protocols.draw_protocol(rng, number, t, limits, draw.level_of)
        if section is not None:
            samples.append((f"p{number}", t))
            text += section
    with open(os.path.join(directory, "protocols.ini"), "w", encoding="utf-8") as file:
        file.write(text)
    return samples


def refused_ids(answer):
    return {r["subject"] for r in answer.get("refused", ())}


def loosened(before, after):
    """What was refused and is not any more, though only limits were added."""
    if before["made"] < 0 or before["dropped"] or after["dropped"]:
        return []
    lost = refused_ids(before) - refused_ids(after)
    return [f"layers: with more limits no longer refused by {sorted(lost)}"] if lost else []


def run_batch(seed, count, ceilings):
    """(treatments judged, refused, refused by rounding alone, texts of disagreements) of one installation."""
    judge.rounded = 0
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="oracle-") as directory:
        if rng.random() < 0.3:
            shipped(directory)
        else:
            installed(directory, draw.draw_installation(rng, ceilings))
        faults, installation = load(directory)
        if installation is None:
            return 0, 0, 0, shrink.refused_installation(directory, faults, ceilings, seed)
        looser = judge.looser_than(directory, ceilings)
        if looser:
            return 0, 0, 0, [f"seed {seed}: the daemon takes limits that loosen a compiled ceiling: {looser}"]
        if installation.reading:
            return 0, 0, 0, [f"seed {seed}: " + text for text in installation.reading]
        samples = draw_protocols(rng, directory, installation.limits)
        faults, installation = load(directory)
        if installation is None:
            return 0, 0, 0, [f"seed {seed}: protocols within all limits are refused: {faults[:3]}"]
        treatments = draw_batch(rng, installation, count, samples)
        answers = ask([{"load": directory}] + treatments)[1:]
        found = []
        for t, answer in zip(treatments, answers):
            wrong = compare(installation, t, answer)
            if wrong and len(found) < SHOWN_OF_BATCH:
                found.append(shrink.smallest(directory, t, wrong, seed))
        found += more_limits(rng, directory, treatments[:count // 10], answers, ceilings, seed)
        return len(treatments), sum(1 for a in answers if a.get("check", 0) < 0), judge.rounded, found


def more_limits(rng, directory, treatments, answers, ceilings, seed):
    """The same treatments under the same installation with a few limits more."""
    with open(os.path.join(directory, "more.ini"), "w", encoding="utf-8") as file:
        for number in range(3):
            sample = copy.deepcopy(rng.choice(treatments))
            try:
                file.write(draw.draw_limit(rng, f"more{number}", sample, ceilings))
            except draw.Broken:
                continue
    faults, _ = load(directory)
    if faults:
        return []
    found = []
    for t, before, after in zip(treatments, answers, ask([{"load": directory}] + treatments)[1:]):
        found += [f"seed {seed}: {text}: {t}" for text in loosened(before, after)]
    return found


def work(job):
    seed, count, ceilings = job
    return seed, run_batch(seed, count, ceilings)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=20000)
    options.add_argument("--seed", type=int, default=None, help="of one batch, to see it again")
    options.add_argument("--base", type=int, default=1, help="first seed of a run")
    options.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    given = options.parse_args()
    ceilings = compiled_ceilings()
    begun = time.monotonic()
    if given.seed is not None:
        jobs = [(given.seed, BATCH, ceilings)]
    else:
        jobs = [(given.base + i, BATCH, ceilings) for i in range((given.count + BATCH - 1) // BATCH)]
    judged = refused = rounded = 0
    found = []
    with multiprocessing.Pool(given.jobs) as pool:
        for _, (n, r, by_rounding, texts) in pool.imap_unordered(work, jobs):
            judged, refused, rounded = judged + n, refused + r, rounded + by_rounding
            found += texts
            if judged // TOLD != (judged - n) // TOLD:
                print(f"{judged} treatments, {time.monotonic() - begun:.0f} s", flush=True)
            if len(found) >= SHOWN:
                pool.terminate()
                break
    for text in found[:SHOWN]:
        print(text)
    print(f"oracle: {judged} treatments, {refused} refused, {rounded} verdicts by rounding alone, "
          f"{len(found)} disagreements, {time.monotonic() - begun:.0f} s")
    for left_out in () if STRICT else OPEN:
        print("open, not asked: " + left_out)
    return 1 if found or judged == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
