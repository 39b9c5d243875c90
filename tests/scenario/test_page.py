# SPDX-License-Identifier: Apache-2.0
"""The clinician's page: HTML that closes what it opens, and in it every limit, protocol, condition, question, bundle and
head of the INI, once, with its source, whether that was verified, and its place; texts as texts, whatever they hold."""
import glob
import html.parser
import json
import os
import re
import subprocess
import unittest

from ctl import CTL, USAGE
from room import HEAD, PATIENCE, PROBE, Room

COLUMNS = ("tens", "nmes", "ion", "ust", "usp", "lip", "las", "cry")
WORDS = {"yes": "verified", "no": "not verified", "choice": "choice"}
VOID = {"meta", "br", "hr", "img", "link", "input"}
STRANGE = "it's <b>bold</b> & \"quoted\" <script>alert(1)</script> é"


class Page(html.parser.HTMLParser):
    """Rows by their id: cells of (class, text). What is not closed in order is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.rows, self.row, self.cell, self.headings, self.tags = [], {}, None, None, [], set()
        self.feed(text)
        self.close()
        if self.open:
            raise AssertionError(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr" and "id" in attributes:
            if attributes["id"] in self.rows:
                raise AssertionError(f"{attributes['id']} stands twice")
            self.row = self.rows[attributes["id"]] = []
        if tag == "td" and self.row is not None:
            self.cell = [attributes.get("class"), ""]
            self.row.append(self.cell)
        if tag == "div" and self.cell is not None and self.cell[1]:
            self.cell[1] += "\n"

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing: {self.open}")
        if tag == "td":
            self.cell = None
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[1] += data
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def sections(config):
    """(kind, id): (place, keys) of every section."""
    found = {}
    for path in sorted(glob.glob(os.path.join(config, "**", "*.ini"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if header := re.match(r"\[(\w+) (\S+)\]", line):
                    keys = found[header.group(1), header.group(2)] = {}
                    keys["place"] = f"{os.path.relpath(path, config)}:{number}"
                elif "=" in line and not line.startswith(("#", ";", "[")):
                    key, value = line.split("=", 1)
                    keys[key.strip()] = value.strip()
    return found


def texts(row):
    return [cell[1] for cell in row]


class Clinician(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Room(devices=(), start=False, installation="[accept lipus_sata_max]\nby = head\ndate = 2026-01-01\n")
        cls.addClassCleanup(cls.room.close)
        overdue = HEAD.replace("head_ref", "head_old").replace("2099-01-01", "2020-02-29")
        cls.room.write("applicators.ini", HEAD + PROBE + overdue)
        cls.room.write("devices.ini", cls.room.device_section("stim1", "tcp:127.0.0.1:1502") + "patient_leakage_ua = 12 uA\n")
        cls.room.write("strange.ini", f"""[limit strange_limit]
modality = estim
quantity = amplitude_ua
max = 90 mA
scope = instantaneous
class = info
when.site = thigh
source = {STRANGE}
verified = choice

