# SPDX-License-Identifier: Apache-2.0
"""What systemd would see: READY, WATCHDOG, STOPPING on a NOTIFY_SOCKET of the test's own; the sleep inhibitor on a mocked
logind; the unit file by systemd's own checkers. What needs systemd as init (restart, control group) cannot be tried here."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from room import BUILD, SOURCE, Room, begin, tens_request, wait_until


class Notify(unittest.TestCase):
    def test_ready_watchdog_and_stopping(self):
        room = Room(start=False)
        self.addCleanup(room.close)
        path = os.path.join(room.directory, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(10)
            room.start(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
            seen = []

            def wanted(text):
                while not any(text in s for s in seen):
                    seen.append(notify.recv(4096).decode())
                return True

            self.assertTrue(wanted("READY=1"))
            self.assertTrue(wanted("WATCHDOG=1"))
            room.stop()
            self.assertTrue(wanted("STOPPING=1"))


class Inhibitor(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="modality-bus-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        config = os.path.join(self.directory, "bus.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={self.directory}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
<allow user="*"/></policy></busconfig>""")
        self.bus = self.spawn("dbus-daemon", f"--config-file={config}", "--nofork", "--print-address")
        self.address = self.bus.stdout.readline().decode().strip().split(",")[0]
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self.spawn("/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind", env=environment)
        self.environment = environment
        wait_until("logind's mock", lambda: self.manager("ListInhibitors").returncode == 0)

    def spawn(self, *command, **more):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 5)
        self.addCleanup(process.terminate)
        return process

    def manager(self, method):
        return subprocess.run(
            ["dbus-send", f"--bus={self.address}", "--print-reply", "--dest=org.freedesktop.login1", "/org/freedesktop/login1",
             f"org.freedesktop.login1.Manager.{method}"], capture_output=True, text=True, env=self.environment, check=False)

    def held(self):
        return "modalityd" in self.manager("ListInhibitors").stdout

    def test_sleep_is_held_off_while_energised_only(self):
        room = Room(start=False)
        self.addCleanup(room.close)
        room.start(env={"DBUS_SYSTEM_BUS_ADDRESS": self.address})
        client = room.client()
        self.assertFalse(self.held())
        session, _, _ = begin(client, tens_request(client, start=3000))
        room.sim.wait_output("stim1", 3000)
        wait_until("the inhibitor is taken", self.held)
        client.call("session.stop", session_id=session)
        client.state(session, "ended")


class Unit(unittest.TestCase):
    unit = os.path.join(BUILD, "config", "modalityd.service")

    def test_the_unit_verifies(self):
        with open(self.unit, encoding="ascii") as file:
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", file.read(), flags=re.M)
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "modalityd.service")
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
        complaints = [line for line in done.stderr.splitlines() if "modalityd" in line]
        self.assertEqual(complaints, [])
        self.assertEqual(done.returncode, 0, done.stderr)

    def expanded(self, words):
        """The system calls that a SystemCallFilter= line names, sets expanded."""
        calls, sets = set(), [word for word in words if word.startswith("@")]
        calls.update(word for word in words if not word.startswith("@"))
        while sets:
            said = subprocess.run(["systemd-analyze", "syscall-filter", sets.pop()], capture_output=True, text=True, check=True)
            inner = [line.strip() for line in said.stdout.splitlines()[1:] if not line.strip().startswith("#")]
            sets += [word for word in inner if word.startswith("@")]
            calls.update(word for word in inner if not word.startswith("@"))
        return calls

    def test_the_unit_leaves_hosts_the_calls_of_their_fence(self):
        allowed = set()
        with open(self.unit, encoding="ascii") as file:
            for words in re.findall(r"^SystemCallFilter=(.*)$", file.read(), re.M):
                if words.startswith("~"):
                    allowed -= self.expanded(words[1:].split())
                else:
                    allowed |= self.expanded(words.split())
        wanted = {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "capset", "prlimit64",
                  "setrlimit", "prctl", "sched_setattr", "mlockall"}
        with open(os.path.join(SOURCE, "daemon", "host", "sandbox_calls.c"), encoding="ascii") as file:
            hosts = set(re.findall(r"SCMP_SYS\((\w+)\)", file.read()))
        self.assertGreater(len(hosts), 100)
        self.assertEqual(wanted | hosts - {"clone3"}, (wanted | hosts - {"clone3"}) & allowed)

    def test_the_unit_is_hardened(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", self.unit],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])


if __name__ == "__main__":
    unittest.main()
