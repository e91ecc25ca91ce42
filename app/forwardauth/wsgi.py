"""The WSGI application: /auth for the proxy; /healthz, /readyz and /metrics for the operator; all else is denied."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.forwardauth import answers, asked
from app.forwardauth.answers import Answer
from app.forwardauth.asked import AUTH, Coming, NotAsked
from app.forwardauth.gate import WAIT_SECONDS, Gate
from app.forwardauth.log import DecisionLog
from app.forwardauth.metrics import CONTENT_TYPE, Metrics, Tally
from app.gateway import Decision
from app.settings import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LONGEST_SECONDS = 1.0
"""An answer that is later than this denies: the proxy has given up, or holds a client that should not wait longer."""
LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Options:
    """How a proxy asks, who may, and what it understands."""

    source: str = "x-original"
    profile: str = "nginx"
    proxies: tuple[Network, ...] = LOOPBACK
    fault: Callable[[BaseException], None] = field(default=lambda error: None)
    """Is told of an exception; its text may hold a token, so it must not be written."""


class ForwardAuth:
    """Asks the gate that is in use now; *gate* is replaced whole when the policy is read anew."""

    def __init__(self, gate: Gate, options: Options, metrics: Metrics, tally: Tally, log: DecisionLog) -> None:
        self.gate, self.options, self.metrics, self.tally, self.log = gate, options, metrics, tally, log
        metrics.sources = lambda: [remote.name for remote in self.gate.store.remotes]
        self._trusts = lru_cache(1024)(self._is_trusted)

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application, for servers other than ours."""
        began = time.monotonic()
        try:
            answer = self.hear(asked.of_wsgi(environ), began, WAIT_SECONDS)
        except Exception as error:  # noqa: BLE001  # F1: what is not foreseen denies as well
            answer = self._fault(error, began)
        assert answer is not None
        start_response(answer.line, answer.headers)
        return (answer.body,) if answer.body and environ["REQUEST_METHOD"] != "HEAD" else ()

    def hear(self, came: Coming, began: float, wait: float | None) -> Answer | None:
        """The answer to a request that came at *began*; None when it is to be asked for again where *wait* is not None."""
        try:
            return self._pages(came) or self._auth(came, began, wait)
        except Exception as error:  # noqa: BLE001  # F1: what is not foreseen denies as well
            return self._fault(error, began)

    def refused(self) -> Answer:
        """The answer to what the server does not take for a request."""
        return self._told(answers.deny(), None, "http", "", time.monotonic())

    def _auth(self, came: Coming, began: float, wait: float | None) -> Answer | None:
        if not self._trusts(came.address):
            return self._told(answers.deny(), None, "peer", "", began)
        if not self._is_auth(came.target):
            return self._told(answers.deny(), None, "asked", "", began)
        try:
            request = asked.read(came, self.options.source)
        except NotAsked:
            return self._told(answers.deny(), None, "asked", "", began)
        if time.monotonic() - began > LONGEST_SECONDS:  # it waited for its turn
            return self._told(answers.deny(), None, "late", request.method, began)
        decision = self.gate.decide(request, int(time.time()), wait)
        if decision is None:
            return None
        if time.monotonic() - began > LONGEST_SECONDS:
            return self._told(answers.deny(), decision, "late", request.method, began)
        denied = decision.denials[0].name if decision.denials else ""
        return self._told(answers.of(decision, self.options.profile), decision, denied, request.method, began)

    def _is_auth(self, target: str) -> bool:
        if self.options.source == "path":
            return target.startswith(f"{AUTH}/")
        return target.partition("?")[0] == AUTH

    def _pages(self, came: Coming) -> Answer | None:
        """What the operator asks for.

        A proxy that is configured to ask with the client's own path would take a 200 for these pages as leave for the client's
        request, so whoever asks as a proxy does not get one, and behind Envoy, where nothing shows that, there is no 200 at all.
        """
        page = _PAGES.get(came.target)
        if page is None or came.method not in ("GET", "HEAD") or asked.is_asking(came):
            return None
        if self.options.source != "path":
            return page(self)
        return None if came.target == "/metrics" else Answer(204 if page(self).status == 200 else 503, [*answers.ALWAYS])

    def _healthy(self) -> Answer:
        return answers.say(200, _TEXT, b"ok\n")

    def _ready(self) -> Answer:
        if self.gate.store.is_ready:
            return answers.say(200, _TEXT, b"ready\n")
        return answers.say(503, _TEXT, b"not ready: keys of the policy are missing, and their tokens are denied\n")

    def _measured(self) -> Answer:
        return answers.say(200, CONTENT_TYPE, self.metrics.text())

    def _fault(self, error: Exception, began: float) -> Answer:
        self.options.fault(error)
        return self._told(answers.deny(), None, "fault", "", began)

    def _told(self, answer: Answer, decision: Decision | None, rule: str, method: str, began: float) -> Answer:
        seconds = time.monotonic() - began
        self.tally.decided(answer.status, rule, seconds)
        self.log.write(decision, rule, answer.status, method, time.time() - seconds, seconds)
        return answer

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        found = getattr(found, "ipv4_mapped", None) or found
        return any(found in network for network in self.options.proxies)


_PAGES: Mapping[str, Callable[[ForwardAuth], Answer]] = {
    "/healthz": ForwardAuth._healthy,
    "/readyz": ForwardAuth._ready,
    "/metrics": ForwardAuth._measured,
}
