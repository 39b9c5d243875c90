# SPDX-License-Identifier: Apache-2.0
"""A reader of the daemon's INI files that shares nothing with the daemon's: the same grammar, read a second time.

Every *.ini of a directory and of its direct subdirectories, in byte order of path. A line is a section header, key =
value, blank, or a comment whose # or ; is the first byte; whatever else stands there is an error here.
"""
import os
import re

HEADER = re.compile(r"\[([a-z]+)(?: ([^\s\[\]]+))?\]\Z")
LINE = re.compile(r"([A-Za-z0-9_.\-<>]+)\s*=\s*(.*\S|)\s*\Z")


class IniFault(Exception):
    pass


class Section:
    def __init__(self, kind, name, file, line):
        self.kind, self.name, self.file, self.line = kind, name, file, line
        self.keys = {}
        self.lines = {}

    def where(self, key):
        return f"{self.file}:{self.lines[key]}"


def paths(directory):
    found = []
    for entry in os.listdir(directory):
        path = os.path.join(directory, entry)
        if os.path.isdir(path):
            found += [f"{entry}/{name}" for name in os.listdir(path) if name.endswith(".ini")]
        elif entry.endswith(".ini"):
            found.append(entry)
    return sorted(found, key=os.fsencode)


def read_file(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        text = file.read()
    sections = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line[0] in "#;":
            continue
        header = HEADER.match(line)
        if header:
            sections.append(Section(header[1], header[2], name, number))
            continue
        pair = LINE.match(line)
        if line[0].isspace() or not pair or not sections:
            raise IniFault(f"{name}:{number}: {line}")
        section = sections[-1]
        if pair[1] in section.keys:
            raise IniFault(f"{name}:{number}: {pair[1]} stands twice")
        section.keys[pair[1]] = pair[2]
        section.lines[pair[1]] = number
    return sections


def read(directory):
    """All sections, in order; two with one title are an error."""
    sections = [s for name in paths(directory) for s in read_file(directory, name)]
    titles = set()
    for s in sections:
        if (s.kind, s.name) in titles:
            raise IniFault(f"{s.file}:{s.line}: [{s.kind} {s.name}] stands twice")
        titles.add((s.kind, s.name))
    return sections


def items(text):
    return [item.strip() for item in text.split(",")]
