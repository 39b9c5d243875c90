# SPDX-License-Identifier: Apache-2.0
"""A treatment beside devices whose plugins do what none may do: it goes on as if they were not there, and stops as it is
told. What such a plugin can reach beside that is tests/plugin/hostile's, on hosts as they are shipped. And the daemon and
its hosts when they are to stay in memory and run before other programs."""
import os
import re
import shutil
import subprocess
import unittest

from room import BIN, BUILD, STIM, Room, begin, now_ns, tens_request, wait_until

ENDED = ("garbage", "flood", "babble", "flap", "crash")  # with their host, again and again
ATTACKS = ENDED + ("forge", "status", "hang")


class Hostile(unittest.TestCase):
    def setUp(self):
        self.room = Room(devices=(STIM,), start=False)
        self.addCleanup(self.room.close)
        plugins = os.path.join(self.room.directory, "plugins")
        os.mkdir(plugins)
        for path in os.path.join(BUILD, "plugins", "modbus-map.so"), os.path.join(BUILD, "hostile", "hostile.so"):
            shutil.copy(path, plugins)
        with open(os.path.join(self.room.config, "daemon.ini"), encoding="utf-8") as file:
            self.room.write("daemon.ini", re.sub(r"plugin_dir = .*", f"plugin_dir = {plugins}", file.read()))
        self.room.write("hostile.ini", "".join(
            f"[device {attack}]\nplugin = hostile\nlink = tcp:127.0.0.1:{9 + i}\nattack = {attack}\nlabel = {attack}\n\n"
            for i, attack in enumerate(ATTACKS)))

    def tried(self, client):
        """Each of them has had its way, more than once where that ends its host."""
        links = {link["link"]: link for link in client.call("device.scan")["links"]}
        restarts = {attack: links[f"tcp:127.0.0.1:{9 + i}"]["host_restarts"] for i, attack in enumerate(ATTACKS)}
        devices = {d["id"]: d["state"] for d in client.call("device.list")["items"]}
        return (all(restarts[attack] >= 2 for attack in ENDED) and restarts["status"] == 0
                and devices["status"] != "ready" and devices["forge"] == "ready" and devices["hang"] == "ready")

    def test_a_treatment_goes_on_beside_hostile_plugins_and_stops(self):
        self.room.start()
        client = self.room.client()
        session, _, _ = begin(client, tens_request(client))
        client.state(session, "running")
        self.assertEqual(self.room.sim.output("stim1"), 10000)
        up = now_ns()
        wait_until("every attack was tried", lambda: self.tried(client), tick=0.05)
        self.assertEqual({line["value"] for line in self.room.sim.outputs("stim1") if line["t_ns"] >= up} - {10000}, set())
        self.assertEqual(client.call("session.get", session_id=session)["state"], "running")
        self.assertTrue(client.call("audit.verify")["ok"])
        self.assertLess(self.room.log().count("babble "), 400 * 16)  # of each host
        asked = now_ns()
        client.act("session.stop", session_id=session)
        self.room.sim.wait_rest("stim1", asked)
        self.assertEqual(client.state(session, "ended")["evidence"], "measured")


class Unfenced(unittest.TestCase):
    def test_a_fence_that_is_taken_away_is_told(self):
        room = Room(devices=(), start=False)
        self.addCleanup(room.close)
        check = [os.path.join(BIN, "modalityd"), "--config", room.config, "--check"]

        def told(key):
            with open(os.path.join(room.config, "daemon.ini"), "a", encoding="utf-8") as file:
                file.write(key)
            return subprocess.run(check, capture_output=True, text=True, check=True).stderr
        self.assertNotIn("fence = no", told(""))
        self.assertIn("note: fence = no: a plugin reaches what this user reaches", told("fence = no\n"))


class Urgent(unittest.TestCase):
    """lock_memory and realtime_priority, where this user may have them."""

    def tasks(self, pid):
        """(policy, priority) of each thread."""
        found = set()
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            found.add((int(fields[38]), int(fields[37])))
        return found

    def locked(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmLck:\s+(\d+)", file.read()).group(1))

    def test_daemon_and_hosts_come_before_others(self):
        room = Room(devices=(STIM,), start=False)
        self.addCleanup(room.close)
        with open(os.path.join(room.config, "daemon.ini"), "a", encoding="utf-8") as file:
            file.write("lock_memory = yes\nrealtime_priority = 5\n")
        room.start()
        if "realtime_priority = 5:" in room.log() or "lock_memory = yes:" in room.log():
            self.skipTest("not allowed here")
        other, fifo = (os.SCHED_OTHER, 0), os.SCHED_FIFO
        self.assertEqual(self.tasks(room.daemon.pid), {(fifo, 5), other})  # records are written as everybody writes
        host, = room.host_pids()
        with open(f"/proc/{host}/status", encoding="ascii") as file:
            self.assertIn("NoNewPrivs:\t1\n", file.read())
        self.assertEqual(self.tasks(host), {(fifo, 6)})
        if not re.search("sanitizers: files", room.log()):  # theirs is not locked
            self.assertGreater(self.locked(room.daemon.pid), 0)
            if "memory not locked" not in room.log():  # of a user who may lock 8 MiB a host would lack the rest
                self.assertGreater(self.locked(host), 0)
        client = room.client()
        session, _, _ = begin(client, tens_request(client))
        room.sim.wait_output("stim1", 10000)
        asked = now_ns()
        client.act("session.stop", session_id=session)
        room.sim.wait_rest("stim1", asked)


if __name__ == "__main__":
    unittest.main()
