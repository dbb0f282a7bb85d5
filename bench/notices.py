"""How fast subscribers are told of an incident, and what that takes."""
import asyncio
import http.client
import json
import multiprocessing
import os
import subprocess
import threading
import time
from pathlib import Path

from measure import (
    LOAD_CORE, RELEASE, aggregator, cpu_seconds, free_port, fresh_directory, status_of, unit_environment, wait_for,
)

# A mail server and an endpoint on the other core: they take everything and count.


async def smtp_session(reader, writer, taken):
    writer.write(b"220 sink ESMTP\r\n")
    while line := await reader.readline():
        word = line[:4].upper()
        if word == b"EHLO":
            writer.write(b"250-sink\r\n250 ENHANCEDSTATUSCODES\r\n")
        elif word == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            taken.value += 1
            writer.write(b"250 2.0.0 taken\r\n")
        elif word == b"QUIT":
            break
        else:
            writer.write(b"250 2.1.0 ok\r\n")
    writer.close()


async def http_session(reader, writer, taken):
    while head := await reader.readuntil(b"\r\n\r\n"):
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)
        taken.value += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def sink(ports, taken):
    os.sched_setaffinity(0, {int(LOAD_CORE)})

    async def serve():
        def handling(session):
            async def handle(reader, writer):
                try:
                    await session(reader, writer, taken)
                except (asyncio.IncompleteReadError, ConnectionError):
                    pass
            return handle

        for port, session in ports:
            await asyncio.start_server(handling(session), "127.0.0.1", port, limit=1 << 20, backlog=512)
        await asyncio.Event().wait()

    asyncio.run(serve())


def ask(port, method, path, token, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, json.dumps(body) if body else None, {"Authorization": f"OAuth {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, (method, path, answer.status, text[:300])
    return json.loads(text or b"null")


def configuration(directory, public, private, mail):
    path = directory / "config.toml"
    path.write_text(f"""
[[listen]]
address = "127.0.0.1:{public}"
serves = ["public"]

[[listen]]
address = "127.0.0.1:{private}"
serves = ["agents", "admin", "api"]

[store]
path = "{directory}/skerry.db"

[subscribers]
allow_http = true
allow_networks = ["127.0.0.0/8"]

[mail]
address = "updates@status.example.com"

[[mail.relay]]
host = "127.0.0.1"
port = {mail}
encryption = "none"

[[check]]
name = "job"
type = "heartbeat"
period = "1m"

[[page]]
key = "page"
name = "Northwind"
public = true

[[page.component]]
key = "shop"
name = "Shop"
""")
    return path


def subscribers_file(directory, mails, hooks):
    """The form in which `subscribers import` reads them."""
    path = directory / "subscribers.csv"
    with open(path, "w") as file:
        file.write("channel,address,components,updates,status_changes,monthly,state,created_at,confirmed_at,consent,consent_note\n")
        for number in range(mails):
            file.write(f"email,reader-{number}@example.com,,all,false,false,active,,,import,bench\n")
        for number, port in hooks:
            file.write(f"webhook,http://127.0.0.1:{port}/hook/{number},,all,false,false,active,,,import,bench\n")
    return path


def memory(pid, name):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(name))) / 1024


class Client(threading.Thread):
    """Somebody who asks for an address all the time, and how long each answer took."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.seconds, self.goes_on = url, [], True

    def run(self):
        while self.goes_on:
            before = time.monotonic()
            status = status_of(self.url)
            assert status == 200, (self.url, status)
            self.seconds.append(time.monotonic() - before)
            time.sleep(0.01)

    def p99(self):
        self.goes_on = False
        slow = sorted(self.seconds)
        return slow[int(len(slow) * 0.99)] * 1e3


def one(mails, endpoints_of):
    """`endpoints_of`: the number of webhooks, each twenty with an endpoint of their own."""
    with fresh_directory() as directory:
        public, private, mail = free_port(), free_port(), free_port()
        ports = [free_port() for _ in range((endpoints_of + 19) // 20)]
        config = configuration(directory, public, private, mail)
        taken = multiprocessing.Value("L", 0)
        served = [(mail, smtp_session), *((port, http_session) for port in ports)]
        other = multiprocessing.Process(target=sink, args=(served, taken), daemon=True)
        other.start()
        hooks = [(number, ports[number // 20]) for number in range(endpoints_of)]
        program = [RELEASE / "skerry-aggregator", "--config", config]
        with aggregator(config, directory) as skerry:
            wait_for(lambda: status_of(f"http://127.0.0.1:{public}/") == 200, 60)
            token = json.loads(subprocess.run([*program, "token", "add", "bench", "--role", "admin", "--json"], check=True, capture_output=True).stdout)["token"]
            page = json.loads(http_body(public, "/api/v2/status.json"))["page"]["id"]
            command = [*program, "subscribers", "import", subscribers_file(directory, mails, hooks), "--page", "page"]
            subprocess.run(command, check=True, capture_output=True, env=os.environ | unit_environment())
            rest = memory(skerry.pid, "VmRSS")
            beat = json.loads(subprocess.run([*program, "heartbeat", "add", "job", "--json"], check=True, capture_output=True).stdout)
            path = beat["address"].split("/heartbeat/")[1]
            # A job's call is answered once it is committed, as what agents deliver is.
            clients = [Client(f"http://127.0.0.1:{public}/"), Client(f"http://127.0.0.1:{private}/heartbeat/{path}")]
            for client in clients:
                client.start()
            before, began = cpu_seconds([skerry.pid]), time.monotonic()
            ask(private, "POST", f"/v1/pages/{page}/incidents", token, {"incident": {"name": "Orders fail", "status": "investigating", "body": "We look into it."}})
            expected = mails + endpoints_of
            wait_for(lambda: taken.value >= expected, 3_600)
            seconds, cpu = time.monotonic() - began, cpu_seconds([skerry.pid]) - before
            p99, committed = [client.p99() for client in clients]
            peak = memory(skerry.pid, "VmHWM")
        other.kill()
    print(
        f"| {mails:,} | {endpoints_of:,} | {seconds:.1f} | {expected / seconds:,.0f} | {cpu / expected * 1e3:.2f} | {rest:.0f} | {peak:.0f} | {p99:.1f} | {committed:.1f} |",
        flush=True,
    )


def http_body(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().read()


def notices(sizes=((10_000, 0), (0, 1_000), (10_000, 1_000), (100_000, 0))):
    print("One incident is told to all subscribers: the aggregator on core 0, a mail server and endpoints that take everything on core 1.")
    print("Memory before, and at its highest; p99 meanwhile of the index page and of a job's call until it is committed, one client each. Goals: 500 mails/s, 100,000 queued in under 200 MB\n")
    print("| mails | webhooks | seconds | messages /s | CPU ms per message | memory before MB | highest MB | page p99 ms | call p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for mails, hooks in sizes:
        one(mails, hooks)
