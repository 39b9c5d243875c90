#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The bench: measures the running programs, each figure beside its floor in the same run, as a table and as JSON.

Figures on a shared machine count only as ratios within one run. The floor of a stop is the bare chain (bare_chain.c):
the same three processes with no logic in them, against the same simulator under the same background load.

    MODALITY_BUILD=.build/release tests/bench/bench.py [--short] [--soak MINUTES] [--only PART,...] [--json FILE]

It reports; whether a goal is met does not change its exit status.
"""
import argparse
import json
import os
import platform
import random
import signal
import subprocess
import sys
import time

from ward import BareChain, Upsd, Ward
from room import BIN, SOURCE, Client, Room, now_ns, wait_until

TELEMETRY_MS = 50
rows = []


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def spread_of(values):
    return {f"p{p}": round(percentile(values, p), 3) for p in (10, 50, 90, 99)} | {"max": round(max(values), 3), "n": len(values)}


def row(what, figure, floor, ratio, goal, met, **more):
    """met: True, False, or None for a figure without a goal."""
    rows.append({"what": what, "figure": figure, "floor": floor, "ratio": ratio, "goal": goal, "met": met,
                 "load": round(os.getloadavg()[0], 2), **more})
    print(line_of(rows[-1]), flush=True)


# ---- stops and faults ----

def measure_stop(short):
    """At least eight sessions run while anything is measured; the others are on their way up again."""
    rounds, bare_rounds, spare = (14, 2, 2) if short else (400, 3, 6)
    with Ward(8 + spare + 1) as ward:
        chain = BareChain(ward, ward.names[-1])
        ring = ward.names[:-1]
        ward.run(ring)
        rest, proved, bare, answered = [], [], [], []
        for n in range(rounds):
            device = ring[n % len(ring)]
            ward.settle([device])
            ward.trace.clear()
            ward.spread()
            if ward.ended(device):
                ward.begin_again(device)
                continue
            took = ward.stop(device)
            rest.append(took[0])
            proved.append(took[1])
            for _ in range(bare_rounds):
                ward.spread()
                took = chain.once()
                bare.append(took[0])
                answered.append(took[1])
            ward.restart(device)
        report_stop(rest, proved, bare, answered)
        measure_fault(ward, ring, 6 if short else 100, percentile(rest, 99))
        row("sessions that ended by themselves meanwhile", str(len(ward.lost)), f"{ward.patients} sessions", None, "0",
            not ward.lost, ends=ward.lost)
        chain.close()
        ward.client.call("stop.all")


def report_stop(rest, proved, bare, answered):
    for p, goal in ((50, 2.0), (99, 1.5)):
        figure, floor = percentile(rest, p), percentile(bare, p)
        row(f"stop: request to rest in the trace, p{p}", f"{figure:.3f} ms", f"{floor:.3f} ms (bare chain)", figure / floor,
            f"<= {goal} x", figure <= goal * floor, all=spread_of(rest), floor_all=spread_of(bare))
    figure, floor = percentile(proved, 50), percentile(bare, 50)
    row("stop: proved to the client, p50", f"{figure:.3f} ms", f"{floor:.3f} ms (bare chain)", figure / floor, "<= 3 x",
        figure <= 3 * floor, all=spread_of(proved))
    figure, floor = percentile(proved, 50), percentile(answered, 50)
    row("stop: proved, beside the bare chain's answer, p50", f"{figure:.3f} ms", f"{floor:.3f} ms (bare answer)",
        figure / floor, "", None, floor_all=spread_of(answered))


def measure_fault(ward, ring, rounds, stop_p99):
    taken = []
    for n in range(rounds):
        device = ring[n % len(ring)]
        ward.settle([device])
        ward.trace.clear()
        ward.spread()
        if ward.ended(device):
            ward.begin_again(device)
            continue
        taken.append(ward.fault(device))
        ward.restart(device)
    figure, bound = percentile(taken, 99), TELEMETRY_MS + stop_p99
    row("one-sample fault to rest, p99", f"{figure:.2f} ms", f"{bound:.2f} ms (period + stop)", figure / bound, "<= 1 x",
        figure <= bound, all=spread_of(taken))


# ---- memory ----

def kilobytes(path, *keys):
    with open(path, encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(keys))


def measure_memory(short):
    with Ward(8) as ward:
        report_daemon_memory(ward, "8 devices")
        ward.run(ward.names)
        ward.pass_time(1 if short else 10)
        report_daemon_memory(ward, "8 sessions running")
        host = max(kilobytes(f"/proc/{pid}/smaps_rollup", "Private_") for pid in ward.room.host_pids())
        row("memory: a host, private", f"{host / 1024:.2f} MiB", "2 MiB", host / 2048, "<= 2 MiB", host <= 2048)
        ward.client.call("stop.all")


def report_daemon_memory(ward, when):
    """The libraries' pages count whole, though every process shares them: private_kib is what the daemon adds."""
    pid = ward.room.daemon.pid
    daemon = kilobytes(f"/proc/{pid}/status", "VmRSS:")
    row(f"memory: daemon, resident, {when}", f"{daemon / 1024:.1f} MiB", "8 MiB", daemon / 8192, "<= 8 MiB", daemon <= 8192,
        private_kib=kilobytes(f"/proc/{pid}/smaps_rollup", "Private_"), file_kib=kilobytes(f"/proc/{pid}/status", "RssFile:"))


