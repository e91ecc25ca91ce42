"""A load of requests over kept connections: as many as go, or so many a second whatever the server does.

With a rate, each request has its time, and how long it takes is counted from then: a server that stalls is not asked more slowly, and
the requests that would have come meanwhile count as late.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from tests.benchmarks.timing import percentile


@dataclass(slots=True)
class Load:
    """What came of a load: the seconds of each answer in order, and the statuses other than 200."""

    seconds: float = 0.0
    each: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds

    def ms(self, part: float) -> float:
        return percentile(self.each, part) * 1e3


class _Client(asyncio.Protocol):
    """One connection; it reads no more of an answer than where it ends."""

    def __init__(self, free: deque[_Client], done: asyncio.Event, load: Load) -> None:
        self._free, self._done, self._load = free, done, load
        self._since = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._free.append(self)

    def send(self, request: bytes, since: float) -> None:
        self._since = since
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._load.refused += not head.startswith(b"HTTP/1.1 200")
        self._load.each.append(time.perf_counter() - self._since)
        self._buffer = b""
        self._free.append(self)
        self._done.set()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)


def as_many_as_go(port: int, request: bytes, seconds: float, clients: int) -> Load:
    """Every client asks again as soon as it has its answer."""
    return asyncio.run(_run(port, request, seconds, clients, None))


def at_a_rate(port: int, request: bytes, seconds: float, rate: int, clients: int = 64) -> Load:
    """*rate* requests a second, evenly."""
    return asyncio.run(_run(port, request, seconds, clients, rate))


async def _run(port: int, request: bytes, seconds: float, clients: int, rate: int | None) -> Load:
    loop = asyncio.get_running_loop()
    free: deque[_Client] = deque()
    done, load = asyncio.Event(), Load()
    made = [await loop.create_connection(lambda: _Client(free, done, load), "127.0.0.1", port) for _ in range(clients)]
    start = time.perf_counter()
    sent = 0
    while (now := time.perf_counter()) < start + seconds:
        due = now if rate is None else start + sent / rate
        if due > now:
            await asyncio.sleep(due - now)
        elif free:
            free.popleft().send(request, due)
            sent += 1
        else:
            done.clear()
            await asyncio.wait_for(done.wait(), 10)
    while len(free) < clients:
        done.clear()
        await asyncio.wait_for(done.wait(), 10)
    load.seconds = time.perf_counter() - start
    for transport, _ in made:
        transport.close()
    return load
