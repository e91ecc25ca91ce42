"""Minutes of everything at once, and what the process takes meanwhile: memory, descriptors, threads."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

import psutil

from tests.benchmarks.samples import of_length
from tests.server.vectors import VECTORS
from tests.stress.load import at_rate, request
from tests.stress.rows import Row, at_most, exactly
from tests.stress.serving import serving

RATE = 40
MOST_SLOPE = 30.0
MOST_MILLISECONDS = 250.0
# How much of the time passes before memory is looked at: caches fill, and the allocator finds its size.
_WARM_UP = 0.3
_WINDOW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """The process at one moment."""

    minute: float
    kilobytes: float
    descriptors: int
    threads: int


def soak(minutes: float) -> list[Row]:
    """Ask for so long, and look at the process every second."""
    kinds = _requests()
    chance = random.Random(7)
    order = [chance.choice(list(kinds)) for _ in range(997)]
    stop, samples = threading.Event(), list[Sample]()
    with serving() as served:
        at_rate(served.port, RATE, 3, lambda turn: kinds[order[turn % len(order)]])
        process = psutil.Process(served.process.pid)
        others = [
            threading.Thread(target=_watch, args=(process, stop, samples), daemon=True),
            threading.Thread(target=_trouble, args=(served.port, stop), daemon=True),
        ]
        for other in others:
            other.start()
        load = at_rate(served.port, RATE, minutes * 60, lambda turn: kinds[order[turn % len(order)]])
        stop.set()
        for other in others:
            other.join(30)
    return _rows(minutes, samples, load.answers, load.milliseconds(0.99))


def _rows(minutes: float, samples: list[Sample], answers: Counter[object], slowest: float) -> list[Row]:
    settled = [one for one in samples if one.minute > minutes * _WARM_UP]
    floors = floor(settled)
    rise = slope([one.minute for one in floors], [one.kilobytes for one in floors])
    descriptors = sorted(one.descriptors for one in settled)
    broken = {answer: number for answer, number in answers.items() if not isinstance(answer, int) or answer >= 500}
    name = f"{minutes:g} minutes of everything, {RATE} a second"
    return [
        exactly(f"{name}: answers that are no answer, or 5xx", broken, {}),
        at_most(f"{name}: p99", slowest, MOST_MILLISECONDS, "ms"),
        at_most("memory that stays (the least of each half minute) rises by", rise, MOST_SLOPE, "kB a minute"),
        at_most("memory at the end", settled[-1].kilobytes / 1024, 160, "MiB"),
        exactly("threads", sorted({one.threads for one in settled}), [settled[0].threads]),
        at_most(
            "descriptors: the last fifth over the first",
            median(descriptors_of(settled[-len(settled) // 5 :])) - median(descriptors_of(settled[: len(settled) // 5])),
            2,
            "descriptors",
        ),
        at_most("descriptors: the most", descriptors[-1], 80, "descriptors"),
    ]


def descriptors_of(samples: list[Sample]) -> list[int]:
    return [one.descriptors for one in samples]


def floor(samples: list[Sample]) -> list[Sample]:
    """The least of each half minute: what is in hand comes and goes by megabytes, what leaks never goes."""
    windows: dict[int, Sample] = {}
    for one in samples:
        window = int(one.minute * 60 / _WINDOW_SECONDS)
        windows[window] = min(windows.get(window, one), one, key=lambda sample: sample.kilobytes)
    return list(windows.values())


def slope(times: list[float], values: list[float]) -> float:
    """Return the median of all slopes between two moments (Theil and Sen): one that lies apart does not tilt it."""
    points = list(zip(times, values, strict=True))
    slopes = [(later[1] - one[1]) / (later[0] - one[0]) for place, one in enumerate(points) for later in points[place + 1 :]]
    return median(slopes) if slopes else 0.0


def _watch(process: psutil.Process, stop: threading.Event, samples: list[Sample]) -> None:
    begun = time.monotonic()
    while not stop.wait(1):
        kilobytes = process.memory_full_info().uss / 1024
        samples.append(Sample((time.monotonic() - begun) / 60, kilobytes, process.num_fds(), process.num_threads()))


def _trouble(port: int, stop: threading.Event) -> None:
    """Clients that go away in the middle, send nonsense, or do not read."""
    refused = [vector for vector in VECTORS if not vector.is_taken]
    page = request("GET", "/")
    turn = 0
    while not stop.wait(0.2):
        turn += 1
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            if turn % 3 == 0:
                connection.sendall(refused[turn % len(refused)].sent)
                connection.settimeout(1)
                try:
                    connection.recv(100)
                except OSError:
                    continue
            else:
                connection.sendall(page if turn % 3 == 1 else page[:20])


def _requests() -> dict[str, bytes]:
    signed = {name: of_length(name, 800) for name in ("HS256", "RS256", "ES256")}
    form = {"token": signed["HS256"].token, "key": signed["HS256"].private, "key_encoding": "auto"}
    return {
        "page": request("GET", "/"),
        "learn": request("GET", "/learn/claims"),
        "missing": request("GET", "/nowhere"),
        "other host": request("GET", "/", host="evil.example"),
        "decode": request("POST", "/decode", urlencode(form), HX_Request="true"),
        "wrong key": request("POST", "/decode", urlencode(form | {"key": "another secret of more than 256 bits, to be tried"})),
        "api decode": request("POST", "/api/v1/decode", {"token": signed["RS256"].token}),
        "api verify": request("POST", "/api/v1/verify", {"token": signed["ES256"].token, "key": signed["ES256"].public}),
        "api encode": request("POST", "/api/v1/encode", {"header": {"alg": "RS256"}, "payload": {}, "key": signed["RS256"].private}),
        "api keys": request("POST", "/api/v1/keys", {"algorithm": "ES256"}),
        "no token": request("POST", "/api/v1/decode", {"token": "x" * 100_000}),
        "no JSON": request("POST", "/api/v1/decode", "{"),
        "too much": request("POST", "/decode", "token=" + "x" * 300_000),
    }
