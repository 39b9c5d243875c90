# SPDX-License-Identifier: Apache-2.0
"""Every message of a Modbus treatment, bent in every way: on TCP and on a serial line of its own."""
import os
import shutil
import tempfile
import unittest

from links import Trace, Walk, faults, stimulator

from dosage import TENS, DosageRoom

TCP = [f"stim{n}" for n in range(1, 7)]
RTU = [f"stim{n}" for n in range(7, 11)]


class Modbus(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="modality-lines-")
        self.addCleanup(shutil.rmtree, self.folder)
        devices = [f"{name}=refstim,unit=1,tcp=127.0.0.1:0" for name in TCP]
        devices += [f"{name}=refstim,unit=1,pty={os.path.join(self.folder, name)}" for name in RTU]
        self.room = DosageRoom(TENS.protocol("tens", 12000), devices=devices, sim_arguments=("--trace-reads",))
        self.addCleanup(self.room.close)
        self.trace = Trace(self.room.sim.trace_path)

    def beds(self, names):
        return [stimulator(self.room, self.trace, name) for name in names]

    def test_every_message(self):
        walk = Walk(stride=11)
        bent = faults(below_ms=180, above_ms=400)
        walk.run([(self.beds(TCP), bent, True), (self.beds(RTU), bent, True)])
        walk.check(self)


if __name__ == "__main__":
    unittest.main()
