#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo: a treatment room on simulated devices, driven by modalityctl as a therapist would type it.

    demo-room.py BUILD [--keep]
"""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(sys.argv[1])
KEEP = "--keep" in sys.argv[2:]
BIN = os.path.join(BUILD, "bin")
ROOM = tempfile.mkdtemp(prefix="modality-demo-")
SOCKET = os.path.join(ROOM, "socket")
TRACE = os.path.join(ROOM, "trace.jsonl")
CONTROL = os.path.join(ROOM, "sim.sock")
CTL = [os.path.join(BIN, "modalityctl"), "--socket", SOCKET]
running = []
treatments = []

INSTALLATION = """# The demo clinic accepts the one unverified limit that LIPUS rests on; the acceptance is in the audit.
[accept lipus_sata_max]
by = demo, head of therapy
date = 2026-11-22
"""

LIFU_ID = "0102030405060708{0:08x}+f102030405060708{0:08x}"
APPLICATOR = """[applicator head_5cm2]
modality = ultrasound
kind = 5 cm2 head
serial = 5001
era_mm2 = 5 cm2
bnr_permille = 5
max_temperature_millic = 41 degC
frequencies = 1 MHz, 1.5 MHz, 3 MHz
calibration_due = 2099-01-01

[applicator probe_808]
modality = laser
kind = 808 nm probe
serial = 30011
spot_area_mm2 = 1 cm2
wavelength_nm = 808 nm
calibration_due = 2099-01-01

[applicator lifu_head]
modality = ultrasound
kind = Open-LIFU transducer
serial = 60001
era_mm2 = 5 cm2
bnr_permille = 4
max_temperature_millic = 41 degC
frequencies = 1 MHz
calibration_due = 2099-01-01
device = lifu_h
"""

# Treatments of seconds, so that the demo shows a timer and a dose end them.
PROTOCOL = """[protocol demo_ultrasound]
label = Demo: pulsed ultrasound, five seconds
revision = 1
therapy = us_nonthermal
waveform = us_pulsed
intensity_satp_uw_cm2 = 0 W/cm2..0.3 W/cm2, default 0.3 W/cm2
duty_permille = 20 %
pulse_repetition_millihz = 100 Hz
us_frequency_khz = 1 MHz
treated_area_mm2 = 5 cm2..10 cm2, default 10 cm2
duration_ms = 2 s..60 s, default 5 s
contact_hold = 10 s
rest_min = 0 min
sessions_per_day = 1
source = demo
verified = choice

[protocol demo_lifu]
label = Demo: Open-LIFU, five seconds
revision = 1
therapy = us_nonthermal
waveform = us_pulsed
intensity_satp_uw_cm2 = 0 mW/cm2..60 mW/cm2, default 30 mW/cm2
duty_permille = 20 %
pulse_repetition_millihz = 1 kHz
us_frequency_khz = 1 MHz
treated_area_mm2 = 5 cm2..10 cm2, default 5 cm2
duration_ms = 2 s..60 s, default 5 s
contact_hold = 0 s
rest_min = 0 min
sessions_per_day = 1
source = demo
verified = choice

[protocol demo_laser]
label = Demo: laser, two points of half a joule
revision = 1
therapy = pbm
waveform = laser_continuous
power_uw = 100 mW..400 mW, default 250 mW
duty_permille = 100 %
wavelength_nm = 780 nm..860 nm, default 808 nm
point_energy_uj = 0.5 J
point_count = 2
duration_ms = 1 min
rest_min = 0 min
sessions_per_day = 4
source = demo
verified = choice
"""



def title(text):
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def spawn(name, *command, **more):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=KEEP,
                               stderr=open(os.path.join(ROOM, name + ".log"), "wb"), **more)
    running.append(process)
    return process


def wait(what, condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            for treatment in treatments[-1:]:
                treatment.show()
            raise SystemExit(f"demo: not within {seconds} s: {what} (a machine that is too busy ends treatments, rightly)")
        select.select([], [], [], 0.02)


def shown(arguments):
    return " ".join("'" + a + "'" if " " in a else a for a in arguments)


def ctl(*arguments, expect=0, quiet=False):
    """Types one command, shows it and its output."""
    if not quiet:
        print(f"$ modalityctl {shown(arguments)}", flush=True)
    done = subprocess.run([*CTL, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if not quiet:
        print(done.stdout + done.stderr, end="", flush=True)
    if done.returncode != expect:
        raise SystemExit(f"demo: exit {done.returncode} instead of {expect}: modalityctl {shown(arguments)}\n{done.stderr}")
    return done.stdout


def answers(protocol, site):
    """Answers that stand in no treatment's way, the first of each question; whoever treats a person asks them."""
    questions = json.loads(ctl("--json", "protocols", protocol, "--site", site, quiet=True))["result"]["questions"]
    return [word for q in questions
            for word in ("--answer", f"{q['id']}={q['answers'][0]}" + ("@today" if "valid_days" in q else ""))]


