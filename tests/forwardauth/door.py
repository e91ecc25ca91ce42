"""A forward-auth application in this process, and a proxy that asks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.forwardauth import DecisionLog, ForwardAuth, Gate, KeyStore, Metrics, Options
from app.forwardauth.asked import of_lines
from app.forwardauth.gate import WAIT_SECONDS
from app.gateway import Header, Policy
from app.keyfetch import Fetched, NotFetched
from app.keyfetch.refusals import refuse
from app.tokens import Keys

URL = "https://login.example/jwks"


@dataclass
class Said:
    """What the application answered."""

    status: int
    headers: list[Header]
    body: bytes

    def __getitem__(self, name: str) -> str | None:
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None


def application(
    policy: Policy,
    keys: Mapping[str, Keys] | None = None,
    options: Options | None = None,
    fetch: Callable[..., Fetched] | None = None,
    log: int | None = None,
    tell: Callable[[Any, str], None] = lambda kind, message: None,
) -> ForwardAuth:
    """The application for *policy*, as one process alone has it."""
    store = KeyStore(policy, keys or {}, fetch or unreachable, 300.0, tell)
    metrics = Metrics(1)
    tally = metrics.tally(0)
    written = DecisionLog(log, lambda: tally.count("log_dropped"))
    return ForwardAuth(Gate(policy, store), options or Options(), metrics, tally, written)


def unreachable(url: str, kind: str) -> Fetched:
    raise refuse("refused", host="login.example", port=443)


def call(
    app: ForwardAuth, method: str, target: str, headers: list[tuple[str, str]], address: str = "127.0.0.1", waited: float = 0.0
) -> Said:
    """Ask *app* as our server does, with the lines of the request as they came; it has *waited* for its turn."""
    answer = app.hear(of_lines(method, target, headers, address), time.monotonic() - waited, WAIT_SECONDS)
    assert answer is not None
    return Said(answer.status, [Header(*one) for one in answer.headers], answer.body)


def call_wsgi(app: ForwardAuth, environ: dict[str, Any]) -> Said:
    """Ask *app* as any WSGI server does."""
    said: list[Any] = []

    def start_response(line: str, sent: list[tuple[str, str]], error: Any = None) -> Any:
        said.append((line, sent))

    body = b"".join(app({"REQUEST_METHOD": "GET", "REQUEST_URI": "/auth", "REMOTE_ADDR": "127.0.0.1"} | environ, start_response))
    (line, sent), *others = said
    assert not others
    return Said(int(line[:3]), [Header(*one) for one in sent], body)


def ask(
    app: ForwardAuth, text: str | None = None, line: str = "GET /orders", *headers: tuple[str, str], address: str = "127.0.0.1"
) -> Said:
    """Ask as nginx does about the request *line* with the token *text*."""
    method, _, target = line.partition(" ")
    family = [("X-Original-Method", method), ("X-Original-URI", target)]
    bearer = [("Authorization", f"Bearer {text}")] if text is not None else []
    return call(app, "GET", "/auth", [("Host", "auth"), *family, *bearer, *headers], address)


@dataclass
class KeyServer:
    """Stands for what is fetched: answers *text*, or fails while that is None; counts how often it is asked."""

    text: str | None
    times: int = 0
    delay: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.delay.set()

    def fetch(self, url: str, kind: str) -> Fetched:
        self.times += 1
        self.delay.wait(10)
        if self.text is None:
            raise refuse("status", host="login.example", status=503)
        return Fetched(url, self.text, (), (), 200, 0.0, 0.0, ())


__all__ = ["URL", "KeyServer", "NotFetched", "Said", "application", "ask", "call", "call_wsgi", "unreachable"]
