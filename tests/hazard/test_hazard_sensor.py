# SPDX-License-Identifier: Apache-2.0
"""Hazards that only a sensor shows which few devices have: the simulated devices have it, and the maps here read it."""
import os

from hazard import Hazard, main

from dosage import CONTINUOUS, TENS
from room import now_ns

POINT = """
[point {map}.{name}]
table = input
address = {address}
type = u16
access = ro
role = actual
channel = {channel}
quantity = {quantity}
unit = {unit}
"""
LEVEL = 3000
SATP = 600000  # above the bound of a head that rests


class Sensor(Hazard):
    treatments = {"tens": (TENS, 12000), "sound": (CONTINUOUS, SATP)}

    @staticmethod
    def environment(room):
        Sensor.read_also(room, "refstim", "net1", 24, "ch1", "net_charge_permille", "permille")
        Sensor.read_also(room, "refus", "moving", 27, "head", "head_moving", "1")
        return {}

    @staticmethod
    def read_also(room, name, point, address, channel, quantity, unit):
        """One more point in the poll of a shipped map; of the stimulator the level that it holds, too."""
        with open(os.path.join(room.config, "maps", name + ".ini"), encoding="utf-8") as file:
            text = file.read()
        room.write(os.path.join("maps", name + ".ini"), text.replace("\npoll = ", f"\npoll = {point} " + ("current1 " if name == "refstim" else "")) + POINT.format(
            map=name, name=point, address=address, channel=channel, quantity=quantity, unit=unit))

    # ---- H06 ----

    def test_h06_the_second_phase_does_not_come(self):
        self.repeat(self.one_phase)

    def one_phase(self):
        session, lease = self.begin("tens", LEVEL)
        self.at_level(LEVEL)
        ended = self.trip(session, lease, lambda: self.sim.fault("stim1", "drop_phase", channel=1), "over_limit", "over_limit",
                          "high")
        self.assertIn("es_netq_max", ended["detail"])

    # ---- H13 ----

    def test_h13_the_device_holds_another_set_point(self):
        self.repeat(self.altered)

    def altered(self):
        """By less than the tolerance of what is measured: only the set point itself shows it."""
        session, lease = self.begin("tens", LEVEL)
        self.at_level(LEVEL)
        self.samples()
        self.trip(session, lease, lambda: self.sim.fault("stim1", "alter_set", channel=1, permille=1100), "monitor_disagreement",
                  "monitor_disagreement", "high")

    # ---- H14 ----

    def test_h14_the_head_rests_on_one_spot(self):
        self.repeat(self.still)

    def still(self):
        session, lease = self.begin("sound", SATP, acknowledged=["us_static_max"])
        self.at_level(5 * SATP)
        self.trip(session, lease, lambda: self.sim.fault("us1", "still"), "head_still", "head_still", "medium")


if __name__ == "__main__":
    main()
