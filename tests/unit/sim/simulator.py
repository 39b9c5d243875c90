# SPDX-License-Identifier: Apache-2.0
"""One running modality-sim for a test: its trace, its control socket, and pymodbus masters connected to it.

The program's path is the first argument of the test script. Every wait is bounded.
"""
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from pymodbus.client import ModbusSerialClient, ModbusTcpClient

PROGRAM = sys.argv.pop(1)
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/modality-sim/README.md")
WAIT_S = 5.0


class Simulator:
    """One running modality-sim with a trace and a control socket in a folder of its own."""

    def __init__(self, *devices, extra=()):
        self.masters = []
        self.folder = tempfile.mkdtemp(prefix="modality-sim-")
        self.trace_path = os.path.join(self.folder, "trace.jsonl")
        command = [PROGRAM, "--control", self.path("sim.sock"), "--trace", self.trace_path, "--exit-on-eof", *extra]
        for device in devices:
            command += ["--device", device.replace("%", self.folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(WAIT_S)
        self.control.connect(self.path("sim.sock"))
        self.lines = self.control.makefile("rw")

    def path(self, name):
        return os.path.join(self.folder, name)

    def ask(self, **command):
        self.lines.write(json.dumps(command) + "\n")
        self.lines.flush()
        return json.loads(self.lines.readline())

    def do(self, device, **command):
        answer = self.ask(device=device, **command)
        if not answer["ok"]:
            raise AssertionError(answer)
        return answer

    def state(self, device):
        return self.do(device, get="state")["state"]

    def port(self, device):
        return int(self.ready["devices"][device]["link"].rsplit(":", 1)[1])

    def tcp(self, device, timeout=1.0):
        """A connected master; all of them are closed with the simulator."""
        client = ModbusTcpClient("127.0.0.1", port=self.port(device), retries=0)
        client.params.timeout = timeout  # its constructor cuts to whole seconds
        assert client.connect()
        self.masters.append(client)
        return client

    def raw(self, device):
        connection = socket.create_connection(("127.0.0.1", self.port(device)), timeout=WAIT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def rtu(self, path, timeout=1.0):
        client = ModbusSerialClient(method="rtu", port=path, baudrate=115200, parity="N", retries=0)
        client.params.timeout = timeout
        assert client.connect()
        return client

    def trace(self, **fields):
        with open(self.trace_path, encoding="ascii") as file:
            lines = [json.loads(line) for line in file]
        return [line for line in lines if all(line.get(key) == value for key, value in fields.items())]

    def await_trace(self, count=1, **fields):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            found = self.trace(**fields)
            if len(found) >= count:
                return found
            select.select([], [], [], 0.002)
        raise AssertionError(f"no {fields} in the trace: {self.trace()}")

    def close(self):
        for master in self.masters:
            master.close()
        self.control.close()
        self.lines.close()
        self.process.stdin.close()
        code = self.process.wait(WAIT_S)
        self.process.stdout.close()
        left = sorted(os.listdir(self.folder))
        shutil.rmtree(self.folder)
        return code, left


class WithSimulator(unittest.TestCase):
    devices = ()

    def setUp(self):
        self.sim = Simulator(*self.devices)
        self.addCleanup(self.end)

    def end(self):
        code, left = self.sim.close()
        self.assertEqual(code, 0)
        self.assertEqual(left, ["trace.jsonl"])  # neither socket nor terminal stays behind


def adu(transaction, unit, *pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + bytes(pdu)


def start_10_ma(client, unit=1):
    assert not client.write_register(100, 100, slave=unit).isError()
    assert not client.write_coil(0, True, slave=unit).isError()


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)
