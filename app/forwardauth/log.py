"""The decision log: one line of JSON a decision, written by a thread of its own so that no reader of it can hold a request up.

Never in it: a token, a header, the query, the path. The path is the client's own text and may hold anything; the route is the operator's.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from app.gateway import Decision
from app.gateway.request import METHODS

LONGEST = 200
MOST_WAITING = 10_000
_LONGEST_LINE = 4000
"""Below PIPE_BUF, so that the lines of several processes never mix in one pipe."""
_END = ""


class DecisionLog:
    """Lines to the file *descriptor*; None for no log. *dropped* is told when a line is given up, and the request is not held up."""

    def __init__(self, descriptor: int | None, dropped: Callable[[], None] = lambda: None) -> None:
        self._descriptor, self._dropped = descriptor, dropped
        self._lines: queue.Queue[str] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._descriptor is not None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """Write what waits; whoever does not read it any more is not waited for."""
        if self._thread is not None:
            try:
                self._lines.put(_END, timeout=seconds)
            except queue.Full:
                return
            self._thread.join(seconds)

    def write(self, decision: Decision | None, rule: str, status: int, method: str, began: float, seconds: float) -> None:
        """Note what became of a request; no *decision*: there was none, and *rule* says why."""
        if self._descriptor is None:
            return
        try:
            self._lines.put_nowait(line(decision, rule, status, method, began, seconds))
        except queue.Full:
            self._dropped()

    def _run(self) -> None:
        assert self._descriptor is not None
        while (text := self._lines.get()) != _END:
            try:
                os.write(self._descriptor, text.encode("ascii"))
            except OSError:
                self._dropped()


def line(decision: Decision | None, rule: str, status: int, method: str, began: float, seconds: float) -> str:
    """The line of one decision; in ASCII, so that nothing in it can end it."""
    told = {
        "time": datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": "allowed" if status == 200 else "denied",
        "status": status,
        "method": method if method in METHODS else None,
        "route": decision.route.name[:LONGEST] if decision and decision.route else None,
        "rule": rule[:LONGEST] or None,
        **who(decision),
        "latency_ms": round(seconds * 1000, 3),
    }
    text = json.dumps(told, separators=(",", ":"))
    return (text if len(text) < _LONGEST_LINE else json.dumps(told | {"route": None, "rule": None, "iss": None, "sub": None})) + "\n"


def who(decision: Decision | None) -> dict[str, str | None]:
    """Issuer and subject, if the signature shows that they are true; what anybody can write is not noted."""
    report = decision.report if decision else None
    payload = report.payload if report and report.signature.status == "verified" else None
    claims = payload if isinstance(payload, dict) else {}
    return {name: claims[name][:LONGEST] if isinstance(claims.get(name), str) else None for name in ("iss", "sub")}
