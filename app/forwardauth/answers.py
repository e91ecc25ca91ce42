"""A decision → the answer that the proxy understands: a status, headers, and never a body."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from app.gateway import Decision

# nginx passes on 401 and 403 alone: any other refusal becomes a 500 there, and a client would not learn what to do.
PROFILES: Mapping[str, Mapping[int, int]] = {"nginx": {400: 401, 503: 403}, "traefik": {}, "envoy": {}}
"""Which status stands for one that the proxy would not pass on."""
STATUSES = (200, 400, 401, 403, 503)
ALWAYS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("X-Content-Type-Options", "nosniff"),
)
_LINES = {status: f"{status} {HTTPStatus(status).phrase}" for status in (*STATUSES, 204)}


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def line(self) -> str:
        return _LINES[self.status]


def of(decision: Decision, profile: str) -> Answer:
    """The answer to *decision*; each header of the policy is in it, so that the proxy overwrites what a client sent."""
    headers = [*ALWAYS, ("Content-Length", "0")]
    if decision.allowed:
        return Answer(200, [*headers, *decision.upstream])
    if decision.www_authenticate:
        headers.append(("WWW-Authenticate", decision.www_authenticate))
    return Answer(PROFILES[profile].get(decision.status, decision.status), headers)


def deny() -> Answer:
    """The answer when there is no decision."""
    return Answer(403, [*ALWAYS, ("Content-Length", "0")])


def say(status: int, kind: str, body: bytes) -> Answer:
    """An answer to the operator."""
    return Answer(status, [*ALWAYS, ("Content-Type", kind), ("Content-Length", str(len(body)))], body)