# ---- kill -9 ----

def kill_once(ward, devices, what):
    ward.trace.clear()
    ward.spread()
    hosts = ward.room.host_pids()
    begun = now_ns()
    if what != "host":
        ward.room.daemon.kill()
    if what != "daemon":
        for pid in hosts:
            os.kill(pid, signal.SIGKILL)
    taken = ward.rest_of_all(devices, begun)
    if what != "host":
        ward.room.daemon.wait(10)
    return taken


def measure_kill(short):
    n, rounds = (2, 1) if short else (8, 5)
    for what, bound in (("daemon", 250), ("host", 300), ("both", 1000)):
        taken = []
        for _ in range(rounds):
            with Ward(n) as ward:
                ward.run(ward.names)
                taken += kill_once(ward, ward.names, what)
        figure = max(taken)
        row(f"kill -9 of {what} to rest, max of {len(taken)}", f"{figure:.1f} ms", f"{bound} ms", figure / bound,
            f"<= {bound} ms", figure <= bound, all=spread_of(taken))


def measure_restart(short):
    n, rounds = (2, 1) if short else (8, 5)
    taken, ready = [], []
    for _ in range(rounds):
        with Ward(n) as ward:
            ward.run(ward.names)
            ward.spread()
            ward.room.daemon.kill()
            ward.room.daemon.wait(10)
            begun = now_ns()
            ward.room.start(ready=False)
            ready.append((now_ns() - begun) / 1e6)
            client = Client(ward.room.socket)
            wait_until("every output proved", lambda c=client: all(map(proved, c.call("device.list")["items"])), tick=0.002)
            taken.append((now_ns() - begun) / 1e6)
            client.close()
    figure = max(taken)
    row(f"start after kill -9, {n} sessions, to all proved, max", f"{figure:.0f} ms", "500 ms", figure / 500, "<= 500 ms",
        figure <= 500, all=spread_of(taken), socket_ms=spread_of(ready))


def proved(device):
    return device["state"] in ("ready", "quarantine") and all(
        c["output"] == "rest" and c["evidence"] in ("measured", "reported") for c in device["channels"])


# ---- speed ----

def measure_limit_check(short):
    runs = []
    for _ in range(1 if short else 5):
        out = subprocess.run([os.path.join(BIN, "limit-check"), os.path.join(SOURCE, "config")], capture_output=True,
                             text=True, check=True).stdout
        runs.append(json.loads(out))
    best = min(runs, key=lambda r: r["check_ns"])
    row(f"full limit check of one channel, {best['limits']} limits", f"{best['check_ns'] / 1000:.2f} us",
        f"{best['floor_ns'] / 1000:.2f} us (compares)", best["check_ns"] / max(1, best["floor_ns"]), "<= 2 us",
        best["check_ns"] <= 2000, all_ns=[r["check_ns"] for r in runs])


def calls_per_second(connection, request, seconds):
    """Request and answer in turn on one connection, by the same loop for both servers."""
    count, begun = 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        for _ in range(50):
            connection.sendall(request)
            data = connection.recv(65536)
            while not data.endswith(b"\n"):
                data += connection.recv(65536)
        count += 50
    return count / (time.monotonic() - begun)


def measure_calls(short):
    """One value of one name, as GET VAR is. Also on one processor, where only the work counts and not the wake-ups."""
    if not Upsd.installed():
        row("JSON-RPC calls per second", "not measured", "nut-server is missing", None, ">= 1 x", None)
        return
    seconds, turns = (0.2, 3) if short else (1, 7)
    room, upsd = Room(devices=["stim1=refstim,unit=1,tcp=127.0.0.1:0"]), Upsd()
    cores = os.sched_getaffinity(0)
    try:
        client = room.client()
        ours = b'{"jsonrpc":"2.0","id":1,"method":"config.explain","params":{"section":"daemon","key":"telemetry"}}\n'
        with upsd.connect() as theirs:
            for where, on in (("one connection", cores), ("one connection, one core", {min(cores)})):
                for pid in (0, room.daemon.pid, upsd.server.pid):
                    os.sched_setaffinity(pid, on)
                a, b = [], []
                for _ in range(turns):  # in turn, so that both see the same machine
                    a.append(calls_per_second(client.socket, ours, seconds))
                    b.append(calls_per_second(theirs, b"GET VAR dummy ups.status\n", seconds))
                report_calls(where, a, b)
    finally:
        os.sched_setaffinity(0, cores)
        upsd.close()
        room.close()


