#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The two public thermal devices of plugins/modbus-map/test-only on pymodbus, made from their manuals' register pages.

    pymodbus_thermal.py tc-midi|julabo tcp PORT
    pymodbus_thermal.py tc-midi|julabo rtu PATH [BAUD]
    options: --unit N (10 or 1), --words swapped|little (32-bit values low word first; every byte pair turned too),
             --silently (the words are another's doing: the device's own format register does not tell),
             --fahrenheit, --another (what answers is another model), --kelvin-per-second K (default 1)

Prints one "ready ..." line, then "wrote FUNCTION ADDRESS WORDS..." for every write it did. Reads commands from stdin, a
line each: "warm DEGC" and "cool DEGC" (the block or bath is there at once), "fail 0|1", "hand 0|1" (somebody has taken
the control at the panel), "mute 0|1". Ends when stdin closes.
"""
import argparse
import struct
import sys
import time

sys.dont_write_bytecode = True
from pymodbus_server import ModbusExceptions, Refused, arguments, serve  # noqa: E402

ROOM_DEGC = 22.0


class Words:
    """32-bit values as two registers, in the order that the device keeps."""

    def __init__(self, order):
        self.order = order

    def pack(self, kind, value):
        high, low = struct.unpack(">HH", struct.pack(">" + kind, value))
        words = (low, high) if self.order == "swapped" else (high, low)
        return [self.turn(word) for word in words]

    def unpack(self, kind, words):
        first, second = (self.turn(word) for word in words)
        high, low = (second, first) if self.order == "swapped" else (first, second)
        return struct.unpack(">" + kind, struct.pack(">HH", high, low))[0]

    def turn(self, word):
        return (word & 0xFF) << 8 | word >> 8 if self.order == "little" else word


class Thermal:
    """Something that grows warmer or colder until it is what is asked of it."""

    def __init__(self, options):
        self.words = Words(options.words)
        self.rate = options.kelvin_per_second
        self.fahrenheit = options.fahrenheit
        self.another = options.another
        self.silently = options.silently
        self.degc = ROOM_DEGC
        self.failed = self.by_hand = False
        self.at = time.monotonic()

    def target(self):
        raise NotImplementedError

    def tick(self):
        now = time.monotonic()
        step = self.rate * (now - self.at)
        self.at = now
        away = self.target() - self.degc
        self.degc += max(-step, min(step, away))

    def shown(self, degc):
        return degc * 1.8 + 32 if self.fahrenheit else degc

    def meant(self, shown):
        return (shown - 32) / 1.8 if self.fahrenheit else shown

    def obey(self, words):
        if words[:1] in (["warm"], ["cool"]):
            self.degc = float(words[1])
        elif words[:1] == ["fail"]:
            self.failed = words[1] == "1"
        elif words[:1] == ["hand"]:
            self.by_hand = words[1] == "1"

    def place(self, cells, address, kind, value):
        cells.update(zip((address, address + 1), self.words.pack(kind, value)))

    def said(self, function, address, values):
        print("wrote", function, address, *values, flush=True)


class TcMidi(Thermal):
    functions = {3, 16}

    def __init__(self, options):
        super().__init__(options)
        self.setpoint = 5.0

    def target(self):
        return ROOM_DEGC if self.failed else self.setpoint

    def cells(self, _):
        cells = {9992: 206, 9993: -206 & 0xFFFF, 9008: 4}
        self.place(cells, 2000, "f", round(2 * self.shown(self.degc)) / 2)
        self.place(cells, 2002, "I", int(self.failed) | (abs(self.degc - self.setpoint) > 0.5) << 18)
        self.place(cells, 5000, "f", self.shown(self.setpoint))
        self.place(cells, 9990, "I", 12648430 + self.another)
        self.place(cells, 9994, "I", 2766)
        self.place(cells, 9996, "i", -2766)
        self.place(cells, 9998, "f", self.shown(-10.5))
        return cells

    def write(self, function, address, values):
        if address != 5000 or len(values) != 2:
            raise Refused(ModbusExceptions.IllegalAddress)
        degc = self.meant(self.words.unpack("f", values))
        if not 3.0 <= degc <= 20.0:
            raise Refused(ModbusExceptions.IllegalValue)
        self.setpoint = degc
        self.said(function, address, values)


class Julabo(Thermal):
    functions = {3, 4, 6, 16}
    formats = {"manual": 0, "little": 1, "swapped": 2}

    def __init__(self, options):
        super().__init__(options)
        self.setpoint = 20.0
        self.started = False

    def target(self):
        return self.setpoint if self.started else ROOM_DEGC

    def cells(self, function):
        word = self.words.turn
        if function == 4:
            cells = {2: word(7 if self.another else 1), 5: word(0 if self.by_hand else 4), 6: word(14 if self.failed else 0),
                     7: 0, 8: 0, 9: 0, 14: word((-40 if self.started else 0) & 0xFFFF)}
            self.place(cells, 0, "I", 0x01020304)
            self.place(cells, 3, "I", 10217001)
            self.place(cells, 10, "f", self.shown(self.degc))
            self.place(cells, 12, "f", 0.0)
            return cells
        cells = {0: word(self.started), 1: 0, 4: 0, 10: 0, 90: word(self.fahrenheit), 91: 0, 92: 0,
                 93: 0 if self.silently else self.formats[self.words.order]}
        self.place(cells, 2, "f", self.shown(self.setpoint))
        self.place(cells, 70, "f", self.shown(-20.0))
        self.place(cells, 72, "f", self.shown(80.0))
        return cells

    def write(self, function, address, values):
        if self.by_hand:
            raise Refused(ModbusExceptions.SlaveFailure)
        if address == 0 and len(values) == 1 and self.words.turn(values[0]) in (0, 1):
            self.started = self.words.turn(values[0]) == 1
        elif address == 2 and len(values) == 2:
            degc = self.meant(self.words.unpack("f", values))
            if not -20.0 <= degc <= 80.0:
                raise Refused(ModbusExceptions.IllegalValue)
            self.setpoint = degc
        else:
            raise Refused(ModbusExceptions.IllegalAddress)
        self.said(function, address, values)


def main():
    kinds = {"tc-midi": (TcMidi, 10), "julabo": (Julabo, 1)}
    parser = argparse.ArgumentParser(description="public thermal devices on pymodbus")
    parser.add_argument("kind", choices=kinds)
    arguments(parser, unit=None)
    parser.add_argument("--words", choices=Julabo.formats, default="manual")
    parser.add_argument("--silently", action="store_true")
    parser.add_argument("--fahrenheit", action="store_true")
    parser.add_argument("--another", action="store_true")
    parser.add_argument("--kelvin-per-second", type=float, default=1.0)
    options = parser.parse_args()
    kind, unit = kinds[options.kind]
    options.unit = options.unit or unit
    serve(kind(options), options)


if __name__ == "__main__":
    main()
