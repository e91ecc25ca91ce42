"""Requests at a fixed rate, whether the server keeps up or not: waiting for a slow answer does not make the next one look fast."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.samples import of_length
from tests.benchmarks.timing import percentile

_SECONDS = 30


@dataclass(slots=True)
class Outcome:
    """How long each request took from the time it was due, and what came back."""

    each: list[float] = field(default_factory=list)
    answers: Counter[object] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds if self.seconds else 0.0

    def milliseconds(self, part: float) -> float:
        return percentile(sorted(self.each), part) * 1e3 if self.each else float("inf")

    @property
    def wrong(self) -> dict[object, int]:
        return {answer: number for answer, number in self.answers.items() if answer != 200}


def request(method: str, path: str, body: Any = None, host: str = "localhost", **headers: str) -> bytes:
    """Return a request in bytes; a body that is no text is sent as JSON."""
    text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if body is not None:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(text.encode())}"]
    return "\r\n".join([*lines, "", ""]).encode() + text.encode()


def decode() -> bytes:
    """Return the request to read a token of ordinary size."""
    return request("POST", "/api/v1/decode", {"token": of_length("RS256", 800).token})


class Connection:
    """A kept connection; opened again where the server closed it."""

    def __init__(self, port: int, open_one: Callable[[int], socket.socket] | None = None) -> None:
        self._port = port
        self._open_one = open_one or _plain
        self._socket: socket.socket | None = None

    def ask(self, sent: bytes) -> int:
        """Send and return the status; the answer is read to its end."""
        if self._socket is None:
            self._socket = self._open_one(self._port)
        self._socket.sendall(sent)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        size = next((int(field[15:]) for field in fields if field.startswith(b"content-length:")), 0)
        have = len(rest)
        while have < size:
            have += len(self._more())
        if b"connection: close" in fields:
            self.close()
        return int(head[9:12])

    def _more(self) -> bytes:
        assert self._socket
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("closed")
        return data

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None


def _plain(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def at_rate(
    port: int,
    rate: float,
    seconds: float,
    sent: bytes | Callable[[int], bytes],
    clients: int = 16,
    open_one: Callable[[int], socket.socket] | None = None,
) -> Outcome:
    """Send *rate* requests a second for so many *seconds* from so many *clients*, each at its time."""
    turns, outcome, lock = itertools.count(), Outcome(), threading.Lock()
    total, start = int(rate * seconds), time.perf_counter() + 0.2

    def work() -> None:
        connection = Connection(port, open_one)
        while (turn := next(turns)) < total:
            due = start + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            answer: object
            try:
                answer = connection.ask(sent if isinstance(sent, bytes) else sent(turn))
            except OSError as error:
                answer = type(error).__name__
                connection.close()
            took = time.perf_counter() - due
            with lock:
                outcome.each.append(took)
                outcome.answers[answer] += 1
        connection.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.perf_counter() - start
    return outcome


@dataclass(slots=True)
class Background:
    """A load that goes on while something else happens."""

    thread: threading.Thread
    found: list[Outcome]

    def result(self) -> Outcome:
        self.thread.join()
        return self.found[0]


def meanwhile(port: int, rate: float, seconds: float, sent: bytes) -> Background:
    """Begin such a load, and go on."""
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(at_rate(port, rate, seconds, sent)), daemon=True)
    thread.start()
    return Background(thread, found)
