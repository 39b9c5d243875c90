# SPDX-License-Identifier: Apache-2.0
"""What the devices on pymodbus share: they answer by Modbus TCP or RTU through code that is neither ours nor libmodbus'.

A device has
    cells(function)                   what a function can reach now: {address: value}
    write(function, address, values)  does it, or raises Refused
    tick()                            what happens by itself; called often
    obey(words)                       a command from stdin
and where it knows only some functions, the set `functions`. serve() prints one line "ready tcp 127.0.0.1:PORT" or
"ready rtu PATH", obeys "mute 0|1" (requests are executed, not answered) itself, and ends when stdin closes.
"""
import asyncio
import logging
import sys

from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.bit_write_message import WriteMultipleCoilsRequest, WriteSingleCoilRequest
from pymodbus.datastore import ModbusServerContext
from pymodbus.interfaces import IModbusSlaveContext
from pymodbus.pdu import ModbusExceptions
from pymodbus.register_read_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest
from pymodbus.register_write_message import WriteMultipleRegistersRequest, WriteSingleRegisterRequest
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer


class Refused(Exception):
    """The request is answered with a Modbus exception and has done nothing."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Registers(IModbusSlaveContext):
    """What pymodbus asks for, from a device."""

    def __init__(self, device):
        self.device = device

    def cells(self, function):
        if function not in getattr(self.device, "functions", range(1, 17)):
            raise Refused(ModbusExceptions.IllegalFunction)
        self.device.tick()
        return self.device.cells(function)

    def validate(self, fc_as_hex, address, count=1):
        cells = self.cells(fc_as_hex)
        return count > 0 and all(address + i in cells for i in range(count))

    def getValues(self, fc_as_hex, address, count=1):
        cells = self.cells(fc_as_hex)
        return [cells[address + i] for i in range(count)]

    def setValues(self, fc_as_hex, address, values):
        self.device.write(fc_as_hex, address, values)


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


async def watch_stdin(device):
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        words = line.decode().split()
        if words[:1] == ["mute"]:
            Behaviour.mute = words[1] == "1"
        else:
            device.obey(words)
        device.tick()
        print("done", " ".join(words), flush=True)


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


async def run(device, unit, front, where, baud):
    context = ModbusServerContext(slaves={unit: Registers(device)}, single=False)
    work = serve_tcp(context, int(where)) if front == "tcp" else serve_rtu(context, where, baud)
    tasks = [asyncio.create_task(job) for job in (work, tick_often(device), watch_stdin(device))]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def arguments(parser, unit):
    """The command line that every device has."""
    parser.add_argument("front", choices=["tcp", "rtu"])
    parser.add_argument("where", help="TCP port, 0 takes a free one; or path of a serial port, 8N1")
    parser.add_argument("baud", nargs="?", type=int, default=115200)
    parser.add_argument("--unit", type=int, default=unit)


def serve(device, options):
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    asyncio.run(run(device, options.unit, options.front, options.where, options.baud))
    # The server's tasks end with the process; their cancellation would only be logged.
    sys.stdout.flush()
