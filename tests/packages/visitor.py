"""Requests a page every 10 ms over new connections until it receives SIGTERM. Then prints a summary.

usage: visitor.py HOST PORT PATH COUNT. The number of successful responses so far is written to the file COUNT.
"""
import http.client
import json
import signal
import sys
import time

host, port, path, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
stopping, answered, failed, slowest = [], 0, {}, 0.0
signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
while not stopping:
    began = time.monotonic()
    try:
        connection = http.client.HTTPConnection(host, port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
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
