# SPDX-License-Identifier: Apache-2.0
"""What is attached is listed without being asked, and what is listed can be pasted: devices on a USB bus of which the
configuration names one."""
import os
import re
import subprocess
import unittest

from room import BIN, BUILD, LIFU, P24, REHA, Room, wait_until

CLINIC = "location = Bay 1\nsimulated = yes\ncalibration_due = 2099-01-01\nsafety_test_due = 2099-01-01\n"
# What only a person knows: what is printed on the device, and how its transducer was measured.
FILLED_IN = {
    "usb:0483:5740,serial=SIM11,port=1-1": "serial = 0000000011\n",
    "usb:0483:5740,port=1-5": "serial = 0000000012\n",
    "usb:0403:6001,serial=FT12,port=1-6": "",
    "usb:0483:57a0,":
        "serial = 0102030405060708090a0b0c+f102030405060708090a0b0c\ncalibration = 30 mW/cm2 at 14.125 V, 60 mW/cm2 at 20 V\n"
        "calibration_source = a test\nfrequency = 1 MHz\nburst_width = 200 us\nduty_max = 20 %\npattern = 0.018=02000003\n"
        "accept_link_loss = A. Example, 2026-11-20\n",
}


LATE = "it did not end within"  # of a plugin that a busy machine did not load in time


def in_time(answer):
    return None if any(LATE in failed["why"] for failed in answer["failed"]) else answer


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # One more of each stimulator: a P24 without a serial number, which goes by its port, and a RehaStim whose serial
        # number alone may be that of the one that is configured by its port.
        cls.room = Room(devices=(P24, REHA, LIFU, "p24b=p24,usb=1-5,serial=12,usb_serial=-",
                                 "rehab=rehastim2,usb=1-6,usb_serial=FT12"), links={"reha": "usb:0403:6001,port=1-2"}, start=False)
        cls.addClassCleanup(cls.room.close)
        cls.plugins(cls.room)
        cls.room.start(ready=False)
        cls.room.wait_device("reha", "ready")

    @staticmethod
    def plugins(room):
        """The plugins, and a file among them that is none."""
        folder = os.path.join(room.directory, "plugins")
        os.mkdir(folder, 0o755)
        for name in os.listdir(os.path.join(BUILD, "plugins")):
            os.symlink(os.path.join(BUILD, "plugins", name), os.path.join(folder, name))
        with open(os.path.join(folder, "broken.so"), "w", encoding="ascii") as file:
            file.write("no library\n")
        path = os.path.join(room.config, "daemon.ini")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        room.write("daemon.ini", re.sub(r"(?m)^plugin_dir = .*$", f"plugin_dir = {folder}", text))

    def check(self):
        return subprocess.run([os.path.join(BIN, "modalityd"), "--config", self.room.config, "--check"], capture_output=True,
                              text=True, timeout=60, check=False)

    def printed(self):
        scan = subprocess.run([os.path.join(BIN, "modalityctl"), "--socket", self.room.socket, "scan"], capture_output=True,
                              text=True, timeout=60, check=True).stdout
        return None if LATE in scan else scan

    def asked(self, device):
        """What the simulator saw of a client: everything but being plugged in."""
        return [line for line in self.room.sim.trace() if line.get("device") == device and line["event"] == "request"]

    def test_what_is_attached_is_told_and_not_asked(self):
        clients = [self.room.client() for _ in range(3)]

        def asked_by_all():
            answers = [client.answer(number) for client, number in [(c, c.send("device.scan")) for c in clients]]
            self.assertEqual([a["found"] for a in answers], [answers[0]["found"]] * 3)
            return in_time(answers[0])
        answer = wait_until("every plugin was asked", asked_by_all)
        self.assertEqual([failed["plugin"] for failed in answer["failed"]], ["broken"])
        self.assertIn("broken.so cannot be loaded", answer["failed"][0]["why"])
        self.assertEqual([link["link"] for link in answer["links"]], ["usb:0403:6001,port=1-2"])
        found = {f["serial"]: f for f in answer["found"]}
        reha, p24, p24b, rehab = found["FT11"], found["SIM11"], found[""], found["FT12"]
        lifu = next(f for f in answer["found"] if f["what"] == "Openwater Open-LIFU")
        self.assertEqual([reha["configured_as"], p24["configured_as"], lifu["configured_as"]], [["reha"], [], []])
        self.assertEqual(reha["link"], "usb:0403:6001,serial=FT11")  # known under the name that its section does not use
        self.assertEqual(reha["section"], "")
        self.assertRegex(lifu["link"], r"^usb:0483:57a0,serial=\w+\+0483:57af,serial=\w+$")
        self.assertRegex(p24["section"], r"^\[device hasomed_p24(_2)?\]\nlabel = HASOMED P24\n"
                                         r"link = usb:0483:5740,serial=SIM11,port=1-1\nplugin = sciencemode4\n")
        self.assertIn("link = usb:0483:5740,port=1-5\n", p24b["section"])
        self.assertIn("link = usb:0403:6001,serial=FT12,port=1-6\n", rehab["section"])
        self.assertTrue(self.asked("reha"))
        for device in ("p24", "p24b", "rehab", "lifu"):
            self.assertEqual((self.asked(device), self.room.sim.state(device)["connections"]), ([], 0), device)
        self.assertEqual(self.room.sim.state("reha")["connections"], 1)

    def test_half_of_a_device_has_no_name(self):
        self.room.sim.fault("lifu", "absent", plug=1)
        self.addCleanup(self.room.sim.clear, "lifu", "absent")
        client = self.room.client()
        answer = wait_until("every plugin was asked", lambda: in_time(client.call("device.scan")))
        half = next(f for f in answer["found"] if f["plugin"] == "openlifu")
        self.assertEqual((half["what"], half["link"], half["section"]), ("Openwater Open-LIFU transmitter", "", ""))
        self.assertIn("there is no console beside it", half["note"])
        self.assertRegex(half["known_as"], r"^usb:0483:57af,serial=\w+,port=1-4$")

    def test_what_is_printed_is_pasted(self):
        scan = wait_until("every plugin was asked", self.printed)
        self.assertRegex(scan, r"(?m)^# broken +COULD NOT LOOK:\n# +plugin .*broken")
        self.assertLessEqual(max(len(line) for line in scan.splitlines()), 198)
        path = os.path.join(self.room.config, "devices.ini")
        with open(path, encoding="utf-8") as file:
            before = file.read()
        self.room.write("devices.ini", before + scan)
        told = self.check()
        self.assertNotEqual(told.returncode, 0)  # nobody but a person knows the rest, and the faults say which keys
        for key in ("serial", "calibration", "frequency", "burst_width"):
            self.assertIn(key, told.stderr)
            self.assertRegex(scan, rf"(?m)^# FILL IN {key}: ")
        for link, keys in FILLED_IN.items():
            scan, n = re.subn(rf"(?m)^link = {link}.*$", lambda m, k=keys: m[0] + "\n" + k + CLINIC.rstrip(), scan)
            self.assertEqual(n, 1, link)
        self.room.write("devices.ini", before + scan)
        told = self.check()
        self.assertEqual(told.returncode, 0, told.stderr)
        self.room.stop()
        self.room.start(ready=False)
        self.room.wait_device("reha", "ready")
        for name in ("hasomed_p24", "hasomed_p24_2", "hasomed_rehastim_2"):
            self.room.wait_device(name, "ready")


if __name__ == "__main__":
    unittest.main()
