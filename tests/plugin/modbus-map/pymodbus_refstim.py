#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The reference stimulator (plugins/modbus-map/README.md) on pymodbus: it shares no code with libmodbus or our simulator.

    pymodbus_refstim.py tcp PORT          serves 127.0.0.1:PORT, 0 takes a free one
    pymodbus_refstim.py rtu PATH [BAUD]   serves a serial port or one end of a pty pair, 8N1
    options: --unit N (1), --serial N (10001), --echo-stored (function 6 echoes what was stored, as some devices do),
             --trace (prints "level CH UA NS" at every change of a current set point, and "fed NS" at every keep-alive)

Prints one line "ready tcp 127.0.0.1:PORT" or "ready rtu PATH", then a line "output CH on|off NS WHY" at every change of
an output (NS is CLOCK_MONOTONIC). Reads commands from stdin, a line each: "hand 0|1", "fault CODE", "electrode CH OHM",
"mute 0|1" (requests are executed, not answered), "reboot". Ends when stdin closes.
"""
import argparse
import sys
import time

sys.dont_write_bytecode = True
from pymodbus_server import Behaviour, ModbusExceptions, Refused, arguments, serve  # noqa: E402

WATCHDOG_S = 1.0
COMPLIANCE_V = 100.0
OPEN_OHM = 10000
TIMER_MAX_MS = 3600000
UP_MS = 1000000  # switched on long before anybody asks: a reboot then shows however late it is looked for
# Set points of a channel: holding registers 100 to 109, smallest and largest value.
SETPOINTS = [(0, 1000), (20, 1000), (1, 2500), (1000, 10000), (0, 2500), (0, 7), (20, 2000), (0, 1000), (1, 1000), (10, 1000)]


def now_ms():
    return time.monotonic_ns() // 1000000


class Refstim:
    def __init__(self, serial, trace=False):
        self.serial = serial
        self.trace = trace
        self.electrodes = [1000, 1000]
        self.switch_pressed = False
        self.cause = 0
        self.switch_on()
        self.born -= UP_MS

    def switch_on(self):
        self.born = now_ms()
        self.run = [False, False]
        self.setpoints = [[low for low, _ in SETPOINTS] for _ in range(2)]
        self.fed = self.born
        self.feed_value = 0
        self.fault = 0
        self.tripped = False
        self.switch_latched = self.switch_pressed
        self.timer_preset = 0
        self.timer_end = None

    def set_run(self, channel, on, why):
        if self.run[channel] == on:
            return
        if on and not any(self.run):
            self.fed = now_ms()
            self.timer_end = now_ms() + self.timer_preset if self.timer_preset else None
        self.run[channel] = on
        if not any(self.run):
            self.timer_end = None
        print(f"output {channel + 1} {'on' if on else 'off'} {time.monotonic_ns()} {why}", flush=True)

    def rest(self, why):
        for channel in range(2):
            self.set_run(channel, False, why)

    def tick(self):
        """What happens by itself: called often, and before every request."""
        if any(self.run) and now_ms() - self.fed > WATCHDOG_S * 1000:
            self.tripped = True
            self.rest("watchdog")
        if any(self.run) and self.timer_end is not None and now_ms() >= self.timer_end:
            self.rest("timer")
        self.switch_latched = self.switch_latched or self.switch_pressed
        self.fault = self.fault or self.cause
        if self.switch_latched:
            self.rest("hand switch")
        if self.fault:
            self.rest("fault")

    def latched(self):
        return self.tripped or self.switch_latched or self.fault != 0

    def command_run(self, channel, on):
        if on and self.latched():
            raise Refused(ModbusExceptions.SlaveFailure)
        self.set_run(channel, on, "command")

    def clear(self):
        self.tripped = False
        self.switch_latched = self.switch_pressed
        self.fault = self.cause

    def output(self, channel):
        """Current in A, voltage in V and contact code of a channel that runs; zeros at rest."""
        if not self.run[channel]:
            return 0.0, 0.0, 0
        ohm = self.electrodes[channel]
        wanted = self.setpoints[channel][0] * 1e-4
        amps = min(wanted, COMPLIANCE_V / max(ohm, 1))
        contact = 3 if ohm > OPEN_OHM else 4 if ohm < 50 else 2 if ohm > 4000 else 1
        return amps, amps * ohm, contact

    def inputs(self):
        status = self.run[0] | self.run[1] << 1 | (self.fault != 0) << 2 | self.tripped << 3 | self.switch_latched << 4
        up = (now_ms() - self.born) & 0xFFFFFFFF
        left = max(0, self.timer_end - now_ms()) if self.timer_end is not None else 0
        cells = dict.fromkeys(range(10, 44), 0)
        cells |= {0: 21332, 1: 1, 2: self.serial >> 16, 3: self.serial & 0xFFFF, 4: 0x0102, 10: status, 11: self.fault,
                 12: up >> 16, 13: up & 0xFFFF, 14: left >> 16, 15: left & 0xFFFF}
        for channel in range(2):
            amps, volts, contact = self.output(channel)
            ohm = self.electrodes[channel] if self.run[channel] else 0
            base = 20 + 20 * channel
            cells.update({base: round(amps * 1e5), base + 1: min(ohm, 65535), base + 2: contact, base + 3: round(volts * 100)})
        return cells

    def holdings(self):
        cells = {150: self.feed_value, 151: self.timer_preset >> 16, 152: self.timer_preset & 0xFFFF, 153: 0}
        for channel in range(2):
            for i, value in enumerate(self.setpoints[channel]):
                cells[100 + 20 * channel + i] = value
        return cells

    def write_holdings(self, address, values):
        cells = self.holdings()
        after = dict(cells)
        after.update({address + i: value for i, value in enumerate(values)})
        preset = after[151] << 16 | after[152]
        for channel in range(2):
            for i, (low, high) in enumerate(SETPOINTS):
                if not low <= after[100 + 20 * channel + i] <= high:
                    raise Refused(ModbusExceptions.IllegalValue)
        if preset > TIMER_MAX_MS or after[153] > 1:
            raise Refused(ModbusExceptions.IllegalValue)
        for channel in range(2):
            if self.trace and self.setpoints[channel][0] != after[100 + 20 * channel]:
                print(f"level {channel + 1} {after[100 + 20 * channel] * 100} {time.monotonic_ns()}", flush=True)
            self.setpoints[channel] = [after[100 + 20 * channel + i] for i in range(len(SETPOINTS))]
        self.timer_preset = preset
        if address <= 150 < address + len(values):
            self.feed_value = after[150]
            self.fed = now_ms()
            if self.trace:
                print(f"fed {time.monotonic_ns()}", flush=True)
        if after[153] == 1:
            self.clear()

    def cells(self, function):
        if function in (1, 5, 15):
            return dict(enumerate(self.run))
        if function == 2:
            return {0: self.switch_latched}
        return self.inputs() if function == 4 else self.holdings()

    def write(self, function, address, values):
        if function not in (5, 15):
            self.write_holdings(address, values)
            return
        for i, on in enumerate(values):
            self.command_run(address + i, bool(on))

    def obey(self, words):
        if words[:1] == ["hand"]:
            self.switch_pressed = words[1] == "1"
        elif words[:1] == ["fault"]:
            self.cause = int(words[1])
        elif words[:1] == ["electrode"]:
            self.electrodes[int(words[1]) - 1] = int(words[2])
        elif words == ["reboot"]:
            self.rest("reboot")
            self.switch_on()


def main():
    parser = argparse.ArgumentParser(description="reference stimulator on pymodbus")
    arguments(parser, unit=1)
    parser.add_argument("--serial", type=int, default=10001)
    parser.add_argument("--echo-stored", action="store_true")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    Behaviour.echo_stored = options.echo_stored
    serve(Refstim(options.serial, options.trace), options)


if __name__ == "__main__":
    main()