def report_calls(where, ours, theirs):
    figure, floor = percentile(ours, 50), percentile(theirs, 50)
    row(f"JSON-RPC calls per second, {where}", f"{figure:.0f}/s", f"{floor:.0f}/s (upsd)", figure / floor, ">= 1 x",
        figure >= floor, ours=[round(x) for x in ours], theirs=[round(x) for x in theirs])


def cpu_seconds(pid):
    """Time on a processor, to the nanosecond, of all threads that live."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def measure_many(short):
    n, seconds = (8, 1) if short else (64, 20)
    with Ward(n, sim_arguments=["--trace-reads"]) as ward:
        measure_polling(ward, seconds, 0)
        running = ward.names[:n // 8]
        ward.run(running)
        measure_polling(ward, seconds, len(running))
        ward.client.call("stop.all")


def measure_polling(ward, seconds, sessions):
    daemon, hosts = ward.room.daemon.pid, ward.room.host_pids()
    ward.trace.read()
    ward.trace.clear()
    before, begun = (cpu_seconds(daemon), sum(map(cpu_seconds, hosts))), time.monotonic()
    ward.pass_time(seconds)
    taken = time.monotonic() - begun
    d, h = cpu_seconds(daemon) - before[0], sum(map(cpu_seconds, hosts)) - before[1]
    ward.trace.read()
    share = (d + h) / taken
    gaps = [(b - a) / 1e6 for times in ward.trace.polls.values() for a, b in zip(times, times[1:])]
    # A poll is due a period after the one before and has a period to be done.
    missed = sum(gap > 2 * TELEMETRY_MS for gap in gaps)
    what = f"{len(ward.names)} devices at 20 Hz, {sessions} sessions"
    row(f"{what}: daemon and hosts", f"{share * 100:.1f} % of a core", "25 %", share / 0.25, "<= 25 %", share <= 0.25,
        daemon_percent=round(d / taken * 100, 1), hosts_percent=round(h / taken * 100, 1))
    row(f"{what}: missed telemetry deadlines", f"{missed} of {len(gaps)}", f"longest gap {max(gaps):.0f} ms", None, "0",
        missed == 0, gaps=spread_of(gaps))


# ---- the dead-man must not strike by itself ----

def stolen_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def measure_dead_man(seconds):
    """A device that stands still is no spurious end: the simulator's own longest pause is shown beside the ends."""
    load, ends, pause, last = [], [], 0, None
    with Ward(2, sim_arguments=["--sample-ms", "10"]) as ward:
        ward.run(ward.names)
        stolen, begun = stolen_seconds(), time.monotonic()
        try:
            for _ in range(os.cpu_count() or 2):
                load.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            while time.monotonic() - begun < seconds:
                ward.pass_time(min(1, seconds))
                last, longest = ward.trace.longest_pause(last)
                pause = max(pause, longest)
                for device in ward.names:
                    if (end := ward.ended(device)):
                        ends.append({**end, "longest_pause_of_the_simulator_ms": round(longest)})
                        ward.begin_again(device)
        finally:
            for process in load:
                process.kill()
                process.wait()
        row(f"spurious dead-man in {seconds / 60:.1f} min, every core loaded", f"{len(ends)} ends",
            f"device paused {pause:.0f} ms", None, "0", not ends, ends=ends, stolen_s=round(stolen_seconds() - stolen, 2))


# ---- the table ----

def line_of(r):
    ratio = "" if r["ratio"] is None else f"{r['ratio']:.2f}"
    met = {True: "met", False: "MISSED", None: ""}[r["met"]]
    return f"{r['what']:<58} {r['figure']:>17} {r['floor']:>26} {ratio:>6}  {r['goal']:<12} {met}"


PARTS = {"limit": measure_limit_check, "stop": measure_stop, "kill": measure_kill, "restart": measure_restart,
         "calls": measure_calls, "memory": measure_memory, "many": measure_many}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a short dose, for the plain test run")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="only the dead-man under load, for so long (goal: 10)")
    parser.add_argument("--only", metavar="PARTS", help="of " + ",".join([*PARTS, "deadman"]))
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [*PARTS, "deadman"]
    random.seed(1)
    print(f"{'what':<58} {'figure':>17} {'floor':>26} {'ratio':>6}  {'goal':<12}", flush=True)
    begun, load = time.time(), os.getloadavg()
    if options.soak:
        measure_dead_man(options.soak * 60)
    else:
        for name in wanted:
            if name == "deadman":
                measure_dead_man(3 if options.short else 60)
            else:
                PARTS[name](options.short)
    missed = [r for r in rows if r["met"] is False]
    print(f"{len(missed)} of {sum(r['met'] is not None for r in rows)} goals missed; load average before {load[0]:.2f}, after {os.getloadavg()[0]:.2f}; {time.time() - begun:.0f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"rows": rows, "short": options.short, "begun": begun, "load_before": load,
                       "load_after": os.getloadavg(), "machine": platform.platform(), "cores": os.cpu_count()}, file, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
