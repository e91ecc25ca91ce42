"""The served application: requests a second, CPU a request, time to the first answer, memory."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median
from typing import Any
from urllib.parse import urlencode

import psutil

from app import tokens
from app.tokens import keys
from tests.benchmarks.promises import Promise, promise
from tests.benchmarks.running import Running, serving
from tests.benchmarks.samples import Sample, of_length
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.timing import percentile

_SECONDS = 1.2
_STARTS = 5
_CLIENTS = 8
_LENGTH = 800
_CLEAN = "POST /decode HS256"
_EXPLAINED = "POST /decode HS256, in a mail"
# What is searched for when a signature does not match, and how long that may take: milliseconds.
_SEARCHED = {
    "POST /decode HS256, another secret": ("POST /decode HS256", 5),
    "POST /decode RS256, another key": ("POST /decode RS256", 30),
    "POST /decode ES256, another key": ("POST /decode ES256", 30),
}
_HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@dataclass(frozen=True, slots=True)
class Load:
    """What one kind of request cost."""

    seconds: float
    each: list[float]
    cpu: float
    size: int

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds


def measure() -> tuple[list[Table], list[Promise]]:
    starts = sorted(_time_to_first_answer() for _ in range(_STARTS))
    with serving() as server:
        process = psutil.Process(server.pid)
        _answer(server, _get("/"))
        memory = [_memory("after the first answer", process)]
        load, kept = _load_table(server, process)
        memory.append(_memory("after the load", process))
    first = Table("From start to the first answer of GET /: s", ["runs", "median", "fastest", "slowest"])
    first.rows.append([_STARTS, median(starts), starts[0], starts[-1]])
    kept.append(promise("First answer at most 0.7 s after start", median(starts) <= 0.7, f"{median(starts):.2f} s"))
    return [load, first, Table("Memory of the server: MB", ["when", "RSS", "PSS"], memory)], kept


def _load_table(server: Running, process: psutil.Process) -> tuple[Table, list[Promise]]:
    table = Table(
        f"Requests over one kept connection, then over {_CLIENTS} at once (token of {_LENGTH} characters)",
        ["request", "req/s", "p50 ms", "p99 ms", "CPU µs", "bytes", f"req/s ×{_CLIENTS}", "p50 ms ×8", "p99 ms ×8", "CPU µs ×8"],
        note="CPU: of the server's process. bytes: the answer's body. The client shares the machine's cores with the server.",
    )
    cpu: dict[str, float] = {}
    for name, request in _requests().items():
        one = _load(server, process, request, 1)
        cpu[name] = one.cpu
        many = _load(server, process, request, _CLIENTS)
        row = [name]
        table.rows.append([*row, *_figures(one), one.size, *_figures(many)])
    explaining = cpu[_EXPLAINED] / cpu[_CLEAN]
    kept = [promise("Reading a token with faults: at most twice the CPU of a sound one", explaining <= 2, f"{explaining:.2f} times")]
    for name, (sound, most) in _SEARCHED.items():
        search = (cpu[name] - cpu[sound]) * 1e3
        words = f"Searching what would match, {name.removeprefix('POST /decode ')}: at most {most} ms"
        kept.append(promise(words, search <= most, f"{search:.1f} ms"))
    return table, kept


def _figures(load: Load) -> list[float]:
    return [load.rate, median(load.each) * 1e3, percentile(load.each, 0.99) * 1e3, load.cpu * 1e6]


def _requests() -> dict[str, bytes]:
    samples = {name: of_length(name, _LENGTH) for name in ("HS256", "RS256", "ES256")}
    rsa = samples["RS256"]
    secret, elliptic = samples["HS256"], samples["ES256"]
    return {
        "GET /healthz": _get("/healthz"),
        "GET /": _get("/"),
        _CLEAN: _form("/decode", secret, secret.private),
        "POST /decode RS256": _form("/decode", rsa, rsa.public),
        "POST /decode ES256": _form("/decode", elliptic, elliptic.public),
        _EXPLAINED: _form("/decode", replace(secret, token=_wrapped(secret.token)), secret.private),
        "POST /decode HS256, another secret": _form("/decode", secret, "another secret of more than 256 bits"),
        "POST /decode RS256, another key": _form("/decode", rsa, keys.public_pem(keys.generate(tokens.ALGORITHMS["RS256"]))),
        "POST /decode ES256, another key": _form("/decode", elliptic, keys.public_pem(keys.generate(tokens.ALGORITHMS["ES256"]))),
        "POST /verify RS256": _form("/verify", rsa, rsa.public),
        "POST /encode HS256": _form("/encode", secret, secret.private),
        "POST /encode RS256": _form("/encode", rsa, rsa.private),
        "POST /encode ES256": _form("/encode", elliptic, elliptic.private),
        "API decode RS256": _json("/api/v1/decode", {"token": rsa.token}),
        "API verify RS256": _json("/api/v1/verify", {"token": rsa.token, "key": rsa.public}),
        "API encode RS256": _json("/api/v1/encode", {"header": rsa.header, "payload": rsa.claims, "key": rsa.private}),
    }


def _wrapped(token: str) -> str:
    """*token* as a mail brings it: behind a word, on two lines, with an invisible character."""
    half = len(token) // 2
    return f"Bearer {token[:20]}\u200b{token[20:half]}\n{token[half:]}"


def _form(path: str, one: Sample, key: str) -> bytes:
    """The whole form, as the page sends it."""
    decoded = tokens.decode(one.token)
    panes = [tokens.for_reading(document) if document else ("", "") for document in decoded.documents]
    fields = {
        "token": one.token,
        "header": panes[0][0],
        "header_layout": panes[0][1],
        "payload": panes[1][0],
        "payload_layout": panes[1][1],
        "key": key,
        "key_encoding": "auto",
        **dict.fromkeys(("algorithms", "issuer", "audience", "type", "at", "leeway"), ""),
        "folded": "checks claims parameters expect",
    }
    return _post(path, urlencode(fields).encode(), "application/x-www-form-urlencoded", _HTMX)


def _json(path: str, body: Mapping[str, Any]) -> bytes:
    return _post(path, json.dumps(body).encode(), "application/json", {})


def _post(path: str, body: bytes, kind: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class _Connection:
    """A kept connection that reads no more of an answer than its length: http.client would cost as much as the server."""

    def __init__(self, server: Running) -> None:
        host, _, port = server.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> int:
        self.socket.sendall(request)
        data = self.socket.recv(65_536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        if not data.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"the server answers {data[:30]!r} to {request[:30]!r}")
        head = data[:end].lower()
        begin = head.index(b"content-length:") + 15
        size = int(head[begin:].split(b"\r\n", 1)[0])
        have = len(data) - end - 4
        while have < size:
            have += len(self._more())
        return size

    def _more(self) -> bytes:
        data = self.socket.recv(65_536)
        if not data:
            raise SystemExit("the server closed the connection")
        return data


def _answer(server: Running, request: bytes) -> int:
    connection = _Connection(server)
    size = connection.ask(request)
    connection.socket.close()
    return size


def _load(server: Running, process: psutil.Process, request: bytes, clients: int) -> Load:
    connections = [_Connection(server) for _ in range(clients)]
    size = connections[0].ask(request)
    for connection in connections:
        for _ in range(20):
            connection.ask(request)
    end = time.perf_counter() + _SECONDS

    def until_the_end(connection: _Connection) -> list[float]:
        each = []
        while (start := time.perf_counter()) < end:
            connection.ask(request)
            each.append(time.perf_counter() - start)
        return each

    before, start = _cpu(process), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        each = [seconds for one in pool.map(until_the_end, connections) for seconds in one]
    seconds, cpu = time.perf_counter() - start, _cpu(process) - before
    for connection in connections:
        connection.socket.close()
    return Load(seconds, each, cpu / len(each), size)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _time_to_first_answer() -> float:
    start = time.perf_counter()
    with serving() as server:
        _answer(server, _get("/"))
        return time.perf_counter() - start


def _memory(when: str, process: psutil.Process) -> Sequence[Cell]:
    # PSS is what only Linux tells: shared pages divided among those who share them.
    read: Callable[[], Any] = process.memory_full_info
    info = read()
    return [when, info.rss / 1e6, getattr(info, "pss", info.uss) / 1e6]
