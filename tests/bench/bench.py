#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The bench: measures the running programs, each figure beside its floor in the same run, as a table and as JSON.

Figures on a shared machine count only as ratios within one run. The floor of a stop is the bare chain (bare_chain.c):
the same three processes with no logic in them, against the same simulator under the same background load.

    bench.py [--short] [--json FILE]
"""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from room import BIN, SOURCE, Client, Room, begin, now_ns, tens_request, wait_until  # noqa: E402

rows = []


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def row(what, figure, floor, ratio, goal, met, **more):
    rows.append({"what": what, "figure": figure, "floor": floor, "ratio": ratio, "goal": goal, "met": met, **more})


def devices(n):
    return [f"stim{i}=refstim,unit=1,tcp=127.0.0.1:0" for i in range(1, n + 1)]


class Ward:
    """Many stimulators, each with a session running; the client keeps every lease."""

    def __init__(self, n, extra=0):
        self.room = Room(devices=devices(n + extra), daemon_keys="lease = 30 s\nconnections_per_uid = 64")
        self.client = self.room.client()
        self.sim = self.room.sim
        self.patients = 0
        self.leases = {}

    def run(self, device, start=3000):
        self.patients += 1
        session, lease, _ = begin(self.client, tens_request(self.client, device=device, start=start, ceiling=start,
                                                            patient=f"P-{self.patients}"))
        self.leases[session] = lease
        self.sim.wait_output(device, start)
        return session

    def keep(self):
        for session, lease in list(self.leases.items()):
            self.client.send("session.keepalive", session_id=session, lease_key=lease)

    def ended(self, session):
        self.client.state(session, "ended")
        self.leases.pop(session, None)
        self.client.events.clear()


def first_rest(sim, device, since_ns):
    """Time of the trace line from which the output stayed at rest."""
    wait_until("rest", lambda: sim.at_rest(device))
    outputs = [o for o in sim.outputs(device, 1) if o["t_ns"] >= since_ns]
    return next(o["t_ns"] for o in outputs if o["value"] == 0)


def bare_chain(sim, device, rounds):
    host, port = sim.links[device].removeprefix("tcp:").rsplit(":", 1)
    path = os.path.join(tempfile.mkdtemp(), "bare")
    chain = subprocess.Popen([os.path.join(BIN, "bare-chain"), path, host, port, "1", "0"], stdout=subprocess.PIPE)
    chain.stdout.readline()
    taken = []
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        for _ in range(rounds):
            begun = now_ns()
            s.sendall(b"x")
            s.recv(1)
            applied = [line for line in sim.trace() if line["event"] == "request" and line["device"] == device
                       and line["phase"] == "applied" and line["function"] == 5 and line["t_ns"] >= begun]
            taken.append((applied[0]["t_ns"] - begun) / 1e6)
    chain.wait(5)
    chain.stdout.close()
    return taken


def measure_stop(rounds):
    ward = Ward(8, extra=1)
    try:
        running = {f"stim{i}": ward.run(f"stim{i}") for i in range(1, 9)}
        rest, proved, bare = [], [], []
        for n in range(rounds):
            device = f"stim{1 + n % 8}"
            ward.keep()
            session = running[device]
            begun = now_ns()
            ward.client.send("session.stop", session_id=session)
            ward.ended(session)
            proved.append((now_ns() - begun) / 1e6)
            rest.append((first_rest(ward.sim, device, begun) - begun) / 1e6)
            ward.room.wait_device(device, "ready")
            running[device] = ward.run(device)
            bare += bare_chain(ward.sim, "stim9", 5)
        fault = measure_fault(ward, running, rounds // 2)
        memory = measure_memory(ward)
        ward.client.call("stop.all")
    finally:
        ward.room.close()
    for p, goal in ((50, 2.0), (99, 1.5)):
        figure, floor = percentile(rest, p), percentile(bare, p)
        row(f"stop: request to rest in the trace, p{p}", f"{figure:.2f} ms", f"{floor:.2f} ms", round(figure / floor, 2),
            f"<= {goal} x", figure <= goal * floor)
    figure, floor = percentile(proved, 50), percentile(bare, 50)
    row("stop: proved to the client, p50", f"{figure:.2f} ms", f"{floor:.2f} ms", round(figure / floor, 2), "<= 3 x",
        figure <= 3 * floor)
    bound = 50 + percentile(rest, 99)
    figure = percentile(fault, 99)
    row("one-sample fault to rest, p99", f"{figure:.2f} ms", f"{bound:.2f} ms", round(figure / bound, 2),
        "<= telemetry period + stop", figure <= bound)
    return memory


def measure_fault(ward, running, rounds):
    taken = []
    for n in range(rounds):
        device = f"stim{1 + n % 8}"
        ward.keep()
        session = running[device]
        begun = now_ns()
        ward.sim.fault(device, "device_fault", code=1, keep_output=True)
        ward.ended(session)
        taken.append((first_rest(ward.sim, device, begun) - begun) / 1e6)
        ward.sim.clear(device)
        ward.room.wait_device(device, "ready")
        running[device] = ward.run(device)
    return taken


def kilobytes(path, key):
    with open(path, encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(key))


def measure_memory(ward):
    daemon = kilobytes(f"/proc/{ward.room.daemon.pid}/status", "VmRSS:")
    hosts = [kilobytes(f"/proc/{pid}/smaps_rollup", "Private_") for pid in ward.room.host_pids()]
    return daemon, max(hosts)


def report_memory(memory):
    daemon, host = memory
    row("memory: daemon, resident", f"{daemon / 1024:.1f} MiB", "8 MiB", round(daemon / 8192, 2), "<= 8 MiB", daemon <= 8192)
    row("memory: a host, private", f"{host / 1024:.1f} MiB", "2 MiB", round(host / 2048, 2), "<= 2 MiB", host <= 2048)


def measure_kills(rounds):
    for what, bound in (("daemon", 250), ("host", 300), ("both", 1000)):
        taken = []
        for _ in range(rounds):
            ward = Ward(1)
            try:
                ward.run("stim1")
                hosts = ward.room.host_pids()
                begun = now_ns()
                if what != "host":
                    ward.room.daemon.kill()
                if what != "daemon":
                    for pid in hosts:
                        os.kill(pid, signal.SIGKILL)
                taken.append((first_rest(ward.sim, "stim1", begun) - begun) / 1e6)
            finally:
                ward.room.close()
        figure = max(taken)
        row(f"kill -9 of {what} to rest, max", f"{figure:.1f} ms", f"{bound} ms", round(figure / bound, 2), f"<= {bound} ms",
            figure <= bound)


def measure_limit_check():
    out = subprocess.run([os.path.join(BIN, "limit-check"), os.path.join(SOURCE, "config")], capture_output=True, text=True,
                         check=True).stdout
    figures = json.loads(out)
    row(f"full limit check of one channel, {figures['limits']} limits", f"{figures['check_ns'] / 1000:.2f} us",
        f"{figures['floor_ns'] / 1000:.2f} us", round(figures["check_ns"] / max(1, figures["floor_ns"]), 1), "<= 2 us",
        figures["check_ns"] <= 2000)


class Upsd:
    """NUT's upsd with its dummy driver, on loopback: the neighbour whose speed of answering is the floor."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="nut-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name, text in (("ups.conf", f"[dummy]\ndriver = dummy-ups\nport = {self.directory}/dummy.dev\n"),
                           ("dummy.dev", "ups.status: OL\n"), ("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\n"),
                           ("upsd.users", ""), ("nut.conf", "MODE=standalone\n")):
            with open(os.path.join(self.directory, name), "w", encoding="ascii") as file:
                file.write(text)
        env = {**os.environ, "NUT_CONFPATH": self.directory, "NUT_STATEPATH": self.directory, "NUT_ALTPIDPATH": self.directory}
        quiet = {"env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.driver = subprocess.Popen(["/lib/nut/dummy-ups", "-F", "-a", "dummy", "-u", "root"], **quiet)
        wait_until("dummy-ups", lambda: os.path.exists(os.path.join(self.directory, "dummy-ups-dummy")))
        self.server = subprocess.Popen(["/lib/nut/upsd", "-F", "-u", "root"], **quiet)
        wait_until("upsd", self.answers)

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def answers(self):
        try:
            with self.connect() as s:
                s.sendall(b"GET VAR dummy ups.status\n")
                return s.recv(200).startswith(b"VAR")
        except OSError:
            return False

    def close(self):
        for process in (self.server, self.driver):
            process.terminate()
            process.wait(5)


def calls_per_second(connection, request, seconds):
    """Request and answer in turn on one connection, by the same loop for both servers."""
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(50):
            connection.sendall(request)
            data = connection.recv(65536)
            while not data.endswith(b"\n"):
                data += connection.recv(65536)
        count += 50
    return count / seconds


def measure_calls(seconds):
    room, upsd = Room(devices=devices(1)), Upsd()
    try:
        client = room.client()
        ours = b'{"jsonrpc":"2.0","id":1,"method":"config.explain","params":{"section":"daemon","key":"telemetry"}}\n'
        with upsd.connect() as theirs:
            a, b = [], []
            for _ in range(4):  # in turn, so that both see the same machine
                a.append(calls_per_second(client.socket, ours, seconds / 4))
                b.append(calls_per_second(theirs, b"GET VAR dummy ups.status\n", seconds / 4))
        figure, floor = max(a), max(b)
        row("JSON-RPC calls per second, one connection", f"{figure:.0f}/s", f"{floor:.0f}/s (upsd)", round(figure / floor, 2),
            ">= 1 x", figure >= floor)
    finally:
        upsd.close()
        room.close()


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_many(n, seconds):
    ward = Ward(n)
    try:
        pids = [ward.room.daemon.pid] + ward.room.host_pids()
        before, begun = cpu_seconds(pids), time.monotonic()
        polls = {name: len(requests(ward.sim, name)) for name in ward.sim.links}
        wait_until("the time of the measurement", lambda: time.monotonic() - begun >= seconds, seconds + 5, tick=0.2)
        taken, used = time.monotonic() - begun, cpu_seconds(pids) - before
        share = used / taken
        slowest = min((len(requests(ward.sim, name)) - polls[name]) / taken for name in ward.sim.links)
        row(f"{n} devices at 20 Hz: daemon and hosts", f"{share * 100:.0f} % of a core", "25 %", round(share / 0.25, 2),
            "<= 25 %", share <= 0.25, slowest_hz=round(slowest, 2))
    finally:
        ward.room.close()


def requests(sim, device):
    return [line for line in sim.trace() if line["event"] == "request" and line["device"] == device
            and line["phase"] == "read" and line["address"] == 10]


def measure_restart(rounds):
    taken = []
    for _ in range(rounds):
        ward = Ward(8)
        try:
            for i in range(1, 9):
                ward.run(f"stim{i}")
            ward.room.daemon.kill()
            ward.room.daemon.wait(5)
            ward.room.clients.clear()
            begun = now_ns()
            ward.room.start(ready=False)
            client = Client(ward.room.socket)
            wait_until("every output proved", lambda: all(
                d["state"] in ("ready", "quarantine") for d in client.call("device.list")["items"]))
            taken.append((now_ns() - begun) / 1e6)
            client.close()
        finally:
            ward.room.close()
    figure = max(taken)
    row("start after kill -9 with 8 sessions to all proved, max", f"{figure:.0f} ms", "500 ms", round(figure / 500, 2),
        "<= 500 ms", figure <= 500)


def measure_dead_man(seconds):
    """Both cores loaded: no session may end by itself."""
    ward = Ward(2)
    load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 2)]
    try:
        sessions = [ward.run("stim1"), ward.run("stim2")]
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            ward.keep()
            wait_until("a second", lambda t=time.monotonic(): time.monotonic() - t > 1, 10, tick=0.1)
        lost = [s for s in sessions if ward.client.call("session.get", session_id=s)["state"] != "running"]
        row(f"spurious dead-man in {seconds} s, both cores loaded", str(len(lost)), "0", None, "0", not lost)
    finally:
        for process in load:
            process.kill()
            process.wait()
        ward.room.close()


def show():
    print(f"{'what':<58} {'figure':>14} {'floor':>18} {'ratio':>7}  goal")
    for r in rows:
        ratio = "" if r["ratio"] is None else f"{r['ratio']:.2f}"
        print(f"{r['what']:<58} {r['figure']:>14} {r['floor']:>18} {ratio:>7}  {r['goal']:<28} {'met' if r['met'] else 'MISSED'}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="a short dose, for the plain test run")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    short = options.short
    measure_limit_check()
    report_memory(measure_stop(8 if short else 60))
    measure_kills(1 if short else 5)
    measure_calls(1 if short else 8)
    measure_many(8 if short else 64, 2 if short else 15)
    measure_restart(1 if short else 3)
    measure_dead_man(5 if short else 600)
    show()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rows": rows, "short": short}, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
