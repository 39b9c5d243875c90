#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The devices that others built, against the frames their manuals publish, byte for byte; and by pymodbus.

Frames: Buhler TC-MIDI, manual BE440016 (07/2022), pages 28 to 32 (RTU, unit 10); Julabo PRESTO, manual of 02/2018,
pages 103 to 106 (TCP, unit 1). Where a manual gives the request only, the answer follows from its register table.

Usage: SCRIPT PATH-OF-MODALITY-SIM
"""
import os
import select
import struct
import unittest

from pymodbus.constants import Endian
from pymodbus.payload import BinaryPayloadDecoder, BinaryPayloadBuilder
from simulator import WAIT_S, WithSimulator, crc


def rtu(text):
    """A frame written without its CRC."""
    body = bytes.fromhex(text)
    return body + crc(body)


class Cooler(WithSimulator):
    devices = ("cool1=tcmidi,pty=%/ttyA,block_ms_per_k=1",)

    def setUp(self):
        super().setUp()
        self.port = os.open(self.sim.path("ttyA"), os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, self.port)

    def answer(self, frame, length):
        os.write(self.port, frame)
        data = b""
        while len(data) < length:
            self.assertEqual(select.select([self.port], [], [], WAIT_S)[0], [self.port], data.hex(" "))
            data += os.read(self.port, 256)
        return data

    def exchange(self, request, reply):
        self.assertEqual(self.answer(request, len(reply)).hex(" "), reply.hex(" "))

    def test_published_frames(self):
        settled = self.sim.await_trace(device="cool1", event="output", value=5000)[0]
        self.assertEqual((settled["on"], settled["quantity"]), (True, "temperature_millic"))
        # the two frames of the manual: read the set point, 5.0
        self.exchange(bytes.fromhex("0A 03 13 88 00 02 41 DE"), bytes.fromhex("0A 03 04 40 A0 00 00 55 11"))
        # write 4.0
        self.exchange(bytes.fromhex("0A 10 13 88 00 02 04 40 80 00 00 12 55"), rtu("0A 10 13 88 00 02"))
        self.assertEqual(self.sim.state("cool1")["channels"][0]["set"], 4000)
        self.sim.await_trace(device="cool1", event="output", value=4000)
        # read the temperature: 4.0
        self.exchange(bytes.fromhex("0A 03 07 D0 00 02 C5 FD"), rtu("0A 03 04 40 80 00 00"))
        # read all test registers: 0x00C0FFEE, 206, -206, 2766, -2766, -10.5
        self.exchange(bytes.fromhex("0A 03 27 06 00 0A 2E 03"),
                      rtu("0A 03 14 00 C0 FF EE 00 CE FF 32 00 00 0A CE FF FF F5 32 C1 28 00 00"))

    def test_only_functions_3_and_16_are_known(self):
        for function in ("01 00 00 00 01", "02 00 00 00 01", "04 07 D0 00 02", "05 00 00 FF 00", "06 23 30 00 03",
                         "0F 00 00 00 01 01 01", "17 07 D0 00 02 13 88 00 02 04 40 80 00 00"):
            code = int(function[:2], 16) | 0x80
            self.exchange(rtu("0A " + function), rtu(f"0A {code:02X} 01"))
        self.assertEqual(self.sim.state("cool1")["channels"][0]["set"], 5000)

    def test_refused_set_points_change_nothing(self):
        for value in (2.9, 20.1, float("nan"), float("inf")):
            words = struct.pack(">f", value).hex()
            self.exchange(rtu("0A 10 13 88 00 02 04" + words), rtu("0A 90 03"))
        self.assertEqual(self.sim.state("cool1")["channels"][0]["set"], 5000)

    def test_other_units_are_not_its_business(self):
        os.write(self.port, rtu("01 03 13 88 00 02"))
        self.assertEqual(select.select([self.port], [], [], 0.1)[0], [])

    def test_lost_link_does_not_stop_it(self):
        self.sim.await_trace(device="cool1", event="output", value=5000)
        self.sim.do("cool1", fault="absent")
        before = self.sim.state("cool1")["channels"][0]
        self.assertEqual((before["on"], before["value"]), (1, 5000))
        self.sim.do("cool1", clear="absent")
        self.assertEqual(self.sim.state("cool1")["channels"][0]["value"], 5000)

    def test_status_and_frozen_block(self):
        self.sim.await_trace(device="cool1", event="output", value=5000)
        self.sim.do("cool1", fault="device_fault", code=1)
        self.assertEqual(self.answer(rtu("0A 03 07 D2 00 02"), 9)[6] & 1, 1)
        self.sim.do("cool1", clear="device_fault")
        self.sim.do("cool1", fault="freeze", address=2000, words=2)
        frozen = self.answer(rtu("0A 03 07 D0 00 02"), 9)
        self.exchange(rtu("0A 10 13 88 00 02 04 41 A0 00 00"), rtu("0A 10 13 88 00 02"))
        self.sim.await_trace(device="cool1", event="output", value=20000)
        self.exchange(rtu("0A 03 07 D0 00 02"), frozen)


class Circulator(WithSimulator):
    devices = ("bath1=julabo,tcp=127.0.0.1:0,serial=70000,firmware=258",
               "bath2=julabo,tcp=127.0.0.1:0,bath_ms_per_k=1,data_format=3")

    def exchange(self, raw, request, reply):
        raw.sendall(bytes.fromhex(request))
        wanted = bytes.fromhex(reply)
        data = b""
        while len(data) < len(wanted):
            data += raw.recv(256)
        self.assertEqual(data.hex(" "), wanted.hex(" "))

    def test_published_frames(self):
        raw = self.sim.raw("bath1")
        self.addCleanup(raw.close)
        start = "00 01 00 00 00 06 01 06 00 00 00 01"
        self.exchange(raw, start, start)
        self.assertEqual(self.sim.trace(device="bath1", event="output", cause="start")[0]["on"], True)
        stop = "00 02 00 00 00 06 01 06 00 00 00 00"
        self.exchange(raw, stop, stop)
        self.assertEqual(self.sim.trace(device="bath1", event="output", cause="stop")[0]["on"], False)
        self.exchange(raw, "00 03 00 00 00 0B 01 10 00 02 00 02 04 41 70 00 00", "00 03 00 00 00 06 01 10 00 02 00 02")
        self.assertEqual(self.sim.state("bath1")["channels"][0]["set"], 15000)
        # control by Modbus, no alarm, no warning, bath at 20.0
        self.exchange(raw, "00 04 00 00 00 06 01 04 00 05 00 07",
                      "00 04 00 00 00 11 01 04 0E 00 04 00 00 00 00 00 00 00 00 41 A0 00 00")

    def test_set_and_read_back_in_one_request(self):
        raw = self.sim.raw("bath1")
        self.addCleanup(raw.close)
        self.exchange(raw, "00 05 00 00 00 0F 01 17 00 02 00 02 00 02 00 02 04 41 20 00 00",
                      "00 05 00 00 00 07 01 17 04 41 20 00 00")
        self.assertEqual(self.sim.state("bath1")["channels"][0]["set"], 10000)
        self.exchange(raw, "00 06 00 00 00 0F 01 17 00 05 00 01 00 02 00 02 04 41 70 00 00", "00 06 00 00 00 03 01 97 02")
        self.exchange(raw, "00 07 00 00 00 0F 01 17 00 02 00 02 00 02 00 02 04 44 70 00 00", "00 07 00 00 00 03 01 97 03")
        self.assertEqual(self.sim.state("bath1")["channels"][0]["set"], 10000)

    def test_pymodbus_reads_its_identity(self):
        m = self.sim.tcp("bath1")
        words = m.read_input_registers(0, 5, slave=1).registers
        decoder = BinaryPayloadDecoder.fromRegisters(words, byteorder=Endian.Big, wordorder=Endian.Big)
        self.assertEqual((decoder.decode_32bit_uint(), decoder.decode_16bit_uint(), decoder.decode_32bit_uint()),
                         (258, 1, 70000))
        self.assertEqual(m.read_holding_registers(90, 1, slave=1).registers, [0])
        self.assertEqual(m.read_coils(0, 1, slave=1).exception_code, 1)

    def test_pymodbus_drives_it_in_another_data_format(self):
        m = self.sim.tcp("bath2")
        self.assertEqual(m.read_holding_registers(93, 1, slave=1).registers, [3])
        builder = BinaryPayloadBuilder(byteorder=Endian.Big, wordorder=Endian.Little)
        builder.add_32bit_float(12.5)
        self.assertFalse(m.write_registers(2, builder.to_registers(), slave=1).isError())
        self.assertFalse(m.write_register(0, 1, slave=1).isError())
        self.sim.await_trace(device="bath2", event="output", value=12500)
        words = m.read_input_registers(10, 2, slave=1).registers
        decoder = BinaryPayloadDecoder.fromRegisters(words, byteorder=Endian.Big, wordorder=Endian.Little)
        self.assertEqual(decoder.decode_32bit_float(), 12.5)

    def test_lost_link_does_not_stop_it(self):
        m = self.sim.tcp("bath1")
        m.write_register(0, 1, slave=1)
        m.close()
        self.sim.await_trace(event="close", cause="peer")
        self.assertEqual(self.sim.state("bath1")["channels"][0]["on"], 1)


if __name__ == "__main__":
    unittest.main()
