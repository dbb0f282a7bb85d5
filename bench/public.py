"""What a page costs: to serve beside nginx, to publish, and to send."""
import json
import re
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
import http.client
import urllib.request
from collections import namedtuple
from contextlib import contextmanager

from measure import (
    CONNECTIONS, LOAD_CORE, PROGRAM, RELEASE, SYSTEM, aggregator, certificate, children, cpu_seconds, free_port,
    fresh_directory, running, status_of, upper_bound, wait_for,
)

NGINX = """
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  types {{ text/html html; }}
  charset utf-8;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=100 inactive=60s;
  open_file_cache_valid 60s;
  gzip_static on;
  gzip_vary on;
  client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir};
  uwsgi_temp_path {dir}; scgi_temp_path {dir};
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl http2;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root {dir};
    location / {{ add_header Cache-Control "public, max-age=10, stale-while-revalidate=20, stale-if-error=86400"; }}
  }}
}}
"""
GZIP = "Accept-Encoding: gzip"
# Of the rate that nginx reaches, for measurements at an equal rate.
PART = 0.5
# The same for both servers.
CIPHER = "TLS_AES_128_GCM_SHA256"

# A server with the addresses of its page over HTTP/1.1 and over TLS with HTTP/2, and its processes.
Server = namedtuple("Server", "plain tls pids tag")
# CPU and p99 in µs a request.
Load = namedtuple("Load", "cpu p99 rate")


