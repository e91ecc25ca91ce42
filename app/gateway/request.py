"""A request as the gateway gets it, and what of it no program could read in two ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from app.tokens.findings import quoted

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_HEADERS = 100
LONGEST_HEADERS = 32_768
LONGEST_REQUEST = 131_072
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_REQUEST_LINE = re.compile(r"(\S+)[ \t]+(\S.*?)(?:[ \t]+HTTP/[0-9.]+)?[ \t]*")
# A hop-by-hop list that names any other header tells the next proxy to drop it, also one that the gateway has set.
_HOPS = frozenset(("close", "keep-alive", "upgrade", "te", "http2-settings"))
_SINGLE = ("Host", "Content-Type", "Content-Length", "Authorization")
OVERRIDES = (
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Original-Method",
    "X-Original-URI",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Method",
    "X-Forwarded-Uri",
    "X-Forwarded-Prefix",
)
"""Headers with which some servers let a client change the method or the path that was judged; none is passed on."""


class Header(NamedTuple):
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Request:
    """*target* is the path with its query, as in the request line; headers stand in their order, each with what was sent."""

    method: str
    target: str
    headers: tuple[Header, ...] = ()
    body: str = ""

    def values(self, name: str) -> list[str]:
        """What is sent in the headers called *name*; case does not count."""
        return [header.value for header in self.headers if header.name.lower() == name.lower()]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def form(self) -> str:
        """The urlencoded form that came as the body, or nothing (RFC 6750 §2.2)."""
        kinds = [value.partition(";")[0].strip().lower() for value in self.values("Content-Type")]
        is_form = kinds == ["application/x-www-form-urlencoded"] and self.method not in ("GET", "HEAD")
        return self.body.strip("\r\n") if is_form else ""


def same_name(one: str, other: str) -> bool:
    """Whether a program that knows headers as variables, as CGI does, takes one name for the other."""
    return as_variable(one) == as_variable(other)


@lru_cache(1024)
def as_variable(name: str) -> str:
    """The one form of all spellings of a header that such a program takes for the same."""
    return re.sub(r"[^a-z0-9]", "-", name.lower())


def read(text: str) -> Request:
    """A request as it is written down: request line, headers, an empty line, body. What cannot be read is left to `faults`."""
    lines, _, body = text[:LONGEST_REQUEST].replace("\r\n", "\n").strip(" \t\n").partition("\n\n")
    first, *rest = lines.split("\n")
    found = _REQUEST_LINE.fullmatch(first.strip())
    method, target = found.groups() if found else (first.strip(), "")
    return Request(method, target, tuple(_header(line) for line in rest if line.strip()), body)


def _header(line: str) -> Header:
    name, colon, value = line.partition(":")
    return Header(name if colon else line, value.strip(" \t"))


def faults(request: Request, used: tuple[str, ...]) -> Iterator[str]:
    """What two programs could read in two ways; *used* are the headers that the decision reads or sets."""
    headers = request.headers
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LONGEST_HEADERS:
        yield f"There are more than {MOST_HEADERS} headers, or they are longer than {LONGEST_HEADERS:,} characters together."
        return
    if len(request.body) > LONGEST_REQUEST:
        yield f"The body has more than {LONGEST_REQUEST:,} characters."
    single = {name.lower(): name for name in (*_SINGLE, *used)}
    forms = {as_variable(name): name for name in single.values()}
    for name, value in headers:
        if not _NAME.fullmatch(name):
            yield f'"{quoted(name, 40)}" is not the name of a header.'
        elif _BAD_VALUE.search(value):
            yield f"{quoted(name, 40)} has a control character in its value."
        known = forms.get(as_variable(name))
        if known is not None and name.lower() != known.lower():
            yield f"{quoted(name, 40)} is another spelling of {known}, which some programs take for the same header."
    counts = Counter(header.name.lower() for header in headers)
    for lower, name in single.items():
        if counts[lower] > 1:
            yield f"{name} is there {counts[lower]} times; which of them counts is not the same everywhere."
    hops = {word.strip().lower() for value in request.values("Connection") for word in value.split(",")} - _HOPS - {""}
    if hops:
        yield f'Connection names "{quoted(sorted(hops)[0], 40)}", so that the next server would drop that header.'
