"""A JWKS URL or an issuer → its key set, guarded against SSRF. The only room that opens a connection to somewhere else.

urls.py reads what was typed, addresses.py says which addresses are public, connection.py asks one of them once,
key_set.py reads the answer. Whoever calls must have been asked by a person: nothing here reads a token.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from app.keyfetch import connection, key_set, urls
from app.keyfetch.connection import Deadline, Resolver
from app.keyfetch.key_set import FetchedKey
from app.keyfetch.refusals import NotFetched, Step, refuse
from app.keyfetch.urls import Origin, Rules, Target
from app.tokens.findings import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.tokens.lossless_json import Document

__all__ = ["KINDS", "Fetched", "FetchedKey", "Fetcher", "Kind", "NotFetched", "Origin", "Rules", "Step"]

Kind = Literal["auto", "key_set", "issuer"]
KINDS: tuple[Kind, ...] = ("auto", "key_set", "issuer")

KEPT_SECONDS = 300.0
FAILURE_KEPT_SECONDS = 60.0
AGAIN_SECONDS = 5.0
"""Whoever presses the button again gets a new answer, but not more often than this."""
_MOST_KEPT = 32
_AT_ONCE = 4
_WAIT_SECONDS = 2.0

_OAUTH = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"
# How addresses of key sets end: jwks.json, certs, discovery/v2.0/keys. An issuer may be anything else.
_KEY_SET_PATH = re.compile(r"(?:jwk|key|cert)[^/]*/?$|\.json$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A key set, and how it came here: *url* is its own address, *issuer* the one that was asked for it."""

    url: str
    text: str
    keys: tuple[FetchedKey, ...]
    notes: tuple[str, ...]
    status: int
    seconds: float
    fetched_at: float
    steps: tuple[Step, ...]
    issuer: str | None = None
    age: float = 0.0
    """Seconds since it was fetched; 0 when that was just now."""


class Fetcher:
    """Fetches by *rules* and remembers for the process; the other arguments are for tests."""

    def __init__(
        self,
        rules: Rules,
        resolver: Resolver = connection.look_up,
        context: Callable[[], ssl.SSLContext] | None = None,
        now: Callable[[], float] = time.time,
        seconds: float = connection.MAX_SECONDS,
    ) -> None:
        self.rules = rules
        self._resolver = resolver
        self._context = context or _system_context
        self._now = now
        self._seconds = seconds
        self._kept: OrderedDict[tuple[str, Kind], tuple[float, Fetched | NotFetched]] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def fetch(self, text: str, kind: Kind = "auto", *, again: bool = False) -> Fetched:
        """The key set at the URL or of the issuer *text*, perhaps a remembered one unless *again*; raises NotFetched."""
        if self.rules.off[0]:
            raise refuse("fetch_off", why=self.rules.off[0], hint=self.rules.off[1])
        target = urls.read(text, self.rules)
        asked = text.strip(" \t\r\n")
        kind = _kind(target) if kind == "auto" else kind
        kept = self._remembered((asked, kind), again)
        if kept is None:
            with self._slot():
                kept = self._new(target, asked, kind)
            self._remember((asked, kind), kept)
        if isinstance(kept, NotFetched):
            raise kept
        return kept

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise refuse("busy")
        try:
            yield
        finally:
            self._slots.release()

    def _remembered(self, key: tuple[str, Kind], again: bool) -> Fetched | NotFetched | None:
        now = self._now()
        with self._lock:
            for old in [one for one, (at, _) in self._kept.items() if now - at >= KEPT_SECONDS]:
                del self._kept[old]
            at, kept = self._kept.get(key, (0.0, None))
        if kept is None:
            return None
        age = max(now - at, 0.0)
        most = AGAIN_SECONDS if again else KEPT_SECONDS if isinstance(kept, Fetched) else FAILURE_KEPT_SECONDS
        if age >= most:
            return None
        return replace(kept, age=age) if isinstance(kept, Fetched) else kept.at(age)

    def _remember(self, key: tuple[str, Kind], outcome: Fetched | NotFetched) -> None:
        if isinstance(outcome, NotFetched) and outcome.code == "busy":
            return
        with self._lock:
            self._kept[key] = (self._now(), outcome)
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def _new(self, target: Target, asked: str, kind: Kind) -> Fetched | NotFetched:
        visit = _Visit(self.rules, self._resolver, self._context(), Deadline(self._seconds))
        began = time.monotonic()
        try:
            place, issuer = _key_set_of(visit, target, asked) if kind == "issuer" else (target, None)
            found = key_set.read(visit.json(place), place.host)
        except NotFetched as failure:
            failure.steps = tuple(visit.steps)
            return failure.with_traceback(None)
        seconds = time.monotonic() - began
        status = visit.steps[-1].status
        return Fetched(place.url, found.text, found.keys, found.notes, status, seconds, self._now(), tuple(visit.steps), issuer)


