"""Where the token of a request is: exactly one, at one of the places that the policy names (RFC 6750 §2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_plus

from app.gateway.policy import Source
from app.gateway.request import Request

_SCHEME = re.compile(r"([^\s,]+)(?:[ \t]+(.*))?", re.DOTALL)
_ONE_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


class Credential(NamedTuple):
    """What was found at a place; no *text*: the place is there, and there is no single token in it."""

    where: str
    text: str | None


def find(request: Request, sources: tuple[Source, ...]) -> list[Credential]:
    """Everything at the places of *sources*, also what is too much."""
    return [Credential(_name(source), text) for source in sources for text in _FINDERS[source.place](request, source)]


def places(sources: tuple[Source, ...]) -> str:
    return " or ".join(_name(source) for source in sources)


def _name(source: Source) -> str:
    if source.place == "header":
        return f"the header {source.name}{f' ({source.scheme})' if source.scheme else ''}"
    return {"cookie": "the cookie ", "query": "the query parameter ", "form": "the form field "}[source.place] + source.name


def _in_header(request: Request, source: Source) -> Iterator[str | None]:
    for value in request.values(source.name):
        if not source.scheme:
            yield value if _ONE_TOKEN.fullmatch(value) else None
            continue
        found = _SCHEME.fullmatch(value)
        # Another scheme, such as Basic, is no token of ours.
        if found and found[1].lower() == source.scheme.lower():
            text = (found[2] or "").strip(" \t")
            yield text if _ONE_TOKEN.fullmatch(text) else None


def _in_cookie(request: Request, source: Source) -> Iterator[str | None]:
    for header in request.values("Cookie"):
        for pair in header.split(";"):
            name, equals, value = pair.strip(" \t").partition("=")
            if equals and name == source.name:
                yield value or None


def _in_query(request: Request, source: Source) -> Iterator[str | None]:
    return _in_pairs(request.query, source.name)


def _in_form(request: Request, source: Source) -> Iterator[str | None]:
    return _in_pairs(request.form, source.name)


def _in_pairs(text: str, wanted: str) -> Iterator[str | None]:
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == wanted:
            yield unquote_plus(value) or None


_FINDERS = {"header": _in_header, "cookie": _in_cookie, "query": _in_query, "form": _in_form}
