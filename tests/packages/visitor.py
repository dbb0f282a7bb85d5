"""Asks for a page every 10 ms, each time by a new connection, until told to stop; then says how it went.

usage: visitor.py HOST PORT PATH COUNT, where COUNT is a file that holds how many were answered so far.
"""
import http.client
import json
import signal
import sys
import time

host, port, path, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
over, answered, failed, slowest = [], 0, {}, 0.0
signal.signal(signal.SIGTERM, lambda *_: over.append(True))
while not over:
    began = time.monotonic()
    try:
        link = http.client.HTTPConnection(host, port, timeout=60)
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        link.close()
        if answer.status == 200:
            answered += 1
            with open(count, "w") as file:
                file.write(str(answered))
        else:
            failed[f"status {answer.status}"] = failed.get(f"status {answer.status}", 0) + 1
    except (OSError, http.client.HTTPException) as error:
        failed[type(error).__name__] = failed.get(type(error).__name__, 0) + 1
    slowest = max(slowest, time.monotonic() - began)
    time.sleep(max(0.0, 0.01 - (time.monotonic() - began)))
print(json.dumps({"answered": answered, "failed": failed, "slowest_ms": round(slowest * 1000)}))
