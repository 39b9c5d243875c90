# SPDX-License-Identifier: Apache-2.0
"""Every message of a Modbus treatment, bent in every way: on TCP and on a serial line of its own."""
import copy
import os
import shutil
import tempfile
import unittest

from links import Bed, Trace, Walk, faults

from dosage import TENS, DosageRoom

LEVELS = (1000, 1400)
TCP = [f"stim{n}" for n in range(1, 7)]
RTU = [f"stim{n}" for n in range(7, 11)]


def charge(bed, _since):
    """Microcoulombs that the record tells, and those that came out."""
    before = bed.sim.state(bed.device, 1)["charge_uc"]
    return lambda session: (bed.client.call("session.get", session_id=session)["delivered"]["session_charge_uc"],
                            bed.sim.state(bed.device, 1)["charge_uc"] - before)


class Modbus(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="modality-lines-")
        self.addCleanup(shutil.rmtree, self.folder)
        devices = [f"{name}=refstim,unit=1,tcp=127.0.0.1:0" for name in TCP]
        devices += [f"{name}=refstim,unit=1,pty={os.path.join(self.folder, name)}" for name in RTU]
        self.room = DosageRoom(TENS.protocol("tens", 12000), devices=devices, sim_arguments=("--trace-reads",))
        self.addCleanup(self.room.close)
        self.trace = Trace(self.room.sim.trace_path)

    def bed(self, device):
        tens = copy.copy(TENS)
        tens.device = device

        def request(_client, patient):
            return tens.request("tens", LEVELS[0], ceiling=2000, patient=patient)
        return Bed(self.room, self.trace, device, request, LEVELS, "amplitude_ua", charge)

    def test_every_message(self):
        walk = Walk(stride=7)
        bent = faults(below_ms=180, above_ms=400)
        walk.run([([self.bed(name) for name in TCP], bent), ([self.bed(name) for name in RTU], bent)])
        self.assertFalse(walk.failures, "\n".join(walk.failures[:5]))


if __name__ == "__main__":
    unittest.main()
