# SPDX-License-Identifier: Apache-2.0
"""A plug pulled and put back in every state of a treatment: it is back within a second, idle, and nothing goes on by itself.
P24 has its power from the plug, RehaStim 2 has its own. One room; a patient of its own for each state."""
import os
import signal
import unittest

from room import P24, PATIENT, REHA, Refused, Room, begin, now_ns, screened, tens_request, wait_until

BACK_MS = 1000
SLACK = float(os.environ.get("MODALITY_SLACK", "3"))  # sanitizers and shared machines
WATCHDOG_MS = {"p24": 2000, "reha": 1200}


class HotPlug(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # libusb under umockdev on a machine with much else to do: its replies may take longer than elsewhere
        cls.room = Room(devices=(P24, REHA), daemon_keys=PATIENT.replace("telemetry = 100 ms", "telemetry = 200 ms"))
        cls.addClassCleanup(cls.room.close)
        cls.patients = (f"H-{n}" for n in range(1000))

    def setUp(self):
        self.sim = self.room.sim
        self.client = self.room.client()
        self.client.call("events.subscribe")
        self.client.subscribed = True
        self.addCleanup(self.settle)

    def settle(self):
        """Whatever a test has left is ended before the next begins."""
        client = self.room.client()
        client.call("stop.all")
        for device in WATCHDOG_MS:
            if self.sim.state(device)["absent"]:
                self.push(device)
            self.room.wait_device(device, "ready")

    # --- the plug ---

    def pull(self, device):
        self.sim.fault(device, "absent")
        return now_ns()

    def gone(self, device):
        """Absent; or, where a host had to be begun anew on a slow machine, not known to be at rest."""
        wait_until(f"{device} gone", lambda: self.room.device(device)["state"] in ("absent", "output_unknown"))

    def push(self, device):
        self.sim.clear(device, "absent")
        return now_ns()

    def back(self, device, state="ready"):
        """The plug goes in, and the device is there again: within a second where nothing has to be watched first."""
        pushed = self.push(device)
        wait_until(f"{device} {state}", lambda: self.room.device(device)["state"] == state)
        self.assertLess((now_ns() - pushed) / 1e6, BACK_MS * SLACK)
        return pushed

    def quiet_since(self, device, since_ns):
        self.room.wait_device(device, "ready")
        self.assertEqual(self.sim.peak(device, since_ns), 0)
        self.assertEqual([s for s in self.client.call("session.list")["items"] if s["state"] not in ("ended", "refused")
                          and any(o["device"] == device for o in s.get("outputs", []))], [])

    # --- a treatment ---

    def request(self, device, **more):
        return screened(self.client, tens_request(self.client, device=device, patient=next(self.patients), start=5000,
                                                  ceiling=20000, **more))

    def running(self, device):
        session, lease, _ = begin(self.client, self.request(device))
        self.client.state(session, "running")
        self.sim.wait_output(device, 5000)
        return session, lease

    def test_idle(self):
        for device in WATCHDOG_MS:
            with self.subTest(device):
                pulled = self.pull(device)
                self.gone(device)
                self.back(device)
                self.assertEqual(self.sim.peak(device, pulled), 0)

    def test_prepared(self):
        prepared = self.client.act("session.prepare", **self.request("p24"))
        pulled = self.pull("p24")
        self.gone("p24")
        self.back("p24")
        with self.assertRaises(Refused) as refused:
            self.client.act("session.start", session_id=prepared["session_id"], confirm_token=prepared["confirm_token"])
        self.assertEqual(refused.exception.token, "SHEET_CHANGED")  # what was read and confirmed was another device
        self.quiet_since("p24", pulled)

    def test_running(self):
        for device, watchdog in WATCHDOG_MS.items():
            with self.subTest(device):
                session, lease = self.running(device)
                pulled = self.pull(device)
                self.client.state(session, "output_unknown")
                self.assertLess(self.sim.wait_rest(device, pulled), watchdog + 100 * SLACK)
                pushed = self.push(device)
                self.client.state(session, "ended")
                self.assertLess((now_ns() - pushed) / 1e6, BACK_MS * SLACK)
                with self.assertRaises(Refused):
                    self.client.act("session.resume", session_id=session, lease_key=lease)
                self.quiet_since(device, pushed)

    def test_on_the_way_up(self):
        session, _, _ = begin(self.client, self.request("p24"))
        self.sim.wait_output("p24", 1)
        pulled = self.pull("p24")
        self.client.state(session, "output_unknown")
        self.assertLess(self.sim.wait_rest("p24", pulled), 100 * SLACK)
        pushed = self.push("p24")
        self.client.state(session, "ended")
        self.quiet_since("p24", pushed)

    def test_paused(self):
        session, lease = self.running("p24")
        self.client.act("session.pause", session_id=session, lease_key=lease)
        self.client.state(session, "paused")
        pulled = self.pull("p24")
        self.gone("p24")
        for plugged in (False, True):  # it stays paused, and whoever comes back is another device
            if plugged:
                self.back("p24")
            with self.assertRaises(Refused):
                self.client.act("session.resume", session_id=session, lease_key=lease)
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "ended")
        self.quiet_since("p24", pulled)

    def test_on_the_way_down(self):
        session, _ = self.running("reha")
        self.client.send("session.stop", session_id=session, reason="enough", by="operator")
        pulled = self.pull("reha")
        self.assertLess(self.sim.wait_rest("reha", pulled), WATCHDOG_MS["reha"] + 100 * SLACK)
        pushed = self.push("reha")
        self.client.state(session, "ended")
        self.quiet_since("reha", pushed)

    def test_another_address_in_the_middle_of_it(self):
        """Gone for 20 ms, as a device does that enumerates anew: it is another one."""
        for device in WATCHDOG_MS:
            with self.subTest(device):
                session, _ = self.running(device)
                pulled = now_ns()
                self.sim.fault(device, "absent", ms=20)
                self.client.state(session, "ended")
                self.assertLess(self.sim.wait_rest(device, pulled), WATCHDOG_MS[device] + 100 * SLACK)
                self.quiet_since(device, max(o["t_ns"] for o in self.sim.outputs(device)) + 1)

    def test_the_host_is_killed_while_the_plug_is_out(self):
        session, _ = self.running("reha")
        pulled = self.pull("reha")
        self.client.state(session, "output_unknown")
        host = next(link["host_pid"] for link in self.client.call("device.scan")["links"] if "0403" in link["link"])
        os.kill(host, signal.SIGKILL)
        self.assertLess(self.sim.wait_rest("reha", pulled), WATCHDOG_MS["reha"] + 100 * SLACK)
        pushed = self.push("reha")
        self.client.state(session, "ended")
        self.quiet_since("reha", pushed)

    def test_the_plug_goes_in_and_out_and_in(self):
        for _ in range(3):
            self.pull("p24")
            pushed = self.push("p24")
        wait_until("the last of them is made safe", lambda: any(
            e["event"] == "request" and e["device"] == "p24" and e["t_ns"] > pushed for e in self.sim.trace()))
        self.room.wait_device("p24", "ready")
        session, _ = self.running("p24")
        self.client.call("session.stop", session_id=session, reason="enough", by="operator")
        self.client.state(session, "ended")

    def test_the_daemon_starts_without_it(self):
        self.room.stop()
        self.pull("p24")
        logged = len(self.room.log())
        self.room.start(ready=False)
        self.client = self.room.client()
        self.gone("p24")
        self.room.wait_device("reha", "ready")
        self.back("p24")
        told = [line for line in self.room.log()[logged:].splitlines() if "is not plugged in" in line]
        self.assertEqual(told, ["usb:0483:5740,port=1-1 (sciencemode4): p24: 0483:5740,port=1-1 is not plugged in"])


if __name__ == "__main__":
    unittest.main()
