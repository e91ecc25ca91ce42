"""The request that a proxy asks about, out of the one with which it asks: from the one place that is configured, and no other.

A client can send every one of these headers itself. Whoever takes the first that is there can be told of another request
(CVE-2026-40575), so exactly one family counts, each of its headers once, and what else looks like them is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.gateway import Header, Request
from app.gateway.request import same_name

AUTH = "/auth"


class Family(NamedTuple):
    """The two headers in which a proxy says method and address."""

    method: str
    target: str


SOURCES: Mapping[str, Family | None] = {
    "x-original": Family("X-Original-Method", "X-Original-URI"),
    "x-forwarded": Family("X-Forwarded-Method", "X-Forwarded-Uri"),
    "path": None,
}
"""None: the proxy keeps the method and puts the path behind /auth, as Envoy does."""


class NotAsked(Exception):
    """The request says nothing that could be judged; the text is our own and repeats nothing of it."""


class Coming(NamedTuple):
    """A request as it came: *target* undecoded, every header as often as it was sent."""

    method: str
    target: str
    headers: tuple[Header, ...]
    address: str


def of_lines(method: str, target: str, lines: Iterable[tuple[str, str]], address: str) -> Coming:
    """The request whose headers are *lines*, each as it came."""
    return Coming(method, target, tuple(Header(name, value) for name, value in lines), address)


def of_wsgi(environ: Mapping[str, Any]) -> Coming:
    """The request in *environ*, where headers of one name are joined: two of them are one that no rule takes."""
    return of_lines(environ["REQUEST_METHOD"], environ["REQUEST_URI"], _joined(environ), environ.get("REMOTE_ADDR", ""))


def read(came: Coming, source: str) -> Request:
    """The request that is meant; raises NotAsked."""
    family = SOURCES[source]
    if family is None:
        return Request(came.method, came.target.removeprefix(AUTH), came.headers)
    method, target = (_only(came.headers, name) for name in family)
    # They are the words of the proxy, not of the client.
    rest = tuple(header for header in came.headers if header.name.lower() not in (family.method.lower(), family.target.lower()))
    return Request(method, target, rest)


def is_asking(came: Coming) -> bool:
    """Whether a proxy asks here, by the headers of any family: it may be set up for another one than this server."""
    names = [name for family in SOURCES.values() if family for name in family]
    return any(same_name(header.name, name) for header in came.headers for name in names)


def _only(headers: tuple[Header, ...], name: str) -> str:
    found = [header for header in headers if same_name(header.name, name)]
    if len(found) != 1 or found[0].name.lower() != name.lower():
        raise NotAsked(f"{name} is there {len(found)} times, counting other spellings; it must be there once")
    return found[0].value


def _joined(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = (name for name in environ if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH"))
    return [(name.removeprefix("HTTP_").replace("_", "-").title(), environ[name]) for name in names]
