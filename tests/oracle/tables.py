# SPDX-License-Identifier: Apache-2.0
"""The tables of quantities, waveform classes and therapies, read out of the public headers: there is no second list."""
import os
import re
from collections import namedtuple

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(SOURCE, "include", "modality")

MODALITIES = {"estim": 1, "ultrasound": 2, "laser": 4, "cold": 8}
ANY = sum(MODALITIES.values())

Quantity = namedtuple("Quantity", "id dimension display modalities safer rest basis")


def _rows(header, macro, fields):
    """The rows `macro(...)` of a header, each as its first so many fields."""
    with open(os.path.join(INCLUDE, header), encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    field = r"\s*([^,]*?)\s*,"
    found = re.findall(r"\b" + macro + r"\(" + field * fields + r'\s*"', text)
    if not found:
        raise SystemExit(f"{header}: no rows of {macro}")
    return found


def _modalities(text):
    if text == "MODALITY_ANY":
        return ANY
    return sum(MODALITIES[word.strip().removeprefix("MODALITY_").lower()] for word in text.split("|"))


QUANTITIES = {row[0]: Quantity(row[0], row[1], row[2].strip('"'), _modalities(row[3]), *row[4:])
              for row in _rows("quantity.h", "QUANTITY", 7)}
WAVEFORMS = {row[0]: _modalities(row[1]) for row in _rows("waveform.h", "WAVEFORM", 2)}
THERAPIES = {row[0]: _modalities(row[1]) for row in _rows("waveform.h", "THERAPY", 3)}

COMMANDED = frozenset(q.id for q in QUANTITIES.values() if q.basis == "COMMANDED")
PROPERTIES = frozenset(q.id for q in QUANTITIES.values() if q.basis == "PROPERTY")
