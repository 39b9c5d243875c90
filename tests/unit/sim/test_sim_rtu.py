#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The real modality-sim over Modbus RTU on its pty (driven by pymodbus and raw bytes), and the program around it.

Usage: SCRIPT PATH-OF-MODALITY-SIM
What came out is judged by the trace.
"""
import os
import select
import signal
import subprocess
import time
import unittest

from pymodbus.pdu import ExceptionResponse
from simulator import PROGRAM, WAIT_S, Simulator, WithSimulator, crc, start_10_ma

class OverRtu(WithSimulator):
    devices = ("stim1=refstim,unit=1,pty=%/ttyA", "us1=refus,unit=2,pty=%/ttyA", "stim2=refstim,unit=1,pty=%/ttyB,baud=9600")

    def setUp(self):
        super().setUp()
        self.master = self.sim.rtu(self.sim.path("ttyA"), 0.3)
        self.addCleanup(self.master.close)

    def test_units_share_the_line(self):
        self.assertEqual(self.master.read_input_registers(0, 4, slave=1).registers, [21332, 1, 0, 1001])
        self.assertEqual(self.master.read_input_registers(0, 4, slave=2).registers, [21843, 1, 0, 1002])
        start_10_ma(self.master)
        self.assertEqual(self.master.read_input_registers(20, 4, slave=1).registers, [1000, 1000, 1, 1000])

    def test_nobody_answers_for_a_missing_unit(self):
        reply = self.master.read_input_registers(0, 1, slave=9)
        self.assertTrue(reply.isError())
        self.assertNotIsInstance(reply, ExceptionResponse)
        self.assertEqual(self.master.read_input_registers(0, 1, slave=1).registers, [21332])

    def test_broadcast_stops_every_unit_without_an_answer(self):
        start_10_ma(self.master)
        port = os.open(self.sim.path("ttyA"), os.O_RDWR | os.O_NOCTTY)
        os.write(port, bytes.fromhex("000500000000cc1b"))  # unit 0, coil 0 off
        self.sim.await_trace(device="stim1", event="output", on=False, cause="stop")
        self.assertEqual(select.select([port], [], [], 0.05)[0], [])
        os.close(port)

    def test_broken_frames_get_no_answer_and_harm_nothing(self):
        port = os.open(self.sim.path("ttyA"), os.O_RDWR | os.O_NOCTTY)
        os.write(port, bytes.fromhex("010500000000cdcb"))  # CRC wrong
        os.write(port, b"\x01\x06\x00")  # and a beginning without an end
        self.assertEqual(select.select([port], [], [], 0.1)[0], [])
        os.close(port)
        self.assertEqual(self.master.read_input_registers(0, 1, slave=1).registers, [21332])

    def test_unknown_function_answers_exception_1_after_silence(self):
        port = os.open(self.sim.path("ttyA"), os.O_RDWR | os.O_NOCTTY)
        os.write(port, bytes.fromhex("012b0e0100") + crc(bytes.fromhex("012b0e0100")))
        self.assertEqual(select.select([port], [], [], WAIT_S)[0], [port])
        self.assertEqual(os.read(port, 64), bytes.fromhex("01ab01") + crc(bytes.fromhex("01ab01")))
        os.close(port)

    def test_bad_crc_and_wrong_unit_are_not_taken_by_the_master(self):
        for how in ("bad_crc", "unit", "function", "garbage", "truncate"):
            self.sim.do("stim1", fault="corrupt", how=how, count=1)
            self.assertTrue(self.master.read_input_registers(0, 1, slave=1).isError(), how)
            self.assertEqual(self.master.read_input_registers(0, 1, slave=2).registers, [21843], how)

    def test_opening_and_closing_the_port_is_traced(self):
        link = self.sim.ready["devices"]["stim2"]["link"]
        for _ in range(3):
            port = self.sim.rtu(self.sim.path("ttyB"))
            self.assertEqual(port.read_input_registers(0, 1, slave=1).registers, [21332])
            port.close()
        self.assertEqual(len(self.sim.await_trace(count=3, event="close", link=link)), 3)
        self.assertEqual(len({line["conn"] for line in self.sim.trace(event="open", link=link)}), 3)

    def test_late_write_after_the_port_was_closed(self):
        self.sim.do("stim2", fault="late_write", ms=50, count=1)
        port = self.sim.rtu(self.sim.path("ttyB"), 0.05)
        self.assertTrue(port.write_register(100, 30, slave=1).isError())
        self.assertEqual(self.sim.state("stim2")["channels"][0]["amplitude_ua"], 0)
        port.close()
        self.sim.await_trace(event="request", device="stim2", phase="applied", values=[30])

    def test_simulated_baud_rate_takes_its_time(self):
        port = self.sim.rtu(self.sim.path("ttyB"))
        began = time.monotonic()
        self.assertEqual(len(port.read_input_registers(20, 4, slave=1).registers), 4)
        # 8 + 13 characters of 11 bits and a silence of 3.5 at 9600 baud: 28 ms
        self.assertGreaterEqual(time.monotonic() - began, 0.028)
        port.close()

    def test_line_vanishes_and_returns(self):
        self.sim.do("stim2", fault="absent")
        self.assertFalse(os.path.lexists(self.sim.path("ttyB")))
        self.sim.do("stim2", clear="absent")
        port = self.sim.rtu(self.sim.path("ttyB"))
        self.assertEqual(port.read_input_registers(0, 1, slave=1).registers, [21332])
        port.close()

    def test_cut_line_hangs_up_and_is_there_again(self):
        port = os.open(self.sim.path("ttyB"), os.O_RDWR | os.O_NOCTTY)
        self.sim.do("stim2", fault="close", count=1)
        os.write(port, bytes.fromhex("010500000000cdca"))
        self.sim.await_trace(event="absent")
        poll = select.poll()
        poll.register(port, select.POLLIN)
        self.assertTrue(poll.poll(WAIT_S * 1000)[0][1] & select.POLLHUP)
        os.close(port)
        self.sim.await_trace(count=2, event="listen", link=self.sim.ready["devices"]["stim2"]["link"])
        again = self.sim.rtu(self.sim.path("ttyB"))
        self.assertEqual(again.read_input_registers(0, 1, slave=1).registers, [21332])
        again.close()


class Program(unittest.TestCase):
    def test_samples_and_reads_go_to_the_trace_when_asked(self):
        sim = Simulator("us1=refus,tcp=127.0.0.1:0", extra=("--sample-ms", "10", "--trace-reads"))
        self.addCleanup(sim.close)
        sim.await_trace(count=5, event="output", cause="sample", device="us1")
        client = sim.tcp("us1")
        client.read_input_registers(10, 2, slave=1)
        client.close()
        self.assertEqual(sim.await_trace(event="request", phase="read")[0]["count"], 2)

    def test_killed_simulator_leaves_a_whole_trace(self):
        sim = Simulator("stim1=refstim,tcp=127.0.0.1:0")
        client = sim.tcp("stim1")
        start_10_ma(client)
        sim.process.send_signal(signal.SIGKILL)
        sim.process.wait(WAIT_S)
        client.close()
        self.assertEqual(sim.trace(event="output", cause="start")[0]["value"], 10000)
        sim.close()

    def test_sigterm_ends_it_cleanly(self):
        sim = Simulator("stim1=refstim,pty=%/ttyA")
        sim.process.send_signal(signal.SIGTERM)
        self.assertEqual(sim.process.wait(WAIT_S), 0)
        self.assertEqual(sim.close(), (0, ["trace.jsonl"]))

    def test_wrong_command_lines_are_refused(self):
        for arguments in ((), ("--device", "a"), ("--device", "a=refstim"), ("--device", "a=nothing,tcp=127.0.0.1:0"),
                          ("--device", "a=refstim,tcp=127.0.0.1:0,unit=0"), ("--device", "a=refstim,with=b"),
                          ("--device", "a\"b=refstim,tcp=127.0.0.1:0"), ("--device", "a=refstim,tcp=nowhere"),
                          ("--device", "a=refstim,tcp=127.0.0.1:0", "--device", "b=refstim,with=a"),
                          ("--device", "a=refstim,tcp=127.0.0.1:0", "--device", "a=refus,tcp=127.0.0.1:0"),
                          ("--device", "a=refgalv,tcp=127.0.0.1:0,skin_tau_ms=100"),
                          ("--device", "a=refcold,tcp=127.0.0.1:0,skin_tau_ms=9"),
                          ("--nonsense",), ("--device", "a=refstim,tcp=127.0.0.1:0", "left over")):
            done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S,
                                  text=True, check=False)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn("modality-sim", done.stderr, arguments)
            self.assertNotIn("runtime error", done.stderr, arguments)
            self.assertNotIn("Sanitizer", done.stderr, arguments)


if __name__ == "__main__":
    unittest.main()
