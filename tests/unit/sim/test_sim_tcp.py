#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The real modality-sim over Modbus TCP, driven by pymodbus (a master that shares no code with it) and by raw bytes.

Usage: SCRIPT PATH-OF-MODALITY-SIM
What came out is judged by the trace.
"""
import json
import random
import socket
import struct
import time
import unittest

from simulator import README, WithSimulator, adu, start_10_ma

class OverTcp(WithSimulator):
    devices = ("stim1=refstim,unit=1,tcp=127.0.0.1:0", "us1=refus,unit=2,with=stim1", "stim2=refstim,tcp=127.0.0.1:0",
               "laser1=reflaser,unit=3,with=stim1", "cold1=refcold,unit=4,with=stim1", "galv1=refgalv,unit=5,with=stim1")
    # Whose fault it is, by the first word of its help.
    owners = {"ultrasound": "us1", "laser": "laser1", "cold": "cold1", "galvanic": "galv1"}

    def setUp(self):
        super().setUp()
        self.master = self.sim.tcp("stim1", timeout=0.3)
        self.addCleanup(self.master.close)

    def test_ports_of_unrelated_devices_differ(self):
        self.assertEqual(self.sim.port("stim1"), self.sim.port("us1"))
        self.assertNotEqual(self.sim.port("stim1"), self.sim.port("stim2"))

    def test_two_units_answer_on_one_endpoint(self):
        self.assertEqual(self.master.read_input_registers(0, 5, slave=1).registers, [21332, 1, 0, 1001, 0x102])
        self.assertEqual(self.master.read_input_registers(0, 5, slave=2).registers, [21843, 1, 0, 1002, 0x102])
        self.assertEqual(self.master.read_input_registers(0, 1, slave=9).exception_code, 11)

    def test_every_function_code_works(self):
        m = self.master
        self.assertFalse(m.write_registers(100, [100, 200, 500], slave=1).isError())
        self.assertEqual(m.read_holding_registers(100, 3, slave=1).registers, [100, 200, 500])
        self.assertFalse(m.write_coils(0, [True, True], slave=1).isError())
        self.assertEqual(m.read_coils(0, 2, slave=1).bits[:2], [True, True])
        self.assertEqual(m.read_discrete_inputs(0, 1, slave=1).bits[0], False)
        self.assertFalse(m.write_coil(1, False, slave=1).isError())
        self.assertEqual(m.read_input_registers(10, 1, slave=1).registers, [1])
        self.assertEqual(m.write_register(100, 1001, slave=1).exception_code, 3)
        self.assertEqual(m.write_register(110, 0, slave=1).exception_code, 2)

    def test_trace_shows_watchdog_1000_ms_after_the_start(self):
        start_10_ma(self.master)
        rest = self.sim.await_trace(device="stim1", event="output", cause="watchdog")[0]
        start = self.sim.trace(device="stim1", event="output", cause="start")[0]
        self.assertEqual((start["on"], start["value"], start["quantity"]), (True, 10000, "amplitude_ua"))
        self.assertEqual((rest["on"], rest["value"]), (False, 0))
        self.assertEqual(rest["t_ns"] - start["t_ns"], 1_000_000_000)
        self.assertEqual(self.master.write_coil(0, True, slave=1).exception_code, 4)

    def test_trace_times_are_monotonic_clock_times(self):
        before = time.monotonic_ns()
        mark = self.sim.ask(mark="here \"quoted\"")
        line = self.sim.await_trace(event="mark")[0]
        self.assertEqual(line["body"]["mark"], "here \"quoted\"")
        self.assertTrue(before <= line["t_ns"] == mark["t_ns"] <= time.monotonic_ns())

    def test_writes_are_traced_received_and_applied(self):
        self.master.write_register(101, 300, slave=1)
        phases = [line["phase"] for line in self.sim.trace(event="request", address=101, values=[300])]
        self.assertEqual(phases, ["received", "applied"])
        self.master.write_register(101, 3000, slave=1)
        phases = [line["phase"] for line in self.sim.trace(event="request", address=101, values=[3000])]
        self.assertEqual(phases, ["received", "refused"])

    def test_connections_are_traced_and_independent(self):
        second = self.sim.tcp("stim1")
        self.assertEqual(second.read_input_registers(1, 1, slave=1).registers, [1])
        self.assertEqual(self.master.read_input_registers(1, 1, slave=1).registers, [1])
        second.close()
        closed = self.sim.await_trace(event="close", cause="peer")[0]
        self.assertIn(closed["conn"], [line["conn"] for line in self.sim.trace(event="open")])

    def test_dropped_reply_acts_and_lost_request_does_not(self):
        self.sim.do("stim1", fault="drop", count=1, match={"write": True})
        self.assertTrue(self.master.write_register(100, 50, slave=1).isError())
        self.sim.do("stim1", fault="drop", count=1, cut="before", match={"function": 6, "address": 101})
        self.assertTrue(self.sim.tcp("stim1", 0.2).write_register(101, 50, slave=1).isError())
        state = self.sim.state("stim1")["channels"][0]
        self.assertEqual((state["amplitude_ua"], state["phase_width_us"]), (5000, 20))

    def test_silent_unit_leaves_its_neighbour_alone(self):
        self.sim.do("us1", fault="silent")
        self.assertTrue(self.sim.tcp("stim1", 0.2).read_input_registers(0, 1, slave=2).isError())
        self.assertEqual(self.sim.tcp("stim1").read_input_registers(0, 1, slave=1).registers, [21332])
        self.sim.do("us1", clear="silent")
        self.assertEqual(self.sim.tcp("stim1").read_input_registers(0, 1, slave=2).registers, [21843])

    def test_delayed_reply_comes_late_and_acts_at_once(self):
        self.sim.do("stim1", fault="delay", ms=100, count=1)
        raw = self.sim.raw("stim1")
        began = time.monotonic()
        raw.sendall(adu(7, 1, 6, 0, 100, 0, 50))
        self.assertEqual(raw.recv(64), adu(7, 1, 6, 0, 100, 0, 50))
        self.assertGreaterEqual(time.monotonic() - began, 0.1)
        lines = self.sim.trace(event="request", address=100)
        self.assertLess(lines[1]["t_ns"] - lines[0]["t_ns"], 50_000_000)
        raw.close()

    def test_delay_before_acts_late(self):
        self.sim.do("stim1", fault="delay", ms=100, count=1, cut="before")
        self.assertFalse(self.master.write_register(100, 50, slave=1).isError())
        received, applied = self.sim.trace(event="request", address=100)
        self.assertGreaterEqual(applied["t_ns"] - received["t_ns"], 100_000_000)

    def test_dripped_reply_arrives_byte_by_byte(self):
        self.sim.do("stim1", fault="drip", ms=5, count=1)
        raw = self.sim.raw("stim1")
        raw.sendall(adu(1, 1, 4, 0, 0, 0, 1))
        pieces = []
        while sum(map(len, pieces)) < 11:
            pieces.append(raw.recv(64))
        self.assertGreater(len(pieces), 5)
        self.assertEqual(b"".join(pieces), adu(1, 1, 4, 2, 0x53, 0x54))
        raw.close()

    def bent(self, how, request=(6, 0, 100, 0, 50)):
        self.sim.do("stim1", fault="corrupt", how=how, count=1)
        raw = self.sim.raw("stim1")
        raw.sendall(adu(1, 1, *request))
        reply = raw.recv(64)
        raw.close()
        return reply

    def test_bent_replies_are_wrong_in_one_place(self):
        good = adu(1, 1, 6, 0, 100, 0, 50)
        self.assertEqual(self.bent("transaction"), adu(0x41, 1, 6, 0, 100, 0, 50))
        self.assertEqual(self.bent("unit"), adu(1, 6, 6, 0, 100, 0, 50))
        self.assertEqual(self.bent("function"), adu(1, 1, 4, 0, 100, 0, 50))
        self.assertEqual(self.bent("address"), adu(1, 1, 6, 0, 101, 0, 50))
        self.assertEqual(self.bent("value"), adu(1, 1, 6, 0, 100, 0, 51))
        self.assertEqual(len(self.bent("truncate")), len(good) // 2)
        self.assertEqual(self.bent("noise")[2:], good)
        self.assertNotEqual(self.bent("bad_crc"), good)
        self.assertNotEqual(self.bent("garbage")[:6], good[:6])
        self.assertEqual(self.sim.state("stim1")["channels"][0]["amplitude_ua"], 5000)

    def test_forced_exception_does_not_act(self):
        self.sim.do("stim1", fault="exception", code=6, count=1)
        self.assertEqual(self.master.write_register(100, 50, slave=1).exception_code, 6)
        self.assertEqual(self.sim.state("stim1")["channels"][0]["amplitude_ua"], 0)

    def test_echo_without_acting(self):
        self.sim.do("stim1", fault="echo_only", match={"function": 5, "value": 0})
        start_10_ma(self.master)
        self.assertFalse(self.master.write_coil(0, False, slave=1).isError())
        self.assertEqual(self.sim.state("stim1")["channels"][0]["on"], 1)
        self.assertEqual(self.sim.trace(event="request", function=5, values=[0])[-1]["phase"], "ignored")
        self.sim.do("stim1", clear="echo_only")
        self.master.write_coil(0, False, slave=1)
        self.assertEqual(self.sim.state("stim1")["channels"][0]["on"], 0)

    def test_duplicate_and_replayed_replies(self):
        raw = self.sim.raw("stim1")
        self.sim.do("stim1", fault="duplicate", count=1)
        raw.sendall(adu(1, 1, 4, 0, 0, 0, 1))
        reply = adu(1, 1, 4, 2, 0x53, 0x54)
        self.assertEqual(self.take(raw, 2 * len(reply)), reply * 2)
        self.sim.do("stim1", fault="replay", count=1)
        raw.sendall(adu(2, 1, 4, 0, 1, 0, 1))
        self.assertEqual(self.take(raw, len(reply)), reply)
        self.sim.do("stim1", fault="replay", count=1, retag=True)
        raw.sendall(adu(3, 1, 4, 0, 1, 0, 1))
        self.assertEqual(self.take(raw, len(reply)), adu(3, 1, 4, 2, 0x53, 0x54))
        raw.close()

    @staticmethod
    def take(raw, length):
        data = b""
        while len(data) < length:
            data += raw.recv(length - len(data))
        return data

    def test_closed_link_before_and_after_acting(self):
        for cut, value in (("before", 0), ("after", 5000)):
            self.sim.do("stim1", fault="close", cut=cut, count=1)
            raw = self.sim.raw("stim1")
            raw.sendall(adu(1, 1, 6, 0, 100, 0, 50))
            self.assertEqual(raw.recv(64), b"")
            raw.close()
            self.assertEqual(self.sim.state("stim1")["channels"][0]["amplitude_ua"], value)
        self.assertEqual(len(self.sim.trace(event="close", cause="injected")), 2)

    def test_write_of_a_closed_connection_acts_late(self):
        self.sim.do("stim1", fault="late_write", ms=150, count=2)
        raw = self.sim.raw("stim1")
        raw.sendall(adu(1, 1, 6, 0, 100, 0, 70) + adu(2, 1, 5, 0, 0, 0xFF, 0))
        self.sim.await_trace(event="request", phase="received", function=5)
        self.assertEqual(self.sim.state("stim1")["channels"][0]["amplitude_ua"], 0)
        raw.close()
        # A new connection has its zero acknowledged, and then the dead one's writes arrive.
        self.assertFalse(self.master.write_register(100, 0, slave=1).isError())
        output = self.sim.await_trace(device="stim1", event="output", cause="start")[0]
        closed = self.sim.trace(event="close", cause="peer")[-1]
        self.assertEqual(output["value"], 7000)
        self.assertGreaterEqual(output["t_ns"] - closed["t_ns"], 150_000_000)

    def test_absent_endpoint_refuses_and_comes_back_on_the_same_port(self):
        self.sim.do("stim1", fault="absent")
        with self.assertRaises(ConnectionRefusedError):
            self.sim.raw("stim1")
        self.sim.do("stim1", clear="absent")
        self.assertEqual(self.sim.tcp("stim1").read_input_registers(0, 1, slave=1).registers, [21332])
        self.sim.do("stim1", fault="absent", ms=50)
        self.sim.await_trace(count=3, event="listen", link=self.sim.ready["devices"]["stim1"]["link"])
        self.assertEqual(self.sim.tcp("stim1").read_input_registers(0, 1, slave=1).registers, [21332])

    def test_reboot_is_silent_then_fresh(self):
        start_10_ma(self.master)
        self.sim.do("stim1", fault="reboot", ms=100)
        self.assertEqual(self.sim.trace(device="stim1", event="output")[-1]["cause"], "reboot")
        self.assertTrue(self.sim.tcp("stim1", 0.05).read_input_registers(0, 1, slave=1).isError())
        self.sim.await_trace(event="output", device="stim1", cause="reboot", set=0)
        self.assertEqual(self.sim.tcp("stim1").read_holding_registers(100, 1, slave=1).registers, [0])
        self.assertLess(self.sim.state("stim1")["uptime_ms"], 5000)

    def test_reboot_with_old_output(self):
        start_10_ma(self.master)
        self.sim.do("stim1", fault="reboot", restart="output")
        self.assertEqual([(line["on"], line["value"]) for line in self.sim.trace(cause="reboot", device="stim1")],
                         [(False, 0), (True, 10000)])

    def test_wrong_identity_and_frozen_register(self):
        self.sim.do("stim1", fault="identity", model=21843, serial=70000)
        self.assertEqual(self.master.read_input_registers(0, 4, slave=1).registers, [21843, 1, 1, 4464])
        self.sim.do("stim1", fault="freeze", address=12, words=2)
        frozen = self.master.read_input_registers(12, 2, slave=1).registers
        self.assertEqual(self.master.read_input_registers(12, 2, slave=1).registers, frozen)
        self.sim.do("stim1", clear="all")
        self.assertEqual(self.master.read_input_registers(0, 4, slave=1).registers, [21332, 1, 0, 1001])

    def test_stuck_output_and_patient_stop(self):
        start_10_ma(self.master)
        self.sim.do("stim1", fault="stuck", channel=1)
        self.assertFalse(self.master.write_coil(0, False, slave=1).isError())
        self.assertEqual(self.master.read_input_registers(20, 1, slave=1).registers, [1000])
        self.sim.do("stim1", clear="stuck")
        self.assertEqual(self.master.read_input_registers(20, 1, slave=1).registers, [0])
        self.sim.do("stim1", fault="patient_stop")
        self.assertEqual(self.master.write_coil(0, True, slave=1).exception_code, 4)

    def test_ultrasound_heats_dries_and_trips(self):
        m = self.master
        m.write_registers(100, [1000, 1000], slave=2)
        m.write_coil(0, True, slave=2)
        words = m.read_input_registers(20, 2, slave=2).registers
        self.assertEqual(struct.unpack("<f", struct.pack("<HH", *words))[0], 5.0)
        self.sim.do("us1", fault="dry", ramp_ms=100)
        self.sim.await_trace(device="us1", event="output", on=True, value=0)
        self.assertEqual(m.read_input_registers(24, 1, slave=2).registers, [3])
        self.sim.do("us1", fault="head_temperature", millic=46000)
        rest = self.sim.await_trace(device="us1", event="output", on=False, cause="fault")[0]
        self.assertEqual(rest["quantity"], "power_uw")
        self.assertEqual(m.read_input_registers(11, 1, slave=2).registers, [2])

    def test_bytes_that_are_not_modbus_close_the_connection_only(self):
        raw = self.sim.raw("stim1")
        raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.assertEqual(raw.recv(64), b"")
        raw.close()
        self.assertEqual(self.master.read_input_registers(0, 1, slave=1).registers, [21332])

    def test_split_and_pipelined_requests(self):
        raw = self.sim.raw("stim1")
        both = adu(1, 1, 4, 0, 0, 0, 1) + adu(2, 2, 4, 0, 0, 0, 1)
        for at in range(0, len(both), 5):
            raw.sendall(both[at : at + 5])
        self.assertEqual(self.take(raw, 22), adu(1, 1, 4, 2, 0x53, 0x54) + adu(2, 2, 4, 2, 0x55, 0x53))
        raw.close()

    def test_random_bytes_harm_nothing(self):
        dice = random.Random(20)
        for _ in range(200):
            raw = self.sim.raw("stim1")
            body = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 40)))
            head = struct.pack(">HHHB", 1, 0, len(body) + 1, 1) if dice.random() < 0.7 else b""
            raw.sendall(head + body)
            raw.close()
            self.sim.lines.write(body.decode("latin-1").replace("\n", " ") + "\n")
            self.sim.lines.flush()
            self.assertFalse(json.loads(self.sim.lines.readline())["ok"])
        self.assertEqual(self.master.read_input_registers(0, 1, slave=1).registers, [21332])

    def test_wrong_commands_are_refused_whole(self):
        for command in ({"device": "nobody", "fault": "drop"}, {"fault": "drop"},
                        {"device": "stim1", "fault": "nonsense"}, {"device": "stim1", "fault": "delay"},
                        {"device": "stim1", "fault": "delay", "ms": "5"}, {"device": "stim1", "fault": "delay", "ms": -1},
                        {"device": "stim1", "fault": "drop", "ms": 5},
                        {"device": "stim1", "fault": "drop", "match": {"colour": 1}},
                        {"device": "stim1", "fault": "open", "match": {}}, {"device": "stim1", "fault": "dry"},
                        {"device": "stim1", "fault": "corrupt", "how": "badly"},
                        {"device": "us1", "fault": "deliver", "permille": 900, "channel": 2}, {}):
            self.assertFalse(self.sim.ask(**command)["ok"], command)
        self.assertEqual(self.sim.state("stim1")["wire_rules"], 0)
        self.sim.lines.write("no json\n")
        self.sim.lines.flush()
        self.assertFalse(json.loads(self.sim.lines.readline())["ok"])

    def test_every_fault_of_the_list_is_taken_with_its_arguments(self):
        words = {"how": "value", "cut": "before", "ignores": "commands", "restart": "rest"}
        numbers = {"address": 10, "channel": 1, "words": 1, "count": 1}
        with open(README, encoding="utf-8") as file:
            page = file.read()
        for name, fault in self.sim.ask(list="faults")["faults"].items():
            self.assertIn(f"| `{name}` |", page)
            if fault["help"].startswith("USB:"):  # test_sim_usb.py
                continue
            command = {arg: words.get(arg, numbers.get(arg, 5)) for arg in fault["must"]}
            device = self.owners.get(fault["help"].split(":")[0], "stim1")
            self.assertTrue(self.sim.do(device, fault=name, **command)["ok"])
            self.assertTrue(self.sim.do(device, clear=name)["ok"])
        self.assertTrue(self.sim.ask(clear="all")["ok"])


if __name__ == "__main__":
    unittest.main()
