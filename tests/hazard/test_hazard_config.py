# SPDX-License-Identifier: Apache-2.0
"""Limits that changed without anybody meaning it: bits that turn in a file, files that are edited while a treatment runs."""
import os
import random
import re
import shutil
import subprocess

from hazard import REPEATS, Hazard, main

from dosage import TENS
from ini import read
from limits import from_section
from units import QUANTITIES, read_band
from room import BIN, PATIENCE, now_ns, wait_until

def reaches_as_far(was, now):
    """Whether conditions, as they are written, differ in bands alone, and these only reach further."""
    for key in {**was, **now}:
        if was.get(key) == now.get(key):
            continue
        if key not in was or key not in now or key[5:] not in QUANTITIES:
            return False
        (low, high), (new_low, new_high) = read_band(key[5:], was[key]), read_band(key[5:], now[key])
        if not ((new_low is None or low is not None and new_low <= low) and
                (new_high is None or high is not None and new_high >= high)):
            return False
    return True


LEVEL = 3000
MEANT = re.compile(r"^(\[limit|max|min|class|scope|quantity|modality|when\.)")


class Config(Hazard):
    treatments = {"tens": (TENS, 12000)}

    # ---- a bit turns while nobody looks ----

    def test_h12_a_bit_of_a_limit_turns(self):
        chance, copy = random.Random(12), os.path.join(self.room.directory, "turned")
        for _ in range(4 * REPEATS):
            shutil.copytree(self.room.config, copy)
            try:
                self.turned(copy, chance)
            finally:
                shutil.rmtree(copy)

    def turned(self, copy, chance):
        """Refused with its place, or named as other than shipped, or a tighter bound. Never taken in silence."""
        name = chance.choice(sorted(n for n in os.listdir(copy) if n.startswith("limits-")))
        with open(os.path.join(copy, name), "rb") as file:
            lines = file.read().split(b"\n")
        number = chance.choice([n for n, line in enumerate(lines) if MEANT.match(line.decode())])
        line = bytearray(lines[number])
        line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
        before = self.bounds(copy)
        with open(os.path.join(copy, name), "wb") as file:
            file.write(b"\n".join([*lines[:number], bytes(line), *lines[number + 1:]]))
        done = subprocess.run([os.path.join(BIN, "modalityd"), "--config", copy, "--check"], capture_output=True,
                              timeout=3 * PATIENCE, check=False)
        said = (done.stdout + done.stderr).decode(errors="replace")
        what = f"{name}:{number + 1}: {lines[number]} became {bytes(line)}\n{said}"
        if done.returncode == 0:
            for limit in self.looser(before, self.bounds(copy)):
                self.assertRegex(said, rf"\b{limit}\b", what)
        else:
            self.assertRegex(said, rf"{re.escape(name)}:\d+: ", what)
        self.measured(0)

    @staticmethod
    def bounds(config):
        return {s.name: (from_section(s, ()), {key: text for key, text in s.keys.items() if key.startswith("when.")})
                for s in read(config) if s.kind == "limit"}

    @staticmethod
    def looser(before, after):
        """Limits that refuse or ask, and of which nothing says as much, under whatever name."""
        def allows_more(was, was_when, now, now_when):
            same = (was.quantity, was.limit_class, was.scope) == (now.quantity, now.limit_class, now.scope)
            return (not same or was.max is not None and (now.max is None or now.max > was.max) or
                    was.min is not None and (now.min is None or now.min < was.min) or
                    not reaches_as_far(was_when, now_when))
        return [name for name, row in before.items() if row[0].limit_class in ("hard", "notice") and
                all(allows_more(*row, *other) for other in after.values())]

    # ---- a file is edited while a treatment runs ----

    def test_h12_files_are_edited_in_a_treatment(self):
        self.repeat(self.edited)

    def edited(self):
        session, lease = self.begin("tens", LEVEL)
        self.at_level(LEVEL)
        level = [o for o in self.sim.outputs("stim1", 1)][-1]
        in_force = self.in_force()
        # written, and not loaded: it means nothing
        self.room.bound("es_slew_max", "max", "amplitude_slew_ua_s", 1000)
        self.room.write("tests.ini", TENS.protocol("tens", 1000))
        self.samples()
        self.assertEqual(self.in_force(), in_force)
        # loaded with a fault: the one in force stays, and somebody is told
        self.room.write("broken.ini", "[limit es_step_max\n")
        self.room.reload("config.refused")
        raised = self.alarm("config_refused", "medium")
        self.assertIn("broken.ini:1", raised["detail"])
        self.assertEqual(self.in_force(), in_force)
        self.samples()
        # loaded as it was: the alarm goes by itself, the chain says which one is in force
        os.unlink(os.path.join(self.room.config, "broken.ini"))
        self.room.restore()
        self.room.write("tests.ini", TENS.protocol("tens", 12000))
        self.room.reload()
        wait_until("the alarm goes", lambda: raised["number"] not in self.numbers())
        self.assertEqual(self.audited("config.loaded")["detail"]["config_hash"], self.voice.call("daemon.info")["config"]["hash"])
        moved = [o["value"] for o in self.sim.outputs("stim1", 1) if o["t_ns"] > level["t_ns"] and o["cause"] != "sample"]
        stopped = now_ns()
        self.voice.call("session.stop", session_id=session)
        self.rest(stopped)
        self.end(session, "stopped")
        self.measured(len(moved))

    def in_force(self):
        slew = next(i for i in self.voice.call("limits.list", limit=500)["items"] if i["id"] == "es_slew_max")
        return self.voice.call("daemon.info")["config"], slew, self.voice.call("protocol.get", protocol="tens")


if __name__ == "__main__":
    main()