[bundle strange_bundle]
label = {STRANGE}
protocols = tens_conventional
notes = {STRANGE}
source = {STRANGE}
""")
        cls.shown = cls.made()
        cls.page = Page(cls.shown)
        cls.ini = sections(cls.room.config)

    @classmethod
    def made(cls, code=0):
        done = subprocess.run([CTL, "page", "--config", cls.room.config], capture_output=True, text=True, timeout=3 * PATIENCE,
                              check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    def of_kind(self, kind):
        return {name: keys for (k, name), keys in self.ini.items() if k == kind}

    def row(self, kind, name, place):
        row = self.page.rows[f"{kind}-{name}"]
        self.assertEqual(row[-1][1], place, name)
        return row

    def test_only_what_is_there_has_a_row(self):
        for kind in ("limit", "protocol", "condition", "question", "bundle", "applicator", "device"):
            ids = {row.split("-", 1)[1] for row in self.page.rows if row.startswith(kind + "-")}
            if kind == "limit":
                ids = {name for name in ids if not name.startswith("ceiling_")}
            self.assertEqual(ids, set(self.of_kind(kind)), kind)
            self.assertTrue(ids, kind)

    def test_every_limit_with_its_source_and_mark(self):
        for name, keys in self.of_kind("limit").items():
            row = self.row("limit", name, keys["place"])
            self.assertEqual(texts(row)[0], name)
            self.assertIn(keys["class"], texts(row))
            source, mark = row[-3], row[-2]
            self.assertEqual(source[1], keys["source"])
            accepted = ", accepted here" if name == "lipus_sata_max" else ""
            self.assertEqual((mark[0], mark[1]), (keys["verified"], WORDS[keys["verified"]] + accepted), name)
        compiled = [item for item in json.loads(subprocess.run(
            [CTL, "--json", "limits", "--config", self.room.config], capture_output=True, text=True, timeout=3 * PATIENCE,
            check=True).stdout)["items"] if item["layer"] == "compiled"]
        for limit in compiled:
            row = self.row("limit", limit["id"], "compiled")
            self.assertEqual((row[-3][1], row[-2][0]), (limit["source"], limit["verified"]))
            self.assertIn(limit.get("max_text", limit.get("min_text")), texts(row)[2])

    def test_bounds_and_conditions_as_people_write_them(self):
        cell = {name.split("-", 1)[1]: texts(row) for name, row in self.page.rows.items() if name.startswith("limit-")}
        self.assertEqual(cell["es_irms_all_cap"][2], "at most 50 mA")
        self.assertEqual(cell["tens_rate"][2], "at least 1 Hz, at most 150 Hz")
        self.assertEqual(cell["es_q_phase_report"][2], "shown")
        self.assertIn("limit_frequency_millihz above 400 Hz up to 1500 Hz", cell["es_irms_400_1500_max"][5])
        self.assertIn("device without an output indicator", cell["es_ind_current"][5])
        self.assertIn("site: ", cell["lz_irr_tendon_max"][5])
        self.assertEqual(cell["order_estim_after_cold"][1:3], ["estim", "at least 30 min after the end of\ncryotherapy"])
        self.assertIn("interferential current", cell["order_us_after_analgesia"][2])
        self.assertIn("therapy: us_thermal", cell["order_us_after_analgesia"][4])

    def test_every_protocol_and_bundle(self):
        for name, keys in self.of_kind("protocol").items():
            row = self.row("protocol", name, keys["place"])
            self.assertEqual(texts(row)[:2], [name, keys["label"]])
            self.assertEqual((row[-3][1], row[-2][0], row[-2][1]), (keys["source"], keys["verified"], WORDS[keys["verified"]]))
            for key in keys:
                if key.endswith(("_ua", "_us", "_millihz", "_uw_cm2", "_millic", "_uj")):
                    self.assertIn(key + ": ", texts(row)[4])
        self.assertEqual(texts(self.page.rows["protocol-ionto_dex_40"])[6], "ion_dose_max, ion_jdc_cathode, ion_jdc_anode")
        self.assertEqual(texts(self.page.rows["protocol-lipus_fracture"])[6], "", "it was accepted")
        for name, keys in self.of_kind("bundle").items():
            row = texts(self.row("bundle", name, keys["place"]))
            self.assertEqual(row[:3] + row[4:6], [name, keys["label"], keys.get("indication", ""), keys["notes"], keys["source"]])
            self.assertEqual(row[3].split(", "), [p.strip() for p in keys["protocols"].split(",")])

    def test_every_code_says_by_itself_whether_it_was_verified(self):
        for name, keys in self.of_kind("condition").items():
            row = self.row("condition", name, keys["place"])
            unverified = {c.strip() for c in keys.get("unverified", "").split(",")}
            self.assertEqual(row[0][1], keys["label"])
            for column, cell in zip(COLUMNS, row[1:9]):
                expected = ["no", keys[column] + "*"] if column in unverified else ["yes", keys[column]]
                self.assertEqual(cell, expected, f"{name} {column}")
            self.assertEqual(row[-2][1], keys["source"])

    def test_every_question(self):
        labels = {name: keys["label"] for name, keys in self.of_kind("condition").items()}
        for name, keys in self.of_kind("question").items():
            row = texts(self.row("question", name, keys["place"]))
            self.assertEqual((row[0], row[2]), (keys["text"], keys["restrictive"]))
            for answer in keys["answers"].split(","):
                declared = keys.get("answer." + answer.strip(), "").split(",")[0].strip()
                self.assertIn(answer.strip() + (": " + labels[declared] if declared else ""), row[1])
            if "valid_days" in keys:
                self.assertEqual(row[3], f"at most {keys['valid_days']} days old")

    def test_what_is_due(self):
        row = self.page.rows["applicator-head_ref"]
        self.assertEqual(row[5], [None, "2099-01-01"])
        self.assertEqual(self.page.rows["applicator-head_old"][5], ["no", "2020-02-29 overdue"])
        for words in ("ERA 5 cm2", "BNR 5", "at most 41 degC", "works at 1.5 MHz"):
            self.assertIn(words, row[4][1])
        self.assertIn("spot 0.28 cm2", self.page.rows["applicator-probe_808"][4][1])
        device = texts(self.page.rows["device-stim1"])
        self.assertEqual(device[3:5], ["2099-01-01", "2099-01-01"])
        self.assertIn("patient_leakage_ua 12 uA", device[5])

    def test_texts_stay_texts(self):
        self.assertNotIn("script", self.page.tags)
        self.assertEqual(self.page.rows["limit-strange_limit"][-3][1], STRANGE)
        self.assertNotIn("<script>", self.shown)
        self.assertLessEqual(self.page.tags, {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "ul", "li",
                                              "b", "span", "table", "thead", "tbody", "tr", "th", "td", "div"})

    def test_a_configuration_with_a_fault_makes_no_page(self):
        self.room.write("broken.ini", "[limit broken]\n")
        self.addCleanup(os.unlink, os.path.join(self.room.config, "broken.ini"))
        self.assertEqual(self.made(code=USAGE), "")


if __name__ == "__main__":
    unittest.main()
