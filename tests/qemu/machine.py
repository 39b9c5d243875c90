# SPDX-License-Identifier: Apache-2.0
"""A machine under QEMU with a Debian kernel, this project's programs and a shell for the test. Its USB devices are the
simulator's, outside: each in a port of the real xHCI and usbfs of that kernel. Every wait has a bound."""
import itertools
import os
import re
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY_MB = 320
BOOT_SECONDS = 90  # six on an idle computer
PATIENCE = float(os.environ.get("MODALITY_PATIENCE", "30"))


def hurry(pid=0):
    """An emulated processor has to keep the times of a real one, and a device has one of its own: where that is allowed,
    they come first."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -10)
    except PermissionError:
        pass


def make_disk(build, config, path):
    """Fetches the kernel if need be, makes the memory disk at path; returns both."""
    kernel = subprocess.run([os.path.join(HERE, "kernel")], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run([os.path.join(HERE, "machine"), kernel, build, config, path], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(kernel, "vmlinux"), path


# Its clock is one that QEMU keeps: the processor's own counter is measured while it starts, and wrongly on a busy computer.
KERNEL = "console=ttyS0 panic=-1 quiet mitigations=off random.trust_cpu=on clocksource=hpet nolapic_timer"


class Machine:
    """ports: {number: "usb-redir" or QEMU's "usb-serial,serial=..."}, the sockets of the simulator are in folder."""

    def __init__(self, directory, kernel, disk, folder, ports):
        self.console_path = os.path.join(directory, "console.log")
        shell = os.path.join(directory, "shell")
        arguments = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MB),
            "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{self.console_path}",
            "-kernel", kernel, "-initrd", disk,
            "-append", KERNEL,
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=shell,path={shell},server=on,wait=off",
            "-device", "virtserialport,chardev=shell,name=shell", "-device", "qemu-xhci,id=usb,p2=8,p3=1"]
        for number, kind in ports.items():
            arguments += ["-chardev", f"socket,id=port{number},path={folder}/{number},reconnect=1",
                          "-device", f"{kind},chardev=port{number},bus=usb.0,port={number}"]
        self.log = open(os.path.join(directory, "qemu.log"), "ab")
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=hurry)
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.shell = self.connect(shell)
        self.run("true", BOOT_SECONDS)

    def connect(self, path):
        deadline = time.monotonic() + PATIENCE
        while True:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(path)
                return s
            except OSError:
                s.close()
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def tell(self):
        """What it said on its console, for a failure."""
        with open(self.console_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, command, seconds=PATIENCE):
        """Runs a command in its shell: (status, output). The shell is one: a command that lasts goes to the background."""
        mark = f"@@{next(self.numbers)}"
        self.shell.sendall(f"{command}\nprintf '\\n%s %d\\n' {mark} $?\n".encode())
        pattern = re.compile(rb"\n" + mark.encode() + rb" (\d+)\n")
        deadline = time.monotonic() + seconds
        while True:
            found = pattern.search(self.buffer)
            if found:
                output, self.buffer = self.buffer[:found.start()].decode(errors="replace"), self.buffer[found.end():]
                return int(found.group(1)), output
            self.shell.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.shell.recv(65536)
            except (TimeoutError, socket.timeout):
                raise AssertionError(f"no answer within {seconds} s to: {command}\n{self.tell()[-3000:]}") from None
            if not data:
                raise AssertionError(f"the machine has ended: {command}\n{self.tell()[-3000:]}")
            self.buffer += data

    def do(self, command, seconds=PATIENCE):
        """The output of a command that must succeed."""
        status, output = self.run(command, seconds)
        if status:
            raise AssertionError(f"{command}: {status}\n{output}")
        return output

    def write(self, path, text):
        self.do(f"cat >{path} <<'@@@'\n{text}\n@@@")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.shell.close()
        self.log.close()
