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
import asyncio
import logging
import sys
import time

from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.bit_write_message import WriteMultipleCoilsRequest, WriteSingleCoilRequest
from pymodbus.datastore import ModbusServerContext
from pymodbus.interfaces import IModbusSlaveContext
from pymodbus.pdu import ModbusExceptions
from pymodbus.register_read_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest
from pymodbus.register_write_message import WriteMultipleRegistersRequest, WriteSingleRegisterRequest
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer

WATCHDOG_S = 1.0
COMPLIANCE_V = 100.0
OPEN_OHM = 10000
TIMER_MAX_MS = 3600000
# Set points of a channel: holding registers 100 to 109, smallest and largest value.
SETPOINTS = [(0, 1000), (20, 1000), (1, 2500), (1000, 10000), (0, 2500), (0, 7), (20, 2000), (0, 1000), (1, 1000), (10, 1000)]


class Refused(Exception):
    """The request is answered with a Modbus exception and has done nothing."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


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


class Registers(IModbusSlaveContext):
    """What pymodbus asks for, from the device above."""

    def __init__(self, device):
        self.device = device

    def cells(self, function):
        self.device.tick()
        if function in (1, 5, 15):
            return {channel: on for channel, on in enumerate(self.device.run)}
        if function == 2:
            return {0: self.device.switch_latched}
        return self.device.inputs() if function == 4 else self.device.holdings()

    def validate(self, fc_as_hex, address, count=1):
        cells = self.cells(fc_as_hex)
        return count > 0 and all(address + i in cells for i in range(count))

    def getValues(self, fc_as_hex, address, count=1):
        cells = self.cells(fc_as_hex)
        return [cells[address + i] for i in range(count)]

    def setValues(self, fc_as_hex, address, values):
        if fc_as_hex in (5, 15):
            for i, on in enumerate(values):
                self.device.command_run(address + i, bool(on))
        else:
            self.device.write_holdings(address, values)


class Behaviour:
    mute = False
    echo_stored = False


def answering(base):
    """A request class that answers a refusal with its exception, and echoes what was asked."""

    class Request(base):
        def execute(self, context):
            try:
                response = super().execute(context)
            except Refused as refused:
                return self.doException(refused.code)
            if isinstance(self, WriteSingleRegisterRequest) and hasattr(response, "value") and not Behaviour.echo_stored:
                response.value = self.value
            return response

    Request.__name__ = base.__name__
    return Request


REQUESTS = [answering(base) for base in (
    ReadCoilsRequest, ReadDiscreteInputsRequest, ReadHoldingRegistersRequest, ReadInputRegistersRequest,
    WriteSingleCoilRequest, WriteSingleRegisterRequest, WriteMultipleCoilsRequest, WriteMultipleRegistersRequest)]


def manipulate(response):
    response.should_respond = not Behaviour.mute
    return response, False


def obey(device, line):
    words = line.split()
    if words[:1] == ["hand"]:
        device.switch_pressed = words[1] == "1"
    elif words[:1] == ["fault"]:
        device.cause = int(words[1])
    elif words[:1] == ["electrode"]:
        device.electrodes[int(words[1]) - 1] = int(words[2])
    elif words[:1] == ["mute"]:
        Behaviour.mute = words[1] == "1"
    elif words == ["reboot"]:
        device.rest("reboot")
        device.switch_on()
    device.tick()
    print("done", line.strip(), flush=True)


async def watch_stdin(device):
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        obey(device, line.decode())


async def tick_often(device):
    while True:
        device.tick()
        await asyncio.sleep(0.005)


async def serve_tcp(context, port):
    server = ModbusTcpServer(context, address=("127.0.0.1", port), response_manipulator=manipulate)
    for request in REQUESTS:
        server.decoder.register(request)
    task = asyncio.create_task(server.serve_forever())
    await server.serving
    host, port = server.server.sockets[0].getsockname()
    print(f"ready tcp {host}:{port}", flush=True)
    await task


async def serve_rtu(context, path, baud):
    server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=path, baudrate=baud, parity="N", stopbits=1,
                                bytesize=8, timeout=0, ignore_missing_slaves=True, response_manipulator=manipulate)
    for request in REQUESTS:
        server.decoder.register(request)
    await server.start()
    print(f"ready rtu {path}", flush=True)
    await server.serve_forever()


async def serve(options):
    device = Refstim(options.serial, options.trace)
    Behaviour.echo_stored = options.echo_stored
    context = ModbusServerContext(slaves={options.unit: Registers(device)}, single=False)
    front = serve_tcp(context, int(options.where)) if options.front == "tcp" else serve_rtu(context, options.where, options.baud)
    tasks = [asyncio.create_task(work) for work in (front, tick_often(device), watch_stdin(device))]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def main():
    parser = argparse.ArgumentParser(description="reference stimulator on pymodbus")
    parser.add_argument("front", choices=["tcp", "rtu"])
    parser.add_argument("where", help="TCP port, or path of a serial port")
    parser.add_argument("baud", nargs="?", type=int, default=115200)
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--serial", type=int, default=10001)
    parser.add_argument("--echo-stored", action="store_true")
    parser.add_argument("--trace", action="store_true")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    asyncio.run(serve(parser.parse_args()))
    # The server's tasks end with the process; their cancellation would only be logged.
    sys.stdout.flush()


if __name__ == "__main__":
    main()