class Treatment:
    """modalityctl start in the background, as in a second terminal."""

    def __init__(self, *arguments):
        protocol = arguments[arguments.index("--protocol") + 1]
        site = arguments[arguments.index("--site") + 1]
        print(f"$ modalityctl start {shown(arguments)}  (screening answered)", flush=True)
        self.path = os.path.join(ROOM, f"start-{time.monotonic_ns()}.txt")
        self.process = subprocess.Popen([*CTL, "--yes", "start", *arguments, *answers(protocol, site)],
                                        stdin=subprocess.DEVNULL, stdout=open(self.path, "wb"), stderr=subprocess.STDOUT)
        wait("the treatment is accepted", lambda: "accepted:" in self.text() or self.process.poll() is not None)
        if "accepted:" not in self.text():
            raise SystemExit("demo: not accepted:\n" + self.text())
        words = self.text().split("accepted:")[1].split()
        self.session, self.lease = words[0], words[2]
        print(self.text(), end="", flush=True)
        self.seen = len(self.text())
        treatments.append(self)

    def text(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def show(self):
        new = self.text()[self.seen:]
        self.seen += len(new)
        print(new, end="", flush=True)

    def ended(self, expect):
        self.process.wait(30)
        self.show()
        if self.process.returncode != expect:
            raise SystemExit(f"demo: start ended with {self.process.returncode} instead of {expect}")


def trace():
    with open(TRACE, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def outputs(device):
    return [line for line in trace() if line["event"] == "output" and line["device"] == device]


def output(device):
    lines = outputs(device)
    return lines[-1]["value"] if lines else 0


def simulator(**command):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(CONTROL)
        s.sendall(json.dumps(command).encode() + b"\n")
        return json.loads(s.makefile().readline())


def section(name, link, label, bay, keys):
    return (f"[device {name}]\nlink = {link}\n{keys}\nsimulated = yes\nlabel = {label}\nlocation = {bay}\n"
            "calibration_due = 2099-01-01\nsafety_test_due = 2099-01-01\n\n")


def configure(devices):
    config = os.path.join(ROOM, "config")
    shutil.copytree(os.path.join(SOURCE, "config"), config,
                    ignore=shutil.ignore_patterns("*.in", "CMakeLists.txt", "*.example", "*.c"))
    files = {
        "daemon.ini": f"[daemon]\nsocket = {SOCKET}\nstate_dir = {ROOM}/state\nplugin_dir = {BUILD}/plugins\n",
        "roles.ini": f"[role demo]\nright = engineer\nusers = {os.getuid()}\n",
        "installation.ini": INSTALLATION, "applicators.ini": APPLICATOR, "protocols/demo.ini": PROTOCOL,
        "devices.ini": "".join(section(*device) for device in devices),
    }
    for name, text in files.items():
        path = os.path.join(config, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
    os.makedirs(os.path.join(ROOM, "state"), mode=0o700)
    return config


def modbus(map_name, unit=1, line=""):
    return f"plugin = modbus-map\nmap = {map_name}\nunit = {unit}{line}"


# What is simulated: name, kind and where, then label, bay and the keys of its section.
RTU = "\nbaud = 115200\nparity = none"
DEVICES = [
    ("stim_a=refstim,unit=1,tcp=127.0.0.1:0", "Stimulator A", "bay 1", modbus("refstim")),
    ("us_b=refus,unit=1,tcp=127.0.0.1:0,head_serial=5001", "Ultrasound B", "bay 1", modbus("refus")),
    ("laser_e=reflaser,unit=1,tcp=127.0.0.1:0,head_serial=30011", "Laser E", "bay 3", modbus("reflaser")),
    ("cold_f=refcold,unit=1,tcp=127.0.0.1:0", "Cold unit F", "bay 3", modbus("refcold")),
    (f"stim_c=refstim,unit=3,pty={ROOM}/rs485", "Stimulator C (RS-485)", "bay 2", modbus("refstim", 3, RTU)),
    (f"us_d=refus,unit=4,pty={ROOM}/rs485,head_serial=5001", "Ultrasound D (RS-485)", "bay 2", modbus("refus", 4, RTU)),
    ("p24_g=p24,usb=1-1,serial=7", "P24 G (USB)", "bay 4", "plugin = sciencemode4\nserial = 0000000007"),
    ("lifu_h=openlifu,usb=1-2+1-3,serial=60001", "Open-LIFU H (USB)", "bay 4",
     f"plugin = openlifu\nserial = {LIFU_ID.format(60001)}\ncalibration = 30 mW/cm2 at 14.125 V, 60 mW/cm2 at 20 V\n"
     "calibration_source = the simulator's own transducer\nfrequency = 1 MHz\nburst_width = 200 us\nduty_max = 20 %\n"
     "pattern = 0.018=02000003 1.120=1b311b2a\n"
     "accept_link_loss = demo, 2026-11-22"),
]


def room_up():
    words = [word for device in DEVICES for word in ("--device", device[0])]
    sim = spawn("modality-sim", os.path.join(BIN, "modality-sim"), "--control", CONTROL, "--trace", TRACE, *words,
                stdout=subprocess.PIPE)
    ready = json.loads(sim.stdout.readline())
    links = {name: device["link"].replace("pty:", "serial:") for name, device in ready["devices"].items()}
    names = [device[0].split("=")[0] for device in DEVICES]
    config = configure([(name, links[name], *device[1:]) for name, device in zip(names, DEVICES)])
    # Where this environment holds, the simulated USB bus is the machine's.
    spawn("modalityd", os.path.join(BIN, "modalityd"), "--config", config, env={**os.environ, **ready["environment"]})
    wait("the socket", lambda: os.path.exists(SOCKET))
    wait("every device ready", lambda: ctl("devices", quiet=True).count(" ready ") == len(DEVICES))
    return config


def stop_to_rest(device, since_ns):
    rest = next((o["t_ns"] for o in outputs(device) if o["t_ns"] >= since_ns and o["value"] == 0), None)
    return (rest - since_ns) / 1e6 if rest else float("nan")


def electrical(device):
    title("A treatment: ramps up, is adjusted, paused, resumed and stopped")
    tens = Treatment("--protocol", "tens_conventional", "--device", device, "--group", "ch1", "--patient", "P-0001",
                     "--site", "thigh", "--side", "left", "--amplitude", "4mA..12mA", "--duration", "20min",
                     "--electrode-area", "25cm2", "--pain-before", "6")
    wait("4 mA", lambda: output(device) >= 4000)
    ctl("adjust", tens.session, "--lease", tens.lease, "--to", "7mA", "--expect", "4mA")
    wait("7 mA", lambda: output(device) >= 7000)
    ctl("sessions")
    ctl("pause", tens.session, "--lease", tens.lease)
    wait("rest", lambda: output(device) == 0)
    wait("paused", lambda: "paused" in ctl("sessions", quiet=True))
    ctl("resume", tens.session, "--lease", tens.lease)
    wait("7 mA again", lambda: output(device) >= 7000)
    stopped = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    ctl("stop", tens.session)
    tens.ended(0)
    ctl("observe", tens.session, "--pain-after", "3")
    return stopped


def laser(device):
    title("A laser, point by point: each ends at its energy with the output at rest; the next begins when a person says so")
    points = Treatment("--protocol", "demo_laser", "--device", device, "--group", "cw", "--patient", "P-0004", "--site",
                       "knee", "--side", "left", "--applicator", "probe_808")
    wait("the first point", lambda: "paused" in ctl("sessions", quiet=True))
    points.show()
    ctl("resume", points.session, "--lease", points.lease)
    points.ended(0)


def usb():
    title("The same over USB: a P24, which says that its output is on and cannot measure it")
    tens = Treatment("--protocol", "tens_conventional", "--device", "p24_g", "--group", "ch1", "--patient", "P-0006",
                     "--site", "forearm", "--side", "left", "--amplitude", "4mA", "--duration", "20min",
                     "--electrode-area", "25cm2")
    wait("4 mA", lambda: output("p24_g") >= 4000)
    ctl("stop", tens.session)
    tens.ended(0)
    title("Open-LIFU: two USB devices that are one unit, ultrasound by its transducer's calibration, ended by its timer")
    Treatment("--protocol", "demo_lifu", "--device", "lifu_h", "--patient", "P-0007", "--site", "thigh", "--side", "right",
              "--applicator", "lifu_head", "--area", "5cm2", "--intensity", "30mW/cm2", "--duration", "5s").ended(0)


def main():
    title("A room: eight simulated devices, four on Modbus TCP, two on one RS-485 line, two on USB")
    config = room_up()
    ctl("status")
    ctl("protocols")
    title("The demo clinic's own acceptance of an unverified limit")
    print(open(os.path.join(config, "installation.ini"), encoding="utf-8").read(), end="")
    title("A dose that is refused: quantity, value, bound and where the bound stands")
    ctl("start", "--protocol", "us_chronic_thermal", "--device", "us_b", "--patient", "P-0001", "--site", "thigh", "--side",
        "left", "--intensity", "3W/cm2", "--duration", "10min", "--applicator", "head_5cm2", "--area", "10cm2",
        *answers("us_chronic_thermal", "thigh"), expect=1)
    stopped = electrical("stim_a")

    title("Ultrasound on the RS-485 line, ended by its timer")
    Treatment("--protocol", "demo_ultrasound", "--device", "us_d", "--patient", "P-0002", "--site", "knee", "--side", "right",
              "--applicator", "head_5cm2", "--area", "10cm2", "--intensity", "0.3W/cm2", "--duration", "5s").ended(0)

    usb()
    laser("laser_e")

    title("Cold is the other way round: warmer is safer, and rest is a set point that is proved")
    cold = Treatment("--protocol", "cryo_pack", "--device", "cold_f", "--patient", "P-0005", "--site", "ankle", "--side",
                     "right", "--set", "temperature_millic=15degC", "--duration", "5min")
    wait("a pad below 20 degC", lambda: output("cold_f") < 20000)
    ctl("stop", cold.session)
    cold.ended(0)

    title("A fault: an electrode comes off in mid-treatment")
    fault = Treatment("--protocol", "tens_conventional", "--device", "stim_c", "--group", "ch2", "--patient", "P-0003", "--site",
                      "lower_leg", "--side", "right", "--amplitude", "6mA", "--duration", "20min", "--electrode-area", "25cm2")
    wait("6 mA", lambda: output("stim_c") >= 6000)
    opened = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    simulator(device="stim_c", fault="open", channel=2)
    fault.ended(4)
    ctl("alarms")

    title("Records")
    ctl("log", "--limit", "8")
    ctl("verify")

    title("What came out, by the devices' own trace")
    for device in ("stim_a", "us_d", "p24_g", "lifu_h", "laser_e", "cold_f", "stim_c"):
        lines = outputs(device)
        far = (min if device == "cold_f" else max)(o["value"] for o in lines)
        print(f"  {device:<7} farthest from rest {far:>7} {lines[0]['quantity']}, now {lines[-1]['value']}")
    print(f"  stim_a  stop asked to rest: {stop_to_rest('stim_a', stopped):.1f} ms (modalityctl's start included)")
    print(f"  stim_c  electrode opened to rest: {stop_to_rest('stim_c', opened):.1f} ms")


def close():
    for process in reversed(running):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
    shutil.rmtree(ROOM, ignore_errors=True)


def leave_up():
    print(f"""
Everything is left running. Next, type:

  export MODALITY_SOCKET={SOCKET} PATH={BIN}:$PATH
  modalityctl status
  modalityctl watch                      (in a second terminal)
  modalityctl start --protocol tens_conventional --device stim_a --group ch2 --patient P-0009 --site thigh \\
      --side left --amplitude 5mA..15mA --duration 20min --electrode-area 25cm2
  modalityctl stop

Break something: echo '{{"device":"stim_a","fault":"open","channel":2}}' | socat - UNIX:{CONTROL}
To end it: kill {' '.join(str(p.pid) for p in reversed(running))} && rm -r {ROOM}""")


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        close()
        raise
    if KEEP:
        leave_up()
    else:
        close()
        print("\ndemo: done, nothing left running")
