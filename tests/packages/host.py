"""A Debian host with its own systemd: an overlay over a base root, booted by systemd-nspawn with a private network.

It cannot reach the machine's network. It is stopped by the pid of the systemd-nspawn process.
"""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


class Failed(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failed(message)


def until(what, seconds, condition):
    """Waits until the condition is true and returns its value. Raises Failed after the given number of seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not true within {seconds} s: {what}")
        time.sleep(0.05)


class Host:
    def __init__(self, base, folder, name):
        self.root, self.name, self.nspawn, self.leader = folder / name, name, None, None
        upper, work = folder / f"{name}.upper", folder / f"{name}.work"
        for directory in (upper, work, self.root):
            directory.mkdir()
        layers = f"lowerdir={base},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", self.root], check=True)

    def boot(self):
        command = ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit"]
        command += ["--private-network", "--console=read-only", "-M", self.name]
        log = open(self.root.with_suffix(".log"), "wb")
        self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.leader = until("the container has a first process", 20, self._child)
        until("the host has booted", 60, lambda: self.run("systemctl is-system-running", check=False)[1].strip() in ("running", "degraded"))

    def _child(self):
        if self.nspawn.poll() is not None:
            raise Failed("systemd-nspawn ended: " + self.root.with_suffix(".log").read_text()[-2000:])
        children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        try:
            return [child for child in children if Path(f"/proc/{child}/comm").read_text().strip() in ("systemd", "init")]
        except OSError:
            return []

    def run(self, command_line, check=True, timeout=120):
        """Runs a shell command line in the host. Returns its exit code and its output."""
        if self.leader:
            inside = ["nsenter", "-t", self.leader[0], "-a", "-r", "-w"]
        else:
            inside = ["chroot", str(self.root)]
        command = [*inside, "env", "-i", *[f"{key}={value}" for key, value in ENVIRONMENT.items()], "sh", "-c", f"cd / && {command_line}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        if check and done.returncode:
            raise Failed(f"{command_line}: exit {done.returncode}\n{done.stdout}")
        return done.returncode, done.stdout

    def output(self, command_line):
        return self.run(command_line)[1].strip()

    def json(self, command_line):
        return json.loads(self.output(command_line))

    def write(self, path, text):
        (self.root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path.lstrip("/")).write_text(text)

    def show(self, unit, key):
        return self.output(f"systemctl show -P {key} {unit}")

    def run_in_network(self, *command):
        """Starts a program of this machine in the network of the host."""
        return subprocess.Popen(["nsenter", "-t", self.leader[0], "-n", *command], stdout=subprocess.PIPE, text=True)

    def end(self):
        if self.nspawn and self.nspawn.poll() is None:
            # On SIGTERM, systemd-nspawn asks the container for a clean shutdown.
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.nspawn.pid, signal.SIGKILL)
                self.nspawn.wait()
        subprocess.run(["umount", "--lazy", self.root], check=True)
