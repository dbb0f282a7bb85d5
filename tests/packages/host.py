"""A Debian host under its own systemd: a layer over a base root, booted by systemd-nspawn with a network of its own.

Nothing of it reaches the machine's network, and it ends by the id of the process that was started.
"""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

INSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


class Failed(Exception):
    pass


def expect(true, words):
    if not true:
        raise Failed(words)


def until(what, seconds, condition):
    """Waits for a condition; what it last gave is said when it does not come true."""
    deadline = time.monotonic() + seconds
    while True:
        if seen := condition():
            return seen
        if time.monotonic() > deadline:
            raise Failed(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)


class Host:
    def __init__(self, base, folder, name):
        self.root, self.name, self.nspawn, self.leader = folder / name, name, None, None
        upper, work = folder / f"{name}.upper", folder / f"{name}.work"
        for one in (upper, work, self.root):
            one.mkdir()
        layers = f"lowerdir={base},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", self.root], check=True)

    def boot(self):
        command = ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit"]
        command += ["--private-network", "--console=read-only", "-M", self.name]
        log = open(self.root.with_suffix(".log"), "wb")
        self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.leader = until("the container has a first process", 20, self._child)
        until("it has booted", 60, lambda: self.run("systemctl is-system-running", check=False)[1].strip() in ("running", "degraded"))

    def _child(self):
        if self.nspawn.poll() is not None:
            raise Failed("systemd-nspawn ended: " + self.root.with_suffix(".log").read_text()[-2000:])
        children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        try:
            return [child for child in children if Path(f"/proc/{child}/comm").read_text().strip() in ("systemd", "init")]
        except OSError:
            return []

    def run(self, words, check=True, timeout=120):
        """A shell line inside; its exit code and all that it said."""
        if self.leader:
            inside = ["nsenter", "-t", self.leader[0], "-a", "-r", "-w"]
        else:
            inside = ["chroot", str(self.root)]
        command = [*inside, "env", "-i", *[f"{key}={value}" for key, value in INSIDE.items()], "sh", "-c", f"cd / && {words}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        if check and done.returncode:
            raise Failed(f"{words}: exit {done.returncode}\n{done.stdout}")
        return done.returncode, done.stdout

    def said(self, words):
        return self.run(words)[1].strip()

    def json(self, words):
        return json.loads(self.said(words))

    def write(self, path, text):
        (self.root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path.lstrip("/")).write_text(text)

    def show(self, unit, key):
        return self.said(f"systemctl show -P {key} {unit}")

    def in_its_network(self, *command):
        """A program of this machine in the network of the container."""
        return subprocess.Popen(["nsenter", "-t", self.leader[0], "-n", *command], stdout=subprocess.PIPE, text=True)

    def end(self):
        if self.nspawn and self.nspawn.poll() is None:
            # SIGTERM to systemd-nspawn asks the container for an orderly end.
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.nspawn.pid, signal.SIGKILL)
                self.nspawn.wait()
        subprocess.run(["umount", "--lazy", self.root], check=True)
