#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The laser, the cold and the galvanic unit over Modbus TCP, driven by pymodbus and judged by the trace.

Usage: SCRIPT PATH-OF-MODALITY-SIM
"""
import select
import time
import unittest

from simulator import WAIT_S, WithSimulator

class Kinds(WithSimulator):
    devices = ("laser1=reflaser,tcp=127.0.0.1:0,head_serial=4001,head_serial2=4002",
               "cold1=refcold,tcp=127.0.0.1:0,skin_tau_ms=200,pad_ms_per_k=20", "galv1=refgalv,tcp=127.0.0.1:0")

    def master(self, device):
        return self.sim.tcp(device)

    def fed_until(self, client, **fields):
        """Feeds the watchdog until the trace shows it; its first line."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.assertFalse(client.write_register(150, 1, slave=1).isError())
            found = self.sim.trace(**fields)
            if found:
                return found[0]
            select.select([], [], [], 0.02)
        self.fail(f"no {fields}")
        return None

    def outputs(self, device):
        return self.sim.trace(event="output", device=device)

    def test_identities(self):
        for device, model in (("laser1", 19546), ("cold1", 17234), ("galv1", 18241)):
            self.assertEqual(self.master(device).read_input_registers(0, 2, slave=1).registers, [model, 1])
        laser = self.master("laser1")
        self.assertEqual(laser.read_input_registers(24, 2, slave=1).registers, [0, 4001])
        self.assertEqual(laser.read_input_registers(44, 2, slave=1).registers, [0, 4002])

    def test_laser_emits_after_its_delay_until_the_door_opens(self):
        m = self.master("laser1")
        m.write_register(100, 1000, slave=1)
        self.assertFalse(m.write_coil(0, True, slave=1).isError())
        asked = self.sim.trace(event="request", function=5, phase="applied")[0]["t_ns"]
        self.assertTrue(m.read_discrete_inputs(0, 4, slave=1).bits[3])
        begun = self.fed_until(m, device="laser1", event="output", cause="emission")
        self.assertEqual((begun["on"], begun["value"], begun["quantity"]), (True, 100000, "power_uw"))
        self.assertGreaterEqual(begun["t_ns"] - asked, 2_000_000_000 - 1_000_000)
        self.assertLess(begun["t_ns"] - asked, 2_050_000_000)
        self.assertEqual(m.read_input_registers(20, 2, slave=1).registers, [1, 34464])
        opened = self.sim.do("laser1", fault="door_open")["t_ns"]
        ended = self.sim.trace(device="laser1", event="output", cause="interlock")[0]
        self.assertEqual((ended["on"], ended["value"], ended["t_ns"]), (False, 0, opened))
        self.assertEqual(m.read_input_registers(10, 1, slave=1).registers, [32])
        self.assertEqual(m.write_coil(0, True, slave=1).exception_code, 4)
        state = self.sim.state("laser1")
        self.assertEqual((state["door_closed"], state["key_on"], state["interlock"]), (0, 1, 1))
        seconds = (ended["t_ns"] - begun["t_ns"]) / 1e9
        self.assertAlmostEqual(state["channels"][0]["energy_uj"], 100000 * seconds, delta=2)

    def test_cold_stop_is_one_line_and_the_pad_follows(self):
        m = self.master("cold1")
        m.write_register(100, 150, slave=1)
        self.fed_until(m, device="cold1", event="output", value=15000)
        self.assertEqual(m.read_input_registers(20, 1, slave=1).registers, [1500])
        m.write_register(100, 250, slave=1)
        stop = self.sim.trace(device="cold1", event="output", cause="write", on=False)[0]
        self.assertEqual((stop["set"], stop["value"], stop["quantity"]), (25000, 15000, "temperature_millic"))
        warm = self.sim.await_trace(device="cold1", event="output", on=False, value=25000, cause="load")[0]
        self.assertAlmostEqual((warm["t_ns"] - stop["t_ns"]) / 1e9, 0.2, delta=0.03)
        values = [line["value"] for line in self.outputs("cold1") if line["t_ns"] >= stop["t_ns"]]
        self.assertEqual(values, sorted(values))

    def test_cold_watchdog_rests_1000_ms_after_the_set_point(self):
        m = self.master("cold1")
        m.write_register(100, 100, slave=1)
        rest = self.sim.await_trace(device="cold1", event="output", cause="watchdog")[0]
        begun = self.sim.trace(device="cold1", event="output", cause="write")[0]
        self.assertEqual(rest["t_ns"] - begun["t_ns"], 1_000_000_000)
        self.assertEqual((rest["on"], rest["set"]), (False, 25000))
        self.assertEqual(m.read_holding_registers(100, 1, slave=1).registers, [250])
        self.assertEqual(m.write_register(100, 240, slave=1).exception_code, 4)
        state = self.sim.state("cold1")["channels"][0]
        self.assertGreater(state["cold_dose_millic_min"], 0)
        self.assertGreater(state["skin_millic"], rest["value"])  # and both grow warm again

    def test_skin_sensor_faults_reach_the_wire(self):
        m = self.master("cold1")
        self.sim.do("cold1", fault="skin_temperature", millic=9000)
        self.assertEqual(m.read_input_registers(21, 2, slave=1).registers, [900, 1])
        self.sim.do("cold1", clear="skin_temperature")
        self.sim.do("cold1", fault="skin_off")
        self.assertEqual(m.read_input_registers(21, 2, slave=1).registers, [2500, 3])
        self.sim.do("cold1", fault="skin_none")
        self.assertEqual(m.read_input_registers(21, 2, slave=1).registers, [32767, 3])

    def test_galvanic_polarity_and_charge(self):
        m = self.master("galv1")
        m.write_registers(100, [400, 2, 1], slave=1)
        self.assertFalse(m.write_coil(0, True, slave=1).isError())
        self.assertEqual(m.read_input_registers(20, 4, slave=1).registers, [4000, 1000, 1, 400])
        start = self.sim.trace(device="galv1", event="output", cause="start")[0]
        self.assertEqual((start["value"], start["polarity"], start["quantity"]), (4000, 2, "amplitude_ua"))
        self.sim.do("galv1", fault="polarity", channel=1)
        self.assertEqual(self.outputs("galv1")[-1]["polarity"], 1)
        m.write_coil(0, False, slave=1)
        stop = self.sim.trace(device="galv1", event="output", cause="stop")[0]
        self.assertEqual((stop["on"], stop["value"]), (False, 0))
        channel = self.sim.state("galv1")["channels"][0]
        seconds = (stop["t_ns"] - start["t_ns"]) / 1e9
        self.assertAlmostEqual(channel["charge_uc"], 4000 * seconds, delta=1)
        self.assertAlmostEqual(channel["iontophoresis_dose_ua_min"], 4000 * seconds / 60, delta=1)

    def test_high_voltage_is_told_in_volts(self):
        m = self.master("galv1")
        m.write_register(120, 2000, slave=1)
        m.write_coil(1, True, slave=1)
        start = self.sim.trace(device="galv1", event="output", cause="start")[0]
        self.assertEqual((start["channel"], start["quantity"], start["value"]), (2, "amplitude_mv", 200000))
        self.assertEqual(m.read_input_registers(40, 4, slave=1).registers, [2000, 1000, 1, 2000])
        self.assertEqual(m.write_coil(0, True, slave=1).exception_code, 4)

    def test_common_faults_work_on_every_kind(self):
        """stuck, self_start, deliver, misreport, hold_level, device_fault, reboot: one line of the trace each."""
        levels = {"laser1": (100, 1000), "cold1": (100, 200), "galv1": (100, 200)}
        for device, (address, value) in levels.items():
            m = self.master(device)
            m.write_register(address, value, slave=1)
            self.sim.do(device, fault="no_watchdog")
            self.sim.do(device, fault="self_start", channel=1)
            on = self.outputs(device)[-1] if device != "laser1" else \
                self.sim.trace(event="output", device=device, channel=1)[-1]
            self.assertTrue(on["on"], device)
            for fault in ({"fault": "deliver", "permille": 1500}, {"fault": "misreport", "permille": 500},
                          {"fault": "hold_level"}, {"fault": "stuck"}):
                self.sim.do(device, channel=1, **fault)
            self.sim.do(device, fault="device_fault", code=1)
            state = self.sim.state(device)
            self.assertEqual((state["channels"][0]["on"], state["fault_code"]), (1, 1), device)  # stuck
            self.sim.do(device, clear="all")
            self.assertEqual(self.sim.state(device)["channels"][0]["on"], 0, device)
            self.sim.do(device, fault="reboot")
            self.assertLess(self.sim.state(device)["uptime_ms"], 1000)


if __name__ == "__main__":
    unittest.main()