class _Visit:
    """One fetch with all its requests: they share a deadline, and each host is looked up once."""

    def __init__(self, rules: Rules, resolver: Resolver, context: ssl.SSLContext, deadline: Deadline) -> None:
        self.rules = rules
        self.steps: list[Step] = []
        self._resolver = resolver
        self._context = context
        self._deadline = deadline
        self._addresses: dict[tuple[str, int], list[str]] = {}

    def json(self, target: Target) -> Document:
        began = time.monotonic()
        status = 0
        try:
            answer = connection.get(target, self._looked_up(target), self._context, self._deadline)
            status = answer.status
            return key_set.document(answer.body, target.host)
        except NotFetched as failure:
            status = status or failure.answered
            raise
        finally:
            self.steps.append(Step(target.url, status, time.monotonic() - began))

    def _looked_up(self, target: Target) -> list[str]:
        place = (target.host, target.port)
        if place not in self._addresses:
            self._addresses[place] = connection.addresses_of(target, self._resolver, self.rules.networks, self._deadline)
        return self._addresses[place]


@cache
def _system_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _kind(target: Target) -> Kind:
    path = target.path.partition("?")[0]
    is_metadata = _OAUTH in path or path.endswith(_OPENID)
    return "key_set" if (target.has_query or _KEY_SET_PATH.search(path)) and not is_metadata else "issuer"


# After one of these the second address of the metadata is tried: the server is there, and has no such document.
_NOT_HERE = frozenset(("status", "redirect", "not_json", "not_utf8", "too_large", "encoded"))


def _key_set_of(visit: _Visit, target: Target, asked: str) -> tuple[Target, str]:
    """Where the metadata of the issuer says that its keys are (RFC 8414 §3, then OpenID Connect Discovery §4)."""
    if target.has_query:
        raise refuse("issuer_form")
    path = _without_well_known(target.path).removesuffix("/")
    metadata = None
    for place in (target.at(_OAUTH + path), target.at(path + _OPENID)):
        try:
            metadata = visit.json(place).value
        except NotFetched as failure:
            if failure.code not in _NOT_HERE:
                raise
        else:
            break
    if metadata is None:
        raise refuse("no_metadata", host=target.host)
    issuer = _issuer(metadata.get("issuer"), asked, target.host)
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str):
        raise refuse("no_jwks_uri", host=target.host)
    # The document may be a lie as well as the token: its URL goes through every check again.
    return urls.read(jwks_uri, visit.rules), issuer


def _without_well_known(text: str) -> str:
    """The issuer, or its path, also when the address of its metadata was given."""
    return text.replace(_OAUTH, "", 1) if _OAUTH in text else text.removesuffix(_OPENID)


def _issuer(found: object, asked: str, host: str) -> str:
    """The issuer that the metadata names, which must be the one that was asked."""
    if not isinstance(found, str):
        raise refuse("issuer_missing", host=host)
    wanted = _without_well_known(asked)
    is_slash = found.removesuffix("/") == wanted.removesuffix("/")
    # Two issuers that differ in the last slash have their metadata at one address: asked for that, both are right.
    if found != wanted and not (is_slash and wanted != asked):
        slash = ' They differ only in a "/" at the end.' if is_slash else ""
        raise refuse("issuer_differs", host=host, found=f'"{quoted(found)}"', slash=slash)
    return found
