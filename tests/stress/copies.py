"""Several copies behind the shipped nginx: one after the other is killed under load."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from pathlib import Path

from tests.deployment.running import NAME, Copy, Front, copies, nginx
from tests.stress.load import Outcome, at_rate, request
from tests.stress.rows import Row, at_least, at_most, exactly

RATE = 100
SECONDS = 24.0
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
# One address stands for everybody here.
UNLIMITED = {"rate=50r/s": "rate=10000r/s", "burst=200": "burst=10000"}


def killed_behind_nginx() -> list[Row]:
    """Kill a copy every four seconds, wait, and start it again."""
    sent = request("POST", "/api/v1/decode", {"token": TOKEN}, host=NAME)
    with tempfile.TemporaryDirectory() as folder, copies(2) as both:
        ports = [one.port for one in both]
        with nginx(Path(folder), ports, **UNLIMITED) as front:
            found: list[Outcome] = []
            loading = threading.Thread(target=lambda: found.append(_load(front, sent)))
            loading.start()
            kills = _kill_in_turn(both, time.monotonic() + SECONDS - 3)
            loading.join()
    (load,) = found
    return [
        at_least(f"{len(both)} copies behind nginx at {RATE} a second: one killed, times", kills, 4, "times"),
        exactly("requests lost", load.wrong, {}),
        at_least("answered", load.rate, RATE * 0.98, "a second"),
        at_most("slowest", load.milliseconds(1), 3000, "ms"),
    ]


def _load(front: Front, sent: bytes) -> Outcome:
    def open_one(_: int) -> socket.socket:
        return front.secure()

    return at_rate(front.https, RATE, SECONDS, sent, clients=8, open_one=open_one)


def _kill_in_turn(both: list[Copy], end: float) -> int:
    kills = 0
    while time.monotonic() < end:
        one = both[kills % len(both)]
        time.sleep(1)
        one.kill()
        kills += 1
        time.sleep(0.5)
        one.start()
        # nginx leaves it alone for two seconds; the other one is not killed before it is back.
        time.sleep(2.5)
    return kills