def page_of(url):
    """ETag and number of bytes of the compressed page."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    trusting = ssl._create_unverified_context()
    with urllib.request.urlopen(request, timeout=10, context=trusting) as answer:
        assert answer.headers["Content-Encoding"] == "gzip", url
        return answer.headers["ETag"], len(answer.read())


@contextmanager
def servers():
    """Skerry and a tuned nginx with the same page; each has one worker on the same core."""
    with fresh_directory() as directory:
        plain, tls = free_port(), free_port()
        pem, key = certificate(directory)
        (directory / "nginx.conf").write_text(NGINX.format(dir=directory, plain=plain, tls=tls, certificate=pem, key=key))
        command = [PROGRAM, "serve", directory, pem, key]
        with running(command, stdout=subprocess.PIPE, text=True) as skerry:
            addresses = [skerry.stdout.readline().strip() for _ in range(2)]
            if not all(addresses):
                sys.exit("bench/run: bench_public did not start")
            with running(["nginx", "-p", directory, "-c", directory / "nginx.conf"]) as nginx:
                wait_for(lambda: socket.create_connection(("127.0.0.1", tls), 1).close() or children(nginx.pid))
                ours = f"http://{addresses[0]}/", f"https://{addresses[1]}/", [skerry.pid]
                theirs = f"http://127.0.0.1:{plain}/index.html", f"https://127.0.0.1:{tls}/index.html", children(nginx.pid)
                pages = [page_of(url) for server in (ours, theirs) for url in server[:2]]
                sizes = {size for _, size in pages}
                assert len(sizes) == 1, f"the servers send different numbers of bytes: {sizes}"
                yield Server(*ours, pages[0][0]), Server(*theirs, pages[2][0]), sizes.pop()


def wrk(url, headers, seconds):
    """As fast as it can over HTTP/1.1: requests and p99 in µs."""
    arguments = [argument for header in headers for argument in ("-H", header)]
    load = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *arguments, url]
    output = subprocess.run(load, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in output and len(headers) == 1:
        sys.exit("bench/run: answers were not 200:\n" + output)
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    return int(re.search(r"(\d+) requests in", output)[1]), float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def h2load(url, headers, seconds, rate=None):
    """As fast as it can or at a rate, over HTTP/1.1 or, with TLS, HTTP/2: requests and p99 in µs."""
    with fresh_directory() as directory:
        log = directory / "log"
        load = ["taskset", "-c", LOAD_CORE, "h2load", "-t1", f"-c{CONNECTIONS}", "-m1", f"-D{seconds}", f"--log-file={log}"]
        load += [f"--tls13-ciphers={CIPHER}"] if url.startswith("https") else ["--h1"]
        load += [f"--rps={rate / CONNECTIONS:.1f}"] if rate else []
        load += [argument for header in headers for argument in ("-H", header)]
        output = subprocess.run([*load, url], check=True, capture_output=True, text=True).stdout
        if re.search(r"([1-9]\d*) (failed|errored|timeout)", output) or " 0 4xx, 0 5xx" not in output:
            sys.exit("bench/run: requests failed:\n" + output)
        took = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
        return len(took), took[len(took) * 99 // 100]


def measured(load, server, seconds):
    before = cpu_seconds(server.pids)
    requests, p99 = load()
    return Load((cpu_seconds(server.pids) - before) / requests * 1e6, p99, requests / seconds)


def compare(name, pair, load, pairs, seconds, goal):
    """Measures both in turn and prints the row. `load(server)` asks one of them."""
    rows = []
    for number in range(pairs):
        order = [("ours", pair[0]), ("theirs", pair[1])]
        if number % 2:
            order.reverse()
        rows.append({who: measured(lambda: load(server), server, seconds) for who, server in order})
    middle = lambda who, field: statistics.median(getattr(row[who], field) for row in rows)
    ratios = [row["ours"].cpu / row["theirs"].cpu for row in rows]
    waits = [row["ours"].p99 / row["theirs"].p99 for row in rows]
    ratio, bound, wait = statistics.median(ratios), upper_bound(ratios), statistics.median(waits)
    verdict = lambda good: "reached" if good else "MISSED"
    judged = f"p99 {verdict(wait <= 1.0)}" if goal is None else f"≤ {goal}: {verdict(ratio <= goal and bound <= 1.0)}"
    print(
        f"| {name} | {middle('ours', 'cpu'):.2f} | {middle('theirs', 'cpu'):.2f} | **{ratio:.3f}** | {bound:.3f} | "
        f"{middle('ours', 'p99'):.0f} | {middle('theirs', 'p99'):.0f} | {wait:.2f} | "
        f"{middle('ours', 'rate'):,.0f} | {middle('theirs', 'rate'):,.0f} | {judged} |",
        flush=True,
    )
    return middle("theirs", "rate")


def public(pairs, seconds):
    with servers() as (ours, theirs, size):
        print(f"One page, {size} bytes of gzip, beside nginx with open_file_cache, {CONNECTIONS} connections, one core each, {pairs} pairs of {seconds} s;")
        print(f"first as fast as the load comes (wrk, h2load), then at {PART:.0%} of the rate of nginx (h2load)")
        print("| answer | Skerry CPU µs | nginx CPU µs | ratio | upper 95 % | Skerry p99 µs | nginx p99 µs | ratio | Skerry /s | nginx /s | goal, bound ≤ 1.0 |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        page = lambda server: [GZIP]
        fresh = lambda server: [GZIP, f"If-None-Match: {server.tag}"]
        for version, url, full in (("HTTP/1.1", lambda server: server.plain, wrk), ("HTTP/2, TLS", lambda server: server.tls, h2load)):
            for answer, headers, goal in (("page", page, 0.8), ("304", fresh, 0.9)):
                for server in (ours, theirs):
                    full(url(server), headers(server), 1)
                name = f"{version}, {answer}"
                most = compare(name, (ours, theirs), lambda server: full(url(server), headers(server), seconds), pairs, seconds, goal)
                rate = most * PART
                even = lambda server: h2load(url(server), headers(server), seconds, rate)
                compare(f"{name}, equal rate", (ours, theirs), even, pairs, seconds, None)


def publication():
    print("Rendering and compressing index, status.json and summary.json, CPU, median (goal at 60: 5 ms)")
    subprocess.run([PROGRAM, "publication"], check=True)


def weight():
    print("Bytes of the index page without its headers, by components and by the days of a hundred that are not green, best compression")
    subprocess.run([PROGRAM, "weight"], check=True)


def changes():
    print("What a change of one component costs from its command to the bytes of its page, CPU of the whole process, and how long it takes;")
    print("one change at a time, everything else is quiet")
    print("| pages | components of each | CPU ms | median ms | worst ms |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for pages, components in ((1, 3), (1, 60), (1, 300), (10, 60), (100, 60)):
        with fresh_directory() as directory:
            subprocess.run(["taskset", "-c", "0,1", SYSTEM, "changes", str(pages), str(components)], check=True, cwd=directory)


def viewers(seconds=8, rate=10, rounds=5):
    print(f"What a change of one of 60 components costs while the page is asked for: CPU with {rate} changes a second through the REST API less the CPU")
    print(f"without, {rounds} rounds of {seconds} s")
    print("| requests /s | CPU ms a change | CPU µs a request |")
    print("| --- | --- | --- |", flush=True)
    for requests in (0, 1_000, 10_000):
        with fresh_directory() as directory:
            print(f"| {requests:,} | {viewers_row(directory, requests, seconds, rate, rounds)} |", flush=True)


def viewers_row(directory, requests, seconds, rate, rounds):
    public, private = free_port(), free_port()
    config = directory / "config.toml"
    component = lambda number: f'[[page.component]]\nkey = "c{number}"\nname = "Component {number}"\nmanual = true\n'
    config.write_text(
        f'[[listen]]\naddress = "127.0.0.1:{public}"\nserves = ["public"]\n'
        f'[[listen]]\naddress = "127.0.0.1:{private}"\nserves = ["admin", "api"]\n'
        f'[store]\npath = "{directory}/skerry.db"\n[api]\nrequests_per_minute = 100000\n'
        '[[page]]\nkey = "page"\nname = "Page"\npublic = true\n' + "".join(map(component, range(60)))
    )
    with aggregator(config, directory) as skerry:
        wait_for(lambda: status_of(f"http://127.0.0.1:{public}/") == 200, 60)
        add = [RELEASE / "skerry-aggregator", "--config", config, "token", "add", "bench", "--role", "operator"]
        token = subprocess.run(list(map(str, add)), check=True, capture_output=True, text=True).stdout.strip()
        change = writer(private, token)
        load = lambda: h2load(f"http://127.0.0.1:{public}/", [GZIP], seconds, requests) if requests else time.sleep(seconds)

        def spent(number):
            """CPU s, with so many changes."""
            before, viewers = cpu_seconds([skerry.pid]), threading.Thread(target=load)
            viewers.start()
            begun = time.monotonic()
            for one in range(number):
                time.sleep(max(0, begun + one / rate - time.monotonic()))
                change()
            viewers.join()
            return cpu_seconds([skerry.pid]) - before

        spent(rate)
        pairs = [(spent(0), spent(rate * seconds)) for _ in range(rounds)]
        cost = statistics.median((with_changes - without) / (rate * seconds) * 1e3 for without, with_changes in pairs)
        asked = statistics.median(without for without, _ in pairs) / (requests * seconds) * 1e6 if requests else None
        return f"{cost:.2f} | {'' if asked is None else f'{asked:.1f}'}"


def writer(port, token):
    """A function that changes the status of the next component."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(method, path, body=None):
        connection.request(method, path, body and json.dumps(body), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, f"{method} {path}: {answer.status} {text}"
        return json.loads(text)

    page = send("GET", "/v1/pages")[0]["id"]
    components = [one["id"] for one in send("GET", f"/v1/pages/{page}/components")]
    number = 0

    def change():
        nonlocal number
        status = "operational" if number // len(components) % 2 else "major_outage"
        send("PATCH", f"/v1/pages/{page}/components/{components[number % len(components)]}", {"component": {"status": status}})
        number += 1

    return change
