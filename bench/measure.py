"""What the benchmarks share: programs on a core of their own, their CPU time and memory, and the bound of a median."""
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target/release"
PROGRAM = RELEASE / "examples/bench_public"
SYSTEM = RELEASE / "examples/bench_system"
SERVER_CORE, LOAD_CORE = "0", "1"
CONNECTIONS = 32
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command, core=SERVER_CORE, **options):
    process = subprocess.Popen(["taskset", "-c", core, *map(str, command)], **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit("bench/run: a server was not ready after %d s" % seconds)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


@contextmanager
def fresh_directory():
    with tempfile.TemporaryDirectory(prefix="skerry-bench-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def config_of(directory, public, private, pages=10, components=100, checks=10, unlinked=0):
    """Writes a configuration with one workspace, in which all checks are run by remote agents; no component shows the unlinked ones."""
    lines = [
        f'[[listen]]\naddress = "127.0.0.1:{public}"\nserves = ["public"]',
        f'[[listen]]\naddress = "127.0.0.1:{private}"\nserves = ["agents", "admin"]',
        f'[store]\npath = "{directory}/skerry.db"',
    ]
    check = lambda name: f'[[check]]\nname = "{name}"\ntype = "http"\nurl = "http://127.0.0.1/"\nlocations = ["here"]'
    lines += [check(f"unlinked-{number}") for number in range(unlinked)]
    number = 0
    for page in range(pages):
        lines.append(f'[[page]]\nkey = "page-{page}"\nname = "Page {page}"\npublic = true')
        for component in range(components):
            names = [f"check-{number + one}" for one in range(checks)]
            number += checks
            lines += map(check, names)
            lines.append(
                f'[[page.component]]\nkey = "component-{component}"\nname = "Component {component}"\n'
                f"checks = [{', '.join(chr(34) + name + chr(34) for name in names)}]"
            )
    path = directory / "config.toml"
    path.write_text("\n\n".join(lines) + "\n")
    return path


def unit_environment():
    """The environment variables that the aggregator's systemd unit sets, for example the allocator limits."""
    unit = (ROOT / "systemd/skerry-aggregator.service").read_text()
    lines = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def aggregator(config, directory, **options):
    log = open(directory / "log", "ab")
    command = [RELEASE / "skerry-aggregator", "--config", config, "--log-level", "warn"]
    return running(command, stdout=log, stderr=log, env=os.environ | unit_environment(), **options)


def certificate(directory):
    """A certificate of the loopback and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def upper_bound(ratios):
    """A distribution-free one-sided 95 % upper bound of the median: an order statistic chosen by the binomial distribution."""
    ratios, total = sorted(ratios), 0.0
    for rank, ratio in enumerate(ratios):
        total += math.comb(len(ratios), rank) / 2 ** len(ratios)
        if total >= 0.95:
            return ratio
    return math.inf


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def resident(pid):
    """Resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


