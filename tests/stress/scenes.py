"""What is tried for seconds: load, dear work, slow clients, raw requests, signals."""

from __future__ import annotations

import random
import re
import selectors
import signal
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from urllib.parse import urlencode

from app.server.channel import REQUEST_SECONDS
from app.server.loop import DRAIN_SECONDS
from tests.server.vectors import SMUGGLED, VECTORS, Vector
from tests.stress.load import Connection, at_rate, decode, meanwhile, request
from tests.stress.rows import Row, at_least, at_most, exactly
from tests.stress.serving import serving, start

RATE = 200
NORMAL_RATE = 50
MOST_MILLISECONDS = 100.0
SLOW = 300
KEYS = 16


def decoding() -> list[Row]:
    """Two hundred tokens a second."""
    with serving() as served:
        at_rate(served.port, NORMAL_RATE, 1, decode())
        load = at_rate(served.port, RATE, 15, decode())
    return [
        at_least(f"decode at {RATE} a second: answered", load.rate, RATE * 0.99, "a second"),
        exactly("decode: other answers than 200", load.wrong, {}),
        at_most("decode: p50", load.milliseconds(0.5), MOST_MILLISECONDS, "ms"),
        at_most("decode: p99", load.milliseconds(0.99), MOST_MILLISECONDS, "ms"),
    ]


def making_keys() -> list[Row]:
    """Sixteen of the dearest keys at once, again and again, while tokens are read."""
    dearest = request("POST", "/keys", urlencode({"make": "1", "kind": "RSA-4096"}))
    with serving() as served:
        at_rate(served.port, NORMAL_RATE, 1, decode())
        background = meanwhile(served.port, NORMAL_RATE, 10, decode())
        made: Counter[object] = Counter()
        end = time.monotonic() + 9
        with ThreadPoolExecutor(KEYS) as pool:
            while time.monotonic() < end:
                made.update(pool.map(lambda _: _once(served.port, dearest), range(KEYS)))
        load = background.result()
    return [
        exactly(f"{KEYS} key generations at once: statuses", sorted(map(str, made)), ["200", "429"]),
        at_least("keys made", made[200], 6, "keys"),
        at_most("decode meanwhile: p99", load.milliseconds(0.99), MOST_MILLISECONDS, "ms"),
        exactly("decode meanwhile: other answers than 200", load.wrong, {}),
    ]


def _once(port: int, sent: bytes) -> object:
    connection = Connection(port)
    try:
        return connection.ask(sent)
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()


_BEGUN = {
    "headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
    "body": b"POST /api/v1/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
}


def slow_clients() -> list[Row]:
    """Three hundred that send a byte a second, half of them in the headers, half in the body."""
    most = REQUEST_SECONDS + 3
    with serving() as served:
        at_rate(served.port, NORMAL_RATE, 1, decode())
        background = meanwhile(served.port, NORMAL_RATE, most, decode())
        lived = _drip(served.port, most + 5)
        load = background.result()
    return [
        exactly(f"{SLOW} slow clients: cut", len(lived), SLOW),
        at_most("the last one cut after", max(lived, default=float("inf")), most, "s"),
        at_least("none was cut before its time: the first after", min(lived, default=0), REQUEST_SECONDS - 0.5, "s"),
        at_most("decode meanwhile: p99", load.milliseconds(0.99), MOST_MILLISECONDS, "ms"),
        exactly("decode meanwhile: other answers than 200", load.wrong, {}),
    ]


def _drip(port: int, seconds: float) -> list[float]:
    """Open all, send each a byte a second, and say after how many seconds each was closed by the server."""
    waiting, lived = selectors.DefaultSelector(), list[float]()
    begun = time.monotonic()
    for number in range(SLOW):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(_BEGUN["body" if number % 2 else "headers"])
        connection.setblocking(False)
        waiting.register(connection, selectors.EVENT_READ, time.monotonic())
    next_byte = begun + 1
    while waiting.get_map() and time.monotonic() < begun + seconds:
        for key, _ in waiting.select(0.1):
            _close(waiting, key, lived)
        if time.monotonic() >= next_byte:
            next_byte += 1
            for key in list(waiting.get_map().values()):
                try:
                    key.fileobj.send(b"x")  # type: ignore[union-attr]
                except OSError:
                    _close(waiting, key, lived)
    for key in list(waiting.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return lived


def _close(waiting: selectors.BaseSelector, key: selectors.SelectorKey, lived: list[float]) -> None:
    waiting.unregister(key.fileobj)
    key.fileobj.close()  # type: ignore[union-attr]
    lived.append(time.monotonic() - key.data)


def raw_requests() -> list[Row]:
    """Every way to say one thing to two servers."""
    refused = [vector for vector in VECTORS if not vector.is_taken]
    with serving() as served:
        wrong = [vector.name for vector in refused if _statuses(served.port, vector) != [vector.status]]
        after = _once(served.port, decode())
    return [
        exactly(f"{len(refused)} raw requests: not answered once and as they should be", wrong, []),
        exactly("decode after all of them", after, 200),
    ]


def _statuses(port: int, vector: Vector) -> list[int]:
    with socket.create_connection(("127.0.0.1", port), timeout=REQUEST_SECONDS + 5) as connection:
        connection.sendall(vector.sent + SMUGGLED)
        try:
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionResetError:
            return []
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def stopping() -> list[Row]:
    """SIGTERM while keys are made: whoever asked before it gets an answer."""
    dear = request("POST", "/keys", urlencode({"make": "1", "kind": "RSA-3072"}))
    with serving() as served, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(_once, served.port, dear) for _ in range(6)]
        time.sleep(0.05)
        begun = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        status = served.process.wait(DRAIN_SECONDS + 5)
        took = time.monotonic() - begun
        answers = [one.result() for one in asked]
    return [
        exactly("SIGTERM with 6 requests in flight: answers", answers, [200] * 6),
        exactly("exit status", status, 0),
        at_most("stopped after", took, DRAIN_SECONDS + 1, "s"),
    ]


def killed() -> list[Row]:
    """kill -9 under load, and started again on the same port."""
    times = []
    for _ in range(3):
        served = start()
        loading = threading.Thread(target=at_rate, args=(served.port, NORMAL_RATE, 1.5, decode()), daemon=True)
        loading.start()
        time.sleep(0.7 + random.random() * 0.3)
        served.process.kill()
        begun = time.monotonic()
        served.process.communicate()
        again = start(served.port)
        answer = _once(again.port, request("GET", "/"))
        times.append(time.monotonic() - begun if answer == 200 else float("inf"))
        loading.join()
        again.process.kill()
        again.process.communicate()
    return [at_most("kill -9: first answer after, median of 3", median(times), 1, "s")]
