# SPDX-License-Identifier: Apache-2.0
"""Every message of a treatment with the devices on USB, bent in every way."""
import unittest

from links import Bed, Trace, Walk, charge, faults

from room import HEAD, LIFU_HEAD, PATIENT, PROBE, Room, lifu_request, tens_request
from test_usb import LIFU_PROTOCOL

DEVICES = ("p24a=p24,usb=1-1,serial=11", "p24b=p24,usb=1-2,serial=12",
           "rehaa=rehastim2,usb=1-3,usb_serial=FT11", "rehab=rehastim2,usb=1-4,usb_serial=FT12",
           "lifua=openlifu,usb=1-5+1-6,ramp_ms=300,serial=1003", "lifub=openlifu,usb=1-7+1-8,ramp_ms=300,serial=1004")


def energy(bed, since):
    """Microjoules: 20 % of the time, over the 5 cm2 of its head."""
    def both(session):
        outputs = bed.trace.moved(bed.device, since)
        true = sum(a["value"] * (b["t_ns"] - max(a["t_ns"], since)) / 1e9 for a, b in zip(outputs, outputs[1:])) * 0.2 * 5
        return bed.client.call("session.get", session_id=session)["delivered"]["energy_uj"], int(true)
    return both


class Transducer(Bed):
    def mend(self):
        """Its 12 V were taken away, because its voltage was not proved to be off: it is switched off and on, and loaded."""
        if not self.sim.state(self.device)["supply_on"]:
            self.sim.fault(self.device, "reboot")
            self.sim.clear(self.device, "reboot")
            self.ready()


class Usb(unittest.TestCase):
    def setUp(self):
        # A call of a plugin may take long where many programs and a bus share two processors: it does not hang.
        self.room = Room(devices=DEVICES, start=False, daemon_keys=PATIENT.replace("grace = 200 ms", "grace = 500 ms"),
                         sim_arguments=("--trace-reads",))
        self.addCleanup(self.room.close)
        self.room.write("applicators.ini", HEAD + PROBE + "".join(
            LIFU_HEAD.replace("lifu_head", f"{name}_head").replace("device = lifu", f"device = {name}").replace("1003", serial)
            for name, serial in (("lifua", "1003"), ("lifub", "1004"))))
        self.room.write("protocols/lifu.ini", LIFU_PROTOCOL)
        self.room.start()
        self.trace = Trace(self.room.sim.trace_path)

    def stimulator(self, name):
        def request(client, patient):
            return tens_request(client, device=name, patient=patient, start=2000, ceiling=4000)
        return Bed(self.room, self.trace, name, request, (2000, 4000), "amplitude_ua", charge)

    def transducer(self, name):
        def request(client, patient):
            asked = lifu_request(client, device=name, patient=patient)
            asked["outputs"][0]["applicator_ref"] = f"{name}_head"
            return asked
        return Transducer(self.room, self.trace, name, request, (30000, 0), "intensity_satp_uw_cm2", energy)

    def test_every_message(self):
        walk = Walk(stride=23)
        walk.run([([self.stimulator(name) for name in ("p24a", "p24b")], faults(40, 400), True),
                  ([self.stimulator(name) for name in ("rehaa", "rehab")], faults(40, 400), True),
                  ([self.transducer(name) for name in ("lifua", "lifub")], faults(40, 400), False)])
        walk.check(self)


if __name__ == "__main__":
    unittest.main()
