# SPDX-License-Identifier: Apache-2.0
"""Evidence for each shipped limit, by the table of evidence.py, on the real engine and the shipped INI files.

For each id: the value that is moved meets the shipped bound (last within, first beyond); the bound stands one unit
below, on and above a fixed value; the section is deleted, and a compiled ceiling still binds; a tighter bound refuses
what was accepted. For what only a running output can show (walk, fault table) the bound itself is what is looked at
here. Prints a table of what was tried for which id; an id without a row, or a row without an id, fails.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import draw
import evidence
import ini
import judge
from limits import from_section, use_of
from tables import SOURCE
from units import writings

# A limit of the shipped files whose place a compiled ceiling of another quantity takes when it is deleted: these bind
# only a device without an indicator of output, and what they come to in current and energy is compiled.
BEHIND = {"es_ind_voltage": "rms_current_ua", "es_ind_energy": "pulse_energy_uj"}
# A looser bound of these is taken, though it stays without effect where the ceiling applies: the ceiling names its
# waveforms, or binds another quantity.
PARTLY_COVERED = ("es_jrms_notice", "es_ind_current", "es_ind_voltage", "es_ind_energy")

# What therapies rest on and nobody has verified: compiled in as shipped, so that no file unlocks anything.
LOCKS = ("es_brief_session_max", "ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode", "lipus_sata_max")

TRIED = {}


def tried(name, what):
    TRIED.setdefault(name, []).append(what)


class Judge:
    """One engine behind its pipe, asked line by line."""

    def __init__(self):
        self.process = subprocess.Popen([judge.PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.process.stdin.write(judge.json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return judge.json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Shipped:
    """A copy of the shipped limits that tests may change, loaded into an engine."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="evidence-")
        self.judge = Judge()
        with open(os.path.join(self.directory, "frame.ini"), "w", encoding="utf-8") as file:
            file.write(draw.FRAME)
        self.restore()

    def restore(self):
        for name in os.listdir(os.path.join(SOURCE, "config")):
            if name.startswith("limits-"):
                shutil.copy(os.path.join(SOURCE, "config", name), self.directory)
        self.sections = {s.name: s for s in ini.read(self.directory) if s.kind == "limit"}
        self.limits = {name: from_section(s, ()) for name, s in self.sections.items()}
        return self.load()

    def load(self):
        loaded = self.judge.ask({"load": self.directory})
        if loaded["result"] == 0:
            self.index = {one["id"]: i for i, one in enumerate(self.judge.ask({"limits": True})["limits"])}
        return loaded

    def change(self, name, edit):
        """Rewrites the section of a limit by a function of its text, and loads."""
        path = os.path.join(self.directory, self.sections[name].file)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found = re.search(r"^\[limit " + re.escape(name) + r"\]\n(?:[^\[\n].*\n|#.*\n)*", text, re.MULTILINE)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:found.start()] + edit(found.group()) + text[found.end():])
        return self.load()

    def bound(self, name, key, value):
        """One bound in place of what the section has; of a window the other side is dropped."""
        text = next(writings(self.limits[name].quantity, value))
        return self.change(name, lambda s: re.sub(r"^(max|min) = .*\n", "", s, flags=re.MULTILINE) + f"{key} = {text}\n")

    def verdict(self, name, t):
        """(value as judged or None, exceeded, id among the refused, id among the notices)."""
        answer = self.judge.ask(t)
        if answer.get("made", -1) < 0:
            raise AssertionError(f"{name}: no treatment: {answer}")
        finding = answer["findings"][self.index[name]]
        ids = [{r["subject"] for r in answer[key]} for key in ("refused", "notices")]
        if finding is None:
            return None, False, name in ids[0], name in ids[1]
        return finding[0], finding[1], name in ids[0], name in ids[1]

    def compiled_refusals(self, t):
        answer = self.judge.ask(t)
        return [r for r in answer.get("refused", ()) if r["origin"] == "compiled"] if answer.get("made", -1) == 0 else []

    def governing(self, t, limit, side):
        """(id, bound) of what the walk or the fault table gets for the quantity and class of a limit."""
        name = self.judge.ask({**t, "tightest": True})["tightest"][limit.quantity][limit.limit_class][side]
        if name is None:
            return None, None
        return name, self.judge.ask({"limits": True})["limits"][self.index[name]][("max", "min")[side]]

    def close(self):
        self.judge.close()
        shutil.rmtree(self.directory)


