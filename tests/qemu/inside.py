# SPDX-License-Identifier: Apache-2.0
"""A treatment room whose programs are in a machine under QEMU, and whose devices are outside. What room.py is for
programs on this computer, with modalityctl as the client."""
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from machine import Machine, hurry, make_disk  # noqa: E402
from room import BUILD, PATIENT, Room, harmless, wait_until  # noqa: E402

SECONDS = 30  # that anything may take in a machine on a loaded computer; times that matter are the trace's
INSIDE = os.environ.get("MODALITY_INSIDE", BUILD)  # of the programs inside: without sanitizers
# A call of a plugin may take long on an emulated processor: it does not hang.
DAEMON = ("[daemon]\nsocket = /run/modalityd/socket\nstate_dir = /var/lib/modalityd\nplugin_dir = /plugins\n"
          + re.sub(r"grace = \d+ ms", "grace = 500 ms", PATIENT) + "\n")
ROLES = "[role tester]\nright = engineer\nusers = 0\nmay_act_for = yes\n"


def filled_in(serials):
    """What the clinic does with udev's rules that wait for a serial number."""
    with open(os.path.join(INSIDE, "config", "60-modalityd.rules"), encoding="utf-8") as file:
        rules = re.findall(r'^#(ACTION.*"SERIAL".*)$', file.read(), re.M)
    lines = [rule.replace("SERIAL", serial) for product, serial in serials.items() for rule in rules if f'"{product}"' in rule]
    assert len(lines) == len(serials), rules
    return "\n".join(lines) + "\n"


class Inside:
    """devices: as the simulator is told; ports: {number: kind} of the machine's, by how QEMU connects them; serials: of
    their USB descriptors, {product: serial}."""

    def __init__(self, devices, ports, serials, files=None):
        self.directory = tempfile.mkdtemp(prefix="modality-qemu-")
        self.room = self.machine = None
        folder = os.path.join(self.directory, "ports")
        os.mkdir(folder)
        try:
            self.room = Room(devices=devices, start=False, sim_arguments=("--qemu", folder))
            for name, text in {"daemon.ini": DAEMON, "roles.ini": ROLES, "61-modalityd.rules": filled_in(serials),
                               **(files or {})}.items():
                self.room.write(name, text)
            kernel, disk = make_disk(INSIDE, self.room.config, os.path.join(self.directory, "disk"))
            self.sim = self.room.sim
            hurry(self.sim.process.pid)
            self.machine = Machine(self.directory, kernel, disk, folder, ports)
            self.machine.do("umask 022; export MODALITY_SOCKET=/run/modalityd/socket; "
                            "mkdir /run/modalityd; chown modalityd /run/modalityd /var/lib/modalityd")
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.machine:
            self.machine.close()
        if self.room:
            self.room.close()
        shutil.rmtree(self.directory, True)

    def start(self, user="modalityd", config="/etc/modalityd"):
        """The daemon as an installation runs it: not as root. Its number is in /tmp/daemon.pid."""
        self.machine.do(f"su {user} -c 'echo $$ >/tmp/daemon.pid; exec modalityd --config {config} 2>>/tmp/daemon.log' "
                        "</dev/null >/dev/null &")
        try:
            wait_until("an answer of the daemon", lambda: self.machine.run("modalityctl devices")[0] == 0, SECONDS, 0.1)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.log()}") from None

    def end(self):
        """The daemon has ended as it is told to, and its hosts with it."""
        self.machine.do("kill $(cat /tmp/daemon.pid); while test -S $MODALITY_SOCKET; do sleep 0.1; done")

    def log(self):
        """What all sides say, for a failure."""
        said = self.machine.run("tail -n 40 /tmp/daemon.log; dmesg | tail -n 15; ls -l /dev/bus/usb/001")[1]
        return said + "\n".join(json.dumps(line) for line in self.sim.trace()[-12:])

    def ask(self, *words):
        """What the daemon says to a look-up of modalityctl's."""
        return json.loads(self.machine.do(" ".join(("modalityctl --json", *words))))["result"]

    def device(self, name):
        return self.ask("devices", name)

    def wait_device(self, name, *states):
        try:
            wait_until(f"{name} {states}", lambda: self.device(name)["state"] in states, SECONDS, 0.1)
        except AssertionError as failure:
            now = self.device(name)
            raise AssertionError(f"{failure}, but {now['state']}: {now['detail']}\n{self.log()}") from None


class Treatment:
    """modalityctl start in the background of the machine."""

    def __init__(self, inside, patient, protocol, words):
        self.inside, self.machine, self.path = inside, inside.machine, f"/tmp/{patient}"
        questions = inside.ask("protocols", protocol, "--site", "thigh")["questions"]
        answers = " ".join(f"--answer {a['question']}={a['answer']}" + (f"@{a['on']}" if "on" in a else "")
                           for a in harmless(questions))
        self.machine.do(f"(modalityctl --yes start --protocol {protocol} --patient {patient} --site thigh --side left "
                        f"{words} {answers} >{self.path} 2>&1 </dev/null; echo exit $? >>{self.path}) &")
        accepted = self.wait("accepted: ").split()
        self.session, self.lease = accepted[1], accepted[3]

    def said(self):
        return self.machine.do(f"cat {self.path} 2>/dev/null; true")

    def wait(self, what):
        """The first line that begins so."""
        def found():
            text = self.said()
            lines = [line for line in text.splitlines() if line.startswith(what)]
            if not lines and "\nexit " in text:
                raise AssertionError(f"ended without {what!r}:\n{text}\n{self.inside.log()}")
            return lines and lines[0]
        return wait_until(what, found, SECONDS, 0.1)

    def seen(self, device, least):
        """Its output is there, by the trace."""
        def there():
            return self.inside.sim.output(device) >= least or "\nexit " in self.said()
        wait_until(f"output of {device} at least {least}", there, SECONDS, 0.05)
        if self.inside.sim.output(device) < least:
            raise AssertionError(f"no output of {device}:\n{self.said()}\n{self.inside.log()}")

    def ended(self):
        """What modalityctl ended with, and all it said."""
        return int(self.wait("exit ").split()[1]), self.said()

    def act(self, action, *words):
        self.machine.do(" ".join(("modalityctl", action, self.session, "--lease", self.lease, *words)))
