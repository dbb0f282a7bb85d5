"""Checks of the package files: linters, dependencies, and installing the rpms into a root."""
import re
import subprocess
from pathlib import Path

from host import Host, expect

HERE = Path(__file__).resolve().parent


def rpms(base, folder, packages):
    """Installs the rpms in a separate root that is not booted. Checks scriptlets, owners and that changed configuration is kept."""
    host = Host(base, folder, "rpm")
    proc = host.root / "proc"
    subprocess.run(["mount", "-t", "proc", "proc", proc], check=True)
    try:
        files = [str(file.resolve()) for file in sorted(packages.glob("*.rpm"))]
        rpm = ["rpm", "--root", str(host.root), "--define", "_dbpath /var/lib/rpm"]
        subprocess.run([*rpm, "--initdb"], check=True)
        done = subprocess.run([*rpm, "-U", "--test", *files], capture_output=True, text=True)
        for program in ("skerry-agent", "skerry-aggregator"):
            for dependency in ("systemd >= 252", "ca-certificates"):
                expect(f"{dependency} is needed by {program}-" in done.stderr, f"{program} does not need {dependency}: {done.stderr}")
        for options in (["-Uvh"], ["-Uvh", "--replacepkgs"]):
            done = subprocess.run([*rpm, *options, "--nodeps", *files], check=True, capture_output=True, text=True)
            expect("scriptlet failed" not in done.stderr, done.stderr)
            if options == ["-Uvh"]:
                expect("agent add NAME" in done.stdout, f"no first steps: {done.stdout}")
        expect(host.output("stat -c '%U %a' /var/lib/skerry") == "skerry 700", "only the aggregator may read its state")
        for program in ("skerry-agent", "skerry-aggregator"):
            host.run(f"setpriv --reuid {'skerry' if 'aggr' in program else program} --clear-groups {program} check-config")
        (host.root / "etc/skerry/agent.toml").open("a").write("# mine\n")
        done = subprocess.run([*rpm, "-e", "skerry-agent", "skerry-aggregator"], check=True, capture_output=True, text=True)
        expect("scriptlet failed" not in done.stderr, done.stderr)
        host.run("test -d /var/lib/skerry -a -e /etc/skerry/agent.toml.rpmsave && ! test -e /usr/bin/skerry-agent")
    finally:
        subprocess.run(["umount", proc], check=True)
        host.end()


def needs(base, folder, packages):
    """On a system with a too old systemd and without CA certificates, dpkg names the missing dependencies."""
    host = Host(base, folder, "old")
    try:
        status = host.root / "var/lib/dpkg/status"
        entries = status.read_text().split("\n\n")
        kept = [entry for entry in entries if not entry.startswith("Package: ca-certificates\n")]
        at = next(at for at, entry in enumerate(kept) if entry.startswith("Package: systemd\n"))
        # The version in Ubuntu 22.04, which does not support a directory in LoadCredential=.
        kept[at] = re.sub(r"(?m)^Version: .*$", "Version: 249.11-0ubuntu3", kept[at])
        status.write_text("\n\n".join(kept))
        for program in ("skerry-agent", "skerry-aggregator"):
            (file,) = packages.glob(f"{program}_*.deb")
            (host.root / "srv" / file.name).write_bytes(file.read_bytes())
        code, output = host.run("dpkg -i /srv/skerry-*.deb", check=False)
        expect(code != 0, f"the packages were installed: {output}")
        for program in ("skerry-agent", "skerry-aggregator"):
            for dependency in ("systemd (>= 252)", "ca-certificates"):
                expect(f"{program} depends on {dependency};" in output, f"{program} does not depend on {dependency}: {output}")
    finally:
        host.end()


def linted(packages):
    debs, rpm_files = sorted(packages.glob("*.deb")), sorted(packages.glob("*.rpm"))
    lint = ["lintian", "--allow-root", "--fail-on", "error,warning", *debs]
    done = subprocess.run(lint, capture_output=True, text=True)
    expect(done.returncode == 0, done.stdout + done.stderr)
    config = HERE.parent.parent / "packaging/rpmlint.toml"
    done = subprocess.run(["rpmlint", "-c", config, *rpm_files], capture_output=True, text=True)
    expect(" 0 errors, 0 warnings" in done.stdout, done.stdout)
