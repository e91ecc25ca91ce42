"""What a client gets from a gateway that asks: what jwtlens says, as far as that gateway hands it on, or a refusal of its own.

Measured with nginx 1.22.1, Caddy 2.6.2 and HAProxy 2.6.12, and held against them in tests/proxies; of Traefik, read in its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.asking import unfound
from app.gateway.exports.case import PASSED_ON
from app.gateway.exports.export import Answer
from app.gateway.policy import Policy
from app.gateway.request import Header, Request


@dataclass(frozen=True, slots=True)
class Manner:
    """How a gateway answers. *refuses* is what it refuses by itself, before it asks; *page* its own body for a status.

    *statuses* are those for which jwtlens says another one to it, *twice* the one for two Authorization headers.
    """

    title: str
    refuses: Callable[[Request], Answer | None]
    page: Callable[[int], str] = lambda status: ""
    statuses: Mapping[int, int] = field(default_factory=dict)
    twice: int = 403


class NotKnown(Exception):
    """What the gateway does with this very request is not known."""


def answering(manner: Manner) -> Callable[[Policy, Request, Decision], Answer | None]:
    """The `answer` of a gateway with this *manner*."""

    def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
        try:
            refusal = manner.refuses(request)
        except NotKnown:
            return None
        if refusal:
            return refusal
        if len(request.values("Authorization")) > 1:
            return _to_two(manner)
        return _handed_on(manner, decision, request) if _is_asked_alike(policy, request, decision) else None

    return answer


def _is_asked_alike(policy: Policy, request: Request, decision: Decision) -> bool:
    """Whether jwtlens sees behind the gateway what was judged here; of an address with a host in it, it sees the path."""
    if re.match(r"[A-Za-z]+://", request.target):
        return False
    if any(rule.denies and (rule.layer, rule.name) == ("request", "headers") for rule in decision.rules):
        return False
    return not credentials.find(request, tuple(unfound(policy.sources).values()))


def _handed_on(manner: Manner, decision: Decision, request: Request) -> Answer:
    if decision.allowed:
        return Answer(PASSED_ON, because=f"jwtlens answers 200, so {manner.title} passes the request on, and the API answers.")
    status = manner.statuses.get(decision.status, decision.status)
    instead = f" instead of {decision.status}, which {manner.title} would not pass on" if status != decision.status else ""
    challenge = decision.www_authenticate
    headers = (Header("WWW-Authenticate", challenge),) if challenge else ()
    body = "" if request.method == "HEAD" else manner.page(status)
    whose = f", with a page of {manner.title} itself" if body else ""
    return Answer(status, headers, body, f"jwtlens answers {status}{instead}; {manner.title} hands that on to the client{whose}.")


def _to_two(manner: Manner) -> Answer:
    if manner.twice == 400:
        return own(manner.title, 400, "two Authorization headers", manner.page(400))
    because = "jwtlens takes no request with two Authorization headers, and answers 403 without a challenge."
    return Answer(manner.twice, (), manner.page(manner.twice), because)


def own(title: str, status: int, what: str, body: str) -> Answer:
    """A refusal for which nobody is asked."""
    return Answer(status, (), body, f"{title} itself refuses {what}, and asks nobody.")


def refused_by_go(title: str) -> Callable[[Request], Answer | None]:
    """What the HTTP server of Go refuses, in which Caddy and Traefik are written."""

    def refuses(request: Request) -> Answer | None:
        if request.target == "*":
            raise NotKnown
        if len(request.values("Host")) > 1:
            return own(title, 400, "two Host headers", "400 Bad Request")
        if not re.match(r"/|https?://[^/?#]", request.target) or re.search(r"%(?![0-9A-Fa-f]{2})", request.target.partition("?")[0]):
            return own(title, 400, "an address that it cannot read", "400 Bad Request")
        return None

    return refuses
