"""Builds the containers of packaging/Containerfile from the base root, without a registry, and runs them without a network."""
import json
import os
import signal
import subprocess

from host import Failed, until

ROOT = "localhost/base"
CONFIG = "etc/skerry/aggregator.toml"


class Store:
    """The images and containers of this test, separate from those of the machine."""

    def __init__(self, folder):
        self.options = ["--root", str(folder / "images"), "--runroot", str(folder / "images.run")]
        for driver in ("overlay", "vfs"):
            self.driver = ["--storage-driver", driver]
            if subprocess.run([*self.command("from"), "--name", driver, "scratch"], capture_output=True).returncode == 0:
                return
        raise Failed("buildah supports no storage driver here")

    def command(self, *words):
        return ["buildah", *self.options, *self.driver, *words]

    def output(self, *words):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise Failed(f"buildah {words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def end(self):
        for what in (["rm", "--all"], ["rmi", "--all", "--force"]):
            subprocess.run(self.command(*what), capture_output=True, timeout=60)


def inside(store, name, *words, namespace=("unshare", "--net")):
    """The command line that runs a command in a container with only a loopback network."""
    run = store.command("run", "--isolation", "chroot", name, "--", *words)
    return [*namespace, "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *run]


def image(store, program, checkout, packages):
    words = ["bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "-q", "--target", program, "-t", program]
    words += ["--build-arg", f"BASE={ROOT}", "--build-arg", f"PACKAGES={packages.relative_to(checkout)}"]
    store.output(*words, "-f", str(checkout / "packaging/Containerfile"), str(checkout))
    name = store.output("from", "--pull-never", f"localhost/{program}")
    config = json.loads(store.output("inspect", "--type", "image", f"localhost/{program}"))["Docker"]["config"]
    if config["User"] != "10001:10001" or not config["Healthcheck"]["Test"]:
        raise Failed(f"unexpected configuration of the {program} image: {config}")
    return name, config


def built_and_run(base, folder, packages):
    checkout = packages.parent.parent
    store = Store(folder)
    try:
        base_container = store.output("from", "scratch")
        store.output("copy", "-q", base_container, str(base), "/")
        store.output("commit", "-q", "--rm", base_container, ROOT)
        name, _ = image(store, "agent", checkout, packages)
        done = subprocess.run(inside(store, name, "skerry-agent", "check-config"), capture_output=True, text=True, timeout=60)
        if done.returncode or "not enrolled yet" not in done.stdout:
            raise Failed(f"the agent's check-config failed: {done.stdout}{done.stderr}")
        name, config = image(store, "aggregator", checkout, packages)
        serve = inside(store, name, *config["Entrypoint"], *config["Cmd"])
        log = open(folder / "container.log", "wb")
        running = subprocess.Popen(serve, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            serves(store, name, config, running, folder)
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(20)
    finally:
        store.end()


def serves(store, name, config, running, folder):
    """Checks that the image's health check passes, the page is served and the database is not owned by root."""
    network = ["nsenter", "-t", str(running.pid), "--net"]
    check = config["Healthcheck"]["Test"]
    words = check[1:] if check[0] == "CMD" else ["sh", "-c", check[1]]

    def healthy():
        if running.poll() is not None:
            raise Failed("the container exited: " + (folder / "container.log").read_text()[-2000:])
        return subprocess.run(inside(store, name, *words, namespace=network), capture_output=True, timeout=60).returncode == 0

    until("the health check passes", 30, healthy)
    page = subprocess.run([*network, "curl", "-sf", "http://127.0.0.1:8080/"], capture_output=True, text=True, timeout=10)
    if "Status page" not in page.stdout:
        raise Failed(f"no page: {page.stdout[:500]}")
    owner = subprocess.run(inside(store, name, "stat", "-c", "%u %a", "/var/lib/skerry/skerry.db"), capture_output=True, text=True, timeout=60)
    if owner.stdout.split() != ["10001", "600"]:
        raise Failed(f"wrong owner or mode of the database: {owner.stdout}{owner.stderr}")