class Evidence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shipped = Shipped()

    @classmethod
    def tearDownClass(cls):
        cls.shipped.close()

    def each(self, wanted, check):
        """check(name, row, limit) for every limit that is wanted, each from the shipped files."""
        for name, row in evidence.ROWS.items():
            limit = self.shipped.limits.get(name)
            if limit is not None and wanted(limit, row):
                with self.subTest(limit=name):
                    self.assertEqual(self.shipped.restore()["result"], 0)
                    check(name, row, limit)

    def first_beyond(self, name, row, far=None):
        """The moved value nearest to row.good at which the limit is exceeded; by halving."""
        within, beyond = row.good, row.bad if far is None else far
        self.assertFalse(self.shipped.verdict(name, row.treatment(within))[1], "the base treatment is beyond the limit")
        self.assertTrue(self.shipped.verdict(name, row.treatment(beyond))[1], "the far value is within the limit")
        while abs(beyond - within) > 1:
            middle = (within + beyond) // 2
            if self.shipped.verdict(name, row.treatment(middle))[1]:
                beyond = middle
            else:
                within = middle
        return within, beyond

    def says(self, limit, verdict, exceeded):
        """What exceeding means for the class of this limit."""
        _, said, refused, noticed = verdict
        self.assertEqual(said, exceeded)
        self.assertEqual(refused, exceeded and limit.limit_class in ("hard", "device"))
        self.assertEqual(noticed, exceeded and limit.limit_class == "notice")

    def test_every_limit_has_a_row(self):
        self.assertEqual(set(self.shipped.limits), set(evidence.ROWS))

    def test_what_is_measured_is_tried_to_the_unit(self):
        """The ids of tests/unit/limit_evidence, where samples stand one unit around the bound."""
        with open(os.path.join(SOURCE, "tests", "unit", "limit_evidence", "measured_test.c"), encoding="utf-8") as file:
            tried_there = set(re.findall(r'"((?:es|us|lz|cr)_\w+)"', file.read()))
        self.assertEqual({name for name, row in evidence.ROWS.items() if row.live == evidence.MEASURED}, tried_there)

    def test_at_the_shipped_bound(self):
        def check(name, row, limit):
            gaps = [self.shipped_gap(name, row, limit, row.bad)]
            if limit.max is not None and limit.min is not None:
                gaps.append(self.shipped_gap(name, row, limit, 1))  # the lower end of a window
            tried(name, "shipped bound" + ("" if max(gaps) == 1 else ", nearest values"))

        self.each(judged_with_bound, check)

    def shipped_gap(self, name, row, limit, far):
        """Within the last value and beyond the first one: how far these two lie apart, in units of the quantity."""
        last, first = (self.shipped.verdict(name, row.treatment(x)) for x in self.first_beyond(name, row, far))
        self.says(limit, last, False)
        self.says(limit, first, True)
        if limit.max is not None and last[0] <= limit.max < first[0]:
            return first[0] - last[0]
        self.assertTrue(limit.min is not None and first[0] < limit.min <= last[0], (last, first))
        return last[0] - first[0]

    def test_one_unit_around_the_bound(self):
        def check(name, row, limit):
            key, value = self.value_within(name, row, limit)
            step = 1 if key == "max" else -1
            for bound, exceeded in ((value + step, False), (value, False), (value - step, True)):
                loaded = self.shipped.bound(name, key, bound)
                self.assertEqual(loaded["result"], 0, loaded["faults"])
                self.says(limit, self.shipped.verdict(name, row.treatment(self.at)), exceeded)
            tried(name, "bound-1, bound, bound+1")

        self.each(judged_with_bound, check)

    def value_within(self, name, row, limit):
        """(max or min, a judged value) such that a bound one unit further is no looser than what is compiled."""
        self.at, beyond = self.first_beyond(name, row)
        first = self.shipped.verdict(name, row.treatment(beyond))[0]
        key = "max" if limit.max is not None and first > limit.max else "min"
        while True:
            self.shipped.restore()
            value = self.shipped.verdict(name, row.treatment(self.at))[0]
            if value and self.shipped.bound(name, key, value + (1 if key == "max" else -1))["result"] == 0:
                self.shipped.restore()
                return key, value
            self.assertNotEqual(self.at, row.good, "no value within the compiled bound")
            further = max(1, abs(row.good - self.at) // 1000)
            self.at += further if row.good > self.at else -further

    def test_absent(self):
        def check(name, row, limit):
            self.assertEqual(self.shipped.change(name, lambda s: "")["result"], 0)
            self.assertEqual(name in self.shipped.index, name in LOCKS)
            if limit.limit_class not in ("hard", "device") or limit.max is None and limit.min is None:
                tried(name, "absent: nothing is asked")
                return
            behind = BEHIND.get(name, limit.quantity)
            beyond = [r for r in self.shipped.compiled_refusals(row.treatment(row.bad)) if r["quantity"] == behind]
            self.assertTrue(beyond, "nothing compiled binds when the section is gone")
            tried(name, "absent: " + beyond[0]["subject"])

        self.each(lambda limit, row: limit.use == "treatment", check)

    def test_governed_bounds(self):
        """What is not asked of a request: the bound that the walk or the fault table gets, moved and absent."""
        def check(name, row, limit):
            t = row.treatment(0)
            side = 0 if limit.max is not None else 1
            key = ("max", "min")[side]
            bound = getattr(limit, key)
            self.assertEqual(self.shipped.governing(t, limit, side)[1], bound)
            self.assertEqual(self.shipped.bound(name, key, bound - 1 if side == 0 else bound + 1)["result"], 0)
            self.assertEqual(self.shipped.governing(t, limit, side)[0], name)
            self.shipped.restore()
            self.assertEqual(self.shipped.change(name, lambda s: "")["result"], 0)
            left, _ = self.shipped.governing(t, limit, side)
            self.assertTrue(left is not None or limit.limit_class != "hard", "nothing binds when the section is gone")
            tried(name, f"governs; absent: {left or 'nothing is asked'}")

        self.each(lambda limit, row: limit.use != "treatment", check)

    def test_a_looser_bound_than_the_compiled_one_is_refused(self):
        def check(name, row, limit):
            key = "max" if limit.max is not None else "min"
            if getattr(limit, key) is None or name in PARTLY_COVERED:
                return
            far = 10 ** 12 if key == "max" else 0
            loaded = self.shipped.bound(name, key, far)
            self.assertNotEqual(loaded["result"], 0, "a bound that nobody can reach was taken")
            self.assertTrue(any("compiled" in message or "ceiling" in message for _, message in loaded["faults"]))
            tried(name, "looser: start refused")

        self.each(lambda limit, row: limit.limit_class in ("hard", "device"), check)

    def test_tightened(self):
        """What a reload does: under the tighter bound the treatment that was accepted is not, by this limit."""
        def check(name, row, limit):
            key, value = self.value_within(name, row, limit)
            t = row.treatment(self.at)
            self.says(limit, self.shipped.verdict(name, t), False)
            self.assertEqual(self.shipped.bound(name, key, value - 1 if key == "max" else value + 1)["result"], 0)
            self.says(limit, self.shipped.verdict(name, t), True)
            tried(name, "tightened")

        self.each(lambda limit, row: judged_with_bound(limit, row) and limit.judged, check)

    def test_no_bound_is_only_shown(self):
        def check(name, row, limit):
            value, exceeded, refused, noticed = self.shipped.verdict(name, row.treatment(row.bad))
            self.assertIsNotNone(value)
            self.assertEqual((exceeded, refused, noticed), (False, False, False))
            tried(name, "shown without a bound")

        self.each(lambda limit, row: limit.max is None and limit.min is None, check)


def judged_with_bound(limit, row):
    return row.move is not None and use_of(limit.quantity) == "treatment" and (limit.max is not None or limit.min is not None)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    for shown in evidence.ROWS:
        print(f"{shown:26} {evidence.ROWS[shown].live:9} {'; '.join(TRIED.get(shown, ['-']))}")
    sys.exit(0 if result.wasSuccessful() else 1)
